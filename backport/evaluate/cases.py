"""The cases: backports that a repository's branches hold, or a case file.

A case file has one JSON object a line: `branch`, `backport` (what was committed), `target` (its parent), `upstream`
(the commit that it brings), `base` (the parent of that), `git` (`identical`, `different` or `conflict`).
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from backport.csource import language
from backport.errors import BackportError, InputError
from backport.evaluate.values import Case, GitClass
from backport.git import CommitInfo, Repository, Scratch, process
from backport.git.merging import changed_paths
from backport.provenance import read_provenance

_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_MENTIONS = re.compile(r"\b[0-9a-f]{7,64}\b")
_SCRATCH = (
    200  # cases after which a new scratch repository is taken: the old one's objects are only in the way
)


def read_cases(path: Path) -> list[Case]:
    """The cases of a file, in its order. Raises InputError that names the line."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror or error}") from error
    return [_read(line, f"{path.name}:{n}") for n, line in enumerate(lines, 1) if line.strip()]


def _read(line: bytes, where: str) -> Case:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise InputError(f"{where}: not JSON", "one object a line") from error
    if not isinstance(row, dict):
        raise InputError(f"{where}: not a JSON object")
    for name in ("target", "upstream", "base", "backport"):
        if not isinstance(row.get(name), str) or not _ID.match(row[name]):
            raise InputError(f'{where}: "{name}" is no full commit id')
    if row.get("git") not in set(GitClass):
        raise InputError(f'{where}: "git" is none of {", ".join(GitClass)}')
    branch = row.get("branch", "")
    names = ("git", "target", "upstream", "base", "backport")
    return Case(**{name: row[name] for name in names}, branch=branch if isinstance(branch, str) else "")


def written(case: Case) -> str:
    """A case as a line of a case file."""
    row = {"branch": case.branch, "backport": case.backport, "target": case.target}
    return json.dumps({**row, "upstream": case.upstream, "base": case.base, "git": case.git})


def drawn(
    cases: Sequence[Case], classes: Sequence[str], *, sample: int = 0, seed: int = 1, part: str = "all"
) -> list[Case]:
    """At most `sample` cases (0: all) of each class, of the part of the upstream ids that is for learning (0 to 7)
    or for the check (8 to f). One upstream commit often goes to several branches: they are in one part."""
    digits = {"learn": "01234567", "check": "89abcdef"}.get(part, "0123456789abcdef")
    result: list[Case] = []
    for name in classes:
        these = [c for c in cases if c.git == name and c.upstream[0] in digits]
        random.Random(seed).shuffle(these)
        result += these[:sample] if sample else these
    return result


# --- finding ---------------------------------------------------------------------------------------


def find_cases(
    repository: Repository,
    branches: Sequence[str] = (),
    *,
    since: str = "",
    on_commit: Callable[[str, int], None] = lambda branch, count: None,
) -> Iterator[Case]:
    """The backports of the branches (none named: of all), oldest first, each once.

    A backport is a commit with one parent whose message names, in one of the forms that maintainers use, exactly one
    commit that the repository holds, and that touches C. `since` leaves out what that revision holds. Conflicts in
    files that are not C alone are left out."""
    out = [f"^{repository.resolve(since)}"] if since else []
    seen: set[str] = set()
    finder = _Finder(repository)
    for name, tip in tips(repository, branches):
        for number, id in enumerate(repository.rev_list([tip, *out], "--reverse", "--no-merges")):
            on_commit(name, number)
            if id in seen:
                continue
            seen.add(id)
            case = finder.case(id, name)
            if case is not None:
                yield case
    finder.close()


def tips(
    repository: Repository, branches: Sequence[str] = (), *, containing: str = ""
) -> Iterator[tuple[str, str]]:
    """The branches by name, with their commits; where none is named, all, local ones and those of remotes, or those
    that hold the commit `containing`."""
    if branches:
        yield from ((name, repository.resolve(name)) for name in branches)
        return
    words = ["for-each-ref", "--format=%(objectname) %(refname)"]
    words += [f"--contains={containing}"] if containing else []
    listed = process.run([*words, "refs/heads", "refs/remotes"], git_dir=repository.git_dir).out
    seen: set[str] = set()
    for line in listed.decode("utf-8", "surrogateescape").splitlines():
        tip, _, ref = line.partition(" ")
        if tip not in seen:
            seen.add(tip)
            yield re.sub(r"\Arefs/(?:heads|remotes/[^/]+)/", "", ref), tip


class _Finder:
    """Judges commits one by one, with a scratch repository that is renewed now and then."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._scratch = Scratch([repository])
        self._count = 0

    def close(self) -> None:
        self._scratch.close()

    def case(self, id: str, branch: str) -> Case | None:
        info = self._repository.commit(id)
        if info is None or len(info.parents) != 1 or not _MENTIONS.search(info.body):
            return None
        upstream = self._upstream(info)
        if upstream is None:
            return None
        target, base = info.parents[0], upstream.parents[0]
        trees = [self._repository.tree_of(x) for x in (base, target)]
        if not any(language(path) == "c" for path in changed_paths(self._scratch, trees[0], upstream.tree)):
            return None
        git = self._git(trees[0], trees[1], upstream.tree, info.tree)
        return Case(git, target, upstream.id, base, id, branch) if git else None

    def _upstream(self, info: CommitInfo) -> CommitInfo | None:
        """The one commit that the message names as its origin, where it is here and has one parent."""
        named = {u.id for u in read_provenance(info.subject, info.body).upstream if u.certain}
        size = self._repository.id_size
        held = [c for x in named if len(x) == size and (c := self._repository.commit(x)) is not None]
        if len(named) != 1 or len(held) != 1 or len(held[0].parents) != 1 or held[0].id == info.id:
            return None
        return held[0]

    def _git(self, base: str, target: str, upstream: str, committed: str) -> str:
        """The class; "" for conflicts in other files than C alone."""
        self._count += 1
        if self._count % _SCRATCH == 0:
            self._scratch.close()
            self._scratch = Scratch([self._repository])
        try:
            merge = self._scratch.merge(base, target, upstream)
        except BackportError:  # objects that are not here: no case for anybody
            return ""
        stuck = [] if merge.clean else [f.path for f in merge.files]
        if any(language(path) == "c" for path in stuck):
            return GitClass.CONFLICT
        if stuck:
            return ""
        return GitClass.IDENTICAL if merge.tree == committed else GitClass.DIFFERENT
