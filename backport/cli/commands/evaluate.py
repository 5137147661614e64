"""`backport evaluate`: the program measured against what maintainers committed."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from backport.cli.console import Console
from backport.cli.inputs import cache_folder, user_settings
from backport.cli.output import check_output, write_whole
from backport.cli.progress import Progress
from backport.errors import UsageError
from backport.evaluate.formats import FORMATS, SUFFIXES

if TYPE_CHECKING:
    from backport.evaluate import Case, Evaluation
    from backport.git import Repository

CLASSES = ("conflict", "identical", "different")
_FAMILY = re.compile(r"BP\d{1,3}\Z")

_EPILOG = """\
A backport is a commit whose message names the upstream commit that it brings. The program is
given what an engineer had then, the upstream commit and the tree before the backport with the
history of both, and what it proposes is compared with what was committed, file by file: exact,
equivalent (the same tokens), different, or refused (not written out as complete).

FILE has a JSON object a line: branch, backport, target, upstream, base (full ids), git (conflict,
identical or different: what git's own merge makes of it). --write-cases makes one.
DIR keeps results: a run that was killed goes on where it was.

examples:
  backport evaluate --repo ~/linux-stable --branch linux-6.1.y --sample 100 --jobs 2
  backport evaluate --repo ~/stable --cases cases.jsonl --state results/ -o evaluation.html
  backport evaluate --repo ~/stable --cases cases.jsonl --scheduler tcp://10.0.0.1:8786 --format json

exit codes: 0 it ran through, 2 bad input or usage, 3 a bug of backport's, 130 interrupted
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Measure the program against what maintainers committed, in a repository's own history."
    )
    parser.epilog = _EPILOG
    parser.add_argument("--repo", required=True, metavar="REPO", help="holds the branches and upstream")
    cases = parser.add_argument_group("cases")
    cases.add_argument("--cases", metavar="FILE", help="a case file (default: the backports are looked for)")
    cases.add_argument(
        "--branch",
        action="append",
        default=[],
        metavar="NAME",
        help="look for backports there; may be repeated",
    )
    cases.add_argument("--since", default="", metavar="REV", help="leave out what this revision holds")
    cases.add_argument(
        "--write-cases", metavar="FILE", help="write the cases that were found, and judge none"
    )
    cases.add_argument(
        "--classes", default=",".join(CLASSES), metavar="LIST", help=f"of {','.join(CLASSES)} (default: all)"
    )
    cases.add_argument(
        "--sample", type=int, default=0, metavar="N", help="cases of each class (default: all)"
    )
    cases.add_argument("--seed", type=int, default=1, metavar="S", help="of the sample (default: 1)")
    cases.add_argument(
        "--part",
        choices=("all", "learn", "check"),
        default="all",
        help="upstream ids from 0 to 7, or from 8 to f",
    )
    work = parser.add_argument_group("work")
    work.add_argument("--jobs", type=int, default=1, metavar="N", help="processes (default: 1)")
    work.add_argument(
        "--scheduler", default="", metavar="ADDRESS", help="a dask scheduler whose workers do it"
    )
    work.add_argument("--state", default="", metavar="DIR", help="keep results there, and go on with them")
    work.add_argument(
        "--learn", action="store_true", help="adapt with what the branch's earlier backports teach"
    )
    work.add_argument(
        "--no-checks", action="store_true", help="do not check what was adapted: quicker, less sure"
    )
    work.add_argument("--rules", default="BP1,BP2,BP3", metavar="LIST", help="families whose alarms count")
    work.add_argument("--timeout", type=float, default=120.0, metavar="S", help="of a case (default: 120)")
    work.add_argument("--memory", type=int, default=4096, metavar="MIB", help="of a case (default: 4096)")
    work.add_argument("--config", metavar="FILE", help="settings to read in place of your own file's")
    group = parser.add_argument_group("report")
    group.add_argument("--format", choices=FORMATS, help="default: text, or what FILE's name says")
    group.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write the report to FILE; to a folder of pages where it ends in /",
    )
    group.add_argument("-q", "--quiet", action="store_true", help="no progress")
    parser.set_defaults(verbose=False)


def run(arguments: argparse.Namespace, console: Console) -> int:
    from backport.evaluate import Options, evaluate
    from backport.evaluate.formats import render
    from backport.git import Repository
    from backport.jobs import Limits

    if not _is_folder(arguments):
        check_output(arguments)
    classes = _classes(arguments)
    form = _form(arguments)
    with ExitStack() as stack:
        repository = Repository.open(arguments.repo)
        stack.callback(repository.close)
        progress = stack.enter_context(Progress(console.stderr, quiet=arguments.quiet))
        cases = _cases(arguments, repository, classes, progress)
        if arguments.write_cases:
            return 0
        options = Options(
            checks=not arguments.no_checks,
            learn=arguments.learn,
            panes=form == "html" or bool(arguments.state),
            jobs=arguments.jobs,
            scheduler=arguments.scheduler,
            state=arguments.state,
            cache=cache_folder(console.environ),
            families=tuple(arguments.rules.split(",")),
            limits=Limits(arguments.timeout, arguments.memory),
            settings=user_settings(arguments, console, {}),
        )
        evaluation = evaluate(
            repository, cases, options, on_result=lambda done, count: progress.event(_Step(done, count))
        )
    if _is_folder(arguments):
        _write_folder(Path(arguments.output), evaluation)
        return 0
    document = render(evaluation, form)
    if arguments.output and arguments.output != "-":
        write_whole(Path(arguments.output), document)
    else:
        console.write(document)
    return 0


class _Step:
    """What the progress line says."""

    def __init__(self, done: int, count: int, stage: str = "") -> None:
        self.stage = stage or f"{done} of {count} cases"
        self.patch = self.patches = 0
        self.target = ""


def _classes(arguments: argparse.Namespace) -> list[str]:
    """Look at all words before anything is begun. Raises UsageError."""
    classes = list(dict.fromkeys(arguments.classes.split(",")))
    for name in classes:
        if name not in CLASSES:
            raise UsageError(f"--classes {name} is no class", f"give some of {','.join(CLASSES)}")
    for name in arguments.rules.split(","):
        if not _FAMILY.match(name):
            raise UsageError(f"--rules {name} is no family of rules", "such as BP1,BP2")
    if arguments.jobs < 1:
        raise UsageError("--jobs must be 1 or more")
    if arguments.sample < 0:
        raise UsageError("--sample must be 0 (all) or more")
    if arguments.timeout <= 0 or arguments.memory < 0:
        raise UsageError("--timeout and --memory must be more than 0", "--memory 0 is no limit")
    if arguments.cases and (arguments.branch or arguments.since or arguments.write_cases):
        raise UsageError("--cases excludes --branch, --since and --write-cases")
    return classes


def _is_folder(arguments: argparse.Namespace) -> bool:
    """Whether a folder of pages is asked for."""
    name = arguments.output or ""
    return (name.endswith("/") or Path(name).is_dir()) and name != "" and arguments.format in (None, "html")


def _write_folder(folder: Path, evaluation: Evaluation) -> None:
    """The pages. Raises UsageError."""
    from backport.evaluate.formats.html import pages

    for name, page in pages(evaluation):
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"cannot write {folder.name}: {error.strerror or error}") from error
        write_whole(path, page)


def _form(arguments: argparse.Namespace) -> str:
    if _is_folder(arguments):
        return "html"
    named = SUFFIXES.get(Path(arguments.output or "").suffix, "text")
    return str(arguments.format or named)


def _cases(
    arguments: argparse.Namespace, repository: Repository, classes: Sequence[str], progress: Progress
) -> list[Case]:
    """The cases that are judged. Raises UsageError where there is none."""
    from backport.evaluate.cases import drawn, find_cases, read_cases, written

    if arguments.cases:
        found = read_cases(Path(arguments.cases))
    else:
        found = list(
            find_cases(
                repository,
                arguments.branch,
                since=arguments.since,
                on_commit=lambda name, n: progress.event(_Step(0, 0, f"{name}: {n} commits read")),
            )
        )
    if arguments.write_cases:
        lines = "".join(f"{written(case)}\n" for case in found)
        write_whole(Path(arguments.write_cases), lines.encode("utf-8", "surrogateescape"))
        return found
    cases = drawn(found, classes, sample=arguments.sample, seed=arguments.seed, part=arguments.part)
    if not cases:
        raise UsageError(
            f"no such backport in {repository.shown}",
            "messages must name the upstream commit, and the repository must hold it",
        )
    return cases
