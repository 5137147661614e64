"""`prereqs`: which upstream commits make a series land, found by trying, and the series that they make.

The commits that changed the lines of what does not land are taken first, in upstream's order; where one of them
does not land, those that changed its lines are, and so on, within bounds. Then each is left out again that is not
needed. Everything is placed on the overlay, as `check` does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from backport.checks import Asked, Context
from backport.checks.history.causes import Culprit, culprits
from backport.checks.history.scene import scene_of
from backport.engine.check import UNLIMITED
from backport.engine.state import TargetState
from backport.errors import BackportError, Cancelled
from backport.git import Repository, Scratch
from backport.git.repository import DIFF_OPTIONS
from backport.history.after import Relation, applies, later
from backport.history.changes import read_changes
from backport.history.presence import State
from backport.intake import patch_from_commit
from backport.model import Patch, Placement, Series
from backport.placement import PatchPlacement, find_base, place_patch
from backport.placement.ground import Steps
from backport.settings import Settings
from backport.tree import File, Target

MOST = 20
"""Commits that a plan may bring."""
PLACINGS = 120
"""Patches that are placed for one plan at most."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A patch of a plan. `diff` is what it changes on the target, as git prints it; `kind` and `reason` say why it is
    taken ("patch": it is what was asked for); `lines` and `files` are its cost."""

    patch: Patch
    kind: str
    reason: str
    diff: bytes = b""
    lines: int = 0
    files: int = 0
    of: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """`bring` are the commits to take first, in order, `goal` the patches that were asked for, `fixes` the follow-up
    fixes of `bring` that land after them; `left` those that do not. `lands` says that all of it was tried and lands.
    `needless` marks a series that lands without any. `places` are the hunks to adapt instead. `notes` say what was
    not found."""

    lands: bool
    needless: bool
    bring: tuple[Taken, ...]
    goal: tuple[Taken, ...]
    fixes: tuple[Taken, ...] = ()
    left: tuple[Taken, ...] = ()
    places: tuple[tuple[Patch, Placement], ...] = ()
    notes: tuple[str, ...] = ()


OnTry = Callable[[int], object]


def prereqs(
    series: Series,
    target: Target,
    upstream: Repository,
    *,
    settings: Settings | None = None,
    asked: Asked | None = None,
    on_try: OnTry = lambda count: None,
    cancel: Callable[[], bool] = lambda: False,
) -> Plan:
    """The plan that makes `series` land on `target`. Raises BackportError for what cannot be analysed."""
    with ExitStack() as stack:
        homes = list(dict.fromkeys(x for x in (upstream, target.repository) if x is not None))
        format = target.repository.object_format if target.repository else upstream.object_format
        scratch = stack.enter_context(Scratch(homes, format))
        run = _Plan(
            target, upstream, homes, scratch, settings or Settings(), asked or Asked(), on_try, cancel
        )
        return run.find([p for p in series.patches if not p.unreadable])


@dataclass(slots=True)
class _Outcome:
    """Patches placed one after the other: the states after each, and where the first one that does not land is."""

    states: list[TargetState]
    placed: list[PatchPlacement]
    stuck: int = -1


@dataclass(slots=True)
class _Plan:
    target: Target
    upstream: Repository
    homes: list[Repository]
    scratch: Scratch
    settings: Settings
    asked: Asked
    on_try: OnTry
    cancel: Callable[[], bool]
    placings: int = 0
    patches: dict[str, Patch] = field(default_factory=dict)
    found: dict[str, Culprit] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    known: dict[tuple[str, ...], tuple[TargetState, PatchPlacement]] = field(default_factory=dict)

    def find(self, goal: Sequence[Patch]) -> Plan:
        alone = self._place(goal)
        places = tuple(self._places(goal))
        if alone.stuck < 0:
            return Plan(True, True, (), self._taken(goal, alone, 0, "patch"), places=places)
        bring = self._wanted(goal)
        if bring is None:
            return Plan(False, False, (), (), places=places, notes=tuple(self.notes))
        bring = self._fewest(bring, goal)
        outcome = self._place([*bring, *goal])
        count = len(bring)
        fixes, left = self._fixes([*bring, *goal], bring)
        return Plan(
            outcome.stuck < 0,
            False,
            self._taken(bring, outcome, 0, ""),
            self._taken(goal, outcome, count, "patch"),
            fixes,
            left,
            places,
            tuple(self.notes),
        )

    # --- placing

    def _place(self, patches: Sequence[Patch]) -> _Outcome:
        """Place patches in order, up to the first that does not land."""
        state = TargetState.open(self.target, self.scratch, self.settings)
        outcome = _Outcome([state], [])
        key: tuple[str, ...] = ()
        for number, patch in enumerate(patches):
            key = (*key, patch.commit or patch.document or str(id(patch)))
            if key not in self.known:
                placed = self._one(patch, state)
                self.known[key] = state.after(placed), placed
            state, placed = self.known[key]
            outcome.placed.append(placed)
            outcome.states.append(state)
            if not lands(placed):
                outcome.stuck = number
                break
        return outcome

    def _one(self, patch: Patch, state: TargetState) -> PatchPlacement:
        if self.cancel():
            raise Cancelled
        self.placings += 1
        self.on_try(self.placings)
        base = find_base(patch, self.homes, self.upstream, self.scratch)
        return place_patch(patch, base, state.ground(Steps(UNLIMITED, self.cancel)))

    def _places(self, goal: Sequence[Patch]) -> Iterator[tuple[Patch, Placement]]:
        """The hunks that do not land on the target as it is, each patch after those before it."""
        state = TargetState.open(self.target, self.scratch, self.settings)
        for patch in goal:
            placed = self._one(patch, state)
            yield from ((patch, p) for p in placed.placements if not p.kind.lands and not p.kind.there)
            state = state.after(placed)

    # --- what to bring

    def _wanted(self, goal: Sequence[Patch]) -> list[Patch] | None:
        """All commits that make the goal land, in upstream's order; None when they are not found."""
        own = {p.commit for p in goal if p.commit}
        wanted: dict[str, Patch] = {}
        while True:
            bring = [wanted[x] for x in self.upstream.topo(wanted)]
            every = [*bring, *goal]
            outcome = self._place(every)
            if outcome.stuck < 0:
                return bring
            patch = every[outcome.stuck]
            more = self._culprits(patch, outcome, every[: outcome.stuck])
            new = [x for x in more if x.commit.id not in wanted and x.commit.id not in own]
            name = f'{(patch.commit or patch.document)[:12]} ("{patch.subject}")'
            if not new:
                self.notes.append(f"{name} does not land, and no upstream commit was found that changes this")
                return None
            if len(wanted) + len(new) > MOST or self.placings > PLACINGS:
                reached = len(wanted) + len(new)
                self.notes.append(f"{name} takes more: {reached} commits were reached, and it was given up")
                return None
            for culprit in new:
                self.found[culprit.commit.id] = culprit
                wanted[culprit.commit.id] = self._patch(culprit.commit.id)

    def _patch(self, commit: str) -> Patch:
        if commit not in self.patches:
            self.patches[commit] = patch_from_commit(self.upstream, commit)
        return self.patches[commit]

    def _culprits(self, patch: Patch, outcome: _Outcome, before: Sequence[Patch]) -> list[Culprit]:
        """The upstream commits that have to do with the hunks of a patch that do not land; those that it needs alone
        where there are such."""
        state, placed = outcome.states[-2], outcome.placed[-1]
        context = Context(
            patch,
            placed,
            state.ground(Steps(UNLIMITED, self.cancel)),
            outcome.states[-1].tree,
            find_base(patch, self.homes, self.upstream, self.scratch),
            self.target,
            self.upstream,
            self.asked,
            (),
            tuple(before),
        )
        return [
            x for x in culprits(scene_of(context)) if x.standing.state is not State.PRESENT and not x.patch
        ]

    def _fewest(self, bring: list[Patch], goal: Sequence[Patch]) -> list[Patch]:
        """Those without any of which the goal does not land, newest left out first."""
        for patch in reversed(list(bring)):
            if self.placings > PLACINGS:
                self.notes.append("not every commit was tried to be left out: the limit of work was reached")
                break
            rest = [x for x in bring if x is not patch]
            if self._place([*rest, *goal]).stuck < 0:
                bring = rest
        return bring

    def _fixes(
        self, before: list[Patch], bring: Sequence[Patch]
    ) -> tuple[tuple[Taken, ...], tuple[Taken, ...]]:
        """The follow-up fixes of what is brought: those that land after all else, and those that do not."""
        landing: list[Taken] = []
        left: list[Taken] = []
        outcome = self._place(before)
        if outcome.stuck >= 0 or not bring:
            return (), ()
        have = {p.commit for p in before if p.commit}
        for of, commit in self._later(bring, have):
            patch = self._patch(commit)
            tried = self._place([*before, patch])
            if tried.stuck < 0:
                before = [*before, patch]
                landing += self._taken([patch], tried, len(before) - 1, "fix", of)
            else:
                left.append(Taken(patch, "fix", "it does not land by itself", of=of))
        return tuple(landing), tuple(left)

    def _later(self, bring: Sequence[Patch], have: set[str]) -> Iterator[tuple[str, str]]:
        """(what is fixed, the fix) for every fix upstream of what is brought that the target does not have."""
        seen = set(have)
        for patch in bring:
            state = TargetState.open(self.target, self.scratch, self.settings)
            base = find_base(patch, self.homes, self.upstream, self.scratch)
            ground = state.ground(Steps(UNLIMITED, self.cancel))
            context = Context(
                patch,
                PatchPlacement(base.base, ()),
                ground,
                state.tree,
                base,
                self.target,
                self.upstream,
                self.asked,
            )
            scene = scene_of(context)
            added = read_changes(self.scratch, [patch.commit])[patch.commit].added
            reads = [context.before_text, _always(b"\n".join(added))]
            for entry in later(scene.after, patch.commit, patch.subject):
                id = entry.commit.id
                if id in seen or entry.relation is not Relation.FIX:
                    continue
                seen.add(id)
                standing = scene.target.standing(entry.commit, outside=True)
                changes = scene.target.changes(id)
                if standing.state is not State.PRESENT and not applies(changes, reads):
                    yield patch.commit, id

    # --- the series

    def _taken(
        self, patches: Sequence[Patch], outcome: _Outcome, first: int, kind: str, of: str = ""
    ) -> tuple[Taken, ...]:
        """Patches with what they change on the target."""
        taken = []
        for number, patch in enumerate(patches, first):
            if number >= len(outcome.placed):
                break
            diff = self._diff(outcome.states[number], outcome.states[number + 1], outcome.placed[number])
            culprit = self.found.get(patch.commit)
            entry = Taken(patch, kind, "", diff, *_cost(diff), of)
            if culprit is not None and not kind:
                entry = replace(entry, kind=culprit.judged.kind.value, reason=culprit.judged.reason)
            taken.append(entry)
        return tuple(taken)

    def _diff(self, before: TargetState, after: TargetState, placed: PatchPlacement) -> bytes:
        if before.tree_id:
            trees = [before.tree_id, after.tree_id]
        else:
            named = (p for f in placed.files for p in (f.target_path, f.change.old_path, f.change.new_path))
            paths = sorted({*named, *placed.changes} - {""})
            trees = [self._small(x, paths) for x in (before, after)]
        done = self.scratch.git("diff-tree", "-r", *DIFF_OPTIONS, *trees)
        if done.code:
            raise BackportError(f"the change cannot be written: {done.complaint()}")
        return done.out

    def _small(self, state: TargetState, paths: Sequence[str]) -> str:
        """A tree of just these files, for a target that has no tree in the scratch repository."""
        files = {p: e for p in paths if isinstance(e := state.tree.read(p), File)}
        return self.scratch.write_tree(
            None, {p: (e.mode, self.scratch.write_blob(e.data)) for p, e in files.items()}
        )


def _always(data: bytes) -> Callable[[str], bytes | None]:
    return lambda path: data


def lands(placed: PatchPlacement) -> bool:
    """Whether all of a patch lands or is there."""
    kinds = [k for f in placed.files for k in ([p.kind for p in f.placements] or [f.kind])]
    return all(k.lands or k.there for k in kinds)


def _cost(diff: bytes) -> tuple[int, int]:
    """(lines, files) of a diff."""
    lines = diff.split(b"\n")
    changed = sum(x[:1] in (b"+", b"-") and not x.startswith((b"+++ ", b"--- ")) for x in lines)
    return changed, sum(x.startswith(b"diff --git ") for x in lines)
