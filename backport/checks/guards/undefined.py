"""BP302: a function is declared, called and compiled in a configuration in which no object has its body."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from backport.checks.guards.scene import Scene, Witness, options, scene
from backport.checks.guards.used import Used, altered_names, used_before, used_names
from backport.checks.guards.world import World, anywhere, everyday, of_kinds
from backport.checks.rule import Context
from backport.csource.definitions import DefinitionKind
from backport.csource.makefiles import ALWAYS
from backport.csource.presence import FALSE, MODULE, TRUE, Expr, Op, both, either, no, substituted
from backport.csource.uses import UseKind
from backport.index import Located
from backport.model import Finding, Severity

_STUBS = frozenset({DefinitionKind.FUNCTION, DefinitionKind.MACRO})


def undefined(context: Context) -> Iterator[Finding]:
    """One finding for each function."""
    calls = [u for u in used_names(context) if u.use.kind is UseKind.CALL and u.landed and not u.tested]
    calls = [u for u in calls if u.path.endswith(".c")]
    if not calls:
        return
    here = scene(context)
    built = {path: here.after.levels(path) is not None for path in {u.path for u in calls}}
    altered = altered_names(here)
    calls = [u for u in calls if built[u.path] and (u.name in altered or not used_before(here, u))]
    calls = [u for u in calls if not _settled_near(here.after, u)]
    if not calls:
        return
    found = here.after.find({u.name for u in calls})
    seen: set[tuple[str, str]] = set()
    for used in calls:
        if (used.path, used.name) in seen or not _elsewhere_only(used, found[used.name]):
            continue
        problem = _problem(here.after, used.path, [used.line], found[used.name])
        witness = _new(here, used, problem)
        if witness is not None:
            seen.add((used.path, used.name))
            yield _finding(here, used, found[used.name], witness)


def _settled_near(world: World, used: Used) -> bool:
    """Whether what the file itself sees answers for it, whatever the rest of the tree holds: a body of its own, or
    one in a header that is there in every configuration."""
    bodies = of_kinds(world.near(used.path, used.name), _STUBS)
    if any(x.path == used.path and x.definition.kind is DefinitionKind.FUNCTION for x in bodies):
        return True
    return anywhere(world.stands(used.path, [x for x in bodies if not x.path.endswith(".c")])).op is Op.TRUE


def _elsewhere_only(used: Used, found: Collection[Located]) -> bool:
    """Whether the function's bodies are known, and all in other objects."""
    bodies = _bodies(found)
    declared = any(x.definition.kind is DefinitionKind.PROTOTYPE for x in found)
    return (
        declared
        and bool(bodies)
        and not everyday(found)
        and all(x.path != used.path for x in found if x in bodies)
    )


def _bodies(found: Iterable[Located]) -> list[Located]:
    return [
        x
        for x in of_kinds(found, (DefinitionKind.FUNCTION,))
        if x.path.endswith(".c") and not x.definition.static
    ]


def _problem(world: World, path: str, lines: Iterable[int], found: Collection[Located]) -> Expr:
    """When a line that calls it is compiled against its prototype, and the linker finds no body: for built-in code one
    that is built in, for a module one that is built at all."""
    levels = world.levels(path)
    if levels is None or any(not x.path.endswith((".c", ".h")) for x in found):
        return FALSE
    stubs = [x for x in of_kinds(found, _STUBS) if not x.path.endswith(".c")]
    stubbed = anywhere(world.stands(path, stubs))
    called = both((either(world.at(path, line) for line in lines), no(stubbed)))
    there = [(world.levels(x.path), world.at(x.path, x.definition.line)) for x in _bodies(found)]
    if any(own is None for own, _ in there):
        return FALSE
    builtin = either(both(((own or ALWAYS)[0], _as(inside, False))) for own, inside in there)
    present = either(
        either(
            (both(((own or ALWAYS)[0], _as(inside, False))), both(((own or ALWAYS)[1], _as(inside, True))))
        )
        for own, inside in there
    )
    if builtin.op is Op.TRUE:
        return FALSE
    by_builtin = both((levels[0], _as(called, False), no(builtin)))
    by_module = both((levels[1], no(levels[0]), _as(called, True), no(present)))
    return either((by_builtin, by_module))


def _as(expr: Expr, module: bool) -> Expr:
    return substituted(expr, {MODULE: TRUE if module else FALSE})


def _new(here: Scene, used: Used, problem: Expr) -> Witness | None:
    if not here.possible(problem):
        return None
    known = [_elsewhere(here.before, used.path, used.name)]
    if here.upstream is not None:
        known.append(_elsewhere(here.upstream, used.upstream_path, used.name))
    return here.witness(problem, known)


def _elsewhere(world: World, path: str, name: str) -> Expr:
    lines = world.uses(path, name)
    found = world.find([name])[name] if lines else ()
    return _problem(world, path, lines, found) if lines and _bodies(found) else FALSE


def _finding(here: Scene, used: Used, found: Collection[Located], witness: Witness) -> Finding:
    body = _bodies(found)[0]
    levels = here.after.levels(body.path) or ALWAYS
    when = both((levels[1], here.after.at(body.path, body.definition.line)))
    return Finding(
        code="BP302",
        severity=Severity.WARNING,
        message=f"hunk {used.hunk} calls {used.name}(), which is declared and has no body with {witness}: "
        f"{body.path}:{body.definition.line} is compiled only with {options(when)}",
        file=used.path,
        function=used.function,
        hunk=used.hunk,
        line=used.patch_line,
        target_line=used.line,
        evidence=(
            here.evidence(here.after, body.path, body.definition.line),
            here.evidence(here.after, used.path, used.line),
        ),
        suggestion="make the caller depend on it in Kconfig, or bring a stub for the other configurations",
        subject=used.name,
    )
