"""The regions of files that are not C: a scanner by lines, ruled by `outlines.toml`."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from ..model import Region, RegionKind
from .languages import outline_tables
from .lines import Lines
from .regions import RegionMap

MOST_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: re.Pattern[bytes]
    kind: RegionKind
    extent: str
    begin: bytes
    end: bytes


@dataclass(frozen=True, slots=True)
class _Rules:
    rules: tuple[_Rule, ...]
    stop: re.Pattern[bytes] | None


@lru_cache(maxsize=32)
def _rules(language: str) -> _Rules:
    tables = outline_tables()
    stop = tables["stop"].get(language)
    return _Rules(
        tuple(
            _Rule(
                re.compile(x["pattern"].encode(), re.MULTILINE),
                RegionKind(x["kind"]),
                x["extent"],
                x.get("begin", "").encode(),
                x.get("end", "").encode(),
            )
            for x in tables["rule"]
            if x["language"] == language
        ),
        re.compile(stop.encode(), re.MULTILINE) if stop else None,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    """A rule's match; `starts` are the offsets at which a region of extent `next` must end."""

    data: bytes
    match: re.Match[bytes]
    rule: _Rule
    name: bytes
    starts: list[int]


def outline(language: str, data: bytes) -> RegionMap:
    """The regions of `data`, read as `language`."""
    if len(data) > MOST_BYTES:
        return RegionMap((), f"the file has {len(data)} bytes, its regions were not looked for")
    rules, lines = _rules(language), Lines(data)
    matches = [(x, rule) for rule in rules.rules for x in rule.pattern.finditer(data)]
    starts = {x.start() for x, _ in matches}
    if rules.stop:
        starts.update(x.start() for x in rules.stop.finditer(data))
    ordered = sorted(starts)
    regions = []
    for match, rule in matches:
        group = "name" if match["name"] is not None else "other"
        found = _Found(data, match, rule, match[group].strip(), ordered)
        end = max(_EXTENTS[rule.extent](found), match.end(group))
        name = " ".join(found.name.decode("utf-8", "replace").split())
        first, last = lines.at(_first_code(match)), lines.at(max(end - 1, match.start(group)))
        regions.append(Region(rule.kind, name, first, last, lines.at(match.start(group))))
    return RegionMap(regions)


def _first_code(match: re.Match[bytes]) -> int:
    """The offset of a match's first byte that is not blank."""
    return match.start() + len(match[0]) - len(match[0].lstrip())


def _trimmed(data: bytes, start: int, end: int) -> int:
    """`end` without the blank lines before it."""
    return start + len(data[start:end].rstrip())


def _next(found: _Found) -> int:
    index = bisect_right(found.starts, found.match.start())
    end = found.starts[index] if index < len(found.starts) else len(found.data)
    return _trimmed(found.data, found.match.start(), end)


_BRACE_EVENT = re.compile(
    rb'//[^\n]*+|/\*[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/)?|r(#*+)".*?"\1|"[^"\\]*+(?:\\.[^"\\]*+)*+"?'
    rb"|'(?:\\[^\n]|[^\\'\n])[^'\n]{0,8}?'|[{};]",
    re.DOTALL,
)


def _brace(found: _Found) -> int:
    depth = 0
    for event in _BRACE_EVENT.finditer(found.data, max(found.match.start(), found.match.end() - 1)):
        if event[0] == b"{":
            depth += 1
        elif event[0] == b"}":
            depth -= 1
            if depth <= 0:
                return event.end()
        elif event[0] == b";" and not depth:
            return event.end()
    return found.match.end()


def _indentation(match: re.Match[bytes]) -> bytes:
    text = match[0].lstrip(b"\n")
    return text[: len(text) - len(text.lstrip(b" \t"))]


def _closer(found: _Found) -> int:
    line_end = _line_end(found.data, found.match.end())
    if found.data[found.match.end() : line_end].rstrip().endswith((b"}", b")")):
        return line_end
    closing = re.compile(rb"^" + re.escape(_indentation(found.match)) + rb"[})]", re.MULTILINE)
    end = closing.search(found.data, line_end)
    return end.end() if end else line_end


def _line_end(data: bytes, offset: int) -> int:
    end = data.find(b"\n", offset)
    return end if end >= 0 else len(data)


def _indent(found: _Found) -> int:
    width = len(_indentation(found.match).expandtabs(8))
    end = position = _line_end(found.data, found.match.end())
    while position < len(found.data):
        after = _line_end(found.data, position + 1)
        line = found.data[position + 1 : after].expandtabs(8)
        if line.strip():
            deeper = len(line) - len(line.lstrip()) > width
            if not deeper and not line.lstrip().startswith((b")", b"]", b"}", b"#")):
                return end
            if deeper or not line.lstrip().startswith(b"#"):
                end = after
        position = after
    return end


def _line(found: _Found) -> int:
    end = _line_end(found.data, found.match.end())
    while end < len(found.data) and found.data[end - 1 : end] == b"\\":
        end = _line_end(found.data, end + 1)
    return end


def _recipe(found: _Found) -> int:
    end = _line(found)
    while found.data[end : end + 2] == b"\n\t":
        end = _line_end(found.data, end + 1)
    return end


def _until(found: _Found) -> int:
    text = found.rule.end.replace(b"{name}", re.escape(found.name))
    end = re.compile(text, re.MULTILINE).search(found.data, found.match.end())
    return _line_end(found.data, end.start() + 1) if end else _next(found)


def _block(found: _Found) -> int:
    depth = 0
    levels = re.compile(rb"(?P<end>" + found.rule.end + rb")|" + found.rule.begin, re.MULTILINE)
    for event in levels.finditer(found.data, found.match.start()):
        depth += -1 if event["end"] is not None else 1
        if depth <= 0:
            return _line_end(found.data, event.end())
    return _trimmed(found.data, found.match.start(), len(found.data))


_EXTENTS: dict[str, Callable[[_Found], int]] = {
    "next": _next,
    "brace": _brace,
    "closer": _closer,
    "indent": _indent,
    "line": _line,
    "recipe": _recipe,
    "until": _until,
    "block": _block,
}
