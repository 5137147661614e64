"""One `git cat-file` process, kept open and asked one question after the other."""

from __future__ import annotations

import subprocess
import threading
from contextlib import suppress
from typing import IO

from backport.errors import RepositoryError
from backport.git import process
from backport.git.values import GitObject, ObjectType

_KNOWN = {x.value.encode(): x for x in ObjectType}


class CatFile:
    """`git cat-file --batch-command -z` in `git_dir`, started with the first question."""

    def __init__(self, git_dir: str) -> None:
        self._git_dir = git_dir
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def info(self, name: str) -> tuple[str, ObjectType, int] | None:
        """(full id, type, size in bytes) of the object that `name` means, or None."""
        with self._lock:
            return self._header(self._ask(b"info ", name))

    def contents(self, name: str) -> tuple[str, GitObject] | None:
        """(full id, object), or None when it is not here."""
        with self._lock:
            stdout = self._ask(b"contents ", name)
            header = self._header(stdout)
            if header is None:
                return None
            data = stdout.read(header[2])
            if len(data) != header[2] or stdout.read(1) != b"\n":
                raise self._died()
            return header[0], GitObject(header[1], data)

    def start(self) -> None:
        """Start the process if it does not run."""
        with self._lock:
            self._running()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = process.start(["cat-file", "--batch-command", "-z"], self._git_dir)
        return self._process

    def close(self, *, wait: bool = True) -> None:
        """End the process. Safe to call twice; a later question starts a new one. Without `wait` it is told
        to end, and a second call waits for it: it takes milliseconds to let go of its packs."""
        running = self._process
        if running is None:
            return
        for pipe in (running.stdin, running.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        if wait:
            self._process = None
            running.wait()

    def _ask(self, command: bytes, name: str) -> IO[bytes]:
        """Put one question. Only ids are asked for, so that an answer is always one line."""
        if not name.isalnum() or not name.isascii():
            raise ValueError(f"not an object id: {name!r}")
        running = self._running()
        stdin, stdout = running.stdin, running.stdout
        assert stdin is not None and stdout is not None
        try:
            stdin.write(command + name.encode("ascii") + b"\0")
            stdin.flush()
        except OSError:
            raise self._died() from None
        return stdout

    def _header(self, stdout: IO[bytes]) -> tuple[str, ObjectType, int] | None:
        line = stdout.readline()
        if not line:
            raise self._died()
        words = line.split()
        if len(words) == 3 and words[1] in _KNOWN and words[2].isdigit():
            return words[0].decode("ascii"), _KNOWN[words[1]], int(words[2])
        return None

    def _died(self) -> RepositoryError:
        self.close()
        process.require_git()
        return RepositoryError(
            "git cat-file ended in the middle of an object", "run `git fsck` in the repository"
        )
