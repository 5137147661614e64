"""The list of what was mended, and how each repair is said."""

from __future__ import annotations

from collections.abc import Sequence

from backport.model import Repair, RepairKind, Severity


def repair(kind: RepairKind, severity: Severity, lines: Sequence[int], what: str) -> Repair:
    """A repair of these lines of the document (at least one)."""
    return Repair(kind, severity, lines[0], what, tuple(lines))


def counted(lines: Sequence[int], one: str, many: str) -> str:
    return f"{len(lines)} {one if len(lines) == 1 else many}"


def blank_context(lines: Sequence[int]) -> Repair:
    what = f"{counted(lines, 'blank context line has', 'blank context lines have')} lost the leading blank"
    return repair(RepairKind.BLANK_CONTEXT, Severity.NOTE, lines, what)


def tabbed_context(lines: Sequence[int]) -> Repair:
    what = f"{counted(lines, 'context line begins', 'context lines begin')} with a tab: the leading blank was lost"
    return repair(RepairKind.OTHER, Severity.WARNING, lines, what)


def unwrapped(lines: Sequence[int]) -> Repair:
    what = (
        f"{counted(lines, 'line was', 'lines were')} broken by a mail program, and joined to the line above"
    )
    return repair(RepairKind.UNWRAPPED, Severity.WARNING, lines, what)


def line_endings(lines: Sequence[int]) -> Repair:
    what = f"the header lines end in CR LF: the CR was taken off {counted(lines, 'line', 'lines')}"
    return repair(RepairKind.LINE_ENDINGS, Severity.NOTE, lines, what)


def last_newline(line: int) -> Repair:
    return repair(
        RepairKind.MISSING_LAST_NEWLINE, Severity.NOTE, [line], "the last line of the diff had no line feed"
    )


def short_hunk(line: int, number: int, missing: int, header: int) -> Repair:
    lines = "1 line" if missing == 1 else f"{missing} lines"
    what = (
        f"hunk {number} is {lines} shorter than its header (line {header}) says: "
        f"context at its end is lost, the counts were corrected"
    )
    return repair(RepairKind.SHORT_HUNK, Severity.WARNING, [line], what)


def long_hunk(lines: Sequence[int], number: int) -> Repair:
    what = (
        f"hunk {number} is followed by {counted(lines, 'context line', 'context lines')} more than its header "
        f"counts: left out"
    )
    return repair(RepairKind.LONG_HUNK, Severity.WARNING, lines, what)


def header_blanks(lines: Sequence[int]) -> Repair:
    what = f"{counted(lines, 'hunk header has', 'hunk headers have')} blanks too many or too few: put right"
    return repair(RepairKind.DOUBLED_SPACE_HEADER, Severity.NOTE, lines, what)


def left_out(lines: Sequence[int], what: str) -> Repair:
    return repair(RepairKind.OTHER, Severity.WARNING, lines, what)
