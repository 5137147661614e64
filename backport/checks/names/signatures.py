"""Calls in the added lines against the signatures that the two worlds have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backport.checks.names.calls import Calls, calls_of, new_calls, same_file
from backport.checks.names.missing import missing_names
from backport.checks.names.world import CALLABLE, World, accepts, bare
from backport.checks.names.worlds import Found, Judged, Worlds
from backport.csource.definitions import Definition, DefinitionKind
from backport.csource.uses import Use
from backport.index import Located

_FUNCTIONS = frozenset({DefinitionKind.FUNCTION, DefinitionKind.PROTOTYPE})


@dataclass(frozen=True, slots=True)
class Misfit:
    """A call that fits upstream's signature and not the target's. `why` says how, in words; `sure` whether the
    compiler will refuse it; `counted`: the number of arguments differs."""

    name: str
    judged: Judged
    uses: tuple[Found, ...]
    here: Located
    there: Located
    why: str
    counted: bool
    sure: bool = True


def misfits(worlds: Worlds) -> tuple[Misfit, ...]:
    return worlds.context.once("misfits", lambda: tuple(_misfits(worlds)))


def doubtful_calls(worlds: Worlds) -> tuple[Calls, ...]:
    """The calls, by file and name, that the file before the patch does not make with as many arguments."""
    return worlds.context.once("doubtful calls", lambda: tuple(_doubtful(worlds)))


def _doubtful(worlds: Worlds) -> Iterator[Calls]:
    missing = {(x.judged.path, x.name) for x in missing_names(worlds)}
    return (x for x in new_calls(worlds) if (x[0].path, x[1]) not in missing)


def _misfits(worlds: Worlds) -> Iterator[Misfit]:
    if worlds.upstream is None:
        return
    doubtful = doubtful_calls(worlds)
    continued = _continued(worlds, doubtful)
    doubtful = (*doubtful, *continued)
    worlds.target.ask((name, judged.path, CALLABLE) for judged, name, _ in doubtful)
    differing = [(j, n, f, _defined(worlds.target, n, j.path)) for j, n, f in doubtful]
    differing = [x for x in differing if x[3]]
    worlds.upstream.ask((name, judged.up_path, CALLABLE) for judged, name, _, _ in differing)
    for judged, name, founds, here in differing:
        there = _defined(worlds.upstream, name, judged.up_path)
        found = _compare(worlds, judged, name, founds, here, there) if there else None
        if found is not None and (found.counted or (judged, name, founds) not in continued):
            yield found


def _continued(worlds: Worlds, known: Sequence[Calls]) -> tuple[Calls, ...]:
    """The calls that the patch gives other arguments and does not begin; only their number is looked at."""
    told = {(x.path, name) for x, name, _ in known}
    return tuple(
        (judged, name, tuple(founds))
        for judged, uses in worlds.reached
        for name, founds in calls_of(judged, uses)
        if (judged.path, name) not in told and not same_file(judged, name, founds)
    )


def _defined(world: World, name: str, path: str) -> tuple[Located, ...]:
    return world.near(world.visible(name, path, CALLABLE), path)


def _compare(
    worlds: Worlds,
    judged: Judged,
    name: str,
    founds: Sequence[Found],
    here: tuple[Located, ...],
    there: tuple[Located, ...],
) -> Misfit | None:
    if any(worlds.brings(x.path, x.definition.line) for x in there):
        return None
    wrong = [x for x in founds if not _fits(here, x.use) and _fits(there, x.use)]
    if wrong:
        why = f"takes {_count(here[0].definition)} in the target and {_count(there[0].definition)} upstream"
        return Misfit(name, judged, tuple(wrong), here[0], there[0], why, True)
    return _types(worlds, judged, name, founds, here, there)


def _fits(defined: Sequence[Located], use: Use) -> bool:
    return any(accepts(x.definition, len(use.arguments or ())) for x in defined)


def _count(one: Definition) -> str:
    parameters = one.parameters or ()
    alone = len(parameters) == 1 and parameters[0].type == "void" and not parameters[0].name
    count = 0 if alone else len(parameters)
    return f"{count} argument{'s' * (count != 1)}"


def _types(
    worlds: Worlds,
    judged: Judged,
    name: str,
    founds: Sequence[Found],
    here: tuple[Located, ...],
    there: tuple[Located, ...],
) -> Misfit | None:
    """Order of parameters and return type, where both are plain functions with one signature."""
    mine, theirs = _signature(here), _signature(there)
    if mine is None or theirs is None:
        return None
    names = [p.name for p in mine.parameters or ()], [p.name for p in theirs.parameters or ()]
    if names[0] != names[1] and sorted(names[0]) == sorted(names[1]) and all(names[0]):
        why = f"({', '.join(names[0])}) in the target, ({', '.join(names[1])}) upstream"
        return Misfit(name, judged, tuple(founds), here[0], there[0], why, False)
    valued = [x for x in founds if not x.use.statement]
    if mine.type == "void" and theirs.type not in ("void", "") and valued:
        why = f"returns nothing in the target, {theirs.type} upstream"
        return Misfit(name, judged, tuple(valued), here[0], there[0], why, False)
    for position, (one, other) in enumerate(
        zip(mine.parameters or (), theirs.parameters or (), strict=False)
    ):
        if _unlike(one.type, other.type):
            fits = [x for x in founds if not _passes(worlds, judged, x, position, one.type)]
            if fits:
                why = f"parameter {position + 1} is `{one.type}` in the target, `{other.type}` upstream"
                return Misfit(name, judged, tuple(fits), here[0], there[0], why, False, sure=False)
    return None


def _signature(defined: Sequence[Located]) -> Definition | None:
    """The one signature of plain functions; None where there is a macro or several."""
    if any(x.definition.kind not in _FUNCTIONS or x.definition.parameters is None for x in defined):
        return None
    shapes = {tuple(bare(p.type) for p in x.definition.parameters or ()) for x in defined}
    named = [x.definition for x in defined if all(p.name for p in x.definition.parameters or ())]
    return (named or [x.definition for x in defined])[0] if len(shapes) == 1 else None


def _unlike(one: str, other: str) -> bool:
    """Types of which one cannot stand for the other: another struct, or pointer and struct."""
    if not one or not other or "void" in (bare(one), bare(other)):
        return False
    tagged = one.replace("const ", "").startswith(("struct ", "union ")) and other.replace(
        "const ", ""
    ).startswith(("struct ", "union "))
    return (tagged and bare(one) != bare(other)) or (tagged and one.count("*") != other.count("*"))


def _passes(worlds: Worlds, judged: Judged, found: Found, position: int, wanted: str) -> bool:
    """Whether what is passed has the type that the target wants, or one that is not known."""
    arguments = found.use.arguments or ()
    if position >= len(arguments) or found.stretch is None:
        return True
    words = arguments[position].split(" ")
    taken = words[0] == "&"
    words = words[1:] if taken else words
    if len(words) != 1:
        return True
    local = found.stretch.scope.visible(words[0], found.index)
    if local is None or not local.type.startswith(("struct ", "union ")):
        return True
    stars = local.type.count("*") + taken
    return bare(local.type) == bare(wanted) and stars == wanted.count("*")
