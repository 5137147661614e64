"""Where the target has code whose file it does not have under the patch's name: by the names that the patch changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from posixpath import basename, dirname

from backport.adapt.functions import Chunk, chunks
from backport.adapt.regions import rows
from backport.csource import language
from backport.tree import File, Tree

_MOST_NAMES = 12
_MOST_FILES = 6
_LEAST_NAME = 4


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the target that has some of the names, and which."""

    path: str
    data: bytes
    names: frozenset[str]


def changed_names(path: str, base: bytes, upstream: bytes) -> tuple[str, ...]:
    """The named stretches that upstream changed, those of the base first in it."""
    old, new = _texts(path, base), _texts(path, upstream)
    return tuple(key[0] for key, text in old.items() if new.get(key) != text and len(key[0]) >= _LEAST_NAME)


def _texts(path: str, data: bytes) -> Mapping[tuple[str, int], bytes]:
    lines = data.split(b"\n")
    return {c.key: rows(lines[c.first : c.last]) for c in chunks(path, data) if c.named}


def homes(tree: Tree, path: str, names: Collection[str], without: Collection[str] = ()) -> tuple[Found, ...]:
    """The files of the target that define some of the names: files called like `path` first, then those with the most
    of the names, then those whose path is most like it. Files in `without` are passed over."""
    wanted = sorted(names)[:_MOST_NAMES]
    if not wanted:
        return ()
    kind = language(path)
    counted: Counter[str] = Counter()
    for match in tree.search([x.encode("utf-8", "surrogateescape") for x in wanted]):
        if language(match.path) == kind and match.path not in without and match.text[:1] not in b" \t":
            counted[match.path] += 1
    ranked = sorted(counted, key=lambda p: (basename(p) != basename(path), -counted[p], -_alike(p, path), p))
    found = (_found(tree, candidate, wanted) for candidate in ranked[:_MOST_FILES])
    return tuple(
        sorted(
            (f for f in found if f.names),
            key=lambda f: (-len(f.names), basename(f.path) != basename(path), -_alike(f.path, path), f.path),
        )
    )


def _found(tree: Tree, path: str, wanted: Iterable[str]) -> Found:
    entry = tree.read(path)
    data = entry.data if isinstance(entry, File) else b""
    here = {c.key[0] for c in chunks(path, data) if c.named and _defined(c)}
    return Found(path, data, frozenset(x for x in wanted if x in here))


def _defined(chunk: Chunk) -> bool:
    return chunk.last - chunk.first > 1


def _alike(one: str, other: str) -> int:
    """Folders that two paths have in common."""
    return len(set(dirname(one).split("/")) & set(dirname(other).split("/")))
