"""A file of a patch that lands, or does not, as a whole: added, deleted, renamed, changed in mode, binary, gone.

Placing by the hunks' own text is loaded where it is needed: most patches do without.
"""

from __future__ import annotations

from dataclasses import replace

from backport.model import ChangeKind, FileChange, Hunk, Placement, PlacementKind, Reason
from backport.placement.excerpts import hunk_excerpts
from backport.placement.ground import Ground
from backport.placement.lines import Edit, first_changed_line, images, split_lines
from backport.placement.result import FilePlacement, summary
from backport.placement.scopes import hunk_scopes
from backport.placement.target import TargetText
from backport.tree import Absent, Entry, File, Unavailable


def target_file(ground: Ground, path: str) -> File:
    entry = ground.entry(path)
    return entry if isinstance(entry, File) else File(b"")


def whole_file(change: FileChange, ground: Ground, *, merged: bool) -> FilePlacement:
    """Added, deleted, renamed, copied, changed in mode only, or binary."""
    if change.kind is ChangeKind.ADD or not change.old_path:
        return _added(change, ground)
    if change.kind is ChangeKind.DELETE or not change.new_path:
        return _deleted(change, ground, merged=merged)
    if change.binary is not None:
        return _binary(change, ground, merged=merged)
    if change.kind in (ChangeKind.RENAME, ChangeKind.COPY) and isinstance(
        ground.entry(change.new_path), File
    ):
        return _target_taken(change, ground)
    return _as_a_whole(change, ground, merged=merged)


def _target_taken(change: FileChange, ground: Ground) -> FilePlacement:
    """A rename or copy to a path at which the target has a file: done already, if it is the very file."""
    entry = ground.entry(change.new_path)
    same = bool(change.new_blob) and isinstance(entry, File) and _is_blob(entry, change.new_blob, ground)
    done = same and (change.kind is ChangeKind.COPY or isinstance(ground.entry(change.old_path), Absent))
    kind = PlacementKind.APPLIED if done else PlacementKind.CONFLICT
    return stuck(change, ground, change.new_path, kind, Reason.ALREADY_THERE if done else Reason.FILE_EXISTS)


def _is_blob(file: File, name: str, ground: Ground) -> bool:
    """Whether a file is the blob of that (abbreviated) id."""
    return (file.id or ground.scratch.write_blob(file.data)).startswith(name)


def _as_a_whole(change: FileChange, ground: Ground, *, merged: bool) -> FilePlacement:
    old = ground.entry(change.old_path)
    if isinstance(old, Absent):
        return file_gone(change, ground, land=False)[0]
    if isinstance(old, Unavailable):
        return stuck(change, ground, change.old_path, PlacementKind.CONFLICT, Reason.OBJECT_MISSING, old.why)
    if change.kind is ChangeKind.MODE and ground.tree.mode(change.old_path) == change.new_mode:
        return stuck(change, ground, change.path, PlacementKind.APPLIED, Reason.ALREADY_THERE)
    return stuck(change, ground, change.old_path, PlacementKind.EXACT, Reason.SAME_PLACE)


def _added(change: FileChange, ground: Ground) -> FilePlacement:
    entry = ground.entry(change.new_path)
    if isinstance(entry, Absent):
        reason = Reason.BINARY if change.binary is not None else Reason.SAME_PLACE
        return stuck(change, ground, change.new_path, PlacementKind.EXACT, reason)
    return file_exists(change, ground)


def file_exists(change: FileChange, ground: Ground) -> FilePlacement:
    entry = ground.entry(change.new_path)
    if isinstance(entry, File) and change.binary is None and entry.data == _content(change):
        return stuck(change, ground, change.new_path, PlacementKind.APPLIED, Reason.ALREADY_THERE)
    text = ground.text(change.new_path)
    if text is None or change.binary is not None:
        return stuck(change, ground, change.new_path, PlacementKind.CONFLICT, Reason.FILE_EXISTS)
    from backport.placement.textual import explain

    placements = tuple(
        explain(change.path, h, hunk_scopes(change.path, h), text, ground) for h in change.hunks
    )
    placements = tuple(p if p.kind.there and p.target_path == change.new_path
                       else replace(p, kind=PlacementKind.CONFLICT, reason=Reason.FILE_EXISTS)
                       for p in placements)  # fmt: skip
    if not placements:
        return stuck(change, ground, change.new_path, PlacementKind.CONFLICT, Reason.FILE_EXISTS)
    return summary(change, change.new_path, placements)


def _deleted(change: FileChange, ground: Ground, *, merged: bool) -> FilePlacement:
    entry = ground.entry(change.old_path)
    if isinstance(entry, Absent):
        return stuck(change, ground, change.old_path, PlacementKind.APPLIED, Reason.ALREADY_THERE)
    same = isinstance(entry, File) and (not change.hunks or entry.data == _content(change))
    if merged or same:
        return stuck(change, ground, change.old_path, PlacementKind.EXACT, Reason.SAME_PLACE)
    detail = "the target's file is not the one that the patch deletes"
    return stuck(change, ground, change.old_path, PlacementKind.CONFLICT, Reason.LINES_DIFFER, detail)


def _binary(change: FileChange, ground: Ground, *, merged: bool) -> FilePlacement:
    """A binary change: with a base git says whether it lands, without one it is only carried."""
    entry = ground.entry(change.old_path)
    if isinstance(entry, Absent):
        return stuck(change, ground, "", PlacementKind.ABSENT, Reason.FILE_ABSENT)
    if isinstance(entry, File) and len(change.new_blob) >= 7 and entry.id.startswith(change.new_blob):
        return stuck(change, ground, change.old_path, PlacementKind.APPLIED, Reason.ALREADY_THERE)
    if merged:
        return stuck(change, ground, change.old_path, PlacementKind.EXACT, Reason.BINARY)
    detail = "a binary change is carried, not placed"
    return stuck(change, ground, change.old_path, PlacementKind.CONFLICT, Reason.BINARY, detail)


def _content(change: FileChange) -> bytes:
    """All text of a file that is added or deleted."""
    return b"".join(line for h in change.hunks for line in (images(h).new or images(h).old))


def file_gone(
    change: FileChange, ground: Ground, *, land: bool
) -> tuple[FilePlacement, dict[str, list[Edit]]]:
    """The target has no such file: are its parts in another one? With the edits of those that land there."""
    from backport.placement.textual import doubt, explain, place_hunks

    empty = TargetText(change.old_path, b"")
    placements: tuple[Placement, ...]
    edits: dict[str, list[Edit]] = {}
    if land:
        placements, edits = place_hunks(change.path, change.hunks, empty, ground)
        edits.pop(empty.path, None)
    else:
        placements = tuple(
            explain(change.path, h, hunk_scopes(change.path, h), empty, ground) for h in change.hunks
        )
        placements = tuple(doubt(placements, empty.path, ground))
    placements = tuple(
        _no_file(p, change) if p.kind is PlacementKind.ABSENT or p.target_path == empty.path else p
        for p in placements
    )
    if not placements:
        return FilePlacement(change, "", PlacementKind.ABSENT, Reason.FILE_ABSENT), {}
    path = next((p.target_path for p in placements if p.kind is not PlacementKind.ABSENT), "")
    return summary(change, path, placements), edits


def _no_file(placement: Placement, change: FileChange) -> Placement:
    return replace(
        placement,
        kind=PlacementKind.ABSENT,
        reason=Reason.FILE_ABSENT,
        target_path="",
        target_line=0,
        detail=f"{change.old_path} is not in the target",
    )


def unreadable(change: FileChange, path: str, entry: Entry, ground: Ground) -> FilePlacement:
    if isinstance(entry, Unavailable):
        return stuck(change, ground, path, PlacementKind.CONFLICT, Reason.OBJECT_MISSING, entry.why)
    what = type(entry).__name__.lower()
    return stuck(
        change, ground, path, PlacementKind.CONFLICT, Reason.NOT_A_FILE, f"{path} is a {what} in the target"
    )


def stuck(
    change: FileChange,
    ground: Ground,
    path: str,
    kind: PlacementKind,
    reason: Reason,
    detail: str = "",
) -> FilePlacement:
    """All hunks of a file share its fate."""
    placements = tuple(_shared(h, change, path, kind, reason, detail) for h in change.hunks)
    return FilePlacement(change, path, kind, reason, placements, detail)


def _shared(
    hunk: Hunk, change: FileChange, path: str, kind: PlacementKind, reason: Reason, detail: str
) -> Placement:
    scopes = hunk_scopes(change.path, hunk)
    return Placement(
        hunk.number,
        kind,
        reason,
        path,
        first_changed_line(hunk),
        first_changed_line(hunk) if kind.lands or kind.there else 0,
        functions=scopes,
        target_functions=scopes if kind.lands and change.kind is ChangeKind.ADD else (),
        texts=None if kind.lands or kind.there else hunk_excerpts(hunk, None),
        detail=detail,
    )


def whole_changes(change: FileChange, placed: FilePlacement, ground: Ground) -> dict[str, File | None]:
    """What a file that landed as a whole does to the tree."""
    if not placed.kind.lands or change.binary is not None:
        return {}
    mode = change.new_mode or "100644"
    if change.kind is ChangeKind.DELETE or not change.new_path:
        return {change.old_path: None}
    if change.kind is ChangeKind.ADD or not change.old_path:
        return {change.new_path: File(b"".join(split_lines(_content(change))), mode)}
    old = target_file(ground, change.old_path)
    after = replace(old, mode=change.new_mode or old.mode)
    if change.kind is ChangeKind.RENAME:
        return {change.old_path: None, change.new_path: after}
    return {change.new_path: after}
