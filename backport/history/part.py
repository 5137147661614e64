"""Trying: do these changes, merged one after the other, land on a target? Nothing is guessed, all is merged.

Trees are narrowed to the files that a change touches, so that a merge takes milliseconds whatever the tree's size,
and a change may be taken in part: its other files are then as the target has them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import NamedTuple

from backport.errors import BackportError
from backport.git import ConflictRegion, ObjectStore, ObjectType, Scratch, conflict_regions
from backport.history.changes import Changes

File = tuple[str, str]
"""(octal mode, blob id)."""
Read = Callable[[str], "File | None"]
"""A target's file by its path; None where there is no regular file."""
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Part:
    """A change: the trees before and after it, and (old path, new path) of those of its files that are taken ("" for
    a file that is added or deleted)."""

    before: str
    after: str
    files: tuple[tuple[str, str], ...]

    def only(self, paths: Collection[str]) -> Part:
        """The same change in just these files, named by either path."""
        kept = tuple(f for f in self.files if f[0] in paths or f[1] in paths)
        return self if len(kept) == len(self.files) else Part(self.before, self.after, kept)


@dataclass(frozen=True, slots=True)
class State:
    """A target with what landed: changed files by path (None: deleted). `key` says how it came about."""

    files: Mapping[str, File | None] = field(default_factory=dict, compare=False)
    key: tuple[Part, ...] = ()


class Stuck(NamedTuple):
    """A file in conflict: its path before the change, where it was merged, and the regions in conflict (with their
    base lines; () where the conflict is none of lines)."""

    path: str
    where: str
    regions: tuple[ConflictRegion, ...]


class Landed(NamedTuple):
    """What became of a part. `taken` is what landed, `left` are the paths left out; where `stuck` is not empty
    nothing landed."""

    state: State
    taken: Part
    left: tuple[str, ...] = ()
    stuck: tuple[Stuck, ...] = ()


class World:
    """A target, narrowed. `homes` maps upstream's paths to those of files that the target has elsewhere; `spend` is
    asked before each merge and says whether one more is allowed."""

    def __init__(
        self,
        scratch: Scratch,
        read: Read,
        homes: Mapping[str, str] | None = None,
        spend: Callable[[], bool] = lambda: True,
    ) -> None:
        self._scratch = scratch
        self._read = read
        self._homes = dict(homes or {})
        self._spend = spend
        self._known: dict[tuple[tuple[Part, ...], Part, frozenset[str]], Landed] = {}
        self._files: dict[str, File | None] = {}

    def file(self, state: State, path: str) -> File | None:
        """A file of the target with what landed."""
        if path in state.files:
            return state.files[path]
        if path not in self._files:
            self._files[path] = self._read(path)
        return self._files[path]

    def has(self, state: State, path: str) -> bool:
        """Whether the target has a file, there or elsewhere."""
        return any(self.file(state, p) for p in self._places(path))

    def text(self, state: State, path: str) -> bytes | None:
        found = self.file(state, path)
        return self._scratch.blob(found[1]) if found else None

    def land(
        self, state: State, part: Part, leave: Callable[[str], bool] = lambda path: False
    ) -> Landed | None:
        """Merge a part; a file in conflict is left out where `leave` (asked with its old path, "" none: its new one)
        allows it. None: no more merges are allowed, or objects are missing."""
        free = frozenset(p for f in part.files if leave(p := f[0] or f[1]))
        key = state.key, part, free
        if key not in self._known:
            found = self._land(state, part, free)
            if found is None:
                return None
            self._known[key] = found
        return self._known[key]

    def _land(self, state: State, part: Part, free: frozenset[str]) -> Landed | None:
        left: list[str] = []
        taken = part
        for _ in range(_ROUNDS):
            if not taken.files:
                return Landed(state, taken, tuple(left))
            merged = self._merge(state, taken) if self._spend() else None
            if merged is None:
                return None
            if isinstance(merged, State):
                return Landed(merged, taken, tuple(left))
            stuck = tuple(s for s in merged if s.path not in free)
            if stuck:
                return Landed(state, taken, tuple(left), stuck)
            gone = {s.path for s in merged}
            left += sorted(gone)
            taken = Part(part.before, part.after, tuple(f for f in taken.files if (f[0] or f[1]) not in gone))
        return Landed(state, taken, tuple(left), tuple(Stuck(f[0] or f[1], "", ()) for f in taken.files))

    def _merge(self, state: State, part: Part) -> State | list[Stuck] | None:
        """The state after it, or the files in conflict; None: objects are missing."""
        own = sorted({p for f in part.files for p in f if p})
        paths = sorted({q for p in own for q in self._places(p)})
        rules = self._attributes(state, paths)
        before, after = self._tree(part.before, own, rules), self._tree(part.after, own, rules)
        files = {p: f for p in paths if (f := self.file(state, p))}
        ours = self._scratch.write_tree(None, {**files, **rules})
        try:
            merge = self._scratch.merge(before, ours, after, style="diff3")
        except BackportError:
            return None
        if not merge.clean:
            return [self._stuck(part, c.path, merge.tree, merge.renames) for c in merge.files]
        changes = dict(state.files)
        named = {*paths, *merge.renames.values()}
        new = {p: (e.mode, e.id) for p in named if (e := self._scratch.entry(merge.tree, p))}
        for path in named:
            if files.get(path) != new.get(path):
                changes[path] = new.get(path)
        return State(changes, (*state.key, part))

    def _stuck(self, part: Part, where: str, tree: str, renames: Mapping[str, str]) -> Stuck:
        """A conflict with the file of the part that it belongs to."""
        back = {new: old for old, new in {**self._homes, **renames}.items()}
        names = (where, back.get(where, ""))
        path = next((f[0] or f[1] for f in part.files if set(f) & set(names) - {""}), where)
        entry = self._scratch.entry(tree, where)
        data = self._scratch.blob(entry.id) if entry and entry.type is ObjectType.BLOB else None
        return Stuck(path, where, tuple(conflict_regions(data)) if data else ())

    def _places(self, path: str) -> tuple[str, ...]:
        home = self._homes.get(path, "")
        return (path, home) if home and home != path else (path,)

    def _attributes(self, state: State, paths: Iterable[str]) -> dict[str, File]:
        """The target's .gitattributes above the paths: they have a say in how git merges."""
        names = {str(up / ".gitattributes") for p in paths for up in PurePosixPath(p).parents}
        return {n: f for n in sorted(names - set(paths)) if (f := self.file(state, n))}

    def _tree(self, tree: str, paths: Iterable[str], rules: Mapping[str, File]) -> str:
        found = {p: e for p in paths if (e := self._scratch.entry(tree, p)) and e.type is ObjectType.BLOB}
        return self._scratch.write_tree(None, {**{p: (e.mode, e.id) for p, e in found.items()}, **rules})


def part_of(store: ObjectStore, scratch: Scratch, commit: str, changes: Changes) -> Part | None:
    """A commit as a part with all its files, against its first parent; None where its trees are not here."""
    found = store.commit(commit)
    parent = store.commit(found.parents[0]) if found is not None and found.parents else None
    if found is None or (found.parents and parent is None):
        return None
    before = parent.tree if parent else scratch.write_tree(None, {})
    return Part(before, found.tree, tuple((f.old_path, f.new_path) for f in changes.files))
