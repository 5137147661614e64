"""Text on a terminal: columns, and nothing in it that could steer the terminal."""

from __future__ import annotations

import re
import unicodedata

_CONTROL = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
    "|[\U000e0000-\U000e0fff]"
)
ELLIPSIS = "..."


def harmless(text: str | bytes, *, tabs: int = 8) -> str:
    """One line of anybody's text: control, invisible and direction characters as `\\x1b` or
    `\\u202e`, bytes that are not UTF-8 as `\\xff`, tabs expanded."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    if text.isascii() and text.isprintable():
        return text
    return _CONTROL.sub(_escaped, text).expandtabs(tabs)


def _escaped(match: re.Match[str]) -> str:
    number = ord(match[0])
    if 0xDC80 <= number <= 0xDCFF:
        return f"\\x{number - 0xDC00:02x}"
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def columns(text: str) -> int:
    """How many columns a terminal gives to the text: East Asian wide characters two, marks none."""
    if text.isascii():
        return len(text)
    return sum(_columns_of(c) for c in text)


def _columns_of(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def clip(text: str, width: int) -> str:
    """The text in at most `width` columns, cut at its end."""
    if columns(text) <= width:
        return text
    return _take(text, max(0, width - len(ELLIPSIS))) + ELLIPSIS[: max(0, width)]


def clip_middle(text: str, width: int) -> str:
    """The text in at most `width` columns, cut in its middle: for names and paths."""
    if columns(text) <= width:
        return text
    room = max(0, width - len(ELLIPSIS))
    tail = _take(text[::-1], room - room // 2)[::-1]
    return _take(text, room // 2) + ELLIPSIS + tail


def _take(text: str, width: int) -> str:
    used = 0
    for at, char in enumerate(text):
        used += _columns_of(char)
        if used > width:
            return text[:at]
    return text


def pad(text: str, width: int, *, right: bool = False) -> str:
    """The text with blanks to `width` columns, on its left when it is to stand at the right."""
    blanks = " " * (width - columns(text))
    return blanks + text if right else text + blanks


def wrap(text: str, width: int, *, first: str = "", rest: str | None = None) -> list[str]:
    """Words in lines of `width` columns; `first` begins the first line, `rest` the others."""
    rest = " " * columns(first) if rest is None else rest
    if text.isascii():
        if text and text == " ".join(text.split()) and len(first) + len(text) <= width:
            return [first + text]
        import textwrap  # only here: few lines of a report are too long

        return textwrap.wrap(
            text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
        ) or [first.rstrip()]
    return _wrap_wide(text, width, first, rest)


def _wrap_wide(text: str, width: int, first: str, rest: str) -> list[str]:
    lines: list[str] = []
    line, empty = first, True
    for word in text.split():
        if not empty and columns(line) + 1 + columns(word) > width:
            lines.append(line)
            line, empty = rest, True
        while empty and columns(line) + columns(word) > width and width > columns(rest) + 1:
            head = _take(word, width - columns(line)) or word[:1]
            lines.append(line + head)
            word, line = word[len(head) :], rest
        line += word if empty else f" {word}"
        empty = False
    return [*lines, line] if line.strip() or not lines else lines
