"""Three texts beside one another: pre-image, post-image and target, lines that belong together in a row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest

from backport.model import Excerpt, Texts3

_AROUND = 4
_MOST = 1500  # lines: beyond it the comparison of three texts takes seconds, and nobody reads it


@dataclass(frozen=True, slots=True)
class Cell:
    """A line of one text. `mark` is "removed", "added", "differs" or "" for the same as the pre-image's."""

    number: int
    text: bytes
    mark: str


Row = tuple[Cell | None, Cell | None, Cell | None]


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows that are alike in all texts and left out."""

    rows: int


def rows(texts: Texts3, around: int = _AROUND) -> list[Row | Fold]:
    """Rows of (pre-image, post-image, target); long stretches without a difference are folded."""
    before, after, target = (_lines(x) for x in (texts.preimage, texts.postimage, texts.target))
    if max(len(before), len(after), len(target)) > _MOST:
        return [Fold(max(len(before), len(after), len(target)))]
    if texts.preimage is None:
        plain = zip_longest(_cells(after, texts.postimage, "added"), _cells(target, texts.target, "differs"))
        return [(None, x, y) for x, y in plain]
    left = _against(before, after, texts.postimage, "added")
    right = _against(before, target, texts.target, "differs")
    made: list[Row] = []
    for i in range(len(before) + 1):
        made += [(None, x, y) for x, y in zip_longest(left.inserted[i], right.inserted[i])]
        if i < len(before):
            mark = "removed" if left.beside[i] is None and texts.postimage is not None else ""
            cell = Cell(texts.preimage.first + i, before[i], mark)
            made.append((cell, left.beside[i], right.beside[i]))
    return list(_folded(made, texts, around))


def _lines(excerpt: Excerpt | None) -> list[bytes]:
    if excerpt is None or not excerpt.text:
        return []
    return excerpt.text.removesuffix(b"\n").split(b"\n")


def _cells(lines: list[bytes], excerpt: Excerpt | None, mark: str) -> list[Cell]:
    first = excerpt.first if excerpt else 1
    return [Cell(first + i, x, mark) for i, x in enumerate(lines)]


@dataclass(frozen=True, slots=True)
class _Aligned:
    """For each line of the pre-image what stands beside it, and for each gap what stands in it."""

    beside: list[Cell | None]
    inserted: list[list[Cell]]


def _against(before: list[bytes], other: list[bytes], excerpt: Excerpt | None, mark: str) -> _Aligned:
    aligned = _Aligned([None] * len(before), [[] for _ in range(len(before) + 1)])
    first = excerpt.first if excerpt else 1
    matcher = SequenceMatcher(None, before, other, autojunk=False)
    for kind, i1, i2, j1, j2 in matcher.get_opcodes():
        for i, j in zip(range(i1, i2), range(j1, j2), strict=False):
            if kind == "equal" or mark == "differs":
                aligned.beside[i] = Cell(first + j, other[j], "" if kind == "equal" else mark)
            else:
                aligned.inserted[i2].append(Cell(first + j, other[j], mark))
        rest = range(j1 + min(i2 - i1, j2 - j1), j2)
        aligned.inserted[i2] += [Cell(first + j, other[j], mark) for j in rest]
    return aligned


def _plain(row: Row, texts: Texts3) -> bool:
    """Whether the texts that there are all have the same line here."""
    there = [
        c for c, t in zip(row, (texts.preimage, texts.postimage, texts.target), strict=True) if t is not None
    ]
    return all(c is not None and not c.mark for c in there)


def _folded(made: list[Row], texts: Texts3, around: int) -> Iterator[Row | Fold]:
    keep = [False] * len(made)
    for i, row in enumerate(made):
        if not _plain(row, texts):
            for j in range(max(0, i - around), min(len(made), i + around + 1)):
                keep[j] = True
    if not any(keep):
        keep = [True] * len(made)
    hidden = 0
    for row, kept in zip(made, keep, strict=True):
        if kept and hidden:
            yield Fold(hidden)
        hidden = 0 if kept else hidden + 1
        if kept:
            yield row
    if hidden:
        yield Fold(hidden)
