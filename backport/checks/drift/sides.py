"""The two forms of what a hunk changes: which lines of which file stand for it in the patch's world and in the target.

With a base, a function of the base against the function of that name (or its successor) in the target; without one,
the hunk's own lines against the target's function. What has no counterpart is said as a fact.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from backport.checks.drift.said import PATCH, UPSTREAM, Said, Voice
from backport.checks.drift.units import Unit, UnitKind, units
from backport.checks.rule import Context
from backport.csource import language
from backport.model import (
    BaseKind,
    DriftKind,
    Hunk,
    LineEvidence,
    LineKind,
    Placement,
    PlacementKind,
    Region,
    RegionKind,
)
from backport.placement import FilePlacement

_WORD = re.compile(rb"\w+|[^\w\s]+")

AROUND = 12
"""Lines beyond a hunk's length in which its counterpart is looked for where no function holds it."""

MOST_LINES = 3000
"""A longer function or table is not compared as a whole, but only as far as the hunk reaches."""


class Side:
    """Lines from `first` on of a file in one tree; `data` is the whole file where it is at hand. `fragment` when
    they are a stretch that may begin and end anywhere."""

    def __init__(
        self,
        tree: str,
        path: str,
        lines: Sequence[bytes],
        first: int,
        *,
        function: bool = False,
        fragment: bool = False,
        data: bytes = b"",
    ) -> None:
        self.tree, self.path, self.first = tree, path, first
        self.lines = lines
        self.function, self.fragment = function, fragment
        self.data = data

    @property
    def last(self) -> int:
        return self.first + len(self.lines) - 1

    def units(self) -> tuple[Unit, ...]:
        return self._units

    @cached_property
    def _units(self) -> tuple[Unit, ...]:
        source = b"\n".join(x.rstrip(b"\r\n") for x in self.lines)
        if language(self.path) not in ("c", "c++"):
            return _text_units(source, self.first)
        return units(source, self.first, function=self.function, fragment=self.fragment)

    def where(self, number: int, names: Collection[str]) -> int:
        """The first line with one of `names` in the unit that begins at a line; that line where none has one."""
        wanted = {n.encode("utf-8", "surrogateescape") for n in names}
        for unit in self._units if wanted else ():
            if unit.first == number:
                token = next((t for t in unit.tokens if t.text in wanted), None)
                return number if token is None else self.first + unit.source.count(b"\n", 0, token.start)
        return number

    def evidence(self, numbers: Iterable[int]) -> Iterator[LineEvidence]:
        for number in numbers:
            if self.first <= number <= self.last:
                text = self.lines[number - self.first].rstrip(b"\r\n")
                yield LineEvidence(self.tree, self.path, number, text)


def _text_units(source: bytes, first: int) -> tuple[Unit, ...]:
    """The lines of what is no C, each a unit of its words."""
    from backport.csource import Token, TokenKind

    found = []
    offset = 0
    for number, line in enumerate(source.split(b"\n"), first):
        words = [
            Token(TokenKind.NAME if b"_" in m[0] else TokenKind.STRING, m[0], number, offset + m.start())
            for m in _WORD.finditer(line)
        ]
        if words:
            texts = tuple(w.text for w in words)
            found.append(Unit(UnitKind.STATEMENT, tuple(words), texts, source, number, number))
        offset += len(line) + 1
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Job:
    """One function (or what a hunk changes outside of any) to be compared for one hunk. `changed` and `lines` are
    the base's lines that the hunk changes and holds; `facts` what is known before any comparison."""

    key: Hashable
    hunk: Hunk
    placement: Placement
    name: str
    label: str
    base: Side | None
    target: Side | None
    changed: frozenset[int]
    lines: frozenset[int]
    facts: tuple[Said, ...] = ()
    struct: bool = False
    otherwise: tuple[Said, ...] = ()
    """The facts, if the target's region of another name proves to be another thing."""


def jobs_of(context: Context, file: FilePlacement, placement: Placement, hunk: Hunk) -> Iterator[Job]:
    """What has to be compared for one hunk."""
    evolved = placement.kind is PlacementKind.EVOLVED
    text = None
    if context.placed.base.kind is not BaseKind.HUNKS:
        change = file.change
        text = context.upstream_text(change.new_path) if evolved else context.base_text(change.old_path)
    if text is None:
        yield from _of_hunk(context, file, placement, hunk, evolved)
    else:
        yield from _of_base(context, file, placement, hunk, text, evolved)


# --- with the base -------------------------------------------------------------------------------


def _of_base(
    context: Context, file: FilePlacement, placement: Placement, hunk: Hunk, text: bytes, evolved: bool
) -> Iterator[Job]:
    from backport.csource import region_map

    path = file.change.new_path if evolved else file.change.old_path
    tree = "upstream" if evolved else "base"
    lines = context.once(("lines", tree, path), lambda: text.split(b"\n"))
    changed, held = _hunk_lines(hunk, evolved)
    asked = frozenset(n for h in file.change.hunks for n in _hunk_lines(h, evolved)[0])
    regions = context.once(("regions", tree, path), lambda: region_map(path, text, asked))
    touched = [r for r in regions.over(sorted(changed)) if _has_body(r) and r.last - r.first < MOST_LINES]
    inside = {n for r in touched for n in range(r.first, r.last + 1)}
    for region in touched:
        part = lines[region.first - 1 : region.last]
        function = region.kind is RegionKind.FUNCTION
        base = Side(tree, path, part, region.first, function=function, data=text)
        yield _region_job(context, placement, hunk, region, base, changed, held)
    for first, last in _outside(lines, changed, held - inside):
        base = Side(tree, path, lines[first - 1 : last], first, fragment=True, data=text)
        target = _window(context, placement, len(hunk.lines))
        yield Job(("hunk", hunk.number, first), hunk, placement, "", "", base, target, changed, held)


def _outside(
    lines: Sequence[bytes], changed: frozenset[int], rest: frozenset[int]
) -> Iterator[tuple[int, int]]:
    """The stretches outside of any compared region that a hunk changes, up to the blank lines around them."""
    for run in _runs(sorted(n for n in rest if n <= len(lines))):
        code = [n for n in run if not _says_nothing(lines[n - 1])]
        if code and _near(frozenset(run)) & changed:
            yield _widened(lines, code[0], -1), _widened(lines, code[-1], 1)


def _runs(numbers: Sequence[int]) -> list[list[int]]:
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][-1] + 1:
            found[-1].append(number)
        else:
            found.append([number])
    return found


def _widened(lines: Sequence[bytes], number: int, step: int) -> int:
    """The line before (or behind) which a blank one stands, not far from line `number`."""
    for _ in range(AROUND):
        after = number + step
        if not 1 <= after <= len(lines) or not lines[after - 1].strip():
            break
        number = after
    return number


def _near(changed: frozenset[int]) -> frozenset[int]:
    return frozenset(n + d for n in changed for d in (-1, 0, 1))


def _says_nothing(line: bytes) -> bool:
    """Whether a line is blank, a comment's, or a lone brace."""
    text = line.strip()
    return not text.strip(b"{};") or text.startswith((b"/*", b"* ", b"*/", b"//")) or text == b"*"


def _hunk_lines(hunk: Hunk, after: bool) -> tuple[frozenset[int], frozenset[int]]:
    """The lines of the pre-image (`after`: the post-image) that a hunk changes, and all that it holds. Where it
    only inserts, the lines on both sides."""
    own = LineKind.ADDED if after else LineKind.REMOVED
    other = LineKind.REMOVED if after else LineKind.ADDED
    number = (hunk.new_start if after else hunk.old_start) or 1
    changed: set[int] = set()
    held: set[int] = set()
    for line in hunk.lines:
        if line.kind is other:
            changed |= {number - 1, number} if number > 1 else {number}
            continue
        held.add(number)
        if line.kind is own:
            changed.add(number)
        number += 1
    return frozenset(changed & held or changed), frozenset(held)


def _has_body(region: Region) -> bool:
    if region.kind is RegionKind.MACRO and region.last - region.first < 2:
        return False  # One of a list of constants: what stands around it says more.
    return bool(region.name) and region.kind not in (
        RegionKind.FILE,
        RegionKind.DECLARATION,
        RegionKind.TYPEDEF,
    )


def _region_job(
    context: Context,
    placement: Placement,
    hunk: Hunk,
    region: Region,
    base: Side,
    changed: frozenset[int],
    held: frozenset[int],
) -> Job:
    there = _counterpart(context, placement, region)
    target = _region_side(context, placement.target_path, there) if there is not None else None
    facts = tuple(_facts(context, placement, region, there, base))
    key = (base.path, region.kind, region.name, region.first, placement.target_path, there)
    struct = region.kind in (RegionKind.STRUCT, RegionKind.UNION)
    otherwise: tuple[Said, ...] = ()
    if there is not None and there.name != region.name:
        otherwise = tuple(_facts(context, placement, region, None, base))
    label = region.label()
    return Job(
        key, hunk, placement, region.name, label, base, target, changed, held, facts, struct, otherwise
    )


def _counterpart(context: Context, placement: Placement, region: Region) -> Region | None:
    """The target's region that is the base's, by name and kind, by name, or as the one that the hunk is in."""
    text = context.ground.text(placement.target_path) if placement.target_path else None
    if text is None:
        return None
    known = [r for r in placement.target_functions if r.first]
    named = [r for r in known if r.name == region.name] or list(text.regions.named(region.name))
    named = [r for r in named if _has_body(r)]
    if named:
        alike = [r for r in named if r.kind is region.kind] or named
        return min(alike, key=lambda r: abs(r.first - (placement.target_line or region.first)))
    if len(known) == 1 and len(placement.functions) <= 1 and known[0].kind is region.kind:
        return known[0]
    return None


def _region_side(context: Context, path: str, region: Region) -> Side | None:
    text = context.ground.text(path)
    if text is None:
        return None
    lines = text.lines[region.first - 1 : region.last]
    function = region.kind is RegionKind.FUNCTION
    return Side("target", path, lines, region.first, function=function, data=text.data)


def _window(context: Context, placement: Placement, length: int) -> Side | None:
    """The stretch of the target around the place at which a hunk is looked for."""
    text = context.ground.text(placement.target_path) if placement.target_path else None
    if text is None or not placement.target_line:
        return None
    first = max(placement.target_line - length - AROUND, 1)
    last = min(placement.target_line + length + AROUND, len(text.lines))
    return Side("target", placement.target_path, text.lines[first - 1 : last], first, data=text.data)


# --- with the hunk alone -------------------------------------------------------------------------


def _of_hunk(
    context: Context, file: FilePlacement, placement: Placement, hunk: Hunk, evolved: bool
) -> Iterator[Job]:
    lines = hunk.postimage if evolved else hunk.preimage
    first = (hunk.new_start if evolved else hunk.old_start) or 1
    path = file.change.new_path if evolved else file.change.old_path
    tree = "patch" if evolved else "base"  # The lines that a hunk leaves, or those that it expects.
    base = Side(tree, path or file.change.path, lines, first, fragment=True)
    changed, held = _hunk_lines(hunk, evolved)
    inside = [r for r in placement.target_functions if r.first and _has_body(r)]
    named = [r for r in placement.functions if _has_body(r)]
    region = named[0] if named else None
    if len(inside) == 1 and len(lines) // 2 < inside[0].last - inside[0].first < MOST_LINES:
        target = _region_side(context, placement.target_path, inside[0])
    else:
        target = _window(context, placement, len(lines))
    label = region or (inside[0] if inside else None)
    facts = tuple(_facts(context, placement, region, inside[0] if inside else None, base))
    yield Job(
        ("hunk", hunk.number),
        hunk,
        placement,
        label.name if label else "",
        label.label() if label else "",
        base,
        target,
        changed,
        held,
        facts,
        bool(label and label.kind in (RegionKind.STRUCT, RegionKind.UNION)),
    )


# --- facts ---------------------------------------------------------------------------------------


def _facts(
    context: Context,
    placement: Placement,
    region: Region | None,
    there: Region | None = None,
    base: Side | None = None,
) -> Iterator[Said]:
    """What is known of the place before its lines are compared: no such file, no such function, elsewhere, of
    another name, a macro here and a function there."""
    voice = PATCH if context.placed.base.kind is BaseKind.HUNKS else UPSTREAM
    at = (max(region.name_line, 1),) if region is not None and base is not None and not base.fragment else ()
    if base is not None and not at:
        at = (base.first,)
    if region is None:
        return
    label = region.label()
    if there is None:
        if placement.kind in (PlacementKind.ABSENT, PlacementKind.CONFLICT):
            yield from _lacking(context, placement, region, base, at, voice)
        return
    here = (there.name_line or there.first,)
    if placement.target_path != (base.path if base is not None else placement.target_path):
        text = f"{label} is in {placement.target_path} here, {voice.where} in {base.path if base else ''}"
        yield _fact(DriftKind.MOVED, text, region.name, at, here)
    if there.name != region.name:
        text = f"what {voice.who} does in {label} is in {there.label()} here"
        yield _fact(DriftKind.SUCCESSOR, text, region.name, at, here)
    elif {there.kind, region.kind} == {RegionKind.FUNCTION, RegionKind.MACRO}:
        kinds = ("a function", "a macro") if region.kind is RegionKind.FUNCTION else ("a macro", "a function")
        text = f"{region.name}() is {kinds[0]} {voice.where} and {kinds[1]} here"
        yield _fact(DriftKind.MACRO, text, region.name, at, here)


def _lacking(
    context: Context,
    placement: Placement,
    region: Region,
    base: Side | None,
    at: tuple[int, ...],
    voice: Voice,
) -> Iterator[Said]:
    path = placement.target_path
    text = context.ground.text(path) if path else None
    if text is not None and not text.regions.named(region.name):
        held = _enumerators(base) if region.kind is RegionKind.ENUM and base is not None else []
        names = f" ({', '.join(f'`{n}`' for n in held[:4])}{' ...' if len(held) > 4 else ''})" if held else ""
        message = f"the target has no {region.label()}{names} in {path}"
        yield _fact(DriftKind.ABSENT, message, region.name, at, (), {region.name, *held})


def _enumerators(base: Side) -> list[str]:
    found = (re.match(rb"\s+([A-Za-z_]\w*)\s*(?:[,=]|$)", line) for line in base.lines)
    return [m[1].decode() for m in found if m]


def _fact(
    kind: DriftKind,
    text: str,
    name: str,
    base: tuple[int, ...],
    target: tuple[int, ...],
    ours: Iterable[str] = (),
) -> Said:
    return Said(kind, text, name, base, target, frozenset(ours), frozenset(), 0)
