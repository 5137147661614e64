"""Starting git with the user's habits off.

Every git process of the program is started here. It sees none of the caller's GIT_* variables, no
global or system configuration and no attributes of the machine; it asks nothing, locks nothing that
is optional, and may use no transport, so that a missing object is never fetched (git's manual,
git(1) "Environment Variables"; GIT_NO_LAZY_FETCH is known from 2.45, an empty GIT_ALLOW_PROTOCOL does the
same for older ones).
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import NamedTuple

from backport.errors import RepositoryError

MINIMUM = (2, 38)
"""The first git with `merge-tree --write-tree` and `cat-file --batch-command -z`."""

NO_INPUT = b""
_USAGE = 129
"""How git exits when it does not know an option."""


def nothing() -> None:
    """What is done meanwhile, by default."""


class Done(NamedTuple):
    """A finished process: exit code, stdout, stderr."""

    code: int
    out: bytes
    err: bytes

    def complaint(self) -> str:
        """The first line that git wrote to stderr, without its `fatal:`."""
        lines = self.err.decode("utf-8", "replace").strip().splitlines() or [f"git exited with {self.code}"]
        return lines[0].removeprefix("fatal: ").removeprefix("error: ")


def environment(git_dir: str = "", extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a git process on `git_dir` ("" for none)."""
    values = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    values.update(
        GIT_ALLOW_PROTOCOL="",
        GIT_ATTR_NOSYSTEM="1",
        GIT_CONFIG_COUNT="1",
        GIT_CONFIG_GLOBAL=os.devnull,
        GIT_CONFIG_KEY_0="safe.directory",
        GIT_CONFIG_NOSYSTEM="1",
        GIT_CONFIG_SYSTEM=os.devnull,
        GIT_CONFIG_VALUE_0="*",
        GIT_LITERAL_PATHSPECS="1",
        GIT_NO_LAZY_FETCH="1",
        GIT_NO_REPLACE_OBJECTS="1",
        GIT_OPTIONAL_LOCKS="0",
        GIT_TERMINAL_PROMPT="0",
        LC_ALL="C",
    )
    if git_dir:
        values["GIT_DIR"] = git_dir
    values.update(extra or {})
    return values


def run(
    arguments: Sequence[str | bytes],
    *,
    git_dir: str = "",
    stdin: bytes = NO_INPUT,
    cwd: str | None = None,
    extra: Mapping[str, str] | None = None,
    meanwhile: Callable[[], object] = nothing,
) -> Done:
    """Run git to its end; the exit code is the caller's to judge. `meanwhile` is called once, while git
    works: for what does not wait for its answer. Raises RepositoryError when there is no git, or one that
    is too old for what was asked of it."""
    with _asking_version():
        child = subprocess.Popen(
            ["git", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd or git_dir or None,
            env=environment(git_dir, extra),
        )
    with child:
        try:
            meanwhile()
            out, err = child.communicate(stdin)
        except BaseException:
            child.kill()
            raise
    if child.returncode == _USAGE:
        require_git()
    return Done(child.returncode, out, err)


def start(arguments: Sequence[str], git_dir: str) -> subprocess.Popen[bytes]:
    """Start a git process that is spoken with through pipes. Raises RepositoryError when there is no git."""
    with _asking_version():
        return subprocess.Popen(
            ["git", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=git_dir,
            env=environment(git_dir),
            start_new_session=True,
        )


@contextmanager
def _asking_version() -> Iterator[None]:
    """The version is asked for when something failed and not before, for that is a process more."""
    try:
        yield
    except OSError:
        require_git()
        raise


@lru_cache(maxsize=1)
def git_version() -> tuple[int, ...]:
    """The version of the installed git, as (2, 39, 5). Raises RepositoryError when there is none."""
    try:
        text = subprocess.run(
            ["git", "--version"], capture_output=True, env=environment(), check=True
        ).stdout.decode("ascii", "replace")
    except (OSError, subprocess.CalledProcessError):
        raise RepositoryError("git is not installed", f"install git {_dotted(MINIMUM)} or newer") from None
    return parse_version(text)


def parse_version(text: str) -> tuple[int, ...]:
    """The numbers of `git version 2.39.5 (Apple Git-154)` or `git version 2.45.0.rc1`; () if none."""
    numbers: list[int] = []
    for part in text.removeprefix("git version ").split()[0:1]:
        for piece in part.split("."):
            if not piece.isdigit():
                break
            numbers.append(int(piece))
    return tuple(numbers)


@lru_cache(maxsize=1)
def require_git() -> None:
    """Raise RepositoryError unless git is there and new enough. The answer is kept."""
    check_version(git_version())


def check_version(version: tuple[int, ...]) -> None:
    """Raise RepositoryError naming the minimum when `version` is older."""
    if version < MINIMUM:
        raise RepositoryError(
            f"git {_dotted(version) or 'of an unknown version'} is too old",
            f"install git {_dotted(MINIMUM)} or newer",
        )


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(x) for x in version)
