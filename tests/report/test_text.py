"""The report on a terminal."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backport.errors import UsageError
from backport.model import (
    Difference,
    Finding,
    PlacementKind,
    Repair,
    RepairKind,
    Report,
    Severity,
    Verdict,
)
from backport.report import render
from backport.report.terminal import clip, clip_middle, columns, harmless, pad, wrap
from tests.support.reports import (
    every_report,
    file,
    hunk,
    one_conflict_report,
    patch,
    target,
)

REPORTS = every_report()


def text(report: Report, **options: object) -> str:
    return render(report, "text", **options).decode()  # type: ignore[arg-type]


@pytest.mark.parametrize("width", [80, 100, 132])
@pytest.mark.parametrize("name", REPORTS)
def test_no_line_is_wider_than_the_terminal(name: str, width: int) -> None:
    too_wide = [line for line in text(REPORTS[name], width=width).splitlines() if columns(line) > width]
    assert not too_wide


def test_the_first_line_is_the_verdict() -> None:
    first = text(REPORTS["conflict"], width=120).splitlines()[0]
    assert (
        first
        == "conflict  linux-source-6.1 (6.1.192): 2 of 9 hunks do not land, 2 already there (1 in a later form)"
    )


def test_several_targets_have_a_line_each_and_a_matrix() -> None:
    lines = text(REPORTS["series"]).splitlines()
    assert [x.split()[0] for x in lines if x[:8] == "conflict"] == ["conflict", "conflict"]
    row = next(x for x in lines if x.startswith("1. userfaultfd"))
    assert row.split()[-2:] == ["conflict", "applied"]


def test_many_targets_make_several_blocks() -> None:
    one = patch("mm: frob", Verdict.CLEAN, file("a.c", hunk(1)))
    report = Report(tuple(target(f"tree-number-{n}", Verdict.CLEAN, one) for n in range(9)))
    lines = text(report).splitlines()
    heads = [x for x in lines if x.startswith("patch ")]
    assert len(heads) > 1 and sum(x.count("tree-number-") for x in heads) == 9
    assert max(map(columns, lines)) <= 80


@pytest.mark.parametrize("name", REPORTS)
def test_nothing_can_steer_the_terminal(name: str) -> None:
    shown = text(REPORTS[name], verbose=True)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]", shown)


def test_colours_are_emphasis_only() -> None:
    report = REPORTS["conflict"]
    colored = text(report, color=True)
    assert "\x1b[" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == text(report)


def test_neighbours_in_one_function_share_a_row() -> None:
    same: dict[str, Any] = {"function": "f()", "functions": ("f()",), "target_function": "f()"}
    report = Report(
        (
            target(
                "t",
                Verdict.CLEAN,
                patch("s", Verdict.CLEAN, file("a.c", *(hunk(n, **same) for n in (1, 2, 3)))),
            ),
        )
    )
    assert re.search(r"^ +1-3  f\(\) +40 +40  exact$", text(report), re.MULTILINE)


def test_a_failing_hunk_never_shares_a_row() -> None:
    same: dict[str, Any] = {"function": "f()", "functions": ("f()",)}
    bad = [hunk(n, PlacementKind.CONFLICT, **same) for n in (1, 2)]
    report = Report((target("t", Verdict.CONFLICT, patch("s", Verdict.CONFLICT, file("a.c", *bad))),))
    assert len(re.findall(r"^  ! ", text(report), re.MULTILINE)) == 2


def test_a_long_difference_is_cut_and_says_so() -> None:
    long = Difference(
        10, tuple(b"expected %d" % n for n in range(20)), tuple(b"found %d" % n for n in range(20))
    )
    bad = hunk(1, PlacementKind.CONFLICT, differences=(long,))
    report = Report((target("t", Verdict.CONFLICT, patch("s", Verdict.CONFLICT, file("a.c", bad))),))
    assert "... 28 more lines (--verbose)" in text(report)
    assert "found 19" not in text(report) and "found 19" in text(report, verbose=True)
    assert "target 29" in text(report, verbose=True)


def test_the_conflict_shows_the_targets_lines_with_their_numbers() -> None:
    shown = text(one_conflict_report())
    assert "      target 226 |         return do_minor(ctx, vma, addr, 0);" in shown
    assert "      target 231 (nothing)" in shown


def test_a_large_patch_is_short_until_asked() -> None:
    short, long = text(REPORTS["large"]), text(REPORTS["large"], verbose=True)
    assert len(short.splitlines()) < 40 < 110 < len(long.splitlines())
    assert "39 files need no look" in short and "frob_79()" in short and "frob_1()" not in short
    assert "frob_1()" in long


def test_quiet_is_the_verdicts_alone() -> None:
    assert text(REPORTS["clean"], quiet=True) == "clean  linux@v6.1 (6.1.192): both hunks land\n"


def test_comments_are_shown_when_asked_and_in_show() -> None:
    question = "Should this not take the lock?"
    assert question not in text(REPORTS["conflict"])
    assert question in text(REPORTS["conflict"], verbose=True)
    assert question in text(REPORTS["show"])


def test_an_unknown_form_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no report format 'pdf'; use one of text, json"):
        render(REPORTS["clean"], "pdf")


def test_no_targets_and_no_subject() -> None:
    assert text(Report(())).strip()
    nameless = replace(REPORTS["clean"].targets[0].patches[0], subject="")
    assert "(no subject)" in text(Report((target("t", Verdict.CLEAN, nameless),)))


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=60), st.integers(4, 40))
def test_cutting_and_padding_keep_to_the_width(anything: str, width: int) -> None:
    shown = harmless(anything.replace("\n", " "))
    assert columns(clip(shown, width)) <= width
    assert columns(clip_middle(shown, width)) <= width
    assert columns(pad(clip(shown, width), width)) == width
    for line in wrap(shown, width, first="- "):
        assert columns(line) <= width


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=60))
def test_wrapping_keeps_the_words(anything: str) -> None:
    shown = harmless(anything.replace("\n", " "))
    assert "".join("".join(wrap(shown, 30)).split()) == "".join(shown.split())


def test_harmless_shows_what_it_takes_away() -> None:
    assert harmless(b"a\tb\x1b[1m\xff\r") == "a       b\\x1b[1m\\xff\\x0d"
    assert harmless("\u202eevil \udcff\U000e0041") == "\\u202eevil \\xff\\U000e0041"
    assert harmless("漢字 é") == "漢字 é" and columns("漢字 é") == 6


def test_what_a_hunk_says_itself_is_no_finding_until_asked() -> None:
    line = "target mm/frob.c:226: return do_minor(ctx, vma, addr, 0);"
    short, verbose = text(one_conflict_report()), text(one_conflict_report(), verbose=True)
    assert line not in short and line in verbose
    assert "BP101" not in short and "error   BP101" in verbose
    assert "guard CONFIG_USERFAULTFD (target mm/frob.c:200)" in verbose


def test_a_finding_of_several_hunks_is_told_once_with_all_of_them() -> None:
    found = tuple(
        Finding("BP202", Severity.ERROR, "the target has no macro MAX", hunk=n, subject="MAX") for n in (1, 3)
    )
    report = Report(
        (
            target(
                "t", Verdict.UNSAFE, patch("s", Verdict.UNSAFE, file("a.c", hunk(1), hunk(3)), findings=found)
            ),
        )
    )
    shown = text(report)
    assert shown.count("BP202  ") == 1 and "BP202  the target has no macro MAX (hunks 1, 3)" in shown
    assert "  cause: the target has no macro MAX\n" in shown
    assert "Next: Put right what BP202 names, in the patch or in the target." in shown


def test_a_note_on_a_repair_is_told_with_the_repair() -> None:
    mended = Repair(RepairKind.MISSING_LAST_NEWLINE, Severity.NOTE, 9, "the last line had no line feed")
    note = Finding("BP001", Severity.NOTE, "line 9: the last line had no line feed")
    one = replace(patch("s", Verdict.CLEAN, file("a.c", hunk(1)), findings=(note,)), repairs=(mended,))
    shown = text(Report((target("t", Verdict.CLEAN, one),)))
    assert shown.count("the last line had no line feed") == 1


def test_common_indentation_makes_room_for_code() -> None:
    deep = Difference(9, (b"\t\t\t\tif (x)", b"\t\t\t\t\ty();"), (b"\t\t\t\tz();",))
    bad = hunk(1, PlacementKind.CONFLICT, differences=(deep,))
    report = Report((target("t", Verdict.CONFLICT, patch("s", Verdict.CONFLICT, file("a.c", bad))),))
    assert "expected | if (x)\n               |         y();\n      target 9 | z();" in text(report)


def test_good_patches_of_a_long_series_have_no_table_until_asked() -> None:
    good = patch("mm: good", Verdict.CLEAN, file("a.c", hunk(1)))
    bad = patch("mm: bad", Verdict.CONFLICT, file("a.c", hunk(2, PlacementKind.CONFLICT)))
    report = Report((target("t", Verdict.CONFLICT, *([good] * 9), bad),))
    assert text(report).count("function") == 1 and "frob_2()" in text(report)
    assert text(report, verbose=True).count("frob_1()") == 9
    assert [line.split()[-1] for line in text(report).splitlines() if line.startswith("10. ")] == ["conflict"]
