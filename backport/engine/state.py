"""A target as the patches of a series leave it, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backport.git import Scratch
from backport.placement import PatchPlacement
from backport.placement.ground import Ground, Steps
from backport.settings import Settings
from backport.tree import File, GitTree, OverlayTree, Target, Tree


@dataclass(slots=True)
class TargetState:
    """The overlay: a tree id in the scratch repository for a git target, changed paths for a folder."""

    tree: Tree
    scratch: Scratch
    tree_id: str
    settings: Settings
    _ground: Ground | None = None

    @staticmethod
    def open(target: Target, scratch: Scratch, settings: Settings) -> TargetState:
        home = target.repository
        same = home is not None and home.object_format == scratch.object_format
        tree_id = target.tree.id if same else ""
        return TargetState(target.tree, scratch, tree_id, settings)

    def ground(self, steps: Steps) -> Ground:
        """The ground for the next patch; the same one, with its texts, each time."""
        if self._ground is None:
            self._ground = Ground(
                self.tree,
                self.scratch,
                self.tree_id,
                self.settings.conflict_style,
                self.settings.context_fuzz,
                self.settings.rename_similarity / 100,
            )
        self._ground.steps = steps
        return self._ground

    def after(self, placed: PatchPlacement) -> TargetState:
        """The target with what landed of a patch; the same value where nothing did."""
        if self.tree_id:
            return self._after_git(placed)
        if not placed.changes:
            return self
        return TargetState(_overlay(self.tree, placed.changes), self.scratch, "", self.settings)

    def with_changes(self, changes: Mapping[str, File | None]) -> TargetState:
        """The target with whole files put in their places (None: taken out)."""
        if not self.tree_id:
            return TargetState(_overlay(self.tree, changes), self.scratch, "", self.settings)
        entries = {
            path: None if file is None else (file.mode, self.scratch.write_blob(file.data))
            for path, file in changes.items()
        }
        tree = self.scratch.write_tree(self.tree_id, entries)
        return TargetState(GitTree(self.scratch, tree, self.tree.name), self.scratch, tree, self.settings)

    def _after_git(self, placed: PatchPlacement) -> TargetState:
        tree = placed.tree or self.tree_id
        if placed.changes:
            changes = {
                path: None if file is None else (file.mode, self.scratch.write_blob(file.data))
                for path, file in placed.changes.items()
            }
            tree = self.scratch.write_tree(tree, changes)
        if tree == self.tree_id:
            return self
        return TargetState(GitTree(self.scratch, tree, self.tree.name), self.scratch, tree, self.settings)


def _overlay(tree: Tree, changes: Mapping[str, File | None]) -> Tree:
    if isinstance(tree, OverlayTree):
        return tree.with_changes(changes)
    return OverlayTree(tree, changes)
