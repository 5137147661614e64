"""What the tests let children do."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from backport.errors import InputError


def double(shared: int, argument: int) -> int:
    return shared * argument


def misbehave(shared: str, argument: str) -> Any:
    """By its name. `shared` is a folder."""
    if argument == "hang":
        time.sleep(600)
    if argument == "hang with a program":
        Path(shared, "program").write_text(str(subprocess.Popen(["sleep", "600"]).pid))
        time.sleep(600)
    if argument == "eat":
        return len(bytearray(1 << 30))
    if argument == "die":
        os.kill(os.getpid(), signal.SIGSEGV)
    if argument == "raise":
        raise ValueError("of\nno use")
    if argument == "bad input":
        raise InputError("the case is wrong", "correct it")
    if argument == "print":
        print("noise on stdout")
        os.write(1, b"more noise")
    if argument == "lambda":
        return lambda: None
    if argument == "leave files":
        import tempfile

        return tempfile.mkdtemp()
    if argument == "large":
        return b"x" * (3 << 20)
    return argument


def kill_worker_once(shared: str, argument: int) -> int:
    """The first time, the one whose argument is 3 kills the process that started its child."""
    marker = Path(shared) / "killed"
    if argument == 3 and not marker.exists():
        marker.write_text("")
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(600)
    return argument * 10


def kill_worker_always(shared: str, argument: int) -> int:
    if argument == 3:
        with contextlib.suppress(OSError):
            os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(600)
    return argument * 10


def remember(shared: str, argument: int) -> int:
    """Leave the process's id and a temporary folder, then wait to be killed."""
    import tempfile

    place = tempfile.mkdtemp()
    Path(shared, f"pid-{argument}").write_text(f"{os.getpid()} {place}")
    if argument:
        time.sleep(600)
    return argument


def version(shared: None, argument: str) -> str:
    return sys.version
