"""A patch's history in words, the same for every face: the commits before it and after it, and the ways to land it."""

from __future__ import annotations

from dataclasses import dataclass

from backport.model import CommitNote, PatchReport
from backport.report.summary import size_words, which


@dataclass(frozen=True, slots=True)
class Listed:
    """A commit of a list: its id and subject are somebody's, `words` are ours with names in them."""

    commit: str
    subject: str
    words: str


def neighbours(patch: PatchReport) -> list[tuple[str, list[Listed]]]:
    """The lists that are not empty, each with its title: what is needed first, what changed the same lines and is not
    needed, what came after."""
    before = [n for n in patch.prerequisites if n.kind not in ("incidental", "adaptable")]
    beside = [n for n in patch.prerequisites if n.kind in ("incidental", "adaptable")]
    titled = (
        ("Needs first", before),
        ("Changed the same lines upstream", beside),
        ("Came after", list(patch.followups)),
    )
    return [(title, [_listed(n) for n in notes]) for title, notes in titled if notes]


def _listed(note: CommitNote) -> Listed:
    words = note.state
    if note.kind in ("incidental", "adaptable"):
        words = note.kind if note.state == "missing" else f"{note.kind}, {note.state}"
    elif note.kind == "revert":
        words = f"a revert, {note.state}"
    if note.reason:
        words += f": {note.reason}"
    cost = size_words(note) if note.lines else ""
    more = "; ".join(x for x in (f"at {which(list(note.hunks))}" if note.hunks else "", cost) if x)
    return Listed(note.commit, note.subject, f"{words} ({more})" if more else words)


def ways(patch: PatchReport) -> list[str]:
    """The ways to make the patch land, a sentence each; what was not found to land says so."""
    return [
        f"{answer.message[:1].upper()}{answer.message[1:]}." if answer.message else ""
        for answer in patch.answers
    ]
