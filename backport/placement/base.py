"""The base of a patch: the tree it was made against, as far as it can be had.

In order (the first that holds): the commit that the patch was read from; the upstream commit that its message
names, where the hunks stand in its parent line for line; `base-commit:`; the blobs of the `index` lines; the
hunks alone. The report says which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from backport.errors import BackportError
from backport.git import CommitInfo, ObjectType, Repository, Scratch
from backport.model import Base, BaseKind, ChangeKind, FileChange, Patch
from backport.placement.lines import images, split_lines


@dataclass(frozen=True, slots=True)
class BaseTexts:
    """A base. `texts` maps each changed file's path before the change ("" does not occur) to its bytes;
    `tree` and `result` are the whole trees before and after, where there are such ("" not)."""

    base: Base
    texts: Mapping[str, bytes] = field(default_factory=dict)
    tree: str = ""
    result: str = ""


def find_base(
    patch: Patch, repositories: Sequence[Repository], upstream: Repository | None, scratch: Scratch
) -> BaseTexts:
    """The best base at hand. `repositories` may hold blobs or a base-commit; `upstream` is looked at for
    the upstream commit (None: the repositories are)."""
    if patch.commit:
        return _commit_base(patch, repositories, scratch)
    homes = [upstream, *repositories] if upstream is not None else list(repositories)
    homes = list(dict.fromkeys(homes))
    for named in patch.provenance.upstream:
        found = _parent_base(patch, named.id, homes, scratch)
        if found is not None:
            return found
    if patch.provenance.base_commit:
        found = _tree_base(patch, patch.provenance.base_commit, homes, scratch)
        if found is not None:
            return found
    return _blob_base(patch, homes)


def _commit_base(patch: Patch, repositories: Sequence[Repository], scratch: Scratch) -> BaseTexts:
    home = next((r for r in repositories if r.has(patch.commit)), None)
    if home is None:
        return BaseTexts(Base(BaseKind.HUNKS, detail="the commit's objects are not here"))
    before = home.tree_of(patch.parent) if patch.parent else scratch.write_tree(None, {})
    texts = _texts(patch, home, before)
    if texts is None:
        return BaseTexts(Base(BaseKind.HUNKS, detail="objects of the commit's parent are not here"))
    base = Base(BaseKind.COMMIT, patch.parent, f"parent of {patch.commit[:12]}")
    if home.object_format != scratch.object_format:
        return BaseTexts(base, texts)  # Trees of two object formats cannot be merged; their texts can.
    return BaseTexts(base, texts, before, home.tree_of(patch.commit))


def _parent_base(patch: Patch, name: str, homes: Sequence[Repository], scratch: Scratch) -> BaseTexts | None:
    for home in homes:
        found = home.commit(name) if len(name) >= 40 else _abbreviated(home, name)
        if found is None or len(found.parents) != 1:
            continue
        texts = _texts(patch, home, home.tree_of(found.parents[0]))
        if texts is not None and all(_fits(f, texts) for f in patch.files):
            base = Base(BaseKind.COMMIT, found.parents[0], f"parent of upstream commit {found.id[:12]}")
            return _with_trees(patch, base, texts, home.tree_of(found.parents[0]), scratch)
    return None


def _abbreviated(home: Repository, name: str) -> CommitInfo | None:
    try:
        return home.commit(home.resolve(name))
    except BackportError:
        return None


def _tree_base(patch: Patch, name: str, homes: Sequence[Repository], scratch: Scratch) -> BaseTexts | None:
    for home in homes:
        found = home.commit(name) if len(name) >= 40 else _abbreviated(home, name)
        if found is None:
            continue
        texts = _texts(patch, home, found.tree)
        if texts is not None and all(_fits(f, texts) for f in patch.files):
            base = Base(BaseKind.BASE_COMMIT, found.id, "named by base-commit")
            return _with_trees(patch, base, texts, found.tree, scratch)
    return None


def _with_trees(
    patch: Patch, base: Base, texts: Mapping[str, bytes], tree: str, scratch: Scratch
) -> BaseTexts:
    """The base with its result: the base's tree with the patch applied to it, line for line."""
    if scratch.type_and_size(tree) is None:
        return BaseTexts(base, texts)  # Of another object format: its texts can be merged, its tree cannot.
    changes: dict[str, tuple[str, str] | None] = {}
    for change in patch.files:
        if change.old_path and change.kind is not ChangeKind.COPY and change.old_path != change.new_path:
            changes[change.old_path] = None
        if not change.new_path or change.binary is not None:
            continue
        entry = scratch.entry(tree, change.old_path) if change.old_path else None
        mode = change.new_mode or (entry.mode if entry else "100644")
        data = apply_exactly(change, texts.get(change.old_path, b""))
        changes[change.new_path] = (mode, scratch.write_blob(data))
    return BaseTexts(base, texts, tree, scratch.write_tree(tree, changes))


def _texts(patch: Patch, home: Repository, tree: str) -> dict[str, bytes] | None:
    """The files before the change, by path; None if one cannot be read."""
    texts: dict[str, bytes] = {}
    for change in patch.files:
        if not change.old_path:
            continue
        entry = home.entry(tree, change.old_path)
        if entry is None or entry.type is not ObjectType.BLOB:
            if entry is not None:
                continue
            return None
        data = home.blob(entry.id)
        if data is None:
            return None
        texts[change.old_path] = data
    return texts


def _blob_base(patch: Patch, homes: Sequence[Repository]) -> BaseTexts:
    texts: dict[str, bytes] = {}
    wanted = [f for f in patch.files if f.hunks and f.old_path and f.kind is not ChangeKind.ADD]
    for change in wanted:
        data = _blob(change.old_blob, homes)
        if data is not None and _fits(change, {change.old_path: data}):
            texts[change.old_path] = data
    if not texts:
        return BaseTexts(Base(BaseKind.HUNKS, detail="no repository at hand holds what it was made against"))
    detail = f"{len(texts)} of {len(wanted)} files by the blobs of their index lines"
    return BaseTexts(Base(BaseKind.BLOBS, detail=detail), texts)


def _blob(name: str, homes: Sequence[Repository]) -> bytes | None:
    if len(name) < 7 or not name.strip("0"):
        return None
    for home in homes:
        id = home.resolve_blob_prefix(name)
        data = home.blob(id) if id else None
        if data is not None:
            return data
    return None


def _fits(change: FileChange, texts: Mapping[str, bytes]) -> bool:
    """Whether the hunks' pre-images stand in the base, line for line at their own lines."""
    if not change.hunks:
        return True
    lines = split_lines(texts.get(change.old_path, b""))
    for hunk in change.hunks:
        start = hunk.old_start - (1 if hunk.old_count else 0)
        old = images(hunk).old
        if tuple(lines[start : start + len(old)]) != old:
            return False
    return True


def apply_exactly(change: FileChange, data: bytes) -> bytes:
    """The file after the change; the hunks must fit (`_fits`)."""
    lines = split_lines(data)
    result: list[bytes] = []
    at = 0
    for hunk in change.hunks:
        parts = images(hunk)
        start = hunk.old_start - (1 if hunk.old_count else 0)
        result.extend(lines[at:start])
        result.extend(parts.new)
        at = start + len(parts.old)
    result.extend(lines[at:])
    return b"".join(result)
