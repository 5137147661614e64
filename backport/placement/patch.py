"""One patch on one tree: which way each of its files is placed, and what the tree is afterwards.

Placing by the hunks' own text is loaded where it is needed: a patch that git merges cleanly does without.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from posixpath import basename

from backport.git import ConflictedFile, ConflictKind, Merge
from backport.model import ChangeKind, FileChange, Patch, PlacementKind, Reason
from backport.placement.base import BaseTexts, apply_exactly
from backport.placement.ground import Ground
from backport.placement.lines import apply_edits, key
from backport.placement.result import FilePlacement, PatchPlacement, summary
from backport.placement.target import TargetText
from backport.placement.threeway import MergedFile, place_merged
from backport.placement.whole import (
    file_exists,
    file_gone,
    stuck,
    target_file,
    unreadable,
    whole_changes,
    whole_file,
)
from backport.tree import Absent, Entry, File, Unavailable


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
        files[file.change.path] = summary(file.change, file.path, placements[file.change.path])
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


_REASONS = {
    ConflictKind.BINARY: Reason.BINARY,
    ConflictKind.ADD_ADD: Reason.FILE_EXISTS,
    ConflictKind.RENAME_ADD: Reason.FILE_EXISTS,
    ConflictKind.MODIFY_DELETE: Reason.FILE_ABSENT,
    ConflictKind.SYMLINK: Reason.NOT_A_FILE,
    ConflictKind.SUBMODULE: Reason.NOT_A_FILE,
    ConflictKind.DIRECTORY_FILE: Reason.NOT_A_FILE,
}


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
        return _renamed_and_there(change, base, ground) or whole_file(change, ground, merged=True)
    if change.old_path and isinstance(ground.entry(change.old_path), Absent):
        return file_gone(change, ground, land=False)[0]
    if not change.old_path:
        return file_exists(change, ground)
    reason = _REASONS.get(conflict.kind, Reason.LINES_DIFFER) if conflict else Reason.OBJECT_MISSING
    return stuck(
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
        placed = whole_file(change, ground, merged=False)
        return placed, whole_changes(change, placed, ground)
    from backport.placement.elsewhere import renamed_file
    from backport.placement.textual import doubt, place_hunks

    if change.kind is ChangeKind.COPY and isinstance(ground.entry(change.new_path), File):
        return file_exists(change, ground), {}
    path, entry = _home(change, ground)
    text = ground.text(path)
    renamed = text is None and isinstance(entry, Absent)
    if renamed:
        text = renamed_file(change, ground)
        if text is None:
            placed, edits = file_gone(change, ground, land=True)
            return placed, _edited(edits, ground)
    if text is None:
        return unreadable(change, path, entry, ground), {}
    before = base.texts.get(change.old_path)
    if before is not None:
        placed, landed = _merge_one(change, before, text, ground)
    else:
        placements, edits = place_hunks(change.path, change.hunks, text, ground, renamed=renamed)
        if renamed and basename(text.path) != basename(change.old_path):
            placements = tuple(doubt(placements, change.old_path, ground))
        placed, landed = summary(change, text.path, placements), _edited(edits, ground)
    return placed, _carried(change, text.path, landed, ground, renamed=renamed)


def _carried(
    change: FileChange, path: str, landed: dict[str, File | None], ground: Ground, *, renamed: bool
) -> dict[str, File | None]:
    """What landed in the file at `path`, with its new name and mode, if the patch gives it those."""
    after = landed.get(path) or target_file(ground, path)
    if change.new_mode and change.new_mode != after.mode and change.new_mode != change.old_mode:
        after = replace(after, mode=change.new_mode, id="")
        landed = {**landed, path: after}
    if renamed or path != change.old_path or change.old_path == change.new_path:
        return landed
    if change.kind is ChangeKind.COPY:
        return {**{p: f for p, f in landed.items() if p != path}, change.new_path: after}
    if change.kind is ChangeKind.RENAME:
        return {**landed, path: None, change.new_path: after}
    return landed


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
    merge = scratch.merge(*sides, style=ground.style, attributes=_attributes(name, ground))
    entry = scratch.entry(merge.tree, name)
    data = (scratch.blob(entry.id) if entry else None) or b""
    file = MergedFile(change, name, before, post, data, not merge.clean, _marker_size(data))
    placements, resolved = place_merged([file], ground, scratch.diff_many)
    result = resolved.get(name, data)
    landed: dict[str, File | None] = {}
    if result != text.data:
        landed[name] = replace(target_file(ground, name), data=result, id="")
    return summary(change, name, placements[change.path]), landed


def _attributes(path: str, ground: Ground) -> dict[str, bytes]:
    """The target's .gitattributes files in the folders above a path: they say how a file is merged."""
    found: dict[str, bytes] = {}
    folder = path
    while folder:
        folder = folder.rpartition("/")[0]
        name = f"{folder}/.gitattributes" if folder else ".gitattributes"
        entry = ground.entry(name)
        if isinstance(entry, File):
            found[name] = entry.data
    return found


def _edited(edits: Mapping[str, Sequence[object]], ground: Ground) -> dict[str, File | None]:
    landed: dict[str, File | None] = {}
    for path, found in edits.items():
        text = ground.text(path)
        if text is not None and found:
            data = b"".join(apply_edits(text.lines, found))  # type: ignore[arg-type]
            landed[path] = replace(target_file(ground, path), data=data, id="")
    return landed
