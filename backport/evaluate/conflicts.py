"""A conflict case judged: proposed first, with what an engineer had, and compared with the maintainer's tree after."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from backport.adapt.values import Confidence
from backport.evaluate.baselines import baselines
from backport.evaluate.compare import compare, judged_pieces
from backport.evaluate.panes import with_panes
from backport.evaluate.propose import Proposed, propose_checked, propose_fast
from backport.evaluate.values import Case, CaseResult, Outcome
from backport.git import Repository, Scratch
from backport.git.merging import changed_paths
from backport.jobs import line_of
from backport.settings import Settings

if TYPE_CHECKING:
    from backport.adapt.rewrites import Rewrite


class How(NamedTuple):
    """How conflict cases are judged: with the checks on the adapted tree or without, wiggle beside it or not, with
    texts for a page or without. `cache` is a folder for what is read of trees ("" none), `rewrites` are those that the
    branch's earlier backports made."""

    checks: bool = True
    wiggle: bool = False
    panes: bool = False
    cache: str = ""
    rewrites: Sequence[Rewrite] = ()


class Judged(NamedTuple):
    """What came of a case, with the proposal's tree in the scratch repository ("" none)."""

    result: CaseResult
    tree: str


def judge_conflict(
    repository: Repository, case: Case, scratch: Scratch, settings: Settings, how: How
) -> Judged:
    """Propose, then compare. Where nothing comes of it, a bug of ours included, that is a refusal with an error."""
    propose = propose_checked if how.checks else propose_fast
    start = time.perf_counter()
    proposed, error = Proposed("", False), ""
    try:
        proposed = propose(repository, case, scratch, settings, cache=how.cache, rewrites=how.rewrites)
    except Exception as problem:
        error = line_of(problem)
    seconds = time.perf_counter() - start
    proposed, if_written = _calibrated(repository, case, scratch, settings, how, proposed)
    target, maintainer = repository.tree_of(case.target), repository.tree_of(case.backport)
    files = compare(scratch, target, maintainer, proposed.tree or target, refused=proposed.refused)
    if proposed.tree:
        files = tuple(replace(f, confidence=proposed.files.get(f.path, "")) for f in files)
        pieces = judged_pieces(scratch, proposed.pieces, target, maintainer, proposed.tree)
    else:
        files = tuple(replace(f, outcome=Outcome.REFUSED) for f in files)
        pieces = ()
    if how.panes:
        shown = _marked(scratch, proposed.tree or target, proposed.marked)
        files = with_panes(repository, scratch, case, files, shown)
    merge = scratch.merge(repository.tree_of(case.base), target, repository.tree_of(case.upstream))
    result = CaseResult(
        case,
        Outcome.worst([f.outcome for f in files]) if proposed.complete else Outcome.REFUSED,
        str(proposed.confidence or ""),
        if_written,
        files,
        pieces,
        tuple(sorted({str(f.kind) for f in merge.files})),
        proposed.reasons,
        baselines(scratch, merge, target, maintainer, wiggle=how.wiggle) if not merge.clean else {},
        subject=_subject(repository, case),
        seconds=seconds,
        error=error,
    )
    return Judged(result, proposed.tree)


def _calibrated(
    repository: Repository, case: Case, scratch: Scratch, settings: Settings, how: How, proposed: Proposed
) -> tuple[Proposed, Outcome | None]:
    """A proposal that is not complete has no confidence, unless all that is left has a guess: what that would have
    been, written out, is told as well, for the calibration alone."""
    if proposed.complete:
        return proposed, None
    plain = replace(proposed, confidence=None)
    if not proposed.guessed:
        return plain, None
    try:
        guess = propose_fast(
            repository,
            case,
            scratch,
            settings,
            least=Confidence.GUESS,
            cache=how.cache,
            rewrites=how.rewrites,
        )
    except Exception:  # the proposal that counts is there
        return plain, None
    if not guess.complete:
        return plain, None
    target, maintainer = repository.tree_of(case.target), repository.tree_of(case.backport)
    outcome = Outcome.worst([f.outcome for f in compare(scratch, target, maintainer, guess.tree)])
    return replace(proposed, tree=guess.tree, confidence=Confidence.GUESS, marked={}), outcome


def _marked(scratch: Scratch, tree: str, marked: Mapping[str, bytes]) -> str:
    """The tree with markers where a part of the proposal is refused: to be shown."""
    changes = {path: ("100644", scratch.write_blob(data)) for path, data in marked.items()}
    return scratch.write_tree(tree, changes) if changes else tree


def _subject(repository: Repository, case: Case) -> str:
    info = repository.commit(case.upstream)
    return info.subject if info else ""


def differing(scratch: Scratch, one: str, other: str) -> tuple[str, ...]:
    """The paths at which two trees differ, sorted."""
    return tuple(sorted(changed_paths(scratch, one, other)))
