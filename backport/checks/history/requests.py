"""The prerequisites that a patch's own message names for a stable tree (Documentation/process/stable-kernel-rules.rst:
`Cc: stable@vger.kernel.org # 3.3.x: a1f84a3: sched: Check for idle`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from backport.checks.history.scene import Scene, resolved
from backport.git import CommitInfo
from backport.history.presence import State


@dataclass(frozen=True, slots=True)
class Requested:
    """A commit that the message names, whether the target has it, and the words for it."""

    commit: CommitInfo
    version: str
    state: str
    reason: str
    by: str


def requested(scene: Scene) -> tuple[Requested, ...]:
    """Those that are meant for the target's version (every version where the line, or the target, names none)."""
    return scene.context.once("history requested", lambda: tuple(_requested(scene)))


def _requested(scene: Scene) -> Iterator[Requested]:
    for request in scene.patch.provenance.stable:
        if not meant(request.version, scene.context.target.version):
            continue
        for ref in request.prerequisites:
            commit = resolved(scene.upstream, ref.id)
            if commit is None or commit.id in scene.series:
                continue
            standing = scene.target.standing(commit)
            version = f" for {request.version}" if request.version else ""
            by = f" ({standing.by[:12]})" if standing.by else ""
            reason = f"the message names it as a prerequisite{version}{by}"
            state = "missing" if standing.state is State.MISSING else standing.state.value
            yield Requested(commit, request.version, state, reason, standing.by)


_NUMBERS = re.compile(r"\d+")


def meant(asked: str, version: str) -> bool:
    """Whether a stable line for `asked` ("6.1.x", "5.15+", "") is meant for a tree of that version: it is for every
    stable tree that starts with it."""
    wanted = [int(x) for x in _NUMBERS.findall(asked.partition("-")[0])]
    has = [int(x) for x in _NUMBERS.findall(version.partition("-")[0])]
    if not wanted or not has:
        return True
    return has[:2] >= wanted[:2]
