"""Preprocessor conditions that stand around something in one tree only.

Around what a hunk changes, and around what its added lines use: upstream declares it always, the target under a
condition. Only what the changed file includes itself is looked at; which configuration breaks is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from backport.checks.drift.compare import KEYWORDS
from backport.checks.drift.phrases import quoted
from backport.checks.drift.said import Said, Voice
from backport.checks.drift.sides import Job
from backport.checks.rule import Context
from backport.csource import Guard, GuardMap, guard_map, language, line_tokens
from backport.model import Drift, DriftKind, Evidence, GuardEvidence, Hunk, LineEvidence, Placement
from backport.placement import FilePlacement

_NAME = re.compile(rb"[A-Za-z_]\w{3,}")
_INCLUDE = re.compile(rb'^[ \t]*#[ \t]*include[ \t]*(?:<([^>\n]+)>|"([^"\n]+)")', re.MULTILINE)

MOST_GUARDS = 2
"""Conditions of one tree that are told of a place, the innermost."""

MOST_INCLUDES = 80
MOST_NAMES = 40


def around(job: Job, met: Sequence[tuple[int, int]], voice: Voice) -> Iterator[Said]:
    """The conditions around a function, or around a hunk's lines outside of any, that one tree has alone. `met` are
    lines that stand for one another."""
    base, target = job.base, job.target
    if base is None or target is None or not base.data or not target.data:
        return
    if language(base.path) != "c" or language(target.path) != "c":
        return
    middle = min(job.changed) if base.fragment else base.first
    line, there = min(met, key=lambda x: abs(x[0] - middle)) if base.fragment else (base.first, target.first)
    ours, theirs = _guards(base.data).at(line), _guards(target.data).at(there)
    what = job.label or "what the hunk changes"
    for guard in _without(theirs, ours)[-MOST_GUARDS:]:
        text = f"{what} stands under {quoted(shown(guard))} only in the target"
        yield Said(DriftKind.GUARD, text, guard.text, (), (guard.line,), frozenset(), frozenset(), 1, line)
    for guard in _without(ours, theirs)[-MOST_GUARDS:]:
        text = f"{what} stands under {quoted(shown(guard))} only {voice.where}"
        yield Said(DriftKind.GUARD, text, guard.text, (guard.line,), (), frozenset(), frozenset(), 1, line)


@lru_cache(maxsize=16)
def _guards(data: bytes) -> GuardMap:
    """The conditions of a file, which several hunks ask for."""
    return guard_map(data)


def _without(guards: Sequence[Guard], others: Sequence[Guard]) -> list[Guard]:
    known = {g.text for g in others}
    return [g for g in guards if g.text not in known]


def shown(guard: Guard) -> str:
    """A condition as it is written: `#ifdef X` where it is one."""
    simple = re.fullmatch(r"(!?)defined\((\w+)\)", guard.text)
    return f"#if{'n' if simple[1] else ''}def {simple[2]}" if simple else f"#if {guard.text}"


# --- what the added lines use --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Declared:
    """Where a header declares a name, as what ("enum", "" where that is no type), and under what."""

    path: str
    line: int
    text: bytes
    what: str
    guards: tuple[Guard, ...]


_DECLARED = (
    rb"^(?:[ \t]*#[ \t]*define[ \t]+%(name)s\b"
    rb"|(?:typedef[ \t]+)?(?P<what>enum|struct|union)[ \t]+%(name)s[ \t]*\{?[ \t]*(?:/[*/].*)?$"
    rb"|[ \t]+%(name)s[ \t]*(?:[,=].*|/\*.*)?$"
    rb"|\}[ \t]*%(name)s[ \t]*;"
    rb"|typedef[ \t].*\b%(name)s[ \t]*;"
    rb"|[A-Za-z_][\w \t*]*[ \t*]%(name)s[ \t]*\()"
)
"""A line that declares a name as kernel style writes it: macro, type, enumerator, typedef, function."""


def of_names(
    context: Context, hunks: Sequence[tuple[FilePlacement, Placement, Hunk]], voice: Voice
) -> Iterator[tuple[int, Drift]]:
    """(number of the hunk, drift) for what the added lines of these hunks use, is new to their files, and is declared
    under a condition only in the target."""
    told: set[tuple[str, int]] = set()
    for file, placement, hunk in hunks:
        after = context.upstream_text(file.change.new_path)
        here = context.before_text(placement.target_path) if placement.target_path else None
        if after is None or here is None or language(file.change.path) != "c":
            continue
        own = _guards(here).at(placement.target_line)
        for name in _fresh(hunk, here):
            found = _only_guarded(context, name, headers(file.change.new_path, after), own)
            if found is not None and (found[1].path, found[2][0].line) not in told:
                told.add((found[1].path, found[2][0].line))
                yield hunk.number, _declared_drift(name.decode(), *found, voice)


def _fresh(hunk: Hunk, here: bytes) -> list[bytes]:
    """The names that a hunk adds and its file in the target does not hold."""
    used = {w for row in line_tokens(hunk.added) for w in row if _NAME.fullmatch(w)} - KEYWORDS
    return sorted(used - set(_NAME.findall(here)))[:MOST_NAMES]


def _only_guarded(
    context: Context, name: bytes, paths: Sequence[str], own: Sequence[Guard]
) -> tuple[_Declared, _Declared, list[Guard]] | None:
    """The only declaration of a name upstream, that in the target, and the conditions that only the latter is under
    and its user is not."""
    theirs = _declared(context, "target", name, paths)
    if theirs is None or not theirs.guards:
        return None
    ours = _declared(context, "upstream", name, paths)
    if ours is None:
        return None
    guards = _without(_without(theirs.guards, ours.guards), own)
    return (ours, theirs, guards) if guards else None


def _declared(context: Context, tree: str, name: bytes, paths: Sequence[str]) -> _Declared | None:
    """The one declaration of a name in these headers; None where there is none, or several of them."""
    found: list[_Declared] = []
    for path in paths:
        data = context.before_text(path) if tree == "target" else context.upstream_text(path)
        if data is None or name not in data or not context.ground.steps.spend():
            continue
        for match in re.finditer(_DECLARED % {b"name": re.escape(name)}, data, re.MULTILINE):
            line = data.count(b"\n", 0, match.start()) + 1
            text = data[match.start() : match.end() if data[match.end() : match.end() + 1] == b"\n" else None]
            text = text.partition(b"\n")[0]
            what = (match["what"] or b"").decode()
            found.append(_Declared(path, line, text, what, _guards(data).at(line)))
    return found[0] if len(found) == 1 else None


def headers(path: str, data: bytes) -> list[str]:
    """Where the headers that a file includes may stand in its tree."""
    folder = path.rpartition("/")[0]
    found: dict[str, None] = {}
    for match in list(_INCLUDE.finditer(data))[:MOST_INCLUDES]:
        name = (match[1] or match[2]).decode("utf-8", "surrogateescape")
        if ".." in name or name.startswith("/"):
            continue
        if match[2]:
            found[f"{folder}/{name}" if folder else name] = None
        found[f"include/{name}"] = None
    return list(found)


def _declared_drift(
    name: str, ours: _Declared, theirs: _Declared, guards: Sequence[Guard], voice: Voice
) -> Drift:
    label = f"{theirs.what} {name}" if theirs.what else f"`{name}`"
    condition = " and ".join(f"`{shown(g)}`" for g in guards)
    text = f"{label}, which it uses, stands under {condition} in the target ({theirs.path}), {voice.where} it does not"
    evidence: tuple[Evidence, ...] = (
        *(GuardEvidence(g.text, "target", theirs.path, g.line) for g in guards),
        LineEvidence("target", theirs.path, theirs.line, theirs.text),
        LineEvidence("upstream", ours.path, ours.line, ours.text),
    )
    return Drift(DriftKind.GUARD, text, name, evidence)
