"""One file, three texts: what the patch made of its base, done to the target's file, conflict by conflict.

git's own three-way merge stands first, so that what merges cleanly is git's; each conflict that it leaves goes up the
ladder of strategies. Beside it the file is merged by its functions, wherever the target has them: what both ways give
alike is surer, and where lines fail the functions may still do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from backport.adapt.doubling import doubled_lines, telling
from backport.adapt.functions import ByFunction, How, Stretch, merge_functions
from backport.adapt.ladder import Climbed, climb
from backport.adapt.regions import Region3, git_merge, rows
from backport.adapt.share import LEFT_OUT
from backport.adapt.values import Confidence, Piece, Refusal, Step
from backport.csource import RegionMap, region_map
from backport.csource.lexer import tokens
from backport.git import Scratch
from backport.model import Hunk

LABELS = ("target", "base", "patch")


@dataclass(frozen=True, slots=True)
class FileTexts:
    """The patch's file before (`base`) and after (`upstream`), and the target's. `hunks` are the patch's."""

    path: str
    base: bytes
    target: bytes
    upstream: bytes
    hunks: tuple[Hunk, ...] = ()


@dataclass(frozen=True, slots=True)
class FileMerge:
    """A merged file: stretches of text, each line behind its line feed, and between them the pieces that git could
    not merge."""

    parts: tuple[bytes | Piece, ...]

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return tuple(p for p in self.parts if isinstance(p, Piece))

    def with_pieces(self, pieces: tuple[Piece, ...]) -> FileMerge:
        """The same with other pieces in the places of its own."""
        rest = iter(pieces)
        return FileMerge(tuple(p if isinstance(p, bytes) else next(rest) for p in self.parts))

    def spans(self, least: Confidence) -> tuple[tuple[int, int], ...]:
        """The first and last line (1-based) of each piece in the merged file."""
        found: list[tuple[int, int]] = []
        line = 0
        for part in self.parts:
            if isinstance(part, bytes):
                line += part.count(b"\n")
                continue
            text = (part.proposal or b"") if part.accepted(least) else part.target
            found.append((line + 1, line + text.count(b"\n")))
            line += text.count(b"\n")
        return tuple(found)

    def merged(self, least: Confidence) -> bytes:
        """The file with every piece that is sure enough; the others keep the target's side."""
        return b"".join(
            p if isinstance(p, bytes) else (p.proposal or b"") if p.accepted(least) else p.target
            for p in self.parts
        )[1:]

    def marked(self, least: Confidence, marker_size: int = 7, labels: tuple[str, str, str] = LABELS) -> bytes:
        """The file with markers (git's zdiff3 form, labelled by function) around what is not sure enough."""
        return b"".join(
            p
            if isinstance(p, bytes)
            else (p.proposal or b"")
            if p.accepted(least)
            else _between_markers(p, marker_size, labels)
            for p in self.parts
        )[1:]


def adapt_texts(texts: FileTexts, scratch: Scratch) -> FileMerge:
    """Merge one file. Where git merges it cleanly there are no pieces."""
    parts = git_merge(scratch, texts.path, texts.base, texts.target, texts.upstream)
    if not any(isinstance(p, Region3) for p in parts):
        return FileMerge(tuple(p for p in parts if isinstance(p, bytes)))
    climbed = [(p, climb(p)) if isinstance(p, Region3) else p for p in parts]
    by_function = merge_functions(texts.path, texts.base, texts.target, texts.upstream)
    view = _View(texts)
    by_lines = FileMerge(tuple(x if isinstance(x, bytes) else view.piece(*x) for x in climbed))
    return _without_doubles(_better(by_lines, by_function, view), texts)


def _without_doubles(merge: FileMerge, texts: FileTexts) -> FileMerge:
    """The pieces that bring a line which the file then has more often than both sides are only guesses."""
    twice = doubled_lines(merge.merged(Confidence.GUESS), (texts.target, texts.upstream))
    if not twice:
        return merge
    step = Step("doubled", "a line would stand there more often than on either side")
    return merge.with_pieces(
        tuple(
            replace(p, confidence=p.confidence and Confidence.GUESS, trace=(step, *p.trace))
            if p.proposal is not None and not twice.isdisjoint(telling(p.proposal))
            else p
            for p in merge.pieces
        )
    )


def _better(by_lines: FileMerge, by_function: ByFunction, view: _View) -> FileMerge:
    """Of the two ways the one that proposes all; what both propose alike is surer, what differs less. Where the lines
    leave something out of a function that the target has at another place, the functions know better."""
    whole = all(p.proposal is not None for p in by_lines.pieces)
    missed = _missed(by_lines, by_function)
    if by_function.text is None:
        return _guessed(by_lines, _ELSEWHERE) if missed else by_lines
    if whole and same_tokens(by_lines.merged(Confidence.GUESS), by_function.text):
        return by_lines
    if not whole or missed:
        return _guessed(FileMerge(tuple(view.by_function(by_function))))
    return _guessed(by_lines, Step("functions", "merged by functions it comes out otherwise"))


_ELSEWHERE = Step("functions", "the target has the function of what is left out at another place")


def _missed(by_lines: FileMerge, by_function: ByFunction) -> bool:
    """Whether the lines leave something out, and a function that upstream changes stays as it is, though no conflict
    is in it."""
    pieces = by_lines.pieces
    if not any(p.trace and p.trace[-1].strategy in LEFT_OUT for p in pieces):
        return False
    merged = b"\n" + by_lines.merged(Confidence.GUESS)
    return any(
        s.place
        and s.label
        and s.how is How.CHANGED
        and s.target != s.result
        and s.target in merged
        and not any(s.first <= p.line <= s.last + 1 for p in pieces)
        for s in by_function.stretches
    )


def by_functions(texts: FileTexts, found: ByFunction) -> FileMerge:
    """A file of which only the functions are merged; those that the target does not have are left out."""
    view = _View(texts)
    there = tuple(s for s in found.stretches if s.place)
    return FileMerge(tuple(view.by_function(replace(found, stretches=there))))


def _guessed(merge: FileMerge, *steps: Step) -> FileMerge:
    """The same, of which nobody is sure."""
    return FileMerge(
        tuple(
            p
            if isinstance(p, bytes)
            else replace(p, confidence=p.confidence and Confidence.GUESS, trace=(*p.trace, *steps))
            for p in merge.parts
        )
    )


def same_tokens(one: bytes, other: bytes) -> bool:
    """Whether two texts are the same but for white space and comments."""
    return one == other or [t.text for t in tokens(one)] == [t.text for t in tokens(other)]


class _View:
    """Where the pieces of a file stand: in which function of the target, in which hunks of the patch."""

    def __init__(self, texts: FileTexts) -> None:
        self.texts = texts
        self._lines = texts.upstream.split(b"\n")
        self._from = 0
        self._map: RegionMap | None = None

    def piece(self, region: Region3, climbed: Climbed) -> Piece:
        attempt = climbed.attempt
        return Piece(
            self.texts.path,
            self._function(region.line, region.target.count(b"\n")),
            self._hunks(region.upstream, region.base),
            region.line,
            region.base,
            region.upstream,
            region.target,
            attempt.text,
            attempt.confidence,
            attempt.refusal,
            attempt.said,
            climbed.trace,
            (),
            attempt.left_out,
        )

    def by_function(self, found: ByFunction) -> Iterator[bytes | Piece]:
        """The file as its functions were merged: one piece for each that was changed."""
        lines = self.texts.target.split(b"\n")
        at = 0
        for stretch in sorted(found.stretches, key=lambda s: (s.first, s.last)):
            if stretch.first < at or (stretch.target == stretch.result):
                continue
            yield rows(lines[at : stretch.first])
            yield self._stretch_piece(stretch)
            at = stretch.last
        yield rows(lines[at:])

    def _stretch_piece(self, stretch: Stretch) -> Piece:
        return Piece(
            self.texts.path,
            stretch.label,
            self._hunks(stretch.upstream, stretch.base, anywhere=True),
            stretch.first + 1,
            stretch.base,
            stretch.upstream,
            stretch.target,
            stretch.result,
            Confidence.LIKELY if stretch.result is not None else None,
            Refusal.BOTH_CHANGED if stretch.result is None else None,
            stretch.said,
            (Step("functions", stretch.said),),
        )

    def _function(self, line: int, count: int) -> str:
        if self._map is None:
            self._map = region_map(self.texts.path, self.texts.target)
        found = self._map.over(range(line, line + max(count, 1))) or self._map.over([line - 1])
        return found[0].label() if found else ""

    def _hunks(self, upstream: bytes, base: bytes, *, anywhere: bool = False) -> tuple[int, ...]:
        """The patch's hunks whose lines stand in a region: by the lines of upstream's file it covers."""
        lines = upstream.split(b"\n")[1:]
        at = self._find(lines, 0 if anywhere else self._from)
        if at is None:
            return ()
        if not anywhere:
            self._from = at + len(lines)
        first, last = at + 1, at + max(len(lines), 1)
        return tuple(
            h.number
            for h in self.texts.hunks
            if h.new_start <= last + 1 and h.new_start + max(h.new_count, 1) >= first
        )

    def _find(self, lines: Sequence[bytes], start: int) -> int | None:
        if not lines:
            return start
        for at in range(start, len(self._lines) - len(lines) + 1):
            if self._lines[at] == lines[0] and self._lines[at : at + len(lines)] == list(lines):
                return at
        return None


def _between_markers(piece: Piece, size: int, labels: tuple[str, str, str]) -> bytes:
    """A conflict as git's zdiff3 style shows it: what all sides begin or end with stands outside."""
    ours, theirs = piece.target.split(b"\n")[1:], piece.upstream.split(b"\n")[1:]
    head = 0
    while head < min(len(ours), len(theirs)) and ours[head] == theirs[head]:
        head += 1
    tail = 0
    while tail < min(len(ours), len(theirs)) - head and ours[-1 - tail] == theirs[-1 - tail]:
        tail += 1
    name = f" {piece.function}".encode() if piece.function else b""
    return rows(
        [
            *ours[:head],
            b"<" * size + b" " + labels[0].encode() + name,
            *ours[head : len(ours) - tail],
            b"|" * size + b" " + labels[1].encode() + name,
            *piece.base.split(b"\n")[1:],
            b"=" * size,
            *theirs[head : len(theirs) - tail],
            b">" * size + b" " + labels[2].encode() + name,
            *ours[len(ours) - tail :],
        ]
    )
