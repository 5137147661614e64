"""An adaptation for a terminal: patch by patch and conflict by conflict what is proposed, how sure it is, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from backport.adapt.shown import difference, refused_words, strategy
from backport.adapt.values import (
    Action,
    Adaptation,
    AdaptedPatch,
    Confidence,
    Difference,
    FileProposal,
    PatchProposal,
    Piece,
)
from backport.model import Severity
from backport.report.adapted import is_empty, lands
from backport.report.formats import Style
from backport.report.formats.text import BOLD, DIM, GREEN, RED, YELLOW, Page
from backport.report.summary import evidence_words, plural, short, which
from backport.report.terminal import clip, harmless

_LINES = 24
_PAINT = {Confidence.CERTAIN: GREEN, Confidence.LIKELY: YELLOW, Confidence.GUESS: RED}


def render(adaptation: Adaptation, style: Style) -> bytes:
    """The document, ending with one line feed."""
    page = Page(style)
    page.wrapped(f"{harmless(_title(adaptation))}: {_summary(adaptation.patches)}", rest="  ", paint=BOLD)
    for note in adaptation.notes:
        page.wrapped(harmless(note), "note: ")
    for number, adapted in enumerate(adaptation.patches, 1):
        _patch(page, adapted, number, len(adaptation.patches))
    return page.document()


def _title(adaptation: Adaptation) -> str:
    revision = short(adaptation.revision)
    return f"{adaptation.name} ({revision})" if revision else adaptation.name


class _State:
    """What became of a patch, as one word and a sentence."""

    def __init__(self, adapted: AdaptedPatch) -> None:
        proposal = adapted.proposal
        self.paint = GREEN
        if adapted.patch.unreadable:
            self.word, self.text, self.paint = "unreadable", adapted.patch.unreadable, RED
        elif adapted.complete and is_empty(adapted):
            text = "nothing of it is left on the target, and yet it is not there: look whether it is needed"
            self.word, self.text, self.paint = "refused", text, RED
        elif not lands(adapted):
            self.word, self.text, self.paint = "refused", _refused(proposal), RED
        elif not adapted.diff:
            self.word, self.text = "applied", "it is there already"
        elif not is_adapted(adapted):
            self.word, self.text = "clean", "it lands as it is"
        else:
            assert proposal is not None
            sure = proposal.confidence or Confidence.CERTAIN
            self.word, self.text, self.paint = "adapted", f"{sure}; {_resolved(proposal)}", _PAINT[sure]


def is_adapted(adapted: AdaptedPatch) -> bool:
    """Whether anything is done to a patch that upstream's own does not do."""
    proposal = adapted.proposal
    return proposal is not None and any(f.pieces or _told(f) for f in proposal.files)


def _told(file: FileProposal) -> bool:
    return bool(file.why) or file.refusal is not None or file.action is Action.DROP


def _summary(patches: Sequence[AdaptedPatch]) -> str:
    counts = Counter(_State(p).word for p in patches)
    words = {
        "adapted": "adapted",
        "clean": "as it is" if counts["clean"] == 1 else "as they are",
        "applied": "there already",
        "refused": "refused",
        "unreadable": "unreadable",
    }
    if len(patches) == 1:
        return f"the patch is {next(words[w] for w in words if counts[w])}"
    return ", ".join(f"{counts[w]} {said}" for w, said in words.items() if counts[w]) or "no patches"


def _resolved(proposal: PatchProposal) -> str:
    count = sum(1 for _ in proposal.pieces)
    files = sum(_told(f) and not f.pieces for f in proposal.files)
    parts = [f"{plural(count, 'conflict')} resolved"] if count else []
    return ", ".join(parts + ([f"{plural(files, 'file')} dealt with as a whole"] if files else []))


def _refused(proposal: PatchProposal | None) -> str:
    if proposal is None:
        return "nothing can be proposed"
    count, left = sum(1 for _ in proposal.pieces), len(proposal.refused)
    parts = [f"{left} of {plural(count, 'conflict')} left"] if left else []
    files = len(proposal.refused_files)
    return ", ".join(parts + ([f"{plural(files, 'file')} left as a whole"] if files else []))


# --- a patch -------------------------------------------------------------------------------------


def _patch(page: Page, adapted: AdaptedPatch, number: int, of: int) -> None:
    page.gap()
    head = f"Patch {number} of {of}: " if of > 1 else ""
    page.wrapped(head + (harmless(adapted.patch.subject) or "(no subject)"), rest="  ", paint=BOLD)
    state = _State(adapted)
    page.wrapped(f"{state.word}: {harmless(state.text)}", "  ", "    ", paint=state.paint)
    if adapted.proposal is None or page.style.quiet:
        return
    least = adapted.proposal.least
    for file in adapted.proposal.files:
        if file.pieces or _told(file):
            _file(page, file, least)
    _differences(page, adapted.differences)
    _findings(page, adapted)


def _file(page: Page, file: FileProposal, least: Confidence) -> None:
    page.gap()
    name = harmless(file.path or file.change.path)
    moved = f" (the patch's {harmless(file.change.path)})" if file.change.path != file.path else ""
    page.wrapped(f"{name}{moved}", "  ", "    ", paint=BOLD)
    if _told(file):
        _whole(page, file, least)
    for piece in file.pieces:
        piece_lines(page, piece, least)


def _whole(page: Page, file: FileProposal, least: Confidence) -> None:
    sure = file.confidence
    if file.refusal is not None or (sure is not None and not sure.reaches(least)):
        why = str(file.refusal).replace("-", " ") if file.refusal else f"only {sure}"
        page.wrapped(f"refused: {why}", "    ", "      ", paint=RED)
    elif sure is not None:
        page.wrapped(f"{sure}: {_ACTIONS[file.action]}", "    ", "      ", paint=_PAINT[sure])
    if file.why:
        page.wrapped(harmless(file.why), "      ")
    if page.style.verbose:
        _trace(page, file.trace)


_ACTIONS = {
    Action.EDIT: "changed",
    Action.RENAME: "renamed",
    Action.DROP: "left out",
}


def piece_lines(page: Page, piece: Piece, least: Confidence) -> None:
    """One conflict: where it is, what is proposed with how much confidence, why, and the lines."""
    hunks = f", {which(sorted(piece.hunks))}" if piece.hunks else ""
    where = f"{harmless(piece.function) or 'file scope'}, line {piece.line}{hunks}"
    by = f" ({harmless(strategy(piece))})" if strategy(piece) else ""
    if piece.accepted(least):
        assert piece.confidence is not None
        page.wrapped(f"{piece.confidence}: {where}{by}", "    ", "      ", paint=_PAINT[piece.confidence])
    else:
        page.wrapped(f"refused: {where}: {refused_words(piece, least)}{by}", "    ", "      ", paint=RED)
    if piece.why:
        page.wrapped(harmless(piece.why), "      ")
    for name in piece.left_out:
        page.wrapped(harmless(name), "      left out: ", "        ")
    if page.style.verbose:
        _trace(page, piece.trace)
        for evidence in piece.evidence:
            page.line(clip(" " * 6 + evidence_words(evidence, harmless), page.width))
    new = piece.proposal if piece.proposal is not None else piece.upstream
    if piece.proposal is None:
        page.line("      upstream has, against the target:")
    _code(page, difference(piece, new))


def _trace(page: Page, trace: Iterable[object]) -> None:
    for step in trace:
        name, said = getattr(step, "strategy", ""), getattr(step, "said", "")
        page.wrapped(f"{harmless(name)}: {harmless(said)}", "      - ", "        ", paint=DIM)


def _code(page: Page, lines: Iterable[bytes]) -> None:
    """Lines of a diff, the beginning of each a sign."""
    listed = list(lines)
    most = len(listed) if page.style.verbose else _LINES
    for line in listed[:most]:
        sign, rest = line[:1].decode("ascii", "replace"), harmless(line[1:])
        paint = {"+": GREEN, "-": RED}.get(sign, "")
        page.line(page.paint(clip(f"      | {sign}{rest}", page.width), paint))
    if len(listed) > most:
        page.line(f"      ... {len(listed) - most} more lines (--verbose)")


# --- against upstream ----------------------------------------------------------------------------


def _differences(page: Page, differences: Sequence[Difference]) -> None:
    if not differences:
        return
    page.gap()
    page.line("  " + page.paint("Against upstream's change", BOLD))
    for one in differences:
        page.wrapped(harmless(f"{one.path}: {one.text}"), "    ", "      ")
        if page.style.verbose:
            _code(page, (b"<lost    " + x for x in one.lost))
            _code(page, (b">gained  " + x for x in one.gained))


def _findings(page: Page, adapted: AdaptedPatch) -> None:
    loud = [f for f in adapted.findings if f.severity is not Severity.NOTE or page.style.verbose]
    if not loud:
        return
    page.gap()
    page.line("  " + page.paint("Findings on the adapted tree", BOLD))
    for finding in loud:
        text = f"{finding.severity} {finding.code}  {harmless(finding.message)}"
        page.wrapped(text, "    ", "      ", paint=RED if finding.severity is Severity.ERROR else "")
