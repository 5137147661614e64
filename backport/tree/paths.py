"""Paths inside a tree."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def is_tree_path(path: str) -> bool:
    """Whether the path may be looked up: relative, and no empty, `.` or `..` part in it."""
    return "\0" not in path and all(part not in ("", ".", "..") for part in path.split("/"))


def is_there(path: str | Path) -> bool:
    """Whether something has that path on disk; a path that no file can have (too long, a NUL) is not there."""
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False


def folder_prefix(path: str) -> str:
    """The folder without slashes at its ends; "" is the whole tree."""
    return path.strip("/")


def below(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or stands below it; everything is below ""."""
    return not folder or path == folder or path.startswith(folder + "/")


def sort_key(path: str) -> bytes:
    """Paths are sorted by their bytes."""
    return path.encode("utf-8", "surrogateescape")


def parents(path: str) -> Iterator[str]:
    """The folders above a path, the nearest first, without the top."""
    folder = path.rpartition("/")[0]
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
