"""Work in processes, here or on a cluster, with limits on memory and time, that can be killed from outside.

`run` does many tasks. A worker (of the standard library's pool, or of a dask.distributed cluster) starts a child of
its own for a batch of tasks, so that a task that hangs, or takes all memory, is killed and fails alone. A pool of which
a worker died is built anew, and what was not done runs once more.
"""

from __future__ import annotations

from backport.jobs.batch import Done, Limits, line_of
from backport.jobs.run import run

__all__ = ["Done", "Limits", "line_of", "run"]
