"""Tasks in processes: results, limits, and what is left when something dies."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from backport.jobs import Done, Limits, run
from tests.jobs import works

ROOT = Path(__file__).resolve().parents[2]


def by_number(found: list[Done]) -> dict[int, Done]:
    assert len({d.number for d in found}) == len(found), "each task once"
    return {d.number: d for d in found}


def waited_for(holds: Callable[[], bool], seconds: float = 20.0) -> bool:
    """Whether it comes true in time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        threading.Event().wait(0.02)
    return True


def alive(pid: int) -> bool:
    """Whether the process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("jobs", [0, 1, 2])
def test_results_are_those_of_the_function(jobs: int) -> None:
    found = by_number(list(run(works.double, 3, range(11), jobs=jobs, batch=4)))
    assert {n: d.value for n, d in found.items()} == {n: 3 * n for n in range(11)}
    assert all(not d.error for d in found.values())
    assert jobs == 0 or all(0 < d.memory_mib < 2000 for d in found.values())


def test_no_task_is_no_process() -> None:
    assert list(run(works.double, 3, [], jobs=2)) == []


def test_what_goes_wrong_in_a_task_is_that_tasks_alone(tmp_path: Path) -> None:
    arguments = ["a", "raise", "b", "bad input", "die", "c", "print", "lambda", "large", "d"]
    found = by_number(list(run(works.misbehave, str(tmp_path), arguments, jobs=1, batch=10)))
    values = {arguments[n]: d for n, d in found.items()}
    assert [values[x].value for x in "abcd"] == list("abcd")
    assert values["print"].value == "print"
    assert len(values["large"].value) == 3 << 20
    assert values["raise"].error.startswith("a bug: ValueError: of no use at works.py:")
    assert values["bad input"].error == "the case is wrong; correct it"
    assert "SIGSEGV" in values["die"].error
    assert "pickle" in values["lambda"].error
    assert values["lambda"].value is None


def test_a_task_that_hangs_is_killed_with_its_programs_and_the_rest_is_done(tmp_path: Path) -> None:
    arguments = ["a", "hang with a program", "b"]
    limits = Limits(seconds=1.5)
    found = by_number(list(run(works.misbehave, str(tmp_path), arguments, jobs=1, batch=3, limits=limits)))
    assert [found[0].value, found[2].value] == ["a", "b"]
    assert found[1].error == "killed after 1.5 s"
    assert waited_for(lambda: not alive(int((tmp_path / "program").read_text())))


def test_a_task_that_takes_too_much_memory_fails_alone(tmp_path: Path) -> None:
    limits = Limits(memory_mib=400)
    found = by_number(
        list(run(works.misbehave, str(tmp_path), ["a", "eat", "b"], jobs=1, batch=3, limits=limits))
    )
    assert [found[n].value for n in range(3)] == ["a", None, "b"]
    assert found[1].error == "out of memory"
    enough = Limits(memory_mib=4000)
    (fits,) = run(works.misbehave, str(tmp_path), ["eat"], jobs=1, limits=enough)
    assert fits.value == 1 << 30 and fits.memory_mib >= 1024


def test_temporary_files_of_a_child_go_with_it(tmp_path: Path) -> None:
    (done,) = run(works.misbehave, str(tmp_path), ["leave files"], jobs=1)
    assert done.value and not Path(done.value).exists()


def test_a_pool_whose_worker_is_killed_is_built_anew(tmp_path: Path) -> None:
    found = by_number(list(run(works.kill_worker_once, str(tmp_path), range(8), jobs=2, batch=1)))
    assert (tmp_path / "killed").exists()
    assert {n: d.value for n, d in found.items()} == {n: 10 * n for n in range(8)}


def test_a_task_that_kills_its_worker_twice_is_given_up(tmp_path: Path) -> None:
    found = by_number(list(run(works.kill_worker_always, str(tmp_path), range(4), jobs=1, batch=1)))
    assert found[3].error == "its worker died twice"
    assert [found[n].value for n in range(3)] == [0, 10, 20]


def test_a_closed_iterator_ends_what_runs(tmp_path: Path) -> None:
    results = run(works.remember, str(tmp_path), [0, 1, 2], jobs=2, batch=1)
    assert next(results).value == 0
    assert waited_for(lambda: (tmp_path / "pid-1").exists() and (tmp_path / "pid-1").read_text() != "")
    results.close()
    pid, place = (tmp_path / "pid-1").read_text().split()
    assert not alive(int(pid)) and not Path(place).exists()


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_children_go_when_the_program_is_ended(tmp_path: Path, sent: signal.Signals) -> None:
    code = (
        "from backport.jobs import run\nfrom tests.jobs import works\n"
        f"if __name__ == '__main__':\n    list(run(works.remember, {str(tmp_path)!r}, [1], jobs=1))\n"
    )
    program = tmp_path / "program.py"
    program.write_text(f"import sys\nsys.path.insert(0, {str(ROOT)!r})\n" + code)
    process = subprocess.Popen([sys.executable, str(program)], stderr=subprocess.DEVNULL)
    marker = tmp_path / "pid-1"
    assert waited_for(lambda: marker.exists() and marker.read_text() != "")
    pid, place = marker.read_text().split()
    assert alive(int(pid)) and Path(place).exists()
    process.send_signal(sent)
    assert process.wait(20) != 0
    assert waited_for(lambda: not alive(int(pid)) and not Path(place).exists())
