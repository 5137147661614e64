"""A new folder of files: written whole or not at all, and never into one that holds something."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from backport.errors import UsageError


class NewFile(NamedTuple):
    """A file of a new folder: its path there, its bytes, and whether it may be run."""

    path: str
    data: bytes
    executable: bool = False


def check_new_folder(option: str, name: str) -> None:
    """Complain before a long run of a folder that would be overwritten. Raises UsageError."""
    folder = Path(name)
    try:
        if not name or "\0" in name or folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise UsageError(f"{option} {name or '(empty)'} is no folder", "name a new one")
        if folder.is_dir() and any(folder.iterdir()):
            raise UsageError(f"{option} {name} holds something already", "name a new folder")
        if not folder.absolute().parent.is_dir():
            raise UsageError(f"{option} {name}: there is no folder {folder.parent}")
    except (OSError, UnicodeError) as error:
        raise UsageError(f"{option} {name} cannot be used: {_why(error)}") from error


def write_folder(option: str, name: str, files: Iterable[NewFile]) -> int:
    """Write the files into a new folder, all or nothing; returns how many. Raises UsageError."""
    check_new_folder(option, name)
    folder = Path(name).absolute()
    try:
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name[:40]}-", dir=folder.parent))
    except OSError as error:
        raise UsageError(f"{option} {name} cannot be written: {_why(error)}") from error
    try:
        count = 0
        for file in files:
            _write(made, file)
            count += 1
        made.chmod(0o777 & ~_umask())
        made.rename(folder)  # onto an empty folder this is allowed, onto any other it fails
        return count
    except (OSError, ValueError) as error:
        raise UsageError(f"{option} {name} cannot be written: {_why(error)}") from error
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _write(folder: Path, file: NewFile) -> None:
    parts = file.path.split("/")
    if any(x in ("", ".", "..") or x.lower() == ".git" for x in parts):
        raise ValueError(f"{file.path} is no path within a folder")
    place = folder.joinpath(*parts)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(file.data)
    if file.executable:
        place.chmod(0o777 & ~_umask())


def _why(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
