"""`prereqs`: which upstream commits make a series land, found by trying, and the series that they make.

The search is in `planning`; here its answer is told: what each commit changes on the target, what of it is left out,
which later fixes come along, and what is left to be adapted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

from backport.checks import Asked, Context
from backport.checks.history.causes import culprits
from backport.checks.history.scene import scene_of
from backport.engine.check import UNLIMITED
from backport.engine.planning import MERGES, Goal, Item, Search
from backport.engine.state import TargetState
from backport.errors import BackportError, Cancelled
from backport.git import ObjectType, Repository, Scratch
from backport.git.repository import DIFF_OPTIONS
from backport.history.after import Relation, applies, later
from backport.history.changes import read_changes
from backport.history.culprits import prose
from backport.history.part import Landed, Part, World, part_of
from backport.history.part import State as Merged
from backport.history.presence import State
from backport.history.ranges import Range
from backport.intake import patch_from_commit
from backport.model import Base, BaseKind, Patch, Placement, Series
from backport.placement import BaseTexts, PatchPlacement, find_base, place_patch
from backport.placement.ground import Steps
from backport.settings import Settings
from backport.tree import File, Target

_MOST_FIXES = 12


@dataclass(frozen=True, slots=True)
class Taken:
    """A patch of a plan. `diff` is what it changes on the target, as git prints it; `kind` and `reason` say why it is
    taken ("patch": it is what was asked for); `lines` and `files` are its cost; `left` are its files that are left
    out, each with the reason."""

    patch: Patch
    kind: str
    reason: str
    diff: bytes = b""
    lines: int = 0
    files: int = 0
    of: str = ""
    left: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """`bring` are the commits to take first, in order, `goal` the patches that were asked for, `fixes` the follow-up
    fixes of `bring` that land after them; `left` those that do not. `lands` says that all of it was tried and lands.
    `needless` marks a series that lands without any. `places` are the hunks to adapt instead, `remaining` those to
    adapt beside what is brought (then it does not land as it is). `notes` say what was not found."""

    lands: bool
    needless: bool
    bring: tuple[Taken, ...]
    goal: tuple[Taken, ...]
    fixes: tuple[Taken, ...] = ()
    left: tuple[Taken, ...] = ()
    places: tuple[tuple[Patch, Placement], ...] = ()
    notes: tuple[str, ...] = ()
    remaining: tuple[tuple[Patch, Placement], ...] = ()


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
class _Placed:
    """A patch of the goal, where it lands on the target with the patches before it."""

    patch: Patch
    base: BaseTexts
    placed: PatchPlacement
    state: TargetState
    after: TargetState
    before: tuple[Patch, ...]


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
    merges: int = 0
    patches: dict[str, Patch] = field(default_factory=dict)

    def find(self, goal: Sequence[Patch]) -> Plan:
        start = TargetState.open(self.target, self.scratch, self.settings)
        alone = self._place(goal, start)
        places = tuple(_stuck(alone))
        if all(lands(x.placed) for x in alone):
            taken = (self._taken(x.patch, "patch", "", self._diff(x)) for x in alone)
            return Plan(True, True, (), tuple(taken))
        known = [x for x in alone if x.base.tree and x.base.result]
        if len(known) < len(alone):
            note = "the upstream commit that the patch was made against is not known: nothing could be tried"
            return Plan(False, False, (), (), places=places, notes=(note,))
        search = self._search(alone)
        found = search.find()
        return self._told(search, alone, places, found)

    def _search(self, alone: Sequence[_Placed]) -> Search:
        homes = {
            f.change.old_path: f.target_path
            for x in alone
            for f in x.placed.files
            if f.target_path and f.change.old_path and f.target_path != f.change.old_path
        }
        world = World(self.scratch, self._read, homes, self._spend)
        goals = [self._goal(x) for x in alone]
        return Search(world, self.scratch, self.upstream, goals)

    def _goal(self, x: _Placed) -> Goal:
        files = tuple((f.old_path, f.new_path) for f in x.patch.files)
        context = self._context(x)
        scene = scene_of(context)
        return Goal(
            x.patch.commit,
            x.patch.parent or scene.base,
            Part(x.base.tree, x.base.result, files),
            scene,
            lambda: culprits(scene),
        )

    def _context(self, x: _Placed) -> Context:
        return Context(
            x.patch,
            x.placed,
            x.state.ground(Steps(UNLIMITED, self.cancel)),
            x.after.tree,
            x.base,
            self.target,
            self.upstream,
            self.asked,
            (),
            x.before,
        )

    def _spend(self) -> bool:
        if self.cancel():
            raise Cancelled
        self.merges += 1
        self.on_try(self.merges)
        return self.merges <= MERGES

    def _read(self, path: str) -> tuple[str, str] | None:
        """A file of the target, as an object of the scratch repository."""
        home = self.target.repository
        if home is not None and home.object_format == self.scratch.object_format:
            entry = self.scratch.entry(self.target.tree.id, path)
            return (entry.mode, entry.id) if entry and entry.type is ObjectType.BLOB else None
        file = self.target.tree.read(path)
        return (file.mode, self.scratch.write_blob(file.data)) if isinstance(file, File) else None

    # --- placing

    def _place(self, goal: Sequence[Patch], state: TargetState) -> list[_Placed]:
        """Each patch on what those before it left."""
        placed = []
        for number, patch in enumerate(goal):
            if self.cancel():
                raise Cancelled
            base = find_base(patch, self.homes, self.upstream, self.scratch)
            where = place_patch(patch, base, state.ground(Steps(UNLIMITED, self.cancel)))
            after = state.after(where)
            placed.append(_Placed(patch, base, where, state, after, tuple(goal[:number])))
            state = after
        return placed

    def _with(self, merged: Merged) -> TargetState:
        """The target with what landed."""
        state = TargetState.open(self.target, self.scratch, self.settings)
        files = {
            path: None if f is None else File(self.scratch.blob(f[1]) or b"", f[0])
            for path, f in merged.files.items()
        }
        base = Base(BaseKind.HUNKS)
        return state.after(PatchPlacement(base, (), files))

    # --- the answer

    def _told(
        self,
        search: Search,
        alone: Sequence[_Placed],
        places: tuple[tuple[Patch, Placement], ...],
        found: bool,
    ) -> Plan:
        done = search.shorten(found) if search.items else None
        items = search.ordered()
        if not done or done[-1].stuck or (not found and not any(x.fixed for x in items)):
            return Plan(False, False, (), (), places=places, notes=tuple(search.notes))
        bring, state = self._brought(items, done)
        remaining: tuple[tuple[Patch, Placement], ...] = ()
        if not found:
            state_before = done[-1].state
            remaining = tuple(_stuck(self._place([x.patch for x in alone], self._with(state_before))))
            return Plan(
                False, False, bring, (), places=places, notes=tuple(search.notes), remaining=remaining
            )
        goal = []
        for x, landed in zip(alone, done[len(items) :], strict=False):
            diff = self._between(state, landed.state)
            left = tuple((p, self._reason(p, landed)) for p in landed.left)
            goal.append(replace(self._taken(x.patch, "patch", "", diff), left=left))
            state = landed.state
        fixes, left_fixes = self._fixes(search, items, [x.patch for x in alone], state)
        return Plan(True, False, bring, tuple(goal), fixes, left_fixes, places, tuple(search.notes))

    def _brought(self, items: Sequence[Item], done: Sequence[Landed]) -> tuple[tuple[Taken, ...], Merged]:
        state = Merged()
        bring = []
        for item, landed in zip(items, done, strict=False):
            diff = self._between(state, landed.state)
            taken = self._taken(self._patch(item.commit), item.kind, item.reason, diff)
            bring.append(replace(taken, left=tuple(self._left(item, landed))))
            state = landed.state
        return tuple(bring), state

    # --- what is left out

    def _left(self, item: Item, landed: Landed) -> Iterator[tuple[str, str]]:
        """The files of a commit that are not in what is brought of it, each with the reason."""
        kept = {p for f in landed.taken.files for p in f}
        for old, new in item.part.files:
            path = old or new
            if path not in kept and path:
                yield path, self._reason(path, landed)

    def _reason(self, path: str, landed: Landed) -> str:
        gone = self._missing(path, landed.state)
        return "which the target does not have" if gone else "which does not land"

    def _missing(self, path: str, state: Merged) -> bool:
        return state.files.get(path) is None and self._read(path) is None

    # --- fixes of what is brought

    def _fixes(
        self, search: Search, items: Sequence[Item], goal: Sequence[Patch], state: Merged
    ) -> tuple[tuple[Taken, ...], tuple[Taken, ...]]:
        """The follow-up fixes of what is brought: those that land after all else, and those that do not."""
        landing: list[Taken] = []
        failing: list[Taken] = []
        have = {x.commit for x in items} | {p.commit for p in goal}
        for of, commit in self._later(search, items, have):
            changes = read_changes(self.scratch, [commit])[commit]
            part = part_of(self.scratch, self.scratch, commit, changes)
            patch = self._patch(commit)
            free = {
                q for f in changes.files if prose(q := f.old_path or f.new_path) or self._missing(q, state)
            }
            landed = search.world.land(state, part, free.__contains__) if part else None
            if landed is None or landed.stuck or not landed.taken.files:
                failing.append(Taken(patch, "fix", "it does not land by itself", of=of))
                continue
            left = tuple((p, self._reason(p, landed)) for p in landed.left)
            taken = self._taken(patch, "fix", "", self._between(state, landed.state))
            landing.append(replace(taken, of=of, left=left))
            state = landed.state
        return tuple(landing), tuple(failing)

    def _later(self, search: Search, items: Sequence[Item], have: set[str]) -> Iterator[tuple[str, str]]:
        """(what is fixed, the fix) for every fix upstream of what is brought that the target does not have."""
        seen = set(have)
        scene = search.goals[0].scene
        first = self.upstream.topo(x.commit for x in items)[0]
        after = Range(self.upstream, scene.tip, (first,), scene.index)
        for item in items:
            commit = self.upstream.commit(item.commit)
            if commit is None or len(seen) - len(have) >= _MOST_FIXES:
                continue
            reads = [scene.context.before_text, _always(b"\n".join(item.changes.added))]
            for entry in later(after, commit.id, commit.subject):
                id = entry.commit.id
                if id in seen or entry.relation is not Relation.FIX or len(entry.commit.parents) != 1:
                    continue
                seen.add(id)
                standing = scene.target.standing(entry.commit, outside=True)
                if standing.state is not State.PRESENT and not applies(scene.target.changes(id), reads):
                    yield commit.id, id

    # --- the series

    def _patch(self, commit: str) -> Patch:
        if commit not in self.patches:
            self.patches[commit] = patch_from_commit(self.upstream, commit)
        return self.patches[commit]

    def _taken(self, patch: Patch, kind: str, reason: str, diff: bytes) -> Taken:
        return Taken(patch, kind, reason, diff, *_cost(diff))

    def _between(self, before: Merged, after: Merged) -> bytes:
        """What stands between two states, as git prints it."""
        paths = {
            p for p in {*before.files, *after.files} if before.files.get(p, "") != after.files.get(p, "")
        }
        trees = [self._tree({p: self._at(state, p) for p in paths}) for state in (before, after)]
        return self._printed(trees)

    def _at(self, state: Merged, path: str) -> tuple[str, str] | None:
        return state.files[path] if path in state.files else self._read(path)

    def _diff(self, x: _Placed) -> bytes:
        """What a patch changes where it lands as it is."""
        if x.state.tree_id:
            return self._printed([x.state.tree_id, x.after.tree_id])
        named = (p for f in x.placed.files for p in (f.target_path, f.change.old_path, f.change.new_path))
        paths = sorted({*named, *x.placed.changes} - {""})
        return self._printed([self._small(state, paths) for state in (x.state, x.after)])

    def _small(self, state: TargetState, paths: Sequence[str]) -> str:
        files = {p: e for p in paths if isinstance(e := state.tree.read(p), File)}
        return self._tree({p: (e.mode, self.scratch.write_blob(e.data)) for p, e in files.items()})

    def _tree(self, files: Mapping[str, tuple[str, str] | None]) -> str:
        return self.scratch.write_tree(None, {p: f for p, f in files.items() if f is not None})

    def _printed(self, trees: Sequence[str]) -> bytes:
        done = self.scratch.git("diff-tree", "-r", *DIFF_OPTIONS, *trees)
        if done.code:
            raise BackportError(f"the change cannot be written: {done.complaint()}")
        return done.out


def _always(data: bytes) -> Callable[[str], bytes | None]:
    return lambda path: data


def _stuck(placed: Sequence[_Placed]) -> Iterator[tuple[Patch, Placement]]:
    """The hunks that do not land."""
    return (
        (x.patch, p) for x in placed for p in x.placed.placements if not p.kind.lands and not p.kind.there
    )


def lands(placed: PatchPlacement) -> bool:
    """Whether all of a patch lands or is there."""
    kinds = [k for f in placed.files for k in ([p.kind for p in f.placements] or [f.kind])]
    return all(k.lands or k.there for k in kinds)


def _cost(diff: bytes) -> tuple[int, int]:
    """(lines, files) of a diff."""
    lines = diff.split(b"\n")
    changed = sum(x[:1] in (b"+", b"-") and not x.startswith((b"+++ ", b"--- ")) for x in lines)
    return changed, sum(x.startswith(b"diff --git ") for x in lines)
