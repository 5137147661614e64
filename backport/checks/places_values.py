"""BP118: added lines that read a variable which the target, unlike upstream, has not set at that place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backport.checks.places_flow import (
    Applied,
    Statement,
    applied,
    declared,
    dominating,
    reaching,
    statements,
)
from backport.checks.places_runs import FileView, PlacedRun, views
from backport.checks.places_scopes import finding
from backport.checks.places_text import Spot, rows, spot
from backport.checks.rule import Context
from backport.model import Finding, RegionKind, Severity

_REACHES_IN = frozenset({b".", b"->"})


def unset(context: Context) -> Iterator[Finding]:
    """BP118: each variable once a hunk."""
    for view in views(context):
        told: set[tuple[int, bytes]] = set()
        for run in view.runs:
            for name, found in _unset(context, view, run):
                if (run.hunk, name) not in told:
                    told.add((run.hunk, name))
                    yield found


def _unset(context: Context, view: FileView, run: PlacedRun) -> Iterator[tuple[bytes, Finding]]:
    theirs = spot(view.before, *run.at)
    if theirs.region is None or theirs.region.kind is not RegionKind.FUNCTION:
        return
    read = set(_read_first(statements(view.post, *run.new)))
    if not read:
        return
    bare = {
        n: s
        for s in statements(view.before, *theirs.window)
        for n, given in declared(s)
        if not given and n in read
    }
    if not bare:
        return
    whole = context.once(("places applied", view.before.path), lambda: applied(view))
    for name, declaration in bare.items():
        found = _judged(view, run, (name, declaration), theirs, whole)
        if found is not None:
            yield name, found


def _judged(
    view: FileView, run: PlacedRun, variable: tuple[bytes, Statement], theirs: Spot, whole: Applied
) -> Finding | None:
    name, declaration = variable
    mine = spot(view.post, *run.new)
    if mine.region is None:
        return None
    body = statements(view.post, *mine.window)
    if not any(n == name for s in body for n, _ in declared(s)):
        return None
    sets = next((s for s in dominating(body, _use(view, run, name)) if _sets(s, name)), None)
    if sets is None:
        return None
    after = statements(whole.text, *whole.window(*theirs.window))
    at = whole.ranges[run][0] + _use(view, run, name) - run.new[0]
    if any(_mentions(s, name) and not _declares(s, name) for s in reaching(after, at)):
        return None
    return _never_set(view, run, (name, declaration), sets)


def _use(view: FileView, run: PlacedRun, name: bytes) -> int:
    """The index of the first added line that holds the name."""
    return next(n for n, row in enumerate(rows(view.post, *run.new), run.new[0]) if name in row)


def _mentions(statement: Statement, name: bytes) -> bool:
    """Whether a statement holds the variable itself, and not only a member of that name."""
    tokens = statement.tokens
    return any(t == name and (not n or tokens[n - 1] not in _REACHES_IN) for n, t in enumerate(tokens))


def _declares(statement: Statement, name: bytes) -> bool:
    return any(n == name and not given for n, given in declared(statement))


def _read_first(found: Sequence[Statement]) -> Iterator[bytes]:
    """The names that the added statements read before they set them."""
    seen: set[bytes] = set()
    for statement in found:
        tokens = statement.tokens
        names = dict.fromkeys(t for t in tokens if t[:1].isalpha() or t[:1] == b"_")
        fresh = {n for n, _ in declared(statement)}
        for name in names:
            if name not in seen and name not in fresh and _reads(tokens, name):
                yield name
        seen.update(names)


def _reads(tokens: Sequence[bytes], name: bytes) -> bool:
    """Whether the first use of a name reads its value: not set, not a member, not passed by address, no call."""
    at = tokens.index(name)
    before = tokens[at - 1] if at else b""
    after = tokens[at + 1] if at + 1 < len(tokens) else b""
    if before in _REACHES_IN or before == b"&" or after in (b"=", b"(", b"[", b".", b":"):
        return False
    return before not in (b"struct", b"union", b"enum", b"sizeof", b"goto") and not (
        before == b"(" and tokens[at - 2 : at - 1] == (b"sizeof",)
    )


def _sets(statement: Statement, name: bytes) -> bool:
    """Whether a statement gives the variable a value, itself or through its address."""
    tokens = statement.tokens
    for at, token in enumerate(tokens[:-1]):
        if token == name and tokens[at + 1] == b"=" and (not at or tokens[at - 1] not in _REACHES_IN):
            return True
        if token == name and at and tokens[at - 1] == b"&":
            return True
    return False


def _never_set(view: FileView, run: PlacedRun, variable: tuple[bytes, Statement], sets: Statement) -> Finding:
    name, declaration = variable[0].decode("utf-8", "replace"), variable[1]
    function = spot(view.before, *run.at).name
    message = (
        f"hunk {run.hunk} reads `{name}` in {function}, which upstream sets before "
        f"({view.post.path}:{sets.line + 1}) and the target does not: it is declared without a value at "
        f"{view.before.path}:{declaration.line + 1}"
    )
    advice = f"set `{name}` where it is declared, or find the commit that sets it upstream"
    rule = ("BP118", Severity.WARNING)
    return finding(
        view,
        run,
        rule,
        message,
        function,
        place=declaration.line,
        subject=name,
        suggestion=advice,
        upstream=sets.line,
    )
