"""What a commit's message says of other commits: which it fixes, reverts, brings again, and comes from."""

from __future__ import annotations

import re
from typing import NamedTuple

from backport.git import CommitInfo
from backport.model import CommitRef
from backport.provenance import read_provenance, read_subject

_REVERTS = re.compile(
    r"\b(?:this reverts|reverts?) (?:upstream )?(?:commits?|patch)?[:\s]+((?:[0-9a-f]{7,64}[\s,.]*(?:and\s+)?)+)",
    re.IGNORECASE,
)
_ID = re.compile(r"\b[0-9a-f]{7,64}\b")
_REVERT = re.compile(r'revert:?\s+"(.+)"\s*$|revert:\s+(.+)$', re.IGNORECASE)
_AGAIN = re.compile(r'(?:reapply|re-apply|reland|re-land)\s+"?(.+?)"?\s*$', re.IGNORECASE)


class Said(NamedTuple):
    """`upstream` are ids that it says to be a copy of, `fixes` what it fixes, `reverts` the ids and
    `reverted` the subject that it takes back (a subject that is itself `Revert "..."` is brought back);
    `again` is the subject that it brings again."""

    upstream: tuple[str, ...]
    fixes: tuple[CommitRef, ...]
    reverts: tuple[str, ...]
    reverted: str
    again: str


def said(commit: CommitInfo) -> Said:
    """Read a message. Ids are lower case, as long as they were written."""
    found = read_provenance(commit.subject, commit.body)
    title = read_subject(commit.subject).title
    revert, again = _REVERT.match(title), _AGAIN.match(title)
    reverts: list[str] = []
    if revert or again or "revert" in commit.body.lower():
        for match in _REVERTS.finditer(commit.body):
            reverts += (x.lower() for x in _ID.findall(match[1]))
    return Said(
        tuple(x.id for x in found.upstream if x.certain),
        found.fixes,
        tuple(dict.fromkeys(reverts)),
        ((revert[1] or revert[2]) if revert else "").strip(),
        again[1].strip() if again else "",
    )


def names(written: str, id: str) -> bool:
    """Whether an abbreviated id means the commit with that full id."""
    return len(written) >= 7 and id.startswith(written)


def same_title(one: str, two: str) -> bool:
    """Whether two subjects are the same, whatever mail or a downstream tree put before them."""
    return bool(one) and title(one) == title(two)


def title(subject: str) -> str:
    """A subject without labels, in one spelling of blanks and case."""
    return " ".join(read_subject(subject).title.split()).rstrip(".").lower()


def fixes(commit: Said, id: str, subject: str) -> str:
    """How a message says that it fixes a commit: "id", "subject" (another id with its subject), or ""."""
    if any(names(ref.id, id) for ref in commit.fixes):
        return "id"
    return "subject" if any(same_title(ref.subject, subject) for ref in commit.fixes) else ""


def takes_back(commit: Said, id: str, subject: str) -> bool:
    """Whether a message says that it reverts the commit, by its id or its whole subject."""
    if commit.again:
        return False
    if commit.reverts:
        return any(names(x, id) for x in commit.reverts)
    return same_title(commit.reverted, subject)
