"""Three-way merge of words: what `upstream` made of `base`, done to `target`. Pure.

Invariants: with target = base the result is upstream, with upstream = base it is the target, byte for byte; a word of
the result stands in the target or in upstream. Two changes that share a word of the base are an `Overlap`, which is
left to whoever knows more; two that only touch are both made, in the order of the base.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from backport.adapt.words import Text, Word, pairs
from backport.model import StrEnum


class Touch(StrEnum):
    """How a change of upstream lies against one of the target's, from the surest down."""

    LINE = "line"  # in one line of the base, with other words between
    GONE = "gone"  # whole lines of upstream's, beside lines that the target does not have
    LINES = "lines"  # whole lines on both sides
    WORDS = "words"  # both changed one line


class Edit(NamedTuple):
    """The words `first` to `last` (half-open) of the base are the words `start` to `stop` of a side."""

    first: int
    last: int
    start: int
    stop: int

    @property
    def inserts(self) -> bool:
        return self.first == self.last

    @property
    def deletes(self) -> bool:
        return self.start == self.stop


@dataclass(frozen=True, slots=True)
class Overlap:
    """Words that both sides changed, each in its own way."""

    base: tuple[Word, ...]
    target: tuple[Word, ...]
    upstream: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Merged:
    """The words of the result, with what could not be merged in its place. `touches` are the places where a
    change of upstream lies against one of the target's; `ours` and `theirs` count the changes of each side."""

    parts: tuple[Word | Overlap, ...]
    tail: bytes
    touches: tuple[Touch, ...]
    ours: int
    theirs: int

    @property
    def overlaps(self) -> tuple[Overlap, ...]:
        return tuple(p for p in self.parts if isinstance(p, Overlap))


@dataclass(frozen=True, slots=True)
class Sides:
    """The three texts with their alignments and edits."""

    base: Text
    target: Text
    upstream: Text
    to_target: Mapping[int, int]
    to_upstream: Mapping[int, int]

    @staticmethod
    def of(base: Text, target: Text, upstream: Text) -> Sides:
        return Sides(base, target, upstream, pairs(base, target), pairs(base, upstream))


def merge(sides: Sides) -> Merged:
    """Merge the words of three texts."""
    ours = edits(sides.to_target, len(sides.base.words), len(sides.target.words))
    theirs = edits(sides.to_upstream, len(sides.base.words), len(sides.upstream.words))
    parts: list[Word | Overlap] = []
    touches: list[Touch] = []
    at = 0
    for mine, other in _clusters(ours, theirs):
        first = min(e.first for e in (*mine, *other))
        parts += _kept(sides, at, first)
        at = max(e.last for e in (*mine, *other))
        if mine and other and not _share(mine, other):
            touches.append(_touch(sides, mine, other))
        parts += _cluster(sides, mine, other)
    parts += _kept(sides, at, len(sides.base.words))
    tail = _space(sides.base.tail, sides.target.tail, sides.upstream.tail)
    if _one_line(sides.base, ours, theirs):
        touches.append(Touch.LINE)
    return Merged(tuple(parts), tail, tuple(touches), len(ours), len(theirs))


def _one_line(base: Text, ours: Sequence[Edit], theirs: Sequence[Edit]) -> bool:
    """Whether both sides changed words of one line."""
    line = 0
    numbers: list[int] = []
    for word in base.words:
        line += b"\n" in word.space
        numbers.append(line)

    def lines(edits: Sequence[Edit]) -> set[int]:
        return {n for e in edits for n in numbers[e.first : e.last] or _within(numbers, e.first, base)}

    return not lines(ours).isdisjoint(lines(theirs))


def _within(numbers: Sequence[int], at: int, base: Text) -> list[int]:
    """The line that words are put into; none where they make lines of their own."""
    if _line_begins(base, at):
        return []
    return [numbers[at - 1]]


def _touch(sides: Sides, ours: list[Edit], theirs: list[Edit]) -> Touch:
    if not all(_whole(sides.base, sides.upstream, e) for e in theirs):
        return Touch.WORDS
    if not all(_whole(sides.base, sides.target, e) for e in ours):
        return Touch.WORDS
    return Touch.GONE if all(e.deletes for e in ours) else Touch.LINES


def _whole(base: Text, side: Text, edit: Edit) -> bool:
    """Whether an edit takes and puts whole lines."""
    return all(
        _line_begins(text, first) and _line_begins(text, last)
        for text, first, last in ((base, edit.first, edit.last), (side, edit.start, edit.stop))
    )


def _line_begins(text: Text, number: int) -> bool:
    return number in (0, len(text.words)) or b"\n" in text.words[number].space


def edits(found: Mapping[int, int], length: int, other: int) -> list[Edit]:
    """What an alignment leaves unpaired, as edits of the base in ascending order."""
    result: list[Edit] = []
    first = start = 0
    for here, there in [*sorted(found.items()), (length, other)]:
        if here > first or there > start:
            result.append(Edit(first, here, start, there))
        first, start = here + 1, there + 1
    return result


def _clusters(ours: Sequence[Edit], theirs: Sequence[Edit]) -> Iterator[tuple[list[Edit], list[Edit]]]:
    """The edits of both sides, those together that share a word or lie against each other."""
    waiting = sorted([(e, 0) for e in ours] + [(e, 1) for e in theirs], key=lambda x: (x[0].first, x[0].last))
    group: tuple[list[Edit], list[Edit]] = ([], [])
    end = -1
    for edit, side in waiting:
        if end >= 0 and edit.first > end:
            yield group
            group, end = ([], []), -1
        group[side].append(edit)
        end = max(end, edit.last)
    if end >= 0:
        yield group


def _kept(sides: Sides, first: int, last: int) -> Iterator[Word]:
    """Words that stand in all three texts, with the white space that the side has which changed it."""
    for number in range(first, last):
        base = sides.base.words[number]
        ours = sides.target.words[sides.to_target[number]]
        theirs = sides.upstream.words[sides.to_upstream[number]]
        yield Word(base.text, _space(base.space, ours.space, theirs.space))


def _space(base: bytes, ours: bytes, theirs: bytes) -> bytes:
    if theirs == base or ours == theirs:
        return ours
    return theirs if ours == base else _indented(base, ours, theirs)


def _indented(base: bytes, ours: bytes, theirs: bytes) -> bytes:
    """Both changed it: the target's, moved in or out as upstream moved it."""
    if b"\n" not in ours or b"\n" not in theirs or b"\n" not in base:
        return ours
    old, new = base.rpartition(b"\n")[2], theirs.rpartition(b"\n")[2]
    lines, _, indent = ours.rpartition(b"\n")
    if new.startswith(old):
        return lines + b"\n" + indent + new[len(old) :]
    if old.startswith(new) and indent.endswith(old[len(new) :]):
        return lines + b"\n" + indent[: len(indent) - len(old) + len(new)]
    return ours


def _cluster(sides: Sides, ours: list[Edit], theirs: list[Edit]) -> Iterator[Word | Overlap]:
    if not theirs:
        yield from (w for e in ours for w in sides.target.words[e.start : e.stop])
        return
    if not ours:
        yield from (w for e in theirs for w in sides.upstream.words[e.start : e.stop])
        return
    whole = _stretch(sides, ours, theirs)
    if [w.text for w in whole.target] == [w.text for w in whole.upstream]:
        yield from whole.target
    elif _share(ours, theirs):
        yield whole
    else:
        yield from _in_turn(sides, ours, theirs)


def _stretch(sides: Sides, ours: list[Edit], theirs: list[Edit]) -> Overlap:
    """All that the edits of a cluster cover, in the three texts."""
    first = min(e.first for e in (*ours, *theirs))
    last = max(e.last for e in (*ours, *theirs))
    return Overlap(
        sides.base.words[first:last],
        sides.target.words[slice(*_side(ours, sides.to_target, first, last))],
        sides.upstream.words[slice(*_side(theirs, sides.to_upstream, first, last))],
    )


def _side(edits: list[Edit], found: Mapping[int, int], first: int, last: int) -> tuple[int, int]:
    """The words of a side that stand for the base's `first` to `last`."""
    start = edits[0].start - (edits[0].first - first)
    stop = edits[-1].stop + (last - edits[-1].last)
    return start, stop


def _share(ours: list[Edit], theirs: list[Edit]) -> bool:
    """Whether an edit of the one side covers a word that one of the other covers, or both put something in at one
    place, whose order nobody knows."""
    for one in ours:
        for other in theirs:
            if one.inserts and other.inserts:
                return True
            if one.inserts or other.inserts:
                inner, outer = (one, other) if one.inserts else (other, one)
                if outer.first < inner.first < outer.last:
                    return True
            elif one.first < other.last and other.first < one.last:
                return True
    return False


def _in_turn(sides: Sides, ours: list[Edit], theirs: list[Edit]) -> Iterator[Word]:
    """Edits that only touch, in the order of the base; what is kept between them too."""
    order = sorted(
        [(e, sides.target) for e in ours] + [(e, sides.upstream) for e in theirs],
        key=lambda x: (x[0].first, x[0].last),
    )
    at = order[0][0].first
    for edit, text in order:
        yield from _kept(sides, at, edit.first)
        yield from text.words[edit.start : edit.stop]
        at = max(at, edit.last)
