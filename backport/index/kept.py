"""What was found out of a tree without an index, kept for the next check of the same tree."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from backport.csource.definitions import FileDefinitions
from backport.index.values import Located
from backport.tree import GitTree, Tree

if TYPE_CHECKING:
    from backport.index.store import Cache

Found = tuple[bool, tuple[Located, ...]]
"""Whether a name stands anywhere in the tree, and where it is defined."""


class Kept:
    """The answers on one tree. Only a git tree's are kept: its id says that nothing changed."""

    def __init__(self, tree: Tree, cache: Cache | None) -> None:
        self._cache = cache if isinstance(tree, GitTree) else None
        self._key = ""
        if isinstance(tree, GitTree) and self._cache is not None:
            from backport.index.store import extractor_key

            self._key = f"{extractor_key()}:{tree.store.object_format}:{tree.id}"

    def found(self, names: Sequence[str], read: Callable[[str], FileDefinitions | None]) -> dict[str, Found]:
        """The answers for those of the names that were asked for before; `read` gives a file's definitions."""
        if self._cache is None or not names:
            return {}
        answers = self._cache.answers(self._key, names)
        return {name: _located(name, json.loads(data), read) for name, data in answers.items()}

    def keep(self, found: Mapping[str, Found]) -> None:
        if self._cache is None or not found:
            return
        rows = [
            (name, json.dumps([mentioned, list(dict.fromkeys(x.path for x in located))]))
            for name, (mentioned, located) in found.items()
        ]
        self._cache.keep_answers(self._key, rows)

    def holders(self, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The files that hold each word; those that were not asked for are left out."""
        if self._cache is None or not names:
            return {}
        answers = self._cache.answers(self._key, [_files_with(x) for x in names])
        return {x: tuple(json.loads(answers[_files_with(x)])) for x in names if _files_with(x) in answers}

    def keep_holders(self, found: Mapping[str, tuple[str, ...]]) -> None:
        if self._cache is not None and found:
            self._cache.keep_answers(
                self._key, [(_files_with(x), json.dumps(paths)) for x, paths in found.items()]
            )

    def within(
        self,
        paths: Collection[str],
        names: Collection[str],
        look: Callable[[Collection[str], Collection[str]], Mapping[str, tuple[Located, ...]]],
        read: Callable[[str], FileDefinitions | None],
    ) -> Mapping[str, tuple[Located, ...]]:
        """The definitions of names in certain files; `look` looks up what was not asked for before."""
        if self._cache is None or not names or not paths:
            return look(paths, names)
        group = _group(paths)
        keys = {x: f"{x} in {group}" for x in names}
        answers = self._cache.answers(self._key, list(keys.values()))
        found = {
            x: _located(x, (True, json.loads(answers[k])), read)[1] for x, k in keys.items() if k in answers
        }
        missing = [x for x in names if x not in found]
        if missing:
            looked = look(paths, missing)
            found.update(looked)
            rows = [
                (keys[x], json.dumps(list(dict.fromkeys(y.path for y in located))))
                for x, located in looked.items()
            ]
            self._cache.keep_answers(self._key, rows)
        return found

    def pasted(
        self, paths: Collection[str], look: Callable[[Collection[str]], frozenset[str]]
    ) -> frozenset[str]:
        """What the macros of certain files build."""
        if self._cache is None or not paths:
            return look(paths)
        question = f"pasted in {_group(paths)}"
        answers = self._cache.answers(self._key, [question])
        if question in answers:
            return frozenset(json.loads(answers[question]))
        found = look(paths)
        self._cache.keep_answers(self._key, [(question, json.dumps(sorted(found)))])
        return found

    def closure(self, path: str) -> tuple[str, ...] | None:
        """The include closure of a file; None where it was not asked for."""
        if self._cache is None:
            return None
        data = self._cache.answers(self._key, [_closure_of(path)])
        return tuple(json.loads(data[_closure_of(path)])) if data else None

    def keep_closure(self, path: str, found: tuple[str, ...]) -> None:
        if self._cache is not None:
            self._cache.keep_answers(self._key, [(_closure_of(path), json.dumps(found))])


def _closure_of(path: str) -> str:
    """A question that no name of C can be."""
    return f"includes of {path}"


def _group(paths: Collection[str]) -> str:
    text = "\0".join(sorted(paths)).encode("utf-8", "surrogateescape")
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def _files_with(name: str) -> str:
    return f"files with {name}"


def _located(
    name: str, kept: tuple[bool, Sequence[str]], read: Callable[[str], FileDefinitions | None]
) -> Found:
    mentioned, paths = kept
    located: list[Located] = []
    for path in paths:
        provided = read(path)
        listed = provided.definitions if provided is not None and provided.named(name) else ()
        located += [Located(path, x) for x in listed if x.name == name]
    return mentioned, tuple(located)
