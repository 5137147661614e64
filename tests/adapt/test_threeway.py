"""The merge of words: against its own laws, and against git's where git merges too."""

from __future__ import annotations

import tempfile
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from backport.adapt.threeway import Edit, Merged, Overlap, Sides, Touch, edits, merge
from backport.adapt.words import Word, joined, words_of
from tests.adapt.test_words import ANY
from tests.support.repo import Repo


def of(base: bytes, target: bytes, upstream: bytes) -> Merged:
    return merge(Sides.of(words_of(base), words_of(target), words_of(upstream)))


def shown(merged: Merged) -> bytes:
    assert not merged.overlaps
    return joined((p for p in merged.parts if isinstance(p, Word)), merged.tail)


@settings(deadline=None, max_examples=200)
@given(ANY, ANY)
def test_where_one_side_changed_nothing_the_other_is_the_result(base: bytes, other: bytes) -> None:
    assert shown(of(base, base, other)) == other
    assert shown(of(base, other, base)) == other


@settings(deadline=None, max_examples=150)
@given(ANY, ANY)
def test_the_same_change_on_both_sides_is_made_once(base: bytes, other: bytes) -> None:
    assert shown(of(base, other, other)) == other


@settings(deadline=None, max_examples=200)
@given(ANY, ANY, ANY)
def test_a_word_of_the_result_stands_on_one_of_the_sides(base: bytes, target: bytes, upstream: bytes) -> None:
    merged = of(base, target, upstream)
    known = {w.text for side in (target, upstream) for w in words_of(side).words}
    assert {p.text for p in merged.parts if isinstance(p, Word)} <= known
    for overlap in merged.overlaps:
        sides = [tuple(w.text for w in x) for x in (overlap.base, overlap.target, overlap.upstream)]
        assert sides[1] != sides[2]


LINE = st.tuples(st.sampled_from(["alpha", "beta", "gamma", "if (a)", "}"]), st.integers(0, 9)).map(
    lambda x: f"\t{x[0]} = f({x[1]});"
)


@st.composite
def apart(draw: st.DrawFn) -> tuple[str, str, str]:
    """A text, and two of which each has lines of its own changed, with three between them that none has."""
    base: list[str] = []
    ours: list[str] = []
    theirs: list[str] = []
    for number in range(draw(st.integers(1, 5))):
        same = [f"\tkept_{number}_{n} = {draw(LINE).strip()}" for n in range(3)]
        old, new = (draw(st.lists(LINE, max_size=3)) for _ in range(2))
        mine = draw(st.booleans())
        base += [*same, *old]
        ours += [*same, *(new if mine else old)]
        theirs += [*same, *(old if mine else new)]
    end = ["\tend();"]
    rows = ("\n".join([*x, *end]) + "\n" for x in (base, ours, theirs))
    one, two, three = rows
    return one, two, three


@pytest.fixture(scope="module")
def repo() -> Repo:
    return Repo(Path(tempfile.mkdtemp()) / "repo")


@settings(deadline=None, max_examples=60)
@given(apart())
def test_what_git_merges_has_the_same_words(repo: Repo, sides: tuple[str, str, str]) -> None:
    base, target, upstream = sides
    repo.write({"base": base, "ours": target, "theirs": upstream})
    done = repo.run("merge-file", "-p", "ours", "base", "theirs")
    assert done.returncode == 0
    merged = of(base.encode(), target.encode(), upstream.encode())
    assert [w.text for w in words_of(shown(merged)).words] == [w.text for w in words_of(done.stdout).words]


# --- how two changes lie


def test_changes_of_different_words_of_a_line_are_both_made() -> None:
    merged = of(b"f(a, b, c, d);", b"f(x, b, c, d);", b"f(a, b, c, y);")
    assert shown(merged) == b"f(x, b, c, y);"
    assert merged.touches == (Touch.LINE,) and (merged.ours, merged.theirs) == (1, 1)


def test_changes_of_different_lines_do_not_touch() -> None:
    merged = of(b"\nf(a);\nkept();\ng(b);", b"\nf(x);\nkept();\ng(b);", b"\nf(a);\nkept();\ng(y);")
    assert shown(merged) == b"\nf(x);\nkept();\ng(y);"
    assert merged.touches == ()


def test_changes_of_one_word_overlap() -> None:
    merged = of(b"f(a);", b"f(x);", b"f(y);")
    (overlap,) = merged.overlaps
    assert [[w.text for w in x] for x in (overlap.base, overlap.target, overlap.upstream)] == [
        [b"a"],
        [b"x"],
        [b"y"],
    ]


def test_two_insertions_at_one_place_overlap() -> None:
    """Nobody knows their order."""
    merged = of(b"\none();\ntwo();", b"\none();\nmine();\ntwo();", b"\none();\ntheirs();\ntwo();")
    assert len(merged.overlaps) == 1


def test_an_insertion_within_what_the_other_side_took_out_overlaps() -> None:
    merged = of(b"f(a, b);", b"f();", b"f(a, x, b);")
    assert len(merged.overlaps) == 1


@pytest.mark.parametrize(
    ("target", "touch"),
    [
        (b"\none();\nthree();", Touch.GONE),
        (b"\none();\nretry:\nthree();", Touch.LINES),
        (b"\none(); retry:\nthree();", Touch.WORDS),
    ],
)
def test_a_line_beside_a_changed_one_touches_it(target: bytes, touch: Touch) -> None:
    merged = of(b"\none();\ntwo(2);\nthree();", target, b"\none();\ntwo(2);\nadded(7);\nthree();")
    assert merged.touches == (touch,)
    assert b"\nadded(7);" in shown(merged)


def test_white_space_is_that_of_the_side_that_changed_it() -> None:
    base, wide, new = b"\tgo(a, b, 1);", b"\tgo(a,\n\t   b, 1);", b"\tgo(a, b, 2);"
    assert shown(of(base, wide, new)) == b"\tgo(a,\n\t   b, 2);"
    assert shown(of(base, new, wide)) == b"\tgo(a,\n\t   b, 2);"


def test_what_upstream_moves_in_is_moved_in_from_where_the_target_has_it() -> None:
    base, ours, theirs = b"x;\n\tgo();", b"x;\n\t\tgo();", b"x;\n\t\t\tgo();"
    assert shown(of(base, ours, theirs)) == b"x;\n\t\t\t\tgo();"


def test_edits_are_what_an_alignment_leaves() -> None:
    assert edits({0: 0, 2: 1, 3: 4}, 5, 5) == [Edit(1, 2, 1, 1), Edit(3, 3, 2, 4), Edit(4, 5, 5, 5)]
    assert edits({}, 0, 0) == []


def test_an_overlap_holds_all_words_that_the_edits_cover() -> None:
    """Including what one side left in the middle of the other's change."""
    merged = of(b"f(a, b, c);", b"f(x);", b"f(a, y, c);")
    (overlap,) = merged.overlaps
    assert isinstance(overlap, Overlap)
    assert b"".join(w.text for w in overlap.upstream) == b"a,y,c"
