"""Names that the added lines use: those that upstream has and the target has not."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from posixpath import basename, dirname

from backport.checks.names.calls import target_bodies, upstream_bodies
from backport.checks.names.removed import gone_names
from backport.checks.names.world import TAGS, VALUES, Question, World, is_header
from backport.checks.names.worlds import Found, Judged, Worlds
from backport.csource.definitions import DefinitionKind
from backport.csource.uses import Stretch, UseKind, mentioned
from backport.csource.uses_scope import MACRO, Local
from backport.csource.uses_tokens import words
from backport.index import Located

GLOBAL = (UseKind.NAME, UseKind.CALL, UseKind.TAG)


@dataclass(frozen=True, slots=True)
class Missing:
    """A name that `uses` (in order, all of one file) need and the target has not. What upstream means by it:
    `local` (declared in the function) or `defined`; neither where upstream's tree is not at hand. `hidden` are
    the target's definitions that the file cannot mean (static in another file)."""

    name: str
    judged: Judged
    uses: tuple[Found, ...]
    local: Local | None = None
    defined: tuple[Located, ...] = ()
    hidden: tuple[Located, ...] = ()
    inner: Local | None = None
    mentioned: bool = False


@dataclass(slots=True)
class _Question:
    """A name that the file's own text does not answer, with its uses."""

    judged: Judged
    name: str
    uses: list[Found] = field(default_factory=list)
    local: Local | None = None


def missing_names(worlds: Worlds) -> tuple[Missing, ...]:
    """All missing names of the patch, file by file, made once."""
    return worlds.context.once("missing names", lambda: tuple(_missing(worlds)))


def _missing(worlds: Worlds) -> Iterator[Missing]:
    questions = [x for judged, uses in worlds.uses for x in _questions(judged, uses)]
    worlds.target.ask((*_asked(questions), *_later(worlds)))
    if not questions:
        return
    unanswered, distant = [], []
    for question in questions:
        if question.local is not None:
            if not _global_here(worlds.target, question):
                yield _undeclared(question)
        elif not worlds.target.visible(question.name, question.judged.path, _kinds(question)):
            unanswered.append(question)
        elif worlds.upstream is not None and _distant(worlds.target, question):
            distant.append(question)
    if worlds.upstream is not None:
        asked = [(x.name, x.judged.up_path, _kinds(x)) for x in (*unanswered, *distant)]
        worlds.upstream.ask((*asked, *upstream_bodies(worlds)))
    for question in distant:
        found = _unincluded(worlds, question)
        if found is not None:
            yield found
    for question in unanswered:
        found = _unanswered(worlds, question)
        if found is not None:
            yield found


def _later(worlds: Worlds) -> Iterator[Question]:
    """What the rules on calls and on removals ask of the whole target: without an index it is one search for all."""
    yield from gone_names(worlds)
    if worlds.upstream is not None:
        yield from target_bodies(worlds)


def _asked(questions: Iterable[_Question]) -> Iterator[Question]:
    """Locals of upstream's function are only looked for in sight of the file."""
    return ((x.name, x.judged.path, _kinds(x)) for x in questions if x.local is None)


def _kinds(question: _Question) -> frozenset[DefinitionKind]:
    return TAGS if question.uses[0].use.kind is UseKind.TAG else VALUES


def _distant(target: World, question: _Question) -> bool:
    """Whether only headers that the file does not include have the name."""
    path = question.judged.path
    if is_header(path) or question.uses[0].use.kind is UseKind.TAG:
        return False
    found = target.visible(question.name, path, VALUES)
    reach = target.closure(path)
    return all(is_header(x.path) and x.path not in reach for x in found)


def _unincluded(worlds: Worlds, question: _Question) -> Missing | None:
    """A name of a header that upstream's file includes, and the target's does not."""
    assert worlds.upstream is not None
    judged, name = question.judged, question.name
    found = worlds.upstream.within(name, judged.up_path)
    defined = tuple(x for x in found if x.definition.kind in VALUES)
    if not defined or any(worlds.brings(x.path, x.definition.line) for x in defined):
        return None
    hidden = worlds.target.visible(name, judged.path, VALUES)
    if any(_alternative(worlds.target, x.path, judged.path) for x in hidden):
        return None
    return Missing(name, judged, tuple(question.uses), None, defined, hidden)


def _alternative(target: World, header: str, path: str) -> bool:
    """Whether a header stands in for one that the file includes, as another architecture's does: of the same
    name, or included by one of the same name in its folder."""
    if not any(words().variant.fullmatch(x) for x in dirname(header).split("/")):
        return False
    names = {basename(x) for x in target.closure(path)}
    if basename(header) in names:
        return True
    folder = dirname(header)
    beside = (f"{folder}/{x}" if folder else x for x in sorted(names))
    return any(target.names.file(x) is not None and header in target.closure(x) for x in beside)


def _unanswered(worlds: Worlds, question: _Question) -> Missing | None:
    """A name without a definition in the target: missing if upstream has one that the patch does not bring."""
    judged, name = question.judged, question.name
    hidden = tuple(x for x in worlds.target.find(name) if x.definition.kind in _kinds(question))
    homes = {p.target_path for p in judged.file.placements.values() if p is not None}
    if any(x.path in homes for x in hidden):  # the file's code is there in the target, and sees its own names
        return None
    if worlds.upstream is None:
        return _alone(worlds, question, hidden)
    defined = worlds.upstream.visible(name, judged.up_path, _kinds(question))
    if not defined or any(worlds.brings(x.path, x.definition.line) for x in defined):
        return None
    if _pasted(worlds, name, judged):
        return None
    known = not hidden and worlds.before.names.mentions(name)
    return Missing(name, judged, tuple(question.uses), None, defined, hidden, mentioned=known)


def _alone(worlds: Worlds, question: _Question, hidden: tuple[Located, ...]) -> Missing | None:
    """The same with the target alone: what no file of it mentions, the C library does not have and the patch does
    not bring."""
    name = question.name
    if name in words().library or _brought_alone(worlds, name):
        return None
    if all(_pasting(worlds, question.judged, x) for x in question.uses):
        return None
    if not hidden and worlds.before.names.mentions(name):
        return None
    return Missing(name, question.judged, tuple(question.uses), hidden=hidden)


def _brought_alone(worlds: Worlds, name: str) -> bool:
    """Whether some hunk of the patch brings the name: its added lines are all that there is of upstream."""
    from backport.csource.definitions import definitions

    def brought() -> frozenset[str]:
        found: set[str] = set()
        for change in worlds.context.patch.files:
            text = b"\n".join(b"\n".join(h.added) for h in change.hunks) + b"\n"
            known = definitions(change.path, text).definitions
            found.update(x.name for x in known if x.kind not in _PLAIN or _TYPE.fullmatch(x.type))
        return frozenset(found)

    return name in worlds.context.once("brought alone", brought)


def _pasting(worlds: Worlds, judged: Judged, found: Found) -> bool:
    """Whether a use is an argument of a macro that pastes, of the patch or of the file: a part of a name."""
    text = next((x.text for x in judged.file.lines if x.line == found.line), b"")
    name = re.escape(found.use.name.encode("utf-8", "surrogateescape"))
    called = re.search(rb"\b(\w+)\s*\([^()]*\b" + name + rb"\b", text)
    if called is None:
        return False
    added = b"\n".join(b"\n".join(x.added) for x in worlds.context.patch.hunks)
    macro = rb"#\s*define\s+" + re.escape(called[1]) + rb"\([^\n]*(?:\\\n[^\n]*)*?##"
    return any(re.search(macro, x) is not None for x in (added, judged.after.code))


_PLAIN = (DefinitionKind.VARIABLE, DefinitionKind.PROTOTYPE)
"""What a statement may be taken for where its function's head is not shown."""
_TYPE = re.compile(r"(?!return\b|else\b|goto\b|case\b)[A-Za-z_][\w *]*")


def _pasted(worlds: Worlds, name: str, judged: Judged) -> bool:
    """Whether a macro of the file or its includes may build the name with `##`. One that upstream's file has as
    well does not count where upstream defines the name as it stands."""
    assert worlds.upstream is not None
    making = {x for x in _pastes(worlds.target, judged.path) if re.fullmatch(x, name)}
    return bool(making) and not making <= _pastes(worlds.upstream, judged.up_path)


def _pastes(world: World, path: str) -> frozenset[str]:
    return world.names.pasted(world.closure(path))


def _undeclared(question: _Question) -> Missing:
    inner = None
    first = question.uses[0]
    if first.stretch is not None:
        inner = next(iter(first.stretch.scope.locals.get(question.name, ())), None)
    return Missing(question.name, question.judged, tuple(question.uses), question.local, inner=inner)


def _global_here(target: World, question: _Question) -> bool:
    """Whether a name that is local upstream is one of the file or its includes in the target."""
    found = target.within(question.name, question.judged.path)
    return any(x.definition.kind in VALUES for x in found)


# --- what the texts at hand answer ------------------------------------------------------------------


def _questions(judged: Judged, uses: Sequence[Found]) -> list[_Question]:
    """The names that neither the function nor the file as it was before the patch knows."""
    open_uses = [x for x in uses if x.use.kind in GLOBAL and not _local(x)]
    found: dict[tuple[str, bool], _Question] = {}
    for use in open_uses:
        local = _upstream_local(judged, use)
        if local is not None and (
            local.line in judged.added_lines or _stands(judged, use) or local.kind == MACRO
        ):
            continue
        if local is not None and use.stretch is None:
            continue
        key = (use.use.name, local is not None)
        question = found.setdefault(key, _Question(judged, use.use.name, local=local))
        question.uses.append(use)
    free = [name for name, local in found if not local]
    standing = mentioned(judged.before, free, ())
    return [x for (name, local), x in found.items() if local or name not in standing]


def _local(found: Found) -> bool:
    """Whether the function in the target declares the name where the use sees it."""
    if found.stretch is None or found.use.kind is UseKind.TAG:
        return False
    if found.index < 0:
        return found.target == 0 and found.use.name in found.stretch.scope.locals
    return found.stretch.scope.visible(found.use.name, found.index) is not None


def _upstream_local(judged: Judged, found: Found) -> Local | None:
    """What the name is declared as in upstream's function."""
    if found.use.kind is UseKind.TAG or found.use.macro:
        return None
    stretch = judged.up_stretch(found.line)
    if stretch is None or not stretch.function:
        return None
    end = stretch.index_at(found.line + 1) - 1
    return stretch.scope.visible(found.use.name, end)


def _stands(judged: Judged, found: Found) -> bool:
    """Whether the target's function holds the name outside of the patch's lines without declaring it there as
    far as we see: its code was compiled, so it is declared somehow."""
    stretch: Stretch | None = found.stretch
    if stretch is None:
        return False
    flow, scope = stretch.scope.flow, stretch.scope
    for index, text in enumerate(flow.texts):
        if text != found.use.name or index in scope.declaring or flow.lines[index] in judged.landed_lines:
            continue
        if index and flow.texts[index - 1] in (".", "->", "goto", "struct", "union", "enum"):
            continue
        if scope.visible(text, index) is None:
            return True
    return False
