"""The runs of a patch as git merges them: where each stands in the patch's own tree and in the target.

A run is one stretch of changed lines. A three-way merge puts it where the difference of base and target says
that the lines around it went, which is all that decides whether it ends up in the right place. Lines are indices
from 0, ranges half-open.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple

from backport.checks.rule import Context
from backport.csource import RegionMap, region_map
from backport.model import BaseKind, Hunk, Placement, PlacementKind, Reason, Region
from backport.placement import FilePlacement
from backport.placement.merged import LineMap
from backport.placement.target import TargetText, window_of

Range = tuple[int, int]


class RunText(TargetText):
    """A text of the patch's own tree, of which only the regions of some lines are asked for, as a rule."""

    def __init__(self, path: str, data: bytes, asked: Iterable[Range]) -> None:
        super().__init__(path, data)
        self._asked = asked

    @cached_property
    def regions(self) -> RegionMap:
        """Those of the lines that were named, and of the lines beside them; nothing is said of others."""
        return region_map(self.path, self.data, frozenset(_lines(self._asked)))

    @cached_property
    def all_regions(self) -> RegionMap:
        return region_map(self.path, self.data)


def _lines(asked: Iterable[Range]) -> Iterator[int]:
    for first, last in asked:
        yield from range(max(1, first), last + 3)


class PlacedRun(NamedTuple):
    """A run that lands: its lines in the base, in the patch's result, and the target's lines that it replaces."""

    hunk: int
    old: Range
    new: Range
    at: Range


class FileView(NamedTuple):
    """A file whose hunks land where the target's text is not the base's: the three texts and the runs.

    `near` are the hunks that were looked at; the others stand in functions that are the same in both trees.
    """

    file: FilePlacement
    base: RunText
    post: RunText
    before: TargetText
    runs: tuple[PlacedRun, ...]
    to_target: LineMap

    def placement(self, hunk: int) -> Placement:
        return next(p for p in self.file.placements if p.hunk == hunk)


def views(context: Context) -> tuple[FileView, ...]:
    """The files of a patch in which a place may be wrong; () for most patches, at the cost of a few lookups."""
    return context.once("places", lambda: tuple(_views(context)))


def _views(context: Context) -> Iterator[FileView]:
    if context.placed.base.kind is BaseKind.HUNKS:
        return
    asked = [some for file in context.placed.files if (some := _texts(context, file)) is not None]
    if not asked:
        return
    pairs: dict[str, tuple[bytes, bytes]] = {}
    for number, (_, base, post, before) in enumerate(asked):
        pairs[f"{number}t"] = (base.data, before.data)
        pairs[f"{number}p"] = (base.data, post.data)
    found = context.ground.scratch.diff_many(pairs)
    for number, (file, base, post, before) in enumerate(asked):
        lines = LineMap(found[f"{number}t"])
        runs = tuple(_runs(file, lines, LineMap(found[f"{number}p"])))
        mine = RunText(base.path, base.data, [r.old for r in runs])
        theirs = RunText(post.path, post.data, [r.new for r in runs])
        yield FileView(file, mine, theirs, before, runs, lines)


def _texts(
    context: Context, file: FilePlacement
) -> tuple[FilePlacement, TargetText, TargetText, TargetText] | None:
    """The file's texts if one of its hunks lands in code that is not the base's."""
    change = file.change
    if not file.target_path or not change.old_path or not change.new_path or change.binary is not None:
        return None
    if not any(p.kind.lands and p.reason is not Reason.REMOVAL_DROPPED for p in file.placements):
        return None
    base, before = context.base_text(change.old_path), context.ground.text(file.target_path)
    if base is None or before is None or base == before.data:
        return None
    mine = TargetText(change.old_path, base)
    if not any(p.kind.lands and not _same_code(p, hunk_of(file, p), mine, before) for p in file.placements):
        return None
    post = context.upstream_text(change.new_path)
    if post is None:
        return None
    return file, mine, TargetText(change.new_path, post), before


def hunk_of(file: FilePlacement, placement: Placement) -> Hunk:
    return next(h for h in file.change.hunks if h.number == placement.hunk)


def _same_code(placement: Placement, hunk: Hunk, base: TargetText, before: TargetText) -> bool:
    """Whether a hunk lands in functions that read the same in base and target, line for line: nothing can be
    wrong with its place."""
    if placement.kind not in (PlacementKind.EXACT, PlacementKind.OFFSET):
        return False
    mine, theirs = placement.functions, placement.target_functions
    if len(mine) != len(theirs):
        return False
    if not mine:
        return not any(_stands(line, before) for line in hunk.added)
    return all(_same_region(one, other, base, before) for one, other in zip(mine, theirs, strict=True))


def _stands(line: bytes, before: TargetText) -> bool:
    return len(line.strip()) > 3 and line + b"\n" in before.index


def _same_region(one: Region, other: Region, base: TargetText, before: TargetText) -> bool:
    if (one.kind, one.name) != (other.kind, other.name):
        return False
    return base.lines[slice(*window_of(one))] == before.lines[slice(*window_of(other))]


def _runs(file: FilePlacement, to_target: LineMap, to_post: LineMap) -> Iterator[PlacedRun]:
    """The runs that merge cleanly: the target changed neither their lines nor those beside them, which is
    git's own condition."""
    hunks = {p.hunk: hunk_of(file, p) for p in file.placements if p.kind.lands}
    for old_first, old_last, new_first, new_last in to_post.ranges:
        number = _hunk_at(hunks, old_first, old_last)
        if number is None or _touched(to_target, old_first, old_last):
            continue
        at = to_target.boundary(old_first, after=False)
        yield PlacedRun(number, (old_first, old_last), (new_first, new_last), (at, at + old_last - old_first))


def _hunk_at(hunks: Mapping[int, Hunk], first: int, last: int) -> int | None:
    for number, hunk in hunks.items():
        start = hunk.old_start - (1 if hunk.old_count else 0)
        if start <= first and last <= start + hunk.old_count:
            return number
    return None


def _touched(to_target: LineMap, first: int, last: int) -> bool:
    return any(low <= last and first <= high for low, high, _, _ in to_target.ranges)
