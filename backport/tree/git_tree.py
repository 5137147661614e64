"""The tree of a git tree object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backport.errors import MissingObjectError
from backport.git import ObjectStore, TreeEntry
from backport.git.values import ObjectType
from backport.tree.paths import folder_prefix, is_tree_path
from backport.tree.protocol import Absent, Entry, File, Folder, Match, Submodule, Symlink, Unavailable

MAX_BYTES = 64 << 20
"""Larger files are Unavailable, unless the caller sets another limit (in bytes)."""

TOO_LARGE = "larger than the limit of {} bytes"


class GitTree:
    """A git tree object, read through a repository or a scratch repository."""

    def __init__(self, store: ObjectStore, tree_id: str, name: str, max_bytes: int = MAX_BYTES) -> None:
        self._store = store
        self._id = tree_id
        self._name = name
        self._max_bytes = max_bytes

    @property
    def name(self) -> str:
        return self._name

    @property
    def id(self) -> str:
        return self._id

    @property
    def store(self) -> ObjectStore:
        """Where its objects are read."""
        return self._store

    def read(self, path: str) -> Entry:
        try:
            entry = self._entry(path)
        except MissingObjectError as error:
            return Unavailable(error.what)
        if entry is None:
            return Absent()
        if entry.type is ObjectType.TREE:
            return Folder()
        if entry.type is ObjectType.COMMIT:
            return Submodule(entry.id)
        return self._blob(entry)

    def _entry(self, path: str) -> TreeEntry | None:
        return self._store.entry(self._id, path) if is_tree_path(path) or not path else None

    def _blob(self, entry: TreeEntry) -> Entry:
        size = self._store.type_and_size(entry.id)
        if size is None:
            return Unavailable(f"object {entry.id} is not here")
        if size[1] > self._max_bytes:
            return Unavailable(TOO_LARGE.format(self._max_bytes))
        data = self._store.blob(entry.id)
        if data is None:
            return Unavailable(f"object {entry.id} is not here")
        return Symlink(data) if entry.mode == "120000" else File(data, entry.mode, entry.id)

    def mode(self, path: str) -> str:
        try:
            entry = self._entry(path)
        except MissingObjectError:
            return ""
        return entry.mode if entry else ""

    def paths(self, prefix: str = "") -> Iterator[str]:
        return (path for path, _, _ in self._store.ls(self._id, folder_prefix(prefix)))

    def search(
        self, words: Sequence[bytes], prefixes: Sequence[str] = (), *, whole_words: bool = True
    ) -> Iterator[Match]:
        for path, line, text in self._store.grep(self._id, words, prefixes, whole_words):
            yield Match(path, line, text)
