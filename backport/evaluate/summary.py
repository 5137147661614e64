"""Counts of an evaluation. Pure functions of its value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import median
from typing import Any

from backport.evaluate.values import CaseResult, Evaluation, GitClass, Outcome

CONFIDENCES = ("certain", "likely", "guess")
_YEAR = 365
_AGES = ((_YEAR // 2, "under half a year"), (_YEAR, "half to one year"), (2 * _YEAR, "one to two years"))
_OLDER = "over two years"
_UNKNOWN = "unknown"


def counts(outcomes: Iterable[Outcome | None]) -> dict[str, int]:
    """`cases`, and how many are of each outcome."""
    found = list(outcomes)
    return {"cases": len(found), **{str(x): found.count(x) for x in Outcome}}


def summary(evaluation: Evaluation) -> dict[str, Any]:
    """The member `summary` of `backport-evaluation/1`."""
    conflict = of_class(evaluation, GitClass.CONFLICT)
    result: dict[str, Any] = {
        "conflict": {
            **counts(r.outcome for r in conflict),
            **{name: counts(r.outcome for r in conflict if confidence(r) == name) for name in CONFIDENCES},
        }
    }
    for name in (GitClass.IDENTICAL, GitClass.DIFFERENT):
        these = of_class(evaluation, name)
        result[str(name)] = {
            "cases": len(these),
            "alarmed": sum(is_alarmed(r) for r in these),
            "mended": sum(bool(r.mended) for r in these),
        }
    seconds = [r.seconds for r in evaluation.results if r.seconds]
    result["seconds_median"] = round(median(seconds), 3) if seconds else 0.0
    result["seconds_max"] = round(max(seconds), 3) if seconds else 0.0
    result["memory_mib"] = max((r.memory_mib for r in evaluation.results), default=0)
    result["failed"] = sum(bool(r.error) for r in evaluation.results)
    return result


def of_class(evaluation: Evaluation, name: str) -> list[CaseResult]:
    return [r for r in evaluation.results if r.case.git == name]


def is_alarmed(result: CaseResult) -> bool:
    """Whether the checks speak; not for what was fixed or reverted on the branch later."""
    return bool(result.alarms) and not result.mended


def confidence(result: CaseResult) -> str:
    """Under which confidence a case is counted: what is written out as it is, without a doubt said, is `certain`."""
    if result.confidence or result.outcome in (Outcome.REFUSED, None):
        return result.confidence
    return "certain"


# --- the breakdown ---------------------------------------------------------------------------------

Counts = dict[str, int]


def breakdown(evaluation: Evaluation) -> dict[str, dict[str, Counts]]:
    """The conflict cases by what they are: a case counts in each row that fits it, so rows may overlap."""
    conflict = of_class(evaluation, GitClass.CONFLICT)
    found: dict[str, dict[str, Counts]] = {}
    ways: Mapping[str, Callable[[CaseResult], Sequence[str]]] = {
        "kind": lambda r: r.kinds,
        "reason": lambda r: r.reasons,
        "strategy": lambda r: r.strategies,
        "refusal": lambda r: r.refusals,
        "age": lambda r: (age(r.days),),
        "branch": lambda r: (r.case.branch or "-",),
    }
    for title, names_of in ways.items():
        rows: dict[str, list[Outcome | None]] = {}
        for result in conflict:
            for name in names_of(result):
                rows.setdefault(name, []).append(result.outcome)
        found[title] = {name: counts(rows[name]) for name in sorted(rows, key=_order)}
    found["piece"] = _by_piece(conflict)
    found["if written"] = {"guess": counts(r.if_written for r in conflict if r.if_written)}
    return found


def _by_piece(results: Iterable[CaseResult]) -> dict[str, Counts]:
    """Single conflicts by strategy and confidence, each by its own lines, where these can tell."""
    rows: dict[str, list[Outcome | None]] = {}
    for result in results:
        for piece in result.pieces:
            if piece.strategy and piece.outcome:
                name = f"{piece.strategy}, {piece.confidence}"
                rows.setdefault(name, []).append(piece.outcome)
    return {name: counts(rows[name]) for name in sorted(rows)}


def baselines(evaluation: Evaluation) -> dict[str, Counts]:
    """The other tools on the same conflict cases."""
    conflict = of_class(evaluation, GitClass.CONFLICT)
    names = dict.fromkeys(name for r in conflict for name in r.baselines)
    return {name: counts(r.baselines[name] for r in conflict if name in r.baselines) for name in names}


def alarms(evaluation: Evaluation) -> dict[str, dict[str, int]]:
    """Each rule that spoke, with the cases of each silent class."""
    silent = [r for r in evaluation.results if r.case.git != GitClass.CONFLICT and not r.mended]
    codes = sorted({a.code for r in silent for a in r.alarms})
    return {
        code or "not analysed": {
            str(name): sum(any(a.code == code for a in r.alarms) for r in silent if r.case.git == name)
            for name in (GitClass.DIFFERENT, GitClass.IDENTICAL)
        }
        for code in codes
    }


def age(days: int | None) -> str:
    """How old the branch was, in words."""
    if days is None:
        return _UNKNOWN
    return next((name for limit, name in _AGES if days < limit), _OLDER)


def _order(name: str) -> tuple[int, str]:
    words = [x for _, x in _AGES] + [_OLDER, _UNKNOWN]
    return (words.index(name) if name in words else -1, name)


def right(row: Counts) -> int:
    """Exact and equivalent."""
    return row["exact"] + row["equivalent"]


def share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"
