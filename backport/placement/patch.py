"""One patch on one tree: which way each of its files is placed, and what the tree is afterwards.

Placing by the hunks' own text is loaded where it is needed: a patch that git merges cleanly does without.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from backport.git import ConflictedFile, ConflictKind, Merge
from backport.model import Base, ChangeKind, FileChange, Hunk, Patch, Placement, PlacementKind, Reason
from backport.placement.base import BaseTexts, apply_exactly
from backport.placement.excerpts import hunk_excerpts
from backport.placement.ground import Ground
from backport.placement.lines import apply_edits, first_changed_line, images, key, split_lines
from backport.placement.scopes import hunk_scopes
from backport.placement.target import TargetText
from backport.placement.threeway import MergedFile, place_merged
from backport.tree import Absent, Entry, File, Unavailable


@dataclass(frozen=True, slots=True)
class FilePlacement:
    """One file of a patch. `kind` and `reason` are the file's own (a file added or deleted, a mode, a
    rename, a binary); those of its hunks stand in `placements`. `target_path` "" means nowhere."""

    change: FileChange
    target_path: str
    kind: PlacementKind
    reason: Reason
    placements: tuple[Placement, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PatchPlacement:
    """A patch placed. `changes` is what landed, by path (None: deleted); `tree` is the merged tree's id in
    the scratch repository when git merged whole trees ("" otherwise), already with the changes."""

    base: Base
    files: tuple[FilePlacement, ...]
    changes: Mapping[str, File | None] = field(default_factory=dict)
    tree: str = ""

    @property
    def placements(self) -> Iterator[Placement]:
        for file in self.files:
            yield from file.placements


def place_patch(patch: Patch, base: BaseTexts, ground: Ground) -> PatchPlacement:
    """Place every hunk of `patch` on the ground. Never raises for a conflict: it is a value."""
    ground.moved = frozenset(k for hunk in patch.hunks for line in hunk.removed if len(k := key(line)) > 3)
    if base.tree and base.result and ground.tree_id:
        return _merge_trees(patch, base, ground)
    return _place_files(patch, base, ground)


# --- whole trees, merged by git -----------------------------------------------------------------


def _merge_trees(patch: Patch, base: BaseTexts, ground: Ground) -> PatchPlacement:
    merge = ground.scratch.merge(
        base.tree,
        ground.tree_id,
        base.result,
        style=ground.style,
        meanwhile=lambda: _read_ahead(patch, ground),
    )
    conflicts = {c.path: c for c in merge.files}
    merged: list[MergedFile] = []
    files: dict[str, FilePlacement] = {}
    for change in patch.files:
        file = _merged_file(change, base, merge, conflicts, ground)
        if file is None:
            files[change.path] = _merged_otherwise(change, base, merge, conflicts, ground)
        else:
            merged.append(file)
    placements, resolved = place_merged(merged, ground, ground.scratch.diff_many)
    for file in merged:
        files[file.change.path] = _summary(file.change, file.path, placements[file.change.path])
    overlay = _sides(merge, resolved, ground)
    tree = ground.scratch.write_tree(merge.tree, overlay) if overlay else merge.tree
    return PatchPlacement(base.base, tuple(files[c.path] for c in patch.files), {}, tree)


def _read_ahead(patch: Patch, ground: Ground) -> None:
    """The regions of the target's files, which most merges need, while git merges."""
    for change in patch.files:
        text = ground.text(change.old_path) if change.hunks and change.old_path else None
        if text is not None:
            _ = text.regions


def _merged_file(
    change: FileChange,
    base: BaseTexts,
    merge: Merge,
    conflicts: Mapping[str, ConflictedFile],
    ground: Ground,
) -> MergedFile | None:
    """The texts of a file that git merged as text; None for all else (added, deleted, binary, absent)."""
    before = base.texts.get(change.old_path)
    if not change.hunks or before is None or not change.new_path or change.kind is ChangeKind.COPY:
        return None
    path = _target_path(change, merge, ground)
    if path is None or ground.text(path) is None:
        return None
    result = next((p for p in (path, change.new_path) if ground.scratch.entry(merge.tree, p)), None)
    conflict = conflicts.get(result or "")
    if result is None or (conflict is not None and conflict.kind is not ConflictKind.CONTENT):
        return None
    entry = ground.scratch.entry(merge.tree, result)
    data = ground.scratch.blob(entry.id) if entry is not None else None
    if data is None:
        return None
    post = apply_exactly(change, before)
    return MergedFile(change, path, before, post, data, conflict is not None, _marker_size(data))


def _target_path(change: FileChange, merge: Merge, ground: Ground) -> str | None:
    """Where the target has the file: at its old path, where git found it renamed, at its new path."""
    for path in (merge.renames.get(change.old_path), change.old_path, change.new_path):
        if path and isinstance(ground.entry(path), File):
            return path
    return None


def _marker_size(merged: bytes) -> int:
    """The length of git's conflict markers, which attributes may set (gitattributes: conflict-marker-size)."""
    for line in merged.split(b"\n"):
        if line.startswith(b"<<<<<<<") and line.rstrip().lstrip(b"<").startswith(b" target"):
            return len(line) - len(line.lstrip(b"<"))
    return 7


def _merged_otherwise(
    change: FileChange,
    base: BaseTexts,
    merge: Merge,
    conflicts: Mapping[str, ConflictedFile],
    ground: Ground,
) -> FilePlacement:
    """A file that git did not merge line by line: the file as a whole landed, or did not."""
    conflict = conflicts.get(change.new_path) or conflicts.get(change.old_path)
    unreadable = [ground.entry(p) for p in (change.old_path, change.new_path) if p]
    if conflict is None and not any(isinstance(e, Unavailable) for e in unreadable):
        return _renamed_and_there(change, base, ground) or _whole_file(change, ground, merged=True)
    if change.old_path and isinstance(ground.entry(change.old_path), Absent):
        return _file_gone(change, ground, land=False)
    if not change.old_path:
        return _file_exists(change, ground)
    reason = Reason.BINARY if change.binary is not None else Reason.NOT_A_FILE
    return _stuck(
        change, ground, change.path, PlacementKind.CONFLICT, reason, str(conflict.kind) if conflict else ""
    )


def _renamed_and_there(change: FileChange, base: BaseTexts, ground: Ground) -> FilePlacement | None:
    """A file that the target renamed and in which the merge changed nothing, of which git's messages say
    nothing: the renamed file, if a merge of it alone changes nothing either."""
    before = base.texts.get(change.old_path)
    if not change.hunks or before is None or not change.new_path:
        return None
    if not isinstance(ground.entry(change.old_path), Absent) or change.kind is not ChangeKind.MODIFY:
        return None
    from backport.placement.elsewhere import renamed_file

    text = renamed_file(change, ground)
    if text is None:
        return None
    placed, landed = _merge_one(change, before, text, ground)
    return placed if not landed and placed.kind.there else None


def _sides(merge: Merge, resolved: Mapping[str, bytes], ground: Ground) -> dict[str, tuple[str, str] | None]:
    """What to lay over git's merged tree so that each conflict shows the target's side."""
    overlay: dict[str, tuple[str, str] | None] = {}
    for conflict in merge.files:
        entry = ground.scratch.entry(ground.tree_id, conflict.path)
        if conflict.path in resolved:
            mode = entry.mode if entry else "100644"
            overlay[conflict.path] = (mode, ground.scratch.write_blob(resolved[conflict.path]))
        else:
            overlay[conflict.path] = (entry.mode, entry.id) if entry else None
    return overlay


# --- file by file -------------------------------------------------------------------------------


def _place_files(patch: Patch, base: BaseTexts, ground: Ground) -> PatchPlacement:
    files: list[FilePlacement] = []
    changes: dict[str, File | None] = {}
    for change in patch.files:
        placed, landed = _place_file(change, base, ground)
        files.append(placed)
        changes.update(landed)
    return PatchPlacement(base.base, tuple(files), changes)


def _place_file(
    change: FileChange, base: BaseTexts, ground: Ground
) -> tuple[FilePlacement, dict[str, File | None]]:
    if change.binary is not None or not change.hunks or not change.old_path or not change.new_path:
        placed = _whole_file(change, ground, merged=False)
        return placed, _whole_changes(change, placed, ground)
    from backport.placement.elsewhere import renamed_file
    from backport.placement.textual import place_hunks

    path, entry = _home(change, ground)
    text = ground.text(path)
    renamed = False
    if text is None and isinstance(entry, Absent):
        text = renamed_file(change, ground)
        if text is None:
            return _file_gone(change, ground, land=True), {}
        renamed = True
    if text is None:
        return _unreadable(change, path, entry, ground), {}
    before = base.texts.get(change.old_path)
    if before is not None:
        return _merge_one(change, before, text, ground)
    placements, edits = place_hunks(change.path, change.hunks, text, ground, renamed=renamed)
    placed = _summary(change, text.path, placements)
    landed = _edited(edits, ground)
    if change.kind is ChangeKind.RENAME and not renamed and text.path == change.old_path:
        entry_after = landed.pop(text.path, None) or _file(ground, text.path)
        landed.update({text.path: None, change.new_path: entry_after})
    return placed, landed


def _home(change: FileChange, ground: Ground) -> tuple[str, Entry]:
    """The path at which the target should have the file: the old one, or the new one if only that is there."""
    entry = ground.entry(change.old_path)
    if isinstance(entry, Absent) and change.new_path != change.old_path:
        after = ground.entry(change.new_path)
        if isinstance(after, File):
            return change.new_path, after
    return change.old_path, entry


def _merge_one(
    change: FileChange, before: bytes, text: TargetText, ground: Ground
) -> tuple[FilePlacement, dict[str, File | None]]:
    """Three-way merge of one file where whole trees are not at hand (a folder, or blobs as base)."""
    scratch = ground.scratch
    post = apply_exactly(change, before)
    name = text.path
    sides = [
        scratch.write_tree(None, {name: ("100644", scratch.write_blob(d))}) for d in (before, text.data, post)
    ]
    merge = scratch.merge(sides[0], sides[1], sides[2], style=ground.style)
    entry = scratch.entry(merge.tree, name)
    data = (scratch.blob(entry.id) if entry else None) or b""
    file = MergedFile(change, name, before, post, data, not merge.clean, _marker_size(data))
    placements, resolved = place_merged([file], ground, scratch.diff_many)
    result = resolved.get(name, data)
    landed: dict[str, File | None] = {}
    if result != text.data:
        landed[name] = replace(_file(ground, name), data=result, id="")
    return _summary(change, name, placements[change.path]), landed


def _edited(edits: Mapping[str, Sequence[object]], ground: Ground) -> dict[str, File | None]:
    landed: dict[str, File | None] = {}
    for path, found in edits.items():
        text = ground.text(path)
        if text is not None and found:
            data = b"".join(apply_edits(text.lines, found))  # type: ignore[arg-type]
            landed[path] = replace(_file(ground, path), data=data, id="")
    return landed


def _file(ground: Ground, path: str) -> File:
    entry = ground.entry(path)
    return entry if isinstance(entry, File) else File(b"")


def _summary(change: FileChange, path: str, placements: tuple[Placement, ...]) -> FilePlacement:
    """A file as its hunks have it: the worst of them."""
    worst = min(placements, key=lambda p: _ORDER.index(p.kind))
    return FilePlacement(change, path, worst.kind, worst.reason, placements)


_ORDER = (
    PlacementKind.ABSENT,
    PlacementKind.CONFLICT,
    PlacementKind.MOVED,
    PlacementKind.MERGED,
    PlacementKind.FUZZ,
    PlacementKind.OFFSET,
    PlacementKind.EXACT,
    PlacementKind.EVOLVED,
    PlacementKind.APPLIED,
)


# --- a file as a whole --------------------------------------------------------------------------


def _whole_file(change: FileChange, ground: Ground, *, merged: bool) -> FilePlacement:
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
    """A rename or copy to a path at which the target has a file: done already, or in the way."""
    done = change.kind is ChangeKind.COPY or isinstance(ground.entry(change.old_path), Absent)
    kind = PlacementKind.APPLIED if done else PlacementKind.CONFLICT
    return _stuck(change, ground, change.new_path, kind, Reason.ALREADY_THERE if done else Reason.FILE_EXISTS)


def _as_a_whole(change: FileChange, ground: Ground, *, merged: bool) -> FilePlacement:
    old = ground.entry(change.old_path)
    if isinstance(old, Absent):
        return _file_gone(change, ground, land=not merged)
    if isinstance(old, Unavailable):
        return _stuck(change, ground, change.old_path, PlacementKind.CONFLICT, Reason.OBJECT_MISSING, old.why)
    if change.kind is ChangeKind.MODE and ground.tree.mode(change.old_path) == change.new_mode:
        return _stuck(change, ground, change.path, PlacementKind.APPLIED, Reason.ALREADY_THERE)
    return _stuck(change, ground, change.old_path, PlacementKind.EXACT, Reason.SAME_PLACE)


def _added(change: FileChange, ground: Ground) -> FilePlacement:
    entry = ground.entry(change.new_path)
    if isinstance(entry, Absent):
        reason = Reason.BINARY if change.binary is not None else Reason.SAME_PLACE
        return _stuck(change, ground, change.new_path, PlacementKind.EXACT, reason)
    return _file_exists(change, ground)


def _file_exists(change: FileChange, ground: Ground) -> FilePlacement:
    entry = ground.entry(change.new_path)
    if isinstance(entry, File) and change.binary is None and entry.data == _content(change):
        return _stuck(change, ground, change.new_path, PlacementKind.APPLIED, Reason.ALREADY_THERE)
    text = ground.text(change.new_path)
    if text is None or change.binary is not None:
        return _stuck(change, ground, change.new_path, PlacementKind.CONFLICT, Reason.FILE_EXISTS)
    from backport.placement.textual import explain

    placements = tuple(
        explain(change.path, h, hunk_scopes(change.path, h), text, ground) for h in change.hunks
    )
    placements = tuple(p if p.kind.there else replace(p, kind=PlacementKind.CONFLICT, reason=Reason.FILE_EXISTS)
                       for p in placements)  # fmt: skip
    if not placements:
        return _stuck(change, ground, change.new_path, PlacementKind.CONFLICT, Reason.FILE_EXISTS)
    return _summary(change, change.new_path, placements)


def _deleted(change: FileChange, ground: Ground, *, merged: bool) -> FilePlacement:
    entry = ground.entry(change.old_path)
    if isinstance(entry, Absent):
        return _stuck(change, ground, change.old_path, PlacementKind.APPLIED, Reason.ALREADY_THERE)
    same = isinstance(entry, File) and (not change.hunks or entry.data == _content(change))
    if merged or same:
        return _stuck(change, ground, change.old_path, PlacementKind.EXACT, Reason.SAME_PLACE)
    detail = "the target's file is not the one that the patch deletes"
    return _stuck(change, ground, change.old_path, PlacementKind.CONFLICT, Reason.LINES_DIFFER, detail)


def _binary(change: FileChange, ground: Ground, *, merged: bool) -> FilePlacement:
    """A binary change: with a base git says whether it lands, without one it is only carried."""
    entry = ground.entry(change.old_path)
    if isinstance(entry, Absent):
        return _stuck(change, ground, "", PlacementKind.ABSENT, Reason.FILE_ABSENT)
    if isinstance(entry, File) and len(change.new_blob) >= 7 and entry.id.startswith(change.new_blob):
        return _stuck(change, ground, change.old_path, PlacementKind.APPLIED, Reason.ALREADY_THERE)
    if merged:
        return _stuck(change, ground, change.old_path, PlacementKind.EXACT, Reason.BINARY)
    detail = "a binary change is carried, not placed"
    return _stuck(change, ground, change.old_path, PlacementKind.CONFLICT, Reason.BINARY, detail)


def _content(change: FileChange) -> bytes:
    """All text of a file that is added or deleted."""
    return b"".join(line for h in change.hunks for line in (images(h).new or images(h).old))


def _file_gone(change: FileChange, ground: Ground, *, land: bool) -> FilePlacement:
    """The target has no such file: are its parts in another one?"""
    from backport.placement.textual import explain, place_hunks

    empty = TargetText(change.old_path, b"")
    placements: tuple[Placement, ...]
    if land:
        placements, _ = place_hunks(change.path, change.hunks, empty, ground)
    else:
        placements = tuple(
            explain(change.path, h, hunk_scopes(change.path, h), empty, ground) for h in change.hunks
        )
    placements = tuple(
        _no_file(p, change) if p.kind is PlacementKind.ABSENT or p.kind.lands else p for p in placements
    )
    if not placements:
        return FilePlacement(change, "", PlacementKind.ABSENT, Reason.FILE_ABSENT)
    path = next((p.target_path for p in placements if p.kind is not PlacementKind.ABSENT), "")
    return replace(_summary(change, path, placements))


def _no_file(placement: Placement, change: FileChange) -> Placement:
    return replace(
        placement,
        kind=PlacementKind.ABSENT,
        reason=Reason.FILE_ABSENT,
        target_path="",
        target_line=0,
        detail=f"{change.old_path} is not in the target",
    )


def _unreadable(change: FileChange, path: str, entry: Entry, ground: Ground) -> FilePlacement:
    if isinstance(entry, Unavailable):
        return _stuck(change, ground, path, PlacementKind.CONFLICT, Reason.OBJECT_MISSING, entry.why)
    what = type(entry).__name__.lower()
    return _stuck(
        change, ground, path, PlacementKind.CONFLICT, Reason.NOT_A_FILE, f"{path} is a {what} in the target"
    )


def _stuck(
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


def _whole_changes(change: FileChange, placed: FilePlacement, ground: Ground) -> dict[str, File | None]:
    """What a file that landed as a whole does to the tree."""
    if not placed.kind.lands or change.binary is not None:
        return {}
    mode = change.new_mode or "100644"
    if change.kind is ChangeKind.DELETE or not change.new_path:
        return {change.old_path: None}
    if change.kind is ChangeKind.ADD or not change.old_path:
        return {change.new_path: File(b"".join(split_lines(_content(change))), mode)}
    old = _file(ground, change.old_path)
    after = replace(old, mode=change.new_mode or old.mode)
    if change.kind is ChangeKind.RENAME:
        return {change.old_path: None, change.new_path: after}
    return {change.new_path: after}
