"""From placements to verdicts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from backport.model import PlacementKind, Verdict
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


def patch_verdict(placed: PatchPlacement) -> Verdict:
    """The verdict of a patch: `partial` when some of it is there and something else does not land."""
    kinds: list[PlacementKind] = []
    for file in placed.files:
        kinds.extend((p.kind for p in file.placements) if file.placements else (file.kind,))
    stuck = any(not k.lands and not k.there for k in kinds)
    there = any(k.there for k in kinds)
    if stuck:
        return Verdict.PARTIAL if there else Verdict.CONFLICT
    return Verdict.APPLIED if kinds and all(k.there for k in kinds) else Verdict.CLEAN


def target_verdict(verdicts: Iterable[Verdict | None]) -> Verdict | None:
    """The worst verdict of a target's patches; None for no patch."""
    known: Sequence[Verdict] = [v for v in verdicts if v is not None]
    return min(known, key=_WORST_FIRST.index) if known else None
