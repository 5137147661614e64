"""What a tree of files is to the rest of the house: read, mode, list, search, id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class File:
    """A regular file: its bytes, octal mode ("100644", "100755") and blob id ("" in a folder)."""

    data: bytes
    mode: str = "100644"
    id: str = ""


@dataclass(frozen=True, slots=True)
class Symlink:
    """A symbolic link, never followed. `target` is the link's text."""

    target: bytes


@dataclass(frozen=True, slots=True)
class Submodule:
    """A gitlink: the commit id that the tree names."""

    commit: str


@dataclass(frozen=True, slots=True)
class Folder:
    """The path is a folder."""


@dataclass(frozen=True, slots=True)
class Absent:
    """Nothing has that path."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """Something has that path, and it cannot be read here: `why` says so (object missing in a
    partial clone, no permission, larger than the limit)."""

    why: str


Entry = File | Symlink | Submodule | Folder | Absent | Unavailable


@dataclass(frozen=True, slots=True)
class Match:
    """A line that `search` found: 1-based, without its line feed."""

    path: str
    line: int
    text: bytes


class Tree(Protocol):
    """A tree of files, immutable while it is looked at. Paths never start with `/` or hold `..`."""

    @property
    def name(self) -> str:
        """What a report calls it."""
        ...

    @property
    def id(self) -> str:
        """The tree's object id, or for a folder "" ."""
        ...

    def read(self, path: str) -> Entry:
        """What stands at `path`. Never raises for a path that is not there; a symlink in any
        leading folder makes the path Absent (it is never followed)."""
        ...

    def mode(self, path: str) -> str:
        """The octal mode ("100644", "120000", "160000", "040000"), or "" if nothing is there."""
        ...

    def paths(self, prefix: str = "") -> Iterator[str]:
        """All files (and links) below the folder `prefix` ("" all), sorted by bytes."""
        ...

    def search(
        self, words: Sequence[bytes], prefixes: Sequence[str] = (), *, whole_words: bool = True
    ) -> Iterator[Match]:
        """Lines that hold one of the fixed strings, in files below one of `prefixes` (all files
        when empty), ordered by path and line. Binary files are passed over."""
        ...
