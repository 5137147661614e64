"""The cost of placement is bounded: cases that take minutes without a bound, and answers that stay the same.

Nothing is timed here: what is not bounded does not finish while tests are run, or counts too many pairs.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from difflib import SequenceMatcher

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from backport.intake import parse_diff
from backport.model import Hunk
from backport.placement import align as aligning
from backport.placement import context
from backport.placement.align import Alignment, align, firm, matching_blocks
from backport.placement.context import (
    git_apply_positions,
    gnu_patch_positions,
    index_lines,
    occurrences,
    positions_in_step,
)
from backport.placement.likeness import counterparts, find, share
from backport.placement.lines import Images, images
from backport.placement.target import TargetText

LETTERS = st.sampled_from([b"a\n", b"b\n", b"{\n"])


def adding(
    starts: list[tuple[int, int]], before: list[bytes], after: list[bytes]
) -> list[tuple[Hunk, Images]]:
    """Hunks that add one line between the same context, at these old and new lines."""
    size = len(before) + len(after)
    body = b"".join([b" " + x for x in before] + [b"+new\n"] + [b" " + x for x in after])
    text = b"--- a/f\n+++ b/f\n" + b"".join(
        b"@@ -%d,%d +%d,%d @@\n" % (old, size, new, size + 1) + body for old, new in starts
    )
    (change,) = parse_diff(text, "patch").files
    return [(hunk, images(hunk)) for hunk in change.hunks]


# --- by context alone ----------------------------------------------------------------------------


def test_many_hunks_land_among_equal_lines() -> None:
    lines = [b"a\n"] * 30_000
    starts = [(50 + 70 * n, 50 + 71 * n) for n in range(400)]
    pairs = adding(starts, [b"a\n"] * 3, [b"a\n"] * 3)
    for search in (git_apply_positions, positions_in_step):
        found = search(pairs, lines, index_lines(lines))
        assert [p.at for p in found if p is not None] == [old - 1 for old, _ in starts]


def test_many_hunks_fail_in_a_long_file() -> None:
    lines = [b"line %d\n" % n for n in range(150_000)]
    starts = [(10 + 700 * n, 10 + 701 * n) for n in range(200)]
    # All lines of the context are there, never together.
    pairs = adding(starts, lines[:3], lines[149_000:149_003])
    assert gnu_patch_positions(pairs, lines, 2) == [None] * 200
    assert git_apply_positions(pairs, lines, index_lines(lines)) == [None] * 200


def test_a_needle_that_nearly_stands_everywhere_is_looked_for_once() -> None:
    lines = [b"a\n", b"b\n"] * 50_000 + [b"c\n"]
    pairs = adding([(9, 9)] * 20, [b"a\n", b"b\n"] * 1000, [b"c\n", b"a\n"])
    assert git_apply_positions(pairs, lines, index_lines(lines)) == [None] * 20
    assert gnu_patch_positions(pairs, lines, 0) == [None] * 20


@settings(deadline=None, max_examples=150)
@given(
    st.lists(LETTERS, min_size=1, max_size=40),
    st.lists(LETTERS, min_size=1, max_size=2),
    st.lists(LETTERS, min_size=1, max_size=2),
    st.lists(st.tuples(st.integers(2, 40), st.integers(2, 50)), min_size=1, max_size=5),
    st.sampled_from([2, 0x10FFFF]),
)
def test_the_nearest_free_place_is_taken(
    lines: list[bytes],
    before: list[bytes],
    after: list[bytes],
    starts: list[tuple[int, int]],
    codes: int,
) -> None:
    """git's rule by trying every place, also where lines share a character of the translation."""
    pairs = adding(starts, before, after)
    size, index = len(before) + len(after), index_lines(lines)
    taken: list[int] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(context, "CODES", codes)
        found = git_apply_positions(pairs, lines, index)
    for (_, new), position in zip(starts, found, strict=True):
        ranked = [
            (abs(grown - (new - 1)), grown < new - 1, at)
            for at in occurrences(before + after, lines, index)
            if all(abs(at - other) >= size for other in taken)
            for grown in [at + sum(other < at for other in taken)]
        ]
        assert (position.at if position is not None else None) == (min(ranked)[2] if ranked else None)
        taken += [position.at] if position is not None else []


# --- runs in common ------------------------------------------------------------------------------

SHORT = st.lists(st.sampled_from([b"a", b"b", b"c", b"longer"]), max_size=30)


@settings(deadline=None, max_examples=150)
@given(SHORT, SHORT)
def test_short_sequences_are_matched_as_by_the_standard_library(one: list[bytes], other: list[bytes]) -> None:
    def pairs(blocks: Iterable[tuple[int, int, int]]) -> list[tuple[int, int]]:
        return [(i + k, j + k) for i, j, size in blocks for k in range(size)]

    theirs = SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    ours = matching_blocks(one, other)
    assert pairs(ours) == pairs(theirs)


@settings(deadline=None, max_examples=150)
@given(SHORT, SHORT, st.integers(0, 60), st.sampled_from([0, 6, 60]))
def test_beyond_the_limit_what_is_matched_is_there(
    one: list[bytes], other: list[bytes], most: int, small: int
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(aligning, "MOST_PAIRS", most)
        patched.setattr(aligning, "SMALL", small)
        blocks = matching_blocks(one, other)
    low = start = 0
    for first, second, size in blocks:
        assert first >= low and second >= start and size > 0
        assert one[first : first + size] == other[second : second + size]
        low, start = first + size, second + size
    assert low <= len(one) and start <= len(other)


def test_beyond_the_limit_lines_that_stand_once_still_match(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aligning, "MOST_PAIRS", 5_000)
    one = [b"" if n % 2 else b"line %d" % n for n in range(1000)]
    other = [*one[:300], b"new", *one[300:]]
    found = align(other, one, 0, len(one))
    assert all(found.equal[n if n < 300 else n + 1] == n for n in range(0, 1000, 2))


def code(seed: int, count: int) -> list[bytes]:
    dice = random.Random(seed)
    names = [b"", b"}", b"{", b"return;"]
    return [
        dice.choice([*names, b"value_%d = next(%d);" % (dice.randrange(3000), dice.randrange(20))])
        for _ in range(count)
    ]


def test_long_files_are_aligned() -> None:
    one = code(1, 12_000)
    other = [b"new" if n % 20 == 7 else line for n, line in enumerate(one)]
    found = align(other, one, 0, len(one))
    assert all(one[at] == other[n] for n, at in found.equal.items())
    assert len(found.equal) > 0.9 * len(one)
    assert align(code(2, 12_000), one, 0, len(one)).equal


def test_lines_in_turn_are_aligned() -> None:
    """The cube of the length, if each longest run is looked for in all that is left."""
    found = align([b"common", b"mine"] * 3000, [b"common", b"theirs"] * 3000, 0, 6000)
    assert set(found.equal) <= set(range(0, 6000, 2))


def test_a_long_run_of_short_lines_is_firm_only_beside_a_longer_one() -> None:
    alike = Alignment({n: n for n in range(60_000)}, {})
    assert not firm([b""] * 60_000, alike).equal
    assert len(firm([b""] * 59_999 + [b"longer"], alike).equal) == 60_000


# --- tokens --------------------------------------------------------------------------------------


def test_the_share_of_long_runs_is_a_lower_bound() -> None:
    hay = [token for line in code(1, 6000) for token in line.split()]
    assert share(tuple(hay), hay) == 1.0
    assert 0.0 < share(tuple(reversed(hay)), hay) < 0.9


def test_a_run_of_tokens_that_nearly_stands_everywhere_is_not_found() -> None:
    target = TargetText("notes.txt", b"a ;\n" * 20_000 + b"a ; b\n")
    wanted = (b"a", b";") * 5_000
    assert find((*wanted, b"c"), target, 0, 20_001) is None
    assert find((*wanted, b"a", b";", b"b"), target, 0, 20_001) == (15_000, 20_001)


def test_too_many_lines_without_counterpart_are_none() -> None:
    lines = [(b"one%d" % n, b"(", b"x", b")") for n in range(4000)]
    rows = [(b"other", b"=", b"%d" % n) for n in range(4000)]
    assert not counterparts(lines, rows, set())
    assert counterparts(lines[:100], [*rows[:100], *((*line, b";") for line in lines[:100])], set())
