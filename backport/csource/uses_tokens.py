"""Tokens of a stretch of C with its directives taken out, its brackets matched and its blocks known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from .dialect import read_data
from .lexer import TokenKind, tokens

_LINE_END = re.compile(rb"(?:[^\\\n]|\\(?![ \t\r]*\n)|\\[ \t\r]*\n)*+")
_OPEN = {"(": ")", "[": "]", "{": "}"}
_CLOSE = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True)
class Words:
    """The tables of `uses.toml`: words that are no uses, and macros that declare."""

    keywords: frozenset[str]
    statements: frozenset[str]
    basic: frozenset[str]
    qualifiers: frozenset[str]
    builtin: re.Pattern[str]
    declaring: re.Pattern[str]
    library: frozenset[str]
    locking: re.Pattern[str]
    variant: re.Pattern[str]


@lru_cache(maxsize=1)
def words() -> Words:
    """The tables that come with the program."""
    import tomllib

    table = tomllib.loads(read_data("uses.toml"))
    return Words(
        frozenset(table["statements"]) | frozenset(table["basic"]) | frozenset(table["qualifiers"]),
        frozenset(table["statements"]),
        frozenset(table["basic"]),
        frozenset(table["qualifiers"]),
        re.compile("|".join(table["builtin"])),
        re.compile("|".join(table["declaring"])),
        frozenset(word for line in table["library"] for word in line.split()),
        re.compile("|".join(table["locking"])),
        re.compile("|".join(table["variant"])),
    )


@dataclass(frozen=True, slots=True)
class Directive:
    """A preprocessor line: its keyword ("define", "include"), its text without comments' care, its tokens'
    texts with their lines, and the number of the flow's token that it stands before."""

    keyword: str
    text: str
    tokens: tuple[tuple[str, int], ...]
    line: int
    before: int


@dataclass(slots=True)
class Flow:
    """A stretch of C: its tokens' texts without those of directives, the file's line of each, whether each is
    a name; `match` gives the other bracket of a bracket (-1: none), `block` the block of each token, `closes`
    the token that ends each block."""

    texts: list[str]
    lines: list[int]
    names: list[bool]
    directives: list[Directive]
    match: list[int]
    block: list[int]
    closes: list[int]
    parents: list[int]

    def within(self, block: int, outer: int) -> bool:
        """Whether `block` is `outer` or lies in it."""
        while block > outer:
            block = self.parents[block]
        return block == outer


def flow(data: bytes, first: int = 1) -> Flow:
    """The flow of `data`, whose first line is line `first` of its file. Never raises."""
    texts: list[str] = []
    lines: list[int] = []
    names: list[bool] = []
    directives: list[Directive] = []
    end = -1
    open_line: list[tuple[str, int]] = []
    keyword, start, at = "", 0, 0
    for kind, text, line, offset in tokens(data):
        if offset < end:
            open_line.append((_text(text), line + first - 1))
            continue
        if keyword:
            directives.append(_directive(keyword, data[at:end], open_line, start, len(texts)))
            keyword = ""
        if kind is TokenKind.DIRECTIVE:
            ended = _LINE_END.match(data, offset)
            end = ended.end() if ended else len(data)
            keyword, start, at, open_line = _text(text[1:]).strip(), line + first - 1, offset, []
            continue
        texts.append(_text(text))
        lines.append(line + first - 1)
        names.append(kind is TokenKind.NAME)
    if keyword:
        directives.append(_directive(keyword, data[at:end], open_line, start, len(texts)))
    return _matched(texts, lines, names, directives)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def _directive(
    keyword: str, text: bytes, found: Iterable[tuple[str, int]], line: int, before: int
) -> Directive:
    return Directive(keyword, _text(text), tuple(found), line, before)


def _matched(texts: list[str], lines: list[int], names: list[bool], directives: list[Directive]) -> Flow:
    """Brackets and blocks. Each branch of an #if begins with the brackets that were open before the #if."""
    match = [-1] * len(texts)
    block = [0] * len(texts)
    closes, parents = [len(texts)], [0]
    stack: list[tuple[int, int]] = []
    saved: list[list[tuple[int, int]]] = []
    waiting = iter([*directives, Directive("", "", (), 0, len(texts) + 1)])
    upcoming = next(waiting)
    current = 0
    for index, text in enumerate(texts):
        while upcoming.before <= index:
            stack, current = _branch(upcoming.keyword, stack, saved, current)
            upcoming = next(waiting)
        if text in _OPEN:
            if text == "{":
                closes.append(len(texts))
                parents.append(current)
                current = len(closes) - 1
            stack.append((index, current))
        block[index] = current
        if text in _CLOSE:
            current = _close(index, text, texts, match, stack, closes, parents, current)
    return Flow(texts, lines, names, directives, match, block, closes, parents)


def _branch(
    keyword: str, stack: list[tuple[int, int]], saved: list[list[tuple[int, int]]], current: int
) -> tuple[list[tuple[int, int]], int]:
    if keyword in ("if", "ifdef", "ifndef"):
        saved.append([*stack])
    elif keyword.startswith("el") and saved:
        stack = [*saved[-1]]
        current = stack[-1][1] if stack else 0
    elif keyword == "endif" and saved:
        saved.pop()
    return stack, current


def _close(
    index: int,
    text: str,
    texts: Sequence[str],
    match: list[int],
    stack: list[tuple[int, int]],
    closes: list[int],
    parents: Sequence[int],
    current: int,
) -> int:
    """Take the closing bracket's partner off the stack; what stands above it there is left open."""
    depth = next((n for n in range(len(stack) - 1, -1, -1) if texts[stack[n][0]] == _CLOSE[text]), -1)
    if depth < 0:
        return current
    opened, block = stack[depth]
    del stack[depth:]
    match[opened], match[index] = index, opened
    if text == "}":
        closes[block] = index
        return parents[block]
    return current
