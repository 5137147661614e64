"""BP119: added lines that use a name for which the target's file says another one throughout.

Where base and target differ only in one name, line by line, the target calls the thing otherwise: before a rename,
with another helper, with another macro. Lines that are added in between bring the name back, whether or not the
tree has it somewhere.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from backport.checks.names.missing import missing_names
from backport.checks.names.worlds import worlds
from backport.checks.places_runs import FileView, PlacedRun, views
from backport.checks.places_scopes import finding
from backport.checks.places_text import holds, rows, spot
from backport.checks.rule import Context
from backport.csource import language
from backport.model import Finding, Severity
from backport.placement.target import Tokens

_NAME = re.compile(rb"[A-Za-z_]\w*\Z")

_LIKENESS = 0.6
"""The share of a call's tokens that must be equal for two of them to be one call by another name."""

_FEWEST = 2
"""Lines that must differ so: in a single one the code may well mean another thing."""

_SHOWN = 3
"""Names that a message spells out."""


class Renamed(NamedTuple):
    """What the target says for a name: in how many lines, and the first such pair of lines (indices)."""

    instead: bytes
    lines: int
    mine: int
    theirs: int


def renamed(context: Context) -> Iterator[Finding]:
    """BP119: once a hunk, with all its names; each name once a file."""
    for view in views(context):
        if language(view.before.path) not in ("c", "c++"):
            continue
        told: set[bytes] = set()
        missing = _missing(context, view.before.path)
        for run in view.runs:
            names = [n for n in sorted(_fresh(view, run) - told - missing) if _gone(view, n)]
            found = [(n, _renames(context, view)[n]) for n in names if n in _renames(context, view)]
            told.update(n for n, _ in found)
            if found:
                yield _otherwise(view, run, sorted(found, key=lambda x: -x[1].lines))


def _missing(context: Context, path: str) -> frozenset[bytes]:
    """The names that the target has not at all: BP201 to BP205 say so, and what it has instead."""
    known = context.once("places missing names", lambda: missing_names(worlds(context)))
    names = (m.name for m in known if m.judged.path == path and not m.mentioned)
    return frozenset(n.encode("utf-8", "surrogateescape") for n in names)


def _fresh(view: FileView, run: PlacedRun) -> set[bytes]:
    """The names that a run adds and does not merely keep."""
    kept = {t for row in rows(view.base, *run.old) for t in row}
    added = {t for row in rows(view.post, *run.new) for t in row}
    return {t for t in added - kept if _NAME.match(t)}


def _renames(context: Context, view: FileView) -> Mapping[bytes, Renamed]:
    return context.once(("places renames", view.before.path), lambda: _find_renames(view))


def _find_renames(view: FileView) -> dict[bytes, Renamed]:
    """For each name of the base the one that the target says in its stead, where lines differ in names only."""
    counts: Counter[tuple[bytes, bytes]] = Counter()
    first: dict[tuple[bytes, bytes], tuple[int, int]] = {}
    for mine, theirs in _pairs(view):
        for pair in _swapped(*mine[1:], *theirs[1:]):
            counts[pair] += 1
            first.setdefault(pair, (mine[0], theirs[0]))
    found: dict[bytes, Renamed] = {}
    for (old, new), count in counts.most_common():
        if count >= _FEWEST:
            found.setdefault(old, Renamed(new, count, *first[old, new]))
    return found


_Row = tuple[int, Tokens]


def _pairs(view: FileView) -> Iterator[tuple[_Row, _Row]]:
    """The lines, with their indices, that stand for one another in stretches of as many lines."""
    for old_first, old_last, new_first, new_last in view.to_target.ranges:
        if old_last - old_first == new_last - new_first:
            mine = enumerate(rows(view.base, old_first, old_last), old_first)
            theirs = enumerate(rows(view.before, new_first, new_last), new_first)
            yield from zip(mine, theirs, strict=True)


def _swapped(mine: Tokens, theirs: Tokens) -> set[tuple[bytes, bytes]]:
    """The names that one line has for those of the other: all else is equal, or both are the same call by another
    name, with most of the arguments."""
    if len(mine) == len(theirs):
        pairs = {(a, b) for a, b in zip(mine, theirs, strict=True) if a != b}
        if all(_NAME.match(a) and _NAME.match(b) for a, b in pairs):
            return pairs
    at = next((n for n, (a, b) in enumerate(zip(mine, theirs, strict=False)) if a != b), None)
    if at is None or not (_NAME.match(mine[at]) and _NAME.match(theirs[at])):
        return set()
    call = mine[at + 1 : at + 2] == theirs[at + 1 : at + 2] == (b"(",)
    return {(mine[at], theirs[at])} if call and _alike(mine[at + 2 :], theirs[at + 2 :]) else set()


def _alike(one: Tokens, other: Tokens) -> bool:
    common = sum((Counter(one) & Counter(other)).values())
    return 2 * common >= _LIKENESS * (len(one) + len(other)) and any(len(t) > 3 for t in {*one} & {*other})


def _gone(view: FileView, name: bytes) -> bool:
    """Whether the base's file says the name and the target's does not."""
    return not holds(view.before, name) and holds(view.base, name)


def _otherwise(view: FileView, run: PlacedRun, names: list[tuple[bytes, Renamed]]) -> Finding:
    name, found = names[0]
    shown = [f"`{_text(n)}`, for which the target says `{_text(r.instead)}`" for n, r in names[:_SHOWN]]
    more = f" and {len(names) - _SHOWN} more such names" if len(names) > _SHOWN else ""
    message = (
        f"hunk {run.hunk} uses {'; '.join(shown)}{more} ({found.lines} lines otherwise alike, "
        f"{view.before.path}:{found.theirs + 1}): the file does not say `{_text(name)}` anywhere"
    )
    return finding(
        view,
        run,
        ("BP119", Severity.WARNING),
        message,
        spot(view.before, *run.at).name,
        place=found.theirs,
        subject=_text(name),
        base=found.mine,
        suggestion=f"write `{_text(found.instead)}` in the added lines, if it means the same here",
        upstream=next(n for n, row in enumerate(rows(view.post, *run.new), run.new[0]) if name in row),
    )


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")
