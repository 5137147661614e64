"""The causes of a target's conflicts, patch by patch and then taken together, put into its report.

What they are is found by the checks; a patch of which every hunk lands as it is costs nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from backport.checks import Context
from backport.model import Feature, FileReport, HunkReport, PatchReport, PlacementKind

if TYPE_CHECKING:
    from backport.checks.drift import HunkCauses
    from backport.checks.features_told import Gathered

PLAIN = frozenset({PlacementKind.EXACT, PlacementKind.OFFSET, PlacementKind.APPLIED})
"""Placements that need no cause."""


class TargetCauses:
    """What was gathered of one target so far."""

    def __init__(self) -> None:
        self._gathered: Gathered | None = None

    def told(self, number: int, context: Context, report: PatchReport) -> PatchReport:
        """The patch's report (its number in the series from 1) with the causes at its hunks."""
        if all(p.kind in PLAIN for p in context.placed.placements):
            return report
        from backport.checks.drift import causes
        from backport.checks.features_found import patch_features
        from backport.checks.features_told import Gathered

        if self._gathered is None:
            self._gathered = Gathered()
        features = self._gathered.add(number, patch_features(context))
        found = causes(context).hunks
        files = tuple(_file(f, found, features) for f in report.files)
        return replace(report, files=files)

    def features(self, patches: Sequence[PatchReport]) -> tuple[Feature, ...]:
        """The features behind the conflicts of all patches."""
        if self._gathered is None:
            return ()
        failing = (PlacementKind.CONFLICT, PlacementKind.ABSENT)
        conflicts = sum(h.placement in failing for p in patches for f in p.files for h in f.hunks)
        return self._gathered.features(conflicts)


def _file(
    file: FileReport, found: Mapping[int, HunkCauses], features: Mapping[tuple[int, str], str]
) -> FileReport:
    if not any(h.number in found for h in file.hunks):
        return file
    return replace(file, hunks=tuple(_hunk(h, found.get(h.number), features) for h in file.hunks))


def _hunk(hunk: HunkReport, found: HunkCauses | None, features: Mapping[tuple[int, str], str]) -> HunkReport:
    if found is None:
        return hunk
    drift = tuple(
        replace(c.drift, feature=features.get((hunk.number, c.drift.message), "")) for c in found.causes
    )
    return replace(hunk, drift=drift, drift_more=found.more, drift_see=found.see)
