"""Which symbols the target's vendor promised not to change: its lists, found in the tree or given."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from backport.checks.kabi.data import ListPlace, kabi_data
from backport.checks.rule import Context
from backport.model import Evidence, LineEvidence
from backport.tree import File, Tree

_SYMBOL = re.compile(r"[A-Za-z_]\w*")
_SYMVERS = re.compile(r"0x[0-9a-fA-F]{1,16}\s+(\w+)\s")
_SEVERITY = re.compile(r"(\S+)\s+(PASS|FAIL|\d+)\s*")


@dataclass(frozen=True, slots=True)
class Listing:
    """Where a symbol is listed: the list's title and path, and the line (0: the file's name says it)."""

    title: str
    path: str
    line: int = 0
    text: bytes = b""
    given: bool = False
    """By the user and not by the tree."""
    module: str = ""
    """The module that exports it, as Module.symvers says ("vmlinux", "drivers/md/dm-mod")."""

    def evidence(self) -> tuple[Evidence, ...]:
        return (
            (LineEvidence("target", self.path, self.line, self.text),) if self.line and not self.given else ()
        )


@dataclass(frozen=True)
class SymbolLists:
    """All lists that count. `severities` are patterns of symbols and files, and whether a change of them is let
    pass; they alone hold every symbol that no pattern lets pass."""

    symbols: Mapping[str, Listing] = field(default_factory=dict)
    severities: tuple[tuple[str, bool], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.symbols or self.severities)

    def holds(self, symbol: str, path: str = "") -> bool:
        """Whether the symbol, exported in the file `path`, must stay as it is."""
        if self.symbols and symbol not in self.symbols:
            return False
        module = (self.symbols[symbol].module if self.symbols else "") or path
        for pattern, passes in self.severities:
            if fnmatchcase(module if "/" in pattern or pattern == "vmlinux" else symbol, pattern):
                return not passes
        return bool(self)


def symbol_lists(context: Context) -> SymbolLists:
    """The lists that were given, else those of the target's tree."""
    return context.once("symbol lists", lambda: _lists(context))


def _lists(context: Context) -> SymbolLists:
    found: list[tuple[ListPlace | None, str, bytes]]
    if context.asked.symbols:
        found = [(None, name, data) for name, data in context.asked.symbols]
    else:
        found = list(_in_tree(context.ground.tree))
    symbols: dict[str, Listing] = {}
    severities: list[tuple[str, bool]] = []
    for place, path, data in found:
        form = place.form if place else _form(data)
        title = place.title if place else "the symbol list"
        if form == "severities":
            severities += _severities(data)
        for symbol, line, text in _symbols(form, path, data):
            module = _module(text) if form == "symvers" else ""
            symbols.setdefault(symbol, Listing(title, path, line, text, place is None, module))
    return SymbolLists(symbols, tuple(severities))


def has_lists(tree: Tree) -> bool:
    """Whether the tree has one of the folders in which lists are kept; the lists themselves are not read."""
    return any(tree.mode(place.folder) for place in kabi_data().lists)


def _in_tree(tree: Tree) -> Iterator[tuple[ListPlace, str, bytes]]:
    places = [place for place in kabi_data().lists if tree.mode(place.folder)]
    for folder in dict.fromkeys(place.folder for place in places):
        for path in tree.paths(folder):
            place = next((x for x in places if x.folder == folder and x.path.fullmatch(path)), None)
            entry = tree.read(path) if place is not None else None
            if place is not None and isinstance(entry, File):
                yield place, path, entry.data


def _form(data: bytes) -> str:
    """The form of a list that was given: most of its lines say so."""
    text = data[:20_000].decode("utf-8", "replace")
    lines = [x for x in text.splitlines() if x.strip() and not x.lstrip().startswith(("#", "["))]
    for form, pattern in (("symvers", _SYMVERS), ("severities", _SEVERITY)):
        if lines and 2 * sum(bool(pattern.match(x.strip() + " ")) for x in lines) > len(lines):
            return form
    return "names"


def _symbols(form: str, path: str, data: bytes) -> Iterator[tuple[str, int, bytes]]:
    """Each symbol of a list, with its line."""
    if form == "files":
        yield path.rsplit("/", 1)[-1], 0, b""
        return
    for number, line in enumerate(data.split(b"\n") if form in ("names", "symvers") else (), 1):
        text = line.decode("utf-8", "replace").partition("#")[0].strip()
        match = _SYMVERS.match(text + " ") if form == "symvers" else _SYMBOL.fullmatch(text.rstrip(",;"))
        if match:
            yield match[match.lastindex or 0], number, line


def _module(line: bytes) -> str:
    words = line.decode("utf-8", "replace").split()
    return words[2] if len(words) > 2 else ""


def _severities(data: bytes) -> Iterator[tuple[str, bool]]:
    for line in data.decode("utf-8", "replace").splitlines():
        match = _SEVERITY.fullmatch(line.partition("#")[0].strip())
        if match:
            yield match[1], match[2] == "PASS"
