"""What adapting gives, told within a report of `check`: the verdict `adaptable`, and each hunk's proposal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backport.adapt.shown import difference, strategy
from backport.adapt.values import Action, Adaptation, AdaptedPatch, FileProposal, Piece
from backport.engine.verdicts import target_verdict
from backport.model import (
    FileReport,
    HunkReport,
    PatchReport,
    Report,
    Severity,
    TargetReport,
    Verdict,
)

_OPEN = (Verdict.CONFLICT, Verdict.PARTIAL, Verdict.UNSAFE)


def adapted_report(adaptations: Sequence[Adaptation]) -> Report:
    """One report of adaptations, one for each target: each patch judged on the adapted earlier ones."""
    targets = tuple(with_proposals(a) for a in adaptations)
    notes = dict.fromkeys(note for a in adaptations for note in a.notes)
    return Report(tuple(t for t in targets if t is not None), notes=tuple(notes))


def with_proposals(adaptation: Adaptation) -> TargetReport | None:
    """What `check` says of a target, with what adapting gives; None where it was not checked."""
    report = adaptation.report
    if report is None:
        return None
    patches = tuple(
        _patch(own, adapted) for own, adapted in zip(report.patches, adaptation.patches, strict=True)
    )
    return replace(report, patches=patches, verdict=target_verdict(p.verdict for p in patches))


def _patch(report: PatchReport, adapted: AdaptedPatch) -> PatchReport:
    proposal = adapted.proposal
    if proposal is None:
        return report
    files = {f.change.path: f for f in proposal.files}
    listed = tuple(_file(f, files[f.path], adapted) if f.path in files else f for f in report.files)
    return replace(report, files=listed, verdict=_verdict(report, adapted))


def _verdict(report: PatchReport, adapted: AdaptedPatch) -> Verdict | None:
    """`adaptable` where all of a patch lands in the form that is proposed, and the checks find no error in that."""
    if report.verdict not in _OPEN or not adapted.complete or not adapted.diff:
        return report.verdict
    if any(f.severity is Severity.ERROR for f in adapted.findings):
        return report.verdict
    return Verdict.ADAPTABLE


def _file(report: FileReport, file: FileProposal, adapted: AdaptedPatch) -> FileReport:
    assert adapted.proposal is not None
    least = adapted.proposal.least
    pieces: dict[int, list[Piece]] = {}
    for piece in file.pieces:
        for number in piece.hunks if piece.accepted(least) else ():
            pieces.setdefault(number, []).append(piece)
    whole = "" if file in adapted.proposal.refused_files else _whole(file)
    return replace(report, hunks=tuple(_hunk(h, pieces.get(h.number, []), whole) for h in report.hunks))


def _whole(file: FileProposal) -> str:
    """What is done with all hunks of a file; "" where nothing is."""
    if file.action is Action.DROP:
        return f"# {file.confidence}: left out: {file.why or 'the target has no such file'}\n"
    return ""


def _hunk(hunk: HunkReport, pieces: Sequence[Piece], whole: str) -> HunkReport:
    text = whole + "".join(_text(p) for p in pieces)
    return replace(hunk, proposal=text) if text else hunk


def _text(piece: Piece) -> str:
    """A piece as a diff against the target, below a line that says how sure it is, by which strategy, and why."""
    assert piece.proposal is not None
    by = f" ({strategy(piece)})" if strategy(piece) else ""
    lines = [
        f"# {piece.confidence}{by}: {' '.join(piece.why.split())}".rstrip(": ").encode("utf-8", "replace")
    ]
    lines += difference(piece, piece.proposal)
    return b"".join(x + b"\n" for x in lines).decode("utf-8", "replace")
