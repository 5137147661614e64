"""Messages of an mbox apart: mboxo, mboxrd (`>From`), mboxcl and mboxcl2 (Content-Length)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from backport.intake.mime import Mail, header_end, read_mail
from backport.intake.text import Text, decode

_FROM = re.compile(
    rb"From \S.*\d{2}:\d{2}(?::\d{2})?.*\d{4}|From [0-9a-f]{40,64} |From \S+@\S+(?: |\r?$)|From - \w"
)
_HEADER = re.compile(rb"[A-Za-z][A-Za-z0-9-]*:(?:[ \t]|\r?$)|>From ")
_QUOTED = re.compile(rb">+From ")
_LENGTH = re.compile(rb"content-length:\s*(\d{1,12})\s*", re.IGNORECASE)
_ORIGINAL = re.compile(rb"-{5,} ?original commit", re.IGNORECASE)


def is_mbox(text: Text) -> bool:
    """Whether the text begins with a `From ` line and header lines below."""
    return len(text) > 1 and bool(_FROM.match(text.lines[0])) and bool(_HEADER.match(text.lines[1]))


def read_mbox(text: Text) -> list[Mail]:
    """The mails of an mbox in their order."""
    mails = []
    at = 0
    while at < len(text):
        end = _message_end(text, at)
        from_line = decode(text.lines[at]).strip()
        # The blank line before the next `From ` is the mailbox's, not the mail's.
        body = text.part(at + 1, end - 1 if end > at + 1 and not text.lines[end - 1] else end)
        mails.append(read_mail(_unquoted(body) if not _length(body) else body, from_line))
        at = end
    return mails


def _message_end(text: Text, start: int) -> int:
    """Index of the next message's `From ` line, or of the end."""
    counted = _counted_end(text, start)
    if counted is not None:
        return counted
    for at in range(start + 1, len(text)):
        if text.lines[at].startswith(b"From ") and _begins(text.lines, at):
            return at
    return len(text)


def _begins(lines: Sequence[bytes], at: int) -> bool:
    """Whether a message begins here: a `From ` line below a blank one, with a header line next. What
    the stable team's FAILED mails quote below `original commit` is part of them."""
    if not _FROM.match(lines[at]) or at + 1 >= len(lines) or not _HEADER.match(lines[at + 1]):
        return False
    if lines[at - 1].strip():
        return False
    above = next((x for x in reversed(lines[max(0, at - 4) : at]) if x.strip()), b"")
    return not _ORIGINAL.match(above)


def _length(message: Text) -> int | None:
    for line in message.lines[: header_end(message)]:
        match = _LENGTH.fullmatch(line)
        if match:
            return int(match[1])
    return None


def _counted_end(text: Text, start: int) -> int | None:
    """The end by Content-Length, believed only where a message or the end stands there."""
    message = text.part(start + 1)
    length = _length(message)
    if length is None:
        return None
    at = start + 1 + header_end(message) + 1
    while at < len(text) and length > 0:
        length -= len(text.lines[at]) + 1
        at += 1
    if length not in (0, -1):
        return None
    while at < len(text) and not text.lines[at].strip():
        at += 1
    return at if at == len(text) or _FROM.match(text.lines[at]) else None


def _unquoted(message: Text) -> Text:
    """One `>` taken off quoted `From ` lines. No line of a diff begins with one."""
    if not any(x.startswith(b">") for x in message.lines):
        return message
    return message.with_lines([x[1:] if _QUOTED.match(x) else x for x in message.lines])
