"""BP301: added code uses a name in a configuration in which it is not declared."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from backport.checks.guards.scene import Scene, Witness, directive, scene
from backport.checks.guards.used import Used, altered_names, used_before, used_names
from backport.checks.guards.world import DECLARES, Stand, World, anywhere, compiled, everyday, of_kinds
from backport.checks.rule import Context
from backport.csource.definitions import DefinitionKind
from backport.csource.presence import FALSE, Expr, Op, both, either, no
from backport.csource.uses import UseKind
from backport.index import Located
from backport.model import Evidence, Finding, GuardEvidence, Severity

_KINDS: dict[UseKind, frozenset[DefinitionKind]] = {
    UseKind.CALL: DECLARES,
    UseKind.NAME: DECLARES,
    UseKind.TAG: frozenset({DefinitionKind.ENUM}),
    UseKind.MEMBER: frozenset({DefinitionKind.MEMBER, DefinitionKind.MACRO}),
    UseKind.FIELD: frozenset({DefinitionKind.MEMBER, DefinitionKind.MACRO}),
}
_MEMBERS = frozenset({UseKind.MEMBER, UseKind.FIELD})
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Missing:
    """A use in a configuration in which its name is not there, with the places that define it."""

    used: Used
    stands: tuple[Stand, ...]
    problem: Expr
    witness: Witness


def undeclared(context: Context) -> Iterator[Finding]:
    """One finding for the names of a function that are missing in the same configurations."""
    groups: dict[tuple[str, str, Witness], list[Missing]] = {}
    for missing in _missing(context):
        used = missing.used
        groups.setdefault((used.path, used.function, missing.witness), []).append(missing)
    for group in groups.values():
        yield _finding(scene(context), group)


def _missing(context: Context) -> Iterator[Missing]:
    used = [u for u in used_names(context) if u.use.kind in _KINDS]
    if not used:
        return
    here = scene(context)
    altered = altered_names(here)
    used = [u for u in used if u.name in altered or not used_before(here, u)]
    seen: set[tuple[str, str, Expr]] = set()
    suspects: list[tuple[Used, Expr, list[Expr]]] = []
    for use in _conditional(here.after, used):
        problem = _problem(here.after, use, use.path, [use.line])
        key = (use.path, use.name, problem)
        if problem.op is not Op.FALSE and key not in seen:
            seen.add(key)
            suspects += _judged(here, use, problem)
    if suspects:
        yield from _confirmed(here, suspects)


def _conditional(world: World, used: Iterable[Used]) -> Iterator[Used]:
    """Those whose names stand under a condition somewhere in what their file includes."""
    by_path: dict[str, list[Used]] = {}
    for use in used:
        by_path.setdefault(use.path, []).append(use)
    for path, uses in by_path.items():
        names = world.conditional(path, {u.name for u in uses})
        yield from (u for u in uses if u.name in names)


def _judged(here: Scene, use: Used, problem: Expr) -> Iterator[tuple[Used, Expr, list[Expr]]]:
    """The use with its problem, and the same in the other trees, if the patch breaks a configuration by it that was
    not broken before, nor is so upstream."""
    if not here.possible(problem):
        return
    before = [_elsewhere(here.before, use, use.path)]
    theirs = _elsewhere(here.upstream, use, use.upstream_path) if here.upstream is not None else FALSE
    if here.witness(problem, [*before, theirs]) is not None:
        yield use, problem, [*before, theirs]
    elif here.witness(problem, before) is not None and here.forbidden_upstream(theirs):
        yield use, problem, before


def _confirmed(here: Scene, suspects: Collection[tuple[Used, Expr, list[Expr]]]) -> Iterator[Missing]:
    """Those that are missing even if every header of the tree could be included."""
    found = here.after.find({use.name for use, _, _ in suspects})
    for use, problem, known in suspects:
        everywhere = here.after.stands(use.path, of_kinds(found[use.name], _KINDS[use.use.kind]))
        witness = here.witness(both((problem, no(anywhere(everywhere)))), known)
        if witness is not None:
            yield Missing(use, tuple(_stands(here.after, use, use.path)), problem, witness)


def _stands(world: World, use: Used, path: str) -> list[Stand]:
    """Where what the file includes defines the name as what it is used for; [] where nothing can be said of it."""
    found = world.near(path, use.name)
    of_kind = of_kinds(found, _KINDS[use.use.kind])
    if everyday(found) or not of_kind:
        return []
    if use.use.kind in _MEMBERS and not _one_struct(of_kind):
        return []
    return [Stand(x.path, x.definition.line, world.at(x.path, x.definition.line)) for x in of_kind]


def _one_struct(found: Iterable[Located]) -> bool:
    """Whether a member's name is that of one struct alone, so that its type need not be known."""
    return len({x.definition.within for x in found if x.definition.kind is DefinitionKind.MEMBER}) == 1


def _problem(world: World, use: Used, path: str, lines: Iterable[int]) -> Expr:
    """When one of the lines is compiled and the name is not declared."""
    stands = _stands(world, use, path)
    declared = anywhere(stands)
    if not stands or declared.op is Op.TRUE:
        return FALSE
    uses = either(world.at(path, line) for line in lines)
    return compiled(world.levels(path), both((uses, no(declared))))


def _elsewhere(world: World, use: Used, path: str) -> Expr:
    """The same problem in another tree, with all that uses the name there."""
    lines = world.uses(path, use.name)
    return _problem(world, use, path, lines) if lines else FALSE


def _finding(here: Scene, group: list[Missing]) -> Finding:
    first = group[0]
    used, stand = first.used, first.stands[0]
    names = list(dict.fromkeys(m.used.shown for m in group))
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    verb = "is" if len(names) == 1 else "are"
    guard = _guard(here.after, stand)
    certain = first.witness.certain and used.landed
    once = "" if used.landed else " once it is carried over"
    return Finding(
        code="BP301",
        severity=Severity.ERROR if certain else Severity.WARNING,
        message=f"hunk {used.hunk} uses {shown}{once}, which {verb} not declared with {first.witness}: "
        f"{stand.path}:{stand.line} has {'it' if len(names) == 1 else 'them'} only under {directive(guard)}",
        file=used.path,
        function=used.function,
        hunk=used.hunk,
        line=used.patch_line,
        target_line=used.line or None,
        evidence=tuple(_evidence(here, first)),
        suggestion=_suggestion(here, first, guard),
        subject=used.name,
    )


def _guard(world: World, stand: Stand) -> str:
    texts = [g.text for g in world.guards(stand.path, stand.line)]
    return " && ".join(texts) or str(stand.when)


def _evidence(here: Scene, missing: Missing) -> Iterator[Evidence]:
    used, stand = missing.used, missing.stands[0]
    yield here.evidence(here.after, stand.path, stand.line)
    for guard in here.after.guards(stand.path, stand.line):
        yield GuardEvidence(guard.text, "target", stand.path, guard.line)
    if used.landed:
        yield here.evidence(here.after, used.path, used.line)
    for guard in here.after.guards(used.path, used.line):
        yield GuardEvidence(guard.text, "target", used.path, guard.line)
    other = _upstreams(here, used)
    if other is not None and here.upstream is not None:
        yield here.evidence(here.upstream, other.path, other.line)


def _upstreams(here: Scene, used: Used) -> Stand | None:
    """Where upstream defines the name under a weaker condition, or with a stub beside it."""
    if here.upstream is None:
        return None
    own = _stands(here.upstream, used, used.upstream_path)
    return min(own, key=lambda s: (s.when.op is not Op.TRUE, s.path, -s.line), default=None)


def _suggestion(here: Scene, missing: Missing, guard: str) -> str:
    other = _upstreams(here, missing.used)
    enclose = f"enclose the use with {directive(guard)}"
    if other is None or (
        here.upstream is not None and here.witness(missing.problem, [other.when]) is not None
    ):
        return enclose
    where = f"{other.path}:{other.line}"
    if other.when.op is Op.TRUE:
        return f"{enclose}, or take the definition out of it as upstream has it ({where})"
    return f"{enclose}, or bring upstream's stub ({where})"
