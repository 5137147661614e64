"""The calls and the conditions within a unit, and what of them are locks. Pure; numbers are those of its words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from backport.checks.drift.compare import KEYWORDS
from backport.checks.drift.units import Unit
from backport.csource import TokenKind

_OPEN = frozenset({b"(", b"["})
_CLOSE = frozenset({b")", b"]"})
_LIKELY = frozenset({b"likely", b"unlikely"})


class Call(NamedTuple):
    """A call: its callee, the numbers of its name and of its closing parenthesis, the spans of its arguments."""

    name: bytes
    first: int
    last: int
    arguments: tuple[range, ...]


def calls(unit: Unit) -> list[Call]:
    """The calls of a unit, outer ones before those within them; one that is not closed is left out."""
    found: list[Call] = []
    open_calls: list[tuple[int, list[int]]] = []
    depths: list[bool] = []
    words = unit.words
    for number, word in enumerate(words):
        if word in _OPEN:
            callee = word == b"(" and number > 0 and _is_callee(unit, number - 1)
            depths.append(callee)
            if callee:
                open_calls.append((number - 1, [number]))
        elif word in _CLOSE and depths:
            if depths.pop():
                first, commas = open_calls.pop()
                found.append(Call(words[first], first, number, _arguments([*commas, number])))
        elif word == b"," and depths and depths[-1]:
            open_calls[-1][1].append(number)
    return sorted(found, key=lambda c: c.first)


def _is_callee(unit: Unit, number: int) -> bool:
    token = unit.tokens[number]
    return token.kind is TokenKind.NAME and token.text not in KEYWORDS and token.text not in _LIKELY


def _arguments(marks: Sequence[int]) -> tuple[range, ...]:
    spans = [range(a + 1, b) for a, b in pairwise(marks)]
    return () if len(spans) == 1 and not spans[0] else tuple(spans)


def clauses(unit: Unit) -> tuple[str, list[range]]:
    """What a condition asks: `&&`, `||` or "" and the spans that it joins, likely() and outer parentheses left out."""
    words = unit.words
    start = words.index(b"(") if b"(" in words else 0
    span = _bare(words, range(start, len(words)))
    for mark in (b"||", b"&&"):
        parts = _split(words, span, mark)
        if len(parts) > 1:
            return mark.decode(), parts
    return "", [span]


def _bare(words: Sequence[bytes], span: range) -> range:
    while span and (words[span[0]] in _LIKELY or words[span[0]] == b"("):
        opened = span[0] + (words[span[0]] in _LIKELY)
        if opened >= span.stop or words[opened] != b"(" or _closing(words, opened) != span.stop - 1:
            break
        span = range(opened + 1, span.stop - 1)
    return span


def _closing(words: Sequence[bytes], opened: int) -> int:
    depth = 0
    for number in range(opened, len(words)):
        depth += (words[number] in _OPEN) - (words[number] in _CLOSE)
        if not depth:
            return number
    return -1


def _split(words: Sequence[bytes], span: range, mark: bytes) -> list[range]:
    found: list[range] = []
    depth, start = 0, span.start
    for number in span:
        depth += (words[number] in _OPEN) - (words[number] in _CLOSE)
        if not depth and words[number] == mark:
            found.append(range(start, number))
            start = number + 1
    return [*found, range(start, span.stop)]


# --- locks ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Lock:
    """What a call does with a lock: `does` is "takes", "releases", "tries" or "asserts"."""

    lock: str
    does: str
    text: str


@lru_cache(maxsize=1)
def _table() -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    import tomllib

    from backport.csource.dialect import read_data

    rows = tomllib.loads(read_data("locks.toml"))["call"]
    return tuple((x["lock"], x["does"], re.compile("|".join(x["call"]))) for x in rows)


_MAYBE = re.compile(rb"lock|down|up|mutex|guard|sem|cpus|vma_|rtnl|rcu")


def locks(unit: Unit) -> Iterator[Lock]:
    """The calls of a unit that take or release a lock."""
    for call in calls(unit):
        if _MAYBE.search(call.name):
            text = unit.text(call.first, call.last + 1)
            for lock, does, pattern in _table():
                if pattern.fullmatch(text):
                    yield Lock(lock, does, text)
                    break
