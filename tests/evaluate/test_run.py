"""A whole evaluation: in processes, taken up again, and on a cluster of which a worker dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backport.evaluate import Case, CaseResult, Evaluation, Options, Outcome, evaluate
from backport.evaluate import run as running
from backport.evaluate.cases import drawn
from backport.evaluate.formats.json import document
from backport.evaluate.state import NAME, State
from backport.evaluate.values import Alarm, FileResult, Panes, PieceResult
from backport.git import Repository
from backport.jobs import Done
from tests.evaluate.support import History
from tests.support.repo import snapshot
from tests.support.require import require_module

ROOT = Path(__file__).resolve().parents[2]
FAST = Options(checks=False)


def evaluated(past: History, options: Options, cases: Sequence[Case] = ()) -> Evaluation:
    with Repository.open(str(past.repo.path)) as repository:
        return evaluate(repository, list(cases or past.cases.values()), options)


def content(past: History) -> dict[str, tuple[int, str]]:
    """Every file's mode and hash. Its time may change: git itself touches an object that it would write again."""
    return {name: (mode, digest) for name, (mode, _, digest) in snapshot(past.repo.path).items()}


def timeless(evaluation: Evaluation) -> dict[str, Any]:
    """The document without what no two runs share."""
    found = document(evaluation)
    for case in found["cases"]:
        case["seconds"] = case["memory_mib"] = 0
    for name in ("seconds_median", "seconds_max", "memory_mib"):
        found["summary"][name] = 0
    return found


def test_any_number_of_processes_gives_the_same(past: History) -> None:
    before = content(past)
    here = evaluated(past, replace(FAST, jobs=0))
    assert timeless(evaluated(past, replace(FAST, jobs=2))) == timeless(here)
    assert content(past) == before
    assert [r.case for r in here.results] == list(past.cases.values())
    found = dict(zip(past.cases, here.results, strict=True))
    assert [found[n].outcome for n in ("exact", "equivalent", "different", "more")] == [
        Outcome.EXACT,
        Outcome.EQUIVALENT,
        Outcome.DIFFERENT,
        Outcome.DIFFERENT,
    ]
    assert found["clean"].outcome is None and found["clean"].verdict == "clean"
    assert all(r.days == 0 for n, r in found.items() if r.outcome)


def test_a_run_goes_on_where_it_was(past: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = list(past.cases.values())
    options = replace(FAST, jobs=0, state=str(tmp_path / "state"))
    evaluated(past, options, cases[:2])
    state = tmp_path / "state" / NAME
    state.write_bytes(state.read_bytes() + b'{"key": "cut off by a ki')
    judged: list[Case] = []
    real = running.judge

    def judge(shared: Any, case: Case) -> CaseResult:
        judged.append(case)
        return real(shared, case)

    monkeypatch.setattr(running, "judge", judge)
    whole = evaluated(past, options)
    assert judged == cases[2:]
    assert timeless(whole) == timeless(evaluated(past, replace(FAST, jobs=0)))
    judged.clear()
    again = evaluated(past, options)
    assert judged == [] and document(again) == document(whole)


def test_a_killed_program_goes_on_where_it_was(past: History, tmp_path: Path) -> None:
    state = tmp_path / "state"
    words = [
        "-m",
        "backport",
        "evaluate",
        "--repo",
        str(past.repo.path),
        "--no-checks",
        "--state",
        str(state),
    ]
    environ = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'grammars'}", "HOME": str(tmp_path)}

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, *words, "--format", "json"], env=environ, stdout=subprocess.PIPE
        )

    process = start()
    results = state / NAME
    while process.poll() is None and not (results.exists() and results.read_bytes().count(b'"key"')):
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
    process.kill()
    process.communicate()
    early = results.read_bytes().count(b'"key"')
    assert early >= 1
    out, _ = start().communicate()
    found = json.loads(out)
    assert [c["backport"] for c in found["cases"]] == [
        c.backport for name in ("conflict", "identical", "different") for c in _shuffled(past, name)
    ]
    assert found["summary"]["failed"] == 0
    assert results.read_bytes().count(b'"key"') == len(past.cases)


def _shuffled(past: History, name: str) -> list[Case]:
    return drawn(list(past.cases.values()), [name])


def test_learning_sees_what_was_there_before_the_case_alone(
    past: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backport.adapt.learning import Learner

    tips: list[str] = []
    real = Learner.rewrites

    def rewrites(self: Learner, tip: str, **more: Any) -> Any:
        tips.append(tip)
        return real(self, tip, **more)

    monkeypatch.setattr(Learner, "rewrites", rewrites)
    case = past.cases["more"]
    evaluation = evaluated(past, replace(FAST, jobs=0, learn=True), [case, past.cases["clean"]])
    assert tips == [case.target]
    assert evaluation.results[0].files[0].outcome is Outcome.EXACT


def test_other_options_or_another_program_ask_anew(
    past: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = past.cases["exact"]
    result = CaseResult(case, Outcome.EXACT)
    with State(tmp_path, FAST.key) as state:
        state.put(result)
    with State(tmp_path, FAST.key) as state:
        assert state.get(case) == result
        assert state.get(past.cases["more"]) is None
        assert state.get(replace(case, target="0" * 40)) is None
    with State(tmp_path, replace(FAST, checks=True).key) as state:
        assert state.get(case) is None
    monkeypatch.setattr("backport.evaluate.state.program_version", lambda: "another")
    with State(tmp_path, FAST.key) as state:
        assert state.get(case) is None


def test_a_result_is_kept_whole(past: History, tmp_path: Path) -> None:
    result = CaseResult(
        past.cases["exact"],
        Outcome.REFUSED,
        "guess",
        Outcome.DIFFERENT,
        (
            FileResult("a\udce4.c", Outcome.EXACT, "likely", Panes("u", "t", "m", "p")),
            FileResult("b.c", Outcome.REFUSED),
        ),
        (PieceResult("a.c", "f()", 3, "words", "guess", "", "why"),),
        ("content",),
        ("lines-differ",),
        {"git": Outcome.REFUSED},
        "clean",
        (Alarm("BP202", "error", "said"),),
        "1" * 40,
        "subject",
        12,
        1.5,
        80,
        "error",
    )
    with State(tmp_path, "") as state:
        state.put(result)
    with State(tmp_path, "") as state:
        assert state.get(result.case) == result


def test_a_case_that_was_killed_is_refused_and_said(past: History, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(work: Any, shared: Any, cases: Sequence[Case], **more: Any) -> Iterator[Done]:
        yield from (Done(n, error="killed after 120 s") for n in range(len(cases)))

    monkeypatch.setattr(running, "run", run)
    evaluation = evaluated(past, FAST)
    assert {r.error for r in evaluation.results} == {"killed after 120 s"}
    found = document(evaluation)["summary"]
    assert (found["conflict"]["cases"], found["conflict"]["refused"], found["failed"]) == (4, 4, 6)


# --- on a cluster ----------------------------------------------------------------------------------


@contextmanager
def cluster(folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler on loopback with two worker processes, each with one thread and without a nanny."""
    with ExitStack() as stack:

        def start(*words: str) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        place = folder / "scheduler.json"
        options = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(place))
        start("distributed.cli.dask_scheduler", *options)
        worker = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
        workers = [
            start("distributed.cli.dask_worker", "--scheduler-file", str(place), *worker) for _ in range(2)
        ]
        import distributed

        make: Any = distributed.Client
        with make(scheduler_file=str(place), timeout="60s", set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
            address = client.scheduler.address
        yield address, workers


def test_a_cluster_of_which_a_worker_dies_gives_the_same_table(past: History, tmp_path: Path) -> None:
    require_module("distributed")
    cases = [replace(c, branch=f"{c.branch}{n}") for n in range(4) for c in past.cases.values()]
    expected = timeless(evaluated(past, replace(FAST, jobs=0), cases))
    with cluster(tmp_path) as (address, workers), Repository.open(str(past.repo.path)) as repository:
        done: list[int] = []

        def on_result(count: int, of: int) -> None:
            done.append(count)
            if count >= 2 and workers[0].poll() is None:
                workers[0].send_signal(signal.SIGKILL)
                workers[0].wait()

        found = evaluate(repository, cases, replace(FAST, scheduler=address), on_result=on_result)
        assert workers[0].returncode == -signal.SIGKILL and workers[1].poll() is None
    assert done[0] == 0 and done[-1] == len(cases) and len(done) > 2
    assert timeless(found) == expected


def test_json_is_plain(past: History) -> None:
    text = json.dumps(document(evaluated(past, replace(FAST, jobs=0))))
    found = json.loads(text)
    assert found["schema"] == "backport-evaluation/1"
    assert found["repository"] == "stable-tree"
    assert str(past.repo.path) not in text
