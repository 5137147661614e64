"""What has to be compared for a patch: for each hunk that does not land plainly, its functions in the two trees.

A function is compared once for all its hunks, and each sentence is given to the hunk that it is nearest to. Where the
base is not at hand, the hunk's own lines stand for it. Nothing is looked at for hunks that land as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from backport.checks.drift.compare import compare
from backport.checks.drift.guards import around, of_names
from backport.checks.drift.phrases import names_of
from backport.checks.drift.said import PATCH, UPSTREAM, Said, Voice
from backport.checks.drift.say import say
from backport.checks.drift.sides import Job, jobs_of
from backport.checks.rule import Context
from backport.model import (
    BaseKind,
    Drift,
    DriftKind,
    Evidence,
    GuardEvidence,
    Hunk,
    Placement,
    PlacementKind,
)
from backport.placement import FilePlacement

_WORD = re.compile(rb"[A-Za-z_]\w{2,}")

SUCCESSOR = 0.3
"""The share of a function's statements that must stand in one of another name for that to be its successor."""

LIMIT = 6
"""Sentences for a hunk that does not land."""

LIMIT_LANDED = 3
"""Sentences for one that lands or is there; only what stands at its own lines."""

LINES = 2
"""Lines of evidence of each side."""

FAILING = frozenset({PlacementKind.CONFLICT, PlacementKind.ABSENT})
LOOKED_AT = FAILING | {
    PlacementKind.MERGED,
    PlacementKind.MOVED,
    PlacementKind.FUZZ,
    PlacementKind.EVOLVED,
}


@dataclass(frozen=True, slots=True)
class Cause:
    """A drift of one hunk (`hunk`; `fails` whether it does not land) with what grouping needs: the names that only
    one side has in it, and where the base has it (`path`, `lines`; "" and () where only the target has it)."""

    drift: Drift
    hunk: int
    fails: bool
    ours: frozenset[str]
    theirs: frozenset[str]
    path: str
    lines: tuple[int, ...]
    order: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class HunkCauses:
    """What a hunk's report lists, how many more there are, and at which hunks others of its function stand."""

    causes: tuple[Cause, ...] = ()
    more: int = 0
    see: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Causes:
    """The causes of a patch by hunk; `all` also holds those beyond the limit, in order of hunks."""

    hunks: Mapping[int, HunkCauses] = field(default_factory=dict)
    all: tuple[Cause, ...] = ()


def causes(context: Context) -> Causes:
    """In what the target differs from the patch's world, for each hunk that does not land plainly."""
    return context.once("causes", lambda: _causes(context))


def voice_of(context: Context) -> Voice:
    return PATCH if context.placed.base.kind is BaseKind.HUNKS else UPSTREAM


def _causes(context: Context) -> Causes:
    found: dict[int, list[Cause]] = {}
    groups: dict[int, set[int]] = {}
    for jobs in _by_function(context):
        if not context.ground.steps.spend():
            break
        told = _told(context, jobs)
        for cause in told:
            found.setdefault(cause.hunk, []).append(cause)
        numbers = {cause.hunk for cause in told}
        for job in jobs:
            groups.setdefault(job.hunk.number, set()).update(numbers - {job.hunk.number})
    failing = [x for x in _looked_at(context) if x[1].kind in FAILING]
    for number, drift in of_names(context, failing, voice_of(context)):
        none: frozenset[str] = frozenset()
        found.setdefault(number, []).append(Cause(drift, number, True, none, none, "", (), (0, 1, 0)))
    return _limited(context, found, groups)


def _looked_at(context: Context) -> Iterator[tuple[FilePlacement, Placement, Hunk]]:
    """The hunks that are looked at, those that do not land first."""
    placed = [
        (file, placement, hunk)
        for file in context.placed.files
        for placement, hunk in _with_hunks(file)
        if placement.kind in LOOKED_AT
    ]
    return iter(sorted(placed, key=lambda x: x[1].kind not in FAILING))


def _with_hunks(file: FilePlacement) -> Iterator[tuple[Placement, Hunk]]:
    hunks = {h.number: h for h in file.change.hunks}
    return ((p, hunks[p.hunk]) for p in file.placements if p.hunk in hunks)


def _by_function(context: Context) -> list[list[Job]]:
    """The jobs, those of one function together."""
    found: dict[object, list[Job]] = {}
    for file, placement, hunk in _looked_at(context):
        for job in jobs_of(context, file, placement, hunk):
            found.setdefault(job.key, []).append(job)
    return list(found.values())


# --- one function, all its hunks -----------------------------------------------------------------


def _told(context: Context, jobs: Sequence[Job]) -> list[Cause]:
    """Each sentence on a function, with the hunk that it is nearest to."""
    job = jobs[0]
    voice = voice_of(context)
    said = list(_compared(job, voice))
    found = []
    for item in said:
        ranked = [(_distance(item, j), j.placement.kind not in FAILING, n) for n, j in enumerate(jobs)]
        distance, _, at = min(
            ranked, key=lambda r: (r[1], r[0], r[2]) if r[0] > 1 else (r[0] > 1, r[1], r[2])
        )
        found.append(_made(item, jobs[at], distance))
    return found


def _compared(job: Job, voice: Voice) -> Iterator[Said]:
    """The function itself: missing, elsewhere, of another name; then what differs in it and around it."""
    if job.base is None or job.target is None:
        yield from job.facts
        return
    ours, theirs = job.base.units(), job.target.units()
    found = compare(ours, theirs, window=job.base.fragment)
    if job.otherwise and found.same < SUCCESSOR * len(ours):
        yield from job.otherwise
        return
    yield from job.facts
    if not found.met:
        return
    yield from around(job, found.met, voice)
    for item in say(found, voice, job.name, names_of(ours), names_of(theirs)):
        if not _is_beside(item, job):
            yield _as_member(item) if job.struct else item


def _is_beside(said: Said, job: Job) -> bool:
    """Whether it is some stretch of the target between the lines of a hunk that is in no function: another one's."""
    beside = job.base is not None and job.base.fragment and not job.name and not said.base
    return beside and len(said.target) > 2


def _as_member(said: Said) -> Said:
    """A statement of a struct is a member of it."""
    if said.kind is not DriftKind.STATEMENT or "`#" in said.message or "statement" in said.message:
        return said
    return replace(said, kind=DriftKind.MEMBER, message=f"the member {said.message}", rank=1)


def _distance(said: Said, job: Job) -> int:
    """How far a sentence is from a hunk: 0 at its changed lines, 1 in its context or about names that it holds, 2 in
    the same function."""
    if job.base is None or job.base.fragment:
        return 0 if _mentions(said, job.hunk) or not said.base else 1
    lines = set(said.base or (said.near,))
    if lines & job.changed:
        return 0
    if lines & job.lines or _mentions(said, job.hunk):
        return 1
    return 2


def _mentions(said: Said, hunk: Hunk) -> bool:
    if not said.name or said.rank > 1:
        return False
    name = said.name.encode("utf-8", "surrogateescape")
    return any(name in line.text for line in hunk.lines)


def _made(said: Said, job: Job, distance: int) -> Cause:
    drift = Drift(said.kind, said.message, said.name, tuple(_evidence(said, job)), "", job.label)
    path = job.base.path if job.base is not None and said.base else ""
    return Cause(
        drift,
        job.hunk.number,
        job.placement.kind in FAILING,
        said.ours,
        said.theirs,
        path,
        said.base,
        (distance, said.rank, said.base[0] if said.base else said.near),
    )


def _evidence(said: Said, job: Job) -> Iterator[Evidence]:
    for side, lines, told in ((job.base, said.base, said.ours), (job.target, said.target, said.theirs)):
        if side is None:
            continue
        beyond = [n for n in lines if not side.first <= n <= side.last]
        lines = tuple(side.where(n, told) for n in lines)
        if said.kind is DriftKind.GUARD and beyond:
            yield GuardEvidence(said.name, side.tree, side.path, beyond[0])
            yield from side.evidence([side.first])
        yield from side.evidence(lines[:LINES])


# --- the report's share --------------------------------------------------------------------------


def _limited(
    context: Context, found: Mapping[int, Sequence[Cause]], groups: Mapping[int, set[int]]
) -> Causes:
    hunks: dict[int, HunkCauses] = {}
    every: list[Cause] = []
    said: set[str] = set()
    brought = _brought_earlier(context)
    for _, placement, hunk in _looked_at(context):
        number = hunk.number
        fails = placement.kind in FAILING
        listed = sorted(found.get(number, ()), key=lambda c: c.order)
        listed = [c for c in listed if fails or c.order[0] < 2]
        fresh = list(
            {c.drift.message: _following(c, brought) for c in listed if c.drift.message not in said}.values()
        )
        said |= {c.drift.message for c in listed}
        limit = LIMIT if fails else LIMIT_LANDED
        see = () if fresh else tuple(sorted(n for n in groups.get(number, ()) if n in found))
        if fresh or see:
            hunks[number] = HunkCauses(tuple(fresh[:limit]), max(0, len(fresh) - limit), see if fails else ())
        every += fresh
    return Causes(hunks, tuple(sorted(every, key=lambda c: (c.hunk, c.order))))


def _brought_earlier(context: Context) -> dict[str, int]:
    """The names that patches of the series bring which do not land here, with the number of the patch."""
    found: dict[str, int] = {}
    for number, placement in context.earlier:
        if placement.texts is None or placement.texts.postimage is None:
            continue
        before = placement.texts.preimage.text if placement.texts.preimage else b""
        for name in set(_WORD.findall(placement.texts.postimage.text)) - set(_WORD.findall(before)):
            found.setdefault(name.decode("utf-8", "replace"), number)
    return found


def _following(cause: Cause, brought: Mapping[str, int]) -> Cause:
    """A cause that is only that an earlier patch of the series does not land says so."""
    numbers = {brought.get(name) for name in cause.ours}
    number = numbers.pop() if len(numbers) == 1 else None
    if number is None:
        return cause
    message = f"{cause.drift.message}; patch {number} of the series brings it"
    return replace(cause, drift=replace(cause.drift, message=message), ours=frozenset())
