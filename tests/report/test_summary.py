"""Verdict lines, what to do next, exit codes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backport.model import (
    Finding,
    PatchReport,
    PlacementKind,
    Reason,
    Report,
    Severity,
    Verdict,
)
from backport.report import exit_code
from backport.report.steps import next_steps
from backport.report.summary import (
    REASONS,
    is_show,
    number_list,
    placement_words,
    target_title,
    verdict_sentence,
)
from tests.support.reports import every_report, file, hunk, patch, target

E, S, F, M, G, A, V, C, N = list(PlacementKind)


def sentence(verdict: Verdict, *kinds: PlacementKind) -> str:
    return verdict_sentence((made(verdict, *kinds),), verdict)


def made(verdict: Verdict, *kinds: PlacementKind, **more: object) -> PatchReport:
    return patch("s", verdict, file("mm/frob.c", *(hunk(n, k) for n, k in enumerate(kinds, 1))), **more)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ((E,), "the only hunk lands"),
        ((E, S), "both hunks land"),
        ((E, S, M), "all 3 hunks land"),
        ((E, A), "1 of 2 hunks lands, 1 already there"),
        ((E, E, V), "2 of 3 hunks land, 1 already there (1 in a later form)"),
        ((A, A, V), "all 3 hunks are already there, 1 in a later form"),
        ((C,), "the only hunk does not land"),
        ((C, E), "1 of 2 hunks does not land"),
        ((C, N, A), "2 of 3 hunks do not land, 1 already there"),
        ((), "no hunks"),
    ],
)
def test_what_stands_behind_a_verdict(kinds: tuple[PlacementKind, ...], expected: str) -> None:
    assert sentence(Verdict.CLEAN, *kinds) == expected


def test_a_series_counts_its_patches() -> None:
    good, bad = made(Verdict.CLEAN, E), made(Verdict.CONFLICT, C, E)
    assert verdict_sentence((good, good), Verdict.CLEAN) == "both patches are fine; both hunks land"
    assert (
        verdict_sentence((good, bad), Verdict.CONFLICT)
        == "1 of 2 patches needs work; 1 of 3 hunks does not land"
    )


def test_unsafe_and_unreadable_say_why() -> None:
    error = Finding("BP301", Severity.ERROR, "needs a guard")
    unsafe = made(Verdict.UNSAFE, E, findings=(error,))
    assert verdict_sentence((unsafe,), Verdict.UNSAFE).endswith("; 1 error says it will not build or work")
    bad = patch("s", Verdict.UNREADABLE, unreadable="x.patch:3: damaged")
    assert verdict_sentence((bad,), Verdict.UNREADABLE) == "x.patch:3: damaged"
    assert verdict_sentence((bad, bad), Verdict.UNREADABLE).endswith("2 patches cannot be read")


@pytest.mark.parametrize(
    ("verdict", "kinds", "expected"),
    [
        (Verdict.CLEAN, (E, S), "Apply it with `git am`."),
        (Verdict.CLEAN, (E, G), "three-way merge"),
        (Verdict.CLEAN, (E, F), "`patch -p1 -F1`"),
        (Verdict.CLEAN, (E, M), "Carry hunk 2 to the new place"),
        (Verdict.CLEAN, (E, A), "Leave out hunk 2, already there"),
        (Verdict.CLEAN, (E, A, V), "Look at hunk 3, there in a later form."),
        (Verdict.APPLIED, (A, A), "Nothing to apply"),
        (Verdict.APPLIED, (A, V), "look at hunk 2"),
        (Verdict.CONFLICT, (C, C, E), "Resolve hunks 1-2"),
        (Verdict.CONFLICT, (E, N), "whether hunk 2 (mm/frob.c) can be left out"),
        (Verdict.PARTIAL, (A, C), "Find out who brought the hunks"),
    ],
)
def test_what_to_do_next(verdict: Verdict, kinds: tuple[PlacementKind, ...], expected: str) -> None:
    steps = next_steps(made(verdict, *kinds))
    assert expected in " ".join(steps) and all(s.endswith(".") for s in steps)


def test_every_placement_and_reason_has_words() -> None:
    assert set(REASONS) == set(Reason)
    for kind in PlacementKind:
        one = file("a.c", hunk(1, kind))
        words = placement_words(one, one.hunks[0])
        assert words.startswith(kind.value)


def test_a_hunk_in_a_third_file_names_it() -> None:
    one = file(
        "a.c", hunk(1), hunk(2, M, target_path="c.c"), hunk(3, A, target_path="d.c"), target_path="a.c"
    )
    assert placement_words(one, one.hunks[1]) == "moved to c.c"
    assert placement_words(one, one.hunks[2]) == "applied: already there, in d.c"
    there = replace(one, target_path="c.c")
    assert placement_words(there, one.hunks[1]) == "moved"


def test_fuzz_says_how_much_and_what_patch_cannot_place_is_told() -> None:
    drifted = hunk(1, F, fuzz=0, offset=9)
    one = file("a.c", drifted, hunk(2, F, offset=0), hunk(3, F, fuzz=0, offset=0))
    assert [placement_words(one, h) for h in one.hunks] == [
        "fuzz, offset +9",
        "fuzz 1",
        "fuzz, context differs",
    ]
    assert "Put hunks 1, 3 in by hand" in next_steps(patch("s", Verdict.CLEAN, one))[0]


def test_numbers_and_titles() -> None:
    assert number_list([1, 2, 3, 5, 7, 8]) == "1-3, 5, 7-8"
    plain = target("tree", Verdict.CLEAN)
    assert target_title(plain) == "tree (6.1.192)"
    assert target_title(replace(plain, version=None)) == "tree (830b3c68c1fb)"
    assert target_title(replace(plain, version=None, revision="")) == "tree"
    assert target_title(replace(plain, dirty=True)) == "tree (6.1.192, with local changes)"


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([Verdict.CLEAN], 0),
        ([Verdict.CLEAN, Verdict.APPLIED], 0),
        ([Verdict.PARTIAL], 1),
        ([Verdict.ADAPTABLE], 1),
        ([Verdict.CONFLICT, Verdict.CLEAN], 1),
        ([Verdict.UNSAFE], 1),
        ([Verdict.UNREADABLE, Verdict.CLEAN], 1),
        ([Verdict.UNREADABLE], 2),
        ([Verdict.UNREADABLE, Verdict.UNREADABLE], 2),
        ([None], 0),
    ],
)
def test_exit_codes(verdicts: list[Verdict | None], code: int) -> None:
    patches = tuple(patch("s", v) for v in verdicts)
    assert exit_code(Report((target("t", Verdict.CLEAN, *patches),))) == code


def test_one_bad_target_among_good_ones_is_1() -> None:
    good, bad = made(Verdict.CLEAN, E), made(Verdict.CONFLICT, C)
    assert exit_code(Report((target("a", Verdict.CLEAN, good), target("b", Verdict.CONFLICT, bad)))) == 1


def test_only_show_is_show() -> None:
    assert [name for name, report in every_report().items() if is_show(report)] == ["show"]
