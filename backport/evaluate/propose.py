"""What the program proposes for a case, given only what an engineer had then.

That is the upstream commit with its history, and the target before the backport with its own. The history is bounded by
these two commits, which both are older than the backport: nothing that came later, and nothing of the maintainer's
result, can be reached from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backport.adapt.values import Confidence, PatchProposal
from backport.checks import Asked, Context
from backport.engine.state import TargetState
from backport.engine.verdicts import patch_verdict
from backport.evaluate.values import Case, PieceResult
from backport.git import Repository, Scratch
from backport.index import Lookups
from backport.intake import patch_from_commit
from backport.model import Patch, Verdict
from backport.placement import find_base, place_patch
from backport.placement.ground import Steps
from backport.settings import Settings
from backport.tree import File, GitTree, Target

if TYPE_CHECKING:
    from backport.adapt.rewrites import Rewrite


@dataclass(frozen=True, slots=True)
class Proposed:
    """`tree` is the target's tree with the proposal, in the scratch repository; `complete` whether nothing is left to
    a person; `refused` the paths at which something is. `guessed`: all of that has a proposal, which is a guess.
    `reasons` are the placement's for hunks that do not land, `files` the confidence of each file ("" none), `marked`
    the texts with markers where something is refused."""

    tree: str
    complete: bool
    confidence: Confidence | None = None
    refused: tuple[str, ...] = ()
    pieces: tuple[PieceResult, ...] = ()
    guessed: bool = False
    reasons: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    marked: Mapping[str, bytes] = field(default_factory=dict)


def target_of(repository: Repository, case: Case, settings: Settings) -> Target:
    """The tree before the backport, as `--onto REPO@TARGET` names it."""
    name = f"{repository.shown}@{case.target}"
    tree = GitTree(repository, repository.tree_of(case.target), name, settings.max_file_bytes)
    return Target(name, tree, repository, case.target, False, "")


def propose_fast(
    repository: Repository,
    case: Case,
    scratch: Scratch,
    settings: Settings,
    *,
    least: Confidence = Confidence.LIKELY,
    cache: str = "",
    rewrites: Sequence[Rewrite] = (),
) -> Proposed:
    """The proposal of adapt alone: the checks do not look at the adapted tree."""
    from backport.adapt.patch import adapt_patch

    patch = patch_from_commit(repository, case.upstream)
    target = target_of(repository, case, settings)
    context, state = _context(
        repository, patch, target, scratch, settings, Asked(revision=case.upstream, cache=cache)
    )
    placed = context.placed
    reasons = tuple(
        dict.fromkeys(str(p.reason) for p in placed.placements if not p.kind.lands and not p.kind.there)
    )
    if patch_verdict(placed) not in (Verdict.CONFLICT, Verdict.PARTIAL):
        return Proposed(state.after(placed).tree_id, True, reasons=reasons)
    proposal = adapt_patch(context, least, rewrites)
    return proposed(scratch, target.tree.id, proposal, reasons)


def propose_checked(
    repository: Repository,
    case: Case,
    scratch: Scratch,
    settings: Settings,
    *,
    least: Confidence = Confidence.LIKELY,
    cache: str = "",
    rewrites: Sequence[Rewrite] = (),
) -> Proposed:
    """The proposal as `backport adapt UPSTREAM --onto REPO@TARGET --upstream REPO@UPSTREAM` makes it."""
    from backport.engine import Budget
    from backport.engine.adapt import adapt
    from backport.model import Series

    patch = patch_from_commit(repository, case.upstream)
    target = target_of(repository, case, settings)
    adaptation = adapt(
        Series((patch,)),
        target,
        upstream=repository,
        settings=settings,
        asked=Asked(revision=case.upstream, cache=cache),
        least=least,
        rewrites=rewrites,
        budget=Budget(settings.budget_steps),
    )
    adapted = adaptation.patches[0]
    reasons = tuple(
        dict.fromkeys(
            str(h.reason)
            for f in adapted.report.files
            for h in f.hunks
            if h.placement and h.reason and not h.placement.lands and not h.placement.there
        )
    )
    if adapted.proposal is None:
        return Proposed(_overlay(scratch, target.tree.id, adapted.changes), adapted.complete, reasons=reasons)
    return proposed(scratch, target.tree.id, adapted.proposal, reasons)


def proposed(
    scratch: Scratch, target_tree: str, proposal: PatchProposal, reasons: tuple[str, ...] = ()
) -> Proposed:
    """An adapted patch as values that can be kept and compared."""
    paths = [p.path for p in proposal.refused] + [f.path for f in proposal.refused_files]
    return Proposed(
        _overlay(scratch, target_tree, proposal.changes),
        proposal.complete,
        proposal.confidence,
        tuple(dict.fromkeys(paths)),
        _pieces(proposal),
        _guessed(proposal),
        reasons,
        dict(_confidences(proposal)),
        {f.path: f.marked for f in proposal.files if f.marked is not None and f.marked != f.after},
    )


def _confidences(proposal: PatchProposal) -> Iterator[tuple[str, str]]:
    """Each file with the least sure of its parts."""
    order = list(Confidence)
    for file in proposal.files:
        parts = [x.confidence for x in file.pieces if x.confidence]
        parts += [file.confidence] if file.confidence else []
        yield file.path, str(max(parts, key=order.index)) if parts else ""


def _context(
    repository: Repository,
    patch: Patch,
    target: Target,
    scratch: Scratch,
    settings: Settings,
    asked: Asked,
) -> tuple[Context, TargetState]:
    """The patch placed on the target, as the engine places the first patch of a series."""
    state = TargetState.open(target, scratch, settings)
    base = find_base(patch, [repository], repository, scratch)
    steps = Steps(settings.budget_steps or 1 << 60)
    placed = place_patch(patch, base, state.ground(steps))
    after = state.after(placed)
    ground = state.ground(Steps(settings.budget_steps or 1 << 60))
    context = Context(
        patch, placed, ground, after.tree, base, target, repository, asked, (), (), Lookups(asked.cache)
    )
    return context, state


def _overlay(scratch: Scratch, tree: str, changes: Mapping[str, File | None]) -> str:
    laid = {
        path: None if file is None else (file.mode, scratch.write_blob(file.data))
        for path, file in changes.items()
    }
    return scratch.write_tree(tree, laid) if laid else tree


def _guessed(proposal: PatchProposal) -> bool:
    """Whether all that stays a conflict has a proposal, which is only a guess."""
    refused = proposal.refused
    files = proposal.refused_files
    return (
        bool(refused or files)
        and all(p.proposal is not None and p.confidence is not None for p in refused)
        and all(f.refusal is None for f in files)
    )


def _pieces(proposal: PatchProposal) -> tuple[PieceResult, ...]:
    """What was decided, conflict by conflict; a file that was decided as a whole is one of them."""
    found = [
        PieceResult(
            p.path,
            p.function,
            p.line,
            p.trace[-1].strategy if p.trace and p.proposal is not None else "",
            str(p.confidence or ""),
            str(p.refusal or ""),
            p.why,
            p.target.count(b"\n") + (not p.target.endswith(b"\n") and p.target != b""),
        )
        for p in proposal.pieces
    ]
    for file in proposal.files:
        if file.confidence or file.refusal:
            strategy = file.trace[-1].strategy if file.trace and file.confidence else ""
            confidence, refusal = str(file.confidence or ""), str(file.refusal or "")
            found.append(PieceResult(file.path, "", 0, strategy, confidence, refusal, file.why))
    return tuple(found)
