"""Files that the added lines include."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from backport.checks.names.world import World
from backport.checks.names.worlds import Found, Judged, Worlds
from backport.csource.uses import UseKind
from backport.tree import Tree


@dataclass(frozen=True, slots=True)
class MissingInclude:
    """An included file that upstream's tree has at `there` and the target's nowhere; `near` are the target's
    files of the same name."""

    name: str
    judged: Judged
    found: Found
    there: str
    near: tuple[str, ...]


def missing_includes(worlds: Worlds) -> Iterator[MissingInclude]:
    """Includes that name a file of upstream's tree which is not in the target's."""
    upstream = worlds.context.upstream_tree
    if upstream is None:
        return
    for judged, uses in worlds.uses:
        for found in uses:
            name = found.use.name
            if found.use.kind is not UseKind.INCLUDE or _known(judged, name):
                continue
            # What a file includes is in its closure, and the tree's paths need not be listed.
            if _reached(worlds.target, judged.path, name):
                continue
            if _holders(worlds, "target", worlds.context.after, name):
                continue
            seen = _reached(worlds.upstream, judged.up_path, name) if worlds.upstream is not None else ()
            there = seen or _holders(worlds, "upstream", upstream, name)
            if there and not any(f.new_path == there[0] for f in worlds.context.patch.files):
                base = name.rpartition("/")[2]
                near = _holders(worlds, "target", worlds.context.after, base)
                yield MissingInclude(name, judged, found, there[0], near)


def _known(judged: Judged, name: str) -> bool:
    text = name.encode("utf-8", "surrogateescape")
    return any(q in judged.before.data for q in (b"<" + text + b">", b'"' + text + b'"'))


def _holders(worlds: Worlds, key: str, tree: Tree, name: str) -> tuple[str, ...]:
    """The files of a tree whose path ends with an include's path."""
    return _ending(worlds.context.once(("paths", key), lambda: tuple(tree.paths())), name)


def _reached(world: World, path: str, name: str) -> tuple[str, ...]:
    """The files that a file includes, itself or by others, whose path ends with an include's path."""
    return _ending(sorted(world.closure(path)), name)


def _ending(paths: Iterable[str], name: str) -> tuple[str, ...]:
    plain = name
    while plain.startswith("../") or plain.startswith("./"):
        plain = plain.partition("/")[2]
    return tuple(x for x in paths if x == plain or x.endswith("/" + plain))
