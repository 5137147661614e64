"""Decides presence conditions: is there a configuration, and which.

z3 as a SAT solver, loaded when something is asked. Binary decision diagrams (oxidd: 0.6 MB against z3's 38) were tried
and are too weak here: of "SHMEM without USERFAULTFD" in Linux 6.1 they outgrow 2^18 nodes once the rules of 60 symbols
around it are taken in, where z3 answers of hundreds within milliseconds; python-sat has only pre-releases, pycryptosat
no wheels for older systems. z3 has one wheel for every CPython on each platform; it takes 35 ms to load.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from backport.csource.presence import FALSE, TRUE, Expr, Op, both, no, substituted, value

_UNKNOWNS = 6
_STEPS = 20_000_000
"""z3's own count of work for one question, so that every machine stops at the same place."""


class TooHard(Exception):
    """The question is beyond the limits: the answer is not known."""


def witness(
    problem: Expr, rules: Sequence[Expr] = (), unknown: Collection[str] = ()
) -> Mapping[str, bool] | None:
    """A configuration in which `problem` holds and that all `rules` allow, or None when there is none.

    It names no more of the problem's atoms than are needed: whatever gives these atoms these values has the problem,
    and the rules allow one that does. Atoms in `unknown` are such that nobody knows their value: the problem must
    hold whatever they are. Raises TooHard."""
    asked = whatever(problem, unknown)
    if asked.op is Op.FALSE:
        return None
    if asked.op is Op.TRUE and not rules:
        return {}
    return _Session(asked, rules).witness()


def possible(problem: Expr, rules: Sequence[Expr] = (), unknown: Collection[str] = ()) -> bool:
    """Whether there is a configuration with the problem. Raises TooHard."""
    asked = whatever(problem, unknown)
    if asked.op in (Op.FALSE, Op.TRUE) and not rules:
        return asked.op is Op.TRUE
    return asked.op is not Op.FALSE and _Session(asked, rules).allows({})


def nearest(problem: Expr, rules: Sequence[Expr], wanted: Mapping[str, bool]) -> Mapping[str, bool] | None:
    """A whole configuration in which `problem` holds and that all `rules` allow, as near to `wanted` as goes: the
    values of the atoms of both, those that `wanted` names kept where they can be. None where there is none.

    Raises TooHard."""
    return _Session(problem, rules).nearest(wanted)


def whatever(problem: Expr, unknown: Collection[str]) -> Expr:
    """The condition under which the problem holds whatever these atoms are. Raises TooHard for too many."""
    names = sorted(set(problem.atoms()) & set(unknown))
    if len(names) > _UNKNOWNS:
        raise TooHard
    cases = product((TRUE, FALSE), repeat=len(names))
    return both(substituted(problem, dict(zip(names, case, strict=True))) for case in cases)


class _Session:
    """One problem under its rules, in z3."""

    def __init__(self, problem: Expr, rules: Sequence[Expr]) -> None:
        import z3

        self._z3: Any = z3
        self._problem = problem
        self._own = list(dict.fromkeys(problem.atoms()))
        self._numbers: dict[str, int] = {}
        asserted = "".join(f"(assert {self._text(e)})\n" for e in (problem, *rules))
        declared = "".join(f"(declare-const a{n} Bool)\n" for n in self._numbers.values())
        self._solver: Any = z3.Solver()
        self._solver.set("rlimit", _STEPS)
        self._solver.from_string(declared + asserted)

    def _text(self, expr: Expr) -> str:
        if expr.op is Op.ATOM:
            return f"a{self._numbers.setdefault(expr.name, len(self._numbers))}"
        if not expr.parts:
            return "true" if expr.op is Op.TRUE else "false"
        word = {Op.NOT: "not", Op.AND: "and", Op.OR: "or"}[expr.op]
        return f"({word} {' '.join(map(self._text, expr.parts))})"

    def allows(self, fixed: Mapping[str, bool]) -> bool:
        """Whether there is a model with these values."""
        given = [self._literal(name, true) for name, true in fixed.items()]
        answer = self._solver.check(*given)
        if answer == self._z3.unknown:
            raise TooHard
        return bool(answer == self._z3.sat)

    def _atom(self, name: str) -> Any:
        return self._z3.Bool(f"a{self._numbers[name]}")

    def _literal(self, name: str, true: bool) -> Any:
        return self._atom(name) if true else self._z3.Not(self._atom(name))

    def witness(self) -> Mapping[str, bool] | None:
        """The model with as many atoms false as go one after the other, without those that do not matter."""
        fixed = self._least({}, self._own)
        if fixed is None:
            return None
        needed = dict(_needed(self._problem, fixed))
        others = [
            n for n in dict.fromkeys(map(_other_level, needed)) if n in self._numbers and n not in needed
        ]
        whole = self._least(fixed, others)
        return {**needed, **{n: whole[n] for n in others}} if whole is not None else needed

    def nearest(self, wanted: Mapping[str, bool]) -> Mapping[str, bool] | None:
        """The model that keeps wanted values, by halves: those that go together are asked of together."""
        fixed: dict[str, bool] = {}
        if not self.allows(fixed):
            return None
        stack = [[n for n in self._numbers if n in wanted]]
        while stack:
            names = stack.pop()
            if self.allows({**fixed, **{n: wanted[n] for n in names}}):
                fixed.update((n, wanted[n]) for n in names)
            elif len(names) == 1:
                fixed[names[0]] = not wanted[names[0]]
            else:
                stack += [names[len(names) // 2 :], names[: len(names) // 2]]
        return fixed

    def _least(self, given: Mapping[str, bool], names: Sequence[str]) -> dict[str, bool] | None:
        """Values of these atoms beside the given ones, false wherever that goes."""
        fixed = dict(given)
        if not self.allows(fixed):
            return None
        for name in names:
            if name not in fixed:
                fixed[name] = not self.allows({**fixed, name: False})
        return fixed


def _other_level(name: str) -> str:
    """The atom that with this one says whether a tristate is y, m or n."""
    return name.removesuffix("_MODULE") if name.endswith("_MODULE") else f"{name}_MODULE"


def _needed(problem: Expr, chosen: dict[str, bool]) -> Iterator[tuple[str, bool]]:
    """Those of the literals without which the others do not imply the problem."""
    for name in list(chosen):
        fewer = {n: v for n, v in chosen.items() if n != name}
        if _implied(problem, fewer):
            chosen = fewer
    yield from chosen.items()


def _implied(problem: Expr, chosen: Mapping[str, bool]) -> bool:
    """Whether the problem holds whatever the atoms are that are not chosen."""
    rest = substituted(problem, {n: TRUE if v else FALSE for n, v in chosen.items()})
    names = list(dict.fromkeys(rest.atoms()))
    if len(names) > _UNKNOWNS:
        return not possible(no(rest))
    return all(
        value(rest, dict(zip(names, case, strict=True))) for case in product((True, False), repeat=len(names))
    )
