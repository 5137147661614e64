"""Trying: do these commits, taken in order, make a patch land? Nothing is guessed, all is merged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from backport.errors import BackportError
from backport.git import ObjectStore, Scratch

Applied = tuple[str, bool]
"""A tree's id, and whether the merge had no conflict."""


@dataclass(frozen=True, slots=True)
class Step:
    """A change to be merged: the trees before and after it, in the scratch repository."""

    before: str
    after: str


@dataclass(slots=True)
class Trial:
    """Merges steps one after the other on a target's tree; prefixes that were tried before are not merged again.

    `spend` is asked before each merge and says whether one more is allowed."""

    scratch: Scratch
    target: str
    style: str = "merge"
    spend: Callable[[], bool] = lambda: True
    merges: int = 0
    _known: dict[tuple[Step, ...], Applied | None] = field(default_factory=dict)

    def run(self, steps: Sequence[Step]) -> Applied | None:
        """The tree after all steps: not clean as soon as one conflicts. None: no more merges are allowed, or objects
        are missing."""
        if not steps:
            return self.target, True
        key = tuple(steps)
        if key not in self._known:
            before = self.run(steps[:-1])
            self._known[key] = (
                before if before is None or not before[1] else self._merge(before[0], steps[-1])
            )
        return self._known[key]

    def stuck(self, steps: Sequence[Step]) -> int:
        """The index of the first step that conflicts; -1 for none."""
        for count in range(1, len(steps) + 1):
            found = self.run(steps[:count])
            if found is None or not found[1]:
                return count - 1
        return -1

    def lands(self, steps: Sequence[Step], patch: Step) -> bool | None:
        """Whether the steps and then the patch merge without a conflict; None where that was not tried."""
        found = self.run([*steps, patch])
        return None if found is None else found[1]

    def _merge(self, tree: str, step: Step) -> Applied | None:
        if not self.spend():
            return None
        self.merges += 1
        try:
            merge = self.scratch.merge(step.before, tree, step.after, style=self.style)
        except BackportError:
            return None
        return merge.tree, merge.clean


def fewest(trial: Trial, steps: Sequence[Step], patch: Step) -> list[int] | None:
    """The indices of steps without any of which the patch does not land any more, by leaving out one after the
    other, newest first; None when it does not land with all of them (or that could not be tried)."""
    kept = list(range(len(steps)))
    if not trial.lands(steps, patch):
        return None
    for index in reversed(range(len(steps))):
        rest = [n for n in kept if n != index]
        if trial.lands([steps[n] for n in rest], patch):
            kept = rest
    return kept


def step_of(store: ObjectStore, scratch: Scratch, commit: str) -> Step | None:
    """A commit as a step, against its first parent; None where its trees are not here."""
    found = store.commit(commit)
    if found is None:
        return None
    parent = store.commit(found.parents[0]) if found.parents else None
    if found.parents and parent is None:
        return None
    before = parent.tree if parent else scratch.write_tree(None, {})
    return Step(before, found.tree)
