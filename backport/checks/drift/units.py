"""C cut into what an engineer compares: heads, conditions, labels, statements, directives, elements of tables.

Pure. Invariant: the units of a text are in its order and do not overlap; white space, comments, the breaking of
lines and braces are in none of them, so that texts that differ only in these have units with equal words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from backport.csource import Token, TokenKind, is_comment_or_blank, tokens

_CONTROL = frozenset({b"if", b"for", b"while", b"switch"})
_LONE = frozenset({b"else", b"do"})
_NOISE = re.compile(rb"/\*.*?(?:\*/|\Z)|//[^\n]*|\\[ \t\r]*\n", re.DOTALL)
_BLANK = re.compile(rb"\s+")


class UnitKind(Enum):
    HEAD = "head"
    CONDITION = "condition"
    LABEL = "label"
    STATEMENT = "statement"
    DIRECTIVE = "directive"
    LONE = "lone"
    """`else` and `do`, which say nothing by themselves."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One of them: `tokens` of `source`; lines are those of the file. `cut` when the text began or ended within
    it, so that its other end is not known."""

    kind: UnitKind
    tokens: tuple[Token, ...]
    words: tuple[bytes, ...]
    source: bytes
    first: int
    last: int
    cut: bool = False

    @property
    def key(self) -> bytes:
        return b" ".join(self.words)

    def text(self, start: int = 0, stop: int | None = None) -> str:
        """Its tokens `start` to `stop` (exclusive) as they stand there, on one line and without comments."""
        part = self.tokens[start:stop]
        if not part:
            return ""
        raw = self.source[part[0].start : part[-1].start + len(part[-1].text)]
        plain = _BLANK.sub(b" ", _NOISE.sub(b" ", raw)).strip()
        return plain.decode("utf-8", "replace")


def units(
    source: bytes, first: int = 1, *, function: bool = False, fragment: bool = False
) -> tuple[Unit, ...]:
    """The units of `source`, whose first line is line `first` of its file.

    `function`: it begins with a function's head. `fragment`: it is a stretch of lines that may begin and end
    within a statement."""
    cutter = _Cutter(_without_comments(source) if fragment else source, first, function)
    found = cutter.run()
    if fragment and found:
        found = _cut_ends(found)
    return tuple(found)


def _without_comments(source: bytes) -> bytes:
    """The lines of a fragment, those that hold no code empty: it may begin within a comment."""
    lines = source.split(b"\n")
    return b"\n".join(b"" if idle else x for x, idle in zip(lines, is_comment_or_blank(lines), strict=True))


def _cut_ends(found: list[Unit]) -> list[Unit]:
    """Mark the ends of a fragment that may be cut: any first unit, and a last one that is not closed."""
    marked = list(found)
    if marked[0].kind is not UnitKind.DIRECTIVE:
        marked[0] = _as_cut(marked[0])
    last = marked[-1]
    if last.kind in (UnitKind.STATEMENT, UnitKind.HEAD) and last.words[-1] not in (b";", b","):
        marked[-1] = _as_cut(last)
    return marked


def _as_cut(unit: Unit) -> Unit:
    return Unit(unit.kind, unit.tokens, unit.words, unit.source, unit.first, unit.last, True)


class _Cutter:
    """The state of one pass over the tokens. `braces` holds, for each open brace, the depth of parentheses before
    it and whether it is a table's or enum's, whose elements end at commas."""

    def __init__(self, source: bytes, first: int, function: bool) -> None:
        self.source, self.first = source, first
        self.tokens = tokens(source)
        self.head = function
        self.found: list[Unit] = []
        self.row: list[Token] = []
        self.depth = 0
        self.braces: list[tuple[int, bool]] = []

    def run(self) -> list[Unit]:
        number, items = 0, self.tokens
        while number < len(items):
            token = items[number]
            if token.kind is TokenKind.DIRECTIVE:
                number = self.directive(number)
                continue
            self.take(token, items[number + 1].text if number + 1 < len(items) else b"")
            number += 1
        self.close()
        return self.found

    def take(self, token: Token, follows: bytes) -> None:
        text = token.text
        if text == b"{":
            self.open()
        elif text == b"}":
            self.shut()
        else:
            self.row.append(token)
            if text in (b"(", b"["):
                self.depth += 1
            elif text in (b")", b"]"):
                self.depth = max(0, self.depth - 1)
                if not self.depth and self.row[0].text in _CONTROL and text == b")":
                    self.close(UnitKind.CONDITION)
            elif not self.depth:
                self.at_top(text, follows)

    def at_top(self, text: bytes, follows: bytes) -> None:
        """A token outside of parentheses, which may end what is being read."""
        words = self.row
        if text == b";" or (text == b"," and self.braces and self.braces[-1][1]):
            self.close()
        elif text in _LONE and len(words) == 1:
            self.close(UnitKind.LONE)
        elif text == b":" and follows != b":" and self.is_label(words):
            self.close(UnitKind.LABEL)

    def is_label(self, words: Sequence[Token]) -> bool:
        if words[0].text == b"case" or (len(words) == 2 and words[0].text == b"default"):
            return True
        return len(words) == 2 and words[0].kind is TokenKind.NAME and (bool(self.braces) or not self.head)

    def open(self) -> None:
        last = self.row[-1].text if self.row else b""
        names = {t.text for t in self.row[:4]}
        table = last == b"=" or (b"enum" in names and b"(" not in {t.text for t in self.row})
        table = table or (not self.row and bool(self.braces) and self.braces[-1][1])
        table = table or (bool(self.row) and last == b",") or (last == b")" and self.casts())
        self.close(UnitKind.HEAD if self.head or self.begins_function(last) else UnitKind.STATEMENT)
        self.head = False
        self.braces.append((self.depth, table))
        self.depth = 0

    def begins_function(self, last: bytes) -> bool:
        """Whether the row is a function's head by its layout: it begins in column 0 and ends its parameters."""
        if last != b")" or self.braces or self.row[0].text in _CONTROL:
            return False
        start = self.row[0].start
        return start == 0 or self.source[start - 1 : start] == b"\n"

    def casts(self) -> bool:
        """Whether `(struct x) {` ends the row: a compound literal, and no function's or loop's head."""
        texts = [t.text for t in self.row]
        opened = len(texts) - 1 - texts[::-1].index(b"(") if b"(" in texts else -1
        before = texts[opened - 1] if opened > 0 else b""
        return before in (b"=", b"return", b",", b"&", b"(")

    def shut(self) -> None:
        self.close()
        if self.braces:
            self.depth = self.braces.pop()[0]

    def directive(self, number: int) -> int:
        """Take a directive up to the end of its line; of a #define only its name and parameters, since its body
        is cut as other code is. The number of the token after it."""
        items = self.tokens
        end = self.line_end(items[number].start)
        stop = number + 1
        while stop < len(items) and items[stop].start < end:
            stop += 1
        held, depth = self.row, self.depth
        self.row, self.depth = [], 0
        head = stop
        if items[number].text.endswith(b"define"):
            head = self.macro_head(number, stop)
            if not any(items[at].text in (b";", b"{") for at in range(head, stop)):
                head = stop
        self.row = list(items[number:head])
        self.close(UnitKind.DIRECTIVE)
        for at in range(head, stop):
            self.take(items[at], items[at + 1].text if at + 1 < stop else b"")
        self.close()
        self.row, self.depth = held, depth
        return stop

    def macro_head(self, number: int, stop: int) -> int:
        """The number of the first token of a macro's body."""
        items = self.tokens
        after = number + 2
        joined = after < stop and items[after].start == items[after - 1].start + len(items[after - 1].text)
        if joined and items[after].text == b"(":
            while after < stop and items[after].text != b")":
                after += 1
            after += 1
        return min(after, stop)

    def line_end(self, start: int) -> int:
        """The offset of the end of the line at `start`, with those that continue it."""
        source = self.source
        end = source.find(b"\n", start)
        while end >= 0 and source[start:end].rstrip(b" \t\r").endswith(b"\\"):
            end = source.find(b"\n", end + 1)
        return len(source) if end < 0 else end

    def close(self, kind: UnitKind = UnitKind.STATEMENT) -> None:
        row, self.row = self.row, []
        if not any(t.kind is not TokenKind.PUNCT for t in row):
            return
        if kind is UnitKind.STATEMENT and row[0].text in _CONTROL:
            kind = UnitKind.CONDITION
        last = row[-1]
        self.found.append(
            Unit(
                kind,
                tuple(row),
                tuple(t.text for t in (row[:-1] if last.text == b"," else row)),
                self.source,
                self.first + row[0].line - 1,
                self.first + last.line - 1,
            )
        )
        if kind is UnitKind.CONDITION:
            self.depth = 0
