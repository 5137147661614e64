"""BP113: a change that the target has already, and that git's merge makes once more.

What is counted is how often an added line stands in the region it goes to: if the target has it oftener than the
base, the target got it in another way, and after the merge it stands there once too often.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from backport.checks.places_runs import FileView, PlacedRun, views
from backport.checks.places_scopes import finding
from backport.checks.places_text import NEAR, Spot, is_comment, is_label, spot, telling
from backport.checks.rule import Context
from backport.model import Finding, Region, RegionKind, Severity
from backport.placement.target import TargetText, is_scope

_ENOUGH = 0.6
"""The share of a run's telling lines that must stand there already."""

_LONG = 3
"""A run of so many telling lines is known wherever it stands in its function; a shorter one only near by."""

_DEFINED_ONCE = (RegionKind.FUNCTION, RegionKind.STRUCT, RegionKind.UNION, RegionKind.ENUM)
_LISTED_ONCE = (RegionKind.STRUCT, RegionKind.UNION, RegionKind.ENUM)
_HEAD = re.compile(rb"[A-Za-z_]\w*[ \t]+[^:]")
_LEAVES = re.compile(rb"\}? ?(?:else )?(?:return|goto|break|continue)\b")
_MEMBER = re.compile(rb"[\w \t*]+(?:\[[^]]*\]|:\s*\w+)*\s*(?:=[^;]*)?[;,]?\s*(?:/[*/].*)?$")


def doubled(context: Context) -> Iterator[Finding]:
    """BP113: each run once."""
    for view in views(context):
        for run in view.runs:
            found = _defined_twice(view, run) or _there_already(view, run)
            if found is not None:
                yield found


# --- definitions ----------------------------------------------------------------------------------


def _defined_twice(view: FileView, run: PlacedRun) -> Finding | None:
    """A function or type that the run brings whole and that the target's file defines already."""
    added = view.post.lines[slice(*run.new)]
    if len(added) < 2 or not any(_HEAD.match(line) for line in added):
        return None
    for region in view.post.regions.over(range(run.new[0] + 1, run.new[1] + 1)):
        if not is_scope(region) or region.kind not in _DEFINED_ONCE or not _brought(region, run):
            continue
        there = view.before.regions.named(region.name, region.kind)
        if len(there) == 1 and not _ambiguous(view, region) and not _removed(view, there[0]):
            return _second(view, run, region, there[0])
    return None


def _brought(region: Region, run: PlacedRun) -> bool:
    return run.new[0] <= region.name_line - 1 < run.new[1] and region.last > region.name_line


def _ambiguous(view: FileView, region: Region) -> bool:
    """Whether upstream's file defines it in several branches of a conditional, or the base did already."""
    own = view.post.all_regions.named(region.name, region.kind)
    return (
        len(own) != 1
        or bool(view.base.all_regions.named(region.name, region.kind))
        or _conditional(view, region)
    )


def _conditional(view: FileView, region: Region) -> bool:
    """Whether either of the two definitions stands under a condition of the preprocessor."""
    there = view.before.regions.named(region.name, region.kind)[0]
    return _guards(view.post, region.name_line) != _guards(view.before, there.name_line)


def _guards(text: TargetText, line: int) -> list[str]:
    """The conditions of the preprocessor that a line stands under."""
    from backport.csource import guard_map  # only here: most runs bring nothing that is there

    return [guard.text for guard in guard_map(text.data).at(line)]


def _removed(view: FileView, region: Region) -> bool:
    return any(run.at[0] <= region.name_line - 1 < run.at[1] for run in view.runs)


def _second(view: FileView, run: PlacedRun, region: Region, there: Region) -> Finding:
    name = region.label()
    message = (
        f"hunk {run.hunk} adds {name}, which the target defines already at "
        f"{view.before.path}:{there.name_line}: after the merge it is defined twice"
    )
    rule = ("BP113", Severity.ERROR)
    advice = "leave the hunk out, or bring the target's definition to the upstream form"
    return finding(view, run, rule, message, name, place=there.name_line - 1, subject=name, suggestion=advice)


# --- lines ----------------------------------------------------------------------------------------


def _there_already(view: FileView, run: PlacedRun) -> Finding | None:
    """Lines that the run adds, and that the target has in the same region, where the base does not."""
    removed = set(view.base.keys[slice(*run.old)])
    added = [n for n in range(*run.new) if _says(view.post.keys[n]) and view.post.keys[n] not in removed]
    if not added:
        return None
    mine, theirs = spot(view.base, *run.old), spot(view.before, *run.at)
    more = _more(mine, theirs)
    twice = [n for n in added if more[view.post.keys[n]] > 0]
    if len(twice) < _ENOUGH * len(added):
        return None
    place = _nearest(theirs, view.post.keys[twice[0]])
    if place is None or (len(added) < _LONG and not run.at[0] - NEAR <= place <= run.at[1] + NEAR):
        return None
    if _taken_away(view, place) or _guards(view.before, place + 1) != _guards(view.before, run.at[0] + 1):
        return None
    return _double(view, run, theirs, (twice, place))


def _says(text: bytes) -> bool:
    """Whether a line means something by itself: ways out of a function are alike everywhere."""
    return telling(text) and _LEAVES.match(text) is None


def _more(mine: Spot, theirs: Spot) -> Counter[bytes]:
    """How much oftener than the base the target has each line in the region."""
    return _lines(theirs) - _lines(mine)


def _lines(of: Spot) -> Counter[bytes]:
    return Counter(of.text.keys[slice(*of.window)])


def _nearest(theirs: Spot, text: bytes) -> int | None:
    places = [n for n in range(*theirs.window) if theirs.text.keys[n] == text]
    return min(places, key=lambda n: abs(n - theirs.first), default=None)


def _taken_away(view: FileView, place: int) -> bool:
    """Whether another run of the patch removes that line of the target: the patch moves it."""
    return any(run.at[0] <= place < run.at[1] for run in view.runs)


def _double(view: FileView, run: PlacedRun, theirs: Spot, found: tuple[Sequence[int], int]) -> Finding:
    twice, place = found
    line = view.post.keys[twice[0]]
    what = f"`{_show(line)}`" + (f" and {len(twice) - 1} more lines" if len(twice) > 1 else "")
    message = (
        f"hunk {run.hunk} adds {what}, which the target has already at {view.before.path}:{place + 1}"
        f"{f' in {theirs.name}' if theirs.name else ''}: after the merge it stands there twice"
    )
    rule = ("BP113", _severity(view, theirs, view.post.lines[twice[0]], line))
    advice = "see whether the target took the change in another way, and leave out what is there"
    name = theirs.name
    return finding(view, run, rule, message, name, place=place, subject=_show(line), suggestion=advice)


def _severity(view: FileView, theirs: Spot, line: bytes, text: bytes) -> Severity:
    """An error where C allows the thing once: a label, a member, an enumerator."""
    if theirs.region is None or is_comment(line):
        return Severity.WARNING
    if theirs.region.kind is RegionKind.FUNCTION and is_label(line):
        return Severity.ERROR
    if theirs.region.kind in _LISTED_ONCE and _MEMBER.match(text):
        return Severity.ERROR
    return Severity.WARNING


def _show(text: bytes) -> str:
    shown = text.decode("utf-8", "replace")
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
