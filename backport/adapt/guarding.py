"""The guard that the target needs around new code: definitions put under the condition of what they use. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from backport.csource import region_map
from backport.model import RegionKind

_DIRECTIVE = re.compile(rb"\s*#\s*(if|ifdef|ifndef|endif)\b")
_WHOLE = frozenset((RegionKind.FILE, RegionKind.SECTION, RegionKind.MACRO))
_ENDS = (b";", b"}")


@dataclass(frozen=True, slots=True)
class Guarded:
    """Lines `first` to `last` (1-based, of the text before) were put under `condition`."""

    first: int
    last: int
    condition: str
    label: str


def guarded(
    path: str, text: bytes, wanted: Mapping[int, str], added: Collection[int]
) -> tuple[bytes, tuple[Guarded, ...]]:
    """A file whose lines `wanted` (1-based) need a condition (`defined(X)` or an #if's words), with the definitions
    that hold them put under it. `added` are the lines that the patch brings: an #if group that is mostly of these is
    put under the condition as a whole."""
    lines = text.split(b"\n")
    groups = _groups(lines)
    found: dict[tuple[int, int], Guarded] = {}
    for line, condition in sorted(wanted.items()):
        first, last, label = _definition(path, text, lines, line)
        for group in groups:  # from the inside out
            inner = [n for n in range(group[0], group[1] + 1) if lines[n - 1].strip()]
            if group[0] <= first and last <= group[1] and 2 * sum(n in added for n in inner) >= len(inner):
                first, last = group
        found.setdefault((first, last), Guarded(first, last, condition, label))
    chosen = _outermost(tuple(found.values()))
    out: list[bytes] = []
    for number, row in enumerate(lines, 1):
        out += [_opening(g.condition) for g in chosen if g.first == number]
        out.append(row)
        out += [_closing(g.condition) for g in chosen if g.last == number]
    return b"\n".join(out), chosen


def _definition(path: str, text: bytes, lines: Sequence[bytes], line: int) -> tuple[int, int, str]:
    """The definition or declaration that a line stands in, with the comment directly above it."""
    region = region_map(path, text).at(line)
    if region is not None and region.kind not in _WHOLE:
        first, last, label = region.first, region.last, region.label()
    else:
        first = last = line
        while first > 1 and not _ends(lines[first - 2]):
            first -= 1
        while last < len(lines) and not lines[last - 1].rstrip().endswith(_ENDS):
            last += 1
        label = ""
    while first > 1 and lines[first - 2].lstrip().startswith((b"*", b"/*")):
        first -= 1
    return first, last, label


def _ends(line: bytes) -> bool:
    text = line.strip()
    return not text or text.endswith((*_ENDS, b"*/")) or text.startswith(b"#")


def _groups(lines: Sequence[bytes]) -> list[tuple[int, int]]:
    """The #if groups, inner ones first; one that holds the whole file (an include guard) is none."""
    stack: list[int] = []
    found: list[tuple[int, int]] = []
    for number, row in enumerate(lines, 1):
        match = _DIRECTIVE.match(row)
        if match is None:
            continue
        if match[1] != b"endif":
            stack.append(number)
        elif stack:
            found.append((stack.pop(), number))
    used = [n for n, row in enumerate(lines, 1) if row.strip()]
    return [g for g in found if any(n < g[0] or n > g[1] for n in used[1:-1])]


def _outermost(found: Sequence[Guarded]) -> tuple[Guarded, ...]:
    return tuple(
        g
        for g in found
        if not any(o is not g and o.first <= g.first and g.last <= o.last and o != g for o in found)
    )


def _opening(condition: str) -> bytes:
    name = _symbol(condition)
    return f"#ifdef {name}".encode() if name else f"#if {condition}".encode()


def _closing(condition: str) -> bytes:
    return f"#endif /* {_symbol(condition) or condition} */".encode()


def _symbol(condition: str) -> str:
    name = condition.removeprefix("defined(").removesuffix(")")
    return name if condition == f"defined({name})" and name.isidentifier() else ""
