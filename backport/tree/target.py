"""Targets: what `--onto` names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from backport.errors import TargetError
from backport.git import Repository
from backport.tree.folder import FolderTree
from backport.tree.git_tree import GitTree
from backport.tree.paths import is_there
from backport.tree.protocol import File, Tree


class Limits(Protocol):
    """What of the settings a target needs: the largest file that is read, in bytes."""

    @property
    def max_file_bytes(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Target:
    """A tree that patches are judged on.

    `name` is what the user called it, without leading folders. `revision` is the commit id ("" for a
    folder), `dirty` marks a worktree whose files differ from it; `version` is the kernel's."""

    name: str
    tree: Tree
    repository: Repository | None
    revision: str
    dirty: bool
    version: str


def open_target(spec: str, settings: Limits) -> Target:
    """Open `REPO@REV`, a worktree (its files as they are) or a plain folder. Raises TargetError.

    `REPO@REV` is split at the last @ that an existing repository stands before. Nothing is checked
    out or written. The tree of a worktree that has no changes is that of its HEAD."""
    limit = settings.max_file_bytes
    if not spec:
        raise TargetError("a target is empty", "give REPO@REV, a worktree or a folder")
    if is_there(spec) and Path(spec).is_dir():
        return _open_folder(spec, limit)
    at = spec.rfind("@")
    while at > 0:
        path, revision = spec[:at], spec[at + 1 :]
        if is_there(path):
            return _open_revision(path, revision, limit)
        at = spec.rfind("@", 0, at)
    if is_there(spec):
        raise TargetError(f"target {_shown(spec)} is a file", "give REPO@REV, a worktree or a folder")
    raise TargetError(f"target {spec} does not exist", "give REPO@REV, a worktree or a folder")


def _open_revision(path: str, revision: str, limit: int) -> Target:
    repository = Repository.open(path)
    try:
        commit = repository.resolve(revision)
        tree_id = repository.tree_of(commit)
        name = f"{_shown(path)}@{revision}"
        tree = GitTree(repository, tree_id, name, limit)
        return Target(name, tree, repository, commit, False, kernel_version(tree))
    except BaseException:
        repository.close()
        raise


def _open_folder(path: str, limit: int) -> Target:
    name = _shown(path)
    if not _is_repository(path):
        folder = FolderTree(path, name, limit)
        return Target(name, folder, None, "", False, kernel_version(folder))
    repository = Repository.open(path)
    if not repository.work_tree or Path(path).name == ".git":
        repository.close()
        raise TargetError(f"{name} is a bare repository", f"name a revision: {name}@REV")
    commit = repository.head()
    dirty = not commit or repository.is_dirty()
    tree: Tree = FolderTree(path, name, limit)
    if not dirty:
        tree = GitTree(repository, repository.tree_of(commit), name, limit)
    return Target(name, tree, repository, commit, dirty, kernel_version(tree))


def _is_repository(path: str) -> bool:
    try:
        Repository.open(path).close()
    except TargetError:
        return False
    return True


def _shown(path: str) -> str:
    """A path as a report may name it: as given when it is relative and stays below, else its last part."""
    given = Path(path)
    if given.is_absolute() or ".." in given.parts or not given.name:
        return given.resolve().name or "root"
    return given.as_posix()


_VERSION = re.compile(rb"^(VERSION|PATCHLEVEL|SUBLEVEL|EXTRAVERSION)[ \t]*=[ \t]*([^\s#]*)", re.MULTILINE)


def kernel_version(tree: Tree) -> str:
    """The version in a kernel's top Makefile, as "6.1.192" or "6.12.0-rc3"; "" for another tree."""
    makefile = tree.read("Makefile")
    if not isinstance(makefile, File):
        return ""
    found: dict[str, str] = {}
    for name, value in _VERSION.findall(makefile.data[:8192]):
        found.setdefault(name.decode("ascii"), value.decode("ascii", "replace"))
    numbers = [found.get(name, "") for name in ("VERSION", "PATCHLEVEL", "SUBLEVEL")]
    if not all(number.isdigit() for number in numbers[:2]):
        return ""
    dotted = ".".join(number for number in numbers if number.isdigit())
    return dotted + found.get("EXTRAVERSION", "")
