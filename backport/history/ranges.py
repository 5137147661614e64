"""The commits that one revision reaches and another does not, asked by the words of their messages.

With an index of commits the answers come from there. Without one the newest messages are read, up to a limit;
`looked` says what was not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from backport.errors import BackportError
from backport.git import CommitInfo, ObjectStore, Repository
from backport.git.values import path_bytes
from backport.index.commits import CommitIndex

TOUCHING = 200
"""Commits at a path whose changes are compared."""
WINDOW = 20_000
"""Commits whose messages a check reads without an index."""


class Range:
    """What `tip` reaches and none of `exclude` does. Answers are oldest first."""

    def __init__(
        self,
        repository: Repository,
        tip: str,
        exclude: Collection[str] = (),
        index: CommitIndex | None = None,
        window: int = WINDOW,
    ) -> None:
        self._repository = repository
        self._tip = tip
        self._exclude = tuple(x for x in exclude if repository.has(x))
        usable = index is not None and index.holds(tip) and all(index.holds(x) for x in self._exclude)
        self._index = index if usable and len(self._exclude) < 2 else None
        self._limit = window
        self._messages: _Messages | None = None
        self._kept: dict[tuple[str, str], tuple[CommitInfo, ...]] = {}

    @property
    def tip(self) -> str:
        return self._tip

    @property
    def looked(self) -> str:
        """What was left out of sight, as part of a sentence; "" for nothing."""
        found = self._messages
        if found is None or found.complete:
            return ""
        if not found.readable:
            return "the history of this clone ends too early"
        return f"only the newest {self._limit:,} commits were looked at (`backport index --commits` has all)"

    def contains(self, id: str) -> bool | None:
        """Whether a commit (full id) is in the range; None where that is out of sight."""
        if self._index is not None:
            return id in (self._index.within([id], self._tip, *self._exclude) or ())
        found = self._read()
        return True if b"\x01" + id.encode("ascii") in found.text else (False if found.complete else None)

    def mentioning(self, id: str) -> tuple[CommitInfo, ...]:
        """Commits whose message may name that full id."""
        return self._asked("mentioning", id)

    def titled(self, subject: str) -> tuple[CommitInfo, ...]:
        """Commits that may have that subject, or revert or bring again one that has it."""
        return self._asked("titled", subject)

    def quoting(self, subject: str) -> tuple[CommitInfo, ...]:
        """Commits whose message may quote that subject."""
        return self._asked("quoting", subject)

    def touching(self, paths: Sequence[str], limit: int = TOUCHING) -> tuple[str, ...]:
        """The newest commits, at most `limit`, that change one of the files."""
        if self._index is not None:
            ids = self._index.touching(paths)
            inside = self._index.within(ids, self._tip, self._exclude[0] if self._exclude else "") or ()
            return tuple(x for x in ids if x in inside)[:limit]
        lines = "".join([f"{self._tip}\n", *(f"^{x}\n" for x in self._exclude)]).encode("ascii")
        words = ("rev-list", "--no-merges", f"--max-count={limit}", "--stdin")
        done = self._repository.git(*words, "--", *map(path_bytes, paths), stdin=lines)
        return () if done.code else tuple(done.out.decode("ascii", "replace").split())

    def _asked(self, what: str, word: str) -> tuple[CommitInfo, ...]:
        key = what, word
        if key not in self._kept:
            ids = self._from_index(what, word) if self._index else self._from_messages(word)
            found = (self._repository.commit(id) for id in ids)
            self._kept[key] = tuple(x for x in found if x is not None)
        return self._kept[key]

    def _from_index(self, what: str, word: str) -> list[str]:
        assert self._index is not None
        ids: tuple[str, ...] = getattr(self._index, what)(word)
        inside = self._index.within(ids, self._tip, self._exclude[0] if self._exclude else "") or ()
        return [id for id in ids if id in inside]

    def _from_messages(self, word: str) -> list[str]:
        return self._read().holding(word[:7] if _FULL.fullmatch(word) else word)

    def _read(self) -> _Messages:
        if self._messages is None:
            self._messages = _read(self._repository, self._tip, self._exclude, self._limit)
        return self._messages


_FULL = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(slots=True)
class _Messages:
    """Messages in one text, newest first, each behind \\x01 and its id."""

    text: bytes
    complete: bool
    readable: bool = True
    _folded: bytes = field(default=b"", init=False)

    def holding(self, word: str) -> list[str]:
        """The ids of the commits whose message holds the word, oldest first. Case and line breaks of a subject do
        not count."""
        if _HEX.fullmatch(word):
            text, needle = self.text, word.encode("ascii")
        else:
            if not self._folded:
                self._folded = _BLANKS.sub(b" ", self.text).lower()
            text = self._folded
            needle = b" ".join(word.encode("utf-8", "surrogateescape").split()).lower()
        found: dict[str, None] = {}
        at = text.find(needle) if needle else -1
        while at >= 0:
            start = text.rfind(b"\x01", 0, at)
            id = text[start + 1 : text.find(b"\0", start)].decode("ascii", "replace")
            found[id] = None
            following = text.find(b"\x01", at)
            at = text.find(needle, following) if following >= 0 else -1
        return [x for x in reversed(found) if _FULL.fullmatch(x)]


_HEX = re.compile(r"[0-9a-f]{7}")
_BLANKS = re.compile(rb"[ \t\r\n]+")


def _read(repository: Repository, tip: str, exclude: Iterable[str], limit: int) -> _Messages:
    lines = "".join([f"{tip}\n", *(f"^{x}\n" for x in exclude)]).encode("ascii")
    words = ("log", "--stdin", f"--max-count={limit + 1}", "--encoding=UTF-8", "--no-show-signature")
    try:
        done = repository.git(*words, "--no-color", "--format=%x01%H%x00%B", stdin=lines)
    except BackportError:
        return _Messages(b"", False, False)
    if done.code and not done.out:
        return _Messages(b"", False, False)
    count = done.out.count(b"\x01")
    return _Messages(done.out, count <= limit and not done.code, not done.code)


def merge_bases(store: ObjectStore, one: str, two: str) -> tuple[str, ...]:
    """The best common ancestors of two commits; () where the histories are unrelated or not all here."""
    done = store.git("merge-base", "--all", one, two)
    return tuple(done.out.decode("ascii", "replace").split()) if not done.code else ()


def is_ancestor(store: ObjectStore, one: str, two: str) -> bool:
    """Whether `two` reaches `one`; False also where that cannot be known here."""
    return one == two or store.git("merge-base", "--is-ancestor", one, two).code == 0
