"""BP303 to BP305: what the patch defines: twice, unused, or in fewer configurations than upstream does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from backport.checks.guards.scene import Scene, directive, scene, text_line
from backport.checks.guards.world import World, compiled
from backport.checks.names.added import AddedFile, AddedLine, added_files
from backport.checks.rule import Context
from backport.csource.definitions import Definition, DefinitionKind
from backport.csource.presence import FALSE, Expr, Op, both, either, no
from backport.model import Evidence, Finding, GuardEvidence, LineKind, Severity

_ONCE = frozenset(
    {
        DefinitionKind.FUNCTION,
        DefinitionKind.STRUCT,
        DefinitionKind.UNION,
        DefinitionKind.ENUM,
        DefinitionKind.ENUMERATOR,
        DefinitionKind.VARIABLE,
    }
)
_SPARED = (b"inline", b"unused", b"__used", b"__weak", b"__init", b"__exit", b"INLINE")


@dataclass(frozen=True, slots=True)
class Changed:
    """A C file of the patch as it is in the target after it, with the lines that landed."""

    file: AddedFile
    lines: dict[int, AddedLine]
    definitions: tuple[Definition, ...]

    @property
    def path(self) -> str:
        return self.file.path

    def added(self, definition: Definition) -> AddedLine | None:
        """The added line that the definition begins on."""
        return self.lines.get(definition.line)


def changed_files(context: Context) -> tuple[Changed, ...]:
    return context.once("guards changed", lambda: tuple(_changed(context)))


def _changed(context: Context) -> Iterator[Changed]:
    for file in added_files(context):
        provided = context.names_after.file(file.path) if file.landed else None
        if provided is not None:
            yield Changed(file, {x.target: x for x in file.landed}, provided.definitions)


def _named(found: Iterable[Definition], like: Definition) -> list[Definition]:
    """Those that would be the same thing to a compiler."""
    return [
        d
        for d in found
        if d.name == like.name
        and d.kind is like.kind
        and (d.kind is not DefinitionKind.ENUMERATOR or d.within)
    ]


# --- twice --------------------------------------------------------------------------------------


def redefined(context: Context) -> Iterator[Finding]:
    """BP303: two definitions of one thing in one file, in a configuration that has both."""
    for changed in changed_files(context):
        seen: set[tuple[str, DefinitionKind]] = set()
        for definition in changed.definitions:
            added = changed.added(definition)
            key = (definition.name, definition.kind)
            if added is None or definition.kind not in _ONCE or key in seen or not _is_whole(definition):
                continue
            same = [d for d in _named(changed.definitions, definition) if _is_whole(d)]
            if len(same) > 1:
                seen.add(key)
                yield from _twice(scene(context), changed, definition, added, same)


def _is_whole(definition: Definition) -> bool:
    """Whether it has a body: `struct x;` declares and nothing more."""
    return (
        definition.kind is DefinitionKind.ENUMERATOR
        or definition.type != ""
        or definition.last > definition.line
    )


def _twice(
    here: Scene, changed: Changed, definition: Definition, added: AddedLine, same: Sequence[Definition]
) -> Iterator[Finding]:
    problem = _overlap(here.after, changed.path, same)
    known = [_overlap_of(here.before, changed.path, definition)]
    if here.upstream is not None:
        known.append(_overlap_of(here.upstream, changed.file.change.new_path, definition))
    witness = here.witness(problem, known)
    if witness is None:
        return
    other = next(
        (d for d in same if d.line not in changed.lines), same[0] if same[0] is not definition else same[1]
    )
    yield Finding(
        code="BP303",
        severity=Severity.ERROR if witness.certain or not witness.lines else Severity.WARNING,
        message=f"hunk {added.hunk} defines {definition.name}, which {changed.path}:{other.line} defines too, "
        f"with {witness}",
        file=changed.path,
        function=definition.name,
        hunk=added.hunk,
        line=added.line,
        target_line=definition.line,
        evidence=(
            here.evidence(here.after, changed.path, definition.line),
            here.evidence(here.after, changed.path, other.line),
        ),
        suggestion="keep one of the two: see which of them the callers mean",
        subject=definition.name,
    )


def _overlap(world: World, path: str, same: Sequence[Definition]) -> Expr:
    """When two of them are compiled at once."""
    conditions = [world.at(path, d.line) for d in same[:8]]
    pairs = (both((a, b)) for n, a in enumerate(conditions) for b in conditions[n + 1 :])
    return compiled(world.levels(path), either(pairs))


def _overlap_of(world: World, path: str, definition: Definition) -> Expr:
    same = [d for d in _named(world.held(path), definition) if _is_whole(d)]
    return _overlap(world, path, same) if len(same) > 1 else FALSE


# --- unused -------------------------------------------------------------------------------------


def unused(context: Context) -> Iterator[Finding]:
    """BP304: a static function that the patch leaves without a use in some configuration."""
    for changed in changed_files(context):
        touched = _touched_words(changed)
        if changed.path.endswith(".c"):
            for definition in changed.definitions:
                concerned = definition.static and definition.kind is DefinitionKind.FUNCTION
                if concerned and (definition.name in touched or definition.line in changed.lines):
                    yield from _unused(scene(context), changed, definition)


def _touched_words(changed: Changed) -> frozenset[str]:
    """The words on the lines that the patch removes from the file."""
    lines = [
        x.text
        for h in changed.file.change.hunks
        for x in h.lines
        if x.kind is LineKind.REMOVED or x.text.startswith(b"#")
    ]
    text = b"\n".join(lines).decode("utf-8", "replace")
    return frozenset("".join(c if c.isalnum() or c == "_" else " " for c in text).split())


def _unused(here: Scene, changed: Changed, definition: Definition) -> Iterator[Finding]:
    problem = _idle(here.after, changed.path, definition.name)
    if problem.op is Op.FALSE or here.upstream is None:
        return
    known = (
        _idle(here.before, changed.path, definition.name),
        _idle(here.upstream, changed.file.change.new_path, definition.name),
    )
    witness = here.witness(problem, known)
    if witness is None:
        return
    added = changed.added(definition)
    yield Finding(
        code="BP304",
        severity=Severity.WARNING,
        message=f"{definition.name}() is static and unused with {witness}",
        file=changed.path,
        function=f"{definition.name}()",
        hunk=added.hunk if added is not None else None,
        line=added.line if added is not None else None,
        target_line=definition.line,
        evidence=(here.evidence(here.after, changed.path, definition.line),),
        suggestion="see which use upstream has that the target has not, or put both under one guard",
        subject=definition.name,
    )


def _idle(world: World, path: str, name: str) -> Expr:
    """When a static function is compiled and nothing in its file uses it; FALSE where that is no fault."""
    bodies = [
        d for d in world.held(path) if d.name == name and d.kind is DefinitionKind.FUNCTION and d.static
    ]
    own = [d for d in world.held(path) if d.name == name]
    if not bodies or any(_spared(world, path, d) for d in own):
        return FALSE
    lines = [n for n in world.uses(path, name) if not any(d.line <= n <= d.last for d in own)]
    used = either(world.at(path, line) for line in lines)
    return compiled(world.levels(path), both((either(world.at(path, d.line) for d in bodies), no(used))))


def _spared(world: World, path: str, definition: Definition) -> bool:
    head = b" ".join(text_line(world, path, n) for n in (definition.line - 1, definition.line))
    return any(word in head for word in _SPARED)


# --- in fewer configurations --------------------------------------------------------------------


def narrower(context: Context) -> Iterator[Finding]:
    """BP305: a header's declaration that lands under a stronger condition than it has upstream, or without the stub
    that upstream has for the other configurations."""
    for changed in changed_files(context):
        if not changed.path.endswith(".h"):
            continue
        seen: set[str] = set()
        for definition in changed.definitions:
            added = changed.added(definition)
            if (
                added is not None
                and definition.name not in seen
                and definition.kind is not DefinitionKind.MEMBER
            ):
                seen.add(definition.name)
                yield from _narrower(scene(context), changed, definition, added)


def _narrower(here: Scene, changed: Changed, definition: Definition, added: AddedLine) -> Iterator[Finding]:
    if here.upstream is None:
        return
    name, path = definition.name, changed.file.change.new_path
    mine = _declared(here.after, changed.path, name)
    if mine.op is Op.TRUE:
        return
    theirs = _declared(here.upstream, path, name)
    earlier = _declared(here.before, changed.path, name)
    known = [] if earlier.op is Op.FALSE else [both((theirs, no(earlier)))]
    witness = here.witness(both((theirs, no(mine))), known)
    if witness is None or not witness.lines:
        return
    guards = here.after.guards(changed.path, definition.line)
    stub = _stub(here.upstream, path, name, definition)
    yield Finding(
        code="BP305",
        severity=Severity.WARNING if witness.certain else Severity.NOTE,
        message=f"hunk {added.hunk} declares {name} under {_text(guards)}, and not with {witness}, where upstream has "
        f"it ({path}:{stub})",
        file=changed.path,
        hunk=added.hunk,
        line=added.line,
        target_line=definition.line,
        evidence=tuple(_guard_evidence(here, changed.path, definition.line, path, stub)),
        suggestion="bring upstream's stub, or move the declaration out of the guard",
        subject=name,
    )


def _declared(world: World, path: str, name: str) -> Expr:
    return either(world.at(path, d.line) for d in world.held(path) if d.name == name)


def _stub(world: World, path: str, name: str, definition: Definition) -> int:
    """The line of upstream's declaration that the target lacks: the last one."""
    return max((d.line for d in world.held(path) if d.name == name), default=definition.line)


def _text(guards: Sequence[object]) -> str:
    return directive(" && ".join(str(getattr(g, "text", "")) for g in guards))


def _guard_evidence(here: Scene, path: str, line: int, theirs: str, stub: int) -> Iterator[Evidence]:
    yield here.evidence(here.after, path, line)
    for guard in here.after.guards(path, line):
        yield GuardEvidence(guard.text, "target", path, guard.line)
    if here.upstream is not None:
        yield here.evidence(here.upstream, theirs, stub)
