"""Making a repository by names: for embedded examples. Nothing here touches a repository of the user."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backport.errors import RepositoryError
from backport.model import Person

if TYPE_CHECKING:
    from git import Actor, Repo


@dataclass(frozen=True, slots=True)
class ExampleCommit:
    """A commit to be made.

    It becomes the tip of `branch`. `parent` is a branch or the name of an earlier commit; "" is the branch's
    own tip, and for a new branch no parent at all. `author` is a Person or "Name <mail>", who also commits;
    `date` is ISO 8601. `files` maps paths to what changes: text or bytes, None deletes. `name` is what the
    result calls it (each commit is also found by its subject, and the last of a branch by the branch).
    """

    branch: str
    parent: str
    message: str
    author: Person | str
    date: str
    files: Mapping[str, bytes | str | None] = field(default_factory=dict)
    name: str = ""


def build_repository(path: str | Path, commits: Sequence[ExampleCommit]) -> dict[str, str]:
    """Make a new repository at `path` with these commits, and return their full ids by name, by subject and
    by branch (its tip). The ids depend on nothing but the arguments. The first branch is checked out.

    Raises RepositoryError when something stands there already or a parent is unknown."""
    if Path(path).exists() and any(Path(path).iterdir()):
        raise RepositoryError(f"{path} is not empty", "name a new folder")
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("GIT_")}
    os.environ.update(GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_SYSTEM=os.devnull, GIT_CONFIG_NOSYSTEM="1")
    try:
        return _build(Path(path), commits)
    finally:
        for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"):
            os.environ.pop(name, None)
        os.environ.update(kept)


def _build(path: Path, commits: Sequence[ExampleCommit]) -> dict[str, str]:
    from git import Head, Repo

    first = commits[0].branch if commits else "main"
    ids: dict[str, str] = {}
    branches: dict[str, str] = {}
    options: dict[str, Any] = {"initial_branch": first, "template": "", "object_format": "sha1"}
    with Repo.init(path, allow_unsafe_options=True, **options) as repo:
        for item in commits:
            id = _commit(repo, item, _parent(item, ids, branches))
            branches[item.branch] = id
            ids.setdefault(item.message.split("\n", 1)[0], id)
            if item.name:
                ids[item.name] = id
        for branch, id in branches.items():
            Head(repo, f"refs/heads/{branch}").set_commit(id, logmsg=None)
        if commits:
            repo.head.reset(index=True, working_tree=True)
    return {**ids, **branches}


def _parent(item: ExampleCommit, ids: Mapping[str, str], branches: Mapping[str, str]) -> str:
    if not item.parent:
        return branches.get(item.branch, "")
    found = ids.get(item.parent) or branches.get(item.parent)
    if not found:
        raise RepositoryError(f"the example's commit has an unknown parent {item.parent}")
    return found


def _commit(repo: Repo, item: ExampleCommit, parent: str) -> str:
    from datetime import datetime

    from git import Commit

    author = _actor(item.author)
    date = datetime.fromisoformat(item.date)
    parents = [repo.commit(parent)] if parent else []
    tree = repo.tree(_tree(repo, parent, item.files))
    made = Commit.create_from_tree(
        repo,
        tree,
        item.message,
        parent_commits=parents,
        author=author,
        committer=author,
        author_date=date,
        commit_date=date,
    )
    return str(made.hexsha)


def _tree(repo: Repo, parent: str, files: Mapping[str, bytes | str | None]) -> str:
    """The tree of `parent` with the files changed, through an index of its own."""
    from io import BytesIO

    from git import IndexFile
    from git.index.typ import BaseIndexEntry
    from gitdb import IStream  # type: ignore[import-untyped]

    index = (
        IndexFile.new(repo, repo.commit(parent).tree) if parent else IndexFile(repo, f"{repo.git_dir}/none")
    )
    for path in _deleted(files):
        index.entries.pop((path, 0), None)
    for path, content in files.items():
        if content is not None:
            data = content.encode() if isinstance(content, str) else content
            stored = repo.odb.store(IStream("blob", len(data), BytesIO(data)))
            entry = BaseIndexEntry((0o100644, stored.binsha, 0, path))
            index.add([entry], write=False)
    return str(index.write_tree().hexsha)


def _deleted(files: Mapping[str, bytes | str | None]) -> Iterable[str]:
    return (path for path, content in files.items() if content is None)


def _actor(author: Person | str) -> Actor:
    from git import Actor

    if isinstance(author, Person):
        return Actor(author.name, author.email)
    name, _, mail = author.partition(" <")
    return Actor(name.strip(), mail.rstrip("> "))
