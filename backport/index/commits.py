"""The index of a repository's commits: what they say and touch, for questions that a log would take minutes for.

`open_commits(repository, cache) -> CommitIndex | None` asks it; `commits_build` makes it, which only
`backport index --commits REPO` does and never a check.

One SQLite file for a repository, by its object folder, so that all branches share it. It holds candidates and no
verdicts: which commits mention an id (its first seven digits), quote a subject, carry a subject, touch a path.
Whoever asks reads the commit itself and judges. Commits are numbered parents first, so that a number is a
generation: reachability is one walk downwards over numbers.
"""

from __future__ import annotations

import hashlib
import os
import re
import sqlite3
from array import array
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from backport.git import Repository
from backport.git.values import path_bytes

VERSION = 1
_WALKS = 8
CHUNK = 1 << 16
"""Commits in one stretch of the graph."""

MENTION, SUBJECT, QUOTED = 1, 2, 3
"""Kinds of words: an id's first seven digits, the commit's own subject, a subject between quotes."""

_LABELS = re.compile(rb"^(?:\[[^\]]*\]\s*|(?:re|[A-Z]{4,12}):\s*)+")
_REVERTS = re.compile(rb'^(?:re(?:vert|apply|land)\s+"?)+', re.IGNORECASE)


def index_path(repository: Repository, cache: str) -> Path:
    """The file of a repository's index; worktrees and all branches share their object folder."""
    key = hashlib.sha256(os.fsencode(os.path.realpath(repository.objects_dir))).hexdigest()[:20]
    return Path(cache) / f"commits-{key}.sqlite"


def core(subject: bytes | str) -> bytes:
    """A subject as it is looked up: without labels (`[PATCH]`, `BACKPORT:`), `Revert "` and case."""
    data = subject.encode("utf-8", "surrogateescape") if isinstance(subject, str) else subject
    text = _REVERTS.sub(b"", _LABELS.sub(b"", b" ".join(data.split())))
    return text.strip(b'" .').lower()


def subject_key(subject: bytes | str) -> int:
    return int.from_bytes(hashlib.blake2b(core(subject), digest_size=5).digest(), "big")


def version(database: sqlite3.Connection) -> int:
    """The version of this program's files that an index has; 0 for none."""
    try:
        row = database.execute("SELECT value FROM meta WHERE key='version'").fetchone()
    except sqlite3.OperationalError:
        return 0
    return int(row[0]) if row else 0


def open_commits(repository: Repository, cache: str) -> CommitIndex | None:
    """The index of a repository as it was last built; None when there is none."""
    if not cache:
        return None
    path = index_path(repository, cache)
    if not path.is_file():
        return None
    try:
        database = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, check_same_thread=False)
        return CommitIndex(database) if version(database) == VERSION else None
    except sqlite3.Error:
        return None


class CommitIndex:
    """Candidates out of a repository's index. Commits are full ids; those that it does not hold are left out."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._db = database
        self._chunks: dict[int, array[int]] = {}
        self._more: dict[int, list[int]] | None = None
        self._walks: dict[int, tuple[bytearray, int]] = {}

    def close(self) -> None:
        self._db.close()

    def holds(self, id: str) -> bool:
        return self._position(id) is not None

    def mentioning(self, id: str) -> tuple[str, ...]:
        """The commits whose message has a word that begins with the first seven digits of `id`."""
        return self._by_word(MENTION, int(id[:7], 16))

    def titled(self, subject: str) -> tuple[str, ...]:
        """The commits that have that subject, or revert or re-apply one that has it."""
        return self._by_word(SUBJECT, subject_key(subject))

    def quoting(self, subject: str) -> tuple[str, ...]:
        """The commits whose message has that subject between quotes."""
        return self._by_word(QUOTED, subject_key(subject))

    def touching(self, paths: Collection[str], limit: int = 1 << 60) -> tuple[str, ...]:
        """The commits that change one of the files, newest first."""
        marks = ",".join("?" * len(paths))
        rows = self._db.execute(
            "SELECT DISTINCT h.id FROM path p JOIN touch t ON t.path=p.number JOIN hash h ON h.pos=t.pos "
            f"WHERE p.name IN ({marks}) ORDER BY t.pos DESC LIMIT ?",
            (*map(path_bytes, paths), min(limit, 1 << 60)),
        )
        return tuple(row[0].hex() for row in rows)

    def within(self, ids: Collection[str], tip: str, exclude: str = "") -> frozenset[str] | None:
        """Those of `ids` that `tip` reaches and `exclude` ("" nothing) does not; None when the index holds not
        these two."""
        numbers = {p: x for x in ids if (p := self._position(x)) is not None}
        top, out = self._position(tip), self._position(exclude) if exclude else -1
        if top is None or out is None:
            return None
        found = self._reached(top, numbers)
        if exclude and found:
            found -= self._reached(out, found)
        return frozenset(numbers[p] for p in found)

    def merge_base(self, a: str, b: str) -> str | None:
        """The youngest commit that both reach, "" for none; None when the index does not hold them."""
        one, two = self._position(a), self._position(b)
        if one is None or two is None:
            return None
        colours = {one: 1}
        colours[two] = colours.get(two, 0) | 2
        for pos, colour in self._downwards(colours):
            if colour == 3:
                return self._id(pos)
        return ""

    def first_tags(self, ids: Sequence[str], tags: Sequence[tuple[str, str]]) -> dict[str, str]:
        """For each of `ids` the name of the first of `tags` (name, commit; in order of preference) that contains it;
        what no tag contains is left out. One walk upwards from the oldest."""
        wanted = [(p, id) for id in ids if (p := self._position(id)) is not None]
        places = [(p, name) for name, id in tags if (p := self._position(id)) is not None]
        if not wanted or not places:
            return {}
        first, last = min(p for p, _ in wanted), max(p for p, _ in places)
        marks: dict[int, int] = {}
        for bit, (pos, _) in enumerate(wanted):
            marks[pos] = marks.get(pos, 0) | 1 << bit
        self._upwards(marks, first, last)
        found: dict[str, str] = {}
        for pos, name in places:
            for bit, (_, id) in enumerate(wanted):
                if marks.get(pos, 0) >> bit & 1:
                    found.setdefault(id, name)
        return found

    def _upwards(self, marks: dict[int, int], first: int, last: int) -> None:
        """Hand the marks of commits on to all that reach them."""
        left = self._more_parents()
        get = marks.get
        for chunk in range(first // CHUNK, last // CHUNK + 1):
            graph, start = self._chunk(chunk), chunk * CHUNK
            for pos in range(max(first, start), min(last, start + len(graph) // 2 - 1) + 1):
                at = 2 * (pos - start)
                mark = get(graph[at], 0) | get(graph[at + 1], 0)
                for parent in left.get(pos, ()) if left else ():
                    mark |= get(parent, 0)
                if mark:
                    marks[pos] = marks.get(pos, 0) | mark

    def _reached(self, top: int, wanted: Collection[int]) -> set[int]:
        """Those of `wanted` that a commit reaches. How far down its walk came is kept, with what it met."""
        marks, low = self._walks.get(top) or (bytearray(top + 1), top)
        marks[top] = 1
        below = min(wanted, default=top)
        if below < low:
            self._walk(marks, low, below)
            low = below
        if len(self._walks) >= _WALKS and top not in self._walks:
            self._walks.pop(next(iter(self._walks)))
        self._walks[top] = marks, low
        return {x for x in wanted if x <= top and marks[x]}

    def _walk(self, marks: bytearray, high: int, low: int) -> None:
        """Mark the parents of what is marked, from one number down to another."""
        left = self._more_parents()
        for chunk in range(high // CHUNK, low // CHUNK - 1, -1):
            graph, first = self._chunk(chunk), chunk * CHUNK
            for pos in range(min(high, first + CHUNK - 1), max(low, first) - 1, -1):
                if marks[pos]:
                    at = 2 * (pos - first)
                    one, two = graph[at], graph[at + 1]
                    if one >= 0:
                        marks[one] = 1
                        if two >= 0:
                            marks[two] = 1
                            for parent in left.get(pos, ()) if left else ():
                                marks[parent] = 1

    def _downwards(self, colours: dict[int, int]) -> Iterator[tuple[int, int]]:
        """All that the commits reach, highest number first, with the colours of those that reach it."""
        if not colours:
            return
        top = max(colours)
        marks = bytearray(top + 1)
        for pos, colour in colours.items():
            marks[pos] = colour
        left = self._more_parents()
        for chunk in range(top // CHUNK, -1, -1):
            graph, first = self._chunk(chunk), chunk * CHUNK
            for pos in range(min(top, first + CHUNK - 1), first - 1, -1):
                colour = marks[pos]
                if colour:
                    yield pos, colour
                    at = 2 * (pos - first)
                    if graph[at] >= 0:
                        marks[graph[at]] |= colour
                        if graph[at + 1] >= 0:
                            marks[graph[at + 1]] |= colour
                            for parent in left.get(pos, ()):
                                marks[parent] |= colour

    def _chunk(self, number: int) -> array[int]:
        if number not in self._chunks:
            row = self._db.execute("SELECT parents FROM graph WHERE chunk=?", (number,)).fetchone()
            graph = array("i")
            graph.frombytes(row[0] if row else b"")
            self._chunks[number] = graph
        return self._chunks[number]

    def _more_parents(self) -> dict[int, list[int]]:
        if self._more is None:
            self._more = {}
            for pos, parent in self._db.execute("SELECT pos, parent FROM more"):
                self._more.setdefault(pos, []).append(parent)
        return self._more

    def _position(self, id: str) -> int | None:
        try:
            row = self._db.execute("SELECT pos FROM hash WHERE id=?", (bytes.fromhex(id),)).fetchone()
        except ValueError:
            return None
        return int(row[0]) if row else None

    def _id(self, pos: int) -> str:
        row = self._db.execute("SELECT id FROM hash WHERE pos=?", (pos,)).fetchone()
        return row[0].hex() if row else ""

    def _by_word(self, kind: int, key: int) -> tuple[str, ...]:
        rows = self._db.execute(
            "SELECT h.id FROM word w JOIN hash h ON h.pos=w.pos WHERE w.kind=? AND w.key=? ORDER BY w.pos",
            (kind, key),
        )
        return tuple(row[0].hex() for row in rows)
