"""Lining a hunk up with a stretch of the target whose lines have drifted.

Pure functions over line keys (`lines.key`). Invariant: alignments are monotonic, each index is used at most
once, and `equal` pairs have equal keys.

`matching_blocks`, on which they stand, matches the longest run first, then what is before and behind it, as the
standard library's `SequenceMatcher` does. That takes the cube of the length at worst. So the pairs of equal
elements that are looked at are counted, and where they are too many the rest is matched by the elements that
stand once on both sides, as patience diff does, for little more than its length.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from backport.placement.context import LineIndex

COMMON = 64
"""A line that stands more often than this in a file says nothing of where a hunk belongs."""

OFTEN = 4
"""Up to this often a line counts in full."""

MOST_PAIRS = 4_000_000
"""Pairs of equal elements that are looked at for the longest runs; and, after that, elements for all the rest."""

SMALL = 10_000
"""A rectangle of so many pairs at most is matched by longest runs after that too."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """`equal` maps indices of the needle to indices of the target with the same key; `drifted` those
    whose line stands at that place in another form (equally long stretches between equal lines)."""

    equal: dict[int, int]
    drifted: dict[int, int]

    def at(self, index: int) -> int | None:
        found = self.equal.get(index)
        return self.drifted.get(index) if found is None else found


def align(needle: Sequence[bytes], hay: Sequence[bytes], first: int, last: int) -> Alignment:
    """Align `needle` with `hay[first:last]`; the indices of the result are those of the whole hay."""
    equal: dict[int, int] = {}
    drifted: dict[int, int] = {}
    low = start = 0
    stretch = hay[first:last]
    for high, stop, size in [*matching_blocks(stretch, needle), (len(stretch), len(needle), 0)]:
        if high - low == stop - start:
            for k in range(high - low):
                drifted[start + k] = first + low + k
        for k in range(size):
            equal[stop + k] = first + high + k
        low, start = high + size, stop + size
    return Alignment(equal, drifted)


def firm(needle: Sequence[bytes], alignment: Alignment) -> Alignment:
    """The alignment without chance meetings: a short line (`}`, blank) counts only beside a longer one that
    stands next to it in both."""
    equal = alignment.equal

    def held(step: int) -> set[int]:
        """What has a longer line before it (step 1) or behind it (-1) with nothing but equal lines between."""
        found: set[int] = set()
        for number in sorted(equal, reverse=step < 0):
            near = number - step
            if equal.get(near) == equal[number] - step and (len(needle[near]) > 3 or near in found):
                found.add(number)
        return found

    beside = held(1) | held(-1)
    kept = {n: at for n, at in equal.items() if len(needle[n]) > 3 or n in beside}
    return Alignment(kept, alignment.drifted)


def weight(line: bytes, found: int) -> float:
    """How much one line says of a place: rare lines much, short ones (`}`, `else`, blank) little."""
    if not line or not found or found > COMMON:
        return 0.0
    return (1.0 if len(line) > 3 else 0.1) * min(1.0, OFTEN / found)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of the target, and the share (0 to 1) of the needle's weight that stands in it.
    `rival` is the share of the best window elsewhere."""

    first: int
    last: int
    share: float
    rival: float = 0.0


def best_window(
    needle: Sequence[bytes],
    index: LineIndex,
    bounds: tuple[int, int],
    expected: int,
) -> Window | None:
    """Where the needle's lines stand together, within `bounds`; None when no line of it does.

    Every needle line votes for the places it stands at; a window as long as the needle and half again
    slides over the votes, and each distinct line counts once. Among equals the nearest to `expected`.
    """
    points: list[tuple[int, int, float]] = []
    total = 0.0
    seen: set[bytes] = set()
    for number, line in enumerate(needle):
        if line in seen or len(line) == 0:
            continue
        seen.add(line)
        places = index.get(line, ())
        low, high = bisect_left(places, bounds[0]), bisect_left(places, bounds[1])
        total += 1.0 if len(line) > 3 else 0.1
        value = weight(line, max(high - low, 0))
        if value:
            points.extend((at, number, value) for at in places[low:high])
    if not points:
        return None
    points.sort()
    return _slide(points, total, int(len(needle) * 1.5) + 10, expected, len(needle), bounds)


def _slide(
    points: list[tuple[int, int, float]],
    total: float,
    width: int,
    expected: int,
    length: int,
    bounds: tuple[int, int],
) -> Window:
    held: dict[int, list[float]] = {}
    score = 0.0
    low = 0
    scored: list[tuple[float, int, int]] = []
    for at, number, value in points:
        values = held.setdefault(number, [])
        if not values:
            score += value
        values.append(value)
        while points[low][0] <= at - width:
            gone = held[points[low][1]]
            gone.pop()
            if not gone:
                score -= points[low][2]
            low += 1
        scored.append((round(score, 6), points[low][0], at))
    best = max(scored, key=lambda s: (s[0], -abs((s[1] + s[2]) // 2 - expected - length // 2)))
    rival = max((s[0] for s in scored if s[2] < best[1] or s[1] > best[2]), default=0.0)
    first = max(best[1] - length, bounds[0])
    last = min(best[2] + length + 1, bounds[1])
    return Window(first, last, min(best[0] / total, 1.0), min(rival / total, 1.0))


# --- runs in common ---------------------------------------------------------------------------


class Block(NamedTuple):
    """`size` elements that are equal, from index `one` and from index `other` on."""

    one: int
    other: int
    size: int


class _Rectangle(NamedTuple):
    """A stretch of the one sequence and one of the other (half-open)."""

    first: int
    last: int
    start: int
    stop: int

    @property
    def empty(self) -> bool:
        return self.first >= self.last or self.start >= self.stop

    def around(self, block: Block) -> tuple[_Rectangle, _Rectangle]:
        """What is before a block, and what is behind it."""
        return (
            _Rectangle(self.first, block.one, self.start, block.other),
            _Rectangle(block.one + block.size, self.last, block.other + block.size, self.stop),
        )


def matching_blocks(one: Sequence[bytes], other: Sequence[bytes]) -> list[Block]:
    """The runs in common, ascending. Among equally long ones the first in `one`, then in `other`, is taken."""
    return _Matcher(one, other).blocks()


class _Matcher:
    def __init__(self, one: Sequence[bytes], other: Sequence[bytes]) -> None:
        self.one, self.other = one, other
        self.places: dict[bytes, list[int]] = {}
        for number, element in enumerate(other):
            self.places.setdefault(element, []).append(number)
        self.hits = [number for number, element in enumerate(one) if element in self.places]
        self.pairs = self.spare = MOST_PAIRS

    def blocks(self) -> list[Block]:
        found: list[Block] = []
        waiting = [_Rectangle(0, len(self.one), 0, len(self.other))]
        while waiting:
            part = waiting.pop()
            if part.empty:
                continue
            block = self._longest(part) if self.pairs >= 0 else None
            if block is not None:
                found.append(block)
                waiting.extend(part.around(block))
            elif self.pairs < 0:
                new, rest = self._cheaply(part)
                found += new
                waiting += rest
        return sorted(block for block in found if block.size)

    def _longest(self, part: _Rectangle) -> Block | None:
        """The longest run of a rectangle; None where there is none, or the pairs are used up."""
        best = Block(0, 0, 0)
        sizes: dict[int, int] = {}
        before = -1
        for number in self.hits[bisect_left(self.hits, part.first) : bisect_left(self.hits, part.last)]:
            places = self.places[self.one[number]]
            near = places[bisect_left(places, part.start) : bisect_left(places, part.stop)]
            self.pairs -= len(near) + 1
            if self.pairs < 0:
                return None
            ended = sizes if number == before + 1 else {}
            sizes = {at: ended.get(at - 1, 0) + 1 for at in near}
            for at, size in sizes.items():
                if size > best.size:
                    best = Block(number - size + 1, at - size + 1, size)
            before = number
        return best if best.size else None

    def _cheaply(self, part: _Rectangle) -> tuple[list[Block], list[_Rectangle]]:
        """Blocks of a rectangle for little more than its length, and the rectangles that they leave."""
        length = part.last - part.first + part.stop - part.start
        area = (part.last - part.first) * (part.stop - part.start)
        self.spare -= area if area <= SMALL else length
        if self.spare < 0:
            return [], []
        if area <= SMALL:
            self.pairs, kept = area + length, self.pairs
            block = self._longest(part)
            self.pairs = kept
            return ([block], list(part.around(block))) if block is not None else ([], [])
        blocks = self._ends(part)
        inner = _Rectangle(
            part.first + blocks[0].size,
            part.last - blocks[1].size,
            part.start + blocks[0].size,
            part.stop - blocks[1].size,
        )
        anchors = self._anchors(inner)
        if not anchors and not any(block.size for block in blocks):
            return [], []
        borders = [blocks[0], *anchors, blocks[1]]
        rest = [_Rectangle(a.one + a.size, b.one, a.other + a.size, b.other) for a, b in pairwise(borders)]
        return borders, rest

    def _ends(self, part: _Rectangle) -> list[Block]:
        """What a rectangle's sides begin with in common, and what they end with."""
        one, other = self.one, self.other
        first, start, last, stop = part.first, part.start, part.last, part.stop
        while first < last and start < stop and one[first] == other[start]:
            first, start = first + 1, start + 1
        while first < last and start < stop and one[last - 1] == other[stop - 1]:
            last, stop = last - 1, stop - 1
        return [Block(part.first, part.start, first - part.first), Block(last, stop, part.last - last)]

    def _anchors(self, part: _Rectangle) -> list[Block]:
        """The elements that stand once on both sides: the longest row of them that ascends on both."""
        ours = Counter(self.one[part.first : part.last])
        theirs = Counter(self.other[part.start : part.stop])
        place = {
            element: at
            for at, element in enumerate(self.other[part.start : part.stop], part.start)
            if theirs[element] == 1 == ours[element]
        }
        points = [
            (number, place[self.one[number]])
            for number in range(part.first, part.last)
            if self.one[number] in place
        ]
        return [Block(number, at, 1) for number, at in _ascending(points)]


def _ascending(points: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest subsequence of points, which ascend in the first number, that ascends in the second too."""
    ends: list[int] = []  # the lowest second number that a row of each length ends with, and its point
    tops: list[int] = []
    before: list[int] = []
    for number, (_, at) in enumerate(points):
        length = bisect_left(ends, at)
        before.append(tops[length - 1] if length else -1)
        ends[length : length + 1] = [at]
        tops[length : length + 1] = [number]
    row: list[tuple[int, int]] = []
    number = tops[-1] if tops else -1
    while number >= 0:
        row.append(points[number])
        number = before[number]
    return row[::-1]
