"""A patch put together from a message and a diff."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from backport.intake.dates import iso_date
from backport.intake.diff import parse_text
from backport.intake.mime import Mail, body_text, decode_charset
from backport.intake.text import Text
from backport.model import Patch, Person, Provenance, Repair, UpstreamId
from backport.provenance import read_provenance, strip_subject

_INBODY = re.compile(r"(From|Subject|Date):\s*(.*)|>(From):?\s+(.*)", re.IGNORECASE)
_ORIGINAL = re.compile(rb"-{5,} ?original commit", re.IGNORECASE)
_PATCHLIKE = re.compile(rb"diff -|Index: ")
_DATED = re.compile(r"<?([^<>\s]+@[^<>\s]+)>?")
FAILED_SUBJECT = re.compile(r"FAILED: patch ", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail's text as a person reads it: who, when, what about, the message, and the rest below it
    (notes, diffstat and diff) as lines of the document."""

    subject: str
    author: Person
    date: str
    log: str
    rest: Text
    notes: str
    repairs: tuple[Repair, ...] = ()


def is_patch_break(line: bytes) -> bool:
    """Whether a message ends above this line: the rule of git mailinfo (git-am(1), DISCUSSION)."""
    if _PATCHLIKE.match(line):
        return True
    if not line.startswith(b"---"):
        return False
    return (line[3:4] == b" " and line[4:5].strip() != b"") or not line[3:].strip()


def split_message(text: Text) -> tuple[Text, Text]:
    """The message, and what stands from the first line of a patch on."""
    for at, line in enumerate(text.lines):
        if is_patch_break(line):
            return text.part(0, at), text.part(at)
    return text, Text([], [])


def without_signature(text: str) -> str:
    """A letter's text above its `-- ` line."""
    return text.partition("\n-- \n")[0].rstrip()


def person(value: str) -> Person:
    """Name and address of a `From:` field."""
    from email.utils import parseaddr

    name, email = parseaddr(value)
    if "@" not in email:
        found = _DATED.search(value)
        email = found[1] if found else ""
        name = value.replace(found[0], "").strip(" <>\"'") if found else value.strip().strip('"')
    return Person(name.strip() or email.partition("@")[0], email)


def message_id(mail: Mail) -> str:
    """The Message-ID without its angle brackets."""
    value = mail.get("message-id")
    found = re.search(r"<([^<>\s]+)>", value)
    return found[1] if found else value.strip()


def read_letter(mail: Mail) -> Letter:
    """A mail's text; `From:`, `Subject:` and `Date:` at the head of its body win over its header."""
    text, charset, mended = body_text(mail)
    head, rest = split_message(text)
    lines = [decode_charset(x, charset).removesuffix("\r") for x in head.lines]
    inbody, log = _inbody(lines)
    subject = inbody.get("subject") or mail.get("subject")
    author = person(inbody.get("from") or mail.get("from") or mail.get("author"))
    date = iso_date(inbody.get("date") or mail.get("date"))
    notes = "\n".join(decode_charset(x, charset) for x in rest.lines)
    return Letter(subject, author, date, "\n".join(log).strip("\n"), rest, notes, mended)


def _inbody(lines: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Header lines at the start of a body, as git mailinfo takes them, and the lines below."""
    found: dict[str, str] = {}
    at = 0
    while at < len(lines) and not lines[at].strip():
        at += 1
    first, name = at, ""
    while at < len(lines):
        line = lines[at]
        match = _INBODY.fullmatch(line)
        if match and (match[1] or match[3]).lower() not in found:
            name = (match[1] or match[3]).lower()
            found[name] = (match[2] or match[4] or "").strip()
        elif name and line[:1] in (" ", "\t") and line.strip():
            found[name] += " " + line.strip()
        else:
            break
        at += 1
    if found and "@" not in found.get("from", "@"):
        return {}, list(lines[first:])
    return found, list(lines[at:] if found else lines[first:])


def patch_of_letter(letter: Letter, mail: Mail, name: str, form: str) -> Patch:
    """The patch of a mail; without files where it holds no diff. Raises as `parse_text`."""
    parsed = parse_text(letter.rest, name)
    provenance = read_provenance(
        letter.subject, _whole(letter.log, letter.notes), from_line=mail.from_line, headers=mail.headers
    )
    return Patch(
        subject=strip_subject(letter.subject),
        author=letter.author,
        date=letter.date,
        body=letter.log.rstrip(),
        files=parsed.files,
        provenance=provenance,
        message_id=message_id(mail),
        repairs=tuple(sorted((*letter.repairs, *parsed.repairs), key=lambda x: x.line)),
        document=name,
        form=form,
    )


def _whole(log: str, notes: str) -> str:
    return f"{log}\n---\n{notes}" if notes else log


def failed_part(mail: Mail) -> tuple[Text, str] | None:
    """In a FAILED mail of the stable team, the original commit's mail (without its `From ` line) and
    that line; None in any other mail."""
    if not FAILED_SUBJECT.match(strip_subject(mail.get("subject"))):
        return None
    text, _, _ = body_text(mail)
    start = next((at for at, line in enumerate(text.lines) if _ORIGINAL.match(line)), 0)
    for at in range(start, len(text)):
        line = text.lines[at].removeprefix(b">")
        if re.match(rb"From [0-9a-f]{40,64} ", line):
            return text.part(at + 1), line.decode("ascii", "replace")
    return None


def failed_patch(outer: Mail, inner: Mail, name: str) -> Patch:
    """The patch that a FAILED mail is about, with the mail's word on commit and tree."""
    patch = patch_of_letter(read_letter(inner), inner, name, "stable-failed")
    text, charset, _ = body_text(outer)
    body = "\n".join(decode_charset(x, charset) for x in text.lines)
    mail = read_provenance(outer.get("subject"), body)
    joined = replace(
        patch.provenance,
        upstream=_joined(mail, patch.provenance),
        failed_tree=mail.failed_tree,
        tags=patch.provenance.tags or mail.tags,
    )
    return replace(patch, provenance=joined, message_id=message_id(outer))


def _joined(first: Provenance, second: Provenance) -> tuple[UpstreamId, ...]:
    more = [x for x in second.upstream if all(x.id != y.id for y in first.upstream)]
    return (*first.upstream, *(x for x in more if x.certain))
