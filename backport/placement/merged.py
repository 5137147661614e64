"""What git's three-way merge made of each hunk of a file.

Pure. git says only which files conflict; here its result is read back hunk by hunk: a run of the patch is in
conflict if a conflict region holds it, there already if the merge changed nothing of the target where the run
ends up, and landed otherwise.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from backport.git import ConflictRegion, DiffHunk
from backport.model import Hunk
from backport.placement.lines import Images, Run, split_lines


class LineMap:
    """Where the lines of one text stand in another, from the hunks of their difference (0-based)."""

    def __init__(self, hunks: Sequence[DiffHunk]) -> None:
        self._starts: list[int] = []
        self._ranges: list[tuple[int, int, int, int]] = []
        for hunk in hunks:
            old = hunk.old_start - (1 if hunk.old_count else 0)
            new = hunk.new_start - (1 if hunk.new_count else 0)
            self._starts.append(old)
            self._ranges.append((old, old + hunk.old_count, new, new + hunk.new_count))

    @property
    def ranges(self) -> list[tuple[int, int, int, int]]:
        """(old first, old last, new first, new last) of each changed stretch, half-open."""
        return self._ranges

    def line(self, old: int) -> int | None:
        """The new index of a line, None where it did not stay."""
        number = bisect_right(self._starts, old) - 1
        while number >= 0 and self._ranges[number][0] == self._ranges[number][1]:
            # An insertion before `old` only shifts it.
            return old + self._ranges[number][3] - self._ranges[number][1]
        if number < 0:
            return old
        _, old_last, _, new_last = self._ranges[number]
        return None if old < old_last else old + new_last - old_last

    def boundary(self, old: int, *, after: bool) -> int:
        """The new index of the place before line `old`; with `after`, behind what was inserted there."""
        shift = 0
        for old_first, old_last, new_first, new_last in self._ranges:
            if old < old_first or (old == old_first and not after):
                break
            if old < old_last:
                return new_last if after else new_first
            shift = new_last - old_last
        return old + shift


class MergedHunk(NamedTuple):
    """What became of a hunk's runs. `at` is the target's index of its first change that landed, or of
    where its first run belongs; `conflicts`, `landed` and `there` count runs."""

    at: int
    conflicts: int
    landed: int
    there: int


def conflict_ranges(regions: Sequence[ConflictRegion], to_post: LineMap) -> list[tuple[int, int]]:
    """The conflict regions as half-open ranges of the post-image's lines.

    `to_post` maps the merge with every conflict resolved to theirs onto the post-image.
    """
    ranges: list[tuple[int, int]] = []
    shrunk = 0
    for region in regions:
        first = region.first - 1 - shrunk
        last = first + len(region.theirs)
        shrunk += (region.last - region.first + 1) - len(region.theirs)
        inner = [to_post.line(n) for n in range(first, last)]
        known = [n for n in inner if n is not None]
        if known:
            ranges.append((known[0], known[-1] + 1))
        else:
            ranges.append((to_post.boundary(first, after=False), to_post.boundary(last, after=True)))
    return ranges


def resolve(merged: bytes, regions: Sequence[ConflictRegion], *, ours: bool) -> bytes:
    """The merge result with every conflict resolved to one side."""
    lines = split_lines(merged)
    result: list[bytes] = []
    at = 0
    for region in regions:
        result.extend(lines[at : region.first - 1])
        result.extend(line + b"\n" for line in (region.ours if ours else region.theirs))
        at = region.last
    result.extend(lines[at:])
    return b"".join(result)


class MergeMaps(NamedTuple):
    """The differences that tell hunks apart: base to target, post-image to merge (conflicts resolved to
    the target's side), target to that merge; and the conflicts in the post-image's lines."""

    base_to_target: LineMap
    post_to_merged: LineMap
    target_to_merged: LineMap
    conflicts: Sequence[tuple[int, int]]


def merged_hunk(hunk: Hunk, parts: Images, maps: MergeMaps) -> MergedHunk:
    """Read one hunk back from the merge."""
    old_start = hunk.old_start - (1 if hunk.old_count else 0)
    new_start = hunk.new_start - (1 if hunk.new_count else 0)
    conflicts = landed = there = 0
    at: int | None = None
    for run in parts.runs:
        first, last = new_start + run.new_first, new_start + run.new_last
        if any(_meets(first, last, *region) for region in maps.conflicts):
            conflicts += 1
            continue
        place = _landing(first, last, maps)
        if place is None and _is_there(run, old_start, new_start, maps):
            there += 1
        elif place is None and maps.conflicts:
            conflicts += 1
        elif place is None and not maps.target_to_merged.ranges:
            there += 1  # The merge had nothing to do in the whole file.
        elif place is None:
            # The merge is clean, so it did make the change; the differences tell it by other lines.
            landed += 1
        else:
            landed += 1
            at = place if at is None else at
    if at is None and parts.runs:
        at = maps.base_to_target.boundary(old_start + parts.runs[0].old_first, after=False)
    return MergedHunk(at or 0, conflicts, landed, there)


def _is_there(run: Run, old_start: int, new_start: int, maps: MergeMaps) -> bool:
    """Whether the target has a run's change, which the merge did not have to make: all added lines stand in the
    merge, and none of the removed ones in the target. Else git kept the target's side of a conflict."""
    added = (maps.post_to_merged.line(new_start + n) for n in range(run.new_first, run.new_last))
    removed = (maps.base_to_target.line(old_start + n) for n in range(run.old_first, run.old_last))
    return all(n is not None for n in added) and all(n is None for n in removed)


def _meets(first: int, last: int, low: int, high: int) -> bool:
    if first < last and low < high:
        return first < high and low < last
    return first <= high and low <= last


def _landing(first: int, last: int, maps: MergeMaps) -> int | None:
    """The target's index of the change that the merge made for a run of the post-image; None if none."""
    inside = [maps.post_to_merged.line(n) for n in range(first, last)]
    known = [n for n in inside if n is not None]
    low = known[0] if known else maps.post_to_merged.boundary(first, after=False)
    high = known[-1] + 1 if known else maps.post_to_merged.boundary(last, after=True)
    for old_first, _, new_first, new_last in maps.target_to_merged.ranges:
        if _meets(low, high, new_first, new_last):
            return old_first
    return None
