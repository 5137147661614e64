"""Batches on the standard library's process pool. One dead worker makes it fail all that is pending: then it is built
anew, and what was not done is handed out once more."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from multiprocessing.synchronize import Event

from backport.jobs.batch import Batch, Done, run_batch

ATTEMPTS = 2
_stop: Event | None = None


def _begin(stop: Event, parent: int) -> None:
    """In a worker: Ctrl-C is the parent's, who tells the workers; without a parent a worker goes."""
    global _stop
    _stop = stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _work(batch: Batch) -> list[Done]:
    return run_batch(batch, lambda: _stop is not None and _stop.is_set())


def on_pool(batches: Sequence[Batch], workers: int) -> Generator[list[Done], None, None]:
    """The results of each batch as it is done. A batch whose worker died twice gives no results."""
    rest = list(batches)
    for _ in range(ATTEMPTS):
        if not rest:
            return
        left: list[Batch] = []
        yield from _once(rest, workers, left)
        rest = left


def _once(batches: Sequence[Batch], workers: int, left: list[Batch]) -> Generator[list[Done], None, None]:
    """One pool's life; what it did not do is put into `left`."""
    context = get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(min(workers, len(batches)), context, _begin, (stop, os.getpid()))
    try:
        waiting: dict[Future[list[Done]], Batch] = {}
        for batch in batches:
            try:
                waiting[pool.submit(_work, batch)] = batch
            except BrokenProcessPool:
                left.append(batch)
        while waiting:
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                batch = waiting.pop(future)
                try:
                    yield future.result()
                except BrokenProcessPool:
                    left.append(batch)
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)
