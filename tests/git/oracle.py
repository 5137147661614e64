"""`Scratch.merge` beside a real `git cherry-pick`: the same tree, the same unmerged entries, the same files."""

from __future__ import annotations

import os
import re
from pathlib import Path

from backport.git import Merge, ObjectType, Repository, Scratch, conflict_regions
from tests.support.repo import Repo

_LABEL = re.compile(rb"^([<|>]{7,})(?: [^\r\n]*)?(?=\r?$)", re.MULTILINE)
_ASIDE = re.compile(r"~(HEAD|[0-9a-f]{7,64} \((?:patch|change)\))(?=\Z|/)")
"""What git appends to a path that is in the way of another: the label of its side."""
STYLES = ("merge", "diff3", "zdiff3")


def without_labels(data: bytes) -> bytes:
    """Conflict markers with what follows them cut off."""
    return _LABEL.sub(rb"\1", data)


def relabelled(path: str) -> str:
    """A path that was moved aside, named by our labels."""
    return _ASIDE.sub(lambda found: "~target" if found[1] == "HEAD" else "~patch", path)


def compare(repo: Repo, base: str, target: str, patch: str, style: str = "merge") -> Merge:
    """Merge, cherry-pick `patch` (a child of `base`) onto `target`, assert that both agree."""
    picked = repo.cherry_pick(patch, target, "-c", f"merge.conflictStyle={style}")
    with Repository.open(str(repo.path)) as repository, Scratch([repository]) as scratch:
        trees = [repository.tree_of(repository.resolve(x)) for x in (base, target, patch)]
        merge = scratch.merge(trees[0], trees[1], trees[2], style=style)
        assert merge.clean == picked.clean, merge
        stages = sorted(
            os.fsencode(f"{entry.mode} {entry.id} {stage}\t{file.path}")
            for file in merge.files
            for stage, entry in ((1, file.base), (2, file.ours), (3, file.theirs))
            if entry
        )
        unmerged = sorted(os.fsencode(relabelled(os.fsdecode(x))) for x in picked.unmerged)
        assert stages == unmerged, merge
        if picked.tree:
            assert merge.tree == picked.tree
        files = {
            path: scratch.blob(id) or b""
            for path, mode, id in scratch.ls(merge.tree)
            if mode.startswith("10")
        }
        normal = {path: without_labels(data) for path, data in files.items()}
        assert normal == {relabelled(path): without_labels(data) for path, data in picked.files.items()}
        for path, data in files.items():
            assert len(conflict_regions(data)) == len(re.findall(rb"(?m)^<{7} target", data)), path
        return merge


def three(path: Path, base: dict[str, object], target: dict[str, object], patch: dict[str, object]) -> Repo:
    """A repository with a commit `base` and two branches from it: `target` and `patch`."""
    repo = Repo(path)
    repo.commit(base, "base\n")  # type: ignore[arg-type]
    repo.git("tag", "base")
    repo.branch("target")
    repo.commit(target, "target\n")  # type: ignore[arg-type]
    repo.branch("patch", "base")
    repo.commit(patch, "patch\n")  # type: ignore[arg-type]
    return repo


__all__ = ["ObjectType", "STYLES", "compare", "three", "without_labels"]
