"""The tree of a folder on disk."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from backport.tree.git_tree import MAX_BYTES, TOO_LARGE
from backport.tree.paths import folder_prefix, is_tree_path, sort_key
from backport.tree.protocol import Absent, Entry, File, Folder, Match, Symlink, Unavailable
from backport.tree.scan import regular_files, scan


class FolderTree:
    """A plain folder or a worktree: files as they are on disk, `.git` left out. Links are not followed."""

    def __init__(self, path: str | Path, name: str, max_bytes: int = MAX_BYTES) -> None:
        self._top = os.fspath(path)
        self._name = name
        self._max_bytes = max_bytes

    @property
    def name(self) -> str:
        return self._name

    @property
    def id(self) -> str:
        return ""

    @property
    def folder(self) -> str:
        """The folder on disk."""
        return self._top

    def read(self, path: str) -> Entry:
        status = self._status(path)
        if isinstance(status, Absent | Unavailable):
            return status
        if stat.S_ISDIR(status.st_mode):
            return Folder()
        place = f"{self._top}/{path}"
        try:
            if stat.S_ISLNK(status.st_mode):
                return Symlink(os.fsencode(Path(place).readlink()))
            return self._file(place, status)
        except OSError as error:
            return Unavailable(error.strerror or "cannot be read")

    def _file(self, place: str, status: os.stat_result) -> Entry:
        if not stat.S_ISREG(status.st_mode):
            return Unavailable("not a regular file")
        if status.st_size > self._max_bytes:
            return Unavailable(TOO_LARGE.format(self._max_bytes))
        with os.fdopen(os.open(place, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            return File(file.read(), _file_mode(status))

    def mode(self, path: str) -> str:
        status = self._status(path)
        if isinstance(status, Absent | Unavailable):
            return ""
        if stat.S_ISDIR(status.st_mode):
            return "040000"
        return "120000" if stat.S_ISLNK(status.st_mode) else _file_mode(status)

    def _status(self, path: str) -> os.stat_result | Absent | Unavailable:
        """The path's own status; Absent when a folder above it is a link or no folder."""
        if not path:
            return self._top_status()
        if not is_tree_path(path) or ".git" in path.split("/"):
            return Absent()
        try:
            return _status_below(self._top, path.split("/"))
        except (FileNotFoundError, NotADirectoryError, UnicodeEncodeError):
            return Absent()
        except OSError as error:
            never_there = error.errno in (errno.ENAMETOOLONG, errno.ELOOP)
            return Absent() if never_there else Unavailable(error.strerror or "cannot be read")

    def _top_status(self) -> os.stat_result | Absent:
        try:
            return Path(self._top).stat()
        except OSError:
            return Absent()

    def paths(self, prefix: str = "") -> Iterator[str]:
        start = folder_prefix(prefix)
        mode = self.mode(start)
        if mode == "040000":
            yield from self._walk(start)
        elif mode:
            yield start

    def _walk(self, folder: str) -> Iterator[str]:
        try:
            with os.scandir(Path(self._top, folder)) as listing:
                found = [(x.name, x.is_dir(follow_symlinks=False)) for x in listing if x.name != ".git"]
        except OSError:
            return
        found.sort(key=lambda x: sort_key(x[0] + "/" if x[1] else x[0]))
        for name, is_folder in found:
            path = f"{folder}/{name}" if folder else name
            if is_folder:
                yield from self._walk(path)
            else:
                yield path

    def search(
        self, words: Sequence[bytes], prefixes: Sequence[str] = (), *, whole_words: bool = True
    ) -> Iterator[Match]:
        return scan(regular_files(self, prefixes), words, whole_words)


def _file_mode(status: os.stat_result) -> str:
    return "100755" if status.st_mode & stat.S_IXUSR else "100644"


def _status_below(place: str, parts: list[str]) -> os.stat_result:
    """The status of a path, link or not. Raises NotADirectoryError where a folder above it is a link."""
    for part in parts[:-1]:
        place = f"{place}/{part}"
        if not stat.S_ISDIR(os.lstat(place).st_mode):
            raise NotADirectoryError(place)
    return os.lstat(f"{place}/{parts[-1]}")
