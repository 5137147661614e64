"""The upstream commits that brought what the target lacks: the lines that drifted, blamed, and grouped.

Commits go together when they wrote one name, or a statement that drifted uses names of both, and they are of one
series: by one author within a week, or applied by one person within an hour (as `git am` leaves a series).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from backport.checks.drift import Cause
from backport.checks.drift.guards import headers
from backport.checks.rule import Context
from backport.csource import language
from backport.csource.definitions import DefinitionKind, definitions
from backport.git import CommitInfo, Repository
from backport.model import BaseKind

MOST_FILES = 4
MOST_LINES = 24
REACH = 12
"""Lines below a statement's first within which a name of it is looked for."""

_SERIES = timedelta(days=7)
_APPLIED = timedelta(hours=1)


@dataclass(slots=True)
class Brought:
    """Commits that go together, oldest first, with the names that they brought and the causes that name them."""

    commits: list[CommitInfo] = field(default_factory=list)
    names: Counter[str] = field(default_factory=Counter)
    causes: list[Cause] = field(default_factory=list)


def brought(context: Context, causes: Sequence[Cause]) -> list[Brought]:
    """By which commits the causes came; () where the base's history is not at hand."""
    base, home = context.placed.base, context.upstream
    if home is None or base.kind not in (BaseKind.COMMIT, BaseKind.BASE_COMMIT) or not home.has(base.commit):
        return []
    wanted = [c for c in causes if c.ours and c.path]
    if not wanted or not context.ground.steps.spend(len(wanted)):
        return []
    asked = _asked(context, wanted)
    written = _blamed(context, asked)
    return _grouped(home, written)


_EARLY = re.compile(r"[-._]?(?:rc|pre|alpha|beta|dev)[-._]?\d*$", re.IGNORECASE)


def version_of(context: Context, commits: Sequence[str]) -> str:
    """The first release that has all of the commits, by its tag; "" without an index of commits, which alone makes
    this cheap, and where no tag has them."""
    from backport.checks.history.scene import release_tags, scene_of

    scene = scene_of(context)
    if scene.index is None or not commits:
        return ""
    tags = context.once("release tags", lambda: release_tags(scene.upstream))
    whole = [x for x in tags if not _EARLY.search(x[0])]
    found = scene.index.first_tags(commits, whole or tags)
    order = {name: n for n, (name, _) in enumerate(whole or tags)}
    names = sorted(set(found.values()), key=lambda x: order[x])
    return names[-1] if names and len(found) == len(set(commits)) else ""


# --- which lines ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Ask:
    """That a line of the base holds a name, and the causes that name it."""

    path: str
    line: int
    name: str
    causes: tuple[Cause, ...]


def _asked(context: Context, causes: Sequence[Cause]) -> list[_Ask]:
    """The lines at which the names stand: within the drifted statements, and where headers declare them."""
    found: dict[tuple[str, int, str], list[Cause]] = {}
    for cause in causes:
        lines = (context.base_text(cause.path) or b"").split(b"\n")
        for name in sorted(cause.ours):
            for line in _lines_with(name, lines, cause.lines)[:MOST_LINES]:
                found.setdefault((cause.path, line, name), []).append(cause)
    rows = [_Ask(*key, tuple(held)) for key, held in found.items()]
    return [*rows, *_declared(context, causes)]


def _lines_with(name: str, lines: Sequence[bytes], starts: Iterable[int]) -> list[int]:
    word = re.compile(rb"\b%s\b" % re.escape(name.encode("utf-8", "surrogateescape")))
    found = []
    for start in starts:
        reach = range(start, min(start + REACH, len(lines)) + 1)
        at = next((n for n in reach if word.search(lines[n - 1])), 0)
        if at:
            found.append(at)
    return list(dict.fromkeys(found))


def _declared(context: Context, causes: Sequence[Cause]) -> list[_Ask]:
    """Where the headers of the changed files declare the names."""
    by_name: dict[str, list[Cause]] = {}
    for cause in causes:
        for name in cause.ours:
            by_name.setdefault(name, []).append(cause)
    paths = list(dict.fromkeys(c.path for c in causes if language(c.path) == "c"))
    found: list[_Ask] = []
    seen: set[str] = set()
    for path in paths:
        for header in headers(path, context.base_text(path) or b""):
            data = context.base_text(header) if header not in seen else None
            seen.add(header)
            held = [n for n in by_name if data and n.encode("utf-8", "replace") in data]
            if data and held and len(found) < MOST_LINES and context.ground.steps.spend():
                found += _in_header(header, data, held, by_name)
    return found


def _in_header(
    path: str, data: bytes, names: Sequence[str], by_name: Mapping[str, list[Cause]]
) -> list[_Ask]:
    provided = definitions(path, data)
    return [
        _Ask(path, one.line, name, tuple(by_name[name]))
        for name in names
        for one in provided.named(name)
        if one.kind is not DefinitionKind.MEMBER
    ]


# --- by whom -------------------------------------------------------------------------------------


def _blamed(context: Context, asked: Sequence[_Ask]) -> list[tuple[str, _Ask]]:
    """(commit, line) for what was written since the two histories parted."""
    from backport.checks.history.blamed import blamed
    from backport.checks.history.causes import exclusion
    from backport.checks.history.scene import scene_of

    scene = scene_of(context)
    by_path: dict[str, list[_Ask]] = {}
    for ask in asked:
        by_path.setdefault(ask.path, []).append(ask)
    found = []
    most = sorted(by_path.items(), key=lambda x: (-len(x[1]), x[0]))[:MOST_FILES]
    for path, rows in most:
        lines = sorted({a.line for a in rows})[:MOST_LINES]
        wrote = {w.line: w.commit for w in blamed(scene, path, exclusion(scene, path) or ()).wrote(lines)}
        found += [(wrote[a.line], a) for a in rows if a.line in wrote]
    own = {p.commit for p in context.preceding}  # The series brings these itself.
    return [x for x in found if x[0] not in own]


def _grouped(home: Repository, written: Sequence[tuple[str, _Ask]]) -> list[Brought]:
    commits: dict[str, CommitInfo] = {}
    for name in dict.fromkeys(commit for commit, _ in written):
        info = home.commit(name)
        if info is not None and info.parents:  # A root commit is an import: it brought everything.
            commits[name] = info
    names: dict[str, set[str]] = {}
    causes: dict[str, dict[int, Cause]] = {}
    for commit, ask in written:
        if commit in commits:
            names.setdefault(commit, set()).add(ask.name)
            causes.setdefault(commit, {}).update((id(c), c) for c in ask.causes)
    groups = [[commit] for commit in commits]
    for one in commits:
        for other in commits:
            if (
                one < other
                and (names[one] & names[other] or set(causes[one]) & set(causes[other]))
                and _one_series(commits[one], commits[other])
            ):
                _join(groups, one, other)
    return [_made(home, [commits[x] for x in group], names, causes) for group in groups]


def _join(groups: list[list[str]], one: str, other: str) -> None:
    first = next(g for g in groups if one in g)
    second = next(g for g in groups if other in g)
    if first is not second:
        first += second
        groups.remove(second)


def _one_series(one: CommitInfo, other: CommitInfo) -> bool:
    if one.author == other.author and _apart(one.author_date, other.author_date) <= _SERIES:
        return True
    same = one.committer == other.committer
    return same and _apart(one.committer_date, other.committer_date) <= _APPLIED


def _apart(one: str, other: str) -> timedelta:
    apart = abs(seconds(one) - seconds(other))
    return timedelta(seconds=apart) if apart < _SERIES.total_seconds() * 1000 else timedelta.max


def seconds(date: str) -> float:
    """An ISO 8601 date in seconds since 1970; endlessly far off where it cannot be read."""
    try:
        return datetime.fromisoformat(date).timestamp()
    except (ValueError, OverflowError):
        return float("inf")


def _made(
    home: Repository,
    commits: list[CommitInfo],
    names: Mapping[str, set[str]],
    causes: Mapping[str, Mapping[int, Cause]],
) -> Brought:
    ordered = {id: n for n, id in enumerate(home.topo(c.id for c in commits))}
    commits = sorted(commits, key=lambda c: ordered.get(c.id, 0))
    held = {key: cause for c in commits for key, cause in causes[c.id].items()}
    brought_names = {name for c in commits for name in names[c.id]}
    counts = Counter(n for cause in held.values() for n in cause.ours if n in brought_names)
    return Brought(commits, counts, list(held.values()))
