"""Names looked up in a few given files: an include closure, read without a search of the tree."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from backport.csource.definitions_macros import macro_patterns
from backport.index.candidates import Pastes, literal_files, made_from
from backport.index.files import Files
from backport.index.indexed import in_order
from backport.index.values import Located
from backport.tree import Match

_PASTE = b"##"
_MOST_TEXT = 48 << 20


class Nearby:
    """The definitions of names in files of one tree, found by their texts: a file is read only where a line of it
    may define one of the names."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._known: dict[tuple[str, str], tuple[Located, ...]] = {}
        self._pastes: dict[str, list[Match]] = {}
        self._texts: dict[str, bytes] = {}
        self._size = 0

    def within(self, paths: Collection[str], names: Collection[str]) -> Mapping[str, tuple[Located, ...]]:
        """Every definition of each name in these files, in the order of files and by line."""
        found: dict[str, list[Located]] = {x: [] for x in names}
        asked: dict[str, list[str]] = {}
        for path in paths:
            missing = [x for x in names if (path, x) not in self._known]
            if missing:
                asked[path] = missing
        if asked:
            self._look(asked)
        for name, listed in found.items():
            for path in paths:
                listed += self._known[path, name]
        return {name: in_order(listed) for name, listed in found.items()}

    def pasted(self, paths: Collection[str]) -> frozenset[str]:
        """What the macros of these files build: patterns of whole names."""
        return frozenset(
            x for path in paths if _PASTE in (data := self._text(path)) for x in macro_patterns(data)
        )

    def _text(self, path: str) -> bytes:
        """The text of a C file, kept up to a bound: a closure is looked through several times."""
        if path in self._texts:
            return self._texts[path]
        entry = self._files.text(path)
        data = entry.data if entry is not None else b""
        if self._size + len(data) <= _MOST_TEXT:
            self._texts[path] = data
            self._size += len(data)
        return data

    def _look(self, asked: Mapping[str, list[str]]) -> None:
        names = sorted({x for listed in asked.values() for x in listed})
        made = {x: made_from(x) for x in names}
        words = {x: _word(x) for x in {*names, *(y for listed in made.values() for y in listed)}}
        matches = [m for path in asked for m in self._matches(path, words)]
        candidates = literal_files(self._files, matches, names, made)
        self._take(asked, candidates)
        absent = [x for x in names if not any(self._known[p, x] for p in asked if (p, x) in self._known)]
        if absent:
            pastes = [m for path in asked for m in self._pastes.get(path, ())]
            self._take(asked, Pastes(pastes).files(absent, self._files), absent)
        self._files.flush()

    def _take(
        self, asked: Mapping[str, list[str]], candidates: Mapping[str, set[str]], only: Collection[str] = ()
    ) -> None:
        for path, listed in asked.items():
            for name in listed:
                if only and name not in only:
                    continue
                provided = self._files.file(path) if path in candidates.get(name, ()) else None
                self._known[path, name] = tuple(
                    Located(path, x) for x in (provided.named(name) if provided is not None else ())
                )

    def _matches(self, path: str, words: Mapping[str, bytes]) -> Iterator[Match]:
        """The lines of a file with one of the words; those that paste are set aside."""
        data = self._text(path)
        if path not in self._pastes:
            self._pastes[path] = list(_lines(path, data, {_PASTE}))
        present = {x for x in words.values() if x in data}
        if present:
            yield from _lines(path, data, present)


def _lines(path: str, data: bytes, words: Collection[bytes]) -> Iterator[Match]:
    """The lines that hold one of the strings, each once, in order."""
    starts: set[int] = set()
    for word in filter(None, words):
        at = data.find(word)
        while at >= 0:
            starts.add(data.rfind(b"\n", 0, at) + 1)
            end = data.find(b"\n", at)
            at = data.find(word, end) if end >= 0 else -1
    number, before = 1, 0
    for start in sorted(starts):
        number += data.count(b"\n", before, start)
        before = start
        end = data.find(b"\n", start)
        yield Match(path, number, data[start : end if end >= 0 else len(data)])


def _word(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
