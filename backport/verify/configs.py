"""Which configurations show what changed: as few as go, each as near to the base as Kconfig allows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from backport.csource.kconfig import Kconfig
from backport.csource.kconfig_rules import config_symbols, fragment, rules
from backport.csource.presence import FALSE, PREFIX, TRUE, Expr, Op, atom, both, either, no, substituted
from backport.csource.presence_text import number_rules
from backport.verify.values import Configuration, Goal

MOST = 6
"""Configurations of one architecture."""
_LINE = re.compile(r"(CONFIG_\w+)=(.*)")
_OFF = re.compile(r"# (CONFIG_\w+) is not set")
_SAID = re.compile(r"(?:(CONFIG_\w+)=([ymn])\b|# (CONFIG_\w+) is not set)")
_AT_LEAST = re.compile(r"(CONFIG_\w+) >= (-?\d+)")
_MODULE_SUFFIX = "_MODULE"
# What every file of a kernel is compiled with.
_FIXED = {"__KERNEL__": TRUE, "__GNUC__": TRUE, "__ASSEMBLY__": FALSE, "__ASSEMBLER__": FALSE}


@dataclass(frozen=True, slots=True)
class DotConfig:
    """A .config: the value of each symbol that has one, by its name with CONFIG_."""

    values: Mapping[str, str]

    @staticmethod
    def read(data: bytes) -> DotConfig:
        lines = data.decode("utf-8", "replace").splitlines()
        return DotConfig({m[1]: m[2] for line in lines if (m := _LINE.fullmatch(line))})

    def defines(self, name: str) -> bool:
        """Whether a macro of the configuration (CONFIG_X, CONFIG_X_MODULE) is defined."""
        if name in self.values:
            return self.values[name] != "m"
        return name.endswith(_MODULE_SUFFIX) and self.values.get(name[: -len(_MODULE_SUFFIX)]) == "m"

    def settle(self, expr: Expr) -> Expr:
        """The expression with all put in that the configuration decides."""
        return substituted(expr, {name: self._atom(name) for name in set(expr.atoms())})

    def _atom(self, name: str) -> Expr:
        if name.startswith(PREFIX) and " " not in name:
            return TRUE if self.defines(name) else FALSE
        bound = _AT_LEAST.fullmatch(name)
        if bound is not None:
            try:
                return TRUE if int(self.values.get(bound[1], "0"), 0) >= int(bound[2]) else FALSE
            except ValueError:
                return atom(name)
        return _FIXED.get(name, atom(name))

    def shows(self, expr: Expr) -> bool:
        """Whether the condition holds. What a configuration does not decide is taken to hold."""
        return self.settle(expr).op is not Op.FALSE


def said(text: str) -> Iterator[tuple[str, Expr]]:
    """The (symbol, condition) of each line of a .config that a sentence names."""
    for match in _SAID.finditer(text):
        name = match[1] or match[3]
        if match[3] or match[2] == "n":
            yield name, no(either((atom(name), atom(name + _MODULE_SUFFIX))))
        else:
            yield name, atom(name if match[2] == "y" else name + _MODULE_SUFFIX)


@dataclass(frozen=True, slots=True)
class Planned:
    """The configurations in the order in which they are built, and the goals that none of them shows."""

    configurations: tuple[Configuration, ...]
    unmet: tuple[Goal, ...]


def plan(goals: Sequence[Goal], base: DotConfig, view: Kconfig, arch: str, name: str) -> Planned:
    """Cover the goals: what the base shows is built with it; the others greedily, each configuration taking
    every goal that goes together with those before it."""
    shown = [g for g in goals if base.shows(g.when)]
    left = [g for g in goals if not base.shows(g.when)]
    left = [g for g in left if not g.along]
    found = [Configuration(arch, name, (), tuple(shown))] if any(not g.along for g in shown) else []
    while left and len(found) < MOST:
        more = together(left, base, view, arch, name)
        if more is None:
            break
        found.append(more)
        left = [g for g in left if g not in more.goals]
    return Planned(tuple(found), tuple(left))  # `along` goals that the base does not show are let go


def together(
    goals: Sequence[Goal], base: DotConfig, view: Kconfig, arch: str, name: str
) -> Configuration | None:
    """One configuration for as many of the goals as go together, in order; None where none goes at all."""
    whole: Expr = TRUE
    chosen: Mapping[str, bool] | None = None
    taken: list[Goal] = []
    for goal in goals:
        asked = both((whole, substituted(goal.when, _FIXED)))
        answer = _solved(asked, base, view)
        if answer is not None:
            whole, chosen = asked, answer
            taken.append(goal)
    if chosen is None:
        return None
    own = set(config_symbols(whole.atoms(), view))
    differing = {n: v for n, v in chosen.items() if base.defines(n) != v}
    symbols = {s for n in differing for s in config_symbols([n], view)} | own
    values = {n: v for n, v in chosen.items() if set(config_symbols([n], view)) & symbols}
    lines = fragment(values, view)
    changed = {s for n in differing for s in config_symbols([n], view)}
    telling = tuple(x for x in lines if _symbol(x) in own & changed)
    return Configuration(arch, name, lines, tuple(taken), telling)


def as_made(configuration: Configuration, config: DotConfig) -> Configuration:
    """The configuration with its lines as make left them: an `m` of a tree without modules is a `y`."""

    def made(line: str) -> str:
        name = PREFIX + _symbol(line)
        value = config.values.get(name)
        return f"{name}={value}" if value is not None else f"# {name} is not set"

    lines = tuple(made(x) for x in configuration.lines)
    return replace(configuration, lines=lines, telling=tuple(made(x) for x in configuration.telling))


def _symbol(line: str) -> str:
    match = _LINE.fullmatch(line) or _OFF.fullmatch(line)
    return match[1].removeprefix(PREFIX) if match else ""


def _solved(asked: Expr, base: DotConfig, view: Kconfig) -> Mapping[str, bool] | None:
    from backport.csource.solver import TooHard, nearest

    if asked.op is Op.FALSE:
        return None
    names = list(dict.fromkeys(asked.atoms()))
    limits = number_rules(names)
    if view.symbols:
        limits += rules(config_symbols(names, view), view)
    wanted = {
        n: base.defines(n)
        for e in (asked, *limits)
        for n in e.atoms()
        if n.startswith(PREFIX) and " " not in n
    }
    try:
        return nearest(asked, limits, wanted)
    except TooHard:
        return None
