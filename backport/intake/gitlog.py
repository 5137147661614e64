"""What `git show` and `git log -p` print: commits with their messages indented."""

from __future__ import annotations

import re
from collections.abc import Iterator

from backport.errors import InputError
from backport.intake.dates import iso_date
from backport.intake.diff import parse_text
from backport.intake.message import person
from backport.intake.text import Text, decode
from backport.model import Patch
from backport.provenance import read_provenance, strip_subject

_COMMIT = re.compile(rb"commit ([0-9a-f]{7,64})\b(?: \(.*\)|(?: [0-9a-f]{7,64})*)?\s*")
_FIELD = re.compile(
    r"(Author|AuthorDate|Commit|CommitDate|Date|Merge|author|committer|tree|parent|Notes.*):?\s+(.*)"
)
_EPOCH = re.compile(r"(.*>) (\d+) ([+-]\d{4})")


def is_log(text: Text) -> bool:
    """Whether the text begins with `commit X` and the fields of a commit below."""
    lines = [x for x in text.lines[:8] if x.strip()]
    return (
        len(lines) > 1
        and bool(_COMMIT.fullmatch(lines[0]))
        and bool(_FIELD.fullmatch(decode(lines[1]).strip()))
    )


def entries(text: Text) -> Iterator[Text]:
    """The commits of a log, newest first as git prints them, each as a text of its own."""
    starts = [at for at in range(len(text)) if _begins(text, at)]
    for start, stop in zip(starts, [*starts[1:], len(text)], strict=True):
        yield text.part(start, stop)


def _begins(text: Text, at: int) -> bool:
    if not text.lines[at].startswith(b"commit ") or not _COMMIT.fullmatch(text.lines[at]):
        return False
    return at + 1 < len(text) and bool(_FIELD.fullmatch(decode(text.lines[at + 1]).strip()))


def read_entry(text: Text, name: str) -> Patch:
    """One commit of a log. Raises as `parse_text`, and InputError for a merge."""
    match = _COMMIT.fullmatch(text.lines[0])
    assert match is not None
    commit = match[1].decode()
    fields, at = _fields(text)
    if "merge" in fields:
        raise InputError(
            f"{name}:{text.number(0)}: {commit[:12]} is a merge", "give the commits that it merges"
        )
    message, at = _message(text, at)
    subject, _, body = "\n".join(message).strip("\n").partition("\n\n")
    parsed = parse_text(text.part(at), name)
    author, date = _author(fields)
    subject = " ".join(subject.split())
    return Patch(
        subject=strip_subject(subject),
        author=person(author),
        date=date,
        body=body.strip("\n"),
        files=parsed.files,
        provenance=read_provenance(subject, body, from_line=f"From {commit} "),
        repairs=parsed.repairs,
        document=name,
        form="git-log",
    )


def _fields(text: Text) -> tuple[dict[str, str], int]:
    found: dict[str, str] = {}
    at = 1
    while at < len(text) and text.lines[at].strip():
        match = _FIELD.fullmatch(decode(text.lines[at]).strip())
        if not match:
            break
        found.setdefault(match[1].lower(), match[2])
        at += 1
    return found, at


def _author(fields: dict[str, str]) -> tuple[str, str]:
    value = fields.get("author", "")
    raw = _EPOCH.fullmatch(value)
    if raw:
        from datetime import datetime, timedelta, timezone

        sign = -1 if raw[3][0] == "-" else 1
        zone = timezone(sign * timedelta(hours=int(raw[3][1:3]), minutes=int(raw[3][3:])))
        return raw[1], datetime.fromtimestamp(int(raw[2]), zone).isoformat()
    return value, iso_date(fields.get("authordate") or fields.get("date") or "")


def _message(text: Text, at: int) -> tuple[list[str], int]:
    """The indented lines, and the index after them; notes of `git notes` are left out."""
    lines: list[str] = []
    while at < len(text) and (text.lines[at].startswith(b"    ") or not text.lines[at].strip()):
        lines.append(decode(text.lines[at][4:]).rstrip())
        at += 1
    return lines, at
