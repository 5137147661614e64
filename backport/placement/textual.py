"""Placing the hunks of one file by the hunks alone.

For each hunk in turn, from certain to likely: git apply's own place; already there, here or in a file near by; GNU
patch's fuzz; context that has drifted, in the hunk's function, then elsewhere. What nothing of this finds is a
conflict (its place is known) or absent (nothing of it is there). A hunk of which a part is there already never lands
by fuzz or drift: it would be there twice.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from backport.model import Hunk, Placement, PlacementKind, Reason, Region, RegionKind
from backport.placement import drift, outcome
from backport.placement.context import (
    Position,
    git_apply_positions,
    gnu_patch_positions,
    occurrences,
    positions_in_step,
)
from backport.placement.elsewhere import files_with, telling_names
from backport.placement.ground import Ground
from backport.placement.lines import Edit, edits_at, first_changed_line, images
from backport.placement.presence import Judgement, judge
from backport.placement.proof import at_home, better, doubles, lands_elsewhere, proved
from backport.placement.scopes import brings, hunk_scopes
from backport.placement.sites import KNOWN, SURE, Site, Work, line_site, name_site, named_site
from backport.placement.target import TargetText, is_scope

_NAME = re.compile(rb"[A-Za-z_]\w*")


@dataclass(slots=True)
class _File:
    """The work on one file: what has been placed so far, and by how much it has shifted."""

    ground: Ground
    path: str
    text: TargetText
    renamed: bool
    edits: dict[str, list[Edit]] = field(default_factory=dict)
    shifts: list[tuple[int, int, int]] = field(default_factory=list)
    removed: frozenset[str] = frozenset()

    def free(self, path: str, edits: Sequence[Edit]) -> bool:
        return not any(
            (a.first < b.last and b.first < a.last) or (a.first, a.last) == (b.first, b.last)
            for a in edits
            for b in self.edits.get(path, ())
        )

    def take(self, path: str, edits: Sequence[Edit]) -> None:
        self.edits.setdefault(path, []).extend(edits)

    def expected(self, hunk: Hunk) -> int:
        """The index at which the hunk should stand, going by the nearest hunk that was found."""
        if not self.shifts:
            return max(hunk.old_start - 1, 0)
        line, before, after = min(self.shifts, key=lambda s: abs(s[0] - hunk.old_start))
        return max(hunk.old_start - 1 + (after if line < hunk.old_start else before), 0)

    def note(self, placement: Placement, hunk: Hunk) -> Placement:
        if placement.target_line and placement.target_path == self.text.path:
            shift = placement.target_line - placement.line
            # Where a hunk is there already, what it added shifts the lines below it.
            grown = hunk.new_count - hunk.old_count if placement.kind.there else 0
            self.shifts.append((hunk.old_start, shift, shift + grown))
        return placement


CLOSE = 0.75
"""Context that must stand where the hunk's function has another name, for its change to be called there."""


@dataclass(frozen=True, slots=True)
class _Look:
    """A hunk looked at in one file: the best site, and what of its change is there. `renamed` says that the
    function that the hunk names is not in that file, `other` that its very head is a line of the hunk: then the code
    did not go on under another name."""

    text: TargetText
    site: Site
    judgement: Judgement
    brought: bool
    renamed: bool
    other: bool

    @property
    def there(self) -> bool:
        """Whether the change is there, with all regions that it brings, and the site is good enough to say so."""
        if not self.brought:
            return False
        if self.renamed and (self.judgement.context < CLOSE or self.other):
            return False
        if self.judgement.applied:
            return self.site.own or self.judgement.context >= KNOWN
        return self.judgement.evolved and (
            self.site.home or self.judgement.context >= SURE or self.judgement.telling
        )


def place_hunks(
    path: str, hunks: Sequence[Hunk], text: TargetText, ground: Ground, *, renamed: bool = False
) -> tuple[tuple[Placement, ...], dict[str, list[Edit]]]:
    """Place the hunks of `path` in `text`; returns the placements, in order, and the edits of those
    that land, by path. `renamed` says that the text is not at the patch's own path."""
    file = _File(ground, path, text, renamed, removed=_removed_names(hunks))
    work = [Work(h, images(h), hunk_scopes(path, h)) for h in hunks]
    pairs = [(w.hunk, w.parts) for w in work]
    positions = git_apply_positions(pairs, text.lines, text.index)
    fuzzy: list[Position | None] = [None] * len(work)
    if None in positions:
        positions = positions_in_step(pairs, text.lines, text.index)
        fuzzy = gnu_patch_positions(pairs, text.lines, ground.fuzz)
    for item, position in zip(work, positions, strict=True):
        if position is not None:
            shift = position.at - (item.hunk.old_start - 1)
            file.shifts.append((item.hunk.old_start, shift, shift))
            if position.offset == 0:
                file.take(text.path, edits_at(item.parts, position.at))
    placements = list(_place_all(work, positions, fuzzy, file))
    return tuple(
        doubt([_between(n, placements, file) for n in range(len(placements))], text.path, ground)
    ), file.edits


def doubt(placements: Sequence[Placement], path: str, ground: Ground) -> list[Placement]:
    """The placements, less what only one hunk says: that its change is there in another file than `path`.

    A static function of the same name and with the same lines may be another driver's. Where several hunks of a
    file are found in one other file, the code went there; a single one is for a person to look at."""
    found = Counter(p.target_path for p in placements if p.target_path != path and p.target_line)
    return [
        replace(
            p,
            kind=PlacementKind.CONFLICT,
            reason=Reason.PARTLY_THERE,
            detail=f"{p.target_path} has it in a function like this one: is it the same code?",
        )
        if p.kind.there and p.target_path != path and found[p.target_path] < 2 and _local(p, ground)
        else p
        for p in placements
    ]


def _local(placement: Placement, ground: Ground) -> bool:
    """Whether what a hunk was found in is known to its own file only, or in nothing that has a name."""
    text = ground.text(placement.target_path)
    if text is None or not placement.target_functions:
        return True
    head = text.lines[placement.target_functions[0].first - 1]
    return head.lstrip().startswith(b"static ")


NEIGHBOURHOOD = 400
"""Lines between two placed hunks, at most, for what lies between them to be said of a third."""


def _between(number: int, placements: Sequence[Placement], file: _File) -> Placement:
    """A hunk of which nothing was found belongs between its neighbours, if they were found close by."""
    placement = placements[number]
    if placement.kind is not PlacementKind.ABSENT:
        return placement
    found = [p for p in placements if p.target_line and p.target_path == file.text.path]
    before = max((p.target_line for p in found if p.line < placement.line), default=0)
    after = min((p.target_line for p in found if p.line > placement.line), default=0)
    if not before or not before < after <= before + NEIGHBOURHOOD:
        return placement
    return outcome.beside(placement, file.text, (before, after), file.ground)


def _place_all(
    work: Sequence[Work],
    positions: Sequence[Position | None],
    fuzzy: Sequence[Position | None],
    file: _File,
) -> Iterator[Placement]:
    for item, position, fuzz in zip(work, positions, fuzzy, strict=True):
        if not file.ground.steps.spend():
            yield outcome.plain(item, file.text, PlacementKind.CONFLICT, Reason.BUDGET)
        elif position is None:
            yield file.note(_search(item, fuzz, file), item.hunk)
        else:
            nearer = _applied_nearer(item, position, file) if position.offset else None
            yield nearer or _at(item, position, file)


def explain(path: str, hunk: Hunk, scopes: tuple[Region, ...], text: TargetText, ground: Ground) -> Placement:
    """For a hunk that git's merge left in conflict: `applied`, `evolved`, or what is there instead.

    `scopes` are its regions by the base's own map. Nothing lands here: the merge has spoken."""
    own = tuple(r if brings(hunk, r) else replace(r, first=0, last=0, name_line=0) for r in scopes)
    item = Work(hunk, images(hunk), own)
    file = _File(ground, path, text, renamed=False)
    looks = list(_looks(item, file))
    found = _presence(item, looks, file)
    return found or _give_up(item, looks, file)


# --- where git apply puts it -------------------------------------------------------------------


def _at(item: Work, position: Position, file: _File) -> Placement:
    edits = edits_at(item.parts, position.at)
    # In the target's own lines: git counts in the file as the earlier hunks leave it, which is the same
    # only when all of them were placed by git's own rule.
    offset = position.at - max(item.hunk.old_start - 1, 0)
    kind, reason = PlacementKind.EXACT, Reason.SAME_PLACE
    if position.offset:
        if not file.free(file.text.path, edits):
            return outcome.plain(item, file.text, PlacementKind.CONFLICT, Reason.AMBIGUOUS)
        file.take(file.text.path, edits)
    if offset:
        kind, reason = PlacementKind.OFFSET, Reason.LINES_SHIFTED
    placed = outcome.landed(item, file.text, kind, reason, edits, offset=offset)
    if file.renamed:
        return replace(placed, kind=PlacementKind.MOVED, reason=Reason.FILE_RENAMED)
    if position.offset and outcome.strays(item, placed.target_functions):
        return replace(placed, kind=PlacementKind.MOVED, reason=Reason.FUNCTION_MOVED, functions=item.scopes)
    return placed


def _applied_nearer(item: Work, position: Position, file: _File) -> Placement | None:
    """A hunk whose pre-image stands only further off, while its post-image stands nearer to where the
    hunk says or in the function that it names: it is there already, and git would add it again."""
    if not any(run.added for run in item.parts.runs):
        return None
    text = file.text
    places = occurrences(item.parts.new, text.lines, text.index)
    if not places:
        return None
    expected = max(item.hunk.new_start - 1, 0)
    nearest = min(places, key=lambda at: (abs(at - expected), at))
    stray = outcome.strays(item, outcome.edited_scopes(text, edits_at(item.parts, position.at)))
    here = outcome.scopes_over(text, nearest, nearest + len(item.parts.new))
    if not (abs(nearest - expected) < abs(position.offset) or (stray and not outcome.strays(item, here))):
        return None
    edits = edits_at(item.parts.turned, nearest)
    there = drift.Landing(edits, edits[0].first, nearest, 1.0, 1.0, ())
    if not proved(item, there, text, expected):
        return None
    return outcome.there_in_step(item, text, there)


# --- the ladder ---------------------------------------------------------------------------------


def _search(item: Work, fuzz: Position | None, file: _File) -> Placement:
    if (placed := _in_step(item, file)) is not None:
        return placed
    looks: list[_Look] = []
    for look in _looks(item, file):
        looks.append(look)
        if (found := _presence(item, [look], file)) is not None:
            return found
    partly = any(look.judgement.partly and (look.site.own or look.site.share >= KNOWN) for look in looks)
    found = None if partly else _by_fuzz(item, fuzz, file)
    if found is None:
        found = next((p for k in looks if k.text is not file.text and (p := _elsewhere(item, k, file))), None)
    return found or _give_up(item, looks, file)


def _in_step(item: Work, file: _File) -> Placement | None:
    """Landing, or being there already, although lines around it differ: both are asked for by the same
    measure, in the hunk's own function where the file has it, and the better answer is taken."""
    if not file.ground.steps.spend(20):
        return None
    text, expected = file.text, file.expected(item.hunk)
    is_home = at_home(item, text, expected)
    shifted = expected if file.shifts else max(item.hunk.new_start - 1, 0)
    whole = (0, len(text.lines))
    forward = drift.land(item.parts, text, whole, expected)
    backward = drift.land(item.parts.turned, text, whole, shifted)
    if forward is not None and (not is_home(forward.edits) or lands_elsewhere(item, forward, text)):
        forward = None
    if backward is not None and not (is_home(backward.edits) and proved(item, backward, text, shifted)):
        backward = None
    if backward is not None and (forward is None or better(backward, forward, item, shifted)):
        return outcome.there_in_step(item, text, backward)
    if forward is not None and doubles(item, forward, text):
        forward = None
    if forward is not None and not _all_there(item, file) and file.free(text.path, forward.edits):
        return _drifted(item, text, forward, file)
    return None


def _looks(item: Work, file: _File) -> Iterator[_Look]:
    """The hunk looked at where it may belong, best first: in its own file, then in files near by."""
    best = 0.0
    for look in _looks_at(item, file.text, file):
        best = max(best, 1.0 if look.site.own else look.site.share)
        yield look
    # Its own function, or most of its lines, here: then it is not somewhere else.
    if (best >= SURE and not _all_brought(item)) or not file.ground.steps.spend(50):
        return
    names = telling_names([item.hunk], [r.name for r in item.scopes if is_scope(r)])
    for path in files_with(names, file.ground, file.text) if names else ():
        text = file.ground.text(path)
        if text is not None:
            for look in _looks_at(item, text, file):
                if look.site.share > max(best, KNOWN) and (not look.site.own or look.site.share >= SURE):
                    yield look


def _all_brought(item: Work) -> bool:
    """Whether the hunk only brings new regions: whether they are elsewhere its surroundings cannot say."""
    scopes = [r for r in item.scopes if is_scope(r)]
    return bool(scopes) and all(r.name in item.brought for r in scopes)


def _looks_at(item: Work, text: TargetText, file: _File) -> Iterator[_Look]:
    if not file.ground.steps.spend(20):
        return
    expected = file.expected(item.hunk) if text is file.text else 0
    named = named_site(item, text, expected)
    sites = [named] if named is not None else []
    if named is None:
        both = (item.parts.new, item.parts.old)
        by_lines = [s for image in both if (s := line_site(image, text, expected)) and s.share >= KNOWN]
        sites = sorted(by_lines, key=lambda s: -s.share)
    if not sites or (named is None and sites[0].share < SURE):
        by_names = name_site(item, text, expected)
        sites += [by_names] if by_names is not None and by_names.share >= KNOWN else []
    # What another hunk of the file removes is not there because of this one.
    brought = all(n.encode() in text.name_lines and n not in file.removed for n in item.brought)
    other = any(r.first and r.name in item.named for r in item.scopes)
    for site in sites:
        judgement = judge(
            item.parts,
            file.path,
            text,
            site.bounds,
            brought=item.brought,
            moved=file.ground.moved,
            anywhere=site.own and not site.home,
        )
        yield _Look(text, site, judgement, brought, bool(item.named) and not site.own, other)


def _presence(item: Work, looks: Sequence[_Look], file: _File) -> Placement | None:
    ranked = sorted((k for k in looks if k.there), key=lambda k: not k.judgement.applied)
    return outcome.there(item, file.path, ranked[0].text, ranked[0].judgement) if ranked else None


def _by_fuzz(item: Work, position: Position | None, file: _File) -> Placement | None:
    if position is None or not position.fuzz or _all_there(item, file):
        return None
    edits = edits_at(item.parts, position.at)
    if outcome.strays(item, outcome.edited_scopes(file.text, edits)) or not file.free(file.text.path, edits):
        return None
    file.take(file.text.path, edits)
    return outcome.landed(
        item,
        file.text,
        PlacementKind.FUZZ,
        Reason.CONTEXT_DIFFERS,
        edits,
        offset=position.offset,
        fuzz=position.fuzz,
    )


def _all_there(item: Work, file: _File) -> bool:
    """Whether something that the hunk brings is in the file already: landing would define it twice."""
    regions = file.text.regions
    brought = [(r.name, r.kind) for r in item.scopes if r.name in item.brought and is_scope(r)]
    brought += [(name, RegionKind.FUNCTION) for name in item.declared]
    return any(name not in file.removed and regions.named(name, kind) for name, kind in brought)


def _removed_names(hunks: Sequence[Hunk]) -> frozenset[str]:
    """Names in the heads that the hunks of a file remove: what a patch only moves about, it may bring again."""
    heads = (line for h in hunks for line in h.removed if line[:1].isalpha() or line[:1] == b"_")
    return frozenset(name.decode() for head in heads for name in _NAME.findall(head))


def _elsewhere(item: Work, look: _Look, file: _File) -> Placement | None:
    """Landing in another file, at a site that is its own function or holds most of its lines."""
    site = look.site
    if not site.own and (site.share < SURE or site.rival >= site.share):
        return None
    landing = drift.land(item.parts, look.text, site.bounds, site.bounds[0])
    if landing is None or look.judgement.partly or not file.free(look.text.path, landing.edits):
        return None
    return _drifted(item, look.text, landing, file)


def _drifted(item: Work, text: TargetText, landing: drift.Landing, file: _File) -> Placement:
    file.take(text.path, landing.edits)
    offset = landing.at - (first_changed_line(item.hunk) - 1)
    kind, reason = PlacementKind.FUZZ, Reason.CONTEXT_DIFFERS
    if file.renamed:
        kind, reason = PlacementKind.MOVED, Reason.FILE_RENAMED
    elif text is not file.text or outcome.strays(item, outcome.edited_scopes(text, landing.edits)):
        kind, reason = PlacementKind.MOVED, Reason.FUNCTION_MOVED
    placed = outcome.landed(item, text, kind, reason, landing.edits, offset=offset)
    return replace(placed, differences=landing.differences)


def _give_up(item: Work, looks: Sequence[_Look], file: _File) -> Placement:
    """The best place that is known, with what is there instead; or nothing like it."""
    if file.ground.steps.left < 0:
        return outcome.plain(item, file.text, PlacementKind.CONFLICT, Reason.BUDGET)
    if not looks:
        return outcome.absent(item, file.text)
    best = max(looks, key=lambda k: (k.site.own, k.judgement.partly, _worth(k, file)))
    return outcome.conflict(item, file.path, best.text, best.site, best.judgement, file.ground)


def _worth(look: _Look, file: _File) -> float:
    """How good a site is to be named as the place of a conflict. Names are in one place where lines are
    scattered, so theirs says a little more; another file must have clearly more of the hunk than its own."""
    return look.site.share + 0.1 * bool(look.site.core) - 0.15 * (look.text is not file.text)
