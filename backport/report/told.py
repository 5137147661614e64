"""Findings that a report for people tells at their own place already: with the hunk, the repair, the commit.

They stay in JSON and SARIF, which scripts read; a person reads each thing once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from backport.model import CommitEvidence, Finding, PatchReport, PlacementKind, Severity, TargetReport
from backport.report.summary import FAILING, hunks, which

_PLACED = frozenset({"BP101", "BP102", "BP103"})
_HUNK = re.compile(r"\bhunks? \d")
_FOLLOWS = "; follows from "


def untold(findings: Iterable[Finding], patch: PatchReport, target: TargetReport) -> list[Finding]:
    """The findings of a patch without those that its hunks, repairs and commits say. That a hunk follows from
    another patch is said nowhere else."""
    kinds = {hunk.number: hunk.placement for _, hunk in hunks(patch)}
    repairs = {f"line {r.line}: {r.what}" for r in patch.repairs}
    return [
        f
        for f in findings
        if not (
            _of_placement(f, kinds.get(f.hunk or 0))
            or (f.code == "BP001" and not f.suggestion and f.message in repairs)
            or _of_commit(f, patch)
            or (f.code == "BP121" and target.features and len(target.patches) == 1)
        )
    ]


def _of_placement(finding: Finding, kind: PlacementKind | None) -> bool:
    if kind in FAILING:
        return finding.code in _PLACED and _FOLLOWS not in finding.message
    if finding.code == "BP104":  # the table has the place of what is there
        return kind is not None and kind.there
    return kind is PlacementKind.EVOLVED and finding.code == "BP106"


def _of_commit(finding: Finding, patch: PatchReport) -> bool:
    """Whether a list of commits has the finding's commit with the same words."""
    ids = {e.commit for e in finding.evidence if isinstance(e, CommitEvidence)}
    if not finding.code.startswith("BP4") or not ids:
        return False
    listed = (*patch.prerequisites, *patch.followups)
    return any(n.commit in ids and n.reason and n.reason in finding.message for n in listed)


def once(findings: Iterable[Finding]) -> list[Finding]:
    """The findings, the same sentence of several hunks once with the evidence of all; each names its hunks."""
    at: dict[tuple[str, str, Severity], int] = {}
    found: list[Finding] = []
    numbers: list[list[int]] = []
    for finding in findings:
        key = (finding.code, finding.message, finding.severity)
        here = [finding.hunk] if finding.hunk and not _HUNK.search(finding.message) else []
        if key not in at:
            at[key] = len(found)
            found.append(finding)
            numbers.append(here)
            continue
        first = found[at[key]]
        more = tuple(e for e in finding.evidence if e not in first.evidence)
        found[at[key]] = replace(first, evidence=(*first.evidence, *more))
        numbers[at[key]] += here
    return [
        replace(f, message=f"{f.message} ({which(sorted(set(n)))})") if n else f
        for f, n in zip(found, numbers, strict=True)
    ]
