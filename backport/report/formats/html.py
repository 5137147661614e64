"""The report as one page that needs nothing else: no script, no font, no image, no network.

The page is a Jinja2 template with autoescape; this module makes what it shows: plain values.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from backport.model import (
    GOOD_VERDICTS,
    FileReport,
    HunkReport,
    PlacementKind,
    Report,
    Verdict,
)
from backport.report import causes, history, steps, summary, told
from backport.report.formats import Style
from backport.report.sidebyside import rows
from backport.report.terminal import harmless

if TYPE_CHECKING:
    from jinja2 import Template

_TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
_LONG = 24


def render(report: Report, style: Style) -> bytes:
    """The page."""
    page = _template().render(report=report, show=summary.is_show(report), style=style, long=_LONG)
    return (page.rstrip("\n") + "\n").encode("utf-8", "backslashreplace")


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "safe_text": harmless,
        "tone": tone,
        "short": summary.short,
        "plural": summary.plural,
        "which": lambda numbers: summary.which(list(numbers)),
    }
    environment.globals |= {
        "title_of": summary.target_title,
        "sentence_of": summary.verdict_sentence,
        "target_sentence": summary.target_sentence,
        "placement_of": summary.placement_words,
        "provenance_of": summary.provenance_words,
        "steps_of": steps.next_steps,
        "evidence_of": lambda e: summary.evidence_words(e, harmless),
        "fails": summary.fails,
        "causes_of": causes.cause_sentences,
        "drift_of": causes.drift_words,
        "see_of": causes.see_words,
        "feature_of": causes.feature_words,
        "look_at": look_at,
        "rows_of": rows,
        "neighbours_of": history.neighbours,
        "ways_of": history.ways,
        "skipped_of": summary.skipped_words,
        "findings_of": lambda patch, target: told.once(told.untold(patch.findings, patch, target)),
        "matrix_of": matrix,
        "hunk_tone": hunk_tone,
        "proposal_of": proposal_lines,
    }
    return environment.get_template("report.html.j2")


def tone(verdict: Verdict | None) -> str:
    """The colour of a verdict: good, look, bad, or none."""
    if verdict is None:
        return "none"
    if verdict in GOOD_VERDICTS:
        return "good"
    return "look" if verdict in (Verdict.PARTIAL, Verdict.ADAPTABLE) else "bad"


def hunk_tone(hunk: HunkReport) -> str:
    if summary.fails(hunk):
        return "bad"
    if hunk.placement is None:
        return "none"
    return "there" if hunk.placement.there else "good"


_SIGNS = {"+": "added", "-": "removed", "#": "said", "@": "dim"}


def proposal_lines(hunk: HunkReport) -> list[tuple[str, str]]:
    """(kind, text) of each line of a hunk's proposal."""
    lines = (hunk.proposal or "").removesuffix("\n").split("\n")
    return [(_SIGNS.get(x[:1], "same"), x[:1] + harmless(x[1:])) for x in lines]


def look_at(files: tuple[FileReport, ...]) -> list[tuple[FileReport, HunkReport]]:
    """The hunks that get a section of their own: those that do not land, and later forms."""
    return [
        (f, h)
        for f in files
        for h in f.hunks
        if summary.fails(h) or h.placement is PlacementKind.EVOLVED or h.texts is not None
    ]


@dataclass(frozen=True, slots=True)
class MatrixRow:
    subject: str
    verdicts: tuple[Verdict | None, ...]


def matrix(report: Report) -> list[MatrixRow]:
    """Patches by targets; empty for a single patch on a single target."""
    if summary.is_show(report) or not summary.has_matrix(report):
        return []
    longest = max(report.targets, key=lambda t: len(t.patches)).patches
    return [
        MatrixRow(
            patch.subject,
            tuple(t.patches[i].verdict if i < len(t.patches) else None for t in report.targets),
        )
        for i, patch in enumerate(longest)
    ]
