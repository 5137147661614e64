"""Three-way merge of a file by its functions, structs and macros, wherever in the file the target has them. Pure.

git pairs lines from the top of a file to its end: where the target has the functions in another order, or others
between them, it lays a change on strangers. Here each named stretch is merged with its namesake.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from backport.adapt.threeway import Merged, Sides, merge
from backport.adapt.words import joined, words_of
from backport.csource import region_map
from backport.model import RegionKind

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


@dataclass(frozen=True, slots=True)
class Stretch:
    """A chunk that upstream changed, on the target: its lines there, and what came of it. `merged` is None where the
    target has no such chunk (`lost`)."""

    label: str
    first: int
    last: int
    base: bytes
    upstream: bytes
    target: bytes
    merged: Merged | None
    how: str


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

    def text(self, chunk: Chunk | None) -> bytes:
        """The chunk's lines, each behind a line feed."""
        return b"".join(b"\n" + x for x in self.lines[chunk.first : chunk.last]) if chunk else b""


class _Merge:
    def __init__(self, base: _File, target: _File, upstream: _File) -> None:
        self.base, self.target, self.upstream = base, target, upstream
        self.found: list[Stretch] = []
        self.edits: dict[tuple[int, int, int], bytes] = {}

    def run(self) -> ByFunction:
        for chunk in self.upstream.chunks:
            known = self.base.by_key.get(chunk.key)
            if known is None:
                self._brought(chunk)
            elif self.base.text(known) != self.upstream.text(chunk):
                self._changed(known, chunk)
        for chunk in self.base.chunks:
            if chunk.key not in self.upstream.by_key:
                self._removed(chunk)
        whole = all(s.merged is not None and not s.merged.overlaps for s in self.found)
        return ByFunction(self._text() if whole else None, tuple(self.found))

    def _changed(self, known: Chunk, chunk: Chunk) -> None:
        place = self.target.by_key.get(chunk.key)
        if place is None:
            self._note(chunk, None, known, None, "lost")
            return
        texts = [self.base.text(known), self.target.text(place), self.upstream.text(chunk)]
        merged = merge(Sides.of(*(words_of(x) for x in texts)))
        self._note(chunk, place, known, merged, "changed")
        self.edits[place.first, place.last, 0] = joined(
            (w for w in merged.parts if not hasattr(w, "base")), merged.tail  # type: ignore[arg-type]
        )

    def _brought(self, chunk: Chunk) -> None:
        if not chunk.named:
            return  # what is between comes with its stretch
        place = self.target.by_key.get(chunk.key)
        text = self.upstream.text(chunk)
        if place is not None:
            same = [w.text for w in words_of(self.target.text(place)).words] == [
                w.text for w in words_of(text).words
            ]
            self._note(chunk, place, None, merge(Sides.of(*[words_of(text)] * 3)) if same else None, "there")
            return
        at = self._anchor(chunk)
        self._note(chunk, None, None, merge(Sides.of(*[words_of(text)] * 3)), "brought")
        self.edits[at, at, len(self.edits)] = (self._gap(chunk) or b"\n") + text

    def _gap(self, chunk: Chunk) -> bytes:
        number = self.upstream.chunks.index(chunk)
        return self.upstream.text(self.upstream.chunks[number - 1]) if number else b""

    def _anchor(self, chunk: Chunk) -> int:
        """Behind the nearest named chunk before it that the target has, or before the nearest one after it."""
        number = self.upstream.chunks.index(chunk)
        for before in reversed(self.upstream.chunks[:number]):
            if before.named and before.key in self.target.by_key:
                return self.target.by_key[before.key].last
        for after in self.upstream.chunks[number:]:
            if after.named and after.key in self.target.by_key:
                return self.target.by_key[after.key].first
        return len(self.target.lines)

    def _removed(self, chunk: Chunk) -> None:
        place = self.target.by_key.get(chunk.key)
        if place is None or not chunk.named:
            return
        base, target = self.base.text(chunk), self.target.text(place)
        merged = merge(Sides.of(words_of(base), words_of(target), words_of(b"")))
        self._note(chunk, place, chunk, merged, "removed")
        before = self.target.chunks[self.target.chunks.index(place) - 1]
        blank = all(not x.strip() for x in self.target.lines[before.first : before.last])
        self.edits[before.first if blank else place.first, place.last, 0] = b""

    def _note(
        self, chunk: Chunk, place: Chunk | None, known: Chunk | None, merged: Merged | None, how: str
    ) -> None:
        self.found.append(
            Stretch(
                chunk.label or chunk.key[0].strip(),
                place.first if place else -1,
                place.last if place else -1,
                self.base.text(known),
                self.upstream.text(chunk) if how != "removed" else b"",
                self.target.text(place),
                merged,
                how,
            )
        )

    def _text(self) -> bytes:
        out: list[bytes] = []
        at = 0
        for (first, last, _), text in sorted(self.edits.items()):
            out += [b"\n" + x for x in self.target.lines[at:first]]
            out.append(text)
            at = max(at, last)
        out += [b"\n" + x for x in self.target.lines[at:]]
        return b"".join(out)[1:]
