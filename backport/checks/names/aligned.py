"""Lines of two texts that are the same line."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence


def anchored(base: Sequence[bytes], target: Sequence[bytes]) -> list[tuple[int, int]]:
    """Unique common lines, the longest ascending run of them (patience)."""
    mine, theirs = Counter(base), Counter(target)
    where = {line: n for n, line in enumerate(target) if theirs[line] == 1}
    pairs = [(n, where[line]) for n, line in enumerate(base) if mine[line] == 1 and line in where]
    tails: list[int] = []
    links: list[tuple[int, int]] = []
    ends: list[int] = []
    for index, (_, there) in enumerate(pairs):
        at = bisect_left(tails, there)
        links.append((index, ends[at - 1] if at else -1))
        if at == len(tails):
            tails.append(there)
            ends.append(index)
        else:
            tails[at], ends[at] = there, index
    found, index = [], ends[-1] if ends else -1
    while index >= 0:
        found.append(pairs[index])
        index = links[index][1]
    return found[::-1]
