"""A batch of tasks in a child process: one after the other, each within its limits.

The child is a fresh interpreter (spawn, not fork), in a session of its own so that it can be killed with all that it
started. It ends when its standard input does, that is, when whoever started it is gone.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

from backport.errors import BackportError

Work = Callable[[Any, Any], Any]
"""A function of a module: (shared, argument) -> value. All three are pickled."""

FOLDER = "backport-job-"
_POLL = 0.1
_HEAD = struct.Struct(">Q")
_CODE = "import sys; sys.path[:] = {path!r}; from backport.jobs.child import main; main()"


class Limits(NamedTuple):
    """What one task may take: seconds of wall clock, and MiB of private memory in a process (0: no limit)."""

    seconds: float = 300.0
    memory_mib: int = 4096


class Task(NamedTuple):
    """An argument, and the number under which its result comes back."""

    number: int
    argument: Any


class Done(NamedTuple):
    """What came of a task. `error` is "" where `value` is there; else it says in one line why not: the function
    raised, the limits were reached, or the child died. `memory_mib` is the child's largest resident size while it was
    at the task."""

    number: int
    value: Any = None
    error: str = ""
    memory_mib: int = 0


class Batch(NamedTuple):
    """What a worker is sent."""

    work: Work
    shared: Any
    tasks: tuple[Task, ...]
    limits: Limits


def run_batch(batch: Batch, stopped: Callable[[], bool] = lambda: False) -> list[Done]:
    """The results of a batch, in its order. After a task that was killed the rest goes to a new child."""
    found: list[Done] = []
    while len(found) < len(batch.tasks) and not stopped():
        with _Child(batch) as child:
            found += child.results(batch.tasks[len(found) :], stopped)
    return found


class _Killed(Exception):
    """The child is gone, or must go; the argument says why."""


class _Child:
    """One child process, with a folder for temporary files that goes with it."""

    def __init__(self, batch: Batch) -> None:
        self._limits = batch.limits
        self._folder = tempfile.mkdtemp(prefix=FOLDER)
        code = _CODE.format(path=[x or str(Path.cwd()) for x in sys.path])
        self._process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "TMPDIR": self._folder},
            start_new_session=True,
        )
        self._first: Any = (batch.limits.memory_mib, batch.work, batch.shared)

    def __enter__(self) -> _Child:
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()

    def kill(self) -> None:
        """End it and all that it started, and take away its files."""
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def results(self, tasks: Sequence[Task], stopped: Callable[[], bool]) -> Iterator[Done]:
        """The results one by one, up to and with the first task that the child did not survive."""
        for task in tasks:
            try:
                if self._first is not None:
                    self._send(self._first)
                    self._first = None
                self._send(task)
                done: Done = self._receive(stopped)
            except _Killed as killed:
                if not stopped():
                    yield Done(task.number, error=str(killed))
                return
            yield done._replace(number=task.number)

    def _send(self, value: Any) -> None:
        assert self._process.stdin is not None
        try:
            send(self._process.stdin, value)
        except OSError as error:
            raise _Killed(self._end()) from error

    def _receive(self, stopped: Callable[[], bool]) -> Done:
        """The next answer, waited for within the limit of time."""
        assert self._process.stdout is not None
        end = time.monotonic() + self._limits.seconds if self._limits.seconds else float("inf")
        while not select.select([self._process.stdout], [], [], _POLL)[0]:
            if stopped():
                raise _Killed("stopped")
            if time.monotonic() > end:
                raise _Killed(f"killed after {self._limits.seconds:g} s")
        try:
            done: Done = receive(self._process.stdout)
        except (EOFError, OSError) as error:
            raise _Killed(self._end()) from error
        return done

    def _end(self) -> str:
        """How it ended, in words."""
        code = self._process.wait()
        if code < 0:
            with contextlib.suppress(ValueError):
                return f"the process was ended by {signal.Signals(-code).name}"
        return f"the process ended with status {code}"


def send(pipe: IO[bytes], value: Any) -> None:
    """A value with its length before it."""
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    pipe.write(_HEAD.pack(len(data)) + data)
    pipe.flush()


def receive(pipe: IO[bytes]) -> Any:
    """The next value. Raises EOFError at the end."""
    head = pipe.read(_HEAD.size)
    if len(head) < _HEAD.size:
        raise EOFError
    (size,) = _HEAD.unpack(head)
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return pickle.loads(data)


def line_of(error: BaseException) -> str:
    """An exception in one line: what a user can put right as it is, a bug with its place."""
    if isinstance(error, BackportError):
        return str(error)
    if isinstance(error, MemoryError):
        return "out of memory"
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"a bug: {type(error).__name__}: {' '.join(str(error).split())[:300]}{place}"
