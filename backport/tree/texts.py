"""Long texts by reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from backport.model import TextRef
from backport.tree.git_tree import GitTree
from backport.tree.protocol import File, Tree


class Texts(Protocol):
    """Where the texts that a report refers to are read."""

    def read(self, ref: TextRef) -> bytes | None:
        """The lines `first` to `last` with their line feeds (all lines when `first` is 0), or None when
        they are not there any more: no such tree, file or line, or another blob at that path."""
        ...


class TreeTexts:
    """Texts of named trees."""

    def __init__(self, trees: Mapping[str, Tree]) -> None:
        self._trees = dict(trees)

    def read(self, ref: TextRef) -> bytes | None:
        tree = self._trees.get(ref.tree)
        if tree is None:
            return None
        data = _whole(tree, ref)
        return None if data is None else _lines(data, ref.first, ref.last)


def _whole(tree: Tree, ref: TextRef) -> bytes | None:
    entry = tree.read(ref.path)
    if isinstance(entry, File) and ref.blob in ("", entry.id):
        return entry.data
    return tree.store.blob(ref.blob) if ref.blob and isinstance(tree, GitTree) else None


def _lines(data: bytes, first: int, last: int) -> bytes | None:
    if first <= 0:
        return data
    lines = data.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    if last > len(lines) or last < first:
        return None
    ended = last < len(lines) or data.endswith(b"\n")
    return b"\n".join(lines[first - 1 : last]) + (b"\n" if ended else b"")
