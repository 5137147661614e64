"""The differences of 50 files of two real kernels: each lands on the older, and is there in the newer."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from backport.engine import check
from backport.intake import parse_diff
from backport.model import FileChange, HunkReport, LineKind, Patch, Person, Report, Series, Verdict
from tests.placement.support import hunks, open_all
from tests.support.repo import Repo
from tests.support.require import require_linux_source

FILES = 50


def regular_files(top: Path) -> dict[str, int]:
    """Every regular file below `top` with its size."""
    found: dict[str, int] = {}
    stack = [""]
    while stack:
        folder = stack.pop()
        with os.scandir(top / folder) as entries:
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    stack.append(path)
                elif entry.is_file(follow_symlinks=False):
                    found[path] = entry.stat(follow_symlinks=False).st_size
    return found


def differing(one: Path, other: Path) -> list[str]:
    """The paths of the regular files of both trees whose contents differ, sorted."""
    first, second = regular_files(one), regular_files(other)
    return sorted(
        path
        for path in first.keys() & second.keys()
        if first[path] != second[path] or (one / path).read_bytes() != (other / path).read_bytes()
    )


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> tuple[Repo, tuple[FileChange, ...]]:
    """A repository with the drawn files of 6.1 and of 6.12 as two commits, and their differences."""
    old, new = require_linux_source("6.1"), require_linux_source("6.12")
    drawn = random.Random(1).sample(differing(old, new), FILES)
    repo = Repo(tmp_path_factory.mktemp("linux"))
    for version, tree in (("v6.1", old), ("v6.12", new)):
        repo.commit({path: (tree / path).read_bytes() for path in drawn}, version)
        repo.git("tag", version)
    diff = repo.git("diff", "--no-renames", "v6.1", "v6.12")
    found = parse_diff(diff, "difference").files
    # Without the ids of the blobs nothing but the hunks says where they belong.
    return repo, tuple(replace(x, old_blob="", new_blob="") for x in found)


def drifted(change: FileChange, dice: random.Random) -> FileChange:
    """A tenth of the context lines read otherwise."""

    def hunk_lines(lines: tuple[object, ...]) -> Iterator[object]:
        for line in lines:
            if line.kind is LineKind.CONTEXT and dice.random() < 0.1:  # type: ignore[attr-defined]
                yield replace(line, text=b"drifted %d " % dice.randrange(10**6) + line.text)  # type: ignore
            else:
                yield line

    changed = tuple(replace(h, lines=tuple(hunk_lines(h.lines))) for h in change.hunks)  # type: ignore[arg-type]
    return replace(change, hunks=changed)


def reports(repo: Repo, changes: tuple[FileChange, ...]) -> Iterator[tuple[str, Report]]:
    """Each difference as a patch of its own, on both kernels."""
    with open_all(repo, "v6.1", "v6.12") as targets:
        for change in changes:
            patch = Patch(change.path, Person("A U Thor"), "", "", (change,))
            yield change.path, check(Series((patch,)), targets)


def shown(path: str, hunk: HunkReport) -> str:
    return f"{path} hunk {hunk.number}: {hunk.placement} ({hunk.reason}), {hunk.line} -> {hunk.target_line}"


def wrong(path: str, report: Report) -> list[str]:
    """What is not as it must be: clean on the older kernel, at its own line, and applied on the newer."""
    found = [
        shown(path, h)
        for h in hunks(report, 0)
        if h.placement is None or not h.placement.lands or h.target_line != h.line
    ]
    found += [shown(path, h) for h in hunks(report, 1) if h.placement != "applied"]
    verdicts = (report.targets[0].verdict, report.targets[1].verdict)
    if verdicts != (Verdict.CLEAN, Verdict.APPLIED):
        found.append(f"{path}: {verdicts[0]}, {verdicts[1]}")
    return found


def test_the_differences_land_on_the_older_and_are_there_in_the_newer(
    kernels: tuple[Repo, tuple[FileChange, ...]],
) -> None:
    repo, changes = kernels
    assert len(changes) == FILES and sum(len(c.hunks) for c in changes) > 200
    found = list(reports(repo, changes))
    assert [w for path, report in found for w in wrong(path, report)] == []
    exact = [shown(path, h) for path, r in found for h in hunks(r, 0) if h.placement != "exact"]
    assert exact == []


def test_so_do_they_with_a_tenth_of_the_context_changed(
    kernels: tuple[Repo, tuple[FileChange, ...]],
) -> None:
    repo, changes = kernels
    dice = random.Random(1)
    found = list(reports(repo, tuple(drifted(c, dice) for c in changes)))
    assert [w for path, report in found for w in wrong(path, report)] == []
    placements = {str(h.placement) for _, r in found for h in hunks(r, 0)}
    assert "fuzz" in placements and not placements & {"applied", "evolved"}
