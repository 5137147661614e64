"""The cache on disk: SQLite, used by several processes at once, and never a reason to fail.

A file's definitions are kept by its object format and blob id; the database's own name holds the extractor's version
and the hash of the grammars, so that what another version wrote is never read. A database that is damaged is set
aside, and all is done without a cache where none can be had.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from backport.csource.definitions import EXTRACTOR_VERSION
from backport.index.record import Record

SCHEMA_VERSION = 1
_BUSY_SECONDS = 20.0
_TABLES = """
CREATE TABLE IF NOT EXISTS file(id INTEGER PRIMARY KEY, key BLOB UNIQUE NOT NULL, head BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS block(id INTEGER PRIMARY KEY, file INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS block_file ON block(file);
CREATE TABLE IF NOT EXISTS posting(hash INTEGER, block INTEGER, PRIMARY KEY(hash, block)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tree(id INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, state TEXT NOT NULL DEFAULT '',
  name TEXT NOT NULL DEFAULT '');
CREATE TABLE IF NOT EXISTS place(tree INTEGER, path TEXT, file INTEGER, stamp TEXT,
  PRIMARY KEY(tree, path)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS place_file ON place(tree, file);
CREATE TABLE IF NOT EXISTS words(tree INTEGER, bucket INTEGER, run INTEGER, data BLOB,
  PRIMARY KEY(tree, bucket, run)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS closure(tree INTEGER, path TEXT, data TEXT, PRIMARY KEY(tree, path)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answer(tree TEXT, question TEXT, data TEXT, PRIMARY KEY(tree, question)) WITHOUT ROWID;
"""
Answer = TypeVar("Answer")


class Block(NamedTuple):
    """A block of definitions that may hold a name, and where its file stands in the tree."""

    paths: tuple[str, ...]
    data: bytes


@lru_cache(maxsize=1)
def extractor_key() -> str:
    """What the definitions of a file depend on beside its bytes: our version and the grammars."""
    from backport.csource.dialect import read_data

    digest = hashlib.sha256(f"{SCHEMA_VERSION} {EXTRACTOR_VERSION}".encode())
    for name in ("c_dialect.toml", "makers.toml", "outlines.toml"):
        digest.update(read_data(name).encode())
    return digest.hexdigest()[:16]


def database_path(folder: str) -> Path:
    """The database of this version in a cache folder."""
    return Path(folder) / f"definitions-{extractor_key()}.sqlite"


class Cache:
    """The database. Every method answers as an empty cache would when it cannot be used."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._broken = False

    @property
    def path(self) -> Path:
        return database_path(self._folder)

    @property
    def usable(self) -> bool:
        """Whether there is a database to read from and write to."""
        with self._lock:
            return self._open() is not None

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection | None:
        if self._connection is None and not self._broken:
            try:
                self._connection = _connect(self.path)
            except sqlite3.DatabaseError as error:
                self._damaged(error)
                with contextlib.suppress(sqlite3.Error, OSError):
                    self._connection = _connect(self.path)
            except OSError:
                pass
            self._broken = self._connection is None
        return self._connection

    def _damaged(self, error: sqlite3.Error) -> None:
        """Set a database aside that is none; one that is only busy or not writable is left."""
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
        self._connection = None
        if isinstance(error, sqlite3.OperationalError) and not _is_foreign(error):
            self._broken = True
            return
        with contextlib.suppress(OSError):
            self.path.replace(self.path.with_suffix(".damaged"))
            for end in ("-wal", "-shm"):
                self.path.with_name(self.path.name + end).unlink(missing_ok=True)

    def ask(self, question: Callable[[sqlite3.Connection], Answer], otherwise: Answer) -> Answer:
        """What `question` answers; `otherwise` where the database cannot be asked."""
        with self._lock:
            connection = self._open()
            if connection is None:
                return otherwise
            try:
                return question(connection)
            except sqlite3.DatabaseError as error:
                if not isinstance(error, sqlite3.OperationalError) or _is_foreign(error):
                    self._damaged(error)
                return otherwise

    def write(self, change: Callable[[sqlite3.Connection], Answer], otherwise: Answer) -> Answer:
        """Do `change` in one transaction, or not at all."""

        def within(connection: sqlite3.Connection) -> Answer:
            connection.execute("BEGIN IMMEDIATE")
            try:
                done = change(connection)
                connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
            return done

        return self.ask(within, otherwise)

    # --- files

    def record(self, key: bytes) -> tuple[int, bytes, tuple[bytes, ...]] | None:
        """(number, head, blocks) of a file that is known."""

        def question(db: sqlite3.Connection) -> tuple[int, bytes, tuple[bytes, ...]] | None:
            row = db.execute("SELECT id, head FROM file WHERE key = ?", (key,)).fetchone()
            if row is None:
                return None
            blocks = db.execute("SELECT data FROM block WHERE file = ? ORDER BY id", (row[0],)).fetchall()
            return row[0], row[1], tuple(x[0] for x in blocks)

        return self.ask(question, None)

    def heads(self, tree: int, paths: Sequence[str]) -> dict[str, bytes]:
        """The heads of the files of a tree at these paths."""
        query = "SELECT p.path, f.head FROM place p JOIN file f ON f.id = p.file WHERE p.tree = ? AND p.path IN ({})"
        empty: dict[str, bytes] = {}
        return self.ask(lambda db: {row[0]: row[1] for row in _many(db, query, paths, (tree,))}, empty)

    def keep(self, records: Iterable[tuple[bytes, Record]]) -> None:
        """Keep the definitions of files."""
        listed = list(records)

        def change(db: sqlite3.Connection) -> None:
            for key, record in listed:
                insert(db, key, record)

        self.write(change, None)

    # --- trees

    def tree(self, key: str) -> tuple[int, str] | None:
        """(number, state) of a tree: "complete", "grown" (words of files that are no more are in it), ""."""

        def question(db: sqlite3.Connection) -> tuple[int, str] | None:
            row: tuple[int, str] | None = db.execute(
                "SELECT id, state FROM tree WHERE key = ?", (key,)
            ).fetchone()
            return row

        return self.ask(question, None)

    def numbers(self, tree: int, paths: Sequence[str]) -> dict[str, int]:
        """The numbers of the files of a tree at these paths."""
        query = "SELECT path, file FROM place WHERE tree = ? AND file IS NOT NULL AND path IN ({})"
        empty: dict[str, int] = {}
        return self.ask(lambda db: dict(_many(db, query, paths, (tree,))), empty)

    def blocks_of(self, files: Collection[int], hashes: Collection[int]) -> list[tuple[int, bytes]]:
        """(file, data) of the blocks of these files that may hold names with these hashes."""
        query = "SELECT b.id, b.file FROM posting o JOIN block b ON b.id = o.block WHERE o.hash IN ({})"

        def question(db: sqlite3.Connection) -> list[tuple[int, bytes]]:
            wanted = {number: file for number, file in _many(db, query, list(hashes)) if file in files}
            rows = _many(db, "SELECT id, data FROM block WHERE id IN ({})", sorted(wanted))
            return [(wanted[number], data) for number, data in rows]

        return self.ask(question, [])

    def complete(self, start: str) -> list[tuple[str, int, str]]:
        """(key, number, state) of the trees that are whole and whose key begins so, the last ones first."""
        query = "SELECT key, id, state FROM tree WHERE state != '' ORDER BY id DESC"
        return self.ask(lambda db: [x for x in db.execute(query) if x[0].startswith(start)], [])

    def blocks(self, tree: int, hashes: Collection[int]) -> list[Block]:
        """The blocks of a tree's files that may hold names with these hashes."""
        query = (
            "SELECT b.id, b.data, p.path FROM posting o JOIN block b ON b.id = o.block"
            " JOIN place p ON p.tree = ? AND p.file = b.file WHERE o.hash IN ({})"
        )

        def question(db: sqlite3.Connection) -> list[Block]:
            found: dict[int, tuple[bytes, set[str]]] = {}
            for number, data, path in _many(db, query, list(hashes), (tree,)):
                found.setdefault(number, (data, set()))[1].add(path)
            return [Block(tuple(sorted(paths)), data) for data, paths in found.values()]

        return self.ask(question, [])

    def stamps(self, tree: int) -> dict[str, str]:
        """The stamps of a tree's files by path."""
        return self.ask(
            lambda db: dict(db.execute("SELECT path, stamp FROM place WHERE tree = ?", (tree,))), {}
        )

    def begin_tree(self, key: str, name: str) -> tuple[int, str]:
        """(number, state) of a tree that is to be indexed."""

        def change(db: sqlite3.Connection) -> tuple[int, str]:
            db.execute("INSERT OR IGNORE INTO tree(key, name) VALUES(?, ?)", (key, name))
            row: tuple[int, str] = db.execute("SELECT id, state FROM tree WHERE key = ?", (key,)).fetchone()
            return row

        return self.write(change, (0, ""))

    def unfinished(self, tree: int, stale: Sequence[str]) -> None:
        """A tree is not whole: until it is finished it is not looked up. `stale` paths are forgotten."""

        def change(db: sqlite3.Connection) -> bool:
            db.execute("UPDATE tree SET state = '' WHERE id = ?", (tree,))
            db.execute("DELETE FROM closure WHERE tree = ?", (tree,))
            db.executemany("DELETE FROM place WHERE tree = ? AND path = ?", [(tree, x) for x in stale])
            return True

        self.write(change, False)

    def finish_tree(self, tree: int, grown: bool) -> None:
        """Every file of a tree is there."""
        from backport.index.build import merge_words

        def change(db: sqlite3.Connection) -> bool:
            merge_words(db, tree)
            db.execute("UPDATE tree SET state = ? WHERE id = ?", ("grown" if grown else "complete", tree))
            return True

        self.write(change, False)

    def closure(self, tree: int, path: str) -> str | None:
        """The include closure of a file, as it was kept."""
        query = "SELECT data FROM closure WHERE tree = ? AND path = ?"
        row = self.ask(lambda db: db.execute(query, (tree, path)).fetchone(), None)
        return row[0] if row else None

    def keep_closure(self, tree: int, path: str, data: str) -> None:
        self.write(
            lambda db: bool(db.execute("INSERT OR REPLACE INTO closure VALUES(?, ?, ?)", (tree, path, data))),
            False,
        )

    def answers(self, tree: str, questions: Sequence[str]) -> dict[str, str]:
        """What was found out of a tree that is not indexed, by its key; the questions that were not asked are
        left out."""
        query = "SELECT data FROM answer WHERE tree = ? AND question = ?"

        def question(db: sqlite3.Connection) -> dict[str, str]:
            rows = ((x, db.execute(query, (tree, x)).fetchone()) for x in questions)
            return {x: row[0] for x, row in rows if row is not None}

        return self.ask(question, {})

    def keep_answers(self, tree: str, answers: Iterable[tuple[str, str]]) -> None:
        rows = [(tree, question, data) for question, data in answers]
        query = "INSERT OR REPLACE INTO answer VALUES(?, ?, ?)"
        self.write(lambda db: bool(db.executemany(query, rows)), False)

    def words(self, tree: int, bucket: int) -> list[bytes]:
        """The runs of word digests of one bucket."""
        query = "SELECT data FROM words WHERE tree = ? AND bucket = ?"
        return self.ask(lambda db: [x[0] for x in db.execute(query, (tree, bucket))], [])


def insert(db: sqlite3.Connection, key: bytes, record: Record) -> int:
    """Keep one file's definitions, within a transaction; its number. One that is known is left as it is."""
    row = db.execute("SELECT id FROM file WHERE key = ?", (key,)).fetchone()
    if row is not None:
        return int(row[0])
    number = db.execute("INSERT INTO file(key, head) VALUES(?, ?)", (key, record.head)).lastrowid or 0
    postings: list[tuple[int, int]] = []
    for data, hashes in zip(record.blocks, record.hashes, strict=True):
        block = db.execute("INSERT INTO block(file, data) VALUES(?, ?)", (number, data)).lastrowid or 0
        postings += [(x, block) for x in hashes]
    postings.sort()
    db.executemany("INSERT OR IGNORE INTO posting VALUES(?, ?)", postings)
    return number


def _many(
    db: sqlite3.Connection, query: str, values: Sequence[object], before: tuple[object, ...] = ()
) -> Iterator[tuple[Any, ...]]:
    """The rows for any number of values, in portions that sqlite takes."""
    for start in range(0, len(values), 500):
        part = values[start : start + 500]
        yield from db.execute(query.format(",".join("?" * len(part))), (*before, *part))


def _is_foreign(error: sqlite3.Error) -> bool:
    """Whether a file is a database of something else: its tables are not ours."""
    text = str(error)
    return "no such table" in text or "no such column" in text or "malformed" in text


def _connect(path: Path) -> sqlite3.Connection:
    """Open or make the database. Raises OSError, sqlite3.Error."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute("PRAGMA mmap_size = 268435456")
        if connection.execute("PRAGMA user_version").fetchone()[0] != SCHEMA_VERSION:
            _make_tables(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _make_tables(connection: sqlite3.Connection, path: Path) -> None:
    """Only one process at a time: the change to a write-ahead log does not wait for others."""
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(_TABLES)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


class Statistics(NamedTuple):
    """What is in the database: its size in bytes, the files whose definitions it has, the rows by which names are
    found, and (name, files, whether whole) of each tree."""

    size: int
    files: int
    names: int
    trees: tuple[tuple[str, int, bool], ...]


def statistics(cache: Cache) -> Statistics:
    """What `backport index --stat` says."""

    def question(db: sqlite3.Connection) -> Statistics:
        files = db.execute("SELECT count(*) FROM file").fetchone()[0]
        names = db.execute("SELECT count(*) FROM posting").fetchone()[0]
        query = (
            "SELECT t.name, count(p.path), t.state != '' FROM tree t LEFT JOIN place p ON p.tree = t.id"
            " GROUP BY t.id ORDER BY t.name, t.key"
        )
        trees = tuple((row[0], row[1], bool(row[2])) for row in db.execute(query))
        return Statistics(_size_on_disk(cache.path), files, names, trees)

    return cache.ask(question, Statistics(0, 0, 0, ()))


def _size_on_disk(path: Path) -> int:
    names = (path, path.with_name(path.name + "-wal"))
    return sum(x.stat().st_size for x in names if x.exists())


def clear(folder: str) -> int:
    """Remove every database of definitions, also those of other versions; how many files went."""
    count = 0
    with contextlib.suppress(OSError):
        for path in sorted(Path(folder).glob("definitions-*")):
            if path.is_file() and not path.is_symlink():
                path.unlink()
                count += 1
    return count
