"""Making a repository by names: for embedded examples. Nothing here touches a repository of the user."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from backport.errors import RepositoryError, UsageError
from backport.git import process
from backport.model import Person

if TYPE_CHECKING:
    from git import Actor, Commit, Repo, Tree
    from git.config import GitConfigParser
    from git.types import Lit_config_levels

_NAMED = re.compile(r"\{\{([\w.-]+)(?::(\d+))?\}\}")


@dataclass(frozen=True, slots=True)
class ExampleCommit:
    """A commit to be made.

    It becomes the tip of `branch`. `parent` is a branch or the name of an earlier commit; "" is the branch's
    own tip, and for a new branch no parent at all. In `message`, `{{name}}` is the id of an earlier commit,
    and `{{name:12}}` its first 12 digits. `author` is a Person or "Name <mail>", who also commits unless there
    is a `committer`; `date` is ISO 8601 with an offset. `files` maps paths to what changes: text or bytes,
    None deletes. `name` is what the result calls it (each commit is also found by its subject, and the last
    of a branch by the branch). `tag` is a lightweight tag on it.
    """

    branch: str
    parent: str
    message: str
    author: Person | str
    date: str
    files: Mapping[str, bytes | str | None] = field(default_factory=dict)
    name: str = ""
    committer: Person | str = ""
    tag: str = ""


def build_repository(path: str | Path, commits: Sequence[ExampleCommit]) -> dict[str, str]:
    """Make a new repository at `path` with these commits, and return their full ids by name, by subject and
    by branch (its tip). The ids depend on nothing but the arguments. The first branch is checked out.

    Raises UsageError when something stands there already, RepositoryError when a commit is unknown where it
    is named, or when git fails."""
    folder = Path(path).absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{path} is not an empty folder", "name a new one")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        first = commits[0].branch if commits else "main"
        _git(folder, "init", "-q", "-b", first, "--object-format=sha1", "--template=")
        with _habits_off(), _open(folder) as repo:
            made = _commits(repo, commits)
        if commits:
            _git(folder, "read-tree", "-u", "--reset", "HEAD")
    except OSError as error:
        raise RepositoryError(f"{path} cannot be built: {error.strerror or error}") from None
    return made


def _git(folder: Path, *arguments: str) -> None:
    """Run git here and nowhere else: GitPython goes on in the current folder when it does not find its own,
    so it starts no process."""
    here = {"GIT_WORK_TREE": str(folder)}
    done = process.run(arguments, git_dir=str(folder / ".git"), cwd=str(folder), extra=here)
    if done.code:
        raise RepositoryError(f"{folder} cannot be built: {done.complaint()}")


@contextmanager
def _habits_off() -> Iterator[None]:
    """Give this process itself the environment of the git processes: GitPython reads GIT_* variables."""
    before = dict(os.environ)
    try:
        _become(process.environment())
        yield
    finally:
        _become(before)


def _become(values: Mapping[str, str]) -> None:
    os.environ.update(values)
    for name in os.environ.keys() - values.keys():
        del os.environ[name]


def _open(folder: Path) -> Repo:
    """The new repository, read and written without git processes."""
    from git import Repo
    from gitdb import LooseObjectDB  # type: ignore[import-untyped]

    class Alone(Repo):
        """Knows its own configuration only; the user's is otherwise read from the home folder, whatever the
        environment says."""

        def config_reader(self, config_level: Lit_config_levels | None = None) -> GitConfigParser:
            return super().config_reader("repository")

    return Alone(folder, odbt=LooseObjectDB, expand_vars=False)


def _commits(repo: Repo, commits: Sequence[ExampleCommit]) -> dict[str, str]:
    from git import Reference

    made: dict[str, Commit] = {}
    branches: dict[str, Commit] = {}
    refs: dict[str, Commit] = {}
    for item in commits:
        known = {**branches, **made}
        parent = _known(known, item.parent) if item.parent else branches.get(item.branch)
        message = _message(item, known)
        commit = _commit(repo, item, message, parent)
        branches[item.branch] = refs[f"refs/heads/{item.branch}"] = commit
        made.setdefault(message.partition("\n")[0], commit)
        if item.name:
            made[item.name] = commit
        if item.tag:
            refs[f"refs/tags/{item.tag}"] = commit
    for name, commit in refs.items():
        Reference(repo, name).set_commit(commit, logmsg=None)
    return {name: str(commit.hexsha) for name, commit in {**made, **branches}.items()}


def _known(known: Mapping[str, Commit], name: str) -> Commit:
    if name not in known:
        raise RepositoryError(f"the example has no earlier commit {name}")
    return known[name]


def _message(item: ExampleCommit, known: Mapping[str, Commit]) -> str:
    return _NAMED.sub(lambda x: _known(known, x[1]).hexsha[: int(x[2] or 40)], item.message)


def _commit(repo: Repo, item: ExampleCommit, message: str, parent: Commit | None) -> Commit:
    from datetime import datetime

    from git import Commit

    date = datetime.fromisoformat(item.date)
    return Commit.create_from_tree(
        repo,
        _tree(repo, parent, item.files),
        message,
        parent_commits=[parent] if parent else [],
        author=_actor(item.author),
        committer=_actor(item.committer or item.author),
        author_date=date,
        commit_date=date,
    )


def _tree(repo: Repo, parent: Commit | None, files: Mapping[str, bytes | str | None]) -> Tree:
    """The tree of `parent` with the files changed, through an index of its own."""
    from io import BytesIO

    from git import IndexFile
    from git.index.typ import BaseIndexEntry
    from gitdb import IStream

    index = IndexFile.new(repo, parent.tree) if parent else IndexFile(repo, f"{repo.git_dir}/none")
    for path in files:
        index.entries.pop((path, 0), None)
    for path, content in files.items():
        if content is not None:
            data = content.encode() if isinstance(content, str) else content
            stored = repo.odb.store(IStream("blob", len(data), BytesIO(data)))
            index.add([BaseIndexEntry((0o100644, stored.binsha, 0, path))], write=False)
    return index.write_tree()


def _actor(person: Person | str) -> Actor:
    from git import Actor

    if isinstance(person, Person):
        return Actor(person.name, person.email)
    name, _, mail = person.partition(" <")
    return Actor(name.strip(), mail.rstrip("> "))
