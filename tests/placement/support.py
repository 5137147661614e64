"""What the tests of placement share: a patch on a target through the program's one call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backport.engine import check
from backport.git import Repository, Scratch
from backport.intake import parse_diff, patch_from_commit
from backport.model import FileReport, HunkReport, Patch, Person, PlacementKind, Report, Series, TargetReport
from backport.placement import PatchPlacement, find_base, place_patch
from backport.placement.ground import Ground
from backport.settings import Settings
from backport.tree import DictTree, Target, open_target
from backport.tree.protocol import File, Submodule, Symlink
from tests.support.repo import Repo

LANDS = {x for x in PlacementKind if x.lands}


def patch_of(diff: bytes, subject: str = "a change") -> Patch:
    """A patch of which nothing is known but its diff."""
    return Patch(subject, Person("A U Thor", "author@example.com"), "", "", parse_diff(diff, "patch").files)


def target_of(files: Mapping[str, bytes | File | Symlink | Submodule], name: str = "target") -> Target:
    """A target without a repository, in memory."""
    return Target(name, DictTree(files, name), None, "", False, "")


def hunks(report: Report, target: int = 0) -> tuple[HunkReport, ...]:
    return tuple(h for p in report.targets[target].patches for f in p.files for h in f.hunks)


def kinds(report: Report, target: int = 0) -> list[str]:
    """The placements of all hunks, in order."""
    return [str(h.placement) for h in hunks(report, target)]


@contextmanager
def open_all(repo: Repo | Path, *revisions: str) -> Iterator[list[Target]]:
    """Targets of a repository, closed afterwards."""
    path = repo.path if isinstance(repo, Repo) else repo
    targets = [open_target(f"{path}@{rev}", Settings()) for rev in revisions]
    try:
        yield targets
    finally:
        for target in targets:
            if target.repository is not None:
                target.repository.close()


def check_commits(repo: Repo, commits: Sequence[str], *onto: str) -> Report:
    """Commits of a repository, checked on revisions of the same, with their parents as base."""
    with open_all(repo, *onto) as targets:
        home = targets[0].repository
        assert home is not None
        series = Series(tuple(patch_from_commit(home, c) for c in commits))
        return check(series, targets)


def only_file(target: TargetReport) -> FileReport:
    (patch,) = target.patches
    (file,) = patch.files
    return file


@dataclass(frozen=True)
class Placed:
    """A commit placed on a revision: the values of the room, and the tree that it leaves (path to mode and
    bytes; links and submodules left out)."""

    placement: PatchPlacement
    files: dict[str, tuple[str, bytes]]
    tree: str


def place_commit(repo: Repo, commit: str, onto: str) -> Placed:
    home = Repository.open(str(repo.path))
    try:
        with Scratch([home], home.object_format) as scratch:
            patch = patch_from_commit(home, commit)
            tree_id = home.tree_of(home.resolve(onto))
            with open_all(repo, onto) as (target,):
                ground = Ground(target.tree, scratch, tree_id)
                placed = place_patch(patch, find_base(patch, [home], None, scratch), ground)
            entries = {
                path: (mode, scratch.blob(id) or b"")
                for path, mode, id in scratch.ls(placed.tree)
                if mode.startswith("10")
            }
            return Placed(placed, entries, placed.tree)
    finally:
        home.close()
