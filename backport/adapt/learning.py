"""The rewrites that maintainers make again and again on a branch, read from its earlier backports.

Each backport is laid beside the upstream commit that its message names: where the two say the same with other words, a
substitution is counted, once for a backport; a name that both have counts against its being rewritten. What is found in
one pair of commits does not change, and is kept in the user's cache folder; so learning again reads new commits only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from backport.adapt.observed import Kept, Observation, observe
from backport.adapt.rewrites import Rewrite
from backport.adapt.sources import drift_rewrites, sources_rewrites
from backport.adapt.votes import Votes, rewrites_of
from backport.errors import TargetError
from backport.git import CommitInfo, Repository
from backport.provenance import read_provenance

__all__ = ["MOST", "Learner", "drift_rewrites", "learn", "named_by", "sources_rewrites"]

MOST = 2000
"""Backports that are read, the newest."""

LEAST = 2
"""A rewrite that fewer backports made is not learned."""

WITHOUT = 3000
"""After so many commits in a row that are no backports the branch is taken to be at its end."""

_PER_BACKPORT = 20
_BATCH = 200
_FIRST = 3000
_MAY_NAME = re.compile(r"[0-9a-fA-F]{7,}")

Progress = Callable[[int, int], None]


def learn(
    repository: Repository,
    tip: str,
    *,
    upstream: Repository | None = None,
    since: str = "",
    before: str = "",
    most: int = MOST,
    least: int = LEAST,
    cache: str = "",
    on_progress: Progress | None = None,
) -> tuple[Rewrite, ...]:
    """The rewrites of a branch, the best founded first. See `Learner.rewrites` for what the arguments are."""
    learner = Learner(repository, upstream=upstream, since=since, cache=cache)
    try:
        return learner.rewrites(tip, before=before, most=most, least=least, on_progress=on_progress)
    finally:
        learner.close()


class _Backport(NamedTuple):
    """A commit of the branch and the upstream commit that it names (full ids)."""

    id: str
    upstream: str


class Learner:
    """Learns from one repository, many times: what was read is kept in memory, and in `cache` (a folder, "" none).

    `upstream` holds the commits that messages name, by default the repository itself; what its commit `since` reaches
    ("" nothing) is no part of a branch."""

    def __init__(
        self,
        repository: Repository,
        *,
        upstream: Repository | None = None,
        since: str = "",
        cache: str = "",
    ) -> None:
        self._repository = repository
        self._upstream = upstream or repository
        self._since = since
        self._kept = Kept(cache)
        self._named: dict[str, tuple[str, ...]] = {}
        self._full: dict[str, str] = {}

    def close(self) -> None:
        self._kept.close()

    def rewrites(
        self,
        tip: str,
        *,
        before: str = "",
        most: int = MOST,
        least: int = LEAST,
        on_progress: Progress | None = None,
    ) -> tuple[Rewrite, ...]:
        """The rewrites that at least `least` of the `most` newest backports made which `tip` reaches; with `before`
        (a full id) only of those that it reaches, itself left out. `on_progress` is told how many backports are read,
        and of how many. Raises TargetError when `tip` does not reach `before`."""
        return self.counted(tip, before=before, most=most, least=least, on_progress=on_progress)[0]

    def counted(
        self,
        tip: str,
        *,
        before: str = "",
        most: int = MOST,
        least: int = LEAST,
        on_progress: Progress | None = None,
    ) -> tuple[tuple[Rewrite, ...], int]:
        """The same, and of how many backports."""
        votes = Votes()
        read = self.observations(tip, before=before, most=most, on_progress=on_progress)
        for one in read:
            votes.tell(one.backport, one.made, one.kept)
        return rewrites_of(votes, least), len(read)

    def observations(
        self, tip: str, *, before: str = "", most: int = MOST, on_progress: Progress | None = None
    ) -> tuple[Observation, ...]:
        """What each of those backports did, newest first."""
        found = self._backports(self._starts(tip, before), most)
        read = self._kept.of(found)
        missing = [x for x in found if x not in read]
        done = len(found) - len(missing)
        for at in range(0, len(missing), _BATCH):
            batch = missing[at : at + _BATCH]
            made = observe(self._repository, self._upstream, batch)
            self._kept.keep(made)
            read.update(made)
            done += len(batch)
            if on_progress is not None:
                on_progress(done, len(found))
        return tuple(read[x] for x in found if x in read)

    def _starts(self, tip: str, before: str) -> tuple[str, ...]:
        if not before:
            return (tip,)
        commit = self._repository.commit(before)
        if commit is None or not self._repository.is_ancestor(before, tip):
            raise TargetError(f"{before[:12]} is not in the branch", "name a commit that its tip reaches")
        return commit.parents

    def _backports(self, starts: Sequence[str], most: int) -> list[_Backport]:
        """The backports that commits reach, newest first."""
        found: list[_Backport] = []
        without = 0
        for ids in self._walk(starts, most):
            self._read_messages(ids)
            for id in ids:
                held = {f for n in self._named.get(id, ()) if (f := self._full[n])} - {id}
                without = 0 if held else without + 1
                if len(held) == 1:
                    found.append(_Backport(id, held.pop()))
                if len(found) >= most or without >= WITHOUT:
                    return found
        return found

    def _walk(self, starts: Sequence[str], most: int) -> Iterator[Sequence[str]]:
        """The commits to look at, newest first, in growing portions: the end of a long history is mostly not
        wanted."""
        out = [f"^{self._since}"] if self._since and self._repository.has(self._since) else []
        done, size = 0, _FIRST
        while starts and done < most * _PER_BACKPORT:
            ids = self._repository.rev_list(
                [*starts, *out], "--no-merges", f"--skip={done}", f"--max-count={size}"
            )
            yield ids
            if len(ids) < size:
                return
            done, size = done + size, size * 2

    def _read_messages(self, ids: Sequence[str]) -> None:
        """Find out which upstream commits these commits name."""
        missing = [x for x in ids if x not in self._named]
        self._named.update(self._kept.names(missing))
        read = {
            x: named_by(c) if (c := self._repository.commit(x)) else ()
            for x in missing
            if x not in self._named
        }
        self._kept.keep_names(read)
        self._named.update(read)
        self._resolve({n for x in ids for n in self._named[x]})

    def _resolve(self, names: Iterable[str]) -> None:
        """Look up which commits of upstream (abbreviated) ids are: one process for all."""
        asked = sorted(set(names) - set(self._full))
        if not asked:
            return
        stdin = "".join(f"{x}^{{commit}}\n" for x in asked).encode("ascii")
        done = self._upstream.git("cat-file", "--batch-check", stdin=stdin)
        for name, line in zip(asked, done.out.decode("utf-8", "replace").splitlines(), strict=False):
            words = line.split()
            self._full[name] = words[0] if words[1:2] == ["commit"] else ""
        for name in asked:
            self._full.setdefault(name, "")


def named_by(commit: CommitInfo) -> tuple[str, ...]:
    """The upstream ids that a commit's message names, as they stand there."""
    if len(commit.parents) != 1 or not _MAY_NAME.search(commit.body):
        return ()
    found = read_provenance(commit.subject, commit.body).upstream
    return tuple(dict.fromkeys(x.id.lower() for x in found))
