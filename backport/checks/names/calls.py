"""The calls that the added lines begin to make in a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backport.checks.names.world import Question, World, near_calls
from backport.checks.names.worlds import Found, Judged, Worlds
from backport.csource.definitions import DefinitionKind
from backport.csource.uses import UseKind
from backport.index import Located

Calls = tuple[Judged, str, tuple[Found, ...]]
FUNCTION = frozenset({DefinitionKind.FUNCTION})


def new_calls(worlds: Worlds) -> tuple[Calls, ...]:
    """The calls, by file and name, that the file before the patch does not make with as many arguments."""
    return worlds.context.once("new calls", lambda: tuple(_new(worlds)))


def _new(worlds: Worlds) -> Iterator[Calls]:
    for judged, uses in worlds.uses:
        for name, founds in calls_of(judged, uses):
            if not same_file(judged, name, founds):
                yield judged, name, tuple(founds)


def body_of(world: World, name: str, path: str) -> Located | None:
    """The one function of that name that code of a file calls; None where it may be a macro, or one of several."""
    if any(x.definition.kind is DefinitionKind.MACRO for x in world.within(name, path)):
        return None
    found = world.near(world.visible(name, path, FUNCTION), path)
    return found[0] if len(found) == 1 else None


def target_bodies(worlds: Worlds) -> Iterator[Question]:
    """The functions whose bodies are compared, as they are asked of the target."""
    return ((name, judged.path, FUNCTION) for judged, name, _ in new_calls(worlds))


def upstream_bodies(worlds: Worlds) -> Iterator[Question]:
    """The same of upstream: those that the target has."""
    for judged, name, _ in new_calls(worlds):
        if body_of(worlds.target, name, judged.path) is not None:
            yield name, judged.up_path, FUNCTION


def calls_of(judged: Judged, uses: Sequence[Found]) -> Iterator[tuple[str, list[Found]]]:
    """The calls of names that are no local function pointers, by name."""
    grouped: dict[str, list[Found]] = {}
    for found in uses:
        use = found.use
        if use.kind is not UseKind.CALL or use.arguments is None or use.macro:
            continue
        if found.stretch is not None and found.use.name in found.stretch.scope.locals:
            continue
        grouped.setdefault(use.name, []).append(found)
    yield from grouped.items()


def same_file(judged: Judged, name: str, founds: Sequence[Found]) -> bool:
    """Whether the file before the patch calls the function with as many arguments."""
    counts = {count for _, count in near_calls(judged.before, name)}
    return all(len(x.use.arguments or ()) in counts for x in founds)
