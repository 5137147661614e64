"""What a backport did with the words of its upstream commit, and keeping it from one run to the next."""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from backport.adapt.rewrites import text_of
from backport.adapt.sources import key_of, texts_of
from backport.adapt.substitutions import Gap, Row, calls, code_units, is_name, pairs, substitutions
from backport.adapt.votes import Key, call_word
from backport.csource import language
from backport.git import Repository

if TYPE_CHECKING:
    import sqlite3

VERSION = 1
"""To be raised when the same two commits would be read otherwise."""

MOST_LINES = 4000
"""Of a file with more lines in its hunks nothing is learned."""

_DIFF = (
    "diff-tree",
    "--always",
    "--stdin",
    "-r",
    "-p",
    "-M",
    "--unified=3",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
)
_NAMES = ("--src-prefix=a/", "--dst-prefix=b/")
_COMMIT = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_INCLUDE = re.compile(rb"\s*#\s*include\s*[<\"]([^>\"\s]+)[>\"]")
_QUOTED = re.compile(rb"\\(?:([0-7]{3})|(.))")
_ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}

Files = dict[bytes, list[list[bytes]]]
"""The lines of each hunk as the commit leaves them, by path."""


class Observation(NamedTuple):
    """What `backport` made of the words of `upstream` (full ids), and what it kept: names, `name/arity` of calls,
    folders and included paths."""

    backport: str
    upstream: str
    made: tuple[Key, ...]
    kept: tuple[str, ...]


def observe(
    repository: Repository, upstream: Repository, found: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Observation]:
    """Lay backports beside the commits that they name. A pair of which one cannot be read (a partial clone) is left
    out."""
    ours = read_changes(repository, [x for x, _ in found])
    theirs = read_changes(upstream, [y for _, y in found])
    return {
        (x, y): Observation(x, y, *compared(theirs[y], ours[x]))
        for x, y in found
        if x in ours and y in theirs
    }


# --- reading changes ---------------------------------------------------------------------------


def read_changes(repository: Repository, ids: Sequence[str]) -> dict[str, Files]:
    """The changes of commits to C files, by one process. Those that cannot be read are left out: git ends at the first
    one, and is asked for each half again."""
    wanted = list(dict.fromkeys(ids))
    done = repository.git(*_DIFF, *_NAMES, stdin="".join(f"{x}\n" for x in wanted).encode("ascii"))
    if not done.code:
        return parsed(done.out)
    half = len(wanted) // 2
    if not half:
        return {}
    return {**read_changes(repository, wanted[:half]), **read_changes(repository, wanted[half:])}


def parsed(out: bytes) -> dict[str, Files]:
    """What `git diff-tree --stdin -p` printed, by commit."""
    found: dict[str, Files] = {}
    hunks: list[list[bytes]] | None = None
    files: Files = {}
    lines: list[bytes] | None = None
    for line in out.split(b"\n"):
        mark = line[:1]
        if lines is not None and mark in (b" ", b"+"):
            lines.append(line[1:])
        elif lines is not None and mark in (b"-", b"\\"):
            continue
        elif mark == b"@" and hunks is not None:
            lines = []
            hunks.append(lines)
        elif line.startswith(b"diff --git "):
            hunks = lines = None
        elif line.startswith(b"+++ ") and lines is None:
            path = _path(line[4:])
            hunks = files.setdefault(path, []) if path and language(text_of(path)) == "c" else None
        elif _COMMIT.match(line):
            files = found[line.decode("ascii")] = {}
            hunks = lines = None
    return found


def _path(text: bytes) -> bytes:
    """The path of a `+++` line, b"" for none."""
    text = text.removesuffix(b"\t")
    if text.startswith(b'"'):
        text = _QUOTED.sub(
            lambda m: bytes([int(m[1], 8) & 255]) if m[1] else _ESCAPES.get(m[2], m[2]), text[1:-1]
        )
    return text[2:] if text.startswith(b"b/") else b""


# --- comparing ---------------------------------------------------------------------------------


def compared(theirs: Files, ours: Files) -> tuple[tuple[Key, ...], tuple[str, ...]]:
    """What was made of upstream's words and what was kept, sorted."""
    made: set[Key] = set()
    kept: set[str] = set()
    for path, other in matched(sorted(theirs), sorted(ours)):
        if path == other:
            kept.update(_folders(text_of(path)))
        else:
            made.add(moved(text_of(path), text_of(other)))
        if max(sum(map(len, x)) for x in (theirs[path], ours[other])) <= MOST_LINES:
            _compare(theirs[path], ours[other], made, kept)
    return tuple(sorted(made)), tuple(sorted(kept))


def matched(theirs: Sequence[bytes], ours: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """The files of both that are the same: by their path, or else by a last name that stands once on each side."""
    yield from ((x, x) for x in theirs if x in ours)
    left = [x for x in theirs if x not in ours]
    over = [x for x in ours if x not in theirs]
    for path in left:
        name = path.rpartition(b"/")[2]
        same = [x for x in over if x.rpartition(b"/")[2] == name]
        if len(same) == 1 and sum(x.rpartition(b"/")[2] == name for x in left) == 1:
            yield path, same[0]


def moved(old: str, new: str) -> Key:
    """The folders that two paths begin with before the parts that they end with in common."""
    one, other = old.split("/"), new.split("/")
    size = 0
    while size < min(len(one), len(other)) - 1 and one[-1 - size] == other[-1 - size]:
        size += 1
    one, other = one[: len(one) - size], other[: len(other) - size]
    return "path", ("/".join(one) + "/",), ("/".join(other) + "/",)


def _folders(path: str) -> Iterator[str]:
    parts = path.split("/")[:-1]
    return ("/".join(parts[: n + 1]) + "/" for n in range(len(parts)))


def _compare(
    theirs: Sequence[Sequence[bytes]], ours: Sequence[Sequence[bytes]], made: set[Key], kept: set[str]
) -> None:
    found, equal = pairs(*([u for h in side for u in code_units(h)] for side in (theirs, ours)))
    for pair in found:
        made.update(key_of(x) for x in substitutions(pair))
        kept.update(text_of(x) for x in set(pair.old) & set(pair.new) if is_name(x))
    for row in equal:
        kept.update(_words(row))
    one, other = (set(_includes(side)) for side in (theirs, ours))
    kept.update(text_of(x) for x in one & other)
    if len(one - other) == len(other - one) == 1:
        made.add(("path", texts_of(tuple(one - other)), texts_of(tuple(other - one))))


def _words(row: Row) -> Iterator[str]:
    """The names of a unit, and its calls with the number of their arguments."""
    yield from (text_of(x) for x in row if is_name(x))
    for at, token in enumerate(row[1:], 1):
        if token == b"(" and is_name(row[at - 1]):
            for _, _, arguments in calls(row, Gap(at - 1, at, 0, 0)):
                old = (text_of(row[at - 1]), *(f"${n}" for n in range(1, len(arguments) + 1)))
                yield call_word(old)
                break


def _includes(hunks: Iterable[Iterable[bytes]]) -> Iterator[bytes]:
    return (m[1] for lines in hunks for line in lines if (m := _INCLUDE.match(line)))


# --- keeping -----------------------------------------------------------------------------------


class Kept:
    """Observations in a file of the cache folder; one that cannot be used is none."""

    def __init__(self, folder: str) -> None:
        self._db: sqlite3.Connection | None = None
        self._read: dict[tuple[str, str], Observation] = {}
        if folder:
            self._open(Path(folder))

    def _open(self, folder: Path) -> None:
        import sqlite3

        with suppress(OSError, sqlite3.Error):
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"learned-{VERSION}.sqlite"
            self._db = sqlite3.connect(os.fspath(path), timeout=5)
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS seen (backport TEXT, upstream TEXT, data BLOB,"
                " PRIMARY KEY (backport, upstream)) WITHOUT ROWID"
            )
            self._db.execute(
                "CREATE TABLE IF NOT EXISTS named (id TEXT PRIMARY KEY, names TEXT) WITHOUT ROWID"
            )

    def close(self) -> None:
        if self._db is not None:
            self._db.close()
        self._db = None

    def of(self, found: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Observation]:
        """Those that are kept."""
        import sqlite3

        missing = [x for x in found if x not in self._read]
        if self._db is not None:
            with suppress(sqlite3.Error, ValueError, TypeError, zlib.error):
                for one, other in missing:
                    row = self._db.execute(
                        "SELECT data FROM seen WHERE backport=? AND upstream=?", (one, other)
                    ).fetchone()
                    if row:
                        self._read[one, other] = _loaded(one, other, row[0])
        return {x: self._read[x] for x in found if x in self._read}

    def names(self, ids: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The upstream ids that commits name, of those that are kept."""
        import sqlite3

        found: dict[str, tuple[str, ...]] = {}
        if self._db is not None:
            with suppress(sqlite3.Error, AttributeError):
                for id in ids:
                    row = self._db.execute("SELECT names FROM named WHERE id=?", (id,)).fetchone()
                    if row:
                        found[id] = tuple(row[0].split())
        return found

    def keep_names(self, read: Mapping[str, Sequence[str]]) -> None:
        import sqlite3

        if self._db is not None and read:
            with suppress(sqlite3.Error), self._db:
                rows = [(x, " ".join(names)) for x, names in read.items()]
                self._db.executemany("INSERT OR REPLACE INTO named VALUES (?, ?)", rows)

    def keep(self, made: Mapping[tuple[str, str], Observation]) -> None:
        import sqlite3

        self._read.update(made)
        if self._db is not None and made:
            rows = [(x, y, _dumped(one)) for (x, y), one in made.items()]
            with suppress(sqlite3.Error), self._db:
                self._db.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?, ?)", rows)


def _dumped(one: Observation) -> bytes:
    return zlib.compress(json.dumps([one.made, one.kept]).encode("ascii"), 1)


def _loaded(backport: str, upstream: str, data: bytes) -> Observation:
    made, kept = json.loads(zlib.decompress(data))
    keys = tuple((kind, tuple(old), tuple(new)) for kind, old, new in made)
    return Observation(backport, upstream, keys, tuple(kept))
