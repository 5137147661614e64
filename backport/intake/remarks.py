"""Review comments: each remark of a reply, and the file and lines that it answers.

A remark answers the quoted lines right above it. Where those are lines of a diff that the patch
holds too, the place is the patch's; where they are of another diff (an older version, a merged one),
it is that of the quoted hunk's header. Where prose is quoted, the remark belongs to the place that
the quoted prose itself answered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from backport.intake.paths import git_names, header_name, strip_count
from backport.model import Comment, FileChange, LineKind, Person, Remark

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@")
_WROTE = re.compile(r".*\b(?:wrote|writes|said|schrieb|a écrit)\s*:$")
_ON = re.compile(r"(?:On|Am|Le)\b.*")
_ELISION = re.compile(r"\[?\s*(?:\.\.\.|…|snip\w*|trimmed|cut)\s*\]?|<snip>", re.IGNORECASE)
_LOOKBACK = 12


@dataclass(slots=True)
class _Line:
    """A quoted line. `kind` is a diff line's mark or "" for prose; numbers are those of the quoted
    hunk, 0 where its header is not quoted."""

    text: str
    kind: str = ""
    path: str = ""
    old: int = 0
    new: int = 0


@dataclass(slots=True)
class _Cursor:
    """Where in a quoted diff the walk is."""

    level: int = 0
    path: str = ""
    old_name: str = ""
    old: int = 0
    new: int = 0
    counting: bool = False


@dataclass(frozen=True, slots=True)
class _PatchLine:
    kind: LineKind
    text: str
    path: str
    old: int
    new: int


@dataclass(slots=True)
class _Block:
    """Quoted lines, and what was written below them."""

    quoted: list[_Line] = field(default_factory=list)
    text: list[str] = field(default_factory=list)


def read_comment(
    text: str,
    author: Person,
    date: str,
    files: Sequence[FileChange],
    earlier: Sequence[Comment] = (),
    message_id: str = "",
) -> Comment:
    """A review message with its remarks, tied to `files` (those of the patch that it answers).
    `earlier` are the comments that it may quote."""
    lines = _patch_lines(files)
    remarks: list[Remark] = []
    last: Remark | None = None
    for block in _blocks(text):
        said = _said(block.text)
        remark = _place(block.quoted, said, lines, earlier, last)
        if remark.file:
            last = remark
        if said:
            remarks.append(remark)
    return Comment(author, date, text.strip("\n"), tuple(remarks), message_id)


# --- a message taken apart ---------------------------------------------------------------------


def _blocks(text: str) -> list[_Block]:
    blocks = [_Block()]
    cursor = _Cursor()
    for raw in text.split("\n"):
        level, line = _unquote(raw)
        if not level:
            if blocks[-1].text or raw.strip():
                blocks[-1].text.append(raw)
            if _ELISION.fullmatch(raw.strip()):
                cursor.counting = False
            continue
        if any(x.strip() for x in blocks[-1].text):
            blocks.append(_Block())
        blocks[-1].quoted.append(_classify(cursor, level, line))
    return blocks


def _unquote(line: str) -> tuple[int, str]:
    """Level of a quoted line and its text; each mark takes one blank with it."""
    level = 0
    while line.startswith(">"):
        level += 1
        line = line[1:]
        if line.startswith(" "):
            line = line[1:]
    return level, line


def _classify(cursor: _Cursor, level: int, line: str) -> _Line:
    if _header(cursor, level, line):
        return _Line(line)
    if cursor.counting and level == cursor.level:
        return _counted(cursor, line)
    if line[:1] in ("+", "-") and level >= cursor.level and not line.startswith(("---", "- ", "-- ")):
        return _Line(line[1:], line[0], cursor.path if level == cursor.level else "")
    return _Line(line)


def _header(cursor: _Cursor, level: int, line: str) -> bool:
    """Follow the header lines of a quoted diff."""
    if line.startswith(("diff --git ", "diff -", "Index: ")):
        cursor.level, cursor.counting = level, False
        cursor.path = _diff_path(line)
        return True
    if line.startswith("--- ") and not cursor.counting:
        cursor.old_name = _name(line[4:])
        return True
    if line.startswith("+++ ") and not cursor.counting:
        new = _name(line[4:])
        cursor.level, cursor.path = level, _stripped(cursor.old_name, new)
        return True
    match = _HUNK.match(line)
    if match:
        cursor.level, cursor.counting = level, True
        cursor.old, cursor.new = int(match[1]), int(match[2])
        return True
    return False


def _counted(cursor: _Cursor, line: str) -> _Line:
    kind = line[:1] if line[:1] in ("+", "-", " ") else " "
    found = _Line(line[1:] if line[:1] == kind else line, kind, cursor.path, cursor.old, cursor.new)
    cursor.old += kind != "+"
    cursor.new += kind != "-"
    return found


def _name(rest: str) -> str:
    return header_name(rest.encode("utf-8", "surrogateescape"))[0].decode("utf-8", "replace")


def _diff_path(line: str) -> str:
    if line.startswith("diff --git "):
        names = git_names(line[len("diff --git ") :].encode("utf-8", "surrogateescape"))
        return _stripped(*(x.decode("utf-8", "replace") for x in names)) if names else ""
    words = [x for x in line.split()[1:] if not x.startswith("-")]
    return _stripped(words[-2], words[-1]) if len(words) >= 2 else words[-1] if words else ""


def _stripped(old: str, new: str) -> str:
    """The path that a quoted header names, without its prefix."""
    name = old if new == "/dev/null" else new
    count = strip_count(old.encode("utf-8", "replace"), new.encode("utf-8", "replace"))
    return name.split("/", 1 if count is None else count)[-1]


def _said(lines: Sequence[str]) -> str:
    """What is said in unquoted lines: without the `... wrote:` above the next quote, marks of what
    was cut, and a signature."""
    kept = [x for x in lines if not _ELISION.fullmatch(x.strip())]
    for at, line in enumerate(kept):
        if line.rstrip() == "--":
            kept = kept[:at]
            break
    while kept and not kept[-1].strip():
        kept.pop()
    if kept and _WROTE.fullmatch(kept[-1].strip()):
        kept.pop()
        while kept and kept[-1].strip() and not _ON.match(kept[-1].strip()):
            kept.pop()
        if kept and _ON.match(kept[-1].strip()):
            kept.pop()
    return "\n".join(kept).strip("\n").rstrip()


# --- places ------------------------------------------------------------------------------------


def _patch_lines(files: Sequence[FileChange]) -> list[_PatchLine]:
    found = []
    for file in files:
        for hunk in file.hunks:
            old, new = hunk.old_start, hunk.new_start
            for line in hunk.lines:
                text = _normal(line.text.decode("utf-8", "replace"))
                found.append(_PatchLine(line.kind, text, file.path, old, new))
                old += line.kind is not LineKind.ADDED
                new += line.kind is not LineKind.REMOVED
    return found


def _normal(text: str) -> str:
    """White space aside: mail programs turn tabs into blanks."""
    return " ".join(text.split())


def _place(
    quoted: Sequence[_Line],
    said: str,
    lines: Sequence[_PatchLine],
    earlier: Sequence[Comment],
    last: Remark | None,
) -> Remark:
    diff = [x for x in quoted if x.kind]
    prose = [x.text for x in quoted if not x.kind and x.text.strip()]
    at_end = next((x for x in reversed(quoted) if x.text.strip()), None)
    if at_end is not None and not at_end.kind:
        answered = _answered(prose, earlier)
        if answered:
            return Remark(said, answered.file, answered.line, answered.last_line, _shown(quoted))
    if diff:
        return _diff_place(diff, said, lines)
    if quoted and last is not None:
        return Remark(said, last.file, last.line, last.last_line, _shown(quoted))
    if not quoted and last is not None:
        return Remark(said, last.file, last.line, last.last_line)
    return Remark(said, quoted=_shown(quoted))


def _shown(quoted: Sequence[_Line]) -> str:
    return "\n".join(x.kind + x.text for x in quoted).strip("\n")


def _answered(prose: Sequence[str], earlier: Sequence[Comment]) -> Remark | None:
    """The placed remark of an earlier comment that the quoted prose was taken from."""
    wanted = [_normal(x) for x in prose]
    for line in reversed([x for x in wanted if len(x) >= 20]):
        for comment in reversed(earlier):
            for remark in comment.remarks:
                if remark.file and any(_normal(x) == line for x in remark.text.split("\n")):
                    return remark
    return None


def _diff_place(diff: Sequence[_Line], said: str, lines: Sequence[_PatchLine]) -> Remark:
    span = _span(diff)
    shown = "\n".join(x.kind + x.text for x in span)
    removed_only = all(x.kind != "+" for x in span) and any(x.kind == "-" for x in span)
    stop = _in_patch(span, diff, lines)
    if stop is not None:
        high = stop.old if removed_only else stop.new
        opening = next((i for i, x in enumerate(span) if x.text.strip()), 0)
        start = _in_patch(span[: opening + 1], diff, lines)
        low = high - (_at(span[-1], removed_only) - _at(span[opening], removed_only))
        if start is not None and start.path == stop.path:
            low = start.old if removed_only else start.new
        return Remark(said, stop.path, low if 0 <= high - low < len(span) else high, high, shown)
    low, high = (span[0].old, span[-1].old) if removed_only else (span[0].new, span[-1].new)
    path = span[-1].path
    return Remark(said, path, low if path else 0, max(low, high) if path else 0, shown)


def _at(line: _Line, old: bool) -> int:
    return line.old if old else line.new


def _span(diff: Sequence[_Line]) -> list[_Line]:
    """The lines that a remark is about: the last run of changed lines above it, with the context
    that was quoted below them; the last line where no change is quoted."""
    end = len(diff)
    while end > 1 and not diff[end - 1].text.strip():
        end -= 1
    at = end - 1
    while at > 0 and diff[at].kind == " ":
        at -= 1
    if diff[at].kind == " ":
        return list(diff[end - 1 : end])
    while at > 0 and diff[at - 1].kind in ("+", "-") and diff[at - 1].path == diff[at].path:
        at -= 1
    return list(diff[at:end])


def _in_patch(span: Sequence[_Line], diff: Sequence[_Line], lines: Sequence[_PatchLine]) -> _PatchLine | None:
    """The patch's own line of the last line of `span`, where the quoted text is part of the patch:
    the place before which most of the quoted lines stand too."""
    target = span[-1]
    end = next(i for i, x in enumerate(diff) if x is target)
    wanted = [_normal(x.text) for x in diff[max(0, end - _LOOKBACK) : end + 1] if x.text.strip()]
    if not wanted or not target.text.strip():
        return None
    texts = [(i, x) for i, x in enumerate(lines) if x.text]
    best: list[tuple[int, _PatchLine]] = []
    for index, (_, line) in enumerate(texts):
        if line.text != wanted[-1] or (target.path and line.path != target.path):
            continue
        if target.kind != " " and line.kind.value != target.kind:
            continue
        score = 0
        while score < min(len(wanted), index + 1) and texts[index - score][1].text == wanted[-1 - score]:
            score += 1
        best.append((score, line))
    best.sort(key=lambda x: (-x[0], abs(x[1].new - target.new)))
    if not best or (best[0][0] < 2 and (len(best) > 1 or len(wanted[-1]) < 8)):
        return None
    return best[0][1]
