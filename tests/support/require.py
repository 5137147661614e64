"""What a test needs from the machine: skip with a line that says what to install, or fail.

With BACKPORT_REQUIRE=all in the environment nothing is skipped: what is missing is a failure.
"""

from __future__ import annotations

import fcntl
import functools
import importlib.util
import os
import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Skip the test with `what`, or fail it where everything is required."""
    if os.environ.get("BACKPORT_REQUIRE") == "all":
        pytest.fail(what)
    pytest.skip(what)


def require_program(name: str, *, package: str = "") -> str:
    """The path of a program, or a skip that names the package to install."""
    path = shutil.which(name)
    if path is None:
        missing(f"install {package or name}")
    return path


def require_module(name: str, *, package: str = "") -> None:
    """A Python module that a test uses, or a skip that names the package to install."""
    if importlib.util.find_spec(name) is None:
        missing(f"install {package or name}")


def require_file(path: str | Path, *, package: str) -> Path:
    """A file that a package brings, or a skip that names the package."""
    found = Path(path)
    if not found.exists():
        missing(f"install {package}")
    return found


@functools.cache
def _unpacked(version: str, archive: Path) -> Path:
    root = Path(os.environ.get("BACKPORT_TREES", tempfile.gettempdir())) / f"linux-source-{version}"
    root.parent.mkdir(parents=True, exist_ok=True)
    # Test processes run side by side: one unpacks, the others wait for it.
    with (root.parent / f"{root.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (root / "Makefile").exists():
            with tempfile.TemporaryDirectory(dir=root.parent) as scratch, tarfile.open(archive) as tar:
                tar.extractall(scratch, filter="data")
                (Path(scratch) / root.name).rename(root)
    return root


def require_linux_source(version: str) -> Path:
    """The folder of the unpacked Debian package linux-source-VERSION.

    It is unpacked once, into the folder that BACKPORT_TREES names, or the folder for temporary files.
    """
    package = f"linux-source-{version}"
    return _unpacked(version, require_file(f"/usr/src/{package}.tar.xz", package=package))
