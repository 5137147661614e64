"""Whether a change of a struct moves what was there: its layout before and after, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from backport.checks.kabi.data import kabi_data
from backport.checks.kabi.members import Member, Record

Place = tuple[str, int]
"""Where a member begins: what it is measured from, and the distance in bits."""


@dataclass(frozen=True, slots=True)
class Placed:
    member: Member
    place: Place
    gap: int = 0
    """Unused bits directly before it."""


@dataclass(frozen=True, slots=True)
class Layout:
    members: tuple[Placed, ...]
    end: Place
    gap: int
    """Unused bits at its end."""


@dataclass(frozen=True, slots=True)
class LayoutChange:
    """What a patch does to a layout. `what` is a sentence's end ("member x is added before y, ..."), `member` the
    one it is about, `sure` whether nothing but the unknown size of a type could save it."""

    what: str
    member: str
    line: int
    sure: bool
    added: Member | None = None


class _Ruler:
    """Lays members out one by one, as the compiler does where a pointer has 8 bytes."""

    def __init__(self) -> None:
        self.origin, self.at, self.firm = "", 0, True
        self.widest = 1

    def place(self, member: Member) -> Placed:
        if member.size is None or member.align is None:
            return self._unknown(member)
        self.widest = max(self.widest, member.align)
        if member.bits is not None:
            return self._bits(member, member.bits, member.size)
        before = self.align(member.align)
        placed = Placed(member, (self.origin, self.at), before)
        self.at += 8 * member.size
        return placed

    def align(self, align: int) -> int:
        """Go on to the next multiple of `align` bytes; the bits that this leaves unused."""
        if not self.firm and align == 8:
            self.origin, self.at, self.firm = f"{self.origin}+{self.at}", 0, True
            return 0
        start = self.at
        self.at = -(-self.at // (8 * align)) * 8 * align
        return self.at - start if self.firm else 0

    def _bits(self, member: Member, bits: int, size: int) -> Placed:
        unit = 8 * size
        if not bits or self.at % unit + bits > unit:
            self.align(size)
        placed = Placed(member, (self.origin, self.at))
        self.at += bits
        return placed

    def _unknown(self, member: Member) -> Placed:
        """A type of unknown size: all behind it is measured from its end."""
        self.widest = 8
        start = -(-self.at // 8) * 8
        placed = Placed(member, (self.origin, start))
        self.origin = f"{self.origin}+{start}/{member.type}"
        self.at, self.firm = 0, False
        return placed

    def finish(self) -> tuple[Place, int]:
        before = self.align(self.widest)
        return (self.origin, self.at), before


def lay_out(kind: str, members: Sequence[Member]) -> Layout:
    """Where each member begins. Members of anonymous structs and unions are laid out with the outer ones."""
    if kind == "union":
        return _on_top(members)
    ruler = _Ruler()
    placed = [p for m in members for p in _flat(m, ruler)]
    end, gap = ruler.finish()
    return Layout(tuple(placed), end, gap)


def _flat(member: Member, ruler: _Ruler) -> Iterator[Placed]:
    """A member, and below an anonymous one those that it brings to the outer struct."""
    if member.name or not member.inner:
        yield ruler.place(member)
        return
    if member.kind == "struct" and member.align is not None:
        ruler.align(member.align)
    if member.kind == "struct":
        for inner in member.inner:
            yield from _flat(inner, ruler)
        if member.align is not None:
            ruler.align(member.align)
        return
    origin, start = ruler.place(member).place
    for part in lay_out("union", member.inner).members:
        yield Placed(part.member, (origin + part.place[0], start + part.place[1]))


def _on_top(members: Sequence[Member]) -> Layout:
    placed: list[Placed] = []
    size, unknown = 0, []
    for member in members:
        ruler = _Ruler()
        placed += _flat(member, ruler)
        end, _ = ruler.finish()
        if end[0]:
            unknown.append(end[0])
        size = max(size, end[1])
    return Layout(tuple(placed), ("|".join(sorted(unknown)), size), 0)


# --- before and after ------------------------------------------------------------------------------


def compare(before: Record, after: Record) -> tuple[LayoutChange, ...]:
    """What changes for a module that was built with the struct as it was. Nothing where new members stand in
    holes or in room that was reserved."""
    old, new = lay_out(before.kind, before.members), lay_out(after.kind, after.members)
    both = _Both(before, old, new, _named(old), _named(new))
    found = [*_gone(both), *_retyped(both), *_guarded(both)]
    if _packing(before) != _packing(after):
        text = " ".join(after.attributes) or "no attributes"
        found.append(LayoutChange(f"it now has {text}", "", after.line, True))
    return _with_consequences(found, both)


@dataclass(frozen=True, slots=True)
class _Both:
    """A struct's layouts, and their members by name (reserved room left out)."""

    before: Record
    old: Layout
    new: Layout
    were: Mapping[str, Placed]
    now: Mapping[str, Placed]


def _named(layout: Layout) -> dict[str, Placed]:
    return {p.member.name: p for p in layout.members if p.member.name and not p.member.reserved}


def _with_consequences(found: list[LayoutChange], both: _Both) -> tuple[LayoutChange, ...]:
    """What the changes move, said behind the one that does it: added members, or what was removed or retyped."""
    added = [p for name, p in both.now.items() if name not in both.were and not _renames(p, both)]
    moved = [p for name, p in both.were.items() if name in both.now and both.now[name].place != p.place]
    if not moved and both.old.end == both.new.end:
        return tuple(found)
    sure = _is_sure(both, moved)
    effect = f"which moves {_listed([p.member.name for p in moved])}" if moved else _growth(both)
    if added:
        names = [p.member.name for p in added]
        what = f"{_members(names)} added{_neighbour(added, both.new)}, {effect}"
        first = added[0].member
        found.append(LayoutChange(what, first.name, first.line, sure, first))
    elif found:
        found[0] = replace(found[0], what=f"{found[0].what}, {effect}")
    elif moved:
        names = [p.member.name for p in moved]
        line = both.now[names[0]].member.line
        what = f"member{'s' * (len(names) > 1)} {_listed(names)} move{'s' * (len(names) == 1)}"
        found.append(LayoutChange(what, names[0], line, sure))
    else:
        found.append(LayoutChange("its size changes", "", both.before.line, sure))
    return tuple(found)


def _growth(both: _Both) -> str:
    smaller = both.old.end[0] == both.new.end[0] and both.new.end[1] < both.old.end[1]
    return f"which makes the {both.before.kind} {'smaller' if smaller else 'larger'}"


def _members(names: Sequence[str]) -> str:
    return f"member {names[0]} is" if len(names) == 1 else f"members {_listed(names)} are"


def _guarded(both: _Both) -> Iterator[LayoutChange]:
    for name, placed in both.were.items():
        now = both.now.get(name)
        if now is not None and now.member.guards != placed.member.guards:
            guard = now.member.guards[-1] if now.member.guards else ""
            what = (
                f"now stands under {guard}" if guard else f"no longer stands under {placed.member.guards[-1]}"
            )
            yield LayoutChange(f"member {name} {what}", name, now.member.line, False)


def _packing(record: Record) -> list[str]:
    return [x for x in record.attributes if "packed" in x or "align" in x]


def _renames(new: Placed, both: _Both) -> bool:
    """Whether a member only has another name: one of its type stood in its place, and is gone."""
    return any(
        p.place == new.place and p.member.type == new.member.type and p.member.name not in both.now
        for p in both.old.members
    )


def _gone(both: _Both) -> Iterator[LayoutChange]:
    """The members that are removed, told at once; not those that only have another name."""
    gone = [
        p
        for name, p in both.were.items()
        if name not in both.now
        and not any(x.place == p.place and x.member.type == p.member.type for x in both.new.members)
    ]
    if gone:
        names = [p.member.name for p in gone]
        yield LayoutChange(f"{_members(names)} removed", names[0], gone[0].member.line, True)


def _retyped(both: _Both) -> Iterator[LayoutChange]:
    for name, placed in both.were.items():
        found = both.now.get(name)
        if found is None or found.member.agreed:
            continue
        was, now = placed.member, found.member
        old, new = _typed(was), _typed(now)
        if old != new and was.inner and now.inner:
            inner = compare(_as_record(was), _as_record(now))
            yield from (replace(c, what=f"in {name}: {c.what}", member=name, added=None) for c in inner)
        elif kabi_data().canonical(old) != kabi_data().canonical(new):
            what = f"member {name} changes its type from `{_cut(old)}` to `{_cut(new)}`"
            yield LayoutChange(
                what, name, now.line, was.size is None or was.size != now.size or "*" in old + new
            )


def _cut(text: str) -> str:
    return text if len(text) <= 160 else f"{text[:157]}..."


def _as_record(member: Member) -> Record:
    return Record(member.kind, member.name, member.inner, (), member.line)


def _typed(member: Member) -> str:
    return member.type if member.bits is None else f"{member.type}:{member.bits}"


def _is_sure(both: _Both, moved: list[Placed]) -> bool:
    """Whether a distance that is known on both sides differs."""
    for placed in moved:
        now = both.now[placed.member.name]
        if now.place[0] == placed.place[0] and now.place[1] != placed.place[1]:
            return True
    return not moved and both.old.end[0] == both.new.end[0] and both.old.end[1] != both.new.end[1]


def _neighbour(added: Sequence[Placed], new: Layout) -> str:
    """Where the first of the added members stands: before one that was there, or at the end."""
    names = [p.member.name for p in new.members]
    fresh = {p.member.name for p in added}
    at = names.index(added[0].member.name)
    following = next((n for n in names[at + 1 :] if n and n not in fresh), "")
    return f" before {following}" if following else " at the end"


def _listed(names: Sequence[str]) -> str:
    if len(names) <= 3:
        return ", ".join(names)
    return f"{', '.join(names[:2])} and {len(names) - 2} more"


def holes(record: Record, member: Member) -> Iterator[Member]:
    """The members before which there is a hole that `member` fits in, as far as sizes are known."""
    if member.size is None or member.align is None or record.kind == "union":
        return
    for placed in lay_out(record.kind, record.members).members:
        start = placed.place[1] - placed.gap
        first = -(-start // (8 * member.align)) * 8 * member.align
        if placed.gap and first + 8 * member.size <= placed.place[1]:
            yield placed.member
