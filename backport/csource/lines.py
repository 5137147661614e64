"""Offsets to lines."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate, count
from operator import add


class Lines:
    """The line ends of a file."""

    __slots__ = ("_ends",)

    def __init__(self, data: bytes) -> None:
        self._ends: list[int] = list(map(add, accumulate(map(len, data.split(b"\n"))), count()))

    def at(self, offset: int) -> int:
        """The 1-based line of `offset`; a line feed belongs to the line it ends."""
        return bisect_left(self._ends, offset) + 1

    def start(self, line: int) -> int:
        """The offset of the first byte of a line (of the end of the data for a line past it)."""
        if line <= 1:
            return 0
        return self._ends[min(line - 2, len(self._ends) - 1)] + 1
