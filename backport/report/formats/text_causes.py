"""Causes on a terminal: with a target's verdict, and under each hunk that does not land."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backport.model import HunkReport, TargetReport
from backport.report.causes import cause_sentences, drift_words, feature_words, see_words
from backport.report.summary import evidence_words
from backport.report.terminal import clip, harmless

if TYPE_CHECKING:
    from backport.report.formats.text import Page

_SHOWN = 4
BOLD = "1"


def target_causes(page: Page, target: TargetReport) -> None:
    """Why, in the first lines of a report."""
    for sentence in cause_sentences(target):
        page.wrapped(harmless(sentence), "  cause: ", "         ")


def hunk_causes(page: Page, hunk: HunkReport) -> None:
    """The causes of one hunk; with --verbose the lines that show them."""
    shown = hunk.drift if page.style.verbose else hunk.drift[:_SHOWN]
    for drift in shown:
        page.wrapped(harmless(drift_words(hunk, drift)), "      - ", "        ")
        if page.style.verbose:
            for piece in drift.evidence:
                page.line(clip(" " * 10 + evidence_words(piece, harmless), page.width))
    rest = see_words(hunk, len(hunk.drift) - len(shown))
    if rest:
        page.wrapped(rest, "      - ", "        ")


def landed_causes(page: Page, hunks: list[HunkReport]) -> None:
    """With --verbose: in what the surroundings of hunks that land differ."""
    told = [h for h in hunks if h.drift]
    if not told or not page.style.verbose:
        return
    page.gap()
    page.line("  " + page.paint("Lands, though these differ", BOLD))
    for hunk in told:
        where = f" in {harmless(hunk.target_path)}" if hunk.target_path else ""
        page.wrapped(f"hunk {hunk.number}{where}", "    ", "      ")
        hunk_causes(page, hunk)


def features(page: Page, target: TargetReport) -> None:
    """The features behind the conflicts, with what shows them."""
    if not target.features:
        return
    page.gap()
    page.line("  " + page.paint("Features", BOLD))
    for feature in target.features:
        page.wrapped(harmless(feature_words(feature)), "    ", "      ")
        for evidence in feature.evidence:
            page.line(clip(" " * 6 + evidence_words(evidence, harmless), page.width))
