"""Reading conflict markers."""

from __future__ import annotations

from typing import NamedTuple

from backport.git.merging import BASE, OURS, THEIRS


class ConflictRegion(NamedTuple):
    """One conflict in a merged text. `first` and `last` are the 1-based lines of its outer markers.

    `ours`, `base` and `theirs` are the lines between the markers, without line feeds; `base` is None
    where the style shows none."""

    first: int
    last: int
    ours: tuple[bytes, ...]
    base: tuple[bytes, ...] | None
    theirs: tuple[bytes, ...]


def conflict_regions(
    merged: bytes,
    ours_label: str = OURS,
    theirs_label: str = THEIRS,
    base_label: str = BASE,
    marker_size: int = 7,
    *,
    ours_text: bytes | None = None,
) -> tuple[ConflictRegion, ...]:
    """The conflicts of a merged text, in order.

    A label may be followed by `:path`, as git writes for renamed files. A line of `=` is the middle only
    between a start that bears our label and an end that bears theirs. Where a side itself holds such a line
    the last one whose part above stands in `ours_text` (the whole file of ours) is the middle; without
    that text, the first."""
    lines = merged.split(b"\n")
    regions: list[ConflictRegion] = []
    n = 0
    while n < len(lines):
        if _is_marker(lines[n], b"<", ours_label, marker_size):
            end = _find(lines, n + 1, b">", theirs_label, marker_size)
            if end is not None:
                regions.append(_region(lines, (n, end), base_label, marker_size, ours_text))
                n = end
        n += 1
    return tuple(regions)


def _region(
    lines: list[bytes], markers: tuple[int, int], base_label: str, size: int, ours_text: bytes | None
) -> ConflictRegion:
    start, end = markers
    base = _find(lines, start + 1, b"|", base_label, size, end)
    after = base if base is not None else start
    middles = [n for n in range(after + 1, end) if lines[n].removesuffix(b"\r") == b"=" * size]
    if base is None and ours_text is not None and len(middles) > 1:
        whole = b"\n" + ours_text + b"\n"
        fitting = [n for n in middles if b"\n".join([b"", *lines[start + 1 : n], b""]) in whole]
        middles = fitting[-1:] or middles
    middle = middles[0] if middles else end
    return ConflictRegion(
        start + 1,
        end + 1,
        tuple(lines[start + 1 : base if base is not None else middle]),
        None if base is None else tuple(lines[base + 1 : middle]),
        tuple(lines[middle + 1 : end]),
    )


def _is_marker(line: bytes, sign: bytes, label: str, size: int) -> bool:
    head = sign * size + b" " + label.encode()
    line = line.removesuffix(b"\r")
    return line == head or line.startswith(head + b":")


def _find(
    lines: list[bytes], start: int, sign: bytes, label: str, size: int, end: int | None = None
) -> int | None:
    last = len(lines) if end is None else end
    return next((n for n in range(start, last) if _is_marker(lines[n], sign, label, size)), None)
