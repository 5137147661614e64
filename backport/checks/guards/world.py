"""One tree seen through its presence conditions: when a line, a file, a definition is compiled."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from backport.csource.definitions import Definition, DefinitionKind, FileDefinitions
from backport.csource.guards import Guard, GuardMap, guard_map
from backport.csource.lexer import TokenKind, tokens
from backport.csource.makefiles import ALWAYS, Build, Levels
from backport.csource.presence import FALSE, MODULE, TRUE, Expr, Op, both, either, no, substituted
from backport.csource.presence_text import Facts, presence
from backport.index import Located

_MOST_DEFINITIONS = 60
"""A name that is defined more often than this is an everyday word: nothing is said of it."""
DECLARES = frozenset(
    {
        DefinitionKind.FUNCTION,
        DefinitionKind.PROTOTYPE,
        DefinitionKind.MACRO,
        DefinitionKind.ENUMERATOR,
        DefinitionKind.TYPEDEF,
        DefinitionKind.VARIABLE,
        DefinitionKind.DECLARATION,
    }
)
_FEW = {True: 1, False: 2}
"""Fewer #if than these hold no condition: a header has one of its own."""
HEADERS = (".h", ".hpp", ".inc")

Find = Callable[[Collection[str]], Mapping[str, tuple[Located, ...]]]
Within = Callable[[Collection[str], Collection[str]], Mapping[str, tuple[Located, ...]]]


@dataclass(frozen=True, slots=True)
class Stand:
    """A place with the condition that it stands under."""

    path: str
    line: int
    when: Expr


class World:
    """The presence conditions of one tree. `read` gives a file's text and `file` what it defines (None: no such
    file), `find` every definition of some names, `within` those in some files, `closure` the headers that a file
    includes."""

    def __init__(
        self,
        read: Callable[[str], bytes | None],
        file: Callable[[str], FileDefinitions | None],
        find: Find,
        within: Within,
        closure: Callable[[str], Collection[str]],
        facts: Facts,
    ) -> None:
        self.read = read
        self.find = find
        self._file = file
        self._within = within
        self._closure = closure
        self._facts = facts
        self._build = Build(read)
        self._guards: dict[str, GuardMap] = {}
        self._closures: dict[str, tuple[str, ...]] = {}
        self._words: dict[str, Mapping[str, tuple[int, ...]]] = {}
        self._near: dict[tuple[str, str], tuple[Located, ...]] = {}

    # --- lines and files

    def guards(self, path: str, line: int) -> tuple[Guard, ...]:
        return self._map(path).at(line)

    def _map(self, path: str) -> GuardMap:
        if path not in self._guards:
            data = self.read(path)
            self._guards[path] = guard_map(data) if data is not None and b"#" in data else GuardMap()
        return self._guards[path]

    def at(self, path: str, line: int) -> Expr:
        """The condition of a line within its file."""
        return presence((g.text for g in self.guards(path, line)), self._facts)

    def levels(self, path: str) -> Levels | None:
        """When a file is compiled into the program, and when at all; None where no Makefile tells."""
        return self._build.levels(path)

    # --- names

    def closure(self, path: str) -> tuple[str, ...]:
        if path not in self._closures:
            self._closures[path] = tuple(dict.fromkeys(self._closure(path)))
        return self._closures[path]

    def stands(self, path: str, found: Iterable[Located]) -> list[Stand]:
        """Those of the definitions that a file at `path` may see: its own, and those of headers.

        A header that it surely does not include is left out: one in another part of the tree that no include
        folder holds. Which of an architecture's headers is taken nobody knows here, so all count."""
        seen = frozenset(self.closure(path))
        kept = [x for x in found if x.path == path or (x.path.endswith(HEADERS) and _reached(x.path, seen))]
        return [Stand(x.path, x.definition.line, self.at(x.path, x.definition.line)) for x in kept]

    def held(self, path: str) -> tuple[Definition, ...]:
        """All that a file defines."""
        provided = self._file(path)
        return provided.definitions if provided is not None else ()

    def conditional(self, path: str, names: Collection[str]) -> frozenset[str]:
        """Those of the names that stand anywhere in the file or a header of its closure under a condition that does
        not always hold. By the texts alone: what is left out here need not be looked up."""
        words = {name.encode("utf-8", "surrogateescape"): name for name in names}
        found: set[str] = set()
        for place in (path, *self.closure(path)):
            data = self.read(place) if len(found) < len(words) else None
            if (
                data is None
                or b"#" not in data
                or data.count(b"#if") + data.count(b"# if") < _FEW[place == path]
            ):
                continue
            for word, name in words.items():
                if name not in found and word in data and self._under_condition(place, data, word):
                    found.add(name)
        return frozenset(found)

    def _under_condition(self, path: str, data: bytes, word: bytes) -> bool:
        return any(telling(self.at(path, line)) for line in lines_with(data, word))

    def near(self, path: str, name: str) -> tuple[Located, ...]:
        """The definitions of a name in the file and the headers of its closure."""
        key = (path, name)
        if key not in self._near:
            places = {place: at for at, place in enumerate(dict.fromkeys((path, *self.closure(path))))}
            found = self._within(places, [name])[name]
            self._near[key] = tuple(sorted(found, key=lambda x: places[x.path]))
        return self._near[key]

    def uses(self, path: str, name: str) -> tuple[int, ...]:
        """The lines of a file on which a word stands as code."""
        if path not in self._words:
            self._words[path] = _words(self.read(path) or b"")
        return self._words[path].get(name, ())


def _reached(path: str, closure: Collection[str]) -> bool:
    return path in closure or path.startswith("include/") or "/include/" in path


def _words(data: bytes) -> Mapping[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for token in tokens(data):
        if token.kind is TokenKind.NAME:
            found.setdefault(token.text.decode("utf-8", "surrogateescape"), []).append(token.line)
    return {name: tuple(lines) for name, lines in found.items()}


def lines_with(data: bytes, word: bytes) -> Iterator[int]:
    """The lines on which a word stands, by its bytes alone, each once."""
    at, line, counted, last = data.find(word), 1, 0, 0
    while at >= 0:
        end = at + len(word)
        if not _part_of_name(data[max(at - 1, 0) : at]) and not _part_of_name(data[end : end + 1]):
            line += data.count(b"\n", counted, at)
            counted = at
            if line != last:
                yield line
            last = line
        at = data.find(word, end)


def _part_of_name(byte: bytes) -> bool:
    return byte.isalnum() or byte in (b"_", b"$")


def everyday(found: Collection[Located]) -> bool:
    """Whether so many definitions have a name that nothing can be said of one of them."""
    return len(found) > _MOST_DEFINITIONS


def compiled(levels: Levels | None, inside: Expr) -> Expr:
    """When a line of a file is compiled: in the program, or in a module (where MODULE is defined)."""
    builtin, present = levels or ALWAYS
    if levels is None or MODULE not in inside.atoms():
        return both((present, inside))
    as_builtin = both((builtin, substituted(inside, {MODULE: FALSE})))
    as_module = both((present, no(builtin), substituted(inside, {MODULE: TRUE})))
    return either((as_builtin, as_module))


def anywhere(stands: Iterable[Stand]) -> Expr:
    """The condition under which at least one of the places is there."""
    return either(s.when for s in stands)


def telling(expr: Expr) -> bool:
    return expr.op not in (Op.TRUE, Op.FALSE)


def of_kinds(found: Iterable[Located], kinds: Collection[DefinitionKind]) -> list[Located]:
    return [x for x in found if x.definition.kind in kinds]


def overlaps(lines: Iterable[int], first: int, last: int) -> Iterator[int]:
    return (x for x in lines if first <= x <= last)
