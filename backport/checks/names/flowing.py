"""Labels that are jumped to, and what stands twice in the target after the patch."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from backport.checks.names.worlds import Found, Judged, Worlds
from backport.csource.definitions import Definition, DefinitionKind
from backport.csource.guards import guard_map
from backport.csource.uses import Source, Stretch, UseKind
from backport.csource.uses_scope import LOCAL


@dataclass(frozen=True, slots=True)
class MissingLabel:
    """A label that `uses` jump to, and the line of it upstream."""

    name: str
    judged: Judged
    uses: tuple[Found, ...]
    line: int


def missing_labels(worlds: Worlds) -> Iterator[MissingLabel]:
    """Labels that the function upstream has, and that of the target has not."""
    for judged, uses in worlds.uses:
        grouped: dict[tuple[str, str], list[Found]] = {}
        for found in uses:
            here = found.stretch if found.use.kind is UseKind.LABEL else None
            if here is not None and here.function and found.use.name not in here.scope.labels:
                grouped.setdefault((found.use.name, found.label), []).append(found)
        for (name, _), founds in grouped.items():
            stretch = judged.up_stretch(founds[0].line)
            line = stretch.scope.labels.get(name, 0) if stretch is not None else 0
            if line and not (line in judged.added_lines and not _landed(judged, line)):
                yield MissingLabel(name, judged, tuple(founds), line)


def _landed(judged: Judged, line: int) -> bool:
    return any(x.line == line and x.target for x in judged.file.lines)


@dataclass(frozen=True, slots=True)
class Doubled:
    """Something that the patch adds at line `target` (hunk `hunk`, post-image line `line`) and that stands at
    `other` already. `what` says what it is ("function", "local variable", "label", "case")."""

    name: str
    what: str
    judged: Judged
    hunk: int
    line: int
    target: int
    other: int
    label: str


def doubled(worlds: Worlds) -> Iterator[Doubled]:
    """What hunks that landed declare a second time, where upstream has it once."""
    for judged in worlds.files:
        if judged.landed_lines and judged.before.data:
            yield from _in_functions(judged)
            yield from _in_file(worlds, judged)


def _in_functions(judged: Judged) -> Iterator[Doubled]:
    seen = set()
    for line in judged.file.landed:
        stretch = judged.after.stretch(line.target)
        if stretch.function and (stretch.first, stretch.last) not in seen:
            seen.add((stretch.first, stretch.last))
            up = judged.up_stretch(line.line)
            for name, what, here, other in _pairs(stretch, judged):
                if up is None or _times(up, name, what) < _times(stretch, name, what):
                    added = next(x for x in judged.file.landed if x.target == here)
                    yield Doubled(name, what, judged, added.hunk, added.line, here, other, stretch.label)


def _pairs(stretch: Stretch, judged: Judged) -> Iterator[tuple[str, str, int, int]]:
    """(name, what, line added, other line) of names declared twice in one block, one of them by the patch."""
    guards = guard_map(judged.after.data)
    for what, groups in (
        ("local variable", _locals(stretch)),
        ("label", _labels(stretch)),
        ("case", _cases(stretch)),
    ):
        for (name, _), lines in groups.items():
            here = next((x for x in lines if x in judged.landed_lines), 0)
            other = next((x for x in lines if x not in judged.landed_lines), 0)
            if here and other and guards.at(here) == guards.at(other):
                yield name, what, here, other


_Groups = dict[tuple[str, int], list[int]]


def _locals(stretch: Stretch) -> _Groups:
    found: _Groups = {}
    for name, declared in stretch.scope.locals.items():
        for local in declared:
            if local.kind == LOCAL and local.type:
                found.setdefault((name, local.block), []).append(local.line)
    return found


def _labels(stretch: Stretch) -> _Groups:
    flow, found = stretch.scope.flow, _Groups()
    for index in range(len(flow.texts) - 1):
        name = flow.texts[index]
        if (
            name in stretch.scope.labels
            and flow.texts[index + 1] == ":"
            and flow.texts[index - 1] in (";", "}", "{", ":")
        ):
            found.setdefault((name, 0), []).append(flow.lines[index])
    return found


def _cases(stretch: Stretch) -> _Groups:
    flow, found = stretch.scope.flow, _Groups()
    for index, text in enumerate(flow.texts[:-2]):
        if text == "case" and flow.texts[index + 2] == ":":
            found.setdefault((flow.texts[index + 1], flow.block[index]), []).append(flow.lines[index])
    return found


def _times(stretch: Stretch, name: str, what: str) -> int:
    groups = {"local variable": _locals, "label": _labels, "case": _cases}[what](stretch)
    return max((len(lines) for (known, _), lines in groups.items() if known == name), default=0)


_ONCE = frozenset(
    {
        DefinitionKind.FUNCTION,
        DefinitionKind.ENUMERATOR,
        DefinitionKind.MEMBER,
        DefinitionKind.STRUCT,
        DefinitionKind.UNION,
        DefinitionKind.ENUM,
    }
)


def _in_file(worlds: Worlds, judged: Judged) -> Iterator[Doubled]:
    """Functions, members, enumerators and types that the file has twice under the same conditions."""
    if not any(_may_define(x.text) for x in judged.file.landed):
        return
    provided = worlds.target.names.file(judged.path)
    upstream = worlds.upstream.names.file(judged.up_path) if worlds.upstream is not None else None
    for one in provided.definitions if provided is not None else ():
        if one.kind not in _ONCE or one.line not in judged.landed_lines or not one.name:
            continue
        twins = [x for x in provided.named(one.name) if _same(x, one)] if provided is not None else []
        if one.kind is DefinitionKind.MEMBER:
            # A struct within a struct has names of its own.
            block = _block(judged.after, one.line)
            twins = [x for x in twins if _block(judged.after, x.line) == block]
        others = [x.line for x in twins if x.line not in judged.landed_lines]
        once = upstream is None or sum(_same(x, one) for x in upstream.named(one.name)) < len(twins)
        if others and once and _together(judged.after, one.line, others[0]):
            added = next(x for x in judged.file.landed if x.target == one.line)
            yield Doubled(
                one.name, str(one.kind), judged, added.hunk, added.line, one.line, others[0], one.within
            )


def _may_define(text: bytes) -> bool:
    stripped = text.strip()
    return bool(stripped) and not stripped.startswith((b"*", b"/*", b"//", b"#", b"}", b"return", b"if "))


def _same(one: Definition, other: Definition) -> bool:
    if (one.kind, one.within) != (other.kind, other.within):
        return False
    return one.kind not in _BODIED or (one.last > one.line) == (other.last > other.line)


_BODIED: Collection[DefinitionKind] = (DefinitionKind.STRUCT, DefinitionKind.UNION, DefinitionKind.ENUM)


def _block(source: Source, line: int) -> int:
    """Where the innermost brace stands that is open at the beginning of a line; -1 for none."""
    data = source.code
    at, depth = source.offset(line), 0
    while at > 0:
        opening, closing = data.rfind(b"{", 0, at), data.rfind(b"}", 0, at)
        at = max(opening, closing)
        if at < 0:
            break
        if closing > opening:
            depth += 1
        elif depth:
            depth -= 1
        else:
            return at
    return -1


def _together(source: Source, one: int, other: int) -> bool:
    guards = guard_map(source.data)
    return guards.at(one) == guards.at(other)
