"""BP112: lines that go to the right function and the wrong place in it.

Under another label or condition than upstream, or beside other statements: a `break`, a brace or a check of a
return value, which functions are full of, is all that git needs to take one place for another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from backport.checks.places_runs import FileView, PlacedRun, views
from backport.checks.places_scopes import finding, needle_of, same_region
from backport.checks.places_text import (
    Head,
    Spot,
    depth,
    heads,
    is_comment,
    is_label,
    occurrences,
    silent,
    spot,
)
from backport.checks.rule import Context
from backport.model import Finding, RegionKind, Severity

_COMMON = re.compile(rb"\}? ?(?:else )?(?:return|goto|break|continue|if \(!?\w+(?: [<=!>]=? \w+)?\))(?!\w)")
"""Ways out and checks of one value: alike all over a function."""

_WORDS = re.compile(rb"\w+")


def other_places(context: Context) -> Iterator[Finding]:
    """BP112: each hunk once."""
    for view in views(context):
        told: set[int] = set()
        for run in view.runs:
            found = None if run.hunk in told else _under_another(view, run) or _out_of_order(view, run)
            if found is not None:
                told.add(run.hunk)
                yield found


def _under_another(view: FileView, run: PlacedRun) -> Finding | None:
    """A run that stands under another label or condition than upstream, while both trees have both of them."""
    mine, theirs = spot(view.base, *run.old), spot(view.before, *run.at)
    if not _one_function(mine, theirs):
        return None
    changed = view.base.lines[slice(*run.old)] + view.post.lines[slice(*run.new)]
    widths = [depth(line) for line in changed if not silent(line)]
    if not widths:
        return None
    above = heads(view.base, run.old[0], mine.window[0], min(widths))
    below = heads(view.before, run.at[0], theirs.window[0], min(widths))
    differ = next(((a, b) for a, b in zip(above, below, strict=False) if not a.group & b.group), None)
    if differ is None or not _both_there(differ, (above, below), (mine, theirs)):
        return None
    return _wrong_branch(view, run, mine, theirs, differ)


def _one_function(mine: Spot, theirs: Spot) -> bool:
    if mine.region is None or theirs.region is None or not same_region(mine.region, theirs.region):
        return False
    return mine.region.kind is RegionKind.FUNCTION


def _both_there(
    differ: tuple[Head, Head], stacks: tuple[list[Head], list[Head]], spots: tuple[Spot, Spot]
) -> bool:
    """Whether either function has the other's head too, at a place that the run does not stand under."""
    (own, other), (above, below), (mine, theirs) = differ, stacks, spots
    if depth(mine.text.lines[own.line]) == 0 or depth(theirs.text.lines[other.line]) == 0:
        return False
    if own.text in {h.text for h in below} or other.text in {h.text for h in above}:
        return False
    return own.text in _keys(theirs) and other.text in _keys(mine)


def _keys(of: Spot) -> list[bytes]:
    return of.text.keys[slice(*of.window)]


def _wrong_branch(
    view: FileView, run: PlacedRun, mine: Spot, theirs: Spot, differ: tuple[Head, Head]
) -> Finding:
    own, other = differ
    head = theirs.window[0] + _keys(theirs).index(own.text)
    needle, lead = needle_of(view.base, run)
    later = occurrences(needle, view.before.keys, head, theirs.window[1])
    place = later[0] + lead if later else head
    sure = is_label(view.base.lines[own.line]) and bool(later)
    message = (
        f"hunk {run.hunk} stands under `{_show(own.text)}` upstream, and git merges it under "
        f"`{_show(other.text)}` in {theirs.name} at {view.before.path}:{run.at[0] + 1}; "
        f"`{_show(own.text)}` is at line {head + 1}"
    )
    rule = ("BP112", Severity.ERROR if sure else Severity.WARNING)
    return finding(view, run, rule, message, mine.name, place=place, subject=_show(own.text), base=own.line)


def _show(text: bytes) -> str:
    return text.decode("utf-8", "replace").removesuffix(" {")


# --- beside other statements ----------------------------------------------------------------------


def _out_of_order(view: FileView, run: PlacedRun) -> Finding | None:
    """A run that stands behind one statement and before another upstream, and here is on the other side of one of
    them, or far from both."""
    mine, theirs = spot(view.base, *run.old), spot(view.before, *run.at)
    if not _one_function(mine, theirs):
        return None
    own = _beside(mine)
    if own is None:
        return None
    above, below = (view.base.keys[n] for n in own)
    if any(_keys(of).count(text) != 1 for of in (mine, theirs) for text in (above, below)):
        return None
    first, last = (theirs.window[0] + _keys(theirs).index(text) for text in (above, below))
    if first < run.at[0] <= last:
        return None
    message = (
        f"hunk {run.hunk} stands between `{_show(above)}` and `{_show(below)}` upstream; here these are at lines "
        f"{first + 1} and {last + 1}, and git merges it at {view.before.path}:{run.at[0] + 1} in {theirs.name}"
    )
    rule = ("BP112", Severity.WARNING)
    return finding(view, run, rule, message, mine.name, place=first, subject=_show(above), base=own[0])


def _beside(of: Spot) -> tuple[int, int] | None:
    """The telling lines next above and next below a stretch, within its function."""
    first, last = of.window
    above = next((n for n in range(of.first - 1, first - 1, -1) if _tells(of, n)), None)
    below = next((n for n in range(of.last, last) if _tells(of, n)), None)
    return (above, below) if above is not None and below is not None else None


def _tells(of: Spot, index: int) -> bool:
    text = of.text.keys[index]
    if len(text) < 7 or len(_WORDS.findall(text)) < 3 or is_comment(of.text.lines[index]):
        return False
    return _COMMON.match(text) is None
