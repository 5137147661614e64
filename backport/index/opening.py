"""Which way the names of a tree are looked up: in its index, by searching, or by those of a tree near it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from backport.index.indexed import IndexedNames
from backport.index.layered import MOST_CHANGED, FolderNames, LayeredNames, changed_paths
from backport.index.layered import Lower as _Lower
from backport.index.names import Names
from backport.index.searched import SearchedNames
from backport.tree import FolderTree, GitTree, OverlayTree, Tree

if TYPE_CHECKING:
    from backport.index.store import Cache


class Opener:
    """The trees that one series asks for again and again, each looked up once; they live no longer than this.

    `cache` is the folder in which definitions are kept ("" for none)."""

    def __init__(self, cache: str = "") -> None:
        self._cache = _cache(cache)
        self._recent: list[_Recent] = []

    def names(self, tree: Tree, over: Tree | None = None) -> Names:
        """The definitions of `tree`; `over` is a tree from which it differs in few files, whose names are then
        looked up once for both."""
        if over is not None and over is not tree:
            found = self._over(tree, over, MOST_CHANGED)
            if found is not None:
                return found
        if isinstance(tree, OverlayTree):
            return self._open(tree)
        if isinstance(tree, GitTree):
            for near in [x.tree for x in self._recent if x.tree is not tree]:
                found = self._over(tree, near, _NEAR) if isinstance(near, GitTree) else None
                if found is not None:
                    return found
        return self._whole(tree)

    def _over(self, tree: Tree, over: Tree, most: int) -> Names | None:
        """The names of `tree` by those of another; None where they differ in more than `most` files."""
        changed = changed_paths(tree, over, most)
        if changed is None:
            return None
        below = self._whole(over)
        return LayeredNames(tree, below, over, changed, self._cache) if changed else below

    def _whole(self, tree: Tree) -> _Lower:
        for number, known in enumerate(self._recent):
            if known.tree is tree or _same(known.tree, tree):
                self._recent.insert(0, self._recent.pop(number))
                return known.names
        names = self._open(tree)
        self._recent.insert(0, _Recent(tree, names))
        del self._recent[_MOST_RECENT:]
        return names

    def _open(self, tree: Tree) -> _Lower:
        kept = self._cache
        if isinstance(tree, OverlayTree):
            return LayeredNames(tree, self._whole(tree.tree), tree.tree, frozenset(tree.changes), kept)
        if kept is None:
            return SearchedNames(tree)
        from backport.index.build import tree_key

        key = tree_key(tree)
        row = kept.tree(key) if key else None
        if row is None or not row[1]:
            return self._beside(tree, kept) or SearchedNames(tree, kept)
        names = IndexedNames(tree, kept, row[0], row[1] == "grown")
        changed = _changed_since(tree, kept, row[0])
        if len(changed) > MOST_CHANGED:
            return SearchedNames(tree, kept)
        return FolderNames(tree, names, changed, kept) if changed else names

    def _beside(self, tree: Tree, kept: Cache) -> _Lower | None:
        """The names of a tree by those of an indexed one that differs from it in few files."""
        if not isinstance(tree, GitTree):
            return None
        start = f"{tree.store.object_format}:"
        for key, number, state in kept.complete(start)[:_MOST_TRIED]:
            below = GitTree(tree.store, key.removeprefix(start), "")
            changed = changed_paths(tree, below, _NEAR)
            if changed is not None:
                names = IndexedNames(below, kept, number, state == "grown")
                return LayeredNames(tree, names, below, changed, kept)
        return None


_MOST_TRIED = 8
_NEAR = 100
"""Changed paths up to which a tree is looked up as that of another one that is at hand."""
_MOST_RECENT = 4


class _Recent(NamedTuple):
    tree: Tree
    names: _Lower


def _same(one: Tree, other: Tree) -> bool:
    """Whether both are the same tree object, read through the same repository."""
    if not (isinstance(one, GitTree) and isinstance(other, GitTree)):
        return False
    return one.id == other.id and one.store is other.store


def _changed_since(tree: Tree, cache: Cache, number: int) -> frozenset[str]:
    """The paths of a folder that are not as they were when it was indexed."""
    if not isinstance(tree, FolderTree):
        return frozenset()
    from backport.index.build import listing

    stamps = cache.stamps(number)
    now = {job.path: job.stamp for job in listing(tree)}
    return frozenset(x for x in now.keys() | stamps.keys() if now.get(x) != stamps.get(x))


def _cache(folder: str) -> Cache | None:
    """The database of a cache folder, opened once; None without one."""
    if not folder:
        return None
    from backport.index.store import Cache

    if folder not in _caches:
        _caches[folder] = Cache(folder)
    return _caches[folder]


_caches: dict[str, Cache] = {}


def forget() -> None:
    """Let go of the databases."""
    for cache in _caches.values():
        cache.close()
    _caches.clear()
