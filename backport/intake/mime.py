"""One mail: its headers decoded, its parts' bytes out of their transfer encoding.

The lines of a part remember where they stood in the document, whatever the encoding. The bytes of a
diff are left in the mail's charset, as `git mailinfo` leaves them; only messages are decoded.
"""

from __future__ import annotations

import base64
import binascii
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from backport.intake import repairs
from backport.intake.text import Text, concatenate, decode
from backport.model import Repair, RepairKind, Severity

if TYPE_CHECKING:
    from email.message import Message

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:[ \t]*(.*)", re.DOTALL)
_WORD = re.compile(r"=\?[^?]+\?[bqBQ]\?[^?]*\?=")
_TEXT_TYPES = ("text/plain", "text/x-patch", "text/x-diff", "text/x-csrc", "text/x-c", "application/x-patch")
_PATCH_NAME = re.compile(r"\.(?:patch|diff|txt|mbox|eml)$", re.IGNORECASE)
_MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf of a mail. `filename` is that of an attachment, else ""."""

    kind: str
    charset: str
    filename: str
    text: Text
    repairs: tuple[Repair, ...] = ()


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail. `headers` are decoded, in their order; `from_line` is the mbox's `From ` line or ""."""

    headers: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]
    from_line: str = ""
    line: int = 1

    def get(self, name: str) -> str:
        """The first header of that name, "" where there is none."""
        return next((v for n, v in self.headers if n.lower() == name), "")

    def all(self, name: str) -> tuple[str, ...]:
        return tuple(v for n, v in self.headers if n.lower() == name)


def header_end(text: Text) -> int:
    """Index of the blank line that ends the header lines at the start of `text` (or the index of the
    first line that is none)."""
    for at, line in enumerate(text.lines):
        if not line.strip():
            return at
        if line.startswith(b"Index: ") or not (_FIELD.match(line) or (at and line[:1] in (b" ", b"\t"))):
            return at
    return len(text)


def read_mail(text: Text, from_line: str = "") -> Mail:
    """The mail that `text` is, header lines first. Nothing is raised: what cannot be decoded is
    left as it is."""
    if text.lines and text.lines[0].endswith(b"\r"):
        # On the wire every line of a mail ends in CR LF (RFC 5322, 2.1): no damage, only the form.
        text = text.with_lines([x.removesuffix(b"\r") for x in text.lines])
    end = header_end(text)
    headers = tuple(_headers(text.lines[:end]))
    start = end + 1 if end < len(text) and not text.lines[end].strip() else end
    message = _message(text.lines[:end])
    parts = tuple(_parts(message, text.part(start), 0))
    return Mail(headers, parts, from_line, text.number(0) if len(text) else 1)


def _headers(lines: Sequence[bytes]) -> Iterator[tuple[str, str]]:
    name, value = b"", b""
    for line in [*lines, b""]:
        if line[:1] in (b" ", b"\t") and name:
            value += b" " + line.strip()
            continue
        if name:
            yield name.decode("ascii", "replace"), decode_words(decode(value))
        match = _FIELD.match(line)
        name, value = (match[1], match[2].strip()) if match else (b"", b"")


def decode_words(value: str) -> str:
    """A header's text with its RFC 2047 words decoded; as it is where one is damaged."""
    if not _WORD.search(value):
        return value
    from email.errors import MessageError
    from email.header import decode_header

    try:
        parts = decode_header(value)
    except (MessageError, ValueError):
        return value
    found = [x if isinstance(x, str) else _decode_charset(x, charset or "") for x, charset in parts]
    return "".join(found).replace("\n", " ")


def _decode_charset(data: bytes, charset: str) -> str:
    """Bytes of a charset that may be unknown, wrong or missing (then UTF-8, else latin-1)."""
    if charset and charset.lower() not in ("unknown-8bit", "us-ascii", "ascii"):
        try:
            return data.decode(charset)
        except (LookupError, UnicodeDecodeError, ValueError):
            pass
    return decode(data)


def decode_charset(data: bytes, charset: str) -> str:
    """The text of a message in the charset that its part names."""
    return _decode_charset(data, charset)


def _message(lines: Sequence[bytes]) -> Message:
    from email.parser import BytesHeaderParser

    wanted = b"\n".join(lines) + b"\n\n"
    return BytesHeaderParser().parsebytes(wanted)


def _parts(message: Message, body: Text, depth: int) -> Iterator[Part]:
    boundary = message.get_boundary() if message.get_content_maintype() == "multipart" else None
    if boundary and depth < _MAX_DEPTH:
        chosen = list(_split(body, str(boundary).encode("utf-8", "replace")))
        inner = [list(_part(x, depth)) for x in chosen]
        if message.get_content_type() == "multipart/alternative":
            plain = [x for x in inner if any(p.kind == "text/plain" for p in x)]
            inner = plain[:1] or inner[:1]
        for parts in inner:
            yield from parts
        return
    if message.get_content_type() == "message/rfc822" and depth < _MAX_DEPTH:
        yield from _part(body, depth)
        return
    text, mended = _decoded(message, body)
    yield Part(
        message.get_content_type(),
        str(message.get_content_charset() or ""),
        decode_words(str(message.get_filename() or "")),
        text,
        mended,
    )


def _part(text: Text, depth: int) -> Iterator[Part]:
    end = header_end(text)
    start = end + 1 if end < len(text) and not text.lines[end].strip() else end
    yield from _parts(_message(text.lines[:end]), text.part(start), depth + 1)


def _split(body: Text, boundary: bytes) -> Iterator[Text]:
    """The parts between boundary lines (RFC 2046, 5.1.1): the line feed before one belongs to it."""
    mark, last = b"--" + boundary, b"--" + boundary + b"--"
    start: int | None = None
    for at, line in enumerate(body.lines):
        plain = line.rstrip()
        if plain not in (mark, last):
            continue
        if start is not None:
            yield Text(body.lines[start:at], body.numbers[start:at], True)
        start = at + 1
        if plain == last:
            return
    if start is not None:
        yield body.part(start)


def _decoded(message: Message, body: Text) -> tuple[Text, tuple[Repair, ...]]:
    encoding = str(message.get("Content-Transfer-Encoding", "")).strip().lower()
    text = body
    if encoding == "quoted-printable":
        text = _quoted_printable(body)
    elif encoding == "base64":
        text = _base64(body)
    if (
        str(message.get_param("format", "")).lower() == "flowed"
        and message.get_content_type() == "text/plain"
    ):
        return _flowed(text, delsp=str(message.get_param("delsp", "")).lower() == "yes")
    return text, ()


def _quoted_printable(body: Text) -> Text:
    lines: list[bytes] = []
    numbers: list[int] = []
    open_line, begun = b"", 0
    for line, number in zip(body.lines, body.numbers, strict=True):
        begun = begun or number
        plain = line.rstrip(b" \t\r")
        soft = plain.endswith(b"=")
        open_line += binascii.a2b_qp(plain[:-1] if soft else plain)
        if not soft:
            for one in open_line.split(b"\n"):
                lines.append(one)
                numbers.append(begun)
            open_line, begun = b"", 0
    if open_line:
        lines.append(open_line)
        numbers.append(begun)
    return Text(lines, numbers, body.complete and not open_line)


def _base64(body: Text) -> Text:
    clean = [re.sub(rb"[^A-Za-z0-9+/]", b"", x) for x in body.lines]
    joined = b"".join(clean)
    try:
        data = base64.b64decode(joined + b"=" * (-len(joined) % 4))
    except binascii.Error:
        return body
    ends = list(accumulate(len(x) for x in clean))
    decoded = Text.of(data)
    starts = accumulate((len(x) + 1 for x in decoded.lines), initial=0)
    places = [min(bisect_right(ends, start * 4 // 3), len(body) - 1) for start in starts][: len(decoded)]
    return Text(decoded.lines, [body.number(x) for x in places], decoded.complete)


def _flowed(body: Text, *, delsp: bool) -> tuple[Text, tuple[Repair, ...]]:
    """Soft line breaks joined and stuffed blanks taken off (RFC 3676), as git mailinfo does."""
    lines: list[bytes] = []
    numbers: list[int] = []
    joined: list[int] = []
    before, begun = b"", 0
    for raw, number in zip(body.lines, body.numbers, strict=True):
        line = raw.removesuffix(b"\r")
        if line == b"-- ":
            if before:
                lines.append(before)
                numbers.append(begun)
            lines.append(line)
            numbers.append(number)
            before = b""
            continue
        line = line[1:] if line.startswith(b" ") else line
        if before:
            joined.append(number)
        else:
            begun = number
        if line.endswith(b" "):
            before += line[:-1] if delsp else line
            continue
        lines.append(before + line)
        numbers.append(begun)
        before = b""
    if before:
        lines.append(before)
        numbers.append(begun)
    what = f"format=flowed: {repairs.counted(joined, 'line was', 'lines were')} joined to the line above"
    mended = (repairs.repair(RepairKind.FORMAT_FLOWED, Severity.NOTE, joined, what),) if joined else ()
    return Text(lines, numbers, body.complete), mended


def body_text(mail: Mail) -> tuple[Text, str, tuple[Repair, ...]]:
    """What of a mail is read as message and diff: its text parts one after the other, and attached
    patches. With it the charset of the first, and what was mended."""
    wanted = [x for x in mail.parts if _wanted(x)]
    if not wanted:
        return Text([], []), "", ()
    mended = tuple(r for x in wanted for r in x.repairs)
    return concatenate(x.text for x in wanted), wanted[0].charset, mended


def _wanted(part: Part) -> bool:
    return (
        part.kind in _TEXT_TYPES or bool(_PATCH_NAME.search(part.filename)) or part.kind.startswith("text/x-")
    )
