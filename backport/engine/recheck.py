"""The adapted patch, looked at again: as a difference, as a patch that the rules judge, beside upstream's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

from backport.adapt.values import Difference
from backport.checks import Context
from backport.checks.origin.changes import changes_of
from backport.checks.origin.difference import deviations
from backport.engine.state import TargetState
from backport.errors import BackportError, RepositoryError
from backport.git import Scratch
from backport.git.repository import DIFF_OPTIONS
from backport.index import Names
from backport.intake import parse_diff
from backport.model import Base, BaseKind, Patch
from backport.placement import BaseTexts, place_patch
from backport.placement.ground import Ground
from backport.tree import File, Tree


def diff_of(scratch: Scratch, before: Tree, changes: Mapping[str, File | None]) -> bytes:
    """What whole files change in a tree, as git shows it."""
    old = {path: _entry(scratch, before.read(path)) for path in changes}
    new = {path: _entry(scratch, file) for path, file in changes.items()}
    trees = [scratch.write_tree(None, {p: e for p, e in side.items() if e}) for side in (old, new)]
    done = scratch.git("diff-tree", "-r", *DIFF_OPTIONS, *trees)
    if done.code:
        raise RepositoryError(f"git diff-tree failed: {done.complaint()}")
    return done.out


def _entry(scratch: Scratch, file: object) -> tuple[str, str] | None:
    return (file.mode, scratch.write_blob(file.data)) if isinstance(file, File) else None


def adapted_patch(patch: Patch, diff: bytes) -> Patch | None:
    """The patch with the files of another difference; None where that cannot be read."""
    try:
        return replace(patch, files=parse_diff(diff, patch.document or "the proposal").files)
    except BackportError:
        return None


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AdaptedContext(Context):
    """An adapted patch as the rules look at it: it was made on the target itself, and lands there exactly; what its
    names and types are compared with is still the tree of the patch as it was (`original`)."""

    original: Context | None = None
    homes: Mapping[str, str] = field(default_factory=dict)
    """Where the target has a file that the patch's tree knows by another path."""

    @property
    def base_tree(self) -> Tree | None:
        return self.original.base_tree if self.original else None

    @property
    def upstream_tree(self) -> Tree | None:
        return self.original.upstream_tree if self.original else None

    @property
    def names_base(self) -> Names | None:
        return self.original.names_base if self.original else None

    @property
    def names_upstream(self) -> Names | None:
        return self.original.names_upstream if self.original else None

    def base_text(self, path: str) -> bytes | None:
        if any(f.old_path == path for f in self.patch.files):
            return self.before_text(self.homes.get(path, path))
        return self.original.base_text(path) if self.original else None

    def upstream_text(self, path: str) -> bytes | None:
        if any(f.new_path == path for f in self.patch.files):
            return self.after_text(self.homes.get(path, path))
        return self.original.upstream_text(path) if self.original else None


def adapted_context(context: Context, state: TargetState, diff: bytes) -> Context | None:
    """The context of an adapted patch; None where its difference cannot be read, or is empty."""
    patch = adapted_patch(context.patch, diff)
    if patch is None or not patch.files:
        return None
    ground = context.ground
    homes = _homes(context, patch)
    patch = _at_upstreams(patch, homes)
    texts = {f.old_path: _data(ground, homes.get(f.old_path, f.old_path)) for f in patch.files if f.old_path}
    scratch = ground.scratch
    trees = [_moved(scratch, tree, homes) if tree else "" for tree in (ground.tree_id, state.tree_id)]
    base = BaseTexts(Base(BaseKind.COMMIT), texts, *trees)
    fresh = _fresh(ground)
    return AdaptedContext(
        patch,
        place_patch(patch, base, fresh),
        fresh,
        state.tree,
        base,
        context.target,
        context.upstream,
        context.asked,
        context.earlier,
        context.preceding,
        context.lookups,
        original=context,
        homes=homes,
    )


def at_home(found: dict[str, T], context: Context) -> dict[str, T]:
    """What is said of files by upstream's paths, by the target's."""
    homes = {f.change.new_path: f.target_path for f in context.placed.files if f.target_path}
    return {homes.get(path, path): said for path, said in found.items()}


def _homes(context: Context, patch: Patch) -> dict[str, str]:
    """The target's paths of the files that it has elsewhere, by upstream's."""
    touched = {f.new_path for f in patch.files}
    return {
        f.change.new_path: f.target_path
        for f in context.placed.files
        if f.target_path in touched and f.change.new_path and f.change.new_path not in touched
    }


def _at_upstreams(patch: Patch, homes: Mapping[str, str]) -> Patch:
    """The patch with its files at upstream's paths, as the patch that it was made from has them."""
    names = {home: path for path, home in homes.items()}
    return replace(
        patch,
        files=tuple(
            replace(
                f,
                old_path=names.get(f.old_path, f.old_path),
                new_path=names.get(f.new_path, f.new_path),
            )
            for f in patch.files
        ),
    )


def _moved(scratch: Scratch, tree: str, homes: Mapping[str, str]) -> str:
    """A tree with the files of the target's paths at upstream's."""
    changes: dict[str, tuple[str, str] | None] = {}
    for path, home in homes.items():
        entry = scratch.entry(tree, home)
        if entry is not None:
            changes[path], changes[home] = (entry.mode, entry.id), None
    return scratch.write_tree(tree, changes) if changes else tree


def _fresh(ground: Ground) -> Ground:
    """The same ground, for another patch."""
    return Ground(
        ground.tree,
        ground.scratch,
        ground.tree_id,
        ground.style,
        ground.fuzz,
        ground.similarity,
        steps=ground.steps,
    )


def _data(ground: Ground, path: str) -> bytes:
    entry = ground.entry(path)
    return entry.data if isinstance(entry, File) else b""


def lost_and_gained(context: Context, state: TargetState, diff: bytes) -> tuple[Difference, ...]:
    """What upstream changes and the adapted patch does not, and the other way round, function by function."""
    patch = adapted_patch(context.patch, diff)
    if patch is None:
        return ()
    theirs = changes_of(context.patch, context.base_text, context.upstream_text)
    homes = _homes(context, patch)
    ours = changes_of(
        _at_upstreams(patch, homes),
        lambda p: _text(context.ground.tree, homes.get(p, p)),
        lambda p: _text(state.tree, homes.get(p, p)),
    )
    return tuple(
        Difference(d.path, d.function, d.text, tuple(c.text for c in d.theirs), tuple(c.text for c in d.ours))
        for d in deviations(ours, theirs)
        if d.matters
    )


def _text(tree: Tree, path: str) -> bytes | None:
    entry = tree.read(path)
    return entry.data if isinstance(entry, File) else None
