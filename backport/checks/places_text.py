"""Small questions about lines of code for the rules on places: telling lines, depth, what a line stands under. Pure.

Depth is read from the indentation, which the field keeps true, and not from braces, which conditional compilation
splits. Indices are from 0, ranges half-open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from backport.model import Region, RegionKind
from backport.placement.target import TargetText, Tokens, is_scope, token_lines, window_of

_WORD = re.compile(rb"\w+")
_LABEL = re.compile(rb"\s*(?:case\b.*[^:]:|default\s*:|[A-Za-z_]\w*\s*:(?!:))\s*(?:/[*/].*)?$")
_GOTO_LABEL = re.compile(rb" ?[A-Za-z_]\w*\s*:(?!:)")
_COMMENT = re.compile(rb"\s*(?:/\*|\*(?:\s|/|$)|//)")
_TAB = 8


def telling(text: bytes) -> bool:
    """Whether a line says enough for its standing twice, or in another place, to mean something."""
    return len(text) > 6 and len(_WORD.findall(text)) >= 2


def is_comment(line: bytes) -> bool:
    """Whether a line is, by its beginning, one of a comment."""
    return _COMMENT.match(line) is not None


def is_label(line: bytes) -> bool:
    """Whether a line is a `case`, `default` or goto label and nothing else."""
    return _LABEL.match(line) is not None and not _is_default_of_conditional(line)


def _is_default_of_conditional(line: bytes) -> bool:
    return b"?" in line


def depth(line: bytes) -> int:
    """The columns of white space before a line, tabs at eight."""
    size = len(line) - len(line.lstrip(b" \t"))
    return len(line[:size].expandtabs(_TAB))


def silent(line: bytes) -> bool:
    """Whether a line says nothing of the code's depth: blank, a directive, a goto label at the margin, a comment."""
    bare = line.strip()
    return not bare or bare[:1] == b"#" or _GOTO_LABEL.match(line) is not None or is_comment(line)


class Head(NamedTuple):
    """A line that others stand under: its index, its text without white space, and the labels that share its
    place (a group of `case` lines); for all else only itself."""

    line: int
    text: bytes
    group: frozenset[bytes]


def heads(text: TargetText, at: int, first: int, width: int) -> list[Head]:
    """What a line of depth `width` before index `at` stands under, innermost first, down to index `first`."""
    found: list[Head] = []
    for index in range(min(at, len(text.lines)) - 1, first - 1, -1):
        if width <= 0:
            break
        line = text.lines[index]
        if silent(line) or depth(line) >= width:
            continue
        width = depth(line)
        if text.keys[index] != b"{":
            found.append(Head(index, text.keys[index], frozenset(_group(text, index, first))))
    return found


def _group(text: TargetText, index: int, first: int) -> Iterator[bytes]:
    yield text.keys[index]
    if not is_label(text.lines[index]):
        return
    for above in range(index - 1, first - 1, -1):
        line = text.lines[above]
        if is_label(line) and depth(line) == depth(text.lines[index]):
            yield text.keys[above]
        elif line.strip() and not is_comment(line):
            return


class Spot(NamedTuple):
    """A stretch of a file and the region that all of it stands in (None: none, or several)."""

    text: TargetText
    first: int
    last: int
    region: Region | None

    @property
    def window(self) -> tuple[int, int]:
        """The region's lines; at file scope some lines around the stretch."""
        if self.region is not None:
            return window_of(self.region)
        return max(0, self.first - NEAR), min(len(self.text.lines), self.last + NEAR)

    @property
    def name(self) -> str:
        return self.region.label() if self.region is not None else ""


NEAR = 12
"""Lines around a change at file scope within which a line is said to stand beside it."""


def spot(text: TargetText, first: int, last: int) -> Spot:
    """The spot of a half-open range; of a place between two lines when it is empty."""
    if last > first:
        found = {_scope(text, index) for index in range(first, last) if text.keys[index]}
    else:
        found = {_scope(text, index) for index in (first - 1, first)}
    return Spot(text, first, last, found.pop() if len(found) == 1 else None)


def _scope(text: TargetText, index: int) -> Region | None:
    if not 0 <= index < len(text.lines):
        return None
    region = text.regions.at(index + 1)
    return region if region is not None and is_scope(region) else None


def described(text: TargetText, first: int, last: int) -> Region | None:
    """The region or declaration of which the comment that holds a range speaks; None for code."""
    found = {text.regions.near(index + 1) for index in (first - 1, max(last, first + 1)) if index >= 0}
    region = found.pop() if len(found) == 1 else None
    if region is None or not region.name or region.kind is RegionKind.FILE or region.first <= first + 1:
        return None
    return region


def occurrences(needle: Sequence[bytes], hay: Sequence[bytes], first: int, last: int) -> list[int]:
    """Where the keys of `needle` stand one after the other in `hay[first:last]`."""
    size, wanted, last = len(needle), list(needle), min(last, len(hay))
    if not size:
        return []
    # The longest key is the rarest, most likely: the others are looked at only where it stands.
    lead = max(range(size), key=lambda n: len(wanted[n]))
    rare = wanted[lead]
    starts = (n - lead for n in range(first + lead, last - size + lead + 1) if hay[n] == rare)
    return [n for n in starts if list(hay[n : n + size]) == wanted]


def rows(text: TargetText, first: int, last: int) -> Sequence[Tokens]:
    """The tokens of the lines of a half-open range, read by themselves: a whole file is seldom needed."""
    return token_lines(text.path, text.lines[first:last])


def holds(text: TargetText, name: bytes) -> bool:
    """Whether a name stands in a file as a word, be it in a comment."""
    # Most names are nowhere at all, which is known ten times as fast.
    return name in text.data and re.search(rb"\b" + re.escape(name) + rb"\b", text.data) is not None
