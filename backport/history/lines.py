"""Who wrote the lines of a file, between two points of a history."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from backport.git import ObjectStore
from backport.git.values import path_bytes

_HEAD = re.compile(rb"([0-9a-f]{40,64}) (\d+) (\d+)(?: \d+)?\Z")
SAMPLES = 24
"""Versions of a file that are compared by content where no id says where two histories part."""


class Written(NamedTuple):
    """Who wrote a line last: `line` in the file that was asked for, `commit` with its own line there."""

    line: int
    commit: str
    text: bytes


def blame(
    store: ObjectStore, tip: str, exclude: Collection[str], path: str, ranges: Sequence[tuple[int, int]]
) -> tuple[Written, ...]:
    """The lines of `path` in `tip`, within the ranges (first and last, 1-based), that a commit wrote which none of
    `exclude` reaches. () where the file, or what is needed to know, is not here."""
    if not ranges:
        return ()
    wanted = [word for first, last in ranges for word in ("-L", f"{max(1, first)},{max(1, first, last)}")]
    out = [f"^{x}" for x in exclude]
    done = store.git("blame", "--porcelain", *wanted, *out, tip, "--", path_bytes(path))
    return tuple(_written(done.out)) if not done.code else ()


def _written(out: bytes) -> Iterable[Written]:
    boundary: set[bytes] = set()
    commit, line = b"", 0
    for text in out.split(b"\n"):
        if text[:1] == b"\t":
            if commit not in boundary:
                yield Written(line, commit.decode("ascii"), text[1:])
        elif match := _HEAD.match(text):
            commit, line = match[1], int(match[3])
        elif text == b"boundary":
            boundary.add(commit)


class Point(NamedTuple):
    """The commit at which a file's history comes nearest to another version of it: `share` of its lines are the
    same (1.0: it is that very version)."""

    commit: str
    share: float


def nearest(store: ObjectStore, tip: str, path: str, data: bytes, blob: str = "") -> Point | None:
    """Where in the history of a file, up to `tip`, it was most like `data`: for histories that share no commit.

    The very version if there is one; else the likest of a few versions spread over the history, and of those
    around it. None where the file has no history here."""
    versions = _versions(store, tip, path)
    if not versions:
        return None
    for commit, id in versions:
        if id == blob:
            return Point(commit, 1.0)
    lines = frozenset(data.split(b"\n"))
    step = max(1, len(versions) // SAMPLES)
    tried = {n: _share(store, versions[n][1], lines) for n in range(0, len(versions), step)}
    best = max(tried, key=lambda n: (tried[n], -n))
    for n in range(max(0, best - step + 1), min(len(versions), best + step), max(1, step // SAMPLES)):
        tried.setdefault(n, _share(store, versions[n][1], lines))
    best = max(tried, key=lambda n: (tried[n], -n))
    return Point(versions[best][0], tried[best])


def _versions(store: ObjectStore, tip: str, path: str) -> list[tuple[str, str]]:
    """(commit, blob) of each version of a file, newest first."""
    words = ("log", "--max-count=4000", "--no-merges", "--raw", "--no-abbrev", "-z", "--format=%x01%H")
    done = store.git(*words, tip, "--", path_bytes(path))
    found = []
    for record in done.out.split(b"\x01")[1:]:
        match = re.match(rb"([0-9a-f]{40,64})[\0\n]+:\d+ \d+ [0-9a-f]+ ([0-9a-f]+) [AM]\0", record)
        if match:
            found.append((match[1].decode("ascii"), match[2].decode("ascii")))
    return found


def _share(store: ObjectStore, blob: str, lines: frozenset[bytes]) -> float:
    """How much of two files' lines is the same."""
    other = frozenset((store.blob(blob) or b"").split(b"\n"))
    return len(lines & other) / max(1, len(lines | other))
