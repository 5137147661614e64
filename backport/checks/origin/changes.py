"""What two patches change, compared: their added and removed lines, file by file and function by function."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from backport.csource import region_map
from backport.model import FileChange, HunkLine, LineKind, Patch, RegionKind

Texts = Callable[[str], bytes | None]
"""A file's bytes by its path; None where it is not at hand."""


@dataclass(frozen=True, slots=True)
class Change:
    """One added or removed line. `line` is its line in the image that it stands in (added: after the change,
    removed: before), `hunk` the number of its hunk, `function` the label of the region that it stands in ("" at
    file scope); `sure` says that the function was read from the whole file."""

    kind: LineKind
    text: bytes
    line: int
    hunk: int
    function: str = ""
    sure: bool = False


@dataclass(frozen=True, slots=True)
class FileChanges:
    path: str
    changes: tuple[Change, ...]
    notes: tuple[str, ...] = ()
    """What is done to the file as a whole: renamed, deleted, its mode."""


def lines_of(patch: Patch) -> Counter[tuple[str, LineKind, bytes]]:
    """The changed lines of a patch by file, each as often as it is changed."""
    return Counter(
        (f.path, x.kind, x.text.rstrip(b"\r"))
        for f in patch.files
        for h in f.hunks
        for x in h.lines
        if x.kind is not LineKind.CONTEXT
    )


def same_changes(one: Patch, other: Patch) -> bool:
    """Whether both add and remove the same lines in the same files; context and line numbers do not count."""
    return lines_of(one) == lines_of(other) and _wholes(one) == _wholes(other)


def _wholes(patch: Patch) -> set[tuple[str, tuple[str, ...], bool]]:
    return {(f.path, whole_notes(f), f.binary is None) for f in patch.files}


def whole_notes(change: FileChange) -> tuple[str, ...]:
    """What a patch does to a file as a whole, in words that complete "upstream also ..."."""
    notes = []
    if change.old_path and change.new_path and change.old_path != change.new_path:
        notes.append(f"renames {change.old_path} to {change.new_path}")
    if not change.new_path:
        notes.append(f"deletes {change.old_path}")
    if not change.old_path:
        notes.append(f"adds {change.new_path}")
    if change.old_mode and change.new_mode and change.old_mode != change.new_mode:
        notes.append(f"makes {change.path} mode {change.new_mode}")
    return tuple(notes)


def changes_of(patch: Patch, before: Texts, after: Texts) -> tuple[FileChanges, ...]:
    """All that a patch changes, each line with the function that it stands in."""
    return tuple(
        FileChanges(f.path, tuple(_placed(f, before, after)), whole_notes(f))
        for f in patch.files
        if f.binary is None
    )


def _placed(file: FileChange, before: Texts, after: Texts) -> Iterator[Change]:
    plain = list(_plain(file))
    old = _labels(file.old_path, before, [c.line for c in plain if c.kind is LineKind.REMOVED])
    new = _labels(file.new_path, after, [c.line for c in plain if c.kind is LineKind.ADDED])
    sections = {h.number: _section(h.section) for h in file.hunks}
    for change in plain:
        labels = old if change.kind is LineKind.REMOVED else new
        if labels is None:
            yield replace(change, function=sections[change.hunk])
        else:
            yield replace(change, function=labels(change.line), sure=True)


def _plain(file: FileChange) -> Iterator[Change]:
    for hunk in file.hunks:
        old, new = hunk.old_start, hunk.new_start
        for line in hunk.lines:
            if line.kind is LineKind.REMOVED:
                yield _change(line, old, hunk.number)
            elif line.kind is LineKind.ADDED:
                yield _change(line, new, hunk.number)
            old += line.kind is not LineKind.ADDED
            new += line.kind is not LineKind.REMOVED


def _change(line: HunkLine, number: int, hunk: int) -> Change:
    return Change(line.kind, line.text.rstrip(b"\r"), number, hunk)


def _labels(path: str, texts: Texts, lines: Sequence[int]) -> Callable[[int], str] | None:
    data = texts(path) if path and lines else None
    if data is None:
        return None
    regions = region_map(path, data, frozenset(lines))

    def label(line: int) -> str:
        region = regions.at(line)
        return region.label() if region is not None and region.kind is not RegionKind.DECLARATION else ""

    return label


_CALLED = re.compile(rb"([A-Za-z_]\w*)\s*\(")
_TAGGED = re.compile(rb"\b(struct|union|enum)\s+(\w+)")


def _section(section: bytes) -> str:
    """The function that a hunk's header names, as a label; "" where it names none."""
    if match := _CALLED.search(section):
        return f"{match[1].decode('ascii', 'replace')}()"
    if match := _TAGGED.search(section):
        return match[0].decode("ascii", "replace")
    return ""


def without_common(ours: Iterable[Change], theirs: Iterable[Change]) -> tuple[list[Change], list[Change]]:
    """What only one of two sides changes in a file. A line that both change is taken out, in the same function
    first; one that both change, but in different functions, stays where both functions are sure."""
    left, right = list(ours), list(theirs)
    common = Counter(map(_at_home, left)) & Counter(map(_at_home, right))
    left, right = _less(left, common), _less(right, common)
    kept: list[Change] = []
    for change in left:
        twin = next((x for x in right if _alike(x, change)), None)
        if twin is None:
            kept.append(change)
        else:
            right.remove(twin)
    return kept, right


def _at_home(change: Change) -> tuple[LineKind, bytes, str]:
    return change.kind, change.text, change.function


def _less(changes: list[Change], common: Counter[tuple[LineKind, bytes, str]]) -> list[Change]:
    spare = Counter(common)
    kept = []
    for change in changes:
        if spare[_at_home(change)] > 0:
            spare[_at_home(change)] -= 1
        else:
            kept.append(change)
    return kept


def _alike(one: Change, other: Change) -> bool:
    """Whether both are the same line, and nothing says that they stand in different functions."""
    if (one.kind, one.text) != (other.kind, other.text):
        return False
    return not (one.sure and other.sure and len(one.text.strip()) > 3)
