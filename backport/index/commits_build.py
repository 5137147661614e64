"""Building the index of a repository's commits (`commits` asks it).

`build_commits(repository, cache, progress) -> CommitStats` builds it or goes on with it.
"""

from __future__ import annotations

import re
import sqlite3
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from backport.errors import RepositoryError
from backport.git import Repository, process
from backport.index.commits import CHUNK, MENTION, QUOTED, SUBJECT, VERSION, index_path, subject_key, version

BATCH = 20_000
"""Commits in one transaction: what is lost at most when a build is interrupted."""

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE hash (pos INTEGER PRIMARY KEY, id BLOB NOT NULL);
CREATE TABLE word (kind INTEGER, key INTEGER, pos INTEGER, PRIMARY KEY (kind, key, pos)) WITHOUT ROWID;
CREATE TABLE path (number INTEGER PRIMARY KEY, name BLOB UNIQUE NOT NULL);
CREATE TABLE touch (path INTEGER, pos INTEGER, PRIMARY KEY (path, pos)) WITHOUT ROWID;
CREATE TABLE graph (chunk INTEGER PRIMARY KEY, parents BLOB NOT NULL);
CREATE TABLE more (pos INTEGER, parent INTEGER);
CREATE INDEX hash_id ON hash (id);
"""
_HEX = re.compile(rb"(?<![0-9a-zA-Z])([0-9a-f]{7})[0-9a-f]{0,57}(?![0-9a-zA-Z])")
_QUOTED = re.compile(rb'"([^"]{8,300})"')

Progress = Callable[[int, int], object]
"""Told (commits done, commits to do) after every batch."""


@dataclass(frozen=True, slots=True)
class CommitStats:
    """What a build found: commits in the index, how many of them are new, bytes of its file."""

    commits: int
    added: int
    size: int


def build_commits(
    repository: Repository, cache: str, progress: Progress = lambda done, total: None
) -> CommitStats:
    """Index all commits that a ref or HEAD reaches and that are not indexed yet.

    May be interrupted at any time and goes on where it was; a second builder waits for the first. Raises
    RepositoryError when git fails."""
    path = index_path(repository, cache)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _alone(path), closing(_writable(path)) as database:
        builder = _Builder(database)
        before = builder.count
        tips = sorted(x for x in _tips(repository) if not builder.holds(x))
        if tips:
            listed = [*tips, *(f"^{x}" for x in builder.frontier_ids())]
            total = _count(repository, listed)
            for _ in builder.take(_stream(repository, listed)):
                progress(builder.count - before, total)
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return CommitStats(builder.count, builder.count - before, path.stat().st_size)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.with_suffix(".lock").open("wb") as lock:
        with suppress(ImportError):
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _writable(path: Path) -> sqlite3.Connection:
    """The index's file, made anew when another version of this program or a broken disk left it."""
    for attempt in (1, 2):
        database = sqlite3.connect(path, isolation_level=None)
        try:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=NORMAL")
            database.execute("PRAGMA cache_size=-262144")
            if version(database) == VERSION:
                return database
            if not database.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                database.executescript(
                    f"BEGIN;{_SCHEMA}INSERT INTO meta VALUES('version','{VERSION}');COMMIT;"
                )
                return database
        except sqlite3.DatabaseError:
            if attempt == 2:
                raise
        database.close()
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):
                Path(f"{path}{suffix}").unlink()
    raise RepositoryError(f"the index {path.name} cannot be made")


def _tips(repository: Repository) -> set[str]:
    """The commits that refs and HEAD name."""
    form = "--format=%(objectname) %(objecttype) %(*objectname) %(*objecttype)"
    done = process.run(["for-each-ref", form], git_dir=repository.git_dir)
    tips = {head} if (head := repository.head()) else set()
    for line in done.out.decode("ascii", "replace").splitlines():
        words = line.split()
        tips.update(one for one, kind in zip(words[::2], words[1::2], strict=False) if kind == "commit")
    return tips


def _count(repository: Repository, listed: Sequence[str]) -> int:
    lines = "".join(f"{x}\n" for x in listed).encode("ascii")
    done = repository.git("rev-list", "--count", "--stdin", stdin=lines)
    if done.code:
        raise RepositoryError(f"{repository.shown}: {done.complaint()}", "objects may be missing here")
    return int(done.out)


@dataclass(slots=True)
class _Row:
    id: bytes
    parents: list[bytes]
    message: bytes
    paths: list[bytes]


_HEAD = b"\x01\x02commit "
_FORMAT = "--format=%x01%x02commit %H %P%x00%B%x00"


def _stream(repository: Repository, listed: Sequence[str]) -> Iterator[_Row]:
    """The commits, parents first, as `git log` writes them."""
    words = ["log", "--stdin", "--topo-order", "--reverse", "--name-only", "-z", "--no-renames", "--root"]
    words += ["--no-ext-diff", "--no-show-signature", "--no-color", "--encoding=UTF-8", _FORMAT]
    running = process.start(words, repository.git_folder)
    assert running.stdin is not None and running.stdout is not None
    try:
        running.stdin.write("".join(f"{x}\n" for x in listed).encode("ascii"))
        running.stdin.close()
        yield from _rows(running.stdout)
        if running.wait():
            raise RepositoryError(f"{repository.shown}: git log failed", "objects may be missing here")
    finally:
        running.stdout.close()
        if running.poll() is None:
            running.kill()
        running.wait()


def _rows(stream: IO[bytes]) -> Iterator[_Row]:
    row: _Row | None = None
    fields = 0
    for token in _tokens(stream):
        if token.startswith(_HEAD):
            if row is not None:
                yield row
            ids = token[len(_HEAD) :].split()
            row, fields = _Row(ids[0], ids[1:], b"", []), 1
        elif row is not None and fields == 1:
            row.message, fields = token, 2
        elif row is not None and (path := token.lstrip(b"\n") if fields == 2 else token):
            row.paths.append(path)
            fields = 3
    if row is not None:
        yield row


def _tokens(stream: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while block := stream.read(1 << 20):
        *whole, rest = (rest + block).split(b"\0")
        yield from whole
    if rest:
        yield rest


class _Builder:
    """Writes batches. `frontier` holds the commits that have no child in the index: it is closed under parents,
    so that what is left of an interrupted build is all that these do not reach."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._db = database
        one = database.execute("SELECT COALESCE(MAX(pos), -1) + 1 FROM hash").fetchone()
        self.count = int(one[0])
        self._paths = dict(database.execute("SELECT name, number FROM path"))
        kept = database.execute("SELECT value FROM meta WHERE key='frontier'").fetchone()
        self._frontier = {bytes.fromhex(x) for x in kept[0].split()} if kept else set()
        self._numbers: dict[bytes, int] = {}
        if self.count:
            self._numbers = {id: pos for pos, id in database.execute("SELECT pos, id FROM hash")}
        self._graph = self._tail()

    def holds(self, id: str) -> bool:
        return bytes.fromhex(id) in self._numbers

    def frontier_ids(self) -> list[str]:
        return sorted(x.hex() for x in self._frontier)

    def _tail(self) -> array[int]:
        found = self._db.execute("SELECT parents FROM graph WHERE chunk=?", (self.count // CHUNK,)).fetchone()
        graph = array("i")
        if found:
            graph.frombytes(found[0])
        return graph

    def take(self, rows: Iterable[_Row]) -> Iterator[None]:
        """Write rows in batches; yields after each."""
        batch: list[_Row] = []
        for row in rows:
            batch.append(row)
            if len(batch) == BATCH:
                self._write(batch)
                batch = []
                yield
        if batch:
            self._write(batch)
            yield

    def _write(self, batch: Sequence[_Row]) -> None:
        hashes: list[tuple[int, bytes]] = []
        words: set[tuple[int, int, int]] = set()
        touches: list[tuple[int, int]] = []
        graphs: list[tuple[int, bytes]] = []
        more: list[tuple[int, int]] = []
        new_paths: list[tuple[int, bytes]] = []
        for row in batch:
            pos, self.count = self.count, self.count + 1
            raw = bytes.fromhex(row.id.decode("ascii"))
            hashes.append((pos, raw))
            parents = [bytes.fromhex(x.decode("ascii")) for x in row.parents]
            known = [self._numbers[x] for x in parents if x in self._numbers]
            more += ((pos, x) for x in known[2:])
            self._graph.extend((*known[:2], -1, -1)[:2])
            self._numbers[raw] = pos
            self._frontier.difference_update(parents)
            self._frontier.add(raw)
            words.update((kind, key, pos) for kind, key in _words(row.message))
            for path in row.paths:
                number = self._paths.get(path)
                if number is None:
                    number = self._paths[path] = len(self._paths)
                    new_paths.append((number, path))
                touches.append((number, pos))
            if self.count % CHUNK == 0:
                graphs.append((pos // CHUNK, self._graph.tobytes()))
                self._graph = array("i")
        graphs.append((self.count // CHUNK, self._graph.tobytes()))
        self._store(hashes, sorted(words), sorted(touches), new_paths, graphs, more)

    def _store(
        self,
        hashes: list[tuple[int, bytes]],
        words: list[tuple[int, int, int]],
        touches: list[tuple[int, int]],
        paths: list[tuple[int, bytes]],
        graphs: list[tuple[int, bytes]],
        more: list[tuple[int, int]],
    ) -> None:
        many = self._db.executemany
        self._db.execute("BEGIN IMMEDIATE")
        try:
            many("INSERT INTO hash VALUES(?,?)", hashes)
            many("INSERT OR IGNORE INTO word VALUES(?,?,?)", words)
            many("INSERT INTO path VALUES(?,?)", paths)
            many("INSERT OR IGNORE INTO touch VALUES(?,?)", touches)
            many("INSERT OR REPLACE INTO graph VALUES(?,?)", graphs)
            many("INSERT INTO more VALUES(?,?)", more)
            frontier = " ".join(self.frontier_ids())
            self._db.execute("INSERT OR REPLACE INTO meta VALUES('frontier',?)", (frontier,))
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise


def _words(message: bytes) -> Iterator[tuple[int, int]]:
    """What a message is found by. Ids and quotes are taken wherever they stand: who asks reads the message."""
    subject, _, body = message.lstrip(b"\n").partition(b"\n\n")
    yield SUBJECT, subject_key(subject)
    for found in _HEX.finditer(message):
        yield MENTION, int(found[1], 16)
    if b'"' in message:
        for found in _QUOTED.finditer(body):
            yield QUOTED, subject_key(found[1])
