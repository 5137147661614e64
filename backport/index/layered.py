"""Names of a tree that differs in a few files from one whose names are known."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Protocol

from backport.csource import language
from backport.csource.definitions import FileDefinitions, Include
from backport.errors import MissingObjectError
from backport.git import ObjectStore
from backport.git.values import ObjectType
from backport.index.files import Files
from backport.index.includes import Resolver, closure, composed
from backport.index.indexed import in_order
from backport.index.nearby import Nearby
from backport.index.store import Cache
from backport.index.values import C_LANGUAGES, Located, is_header, order
from backport.tree import File, GitTree, OverlayTree, Tree

MOST_CHANGED = 1000
"""With more changed paths the tree is looked at by itself."""


class Lower(Protocol):
    """What is below: names that tell a file's includes as well."""

    def file(self, path: str) -> FileDefinitions | None: ...
    def includes(self, path: str) -> tuple[Include, ...]: ...
    def closure(self, path: str) -> tuple[str, ...]: ...
    def find(self, names: Collection[str]) -> Mapping[str, tuple[Located, ...]]: ...
    def within(self, paths: Collection[str], names: Collection[str]) -> Mapping[str, tuple[Located, ...]]: ...
    def pasted(self, paths: Collection[str]) -> frozenset[str]: ...
    def holders(self, names: Collection[str]) -> Mapping[str, tuple[str, ...]]: ...
    def mentions(self, name: str) -> bool: ...


class LayeredNames:
    """The names of `tree`, which is the tree of `lower` but for the paths `changed`."""

    def __init__(
        self, tree: Tree, lower: Lower, below: Tree, changed: frozenset[str], cache: Cache | None
    ) -> None:
        self._tree = tree
        self._lower = lower
        self._below = below
        self._changed = changed
        self._files = Files(tree, cache)
        self._resolver = Resolver(tree)
        self._closures: dict[str, tuple[str, ...]] = {}
        self._mentioned: dict[str, bool] = {}
        self._nearby = Nearby(self._files)
        self._same: bool | None = None

    def file(self, path: str) -> FileDefinitions | None:
        return self._files.file(path) if path in self._changed else self._lower.file(path)

    def includes(self, path: str) -> tuple[Include, ...]:
        """What a file includes; () where there is none."""
        return self._files.includes(path) if path in self._changed else self._lower.includes(path)

    def closure(self, path: str) -> tuple[str, ...]:
        if path not in self._closures:
            if self._same_includes():
                self._closures[path] = self._lower.closure(path)
            else:
                self._closures[path] = self._closure(path)
        return self._closures[path]

    def _closure(self, path: str) -> tuple[str, ...]:
        """Put together of what is below, where only the file's own includes differ."""
        if any(map(is_header, self._changed)):
            return closure(path, self.includes, self._resolver)
        if path not in self._changed and self._changed.isdisjoint(below := self._lower.closure(path)):
            return below
        return composed(path, self.includes(path), self._resolver, self._lower.closure)

    def _same_includes(self) -> bool:
        """Whether every changed file was and is there, and includes what it included."""
        if self._same is None:
            self._same = all(
                bool(self._tree.mode(x)) == bool(self._below.mode(x))
                and [(i.path, i.angled) for i in self._files.includes(x)]
                == [(i.path, i.angled) for i in self._lower.includes(x)]
                for x in self._changed
            )
        return self._same

    def find(self, names: Collection[str]) -> Mapping[str, tuple[Located, ...]]:
        found = {
            name: [x for x in listed if x.path not in self._changed]
            for name, listed in self._lower.find(names).items()
        }
        for path in self._changed:
            provided = self._files.file(path) if language(path) in C_LANGUAGES else None
            for one in provided.definitions if provided else ():
                if one.name in found:
                    found[one.name].append(Located(path, one))
        self._files.flush()
        return {name: in_order(listed) for name, listed in found.items()}

    def within(self, paths: Collection[str], names: Collection[str]) -> Mapping[str, tuple[Located, ...]]:
        below = self._lower.within([x for x in paths if x not in self._changed], names)
        own = self._nearby.within([x for x in paths if x in self._changed], names)
        return {x: in_order((*below[x], *own[x])) for x in names}

    def pasted(self, paths: Collection[str]) -> frozenset[str]:
        below = self._lower.pasted([x for x in paths if x not in self._changed])
        return below | self._nearby.pasted([x for x in paths if x in self._changed])

    def holders(self, names: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        found = {}
        for name, paths in self._lower.holders(names).items():
            word = name.encode("utf-8", "surrogateescape")
            own = (
                x for x in self._changed if language(x) in C_LANGUAGES and self._holds(self._tree, x, word)
            )
            found[name] = (*sorted(own, key=order), *(x for x in paths if x not in self._changed))
        return found

    def mentions(self, name: str) -> bool:
        if name not in self._mentioned:
            self._mentioned[name] = self._mentions(name)
        return self._mentioned[name]

    def _mentions(self, name: str) -> bool:
        word = name.encode("utf-8", "surrogateescape")
        if any(self._holds(self._tree, x, word) for x in self._changed):
            return True
        if not self._lower.mentions(name):
            return False
        if not any(self._holds(self._below, x, word) for x in self._changed):
            return True
        if any(x not in self._changed for x in self._lower.holders([name])[name]):
            return True
        # What mentioned it is changed and does no more; only a search tells of files that are not C.
        return any(True for _ in self._tree.search([word]))

    @staticmethod
    def _holds(tree: Tree, path: str, word: bytes) -> bool:
        from backport.tree.scan import is_binary, pattern_of

        entry = tree.read(path)
        if not isinstance(entry, File) or word not in entry.data or is_binary(entry.data):
            return False
        return pattern_of([word], True).search(entry.data) is not None


class FolderNames(LayeredNames):
    """The names of a folder that was changed after it was indexed: what is below is no more."""

    def __init__(self, tree: Tree, lower: Lower, changed: frozenset[str], cache: Cache | None) -> None:
        super().__init__(tree, lower, tree, changed, cache)

    def _same_includes(self) -> bool:
        return False

    def _mentions(self, name: str) -> bool:
        # The words of the index are also those that the changed files had: only their absence is certain.
        word = name.encode("utf-8", "surrogateescape")
        if any(self._holds(self._tree, x, word) for x in self._changed):
            return True
        return self._lower.mentions(name) and any(True for _ in self._tree.search([word]))


def changed_paths(tree: Tree, below: Tree, most: int = MOST_CHANGED) -> frozenset[str] | None:
    """The paths in which two trees differ, found without looking at more than what differs; None where that
    cannot be told, or where they are too many."""
    if isinstance(tree, OverlayTree):
        lower = frozenset() if tree.tree is below else changed_paths(tree.tree, below, most)
        return None if lower is None else lower | frozenset(tree.changes)
    if not (isinstance(tree, GitTree) and isinstance(below, GitTree)):
        return None
    if len(tree.id) != len(below.id):
        return None
    found: set[str] = set()
    try:
        for path in _differing(tree.store, tree.id, below.store, below.id, ""):
            found.add(path)
            if len(found) > most:
                return None
    except MissingObjectError:
        return None
    return frozenset(found)


def _differing(one: ObjectStore, id: str, other: ObjectStore, old: str, folder: str) -> Iterator[str]:
    """The paths of the files that two tree objects do not share."""
    if id == old:
        return
    new_entries = one.entries(id) if id else {}
    old_entries = other.entries(old) if old else {}
    for name in sorted(new_entries.keys() | old_entries.keys()):
        new, was = new_entries.get(name), old_entries.get(name)
        if new == was:
            continue
        path = folder + name.decode("utf-8", "surrogateescape")
        subs = [x.id if x is not None and x.type is ObjectType.TREE else "" for x in (new, was)]
        if any(subs):
            yield from _differing(one, subs[0], other, subs[1], path + "/")
        if any(x is not None and x.type is not ObjectType.TREE for x in (new, was)):
            yield path
