"""Members that the added lines read, write or initialise, followed through the types of both worlds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backport.checks.names.world import World
from backport.checks.names.worlds import Found, Judged, Worlds
from backport.csource.definitions import DefinitionKind
from backport.csource.uses import Path, Stretch, UseKind
from backport.index import Located


@dataclass(frozen=True, slots=True)
class MissingMember:
    """A member that the target's struct `within` has not ("": no struct of the target has it), and upstream's
    definition of it (() where upstream's tree is not at hand). `holder` is where the target defines the struct."""

    name: str
    judged: Judged
    uses: tuple[Found, ...]
    within: str
    holder: Located | None
    defined: tuple[Located, ...]


def missing_members(worlds: Worlds) -> tuple[MissingMember, ...]:
    return worlds.context.once("missing members", lambda: tuple(_missing(worlds)))


def _missing(worlds: Worlds) -> Iterator[MissingMember]:
    upstream = worlds.upstream
    open_uses = [(judged, x) for judged, uses in worlds.uses for x in _open(judged, uses)]
    if not open_uses:
        return
    worlds.target.gather(lambda: _followed(worlds.target, open_uses))
    grouped: dict[tuple[str, str, str], list[tuple[Found, Located | None, tuple[Located, ...]]]] = {}
    files: dict[str, Judged] = {}
    for judged, found in open_uses:
        verdict = _judge(worlds.target, upstream, worlds, judged, found)
        if verdict is not None:
            within, holder, defined = verdict
            grouped.setdefault((judged.path, found.use.name, within), []).append((found, holder, defined))
            files[judged.path] = judged
    for (path, name, within), rows in grouped.items():
        yield MissingMember(name, files[path], tuple(x for x, _, _ in rows), within, rows[0][1], rows[0][2])


def _followed(target: World, open_uses: Sequence[tuple[Judged, Found]]) -> None:
    """Follow the types of all these uses, for what is looked up on the way."""
    for judged, found in open_uses:
        within = _type(target, found.use.base, found.stretch, found.index, judged.path)
        if within:
            target.holders(within, judged.path)


def _open(judged: Judged, uses: Sequence[Found]) -> Iterator[Found]:
    """The members that the file before the patch does not take of the same thing."""
    for found in uses:
        followed = found.use.kind is UseKind.MEMBER and found.use.base is not None
        if (followed or found.use.kind is UseKind.FIELD) and not _taken(judged.before.code, found):
            yield found


def _taken(data: bytes, found: Found) -> bool:
    name = re.escape(found.use.name.encode("utf-8", "surrogateescape"))
    base = found.use.base
    if base is None:
        return re.search(rb"[{,\n]\s*\.\s*" + name + rb"\s*=", data) is not None
    last = base.members[-1] if base.members else base.root
    before = re.escape(last.encode("utf-8", "surrogateescape"))
    pattern = rb"(?<![\w$])" + before + rb"\s*(?:\[[^\]\n]*\]\s*|\)\s*)*(?:->|\.)\s*" + name + rb"(?![\w$])"
    return re.search(pattern, data) is not None


def _judge(
    target: World, upstream: World | None, worlds: Worlds, judged: Judged, found: Found
) -> tuple[str, Located | None, tuple[Located, ...]] | None:
    """(struct, its definition in the target, upstream's member) where the target lacks the member."""
    name = found.use.name
    stretch, index = found.stretch, found.index
    within = _type(target, found.use.base, stretch, index, judged.path)
    if within:
        holders = target.holders(within, judged.path)
        if target.members(within, name, judged.path) or any(target.holds_word(x, name) for x in holders):
            return None
        if not holders:
            within = ""
    if not within and not _nowhere(target, worlds, name):
        return None
    defined = _upstream_member(upstream, judged, found) if upstream is not None else ()
    if upstream is None:
        if _brought(worlds, name):
            return None
    elif not defined or any(worlds.brings(x.path, x.definition.line) for x in defined):
        return None
    return within, (target.holders(within, judged.path)[0] if within else None), defined


_SHORT = 7


def _nowhere(target: World, worlds: Worlds, name: str) -> bool:
    """Whether the target mentions the name nowhere. Short words stand in every tree: they are only looked for
    where upstream says what they are."""
    if worlds.upstream is None and len(name) < _SHORT and "_" not in name:
        return False
    if any(x.definition.kind is DefinitionKind.MEMBER for x in target.find(name)):
        return False
    return not worlds.before.names.mentions(name)


def _brought(worlds: Worlds, name: str) -> bool:
    """Whether the patch adds a line that may declare the member."""
    declared = re.compile(
        rb"[\w*\])]\s*\b" + re.escape(name.encode("utf-8", "surrogateescape")) + rb"\s*(?:[;,:\[)])"
    )
    return any(
        declared.search(x) for h in worlds.context.patch.hunks for x in h.added if not _TAKEN.search(x)
    )


_TAKEN = re.compile(rb"->|\breturn\b|[^=!<>]=[^=]")


def _upstream_member(upstream: World, judged: Judged, found: Found) -> tuple[Located, ...]:
    stretch = judged.up_stretch(found.line)
    index = stretch.index_at(found.line + 1) - 1 if stretch is not None else -1
    within = _type(upstream, found.use.base, stretch, index, judged.up_path)
    if within:
        return upstream.members(within, found.use.name, judged.up_path)
    members = (x for x in upstream.find(found.use.name) if x.definition.kind is DefinitionKind.MEMBER)
    return upstream.near(members, judged.up_path)


def _type(world: World, base: Path | None, stretch: Stretch | None, index: int, path: str) -> str:
    if base is None or stretch is None:
        return ""
    if index < 0:
        index = len(stretch.scope.flow.texts) - 1 if stretch.function else -1
        if base.root in stretch.scope.locals and stretch.scope.visible(base.root, index) is None:
            index = stretch.scope.locals[base.root][0].first
    return world.type_of(base, stretch, index, path)
