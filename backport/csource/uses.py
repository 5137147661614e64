"""What lines of C use: the names they call, read, write and jump to, with the scope they stand in.

By tokens, so that it holds for code that no grammar reads; a stretch is a function, another region, or a few
lines at the top of a file.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ..model import Region, RegionKind, StrEnum
from .languages import region_map
from .regions import RegionMap
from .uses_scope import Scope, function_scope, parts, plain_scope
from .uses_tokens import Directive, Flow, flow, words


class UseKind(StrEnum):
    """How a name is used. TAG follows struct, union or enum; FIELD is a designated initialiser's `.x =`."""

    CALL = "call"
    NAME = "name"
    TAG = "tag"
    MEMBER = "member"
    FIELD = "field"
    LABEL = "label"
    INCLUDE = "include"


@dataclass(frozen=True, slots=True)
class Path:
    """An expression before `.` or `->`: `root` a variable or called function (`call`), or `cast` its type as
    written; `members` those gone through."""

    root: str = ""
    members: tuple[str, ...] = ()
    cast: str = ""
    call: bool = False

    def __str__(self) -> str:
        return ".".join((self.root or f"({self.cast})", *self.members))


@dataclass(frozen=True, slots=True)
class Use:
    """A name used at `line`. `index` is its token in the stretch's flow (-1 within a directive); `arguments` are
    the texts of a call's arguments; `base` what a member is taken of (None: an expression that is not
    followed); `macro` the macro in whose body it stands."""

    name: str
    kind: UseKind
    line: int
    index: int = -1
    arguments: tuple[str, ...] | None = None
    base: Path | None = None
    macro: str = ""
    statement: bool = False


@dataclass(frozen=True, slots=True)
class Stretch:
    """A region of a file (None: lines outside of all), its flow and its scope."""

    region: Region | None
    scope: Scope
    first: int
    last: int

    @property
    def function(self) -> bool:
        return self.region is not None and self.region.kind is RegionKind.FUNCTION

    @property
    def label(self) -> str:
        return self.region.label() if self.region is not None else ""

    def index_at(self, line: int) -> int:
        """The first token on or after `line`; the number of tokens where there is none."""
        lines = self.scope.flow.lines
        return next((n for n, x in enumerate(lines) if x >= line), len(lines))


class Source:
    """A C file whose stretches are read as they are asked for."""

    def __init__(self, path: str, data: bytes, lines: Collection[int] | None = None) -> None:
        """`lines` are the lines that will be asked about (None: any)."""
        self.path = path
        self.data = data
        self._wanted = lines
        self._starts: list[int] = []
        self._stretches: dict[tuple[int, int], Stretch] = {}

    @cached_property
    def code(self) -> bytes:
        """The file with its comments blanked: lines and offsets stay as they are."""
        return _COMMENT.sub(_blank, self.data)

    @cached_property
    def _regions(self) -> RegionMap:
        if self._wanted is None:
            return region_map(self.path, self.data)
        return region_map(self.path, self.data, frozenset(self._wanted)) if self._wanted else RegionMap()

    def named(self, name: str, kind: RegionKind) -> tuple[Region, ...]:
        """The regions of that name, where all lines may be asked about."""
        return self._regions.named(name, kind)

    def line(self, number: int) -> bytes:
        """The text of a line without its end; b"" where there is none."""
        starts = self._lines()
        if not 1 <= number < len(starts):
            return b""
        return self.data[starts[number - 1] : starts[number]].rstrip(b"\r\n")

    def offset(self, number: int) -> int:
        """Where a line begins; the end for a line that is not there."""
        starts = self._lines()
        return starts[min(number, len(starts)) - 1]

    def _lines(self) -> list[int]:
        if not self._starts:
            self._starts = [0, *(m.end() for m in re.finditer(rb"\n", self.data))]
            if self._starts[-1] != len(self.data):
                self._starts.append(len(self.data))
        return self._starts

    def region(self, line: int) -> Region | None:
        return self._regions.at(line)

    def stretch(self, line: int) -> Stretch:
        """The stretch that a line (one of those given) stands in."""
        region = self._regions.at(line)
        first, last = (region.first, region.last) if region is not None else self._around(line)
        found = self._stretches.get((first, last))
        if found is None:
            found = self._stretches[first, last] = self.read(region, first, last)
        return found

    def read(self, region: Region | None, first: int, last: int) -> Stretch:
        """Lines `first` to `last` as a stretch, a function's if `region` is one."""
        starts = self._lines()
        top = len(starts) - 1
        data = self.code[starts[min(first, top) - 1 if top else 0] : starts[min(last, top)]]
        read = flow(data, first)
        is_function = region is not None and region.kind is RegionKind.FUNCTION
        scope = function_scope(read, region.name) if region is not None and is_function else plain_scope(read)
        return Stretch(region, scope, first, last)

    def _around(self, line: int) -> tuple[int, int]:
        """A line at the top of a file with those that its declaration may reach over."""
        first = last = line
        while first > 1 and line - first < 40 and self._open(first - 1):
            first -= 1
        while last - line < 40 and self._open(last) and last + 1 < len(self._lines()):
            last += 1
        return first, last

    def _open(self, number: int) -> bool:
        """Whether what stands on a line outside of all regions goes on after it."""
        starts = self._lines()
        text = self.code[starts[number - 1] : starts[number]].strip()
        return (
            bool(text)
            and not text.endswith((b";", b"}", b")"))
            and (not text.startswith(b"#") or text.endswith(b"\\"))
        )


_COMMENT = re.compile(
    rb'"(?:[^"\\\n]|\\.)*+"?|\'(?:[^\'\\\n]|\\.)*+\'?|//(?:[^\n\\]|\\.)*+|/\*.*?(?:\*/|\Z)', re.DOTALL
)
_NOT_NEWLINE = re.compile(rb"[^\n]")


def _blank(match: re.Match[bytes]) -> bytes:
    return _NOT_NEWLINE.sub(b" ", match[0]) if match[0].startswith((b"//", b"/*")) else match[0]


def uses(source: Source, lines: Iterable[int]) -> Iterator[tuple[Stretch, Use]]:
    """All that the given lines of a file use, stretch by stretch in order."""
    stretches: dict[tuple[int, int], tuple[Stretch, set[int]]] = {}
    for line in sorted(set(lines)):
        stretch = source.stretch(line)
        stretches.setdefault((stretch.first, stretch.last), (stretch, set()))[1].add(line)
    for stretch, wanted in stretches.values():
        for use in stretch_uses(stretch, wanted):
            yield stretch, use


def stretch_uses(stretch: Stretch, wanted: Collection[int]) -> Iterator[Use]:
    """What the wanted lines of one stretch use."""
    scope = stretch.scope
    found = scope.flow
    own = stretch.region.name_line if stretch.region is not None else 0
    name = stretch.region.name if stretch.region is not None else ""
    for index, line in enumerate(found.lines):
        if line in wanted and found.names[index] and index not in scope.declaring:
            if line == own and found.texts[index] == name:
                continue
            use = _use(found, index)
            if use is not None:
                yield use
    for directive in found.directives:
        yield from _directive_uses(directive, wanted)


def reaching_calls(stretch: Stretch, wanted: Collection[int]) -> Iterator[tuple[Use, int]]:
    """The calls that begin on another line and have arguments on wanted ones, each with the first of these."""
    scope = stretch.scope
    found = scope.flow
    own = (stretch.region.name_line, stretch.region.name) if stretch.region is not None else (0, "")
    for index, line in enumerate(found.lines):
        if (
            line in wanted
            or not found.names[index]
            or (line, found.texts[index]) == own
            or index in scope.declaring
        ):
            continue
        close = found.match[index + 1] if "".join(found.texts[index + 1 : index + 2]) == "(" else -1
        inner = next((x for x in found.lines[index + 2 : max(close, 0)] if x in wanted), 0)
        use = _use(found, index) if inner else None
        if use is not None and use.kind is UseKind.CALL:
            yield use, inner


def _use(found: Flow, index: int) -> Use | None:
    texts = found.texts
    text, line = texts[index], found.lines[index]
    before = texts[index - 1] if index else ""
    after = texts[index + 1] if index + 1 < len(texts) else ""
    if before == "." and (index < 2 or texts[index - 2] in ("{", ",")):
        return Use(text, UseKind.FIELD, line, index)
    if before in (".", "->"):
        return Use(text, UseKind.MEMBER, line, index, base=base_of(found, index - 1))
    if text in words().keywords or words().builtin.fullmatch(text):
        return None
    if before in _AFTER:
        return Use(text, _AFTER[before], line, index)
    if after == "(":
        return Use(text, UseKind.CALL, line, index, _arguments(found, index + 1), statement=before in ";{}")
    return Use(text, UseKind.NAME, line, index)


_AFTER = {"goto": UseKind.LABEL, "struct": UseKind.TAG, "union": UseKind.TAG, "enum": UseKind.TAG}


def builtin_calls(stretch: Stretch, wanted: Collection[int]) -> Iterator[Use]:
    """The calls of the compiler's own functions on the wanted lines, which `stretch_uses` leaves out."""
    found = stretch.scope.flow
    for index, text in enumerate(found.texts):
        called = found.lines[index] in wanted and found.texts[index + 1 : index + 2] == ["("]
        if called and words().builtin.fullmatch(text):
            yield Use(text, UseKind.CALL, found.lines[index], index, _arguments(found, index + 1))


def _arguments(found: Flow, opening: int) -> tuple[str, ...] | None:
    close = found.match[opening]
    if close < 0 or any(opening < d.before <= close for d in found.directives):
        return None
    texts = found.texts
    return tuple(" ".join(texts[a:b]) for a, b in parts(found, opening + 1, close))


def base_of(found: Flow, operator: int) -> Path | None:
    """The expression before the `.` or `->` at token `operator`; None where it is not followed."""
    texts, at = found.texts, operator - 1
    members: list[str] = []
    while at >= 0:
        if texts[at] == "]" and found.match[at] >= 0:
            at = found.match[at] - 1
            continue
        if texts[at] == ")":
            return _bracketed(found, at, members)
        if not found.names[at]:
            return None
        if at and texts[at - 1] in (".", "->"):
            members.insert(0, texts[at])
            at -= 2
            continue
        return Path(texts[at], tuple(members))
    return None


def _bracketed(found: Flow, close: int, members: Sequence[str]) -> Path | None:
    """A call, a cast or a plain expression in brackets before the members."""
    texts, opening = found.texts, found.match[close]
    if opening > 0 and found.names[opening - 1] and texts[opening - 1] not in words().keywords:
        taken = opening > 1 and texts[opening - 2] in (".", "->")
        return None if taken else Path(texts[opening - 1], tuple(members), call=True)
    return _inside(found, opening + 1, close, members) if opening >= 0 else None


def _inside(found: Flow, first: int, close: int, members: Sequence[str]) -> Path | None:
    """What brackets around an expression hold: a cast one or a plain one."""
    texts = found.texts
    while first < close and texts[first] in "&*":
        first += 1
    if texts[first] == "(" and found.match[first] > first:
        inside = texts[first + 1 : found.match[first]]
        named = [x for x in inside if x not in words().qualifiers and x != "*"]
        cast = inside[-1:] == ["*"] and 0 < len(named) < 3
        return Path("", tuple(members), cast=" ".join(named)) if cast else None
    end = close - 1
    while texts[end] == "]" and found.match[end] > first:
        end = found.match[end] - 1
    if any(x in texts[first:end] for x in _OPERATORS) or not found.names[end]:
        return None
    if end > first and texts[end - 1] in (".", "->"):
        inner = base_of(found, end - 1)
        path = (*inner.members, texts[end], *members) if inner is not None else ()
        return Path(inner.root, path, inner.cast, inner.call) if inner is not None else None
    return Path(texts[end], tuple(members)) if end == first else None


_OPERATORS = frozenset({"+", "-", "?", ":", ",", "=", "==", "&&", "||", "|", "/", "%", "++", "--"})


def _directive_uses(directive: Directive, wanted: Collection[int]) -> Iterator[Use]:
    if directive.keyword == "include":
        found = re.match(r'#\s*include\s*[<"]([^>"\n]+)[>"]', directive.text)
        if found and directive.line in wanted:
            yield Use(found[1], UseKind.INCLUDE, directive.line)
    elif directive.keyword == "define" and directive.tokens:
        yield from _macro_uses(directive, wanted)


def _macro_uses(directive: Directive, wanted: Collection[int]) -> Iterator[Use]:
    """The names of a macro's body that are not its parameters, pasted or made strings of."""
    head = re.match(r"#\s*define(?:\s|\\\n)+(\w+)(\(([^)]*)\))?", directive.text)
    if head is None:
        return
    own = {x.strip().removesuffix("...").strip() for x in (head[3] or "").split(",")} | {head[1]}
    body = list(directive.tokens[1:])
    if head[2]:
        end = next((n for n, (text, _) in enumerate(body) if text == ")"), -1)
        body = body[end + 1 :]
    texts = [text for text, _ in body]
    read = flow(" ".join(texts).encode("utf-8", "surrogateescape"))
    if len(read.texts) != len(texts):
        return
    declared = plain_scope(read).declaring if "{" in texts else set()
    for index, (text, line) in enumerate(body):
        around = {texts[index - 1] if index else "", texts[index + 1] if index + 1 < len(texts) else ""}
        if (
            line not in wanted
            or not read.names[index]
            or text in own
            or around & {"##"}
            or "#" in texts[index - 1 : index]
        ):
            continue
        use = _use(read, index) if index not in declared else None
        if use is not None:
            yield Use(use.name, use.kind, line, -1, use.arguments, use.base, head[1])


def mentioned(source: Source, names: Collection[str], without: Collection[int]) -> Mapping[str, int]:
    """Of `names` those that the file's code holds, other than as a member, on a line that is not in
    `without`: with the first such line."""
    if not names:
        return {}
    pattern = re.compile(
        rb"(?<![\w$])(?:" + b"|".join(re.escape(_bytes(x)) for x in sorted(names)) + rb")(?![\w$])"
    )
    found: dict[str, int] = {}
    data = source.code
    for match in pattern.finditer(data):
        name = match[0].decode("utf-8", "surrogateescape")
        if name in found or _in_member_or_string(data, match.start()):
            continue
        line = data.count(b"\n", 0, match.start()) + 1
        if line not in without:
            found[name] = line
    return found


_QUOTED = re.compile(rb'"(?:[^"\\\n]|\\.)*"?')


def _in_member_or_string(data: bytes, start: int) -> bool:
    before = data[max(0, start - 3) : start].rstrip()
    if before.endswith((b".", b"->")) and not before.endswith(b"..."):
        return True
    line = data.rfind(b"\n", 0, start) + 1
    return any(x.start() < start < x.end() for x in _QUOTED.finditer(data, line, start + 1))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
