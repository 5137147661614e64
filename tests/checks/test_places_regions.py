"""BP111 and BP112: histories in which git puts lines into a twin without a word, and near misses."""

from __future__ import annotations

from pathlib import Path

from backport.engine import check
from backport.git import Repository
from backport.intake import patch_from_commit
from backport.model import LineEvidence, Series, Severity, Verdict
from tests.checks.places_support import judge, swap
from tests.placement.support import patch_of, target_of
from tests.support.repo import Repo

BODY = """\
{
	struct ring *ring = dev->ring;

	lock_ring(ring);
	drain_ring(ring, dev->budget);
	unlock_ring(ring);
	return 0;
}
"""
RX = f"int rx_stop(struct dev *dev)\n{BODY}"
TX = f"int tx_stop(struct dev *dev)\n{BODY}"
TWINS = f'#include "dev.h"\n\n{RX}\n{TX}'
MARK = ("\tdrain_ring(ring, dev->budget);\n", "\tdrain_ring(ring, dev->budget);\n\tring->stopped = true;\n")


def changed(function: str) -> str:
    """The function with the upstream change in it."""
    return swap(function, MARK)


SWAPPED = f'#include "dev.h"\n\nstatic {TX}\nstatic {RX}'
"""The twins in another order, and their first lines changed: nothing else tells the one from the other."""


def test_two_functions_that_stand_in_another_order(tmp_path: Path) -> None:
    """git puts the line into the second function, as before."""
    found = judge(tmp_path, TWINS, f'#include "dev.h"\n\n{RX}\n{changed(TX)}', SWAPPED)
    assert "stopped" not in found.merged.split("int rx_stop")[0]
    finding = found.only("BP111")
    assert finding.severity is Severity.ERROR
    assert (finding.function, finding.subject) == ("tx_stop()", "rx_stop()")
    assert LineEvidence("target", "dev.c", 9, b"\tunlock_ring(ring);") in finding.evidence
    assert found.report.targets[0].verdict is Verdict.UNSAFE


def test_the_same_for_removed_lines(tmp_path: Path) -> None:
    """The twin that should lose the line keeps it."""
    upstream = f'#include "dev.h"\n\n{RX}\n' + swap(TX, (MARK[0], ""))
    found = judge(tmp_path, TWINS, upstream, SWAPPED)
    assert found.merged.split("int rx_stop")[0].count("drain_ring") == 1
    assert found.only("BP111").subject == "rx_stop()"


def test_two_structs_that_stand_in_another_order(tmp_path: Path) -> None:
    one = "struct rx {\n\tspinlock_t lock;\n\tunsigned int count;\n\tvoid *data;\n};\n"
    two = one.replace("rx", "tx")
    upstream = one + "\n" + swap(two, ("count;", "count;\n\tunsigned int drops;"))
    target = f"{two}\n{one}".replace(" {", "\n{")
    found = judge(tmp_path, f"{one}\n{two}", upstream, target, path="dev.h")
    assert found.only("BP111").function == "struct tx"


OWN = """\
int rx_open(struct dev *dev)
{
	rx_reset(dev);
	rx_fill(dev, dev->budget);
	map_dev(dev);
	%s(dev);
	wake_dev(dev);
	count_open(dev);
	return 0;
}
"""
OTHER = """\
int tx_open(struct dev *dev)
{
	tx_clear(dev);
	map_dev(dev);
	arm_timer(dev);
	wake_dev(dev);
	count_open(dev);
	return 0;
}
"""


def test_a_function_that_the_target_does_not_have(tmp_path: Path) -> None:
    """Its lines go to the twin that is there, which took over one line of it."""
    base = OWN % "arm_poll" + "\n" + OTHER
    upstream = (
        OWN % "arm_poll"
        + "\n"
        + swap(OTHER, ("\tcount_open(dev);\n", "\tcheck_link(dev);\n\tcount_open(dev);\n"))
    )
    found = judge(tmp_path, base, upstream, OWN % "arm_timer")
    assert "check_link" in found.merged
    finding = found.only("BP111")
    assert finding.severity is Severity.ERROR
    assert finding.function == "tx_open()" and "not in the target's file" in finding.message


def test_an_old_copy_of_the_function(tmp_path: Path) -> None:
    """The target kept the function as it was under another name, beside a new one."""
    new = "int tx_stop(struct dev *dev, int how)\n" + swap(BODY, ("\tunlock", "\ttrace(how);\n\tunlock"))
    old = f"static int stop_old(struct dev *dev)\n{BODY}"
    found = judge(tmp_path, TX, changed(TX), f"{old}\n{new}")
    assert "stopped" in found.merged.split("int tx_stop")[0]
    assert found.only("BP111").subject == "stop_old()"


def test_a_target_without_a_repository(tmp_path: Path) -> None:
    """A folder's files are merged one by one, and judged alike."""
    repo = Repo(tmp_path / "repo")
    repo.commit({"dev.c": TWINS})
    commit = repo.commit({"dev.c": f'#include "dev.h"\n\n{RX}\n{changed(TX)}'})
    home = Repository.open(str(repo.path))
    try:
        series = Series((patch_from_commit(home, commit),))
        report = check(series, [target_of({"dev.c": SWAPPED.encode()})], upstream=home)
    finally:
        home.close()
    codes = [f.code for f in report.targets[0].patches[0].findings]
    assert "BP111" in codes


# --- near misses ----------------------------------------------------------------------------------


def test_a_renamed_function_is_its_own_successor(tmp_path: Path) -> None:
    target = TWINS.replace("tx_stop(", "tx_halt(")
    found = judge(tmp_path, TWINS, f'#include "dev.h"\n\n{RX}\n{changed(TX)}', target)
    assert "stopped" in found.merged and found.codes == []


def test_both_functions_renamed(tmp_path: Path) -> None:
    target = TWINS.replace("tx_stop(", "tx_halt(").replace("rx_stop(", "rx_halt(")
    found = judge(tmp_path, TWINS, f'#include "dev.h"\n\n{RX}\n{changed(TX)}', target)
    assert found.codes == []


def test_twins_in_their_right_places(tmp_path: Path) -> None:
    target = TWINS.replace('"dev.h"', '"device.h"').replace("int rx_stop", "static int rx_stop")
    found = judge(tmp_path, TWINS, f'#include "dev.h"\n\n{RX}\n{changed(TX)}', target)
    assert found.merged.split("int tx_stop")[1].count("stopped") == 1
    assert found.codes == []


def test_code_that_upstream_took_out_into_a_helper(tmp_path: Path) -> None:
    """The target has it in the function that upstream's helper came of."""
    helper = "static void quiet(struct dev *dev)\n" + swap(BODY, ("\treturn 0;\n", ""))
    caller = "int tx_stop(struct dev *dev)\n{\n\tquiet(dev);\n\treturn 0;\n}\n"
    found = judge(tmp_path, f"{helper}\n{caller}", f"{changed(helper)}\n{caller}", TX)
    assert "stopped" in found.merged and found.codes == []


def test_a_file_that_moved(tmp_path: Path) -> None:
    upstream = f'#include "dev.h"\n\n{RX}\n{changed(TX)}'
    target = {"dev.c": None, "core/dev.c": TWINS.replace('"dev.h"', '"../dev.h"')}
    assert judge(tmp_path, TWINS, upstream, target).codes == []


def test_white_space_only(tmp_path: Path) -> None:
    target = swap(TWINS, (RX, RX.replace("\treturn 0;", "        return 0;")))
    found = judge(tmp_path, TWINS, f'#include "dev.h"\n\n{RX}\n{changed(TX)}', target)
    assert found.codes == []


# --- hunks alone ----------------------------------------------------------------------------------


def test_a_hunk_alone_that_names_another_function() -> None:
    text = f'#include "dev.h"\n\n{TX.replace("drain_ring(ring, dev->budget)", "stop_ring(ring)")}\n{RX}'
    diff = (
        "--- a/dev.c\n+++ b/dev.c\n@@ -16,5 +16,6 @@ int tx_stop(struct dev *dev)\n \n \tlock_ring(ring);\n"
        " \tdrain_ring(ring, dev->budget);\n+\tring->stopped = true;\n \tunlock_ring(ring);\n \treturn 0;\n"
    )
    report = check(Series((patch_of(diff.encode()),)), [target_of({"dev.c": text.encode()})])
    (patch,) = report.targets[0].patches
    landed = patch.files[0].hunks[0]
    assert landed.placement is not None and landed.placement.lands
    (finding,) = [f for f in patch.findings if f.code == "BP111"]
    assert finding.severity is Severity.WARNING and finding.subject == "rx_stop()"


def test_a_hunk_alone_whose_heading_git_took_from_above() -> None:
    """A heading names the last line in column 0, which need not be the function's own."""
    text = f"int probe(struct dev *dev)\n{BODY}\nstatic int\n  tx_stop(struct dev *dev)\n{BODY}"
    heading = "static int"
    diff = (
        f"--- a/dev.c\n+++ b/dev.c\n@@ -15,5 +15,6 @@ {heading}\n \n \tlock_ring(ring);\n"
        " \tdrain_ring(ring, dev->budget);\n+\tring->stopped = true;\n \tunlock_ring(ring);\n \treturn 0;\n"
    )
    report = check(Series((patch_of(diff.encode()),)), [target_of({"dev.c": text.encode()})])
    assert "BP111" not in [f.code for f in report.targets[0].patches[0].findings]


# --- one function ---------------------------------------------------------------------------------

CASE = "\tcase %s:\n\t\tprepare(dev);\n\t\tset_mode(dev, arg);\n\t\tkick(dev);\n\t\tbreak;\n"
SWITCH = """\
int control(struct dev *dev, int cmd, int arg)
{{
	switch (cmd) {{
{}	default:
		return -EINVAL;
	}}
	return 0;
}}
"""


def switch(*cases: str) -> str:
    return SWITCH.format("".join(cases))


ON, OFF = CASE % "CMD_ON", CASE % "CMD_OFF"
SLOWLY = ("\t\tkick(dev);\n", "\t\tdelay(dev);\n\t\tkick(dev);\n")


def test_cases_that_stand_in_another_order(tmp_path: Path) -> None:
    found = judge(tmp_path, switch(ON, OFF), switch(ON, swap(OFF, SLOWLY)), switch(OFF, ON))
    assert "delay" in found.merged.split("case CMD_ON")[1]
    finding = found.only("BP112")
    assert finding.severity is Severity.ERROR and finding.subject == "case CMD_OFF:"
    assert LineEvidence("target", "dev.c", 7, b"\t\tkick(dev);") in finding.evidence


def test_branches_that_stand_in_another_order(tmp_path: Path) -> None:
    branch = "\tif (%s) {\n\t\tprepare(dev);\n\t\tset_mode(dev, arg);\n\t\tkick(dev);\n\t}\n"
    on, off = branch % "arg > dev->most", branch % "arg < dev->least"
    text = "int limit(struct dev *dev, int arg)\n{{\n{}\treturn 0;\n}}\n"
    upstream = text.format(on + swap(off, SLOWLY))
    found = judge(tmp_path, text.format(on + off), upstream, text.format(off + on))
    assert found.only("BP112").subject == "if (arg < dev->least)"


def test_a_label_that_is_shared_with_another(tmp_path: Path) -> None:
    """The target has one more label over the same lines."""
    target = switch(ON, OFF.replace("\tcase CMD_OFF:\n", "\tcase CMD_OFF:\n\tcase CMD_HALT:\n"))
    found = judge(tmp_path, switch(ON, OFF), switch(ON, swap(OFF, SLOWLY)), target)
    assert "delay" in found.merged and found.codes == []


def test_a_label_that_was_renamed(tmp_path: Path) -> None:
    target = switch(ON, OFF).replace("CMD_OFF", "CMD_HALT")
    assert judge(tmp_path, switch(ON, OFF), switch(ON, swap(OFF, SLOWLY)), target).codes == []


def test_a_condition_that_reads_otherwise(tmp_path: Path) -> None:
    branch = "\tif (%s) {\n\t\tprepare(dev);\n\t\tset_mode(dev, arg);\n\t\tkick(dev);\n\t}\n"
    text = "int limit(struct dev *dev, int arg)\n{{\n{}\treturn 0;\n}}\n"
    base, target = text.format(branch % "dev == NULL"), text.format(branch % "!dev")
    assert judge(tmp_path, base, swap(base, SLOWLY), target).codes == []


STEPS = """\
int bring_up(struct dev *dev)
{{
	int ret;

	ret = power_on(dev, dev->rail);
	if (ret)
		return ret;

{}{}	dev->up = true;
	return 0;
}}
"""
CLOCK = "\tret = start_clock(dev, dev->clock);\n\tif (ret)\n\t\treturn ret;\n\n"
PHY = CLOCK.replace("start_clock(dev, dev->clock)", "reset_phy(dev, dev->phy)")
SETTLE = CLOCK.replace("\t\treturn ret;\n\n", "\t\treturn ret;\n\n\tsettle();\n")


def test_steps_that_stand_in_another_order(tmp_path: Path) -> None:
    """Upstream waits after the clock is started and before the phy is reset; the target does the steps the other
    way round, and git waits before both of them."""
    target = STEPS.format(PHY, CLOCK).replace("dev->rail)", "dev->supply)")
    found = judge(tmp_path, STEPS.format(CLOCK, PHY), STEPS.format(SETTLE, PHY), target)
    assert found.merged.index("settle") < found.merged.index("start_clock")
    finding = found.only("BP112")
    assert finding.severity is Severity.WARNING and "start_clock" in finding.subject


def test_steps_with_another_one_before_them(tmp_path: Path) -> None:
    reset = CLOCK.replace("start_clock(dev, dev->clock)", "hold_reset(dev, dev->phy)")
    found = judge(
        tmp_path, STEPS.format(CLOCK, PHY), STEPS.format(SETTLE, PHY), STEPS.format(reset + CLOCK, PHY)
    )
    assert "settle" in found.merged and found.codes == []
