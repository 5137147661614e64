"""The findings of the history rules, a function for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backport.checks.history.causes import Culprit, culprits
from backport.checks.history.following import Follower, followers, own_reverts
from backport.checks.history.following import faults as found_faults
from backport.checks.history.notes import evidence
from backport.checks.history.requests import requested
from backport.checks.history.scene import SAME, Scene, scene_of
from backport.checks.rule import Context
from backport.history.after import Relation
from backport.history.culprits import Kind
from backport.history.presence import Standing, State
from backport.model import CommitEvidence, Evidence, Finding, Placement, Severity

_SHOWN = 8


def _named(id: str, subject: str) -> str:
    return f'{id[:12]} ("{subject}")'


# --- before ----------------------------------------------------------------------------------------


def prerequisites(context: Context) -> Iterator[Finding]:
    scene = scene_of(context)
    for culprit in culprits(scene):
        if culprit.judged.kind is Kind.PREREQUISITE and culprit.wanting:
            yield _of_culprit("BP401", Severity.WARNING, scene, culprit, "is a prerequisite")
    for found in requested(scene):
        if found.state != "present":
            yield Finding(
                "BP401",
                Severity.WARNING,
                f"{_named(found.commit.id, found.commit.subject)} is not in the target: {found.reason}",
                evidence=(CommitEvidence(found.commit.id, found.commit.subject),),
                suggestion="take it first",
                subject=found.commit.id,
            )


def incidental(context: Context) -> Iterator[Finding]:
    scene = scene_of(context)
    for culprit in culprits(scene):
        if culprit.judged.kind is Kind.INCIDENTAL and culprit.wanting:
            yield _of_culprit("BP409", Severity.NOTE, scene, culprit, "is incidental")


def adaptable(context: Context) -> Iterator[Finding]:
    scene = scene_of(context)
    for culprit in culprits(scene):
        if culprit.judged.kind is Kind.ADAPTABLE and culprit.wanting:
            yield _of_culprit("BP410", Severity.NOTE, scene, culprit, "can be adapted to")


_ADVICE = {
    "BP401": "take it first, or write the patch without what it brings",
    "BP409": "do not take it: write the patch for the lines as they are in the target",
    "BP410": "adapt the patch to the lines as they were before it",
}


def _of_culprit(code: str, severity: Severity, scene: Scene, culprit: Culprit, what: str) -> Finding:
    first = culprit.touches[0]
    placement = next((p for p in scene.context.placed.placements if p.hunk == first.hunk), None)
    back = ""
    if culprit.standing.state is State.REVERTED:
        back = f" (the target took it back with {culprit.standing.by[:12]})"
    hunks = ", ".join(str(n) for n in culprit.hunks)
    commit = CommitEvidence(culprit.commit.id, culprit.commit.subject)
    return Finding(
        code,
        severity,
        f"{_named(culprit.commit.id, culprit.commit.subject)} {what} of "
        f"hunk{'s' if len(culprit.hunks) > 1 else ''} {hunks} and not in the target{back}: {culprit.judged.reason}"
        if what == "is a prerequisite"
        else f"{_named(culprit.commit.id, culprit.commit.subject)} {what}, at "
        f"hunk{'s' if len(culprit.hunks) > 1 else ''} {hunks}: {culprit.judged.reason}",
        file=_file(scene, first.hunk),
        function=_function(placement),
        hunk=first.hunk,
        line=placement.line if placement else None,
        target_line=(placement.target_line or None) if placement else None,
        evidence=(commit, *evidence(culprit.touches)),
        suggestion=_ADVICE[code],
        subject=culprit.commit.id,
    )


def _file(scene: Scene, hunk: int) -> str:
    return next((f.path for f in scene.patch.files if any(h.number == hunk for h in f.hunks)), "")


def _function(placement: Placement | None) -> str:
    return placement.functions[0].label() if placement is not None and placement.functions else ""


# --- after -----------------------------------------------------------------------------------------


def missing_fixes(context: Context) -> Iterator[Finding]:
    scene = scene_of(context)
    own = scene.commit.id if scene.commit else ""
    for found in followers(scene):
        if found.wanting and not (found.later.relation is Relation.REVERT and found.later.of == own):
            yield _of_follower(found, own)


def _of_follower(found: Follower, own: str) -> Finding:
    commit = found.later.commit
    whom = "this patch" if found.later.of == own else f"the prerequisite {found.later.of[:12]}"
    verb = "fixes" if found.later.relation is Relation.FIX else "reverts"
    return Finding(
        "BP402",
        Severity.WARNING,
        f"{_named(commit.id, commit.subject)} {verb} {whom} upstream and is not in the target ({found.reason})",
        evidence=(CommitEvidence(commit.id, commit.subject),),
        suggestion="take it as well",
        subject=commit.id,
    )


def reverted(context: Context) -> Iterator[Finding]:
    scene = scene_of(context)
    if scene.commit is None:
        return
    for found in own_reverts(followers(scene), scene.commit.id):
        commit = found.later.commit
        there = "; the target has the revert already" if found.state == "present" else ""
        yield Finding(
            "BP403",
            Severity.WARNING,
            f"upstream reverted this patch with {_named(commit.id, commit.subject)}{there}",
            evidence=(CommitEvidence(commit.id, commit.subject),),
            suggestion="read there why, and whether the target should have it at all",
            subject=commit.id,
        )


# --- already there ---------------------------------------------------------------------------------


def _standing(scene: Scene) -> Standing | None:
    """What the target's commits say of the patch itself; what its content says is the placement's to judge."""
    named = scene.named
    if named is None:
        return None
    standing = scene.target.recorded(named, outside=bool(scene.base))
    if standing.state is State.MISSING and any(p.kind.there for p in scene.context.placed.placements):
        standing = scene.context.once("history same patch", lambda: scene.target.by_patch(named))
    return None if standing.state is State.MISSING else standing


def already(context: Context) -> Iterator[Finding]:
    scene = scene_of(context)
    standing = _standing(scene)
    if standing is None or standing.state is not State.PRESENT:
        return
    placed = list(context.placed.placements)
    lands = [p.hunk for p in placed if p.kind.lands]
    subject = _subject(scene, standing.by)
    text = f"the target has this patch already, as {_named(standing.by, subject)}, {standing.how}"
    if lands and len(lands) == len(placed):
        text += ", and yet every hunk lands: it would be applied a second time, or its lines were changed back since"
    elif lands:
        text += f", and yet {_hunks(lands)} of {len(placed)} would land"
    yield Finding(
        "BP404",
        Severity.WARNING if lands else Severity.NOTE,
        text,
        evidence=(CommitEvidence(standing.by, subject),),
        suggestion="nothing is to be applied, unless that commit left something out",
        subject=standing.by,
    )


def _hunks(numbers: Sequence[int]) -> str:
    shown = ", ".join(str(n) for n in numbers[:_SHOWN])
    return f"hunk{'s' if len(numbers) > 1 else ''} {shown}" + (" ..." if len(numbers) > _SHOWN else "")


def taken_back(context: Context) -> Iterator[Finding]:
    scene = scene_of(context)
    standing = _standing(scene)
    if standing is None or standing.state is not State.REVERTED:
        return
    subject = _subject(scene, standing.by)
    yield Finding(
        "BP411",
        Severity.WARNING,
        f"the target had this patch and took it back with {_named(standing.by, subject)}",
        evidence=(CommitEvidence(standing.by, subject),),
        suggestion="read there why before it is applied again",
        subject=standing.by,
    )


def _subject(scene: Scene, id: str) -> str:
    commit = scene.scratch.commit(id)
    return commit.subject if commit else ""


# --- the fault, and versions -----------------------------------------------------------------------


def no_fault(context: Context) -> Iterator[Finding]:
    scene = scene_of(context)
    found = found_faults(scene)
    if not found or not all(x.absent for x in found):
        return
    for fault in found:
        more = ""
        if fault.standing.state is State.REVERTED:
            more = f" (it took it back with {fault.standing.by[:12]})"
        proof: tuple[Evidence, ...] = (CommitEvidence(fault.commit.id, fault.commit.subject),)
        yield Finding(
            "BP405",
            Severity.WARNING,
            f"the fault that this patch fixes seems not to be in the target: it came with "
            f"{_named(fault.commit.id, fault.commit.subject)}, which the target does not have{more}, "
            f"and {fault.stands or 'none'} of its {fault.lines} lines stand there",
            evidence=proof,
            suggestion="see whether the patch is needed here at all",
            subject=fault.commit.id,
        )


def superseded(context: Context) -> Iterator[Finding]:
    scene = scene_of(context)
    if scene.named is not None or scene.namesake is None:
        return
    commit, share = scene.namesake
    if share >= SAME:
        return
    version = (
        f"v{scene.patch.provenance.version} of this patch" if scene.patch.provenance.version else "this patch"
    )
    yield Finding(
        "BP406",
        Severity.WARNING,
        f"{version} is not what went upstream: {_named(commit.id, commit.subject)} of the same author has "
        f"{round(100 * share)} % of its changed lines",
        evidence=(CommitEvidence(commit.id, commit.subject),),
        suggestion=f"take that form instead: {commit.id[:12]}",
        subject=commit.id,
    )
