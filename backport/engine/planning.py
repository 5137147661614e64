"""The search for a plan: which upstream commits, and how much of each, make patches land on a target.

What the patches need by name comes first, then the commits that wrote the lines in conflict; where one of these does
not land, those that wrote the lines which it expects, and so on, within bounds. Of each commit only the files that
count are tried while searching; the others join at the end, so far as they land."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from backport.checks.history.causes import Culprit, exclusion
from backport.checks.history.scene import Scene
from backport.csource import language
from backport.engine.planning_parts import as_bytes, forms, needed_paths, places
from backport.git import Repository, Scratch
from backport.history.changes import Changes, FileChanges, path_log, read_changes
from backport.history.culprits import Kind, Touch, prose
from backport.history.lines import blame
from backport.history.part import Landed, Part, Stuck, World, part_of
from backport.history.part import State as Merged
from backport.history.presence import State, telling

MOST = 20
"""Commits that a plan may bring."""
MERGES = 600
BLAMES = 60
"""What one search may spend."""
MANY = 40
"""A commit of more files is a change of the whole tree: it is brought only where the patch uses a name of it, and that
up to three times as many."""
SMALL = 4
"""Files of an incidental commit that is still worth bringing."""
_LOG = 150
_TOLD = 3


@dataclass(slots=True)
class Item:
    """A commit that a plan brings: `needs` are the paths for the sake of which it is brought, `fixed` says that the
    patch uses names of it, so that it stays even where git needs it not. `free` are files of it that may be left out
    for all that the rest of it says."""

    commit: str
    part: Part
    changes: Changes
    needs: set[str]
    kind: str
    reason: str
    fixed: bool = False
    free: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Goal:
    """A patch to land, its commit ("" none) with that before it, and the culprits of its hunks that do not land."""

    commit: str
    before: str
    part: Part
    scene: Scene
    culprits: Callable[[], Sequence[Culprit]]


@dataclass(slots=True)
class Search:
    """One search. After `find`: `items` in order; `stuck` are the goal's files that do not land with them, by the
    number of the patch; `notes` say what was not found."""

    world: World
    scratch: Scratch
    upstream: Repository
    goals: Sequence[Goal]
    items: dict[str, Item] = field(default_factory=dict)
    stuck: dict[int, set[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    blames: int = 0
    _culprits: dict[int, Sequence[Culprit]] = field(default_factory=dict)

    # --- what is allowed

    _there: set[str] = field(default_factory=set)
    _must: set[str] = field(default_factory=set)
    _own: set[str] = field(default_factory=set)

    def leave(self, path: str) -> bool:
        """Whether a file may be left out: prose, or one that the target does not have."""
        return path not in self._must and (prose(path) or path not in self._there)

    def _needless(self, path: str) -> bool:
        """Whether no commit is brought for the sake of a file: the goal itself does without it."""
        return path not in self._must and (prose(path) or (path in self._own and path not in self._there))

    def _look(self, part: Part) -> None:
        """Note which files of a part the target has, or gets."""
        empty = Merged()
        for old, new in part.files:
            if not old or self.world.has(empty, old) or (new and self.world.has(empty, new)):
                self._there |= {old, new} - {""}

    # --- the search

    def find(self) -> bool:
        """Whether all of the goal lands, with `items` brought first."""
        for goal in self.goals:
            self._look(goal.part)
            paths = {o or n for o, n in goal.part.files}
            self._own |= paths
            if not {p for p in paths if not self.leave(p)}:
                self._must |= paths  # It is all that there is.
        first = self.run()
        if first is None:
            return False
        for number in range(len(self.goals)):
            self._add(x for x in self.judged(number) if x.judged.kind is Kind.PREREQUISITE)
        while True:
            done = self.run()
            if done == []:
                return False
            if done is None:
                self.notes.append("the limit of work was reached before a plan was found")
                return False
            if not done[-1].stuck:
                return not self.stuck
            if not self._further(done):
                return False

    def run(self) -> list[Landed] | None:
        return self._try(self.ordered(), self._goal_parts())

    def _try(self, items: Sequence[Item], goal: Sequence[Part]) -> list[Landed] | None:
        """Merge commits and then the goal, up to the first that is stuck."""
        state = Merged()
        done: list[Landed] = []
        for part, free in [*((x.part, x.free) for x in items), *((x, set[str]()) for x in goal)]:
            landed = self.world.land(state, part, lambda path, free=free: path in free or self.leave(path))  # type: ignore[misc]
            if landed is None:
                return None
            if not landed.taken.files and not landed.stuck:
                landed = landed._replace(stuck=tuple(Stuck(f[0] or f[1], "", ()) for f in part.files))
            done.append(landed)
            if landed.stuck:
                break
            state = landed.state
        return done

    def ordered(self) -> list[Item]:
        return [self.items[x] for x in self.upstream.topo(self.items)]

    def _goal_parts(self) -> list[Part]:
        """The goal without the files that were given up."""
        parts = []
        for number, goal in enumerate(self.goals):
            gone = self.stuck.get(number, set())
            kept = {p for f in goal.part.files for p in f if p and not gone & set(f)}
            parts.append(goal.part.only(kept) if gone else goal.part)
        return parts

    def _further(self, done: Sequence[Landed]) -> bool:
        """Do something about the step that is stuck; False when the search is over."""
        step, stuck = len(done) - 1, done[-1].stuck
        items = self.ordered()
        if len(self.items) > MOST:
            self.notes.append(f"more than {MOST} commits were reached, and it was given up")
            return False
        if step < len(items):
            item = items[step]
            if self._free(item, stuck):
                return True
            if not self._chain(item.commit, item.part, self._parent(item.commit), stuck, item.commit):
                self._refuse(item, stuck)
            return True
        number = step - len(items)
        goal = self.goals[number]
        paths = {s.path for s in stuck}
        if self._next_stage(number, paths) or self._chain(goal.commit, goal.part, goal.before, stuck, ""):
            return True
        self.stuck.setdefault(number, set()).update(paths)
        self._tell(number, paths)
        return any(x.fixed for x in self.items.values())

    def _tell(self, number: int, paths: set[str]) -> None:
        """Say of the commits that changed the lines of a file why they are not brought."""
        where = ", ".join(sorted(paths)[:2])
        told = 0
        for x in self.judged(number):
            name = f'{x.commit.id[:12]} ("{x.commit.subject}")'
            if not {t.path for t in x.touches} & paths or x.commit.id in self.items or told == _TOLD:
                continue
            told += 1
            if x.commit.id in self.refused:
                if x.judged.kind is not Kind.PREREQUISITE:
                    self.notes.append(f"{name} does not land itself, in {self.refused[x.commit.id]}")
            elif not _worth(x):
                count = len(x.changes.files)
                self.notes.append(
                    f"{name} is {x.judged.kind.value} and changes {count} files: it is not brought"
                )
        if not told:
            self.notes.append(f"no upstream commit was found that makes it land in {where}")

    def _free(self, item: Item, stuck: Sequence[Stuck]) -> bool:
        """Allow files in conflict to be left out, where nothing else of the commit has to do with them."""
        paths = {s.path for s in stuck} - item.needs - item.free
        rest = [f for f in item.changes.files if not {f.old_path, f.new_path} & (paths | item.free)]
        if not paths or not rest:
            return False
        free = {p for p in paths if not self._tied(item, p, rest)}
        item.free |= free
        return bool(free)

    def _tied(self, item: Item, path: str, rest: Sequence[FileChanges]) -> bool:
        """Whether a file of a commit has to do with the rest of it: the rest uses names that come with its change,
        or it uses in the target what the rest changes."""
        here = self.world.text(Merged(), path) or b""
        words = set(_WORD.findall(here))
        own = (
            x
            for f in item.changes.files
            if path in (f.old_path, f.new_path)
            for s in f.stretches
            for x in s.added
        )
        brought = set(_WORD.findall(b"\n".join(own))) - words
        used = set(_WORD.findall(b"\n".join(x for f in rest for s in f.stretches for x in s.added)))
        if brought & used:
            return True
        if (
            as_bytes(self._changed(item, [f for f in item.changes.files if path in (f.old_path, f.new_path)]))
            & used
        ):
            return True
        return bool(words & as_bytes(self._changed(item, rest)))

    def _changed(self, item: Item, files: Iterable[FileChanges]) -> set[str]:
        """The functions and macros whose form a commit changes in files, or that it takes out of them."""
        changed: set[str] = set()
        for f in files:
            if language(f.path) in ("c", "c++"):
                one = forms(f.old_path, self._text(item.part.before, f.old_path))
                two = forms(f.new_path, self._text(item.part.after, f.new_path))
                changed |= {name for name, kinds in one.items() if two.get(name) != kinds}
        return changed

    def _refuse(self, item: Item, stuck: Sequence[Stuck]) -> None:
        where = ", ".join(sorted({s.path for s in stuck})[:2])
        self.refused[item.commit] = where
        del self.items[item.commit]
        if item.fixed:
            self.notes.append(f"{item.commit[:12]} is needed ({item.reason}), and does not land in {where}")

    def _parent(self, commit: str) -> str:
        found = self.upstream.commit(commit)
        return found.parents[0] if found is not None and found.parents else ""

    # --- who is to blame: as the rules on history found it

    def judged(self, number: int) -> Sequence[Culprit]:
        if number not in self._culprits:
            own = {g.commit for g in self.goals}
            listed = [x for x in self.goals[number].culprits() if x.commit.id not in own]
            self._culprits[number] = [
                x for x in listed if x.standing.state is not State.PRESENT and not x.patch
            ]
        return self._culprits[number]

    def _next_stage(self, number: int, paths: set[str]) -> bool:
        """Add those that can be adapted to, then those that are incidental and small, at these files."""
        for kind in (Kind.ADAPTABLE, Kind.INCIDENTAL):
            chosen = [
                x
                for x in self.judged(number)
                if x.judged.kind is kind and {t.path for t in x.touches} & paths and _worth(x)
            ]
            if self._add(chosen):
                return True
        return False

    def _add(self, found: Iterable[Culprit]) -> bool:
        added = False
        for x in found:
            named = x.judged.kind is Kind.PREREQUISITE
            needs = needed_paths(x.changes, x.touches)
            added |= self._bring(x.commit.id, x.changes, needs, x.judged.kind.value, x.judged.reason, named)
        return added

    def _bring(
        self, commit: str, changes: Changes, needs: set[str], kind: str, reason: str, fixed: bool = False
    ) -> bool:
        """Take a commit into the plan, or more of it; whether that changed anything."""
        needs = {p for p in needs if not self._needless(p)}
        if commit in self.refused or not needs:
            return False
        held = self.items.get(commit)
        if held is not None:
            new = needs - held.needs
            held.needs |= new
            return bool(new)
        part = part_of(self.scratch, self.scratch, commit, changes)
        if part is None or len(part.files) > 3 * MANY:
            return False
        self.items[commit] = Item(commit, part, changes, set(needs), kind, reason, fixed)
        self._look(part)
        return True

    # --- who is to blame: for a commit that is brought itself

    def _chain(self, commit: str, part: Part, before: str, stuck: Sequence[Stuck], step: str) -> bool:
        """Take the commits that wrote the lines which a step expects where it is in conflict."""
        added = False
        for one in stuck:
            found = self._wrote(before, part, one)
            changes = read_changes(self.scratch, list(found))
            self.goals[0].scene.target.know(changes)
            for id, lines in found.items():
                if id in changes and self._may(id, changes[id]):
                    touch = Touch(0, one.path, tuple((0, x) for x in lines), tuple(lines))
                    needs = needed_paths(changes[id], (touch,))
                    count = f"{len(lines)} line{'s' if len(lines) > 1 else ''}"
                    whom = step[:12] or "the patch"
                    reason = f"{whom} changes or stands beside {count} that it changed"
                    added |= self._bring(id, changes[id], needs, "chain" if step else "lines", reason)
        return added

    def _may(self, id: str, changes: Changes) -> bool:
        info = self.upstream.commit(id)
        if info is None or len(info.parents) != 1 or id in {g.commit for g in self.goals}:
            return False
        if len(changes.files) > MANY:
            return False
        standing = self.goals[0].scene.target.standing(info, outside=True)
        return standing.state is not State.PRESENT

    def _wrote(self, before: str, part: Part, stuck: Stuck) -> dict[str, list[bytes]]:
        """Commit -> lines: who wrote what the base has in the regions in conflict and the target has not; else who
        took out of upstream's file what only the target has there."""
        exclude = exclusion(self.goals[0].scene, stuck.path)
        if not before or exclude is None or self.blames >= BLAMES:
            return {}
        text = self._text(part.before, stuck.path).split(b"\n")
        ranges: list[tuple[int, int]] = []
        expected: set[bytes] = set()
        for region in stuck.regions:
            lines = set(region.base or ()) - set(region.ours)
            expected |= {x for x in lines if x.strip()}
            ranges += places(text, region.base or ())
        found: dict[str, list[bytes]] = {}
        if ranges and expected:
            self.blames += 1
            for written in blame(self.scratch, before, exclude, stuck.path, ranges):
                if written.text in expected:
                    found.setdefault(written.commit, []).append(written.text)
        return found or self._removed(before, exclude, stuck)

    def _removed(self, before: str, exclude: tuple[str, ...], stuck: Stuck) -> dict[str, list[bytes]]:
        only = {x for r in stuck.regions for x in r.ours if telling(x)} - {
            x for r in stuck.regions for x in r.base or ()
        }
        if not only or self.blames >= BLAMES:
            return {}
        self.blames += 1
        found: dict[str, list[bytes]] = {}
        for commit, changes in path_log(self.scratch, before, exclude, stuck.path, _LOG).items():
            taken = only & set(changes.removed) - set(changes.added)
            only -= taken
            if taken:
                found[commit] = sorted(taken)
        return found

    def _text(self, tree: str, path: str) -> bytes:
        entry = self.scratch.entry(tree, path) if path else None
        return (self.scratch.blob(entry.id) if entry else b"") or b""

    # --- the end

    def shorten(self, goal: bool) -> list[Landed] | None:
        """Leave out one commit after the other that the rest (and the goal) does without, newest first; what is left
        is merged once more."""
        kept = self.ordered()
        parts = self._goal_parts() if goal else []
        for item in reversed(self.ordered()):
            rest = [x for x in kept if x is not item]
            if item.fixed:
                continue
            done = self._try(rest, parts)
            if done is not None and (not done or not done[-1].stuck):
                kept = rest
        self.items = {x.commit: x for x in kept}
        return self._try(kept, parts)


_WORD = re.compile(rb"[A-Za-z_]\w*")


def _worth(culprit: Culprit) -> bool:
    """Whether a commit is of a size that is brought for the sake of its lines alone."""
    most = SMALL if culprit.judged.kind is Kind.INCIDENTAL else MANY
    return len(culprit.changes.files) <= most
