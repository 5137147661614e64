"""git's own three-way merge of one file, with what it could not merge as regions of three texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from backport.git import Scratch, conflict_regions

_NAME = "file"
_SIZE = 61
"""Of markers, so that no line of a text (the `=======` below a title) is taken for one."""
_ATTRIBUTES = {".gitattributes": f"* conflict-marker-size={_SIZE}\n".encode()}


@dataclass(frozen=True, slots=True)
class Region3:
    """A conflict that git left. `line` is the first line of `target` in the target's file (1-based). Each text is a
    row of lines with a line feed BEFORE each, so that a line's first word carries it: b"" is no line at all."""

    line: int
    base: bytes
    target: bytes
    upstream: bytes


def git_merge(
    scratch: Scratch, path: str, base: bytes, target: bytes, upstream: bytes
) -> tuple[bytes | Region3, ...]:
    """Merge three texts as git merges files: stretches of merged text, each line behind its line feed, and regions."""
    name = path.rpartition("/")[2] or _NAME
    trees = [
        scratch.write_tree(None, {name: ("100644", scratch.write_blob(data))})
        for data in (base, target, upstream)
    ]
    merged = scratch.merge(trees[0], trees[1], trees[2], style="diff3", attributes=_ATTRIBUTES)
    entry = scratch.entry(merged.tree, name)
    data = (scratch.blob(entry.id) if entry is not None else None) or b""
    if not merged.files:
        return (b"\n" + data,)
    return tuple(_ended(cut(data, _SIZE), (base, target, upstream)))


def _ended(
    parts: tuple[bytes | Region3, ...], sides: tuple[bytes, bytes, bytes]
) -> Iterator[bytes | Region3]:
    """The parts with a conflict at the end of the file as the sides end: git puts a line feed behind each of them,
    whether it has one or not."""
    *_, last, rest = (b"", *parts)
    if not isinstance(last, Region3) or rest != b"\n" or all(x.endswith(b"\n") for x in sides):
        yield from parts
        return
    yield from parts[:-2]
    texts = (last.base, last.target, last.upstream)
    yield Region3(last.line, *(t + b"\n" * s.endswith(b"\n") for t, s in zip(texts, sides, strict=True)))


def cut(marked: bytes, marker_size: int = 7) -> tuple[bytes | Region3, ...]:
    """A text with markers (diff3 style) as stretches and regions."""
    lines = marked.split(b"\n")
    parts: list[bytes | Region3] = []
    at, shown = 0, 0
    for region in conflict_regions(marked, marker_size=marker_size):
        stretch = lines[at : region.first - 1]
        if stretch:
            parts.append(rows(stretch))
        shown += len(stretch)
        sides = (region.base or (), region.ours, region.theirs)
        parts.append(Region3(shown + 1, *(rows(x) for x in sides)))
        shown += len(region.ours)
        at = region.last
    if lines[at:]:
        parts.append(rows(lines[at:]))
    return tuple(parts)


def rows(lines: tuple[bytes, ...] | list[bytes]) -> bytes:
    """Lines with a line feed before each."""
    return b"".join(b"\n" + x for x in lines)
