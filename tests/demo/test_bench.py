"""What the speed benchmark measures on is what it says: commits of a known size that land."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import many
from bench.history import FOLDERS, NEW, OLD, PATCHES, History, git, prepare
from bench.speed import Row, cherry_picks, timed
from tests.support.repo import Repo

FILES = 2 * PATCHES + 5


def release(changed: bool) -> dict[str, bytes | str | None]:
    """Files of 80 lines that differ in three places, the last two too close to one another."""
    files: dict[str, bytes | str | None] = {}
    for number in range(FILES + 20):
        lines = [f"line {x} of {number}" for x in range(80)]
        if changed:
            lines[70:71] = ["seventy", "and more"]
            lines[66] = "too close"
            lines[45:46] = []
            lines[20] = "twenty"
            lines[0:0] = ["a new first line", "and a second"]
        files[f"{FOLDERS[number % 3]}/file{number}.c"] = "\n".join(lines) + "\n"
    return files


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    folder = tmp_path_factory.mktemp("bench")
    repo = Repo(folder / "repo")
    for tag, changed in ((OLD, False), (NEW, True)):
        repo.commit(release(changed), tag)
        repo.git("tag", tag)
    (folder / "cache").mkdir()
    return prepare(repo.path, folder / "cache")


def test_commit_has_ten_hunks_in_five_files(history: History) -> None:
    diff = git(history.full, "show", "--format=", history.one)
    assert diff.count(b"\n@@ ") == 10 and diff.count(b"diff --git ") == 5
    listed = git(history.full, "rev-list", "--reverse", history.series).decode().split()
    assert tuple(listed) == history.patches and len(listed) == PATCHES


def test_last_commit_is_the_newer_release(history: History) -> None:
    """What was taken out is all put in again."""
    trees = git(history.full, "rev-parse", f"{history.one}^{{tree}}", f"{NEW}^{{tree}}").split()
    assert trees[0] == trees[1]


def test_commits_land_on_the_older_release(history: History) -> None:
    run = cherry_picks(history, [*history.patches, history.one])
    assert run.code == 0 and run.seconds > 0
    assert git(history.full, "status", "--porcelain") == b""
    assert git(history.full, "rev-parse", "HEAD") == git(history.full, "rev-parse", f"{OLD}^{{commit}}")


def test_small_repository_has_the_same_change(history: History) -> None:
    ours = git(history.small, "show", "--format=", "one")
    assert ours == git(history.full, "show", "--format=", history.one)
    assert len(git(history.small, "ls-tree", "-r", "--name-only", "target").splitlines()) <= 100


def test_many_patches_in_one_process(history: History, capsys: pytest.CaptureFixture[str]) -> None:
    assert many.main([str(history.full), history.target, *history.patches[:3]]) == 0
    taken = json.loads(capsys.readouterr().out)
    assert len(taken) == 3 and min(taken) > 0


def test_a_process_is_measured(tmp_path: Path) -> None:
    run = timed(["sh", "-c", "exit 3"], tmp_path)
    assert run.code == 3 and run.seconds > 0 and 0 < run.memory < 1000


def test_table_says_what_was_missed() -> None:
    assert str(Row("x", "", 1.5, 1.5, "x")).endswith("reached")
    assert str(Row("x", "", 1.51, 1.5, "x")).endswith("MISSED")
