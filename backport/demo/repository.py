"""The example's repository, built from the files in data/.

The story: upstream's ufault got a write-protect mode, then minor faults for huge pages, then a series
that brings minor faults to shared memory. The older branch has minor faults for huge pages without
write-protect, and declares its enum inside CONFIG_UFAULT. So the series conflicts where `wp_copy` is
threaded through the same functions, and its handler needs a guard there that it does not need upstream.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backport.git.write import ExampleCommit, build_repository

DATA = Path(__file__).parent / "data"
COMMITTER = "Example Maintainer <maintainer@example.org>"


@dataclass(frozen=True, slots=True)
class Demo:
    """The built example.

    `upstream`, `target` and `reference` are branches of `repository`; `reference` is `target` with the
    series as its maintainer backported it. `series` is the range of the upstream commits to backport,
    `patches` their subjects in order.
    """

    repository: Path
    upstream: str
    target: str
    reference: str
    series: str
    patches: tuple[str, ...]


def steps(data: Path = DATA) -> tuple[ExampleCommit, ...]:
    """The commits of the example, parents first."""
    table = tomllib.loads((data / "steps.toml").read_text("utf-8"))
    return tuple(_step(data / entry["name"], entry) for entry in table["step"])


def build(folder: Path) -> Demo:
    """Build the example in `folder`, which must be empty or not there; its ids are the same everywhere.

    Raises UsageError when something is in the folder, RepositoryError when git fails."""
    all_steps = steps()
    build_repository(folder, all_steps)
    released = [step.tag for step in all_steps].index("v5.12")
    series = [step for step in all_steps[released + 1 :] if step.branch == "main"]
    subjects = tuple(step.message.partition("\n")[0] for step in series)
    return Demo(folder, "main", "stable-4.14", "stable-4.14-minor", "v5.12..main", subjects)


def _step(folder: Path, entry: Mapping[str, str]) -> ExampleCommit:
    """A step of the table, with the message and the whole files of its folder."""
    top = folder / "tree"
    found = sorted(x for x in top.rglob("*") if x.is_file())
    return ExampleCommit(
        **entry,
        message=(folder / "message").read_text("utf-8"),
        files={x.relative_to(top).as_posix(): x.read_bytes() for x in found},
        committer=COMMITTER,
    )
