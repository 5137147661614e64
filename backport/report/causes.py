"""Why hunks do not land, in sentences; every face shows the same."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from backport.model import (
    CommitEvidence,
    Drift,
    DriftKind,
    Feature,
    FileReport,
    HunkReport,
    Reason,
    Severity,
    TargetReport,
    Verdict,
)
from backport.report.summary import fails, hunks, which

_CAUSES = 3
"""Causes that are told with a target's verdict."""

_TELLING = frozenset(
    set(DriftKind) - {DriftKind.STATEMENT, DriftKind.CODE, DriftKind.VALUE, DriftKind.RENAMED}
)
"""What says more of a conflict than that lines differ."""


@dataclass(frozen=True, slots=True)
class _Cause:
    sentence: str
    hunks: frozenset[tuple[int, int]]
    """(patch, hunk) that it explains."""


def cause_sentences(target: TargetReport) -> list[str]:
    """Why a target's patches do not go in as they are, most telling first: the features and files that are missing,
    conditions around what the patches use, else what differs at the first hunks that nothing else explains; where
    all lands, the first errors. Empty where nothing is wrong."""
    most = [*_features(target), *_missing_files(target)]
    found = sorted(most, key=lambda c: -len(c.hunks))[:_CAUSES]
    found = [c for c in found if 4 * len(c.hunks) >= len(found[0].hunks)]
    found += _guards(target)
    explained = {h for c in found for h in c.hunks}
    found += _first_differences(target, explained)
    found += [] if found else _errors(target)
    return list(dict.fromkeys(c.sentence for c in found))[:_CAUSES]


def _features(target: TargetReport) -> Iterator[_Cause]:
    for feature in target.features:
        explained = frozenset((x.patch, n) for x in feature.hunks for n in x.hunks)
        if feature.message:
            yield _Cause(feature.message, explained)


def _missing_files(target: TargetReport) -> Iterator[_Cause]:
    """Files that the target has not, or has elsewhere: one sentence for all the hunks in one."""
    paths: dict[tuple[str, str], set[tuple[int, int]]] = {}
    for number, file, hunk in _failing(target):
        moved = hunk.target_path if hunk.target_path not in ("", file.path, file.old_path) else ""
        if moved or hunk.reason is Reason.FILE_ABSENT:
            paths.setdefault((file.path, moved or ""), set()).add((number, hunk.number))
    for (path, there), explained in paths.items():
        state = f"the code of {path} is in {there} in the target" if there else f"{path} is not in the target"
        yield _Cause(f"{state} ({_of(target, explained)})", frozenset(explained))


def _of(target: TargetReport, explained: Collection[tuple[int, int]]) -> str:
    """`hunks 1-3`, of a series `patch 2, hunks 1-3; patch 3, hunk 1`."""
    if len(target.patches) == 1:
        return which(sorted(n for _, n in explained))
    patches = sorted({p for p, _ in explained})
    return "; ".join(f"patch {p}, {which(sorted(n for q, n in explained if q == p))}" for p in patches)


def _guards(target: TargetReport) -> list[_Cause]:
    return [
        _Cause(f"{_hunk(target, number, hunk)}: {drift.message}", frozenset({(number, hunk.number)}))
        for number, _, hunk in _failing(target)
        for drift in hunk.drift
        if drift.kind is DriftKind.GUARD
    ]


def _first_differences(target: TargetReport, explained: Collection[tuple[int, int]]) -> Iterator[_Cause]:
    """What differs at hunks that no other cause explains."""
    for number, _, hunk in _failing(target):
        if (number, hunk.number) not in explained and hunk.drift:
            drift = next((d for d in hunk.drift if d.kind in _TELLING), hunk.drift[0])
            yield _Cause(
                f"{_hunk(target, number, hunk)}: {drift.message}", frozenset({(number, hunk.number)})
            )


def _errors(target: TargetReport) -> Iterator[_Cause]:
    """What is wrong with patches that land."""
    for number, patch in enumerate(target.patches, 1):
        if patch.verdict is Verdict.UNSAFE:
            of = f"patch {number}: " if len(target.patches) > 1 else ""
            yield from (
                _Cause(f"{of}{f.message}", frozenset())
                for f in patch.findings
                if f.severity is Severity.ERROR
            )


def _failing(target: TargetReport) -> Iterator[tuple[int, FileReport, HunkReport]]:
    for number, patch in enumerate(target.patches, 1):
        yield from ((number, file, hunk) for file, hunk in hunks(patch) if fails(hunk))


def _hunk(target: TargetReport, number: int, hunk: HunkReport) -> str:
    return f"hunk {hunk.number}" + (f" of patch {number}" if len(target.patches) > 1 else "")


def drift_words(hunk: HunkReport, drift: Drift) -> str:
    """A cause with where it stands on both sides: `... (base 253, target 249)`; another file than the hunk's is
    named."""
    places: dict[str, list[str]] = {}
    for piece in drift.evidence:
        if isinstance(piece, CommitEvidence) or not piece.path:
            continue
        where = "" if piece.path == hunk.target_path else f"{piece.path}:"
        rows = places.setdefault(piece.tree, [])
        if len(rows) < 1:
            rows.append(f"{where}{piece.line}")
    words = ", ".join(f"{tree} {rows[0]}" for tree, rows in places.items())
    return f"{drift.message} ({words})" if words else drift.message


def see_words(hunk: HunkReport, left: int = 0) -> str:
    """Where a hunk's causes are told, or how many are left out (`left` of those that it has); "" for neither."""
    if hunk.drift_see and not hunk.drift:
        return f"see {which(list(hunk.drift_see))}: the same function"
    more = hunk.drift_more + left
    return f"and {more} more" if more else ""


def feature_words(feature: Feature) -> str:
    """A feature in a list: what it is called, its state, and which hunks it explains."""
    title = f" ({feature.title})" if feature.title else ""
    if not feature.hunks:
        explained = f", explains {which(list(feature.explains))}" if feature.explains else ""
    elif len(feature.hunks) == 1 and feature.hunks[0].patch == 1:
        explained = f", explains {which(list(feature.hunks[0].hunks))}"
    else:
        explained = ", explains " + "; ".join(
            f"patch {h.patch}, {which(list(h.hunks))}" for h in feature.hunks
        )
    return f"{feature.name}{title}: {feature.state}{explained}"
