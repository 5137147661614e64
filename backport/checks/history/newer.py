"""The trees between upstream and target: which of them lack the patch too."""

from __future__ import annotations

from collections.abc import Iterator

from backport.checks.history.scene import scene_of
from backport.checks.rule import Context
from backport.git import Scratch
from backport.history.presence import Standing, State, TargetHistory
from backport.history.ranges import Range
from backport.model import CommitEvidence, Evidence, Finding, Severity
from backport.placement import place_patch
from backport.placement.ground import Ground
from backport.tree import File, Target


def lacking(context: Context) -> Iterator[Finding]:
    """BP408: a tree that people may upgrade to and that lacks the patch gets the fault again."""
    for target in context.asked.newer:
        found = _lacks(context, target)
        if found is not None:
            yield found


def _lacks(context: Context, target: Target) -> Finding | None:
    by_id = _by_history(context, target)
    if by_id is not None and by_id.state is State.PRESENT:
        return None
    if by_id is None or by_id.state is State.MISSING:
        there, of = _by_content(context, target)
        if there == of and of:
            return None
        detail = f": {there} of {of} hunks are there" if there else ""
    else:
        detail = f": {by_id.by[:12]} took it back"
    evidence: tuple[Evidence, ...] = ()
    if by_id is not None and by_id.by:
        evidence = (CommitEvidence(by_id.by, f"of {target.name}"),)
    return Finding(
        "BP408",
        Severity.WARNING,
        f"{target.name}, which is newer than the target, does not have this patch{detail}",
        evidence=evidence,
        suggestion="bring it there first, so that nobody who upgrades loses it",
        subject=target.name,
    )


def _by_history(context: Context, target: Target) -> Standing | None:
    """What the tree's own history says; None where there is none or the patch is no known commit."""
    if context.upstream is None or target.repository is None or not target.revision:
        return None
    scene = scene_of(context)
    if scene.commit is None:
        return None
    exclude = (scene.base,) if scene.base and target.repository.has(scene.base) else ()
    own = Range(target.repository, target.revision, exclude)
    with Scratch([target.repository, context.upstream]) as store:
        history = TargetHistory(store, target.revision, own, lambda path: _read(target, path))
        return history.standing(scene.commit)


def _read(target: Target, path: str) -> bytes | None:
    entry = target.tree.read(path)
    return entry.data if isinstance(entry, File) else None


def _by_content(context: Context, target: Target) -> tuple[int, int]:
    """How many of the patch's hunks are there already, by the measure of every placement, and how many it has."""
    ground = Ground(
        target.tree,
        context.ground.scratch,
        "",
        context.ground.style,
        0,
        context.ground.similarity,
        target.name,
    )
    ground.steps = context.ground.steps
    placed = list(place_patch(context.patch, context.base, ground).placements)
    return sum(p.kind.there for p in placed), len(placed)
