"""Where in a file a hunk belongs: in the function that it names, or where most of its lines or names stand.

A site is a stretch of a file with the reason why the hunk is looked for there. Nothing is judged here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backport.model import Hunk, LineKind, Region, RegionKind
from backport.placement.align import best_window
from backport.placement.lines import Images, keys
from backport.placement.target import TargetText, is_scope, window_of

KNOWN = 0.3
"""Share of a hunk's lines (or names) that must stand together for a stretch to be called its place."""

SURE = 0.5
"""The same where the hunk's function has another name there, or stands in another file."""

MOSTLY = 0.5
"""Share of the names known in a file that a region must hold to be the hunk's place by itself."""

FARTHEST = 300
"""Lines between two functions of one hunk, at most, for both to be its site."""

_HEAD = re.compile(rb"[A-Za-z_][\w \t*]*?\b([A-Za-z_]\w*)[ \t]*\(")

_WORD = re.compile(rb"[A-Za-z_]\w{3,}")


@dataclass(frozen=True, slots=True)
class Work:
    """A hunk to be placed: itself, its parts, and the regions that it says it changes or brings."""

    hunk: Hunk
    parts: Images
    scopes: tuple[Region, ...]

    @property
    def brought(self) -> frozenset[str]:
        """Names of regions whose head only the added lines hold."""
        old = b"\n".join(self.parts.old)
        return frozenset(r.name for r in self.scopes if r.first and r.name.encode() not in old)

    @property
    def named(self) -> frozenset[str]:
        """Names of the regions that the hunk says it is in: by git's section heading, or by their heads in its
        context. Not those whose head it adds or takes away."""
        context = b"\n".join(x.text for x in self.hunk.lines if x.kind is LineKind.CONTEXT)
        return frozenset(
            r.name
            for r in self.scopes
            if r.kind is not RegionKind.SECTION and (r.first == 0 or r.name.encode() in context)
        )

    @property
    def declared(self) -> frozenset[str]:
        """Names of functions that the added lines define or declare, and the old lines do not hold."""
        old = b"\n".join(self.parts.old)
        heads = (m[1] for run in self.parts.runs for line in run.added if (m := _HEAD.match(line)))
        return frozenset(name.decode() for name in heads if name not in old)


@dataclass(frozen=True, slots=True)
class Site:
    """A half-open stretch of a file's lines. `own` says that it is the very function that the hunk names;
    `share` is how much of the hunk stands there, `rival` how much of it stands as well elsewhere; `home` that
    the function is one that the hunk changes, and not only one that it brings; `core` is the part of a widened
    site in which the hunk's names were found."""

    bounds: tuple[int, int]
    own: bool
    share: float
    rival: float = 0.0
    home: bool = False
    core: tuple[int, int] | None = None


def named_site(item: Work, text: TargetText, expected: int) -> Site | None:
    """The regions that the hunk names, where the file has them: those that it changes, and those that it
    brings and that are there already."""
    found: list[tuple[float, Region]] = []
    for scope in item.scopes:
        if not is_scope(scope) or scope.kind is RegionKind.SECTION:
            continue
        candidates = [(_share(item, text, region, expected), region) for region in _same(scope, text)]
        if candidates:
            found.append(max(candidates, key=lambda c: (c[0], -abs(c[1].first - expected))))
    if not found:
        return None
    share, best = max(found, key=lambda f: f[0])
    low, high = window_of(best)
    for _, region in found:
        first, last = window_of(region)
        if max(first - high, low - last) <= FARTHEST:
            low, high = min(low, first), max(high, last)
    home = any(region.name not in item.brought for _, region in found)
    return Site((max(low - 2, 0), min(high + 2, len(text.lines))), True, share, home=home)


def home_site(item: Work, text: TargetText, expected: int) -> Site | None:
    """The region that the hunk says it is in, where the file has it."""
    named = tuple(r for r in item.scopes if r.name in item.named)
    return named_site(Work(item.hunk, item.parts, named), text, expected)


def _same(scope: Region, text: TargetText) -> Sequence[Region]:
    return [r for r in text.regions.named(scope.name, scope.kind) if is_scope(r)]


def _share(item: Work, text: TargetText, region: Region, expected: int) -> float:
    low, high = window_of(region)
    window = best_window(item_keys(item), text.key_index, (max(low - 2, 0), high + 2), expected)
    return window.share if window else 0.0


def item_keys(item: Work) -> list[bytes]:
    """The keys of all lines of a hunk, of both images, in order."""
    return keys([line.text for line in item.hunk.lines])


def line_site(image: Sequence[bytes], text: TargetText, expected: int) -> Site | None:
    """The stretch in which most of an image's lines stand."""
    window = best_window(keys(image), text.key_index, (0, len(text.lines)), expected)
    if window is None:
        return None
    return Site((window.first, window.last), False, window.share, window.rival)


def name_site(item: Work, text: TargetText, expected: int) -> Site | None:
    """The stretch in which most of the hunk's names stand, rare ones counting more: for code whose every line
    reads differently now. Widened by the hunk's length on both sides."""
    words = {w for line in item.hunk.lines for w in _WORD.findall(line.text)}
    places = text.name_lines
    known: Mapping[bytes, float] = {
        w: 1.0 / (1.0 + math.log2(len(places[w]))) for w in words if w in places and len(places[w]) <= 64
    }
    if not known:
        return None
    points = sorted((at, w) for w in known for at in places[w])
    width = int(len(item.hunk.lines) * 1.5) + 20
    best: tuple[float, int, int] | None = None
    held: dict[bytes, int] = {}
    score, low = 0.0, 0
    for at, word in points:
        if not held.get(word):
            score += known[word]
        held[word] = held.get(word, 0) + 1
        while points[low][0] <= at - width:
            gone = points[low][1]
            held[gone] -= 1
            if not held[gone]:
                score -= known[gone]
            low += 1
        rank = round(score, 6) - abs(points[low][0] - expected) / (1000.0 * max(len(text.lines), 1))
        if best is None or rank > best[0]:
            best = (rank, points[low][0], at + 1)
    assert best is not None
    weight = sum(1.0 / (1.0 + math.log2(len(places.get(w, ())) or 1)) for w in words)
    share = min(best[0] / weight, 1.0)
    if (region := _holder(known, text, best[1], best[2])) is not None:
        low, high = window_of(region)
        return Site((max(low - 2, 0), min(high + 2, len(text.lines))), False, share, core=(low, high))
    margin = len(item.hunk.lines)
    bounds = (max(best[1] - margin, 0), min(best[2] + margin, len(text.lines)))
    return Site(bounds, False, share, core=(best[1], best[2]))


def _holder(known: Mapping[bytes, float], text: TargetText, first: int, last: int) -> Region | None:
    """The one region, of those over a stretch, that holds most of the names by itself."""
    ranked: list[tuple[float, Region]] = []
    for region in text.regions.over(range(first + 1, last + 1)):
        if is_scope(region):
            low, high = window_of(region)
            held = sum(v for w, v in known.items() if any(low <= at < high for at in text.name_lines[w]))
            ranked.append((held, region))
    ranked.sort(key=lambda r: (-r[0], r[1].first))
    clear = ranked and ranked[0][0] >= MOSTLY * sum(known.values())
    return ranked[0][1] if clear and (len(ranked) == 1 or ranked[0][0] > ranked[1][0]) else None
