"""The lines that a patch adds, each with its place upstream and, where its hunk landed, in the target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from backport.checks.rule import Context
from backport.csource import language
from backport.model import FileChange, Hunk, LineKind, Placement
from backport.placement import FilePlacement


@dataclass(frozen=True, slots=True)
class AddedLine:
    """A line of hunk `hunk`: its number in the patch's post-image, and in the target after the patch (0: its
    hunk did not land)."""

    hunk: int
    line: int
    target: int
    text: bytes


@dataclass(frozen=True, slots=True)
class AddedFile:
    """A C file of a patch. `path` is the target's; `lines` are those added by hunks that landed or that
    conflict; `placements` maps each hunk to where it is (None: the file landed as a whole)."""

    change: FileChange
    path: str
    lines: tuple[AddedLine, ...]
    placements: Mapping[int, Placement | None]

    @property
    def landed(self) -> tuple[AddedLine, ...]:
        return tuple(x for x in self.lines if x.target)

    @property
    def stuck(self) -> tuple[AddedLine, ...]:
        return tuple(x for x in self.lines if not x.target)


def added_files(context: Context) -> tuple[AddedFile, ...]:
    """The C files of the patch with what hunks add that landed or conflict; there hunks are left out."""
    return context.once("added files", lambda: tuple(_files(context)))


def _files(context: Context) -> Iterator[AddedFile]:
    for file in context.placed.files:
        change = file.change
        if language(change.path) == "c" and change.hunks and change.new_path:
            found = _file(context, file)
            if found.lines or any(p is None or p.kind.lands for p in found.placements.values()):
                yield found


def _file(context: Context, file: FilePlacement) -> AddedFile:
    change = file.change
    if not file.placements:
        if not file.kind.lands:
            return AddedFile(change, file.target_path, (), {})
        lines = tuple(x for h in change.hunks for x in _unplaced(h, landed=True))
        return AddedFile(
            change, change.new_path, lines, dict.fromkeys((h.number for h in change.hunks), None)
        )
    placements = {p.hunk: p for p in file.placements}
    path = next((p.target_path for p in file.placements if p.target_path), file.target_path)
    finder = _Finder(context)
    added: list[AddedLine] = []
    for hunk in change.hunks:
        placement = placements.get(hunk.number)
        if placement is None or placement.kind.there:
            continue
        if placement.kind.lands and placement.target_path == path:
            added += finder.landed(hunk, placement)
        elif not placement.kind.lands:
            added += _unplaced(hunk, landed=False)
    return AddedFile(change, path, tuple(added), placements)


def _unplaced(hunk: Hunk, landed: bool) -> Iterator[AddedLine]:
    number = hunk.new_start
    for line in hunk.lines:
        if line.kind is LineKind.ADDED:
            yield AddedLine(hunk.number, number, number if landed else 0, line.text)
        number += line.kind is not LineKind.REMOVED


class _Finder:
    """Finds runs of added lines in the target after the patch, near where their hunk was placed."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lines: dict[str, list[bytes]] = {}
        self._shift = 0

    def landed(self, hunk: Hunk, placement: Placement) -> Iterator[AddedLine]:
        lines = self._text(placement.target_path)
        expected = placement.target_line - 1 + self._shift
        for first, run in _runs(hunk):
            at = _nearest(lines, run, expected)
            if at is not None:
                expected = at + len(run)
                for offset, text in enumerate(run):
                    yield AddedLine(hunk.number, first + offset, at + offset + 1, text)
        self._shift += len(hunk.postimage) - len(hunk.preimage)

    def _text(self, path: str) -> list[bytes]:
        if path not in self._lines:
            data = self._context.after_text(path) or b""
            self._lines[path] = [x.rstrip(b"\r") for x in data.split(b"\n")]
        return self._lines[path]


def _runs(hunk: Hunk) -> Iterator[tuple[int, list[bytes]]]:
    """(line of the post-image, lines) of each maximal run of added lines."""
    number = hunk.new_start
    run: list[bytes] = []
    for line in hunk.lines:
        if line.kind is LineKind.ADDED:
            run.append(line.text.rstrip(b"\r"))
            number += 1
            continue
        if run:
            yield number - len(run), run
            run = []
        number += line.kind is LineKind.CONTEXT
    if run:
        yield number - len(run), run


def _nearest(lines: Sequence[bytes], run: Sequence[bytes], expected: int) -> int | None:
    """Where `run` stands nearest to `expected` (0-based); None where it does not stand."""
    size = len(lines) - len(run)
    for distance in range(max(expected, size - expected) + 1):
        for at in dict.fromkeys((expected + distance, expected - distance)):
            if 0 <= at <= size and lines[at] == run[0] and lines[at : at + len(run)] == list(run):
                return at
    return None
