"""What a patch changes of the interface to modules: layouts, enumerators, signatures, exports."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backport.checks.kabi.data import kabi_data
from backport.checks.kabi.enums import Enumerator, changed_values, read_enum
from backport.checks.kabi.exports import Export, Touched, exports_of, known_exports, touched
from backport.checks.kabi.layout import LayoutChange, compare, holes
from backport.checks.kabi.lists import has_lists, symbol_lists
from backport.checks.kabi.members import Member, Record, read_record
from backport.checks.kabi.reach import Reached, reach
from backport.checks.origin.policy import policy_of
from backport.checks.rule import Context
from backport.csource import region_map
from backport.model import Evidence, Finding, Hunk, LineEvidence, LineKind, Region, RegionKind, Severity

if TYPE_CHECKING:
    from backport.csource.definitions import Definition, FileDefinitions

_DEFINED = (RegionKind.STRUCT, RegionKind.UNION, RegionKind.ENUM, RegionKind.TYPEDEF)


def is_on(context: Context) -> bool:
    """Whether the interface to modules is kept here: by the policy, a list that was given, or one in the tree."""
    return context.once("kabi", lambda: _is_on(context) and bool(touched(context)))


def _is_on(context: Context) -> bool:
    return policy_of(context).kabi or bool(context.asked.symbols) or has_lists(context.ground.tree)


def _severity(context: Context, sure: bool, reached: Reached | None) -> Severity:
    """An error only where a list holds the symbol and nothing is guessed."""
    return Severity.ERROR if sure and reached is not None and reached.listing else Severity.WARNING


def _reached_by(reached: Reached, last: str) -> str:
    path = " -> ".join((*reached.path, *((last,) if last else ())))
    listed = f", which is in {reached.listing.title} ({reached.listing.path})" if reached.listing else ""
    return f"reached by {path}{listed}"


# --- structs and enums -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Pair:
    """A type that a header of the target defines, before and after the patch. `type` is as C writes it."""

    source: Touched
    type: str
    old: Region
    new: Region
    before: bytes
    after: bytes


def _changed_types(context: Context) -> tuple[_Pair, ...]:
    return context.once("changed types", lambda: tuple(_pairs(context)))


def _pairs(context: Context) -> Iterator[_Pair]:
    for source in touched(context):
        if not source.path.endswith(".h") or not source.before or not source.after:
            continue
        old, new = (_types(source.path, data) for data in (source.before, source.after))
        for type, (region, text) in old.items():
            if type in new and new[type][1] != text:
                yield _Pair(source, type, region, new[type][0], text, new[type][1])


def _types(path: str, data: bytes) -> dict[str, tuple[Region, bytes]]:
    """The types that a file defines at its top level, each with its text."""
    lines = data.splitlines(keepends=True)
    found: dict[str, tuple[Region, bytes]] = {}
    last = 0
    for region in region_map(path, data).regions:
        if region.kind not in _DEFINED or not region.name or region.first <= last:
            continue
        text = b"".join(lines[region.first - 1 : region.last])
        if b"{" in text:
            last = region.last
            label = region.name if region.kind is RegionKind.TYPEDEF else region.label()
            found.setdefault(label, (region, text))
    return found


def layouts(context: Context) -> Iterator[Finding]:
    for pair in _changed_types(context) if is_on(context) else ():
        before, after = read_record(pair.before, pair.old.first), read_record(pair.after, pair.new.first)
        changes = compare(before, after) if before and after else ()
        reached = reach(context, pair.type, pair.source.path) if changes else None
        if reached is None or before is None:
            continue
        yield _layout(context, pair, before, changes, reached)


_CLAUSES = 4
"""Changes of one struct that are told; of the rest only how many there are."""


def _layout(
    context: Context, pair: _Pair, before: Record, changes: Sequence[LayoutChange], reached: Reached
) -> Finding:
    """All changes of one struct, as one finding."""
    change = next((c for c in changes if c.added is not None), changes[0])
    said = "; ".join(c.what for c in changes[:_CLAUSES])
    more = f"; and {len(changes) - _CLAUSES} more changes" if len(changes) > _CLAUSES else ""
    sure = any(c.sure for c in changes)
    doubt = "" if sure else ", unless a type of unknown size or another configuration makes it no difference"
    member = f"member {change.member}" if change.member else ""
    lines = pair.source.before.split(b"\n")
    hunk, line = _place(pair.source, pair.after, change.line, pair.new.first)
    return Finding(
        code="BP521",
        severity=_severity(context, sure, reached),
        message=f"{pair.type} changes for modules: {said}{more}{doubt}; {_reached_by(reached, member)}",
        file=pair.source.change.path,
        function=pair.type,
        hunk=hunk,
        line=line,
        target_line=pair.old.first,
        evidence=(*_room_evidence(before, pair.source.path, lines), *reached.evidence),
        suggestion=_way_out(before, change),
        subject=pair.type,
    )


def _reserves(record: Record) -> list[Member]:
    """The room that is still reserved in a struct: not what was used of it."""
    return [m for m in record.members if m.reserved and not m.agreed and m.bits is None]


def _room_evidence(record: Record, path: str, lines: Sequence[bytes]) -> tuple[Evidence, ...]:
    room = _reserves(record)[:1]
    return tuple(
        LineEvidence("target", path, m.line, lines[m.line - 1]) for m in room if m.line <= len(lines)
    )


def _way_out(record: Record, change: LayoutChange) -> str:
    """What would keep the layout: reserved room, a hole, or none of the struct's own."""
    added = change.added
    declared = f"{added.type} {added.name}".replace("* ", "*") if added is not None else "..."
    room = [m for m in _reserves(record) if _fits(added, m)]
    if room and (added is not None or change.member):
        return _use(room[0], declared)
    gaps = list(holes(record, added)) if added is not None else []
    if gaps:
        return f"put it before {gaps[0].name}, where there is a hole that it fits in"
    return "keep the layout: hold the new data outside of the struct, or agree on the change with the vendor"


def _fits(added: Member | None, room: Member) -> bool:
    """Whether a member can stand in reserved room; one of unknown size may, where a macro checks it."""
    if added is None or added.size is None:
        return bool(room.macro)
    return room.size is not None and added.size <= room.size


def _use(room: Member, declared: str) -> str:
    reserve = kabi_data().reserve(room.macro) if room.macro else None
    if reserve is None:
        return f"put it in the place of the reserved field {room.name}"
    match = reserve.macro.fullmatch(room.macro)
    vendor = (match.groupdict().get("vendor") if match else "") or ""
    use = reserve.use.format(n=room.number, new=declared, vendor=vendor)
    return f"use the room that is reserved: `{use}` in the place of {room.name}"


def _place(source: Touched, after: bytes, line: int, first: int) -> tuple[int | None, int | None]:
    """Hunk and line in the patch's own tree of a line of the text `after`, which begins at the line `first`."""
    texts = after.split(b"\n")
    return _of_text(source, texts[line - first] if 0 <= line - first < len(texts) else b"")


def _of_text(source: Touched, text: bytes) -> tuple[int | None, int | None]:
    """Hunk and line in the patch's own tree of a changed line that reads so; the only hunk where there is one."""
    wanted = text.strip()
    for hunk in source.change.hunks:
        for number, kind, line in _numbered(hunk):
            if kind is not LineKind.CONTEXT and wanted and line.strip() == wanted:
                return hunk.number, number
    return (source.change.hunks[0].number, None) if len(source.change.hunks) == 1 else (None, None)


def _numbered(hunk: Hunk) -> Iterator[tuple[int, LineKind, bytes]]:
    number = hunk.new_start
    for line in hunk.lines:
        yield number, line.kind, line.text
        number += line.kind is not LineKind.REMOVED


def enumerators(context: Context) -> Iterator[Finding]:
    for pair in _changed_types(context) if is_on(context) else ():
        before, after = read_enum(pair.before, pair.old.first), read_enum(pair.after, pair.new.first)
        changed = list(changed_values(before, after)) if before else []
        reached = reach(context, pair.type, pair.source.path) if changed else None
        if reached is not None:
            yield _enumerator(context, pair, changed, reached)


def _enumerator(
    context: Context, pair: _Pair, changed: list[tuple[Enumerator, Enumerator]], reached: Reached
) -> Finding:
    old, new = changed[0]
    more = f", and {len(changed) - 1} more" if len(changed) > 1 else ""
    line = pair.source.before.split(b"\n")[old.line - 1]
    what = f"{old.name} goes from {old.shown()} to {new.shown()}{more}"
    return Finding(
        code="BP522",
        severity=_severity(context, True, reached),
        message=f"{pair.type} changes for modules: {what}; {_reached_by(reached, '')}",
        file=pair.source.change.path,
        function=pair.type,
        hunk=_place(pair.source, pair.after, new.line, pair.new.first)[0],
        target_line=old.line,
        evidence=(LineEvidence("target", pair.source.path, old.line, line), *reached.evidence),
        suggestion="add new enumerators at the end, or give them values that are free",
        subject=old.name,
    )


# --- functions and variables -----------------------------------------------------------------------


def signatures(context: Context) -> Iterator[Finding]:
    for source in touched(context) if is_on(context) else ():
        if source.before and source.after and source.path.endswith(".c"):
            yield from _signatures(context, source)


def _signatures(context: Context, source: Touched) -> Iterator[Finding]:
    from backport.csource.definitions import definitions

    old = _callable(definitions(source.path, source.before))
    new = _callable(definitions(source.path, source.after))
    changed = [n for n in old if n in new and _shape(old[n]) != _shape(new[n])]
    exports = _exported(context, changed, source.path)
    lines = source.before.split(b"\n")
    for name in changed:
        held, line = exports.get(name), old[name].line
        if held is None:
            continue
        hunk, at = _of_text(source, source.after.split(b"\n")[new[name].line - 1])
        yield Finding(
            code="BP523",
            severity=_severity(context, _calls_differ(old[name], new[name]), held),
            message=f"the signature of {name}() changes for modules, from `{_text(old[name])}` to "
            f"`{_text(new[name])}`; {_reached_by(held, '')}",
            file=source.change.path,
            function=f"{name}()",
            hunk=hunk,
            line=at,
            target_line=line,
            evidence=(LineEvidence("target", source.path, line, lines[line - 1]), *held.evidence),
            suggestion=f"keep {name}() as it is, and add a function beside it that takes what is new",
            subject=name,
        )


def _callable(found: FileDefinitions) -> dict[str, Definition]:
    """The functions that other files can call, of which the parameters are known; the first of a name."""
    known: dict[str, Definition] = {}
    for definition in found.definitions:
        if definition.kind == "function" and not definition.static and definition.parameters is not None:
            known.setdefault(definition.name, definition)
    return known


_NOTE = re.compile(r"\b__(?!u?int|[us]\d|[lb]e\d|kernel_|wsum|sum16|poll_t|va_list)\w+\b(?:\([^()]*\))?")


def _text(function: Definition) -> str:
    """Return and parameter types as a signature, without the names and annotations (`__user`, `__init`)."""
    return f"{_shape(function)[0]} ({', '.join(_shape(function)[1:]) or 'void'})"


def _shape(function: Definition) -> tuple[str, ...]:
    types = [function.type, *(p.type for p in function.parameters or ()), *["..."] * function.variadic]
    return tuple(" ".join(kabi_data().canonical(_NOTE.sub(" ", x)).split()) for x in types)


def _calls_differ(old: Definition, new: Definition) -> bool:
    """Whether a call surely differs: not by a qualifier, nor by the name of a type alone."""
    one, other = (tuple(re.sub(r"\b(?:const|volatile) ", "", x) for x in _shape(d)) for d in (old, new))
    if len(one) != len(other):
        return True
    return any(a != b and not (_is_name(a) or _is_name(b)) for a, b in zip(one, other, strict=True))


def _is_name(type: str) -> bool:
    """Whether the type is one word that may stand for any other."""
    return type.isidentifier() and type != "void" and type not in kabi_data().types


def _exported(context: Context, names: Sequence[str], path: str) -> dict[str, Reached]:
    """Those of the names that modules may use, with what says so: the lists, else the EXPORT_SYMBOL lines."""
    lists = symbol_lists(context) if names else None
    if lists is None:
        return {}
    if lists.symbols:
        return {
            n: Reached((f"{n}()",), lists.symbols[n].evidence(), lists.symbols[n])
            for n in names
            if lists.holds(n, path)
        }
    found = known_exports(context, names)
    return {
        n: Reached((f"{n}()", f"{e.macro}({n})"), (e.evidence(),))
        for n, e in found.items()
        if not lists or lists.holds(n, e.path)
    }


def exports(context: Context) -> Iterator[Finding]:
    sources = touched(context) if is_on(context) else ()
    now = {e.symbol: e for s in sources for e in exports_of(s.path, s.after)}
    for source in sources:
        for export in exports_of(source.path, source.before):
            what = _lost(export, now.get(export.symbol))
            held = _exported(context, [export.symbol], source.path).get(export.symbol) if what else None
            if held is None:
                continue
            yield Finding(
                code="BP524",
                severity=_severity(context, True, held),
                message=f"{what}{_listed(held)}",
                file=source.change.path,
                hunk=_of_text(source, export.text)[0],
                target_line=export.line,
                evidence=(export.evidence(), *held.evidence[:1]) if held.listing else (export.evidence(),),
                suggestion=f"keep {export.macro}({export.symbol})",
                subject=export.symbol,
            )


def _lost(export: Export, now: Export | None) -> str:
    """What modules lose, "" for nothing."""
    if now is None:
        return f"{export.symbol} is no longer exported: modules that use it no longer load"
    if now.gpl and not export.gpl:
        return f"{export.symbol} is exported to GPL modules only, by {now.macro}"
    if now.namespace != export.namespace and now.namespace:
        return f"{export.symbol} is exported in the namespace {now.namespace}: modules must import it"
    return ""


def _listed(held: Reached) -> str:
    return f"; it is in {held.listing.title} ({held.listing.path})" if held.listing else ""
