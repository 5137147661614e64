"""How code is quoted, and what stretches of units are called. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from backport.checks.drift.calls import calls, locks
from backport.checks.drift.compare import KEYWORDS
from backport.checks.drift.units import Unit, UnitKind
from backport.csource import TokenKind
from backport.model import DriftKind

LONGEST = 72
"""Characters of code that are quoted."""

BEFORE = 20
"""Characters that are quoted before the place where two long forms differ."""

SHOWN = 2
"""Statements that are quoted of a stretch which only one side has."""


def quoted(text: str) -> str:
    """Code between backticks, its middle left out where it is long; a backtick within it would end it."""
    text = text.replace("`", "'")
    if len(text) > LONGEST:
        text = f"{text[: LONGEST * 2 // 3].rstrip()} ... {text[-LONGEST // 3 + 5 :].lstrip()}"
    return f"`{text}`"


def quoted_both(one: str, other: str) -> tuple[str, str]:
    """Two forms of code between backticks. Where what is left out is all that differs, both are quoted from there."""
    first, second = quoted(one), quoted(other)
    if first != second or one == other:
        return first, second
    same = next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    start = max(one.rfind(" ", 0, max(0, same - BEFORE)) + 1, 0)
    return tuple(quoted(f"... {x[start : start + LONGEST - 4]}") for x in (one, other))  # type: ignore[return-value]


def listed(parts: Sequence[str]) -> str:
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


COMMON = frozenset(b"NULL true false __func__ __FILE__ __LINE__ size_t ssize_t likely unlikely".split())
"""Names that every tree has: no difference is about them."""


def names_of(units: Iterable[Unit]) -> frozenset[str]:
    return frozenset(
        t.text.decode("utf-8", "replace")
        for u in units
        for t in u.tokens
        if t.kind is TokenKind.NAME and t.text not in KEYWORDS and t.text not in COMMON
    )


def telling(units: Sequence[Unit]) -> list[Unit]:
    """Without what says nothing alone."""
    return [u for u in units if u.kind is not UnitKind.LONE and not u.cut and len(u.words) > 1]


def is_local(unit: Unit) -> bool:
    """Whether a statement looks like the declaration of a local variable that does nothing."""
    if unit.kind is not UnitKind.STATEMENT or len(unit.words) < 3 or unit.words[-1] != b";" or calls(unit):
        return False
    typed = unit.tokens[1].kind is TokenKind.NAME or unit.words[1] == b"*"
    return unit.tokens[0].kind is TokenKind.NAME and typed and unit.words[0] not in (b"return", b"goto")


def several(units: Sequence[Unit]) -> str:
    return listed([quoted(u.text()) for u in units])


def is_call(unit: Unit) -> bool:
    """Whether a statement is one call and nothing else."""
    found = calls(unit)
    return bool(found) and found[0].first == 0 and found[0].last == len(unit.words) - 2


def described(units: Sequence[Unit], other: frozenset[str]) -> tuple[DriftKind, str, str]:
    """Kind, words and name for a stretch that only one side has: what tells most of it is quoted."""
    if any(True for u in units for _ in locks(u)):
        kind = DriftKind.LOCK
    elif units[0].kind is UnitKind.DIRECTIVE and units[0].words[0].lstrip(b"# \t").startswith(b"if"):
        kind = DriftKind.GUARD
    elif any(u.kind is UnitKind.LABEL and u.words[0] not in (b"case", b"default") for u in units):
        kind = DriftKind.LABEL
    elif len(units) == 1 and units[0].kind is UnitKind.CONDITION:
        kind = DriftKind.CONDITION
    else:
        kind = DriftKind.STATEMENT
    if kind is DriftKind.LABEL and len(units) == 1:
        label = units[0].words[0].decode("utf-8", "replace")
        return kind, f"the label `{label}`", label
    shown = units[:SHOWN] if kind is DriftKind.GUARD else _most_telling(units, other)
    text = quoted(" ".join(u.text() for u in shown))
    left = len(units) - len(shown)
    if left:
        text += f" and {left} more statement{'s' if left > 1 else ''}"
    return kind, text, ""


def _most_telling(units: Sequence[Unit], other: frozenset[str]) -> Sequence[Unit]:
    """The unit with most names that the other side does not have, and the one behind it."""
    if len(units) <= SHOWN:
        return units

    def tells(at: int) -> tuple[bool, int, int]:
        unit = units[at]
        return not is_local(unit), len(names_of([unit]) - other), -at

    best = max(range(len(units)), key=tells)
    return units[best : best + SHOWN]
