"""The region map of a C file."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator

from ..model import Region, RegionKind
from .heads import split_calls
from .lines import Lines
from .parse import chunk_regions
from .patterns import directive_event
from .regions import RegionMap
from .scan import Scan, scan

MOST_BYTES = 4 << 20
"""A file larger than this is not parsed: generated tables and register headers."""

_DEFINE = re.compile(rb"#[ \t]*define(?:[ \t]|\\[ \t\r]*\n)+([A-Za-z_$]\w*)")


def c_map(data: bytes, wanted: frozenset[int] | None = None) -> RegionMap:
    """The regions of C source. With `wanted`, only those that these lines need: `at` and `near` of
    them answer as those of the whole map, since each region comes of its own text alone."""
    lines = Lines(data)
    if len(data) > MOST_BYTES:
        why = f"the file has {len(data)} bytes, it was read by its layout only"
        return _mapped(data, [*_layout_macros(data, lines), *_layout_functions(data, lines)], lines, why)
    found = scan(data)
    chunks = [y for x in found.chunks for y in split_calls(data, x)]
    if wanted is not None:
        window = _Window(data, lines, wanted)
        chunks = [x for x in chunks if window.holds(x.start, x.end)]
        found.defines = {a: b for a, b in found.defines.items() if window.holds(a, b)}
    regions = [
        *chunk_regions(data, chunks, lines),
        *_macros(data, found.defines.items(), lines),
        *_dead(found, lines),
    ]
    return _mapped(data, regions, lines, _degraded(found, lines))


def _mapped(data: bytes, regions: list[Region], lines: Lines, degraded: str) -> RegionMap:
    comments = []
    for region in regions:
        start = lines.start(region.first)
        above = comment_above(data, start)
        if above < start:
            comments.append((lines.at(above), region))
    return RegionMap(regions, degraded, comments)


class _Window:
    """The parts of a file that some lines stand in."""

    def __init__(self, data: bytes, lines: Lines, wanted: Iterable[int]) -> None:
        self._data = data
        ordered = sorted(wanted)
        self._starts = [lines.start(x) for x in ordered]
        self._ends = [lines.start(x + 1) for x in ordered]

    def holds(self, start: int, end: int) -> bool:
        """Whether one of the lines touches `start` to `end`, or the comment above."""
        index = bisect_left(self._starts, end)
        if index == 0:
            return False
        if self._ends[index - 1] > start:
            return True
        first = self._data.rfind(b"\n", 0, start) + 1
        return self._ends[index - 1] > comment_above(self._data, first)


def comment_above(data: bytes, start: int) -> int:
    """Where the comment begins that ends on the line before the one that starts at `start`; `start`
    itself if there is none. Comments count that have their lines to themselves."""
    while start:
        line = data.rfind(b"\n", 0, start - 1) + 1
        text = data[line : start - 1].strip()
        if text.startswith(b"//"):
            start = line
            continue
        if not text.endswith(b"*/"):
            return start
        opened = data.rfind(b"/*", 0, start)
        line = data.rfind(b"\n", 0, opened) + 1 if opened >= 0 else start
        if opened < 0 or data[line:opened].strip():
            return start
        start = line
    return start


def _macros(data: bytes, defines: Iterable[tuple[int, int]], lines: Lines) -> Iterator[Region]:
    for start, end in defines:
        match = _DEFINE.match(data, start)
        if match:
            first, last = lines.at(start), lines.at(max(start, end - 1))
            name = match[1].decode("utf-8", "replace")
            yield Region(RegionKind.MACRO, name, first, last, lines.at(match.start(1)))


def _dead(found: Scan, lines: Lines) -> Iterator[Region]:
    """Code under `#if 0` is no function: a region of its own that says what it is."""
    for start, end in found.dead:
        first = lines.at(start)
        yield Region(RegionKind.SECTION, "#if 0", first, lines.at(end), first)


def _degraded(found: Scan, lines: Lines) -> str:
    if not found.doubts:
        return ""
    what = "; ".join(f"line {lines.at(at)}: {why}" for at, why in found.doubts[:5])
    more = len(found.doubts) - 5
    return what + (f"; and {more} more" if more > 0 else "")


_LAYOUT_FUNCTION = re.compile(
    rb"^[A-Za-z_][^\n;={}#]*?\b([A-Za-z_]\w*)[ ]?\([^;{}#]*?\)[^;{}=#()]*\n?\{[ \t\r]*\n", re.MULTILINE
)


def _layout_functions(data: bytes, lines: Lines) -> Iterator[Region]:
    """Functions by the kernel's layout alone, for files too large to parse."""
    for match in _LAYOUT_FUNCTION.finditer(data):
        end = data.find(b"\n}", match.end() - 1)
        if end >= 0:
            name = match[1].decode("utf-8", "replace")
            first, last = lines.at(match.start()), lines.at(end + 1)
            yield Region(RegionKind.FUNCTION, name, first, last, lines.at(match.start(1)))


def _layout_macros(data: bytes, lines: Lines) -> Iterator[Region]:
    spans = (x.span() for x in directive_event().finditer(data))
    return _macros(data, (x for x in spans if data[x[0]] == 0x23), lines)
