"""What the report says of a patch's history beside its findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from backport.checks.history.causes import Culprit, culprits
from backport.checks.history.following import Follower, followers
from backport.checks.history.requests import requested
from backport.checks.history.scene import Scene, scene_of
from backport.checks.history.ways import answers
from backport.checks.rule import Context
from backport.history.culprits import Touch
from backport.history.presence import State
from backport.model import Answer, CommitNote, Evidence, LineEvidence, Skipped

_LINES = 3


@dataclass(frozen=True, slots=True)
class Told:
    """For a PatchReport; `skipped` is what was not looked at, and why; `notes` are for the whole report."""

    prerequisites: tuple[CommitNote, ...] = ()
    followups: tuple[CommitNote, ...] = ()
    answers: tuple[Answer, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()


def told(context: Context) -> Told:
    """The commits before and after the patch, and the ways to make it land; nothing without upstream."""
    if context.upstream is None:
        return Told()
    scene = scene_of(context)
    before = (*(_before(scene, x) for x in culprits(scene)), *_requested(scene))
    after = tuple(_after(x) for x in followers(scene))
    notes = (scene.taken_tip,) if scene.taken_tip else ()
    return Told(before, after, answers(scene), tuple(_skipped(scene)), notes)


def _before(scene: Scene, culprit: Culprit) -> CommitNote:
    state = "missing"
    reason = culprit.judged.reason
    if culprit.patch:
        state, reason = "in this series", f"patch {culprit.patch}: {reason}"
    elif culprit.standing.state is State.REVERTED:
        state, reason = "reverted", f"{reason}; {culprit.standing.by[:12]} of the target took it back"
    return CommitNote(
        culprit.commit.id,
        culprit.commit.subject,
        state,
        reason,
        kind=culprit.judged.kind.value,
        by=culprit.standing.by,
        lines=culprit.changes.lines,
        files=len(culprit.changes.files),
        hunks=culprit.hunks,
        evidence=tuple(evidence(culprit.touches)),
    )


def evidence(touches: tuple[Touch, ...]) -> Iterator[Evidence]:
    """The lines by which a commit was found: those of the base that it wrote, those of the target that it took out."""
    left = _LINES
    for touch in touches:
        for line, text in touch.wrote[:left]:
            yield LineEvidence("base", touch.path, line, text)
            left -= 1
        if left <= 0:
            return


def _requested(scene: Scene) -> Iterator[CommitNote]:
    have = {x.commit.id for x in culprits(scene)}
    for found in requested(scene):
        if found.commit.id not in have:
            yield CommitNote(
                found.commit.id, found.commit.subject, found.state, found.reason, kind="named", by=found.by
            )


def _after(found: Follower) -> CommitNote:
    return CommitNote(
        found.later.commit.id,
        found.later.commit.subject,
        found.state,
        found.reason,
        kind=found.later.relation.value,
        of=found.later.of,
        by=found.by,
        lines=found.changes.lines,
        files=len(found.changes.files),
    )


def _skipped(scene: Scene) -> Iterator[Skipped]:
    """What was left out of sight. Only what was asked for is told of."""
    if scene.after.looked:
        yield Skipped("BP402", f"not run to its end: of what came after upstream {scene.after.looked}")
    if scene.target.looked:
        yield Skipped("BP404", f"not run to its end: of the target's own commits {scene.target.looked}")
    if not scene.base and any(not p.kind.lands and not p.kind.there for p in scene.context.placed.placements):
        yield Skipped("BP401", "not run: the upstream commit that the patch was made against is not known")
