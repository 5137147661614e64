"""What was found out of a tree without an index, kept for the next check of the same tree."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from backport.csource.definitions import FileDefinitions
from backport.index.values import Located
from backport.tree import GitTree, Tree

if TYPE_CHECKING:
    from backport.index.store import Cache

Found = tuple[bool, tuple[Located, ...]]
"""Whether a name stands anywhere in the tree, and where it is defined."""


class Kept:
    """The answers on one tree. Only a git tree's are kept: its id says that nothing changed."""

    def __init__(self, tree: Tree, cache: Cache | None) -> None:
        self._cache = cache if isinstance(tree, GitTree) else None
        self._key = ""
        if isinstance(tree, GitTree) and self._cache is not None:
            from backport.index.store import extractor_key

            self._key = f"{extractor_key()}:{tree.store.object_format}:{tree.id}"

    def found(self, names: Sequence[str], read: Callable[[str], FileDefinitions | None]) -> dict[str, Found]:
        """The answers for those of the names that were asked for before; `read` gives a file's definitions."""
        if self._cache is None or not names:
            return {}
        answers = self._cache.answers(self._key, names)
        return {name: _located(name, json.loads(data), read) for name, data in answers.items()}

    def keep(self, found: Mapping[str, Found]) -> None:
        if self._cache is None or not found:
            return
        rows = [
            (name, json.dumps([mentioned, list(dict.fromkeys(x.path for x in located))]))
            for name, (mentioned, located) in found.items()
        ]
        self._cache.keep_answers(self._key, rows)

    def closure(self, path: str) -> tuple[str, ...] | None:
        """The include closure of a file; None where it was not asked for."""
        if self._cache is None:
            return None
        data = self._cache.answers(self._key, [_closure_of(path)])
        return tuple(json.loads(data[_closure_of(path)])) if data else None

    def keep_closure(self, path: str, found: tuple[str, ...]) -> None:
        if self._cache is not None:
            self._cache.keep_answers(self._key, [(_closure_of(path), json.dumps(found))])


def _closure_of(path: str) -> str:
    """A question that no name of C can be."""
    return f"includes of {path}"


def _located(
    name: str, kept: tuple[bool, Sequence[str]], read: Callable[[str], FileDefinitions | None]
) -> Found:
    mentioned, paths = kept
    located: list[Located] = []
    for path in paths:
        provided = read(path)
        listed = provided.definitions if provided is not None and provided.named(name) else ()
        located += [Located(path, x) for x in listed if x.name == name]
    return mentioned, tuple(located)
