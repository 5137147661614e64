"""Landing a hunk whose context has drifted: all removed lines stand there, and the places of all insertions
are plain, though some context lines read differently, are gone, or have company.

Pure. Invariant: applying the edits and taking them back gives the target again; each run's removed lines stand
together at one place; each run has lines that stand unchanged on both its sides. The same search with the hunk
turned round (`Images.turned`) says whether the change is there already, by the same measure.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from backport.model import Difference
from backport.placement.align import Alignment, align
from backport.placement.context import LineIndex
from backport.placement.differences import differences
from backport.placement.lines import Edit, Images, Run, keys
from backport.placement.target import TargetText

ENOUGH = 0.5
"""Weight of a hunk's lines that must stand there, as a share."""

AKIN = 0.6
"""How alike two lines must be, at least, for one to stand for the other in the context."""

SIDE = 3
"""Lines on a side of a run of which one must stand unchanged: git's own length of context."""

COMMON = 64
"""A line that stands more often than this in a file is no starting point for a search."""

TRIED = 8
"""Places that are tried, best first."""

FAR = 3000
"""Lines from the expected place at which a whole line's weight of context is lost."""

_WORDS = re.compile(rb"\w+|[^\w\s]")

LOOSE = 0.2
"""What a place is worth less at which lines have come in between or are gone, and not only read differently."""


@dataclass(frozen=True, slots=True)
class Landing:
    """The edits with which a hunk lands in the target, and what of its context differs there.

    `at` is the target's index of the first edit, `start` of the hunk's first line; `share` is the part of the
    pre-image's weight that stands there, `score` that with the distance from the expected place taken off."""

    edits: tuple[Edit, ...]
    at: int
    start: int
    share: float
    score: float
    differences: tuple[Difference, ...]


def land(parts: Images, target: TargetText, bounds: tuple[int, int], expected: int) -> Landing | None:
    """The best place within `bounds` at which the hunk lands, or None. `expected` is the index at which its
    first line should stand."""
    needle = keys(parts.old)
    if not needle:
        return None
    found = [
        landing
        for start in _starts(needle, target.key_index, bounds, expected)
        if (landing := _try(parts, needle, _shifted(needle, target, start, bounds), target, expected))
    ]
    if found:
        return max(found, key=lambda x: (x.score, -x.at))
    landing = _try(parts, needle, align(needle, target.keys, *bounds), target, expected)
    return replace(landing, score=landing.score - LOOSE) if landing is not None else None


def _starts(needle: Sequence[bytes], index: LineIndex, bounds: tuple[int, int], expected: int) -> list[int]:
    """The indices at which the needle may begin: where most of its rarer lines are in step."""
    votes: Counter[int] = Counter()
    for number, line in enumerate(needle):
        places = index.get(line, ())
        if len(line) > 3 and len(places) <= COMMON:
            votes.update(at - number for at in places if bounds[0] <= at < bounds[1])
    ranked = sorted(votes, key=lambda start: (-votes[start], abs(start - expected)))[:TRIED]
    return list(dict.fromkeys([*ranked, expected]))


def _shifted(needle: Sequence[bytes], target: TargetText, start: int, bounds: tuple[int, int]) -> Alignment:
    """The needle laid on the target line by line from `start` on."""
    equal: dict[int, int] = {}
    drifted: dict[int, int] = {}
    for number, line in enumerate(needle):
        at = start + number
        if bounds[0] <= at < bounds[1] and at < len(target.keys):
            (equal if target.keys[at] == line else drifted)[number] = at
    return Alignment(equal, drifted)


def _try(
    parts: Images, needle: Sequence[bytes], alignment: Alignment, target: TargetText, expected: int
) -> Landing | None:
    edits: list[Edit] = []
    for run in parts.runs:
        edit = _edit(run, parts, needle, alignment, target)
        if edit is None:
            return None
        edits.append(edit)
    if not edits or any(a.last > b.first for a, b in pairwise(edits)):
        return None
    share = standing_share(parts, needle, alignment, target)
    if share < ENOUGH:
        return None
    start = edits[0].first - parts.runs[0].old_first
    score = share - min(abs(start - expected) / FAR, 0.3)
    missing = differences(parts.old, alignment, target)
    return Landing(tuple(edits), edits[0].first, start, share, score, missing)


def _edit(
    run: Run, parts: Images, needle: Sequence[bytes], alignment: Alignment, target: TargetText
) -> Edit | None:
    if run.removed:
        places = [alignment.equal.get(i) for i in range(run.old_first, run.old_last)]
        first = places[0]
        if first is None or places != list(range(first, first + len(places))):
            return None
        last = first + len(places)
        if keys(run.removed) == keys(run.added) and tuple(target.lines[first:last]) != run.removed:
            return None  # Only the white space changes, so it must be the removed lines' own.
    else:
        place = _gap(run, needle, alignment, len(target.lines))
        if place is None:
            return None
        first = last = place
    if not _held(run, needle, alignment, (first, last), target):
        return None
    return Edit(first, last, run.added)


def _gap(run: Run, needle: Sequence[bytes], alignment: Alignment, length: int) -> int | None:
    """The index before which an insertion goes: between its two neighbours, which must stand together, or at
    the file's end or beginning where the hunk has nothing beyond it (git-apply's rule)."""
    before = alignment.at(run.old_first - 1) if run.old_first else -1
    after = alignment.at(run.old_last) if run.old_last < len(needle) else length
    if before is None or after is None or after != before + 1:
        return None
    return after


def _held(
    run: Run, needle: Sequence[bytes], alignment: Alignment, place: tuple[int, int], target: TargetText
) -> bool:
    """Whether lines close to the run stand close by: on one side of removed lines, which say where they are
    themselves, and on both sides of an insertion (a side of one line may read differently, or the file ends)."""
    before = [i for i in range(run.old_first - 1, -1, -1) if needle[i]][:SIDE]
    after = [i for i in range(run.old_last, len(needle)) if needle[i]][:SIDE]
    above = _side(before, needle, alignment, target, range(place[0] - 2 * SIDE, place[0]))
    below = _side(after, needle, alignment, target, range(place[1], place[1] + 2 * SIDE))
    if run.removed:
        return above or below or not (before or after)
    length = len(target.lines)
    weak_above = above or (len(before) <= 1 and (below or place[0] == 0))
    weak_below = below or (len(after) <= 1 and (above or place[1] == length))
    return weak_above and weak_below and (above or below)


def _side(
    numbers: Sequence[int],
    needle: Sequence[bytes],
    alignment: Alignment,
    target: TargetText,
    near: range,
) -> bool:
    """Whether one of these lines stands near by, as it is or much like it."""
    for number in numbers:
        at = alignment.at(number)
        if at is not None and at in near and likeness(needle[number], target.keys[at]) >= AKIN:
            return True
    return False


def standing_share(parts: Images, needle: Sequence[bytes], alignment: Alignment, target: TargetText) -> float:
    """The share of the pre-image's weight that stands at its place; braces and common lines weigh little, a
    line that reads a little differently counts for as much as is alike."""
    total = held = 0.0
    for number, line in enumerate(needle):
        if not line:
            continue
        value = line_weight(line, target)
        total += value
        at = alignment.at(number)
        if at is not None:
            like = likeness(line, target.keys[at])
            held += value * (like if like >= AKIN else 0.0)
    return held / total if total else 1.0


def likeness(one: bytes, other: bytes) -> float:
    """How alike two lines are, by their words: 1 for equal ones (Dice's coefficient)."""
    if one == other:
        return 1.0
    first, second = Counter(_WORDS.findall(one)), Counter(_WORDS.findall(other))
    common = sum((first & second).values())
    return 2 * common / max(sum(first.values()) + sum(second.values()), 1)


def line_weight(line: bytes, target: TargetText) -> float:
    """How much a line says of its place: 1 for one that stands once, less the more often it does."""
    if len(line) <= 3:
        return 0.1
    return 1.0 / (1.0 + math.log2(max(len(target.key_index.get(line, ())), 1)))
