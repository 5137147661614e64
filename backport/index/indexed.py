"""Names looked up in the index of a whole tree."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping

from backport.csource.definitions import FileDefinitions, Include
from backport.index.files import Files
from backport.index.holders import Holders
from backport.index.includes import Resolver, closure, composed
from backport.index.kept import Kept
from backport.index.record import decode_includes, decode_named, decode_pasted, name_hash
from backport.index.store import Cache
from backport.index.values import Located, is_header, order
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
        self._by_number: dict[frozenset[str], dict[int, list[str]]] = {}
        self._closures: dict[str, tuple[str, ...]] = {}
        self._holders = Holders(tree, Kept(tree, cache))

    def file(self, path: str) -> FileDefinitions | None:
        return self._files.file(path)

    def includes(self, path: str) -> tuple[Include, ...]:
        """What a file includes; () where there is none."""
        head = self._cache.heads(self._number, [path]).get(path)
        return decode_includes(head) if head is not None else self._files.includes(path)

    def closure(self, path: str) -> tuple[str, ...]:
        if path not in self._closures:
            kept = self._cache.closure(self._number, path) if self._tree.id else None
            found = tuple(json.loads(kept)) if kept else self._closure(path)
            if kept is None and self._tree.id:
                self._cache.keep_closure(self._number, path, json.dumps(found))
            self._closures[path] = found
        return self._closures[path]

    def _closure(self, path: str) -> tuple[str, ...]:
        """That of a header is read; that of another file is put together, since headers' closures are kept."""
        if is_header(path):
            return closure(path, self.includes, self._resolver)
        return composed(path, self.includes(path), self._resolver, self.closure)

    def find(self, names: Collection[str]) -> Mapping[str, tuple[Located, ...]]:
        missing = frozenset(x for x in names if x not in self._found)
        if missing:
            found: dict[str, list[Located]] = {x: [] for x in missing}
            for block in self._cache.blocks(self._number, {name_hash(x) for x in missing}):
                for one in decode_named(block.data, missing):
                    found[one.name] += [Located(path, one) for path in block.paths]
            self._found.update({name: in_order(listed) for name, listed in found.items()})
        return {x: self._found[x] for x in names}

    def within(self, paths: Collection[str], names: Collection[str]) -> Mapping[str, tuple[Located, ...]]:
        wanted = frozenset(names)
        found: dict[str, list[Located]] = {x: [] for x in wanted}
        files = self._numbers(frozenset(paths))
        for file, data in self._cache.blocks_of(files.keys(), {name_hash(x) for x in wanted}):
            for one in decode_named(data, wanted):
                found[one.name] += [Located(path, one) for path in files[file]]
        return {name: in_order(listed) for name, listed in found.items()}

    def _numbers(self, paths: frozenset[str]) -> dict[int, list[str]]:
        """The files at these paths by their number in the database."""
        if paths not in self._by_number:
            found: dict[int, list[str]] = {}
            for path, file in self._cache.numbers(self._number, sorted(paths)).items():
                found.setdefault(file, []).append(path)
            self._by_number[paths] = found
        return self._by_number[paths]

    def pasted(self, paths: Collection[str]) -> frozenset[str]:
        heads = self._cache.heads(self._number, list(paths))
        return frozenset(x for head in heads.values() for x in decode_pasted(head))

    def holders(self, names: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        there = [x for x in names if self.mentions(x)]
        found = self._holders.files(there)
        return {x: found.get(x, ()) for x in names}

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
