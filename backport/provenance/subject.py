"""Subjects: what the mail added, the tags of a downstream tree, version and place in a series."""

from __future__ import annotations

import re
from dataclasses import dataclass

_REPLY = re.compile(r"(?:re|aw|sv|fwd?|wg)\s*:\s*", re.IGNORECASE)
_BRACKET = re.compile(r"\[([^\[\]]*)\]\s*")
_MAIL_WORD = re.compile(r"\b(?:PATCH\w*|RFC|RESEND|AUTOSEL|GIT PULL)\b", re.IGNORECASE)
_VERSION = re.compile(r"(?<![\w.])(?:PATCH)?v(\d{1,3})(?![\w.-])", re.IGNORECASE)
_POSITION = re.compile(r"(?<![\w./])(\d{1,4})/(\d{1,4})(?![\w./])")
_LABEL = re.compile(
    r"(?:v\d{1,3}|\d{1,4}/\d{1,4}|RFC|RESEND|[\w./-]+)(?:[, ]\s*(?:v\d{1,3}|\d{1,4}/\d{1,4}))*"
)
_TAG = re.compile(
    r"(UPSTREAM|BACKPORT|FROMGIT|FROMLIST|FROMPULL|ANDROID|CHROMIUM|UBUNTU|SAUCE|VENDOR|FIXUP|DEBIAN|NOUPSTREAM)"
    r"\s*:\s*"
)


@dataclass(frozen=True, slots=True)
class SubjectLine:
    """A subject taken apart. `text` keeps tags such as `BACKPORT:`, `title` does not; `version` and
    `position` are None where the subject names none; `reply` says that it began with `Re:`."""

    text: str
    title: str
    tags: tuple[str, ...] = ()
    version: int | None = None
    position: tuple[int, int] | None = None
    reply: bool = False
    patch: bool = False


def read_subject(subject: str) -> SubjectLine:
    """The parts of a subject line, as mail programs, git and Patchwork write it."""
    rest = " ".join(subject.split())
    reply = patch = False
    version: int | None = None
    position: tuple[int, int] | None = None
    while True:
        match = _REPLY.match(rest)
        if match:
            reply = True
            rest = rest[match.end() :]
            continue
        match = _BRACKET.match(rest)
        if not match or not _from_mail(match[1]):
            break
        patch = True
        found = _VERSION.search(match[1])
        version = int(found[1]) if found else version
        position = _position(match[1]) or position
        rest = rest[match.end() :]
    tags, title = _tags(rest)
    return SubjectLine(rest, title, tags, version, position, reply, patch)


def strip_subject(subject: str) -> str:
    """The subject without what mail put before it (`Re:`, `[PATCH v6 2/7]`, `[v6,2/7]`); tags such as
    `BACKPORT:` stay, and so do brackets that are the author's own."""
    return read_subject(subject).text


def _from_mail(words: str) -> bool:
    """Whether a bracket is a mail's: it says PATCH, or is Patchwork's list of version, place and tree."""
    if _MAIL_WORD.search(words):
        return True
    parts = [x.strip() for x in words.split(",")]
    return any(_VERSION.fullmatch(x) or _POSITION.fullmatch(x) for x in re.split(r"[,\s]+", words)) and all(
        _LABEL.fullmatch(x) for x in parts
    )


def _position(words: str) -> tuple[int, int] | None:
    found = _POSITION.findall(words)
    if not found:
        return None
    index, total = (int(x) for x in found[-1])
    return (index, total) if index <= total and total else None


def _tags(text: str) -> tuple[tuple[str, ...], str]:
    tags: list[str] = []
    rest = text
    while match := _TAG.match(rest):
        tags.append(match[1])
        rest = rest[match.end() :]
    return tuple(tags), rest
