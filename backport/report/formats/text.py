"""The report for a terminal: the verdict first, then what stands behind it.

Every line fits the width. Whatever comes from a patch or a tree goes through `harmless`, so that no
text of theirs can steer the terminal. Colours are emphasis only.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import TypeGuard

from backport.model import (
    GOOD_VERDICTS,
    ChangeKind,
    Evidence,
    FileReport,
    Finding,
    LineEvidence,
    PatchReport,
    Report,
    Severity,
    TargetReport,
    Verdict,
)
from backport.report.formats import Style
from backport.report.formats.text_causes import features, landed_causes, target_causes
from backport.report.formats.text_hunks import HunkTable, failing_hunks, later_forms, shown_lines
from backport.report.history import neighbours, ways
from backport.report.steps import next_steps
from backport.report.summary import (
    count,
    evidence_words,
    has_matrix,
    hunks,
    is_show,
    plural,
    provenance_words,
    short,
    skipped_words,
    target_sentence,
    target_title,
    verdict_sentence,
)
from backport.report.terminal import clip, clip_middle, columns, harmless, pad, wrap
from backport.report.told import once, untold

BOLD, DIM, RED, YELLOW, GREEN = "1", "2", "1;31", "33", "32"
_SEVERITY = {Severity.ERROR: RED, Severity.WARNING: YELLOW, Severity.NOTE: DIM}
_NOTES = 8
_COMPACT = 24
_SERIES = 8


def render(report: Report, style: Style) -> bytes:
    """The document, ending with one line feed."""
    page = Page(style)
    if is_show(report):
        for target in report.targets:
            _patches(page, target)
    else:
        _verdicts(page, report)
        if not style.quiet:
            _body(page, report)
    return page.document()


class Page:
    """Lines, and how to write them."""

    def __init__(self, style: Style) -> None:
        self.style = style
        self.width = style.width
        self.lines: list[str] = []

    def line(self, text: str = "") -> None:
        self.lines.append(text.rstrip())

    def gap(self) -> None:
        """An empty line, unless there is one or the page is new."""
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def wrapped(self, text: str, first: str = "", rest: str | None = None, paint: str = "") -> None:
        for line in wrap(text, self.width, first=first, rest=rest):
            self.line(self.paint(line, paint))

    def paint(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if code and text and self.style.color else text

    def document(self) -> bytes:
        while self.lines and not self.lines[-1]:
            self.lines.pop()
        return ("\n".join(self.lines) + "\n").encode("utf-8", "backslashreplace")


def verdict_paint(verdict: Verdict | None) -> str:
    if verdict in GOOD_VERDICTS:
        return GREEN
    return YELLOW if verdict in (Verdict.PARTIAL, Verdict.ADAPTABLE) else RED


# --- the verdict ---------------------------------------------------------------------------------


def _verdicts(page: Page, report: Report) -> None:
    most = max((len(str(t.verdict)) for t in report.targets), default=0)
    for target in report.targets:
        word = str(target.verdict or "unknown")
        first = pad(word, most) + "  "
        text = f"{harmless(target_title(target))}: {harmless(target_sentence(target))}"
        lines = wrap(text, page.width, first=first)
        lines[0] = page.paint(word, verdict_paint(target.verdict)) + lines[0][len(word) :]
        page.lines += lines
        if not page.style.quiet:
            target_causes(page, target)
    if not report.targets:
        page.line("no targets")


def _body(page: Page, report: Report) -> None:
    for note in report.notes:
        page.wrapped(harmless(note), "note: ")
    if has_matrix(report):
        _matrix(page, report.targets)
    for target in report.targets:
        if len(report.targets) > 1:
            page.gap()
            head = clip(f"=== {harmless(target_title(target))} ", page.width)
            page.line(page.paint(head + "=" * (page.width - columns(head)), BOLD))
        _patches(page, target)
        _target_notes(page, target)


def _matrix(page: Page, targets: tuple[TargetReport, ...]) -> None:
    """Patches by targets; a second block where the targets do not fit beside one another."""
    patches = max(targets, key=lambda t: len(t.patches)).patches
    if not patches:
        return
    names = [clip_middle(harmless(t.name or ""), 18) for t in targets] if len(targets) > 1 else ["verdict"]
    widths = [max(10, columns(n)) for n in names]
    room = max(1, (page.width - 34) // (max(widths) + 2))
    for start in range(0, len(targets), room):
        block = range(start, min(start + room, len(targets)))
        left = page.width - sum(widths[i] + 2 for i in block)
        page.gap()
        page.line(
            page.paint(pad("patch", left) + "".join("  " + pad(names[i], widths[i]) for i in block), BOLD)
        )
        for row, patch in enumerate(patches):
            cells = [_cell(page, targets[i], row, widths[i]) for i in block]
            page.line(pad(clip(f"{row + 1}. {harmless(patch.subject)}", left), left) + "".join(cells))


def _cell(page: Page, target: TargetReport, row: int, width: int) -> str:
    if row >= len(target.patches):
        return "  " + pad("-", width)
    verdict = target.patches[row].verdict
    return "  " + page.paint(pad(str(verdict or "-"), width), verdict_paint(verdict))


# --- a patch -------------------------------------------------------------------------------------


def _patches(page: Page, target: TargetReport) -> None:
    for number, patch in enumerate(target.patches, 1):
        page.gap()
        head = f"Patch {number} of {len(target.patches)}: " if len(target.patches) > 1 else ""
        page.wrapped(head + (harmless(patch.subject) or "(no subject)"), rest="  ", paint=BOLD)
        _provenance(page, patch)
        if len(target.patches) > 1 and patch.verdict is not None:
            _patch_verdict(page, patch)
        if patch.unreadable and patch.verdict is None:
            page.wrapped(harmless(patch.unreadable), "  cannot be read: ", paint=RED)
        if not patch.unreadable and not _told_by_verdict(page, target, patch):
            _files(page, patch)
            failing_hunks(page, patch)
            later_forms(page, patch)
            landed_causes(page, [h for _, h in hunks(patch) if h.placement and h.placement.lands])
        _findings(page, patch, target)
        _neighbours(page, patch)
        _comments(page, patch, whole=patch.verdict is None or page.style.verbose)
        _next(page, patch)


def _told_by_verdict(page: Page, target: TargetReport, patch: PatchReport) -> bool:
    """Whether a patch of a long series needs no table: nothing of it has to be looked at."""
    long = len(target.patches) > _SERIES and not page.style.verbose
    quiet = all(f.severity is Severity.NOTE for f in patch.findings)
    return long and quiet and patch.verdict in GOOD_VERDICTS


def _provenance(page: Page, patch: PatchReport) -> None:
    for line in provenance_words(patch):
        page.wrapped(harmless(line), "  ", "    ", paint=DIM)
    for repair in patch.repairs:
        page.wrapped(harmless(repair.what), f"  repaired, line {repair.line}: ", "    ")


def _patch_verdict(page: Page, patch: PatchReport) -> None:
    word = str(patch.verdict)
    lines = wrap(harmless(verdict_sentence((patch,), patch.verdict)), page.width, first=f"  {word}: ")
    lines[0] = "  " + page.paint(word, verdict_paint(patch.verdict)) + lines[0][2 + len(word) :]
    page.lines += lines


def _files(page: Page, patch: PatchReport) -> None:
    if not patch.files:
        return
    page.gap()
    total = count((patch,)).total
    table = HunkTable(page, patch, compact=total > _COMPACT and not page.style.verbose)
    for file in patch.files:
        if table.whole(file):
            continue
        page.wrapped(_file_words(file), "  ", "    ", paint=BOLD)
        table.rows(file)
    table.rest()


def _file_words(file: FileReport) -> str:
    words = harmless(file.path)
    if file.target_path and file.target_path != file.path:
        words += f" -> {harmless(file.target_path)}"
    words += "  binary" if file.binary else f"  +{file.added} -{file.removed}"
    kinds = {ChangeKind.ADD: "new file", ChangeKind.DELETE: "deleted", ChangeKind.MODE: "mode change"}
    kind = kinds.get(file.kind, "")
    if file.kind in (ChangeKind.RENAME, ChangeKind.COPY):
        verb = "renamed" if file.kind is ChangeKind.RENAME else "copied"
        kind = f"{verb} from {harmless(file.old_path)}" if file.old_path else verb
    notes = [x for x in (kind, harmless(file.detail)) if x]
    return f"{words}  ({'; '.join(notes)})" if notes else words


def _findings(page: Page, patch: PatchReport, target: TargetReport) -> None:
    listed = once(patch.findings if page.style.verbose else untold(patch.findings, patch, target))
    loud = [f for f in listed if f.severity is not Severity.NOTE]
    notes = [f for f in listed if f.severity is Severity.NOTE]
    shown = notes if page.style.verbose else notes[:_NOTES]
    above = set() if page.style.verbose else shown_lines(patch)
    _finding_list(page, "Findings", [*loud, *shown], above)
    if len(shown) < len(notes):
        page.line(f"    ... {plural(len(notes) - len(shown), 'more note')} (--verbose)")


def _finding_list(
    page: Page, title: str, listed: Sequence[Finding], above: Set[tuple[int, int]] = frozenset()
) -> None:
    """Findings with their evidence. Lines of the target that stand above already (`above`: hunk and
    line) are not told twice, nor is the advice of the finding before."""
    if not listed:
        return
    page.gap()
    page.line("  " + page.paint(title, BOLD))
    advice = ""
    for finding in listed:
        word = f"{finding.severity.value:7}"
        lines = wrap(
            harmless(finding.message), page.width, first=f"    {word} {finding.code}  ", rest=" " * 19
        )
        lines[0] = "    " + page.paint(word, _SEVERITY[finding.severity]) + lines[0][4 + len(word) :]
        page.lines += lines
        for evidence in finding.evidence:
            if not (_of_target(evidence) and (finding.hunk, evidence.line) in above):
                page.line(clip(" " * 19 + evidence_words(evidence, harmless), page.width))
        if finding.suggestion and (finding.suggestion != advice or page.style.verbose):
            page.wrapped(harmless(finding.suggestion), " " * 19 + "-> ")
        advice = finding.suggestion


def _of_target(evidence: Evidence) -> TypeGuard[LineEvidence]:
    return isinstance(evidence, LineEvidence) and evidence.tree == "target"


def _neighbours(page: Page, patch: PatchReport) -> None:
    """Commits to take first, commits that came after, and the ways to make the patch land."""
    for title, listed in neighbours(patch):
        page.gap()
        page.line("  " + page.paint(title, BOLD))
        for entry in listed:
            text = f'{short(entry.commit)} ("{harmless(entry.subject)}") {harmless(entry.words)}'
            page.wrapped(text, "    ", "      ")
    if patch.answers:
        page.gap()
        page.line("  " + page.paint("Ways to make it land (tried)", BOLD))
    for sentence in ways(patch):
        page.wrapped(harmless(sentence), "    ", "      ")


def _comments(page: Page, patch: PatchReport, *, whole: bool) -> None:
    if not patch.comments:
        return
    page.gap()
    if not whole:
        page.line(f"  {plural(len(patch.comments), 'review comment')} (--verbose, or backport show)")
        return
    page.line("  " + page.paint(f"Review comments ({len(patch.comments)})", BOLD))
    for comment in patch.comments:
        place = f" on {harmless(comment.file)}:{comment.line}" if comment.file else ""
        page.wrapped(f"{harmless(comment.author)}{place}", "    ", "      ", paint=DIM)
        for line in comment.text.splitlines():
            page.wrapped(harmless(line), "      | ", "      | ")


def _next(page: Page, patch: PatchReport) -> None:
    steps = next_steps(patch)
    if not steps:
        return
    page.gap()
    page.wrapped(harmless(steps[0]), "  Next: ", "        ")
    for step in steps[1:]:
        page.wrapped(harmless(step), "        ")


# --- a target as a whole -------------------------------------------------------------------------


def _target_notes(page: Page, target: TargetReport) -> None:
    _finding_list(page, "Of the series", target.findings)
    features(page, target)
    if target.skipped:
        page.gap()
        text = skipped_words(target.skipped)
        page.wrapped(harmless(text), "  Not run: ", "           ", paint=DIM)
