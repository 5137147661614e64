"""Three-way merges by `git merge-tree --write-tree`, read into values.

git before 2.40 knows no --merge-base there, so the three trees are given as two throw-away commits with a
common parent: the same ort merge that `git cherry-pick` runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from backport.errors import MissingObjectError, RepositoryError
from backport.git import process
from backport.git.values import ObjectType, TreeEntry, entry_type, path_text
from backport.model import StrEnum

if TYPE_CHECKING:
    from backport.git.scratch import Scratch

STYLES = ("merge", "diff3", "zdiff3")
OURS, BASE, THEIRS = "target", "base", "patch"


class ConflictKind(StrEnum):
    """What kind of conflict a file has (ort's own kinds, gathered)."""

    CONTENT = "content"
    ADD_ADD = "add/add"
    MODIFY_DELETE = "modify/delete"
    DELETE_MODIFY = "delete/modify"
    RENAME_DELETE = "rename/delete"
    RENAME_ADD = "rename/add"
    RENAME_RENAME = "rename/rename"
    BINARY = "binary"
    MODE = "mode"
    SYMLINK = "symlink"
    SUBMODULE = "submodule"
    DIRECTORY_FILE = "directory/file"
    DIRECTORY_RENAME = "directory rename"
    OTHER = "other"


class ConflictedFile(NamedTuple):
    """A path with unmerged stages: (mode, id) of base, ours (target) and theirs (patch), or None.

    MODIFY_DELETE: the patch modified what the target deleted; DELETE_MODIFY the other way round."""

    path: str
    base: TreeEntry | None
    ours: TreeEntry | None
    theirs: TreeEntry | None
    kind: ConflictKind


class MergeMessage(NamedTuple):
    """One of git's messages: its stable type ("CONFLICT (contents)", "Auto-merging"), paths, text."""

    type: str
    paths: tuple[str, ...]
    text: str


class Merge(NamedTuple):
    """The result of a three-way merge.

    `tree` is the result, with conflict markers in conflicted files as cherry-pick leaves them. `renames`
    maps a path of the base that the patch touches to where git found it in the target."""

    tree: str
    clean: bool
    files: tuple[ConflictedFile, ...]
    messages: tuple[MergeMessage, ...]
    renames: Mapping[str, str]


Trees = tuple[str, str, str]
"""The ids of base, ours and theirs."""


def merge(
    scratch: Scratch,
    trees: Trees,
    style: str,
    attributes: Mapping[str, bytes] | None,
    meanwhile: Callable[[], object] = process.nothing,
) -> Merge:
    """`Scratch.merge`, with the scratch repository to itself."""
    base, ours, theirs = trees
    touched = list(changed_paths(scratch, base, theirs))
    given = attributes if attributes is not None else attributes_above(scratch, ours, touched)
    raw = _merge_tree(scratch, trees, style, given, meanwhile)
    landed = _landed(scratch, ours, raw)
    if attributes is None:
        wanted = attributes_above(scratch, ours, [*touched, *landed])
        if wanted != given:
            raw = _merge_tree(scratch, trees, style, wanted)
            landed = _landed(scratch, ours, raw)
    renames = _renames(scratch, trees, raw, touched, landed)
    return Merge(raw.tree, raw.clean, tuple(raw.files()), raw.messages, renames)


def _landed(scratch: Scratch, ours: str, raw: _Raw) -> list[str]:
    """The paths of the target that the merge came to: changed, unmerged, or merged without a change."""
    merged = (path for message in raw.messages for path in message.paths)
    return list(dict.fromkeys([*changed_paths(scratch, ours, raw.tree), *raw.stages, *merged]))


# --- trees

_UNSAFE = frozenset((".", "..", ".git"))
"""Folders that no checkout makes. A tree object that was made by hand can hold them all the same."""


def changed_paths(scratch: Scratch, old: str, new: str, prefix: bytes = b"") -> Iterator[str]:
    """The paths of files, links and submodules at which two trees differ, in no certain order."""
    if old == new:
        return
    before = scratch.entries(old) if old else {}
    after = scratch.entries(new) if new else {}
    for name in {**before, **after}:
        one, two = before.get(name), after.get(name)
        if one == two:
            continue
        path = prefix + name
        if any(x and x.type is not ObjectType.TREE for x in (one, two)):
            yield path_text(path)
        folders = [x.id if x and x.type is ObjectType.TREE else "" for x in (one, two)]
        yield from changed_paths(scratch, folders[0], folders[1], path + b"/")


def attributes_above(scratch: Scratch, tree: str, paths: Iterable[str]) -> dict[str, bytes]:
    """The .gitattributes files of `tree` in any folder above one of the paths."""
    folders = {""}
    for path in paths:
        folder = path.rpartition("/")[0]
        if not _UNSAFE.isdisjoint(folder.lower().split("/")):
            continue
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    found: dict[str, bytes] = {}
    for folder in folders:
        path = f"{folder}/.gitattributes" if folder else ".gitattributes"
        entry = scratch.entry(tree, path)
        if entry and entry.mode.startswith("100") and (data := scratch.blob(entry.id)) is not None:
            found[path] = data
    return found


# --- git merge-tree


class _Raw(NamedTuple):
    """What merge-tree printed."""

    tree: str
    clean: bool
    stages: dict[str, dict[int, TreeEntry]]
    messages: tuple[MergeMessage, ...]

    def files(self) -> Iterator[ConflictedFile]:
        for path, stages in self.stages.items():
            base, ours, theirs = (stages.get(stage) for stage in (1, 2, 3))
            types = [x.type for x in self.messages if path in x.paths and x.type.startswith("CONFLICT")]
            yield ConflictedFile(path, base, ours, theirs, kind_of(base, ours, theirs, types))


def _merge_tree(
    scratch: Scratch,
    trees: Trees,
    style: str,
    attributes: Mapping[str, bytes],
    meanwhile: Callable[[], object] = process.nothing,
) -> _Raw:
    git_dir = scratch.git_folder
    base = scratch.write_commit(trees[0])
    for label, tree in ((OURS, trees[1]), (THEIRS, trees[2])):
        commit = scratch.write_commit(tree, [base])
        (Path(git_dir) / "refs" / "heads" / label).write_text(commit + "\n")
    arguments = ["-c", f"merge.conflictStyle={style}", "merge-tree", "--write-tree", "-z", "--messages"]
    work = scratch.work_folder(attributes)
    extra = {"GIT_WORK_TREE": work}
    words = [*arguments, OURS, THEIRS]
    done = process.run(words, git_dir=git_dir, cwd=work, extra=extra, meanwhile=meanwhile)
    if done.code not in (0, 1) or not done.out:
        missing = b"unable to read" in done.err or b"could not read" in done.err or b"missing" in done.err
        error = MissingObjectError if missing else RepositoryError
        raise error(f"the merge cannot be computed: {done.complaint()}", "fetch what is missing")
    raw = _parse(done.out, clean=done.code == 0)
    return raw if style == "merge" else _name_base(scratch, raw, base)


def _parse(out: bytes, *, clean: bool) -> _Raw:
    """Read `TREE NUL (mode id stage TAB path NUL)* NUL (count NUL paths type NUL text NUL)*`."""
    words = iter(out.split(b"\0"))
    tree = next(words).decode("ascii")
    stages: dict[str, dict[int, TreeEntry]] = {}
    for word in words:
        if not word:
            break
        head, _, path = word.partition(b"\t")
        mode, id, stage = head.decode("ascii").split()
        stages.setdefault(path_text(path), {})[int(stage)] = TreeEntry(mode, entry_type(mode), id)
    messages: list[MergeMessage] = []
    for word in words:
        if not word.strip().isdigit():
            continue  # Advice on how to merge submodules stands between the messages, without a count.
        paths = tuple(path_text(next(words)) for _ in range(int(word)))
        kind = next(words).decode("utf-8", "replace")
        messages.append(MergeMessage(kind, paths, next(words).decode("utf-8", "replace").strip()))
    return _Raw(tree, clean, stages, tuple(messages))


def _name_base(scratch: Scratch, raw: _Raw, base: str) -> _Raw:
    """git labels the base's part with the throw-away commit's id: call it "base"."""
    changes: dict[str, tuple[str, str] | None] = {}
    paths = {path for x in raw.messages if x.type.startswith("CONFLICT") for path in x.paths}
    for path in paths | raw.stages.keys():
        entry = scratch.entry(raw.tree, path)
        data = scratch.blob(entry.id) if entry and entry.type is ObjectType.BLOB else None
        if entry and data and base.encode() in data:
            named = data.replace(b"| " + base.encode(), b"| " + BASE.encode())
            changes[path] = (entry.mode, scratch.write_blob(named))
    tree = scratch.write_tree(raw.tree, changes) if changes else raw.tree
    return _Raw(tree, raw.clean, raw.stages, raw.messages)


_BY_TYPE = (
    ("submodule", ConflictKind.SUBMODULE),
    ("file/directory", ConflictKind.DIRECTORY_FILE),
    ("rename involved in collision", ConflictKind.RENAME_ADD),
    ("rename/rename", ConflictKind.RENAME_RENAME),
    ("rename/delete", ConflictKind.RENAME_DELETE),
    ("directory rename", ConflictKind.DIRECTORY_RENAME),
    ("distinct modes", ConflictKind.MODE),
    ("binary", ConflictKind.BINARY),
)


def kind_of(
    base: TreeEntry | None, ours: TreeEntry | None, theirs: TreeEntry | None, types: Iterable[str]
) -> ConflictKind:
    """The kind of a conflict, from its stages and the types of git's messages about its path."""
    text = " ".join(types)
    for part, kind in _BY_TYPE:
        if part in text:
            return kind
    if any(x and x.mode == "160000" for x in (base, ours, theirs)):
        return ConflictKind.SUBMODULE
    if ours and theirs:
        return _both(base, ours, theirs, "contents" in text)
    if base and (ours or theirs):
        return ConflictKind.DELETE_MODIFY if ours else ConflictKind.MODIFY_DELETE
    return ConflictKind.OTHER


def _both(base: TreeEntry | None, ours: TreeEntry, theirs: TreeEntry, contents: bool) -> ConflictKind:
    if "120000" in (ours.mode, theirs.mode):
        return ConflictKind.SYMLINK
    if base and ours.mode != theirs.mode and not contents:
        return ConflictKind.MODE
    return ConflictKind.CONTENT if base else ConflictKind.ADD_ADD


# --- renames


def _renames(
    scratch: Scratch, trees: Trees, raw: _Raw, touched: list[str], landed: list[str]
) -> dict[str, str]:
    """Where git found the touched paths that `ours` does not have: asked of git again, on two small
    trees that hold only the paths in question."""
    base, ours, _ = trees
    found: dict[str, str] = {}
    for message in raw.messages:
        if message.type == "CONFLICT (directory rename suggested)" and len(message.paths) == 2:
            found[message.paths[1]] = message.paths[0]
    gone = {x: entry for x in touched if (entry := scratch.entry(base, x)) and not _is_file(scratch, ours, x)}
    places = {x: entry for x in landed if x not in touched and (entry := scratch.entry(ours, x))}
    if not gone or not places:
        return found
    sides: list[str] = []
    for entries in (gone, places):
        sides.append(scratch.write_tree(None, {x: (e.mode, e.id) for x, e in entries.items()}))
    done = scratch.git("diff-tree", "-r", "-z", "-M", "--diff-filter=R", "--name-status", *sides)
    words = done.out.split(b"\0")[:-1]
    for n in range(0, len(words) - 2, 3):
        found[path_text(words[n + 1])] = path_text(words[n + 2])
    return found


def _is_file(scratch: Scratch, tree: str, path: str) -> bool:
    entry = scratch.entry(tree, path)
    return entry is not None and entry.type is not ObjectType.TREE
