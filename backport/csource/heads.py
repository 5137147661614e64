"""Heads of definitions read without a grammar: macro calls, and what the grammar gave up on."""

from __future__ import annotations

import re
from dataclasses import replace

from ..model import Region, RegionKind
from .dialect import BY_MACRO, dialect
from .lines import Lines
from .patterns import COMMENT
from .scan import Chunk

_NOT_BLANK = re.compile(rb"\S")
_WORD = re.compile(rb"[A-Za-z_]\w*")
_LAST_WORD = re.compile(rb"([A-Za-z_]\w*)\s*\Z")
_TYPE_WORDS = frozenset(
    {"void", "char", "short", "int", "long", "float", "double", "signed", "unsigned", "bool", "_Bool"}
    | {"struct", "union", "enum", "typeof", "__typeof__"}
)
_NOT_NAMES = _TYPE_WORDS | {"if", "while", "for", "switch", "return", "sizeof", "do", "else", "goto", "case"}
_ARGUMENT_NAME = re.compile(rb"\s*(?:struct\s+|\")?\s*([A-Za-z_]\w*)")


class _Rest:
    """What is left of a chunk after the calls before it: `pieces` and `parens` as stacks, first on top."""

    def __init__(self, data: bytes, chunk: Chunk) -> None:
        self.data = data
        self.start = chunk.start
        self.pieces = chunk.pieces[::-1]
        self.parens = chunk.parens[::-1]

    def next_code(self, offset: int) -> int:
        """The offset of the next code from `offset` on; 0 for none."""
        for start, end in reversed(self.pieces):
            found = _NOT_BLANK.search(self.data, max(start, offset), end) if end > offset else None
            if found:
                return found.start()
        return 0

    def forget(self, offset: int) -> None:
        """Drop the pieces that end before `offset`."""
        while self.pieces and self.pieces[-1][1] <= offset:
            self.pieces.pop()

    def own_line(self, offset: int) -> int:
        """The offset of the next code, if it begins in column 0 of a later line; else 0."""
        start = self.next_code(offset)
        if not start or self.data[start - 1] != 0x0A or b"\n" not in self.data[offset:start]:
            return 0
        return start

    def part(self, chunk: Chunk) -> Chunk:
        """The rest as a chunk."""
        pieces = self.pieces[::-1]
        pieces[0] = (max(pieces[0][0], self.start), pieces[0][1])
        bodies = [x for x in chunk.bodies if x[0] >= self.start]
        return replace(chunk, start=self.start, pieces=pieces, parens=self.parens[::-1], bodies=bodies)


def split_calls(data: bytes, chunk: Chunk) -> list[Chunk]:
    """A chunk without the macro calls that stand before it without a semicolon: one chunk for each."""
    if not chunk.parens or (chunk.function and _old_style(data, chunk)):
        return [chunk]
    found: list[Chunk] = []
    rest = _Rest(data, chunk)
    while rest.parens:
        first = rest.parens[-1]
        start, end = _call_before(rest)
        if not start:
            break
        called = [first] if end > first[1] else []
        found.append(Chunk(rest.start, end, [(rest.start, end)], called, [], False))
        if called:
            rest.parens.pop()
        rest.start = start
    if not found:
        return [chunk]
    return [*found, rest.part(chunk)] if rest.pieces else found


def _old_style(data: bytes, chunk: Chunk) -> bool:
    """Whether parameters are declared between the head and the body."""
    body = chunk.bodies[-1][0]
    return any(b";" in data[a : min(b, body)] for a, b in chunk.pieces if a < body)


def _call_before(rest: _Rest) -> tuple[int, int]:
    """Where the definition begins after a macro call of its own, and where the call ends; (0, 0) for
    none."""
    first, close = rest.parens[-1]
    data = rest.data
    word = _WORD.match(data, rest.start)
    if word is None:
        return 0, 0
    if data[word.end() : first].strip():
        return _word_before(rest, word)
    if dialect().takes_arguments(word[0].decode("latin-1")) or word[0] in (b"typeof", b"__typeof__"):
        return 0, 0
    start = rest.own_line(close + 1)
    if start and not _is_annotation(data, start):
        rest.forget(start)
        return start, close + 1
    return 0, 0


def _word_before(rest: _Rest, word: re.Match[bytes]) -> tuple[int, int]:
    """The same for a macro without arguments: a word in capitals with a line to itself, before a
    definition that has a type of its own or is made by a macro."""
    start = rest.own_line(word.end())
    name = word[0].decode("latin-1")
    following = _WORD.match(rest.data, start) if start else None
    if following is None or dialect().is_attribute(name) or _is_annotation(rest.data, start):
        return 0, 0
    text = following[0].decode("latin-1")
    if rest.data[following.end() : rest.parens[-1][0]].strip():
        made = name.isupper() and text in dialect().storage
    else:
        made = dialect().argument(text, True) is not None or (name.isupper() and text.isupper())
    if not made:
        return 0, 0
    rest.forget(start)
    return start, word.end()


def _is_annotation(data: bytes, start: int) -> bool:
    word = _WORD.match(data, start)
    return word is None or (
        dialect().is_attribute(word[0].decode("latin-1")) and data[word.end() : word.end() + 1] in b"\n("
    )


def next_code(data: bytes, chunk: Chunk, offset: int) -> int:
    """The offset of the first byte of the chunk's text that is not blank, from `offset` on; 0 for none."""
    for start, end in chunk.pieces:
        found = _NOT_BLANK.search(data, max(start, offset), end) if end > offset else None
        if found:
            return found.start()
    return 0


def call_region(data: bytes, chunk: Chunk, lines: Lines) -> Region | None:
    """The region of a chunk that is the call of a macro (with a body: a macro-made function, or an
    old-style function without a type); None for any other."""
    if not chunk.parens:
        return None
    first, close = chunk.parens[0]
    words = [x[0] for x in _WORD.finditer(data, chunk.start, first)]
    if not words or len(words) > 4 or not _bare_call(data, chunk, words):
        return None
    after = next_code(data, chunk, close + 1)
    if after and data[after] not in b"{;=,":
        word = _WORD.match(data, after)
        if word is None or not dialect().is_attribute(word[0].decode("latin-1")):
            return None
    macro = words[-1].decode("latin-1")
    name, offset = real_name(data, macro, first, close, chunk.function)
    kind = RegionKind.DECLARATION
    if chunk.function:
        kind = RegionKind.FUNCTION
    elif chunk.bodies and chunk.bodies[0][0] > close:
        kind = RegionKind.INITIALISER
    return Region(kind, name, lines.at(chunk.start), lines.at(chunk.end - 1), lines.at(offset))


def _bare_call(data: bytes, chunk: Chunk, words: list[bytes]) -> bool:
    first = chunk.parens[0][0]
    callee = words[-1].decode("latin-1")
    if callee in _TYPE_WORDS or dialect().takes_arguments(callee):
        return False
    known = dialect()
    for word in words[:-1]:
        text = word.decode("latin-1")
        if text not in known.storage and not known.is_attribute(text):
            return False
    between = data[chunk.start : first]
    if len(words) == 1:
        between = between[len(words[0]) :]
        return not between.strip() and data[first + 1 : first + 2] != b"*"
    plain = COMMENT.sub(b" ", between)
    return len(plain.split()) == len(words) and data[first + 1 : first + 2] != b"*"


def real_name(data: bytes, macro: str, first: int, close: int, function: bool) -> tuple[str, int]:
    """The name of what a macro call makes, and the offset it stands at."""
    at_macro = data.rfind(macro.encode("latin-1"), 0, first)
    number = dialect().argument(macro, function)
    if number is None:
        if function and not _shouts(macro):
            return macro, at_macro
        number = 0
    if number == BY_MACRO:
        return macro, at_macro
    spans = arguments(data, first, close)
    order = [spans[number]] if -len(spans) <= number < len(spans) else []
    for start, end in [*order, *spans]:
        match = _ARGUMENT_NAME.match(data, start, end)
        if match:
            return match[1].decode("latin-1"), match.start(1)
    return macro, at_macro


def _shouts(name: str) -> bool:
    """Whether a name is written as macros are."""
    return name.upper() == name or "DEFINE" in name.upper()


_ARGUMENT_EVENT = re.compile(rb'"(?:[^"\\\n]|\\.)*"|/\*.*?\*/|[(){}\[\],]', re.DOTALL)


def arguments(data: bytes, first: int, close: int) -> list[tuple[int, int]]:
    """The spans of the arguments between the parentheses at `first` and `close`."""
    spans, depth, start = [], 0, first + 1
    for match in _ARGUMENT_EVENT.finditer(data, first + 1, close):
        byte = match[0]
        if byte in (b"(", b"{", b"["):
            depth += 1
        elif byte in (b")", b"}", b"]"):
            depth -= 1
        elif byte == b"," and not depth:
            spans.append((start, match.start()))
            start = match.end()
    spans.append((start, close))
    return spans


def head_region(data: bytes, chunk: Chunk, lines: Lines) -> Region | None:
    """The region of a chunk that the grammar could not read, by the layout of C alone: for a function
    the word before its parameters, else the last word before `=`, `[` or the end."""
    first, last = lines.at(chunk.start), lines.at(chunk.end - 1)
    if chunk.function:
        best = _function_name(data, chunk)
        if best is None:
            return None
        name, offset = best
        return Region(RegionKind.FUNCTION, name, first, last, lines.at(offset))
    stop = min((chunk.end, *(p[0] for p in chunk.parens), *(b[0] for b in chunk.bodies)))
    head = re.split(rb"[=\[;,:]", data[chunk.start : stop], maxsplit=1)[0]
    found = _LAST_WORD.search(head)
    kind = RegionKind.INITIALISER if chunk.bodies else RegionKind.DECLARATION
    if found is None:
        return None
    return Region(kind, found[1].decode("latin-1"), first, last, lines.at(chunk.start + found.start(1)))


_PARAMETERS = re.compile(rb"\s*(?:void)?\s*\Z|[^\"]*[A-Za-z_]\w*(?:\s+\**|\s*\*+\s*)\w", re.DOTALL)


def _function_name(data: bytes, chunk: Chunk) -> tuple[str, int] | None:
    """The word before the parameters, and its offset. Parameters look like types with names; of
    several candidates the first, those that look like parameters before the others."""
    found: list[tuple[bool, str, int]] = []
    for opened, close in chunk.parens:
        word = _LAST_WORD.search(data, chunk.start, opened)
        if word is None or (_not_a_name(word[1]) and len(chunk.parens) > 1):
            continue
        text, offset = word[1].decode("latin-1"), word.start(1)
        if data[close + 1 : close + 2] == b"(" or dialect().argument(text, True) is not None:
            text, offset = real_name(data, text, opened, close, True)
            return text, offset
        found.append((_PARAMETERS.match(data[opened + 1 : close]) is None, text, offset))
    if not found:
        return None
    best = min(found, key=lambda x: x[0])
    return best[1], best[2]


def _not_a_name(word: bytes) -> bool:
    text = word.decode("latin-1")
    return text in _NOT_NAMES or dialect().takes_arguments(text)
