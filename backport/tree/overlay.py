"""Trees of mappings: one that stands alone, and one that is laid over another tree."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence

from backport.tree.paths import below, folder_prefix, parents, sort_key
from backport.tree.protocol import Absent, Entry, File, Folder, Match, Submodule, Symlink, Tree
from backport.tree.scan import regular_files, scan


class DictTree:
    """A tree of a mapping from path to bytes or an entry (for tests and small things)."""

    def __init__(self, files: Mapping[str, bytes | File | Symlink | Submodule], name: str = "tree") -> None:
        self._files: dict[str, File | Symlink | Submodule] = {
            path: File(entry) if isinstance(entry, bytes) else entry for path, entry in files.items()
        }
        self._name = name
        self._folders = {""} | {parent for path in self._files for parent in parents(path)}

    @property
    def name(self) -> str:
        return self._name

    @property
    def id(self) -> str:
        return ""

    def read(self, path: str) -> Entry:
        found = self._files.get(path)
        if found is not None:
            return found
        return Folder() if path in self._folders else Absent()

    def mode(self, path: str) -> str:
        return mode_of(self.read(path))

    def paths(self, prefix: str = "") -> Iterator[str]:
        start = folder_prefix(prefix)
        return iter(sorted((x for x in self._files if below(x, start)), key=sort_key))

    def search(
        self, words: Sequence[bytes], prefixes: Sequence[str] = (), *, whole_words: bool = True
    ) -> Iterator[Match]:
        return scan(regular_files(self, prefixes), words, whole_words)


class OverlayTree:
    """A tree with files laid over it: path -> File, or None for a path that goes. Immutable."""

    def __init__(self, tree: Tree, changes: Mapping[str, File | None], name: str = "") -> None:
        self._tree = tree
        self._changes = dict(changes)
        self._name = name or tree.name
        self._over = DictTree({path: file for path, file in changes.items() if file is not None})

    @property
    def name(self) -> str:
        return self._name

    @property
    def id(self) -> str:
        return "" if self._changes else self._tree.id

    @property
    def tree(self) -> Tree:
        """The tree below."""
        return self._tree

    @property
    def changes(self) -> Mapping[str, File | None]:
        """What is laid over it."""
        return dict(self._changes)

    def with_changes(self, changes: Mapping[str, File | None]) -> OverlayTree:
        """A new overlay with these changes as well."""
        return OverlayTree(self._tree, {**self._changes, **changes}, self._name)

    def read(self, path: str) -> Entry:
        over = self._over.read(path)
        if not isinstance(over, Absent):
            return over
        if self._hidden(path):
            return Absent()
        below_it = self._tree.read(path)
        if isinstance(below_it, Folder) and path and self._emptied(path):
            return Absent()
        return below_it

    def mode(self, path: str) -> str:
        over = self._over.mode(path)
        if over or self._hidden(path):
            return over
        mode = self._tree.mode(path)
        return "" if mode == "040000" and path and self._emptied(path) else mode

    def _hidden(self, path: str) -> bool:
        """Whether the path, or a file laid where a folder above it was, was changed."""
        return path in self._changes or any(self._changes.get(parent) for parent in parents(path))

    def _emptied(self, folder: str) -> bool:
        """Whether everything below a folder is gone: only asked when something there was deleted."""
        gone = any(change is None and below(path, folder) for path, change in self._changes.items())
        return gone and next(self.paths(folder), None) is None

    def paths(self, prefix: str = "") -> Iterator[str]:
        start = folder_prefix(prefix)
        lower = (path for path in self._tree.paths(start) if not self._hides(path))
        return heapq.merge(lower, self._over.paths(start), key=sort_key)

    def _hides(self, path: str) -> bool:
        """Whether a path of the tree below is no more: changed, or a folder or file stands over it."""
        return self._hidden(path) or isinstance(self._over.read(path), Folder)

    def search(
        self, words: Sequence[bytes], prefixes: Sequence[str] = (), *, whole_words: bool = True
    ) -> Iterator[Match]:
        lower = self._tree.search(words, prefixes, whole_words=whole_words)
        kept = (match for match in lower if not self._hides(match.path))
        over = self._over.search(words, prefixes, whole_words=whole_words)
        return heapq.merge(kept, over, key=lambda match: (sort_key(match.path), match.line))


def mode_of(entry: Entry) -> str:
    """The octal mode of an entry, "" for nothing."""
    if isinstance(entry, File):
        return entry.mode
    if isinstance(entry, Symlink):
        return "120000"
    if isinstance(entry, Submodule):
        return "160000"
    return "040000" if isinstance(entry, Folder) else ""
