"""`backport learn`: what it prints and writes, and what it complains of."""

from __future__ import annotations

from pathlib import Path

import pytest

from backport.adapt.rewrites_file import load
from tests.adapt.test_learning import NEW, OLD, RULE, History
from tests.cli.support import run


@pytest.fixture
def history(tmp_path: Path) -> History:
    history = History(tmp_path / "repo")
    for _ in range(5):
        history.change(NEW, OLD)
    history.change(NEW, None)
    return history


def test_the_rewrites_are_shown_with_counts_and_evidence(history: History) -> None:
    result = run("learn", str(history.repo.path), "stable")
    assert result.code == 0 and result.err == ""
    assert "stable: 1 rewrite of 6 backports" in result.out
    line = next(x for x in result.out.splitlines() if RULE in x)
    assert line.split()[:3] == ["5", "1", "name"]
    newest = history.repo.git("rev-parse", "stable~1").decode()[:12]
    assert f"{newest} " in result.out and "and 2 more" in result.out


def test_the_file_is_json_and_is_read_back(history: History, tmp_path: Path) -> None:
    file = tmp_path / "rewrites.json"
    result = run("learn", str(history.repo.path), "stable", "-o", str(file))
    assert result.code == 0 and result.out == ""
    (one,) = load(file.read_bytes())
    assert one.shown() == RULE and (one.support, one.against, len(one.commits)) == (5, 1, 5)
    printed = run("learn", str(history.repo.path), "stable", "--format", "json")
    assert printed.out.encode() == file.read_bytes()
    text = tmp_path / "rewrites.txt"
    assert run("learn", str(history.repo.path), "stable", "-o", str(text), "--format", "text").code == 0
    assert RULE in text.read_text()


def test_before_and_most_and_upstream(history: History) -> None:
    path = str(history.repo.path)
    result = run("learn", path, "stable", "--before", "stable~4", "--most", "9", "--upstream", f"{path}@main")
    assert result.code == 0
    assert "0 rewrites of 1 backport\n" in result.out
    assert "made" not in result.out
    result = run("learn", path, "stable", "--before", "stable~3")
    assert "1 rewrite of 2 backports" in result.out


def test_the_cache_is_the_users(history: History, tmp_path: Path) -> None:
    environ = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    before = history.repo.snapshot()
    first = run("learn", str(history.repo.path), "stable", environ=environ)
    assert [x.name for x in (tmp_path / "cache" / "backport").iterdir()] == ["learned-1.sqlite"]
    assert run("learn", str(history.repo.path), "stable", environ=environ) == first
    assert run("learn", str(history.repo.path), "stable") == first
    assert history.repo.snapshot() == before


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["nowhere"], "unknown revision nowhere"),
        (["--all"], "BRANCH"),
        (["stable", "--before", "main"], "not in the branch"),
        (["stable", "--before", "nowhere"], "unknown revision nowhere"),
        (["stable", "--most", "0"], "--most 0"),
        (["stable", "--upstream", "nowhere"], "does not exist"),
        (["stable", "-o", "no/such/folder/file"], "no folder"),
    ],
)
def test_what_it_complains_of(history: History, more: list[str], says: str) -> None:
    result = run("learn", str(history.repo.path), *more)
    assert result.code == 2 and says in result.err and result.err.count("\n") == 1
    assert result.out == ""


def test_a_folder_that_is_no_repository(tmp_path: Path) -> None:
    result = run("learn", str(tmp_path), "main")
    assert result.code == 2 and "not a git repository" in result.err


def test_a_branch_without_backports(tmp_path: Path) -> None:
    history = History(tmp_path / "repo")
    result = run("learn", str(history.repo.path), "main")
    assert result.code == 0 and "main: 0 rewrites of 0 backports" in result.out
