"""Conflict cases: what is proposed, what is counted, and that the maintainer's result is not seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from backport.adapt.values import Confidence
from backport.errors import InputError
from backport.evaluate import Case, CaseResult, Outcome, conflicts
from backport.evaluate.baselines import has_wiggle
from backport.evaluate.conflicts import How, judge_conflict
from backport.evaluate.propose import Proposed, propose_checked, propose_fast
from backport.git import Repository, Scratch
from backport.settings import Settings
from tests.evaluate.support import History, source
from tests.support.repo import Repo
from tests.support.require import require_program

FAST = How(checks=False)
NEW = source("old_call(a, b, 2);").encode()


def judged(past: History, name: str, how: How = FAST) -> CaseResult:
    with Repository.open(str(past.repo.path)) as repository, Scratch([repository]) as scratch:
        return judge_conflict(repository, past.cases[name], scratch, Settings(), how).result


@pytest.mark.parametrize("checks", [False, True])
@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("exact", Outcome.EXACT),
        ("equivalent", Outcome.EQUIVALENT),
        ("different", Outcome.DIFFERENT),
        ("more", Outcome.DIFFERENT),
    ],
)
def test_adapt_is_measured(past: History, name: str, outcome: Outcome, checks: bool) -> None:
    """A change of an argument and one of the function's name: adapt does both."""
    result = judged(past, name, How(checks=checks, panes=True))
    assert (result.outcome, result.error) == (outcome, "")
    assert result.confidence in ("certain", "likely")
    assert result.strategies and all(p.why for p in result.pieces)
    assert result.kinds == ("content",)
    assert result.baselines["git"] is Outcome.REFUSED
    assert result.subject == f"{name}: call with two"
    assert 0 < result.seconds < 60
    files = {f.path: f for f in result.files}
    assert set(files) == {f"src/{name}.c", "src/other.c"} if name == "more" else {f"src/{name}.c"}
    if name == "more":
        assert files["src/more.c"].outcome is Outcome.EXACT
        assert files["src/other.c"].outcome is Outcome.DIFFERENT
    panes = files[f"src/{name}.c"].panes
    assert panes is not None
    assert "+\tcall(a, b, 2);" in panes.upstream and "-\tcall(a, b, 1);" in panes.upstream
    assert "old_call(a, b, 1);" in panes.target and "call(a, b, 2)" not in panes.target
    assert "+\told_call(a, b, 2);" in panes.proposal
    assert "-\told_call(a, b, 1);" in panes.maintainer


def stub(
    monkeypatch: pytest.MonkeyPatch, make: Callable[[Scratch, str, Confidence], Proposed | Exception]
) -> None:
    """Put a proposal in the place of adapt's."""

    def propose(
        repository: Repository,
        case: Case,
        scratch: Scratch,
        settings: Settings,
        *,
        least: Confidence = Confidence.LIKELY,
        **more: Any,
    ) -> Proposed:
        made = make(scratch, repository.tree_of(case.target), least)
        if isinstance(made, Exception):
            raise made
        return made

    monkeypatch.setattr(conflicts, "propose_fast", propose)


def with_files(scratch: Scratch, tree: str, files: Mapping[str, bytes]) -> str:
    return scratch.write_tree(tree, {p: ("100644", scratch.write_blob(d)) for p, d in files.items()})


def test_a_marker_left_is_a_refusal_although_all_else_is_right(
    past: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub(
        monkeypatch,
        lambda scratch, tree, least: Proposed(
            with_files(scratch, tree, {"src/exact.c": NEW}),
            False,
            Confidence.CERTAIN,
            ("src/exact.c",),
            marked={"src/exact.c": b"<<<<<<< target\nx\n=======\ny\n>>>>>>> patch\n"},
        ),
    )
    result = judged(past, "exact", FAST._replace(panes=True))
    assert (result.outcome, result.confidence, result.if_written) == (Outcome.REFUSED, "", None)
    panes = result.files[0].panes
    assert panes is not None and "+<<<<<<< target" in panes.proposal


@pytest.mark.parametrize(("name", "would_be"), [("exact", Outcome.EXACT), ("different", Outcome.DIFFERENT)])
def test_a_guess_is_a_refusal_and_is_calibrated(
    past: History, monkeypatch: pytest.MonkeyPatch, name: str, would_be: Outcome
) -> None:
    path = f"src/{name}.c"

    def make(scratch: Scratch, tree: str, least: Confidence) -> Proposed:
        if least is not Confidence.GUESS:
            return Proposed(tree, False, Confidence.GUESS, (path,), guessed=True)
        return Proposed(with_files(scratch, tree, {path: NEW}), True, Confidence.GUESS)

    stub(monkeypatch, make)
    result = judged(past, name)
    assert (result.outcome, result.confidence, result.if_written) == (Outcome.REFUSED, "guess", would_be)


def test_what_is_written_out_as_complete_and_does_nothing_is_different(
    past: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub(monkeypatch, lambda scratch, tree, least: Proposed(tree, True, Confidence.CERTAIN))
    assert judged(past, "exact").outcome is Outcome.DIFFERENT


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (InputError("it cannot be read", "mend it"), "it cannot be read; mend it"),
        (IndexError("list index out of range"), "a bug: IndexError: list index out of range at "),
    ],
)
def test_a_failure_is_a_refusal_with_its_reason_and_has_baselines(
    past: History, monkeypatch: pytest.MonkeyPatch, error: Exception, says: str
) -> None:
    stub(monkeypatch, lambda scratch, tree, least: error)
    result = judged(past, "exact")
    assert result.outcome is Outcome.REFUSED
    assert result.error.startswith(says)
    assert result.baselines == {"git": Outcome.REFUSED}


def test_wiggle_is_counted_by_the_same_measure(past: History) -> None:
    require_program("wiggle")
    assert has_wiggle()
    how = FAST._replace(wiggle=True)
    found = {
        name: judged(past, name, how).baselines["wiggle"] for name in ("exact", "equivalent", "different")
    }
    assert found == {
        "exact": Outcome.EXACT,
        "equivalent": Outcome.EQUIVALENT,
        "different": Outcome.DIFFERENT,
    }


@pytest.mark.parametrize("propose", [propose_fast, propose_checked])
def test_the_maintainers_result_is_not_seen(
    past: History, tmp_path: Path, propose: Callable[..., Proposed]
) -> None:
    """A repository that never had the backport, nor anything later, gives the same proposal."""
    case = past.cases["different"]
    then = Repo(tmp_path / "then")
    then.git("fetch", "-q", str(past.repo.path), f"{case.target}:refs/heads/stable")
    then.git("fetch", "-q", str(past.repo.path), f"{case.upstream}:refs/heads/upstream")
    trees = []
    for repo in (past.repo, then):
        with Repository.open(str(repo.path)) as repository, Scratch([repository]) as scratch:
            assert repository.has(case.backport) == (repo is past.repo)
            found = propose(repository, case, scratch, Settings())
            assert found.complete
            trees.append(found.tree)
    assert trees[0] == trees[1]
