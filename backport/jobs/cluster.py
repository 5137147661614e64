"""Batches on a dask.distributed cluster: the optional extra `cluster`."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Generator, Sequence
from typing import Any

from backport.errors import MissingExtraError, UsageError
from backport.jobs.batch import Batch, Done, run_batch

ATTEMPTS = 2
_SECONDS = "10s"
_stopped: set[str] = set()


def _work(batch: Batch, token: str) -> list[Done]:
    return run_batch(batch, lambda: token in _stopped)


def _give_up(token: str) -> None:
    """In every worker: dask does not stop a task that runs, so the task looks for itself."""
    _stopped.add(token)


def on_cluster(batches: Sequence[Batch], address: str) -> Generator[list[Done], None, None]:
    """The results of each batch as it is done, by the workers of the scheduler at `address`. dask itself gives a dead
    worker's tasks to another; one that it gives up is submitted once more. Raises MissingExtraError, UsageError."""
    client = _client(address)
    token = uuid.uuid4().hex
    try:
        rest = list(batches)
        for _ in range(ATTEMPTS):
            left: list[Batch] = []
            yield from _once(client, rest, token, left)
            rest = left
    finally:
        _close(client, token)


def _client(address: str) -> Any:
    try:
        import distributed
    except ImportError as error:
        raise MissingExtraError(
            "--scheduler needs dask.distributed, which is not here", "pip install 'backport[cluster]'"
        ) from error
    make: Any = distributed.Client
    try:
        return make(address, timeout=_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise UsageError(f"no scheduler answers at {address}", "start one with `dask scheduler`") from error


def _once(
    client: Any, batches: Sequence[Batch], token: str, left: list[Batch]
) -> Generator[list[Done], None, None]:
    import distributed
    from distributed.client import FutureCancelledError
    from distributed.scheduler import KilledWorker

    # pure=False: a batch that was done in an earlier run is not taken for this one.
    waiting = {client.submit(_work, batch, token, pure=False): batch for batch in batches}
    as_they_come: Any = distributed.as_completed
    for future in as_they_come(list(waiting), loop=client.loop):
        try:
            done: list[Done] = future.result()
        except (KilledWorker, FutureCancelledError):
            left.append(waiting[future])
            continue
        yield done


def _close(client: Any, token: str) -> None:
    with contextlib.suppress(Exception):  # whatever is wrong with the cluster, this is the end
        client.run(_give_up, token, on_error="ignore")
    client.close()
