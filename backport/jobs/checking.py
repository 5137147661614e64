"""`check` of a series on many targets, each target in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from backport.jobs.batch import Limits
from backport.jobs.run import run

if TYPE_CHECKING:
    from backport.checks import Asked
    from backport.model import Report, Series
    from backport.settings import Settings
    from backport.tree import Target


class Onto(NamedTuple):
    """A target as the user named it, and the settings that it is judged with."""

    spec: str
    settings: Settings


class Request(NamedTuple):
    """What is asked of every target. `folder` is the one that names are relative to; `upstream` a repository's path
    ("" none); `newer` are targets as `asked.newer` has them, by name."""

    folder: str
    series: Series
    upstream: str
    asked: Asked
    newer: tuple[str, ...]
    queue: Series | None


def check_many(
    series: Series,
    targets: Sequence[Onto],
    *,
    upstream: str = "",
    asked: Asked,
    newer: Sequence[str] = (),
    queue: Series | None = None,
    jobs: int = 2,
    scheduler: str = "",
    on_done: Callable[[int, int], None] = lambda done, count: None,
) -> Report | None:
    """The report that `check` gives, targets in their order. None where a target could not be judged in its process,
    for whatever reason: whoever asks then does it himself, and has the error first-hand. No limits: as `check`."""
    plain = replace(asked, newer=())
    request = Request(str(Path.cwd()), series, upstream, plain, tuple(newer), queue)
    found: dict[int, Report] = {}
    everything = Limits(seconds=0, memory_mib=0)
    results = run(_check_one, request, targets, jobs=jobs, scheduler=scheduler, limits=everything, batch=1)
    for done in results:
        if done.error:
            results.close()
            return None
        found[done.number] = done.value
        on_done(len(found), len(targets))
    return joined([found[n] for n in sorted(found)])


def joined(reports: Sequence[Report]) -> Report:
    """One report of all targets; each note once."""
    notes = dict.fromkeys(note for r in reports for note in r.notes)
    return replace(reports[0], targets=tuple(t for r in reports for t in r.targets), notes=tuple(notes))


# --- in a child ------------------------------------------------------------------------------------


def _check_one(request: Request, onto: Onto) -> Report:
    from backport.engine import Budget, check
    from backport.git import Repository

    os.chdir(request.folder)
    settings = onto.settings
    with ExitStack() as stack:
        upstream = stack.enter_context(Repository.open(request.upstream)) if request.upstream else None
        newer = tuple(_open(spec, settings, stack) for spec in request.newer)
        return check(
            request.series,
            [_open(onto.spec, settings, stack)],
            upstream=upstream,
            settings=settings,
            asked=replace(request.asked, policy=settings.policy, newer=newer),
            queue=request.queue,
            budget=Budget(settings.budget_steps),
        )


def _open(spec: str, settings: Settings, stack: ExitStack) -> Target:
    """The target under the name that it was given, as the command line opens it."""
    from backport.tree import is_there, open_target

    named = spec if is_there(spec) else settings.target(spec)
    target = open_target(named, settings)
    if target.repository is not None:
        stack.callback(target.repository.close)
    return replace(target, name=spec) if named != spec else target
