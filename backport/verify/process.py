"""Running a program that is not ours: in a session of its own, with limits, of which nothing is left at the end.

A build system is code. Its processes get little of the caller's environment and no standard input; the time, the
memory and the number of processes of all of them together are bounded, and whatever of them is still there when the
first one ends is killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from backport.errors import Cancelled

_LOOK = 0.1
_COUNT = 0.5
_OUTPUT = 32 << 20
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Limits:
    """`deadline` is of time.monotonic(); `memory_mib` and `processes` are of all processes together (0: none)."""

    deadline: float
    memory_mib: int = 0
    processes: int = 0


@dataclass(frozen=True, slots=True)
class Ran:
    """What a program left: its exit code, all that it wrote, and why it was stopped ("" it was not)."""

    code: int
    out: bytes
    stopped: str = ""


def run(
    argv: Sequence[str],
    *,
    cwd: str,
    env: Mapping[str, str],
    limits: Limits,
    log: Path,
    cancel: Callable[[], bool] = lambda: False,
) -> Ran:
    """Run a program to its end or to its limits. `log` is the file that its output goes through.

    Raises Cancelled, and OSError where there is no such program."""
    memory = str(limits.memory_mib << 10) if limits.memory_mib else "unlimited"
    # The shell sets the limits before the program is there; `exec` leaves no shell behind.
    command = ["/bin/sh", "-c", 'ulimit -c 0; ulimit -d "$1" && shift && exec "$@"', "sh", memory, *argv]
    with log.open("wb") as out:
        child = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            stopped = _watch(child, limits, cancel)
        finally:
            kill_session(child)
    with log.open("rb") as written:
        return Ran(child.returncode, written.read(_OUTPUT), stopped)


def _watch(child: subprocess.Popen[bytes], limits: Limits, cancel: Callable[[], bool]) -> str:
    """Wait for the end; returns the limit that was reached first, "" for none."""
    counted = time.monotonic()
    while True:
        with suppress(subprocess.TimeoutExpired):
            child.wait(_LOOK)
            return ""
        now = time.monotonic()
        if cancel():
            raise Cancelled
        if now >= limits.deadline:
            return "out of time"
        if now - counted >= _COUNT:
            counted = now
            reached = _too_much(child.pid, limits)
            if reached:
                return reached


def _too_much(session: int, limits: Limits) -> str:
    pages = [pages for _, pages in members(session)]
    if limits.processes and len(pages) > limits.processes:
        return f"more than {limits.processes} processes"
    if limits.memory_mib and sum(pages) * _PAGE > limits.memory_mib << 20:
        return f"more than {limits.memory_mib} MiB of memory"
    return ""


def members(session: int) -> Iterator[tuple[int, int]]:
    """(process id, resident pages) of each process of a session; nothing where there is no /proc (proc(5))."""
    with suppress(OSError):
        for entry in os.scandir("/proc"):
            if entry.name.isdigit():
                with suppress(OSError, ValueError, IndexError):
                    text = Path(f"/proc/{entry.name}/stat").read_bytes()
                    fields = text[text.rindex(b")") + 2 :].split()
                    if int(fields[3]) == session and fields[0] not in (b"Z", b"X"):
                        yield int(entry.name), int(fields[21])


def kill_session(child: subprocess.Popen[bytes]) -> None:
    """Kill whatever is left of a session, groups that jobs made within it included."""
    with suppress(OSError):
        os.killpg(child.pid, signal.SIGKILL)
    for _ in range(20):
        left = [pid for pid, _ in members(child.pid)]
        if not left:
            break
        for pid in left:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)
    child.wait()
