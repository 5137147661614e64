"""The child's side of a batch: tasks come in by standard input, results go out by standard output."""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import re
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import IO, Any

from backport.jobs.batch import FOLDER, Done, Task, line_of, receive, send

_PEAK = re.compile(r"VmHWM:\s*(\d+) kB")


def main() -> None:
    """Do tasks until no more come. When the other side goes away in the middle of a task, so does this process."""
    tasks, results = os.fdopen(0, "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)  # what a task prints must not get between the results
    waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(tasks, waiting), daemon=True).start()
    try:
        _work(waiting, results)
    finally:
        _end()


def _work(waiting: queue.SimpleQueue[Any], results: IO[bytes]) -> None:
    """Do what comes in; ends when nobody takes the results."""
    first = waiting.get()
    if not isinstance(first, Exception):
        limit_memory(first[0])
    while True:
        done = _one(first, waiting.get())
        try:
            send(results, done)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            send(results, done._replace(value=None, error=line_of(error)))
        except OSError:
            return


def _read(pipe: IO[bytes], waiting: queue.SimpleQueue[Any]) -> None:
    """Put what comes in at hand: a value, or why it cannot be read."""
    while True:
        try:
            waiting.put(receive(pipe))
        except (EOFError, OSError):
            _end()
        except Exception as error:
            waiting.put(error)


def _end() -> None:
    """Nobody is there any more to clean up: take away the temporary files, and end all that was started."""
    folder = Path(os.environ.get("TMPDIR", ""))
    if folder.name.startswith(FOLDER):
        shutil.rmtree(folder, ignore_errors=True)
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(0)


def _one(first: Any, task: Task | Exception) -> Done:
    """The result of a task. Its number is that of whoever sent it, where it cannot be read."""
    forget_peak()
    number = -1
    try:
        for sent in (first, task):
            if isinstance(sent, Exception):
                raise sent
        number = task.number  # type: ignore[union-attr]
        value, error = first[1](first[2], task.argument), ""  # type: ignore[union-attr]
    except Exception as problem:
        value, error = None, line_of(problem)
    return Done(number, value, error, peak_mib())


def limit_memory(mib: int) -> None:
    """Private memory of this process and of each that it starts; mapped files, as git's packs, do not count."""
    if not mib:
        return
    try:
        import resource
    except ImportError:  # not a Unix
        return
    with contextlib.suppress(ValueError, OSError):
        kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
        hard = resource.getrlimit(kind)[1]
        wanted = mib << 20
        resource.setrlimit(kind, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def forget_peak() -> None:
    """Begin to measure the largest resident size anew, where the system can (Linux, proc(5): clear_refs)."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_mib() -> int:
    """The largest resident size of this process since `forget_peak`, or since its start, in MiB."""
    with contextlib.suppress(OSError):
        found = _PEAK.search(Path("/proc/self/status").read_text())
        if found:
            return (int(found[1]) + 1023) // 1024
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> (20 if sys.platform == "darwin" else 10)
