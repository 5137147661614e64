"""A whole file read into its definitions: the top-level scan's chunks, one after the other."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .definitions import Definition, DefinitionKind, FileDefinitions, Include, Parameter
from .definitions_declare import Declared, OneLine, Reader
from .definitions_heads import Head, read_head
from .definitions_macros import Macro, expand, expand_fully, pasted_patterns, read_macros
from .definitions_tokens import Tokens, attribute
from .dialect import dialect
from .heads import split_calls
from .languages import language
from .lines import Lines
from .makers import Maker, maker
from .scan import Chunk, scan

_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include(?:_next)?[ \t]*(?:<([^>\n]+)>|"([^"\n]+)")', re.MULTILINE)
_MOST_EXPANDED = 20_000
_DEEPEST = 6
_LATIN = "latin-1"


def read_file(path: str, data: bytes) -> FileDefinitions:
    """What `definitions` answers."""
    kind = language(path)
    if kind not in ("c", "c++", "asm"):
        return FileDefinitions()
    try:
        return _File(path, data, kind).read()
    except RecursionError:
        return FileDefinitions(degraded="nested too deeply to be read")


def read_includes(data: bytes) -> tuple[Include, ...]:
    """The #include lines of a file."""
    found, line, counted = [], 1, 0
    for match in _INCLUDE.finditer(data):
        line += data.count(b"\n", counted, match.start())
        counted = match.start()
        path = (match[1] or match[2]).decode("utf-8", "surrogateescape")
        found.append(Include(path, line, match[1] is not None))
    return tuple(found)


class _File:
    def __init__(self, path: str, data: bytes, kind: str) -> None:
        self.path, self.data, self.kind = path, data, kind
        self.text = data.decode(_LATIN)
        self.lines = Lines(data)
        self.bodies: dict[int, int] = {}
        self.reader = Reader(self.lines, self.body, self.expansion)
        self.macros: Mapping[str, Macro] = {}
        self.expanded = 0
        self.local: list[Definition] = []

    def read(self) -> FileDefinitions:
        found = scan(self.data)
        defined, self.macros = read_macros(self.text, found.defines, self.lines)
        if self.kind == "asm":
            defined += self.labels()
        else:
            for whole in found.chunks:
                for chunk in split_calls(self.data, whole):
                    self.chunk(chunk)
        ordered = sorted(defined + self.reader.found, key=lambda x: x.line)
        doubt = f"line {self.lines.at(found.doubts[0][0])}: {found.doubts[0][1]}" if found.doubts else ""
        pasted = pasted_patterns(self.macros)
        return FileDefinitions(tuple(ordered), self.includes(), pasted, doubt, tuple(self.local))

    def includes(self) -> tuple[Include, ...]:
        return read_includes(self.data)

    def labels(self) -> list[Definition]:
        """The symbols that an assembler file makes."""
        found = []
        for match in _LABEL.finditer(self.text):
            line = self.lines.at(match.start(1))
            found.append(Definition(match[1], DefinitionKind.FUNCTION, line, line))
        return found

    def body(self, tokens: Tokens, at: int) -> tuple[Tokens, int, int]:
        """The tokens within a brace: those of the file where the scan left them out."""
        close = tokens.partner[at]
        opened = tokens.offsets[at]
        if close == at + 1 and opened in self.bodies:
            inner = Tokens(self.text, [(opened + 1, self.bodies[opened])])
            return inner, 0, len(inner.words)
        return tokens, at + 1, close

    def expansion(self, macro: str, arguments: list[str]) -> str:
        """What a macro of this file stands for, for a call among members or enumerators."""
        self.expanded += 1
        return expand_fully(self.macros, macro, arguments) if self.expanded < _MOST_EXPANDED else ""

    def chunk(self, chunk: Chunk) -> None:
        self.bodies = dict(chunk.bodies)
        tokens = Tokens(self.text, chunk.pieces)
        if tokens.words:
            self.statement(tokens, chunk.function)
        if chunk.function:
            for opened, close in chunk.bodies:
                self.local_types(opened, close)

    def local_types(self, opened: int, close: int) -> None:
        """The types that a function defines in its body."""
        at, before = opened, len(self.reader.found)
        while match := _LOCAL_TYPE.search(self.text, at, close):
            stop = _body_end(self.text, match.end() - 1, close)
            tokens = Tokens(self.text, [(match.start(), stop)])
            head = read_head(tokens, 0, len(tokens.words))
            if head.body >= 0:
                self.reader.type_body(tokens, head, "", "")
            at = stop
        self.local += self.reader.found[before:]
        del self.reader.found[before:]

    def statement(self, tokens: Tokens, function: bool) -> None:
        end = len(tokens.words)
        if tokens.words[-1] == ";":
            end -= 1
        start = self.leading_calls(tokens, end)
        if start >= end:
            return
        head = read_head(tokens, start, end)
        if (
            head.call < 0
            and head.name >= 0
            and not head.words
            and tokens.words[head.name + 1 : head.name + 2] == ["("]
        ):
            name = tokens.words[head.name]
            if self.is_maker(name) or (name.isupper() and not function):
                head.call = head.name
        if head.call >= 0:
            self.call(tokens, head.call, end, function)
        elif function and not (head.body >= 0 and head.next >= end):
            self.function(tokens, head, end)
        else:
            self.objects(tokens, head, end)

    def is_maker(self, macro: str) -> bool:
        return macro in self.macros or maker(macro) is not None

    def leading_calls(self, tokens: Tokens, end: int) -> int:
        """Read the calls of known macros that stand one after the other before something else; where that
        begins. The last one is left where nothing follows it."""
        at, words = 0, tokens.words
        while at + 1 < end and words[at + 1] == "(" and self.is_maker(words[at]):
            close = tokens.partner[at + 1]
            after = words[close + 1] if close + 1 < end else ""
            if not (after[:1].isalpha() or after[:1] == "_") or attribute(after):
                break
            self.call(tokens, at, close + 1, False)
            at = close + 1
        return at

    def objects(self, tokens: Tokens, head: Head, end: int) -> None:
        """Types, variables, prototypes."""
        named = self.reader.declarators(tokens, head, end)
        plain = next((x.name for x in named if "*" not in x.type), named[0].name if named else "")
        self.reader.type_body(tokens, head, "", plain)
        for one in named:
            self.object(tokens, head, one, "typedef" in head.storage)

    def object(self, tokens: Tokens, head: Head, one: Declared, typedef: bool) -> None:
        line = self.lines.at(tokens.offsets[one.token])
        last = max(line, self.lines.at(tokens.offsets[-1]))
        static = "static" in head.storage
        if typedef:
            kind = DefinitionKind.TYPEDEF
        elif one.function:
            kind = DefinitionKind.PROTOTYPE
        elif "extern" in head.storage and not one.assigned:
            kind = DefinitionKind.DECLARATION
        else:
            kind = DefinitionKind.VARIABLE
        self.reader.found.append(
            Definition(one.name, kind, line, last, "", one.type, one.parameters, one.variadic, static)
        )

    def function(self, tokens: Tokens, head: Head, end: int) -> None:
        """A definition with a body."""
        words = tokens.words
        opened = end - 1
        while opened > 0 and words[opened] != "{":
            opened -= 1
        base = " ".join(head.words)
        stop = opened if opened > 0 else end
        one = self.reader.declarator(tokens, head.next, stop, base) if head.next < stop else None
        if one is None or not one.name:
            return
        line = self.lines.at(tokens.offsets[one.token])
        last = max(line, self.lines.at(tokens.offsets[-1]))
        kind, static = DefinitionKind.FUNCTION, "static" in head.storage
        self.reader.found.append(
            Definition(one.name, kind, line, last, "", one.type, one.parameters, one.variadic, static)
        )

    # --- macro calls

    def call(self, tokens: Tokens, at: int, end: int, function: bool) -> None:
        """What the call of a macro at the top level makes."""
        words = tokens.words
        macro, close = words[at], min(tokens.partner[at + 1], end)
        parts = tokens.split(at + 2, close)
        arguments = [tokens.text(*x) for x in parts]
        line = self.lines.at(tokens.offsets[at])
        last = max(line, self.lines.at(tokens.offsets[-1]))
        known = self.macros.get(macro)
        if known is not None and not function and self.expand(known, arguments, line, last, 0):
            return
        made = maker(macro)
        if made is not None:
            self.made(made, parts, arguments, (line, last))
        elif at and not function and arguments[0].isidentifier():
            # `static MACRO(name);`: storage, and no type but the one that the macro gives.
            kind, static = DefinitionKind.VARIABLE, "static" in words[:at]
            self.reader.found.append(Definition(arguments[0], kind, line, last, static=static))
        elif function:
            self.unknown_function(tokens, macro, (at, close), (line, last))

    def made(
        self,
        by: Maker,
        parts: list[tuple[int, int]],
        arguments: list[str],
        lines: tuple[int, int],
    ) -> None:
        parameters = None
        if by.pairs is not None:
            rest = arguments[by.pairs :]
            pairs = zip(rest[::2], rest[1::2], strict=False)
            parameters = tuple(Parameter(name, type_text) for type_text, name in pairs)
        for one in by.made(arguments):
            kind = DefinitionKind(one.kind)
            callable_ = kind is DefinitionKind.FUNCTION
            self.reader.found.append(
                Definition(one.name, kind, *lines, "", one.type, parameters if callable_ else None)
            )

    def unknown_function(
        self, tokens: Tokens, macro: str, span: tuple[int, int], lines: tuple[int, int]
    ) -> None:
        """A body after `name(...)` alone: a function without a type, or made by a macro nobody knows."""
        at, close = span
        number = dialect().argument(macro, True)
        parts = tokens.split(at + 2, close)
        kind = DefinitionKind.FUNCTION
        if number is not None and 0 <= number < len(parts):
            name = tokens.text(*parts[number])
            if name.isidentifier():
                self.reader.found.append(Definition(name, kind, *lines))
            return
        parameters, variadic = self.reader.parameters(tokens, at + 2, close)
        self.reader.found.append(Definition(macro, kind, *lines, "", "", parameters, variadic))

    def expand(self, macro: Macro, arguments: list[str], line: int, last: int, deep: int) -> bool:
        """Read what a macro of this file expands to; whether it declared anything."""
        self.expanded += 1
        if deep > _DEEPEST or self.expanded > _MOST_EXPANDED or not macro.body:
            return False
        text = expand(macro, arguments)
        lines = OneLine(line)
        expanded = _Expanded(self, text, lines, (line, last), deep)
        return expanded.read()


_LOCAL_TYPE = re.compile(r"(?<!\w)(?:struct|union|enum)(?:\s+[A-Za-z_]\w*)*\s*\{", re.ASCII)
_BRACE = re.compile(r"[{}]")


def _body_end(text: str, opened: int, end: int) -> int:
    """Past the brace that closes the one at `opened`."""
    depth = 0
    for match in _BRACE.finditer(text, opened, end):
        depth += 1 if match[0] == "{" else -1
        if not depth:
            return match.end()
    return end


_LABEL = re.compile(
    r"^[ \t]*(?:SYM_(?:FUNC|CODE|DATA|TYPED_FUNC|INNER_LABEL)\w*|ENTRY|GLOBAL|_GLOBAL\w*|ENTRY_CFI"
    r"|LEAF|NESTED|FEXPORT|EXPORT|WEAK)"
    r"[ \t]*\([ \t]*(\w+)",
    re.MULTILINE | re.ASCII,
)


class _Expanded(_File):
    """The text that a macro call stands for, read as a file is; its lines are the call's."""

    def __init__(self, outer: _File, text: str, lines: Lines, span: tuple[int, int], deep: int) -> None:
        self.path, self.kind = outer.path, outer.kind
        self.text = text
        self.data = text.encode(_LATIN, "replace")
        self.lines = lines
        self.bodies = {}
        self.reader = Reader(lines, self.body, self.expansion)
        self.macros = outer.macros
        self.outer, self.span, self.deep = outer, span, deep
        self.expanded = outer.expanded
        self.local = outer.local

    def read(self) -> bool:  # type: ignore[override]
        for whole in scan(self.data).chunks:
            for chunk in split_calls(self.data, whole):
                self.chunk(chunk)
        self.outer.expanded = self.expanded
        self.outer.reader.found += self.reader.found
        return bool(self.reader.found)

    def expand(self, macro: Macro, arguments: list[str], line: int, last: int, deep: int) -> bool:
        return super().expand(macro, arguments, line, last, self.deep + 1)
