"""All cases judged, in processes, each with limits, with what earlier runs found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from backport.errors import BackportError
from backport.evaluate.alarms import FAMILIES, judge_silent
from backport.evaluate.baselines import has_wiggle
from backport.evaluate.conflicts import How, judge_conflict
from backport.evaluate.state import State
from backport.evaluate.values import Case, CaseResult, Evaluation, GitClass, Outcome
from backport.git import Repository, Scratch
from backport.jobs import Done, Limits, run
from backport.settings import Settings

if TYPE_CHECKING:
    from backport.adapt.learning import Learner

_SHARED = 25  # cases after which repositories are opened anew: what was read of them is only in the way


@dataclass(frozen=True, slots=True)
class Options:
    """How an evaluation is made. `checks`: the checks look at what was adapted, as adapt itself lets them. `learn`:
    from the branch's backports before each case, which takes time that is not counted to the case. `panes`:
    keep texts for a page. `jobs` processes here (0: in this one, without limits), or the workers of the dask scheduler
    at `scheduler`. `state` is a folder for results ("" none), `cache` one for definitions ("" none)."""

    checks: bool = True
    learn: bool = False
    panes: bool = False
    jobs: int = 1
    scheduler: str = ""
    state: str = ""
    cache: str = ""
    families: tuple[str, ...] = FAMILIES
    limits: Limits = field(default_factory=lambda: Limits(120.0, 4096))
    settings: Settings = field(default_factory=Settings)

    @property
    def key(self) -> str:
        """What of it a result depends on."""
        words = (self.checks, self.learn, self.panes, self.families, has_wiggle(), self.settings.budget_steps)
        return " ".join(map(str, words))


class Shared(NamedTuple):
    """What every case is judged with, as a child is sent it."""

    path: str
    options: Options


def evaluate(
    repository: Repository,
    cases: Sequence[Case],
    options: Options | None = None,
    *,
    on_result: Callable[[int, int], None] = lambda done, count: None,
) -> Evaluation:
    """Judge the cases; the results are in the order of the cases, whoever did them. `on_result` is told how many of
    how many are done. Raises BackportError for what cannot be begun; a case that fails is a refusal with an error."""
    options = options or Options()
    found: dict[int, CaseResult] = {}
    with ExitStack() as stack:
        state = stack.enter_context(State(Path(options.state), options.key)) if options.state else None
        for number, case in enumerate(cases):
            known = state.get(case) if state is not None else None
            if known is not None:
                found[number] = known
        on_result(len(found), len(cases))
        for number, result, keep in _judged(repository, cases, found, options):
            found[number] = result
            if state is not None and keep:
                state.put(result)
            on_result(len(found), len(cases))
    ages = _Ages(repository)
    results = tuple(replace(found[n], days=ages.days(case)) for n, case in enumerate(cases))
    return Evaluation(repository.shown, results, tuple(_notes(cases)))


def results_of(repository: Repository, cases: Sequence[Case], options: Options) -> Iterator[CaseResult]:
    """The results as they come, without any that are kept."""
    return (result for _, result, _ in _judged(repository, cases, {}, options))


def _notes(cases: Sequence[Case]) -> Iterator[str]:
    if not has_wiggle() and any(c.git == GitClass.CONFLICT for c in cases):
        yield "wiggle is not installed: that baseline is left out"


def _judged(
    repository: Repository, cases: Sequence[Case], known: dict[int, CaseResult], options: Options
) -> Iterator[tuple[int, CaseResult, bool]]:
    """The cases that are not known: number, result, and whether it is worth keeping."""
    todo = [n for n in range(len(cases)) if n not in known]
    shared = Shared(str(Path(repository.path).resolve()), options)
    done = run(
        judge,
        shared,
        [cases[n] for n in todo],
        jobs=options.jobs,
        scheduler=options.scheduler,
        limits=options.limits,
    )
    for one in done:
        number = todo[one.number]
        result = _result(cases[number], one)
        yield number, result, not one.error.startswith("its worker")


def _result(case: Case, done: Done) -> CaseResult:
    """A task that failed or was killed is a refusal: nothing was written."""
    if done.error:
        outcome = Outcome.REFUSED if case.git == GitClass.CONFLICT else None
        return CaseResult(case, outcome, error=done.error, memory_mib=done.memory_mib)
    result: CaseResult = done.value
    return replace(result, memory_mib=done.memory_mib)


# --- in a child ------------------------------------------------------------------------------------


class _Opened(NamedTuple):
    repository: Repository
    scratch: Scratch


_opened: dict[str, _Opened] = {}
_learners: dict[str, Learner] = {}
_count = 0


def judge(shared: Shared, case: Case) -> CaseResult:
    """One case, in a child: its repositories are kept open for the next one."""
    repository, scratch = _open(shared.path)
    options = shared.options
    if case.git != GitClass.CONFLICT:
        return judge_silent(
            repository, case, options.settings, families=options.families, cache=options.cache
        )
    learned = _learner(shared).rewrites(case.target) if options.learn else ()
    how = How(options.checks, has_wiggle(), options.panes, options.cache, learned)
    return judge_conflict(repository, case, scratch, options.settings, how).result


def _learner(shared: Shared) -> Learner:
    """What learns from the branches. All that a case's target reaches is earlier than the case."""
    from backport.adapt.learning import Learner

    if shared.path not in _learners:
        _learners[shared.path] = Learner(Repository.open(shared.path), cache=shared.options.cache)
    return _learners[shared.path]


def _open(path: str) -> _Opened:
    global _count
    _count += 1
    if path not in _opened or _count % _SHARED == 0:
        for one in _opened.pop(path, ()):
            one.close()
        repository = Repository.open(path)
        _opened[path] = _Opened(repository, Scratch([repository]))
    return _opened[path]


# --- branches --------------------------------------------------------------------------------------


class _Ages:
    """How old a branch was when a backport was made: the days since the commit that it shares with upstream."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._forks: dict[str, str] = {}

    def days(self, case: Case) -> int | None:
        if case.git != GitClass.CONFLICT:
            return None
        key = case.branch or case.backport
        if key not in self._forks:
            self._forks[key] = self._fork(case)
        info = self._repository.commit(case.backport)
        if not self._forks[key] or info is None:
            return None
        then, now = (datetime.fromisoformat(x) for x in (self._forks[key], info.committer_date))
        return max(0, (now - then).days)

    def _fork(self, case: Case) -> str:
        """The date of the merge base; "" where there is none."""
        try:
            done = self._repository.git("merge-base", case.target, case.upstream)
        except BackportError:
            return ""
        info = self._repository.commit(done.out.decode("ascii", "replace").strip())
        return info.committer_date if info is not None else ""
