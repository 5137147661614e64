"""A whole patch, adapted to a target: the files that git cannot merge, and the tree that comes of it."""

from __future__ import annotations

from collections.abc import Iterator

from backport.adapt.trees import Trees, adapt_trees
from backport.adapt.values import Confidence, PatchProposal
from backport.checks import Context
from backport.git.merging import changed_paths
from backport.tree import File, GitTree


def adapt_patch(context: Context, least: Confidence) -> PatchProposal:
    """The patch of a context as it would land on its target, with what is at least as sure as `least`."""
    ground, base = context.ground, context.base
    scratch = ground.scratch
    trees = Trees(scratch, base.tree, base.result, ground.tree_id, ground.tree)
    adapted = adapt_trees(trees, context.patch.files, least)
    changes = dict(_changes(context, adapted.tree))
    return PatchProposal(adapted.files, changes, least)


def _changes(context: Context, tree: str) -> Iterator[tuple[str, File | None]]:
    """The files in which the adapted tree differs from the target."""
    scratch = context.ground.scratch
    after = GitTree(scratch, tree, "adapted")
    for path in sorted(changed_paths(scratch, context.ground.tree_id, tree)):
        entry = after.read(path)
        yield path, entry if isinstance(entry, File) else None
