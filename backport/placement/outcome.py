"""From what was found of a hunk to its `Placement`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backport.model import Placement, PlacementKind, Reason, Region, Texts3
from backport.placement.align import Alignment, align, firm
from backport.placement.differences import differences
from backport.placement.drift import Landing
from backport.placement.excerpts import hunk_excerpts, target_excerpt
from backport.placement.ground import Ground
from backport.placement.lines import Edit, first_changed_line, keys
from backport.placement.presence import Judgement
from backport.placement.scopes import scopes_in_base
from backport.placement.sites import Site, Work
from backport.placement.target import TargetText, is_scope


def scopes_over(text: TargetText, first: int, last: int) -> tuple[Region, ...]:
    """The target's regions over a half-open range of its lines (at least one line)."""
    return tuple(r for r in text.regions.over(range(first + 1, max(last, first + 1) + 1)) if is_scope(r))


def edited_scopes(text: TargetText, edits: Sequence[Edit]) -> tuple[Region, ...]:
    """The target's regions that the edits change; an insertion between two regions changes neither."""
    found: dict[Region, None] = {}
    for edit in edits:
        if edit.last > edit.first:
            found.update(dict.fromkeys(scopes_over(text, edit.first, edit.last)))
            continue
        below, above = text.region_at(edit.first), text.region_at(edit.first - 1) if edit.first else None
        if below is not None and below == above and is_scope(below):
            found[below] = None
    return tuple(found)


def strays(item: Work, found: Sequence[Region]) -> bool:
    """Whether the hunk says which region it is in, and these are all others."""
    wanted, names = item.named, {r.name for r in found}
    return bool(wanted and names and not wanted & names)


def landed(
    item: Work,
    text: TargetText,
    kind: PlacementKind,
    reason: Reason,
    edits: Sequence[Edit],
    *,
    offset: int = 0,
    fuzz: int = 0,
) -> Placement:
    """A hunk that lands by these edits."""
    regions = edited_scopes(text, edits)
    functions = item.scopes or regions
    if kind in (PlacementKind.EXACT, PlacementKind.OFFSET) and edits:
        # The pre-image stands here line for line, so the target's own map answers for it too.
        moved = edits[0].first - (first_changed_line(item.hunk) - 1)
        hunk = replace(item.hunk, old_start=item.hunk.old_start + moved)
        own = tuple(r for r in scopes_in_base(hunk, text.regions, item.scopes) if is_scope(r))
        functions = own or functions
    return Placement(
        hunk=item.hunk.number,
        kind=kind,
        reason=reason,
        target_path=text.path,
        line=first_changed_line(item.hunk),
        target_line=edits[0].first + 1 if edits else 0,
        offset=offset,
        fuzz=fuzz,
        functions=functions,
        target_functions=regions,
    )


def there(item: Work, path: str, text: TargetText, judgement: Judgement) -> Placement:
    """A hunk whose change is in the target already."""
    places = [r.found for r in judgement.runs if r.found is not None]
    kind, reason, detail = PlacementKind.APPLIED, Reason.ALREADY_THERE, ""
    if not judgement.applied:
        kind, reason = PlacementKind.EVOLVED, Reason.LATER_FORM
        count = len(judgement.runs)
        detail = "in a later form" if count == 1 else f"{count} changes, in a later form"
    if text.path != path:
        detail = "; ".join(x for x in (f"in {text.path}", detail) if x)
    regions: dict[Region, None] = {}
    for first, last in places:
        regions.update(dict.fromkeys(scopes_over(text, first, max(last, first + 1))))
    return Placement(
        hunk=item.hunk.number,
        kind=kind,
        reason=reason,
        target_path=text.path,
        line=first_changed_line(item.hunk),
        target_line=(judgement.line or 0) + 1,
        functions=item.scopes or tuple(regions),
        target_functions=tuple(regions),
        differences=judgement.differences if kind is PlacementKind.EVOLVED else (),
        detail=detail,
    )


def there_in_step(item: Work, text: TargetText, landing: Landing) -> Placement:
    """A hunk whose post-image stands in the target, though some of its context reads differently."""
    first = landing.edits[0].first
    regions = edited_scopes(text, landing.edits)
    return Placement(
        hunk=item.hunk.number,
        kind=PlacementKind.APPLIED,
        reason=Reason.ALREADY_THERE,
        target_path=text.path,
        line=first_changed_line(item.hunk),
        target_line=first + 1,
        functions=item.scopes or regions,
        target_functions=regions,
    )


def conflict(
    item: Work, path: str, text: TargetText, site: Site, judgement: Judgement, ground: Ground
) -> Placement:
    """A hunk whose place is known and which does not land there."""
    needle = keys(item.parts.old)
    alignment = firm(needle, align(needle, text.keys, *site.bounds))
    missing = differences(item.parts.old, alignment, text)
    reason, detail = Reason.LINES_DIFFER, ""
    if judgement.partly:
        reason = Reason.PARTLY_THERE
        count = f"{judgement.there} of {len(judgement.runs)} changes are there"
        detail = count if judgement.there else "names that it brings are there, its lines are not"
    elif alignment.equal and not missing:
        reason = Reason.AMBIGUOUS
    elif all(not d.found for d in missing):
        reason = Reason.LINES_GONE
    if text.path != path:
        detail = "; ".join(x for x in (f"the code is in {text.path}", detail) if x)
    at, stop = _extent(alignment, text, site)
    regions = scopes_over(text, at, stop)
    return Placement(
        hunk=item.hunk.number,
        kind=PlacementKind.CONFLICT,
        reason=reason,
        target_path=text.path,
        line=first_changed_line(item.hunk),
        target_line=next((d.line for d in missing if at < d.line <= stop), at + 1),
        functions=item.scopes,
        target_functions=regions,
        differences=missing,
        texts=hunk_excerpts(item.hunk, target_excerpt(ground, text, (at, stop), text.region_at(at))),
        detail=detail,
    )


def _extent(alignment: Alignment, text: TargetText, site: Site) -> tuple[int, int]:
    """The stretch of the target that the hunk's telling lines span; where none stands, its names'."""
    first, last = site.core or site.bounds
    telling = [
        n for n in alignment.equal.values() if len(text.keys[n]) > 3 and (not site.core or first <= n < last)
    ]
    return (min(telling), max(telling) + 1) if telling else (first, last)


def beside(placement: Placement, text: TargetText, lines: tuple[int, int], ground: Ground) -> Placement:
    """A hunk of which nothing was found, between two that were: what the target has there."""
    bounds = (lines[0], max(lines[1] - 1, lines[0] + 1))
    regions = scopes_over(text, *bounds)
    excerpt = target_excerpt(ground, text, bounds, text.region_at(bounds[0]))
    texts = placement.texts or Texts3(None, None, None)
    return replace(
        placement,
        kind=PlacementKind.CONFLICT,
        reason=Reason.LINES_GONE,
        target_line=lines[0] + 1,
        target_functions=regions,
        texts=replace(texts, target=excerpt),
        detail=f"the hunks before and after it are at lines {lines[0]} and {lines[1]}",
    )


def absent(item: Work, text: TargetText) -> Placement:
    """A hunk of which nothing was found."""
    names = [r.label() for r in item.scopes if is_scope(r) and r.name not in item.brought]
    what = ", ".join(names) if names else "nothing like it"
    return Placement(
        hunk=item.hunk.number,
        kind=PlacementKind.ABSENT,
        reason=Reason.FUNCTION_ABSENT if names else Reason.LINES_GONE,
        target_path=text.path,
        line=first_changed_line(item.hunk),
        target_line=0,
        functions=item.scopes,
        texts=hunk_excerpts(item.hunk, None),
        detail=f"{what} not in {text.path}" if names else f"{what} in {text.path}",
    )


def plain(item: Work, text: TargetText, kind: PlacementKind, reason: Reason) -> Placement:
    """A hunk that was not looked at further, and why."""
    return Placement(
        item.hunk.number,
        kind,
        reason,
        text.path,
        first_changed_line(item.hunk),
        0,
        functions=item.scopes,
        texts=hunk_excerpts(item.hunk, None),
    )
