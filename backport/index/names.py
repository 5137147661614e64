"""The definitions of a tree, asked for by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Protocol

from backport.csource.definitions import FileDefinitions
from backport.index.values import Located
from backport.tree import Tree

if TYPE_CHECKING:
    from backport.index.opening import Opener


class Names(Protocol):
    """The definitions of one tree. The answers are the same with a cache, cold or warm, and without one."""

    def file(self, path: str) -> FileDefinitions | None:
        """What a file provides; None where there is no regular file."""
        ...

    def closure(self, path: str) -> tuple[str, ...]:
        """The files of the tree that a file includes, and those that they include, in order of inclusion.

        Bounded; what is not in the tree (system headers, generated ones) is left out."""
        ...

    def find(self, names: Collection[str]) -> Mapping[str, tuple[Located, ...]]:
        """Every definition of each name anywhere in the tree: headers first, then the rest, generated register
        headers last, by path and line. () means none in the tree.

        To be asked once with all names: without an index it is one search of the tree."""
        ...

    def within(self, paths: Collection[str], names: Collection[str]) -> Mapping[str, tuple[Located, ...]]:
        """The definitions of each name in these files. Without an index only they are read, and nothing is
        searched."""
        ...

    def pasted(self, paths: Collection[str]) -> frozenset[str]:
        """Patterns (regular expressions for whole names) of what the macros of these files build with `##`."""
        ...

    def holders(self, names: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        """The C files that hold each word. To be asked once with all names: it is one search of the tree."""
        ...

    def mentions(self, name: str) -> bool:
        """Whether the word stands anywhere in the tree: in comments, in scripts, pasted together."""
        ...


class Lookups:
    """The names of the trees that one series asks for again and again, each tree looked up once.

    `cache` is the folder in which definitions are kept ("" for none). Nothing is opened before it is needed."""

    def __init__(self, cache: str = "") -> None:
        self._folder = cache
        self._opener: Opener | None = None

    def names(self, tree: Tree, over: Tree | None = None) -> Names:
        """The definitions of `tree`; `over` is a tree from which it differs in few files, whose names are then
        looked up once for both."""
        if self._opener is None:
            from backport.index.opening import Opener

            self._opener = Opener(self._folder)
        return self._opener.names(tree, over)


def tree_names(tree: Tree, cache: str = "", over: Tree | None = None) -> Names:
    """The definitions of one tree, looked up by themselves (as `Lookups.names`)."""
    return Lookups(cache).names(tree, over)
