"""What hunks take away or change under the feet of code that stays: definitions still used, callers left behind."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backport.checks.names.world import CALLABLE, TAGS, VALUES, Question, accepts, arity, is_header
from backport.checks.names.worlds import Judged, Worlds
from backport.csource import language
from backport.csource.definitions import Definition, DefinitionKind, FileDefinitions
from backport.csource.uses import Source, mentioned
from backport.index import Located
from backport.model import LineKind

_MOST_USERS = 400
_KINDS = VALUES | TAGS | {DefinitionKind.MEMBER}


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the target after the patch."""

    path: str
    line: int


@dataclass(frozen=True, slots=True)
class Removed:
    """A definition that hunk `hunk` takes out of the target, and the lines that still use it there."""

    name: str
    judged: Judged
    kind: DefinitionKind
    hunk: int
    line: int
    users: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """A function whose parameters the patch changes, and the target's calls that do not fit the new ones."""

    name: str
    judged: Judged
    hunk: int
    line: int
    target: int
    callers: tuple[tuple[Place, int], ...]
    takes: Definition


def gone_names(worlds: Worlds) -> Iterator[Question]:
    """The names that the patch takes out of the target's files, as they are looked for elsewhere."""
    for judged, (one, _, _) in _all_gone(worlds):
        if not _private(judged, one):
            yield one.name, judged.path, VALUES | TAGS


def _all_gone(worlds: Worlds) -> tuple[tuple[Judged, tuple[Definition, int, int]], ...]:
    return worlds.context.once(
        "definitions gone",
        lambda: tuple(
            (judged, row)
            for judged in worlds.files
            for row in _gone(worlds, judged)
            if row[0].kind is not DefinitionKind.MEMBER
        ),
    )


def removed(worlds: Worlds) -> Iterator[Removed]:
    """Definitions that the patch removes while code of the target that it does not touch needs them."""
    gone = _all_gone(worlds)
    worlds.target.ask(gone_names(worlds))
    # The files of all of them are one search of the tree.
    worlds.target.names.holders(
        [x.name for judged, (x, _, _) in gone if not _private(judged, x) and not _others(worlds, judged, x)]
    )
    needed = []
    for judged, (one, hunk, line) in gone:
        private = _private(judged, one)
        others = worlds.target.within(one.name, judged.path) if private else _others(worlds, judged, one)
        kinds = VALUES | TAGS
        users = () if any(x.definition.kind in kinds for x in others) else tuple(_users(worlds, judged, one))
        if users:
            needed.append(Removed(one.name, judged, one.kind, hunk, line, users))
    if worlds.upstream is not None:
        worlds.upstream.ask((x.name, x.judged.up_path, frozenset({x.kind})) for x in needed)
    for found in needed:
        if not _upstream_uses(worlds, found):
            yield found


def _others(worlds: Worlds, judged: Judged, one: Definition) -> Sequence[Located]:
    """What the target's file still has under that name, here or in a file that it can see."""
    return worlds.target.visible(one.name, judged.path, VALUES | TAGS)


def _gone(worlds: Worlds, judged: Judged) -> Iterator[tuple[Definition, int, int]]:
    """(definition, hunk, line of the pre-image) of what stood in the target's file and was removed by a hunk."""
    if not judged.landed_lines and judged.after.data == judged.before.data:
        return
    dropped = {
        word: (hunk.number, number)
        for hunk in judged.file.change.hunks
        if (placed := judged.file.placements.get(hunk.number)) is None or placed.kind.lands
        for number, text in _removed_lines(hunk.lines, hunk.old_start)
        for word in re.findall(r"[A-Za-z_]\w+", text.decode("utf-8", "surrogateescape"))
    }
    if not dropped:
        return
    before, after = worlds.before.names.file(judged.path), worlds.target.names.file(judged.path)
    for one in before.definitions if before is not None else ():
        if one.name not in dropped or one.kind not in _KINDS or after is None:
            continue
        if not any(x.kind in _KINDS and x.within == one.within for x in after.named(one.name)):
            yield (one, *dropped[one.name])


def _removed_lines(lines: Sequence[object], start: int) -> Iterator[tuple[int, bytes]]:
    number = start
    for line in lines:
        if line.kind is LineKind.REMOVED:  # type: ignore[attr-defined]
            yield number, line.text  # type: ignore[attr-defined]
        number += line.kind is not LineKind.ADDED  # type: ignore[attr-defined]


def _users(worlds: Worlds, judged: Judged, one: Definition) -> Iterator[Place]:
    """The lines of the target after the patch that use a name: of the file alone where nothing else sees it."""
    if _private(judged, one):
        line = mentioned(judged.after, [one.name], ()).get(one.name)
        if line is not None:
            yield Place(judged.path, line)
        return
    for path, source in _files_with(worlds, one.name):
        line = mentioned(source, [one.name], ()).get(one.name)
        if line is not None and _means(worlds, judged, one, path, source.data, line):
            yield Place(path, line)


def _means(worlds: Worlds, judged: Judged, one: Definition, path: str, data: bytes, line: int) -> bool:
    """Whether a name in a file meant the definition that was removed: nothing of its own has that name."""
    if worlds.target.visible(one.name, path, VALUES | TAGS):
        return False
    external = one.kind in (DefinitionKind.FUNCTION, DefinitionKind.VARIABLE) and not one.static
    if path != judged.path and not external and judged.path not in worlds.before.closure(path):
        return False
    return one.name not in Source(path, data, {line}).stretch(line).scope.locals


def _private(judged: Judged, one: Definition) -> bool:
    return not is_header(judged.path) and (
        one.static or one.kind not in (DefinitionKind.FUNCTION, DefinitionKind.VARIABLE)
    )


def _files_with(worlds: Worlds, name: str) -> Iterator[tuple[str, Source]]:
    """The C files of the target after the patch that hold a word."""
    if not worlds.before.names.mentions(name) or not worlds.context.ground.steps.spend(_MOST_USERS):
        return
    seen = [x for x in worlds.target.names.holders([name])[name] if language(x) == "c"]
    for path in seen[: _MOST_USERS + 1]:
        data = worlds.context.after_text(path)
        if data is not None:
            yield path, Source(path, data, ())


def _upstream_uses(worlds: Worlds, one: Removed) -> bool:
    """Whether upstream, too, still has the name after the patch: then it is no loss."""
    judged = one.judged
    if judged.up is not None and mentioned(judged.up, [one.name], ()):
        return True
    if worlds.upstream is None:
        return False
    return bool(worlds.upstream.visible(one.name, judged.up_path, frozenset({one.kind})))


def left_behind(worlds: Worlds) -> Iterator[LeftBehind]:
    """Callers that keep the old number of arguments, of functions whose parameters the patch changes."""
    for judged in worlds.files:
        if any(b"(" in x.text or b"," in x.text or b")" in x.text for x in judged.file.landed):
            yield from _changed(worlds, judged)


def _changed(worlds: Worlds, judged: Judged) -> Iterator[LeftBehind]:
    words = {w for x in judged.file.landed for w in re.findall(rb"[A-Za-z_]\w+", x.text)}
    if not words:
        return
    before, after = worlds.before.names.file(judged.path), worlds.target.names.file(judged.path)
    if before is None or after is None:
        return
    seen: set[str] = set()
    worlds.target.names.holders([x.name for x in after.definitions if _reshaped(judged, before, after, x)])
    for one in after.definitions:
        if one.kind not in CALLABLE or one.parameters is None or one.name in seen:
            continue
        old = [x for x in before.named(one.name) if x.kind in CALLABLE and x.parameters is not None]
        here = [x for x in after.named(one.name) if x.kind in CALLABLE and x.parameters is not None]
        if not old or _counts(old) == _counts(here) or not _touched(judged, one):
            continue
        seen.add(one.name)
        fitting = [
            x for x in _misfit_callers(worlds, judged, one, here) if any(accepts(y, x[1]) for y in old)
        ]
        callers = tuple(fitting)
        if callers and not _upstream_has(worlds, judged, one):
            added = min((x for x in judged.file.landed), key=lambda x: abs(x.target - one.line))
            yield LeftBehind(one.name, judged, added.hunk, added.line, added.target, callers, here[0])


def _reshaped(judged: Judged, before: FileDefinitions, after: FileDefinitions, one: Definition) -> bool:
    """Whether the patch gives a function that other files may call another number of parameters."""
    private = not is_header(judged.path) and (one.static or one.kind is DefinitionKind.MACRO)
    if private or one.kind not in CALLABLE or one.parameters is None or not _touched(judged, one):
        return False
    old, new = (
        [x for x in known.named(one.name) if x.kind in CALLABLE and x.parameters is not None]
        for known in (before, after)
    )
    return bool(old) and _counts(old) != _counts(new)


def _counts(defined: Sequence[Definition]) -> set[tuple[int, bool]]:
    return {(len(x.parameters or ()), x.variadic) for x in defined}


def _touched(judged: Judged, one: Definition) -> bool:
    """Whether the patch changes the head of the definition."""
    return any(one.line - 2 <= x <= one.line + len(one.parameters or ()) + 2 for x in judged.landed_lines)


def _misfit_callers(
    worlds: Worlds, judged: Judged, one: Definition, here: Sequence[Definition]
) -> Iterator[tuple[Place, int]]:
    private = not is_header(judged.path) and (one.static or one.kind is DefinitionKind.MACRO)
    files = [(judged.path, judged.after)] if private else _files_with(worlds, one.name)
    for path, source in files:
        own = worlds.target.names.file(path)
        heads = {x.line for x in own.named(one.name)} if own is not None else set()
        if path != judged.path and any(
            x.static or x.kind is DefinitionKind.MACRO for x in (own.named(one.name) if own else ())
        ):
            continue
        for line, count in _call_lines(source, one.name):
            if line not in heads and not any(accepts(x, count) for x in here):
                yield Place(path, line), count


def _call_lines(source: Source, name: str) -> Iterator[tuple[int, int]]:
    data = source.code
    for match in re.finditer(
        rb"(?<![\w$.>])" + re.escape(name.encode("utf-8", "surrogateescape")) + rb"\s*\(", data
    ):
        head = data[data.rfind(b"\n", 0, match.start()) + 1 : match.start()]
        if head.lstrip().startswith((b"#", b"extern ")) or (
            re.fullmatch(rb"[\w \t*]*[\w*][ \t*]+", head)
            and not re.search(rb"\b(?:return|else|do|case)\b", head)
        ):
            continue
        count = arity(data, match.end())
        if count is not None and head.count(b'"') % 2 == 0:
            yield data.count(b"\n", 0, match.start()) + 1, count


def _upstream_has(worlds: Worlds, judged: Judged, one: Definition) -> bool:
    """Whether upstream's own file has calls that do not fit, too: then the count says nothing."""
    if worlds.upstream is None or judged.up is None:
        return False
    known = worlds.upstream.names.file(judged.up_path)
    heads = [x for x in known.named(one.name) if x.kind in CALLABLE] if known is not None else []
    lines = {x.line for x in heads}
    calls = _call_lines(Source(judged.up_path, judged.up.data, ()), one.name)
    return not heads or any(line not in lines and not any(accepts(x, n) for x in heads) for line, n in calls)
