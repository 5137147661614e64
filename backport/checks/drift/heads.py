"""A function's head read and compared: parameters, what it returns, what it is. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from backport.checks.drift.units import Unit, UnitKind
from backport.csource import TokenKind
from backport.csource.dialect import dialect

_NAMELESS = frozenset(
    b"int long short char unsigned signed void bool float double const struct union enum".split()
)


@dataclass(frozen=True, slots=True)
class Head:
    """`parameters` are (name, type, whole text), `returns` the type without what is in `storage`; `macro` when it
    is a macro's, whose parameters have no type."""

    name: str
    parameters: tuple[tuple[str, str, str], ...]
    returns: str
    storage: frozenset[str]
    macro: bool = False


def head(unit: Unit, name: str = "") -> Head | None:
    """The head that a unit is: of the function `name` ("" whichever), a prototype or a macro; None for any other."""
    if unit.cut:
        return None
    if unit.kind is UnitKind.DIRECTIVE:
        return _macro(unit)
    if unit.kind not in (UnitKind.HEAD, UnitKind.STATEMENT):
        return None
    at = _name_at(unit, name)
    if at is None:
        return None
    close = _close(unit.words, at + 1)
    if close < 0 or (unit.kind is UnitKind.STATEMENT and not _is_prototype(unit, at, close)):
        return None
    spans = _spans(unit.words, at + 1, close)
    returns, storage = _before(unit, at)
    parameters = tuple(p for s in spans if (p := _parameter(unit, s)) is not None)
    return Head(unit.words[at].decode("utf-8", "replace"), parameters, returns, storage)


def _macro(unit: Unit) -> Head | None:
    words = unit.words
    if not words[0].endswith(b"define") or len(words) < 4 or words[2] != b"(":
        return None
    close = _close(words, 2)
    if close < 0 or unit.tokens[2].start != unit.tokens[1].start + len(words[1]):
        return None
    names = [unit.text(s.start, s.stop) for s in _spans(words, 2, close)]
    return Head(
        words[1].decode("utf-8", "replace"), tuple((n, "", n) for n in names if n), "", frozenset(), True
    )


def _name_at(unit: Unit, name: str) -> int | None:
    """The number of the word that is the function's name: the given one, or the first before a parenthesis that is
    no annotation."""
    words = unit.words
    wanted = name.encode("utf-8", "surrogateescape")
    found = [
        n
        for n, (word, after) in enumerate(pairwise(words))
        if after == b"(" and unit.tokens[n].kind is TokenKind.NAME
    ]
    named = [n for n in found if words[n] == wanted]
    if named:
        return named[0]
    plain = [n for n in found if not dialect().takes_arguments(words[n].decode("latin-1"))]
    return plain[0] if plain else None


def _is_prototype(unit: Unit, at: int, close: int) -> bool:
    """A declaration outside of a body: a type before the name, parameters that are types, nothing but annotations
    behind."""
    words = unit.words
    if not at or words[-1] != b";" or b"=" in words[: at + 1] or words[0] in (b"return", b"goto", b"else"):
        return False
    if unit.tokens[at - 1].kind is not TokenKind.NAME and words[at - 1] != b"*":
        return False
    if any(w in (b".", b"->", b"+", b"-") for w in words[: close + 1]):
        return False
    return (
        b"\n" not in unit.source[max(unit.tokens[0].start - 1, 0) : unit.tokens[0].start]
        or _column(unit) == 0
    )


def _column(unit: Unit) -> int:
    start = unit.tokens[0].start
    return start - (unit.source.rfind(b"\n", 0, start) + 1)


def _close(words: Sequence[bytes], opened: int) -> int:
    depth = 0
    for number in range(opened, len(words)):
        depth += (words[number] == b"(") - (words[number] == b")")
        if not depth:
            return number
    return -1


def _spans(words: Sequence[bytes], opened: int, close: int) -> list[range]:
    found: list[range] = []
    depth, start = 0, opened + 1
    for number in range(opened + 1, close):
        depth += (words[number] in (b"(", b"[")) - (words[number] in (b")", b"]"))
        if not depth and words[number] == b",":
            found.append(range(start, number))
            start = number + 1
    return [s for s in [*found, range(start, close)] if s]


def _parameter(unit: Unit, span: range) -> tuple[str, str, str] | None:
    """(name, type, text); the type stands for the whole where there is no name."""
    words = unit.words[span.start : span.stop]
    whole = unit.text(span.start, span.stop)
    if words == (b"void",):
        return None
    at = _parameter_name(unit, span)
    if at is None:
        return "", " ".join(whole.split()), whole
    rest = b" ".join(w for n, w in enumerate(words, span.start) if n != at)
    return unit.words[at].decode("utf-8", "replace"), rest.decode("utf-8", "replace"), whole


def _parameter_name(unit: Unit, span: range) -> int | None:
    words = unit.words
    for number in span:
        if words[number] == b"(" and number + 2 < span.stop and words[number + 1] == b"*":
            return number + 2
    names = []
    for number in span:
        if words[number] == b"[":
            break
        if unit.tokens[number].kind is TokenKind.NAME:
            names.append(number)
    if len(names) < 2 or words[names[-1]] in _NAMELESS or words[names[-2]] in (b"struct", b"union", b"enum"):
        return None
    return names[-1]


def _before(unit: Unit, at: int) -> tuple[str, frozenset[str]]:
    kept: list[str] = []
    storage: set[str] = set()
    for word in unit.words[:at]:
        text = word.decode("utf-8", "replace")
        if text in ("static", "extern"):
            storage.add(text)
        elif text in ("const", "volatile") or not (text in dialect().storage or dialect().is_attribute(text)):
            kept.append(text)
    return " ".join(kept), frozenset(storage)
