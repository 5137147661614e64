"""What the added lines pass to calls: the same words, and in the target a thing of another type."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from backport.checks.names.world import CALLABLE, World
from backport.checks.names.worlds import Found, Judged, Worlds, builtins
from backport.csource.definitions import DefinitionKind
from backport.csource.uses import Path, Stretch, UseKind
from backport.csource.uses_tokens import words
from backport.index import Located
from backport.model import LineEvidence

BASIC = "a plain number"
_FUNCTIONS = frozenset({DefinitionKind.FUNCTION, DefinitionKind.PROTOTYPE})


@dataclass(frozen=True, slots=True)
class Mistyped:
    """An argument (`text`, as it is written) that is `here` in the target and `there` upstream: struct, union or
    typedef, or BASIC. `taken` is what the called function takes in the target ("" where that is not known), and
    then `callee` its definition; the lines say where the types come from."""

    name: str
    text: str
    judged: Judged
    found: Found
    here: str
    there: str
    taken: str
    callee: Located | None
    here_line: LineEvidence
    there_line: LineEvidence


@dataclass(frozen=True, slots=True)
class _Typed:
    """The type of an expression, and the line of the world at which it is declared."""

    type: str
    path: str
    line: int


def mistyped(worlds: Worlds) -> tuple[Mistyped, ...]:
    return worlds.context.once("mistyped arguments", lambda: tuple(_mistyped(worlds)))


def _mistyped(worlds: Worlds) -> Iterator[Mistyped]:
    upstream = worlds.upstream
    if upstream is None:
        return
    seen: set[tuple[str, str, str]] = set()
    for judged, found, text, position in _arguments(worlds):
        key = (judged.path, found.use.name, text)
        if key in seen or found.stretch is None:
            continue
        seen.add(key)
        here = _typed(worlds.target, text, found.stretch, found.index, judged.path)
        if here is None:
            continue
        stretch = judged.up_stretch(found.line)
        at = stretch.index_at(found.line + 1) - 1 if stretch is not None else -1
        there = _typed(upstream, text, stretch, at, judged.up_path) if stretch is not None else None
        if there is not None and here.type != there.type:
            one = _judge(worlds, judged, found, (text, position), here, there)
            if one is not None:
                yield one


def _arguments(worlds: Worlds) -> Iterator[tuple[Judged, Found, str, int]]:
    """The arguments that are a variable or a member, each with its call and place."""
    for judged, uses in worlds.uses:
        for found in (*uses, *builtins(judged)):
            landed = (
                found.target and found.stretch is not None and found.stretch.function and found.index >= 0
            )
            if found.use.kind is UseKind.CALL and landed:
                for position, text in enumerate(found.use.arguments or ()):
                    if _parsed(text) is not None:
                        yield judged, found, text, position


def _parsed(text: str) -> Path | None:
    """`& a -> b . c` as a path; None for anything else."""
    tokens = text.split(" ")
    if tokens[:1] == ["&"]:
        tokens = tokens[1:]
    plain = all(_is_name(x) for x in tokens[::2]) and all(x in (".", "->") for x in tokens[1::2])
    if not plain or len(tokens) % 2 == 0 or tokens[0].isupper():
        return None
    return Path(tokens[0], tuple(tokens[2::2]))


def _is_name(text: str) -> bool:
    return text.isidentifier() and text not in words().keywords


def _typed(world: World, text: str, stretch: Stretch, index: int, path: str) -> _Typed | None:
    """What type an argument has; None where it is not followed."""
    parsed = _parsed(text)
    if parsed is None:
        return None
    if not parsed.members:
        local = stretch.scope.visible(parsed.root, index)
        if local is None or not local.type or local.type.count("*") > 1:
            return None
        return _kind(world, local.type, path, path, local.line)
    within = world.type_of(Path(parsed.root, parsed.members[:-1]), stretch, index, path)
    members = world.members(within, parsed.members[-1], path) if within else ()
    if len(members) != 1 or not members[0].definition.type:
        return None
    one = members[0]
    return _kind(world, one.definition.type, path, one.path, one.definition.line)


def _kind(world: World, type: str, path: str, where: str, line: int) -> _Typed | None:
    kind = type_kind(world, type, path)
    return _Typed(kind, where, line) if kind else None


def type_kind(world: World, type: str, path: str) -> str:
    """The struct, union or typedef without a tag that a type is made of, BASIC for numbers, "" for what is not
    followed (void, function pointers, arrays, typedefs of other trees)."""
    if "(" in type or "[" in type or "void" in type:
        return ""
    found = world.struct(type, path)
    if not found:
        bare = " ".join(x for x in type.replace("*", " ").split() if x not in words().qualifiers)
        return BASIC if bare in words().basic else ""
    return found if world.within(found.split(" ")[-1], path) else ""


def _judge(
    worlds: Worlds, judged: Judged, found: Found, passed: tuple[str, int], here: _Typed, there: _Typed
) -> Mistyped | None:
    """Whether the call minds. A function does that takes upstream's type, and so does what is no function of the
    target (a macro, a builtin) where one type is a number and the other none, or both are known there."""
    text, position = passed
    name = found.use.name
    target = worlds.target
    callees = target.near(target.visible(name, judged.path, CALLABLE), judged.path)
    if callees and all(x.definition.kind in _FUNCTIONS for x in callees):
        taken = _taken(target, callees, position, judged.path)
        if taken != there.type or taken in (here.type, BASIC):
            return None
        callee: Located | None = callees[0]
    else:
        taken, callee = "", None
        if BASIC not in (here.type, there.type) or not text.startswith("& "):
            return None
    assert worlds.upstream is not None
    return Mistyped(
        name,
        text,
        judged,
        found,
        here.type,
        there.type,
        taken,
        callee,
        target.line(here.path, here.line),
        worlds.upstream.line(there.path, there.line),
    )


def _taken(world: World, callees: tuple[Located, ...], position: int, path: str) -> str:
    """What a function takes at a place, by all its declarations; "" where they differ or do not say."""
    kinds = set()
    for callee in callees:
        parameters = callee.definition.parameters or ()
        if position >= len(parameters):
            return ""
        kinds.add(type_kind(world, parameters[position].type, path))
    return kinds.pop() if len(kinds) == 1 else ""
