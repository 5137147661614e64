"""What is asked of a history, and the two that answer: a repository's and a dict's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from backport.errors import TargetError
from backport.git import CommitInfo, Repository


class History(Protocol):
    """Commits of a repository. A range is `A..B`, or `REV` for all that is reachable from it; merges
    are left out of lists. An unknown revision raises TargetError."""

    def commit(self, id: str) -> CommitInfo | None:
        """The commit with that full id, or None when it is not here."""
        ...

    def touching(self, paths: Sequence[str], range_spec: str, limit: int) -> tuple[str, ...]:
        """At most `limit` commits of the range that change a file at or below one of the paths (any
        file when empty), newest first."""
        ...

    def by_trailer(self, name: str, value: str, range_spec: str, limit: int) -> tuple[str, ...]:
        """At most `limit` commits of the range with a line `name: value...` in their message (case does
        not count; the line's value begins with `value`), newest first."""
        ...


class GitHistory:
    """The history of a repository."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    def commit(self, id: str) -> CommitInfo | None:
        return self._repository.commit(id)

    def touching(self, paths: Sequence[str], range_spec: str, limit: int) -> tuple[str, ...]:
        return self._listed(range_spec, limit, "--full-history", paths=paths)

    def by_trailer(self, name: str, value: str, range_spec: str, limit: int) -> tuple[str, ...]:
        options = ("-i", "--fixed-strings", f"--grep={name}:")
        found: list[str] = []
        for id in self._listed(range_spec, -1, *options, *_value_filter(value)):
            commit = self.commit(id)
            if commit and has_trailer(commit, name, value):
                found.append(id)
                if len(found) == limit:
                    break
        return tuple(found)

    def _listed(
        self, range_spec: str, limit: int, *options: str, paths: Sequence[str] = ()
    ) -> tuple[str, ...]:
        revisions = self._repository.revisions(range_spec)
        always = ("--no-merges", f"--max-count={limit}")
        return self._repository.rev_list(revisions, *always, *options, paths=paths)


def _value_filter(value: str) -> tuple[str, ...]:
    """git looks for both texts first, so that only few messages are read here."""
    return (f"--grep={value}", "--all-match") if value and "\n" not in value else ()


def has_trailer(commit: CommitInfo, name: str, value: str) -> bool:
    """Whether a line of the message's body is `name: value...`, whatever the case."""
    return any(
        head.strip().lower() == name.lower() and text.strip().lower().startswith(value.lower())
        for head, colon, text in (line.partition(":") for line in commit.body.splitlines())
        if colon
    )


@dataclass(frozen=True, slots=True)
class RecordedCommit:
    """A commit of a DictHistory and the paths that it changes."""

    info: CommitInfo
    paths: tuple[str, ...] = ()


class DictHistory:
    """A history of given commits, parents before children (for tests)."""

    def __init__(self, commits: Sequence[RecordedCommit], names: dict[str, str] | None = None) -> None:
        """`names` are branches and tags: name -> full id."""
        self._commits = {x.info.id: x for x in commits}
        self._names = dict(names or {})

    def commit(self, id: str) -> CommitInfo | None:
        found = self._commits.get(id)
        return found.info if found else None

    def touching(self, paths: Sequence[str], range_spec: str, limit: int) -> tuple[str, ...]:
        def touches(commit: RecordedCommit) -> bool:
            return not paths or any(x == y or x.startswith(y + "/") for x in commit.paths for y in paths)

        return tuple(x.info.id for x in self._range(range_spec) if touches(x))[:limit]

    def by_trailer(self, name: str, value: str, range_spec: str, limit: int) -> tuple[str, ...]:
        return tuple(x.info.id for x in self._range(range_spec) if has_trailer(x.info, name, value))[:limit]

    def _range(self, spec: str) -> Iterator[RecordedCommit]:
        left, dots, right = spec.rpartition("..")
        out = self._reachable(left) if dots else set()
        wanted = self._reachable(right) - out
        for commit in reversed(self._commits.values()):
            if commit.info.id in wanted and len(commit.info.parents) < 2:
                yield commit

    def _reachable(self, revision: str) -> set[str]:
        start = self._names.get(revision, revision)
        if start not in self._commits:
            raise TargetError(f"unknown revision {revision}")
        found: set[str] = set()
        waiting = [start]
        while waiting:
            id = waiting.pop()
            if id in self._commits and id not in found:
                found.add(id)
                waiting += self._commits[id].info.parents
        return found
