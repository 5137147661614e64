"""Searching texts for fixed strings, by the rules of `git grep -F [-w] -I`."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterable, Iterator, Sequence

from backport.tree.paths import below, folder_prefix, sort_key
from backport.tree.protocol import File, Match, Tree

_BINARY_HEAD = 8000
"""git takes a file for binary when a NUL stands in its first 8000 bytes (buffer_is_binary)."""


def is_binary(data: bytes) -> bool:
    return b"\0" in data[:_BINARY_HEAD]


def usable_words(words: Sequence[bytes]) -> list[bytes]:
    """The words that a line of a text file can hold, each once."""
    return sorted({word for word in words if word and b"\n" not in word and b"\0" not in word})


def pattern_of(words: Sequence[bytes], whole_words: bool) -> re.Pattern[bytes]:
    """A pattern that finds any of the words."""
    joined = b"|".join(re.escape(word) for word in words)
    if whole_words:
        joined = rb"(?<![A-Za-z0-9_])(?:" + joined + rb")(?![A-Za-z0-9_])"
    return re.compile(joined)


def matching_lines(path: str, data: bytes, pattern: re.Pattern[bytes]) -> Iterator[Match]:
    """The lines in which the pattern is found."""
    line, counted, position = 1, 0, 0
    while found := pattern.search(data, position):
        start = data.rfind(b"\n", 0, found.start()) + 1
        end = data.find(b"\n", found.start())
        end = len(data) if end < 0 else end
        line += data.count(b"\n", counted, start)
        yield Match(path, line, data[start:end])
        counted, position = start, end + 1
        if position > len(data):
            return


def scan(files: Iterable[tuple[str, bytes]], words: Sequence[bytes], whole_words: bool) -> Iterator[Match]:
    """The matches in all files, in their order."""
    usable = usable_words(words)
    if not usable:
        return
    pattern = pattern_of(usable, whole_words)
    for path, data in files:
        # A plain search is many times faster than the pattern, and most files hold none of the words.
        if any(word in data for word in usable) and not is_binary(data):
            yield from matching_lines(path, data, pattern)


def regular_files(tree: Tree, prefixes: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The regular files below any of the folders, each once, in order."""
    folders = sorted({folder_prefix(x) for x in prefixes} or {""}, key=sort_key)
    outer = [x for x in folders if not any(below(x, y) for y in folders if x != y)]
    for path in heapq.merge(*(tree.paths(folder) for folder in outer), key=sort_key):
        entry = tree.read(path)
        if isinstance(entry, File):
            yield path, entry.data
