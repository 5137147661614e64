"""Placing hunks by their context alone, as git and GNU patch do.

Two pure searches over a file's lines. `git_apply_positions` follows `git apply` (apply.c: find_pos,
match_fragment): the whole pre-image must stand somewhere, the place nearest to the header's line wins,
forwards before backwards; a hunk that starts at line 1 must match at the beginning, one without trailing
context at the end; lines of an earlier hunk cannot be matched again. `gnu_patch_positions` follows GNU
patch (patch.c: locate_hunk) with a maximum fuzz. Invariant of both: a returned position never overlaps
that of an earlier hunk, and every line that is not fuzzed away stands there byte for byte.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
    wanted = list(needle)
    length = len(wanted)
    return [
        at - rarest
        for at in places or ()
        if at >= rarest and list(lines[at - rarest : at - rarest + length]) == wanted
    ]


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
    windows: list[tuple[int, int, int]] = []  # first, last, growth of each placed hunk
    result: list[Position | None] = []
    shift = 0
    for hunk, parts in hunks:
        # git's line is that of the file as the earlier hunks have left it.
        expected = max(hunk.old_start - 1 + shift if in_step else hunk.new_start - 1, 0)
        grown = [] if in_step else windows
        position = _git_position(hunk, parts, lines, index, windows, (expected, grown))
        result.append(position)
        shift = position.at - (hunk.old_start - 1) if position is not None else shift
        if position is not None:
            growth = len(parts.new) - len(parts.old)
            windows.append((position.at, position.at + len(parts.old), growth))
    return result


def _git_position(
    hunk: Hunk,
    parts: Images,
    lines: Sequence[bytes],
    index: LineIndex,
    windows: Sequence[tuple[int, int, int]],
    aim: tuple[int, Sequence[tuple[int, int, int]]],
) -> Position | None:
    needle = parts.old
    at_beginning = hunk.old_start <= 1
    at_end = not parts.trailing
    if not needle:
        # git puts lines without any context at the end of a file, wherever the hunk says that they belong.
        return Position(0, 0) if not lines else None
    places = occurrences(needle, lines, index)
    if at_beginning:
        places = [at for at in places if at == 0]
    if at_end:
        places = [at for at in places if at + len(needle) == len(lines)]
    places = [at for at in places if not _overlaps(at, at + len(needle), windows)]
    if not places:
        return None
    expected, before = aim
    grown = {at: at + sum(w[2] for w in before if w[0] < at) for at in places}
    best = min(places, key=lambda at: (abs(grown[at] - expected), grown[at] < expected))
    return Position(best, grown[best] - expected)


def _overlaps(first: int, last: int, windows: Sequence[tuple[int, int, int]]) -> bool:
    return any(first < w[1] and w[0] < last for w in windows)


def gnu_patch_positions(
    hunks: Sequence[tuple[Hunk, Images]], lines: Sequence[bytes], maximum_fuzz: int
) -> list[Position | None]:
    """What `patch -F<maximum_fuzz>` does with each hunk: its position, or None where it fails."""
    offset, frozen = 0, 0
    result: list[Position | None] = []
    for hunk, parts in hunks:
        context = max(parts.leading, parts.trailing)
        found: Position | None = None
        for fuzz in range(min(maximum_fuzz, context) + 1):
            found = _gnu_position(hunk, parts, lines, fuzz, offset, frozen)
            if found is not None:
                break
        result.append(found)
        if found is not None:
            offset = found.offset
            frozen = found.at + (parts.runs[-1].old_last if parts.runs else 0)
    return result


def _gnu_position(
    hunk: Hunk, parts: Images, lines: Sequence[bytes], fuzz: int, last_offset: int, frozen: int
) -> Position | None:
    """locate_hunk of GNU patch, 1-based as there."""
    pattern = parts.old
    first = hunk.old_start if pattern else hunk.old_start + 1
    guess = first + last_offset
    if not pattern:
        return Position(guess - 1, last_offset)
    context = max(parts.leading, parts.trailing)
    prefix = fuzz + parts.leading - context
    suffix = fuzz + parts.trailing - context

    def at(where: int, before: int, after: int) -> Position | None:
        start, stop = where - 1 + before, where - 1 + len(pattern) - after
        if (
            where < 1
            or stop > len(lines)
            or list(lines[start:stop]) != list(pattern[before : len(pattern) - after])
        ):
            return None
        return Position(where - 1, where - first, before, after, fuzz)

    if prefix < 0 and first <= 1:
        whole = suffix >= 0 or (len(pattern) == len(lines) and parts.leading >= frozen)
        return at(1, 0, max(suffix, 0)) if whole and frozen <= parts.leading else None
    prefix = max(prefix, 0)
    lowest = frozen + 1
    if suffix < 0:
        where = len(lines) - len(pattern) + 1
        return at(where, prefix, 0) if lowest <= where else None
    highest = len(lines) - (len(pattern) - suffix) + 1
    for distance in range(max(highest - guess, guess - lowest, 0) + 1):
        if guess + distance <= highest and (found := at(guess + distance, prefix, suffix)):
            return found
        if (
            distance
            and guess - distance >= max(lowest, 1)
            and (found := at(guess - distance, prefix, suffix))
        ):
            return found
    return None
