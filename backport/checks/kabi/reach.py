"""From a type to an exported symbol that reaches it, and the path between them.

Pointers are followed, as the tools do that compare kernels (genksyms where the type is visible, libabigail always): a
module that is handed a pointer reads the struct behind it. A type that only one .c file knows is not followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from backport.checks.kabi.data import kabi_data
from backport.checks.kabi.exports import find_exports
from backport.checks.kabi.lists import Listing, SymbolLists, symbol_lists
from backport.checks.rule import Context
from backport.csource import region_map
from backport.model import Evidence, LineEvidence, RegionKind
from backport.tree import File, Match

_DEPTH = 4
"""Structs between the symbol and the type, at most."""
_FILES, _TYPES = 250, 24
"""Headers that are read for one step, and types that the next step starts from."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How a type is reached: `path` from the symbol to the type, its evidence, the list that holds the symbol."""

    path: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    listing: Listing | None = None


@dataclass(frozen=True, slots=True)
class _Via:
    """A type on the way, as C writes it ("struct file"), and the steps from it to the type that was asked for."""

    type: str
    steps: tuple[str, ...]
    evidence: tuple[Evidence, ...] = ()

    @property
    def word(self) -> bytes:
        return self.type.split()[-1].encode()

    def pattern(self) -> re.Pattern[bytes]:
        words = self.type.split()
        head = rb"\b" + words[0].encode() + rb"\s+" if len(words) > 1 else rb"\b"
        return re.compile(head + re.escape(self.word) + rb"\b")


@dataclass(frozen=True, slots=True)
class _Symbol:
    """A function or variable whose declaration names the type."""

    name: str
    shown: str
    via: _Via
    evidence: LineEvidence


def reach(context: Context, type: str, path: str) -> Reached | None:
    """A symbol that reaches `type` ("struct file", or a typedef's name), which the file `path` defines: the
    nearest one, of the lists where the tree has some. None where none is found within bounds."""
    return context.once(("reach", type, path), lambda: _reach(context, type, path))


def _reach(context: Context, type: str, path: str) -> Reached | None:
    if not path.endswith(".h"):
        return None
    lists = symbol_lists(context)
    steps: list[list[_Symbol]] = []
    for symbols in _outwards(context, type, path):
        found = _first(context, symbols, lists)
        if found is not None:
            return found
        steps.append(symbols)
    for symbols in steps if not lists.symbols else ():
        found = _first(context, symbols, lists, everywhere=True)
        if found is not None:
            return found
    return None


def _outwards(context: Context, type: str, path: str) -> Iterator[list[_Symbol]]:
    """The functions and variables that name the type, then those that name a struct with such a member, and on."""
    level, seen = [_Via(type, (type,))], {type}
    for _ in range(_DEPTH):
        symbols, parents = _users(context, level, path)
        yield symbols
        level = [p for p in parents if p.type not in seen][:_TYPES]
        seen |= {p.type for p in level}
        if not level or not context.ground.steps.spend(len(level)):
            break


def _first(
    context: Context, symbols: Sequence[_Symbol], lists: SymbolLists, *, everywhere: bool = False
) -> Reached | None:
    if lists.symbols:
        for symbol in symbols:
            if lists.holds(symbol.name, symbol.evidence.path):
                listing = lists.symbols[symbol.name]
                return _reached(symbol, listing.evidence(), listing)
        return None
    exports = find_exports(context, [s.name for s in symbols], everywhere=everywhere)
    for symbol in symbols:
        export = exports.get(symbol.name)
        if export is not None and (not lists or lists.holds(symbol.name, export.path)):
            return _reached(symbol, (export.evidence(),), None)
    return None


def _reached(symbol: _Symbol, proof: tuple[Evidence, ...], listing: Listing | None) -> Reached:
    return Reached(
        (symbol.shown, *symbol.via.steps), (*proof, symbol.evidence, *symbol.via.evidence), listing
    )


# --- who uses a type -------------------------------------------------------------------------------


def _users(context: Context, level: Sequence[_Via], path: str) -> tuple[list[_Symbol], list[_Via]]:
    """The functions and variables whose declarations name one of the types, and the structs with such a member."""
    home = path.rpartition("/")[0]
    prefixes = [p for p in dict.fromkeys((home, *kabi_data().headers)) if p or "/" not in path]
    by_file: dict[str, list[Match]] = {}
    for match in context.ground.tree.search([v.word for v in level], prefixes):
        if match.path.endswith(".h"):
            by_file.setdefault(match.path, []).append(match)
    symbols: list[_Symbol] = []
    parents: dict[str, _Via] = {}
    for name in sorted(by_file, key=lambda x: (x != path, not x.startswith(home + "/"), "/uapi/" in x, x))[
        :_FILES
    ]:
        if not context.ground.steps.spend():
            break
        for user in _in_header(context, name, by_file[name], level):
            if isinstance(user, _Symbol):
                symbols.append(user)
            else:
                parents.setdefault(user.type, user)
    return symbols, list(parents.values())


def _in_header(
    context: Context, path: str, matches: Iterable[Match], level: Sequence[_Via]
) -> Iterator[_Symbol | _Via]:
    patterns = [(v, v.pattern()) for v in level]
    hits = [(m, v, at.start()) for m in matches for v, p in patterns if (at := p.search(m.text))]
    entry = context.ground.tree.read(path) if hits else None
    if not isinstance(entry, File):
        return
    regions = region_map(path, entry.data, frozenset(m.line for m, _, _ in hits))
    starts = _starts(entry.data)
    for match, via, column in hits:
        region = regions.at(match.line)
        evidence = LineEvidence("target", path, match.line, match.text)
        if region is not None and region.kind in (RegionKind.STRUCT, RegionKind.UNION):
            if region.name and region.label() != via.type and match.line != region.first:
                member = _member(match.text)
                steps = (region.label(), *((member,) if member else ()), *via.steps)
                yield _Via(region.label(), steps, (evidence, *via.evidence))
        elif region is None or region.kind is RegionKind.DECLARATION:
            named = _named(_statement(entry.data, starts[match.line - 1] + column))
            if named is not None:
                yield _Symbol(*named, via, evidence)


def _starts(data: bytes) -> list[int]:
    """The offset of each line's first byte."""
    starts, at = [0], data.find(b"\n")
    while at >= 0:
        starts.append(at + 1)
        at = data.find(b"\n", at + 1)
    return starts


_BREAK = re.compile(rb"[;{}]|\n[ \t]*#[^\n]*(?:\\\n[^\n]*)*\n|\*/")
_END = re.compile(rb"[;{}]|\n[ \t]*#")


def _statement(data: bytes, offset: int) -> bytes:
    """The declaration around an offset of a file."""
    start = max(0, offset - 1500)
    for match in _BREAK.finditer(data, start, offset):
        start = match.end()
    end = _END.search(data, offset)
    return data[start : end.start() if end else len(data)]


_FUNCTION = re.compile(rb"(\w+)\s*\(([^()]*(?:\([^()]*\)[^()]*)*)\)\s*(?:__?\w+\s*(?:\([^()]*\))?\s*)*\Z")
_VARIABLE = re.compile(rb"\bextern\b[^()=]*?(\w+)\s*(?:\[[^\]]*\]\s*)*(?:__?\w+\s*(?:\([^()]*\))?\s*)*\Z")
_COMMENT = re.compile(rb"/\*.*?\*/|//[^\n]*", re.DOTALL)


def _named(statement: bytes) -> tuple[str, str] | None:
    """The name that a declaration gives, and how a path shows it; None for what declares no function or extern."""
    text = b" ".join(_COMMENT.sub(b" ", statement).split())
    if text.startswith((b"typedef", b"static")) or b"=" in text:
        return None
    match = _FUNCTION.search(text)
    if match and match.start():
        name = match[1].decode("ascii", "replace")
        parameters = match[2].decode("utf-8", "replace")
        return name, f"{name}({parameters if len(parameters) <= 60 else parameters[:57] + '...'})"
    variable = _VARIABLE.search(text)
    return (variable[1].decode("ascii", "replace"),) * 2 if variable else None


_MEMBER = re.compile(rb"(\w+)\s*(?:\[[^\]]*\]|:\s*\d+)*\s*;")
_POINTED = re.compile(rb"\(\s*\*\s*(\w+)\s*\)\s*\(")


def _member(text: bytes) -> str:
    """The member that a line of a struct declares; "" where another line has its name."""
    match = _POINTED.search(text) or _MEMBER.search(text)
    return f"member {match[1].decode('ascii', 'replace')}" if match else ""
