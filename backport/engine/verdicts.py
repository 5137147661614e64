"""From placements to verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from backport.model import Finding, PlacementKind, Reason, Severity, Verdict
from backport.placement import PatchPlacement

_WORST_FIRST = (
    Verdict.UNREADABLE,
    Verdict.CONFLICT,
    Verdict.PARTIAL,
    Verdict.UNSAFE,
    Verdict.ADAPTABLE,
    Verdict.CLEAN,
    Verdict.APPLIED,
)


def patch_verdict(placed: PatchPlacement, findings: Iterable[Finding] = ()) -> Verdict:
    """The verdict of a patch: that of its hunks, and `unsafe` for one that lands while a finding is an error."""
    verdict = _by_hunks(placed)
    if verdict is Verdict.CLEAN and any(f.severity is Severity.ERROR for f in findings):
        return Verdict.UNSAFE
    return verdict


def _by_hunks(placed: PatchPlacement) -> Verdict:
    """The verdict of a patch by where its hunks land.

    `partial` when some of it is there and a person must look at the rest: because it does not land, or because
    only this program says what is there (git apply and git's merge refuse such a patch). What git's own merge finds
    done already does not hinder: the rest lands and the patch is `clean`.
    """
    found: list[tuple[PlacementKind, Reason]] = []
    for file in placed.files:
        parts = [(p.kind, p.reason) for p in file.placements]
        found.extend(parts or [(file.kind, file.reason)])
    there = [reason for kind, reason in found if kind.there]
    if any(not kind.lands and not kind.there for kind, _ in found):
        return Verdict.PARTIAL if there else Verdict.CONFLICT
    if found and len(there) == len(found):
        return Verdict.APPLIED
    return Verdict.CLEAN if all(reason is Reason.MERGED_ALREADY for reason in there) else Verdict.PARTIAL


def target_verdict(verdicts: Iterable[Verdict | None]) -> Verdict | None:
    """The worst verdict of a target's patches; None for no patch."""
    known: Sequence[Verdict] = [v for v in verdicts if v is not None]
    return min(known, key=_WORST_FIRST.index) if known else None
