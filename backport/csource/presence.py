"""Presence conditions: under which configurations a line of C is compiled, as boolean expressions.

The atoms of an expression are the macros that a build defines, so that the preprocessor's own meaning is kept:
`CONFIG_X` is true where X=y, `CONFIG_X_MODULE` where X=m, `MODULE` where the file itself is built as a module
(Documentation/kbuild/kconfig-language.rst, include/linux/kconfig.h). What cannot be said with these is an opaque
atom, named by its own text; a comparison with a number is `NAME >= 4`, so that two of one name are related.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

PREFIX = "CONFIG_"
MODULE = "MODULE"


class Op(Enum):
    TRUE = "1"
    FALSE = "0"
    ATOM = "atom"
    NOT = "!"
    AND = "&&"
    OR = "||"


@dataclass(frozen=True, slots=True)
class Expr:
    """An expression over atoms: `name` is an atom's, `parts` are the operands of NOT, AND and OR."""

    op: Op
    name: str = ""
    parts: tuple[Expr, ...] = ()

    def atoms(self) -> Iterator[str]:
        """The names of its atoms in order of appearance, each as often as it stands there."""
        stack = [self]
        while stack:
            here = stack.pop()
            if here.op is Op.ATOM:
                yield here.name
            stack.extend(reversed(here.parts))

    def __str__(self) -> str:
        if self.op is Op.ATOM:
            return self.name
        if self.op is Op.NOT:
            inner = self.parts[0]
            return f"!{inner}" if inner.op is Op.ATOM else f"!({inner})"
        if not self.parts:
            return str(self.op.value)
        return f" {self.op.value} ".join(_operand(self.op, x) for x in self.parts)


TRUE = Expr(Op.TRUE)
FALSE = Expr(Op.FALSE)


def _operand(op: Op, part: Expr) -> str:
    return f"({part})" if part.op in (Op.AND, Op.OR) and part.op is not op else str(part)


@lru_cache(maxsize=8192)
def atom(name: str) -> Expr:
    return Expr(Op.ATOM, name)


def no(part: Expr) -> Expr:
    """Its negation."""
    if part.op is Op.NOT:
        return part.parts[0]
    return {Op.TRUE: FALSE, Op.FALSE: TRUE}.get(part.op) or Expr(Op.NOT, parts=(part,))


def both(parts: Iterable[Expr]) -> Expr:
    """All of `parts`; TRUE of none."""
    return _joined(Op.AND, TRUE, FALSE, parts)


def either(parts: Iterable[Expr]) -> Expr:
    """Any of `parts`; FALSE of none."""
    return _joined(Op.OR, FALSE, TRUE, parts)


def _joined(op: Op, neutral: Expr, absorbing: Expr, parts: Iterable[Expr]) -> Expr:
    kept: dict[Expr, None] = {}
    for part in parts:
        if part is absorbing or part == absorbing:
            return absorbing
        for piece in part.parts if part.op is op else (part,):
            if piece != neutral:
                kept[piece] = None
    if not kept:
        return neutral
    return next(iter(kept)) if len(kept) == 1 else Expr(op, parts=tuple(kept))


def enabled(symbol: str) -> Expr:
    """CONFIG_`symbol` is y or m."""
    return either((atom(PREFIX + symbol), atom(f"{PREFIX}{symbol}_MODULE")))


def substituted(expr: Expr, values: Mapping[str, Expr]) -> Expr:
    """The expression with some of its atoms replaced."""
    if expr.op is Op.ATOM:
        return values.get(expr.name, expr)
    parts = tuple(substituted(x, values) for x in expr.parts)
    if expr.op is Op.NOT:
        return no(parts[0])
    return both(parts) if expr.op is Op.AND else either(parts) if expr.op is Op.OR else expr


def value(expr: Expr, truth: Mapping[str, bool]) -> bool:
    """Its value where `truth` gives the atoms' (an atom that is not named is false)."""
    if expr.op is Op.ATOM:
        return truth.get(expr.name, False)
    if expr.op is Op.NOT:
        return not value(expr.parts[0], truth)
    if expr.op is Op.AND:
        return all(value(x, truth) for x in expr.parts)
    return any(value(x, truth) for x in expr.parts) if expr.op is Op.OR else expr.op is Op.TRUE
