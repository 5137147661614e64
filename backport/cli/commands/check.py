"""`backport check`: where every hunk lands on each target, and why not."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backport.cli.console import Console
from backport.cli.inputs import (
    add_input_options,
    add_policy_option,
    cache_folder,
    off_notes,
    open_queue,
    open_targets,
    open_upstream,
    read_kconfig,
    read_patches,
    user_settings,
)
from backport.cli.output import add_output_options, check_output, output_flags, write_report
from backport.cli.progress import Progress
from backport.errors import InputError, UsageError
from backport.report.summary import exit_code

if TYPE_CHECKING:
    from backport.model import Report, Series
    from backport.settings import Settings
    from backport.tree import Target

_EPILOG = """\
PATCH is an existing file or folder (a quilt series is honoured), an mbox, - for
stdin, or commits: REV, A..B, or many ids in any order, of the upstream repository
or without one of the first target's.
TARGET is REPO@REV, a worktree or a plain folder. Nothing is checked out or written.

examples:
  backport check fix.patch --onto ~/linux@v6.1.100
  backport check 4cc6e1567996 --upstream ~/linux --onto ~/stable@linux-6.1.y
  backport check v6.9..topic --onto ~/linux@v6.6 --onto ~/linux@v6.1 --format html -o report.html
  backport check fix.patch --onto linux-6.1/ --queue stable-queue/queue-6.1
  backport check series.mbox --onto ~/common@android14-6.1 --format json
  backport check fix.patch --onto ~/linux@v6.1.100 --adapt

exit codes: 0 all patches are clean or applied, 1 some are not, 2 bad input or usage,
3 a bug of backport's, 130 interrupted
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Place every hunk of the patches on each target, and say why where one does not land."
    )
    parser.epilog = _EPILOG
    add_input_options(parser)
    parser.add_argument(
        "--onto",
        action="append",
        required=True,
        metavar="TARGET",
        help="the target tree; may be repeated, each target is judged on its own",
    )
    parser.add_argument(
        "--queue",
        metavar="DIR[@NAME]",
        help="patches on top of the target, up to and with the one called NAME",
    )
    add_policy_option(parser)
    parser.add_argument(
        "--kconfig", metavar="FILE", help="a kernel's .config: say which hunks it does not compile"
    )
    parser.add_argument(
        "--kabi",
        action="append",
        default=[],
        metavar="FILE",
        help="a list of symbols whose interface to modules must stay; may be repeated",
    )
    parser.add_argument(
        "--newer",
        action="append",
        default=[],
        metavar="TARGET",
        help="a tree between upstream and target: does it have the patch? may be repeated",
    )
    parser.add_argument(
        "--adapt",
        action="store_true",
        help="also say what adapt can do: the verdict adaptable, and proposals",
    )
    parser.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="processes, for many targets (default: 1)"
    )
    parser.add_argument(
        "--scheduler", default="", metavar="ADDRESS", help="a dask scheduler whose workers judge many targets"
    )
    add_output_options(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    check_output(arguments)
    if arguments.jobs < 1:
        raise UsageError("--jobs must be 1 or more")
    flags = {**output_flags(arguments), "policy": arguments.policy}
    settings = user_settings(arguments, console, flags)
    with ExitStack() as stack:
        progress = stack.enter_context(Progress(console.stderr, quiet=arguments.quiet))
        report = analyse(arguments, console, settings, flags, progress, stack)
    write_report(report, arguments, settings, console)
    return exit_code(report)


def analyse(
    arguments: argparse.Namespace,
    console: Console,
    settings: Settings,
    flags: dict[str, object],
    progress: Progress,
    stack: ExitStack,
) -> Report:
    """Read everything, and judge the series on each target with that target's own settings."""
    from backport.checks import Asked

    upstream, revision = open_upstream(arguments.upstream, settings, stack)
    targets = open_targets(arguments.onto, settings, stack)
    each = [user_settings(arguments, console, flags, target) for target in targets]
    repository = upstream or next((t.repository for t in targets if t.repository is not None), None)
    asked = Asked(
        revision=revision,
        newer=tuple(open_targets(arguments.newer, settings, stack)),
        kconfig=read_kconfig(arguments.kconfig, settings),
        cache=cache_folder(console.environ),
        symbols=_symbol_lists(arguments.kabi, settings),
    )
    more = {
        "upstream": upstream,
        "asked": asked,
        "queue": open_queue(arguments.queue, settings),
        "on_event": progress.event,
    }
    series = read_patches(arguments, console, settings, repository)
    if getattr(arguments, "adapt", False):
        report = _adapt(series, targets, each, more)
    else:
        found = _in_processes(arguments, series, each, more, progress)
        report = found or _here(series, targets, each, more)
    return replace(report, notes=(*report.notes, *off_notes(targets, each)))


def _symbol_lists(names: list[str], settings: Settings) -> tuple[tuple[str, bytes], ...]:
    """The lists of symbols, each under its file's name. Raises InputError."""
    found = []
    for name in names:
        try:
            with Path(name).open("rb") as file:
                found.append((Path(name).name, file.read(settings.max_file_bytes)))
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise InputError(f"--kabi {name} cannot be read: {why}") from error
    return tuple(found)


def _adapt(series: Series, targets: list[Target], each: list[Settings], more: dict[str, Any]) -> Report:
    """The report with what adapting each target gives."""
    from backport.engine import Budget
    from backport.engine.adapt import adapt
    from backport.engine.adapted import adapted_report

    found = []
    for target, settings in zip(targets, each, strict=True):
        asked = replace(more["asked"], policy=settings.policy)
        budget = Budget(settings.budget_steps)
        found.append(adapt(series, target, settings=settings, budget=budget, **{**more, "asked": asked}))
    return adapted_report(found)


def _in_processes(
    arguments: argparse.Namespace,
    series: Series,
    each: list[Settings],
    more: dict[str, Any],
    progress: Progress,
) -> Report | None:
    """The report of many targets, each in a process of its own; None where that was not asked for, or failed."""
    if len(each) < 2 or (arguments.jobs < 2 and not arguments.scheduler):
        return None
    from backport.engine import Event
    from backport.jobs import checking

    return checking.check_many(
        series,
        [checking.Onto(spec, one) for spec, one in zip(arguments.onto, each, strict=True)],
        upstream=more["upstream"].path if more["upstream"] is not None else "",
        asked=more["asked"],
        newer=arguments.newer,
        queue=more["queue"],
        jobs=arguments.jobs,
        scheduler=arguments.scheduler,
        on_done=lambda done, count: progress.event(Event(f"{done} of {count} targets judged", 0, 0, "")),
    )


def _here(series: Series, targets: list[Target], each: list[Settings], more: dict[str, Any]) -> Report:
    """The report of all targets, one after the other."""
    if all(one == each[0] for one in each):
        return _check(series, targets, each[0], more)
    from backport.jobs.checking import joined

    return joined([_check(series, [t], one, more) for t, one in zip(targets, each, strict=True)])


def _check(series: Series, targets: list[Target], settings: Settings, more: dict[str, Any]) -> Report:
    from backport.engine import Budget, check

    asked = replace(more["asked"], policy=settings.policy)
    return check(
        series, targets, settings=settings, budget=Budget(settings.budget_steps), **{**more, "asked": asked}
    )
