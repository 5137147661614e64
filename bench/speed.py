"""Speed and size against plain git, on this machine and in one run. Not a test: it prints, people read.

    python -m bench.speed --repo REPO [--cache DIR] [--runs N] [--quick]
    python -m bench.speed --trees DIR [--cache DIR]

REPO holds the tags v6.1 and v6.12 (one commit each will do) and is only read. With --trees the
repository is made from the unpacked folders linux-source-6.1 and linux-source-6.12 in DIR. What is built
(a checkout of v6.1 and some commits) goes into --cache and is used again, or into a folder that is
removed at the end. Each figure is the median of runs that alternate with those it is compared with.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.history import NEW, OLD, History, environment, git, make_repository, prepare

ROOT = Path(__file__).resolve().parents[1]
_START = "from backport.cli.main import run; run()"
GOALS = {"one": 1.5, "memory": 200.0, "series": 0.5, "many": 0.1, "size": 1.5}


@dataclass(frozen=True)
class Run:
    """One process: seconds, peak memory in MiB, exit code."""

    seconds: float
    memory: float
    code: int


@dataclass(frozen=True)
class Row:
    """A line of the table. `figures` are in words, for a person; `reached` is held against `goal`."""

    what: str
    figures: str
    reached: float
    goal: float
    unit: str

    def __str__(self) -> str:
        verdict = "reached" if self.reached <= self.goal else "MISSED"
        measure = f"{self.reached:.2f} {self.unit}".strip()
        return f"{self.what:<36} {self.figures:<32} {measure:>10}  <= {self.goal:g} {self.unit:<4} {verdict}"


def timed(command: Sequence[str], folder: Path) -> Run:
    """Run a command to its end. The memory is that of the largest process among it and its children."""
    start = time.perf_counter()
    child = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()
    )
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return Run(time.perf_counter() - start, usage.ru_maxrss / 1024, child.returncode)


def backport(patches: str, repository: Path, target: str) -> Run:
    """`backport check`, the whole process. Raises SystemExit when it could not check."""
    words = ["check", patches, "--onto", f"{repository}@{target}"]
    script = Path(sys.executable).with_name("backport")
    start = [str(script)] if script.exists() else [sys.executable, "-c", _START]
    run = timed([*start, *words], ROOT)
    if run.code not in (0, 1):
        raise SystemExit(f"backport {' '.join(words)} exited with {run.code}")
    return run


def cherry_picks(history: History, commits: Sequence[str], *, together: bool = False) -> Run:
    """`git cherry-pick` into the ready worktree, one process a commit or one for all. Resets are not
    counted, and a pick that conflicts took the time it took."""
    git(history.full, "reset", "-q", "--hard", history.target)
    picks = []
    for words in [list(commits)] if together else [[x] for x in commits]:
        picks.append(timed(["git", "cherry-pick", *words], history.full))
        if picks[-1].code:
            print(f"note: {words[0][:12]} conflicts in git", file=sys.stderr)
            give_up = ["git", "cherry-pick", "--abort"]
            subprocess.run(give_up, cwd=history.full, env=environment(), check=False)
    git(history.full, "reset", "-q", "--hard", history.target)
    total = sum(x.seconds for x in picks)
    return Run(total, max(x.memory for x in picks), max(x.code for x in picks))


def alternate(runs: int, ours: Callable[[], Run], other: Callable[[], Run]) -> tuple[list[Run], list[Run]]:
    """Do both once to warm up, then in turn, `runs` times each."""
    ours()
    other()
    rounds = [(ours(), other()) for _ in range(runs)]
    return [x for x, _ in rounds], [y for _, y in rounds]


def seconds(runs: Sequence[Run]) -> float:
    return median(x.seconds for x in runs)


def measure_one(history: History, runs: int) -> list[Row]:
    """One commit of ten hunks against one cherry-pick."""
    ours, theirs = alternate(
        runs,
        lambda: backport(history.one, history.full, history.target),
        lambda: cherry_picks(history, [history.one]),
    )
    figures = f"{seconds(ours):.3f} s, cherry-pick {seconds(theirs):.3f} s"
    memory = max(x.memory for x in ours)
    return [
        Row("one commit of 10 hunks", figures, seconds(ours) / seconds(theirs), GOALS["one"], "x"),
        Row("its peak memory", "", memory, GOALS["memory"], "MiB"),
    ]


def measure_series(history: History, runs: int) -> list[Row]:
    """A series against its cherry-picks one by one; and, for the record, against one of the whole range."""
    ours, theirs = alternate(
        runs,
        lambda: backport(history.series, history.full, history.target),
        lambda: cherry_picks(history, history.patches),
    )
    together = cherry_picks(history, history.patches, together=True)
    count = len(history.patches)
    print(f"note: one cherry-pick of the range of {count} takes {together.seconds:.2f} s")
    figures = f"{seconds(ours):.2f} s, cherry-picks {seconds(theirs):.2f} s"
    memory = max(x.memory for x in ours)
    return [
        Row(f"a series of {count} patches", figures, seconds(ours) / seconds(theirs), GOALS["series"], "x"),
        Row("its peak memory", "", memory, GOALS["memory"], "MiB"),
    ]


def measure_many(history: History, runs: int) -> list[Row]:
    """Many patches, each by a call of its own, in one process that goes through them `runs` times."""
    words = [str(history.full), history.target, *(history.patches * runs)]
    done = subprocess.run(
        [sys.executable, "-m", "bench.many", *words],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        check=True,
    )
    taken: list[float] = json.loads(done.stdout)
    figures = f"{len(taken)} patches, slowest {max(taken):.3f} s"
    return [Row("a patch of many in one process", figures, median(taken), GOALS["many"], "s")]


def measure_size(history: History, runs: int) -> list[Row]:
    """The same commit on the whole tree and on one of a hundred files."""
    large, small = alternate(
        runs,
        lambda: backport(history.one, history.full, history.target),
        lambda: backport(history.small_one, history.small, "target"),
    )
    figures = f"{seconds(large):.3f} s, 100 files {seconds(small):.3f} s"
    return [
        Row("the whole tree, not 100 files", figures, seconds(large) / seconds(small), GOALS["size"], "x")
    ]


def repository(arguments: argparse.Namespace, cache: Path) -> Path:
    """The repository to measure on: the one that is named, or one made from unpacked folders."""
    if arguments.repo:
        return Path(arguments.repo)
    made = cache / "linux.git"
    if not made.exists():
        folders = [(tag, Path(arguments.trees) / f"linux-source-{tag[1:]}") for tag in (OLD, NEW)]
        missing = [str(x) for _, x in folders if not (x / "Makefile").exists()]
        if missing:
            raise SystemExit(f"no kernel tree in {', '.join(missing)}; unpack the package of that name there")
        print("making the repository from the two trees", file=sys.stderr)
        make_repository(made, folders)
    return made


def main(words: Sequence[str]) -> int:
    """Print the table; 0 also when a goal is missed, for a figure is not a test."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.speed", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--repo", metavar="REPO")
    source.add_argument("--trees", metavar="DIR")
    parser.add_argument("--cache", metavar="DIR", help="keep what is built here, and use it again")
    parser.add_argument("--runs", type=int, default=7, metavar="N")
    parser.add_argument("--quick", action="store_true", help="three runs of each")
    arguments = parser.parse_args(words)
    runs = 3 if arguments.quick else max(1, arguments.runs)
    with ExitStack() as stack:
        kept = arguments.cache or stack.enter_context(tempfile.TemporaryDirectory(prefix="backport-bench-"))
        cache = Path(kept).resolve()
        cache.mkdir(parents=True, exist_ok=True)
        history = prepare(repository(arguments, cache), cache)
        git(history.full, "status", "--porcelain")
        rows = measure_one(history, runs)
        rows += measure_series(history, max(1, runs // 2))
        rows += measure_many(history, 2)
        rows += measure_size(history, runs)
    print(f"medians of {runs} alternating runs (half as many of the series); {NEW} onto {OLD}")
    for row in rows:
        print(row)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
