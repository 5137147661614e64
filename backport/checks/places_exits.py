"""BP116 and BP117: added lines that leave the function, by a label or a return, where the target stands otherwise.

BP116: a `goto` whose label undoes other things here than upstream. BP117: a `return` at a place where the target
holds a lock, or memory, that upstream does not hold there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from backport.checks.places_flow import Statement, applied, dominating, reaching, statements
from backport.checks.places_runs import FileView, PlacedRun, views
from backport.checks.places_scopes import finding
from backport.checks.places_text import Spot, spot
from backport.checks.rule import Context
from backport.model import Finding, RegionKind, Severity

_WORDS = frozenset({b"if", b"while", b"for", b"switch", b"return", b"sizeof", b"do", b"else", b"defined"})


def _functions(view: FileView, run: PlacedRun) -> tuple[Spot, Spot] | None:
    """The function of a run's lines in the patch's result and in the target; None outside of functions."""
    mine, theirs = spot(view.post, *run.new), spot(view.before, *run.at)
    for one in (mine, theirs):
        if one.region is None or one.region.kind is not RegionKind.FUNCTION:
            return None
    return mine, theirs


# --- labels ---------------------------------------------------------------------------------------


def labels(context: Context) -> Iterator[Finding]:
    """BP116: each label once a hunk."""
    for view in views(context):
        told: set[tuple[int, bytes]] = set()
        for run in view.runs:
            jumps = [s for s in statements(view.post, *run.new) if b"goto" in s.tokens]
            functions = _functions(view, run) if jumps else None
            for jump in jumps if functions else ():
                label = _label(jump)
                found = _unlike(view, run, label, functions) if functions and label else None
                if found is not None and (run.hunk, label) not in told:
                    told.add((run.hunk, label))
                    yield found


def _label(jump: Statement) -> bytes:
    at = jump.tokens.index(b"goto") + 1
    return jump.tokens[at] if at < len(jump.tokens) and jump.tokens[at] != b"*" else b""


def _unlike(view: FileView, run: PlacedRun, label: bytes, functions: tuple[Spot, Spot]) -> Finding | None:
    mine, theirs = _exit(functions[0], label), _exit(functions[1], label)
    if mine is None or theirs is None or any(r.new[0] <= mine.line < r.new[1] for r in view.runs):
        return None
    skipped = [n for n in mine.calls if n not in theirs.calls and n in theirs.all]
    extra = [n for n in theirs.calls if n not in mine.calls and n in mine.all]
    if not skipped and not extra:
        return None
    name = label.decode("utf-8", "replace")
    what = [f"skips {_text(n)}(), which upstream's calls" for n in skipped[:1]]
    what += [f"calls {_text(n)}(), which upstream's does not" for n in extra[:1]]
    message = (
        f"hunk {run.hunk} adds `goto {name}`, and the label at {view.before.path}:{theirs.line + 1} "
        f"{' and '.join(what)}: the target undoes things in another order"
    )
    return finding(
        view,
        run,
        ("BP116", Severity.WARNING),
        message,
        functions[1].name,
        place=theirs.line,
        subject=name,
        upstream=mine.line,
        suggestion="take the label whose steps undo what was done before this place",
    )


class _Exit(NamedTuple):
    """A label: its line, what is called from it to the function's end, and from the first label on."""

    line: int
    calls: Mapping[bytes, None]
    all: Mapping[bytes, None]


def _exit(function: Spot, label: bytes) -> _Exit | None:
    body = statements(function.text, *function.window)
    marks = [n for n, s in enumerate(body) if _marks(s)]
    at = next((n for n in marks if body[n].tokens[0] == label), None)
    if at is None:
        return None
    return _Exit(body[at].line, _calls(body[at:]), _calls(body[marks[0] :]))


def _marks(statement: Statement) -> bool:
    """Whether a statement is a label to go to."""
    return statement.label and len(statement.tokens) == 2 and statement.tokens[0] != b"default"


def _calls(body: Sequence[Statement]) -> dict[bytes, None]:
    """The functions called, in order: at the first plain return the path ends."""
    found: dict[bytes, None] = {}
    for statement in body:
        tokens = statement.tokens
        for token, follows in pairwise(tokens):
            if follows == b"(" and (token[:1].isalpha() or token[:1] == b"_") and token not in _WORDS:
                found.setdefault(token)
        if tokens[0] == b"return" and statement.depth <= min(s.depth for s in body if not s.label):
            break
    return found


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


# --- returns --------------------------------------------------------------------------------------


class _Kind(NamedTuple):
    what: str
    result: bool
    takes: re.Pattern[bytes]
    releases: re.Pattern[bytes]


@cache
def _kinds() -> tuple[_Kind, ...]:
    import tomllib

    from backport.csource.dialect import read_data

    rows = tomllib.loads(read_data("held.toml"))["held"]
    return tuple(
        _Kind(r["what"], r["by"] == "result", _any_of(r["takes"]), _any_of(r["releases"])) for r in rows
    )


def _any_of(patterns: Sequence[str]) -> re.Pattern[bytes]:
    return re.compile("|".join(f"(?:{p})" for p in patterns).encode())


def returns(context: Context) -> Iterator[Finding]:
    """BP117: each return once."""
    for view in views(context):
        for run in view.runs:
            leaves = [s for s in statements(view.post, *run.new) if b"return" in s.tokens]
            functions = _functions(view, run) if leaves else None
            if functions is not None:
                yield from _holding(context, view, run, (leaves[0], functions))


def _holding(
    context: Context, view: FileView, run: PlacedRun, found: tuple[Statement, tuple[Spot, Spot]]
) -> Iterator[Finding]:
    leave, (mine, theirs) = found
    whole = context.once(("places applied", view.before.path), lambda: applied(view))
    upstream = _held(statements(view.post, *mine.window), leave.line)
    after = statements(whole.text, *whole.window(*theirs.window))
    here = _held(after, whole.ranges[run][0] + leave.line - run.new[0])
    for (kind, key), taken in here.items():
        if (kind, key) in upstream or any(k is kind and not kind.result for k, _ in upstream):
            continue
        if kind.result and (key in leave.tokens or not _released_later(after, kind, key, taken)):
            continue
        yield _left(view, run, (kind, key), theirs, whole.text.lines[taken.line])


def _held(body: Sequence[Statement], at: int) -> dict[tuple[_Kind, bytes], Statement]:
    """What surely was taken and not released when a line is reached, with the statement that took it."""
    held: dict[tuple[_Kind, bytes], Statement] = {}
    sure = {s.line for s in dominating(body, at)}
    for statement in reaching(body, at):
        for kind in _kinds():
            for name, key in _taken(statement, kind):
                if kind.releases.fullmatch(name):
                    held.pop((kind, key), None)
                elif statement.line in sure and statement.tokens[0] not in _WORDS:
                    held[kind, key] = statement
    return held


def _taken(statement: Statement, kind: _Kind) -> Iterator[tuple[bytes, bytes]]:
    """The calls of a statement that take or release such a thing: the function's name and what it is known by."""
    tokens = statement.tokens
    for at in range(len(tokens) - 1):
        if tokens[at + 1] != b"(":
            continue
        name = tokens[at]
        if kind.releases.fullmatch(name):
            yield name, _argument(tokens, at + 2)
        elif kind.takes.fullmatch(name):
            key = tokens[0] if tokens[1] == b"=" else b""
            if not kind.result:
                yield name, _argument(tokens, at + 2)
            elif key and at == 2:
                yield name, key


def _argument(tokens: Sequence[bytes], at: int) -> bytes:
    depth, found = 0, []
    for token in tokens[at:]:
        if depth == 0 and token in (b",", b")"):
            break
        depth += (token in (b"(", b"[")) - (token in (b")", b"]"))
        found.append(token)
    return b"".join(found)


def _released_later(body: Sequence[Statement], kind: _Kind, key: bytes, taken: Statement) -> bool:
    return any(
        kind.releases.fullmatch(name) and k == key
        for s in body
        if s.line > taken.line
        for name, k in _taken(s, kind)
    )


def _left(view: FileView, run: PlacedRun, what: tuple[_Kind, bytes], theirs: Spot, line: bytes) -> Finding:
    kind, key = what
    place = next((n for n in range(*theirs.window) if view.before.lines[n] == line), None)
    where = f" ({view.before.path}:{place + 1})" if place is not None else ""
    thing = f"{kind.what} `{_text(key)}`" if key else kind.what
    message = (
        f"hunk {run.hunk} returns from {theirs.name} where the target still holds {thing}{where} and upstream "
        "does not: release it first"
    )
    severity = Severity.NOTE if kind.result else Severity.WARNING
    return finding(
        view,
        run,
        ("BP117", severity),
        message,
        theirs.name,
        place=place,
        subject=_text(key) or kind.what,
        suggestion="leave by the label that releases it, or release it before the return",
    )
