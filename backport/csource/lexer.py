"""A fast lexer for C: one compiled expression, whole files or fragments."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from .patterns import BLOCK_COMMENT, CHAR, LINE_COMMENT, STRING


class TokenKind(str, Enum):
    """What a token is. DIRECTIVE is a directive's `#` and keyword; what follows it are tokens."""

    NAME = "name"
    NUMBER = "number"
    STRING = "string"
    CHAR = "char"
    PUNCT = "punct"
    DIRECTIVE = "directive"


class Token(NamedTuple):
    """A token: `line` is 1-based, `start` the offset of its first byte."""

    kind: TokenKind
    text: bytes
    line: int
    start: int


_PUNCT = rb"\.\.\.|<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^!=<>]=|##"
_NAME = rb"[A-Za-z_$\x80-\xff][\w$\x80-\xff]*+"
_NUMBER = rb"\.?[0-9](?:[eEpP][-+]|[\w.])*+"
_DIRECTIVE_HEAD = rb"#[ \t]*+[A-Za-z_]++"

_TOKEN = re.compile(
    rb"(?P<space>(?:[ \t\n\r\f\v]|\\[ \t\r]*+\n)++|" + BLOCK_COMMENT + rb"|" + LINE_COMMENT + rb")"
    rb"|(?P<name>" + _NAME + rb")"
    rb"|(?P<number>" + _NUMBER + rb")"
    rb"|(?P<string>" + STRING + rb")"
    rb"|(?P<char>" + CHAR + rb")"
    rb"|(?P<directive>" + _DIRECTIVE_HEAD + rb")"
    rb"|(?P<punct>" + _PUNCT + rb"|.)",
    re.DOTALL,
)
_KINDS = {x.value: x for x in TokenKind}


def tokens(data: bytes) -> tuple[Token, ...]:
    """The tokens of `data`, comments and white space left out; every other byte is in a token.

    Never raises: a comment that is not closed reaches to the end of the data, a string or character
    constant that is not closed to the end of its line. `#` and the word after it are a DIRECTIVE
    only where they begin a line; elsewhere they are PUNCT and NAME.
    """
    found: list[Token] = []
    add = found.append
    line, counted, fresh = 1, 0, True
    position, size, match_at = 0, len(data), _TOKEN.match
    while position < size:
        match = match_at(data, position)
        if match is None:
            break
        kind, start, position = match.lastgroup or "punct", match.start(), match.end()
        if kind == "space":
            if not fresh and data[start] != 0x2F:
                fresh = b"\n" in SPLICED.sub(b"", match[0])
            continue
        if start != counted:
            line += data.count(b"\n", counted, start)
            counted = start
        if kind == "directive" and not fresh:
            add(Token(TokenKind.PUNCT, b"#", line, start))
            position = start + 1
        else:
            add(Token(_KINDS[kind], match[0], line, start))
        fresh = False
    return tuple(found)


SPLICED = re.compile(rb"\\[ \t\r]*+\n")

_LINE_PIECE = re.compile(
    rb"(?P<skip>[ \t\r\n\f\v]++|//.*+|/\*.*?\*/)|(?P<open>/\*.*+)|(?P<token>"
    + _NAME
    + rb"|"
    + _NUMBER
    + rb"|"
    + STRING
    + rb"|"
    + CHAR
    + rb"|"
    + _PUNCT
    + rb"|.)",
    re.DOTALL,
)


def line_tokens(lines: Sequence[bytes]) -> tuple[tuple[bytes, ...], ...]:
    """The code tokens of each line of a fragment: one tuple per line, empty for a line that is blank
    or wholly comment.

    The state of a block comment is carried from line to line. A comment whose beginning is not in the
    fragment is known by a `*/` that comes before any `/*`, and by lines that begin with `* ` where
    a statement would begin.
    """
    inside = _begins_in_comment(lines)
    fresh = True
    result: list[tuple[bytes, ...]] = []
    for line in lines:
        if not inside and fresh and _STAR_LINE.match(line):
            result.append(_after_comment(line))
            continue
        row, inside = _one_line(line, inside)
        if row:
            fresh = row[-1] in _STATEMENT_ENDS
        result.append(row)
    return tuple(result)


def is_comment_or_blank(lines: Sequence[bytes]) -> tuple[bool, ...]:
    """For each line of a fragment, whether it holds no code."""
    return tuple(not x for x in line_tokens(lines))


_STATEMENT_ENDS = frozenset({b";", b"{", b"}", b":"})
_STAR_LINE = re.compile(rb"\s*\*(?:\s|/|\Z)")
_MARK = re.compile(STRING + rb"|//.*|(?P<mark>/\*|\*/)", re.DOTALL)


def _after_comment(line: bytes) -> tuple[bytes, ...]:
    """The code after a `*/` on a comment's line."""
    end = line.find(b"*/")
    return () if end < 0 else _one_line(line, True)[0]


def _one_line(line: bytes, inside: bool) -> tuple[tuple[bytes, ...], bool]:
    """The tokens of one line, and whether a block comment is open at its end."""
    position = 0
    if inside:
        position = line.find(b"*/") + 2
        if position == 1:
            return (), True
    row: list[bytes] = []
    for match in _LINE_PIECE.finditer(line, position):
        if match.lastgroup == "token":
            row.append(match[0])
        elif match.lastgroup == "open":
            return tuple(row), True
    if row and row[-1] == b"\\":
        row.pop()
    return tuple(row), False


def _begins_in_comment(lines: Sequence[bytes]) -> bool:
    """Whether the fragment's first line stands within a comment whose beginning is not here, and
    whose lines do not begin with `*` (those that do are known one by one)."""
    for number, line in enumerate(lines):
        mark = _first_mark(line)
        if mark == b"*/":
            starred = number > 0 and _STAR_LINE.match(lines[number - 1])
            return number > 0 and not starred if _STAR_LINE.match(line) else True
        if mark == b"/*":
            return False
    return False


def _first_mark(line: bytes) -> bytes:
    """The first of `/*` and `*/` on a line, strings and line comments aside, or b""."""
    if b"*/" not in line and b"/*" not in line:
        return b""
    for match in _MARK.finditer(line):
        if match.lastgroup:
            return match["mark"]
    return b""
