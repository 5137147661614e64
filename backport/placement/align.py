"""Lining a hunk up with a stretch of the target whose lines have drifted.

Pure functions over line keys (`lines.key`). Invariant: alignments are monotonic, each index is used at most
once, and `equal` pairs have equal keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from backport.placement.context import LineIndex

COMMON = 64
"""A line that stands more often than this in a file says nothing of where a hunk belongs."""

OFTEN = 4
"""Up to this often a line counts in full."""


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
    matcher = SequenceMatcher(None, hay[first:last], needle, autojunk=False)
    equal: dict[int, int] = {}
    drifted: dict[int, int] = {}
    for tag, low, high, start, stop in matcher.get_opcodes():
        if tag == "equal":
            for k in range(high - low):
                equal[start + k] = first + low + k
        elif tag == "replace" and high - low == stop - start:
            for k in range(high - low):
                drifted[start + k] = first + low + k
    return Alignment(equal, drifted)


def firm(needle: Sequence[bytes], alignment: Alignment) -> Alignment:
    """The alignment without chance meetings: a short line (`}`, blank) counts only beside a longer one that
    stands next to it in both."""
    equal = alignment.equal

    def held(number: int, at: int, step: int) -> bool:
        while equal.get(number + step) == at + step:
            number, at = number + step, at + step
            if len(needle[number]) > 3:
                return True
        return False

    kept = {n: at for n, at in equal.items() if len(needle[n]) > 3 or held(n, at, -1) or held(n, at, 1)}
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
        places = [at for at in index.get(line, ()) if bounds[0] <= at < bounds[1]]
        total += 1.0 if len(line) > 3 else 0.1
        value = weight(line, len(places))
        points.extend((at, number, value) for at in places if value)
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
