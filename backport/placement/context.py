"""Placing hunks by their context alone, as git and GNU patch do.

Two pure searches over a file's lines. `git_apply_positions` follows `git apply` (apply.c: find_pos,
match_fragment): the whole pre-image must stand somewhere, the place nearest to the header's line wins,
forwards before backwards; a hunk that starts at line 1 must match at the beginning, one without trailing
context at the end; lines of an earlier hunk cannot be matched again. `gnu_patch_positions` follows GNU
patch (patch.c: locate_hunk) with a maximum fuzz. Invariant of both: a returned position never overlaps
that of an earlier hunk, and every line that is not fuzzed away stands there byte for byte.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from backport.model import Hunk
from backport.placement.lines import Images

LineIndex = Mapping[bytes, Sequence[int]]


def index_lines(lines: Sequence[bytes]) -> LineIndex:
    """Where each line stands: line to ascending indices."""
    index: dict[bytes, list[int]] = defaultdict(list)
    for number, line in enumerate(lines):
        index[line].append(number)
    return index


def occurrences(needle: Sequence[bytes], lines: Sequence[bytes], index: LineIndex) -> list[int]:
    """All indices at which `needle` stands contiguously in `lines`, ascending.

    Looks only where the needle's rarest line is. An empty needle stands everywhere: not asked for here.
    """
    rarest, places = 0, None
    for offset, line in enumerate(needle):
        found = index.get(line, ())
        if places is None or len(found) < len(places):
            rarest, places = offset, found
        if not found:
            return []
    wanted, length = list(needle), len(needle)
    held = lines if isinstance(lines, list) else list(lines)
    return [
        at - rarest
        for at in places or ()
        if at >= rarest and held[at - rarest : at - rarest + length] == wanted
    ]


CODES = 0x10FFFF
"""Different lines that can be told apart as characters of a string; beyond that some share a character."""


def coder(needles: Iterable[Sequence[bytes]]) -> Callable[[Iterable[bytes]], str]:
    """A translation of lines (or tokens) to a string with one character for each, so that the C code of
    `str.find`, linear in the worst case too, looks for runs of them. What no needle holds is NUL."""
    table: dict[bytes, str] = {}
    for needle in needles:
        for line in needle:
            if line not in table:
                table[line] = chr(1 + len(table) % CODES)
    return lambda lines: "".join([table.get(line, "\0") for line in lines])


class _Search:
    """The lines of a file, to be searched for the needles that it is made with, from a place onwards and from
    a place back. The translation is made when the first needle is not where it is expected."""

    def __init__(self, needles: Iterable[Sequence[bytes]], lines: Sequence[bytes]) -> None:
        self._needles = needles
        self.lines = lines

    @cached_property
    def _code(self) -> Callable[[Iterable[bytes]], str]:
        return coder(self._needles)

    @cached_property
    def _forth(self) -> str:
        return self._code(self.lines)

    @cached_property
    def _turned(self) -> str:
        """Backwards `str.rfind` may take the product of both lengths."""
        return self._forth[::-1]

    def stands(self, needle: Sequence[bytes], at: int) -> bool:
        """Whether the needle stands at this index."""
        # The first line tells nearly always, and costs no slice.
        if not 0 <= at <= len(self.lines) - len(needle) or (needle and self.lines[at] != needle[0]):
            return False
        return tuple(self.lines[at : at + len(needle)]) == tuple(needle)

    def onwards(self, needle: Sequence[bytes], first: int) -> int | None:
        """The lowest index, `first` or above, at which the needle stands."""
        wanted = self._code(needle)
        at = self._forth.find(wanted, first)
        while at >= 0 and not self.stands(needle, at):
            at = self._forth.find(wanted, at + 1)
        return at if at >= 0 else None

    def back(self, needle: Sequence[bytes], last: int, first: int = 0) -> int | None:
        """The highest index at which the needle stands, all of it in `lines[first:last]`."""
        wanted, size = self._code(needle)[::-1], len(self.lines)
        at = self._turned.find(wanted, size - last, size - first) if first <= last else -1
        while at >= 0 and not self.stands(needle, size - at - len(needle)):
            at = self._turned.find(wanted, at + 1, size - first)
        return size - at - len(needle) if at >= 0 else None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a hunk's pre-image stands: index in the target of its first line (also a fuzzed one), the
    context lines ignored at each end, and the offset as the tool would print it."""

    at: int
    offset: int
    prefix_fuzz: int = 0
    suffix_fuzz: int = 0
    fuzz: int = 0


def git_apply_positions(
    hunks: Sequence[tuple[Hunk, Images]], lines: Sequence[bytes], index: LineIndex
) -> list[Position | None]:
    """What `git apply --reject` does with each hunk: its position, or None where it is rejected."""
    return _positions(hunks, lines, index, in_step=False)


def positions_in_step(
    hunks: Sequence[tuple[Hunk, Images]], lines: Sequence[bytes], index: LineIndex
) -> list[Position | None]:
    """The same for a file some of whose hunks are rejected: their growth is not in the file, so that git's
    own count goes astray. Here a hunk is looked for at its old line, shifted as the hunk before it was."""
    return _positions(hunks, lines, index, in_step=True)


def _positions(
    hunks: Sequence[tuple[Hunk, Images]], lines: Sequence[bytes], index: LineIndex, *, in_step: bool
) -> list[Position | None]:
    search = _Search([parts.old for _, parts in hunks], lines)
    windows = _Windows()
    result: list[Position | None] = []
    shift = 0
    for hunk, parts in hunks:
        # git's line is that of the file as the earlier hunks have left it.
        expected = max(hunk.old_start - 1 + shift if in_step else hunk.new_start - 1, 0)
        at: int | None
        if not parts.old:
            # git puts lines without any context at the end of a file, wherever the hunk says that they belong.
            at = None if lines else 0
        elif any(line not in index for line in parts.old):
            at = None
        else:
            at = _git_place(hunk, parts, search, windows, (expected, in_step))
        if at is None:
            result.append(None)
            continue
        grown = at if in_step else at + windows.growth_before(at)
        result.append(Position(at, grown - expected if parts.old else 0))
        shift = at - (hunk.old_start - 1)
        windows.add(at, at + len(parts.old), len(parts.new) - len(parts.old))
    return result


@dataclass(slots=True)
class _Windows:
    """Where earlier hunks were placed: half-open stretches of the target that do not overlap, ascending, and
    by how much all before each have grown the file (one number more, for what lies behind the last)."""

    firsts: list[int] = field(default_factory=list)
    lasts: list[int] = field(default_factory=list)
    growths: list[int] = field(default_factory=lambda: [0])

    def add(self, first: int, last: int, growth: int) -> None:
        at = bisect_right(self.firsts, first)
        self.firsts.insert(at, first)
        self.lasts.insert(at, last)
        self.growths.insert(at, self.growths[at])
        for later in range(at + 1, len(self.growths)):
            self.growths[later] += growth

    def growth_before(self, at: int) -> int:
        """By how many lines the hunks above a free index have grown the file."""
        return self.growths[bisect_left(self.firsts, at)]

    def over(self, first: int, last: int) -> tuple[int, int] | None:
        """The first window that overlaps a stretch of at least one line."""
        at = bisect_right(self.lasts, first)
        if at < len(self.firsts) and self.firsts[at] < last:
            return self.firsts[at], self.lasts[at]
        return None

    def origin(self, expected: int) -> int:
        """The index of the target from which on its free lines stand at `expected` or below in the file as
        the earlier hunks leave it. A window never shrinks by more than its length, so that the order holds."""
        low, high = 0, len(self.firsts)  # the last gap between windows that begins at `expected` or above it
        while low < high:
            middle = (low + high) // 2
            if self.lasts[middle] + self.growths[middle + 1] <= expected:
                low = middle + 1
            else:
                high = middle
        at = expected - self.growths[low]
        return min(at, self.firsts[low]) if low < len(self.firsts) else at


def _git_place(
    hunk: Hunk, parts: Images, search: _Search, windows: _Windows, aim: tuple[int, bool]
) -> int | None:
    """The index of the free place nearest to the expected line, which counts the growth of earlier hunks
    unless the search is in step; the lower of two equally near ones."""
    needle, size = parts.old, len(search.lines)
    expected, in_step = aim
    if hunk.old_start <= 1 or not parts.trailing:
        at = 0 if hunk.old_start <= 1 else size - len(needle)
        whole = parts.trailing or at + len(needle) == size
        free = windows.over(at, at + len(needle)) is None
        return at if whole and free and search.stands(needle, at) else None
    origin = expected if in_step else windows.origin(expected)
    below = origin if search.stands(needle, origin) else search.onwards(needle, origin)
    while below is not None and (taken := windows.over(below, below + len(needle))):
        below = search.onwards(needle, taken[1])

    def distance(at: int) -> int:
        return abs(at + (0 if in_step else windows.growth_before(at)) - expected)

    if below is not None and distance(below) == 0:
        return below
    above = search.back(needle, min(origin - 1 + len(needle), size))
    while above is not None and (taken := windows.over(above, above + len(needle))):
        above = search.back(needle, taken[0])
    if above is None or below is None:
        return below if above is None else above
    return above if distance(above) < distance(below) else below


def gnu_patch_positions(
    hunks: Sequence[tuple[Hunk, Images]], lines: Sequence[bytes], maximum_fuzz: int
) -> list[Position | None]:
    """What `patch -F<maximum_fuzz>` does with each hunk: its position, or None where it fails."""
    search = _Search([parts.old for _, parts in hunks], lines)
    offset, frozen = 0, 0
    result: list[Position | None] = []
    for hunk, parts in hunks:
        context = max(parts.leading, parts.trailing)
        found: Position | None = None
        for fuzz in range(min(maximum_fuzz, context) + 1):
            found = _gnu_position(hunk, parts, search, fuzz, (offset, frozen))
            if found is not None:
                break
        result.append(found)
        if found is not None:
            offset = found.offset
            frozen = found.at + (parts.runs[-1].old_last if parts.runs else 0)
    return result


def _gnu_position(
    hunk: Hunk, parts: Images, search: _Search, fuzz: int, last: tuple[int, int]
) -> Position | None:
    """locate_hunk of GNU patch, 1-based as there. `last` is the offset of the hunk before, and the last line
    that it changes."""
    pattern, (offset, frozen) = parts.old, last
    first = hunk.old_start if pattern else hunk.old_start + 1
    if not pattern:
        return Position(first + offset - 1, offset)
    context = max(parts.leading, parts.trailing)
    prefix = fuzz + parts.leading - context
    suffix = fuzz + parts.trailing - context
    size = len(search.lines)
    where: int | None
    if prefix < 0 and first <= 1:
        whole = suffix >= 0 or (len(pattern) == size and parts.leading >= frozen)
        where = 1 if whole and frozen <= parts.leading else None
    elif suffix < 0:
        where = size - len(pattern) + 1
        where = where if where > frozen else None
    else:
        where = _gnu_nearest(pattern, search, (max(prefix, 0), suffix), first + offset, frozen + 1)
    before, after = (0 if prefix < 0 else prefix), max(suffix, 0)
    middle = pattern[before : len(pattern) - after]
    if where is None or where < 1 or not search.stands(middle, where - 1 + before):
        return None
    return Position(where - 1, where - first, before, after, fuzz)


def _gnu_nearest(
    pattern: Sequence[bytes], search: _Search, fuzz: tuple[int, int], guess: int, lowest: int
) -> int | None:
    """The line nearest to the guess, from `lowest` on, at which the pattern stands but for its fuzzed ends;
    below the guess before above it. Lines count from 1."""
    before, after = fuzz
    middle = pattern[before : len(pattern) - after]
    # What the search calls an index is that of the middle: line `where` begins it at where - 1 + before.
    shift = before - 1
    start = max(guess, lowest, 1)
    if search.stands(middle, start + shift):
        return start
    at = search.onwards(middle, start + shift)
    below = at - shift if at is not None else None
    # Only what is nearer than what was found below is asked for above.
    floor = max(lowest, 1, 2 * guess - below + 1 if below is not None else 1)
    last = min(guess - 1 + shift + len(middle), len(search.lines))
    at = search.back(middle, last, floor + shift)
    return at - shift if at is not None else below
