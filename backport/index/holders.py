"""Which C files of a tree hold a word."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from backport.csource import language
from backport.index.kept import Kept
from backport.index.values import C_LANGUAGES
from backport.tree import Tree

_WORDS = re.compile(rb"[A-Za-z_$][\w$]*")


class Holders:
    """The files of one tree by word: one search for all words that were not asked for before."""

    def __init__(self, tree: Tree, kept: Kept) -> None:
        self._tree = tree
        self._kept = kept
        self._known: dict[str, tuple[str, ...]] = {}

    def files(self, names: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        """The C files that hold each word, in order."""
        missing = sorted({x for x in names if x not in self._known})
        if missing:
            self._known.update(self._kept.holders(missing))
        missing = [x for x in missing if x not in self._known]
        if missing:
            found = self._search(missing)
            self._kept.keep_holders(found)
            self._known.update(found)
        return {x: self._known[x] for x in names}

    def note(self, found: Mapping[str, Iterable[str]]) -> None:
        """Take what a search for other reasons found: every file that holds each word, in order."""
        known = {x: tuple(p for p in paths if language(p) in C_LANGUAGES) for x, paths in found.items()}
        self._kept.keep_holders(known)
        self._known.update(known)

    def _search(self, names: list[str]) -> dict[str, tuple[str, ...]]:
        words = {x.encode("utf-8", "surrogateescape"): x for x in names}
        found: dict[str, dict[str, None]] = {x: {} for x in names}
        for match in self._tree.search(sorted(words)):
            if language(match.path) in C_LANGUAGES:
                for word in words.keys() & set(_WORDS.findall(match.text)):
                    found[words[word]][match.path] = None
        return {x: tuple(paths) for x, paths in found.items()}
