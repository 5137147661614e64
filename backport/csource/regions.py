"""The regions of a file as a value that answers which of them a line stands in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

from ..model import Region, RegionKind


class _Index:
    """Regions by line, for those that may lie within each other."""

    __slots__ = ("_firsts", "_reach", "regions")

    def __init__(self, regions: Sequence[Region]) -> None:
        self.regions = regions
        self._firsts = [x.first for x in regions]
        self._reach = list(accumulate((x.last for x in regions), max))

    def at(self, line: int) -> Region | None:
        """The innermost region over `line`: the one that begins last, the shorter of two."""
        index = bisect_right(self._firsts, line) - 1
        best: Region | None = None
        while index >= 0 and self._reach[index] >= line:
            region = self.regions[index]
            if best is not None and region.first < best.first:
                break
            if region.last >= line and (best is None or region.last < best.last):
                best = region
            index -= 1
        return best


class RegionMap:
    """The regions of one file; an immutable value.

    `regions` are sorted by first line; `degraded` says in words why parts of it were found by layout
    only, "" when all was parsed. `comments` are for `near`: the first line of each comment that ends
    directly above a region, with that region.
    """

    __slots__ = ("_comments", "_functions", "_indexes", "degraded", "regions")

    regions: tuple[Region, ...]
    degraded: str
    _comments: tuple[tuple[int, Region], ...]
    _functions: tuple[Region, ...]
    _indexes: tuple[_Index, _Index] | None

    def __init__(
        self,
        regions: Iterable[Region] = (),
        degraded: str = "",
        comments: Iterable[tuple[int, Region]] = (),
    ) -> None:
        ordered = tuple(sorted(regions, key=lambda x: (x.first, -x.last)))
        object.__setattr__(self, "regions", ordered)
        object.__setattr__(self, "degraded", degraded)
        object.__setattr__(self, "_comments", tuple(sorted(comments, key=lambda x: (x[0], x[1].first))))
        functions = tuple(x for x in ordered if x.kind is RegionKind.FUNCTION)
        object.__setattr__(self, "_functions", functions)
        object.__setattr__(self, "_indexes", None)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a RegionMap does not change: {name}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RegionMap):
            return NotImplemented
        return (self.regions, self.degraded) == (other.regions, other.degraded)

    def __hash__(self) -> int:
        return hash((self.regions, self.degraded))

    def __repr__(self) -> str:
        return f"RegionMap({len(self.regions)} regions, degraded={self.degraded!r})"

    def _both(self) -> tuple[_Index, _Index]:
        indexes = self._indexes
        if indexes is None:
            rest = [x for x in self.regions if x.kind is not RegionKind.FUNCTION]
            indexes = (_Index(self._functions), _Index(rest))
            object.__setattr__(self, "_indexes", indexes)
        return indexes

    def at(self, line: int) -> Region | None:
        """The region that `line` (1-based) stands in: a function before anything else, else the
        innermost; None at file scope."""
        functions, rest = self._both()
        return functions.at(line) or rest.at(line)

    def near(self, line: int) -> Region | None:
        """The region of `line`; for a line of a comment block that ends on the line before a region,
        that region."""
        found = self.at(line)
        if found is not None:
            return found
        index = bisect_right(self._comments, line, key=lambda x: x[0]) - 1
        if index < 0 or self._comments[index][1].first <= line:
            return None
        return self._comments[index][1]

    def over(self, lines: Iterable[int]) -> tuple[Region, ...]:
        """The regions that `lines` stand in: each once, in the order of the lines given."""
        found = dict.fromkeys(self.at(x) for x in lines)
        return tuple(x for x in found if x is not None)

    def named(self, name: str, kind: RegionKind | None = None) -> tuple[Region, ...]:
        """The regions called `name`, of `kind` if it is given, in order."""
        return tuple(x for x in self.regions if x.name == name and kind in (None, x.kind))

    def functions(self) -> tuple[Region, ...]:
        """The functions, in order."""
        return self._functions
