"""The evaluation as JSON, schema `backport-evaluation/1`: fields may be added, none is renamed."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from backport.evaluate import summary
from backport.evaluate.values import CaseResult, Evaluation

SCHEMA = "backport-evaluation/1"


def document(evaluation: Evaluation) -> dict[str, Any]:
    """The document as plain values."""
    return {
        "schema": SCHEMA,
        "repository": evaluation.repository,
        "summary": summary.summary(evaluation),
        "breakdown": summary.breakdown(evaluation),
        "baselines": summary.baselines(evaluation),
        "alarms": summary.alarms(evaluation),
        "cases": [_case(r) for r in evaluation.results],
        "notes": list(evaluation.notes),
    }


def _case(result: CaseResult) -> dict[str, Any]:
    return {
        **asdict(result.case),
        "subject": result.subject,
        "outcome": result.outcome,
        "confidence": result.confidence or None,
        "if_written": result.if_written,
        "files": [
            {"path": f.path, "outcome": f.outcome, "confidence": f.confidence or None} for f in result.files
        ],
        "pieces": [
            {
                "path": p.path,
                "function": p.function,
                "line": p.line or None,
                "strategy": p.strategy or None,
                "confidence": p.confidence or None,
                "refusal": p.refusal or None,
                "why": p.why,
                "outcome": p.outcome,
            }
            for p in result.pieces
        ],
        "strategies": list(result.strategies),
        "kinds": list(result.kinds),
        "reasons": list(result.reasons),
        "baselines": dict(result.baselines),
        "verdict": result.verdict or None,
        "alarms": [asdict(a) for a in result.alarms],
        "mended": result.mended or None,
        "branch_days": result.days,
        "seconds": round(result.seconds, 3),
        "memory_mib": result.memory_mib,
        "error": result.error or None,
    }


def render(evaluation: Evaluation) -> bytes:
    """The document, indented, in UTF-8."""
    text = json.dumps(document(evaluation), indent=1, ensure_ascii=False)
    return (text + "\n").encode("utf-8", "backslashreplace")
