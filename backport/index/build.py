"""The index of a whole tree: every C file read once, in two processes, so that it can be stopped at any time."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from backport.csource import language
from backport.errors import RepositoryError
from backport.index.record import Record, encode
from backport.index.store import Cache, insert
from backport.index.values import C_LANGUAGES, order
from backport.index.words import merged, runs, words_of
from backport.tree import FolderTree, GitTree, Tree

_BATCH_BYTES = 4 << 20
_BATCH_FILES = 400
_COMMIT_FILES = 3000
_LARGEST = 64 << 20
_REGULAR = ("100644", "100755")
_AHEAD = 3
"""Batches for each process that wait or are worked on."""

Progress = Callable[[int, int], None]
"""Told (files done, files in all)."""


class Job(NamedTuple):
    """A file to be read: where it stands, its blob ("" in a folder), its stamp, its size (0 unknown)."""

    path: str
    blob: str
    stamp: str
    size: int


class Done(NamedTuple):
    """What a process gives back of a batch: (path, stamp, key, record) of each file, and the words."""

    files: list[tuple[str, str, bytes, Record | None]]
    words: dict[int, bytes]


@dataclass(frozen=True, slots=True)
class Built:
    """What a build did: the files of the tree, those that were read, those that went."""

    files: int
    read: int
    gone: int


def tree_key(tree: Tree) -> str:
    """Under which a tree's files are kept: its id, or its folder; "" for a tree that is not kept."""
    if isinstance(tree, GitTree):
        return f"{tree.store.object_format}:{tree.id}"
    return f"folder:{os.path.realpath(tree.folder)}" if isinstance(tree, FolderTree) else ""


def listing(tree: Tree) -> Iterator[Job]:
    """Every regular file of the tree."""
    if isinstance(tree, GitTree):
        for path, mode, id in tree.store.ls(tree.id):
            if mode in _REGULAR:
                yield Job(path, id, id, 0)
    elif isinstance(tree, FolderTree):
        yield from _folder_listing(tree.folder)


def _folder_listing(top: str) -> Iterator[Job]:
    stack = [""]
    while stack:
        folder = stack.pop()
        try:
            with os.scandir(f"{top}/{folder}") as entries:
                found = list(entries)
        except OSError:
            continue
        for entry in found:
            path = f"{folder}/{entry.name}" if folder else entry.name
            try:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name != ".git":
                        stack.append(path)
                    continue
                status = entry.stat(follow_symlinks=False)
            except OSError:
                continue
            if stat.S_ISREG(status.st_mode):
                stamp = f"{status.st_size}:{status.st_mtime_ns}:{status.st_ino}"
                yield Job(path, "", stamp, status.st_size)


def build(tree: Tree, cache: Cache, progress: Progress, workers: int = 2) -> Built:
    """Read what the index does not have of the tree, and what changed. May be interrupted at any time: what was
    written stays, and the next build goes on there. Raises RepositoryError where there is no cache to write."""
    key = tree_key(tree)
    if not cache.usable or not key:
        raise RepositoryError(
            f"the index {cache.path} cannot be written", "set XDG_CACHE_HOME to a folder of yours"
        )
    jobs = {job.path: job for job in listing(tree)}
    number, state = cache.begin_tree(key, tree.name)
    stamps = cache.stamps(number)
    gone = [x for x in stamps if x not in jobs]
    todo = [job for path, job in jobs.items() if stamps.get(path) != job.stamp]
    stale = gone + [x.path for x in todo if x.path in stamps]
    if state and not todo and not gone:
        return Built(len(jobs), 0, 0)
    cache.unfinished(number, stale)
    todo.sort(key=lambda job: order(job.path))
    _read_all(tree, cache, number, todo, progress, len(jobs), workers)
    cache.finish_tree(number, bool(stale) or state == "grown")
    return Built(len(jobs), len(todo), len(gone))


def _read_all(
    tree: Tree, cache: Cache, number: int, todo: Sequence[Job], progress: Progress, total: int, workers: int
) -> None:
    done, waiting = total - len(todo), Waiting(cache, number)
    progress(done, total)
    source = tree.store.git_folder if isinstance(tree, GitTree) else ""
    top = tree.folder if isinstance(tree, FolderTree) else ""
    try:
        for batch in _worked(_batches(todo), source, top, workers):
            waiting.add(batch)
            done += len(batch.files)
            progress(done, total)
    finally:
        waiting.flush()


class Waiting:
    """What was read and is not written yet: transactions are few, so that other processes seldom wait."""

    def __init__(self, cache: Cache, number: int) -> None:
        self._cache = cache
        self._number = number
        self._batches: list[Done] = []
        self._count = 0

    def add(self, batch: Done) -> None:
        self._batches.append(batch)
        self._count += len(batch.files)
        if self._count >= _COMMIT_FILES:
            self.flush()

    def flush(self) -> None:
        """Write all, or nothing of it."""
        if not self._batches:
            return
        batches, self._batches, self._count = self._batches, [], 0
        if not self._cache.write(lambda db: _write(db, self._number, batches), False):
            raise RepositoryError(
                f"the index {self._cache.path} cannot be written",
                "is the disk full, or the folder read-only?",
            )


def _write(db: sqlite3.Connection, number: int, batches: Iterable[Done]) -> bool:
    for batch in batches:
        run = db.execute("SELECT coalesce(max(run), 0) + 1 FROM words WHERE tree = ?", (number,)).fetchone()[
            0
        ]
        for path, stamp, key, record in batch.files:
            file = insert(db, key, record) if record is not None else None
            db.execute("INSERT OR REPLACE INTO place VALUES(?, ?, ?, ?)", (number, path, file, stamp))
        rows = [(number, bucket, run, data) for bucket, data in batch.words.items()]
        db.executemany("INSERT INTO words VALUES(?, ?, ?, ?)", rows)
    return True


def merge_words(db: sqlite3.Connection, number: int) -> None:
    """The runs of each bucket as one, where a tree is finished."""
    buckets = db.execute(
        "SELECT bucket FROM words WHERE tree = ? GROUP BY bucket HAVING count(*) > 1", (number,)
    ).fetchall()
    for (bucket,) in buckets:
        rows = db.execute("SELECT data FROM words WHERE tree = ? AND bucket = ?", (number, bucket)).fetchall()
        db.execute("DELETE FROM words WHERE tree = ? AND bucket = ?", (number, bucket))
        data = merged(x[0] for x in rows)
        db.execute("INSERT INTO words VALUES(?, ?, 0, ?)", (number, bucket, data))


def _batches(todo: Sequence[Job]) -> Iterator[list[Job]]:
    """Files in portions: so many bytes where sizes are known, so many files elsewhere."""
    batch: list[Job] = []
    size = 0
    for job in todo:
        batch.append(job)
        size += job.size or _BATCH_BYTES // 100
        if size >= _BATCH_BYTES or len(batch) >= _BATCH_FILES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _worked(batches: Iterator[list[Job]], source: str, top: str, workers: int) -> Iterator[Done]:
    """The batches as they are done, in no order. Small work is done here and now."""
    first = next(batches, None)
    second = next(batches, None)
    if first is None:
        return
    if second is None or workers < 2:
        _start(source, top, ignore_interrupt=False)
        for batch in (first, *([second] if second else []), *batches):
            yield work(batch)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, _start, (source, top))
    try:
        pending: set[Future[Done]] = {pool.submit(work, first), pool.submit(work, second)}
        more = True
        while pending:
            while more and len(pending) < workers * _AHEAD:
                further = next(batches, None)
                more = further is not None
                if further is not None:
                    pending.add(pool.submit(work, further))
            ready, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in ready:
                yield future.result()
    except BrokenProcessPool:
        raise RepositoryError(
            "a process that reads files was killed", "run the command again to go on"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


# --- within the processes

_source: tuple[str, str] = ("", "")
_cat: list[object] = []


def _start(source: str, top: str, ignore_interrupt: bool = True) -> None:
    """Make a process ready: where it reads. The parent alone is interrupted, and ends the others."""
    global _source
    _source = (source, top)
    _cat.clear()
    if ignore_interrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def work(batch: Sequence[Job]) -> Done:
    """Read one batch of files."""
    from backport.csource.definitions import definitions
    from backport.index.files import file_key

    files: list[tuple[str, str, bytes, Record | None]] = []
    words: set[bytes] = set()
    for job in batch:
        data = _read(job)
        if data is None:
            continue
        words |= words_of(data)
        if language(job.path) in C_LANGUAGES:
            key = file_key(job.path, job.blob, data)
            files.append((job.path, job.stamp, key, encode(definitions(job.path, data))))
        else:
            files.append((job.path, job.stamp, b"", None))
    return Done(files, runs(words))


def _read(job: Job) -> bytes | None:
    source, top = _source
    if not source:
        try:
            return Path(top, job.path).read_bytes() if job.size <= _LARGEST else b""
        except OSError:
            return None
    from backport.git.catfile import CatFile

    if not _cat:
        _cat.append(CatFile(source))
    cat = _cat[0]
    found = cat.contents(job.blob) if isinstance(cat, CatFile) else None
    return found[1].data if found else b""
