"""An adaptation as JSON, `backport-adaptation/1`.

Keys and texts are as in a report (`report/codec.py`): text that is not UTF-8 has its bytes in a sibling
`<name>_base64`. Whole files are not in it: `diff` says what lands, `proposal` of a conflict which lines.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from backport.adapt.shown import difference, rows, strategy
from backport.adapt.values import Adaptation, AdaptedPatch, Confidence, FileProposal, Piece, Step
from backport.report.adapted import lands
from backport.report.codec import RAW, dump_value

SCHEMA = "backport-adaptation/1"


def render(adaptation: Adaptation) -> bytes:
    return (
        json.dumps(dump(adaptation), indent=2, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
    )


def dump(adaptation: Adaptation) -> dict[str, Any]:
    """The adaptation as JSON values."""
    return {
        "schema": SCHEMA,
        **_text("name", adaptation.name),
        "revision": adaptation.revision,
        "complete": all(lands(p) for p in adaptation.patches),
        "notes": list(adaptation.notes),
        "patches": [_patch(p) for p in adaptation.patches],
    }


def _patch(adapted: AdaptedPatch) -> dict[str, Any]:
    proposal = adapted.proposal
    least = proposal.least if proposal is not None else Confidence.LIKELY
    return {
        **_text("subject", adapted.patch.subject),
        "commit": adapted.patch.commit,
        "verdict": str(adapted.report.verdict) if adapted.report.verdict else None,
        "complete": lands(adapted),
        "unreadable": adapted.patch.unreadable,
        "confidence": str(proposal.confidence) if proposal is not None and proposal.confidence else None,
        "least": str(least),
        "files": [_file(f, least) for f in proposal.files] if proposal is not None else [],
        "differences": [dump_value(d) for d in adapted.differences],
        "findings": [dump_value(f) for f in adapted.findings],
        **_text("diff", adapted.diff),
    }


def _file(file: FileProposal, least: Confidence) -> dict[str, Any]:
    return {
        **_text("path", file.change.path),
        **_text("target_path", file.path),
        "action": str(file.action),
        "confidence": str(file.confidence) if file.confidence else None,
        "refusal": str(file.refusal) if file.refusal else None,
        "why": file.why,
        "trace": _trace(file.trace),
        "pieces": [_piece(p, least) for p in file.pieces],
    }


def _piece(piece: Piece, least: Confidence) -> dict[str, Any]:
    texts = {"base": piece.base, "upstream": piece.upstream, "target": piece.target}
    shown: dict[str, Any] = {}
    for name, text in texts.items():
        shown |= _text(name, _whole(text))
    return {
        **_text("path", piece.path),
        **_text("function", piece.function),
        "hunks": list(piece.hunks),
        "line": piece.line,
        "accepted": piece.accepted(least),
        "confidence": str(piece.confidence) if piece.confidence else None,
        "refusal": str(piece.refusal) if piece.refusal else None,
        "strategy": strategy(piece),
        "why": piece.why,
        "left_out": list(piece.left_out),
        "trace": _trace(piece.trace),
        "evidence": [dump_value(e) for e in piece.evidence],
        **shown,
        **_proposed(piece),
    }


def _proposed(piece: Piece) -> dict[str, Any]:
    """The proposed lines, and as a diff against the target's."""
    if piece.proposal is None:
        return {"proposal": None, "diff": None}
    diff = b"".join(x + b"\n" for x in difference(piece, piece.proposal))
    return {**_text("proposal", _whole(piece.proposal)), **_text("diff", diff)}


def _trace(trace: tuple[Step, ...]) -> list[dict[str, str]]:
    return [{"strategy": step.strategy, "said": step.said} for step in trace]


def _whole(text: bytes) -> bytes:
    """The lines of a piece as they stand in a file."""
    return b"".join(x + b"\n" for x in rows(text))


def _text(name: str, value: str | bytes) -> dict[str, str]:
    data = value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
    try:
        return {name: data.decode()}
    except UnicodeDecodeError:
        return {name: data.decode("utf-8", "replace"), name + RAW: base64.b64encode(data).decode()}
