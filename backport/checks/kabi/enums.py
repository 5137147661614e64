"""The enumerators of an enum and their values, before and after a patch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backport.checks.kabi.data import kabi_data
from backport.checks.kabi.pieces import closing_of, joined, skip_directive, split_at_commas, tokens_of
from backport.csource import Token, TokenKind


@dataclass(frozen=True, slots=True)
class Enumerator:
    """An enumerator: `base` is the expression that was last written ("" the number alone counts) and `value`
    the distance from it."""

    name: str
    base: str
    value: int
    line: int

    def shown(self) -> str:
        if not self.base:
            return str(self.value)
        return f"{self.base} + {self.value}" if self.value else self.base


def read_enum(data: bytes, first: int) -> tuple[Enumerator, ...]:
    """The enumerators of the definition that `data` is, with their values as far as they can be counted."""
    found = tokens_of(data)
    opening = next((i for i, t in enumerate(found) if t.text == b"{"), None)
    if opening is None:
        return ()
    guards: list[str] = []
    body: list[Token] = []
    index, closing = opening + 1, closing_of(found, opening)
    while index < closing:
        if found[index].kind is TokenKind.DIRECTIVE:
            index = skip_directive(found, index, guards)
            continue
        body.append(found[index])
        index += 1
    result: list[Enumerator] = []
    base, value = "", -1
    for part in split_at_commas(body):
        base, value = _value(part, result, base, value)
        result.append(
            Enumerator(part[0].text.decode("ascii", "replace"), base, value, part[0].line + first - 1)
        )
    return tuple(result)


def _value(part: list[Token], before: list[Enumerator], base: str, value: int) -> tuple[str, int]:
    if len(part) < 3 or part[1].text != b"=":
        return base, value + 1
    text = joined(part[2:])
    try:
        return "", int(text.rstrip("uUlL"), 0)
    except ValueError:
        known = next((x for x in before if x.name == text), None)
        return (known.base, known.value) if known else (text, 0)


def changed_values(
    before: Sequence[Enumerator], after: Sequence[Enumerator]
) -> Iterator[tuple[Enumerator, Enumerator]]:
    """The enumerators whose value changes, before and after; those that only count the others left out."""
    now: dict[str, list[Enumerator]] = {}
    for one in after:
        now.setdefault(one.name, []).append(one)
    for one in before:  # A name may stand in two arms of an #if.
        others = now.get(one.name, [])
        same = any((one.base, one.value) == (x.base, x.value) for x in others)
        if others and not same and not _counts(one, before):
            yield one, others[0]


def _counts(one: Enumerator, before: Sequence[Enumerator]) -> bool:
    """Whether it only says how many there are: by its name, and by its place behind all others or a value that
    is made from another's."""
    if not kabi_data().sentinel.fullmatch(one.name):
        return False
    return bool(one.base) or all(x.value <= one.value or x.base for x in before)
