"""The body of one hunk: which lines belong to it, and what must be mended to make it whole.

A repair is made only where it is certain. The header's counts are the witness: a lost blank, a
wrapped line or a missing last context line is put right only where the counts come out with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from backport.errors import DamagedPatchError
from backport.intake.text import Text

HEADER = re.compile(rb"@@ -(\d{1,18})(?:,(\d{1,18}))? \+(\d{1,18})(?:,(\d{1,18}))? @@(.*)", re.DOTALL)
LOOSE_HEADER = re.compile(
    rb"\s?@@\s*-(\d{1,18})(?:,(\d{1,18}))?\s+\+(\d{1,18})(?:,(\d{1,18}))?\s*@@(.*)", re.DOTALL
)
SIGNATURE = re.compile(rb"-- ?\r?")
_VERSION = re.compile(rb"\d+\.\d+[\w.()+ -]*\r?")
_START = re.compile(rb"diff --|diff -|Index: |From [0-9a-f]{40} |commit [0-9a-f]{40}\b|@@ ")
_USUAL_CONTEXT = 3
_NARROWEST_WRAP, _WIDEST_WRAP = 62, 100


@dataclass(slots=True)
class Body:
    """The lines of a hunk as they must be given to a parser, with their places in the document.

    `blank`, `tabbed` and `wrapped` are the document's lines that were mended; `missing` is the
    number of context lines that the header promises and the document lacks; `end` is the index
    after the hunk."""

    lines: list[bytes] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    blank: list[int] = field(default_factory=list)
    tabbed: list[int] = field(default_factory=list)
    wrapped: list[int] = field(default_factory=list)
    missing: int = 0
    end: int = 0


class _Stuck(Exception):
    """The body does not go on at `index`; `old` and `new` lines are still expected."""

    def __init__(self, index: int, old: int, new: int, why: str) -> None:
        super().__init__(why)
        self.index = index
        self.old = old
        self.new = new
        self.why = why


def is_file_header(lines: Sequence[bytes], at: int) -> bool:
    """Whether a pair of `---` and `+++` lines with a hunk below stands at `at`."""
    return (
        at + 2 < len(lines)
        and lines[at].startswith(b"--- ")
        and lines[at + 1].startswith(b"+++ ")
        and LOOSE_HEADER.match(lines[at + 2]) is not None
    )


def is_signature(lines: Sequence[bytes], at: int) -> bool:
    """Whether a mail's or format-patch's trailer (`-- `, then a version or little text) stands there."""
    if not SIGNATURE.fullmatch(lines[at]):
        return False
    rest = [x for x in lines[at + 1 : at + 4] if x.strip()]
    return not rest or bool(_VERSION.fullmatch(rest[0])) or not _START.match(rest[0])


def _ends_with_version(lines: Sequence[bytes], at: int) -> bool:
    rest = lines[at + 1 : at + 2]
    return bool(SIGNATURE.fullmatch(lines[at])) and bool(rest) and bool(_VERSION.fullmatch(rest[0]))


def is_boundary(lines: Sequence[bytes], at: int) -> bool:
    """Whether something begins at `at` that cannot be part of a hunk."""
    if at >= len(lines):
        return True
    return bool(_START.match(lines[at])) or is_file_header(lines, at) or is_signature(lines, at)


def read_body(text: Text, start: int, old: int, new: int, name: str, *, git: bool) -> Body:
    """The body that begins at index `start` of `text` for a header that counts `old` and `new` lines.

    `git` says that every file of the diff has a `diff --git` line, so that a `---` line within a
    hunk is a removed line. Raises DamagedPatchError with the line at which it is not certain how
    the hunk goes on."""
    try:
        body = _walk(text, start, old, new, len(text))
    except _Stuck as stuck:
        return _shortened(text, start, old, new, name, stuck)
    swallowed = _swallowed(text.lines, start, body.end, git)
    if swallowed is not None:
        try:
            _walk(text, start, old, new, swallowed)
        except _Stuck as stuck:
            return _shortened(text, start, old, new, name, stuck)
    return body


def _swallowed(lines: Sequence[bytes], start: int, end: int, git: bool) -> int | None:
    """Index of a header or trailer that was read as part of the hunk though it is none of it."""
    for at in range(start, end):
        if not lines[at].startswith(b"--"):
            continue
        if not git and is_file_header(lines, at) and _same_name(lines[at], lines[at + 1]):
            return at
        if at == end - 1 and _ends_with_version(lines, at) and is_tail(lines, at + 2):
            return at
    return None


def is_tail(lines: Sequence[bytes], at: int) -> bool:
    """Whether a mail or the document ends at `at`: nothing, blank lines, or the next message."""
    for line in lines[at : at + 5]:
        if line.strip():
            return line.startswith((b"From ", b"_____", b"commit "))
    return True


def _same_name(old: bytes, new: bytes) -> bool:
    def last(line: bytes) -> bytes:
        return line[4:].partition(b"\t")[0].rstrip().rpartition(b"/")[2].removesuffix(b".orig")

    return last(old) == last(new) or b"/dev/null" in (old[4:13], new[4:13])


def _walk(text: Text, start: int, old: int, new: int, stop: int) -> Body:
    lines, body, at = text.lines, Body(), start
    while old or new:
        if at >= stop:
            raise _Stuck(at, old, new, "")
        line = lines[at]
        first = line[:1]
        if first == b"\\":
            _marker(body, text, at, old, new)
        elif first == b"+" and new:
            new -= 1
            _take(body, line, text.numbers[at])
        elif first == b"-" and old:
            old -= 1
            _take(body, line, text.numbers[at])
        elif old and new and first in (b" ", b"\t", b"", b"\r"):
            old, new = old - 1, new - 1
            _context(body, line, text.numbers[at])
        elif _wraps(body, line):
            _join(body, line, text.numbers[at])
        else:
            raise _Stuck(at, old, new, "")
        at += 1
    if at < stop and lines[at].startswith(b"\\ "):
        _marker(body, text, at, 0, 0)
        at += 1
    body.end = at
    return body


def _take(body: Body, line: bytes, number: int) -> None:
    body.lines.append(line)
    body.numbers.append(number)


def _context(body: Body, line: bytes, number: int) -> None:
    if line.startswith(b" "):
        _take(body, line, number)
        return
    # diff.suppressBlankEmpty and many mail programs drop the blank; a tab first tells the same.
    (body.tabbed if line.startswith(b"\t") else body.blank).append(number)
    _take(body, b" " + line, number)


def _marker(body: Body, text: Text, at: int, old: int, new: int) -> None:
    """`\\ No newline at end of file`: only after the last line of an image."""
    previous = body.lines[-1][:1] if body.lines else b""
    last_of = {b" ": old + new, b"-": old, b"+": new}
    if not text.lines[at].startswith(b"\\ ") or last_of.get(previous, 1):
        raise _Stuck(at, old, new, "a 'No newline' mark stands where lines of the file follow")
    _take(body, b"\\ No newline at end of file", text.numbers[at])


def _wraps(body: Body, line: bytes) -> bool:
    """Whether `line` can only be the rest of the line above, broken by a mail program: the line
    above is near a mail's width, and the first word of this one would not have fitted."""
    if not body.lines or line[:1] in (b" ", b"+", b"-", b"\\", b"\t", b"", b"\r") or _START.match(line):
        return False
    return body.lines[-1][:1] != b"\\" and would_wrap(body.lines[-1], line)


def would_wrap(above: bytes, line: bytes) -> bool:
    """Whether a mail program would have broken `above` before the first word of `line`."""
    width = len(above.expandtabs(8))
    word = line.split(None, 1)[:1]
    return bool(word) and width <= _WIDEST_WRAP and width + 1 + len(word[0]) > _NARROWEST_WRAP


def _join(body: Body, line: bytes, number: int) -> None:
    body.lines[-1] += line if body.lines[-1].endswith(b" ") else b" " + line
    body.wrapped.append(number)


def _shortened(text: Text, start: int, old: int, new: int, name: str, stuck: _Stuck) -> Body:
    """The hunk without context lines that were lost at its end, where that is all it lacks."""
    for stop in _stops(text.lines, start, stuck.index):
        try:
            body = _walk(text, start, old, new, stop)
            return body
        except _Stuck as short:
            if short.index != stop or short.old != short.new:
                continue
            body = _walk(text, start, old - short.old, new - short.new, stop)
            if body.end == stop and _only_context_lost(body, short.old):
                body.missing = short.old
                return body
    raise _damaged(text, start, name, stuck)


def _stops(lines: Sequence[bytes], start: int, stuck: int) -> list[int]:
    """Where the hunk may have ended, nearest to the trouble first."""
    found = [stuck] if is_boundary(lines, stuck) else []
    found += [
        at
        for at in range(min(stuck, len(lines)) - 1, start, -1)
        if is_file_header(lines, at) or _ends_with_version(lines, at)
    ]
    return found


def _only_context_lost(body: Body, missing: int) -> bool:
    """Whether the lost lines complete the context after the last change, and no more.

    diff gives as many lines of context after a change as before it, except at a file's ends. With
    more lines lost, changes could be among them."""
    kinds = [x[:1] for x in body.lines if x[:1] != b"\\"]
    if not any(x in (b"+", b"-") for x in kinds):
        return False
    leading = next(i for i, x in enumerate(kinds) if x != b" ")
    trailing = next(i for i, x in enumerate(reversed(kinds)) if x != b" ")
    return trailing > 0 and trailing + missing == max(leading, _USUAL_CONTEXT)


def _damaged(text: Text, start: int, name: str, stuck: _Stuck) -> DamagedPatchError:
    header = text.number(start - 1)
    line = text.number(stuck.index)
    hint = "get the patch anew, as raw text"
    lacks = f"{stuck.old} old and {stuck.new} new lines"
    if stuck.why and stuck.index < len(text):
        return DamagedPatchError(name, line, f"{stuck.why} (hunk of line {header})", hint)
    if is_boundary(text.lines, stuck.index):
        return DamagedPatchError(name, line, f"the hunk of line {header} lacks {lacks} here", hint)
    return DamagedPatchError(
        name, line, f"this line is no part of the hunk of line {header}, which lacks {lacks}", hint
    )
