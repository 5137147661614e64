"""Making a branch in a user's repository: only where it was asked for by name, and never over another.

Objects are written, and at the end the one ref, which git itself creates only where there is none. The index of the
repository, its files and HEAD are not touched; no hook runs.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from backport.errors import RepositoryError, UsageError
from backport.git import process
from backport.git.repository import Repository
from backport.model import Person

_ALONE = ("-c", f"core.hooksPath={os.devnull}", "-c", "core.fsmonitor=false", "-c", "commit.gpgSign=false")


@dataclass(frozen=True, slots=True)
class NewCommit:
    """A commit to be made: what it changes as `git diff --binary` writes it, author, author's date (ISO 8601, "" the
    time of the commit) and message."""

    diff: bytes
    author: Person
    date: str
    message: str


def check_branch(repository: Repository, name: str) -> None:
    """Raise UsageError when a branch of that name cannot be made."""
    ref = f"refs/heads/{name}"
    bad = name.startswith("-") or name == "HEAD" or "\0" in name
    if bad or process.run(["check-ref-format", ref]).code:
        raise UsageError(
            f"--branch {name or '(empty)'} is no name of a branch", "see git-check-ref-format(1)"
        )
    known = process.run(["for-each-ref", "--format=%(refname)", ref], git_dir=repository.git_dir)
    listed = known.out.decode("utf-8", "replace").splitlines()
    if ref in listed:
        raise UsageError(f"--branch {name}: there is one in {repository.shown}", "name a new one")
    if listed:
        raise UsageError(f"--branch {name}: there are branches below that name", "name another one")


def create_branch(
    repository: Repository, name: str, start: str, commits: Sequence[NewCommit], committer: Person
) -> str:
    """Make branch `name` of these commits on top of commit `start`; returns the id of its tip.

    Raises UsageError when there is such a branch, RepositoryError when git refuses a commit; then no branch is
    made."""
    check_branch(repository, name)
    with tempfile.TemporaryDirectory(prefix="backport-") as folder:
        made = _Making(repository, str(Path(folder) / "index"), committer)
        made.git("read-tree", start)
        tip = start
        for commit in commits:
            tip = made.commit(commit, tip)
        words = ["update-ref", "-m", "backport: created", f"refs/heads/{name}", tip, "0" * repository.id_size]
        made.git(*words)
    return tip


@dataclass(frozen=True, slots=True)
class _Making:
    repository: Repository
    index: str
    committer: Person

    def commit(self, commit: NewCommit, parent: str) -> str:
        words = ["apply", "--cached", "--whitespace=nowarn", "--allow-empty", "-p1", "-"]
        self.git(*words, stdin=commit.diff)
        tree = self.git("write-tree")
        author = {
            "GIT_AUTHOR_NAME": _name(commit.author),
            "GIT_AUTHOR_EMAIL": commit.author.email,
            "GIT_AUTHOR_DATE": _date(commit.date),
        }
        text = commit.message.encode("utf-8", "surrogateescape")
        return self.git(
            "commit-tree", tree, "-p", parent, stdin=text, extra={k: v for k, v in author.items() if v}
        )

    def git(self, *words: str, stdin: bytes = b"", extra: dict[str, str] | None = None) -> str:
        here = {
            "GIT_INDEX_FILE": self.index,
            "GIT_COMMITTER_NAME": _name(self.committer),
            "GIT_COMMITTER_EMAIL": self.committer.email,
            **({"GIT_COMMITTER_DATE": date} if (date := os.environ.get("GIT_COMMITTER_DATE")) else {}),
            **(extra or {}),
        }
        done = process.run([*_ALONE, *words], git_dir=self.repository.git_dir, stdin=stdin, extra=here)
        if done.code:
            raise RepositoryError(f"the branch cannot be made in {self.repository.shown}: {done.complaint()}")
        return done.out.decode("ascii", "replace").strip()


def _name(person: Person) -> str:
    """A name that git takes: not empty, and without what it would cut away."""
    return person.name.strip(" .,:;<>\"\\'\n") or person.email.partition("@")[0] or "unknown"


def _date(date: str) -> str:
    """An ISO 8601 date as git reads it without doubt; "" for one that it cannot hold."""
    try:
        then = datetime.fromisoformat(date)
        seconds = int(then.timestamp())
    except (ValueError, OverflowError, OSError):
        return ""
    return f"@{seconds} {then.strftime('%z')[:5] or '+0000'}" if seconds >= 0 else ""
