"""A file cut into what stands at its top level: the rewriting that goes before the parse.

Comments, directives and everything within braces are left out, and of the branches of a conditional that
splits a definition only one is kept. What is left are the heads, which the grammar reads without the errors
that macros within bodies, split braces and #ifdefs make. Offsets are those of the file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .body import match_body, skip_branches
from .conditions import BRANCH, OPENING, certain
from .dialect import dialect
from .patterns import EVENT, KEYWORD

Span = tuple[int, int]


@dataclass(slots=True)
class Chunk:
    """One thing at the top level, `start` to `end` (exclusive).

    `pieces` are the spans of its text that count, `parens` the outermost pairs of parentheses,
    `bodies` the pairs of braces; `function` when it ends with a body that is a function's.
    """

    start: int
    end: int
    pieces: list[Span]
    parens: list[Span]
    bodies: list[Span]
    function: bool


@dataclass(slots=True)
class Scan:
    """What was found: `chunks` in order, `defines` by offset (end of each #define), `dead` the branches
    under `#if 0`, `doubts` (offset, why) where an end is a guess."""

    chunks: list[Chunk] = field(default_factory=list)
    defines: dict[int, int] = field(default_factory=dict)
    dead: list[Span] = field(default_factory=list)
    doubts: list[tuple[int, str]] = field(default_factory=list)


def scan(data: bytes) -> Scan:
    """Cut `data`. Never raises; in time linear in its length on anything like C."""
    scanner = _Scanner(data)
    scanner.run()
    return scanner.result


_MOST_DOUBTS = 40
"""After so many guesses it is no C; the rest is read by its layout, so that the time stays linear."""
_LONGEST_HEAD = 4000
_TYPE_HEAD = re.compile(rb"\b(?:struct|union|enum)\b([^;{}=]*)\Z")
_ATTRIBUTE_CALL = re.compile(rb"\b(\w+)\s*\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)")
_NESTED = re.compile(rb"\([^()]*\)")
_CALLS = re.compile(rb"(?:\s*[A-Za-z_]\w*\s*\(\)|(?:\A|\s)\s*[A-Z][A-Z0-9_]++\s*?(?=\n|\Z))++\s*")
_CALLEE = re.compile(rb"\w+")
_SIGNIFICANT = re.compile(rb"[^\s]")
_OLD_STYLE = re.compile(rb"\A[^={]*\)\s*[A-Za-z_][\w\s*,\[\]]*;\Z")


class _Scanner:
    """The state of one pass. `all` in `groups` is whether every branch of an open #if is read."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.result = Scan()
        self.groups: list[bool] = []
        self.position = 0
        self.fresh(0)

    def fresh(self, position: int) -> None:
        """Begin a new chunk at `position`."""
        self.kept = position
        self.pieces: list[Span] = []
        self.parens: list[Span] = []
        self.bodies: list[Span] = []
        self.depth = 0
        self.opened = 0

    def run(self) -> None:
        data, search = self.data, EVENT.search
        while True:
            match = search(data, self.position)
            if match is None:
                self.close(len(data), False)
                return
            at = match.start()
            self.position = match.end()
            byte = data[at]
            if byte == 0x2F:
                self.cut(at, self.position)
            elif byte == 0x28:
                if not self.depth:
                    self.opened = at
                self.depth += 1
            elif byte == 0x29:
                if self.depth == 1:
                    self.parens.append((self.opened, at))
                self.depth = max(self.depth - 1, 0)
            elif byte == 0x3B:
                if not self.depth:
                    self.close(at + 1, False)
            elif byte == 0x7B:
                self.brace(at)
            elif byte == 0x7D:
                self.stray(at)
            elif byte == 0x23:
                self.directive(at)

    def cut(self, start: int, end: int) -> None:
        """Leave out `start` to `end`."""
        if start > self.kept:
            self.pieces.append((self.kept, start))
        self.kept = end

    def pending(self) -> bytes:
        """The text of the chunk so far, as far as `cut` has come."""
        return b" ".join(self.data[a:b] for a, b in self.pieces)

    def begun(self) -> bool:
        data = self.data
        return any(not data[a:b].isspace() for a, b in self.pieces)

    def close(self, end: int, function: bool) -> None:
        """The chunk ends before `end`."""
        self.cut(end, end)
        text = self.pending()
        if text.strip() not in (b"", b";"):
            data = self.data
            pieces = [x for x in self.pieces if not data[x[0] : x[1]].isspace()]
            first, second = pieces[0]
            lead = _SIGNIFICANT.search(data, first, second)
            start = lead.start() if lead else first
            last_start, last_end = pieces[-1]
            stop = last_start + len(data[last_start:last_end].rstrip())
            pieces[-1] = (last_start, stop)
            pieces[0] = (start, pieces[0][1])
            self.result.chunks.append(Chunk(start, stop, pieces, self.parens, self.bodies, function))
        self.fresh(end)

    def brace(self, at: int) -> None:
        """A body: what is within it is left out."""
        self.cut(at, at)
        head = b"" if self.depth else self.pending()
        if not self.depth and head.rstrip().endswith(b'"C"') and b"extern" in head:
            self.fresh(at + 1)
            return
        function = not self.depth and _is_function(head)
        quick = len(self.result.doubts) > _MOST_DOUBTS
        body = match_body(self.data, at, self.define, function, quick)
        if body.doubt:
            self.result.doubts.append((at, body.doubt))
        self.bodies.append((at, body.close))
        self.pieces.append((at, at + 1))
        self.kept = body.close
        self.position = min(body.close + 1, len(self.data))
        if body.popped:
            del self.groups[-body.popped :]
        self.groups.extend([False] * body.inner)
        if function:
            if not head.strip():
                self.take_back()
            self.close(self.position, bool(self.pending().strip(b"{} \t\n\r")))

    def take_back(self) -> None:
        """A body without a head: an old-style definition's parameters were taken for declarations."""
        chunks, data = self.result.chunks, self.data
        for back in range(1, min(len(chunks), 16) + 1):
            text = b" ".join(data[a:b] for a, b in chunks[-back].pieces)
            if chunks[-back].bodies:
                return
            if _OLD_STYLE.match(text):
                taken = chunks[-back:]
                del chunks[-back:]
                self.pieces = [p for c in taken for p in c.pieces] + self.pieces
                self.parens = [p for c in taken for p in c.parens]
                return

    def stray(self, at: int) -> None:
        """A closing brace that closes nothing: that of `extern "C"`, or one too many."""
        self.cut(at, at)
        self.fresh(at + 1)

    def define(self, at: int, end: int) -> None:
        self.result.defines[at] = end

    def directive(self, at: int) -> None:
        end = self.position
        self.cut(at, end)
        match = KEYWORD.match(self.data, at)
        word = match[1] if match else b""
        if word == b"define":
            self.define(at, end)
        elif word in OPENING:
            self.open_group(at, word, self.data[match.end() : end] if match else b"")
        elif word in BRANCH:
            self.next_branch()
        elif word == b"endif" and self.groups:
            self.groups.pop()
        self.kept = self.position

    def open_group(self, at: int, word: bytes, body: bytes) -> None:
        known = certain(word, body)
        if known and body.strip() == b"1":
            known = None
        if known is None and self.begun():
            self.settle(self.position)
        if known is None:
            self.groups.append(not self.begun())
            return
        if known:
            self.groups.append(False)
            return
        start = self.position
        directive, self.position = skip_branches(self.data, self.position, self.define)
        if body.strip() == b"0" and directive >= 0:
            self.result.dead.append((at, directive))
        match = KEYWORD.match(self.data, directive) if directive >= 0 else None
        if match is None:
            self.position = max(start, self.position)
        elif match[1] != b"endif":
            self.groups.append(not self.begun())

    def next_branch(self) -> None:
        """An #elif or #else: read it too, unless what stands before it is one form of a head."""
        if not self.groups:
            return
        if self.groups[-1] and self.begun():
            _, after = skip_branches(self.data, self.position, _ignore, to_end=True)
            self.settle(after)
            self.groups[-1] = not self.begun()
        if not self.groups[-1]:
            _, self.position = skip_branches(self.data, self.position, self.define, to_end=True)
            self.groups.pop()

    def settle(self, position: int) -> None:
        """End the chunk if it is the call of a macro without semicolon; `position` is where the text
        goes on."""
        if not self.depth and self.parens and self.lone_call():
            follows = _next_significant(self.data, position)
            if follows not in b"{;=,":
                self.close(self.kept, False)

    def lone_call(self) -> bool:
        """Whether the chunk so far is one or more whole macro calls."""
        plain = self.without_arguments()
        if _CALLS.fullmatch(plain) is None:
            return False
        return not any(dialect().takes_arguments(x.decode("latin-1")) for x in _CALLEE.findall(plain))

    def without_arguments(self) -> bytes:
        """The chunk's text so far, each pair of parentheses empty and the pieces apart."""
        found, last, number = [], 0, 0
        for start, end in self.pieces:
            found.append(b" ")
            while number < len(self.parens) and self.parens[number][0] < end:
                opened, close = self.parens[number]
                found.append(self.data[max(start, last) : opened] + b"()")
                last, number = close + 1, number + 1
            found.append(self.data[max(start, last) : end])
        return b"".join(found)


def _ignore(start: int, end: int) -> None:
    """Nobody is told of these #defines: they are met once more."""


def _next_significant(data: bytes, position: int) -> bytes:
    """The first byte of code after `position`, comments and directives aside."""
    while True:
        found = _SIGNIFICANT.search(data, position)
        if found is None:
            return b"\0"
        match = EVENT.match(data, found.start())
        if match is None or data[match.start()] not in b"/#":
            return found[0]
        position = match.end()


def _is_function(head: bytes) -> bool:
    """Whether a body after this head is a function's, and not a type's or an initialiser's."""
    if b"=" in head:
        plain = head
        while True:
            plain, count = _NESTED.subn(b"", plain)
            if not count:
                break
        if b"=" in plain:
            return False
    match = _TYPE_HEAD.search(head[-_LONGEST_HEAD:])
    if match is None:
        return True
    rest = _ATTRIBUTE_CALL.sub(_without_attribute, match[1])
    return b"(" in rest or b"*" in rest or b")" in rest


def _without_attribute(call: re.Match[bytes]) -> bytes:
    return b"" if dialect().takes_arguments(call[1].decode("latin-1")) else call[0]
