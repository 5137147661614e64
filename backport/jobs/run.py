"""Many tasks, by whatever means there are."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from typing import Any

from backport.jobs.batch import Batch, Done, Limits, Task, Work, line_of

_LARGEST = 16
_CLUSTER = 8  # as many workers, or more, are taken to be there: batches are small enough for all to have some


def run(
    work: Work,
    shared: Any,
    arguments: Sequence[Any],
    *,
    jobs: int = 1,
    scheduler: str = "",
    limits: Limits | None = None,
    batch: int = 0,
) -> Generator[Done, None, None]:
    """`work(shared, argument)` for each argument, as the results come; `number` is the argument's place.

    `work` is a function of a module; it, `shared`, arguments and values are pickled. `jobs` are processes on this
    machine; with 0 all is done in this one, in order and without limits. `scheduler` is the address of a dask
    scheduler, whose workers have the program and what the arguments name. A task that fails is a `Done` with an
    `error`; a closed iterator ends what runs. `batch` is how many tasks one child does (0: as it fits).
    Raises MissingExtraError, UsageError.
    """
    tasks = [Task(n, argument) for n, argument in enumerate(arguments)]
    limits = limits or Limits()
    if not tasks:
        return
    if not jobs and not scheduler:
        yield from (_here(work, shared, task) for task in tasks)
        return
    workers = max(jobs, _CLUSTER if scheduler else 1)
    size = batch or max(1, min(_LARGEST, len(tasks) // (4 * workers)))
    batches = [Batch(work, shared, tuple(tasks[n : n + size]), limits) for n in range(0, len(tasks), size)]
    seen: set[int] = set()
    with closing(_spread(batches, jobs, scheduler)) as results:
        for done in results:
            if done.number not in seen:
                seen.add(done.number)
                yield done
    for task in tasks:
        if task.number not in seen:
            yield Done(task.number, error="its worker died twice")


def _spread(batches: Sequence[Batch], jobs: int, scheduler: str) -> Generator[Done, None, None]:
    found: Generator[list[Done], None, None]
    if scheduler:
        from backport.jobs.cluster import on_cluster

        found = on_cluster(batches, scheduler)
    else:
        from backport.jobs.pool import on_pool

        found = on_pool(batches, jobs)
    with closing(found):
        for results in found:
            yield from results


def _here(work: Work, shared: Any, task: Task) -> Done:
    try:
        return Done(task.number, work(shared, task.argument))
    except Exception as error:
        return Done(task.number, error=line_of(error))
