"""Lines, runs and edits: the small values that all placement algorithms share.

Indices in this room are 0-based and half-open, as Python slices are; the model's line numbers are
1-based. A line is bytes *with* its line feed, so that a missing one at the end of a file counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from backport.model import Hunk, HunkLine, LineKind


def split_lines(data: bytes) -> list[bytes]:
    """The lines of `data` with their line feeds (only `\\n` ends a line, as in git)."""
    lines = data.split(b"\n")
    last = lines.pop()
    result = [line + b"\n" for line in lines]
    if last:
        result.append(last)
    return result


def full_line(line: HunkLine) -> bytes:
    """A hunk's line as it stands in a file."""
    return line.text + b"\n" if line.newline else line.text


def key(line: bytes) -> bytes:
    """A line without the white space that says nothing: equal keys differ in white space only."""
    return b" ".join(line.split())


def keys(lines: Sequence[bytes]) -> list[bytes]:
    return [b" ".join(line.split()) for line in lines]


class Run(NamedTuple):
    """A maximal group of changed lines within a hunk.

    `old` and `new` are the half-open ranges of its lines in the hunk's pre-image and post-image.
    """

    old_first: int
    old_last: int
    new_first: int
    new_last: int
    removed: tuple[bytes, ...]
    added: tuple[bytes, ...]


class Images(NamedTuple):
    """A hunk taken apart: its images as full lines, its runs, and its outer context."""

    old: tuple[bytes, ...]
    new: tuple[bytes, ...]
    runs: tuple[Run, ...]
    leading: int
    trailing: int

    @property
    def turned(self) -> Images:
        """The hunk turned round: what takes the change back."""
        runs = tuple(
            Run(r.new_first, r.new_last, r.old_first, r.old_last, r.added, r.removed) for r in self.runs
        )
        return Images(self.new, self.old, runs, self.leading, self.trailing)


def images(hunk: Hunk) -> Images:
    """Take a hunk apart. Runs are in order; there is at least one in a well-formed hunk."""
    old: list[bytes] = []
    new: list[bytes] = []
    runs: list[Run] = []
    start: tuple[int, int] | None = None
    for line in hunk.lines:
        text = full_line(line)
        if line.kind is LineKind.CONTEXT:
            if start is not None:
                runs.append(_run(old, new, start))
                start = None
            old.append(text)
            new.append(text)
            continue
        if start is None:
            start = (len(old), len(new))
        (new if line.kind is LineKind.ADDED else old).append(text)
    trailing = 0
    if start is not None:
        runs.append(_run(old, new, start))
    elif runs:
        trailing = len(old) - runs[-1].old_last
    return Images(tuple(old), tuple(new), tuple(runs), runs[0].old_first if runs else len(old), trailing)


def _run(old: list[bytes], new: list[bytes], start: tuple[int, int]) -> Run:
    return Run(start[0], len(old), start[1], len(new), tuple(old[start[0] :]), tuple(new[start[1] :]))


class Edit(NamedTuple):
    """Replace the target's lines [first, last) by `lines`."""

    first: int
    last: int
    lines: tuple[bytes, ...]


def apply_edits(lines: Sequence[bytes], edits: Sequence[Edit]) -> list[bytes]:
    """The lines after all edits. Edits that overlap an earlier one are a caller's mistake: ValueError.

    Only a file's last line may lack its line feed: one that other lines now follow gets it."""
    result: list[bytes] = []
    at = 0
    for edit in sorted(edits, key=lambda e: (e.first, e.last)):
        if edit.first < at:
            raise ValueError("edits overlap")
        _append(result, lines[at : edit.first])
        _append(result, edit.lines)
        at = edit.last
    _append(result, lines[at:])
    return result


def _append(result: list[bytes], lines: Sequence[bytes]) -> None:
    if lines and result and not result[-1].endswith(b"\n"):
        result[-1] += b"\n"
    result.extend(lines)


def edits_at(parts: Images, at: int) -> tuple[Edit, ...]:
    """The edits of a hunk whose pre-image stands at index `at` of the target, line for line."""
    return tuple(Edit(at + r.old_first, at + r.old_last, r.added) for r in parts.runs)


def first_changed_line(hunk: Hunk) -> int:
    """The 1-based line in the pre-image of the hunk's first change (for a pure insertion: the line
    that the new text pushes down)."""
    parts = images(hunk)
    start = hunk.old_start if hunk.old_count else hunk.old_start + 1
    return start + (parts.runs[0].old_first if parts.runs else 0)
