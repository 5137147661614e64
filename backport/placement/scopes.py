"""Which function, struct or table each changed line of a hunk is in, read from the hunk alone.

The fallback for a patch whose base is not at hand: git's section heading says what the hunk begins in, and a
definition that begins within the hunk says what follows. Kernel style is relied on as git itself relies on
it: a definition begins in column 0, and a `}` in column 0 ends it. With a base the syntax tree answers instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from backport.csource import RegionMap, language, region_map
from backport.model import Hunk, HunkLine, LineKind, Region, RegionKind
from backport.placement.lines import images

_LABEL = re.compile(rb"[A-Za-z_]\w*:\s*(/[*/].*)?$")
_HEAD = re.compile(rb"[A-Za-z_]")
_STATEMENT = re.compile(rb"\b(?:if|for|while|switch|do|else|return|goto|case|default)\b")
"""What no head of a definition holds."""
_MACRO = re.compile(rb"#\s*define\s+([A-Za-z_]\w*)")
_END_OF_HEAD = re.compile(rb"([;{])")

_OUTSIDE = re.compile(rb"/\*|//| \*(?:[ /*]|$)|#\s*include\b")
"""What kernel style has in column 0 or 1 only outside of bodies: comments above functions, includes."""

_NAME_BEFORE_BRACE = re.compile(rb"([A-Za-z_]\w*)\s*(\[[^]]*\]\s*)*=?\s*\{?\s*$")


def hunk_scopes(path: str, hunk: Hunk) -> tuple[Region, ...]:
    """The regions that the hunk's changed lines touch, in order, each once; lines are the hunk's own.

    A region known only by the section heading has first = last = name_line = 0. Empty where the hunk does
    not say.
    """
    if language(path) != "c":
        return _other_scope(path, hunk)
    scope = _section_scope(hunk)
    macro = False
    touched: dict[tuple[str, str], Region] = {}
    old = hunk.old_start
    lines = hunk.lines
    for number, line in enumerate(lines):
        text = line.text
        if not macro and (head := _MACRO.match(text)):
            inner = Region(RegionKind.MACRO, head[1].decode(), old, old, old)
            macro = text.endswith(b"\\")
            _note(touched, inner, line.kind)
            old += line.kind is not LineKind.ADDED
            continue
        if macro:
            _note(touched, inner, line.kind)
            macro = text.endswith(b"\\")
            old += line.kind is not LineKind.ADDED
            continue
        if _HEAD.match(text) and not _LABEL.match(text):
            scope = _head_scope(
                [x.text for x in lines[number : number + 12] if _same_side(x.kind, line.kind)], old
            )
        elif _OUTSIDE.match(text):
            scope = None
        _note(touched, scope, line.kind)
        if text.startswith(b"}"):
            scope = None
        old += line.kind is not LineKind.ADDED
    return tuple(touched.values())


def _same_side(kind: LineKind, of: LineKind) -> bool:
    return kind is of or LineKind.CONTEXT in (kind, of)


def _note(touched: dict[tuple[str, str], Region], scope: Region | None, kind: LineKind) -> None:
    if scope is not None and kind is not LineKind.CONTEXT:
        touched.setdefault((scope.kind.value, scope.name), scope)


def _other_scope(path: str, hunk: Hunk) -> tuple[Region, ...]:
    name = hunk.section.decode("utf-8", "replace").strip()
    return (Region(RegionKind.SECTION, name, 0, 0, 0),) if name else ()


def _section_scope(hunk: Hunk) -> Region | None:
    """What the section heading says that the hunk begins in; None for a label, a prototype or nothing."""
    section = hunk.section.strip()
    if not section or _LABEL.match(section) or not _HEAD.match(section) or section.startswith(b"extern "):
        return None
    if section.count(b"(") > section.count(b")"):
        # The hunk may begin within the head itself: what ends it tells a definition from a prototype.
        for line in hunk.lines:
            if line.kind is not LineKind.ADDED and (end := _END_OF_HEAD.search(line.text)):
                if end[1] == b";" and b"{" not in line.text[: end.start(1)] and line.text[:1] in b" \t":
                    depth = section.count(b"(") - section.count(b")")
                    if _closes(hunk, line, depth):
                        return None
                break
    return _named_head(section, 0)


def _closes(hunk: Hunk, last: HunkLine, depth: int) -> bool:
    """Whether the parentheses that the heading left open are closed by the end of `last`, not before."""
    for line in hunk.lines:
        if line.kind is LineKind.ADDED:
            continue
        if depth <= 0:
            return False
        depth += line.text.count(b"(") - line.text.count(b")")
        if line is last:
            return depth == 0
    return False


def _head_scope(lines: Sequence[bytes], line: int) -> Region | None:
    """The region that begins with `lines[0]`; None for what has no body (prototypes, variables)."""
    head = b""
    for text in lines:
        head += b" " + text
        brace, semicolon = head.find(b"{"), head.find(b";")
        if semicolon >= 0 and (brace < 0 or semicolon < brace):
            return None
        if brace >= 0:
            return _named_head(head[: brace + 1].strip(), line)
    return _named_head(head.strip(), line) if b"(" in head else None


@lru_cache(maxsize=512)
def _named_head(head: bytes, line: int) -> Region | None:
    """Complete a head so that the C room can name it, also by its macro dialect."""
    if _STATEMENT.search(head):
        return None
    body = head.rstrip(b"{ \t,")
    missing = body.count(b"(") - body.count(b")")
    if missing > 0:
        body += b" x" * body.endswith(b"(") + b")" * missing
    if body.endswith(b"="):
        text = body + b" {};\n"
    elif b"(" in body:
        text = body + b"\n{\n}\n"
    else:
        text = body + b" { int x; };\n"
    for region in region_map("x.c", text).regions:
        if region.name and region.kind is not RegionKind.DECLARATION:
            return Region(region.kind, region.name, line, line, line)
    found = _NAME_BEFORE_BRACE.search(head)
    if b"(" not in head and found and b"=" in head:
        return Region(RegionKind.INITIALISER, found[1].decode(), line, line, line)
    return None


def scopes_in_base(hunk: Hunk, base: RegionMap, own: Iterable[Region]) -> tuple[Region, ...]:
    """The regions of the pre-image that a hunk changes, by the base's own map.

    Removed lines are in the region that holds them. An insertion is in the region that holds the lines on
    both its sides; one between two regions is in what it brings itself (`own`, from the hunk).
    """
    parts = images(hunk)
    start = hunk.old_start if hunk.old_count else hunk.old_start + 1
    touched: dict[tuple[str, str], Region] = {}
    for run in parts.runs:
        if run.removed:
            for region in base.over(range(start + run.old_first, start + run.old_last)):
                touched.setdefault((region.kind.value, region.name), region)
            continue
        below = base.at(start + run.old_first)
        above = base.at(start + run.old_first - 1)
        if below is not None and below == above:
            touched.setdefault((below.kind.value, below.name), below)
    for region in own:
        if region.first and (region.kind.value, region.name) not in touched and brings(hunk, region):
            touched.setdefault((region.kind.value, region.name), region)
    return tuple(touched.values())


def lines_in_base(hunks: Iterable[Hunk]) -> frozenset[int]:
    """The lines of the base that `scopes_in_base` asks its map for."""
    asked: set[int] = set()
    for hunk in hunks:
        start = hunk.old_start if hunk.old_count else hunk.old_start + 1
        for run in images(hunk).runs:
            asked.update(range(start + run.old_first - 1, start + max(run.old_last, run.old_first + 1)))
    return frozenset(asked)


def may_bring(hunk: Hunk) -> bool:
    """Whether `brings` can be true of any region: cheaper than to find what the hunk's regions are."""
    return any(_is_brought(line) for line in hunk.lines)


def brings(hunk: Hunk, region: Region) -> bool:
    """Whether the hunk adds the region: only its added lines hold the name, one of them at its head."""
    name = region.name.encode()
    if any(name in line.text for line in hunk.lines if line.kind is not LineKind.ADDED):
        return False
    return any(name in line.text and _is_brought(line) for line in hunk.lines)


def _is_brought(line: HunkLine) -> bool:
    """Whether a line is added and can be the head of something."""
    head = _HEAD.match(line.text) is not None or line.text[:1] == b"#"
    return line.kind is LineKind.ADDED and head
