"""BP116 to BP119: lines that land where the target's function stands otherwise than upstream's."""

from __future__ import annotations

from pathlib import Path

import pytest

from backport.model import LineEvidence, Severity
from tests.checks.places_support import judge, swap

OPEN = """\
int dev_open(struct dev *dev)
{
	int ret;

	ret = get_device(dev);
	if (ret)
		return ret;
	ret = map_device(dev);
	if (ret)
		goto err_put;
	trace_open(dev);
	start_timer(dev);
	return 0;

err_unmap:
	unmap_device(dev);
err_put:
	put_device(dev);
	return ret;
}
"""
CHECK = "\tret = check_device(dev);\n\tif (ret)\n\t\tgoto err_put;\n"
CHECKED = swap(OPEN, ("\tstart_timer(dev);\n", f"{CHECK}\tstart_timer(dev);\n"))


def test_a_label_that_undoes_in_another_order(tmp_path: Path) -> None:
    """The target's err_put is above its err_unmap: it does one step more."""
    target = swap(
        OPEN,
        (
            "err_unmap:\n\tunmap_device(dev);\nerr_put:\n\tput_device(dev);\n",
            "err_put:\n\tput_device(dev);\nerr_unmap:\n\tunmap_device(dev);\n",
        ),
    )
    finding = judge(tmp_path, OPEN, CHECKED, target).only("BP116")
    assert finding.severity is Severity.WARNING and finding.subject == "err_put"
    assert LineEvidence("target", "dev.c", 15, b"err_put:") in finding.evidence


@pytest.mark.parametrize(
    "change",
    [
        ("\tput_device(dev);\n", "\tput_device_now(dev);\n"),
        ("\tput_device(dev);\n", '\tdev_dbg(dev, "out");\n\tput_device(dev);\n'),
        ("\tret = map_device(dev);\n", "\tret = map_device(dev, 0);\n"),
    ],
)
def test_a_label_that_undoes_the_same(tmp_path: Path, change: tuple[str, str]) -> None:
    assert judge(tmp_path, OPEN, CHECKED, swap(OPEN, change)).codes == []


# --- returns --------------------------------------------------------------------------------------

WRITE = """\
int dev_write(struct dev *dev, int size)
{
	dev->writes++;
	account(dev, size);
	prepare(dev, size);
	mutex_lock(&dev->lock);
	push(dev, size);
	mutex_unlock(&dev->lock);
	return 0;
}
"""
EARLY = swap(WRITE, ("\tprepare(dev, size);\n", "\tif (!size)\n\t\treturn -EINVAL;\n\tprepare(dev, size);\n"))


def test_a_return_under_the_targets_lock(tmp_path: Path) -> None:
    target = swap(
        WRITE,
        ("\tdev->writes++;\n", "\tmutex_lock(&dev->lock);\n\tdev->writes++;\n"),
        ("size);\n\tmutex_lock(&dev->lock);\n", "size);\n"),
    )
    finding = judge(tmp_path, WRITE, EARLY, target).only("BP117")
    assert finding.severity is Severity.WARNING and "`&dev->lock`" in finding.message
    assert LineEvidence("target", "dev.c", 3, b"\tmutex_lock(&dev->lock);") in finding.evidence


@pytest.mark.parametrize(
    "change",
    [
        (
            "\tdev->writes++;\n",
            "\tspin_lock(&dev->count_lock);\n\tdev->writes++;\n\tspin_unlock(&dev->count_lock);\n",
        ),
        ("\tdev->writes++;\n", "\tif (dev->shared) {\n\t\tmutex_lock(&dev->all);\n\t\tdev->writes++;\n\t}\n"),
        ("\tdev->writes++;\n", "\tspin_lock_init(&dev->count_lock);\n\tdev->writes++;\n"),
    ],
)
def test_a_return_where_nothing_is_held(tmp_path: Path, change: tuple[str, str]) -> None:
    assert judge(tmp_path, WRITE, EARLY, swap(WRITE, change)).codes == []


def test_a_return_under_the_same_lock(tmp_path: Path) -> None:
    base = swap(WRITE, ("\tdev->writes++;\n", "\tmutex_lock(&dev->all);\n\tdev->writes++;\n"))
    upstream = swap(base, ("\tprepare(", "\tif (!size)\n\t\treturn -EINVAL;\n\tprepare("))
    assert (
        judge(tmp_path, base, upstream, swap(base, ("\tpush(dev, size);\n", "\tpush_all(dev);\n"))).codes
        == []
    )


# --- values ---------------------------------------------------------------------------------------

SETUP = """\
int dev_setup(struct dev *dev, bool test)
{
	u32 flags = 0;
	u32 enables;

	enables = dev_default(dev);
	if (dev->minimal) {
		enables |= ENABLE_QUEUES;
		dev_set_queues(dev, 1);
	}
	if (test)
		flags = FLAG_TEST;
	return dev_send(dev, flags, enables);
}
"""
MOST = (
    "\t\tdev_set_queues(dev, 1);\n\t}\n",
    "\t\tdev_set_queues(dev, 1);\n\t} else if (dev->maximal) {\n\t\tenables |= ENABLE_ALL;\n\t}\n",
)
OLD = (
    ("\tenables = dev_default(dev);\n", "\tdev->req.enables = dev_default(dev);\n"),
    ("\t\tenables |= ENABLE_QUEUES;\n", "\t\tenables = ENABLE_QUEUES;\n\t\tdev->req.enables |= enables;\n"),
    ("flags, enables);", "flags);"),
)


def test_a_variable_that_only_the_other_branch_sets(tmp_path: Path) -> None:
    found = judge(tmp_path, SETUP, swap(SETUP, MOST), swap(SETUP, *OLD))
    finding = found.only("BP118")
    assert finding.severity is Severity.WARNING and finding.subject == "enables"
    assert LineEvidence("target", "dev.c", 4, b"\tu32 enables;") in finding.evidence
    assert LineEvidence("upstream", "dev.c", 6, b"\tenables = dev_default(dev);") in finding.evidence


@pytest.mark.parametrize(
    "changes",
    [
        (OLD[2], ("\tenables = dev_default(dev);\n", "\tdev_read(dev, &enables);\n")),
        (OLD[2], ("\tu32 enables;\n", "\tu32 enables = 0;\n"), ("\tenables = dev_default(dev);\n", "")),
        (
            OLD[2],
            ("\tenables = dev_default(dev);\n", "\tif (test)\n\t\tenables = 0;\n\telse\n\t\tenables = 1;\n"),
        ),
        (OLD[2], ("\tenables = dev_default(dev);\n", "\tDEV_ENABLES(dev, enables);\n")),
    ],
)
def test_a_variable_that_something_may_have_set(tmp_path: Path, changes: tuple[tuple[str, str], ...]) -> None:
    assert judge(tmp_path, SETUP, swap(SETUP, MOST), swap(SETUP, *changes)).codes == []


# --- names ----------------------------------------------------------------------------------------

LOGS = """\
int dev_probe(struct dev *dev)
{
	if (!dev->name)
		return bus_err(dev, -EINVAL, "no name");
	if (!dev->count)
		return bus_err(dev, -EINVAL, "no queues");
	if (dev->count > MOST)
		return bus_err(dev, -E2BIG, "too many queues");
	setup_bus(dev);
	return 0;
}
"""


@pytest.mark.parametrize("instead", ["dev_err_probe(dev, ", "dev_log(ERR, dev, "])
def test_a_name_for_which_the_target_says_another(tmp_path: Path, instead: str) -> None:
    line = '\tif (!dev->data)\n\t\treturn bus_err(dev, -ENOMEM, "no data");\n'
    upstream = swap(LOGS, ("\tsetup_bus(dev);\n", f"\tsetup_bus(dev);\n{line}"))
    found = judge(tmp_path, LOGS, upstream, LOGS.replace("bus_err(dev, ", instead)).only("BP119")
    assert found.severity is Severity.WARNING and found.subject == "bus_err"
    assert instead.split("(")[0] in found.suggestion


def test_a_name_that_the_target_says_too(tmp_path: Path) -> None:
    """Only some of the lines were changed: both names mean something there."""
    target = LOGS.replace('bus_err(dev, -EINVAL, "no', 'dev_err_probe(dev, -EINVAL, "no')
    upstream = swap(
        LOGS,
        (
            "\tsetup_bus(dev);\n",
            '\tsetup_bus(dev);\n\tif (!dev->data)\n\t\treturn bus_err(dev, -ENOMEM, "none");\n',
        ),
    )
    assert judge(tmp_path, LOGS, upstream, target).codes == []


def test_a_name_that_differs_in_one_line(tmp_path: Path) -> None:
    base = swap(LOGS, ("setup_bus(dev);", "setup_bus(dev, FAST_MODE);"))
    target = swap(base, ("FAST_MODE", "SLOW_MODE"))
    upstream = swap(base, ("\tif (!dev->name)\n", "\tset_mode(dev, FAST_MODE);\n\tif (!dev->name)\n"))
    assert judge(tmp_path, base, upstream, target).codes == []
