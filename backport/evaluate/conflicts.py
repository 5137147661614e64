"""A conflict case judged: proposed first, with what an engineer had, and compared with the maintainer's tree after."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import NamedTuple

from backport.adapt.values import Confidence
from backport.errors import BackportError
from backport.evaluate.baselines import baselines
from backport.evaluate.compare import compare
from backport.evaluate.panes import with_panes
from backport.evaluate.propose import Proposed, propose_checked, propose_fast
from backport.evaluate.values import Case, CaseResult, Outcome
from backport.git import Merge, Repository, Scratch
from backport.git.merging import changed_paths
from backport.settings import Settings

Propose = Callable[..., Proposed]


class How(NamedTuple):
    """How conflict cases are judged: with the checks on the adapted tree or without, wiggle beside it or not, with
    texts for a page or without. `cache` is a folder for what is read of trees ("" none)."""

    checks: bool = True
    wiggle: bool = False
    panes: bool = False
    cache: str = ""


class Judged(NamedTuple):
    """What came of a case, with the proposal's tree in the scratch repository ("" none)."""

    result: CaseResult
    tree: str


def judge_conflict(
    repository: Repository, case: Case, scratch: Scratch, settings: Settings, how: How
) -> Judged:
    """Propose, then compare."""
    propose = propose_checked if how.checks else propose_fast
    start = time.perf_counter()
    try:
        proposed = propose(repository, case, scratch, settings, cache=how.cache)
    except BackportError as error:
        seconds = time.perf_counter() - start
        return Judged(CaseResult(case, Outcome.REFUSED, seconds=seconds, error=str(error)), "")
    seconds = time.perf_counter() - start
    return _compared(repository, case, scratch, settings, how, proposed, seconds, propose)


def _compared(
    repository: Repository,
    case: Case,
    scratch: Scratch,
    settings: Settings,
    how: How,
    proposed: Proposed,
    seconds: float,
    propose: Propose,
) -> Judged:
    target, maintainer = repository.tree_of(case.target), repository.tree_of(case.backport)
    files = compare(scratch, target, maintainer, proposed.tree, refused=proposed.refused)
    files = tuple(replace(f, confidence=proposed.files.get(f.path, "")) for f in files)
    outcome = Outcome.worst([f.outcome for f in files]) if proposed.complete else Outcome.REFUSED
    tree, confidence, if_written = proposed.tree, str(proposed.confidence or ""), None
    if not proposed.complete:
        confidence = ""
        if proposed.guessed:
            tree, if_written = _if_written(repository, case, scratch, settings, how, propose)
            confidence = str(Confidence.GUESS) if if_written else ""
    if how.panes:
        shown = _marked(scratch, tree, proposed.marked) if not if_written else tree
        files = with_panes(repository, scratch, case, files, shown)
    merge = scratch.merge(repository.tree_of(case.base), target, repository.tree_of(case.upstream))
    result = CaseResult(
        case,
        outcome,
        confidence,
        if_written,
        files,
        proposed.pieces,
        tuple(sorted({str(f.kind) for f in merge.files})),
        proposed.reasons,
        _baselines(scratch, merge, target, maintainer, how),
        subject=_subject(repository, case),
        seconds=seconds,
    )
    return Judged(result, tree)


def _if_written(
    repository: Repository, case: Case, scratch: Scratch, settings: Settings, how: How, propose: Propose
) -> tuple[str, Outcome | None]:
    """What the guess would have been: for the calibration alone."""
    try:
        guess = propose(repository, case, scratch, settings, least=Confidence.GUESS, cache=how.cache)
    except BackportError:
        return "", None
    if not guess.complete:
        return guess.tree, None
    trees = [repository.tree_of(x) for x in (case.target, case.backport)]
    files = compare(scratch, trees[0], trees[1], guess.tree)
    return guess.tree, Outcome.worst([f.outcome for f in files])


def _marked(scratch: Scratch, tree: str, marked: Mapping[str, bytes]) -> str:
    """The tree with markers where a part of the proposal is refused: to be shown."""
    changes = {path: ("100644", scratch.write_blob(data)) for path, data in marked.items()}
    return scratch.write_tree(tree, changes) if changes else tree


def _baselines(
    scratch: Scratch, merge: Merge, target: str, maintainer: str, how: How
) -> Mapping[str, Outcome]:
    if merge.clean:
        return {}
    return baselines(scratch, merge, target, maintainer, wiggle=how.wiggle)


def _subject(repository: Repository, case: Case) -> str:
    info = repository.commit(case.upstream)
    return info.subject if info else ""


def differing(scratch: Scratch, one: str, other: str) -> tuple[str, ...]:
    """The paths at which two trees differ, sorted."""
    return tuple(sorted(changed_paths(scratch, one, other)))
