"""The definitions of single files, read from a tree or from the cache."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from backport.csource import language
from backport.csource.definitions import FileDefinitions, Include, definitions
from backport.index.values import C_LANGUAGES
from backport.tree import File, Tree

if TYPE_CHECKING:
    from backport.index.record import Record
    from backport.index.store import Cache

_MOST_WAITING = 200


def file_key(path: str, blob: str, data: bytes) -> bytes:
    """Under which a file is kept: its language, object format and blob id (computed where git has none)."""
    kind = language(path)[:1].encode()
    if blob:
        return kind + bytes.fromhex(blob)
    return kind + hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).digest()


class Files:
    """The files of one tree."""

    def __init__(self, tree: Tree, cache: Cache | None) -> None:
        self._tree = tree
        self._cache = cache
        self._read: dict[str, FileDefinitions | None] = {}
        self._texts: dict[str, File | None] = {}
        self._includes: dict[str, tuple[Include, ...]] = {}
        self._waiting: list[tuple[bytes, Record]] = []

    def text(self, path: str) -> File | None:
        """The regular C file at `path`; None for anything else."""
        if language(path) not in C_LANGUAGES:
            return None
        entry = self._tree.read(path)
        return entry if isinstance(entry, File) else None

    def file(self, path: str) -> FileDefinitions | None:
        """What a file provides; None where there is no regular C file."""
        if path not in self._read:
            entry = self.text(path)
            self._read[path] = self._known(path, entry) if entry is not None else None
        return self._read[path]

    def _known(self, path: str, entry: File) -> FileDefinitions:
        if self._cache is None:
            return definitions(path, entry.data)
        from backport.index.record import decode, encode

        key = file_key(path, entry.id, entry.data)
        kept = self._cache.record(key)
        if kept is not None:
            try:
                return decode(kept[1], kept[2])
            except ValueError:
                pass
        provided = definitions(path, entry.data)
        self._waiting.append((key, encode(provided)))
        if len(self._waiting) >= _MOST_WAITING:
            self.flush()
        return provided

    def flush(self) -> None:
        """Keep what was read and is not kept yet."""
        if self._cache is not None and self._waiting:
            self._cache.keep(self._waiting)
            self._waiting.clear()

    def includes(self, path: str) -> tuple[Include, ...]:
        """What a file includes; () where there is none."""
        if path not in self._includes:
            self._includes[path] = self._read_includes(path)
        return self._includes[path]

    def _read_includes(self, path: str) -> tuple[Include, ...]:
        known = self._read.get(path)
        if known is not None:
            return known.includes
        entry = self.text(path)
        if entry is None:
            return ()
        from backport.csource.definitions_file import read_includes

        return read_includes(entry.data)
