"""Whether one call may stand for another. Pure."""

from __future__ import annotations

from backport.checks.drift.calls import Call, calls
from backport.checks.drift.phrases import is_call
from backport.checks.drift.units import Unit


def akin_units(one: Unit, other: Unit) -> bool:
    """Whether two statements are calls of which one may stand for the other."""
    if not (is_call(one) and is_call(other)):
        return False
    return akin(calls(one)[0], calls(other)[0], one, other)


def other_callees(one: Unit, other: Unit) -> bool:
    """Whether two statements call quite other functions."""
    ours, theirs = calls(one), calls(other)
    if not ours or not theirs or {c.name for c in ours} & {c.name for c in theirs}:
        return False
    return not any(akin(a, b, one, other) for a in ours for b in theirs)


def akin(a: Call, b: Call, one: Unit, other: Unit) -> bool:
    """Whether one call may be the other's form here: a part of their names is the same, or most arguments are."""
    parts = {p for p in a.name.lower().split(b"_") if len(p) > 2}
    if parts & set(b.name.lower().split(b"_")):
        return True
    left = {one.text(s.start, s.stop) for s in a.arguments}
    right = {other.text(s.start, s.stop) for s in b.arguments}
    return 2 * len(left & right) >= max(len(left), len(right), 1)
