"""Placing hunks with a base: git's own three-way merge, read back hunk by hunk.

The merge is the truth: a hunk that git merges lands, one in a conflict region does not. What this adds is where
each hunk lands, and for one that does not whether its change is there already.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from backport.csource import RegionMap, region_map
from backport.git import DiffHunk, conflict_regions
from backport.model import Excerpt, FileChange, Hunk, Placement, PlacementKind, Reason, Region, Texts3
from backport.placement.excerpts import target_excerpt, text_excerpt
from backport.placement.ground import Ground
from backport.placement.lines import Images, first_changed_line, images, keys, split_lines
from backport.placement.merged import LineMap, MergedHunk, MergeMaps, conflict_ranges, merged_hunk, resolve
from backport.placement.scopes import hunk_scopes, lines_in_base, may_bring, scopes_in_base
from backport.placement.target import TargetText, is_scope, window_of


class Differ(Protocol):
    """`Scratch.diff_many`: the hunks of each pair; `meanwhile` is called once, while git works."""

    def __call__(
        self, pairs: Mapping[str, tuple[bytes, bytes]], /, *, meanwhile: Callable[[], object]
    ) -> Mapping[str, Sequence[DiffHunk]]: ...


class MergedFile(NamedTuple):
    """One file of a merge: the patch's two texts, the target's, and git's result with its markers.

    `path` is where the target has it; `marker_size` the length of its conflict markers."""

    change: FileChange
    path: str
    base: bytes
    post: bytes
    merged: bytes
    conflicted: bool
    marker_size: int = 7


class _Hunk(NamedTuple):
    hunk: Hunk
    parts: Images
    functions: tuple[Region, ...]


def place_merged(
    files: Sequence[MergedFile], ground: Ground, diff: Differ
) -> tuple[dict[str, tuple[Placement, ...]], dict[str, bytes]]:
    """The placements of each file's hunks by the change's path, and the conflicted files' texts with what
    landed and the target's side of each conflict, by target path."""
    pairs: dict[str, tuple[bytes, bytes]] = {}
    resolved: dict[str, bytes] = {}
    for number, file in enumerate(files):
        target = _target(file, ground)
        ours = file.merged
        if file.conflicted:
            regions = conflict_regions(file.merged, marker_size=file.marker_size)
            ours = resolve(file.merged, regions, ours=True)
            resolved[file.path] = ours
            pairs[f"{number}t"] = (resolve(file.merged, regions, ours=False), file.post)
        if file.base != target.data:
            pairs[f"{number}a"] = (file.base, target.data)
            pairs[f"{number}b"] = (file.post, ours)
            pairs[f"{number}c"] = (target.data, ours)
    bases: list[RegionMap] = []
    found = diff(pairs, meanwhile=lambda: bases.extend(_base_map(file, ground) for file in files))
    placements = {
        file.change.path: _place_file(file, _maps(number, file, found), bases[number], ground)
        for number, file in enumerate(files)
    }
    return placements, resolved


def _target(file: MergedFile, ground: Ground) -> TargetText:
    text = ground.text(file.path)
    return text if text is not None else TargetText(file.path, b"")


def _maps(number: int, file: MergedFile, found: Mapping[str, Sequence[DiffHunk]]) -> MergeMaps | None:
    if f"{number}a" not in found:
        return None
    conflicts: Sequence[tuple[int, int]] = ()
    if file.conflicted:
        regions = conflict_regions(file.merged, marker_size=file.marker_size)
        conflicts = conflict_ranges(regions, LineMap(found.get(f"{number}t", ())))
    return MergeMaps(
        LineMap(found[f"{number}a"]), LineMap(found[f"{number}b"]), LineMap(found[f"{number}c"]), conflicts
    )


def _base_map(file: MergedFile, ground: Ground) -> RegionMap:
    """The regions of the base, as far as the hunks need them."""
    target = _target(file, ground)
    if file.base == target.data:
        return target.regions
    return region_map(file.change.old_path or file.path, file.base, lines_in_base(file.change.hunks))


def _place_file(
    file: MergedFile, maps: MergeMaps | None, base_map: RegionMap, ground: Ground
) -> tuple[Placement, ...]:
    target = _target(file, ground)
    placements = []
    for hunk in file.change.hunks:
        own = hunk_scopes(file.change.path, hunk) if may_bring(hunk) else ()
        functions = tuple(r for r in scopes_in_base(hunk, base_map, own) if is_scope(r))
        item = _Hunk(hunk, images(hunk), functions)
        if maps is None:
            placements.append(_same_text(item, file, target))
        else:
            placements.append(_place(item, file, target, maps, ground))
    if any(p.kind.there and p.target_path != file.path for p in placements):
        from backport.placement.textual import doubt

        return tuple(doubt(placements, file.path, ground))
    return tuple(placements)


def _same_text(item: _Hunk, file: MergedFile, target: TargetText) -> Placement:
    """The target's file is the base's: every hunk lands where it was made."""
    moved = file.path not in (file.change.old_path, file.change.path)
    return _lands(
        item,
        file,
        target,
        first_changed_line(item.hunk) - 1,
        PlacementKind.MOVED if moved else PlacementKind.EXACT,
        Reason.FILE_RENAMED if moved else Reason.SAME_PLACE,
        0,
    )


def _place(item: _Hunk, file: MergedFile, target: TargetText, maps: MergeMaps, ground: Ground) -> Placement:
    if target.data == file.post:
        at = file_line(item.hunk)
        return _lands(item, file, target, at, PlacementKind.APPLIED, Reason.MERGED_ALREADY, 0)
    merged = merged_hunk(item.hunk, item.parts, maps)
    if merged.conflicts:
        return _unplaced(item, file, target, merged, ground)
    line = first_changed_line(item.hunk)
    if not merged.landed and _only_moved(item, file, target, merged.at):
        detail = "the target moved the lines that it removes"
        return _lands(item, file, target, merged.at, PlacementKind.MERGED, Reason.REMOVAL_DROPPED, 0, detail)
    if not merged.landed:
        placed = _lands(item, file, target, merged.at, PlacementKind.APPLIED, Reason.MERGED_ALREADY, 0)
        return _not_in_a_twin(placed, target, file)
    return _landed(item, file, target, merged, line)


def _not_in_a_twin(placed: Placement, target: TargetText, file: MergedFile) -> Placement:
    """A change that git's merge finds made already, unless it is made in another of the base's functions than the
    hunk's own, which the file does not have: two functions alike are one to a merge of lines."""
    wanted = {r.name for r in placed.functions}
    if not wanted or any(target.regions.named(name) for name in wanted):
        return placed
    base = region_map(file.change.old_path or file.path, file.base)  # All of it, not only the hunks' lines.
    found = [r for r in placed.target_functions if base.named(r.name, r.kind)]
    if len(found) < len(placed.target_functions):
        return placed  # The hunk's function has another name here.
    inside = f"its lines stand in {found[0].label()}; " if found else ""
    detail = f"{inside}{placed.functions[0].label()} is not in the file"
    return replace(placed, kind=PlacementKind.MERGED, reason=Reason.REMOVAL_DROPPED, detail=detail)


def file_line(hunk: Hunk) -> int:
    """The index of a hunk's first change in its post-image."""
    return max(hunk.new_start - 1, 0) + images(hunk).runs[0].new_first


def _only_moved(item: _Hunk, file: MergedFile, target: TargetText, at: int) -> bool:
    """Whether lines that the hunk only takes away stand in the target's function more often than the patch
    would leave them: git sees them gone from their place and changes nothing, but they were only moved."""
    gone = Counter(k for run in item.parts.runs if not run.added for k in keys(run.removed) if len(k) > 3)
    if not gone:
        return False
    brought = Counter(k for hunk in file.change.hunks for k in keys(hunk.added))
    base = split_lines(file.base)
    before = Counter(k for r in item.functions if r.last for k in keys(base[slice(*window_of(r))]))
    there = (r for r in _target_regions(item, target, at) or item.functions if r.last)
    after = Counter(k for r in there for k in target.keys[slice(*window_of(r))])
    return any(
        after[k] > max(before[k] + brought[k] - count, 0) for k, count in gone.items() if before and after
    )


def _landed(item: _Hunk, file: MergedFile, target: TargetText, merged: MergedHunk, line: int) -> Placement:
    offset = merged.at - (line - 1)
    start = merged.at - item.parts.runs[0].old_first
    whole = tuple(target.lines[max(start, 0) : max(start, 0) + len(item.parts.old)]) == item.parts.old
    kind, reason, detail = PlacementKind.MERGED, Reason.MERGED_CLEANLY, ""
    if whole and not merged.there:
        kind, reason = PlacementKind.EXACT, Reason.SAME_PLACE
        if offset:
            kind, reason = PlacementKind.OFFSET, Reason.LINES_SHIFTED
    elif merged.there:
        detail = f"{merged.there} of {len(item.parts.runs)} changes are there already"
    placed = _lands(item, file, target, merged.at, kind, reason, offset, detail)
    if file.path not in (file.change.old_path, file.change.path):
        return replace(placed, kind=PlacementKind.MOVED, reason=Reason.FILE_RENAMED)
    wanted = {r.name for r in item.functions if r.last}
    names = {r.name for r in placed.target_functions}
    if wanted and names and not wanted & names:
        return replace(placed, kind=PlacementKind.MOVED, reason=Reason.FUNCTION_MOVED)
    return placed


def _lands(
    item: _Hunk,
    file: MergedFile,
    target: TargetText,
    at: int,
    kind: PlacementKind,
    reason: Reason,
    offset: int,
    detail: str = "",
) -> Placement:
    return Placement(
        hunk=item.hunk.number,
        kind=kind,
        reason=reason,
        target_path=file.path,
        line=first_changed_line(item.hunk),
        target_line=at + 1,
        offset=offset,
        functions=item.functions,
        target_functions=_target_regions(item, target, at),
        detail=detail,
    )


def _target_regions(item: _Hunk, target: TargetText, at: int) -> tuple[Region, ...]:
    """The target's regions at the lines that the hunk's runs change, taken from its first change on."""
    moved = at - (first_changed_line(item.hunk) - 1)
    shifted = replace(item.hunk, old_start=item.hunk.old_start + moved)
    return tuple(r for r in scopes_in_base(shifted, target.regions, ()) if is_scope(r))


def _unplaced(
    item: _Hunk, file: MergedFile, target: TargetText, merged: MergedHunk, ground: Ground
) -> Placement:
    """A hunk in a conflict region: is its change there all the same, and what is there instead?"""
    from backport.placement.textual import explain  # only here: a clean merge does without it

    placed = explain(file.change.path, item.hunk, item.functions, target, ground)
    if placed.kind.there:
        return placed
    region = next(iter(item.functions), None)
    texts = placed.texts or Texts3(None, None, None)
    before, after = _own_texts(item, file, region)
    ours = texts.target
    if ours is None:
        ours = target_excerpt(ground, target, (merged.at, merged.at + 1), target.region_at(merged.at))
    detail = placed.detail
    if 0 < merged.conflicts < len(item.parts.runs):
        count = f"{merged.conflicts} of {len(item.parts.runs)} changes conflict"
        detail = "; ".join(x for x in (count, detail) if x)
    reason = placed.reason if placed.kind is not PlacementKind.ABSENT else Reason.LINES_GONE
    return replace(
        placed,
        kind=PlacementKind.CONFLICT,
        reason=reason,
        target_line=placed.target_line or merged.at + 1,
        texts=Texts3(before, after, ours),
        detail=detail,
    )


def _own_texts(item: _Hunk, file: MergedFile, region: Region | None) -> tuple[Excerpt, Excerpt]:
    """The function before and after, from the patch's own two texts."""
    base, post = split_lines(file.base), split_lines(file.post)
    start = item.hunk.old_start - (1 if item.hunk.old_count else 0)
    new_start = item.hunk.new_start - (1 if item.hunk.new_count else 0)
    before = text_excerpt(
        base, (start, start + len(item.parts.old)), region if region and region.last else None
    )
    bounds = (new_start, new_start + len(item.parts.new))
    changed = frozenset(range(bounds[0] + 1, bounds[1] + 1))
    over = region_map(file.change.path, file.post, changed).over(sorted(changed))
    name = region.name if region is not None else ""
    after = next((r for r in over if r.name == name and is_scope(r)), None)
    return before, text_excerpt(post, bounds, after)
