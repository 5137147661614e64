"""Three-way merge of a file by its functions, structs and macros, wherever in the file the target has them. Pure.

git pairs lines from the top of a file to its end: where the target has the functions in another order, or others
between them, it lays a change on strangers. Here each named stretch is merged with its namesake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from backport.adapt.regions import rows
from backport.adapt.threeway import Merged, Sides, merge
from backport.adapt.words import Word, joined, words_of
from backport.csource import region_map
from backport.model import RegionKind, StrEnum

_WHOLE = frozenset((RegionKind.FILE, RegionKind.SECTION))
Key = tuple[str, int]
"""A name and its ordinal among equal ones; a stretch between has the key of what follows it, with a leading blank."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A named stretch with the comment above it, or what stands between two of them: lines `first` to `last`
    (0-based, half-open)."""

    key: Key
    label: str
    first: int
    last: int
    named: bool


def chunks(path: str, data: bytes) -> tuple[Chunk, ...]:
    """A file cut at its top-level stretches; all its lines are in one chunk, in order."""
    lines = data.split(b"\n")
    found: list[Chunk] = []
    seen: dict[str, int] = {}
    at = 0
    for region in region_map(path, data).regions:
        if region.kind in _WHOLE or region.first - 1 < at:
            continue
        first = _with_comment(lines, region.first - 1, at)
        seen[region.name] = seen.get(region.name, 0) + 1
        key = (region.name, seen[region.name])
        found.append(Chunk((" " + key[0], key[1]), "", at, first, False))
        found.append(Chunk(key, region.label(), first, region.last, True))
        at = region.last
    found.append(Chunk((" ", 0), "", at, len(lines), False))
    return tuple(found)


def _with_comment(lines: Sequence[bytes], first: int, least: int) -> int:
    """Where the comment directly above a line begins."""
    at = first
    if at > least and lines[at - 1].rstrip().endswith(b"*/"):
        while at > least and not lines[at - 1].lstrip().startswith(b"/*"):
            at -= 1
        return at - 1 if at > least else first
    while at > least and lines[at - 1].lstrip().startswith(b"//"):
        at -= 1
    return at


class How(StrEnum):
    """What upstream did to a named stretch."""

    CHANGED = "changed"
    BROUGHT = "brought"  # it is new
    REMOVED = "removed"
    THERE = "there"  # it is new upstream, and the target has it


@dataclass(frozen=True, slots=True)
class Stretch:
    """A chunk that upstream changed, on the target: lines `first` to `last` of the file (0-based, half-open) that
    `result` replaces. `result` is None where it does not merge; `place` is False where the target has no such
    chunk."""

    key: Key
    label: str
    first: int
    last: int
    base: bytes
    upstream: bytes
    target: bytes
    result: bytes | None
    how: How
    place: bool
    merged: Merged | None = None

    @property
    def said(self) -> str:
        """In one clause."""
        if not self.place and self.how is How.CHANGED:
            return f"the target has no {self.label}"
        return _SAID[self.how].format(self.label or "what is around it")


_SAID = {
    How.CHANGED: "{} is merged by itself, where the target has it",
    How.BROUGHT: "{} is new",
    How.REMOVED: "{} is taken out",
    How.THERE: "the target has {} already",
}


@dataclass(frozen=True, slots=True)
class ByFunction:
    """The target's file with what upstream changed, chunk by chunk. `text` is None where a chunk did not merge."""

    text: bytes | None
    stretches: tuple[Stretch, ...]


def merge_functions(path: str, base: bytes, target: bytes, upstream: bytes) -> ByFunction:
    """Merge a file by its chunks."""
    files = [_File(path, x) for x in (base, target, upstream)]
    return _Merge(*files).run()


class _File:
    def __init__(self, path: str, data: bytes) -> None:
        self.lines = data.split(b"\n")
        self.chunks = chunks(path, data)
        self.by_key: Mapping[Key, Chunk] = {c.key: c for c in self.chunks}
        self.number = {c.key: n for n, c in enumerate(self.chunks)}

    def text(self, chunk: Chunk | None) -> bytes:
        """The chunk's lines, each behind a line feed."""
        return rows(self.lines[chunk.first : chunk.last]) if chunk else b""


class _Merge:
    def __init__(self, base: _File, target: _File, upstream: _File) -> None:
        self.base, self.target, self.upstream = base, target, upstream

    def run(self) -> ByFunction:
        found = [*self._of_upstream(), *self._of_base()]
        whole = all(s.result is not None for s in found)
        return ByFunction(self._text(found) if whole else None, tuple(found))

    def _of_upstream(self) -> Iterator[Stretch]:
        for chunk in self.upstream.chunks:
            known = self.base.by_key.get(chunk.key)
            if known is None:
                if chunk.named:  # what is between comes with its stretch
                    yield self._brought(chunk)
            elif self.base.text(known) != self.upstream.text(chunk):
                yield self._changed(known, chunk)

    def _of_base(self) -> Iterator[Stretch]:
        for chunk in self.base.chunks:
            place = self.target.by_key.get(chunk.key)
            if chunk.key not in self.upstream.by_key and chunk.named and place is not None:
                yield self._removed(chunk, place)

    def _changed(self, known: Chunk, chunk: Chunk) -> Stretch:
        place = self.target.by_key.get(chunk.key)
        base, upstream = self.base.text(known), self.upstream.text(chunk)
        if place is None:
            return Stretch(chunk.key, chunk.label, 0, 0, base, upstream, b"", None, How.CHANGED, False)
        target = self.target.text(place)
        merged = merge(Sides.of(words_of(base), words_of(target), words_of(upstream)))
        span = (place.first, place.last)
        return Stretch(
            chunk.key, chunk.label, *span, base, upstream, target, result(merged), How.CHANGED, True, merged
        )

    def _brought(self, chunk: Chunk) -> Stretch:
        place = self.target.by_key.get(chunk.key)
        text = self.upstream.text(chunk)
        if place is not None:
            target = self.target.text(place)
            same = [w.text for w in words_of(target).words] == [w.text for w in words_of(text).words]
            span = (place.first, place.last)
            return Stretch(
                chunk.key, chunk.label, *span, b"", text, target, target if same else None, How.THERE, True
            )
        at = self._anchor(chunk)
        number = self.upstream.number[chunk.key]
        gap = self.upstream.text(self.upstream.chunks[number - 1]) if number else b""
        return Stretch(
            chunk.key, chunk.label, at, at, b"", text, b"", (gap or b"\n") + text, How.BROUGHT, True
        )

    def _anchor(self, chunk: Chunk) -> int:
        """Behind the nearest named chunk before it that the target has, or before the nearest one after it."""
        number = self.upstream.number[chunk.key]
        for before in reversed(self.upstream.chunks[:number]):
            if before.named and before.key in self.target.by_key:
                return self.target.by_key[before.key].last
        for after in self.upstream.chunks[number:]:
            if after.named and after.key in self.target.by_key:
                return self.target.by_key[after.key].first
        return len(self.target.lines)

    def _removed(self, chunk: Chunk, place: Chunk) -> Stretch:
        base, target = self.base.text(chunk), self.target.text(place)
        merged = merge(Sides.of(words_of(base), words_of(target), words_of(b"")))
        gone = result(merged)
        before = self.target.chunks[self.target.number[place.key] - 1]
        blank = all(not x.strip() for x in self.target.lines[before.first : before.last])
        first = before.first if blank else place.first
        target = rows(self.target.lines[first : place.last])
        return Stretch(
            chunk.key,
            chunk.label,
            first,
            place.last,
            base,
            b"",
            target,
            b"" if gone is not None and not gone.strip() else None,
            How.REMOVED,
            True,
            merged,
        )

    def _text(self, found: Sequence[Stretch]) -> bytes:
        out: list[bytes] = []
        at = 0
        for stretch in sorted(found, key=lambda s: (s.first, s.last)):
            out.append(rows(self.target.lines[at : stretch.first]))
            out.append(stretch.result or b"")
            at = max(at, stretch.last)
        out.append(rows(self.target.lines[at:]))
        return b"".join(out)[1:]


def result(merged: Merged) -> bytes | None:
    """The text of a merge; None where something overlaps."""
    if merged.overlaps:
        return None
    return joined((w for w in merged.parts if isinstance(w, Word)), merged.tail)
