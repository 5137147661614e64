"""Vocabularies: the names by which a feature of the kernel is known. Data files in backport_grammars/features.

    name = "uffd-wp"                      what a report calls it for short
    title = "userfaultfd write-protect support"
    version = "v5.7"                      the first version that has it
    description = "..."                   for people who read the file
    where = ["include/linux/..."]         files in which its anchors stand
    anchors = ["userfaultfd_wp"]          names that a tree has with it and has not without it
    [names]                               lists of names, under any headings; regular expressions match whole names
    helpers = ["userfaultfd_wp", "pte_.*uffd_wp"]
    [weak]                                names of parameters, fields and the like
    parameters = ["wp_copy"]
    [replaces]                            what it does away with, and what does that now
    old_name = "new_name"

A tree that has all anchors has the feature, with some of them it has a part of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """One feature. `strong` and `weak` are plain names, `patterns` those that are given as regular expressions.
    It is spoken of only where a tree has one of the files of `where`."""

    name: str
    title: str
    version: str
    where: tuple[str, ...]
    anchors: tuple[str, ...]
    strong: frozenset[str]
    weak: frozenset[str]
    patterns: re.Pattern[str] | None
    replaces: Mapping[str, str]

    def known(self, names: Iterable[str]) -> frozenset[str]:
        """Those of the names that are the feature's."""
        names = frozenset(names)
        found = names & (self.strong | self.weak)
        if self.patterns is None:
            return found
        return found | {n for n in names if self.patterns.fullmatch(n)}

    def replaced(self, names: Iterable[str]) -> frozenset[str]:
        """Those of the names that the feature did away with."""
        return frozenset(n for n in names if n in self.replaces)


def read(text: str) -> Vocabulary:
    """One vocabulary from the text of its file. Raises ValueError naming what is wrong."""
    import tomllib

    table = tomllib.loads(text)
    for key in ("name", "title", "version", "where", "anchors"):
        if not table.get(key):
            raise ValueError(f"a vocabulary needs {key!r}")
    names = _flat(table.get("names", {}))
    patterns = [n for n in names if not _PLAIN.fullmatch(n)]
    return Vocabulary(
        table["name"],
        table["title"],
        table["version"],
        tuple(table["where"]),
        tuple(table["anchors"]),
        frozenset(n for n in names if _PLAIN.fullmatch(n)) | frozenset(table["anchors"]),
        frozenset(_flat(table.get("weak", {}))),
        re.compile("|".join(f"(?:{p})" for p in patterns)) if patterns else None,
        dict(table.get("replaces", {})),
    )


def _flat(table: Mapping[str, Any]) -> list[str]:
    return [name for rows in table.values() for name in rows]


def vocabularies(there: Callable[[str], bool]) -> Iterator[Vocabulary]:
    """Those that come with the program, by name, of which a tree has a file to look in (`there` says of a path
    whether it has). The others are not even read: in a tree that is no kernel that is all of them."""
    for text, where in _texts():
        if any(there(path) for path in where):
            yield _read(text)


_WHERE = re.compile(r"^where = \[(.*?)\]", re.MULTILINE | re.DOTALL)
_read = lru_cache(maxsize=None)(read)


@lru_cache(maxsize=1)
def _texts() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The text of each file, and the paths of its `where`."""
    import backport_grammars

    folder = Path(backport_grammars.__path__[0], "features")
    texts = (path.read_text("utf-8") for path in sorted(folder.glob("*.toml")))
    return tuple((text, _paths(text)) for text in texts)


def _paths(text: str) -> tuple[str, ...]:
    match = _WHERE.search(text)
    return tuple(re.findall(r'"([^"]+)"', match[1])) if match else ()
