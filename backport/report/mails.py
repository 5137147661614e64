"""Patches as mails that `git am` takes."""

from __future__ import annotations

import re
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr

from backport.model import Patch

_TRAILER = re.compile(r"[A-Za-z][\w-]*: \S")
_SLUG = re.compile(r"[^A-Za-z0-9.]+")
_BREAKS = re.compile(
    r"^(?=---|diff -|Index: |From )|\A(?=(?:>?From|Date|Subject):|\[PATCH\]\s)", re.MULTILINE
)


def file_name(number: int, subject: str) -> str:
    """As git format-patch names its files: `0001-mm-fix-the-fault.patch`."""
    slug = _SLUG.sub("-", subject.encode("ascii", "ignore").decode("ascii")).strip("-.")[:52].strip("-.")
    return f"{number:04}-{slug or 'patch'}.patch"


def mail(
    patch: Patch, diff: bytes, number: int, of: int, *, upstream: str = "", dep_of: str = "", note: str = ""
) -> bytes:
    """One mail: author, date and message of `patch`, and `diff` for its change.

    `upstream` is the full id for `[ Upstream commit X ]` ("" none), `dep_of` the value of a `Stable-dep-of:` trailer,
    `note` what was changed on the way, which stands in square brackets below the trailers.
    """
    returns = b"\r" in diff
    position = f" {number}/{of}" if of > 1 else ""
    subject = f"[PATCH{position}] {patch.subject}"
    head = [
        f"From {patch.commit or '0' * 40} Mon Sep 17 00:00:00 2001",
        f"From: {_person(patch.author.name, patch.author.email)}",
        *([f"Date: {_date(patch.date)}"] if _date(patch.date) else []),
        f"Subject: {_header(subject, 'Subject')}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=UTF-8",
        f"Content-Transfer-Encoding: {'quoted-printable' if returns else '8bit'}",
    ]
    text = _message(patch.body, upstream, dep_of, note)
    # A line that git would take for the end of the message, or for a header in it, is moved by a blank.
    body = _BREAKS.sub(" ", text)
    letter = (body.strip("\n") + "\n" if body.strip() else "") + "---\n\n"
    content = letter.encode("utf-8", "surrogateescape") + diff + b"-- \nbackport\n\n"
    return "\n".join([*head, "", ""]).encode("utf-8", "surrogateescape") + (
        _quoted(content) if returns else content
    )


def _quoted(content: bytes) -> bytes:
    """Quoted-printable, in which git am keeps the carriage returns of a line's end; in plain text it takes them
    away (git-mailsplit(1), --keep-cr)."""
    from binascii import b2a_qp

    return b"\n".join(b2a_qp(line, istext=False) for line in content.split(b"\n"))


def _message(body: str, upstream: str, dep_of: str, note: str) -> str:
    parts = [f"[ Upstream commit {upstream} ]"] if upstream else []
    text = body.strip("\n")
    for line in (f"Stable-dep-of: {dep_of}" if dep_of else "", f"[ {note} ]" if note else ""):
        if line:
            last = text.rpartition("\n\n")[2].strip().split("\n")[-1]
            glue = "\n" if _TRAILER.match(last) else "\n\n"
            text = f"{text}{glue if text else ''}{line}"
    return "\n\n".join([*parts, *([text] if text else [])])


def _person(name: str, email: str) -> str:
    if name.isascii():
        return formataddr((name, email))
    return f"{_header(name, 'From')} <{email}>"


def _header(text: str, name: str) -> str:
    if text.isascii():
        return text
    return Header(text, "utf-8", header_name=name, maxlinelen=76).encode()


def _date(date: str) -> str:
    try:
        return format_datetime(datetime.fromisoformat(date))
    except ValueError:
        return ""
