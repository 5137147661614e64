"""The three texts around a hunk that does not land: before, after, and the target's."""

from __future__ import annotations

from collections.abc import Sequence

from backport.model import Excerpt, Hunk, Region, Texts3
from backport.placement.ground import Ground
from backport.placement.lines import images
from backport.placement.target import TargetText, window_of

MARGIN = 10
"""Lines shown around a place that is in no function."""

LONGEST = 400
"""A longer function is cut to the neighbourhood of the hunk."""


def hunk_excerpts(hunk: Hunk, target: Excerpt | None) -> Texts3:
    """The texts where there is no base: the hunk's own images stand for the patch's two."""
    parts = images(hunk)
    old = Excerpt(b"".join(parts.old), hunk.old_start) if parts.old else None
    new = Excerpt(b"".join(parts.new), hunk.new_start) if parts.new else None
    return Texts3(old, new, target)


def target_excerpt(
    ground: Ground, text: TargetText, bounds: tuple[int, int], region: Region | None
) -> Excerpt:
    """The target's function around `bounds` (half-open indices), or the lines around it."""
    first, last = widen(bounds, region, len(text.lines))
    return Excerpt(b"".join(text.lines[first:last]), first + 1, ground.ref(text.path, first + 1, last))


def widen(bounds: tuple[int, int], region: Region | None, length: int) -> tuple[int, int]:
    low, high = max(bounds[0] - MARGIN, 0), min(bounds[1] + MARGIN, length)
    if region is not None:
        first, last = window_of(region)
        if last - first <= LONGEST:
            return min(first, bounds[0]), min(max(last, bounds[1]), length)
        return max(first, low - 30), min(max(last, bounds[1]), high + 30)
    return low, high


def text_excerpt(lines: Sequence[bytes], bounds: tuple[int, int], region: Region | None) -> Excerpt:
    """The function around `bounds` in a text of the patch's own side (base or result)."""
    first, last = widen(bounds, region, len(lines))
    return Excerpt(b"".join(lines[first:last]), first + 1)
