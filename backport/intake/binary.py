"""`GIT binary patch`: carried through verbatim, and looked at only to know that it is whole."""

from __future__ import annotations

import base64
import re
import zlib

from backport.errors import DamagedPatchError
from backport.intake.text import Text

_HEAD = re.compile(rb"(literal|delta) (\d{1,12})\r?")
_LINE = re.compile(rb"[A-Za-z][0-9A-Za-z!#$%&()*+;<=>?@^_`{|}~-]+\r?")


def read(text: Text, start: int, name: str) -> tuple[bytes, int]:
    """The lines of a binary patch whose first line is at index `start`, and the index after it.

    Raises DamagedPatchError where a block does not inflate to the size that it names."""
    at, last = start + 1, start + 1
    while at < len(text) and (match := _HEAD.fullmatch(text.lines[at])):
        at = _block(text, at, int(match[2]), name)
        last = at
        while at < len(text) and not text.lines[at].strip():
            at += 1
    if last == start + 1:
        raise DamagedPatchError(name, text.number(start), "a binary patch holds no data")
    return b"".join(x + b"\n" for x in text.lines[start:last]), at


def _block(text: Text, head: int, size: int, name: str) -> int:
    """Index after one block: base 85 lines whose first letter is their length (git's base85.c)."""
    at = head + 1
    packed = bytearray()
    while at < len(text) and _LINE.fullmatch(text.lines[at]):
        packed += _decode(text, at, name)
        at += 1
    # Inflate no more than the block names: a small patch may hold a very large one.
    engine = zlib.decompressobj()
    try:
        data = engine.decompress(bytes(packed), size + 1)
    except zlib.error:
        raise DamagedPatchError(name, text.number(head), "this binary patch is damaged") from None
    if len(data) != size:
        raise DamagedPatchError(name, text.number(head), "this binary patch is cut off")
    return at


def _decode(text: Text, at: int, name: str) -> bytes:
    line = text.lines[at].rstrip(b"\r")
    letter = line[0]
    length = letter - 64 if letter < 91 else letter - 96 + 26
    try:
        data = base64.b85decode(line[1:])
    except ValueError:
        data = b""
    if len(data) < length:
        raise DamagedPatchError(name, text.number(at), "this line of a binary patch is damaged")
    return data[:length]
