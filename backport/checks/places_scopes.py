"""BP111: lines that git's merge puts into another function, struct or table than upstream's.

Code repeats itself, and a difference of lines does not know functions: where base and target differ, git may take
a function for its twin. Whether it did is read from the runs: the region that a run changes upstream against the
region that its lines went to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from backport.checks.places_runs import FileView, PlacedRun, hunk_of, views
from backport.checks.places_text import (
    described,
    occurrences,
    spot,
    telling,
)
from backport.checks.rule import Context
from backport.model import BaseKind, Finding, LineEvidence, Placement, Region, RegionKind, Severity
from backport.placement import FilePlacement
from backport.placement.scopes import hunk_scopes
from backport.placement.target import TargetText, window_of

REACH = 6
"""Lines beside a run within which a telling one is looked for."""


def other_regions(context: Context) -> Iterator[Finding]:
    """BP111: each hunk and pair of regions once."""
    if context.placed.base.kind is BaseKind.HUNKS:
        yield from _by_heading(context)
        return
    for view in views(context):
        told: set[tuple[int, str, str]] = set()
        for run in view.runs:
            for mine, theirs in _pairs(view, run):
                key = (run.hunk, mine.name, theirs.name)
                if key not in told and (found := _astray(view, run, mine, theirs)) is not None:
                    told.add(key)
                    yield found


def _pairs(view: FileView, run: PlacedRun) -> Iterator[tuple[Region, Region]]:
    """The regions that a run's lines are in upstream, each with the one that they went to, where these differ."""
    if run.old[0] == run.old[1]:
        spots = [(spot(view.base, *run.old), spot(view.before, *run.at))]
    else:
        spots = [
            (
                spot(view.base, n, n + 1),
                spot(view.before, n + run.at[0] - run.old[0], n + run.at[0] - run.old[0] + 1),
            )
            for n in range(*run.old)
        ]
    seen: set[tuple[Region, Region]] = set()
    for one, other in spots:
        if one.region is None or other.region is None or same_region(one.region, other.region):
            continue
        if (one.region, other.region) not in seen:
            seen.add((one.region, other.region))
            yield one.region, other.region
    if all(one.region is None and other.region is None for one, other in spots):
        mine, theirs = described(view.base, *run.old), described(view.before, *run.at)
        if mine is not None and theirs is not None and mine.name != theirs.name:
            yield mine, theirs


def same_region(one: Region, other: Region) -> bool:
    return one.name == other.name and one.kind is other.kind


def _astray(view: FileView, run: PlacedRun, mine: Region, theirs: Region) -> Finding | None:
    """The finding for lines of `mine` that went into `theirs`, unless that is its successor."""
    there = view.before.regions.named(mine.name, mine.kind)
    twins = view.base.all_regions.named(theirs.name, theirs.kind)
    if there:
        place = _place_in(view, run, there[0])
        if place is None and not twins:
            return None  # A part of it was taken out into a function of its own, or still is in there.
        where = f"{mine.label()} is at {view.before.path}:{there[0].name_line} and stays as it is"
        severity = Severity.ERROR if place is not None else Severity.WARNING
        return _wrong_region(view, run, (mine, theirs), severity, where, place or there[0].name_line - 1)
    if not twins or not _is_itself(view, run, mine, (theirs, twins[0])):
        return None  # Renamed, or its lines were taken out of `theirs` upstream.
    where = f"{mine.label()} is not in the target's file"
    return _wrong_region(view, run, (mine, theirs), Severity.ERROR, where, None)


def _place_in(view: FileView, run: PlacedRun, region: Region) -> int | None:
    """The index at which a run's own lines, with the telling ones beside them, stand in a region of the target."""
    needle, lead = needle_of(view.base, run)
    found = occurrences(needle, view.before.keys, *_around(region))
    return found[0] + lead if found else _between(view, run, region)


def _between(view: FileView, run: PlacedRun, region: Region) -> int | None:
    """The index in a region of the target behind the line that stands before the run, if the line that stands
    after it follows there, whatever is in between."""
    first, last = run.old
    above = next((k for k in reversed(view.base.keys[max(0, first - REACH) : first]) if telling(k)), None)
    below = next((k for k in view.base.keys[last : last + REACH] if telling(k)), None)
    keys = view.before.keys[slice(*window_of(region))]
    removed = [k for k in view.base.keys[first:last] if telling(k)]
    if above not in keys or not all(k in keys for k in removed):
        return None
    at = keys.index(above) + 1
    return region.first - 1 + at if below in keys[at:] else None


def _around(region: Region) -> tuple[int, int]:
    first, last = window_of(region)
    return max(0, first - 1), last + 1


def needle_of(text: TargetText, run: PlacedRun) -> tuple[list[bytes], int]:
    """The keys of a run's lines in the base with those beside it, until a telling one at least is among them;
    and how many of them are before it. Empty where nothing near says anything."""
    first, last = run.old
    for reach in range(1, REACH + 1):
        low, high = max(0, first - reach), min(len(text.keys), last + reach)
        keys = text.keys[low:high]
        if any(telling(k) for k in keys):
            return keys, first - low
    return [], 0


def _is_itself(view: FileView, run: PlacedRun, mine: Region, theirs: tuple[Region, Region]) -> bool:
    """Whether the region that the lines went to (in the target, in the base) is still only itself, a twin of
    `mine` and not what `mine` was made of: it has these lines as often as in the base, and is more like itself."""
    here, there = theirs
    needle, _ = needle_of(view.base, run)
    before = len(occurrences(needle, view.base.keys, *_around(there)))
    after = len(occurrences(needle, view.before.keys, *_around(here)))
    if not before or after > before:
        return False
    body = _body(view.before, here)
    return _likeness(body, _body(view.base, there)) > _likeness(body, _body(view.base, mine))


def _body(text: TargetText, region: Region) -> Counter[bytes]:
    return Counter(k for k in text.keys[slice(*window_of(region))] if telling(k))


def _likeness(one: Counter[bytes], other: Counter[bytes]) -> float:
    return 2 * sum((one & other).values()) / max(1, sum(one.values()) + sum(other.values()))


def _wrong_region(
    view: FileView,
    run: PlacedRun,
    regions: tuple[Region, Region],
    severity: Severity,
    where: str,
    place: int | None,
) -> Finding:
    mine, theirs = regions
    what = "the description of " if mine.kind is RegionKind.DECLARATION else ""
    message = (
        f"hunk {run.hunk} changes {what}{mine.label()} upstream, and git merges it into {theirs.label()} at "
        f"{view.before.path}:{run.at[0] + 1}, a twin of it: {where}"
    )
    return finding(view, run, ("BP111", severity), message, mine.label(), place=place, subject=theirs.label())


def finding(
    view: FileView,
    run: PlacedRun,
    rule: tuple[str, Severity],
    message: str,
    function: str,
    *,
    place: int | None = None,
    subject: str = "",
    base: int | None = None,
    upstream: int | None = None,
    suggestion: str = "",
) -> Finding:
    """A finding on a run; `place`, `base` and `upstream` are indices of lines of the target, of the base and of
    the patch's result that prove it."""
    evidence = [line_evidence("target", view.before, run.at[0])]
    if place is not None and place != run.at[0]:
        evidence.append(line_evidence("target", view.before, place))
        suggestion = (
            suggestion or f"look at {view.before.path}:{place + 1}: the change most likely belongs there"
        )
    if upstream is not None:
        evidence.append(line_evidence("upstream", view.post, upstream))
    if upstream is None or base is not None:
        evidence.append(line_evidence("base", view.base, run.old[0] if base is None else base))
    return Finding(
        code=rule[0],
        severity=rule[1],
        message=message,
        file=view.file.change.path,
        function=function,
        hunk=run.hunk,
        line=run.old[0] + 1,
        target_line=run.at[0] + 1,
        evidence=tuple(evidence),
        suggestion=suggestion or "compare with the upstream function and move the change by hand",
        subject=subject,
    )


def line_evidence(tree: str, text: TargetText, index: int) -> LineEvidence:
    """A line as evidence; the last one for a place behind it."""
    index = max(0, min(index, len(text.lines) - 1))
    line = text.lines[index].rstrip(b"\r\n") if text.lines else b""
    return LineEvidence(tree, text.path, index + 1, line)


# --- with the hunks alone -------------------------------------------------------------------------


def _by_heading(context: Context) -> Iterator[Finding]:
    """Hunks that land in another function than they name themselves, although the file has that one."""
    for file in context.placed.files:
        for placement in file.placements:
            if placement.kind.lands and (found := _not_named(context, file, placement)) is not None:
                yield found


def _not_named(context: Context, file: FilePlacement, placement: Placement) -> Finding | None:
    text = context.ground.text(placement.target_path) if placement.target_path else None
    hunk = hunk_of(file, placement)
    wanted = [r for r in hunk_scopes(file.change.path, hunk) if r.kind is RegionKind.FUNCTION]
    found = [r for r in placement.target_functions if r.kind is RegionKind.FUNCTION]
    if text is None or not wanted or not found or {r.name for r in wanted} & {r.name for r in found}:
        return None
    there = [r for w in wanted for r in text.regions.named(w.name, RegionKind.FUNCTION)]
    if not there or _heading(text, placement.target_line).startswith(hunk.section.strip()):
        return None
    own, other = wanted[0].label(), found[0].label()
    lines = (placement.target_line - 1, there[0].name_line - 1)
    return Finding(
        code="BP111",
        severity=Severity.WARNING,
        message=f"hunk {placement.hunk} names {own} and lands in {other} at {text.path}:{placement.target_line}, "
        f"while {own} is at {text.path}:{there[0].name_line}",
        file=file.change.path,
        function=own,
        hunk=placement.hunk,
        line=placement.line,
        target_line=placement.target_line,
        evidence=tuple(line_evidence("target", text, n) for n in lines),
        suggestion=f"look whether {own} has the lines that the hunk changes",
        subject=other,
    )


def _heading(text: TargetText, line: int) -> bytes:
    """The line that git's section heading of a hunk there would show, as far as its default rule goes."""
    above = (text.lines[n] for n in range(min(line, len(text.lines)) - 2, -1, -1))
    return next((x.strip() for x in above if x[:1].isalpha() or x[:1] in b"_$"), b"")
