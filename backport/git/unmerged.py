"""What a stopped merge left: the unmerged entries of an index, and taking a resolved file into it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from backport.errors import RepositoryError, TargetError
from backport.git import process
from backport.git.repository import Repository, locate
from backport.git.values import TreeEntry, entry_type, path_bytes, path_text

_SIZE = "conflict-marker-size"
_ALONE = ("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false")


class Unmerged(NamedTuple):
    """An unmerged path with its stages: base (1), ours (2), theirs (3); None where there is none."""

    path: str
    base: TreeEntry | None
    ours: TreeEntry | None
    theirs: TreeEntry | None


class Stopped(NamedTuple):
    """What was being done when it stopped, and the command that goes on ("" not known)."""

    what: str
    goes_on: str


def top_above(folder: Path) -> Repository:
    """The repository whose worktree a folder is in. Raises TargetError."""
    here = folder.absolute()
    for place in (here, *here.parents):
        if locate(str(place)) is not None:
            repository = Repository.open(str(place))
            if not repository.work_tree or place.name == ".git":
                repository.close()
                raise TargetError(f"{folder} is in no worktree", "go to one")
            return repository
    raise TargetError(f"{folder} is in no git repository", "go to a worktree in which a merge stopped")


def unmerged(repository: Repository) -> tuple[Unmerged, ...]:
    """The unmerged paths, in the index's order. The index is only read. Raises RepositoryError."""
    done = _run(repository, "ls-files", "-u", "-z")
    if done.code:
        raise RepositoryError(f"the index of {repository.shown} cannot be read: {done.complaint()}")
    found: dict[str, dict[int, TreeEntry]] = {}
    for item in done.out.split(b"\0")[:-1]:
        head, _, path = item.partition(b"\t")
        mode, id, stage = head.decode("ascii").split()
        found.setdefault(path_text(path), {})[int(stage)] = TreeEntry(mode, entry_type(mode), id)
    return tuple(Unmerged(path, s.get(1), s.get(2), s.get(3)) for path, s in found.items())


def marker_sizes(repository: Repository, paths: Iterable[str]) -> dict[str, int]:
    """The size of conflict markers in each file (gitattributes(5)), 7 unless an attribute says otherwise."""
    listed = list(paths)
    given = b"".join(path_bytes(x) + b"\0" for x in listed)
    done = _run(repository, "check-attr", "-z", "--stdin", _SIZE, stdin=given)
    fields = done.out.split(b"\0")
    sizes = {path_text(p): int(v) for p, v in zip(fields[0::3], fields[2::3], strict=False) if v.isdigit()}
    return {x: sizes.get(x) or 7 for x in listed}


def stage(repository: Repository, path: str, mode: str, data: bytes) -> None:
    """Take a resolved file into the index, as `git add` does but that the worktree is not read: `data` is what is to
    be committed. Raises RepositoryError."""
    written = _run(repository, "hash-object", "-w", "--stdin", "--no-filters", stdin=data)
    id = written.out.strip()
    if written.code:
        raise RepositoryError(f"{path} cannot be written to {repository.shown}: {written.complaint()}")
    name = path_bytes(path)
    lines = b"0 " + b"0" * len(id) + b"\t" + name + b"\0" + mode.encode() + b" " + id + b" 0\t" + name + b"\0"
    done = _run(repository, "update-index", "-z", "--index-info", stdin=lines)
    if done.code:
        raise RepositoryError(f"{path} cannot be added to the index: {done.complaint()}")


def stopped(repository: Repository) -> Stopped:
    """What a repository is in the middle of."""
    folder = Path(repository.git_dir)
    if (folder / "rebase-apply" / "applying").exists():
        return Stopped("am", "git am --continue")
    if (folder / "rebase-merge").exists() or (folder / "rebase-apply").exists():
        return Stopped("rebase", "git rebase --continue")
    for name, what in (
        ("CHERRY_PICK_HEAD", "cherry-pick"),
        ("REVERT_HEAD", "revert"),
        ("MERGE_HEAD", "merge"),
    ):
        if (folder / name).exists():
            return Stopped(what, f"git {what} --continue")
    return Stopped("", "")


def _run(repository: Repository, *words: str, stdin: bytes = b"") -> process.Done:
    """Run git in the worktree, without its hooks."""
    here = {"GIT_WORK_TREE": repository.work_tree}
    return process.run(
        [*_ALONE, *words], git_dir=repository.git_dir, stdin=stdin, cwd=repository.work_tree, extra=here
    )
