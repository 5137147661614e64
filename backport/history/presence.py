"""Whether a commit of upstream is in a target, under whatever id, and still there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from backport.git import CommitInfo, ObjectStore
from backport.history.changes import Changes, read_changes
from backport.history.messages import Said, names, said, same_title
from backport.history.ranges import Range, is_ancestor
from backport.model import StrEnum

EQUIVALENT = 0.8
"""The share of changed lines that two commits of the same author and subject have in common to be one change."""
_DEPTH = 4
_PATHS = 1
"""Files of a commit by which others are looked for that may be the same patch: these must touch all of them."""


class State(StrEnum):
    """Whether a commit is in the target: there, never taken, or taken and reverted later."""

    PRESENT = "present"
    MISSING = "missing"
    REVERTED = "reverted"


class Standing(NamedTuple):
    """`by` is the commit of the target that brought it (REVERTED: that took it back), "" where only the content
    says so; `how` are the words for it."""

    state: State
    by: str = ""
    how: str = ""


MISSING = Standing(State.MISSING)
Read = Callable[[str], "bytes | None"]
"""The bytes of a file of the target by its path; None where there is no file."""


class TargetHistory:
    """The target's own commits. `own` are those that upstream does not have (None: the target is a folder, and only
    content can say); `revision` is the target's commit, `store` holds both histories."""

    def __init__(self, store: ObjectStore, revision: str, own: Range | None, read: Read) -> None:
        self._store = store
        self._revision = revision
        self._own = own
        self._read = read
        self._said: dict[str, Said] = {}
        self._changes: dict[str, Changes] = {}
        self._found: dict[str, Standing] = {}

    @property
    def looked(self) -> str:
        return self._own.looked if self._own else ""

    def said(self, commit: CommitInfo) -> Said:
        if commit.id not in self._said:
            self._said[commit.id] = said(commit)
        return self._said[commit.id]

    def changes(self, id: str) -> Changes:
        if id not in self._changes:
            self._changes |= {id: Changes(), **read_changes(self._store, [id])}
        return self._changes[id]

    def know(self, changes: Mapping[str, Changes]) -> None:
        """Changes that were read already."""
        self._changes.update(changes)

    def standing(self, commit: CommitInfo, *, outside: bool = False, inside: bool = False) -> Standing:
        """Whether the commit is in the target. `outside`: upstream has it later than where the two part; `inside`:
        both have it from before that."""
        if commit.id not in self._found:
            there = Standing(State.PRESENT, commit.id, "as the same commit")
            self._found[commit.id] = (
                self._still_there(commit, there) if inside else self._standing(commit, outside)
            )
        return self._found[commit.id]

    def recorded(self, commit: CommitInfo, *, outside: bool = False) -> Standing:
        """What the target's commits say, whatever its content."""
        if self._has(commit.id, outside):
            return self._still_there(commit, Standing(State.PRESENT, commit.id, "as the same commit"))
        return self._picked(commit) if self._own is not None else MISSING

    def _standing(self, commit: CommitInfo, outside: bool) -> Standing:
        found = self.recorded(commit, outside=outside)
        return found if found.state is not State.MISSING else self._by_content(commit)

    def _has(self, id: str, outside: bool) -> bool:
        """Whether the target reaches a commit; `outside`: upstream has it later than where the two part."""
        inside = self._own.contains(id) if self._own is not None else None
        if inside or (inside is not None and outside) or not self._revision:
            return bool(inside)
        return is_ancestor(self._store, id, self._revision)

    def _picked(self, commit: CommitInfo) -> Standing:
        """The last word of the target's commits: those that bring it and those that take it back, in their order."""
        brought: dict[str, str] = {}
        for other in self._own.mentioning(commit.id) if self._own else ():
            if any(names(x, commit.id) for x in self.said(other).upstream):
                brought[other.id] = f"which names {commit.id[:12]}"
        for other in self._own.titled(commit.subject) if self._own else ():
            if other.id not in brought and (how := self._same(commit, other)):
                brought[other.id] = how
        state = MISSING
        for id, how in brought.items():
            one = self._store.commit(id)
            if one is not None and state.state is not State.PRESENT:
                state = self._still_there(one, Standing(State.PRESENT, id, how))
        return state

    def _same(self, commit: CommitInfo, other: CommitInfo) -> str:
        """How a commit of the same subject shows to be the same change; "" when it is another."""
        if not same_title(commit.subject, other.subject):
            return ""
        mine, its = self.changes(commit.id), self.changes(other.id)
        if mine.patch_id and mine.patch_id == its.patch_id:
            return "the same patch (patch-id)"
        people = {commit.author.email.lower(), commit.author.name.lower()}
        if not people & {other.author.email.lower(), other.author.name.lower()}:
            return ""
        return "by its author and subject, with the same change" if likeness(mine, its) >= EQUIVALENT else ""

    def _still_there(self, commit: CommitInfo, standing: Standing, depth: int = 0) -> Standing:
        """PRESENT, unless a later commit of the target takes it back and no later one brings it again."""
        if self._own is None:
            return standing
        reverts = self._reverts(commit)
        for revert in reverts if depth < _DEPTH else ():
            undone = self._still_there(revert, Standing(State.PRESENT, revert.id), depth + 1)
            if undone.state is State.PRESENT and not self._brought_again(commit, revert):
                return Standing(State.REVERTED, revert.id, "taken back there")
        return standing

    def _reverts(self, commit: CommitInfo) -> list[CommitInfo]:
        assert self._own is not None
        candidates = {c.id: c for c in self._own.mentioning(commit.id)}
        by_subject = {c.id: c for c in self._own.titled(commit.subject)}
        found = []
        for other in {**candidates, **by_subject}.values():
            word = self.said(other)
            by_id = any(names(x, commit.id) for x in word.reverts) and not word.again
            named = not word.reverts and same_title(word.reverted, commit.subject)
            if other.id != commit.id and (by_id or (named and is_ancestor(self._store, commit.id, other.id))):
                found.append(other)
        return found

    def _brought_again(self, commit: CommitInfo, revert: CommitInfo) -> bool:
        """Whether the change was applied once more after it was taken back."""
        assert self._own is not None
        for other in self._own.titled(commit.subject):
            again = self.said(other).again or other.subject
            if (
                other.id not in (commit.id, revert.id)
                and same_title(again, commit.subject)
                and is_ancestor(self._store, revert.id, other.id)
            ):
                return True
        return False

    def _by_content(self, commit: CommitInfo) -> Standing:
        if not stands(self.changes(commit.id), self._read):
            return MISSING
        by = self._by_patch(commit)
        if by:
            return Standing(State.PRESENT, by, "the same patch (patch-id)")
        return Standing(State.PRESENT, "", "its lines stand there")

    def by_patch(self, commit: CommitInfo) -> Standing:
        """The target's own commit that is the same patch under another subject, if it is still there."""
        by = self._by_patch(commit)
        one = self._store.commit(by) if by else None
        if one is None:
            return MISSING
        return self._still_there(one, Standing(State.PRESENT, by, "the same patch (patch-id)"))

    def _by_patch(self, commit: CommitInfo) -> str:
        """Among the target's own commits that share a path with it, so far as they are looked at."""
        wanted = self.changes(commit.id)
        paths = sorted({f.path for f in wanted.files})
        if self._own is None or not wanted.patch_id:
            return ""
        return by_patch_id(self._store, wanted, self._own.touching(paths[:_PATHS]))


def telling(line: bytes) -> bool:
    """Whether a line says something by itself: it has three letters or digits beside its marks."""
    return sum(x.isalnum() for x in line.decode("latin-1")) > 3


def likeness(one: Changes, two: Changes) -> float:
    """The share of the changed lines of two commits that they have in common, white space aside."""
    mine, its = _signed(one), _signed(two)
    return len(mine & its) / max(1, len(mine | its))


def _signed(changes: Changes) -> set[bytes]:
    plus = {b"+" + b"".join(x.split()) for x in changes.added if x.strip()}
    return plus | {b"-" + b"".join(x.split()) for x in changes.removed if x.strip()}


def stands(changes: Changes, read: Read) -> bool:
    """Whether what a commit leaves stands in the target and nothing of what it removes: judged only where it adds
    two telling lines or more."""
    added = 0
    for file in changes.files:
        data = read(file.new_path) if file.new_path else b""
        if data is None:
            return False
        lines = {b"".join(x.split()) for x in data.split(b"\n")}
        new = _keys(x for s in file.stretches for x in s.added)
        old = _keys(x for s in file.stretches for x in s.removed) - new
        if not new <= lines or old & lines:
            return False
        added += len(new)
    return added > 1


def _keys(lines: Iterable[bytes]) -> set[bytes]:
    return {b"".join(x.split()) for x in lines if telling(x)}


def by_patch_id(store: ObjectStore, wanted: Changes, commits: Sequence[str]) -> str:
    """The first of the commits (which share a path with it) that is the same patch; "" for none."""
    id = wanted.patch_id
    return next((c for c, x in read_changes(store, commits).items() if id and x.patch_id == id), "")
