"""Names looked up in the tree itself: one search for all of them, and the files in which it found one."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from backport.csource.definitions import FileDefinitions, Include
from backport.index.candidates import Pastes, literal_files, made_from
from backport.index.files import Files
from backport.index.holders import Holders
from backport.index.includes import Resolver, closure
from backport.index.kept import Kept
from backport.index.nearby import Nearby
from backport.index.values import Located, order
from backport.tree import Match, Tree

if TYPE_CHECKING:
    from backport.index.store import Cache

_PASTE = b"##"
_SHORT = 6
_FIRST = ("include",)
_COMMON = 1000
"""Lines of headers above which a name is common: `dev`, `state`."""
_MOST_FILES = 1000
"""The files that are read for one name."""
_WORDS = re.compile(rb"[A-Za-z_$][\w$]*")


class SearchedNames:
    """Names of a tree without an index. What was read of files is kept in `cache`, where there is one."""

    def __init__(self, tree: Tree, cache: Cache | None = None) -> None:
        self._tree = tree
        self._files = Files(tree, cache)
        self._resolver = Resolver(tree)
        self._closures: dict[str, tuple[str, ...]] = {}
        self._found: dict[str, tuple[Located, ...]] = {}
        self._mentioned: dict[str, bool] = {}
        self._pastes: Pastes | None = None
        self._kept = Kept(tree, cache)
        self._nearby = Nearby(self._files)
        self._holders = Holders(tree, self._kept)

    def file(self, path: str) -> FileDefinitions | None:
        return self._files.file(path)

    def includes(self, path: str) -> tuple[Include, ...]:
        """What a file includes; () where there is none."""
        return self._files.includes(path)

    def closure(self, path: str) -> tuple[str, ...]:
        if path not in self._closures:
            found = self._kept.closure(path)
            if found is None:
                found = closure(path, self._files.includes, self._resolver)
                self._kept.keep_closure(path, found)
            self._closures[path] = found
        return self._closures[path]

    def find(self, names: Collection[str]) -> Mapping[str, tuple[Located, ...]]:
        missing = sorted(x for x in set(names) if x not in self._found)
        for name, (mentioned, found) in self._kept.found(missing, self.file).items():
            self._mentioned[name], self._found[name] = mentioned, found
        missing = [x for x in missing if x not in self._found]
        if missing:
            self._search(missing)
            self._kept.keep({x: (self._mentioned.get(x, True), self._found[x]) for x in missing})
        return {x: self._found[x] for x in names}

    def within(self, paths: Collection[str], names: Collection[str]) -> Mapping[str, tuple[Located, ...]]:
        return self._kept.within(paths, names, self._nearby.within, self.file)

    def pasted(self, paths: Collection[str]) -> frozenset[str]:
        return self._kept.pasted(paths, self._nearby.pasted)

    def holders(self, names: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        return self._holders.files(names)

    def _search(self, names: list[str]) -> None:
        """One search for the names, for what macros could make them from, and for pasting, by which a name is made
        that stands nowhere as it is."""
        common = self._common(names)
        rare = [x for x in names if x not in common]
        made = {x: made_from(x) for x in rare}
        words = sorted({_bytes(x) for x in rare} | {_bytes(y) for x in made.values() for y in x})
        matches = list(self._matches(words)) if words else []
        self._note(rare, matches)
        self._look_in(rare, literal_files(self._files, matches, rare, made))
        for name, lines in common.items():
            self._mentioned[name] = True
            self._look_in([name], literal_files(self._files, lines, [name], {name: ()}))
        absent = [x for x in rare if not self._found[x]]
        if absent:
            if self._pastes is None:
                self._pastes = Pastes(self._tree.search([_PASTE], whole_words=False))
            self._look_in(absent, self._pastes.files(absent, self._files))

    def _common(self, names: list[str]) -> dict[str, list[Match]]:
        """The names that the headers alone hold on so many lines that the rest of the tree is not looked through
        for them, each with these lines: the answer is then that of the headers."""
        folders = [x for x in _FIRST if self._tree.mode(x) == "040000"]
        if not folders:
            return {}
        wanted = {_bytes(x): x for x in names}
        lines: dict[str, list[Match]] = {x: [] for x in names}
        for match in self._tree.search(sorted(wanted), folders):
            for word in set(_WORDS.findall(match.text)) & wanted.keys():
                lines[wanted[word]].append(match)
        return {x: found for x, found in lines.items() if len(found) > _COMMON}

    def _matches(self, words: list[bytes]) -> Iterator[Match]:
        """The lines with these words. Where none of them is short they may be found as parts of others, too: then
        one search does for pasting as well."""
        if self._pastes is not None or min(map(len, words)) < _SHORT:
            yield from self._tree.search(words)
            return
        pasting: list[Match] = []
        for match in self._tree.search([*words, _PASTE], whole_words=False):
            if _PASTE in match.text:
                pasting.append(match)
            yield match
        self._pastes = Pastes(pasting)

    def _look_in(self, names: list[str], paths: Mapping[str, Collection[str]]) -> None:
        """Read the files that may define each name; of very many only the first."""
        for name in names:
            found: list[Located] = []
            for path in sorted(paths.get(name, ()), key=order)[:_MOST_FILES]:
                provided = self.file(path)
                listed = provided.definitions if provided is not None and provided.named(name) else ()
                found += [Located(path, x) for x in listed if x.name == name]
            self._found[name] = tuple(found)
        self._files.flush()

    def _note(self, names: list[str], matches: list[Match]) -> None:
        """Which of the names stand anywhere at all, and where."""
        wanted = {_bytes(x): x for x in names}
        seen: dict[bytes, dict[str, None]] = {x: {} for x in wanted}
        for match in matches:
            for word in wanted.keys() & set(_WORDS.findall(match.text)):
                seen[word][match.path] = None
        self._mentioned.update({name: bool(seen[word]) for word, name in wanted.items()})
        self._holders.note({name: seen[word] for word, name in wanted.items()})

    def mentions(self, name: str) -> bool:
        if name not in self._mentioned:
            self._mentioned[name] = any(True for _ in self._tree.search([_bytes(name)]))
        return self._mentioned[name]


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
