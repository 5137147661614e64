"""BP113: changes that the target has already, and that git makes once more; and lines that may stand twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from backport.model import LineEvidence, Severity
from tests.checks.places_support import judge, swap

CONTROL = """\
#include "dev.h"

enum cmd {
	CMD_ON,
	CMD_OFF,
	CMD_LAST,
};

struct dev {
	spinlock_t lock;
	unsigned int count;
	void *data;
};

int control(struct dev *dev, int cmd)
{
	switch (cmd) {
	case CMD_ON:
		return dev_on(dev);
	case CMD_OFF:
		return dev_off(dev);
	default:
		return -EINVAL;
	}
}

int dev_write(struct dev *dev, const char *data)
{
	int ret;

	if (!dev->count)
		return -ENODEV;
	check_range(dev, data);
	ret = push_data(dev, data);
	count_write(dev, ret);
	trace_write(dev, ret);
	return ret;
}
"""
CASE = "\tcase CMD_RESET:\n\t\treturn dev_reset(dev);\n"
ON, LAST = "\tcase CMD_ON:\n", "\tdefault:\n"


def test_a_case_label(tmp_path: Path) -> None:
    """Upstream adds it at the end, the target has it at the beginning."""
    found = judge(tmp_path, CONTROL, swap(CONTROL, (LAST, CASE + LAST)), swap(CONTROL, (ON, CASE + ON)))
    assert found.merged.count("case CMD_RESET:") == 2
    finding = found.only("BP113")
    assert finding.severity is Severity.ERROR and finding.function == "control()"
    assert LineEvidence("target", "dev.c", 18, b"\tcase CMD_RESET:") in finding.evidence


@pytest.mark.parametrize(
    ("line", "before", "behind", "function"),
    [
        ("\tunsigned int drops;\n", "\tvoid *data;\n", "\tspinlock_t lock;\n", "struct dev"),
        ("\tCMD_RESET_ALL = 7,\n", "\tCMD_LAST,\n", "\tCMD_ON,\n", "enum cmd"),
    ],
)
def test_a_member_and_an_enumerator(
    tmp_path: Path, line: str, before: str, behind: str, function: str
) -> None:
    upstream = swap(CONTROL, (before, line + before))
    found = judge(tmp_path, CONTROL, upstream, swap(CONTROL, (behind, behind + line)))
    assert found.merged.count(line) == 2
    finding = found.only("BP113")
    assert finding.severity is Severity.ERROR and finding.function == function


def test_a_check_that_is_there_some_lines_above(tmp_path: Path) -> None:
    check = "\tif (data_too_long(dev, data))\n\t\treturn -E2BIG;\n"
    upstream = swap(CONTROL, ("\tret = push_data", f"{check}\tret = push_data"))
    target = swap(CONTROL, ("\tif (!dev->count)\n", f"{check}\tif (!dev->count)\n"))
    found = judge(tmp_path, CONTROL, upstream, target)
    assert found.merged.count("data_too_long") == 2
    assert found.only("BP113").severity is Severity.WARNING


FRESH = """\
static void dev_reset(struct dev *dev)
{
	dev->count = 0;
	wake_dev(dev);
}

"""


def test_a_function_that_is_defined_twice(tmp_path: Path) -> None:
    upstream = swap(CONTROL, ("int dev_write(", f"{FRESH}int dev_write("))
    target = swap(CONTROL, ("int control(", f"{FRESH.replace('wake_dev', 'kick_dev')}int control("))
    found = judge(tmp_path, CONTROL, upstream, target)
    assert found.merged.count("static void dev_reset") == 2
    finding = found.only("BP113")
    assert finding.severity is Severity.ERROR and finding.subject == "dev_reset()"


def test_a_line_of_a_comment(tmp_path: Path) -> None:
    text = "/*\n * Returns:\n *  0 when done\n *  -EIO if it is gone\n *  -EPERM if not allowed\n */\nint a(void);\n"
    line = " *  -EINVAL for a bad argument\n"
    upstream = swap(text, (" *  -EPERM", f"{line} *  -EPERM"))
    target = swap(text, (" *  -EIO", f"{line} *  -EIO"))
    found = judge(tmp_path, text, upstream, target, path="dev.h")
    assert found.merged.count(line) == 2
    assert found.only("BP113").severity is Severity.WARNING


# --- near misses ----------------------------------------------------------------------------------


def test_lines_that_stand_twice_upstream_too(tmp_path: Path) -> None:
    """The patch adds to one function what another has."""
    line = "\tcheck_range(dev, data);\n"
    upstream = swap(CONTROL, ("\tcount_write(dev, ret);\n", f"{line}\tcount_write(dev, ret);\n"))
    target = swap(CONTROL, ('"dev.h"', '"device.h"'), ("\tint ret;\n", "\tlong ret;\n"))
    found = judge(tmp_path, CONTROL, upstream, target)
    assert found.merged.count(line) == 2 and found.codes == []


def test_the_same_line_in_another_function(tmp_path: Path) -> None:
    check = "\tif (!dev_is_up(dev))\n\t\treturn -ENETDOWN;\n"
    upstream = swap(CONTROL, ("\tcheck_range", f"{check}\tcheck_range"))
    target = swap(
        CONTROL, ("\tswitch (cmd) {\n", f"{check}\tswitch (cmd) {{\n"), ("\tint ret;\n", "\tlong ret;\n")
    )
    found = judge(tmp_path, CONTROL, upstream, target)
    assert found.merged.count(check) == 2 and found.codes == []


def test_ways_out_are_alike_everywhere(tmp_path: Path) -> None:
    check = "\tif (data_too_long(dev, data))\n\t\treturn -EINVAL;\n"
    upstream = swap(CONTROL, ("\tret = push_data", f"{check}\tret = push_data"))
    other = "\tif (!dev->data)\n\t\treturn -EINVAL;\n"
    target = swap(CONTROL, ("\tif (!dev->count)\n", f"{other}\tif (!dev->count)\n"))
    assert judge(tmp_path, CONTROL, upstream, target).codes == []


def test_lines_that_the_patch_moves(tmp_path: Path) -> None:
    moved = swap(
        CONTROL, ("\tcheck_range(dev, data);\n", ""), ("\tcount_", "\tcheck_range(dev, data);\n\tcount_")
    )
    target = swap(CONTROL, ("\tint ret;\n", "\tlong ret;\n"), ('"dev.h"', '"device.h"'))
    found = judge(tmp_path, CONTROL, moved, target)
    assert found.merged.count("check_range") == 1 and found.codes == []


def test_a_function_for_each_configuration(tmp_path: Path) -> None:
    """The target's definition stands in the other branch of a conditional."""
    head = "#ifdef CONFIG_DEV_FAST\n#define FAST 1\n#else\n#define FAST 0\n#endif\n\n"
    base = head + CONTROL
    upstream = base.replace("#define FAST 1\n", f"#define FAST 1\n{FRESH}")
    target = base.replace("#define FAST 0\n", f"#define FAST 0\n{FRESH.replace('wake_dev', 'kick_dev')}")
    assert judge(tmp_path, base, upstream, target).alarms == []
