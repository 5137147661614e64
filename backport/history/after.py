"""What came after a commit upstream: what fixes it, what takes it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from backport.git import CommitInfo
from backport.history.changes import Changes
from backport.history.messages import Said, fixes, said, same_title, takes_back
from backport.history.presence import Read, telling
from backport.history.ranges import Range
from backport.model import StrEnum


class Relation(StrEnum):
    FIX = "fix"
    REVERT = "revert"


class Later(NamedTuple):
    """A later upstream commit, and how it is known to be about the one before it (`of`)."""

    commit: CommitInfo
    relation: Relation
    of: str
    how: str


def later(after: Range, commit: str, subject: str) -> tuple[Later, ...]:
    """The commits of the range that fix or revert a commit, oldest first. A revert that was itself reverted, and the
    revert of that, are left out."""
    found: dict[str, Later] = {}
    undone: set[str] = set()
    for other in (*after.mentioning(commit), *after.quoting(subject), *after.titled(subject)):
        if other.id == commit or other.id in found:
            continue
        word = said(other)
        entry = _related(other, word, commit, subject)
        if entry is not None:
            found[other.id] = entry
            if entry.relation is Relation.REVERT:
                undone.update(x.id for x in _undoing(after, other))
    gone = {id for id, x in found.items() if x.relation is Relation.REVERT and _undoing(after, x.commit)}
    kept = (x for id, x in found.items() if id not in gone | undone)
    return tuple(sorted(kept, key=lambda x: (x.commit.committer_date, x.commit.id)))


def _related(other: CommitInfo, word: Said, commit: str, subject: str) -> Later | None:
    if takes_back(word, commit, subject):
        return Later(other, Relation.REVERT, commit, f"it reverts {commit[:12]}")
    how = fixes(word, commit, subject)
    if how == "id":
        return Later(other, Relation.FIX, commit, f"Fixes: {commit[:12]}")
    if how == "subject":
        return Later(other, Relation.FIX, commit, "its Fixes: line has another id with this subject")
    return None


def _undoing(after: Range, revert: CommitInfo) -> list[CommitInfo]:
    """The commits that revert a revert, or bring again what it took back."""
    found = [x for x in after.mentioning(revert.id) if takes_back(said(x), revert.id, revert.subject)]
    found += [x for x in after.mentioning(revert.id) if said(x).again]
    subject = said(revert).reverted
    for other in after.titled(revert.subject):
        word = said(other)
        if same_title(word.again, subject) or same_title(word.reverted, revert.subject):
            found.append(other)
    return [x for x in found if x.id != revert.id]


def applies(changes: Changes, reads: Sequence[Read]) -> str:
    """Whether the code that a fix changes is in one of the trees (the target before and after the patch): "" when it
    is, else the words for why it is not.

    It is not there when none of its files is, or when it removes telling lines and none of them stands anywhere
    in its files."""
    files = [f for f in changes.files if f.old_path]
    if not files:
        return ""
    texts = [[data for read in reads if (data := read(f.old_path)) is not None] for f in files]
    if not any(texts):
        return f"{files[0].old_path} is not in the target"
    removed = [
        (line, versions) for f, versions in zip(files, texts, strict=True) for line in _removed(f.stretches)
    ]
    if not removed or any(_in(line, version) for line, versions in removed for version in versions):
        return ""
    return "none of the lines that it changes is in the target"


def _removed(stretches: Sequence[object]) -> list[bytes]:
    return [x for s in stretches for x in getattr(s, "removed", ()) if telling(x)]


def _in(line: bytes, data: bytes) -> bool:
    key = b"".join(line.split())
    return any(b"".join(x.split()) == key for x in data.split(b"\n"))
