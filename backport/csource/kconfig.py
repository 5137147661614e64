"""Kconfig as values: what symbols a tree has, and what must hold between them.

Nothing here reads a tree or runs anything: the texts of the Kconfig files come in, values go out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..model import StrEnum

Term = str | tuple["Term", ...]
"""An expression of Kconfig: a symbol's name, a constant with its quotes (`"y"`), or an operator with operands:
("&&", a, b), ("||", a, b), ("!", a), and ("=", a, b) with the other comparisons."""


class SymbolType(StrEnum):
    BOOL = "bool"
    TRISTATE = "tristate"
    STRING = "string"
    INT = "int"
    HEX = "hex"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Where:
    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Symbol:
    """One symbol as one architecture sees it.

    `prompt` is the text that the user is asked ("" never), `visible` when; `depends` what it depends on,
    `selected` what selects it, `implied` what implies it, as one expression each; `defaults` are (value, condition) in
    order of precedence, `selects` and `implies` (symbol, condition). `choice` numbers the choice that it is one of
    (-1 none). `help` is the beginning of its help text."""

    name: str
    type: SymbolType
    prompt: str = ""
    visible: Term = '"n"'
    depends: Term = '"y"'
    selected: Term = '"n"'
    implied: Term = '"n"'
    defaults: tuple[tuple[Term, Term], ...] = ()
    selects: tuple[tuple[str, Term], ...] = ()
    implies: tuple[tuple[str, Term], ...] = ()
    choice: int = -1
    where: tuple[Where, ...] = ()
    help: str = ""


@dataclass(frozen=True, slots=True)
class Kconfig:
    """The symbols of one architecture's view. `degraded` says what of it could not be read ("" nothing)."""

    symbols: Mapping[str, Symbol]
    arch: str = ""
    degraded: str = ""


def symbols_in(term: Term) -> Iterator[str]:
    """The names of the symbols in an expression."""
    if isinstance(term, str):
        if not term.startswith('"'):
            yield term
    else:
        for part in term[1:]:
            yield from symbols_in(part)


def term_text(term: Term) -> str:
    """As Kconfig writes it."""
    if isinstance(term, str):
        return term.strip('"') if term in ('"y"', '"m"', '"n"') else term
    operator = str(term[0])
    if operator == "!":
        return f"!{_inner(operator, term[1])}"
    return f" {operator} ".join(_inner(operator, part) for part in term[1:])


def _inner(operator: str, part: Term) -> str:
    text = term_text(part)
    return f"({text})" if not isinstance(part, str) and part[0] != operator and operator != "||" else text


_CONFIG = re.compile(rb"^[ \t]*(?:menu)?config[ \t]+(\w+)[ \t]*(?:#.*)?\r?$", re.MULTILINE)


def declared(data: bytes) -> Iterator[tuple[str, int]]:
    """The symbols that one Kconfig file declares with their lines, under whatever condition; by layout only."""
    line, counted = 1, 0
    for match in _CONFIG.finditer(data):
        line += data.count(b"\n", counted, match.start())
        counted = match.start()
        yield match[1].decode("ascii", "replace"), line


_BASENAME = re.compile(r"Kconfig(?:[.\-_]\w[\w.\-]*)?|Config\.in(?:\.\w+)?")


def is_kconfig(path: str) -> bool:
    """Whether a path is that of a Kconfig file (those of tests of Kconfig itself are none of the tree's)."""
    return _BASENAME.fullmatch(path.rpartition("/")[2]) is not None and "/kconfig/tests/" not in path
