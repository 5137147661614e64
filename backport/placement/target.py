"""A file of the target prepared for placement: its lines and, only when asked for, what is derived from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from backport.csource import RegionMap, language, region_map
from backport.model import Region, RegionKind
from backport.placement.context import LineIndex, index_lines
from backport.placement.lines import key, split_lines

Tokens = tuple[bytes, ...]


class TargetText:
    """One file of the target. Everything is derived from `path` and `data` and computed once."""

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data

    @cached_property
    def lines(self) -> list[bytes]:
        return split_lines(self.data)

    @cached_property
    def index(self) -> LineIndex:
        return index_lines(self.lines)

    @cached_property
    def keys(self) -> list[bytes]:
        return [key(line) for line in self.lines]

    @cached_property
    def key_index(self) -> LineIndex:
        return index_lines(self.keys)

    @cached_property
    def tokens(self) -> Sequence[Tokens]:
        """The code tokens of each line, without comments."""
        return token_lines(self.path, self.lines)

    @cached_property
    def name_lines(self) -> Mapping[bytes, Sequence[int]]:
        """On which lines each name stands in code: name to ascending indices."""
        found: dict[bytes, list[int]] = {}
        for number, line in enumerate(self.tokens):
            for token in set(line):
                if len(token) > 2:
                    found.setdefault(token, []).append(number)
        return found

    @cached_property
    def regions(self) -> RegionMap:
        return region_map(self.path, self.data)

    def region_at(self, index: int) -> Region | None:
        """The region that holds the line with this 0-based index."""
        return self.regions.at(index + 1)


def token_lines(path: str, lines: Sequence[bytes]) -> Sequence[Tokens]:
    """The tokens of each line: C tokens without comments for C, words for everything else."""
    if language(path) == "c":
        from backport.csource import line_tokens  # only here: a clean merge does without it

        return line_tokens(lines)
    return tuple(tuple(line.split()) for line in lines)


def window_of(region: Region) -> tuple[int, int]:
    """A region's lines as a half-open range of indices."""
    return region.first - 1, region.last


def is_scope(region: Region) -> bool:
    """Whether a region is one that a hunk can be said to be *in*: a body with a name."""
    return region.kind not in (RegionKind.FILE, RegionKind.DECLARATION) and bool(region.name)
