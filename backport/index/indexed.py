"""Names looked up in the index of a whole tree."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping

from backport.csource.definitions import FileDefinitions, Include
from backport.index.files import Files
from backport.index.includes import Resolver, closure
from backport.index.record import decode_named, name_hash
from backport.index.store import Cache
from backport.index.values import Located, order
from backport.index.words import digest, holds
from backport.tree import Tree


class IndexedNames:
    """Names of a tree whose every file is in the index. `number` is the tree's in the database, `grown` whether
    words of files that it no longer has may be among its words."""

    def __init__(self, tree: Tree, cache: Cache, number: int, grown: bool) -> None:
        self._tree = tree
        self._cache = cache
        self._number = number
        self._grown = grown
        self._files = Files(tree, cache)
        self._resolver = Resolver(tree)
        self._found: dict[str, tuple[Located, ...]] = {}
        self._mentioned: dict[str, bool] = {}
        self._closures: dict[str, tuple[str, ...]] = {}

    def file(self, path: str) -> FileDefinitions | None:
        return self._files.file(path)

    def includes(self, path: str) -> tuple[Include, ...]:
        """What a file includes; () where there is none."""
        return self._files.includes(path)

    def closure(self, path: str) -> tuple[str, ...]:
        if path not in self._closures:
            kept = self._cache.closure(self._number, path) if self._tree.id else None
            found = tuple(json.loads(kept)) if kept else closure(path, self._files.includes, self._resolver)
            if kept is None and self._tree.id:
                self._cache.keep_closure(self._number, path, json.dumps(found))
            self._closures[path] = found
        return self._closures[path]

    def find(self, names: Collection[str]) -> Mapping[str, tuple[Located, ...]]:
        missing = frozenset(x for x in names if x not in self._found)
        if missing:
            found: dict[str, list[Located]] = {x: [] for x in missing}
            for block in self._cache.blocks(self._number, {name_hash(x) for x in missing}):
                for one in decode_named(block.data, missing):
                    found[one.name] += [Located(path, one) for path in block.paths]
            self._found.update({name: in_order(listed) for name, listed in found.items()})
        return {x: self._found[x] for x in names}

    def mentions(self, name: str) -> bool:
        if name not in self._mentioned:
            word = name.encode("utf-8", "surrogateescape")
            bucket, number = digest(word)
            there = holds(self._cache.words(self._number, bucket), number)
            if there and self._grown:
                there = any(True for _ in self._tree.search([word]))
            self._mentioned[name] = there
        return self._mentioned[name]


def in_order(found: Iterable[Located]) -> tuple[Located, ...]:
    """Definitions by file, in the order of files, and by line."""
    return tuple(sorted(found, key=lambda x: (order(x.path), x.definition.line)))
