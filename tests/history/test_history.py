"""Histories: a repository's and a dict's answer the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backport.errors import TargetError
from backport.git import Repository
from backport.history import DictHistory, GitHistory, History, RecordedCommit
from tests.support.repo import Repo

COMMITS: list[tuple[str, dict[str, bytes | str | None], str]] = [
    ("root", {"a/f": "1\n", "b": "1\n", "a.c": "1\n"}, "root\n"),
    ("fix", {"a/f": "2\n"}, 'fix\n\nWords.\n\nFixes: 1234567890ab ("root")\nSigned-off-by: A <a@b>\n'),
    ("other", {"b": "2\n"}, 'other\n\nfixes: 1234567890AB ("root")\n\nChange-Id: Iabc\n'),
    ("near", {"a/deep/g": "1\n"}, "near\n\nThis has Fixes: 1234567890ab inside.\nFixes-not: 1234567890ab\n"),
    ("gone", {"a/f": None}, 'gone\n\nFixes: abcdef123456 ("x")\n'),
]


@pytest.fixture(params=["git", "dict"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[History, dict[str, str]]]:
    repo = Repo(tmp_path / "r")
    ids: dict[str, str] = {}
    for number, (name, files, message) in enumerate(COMMITS):
        repo.write(files)
        repo.git("add", "-A")
        date = f"@{1600000000 + number} +0000"
        repo.git("commit", "-q", "-F", "-", f"--date={date}", stdin=message.encode())
        ids[name] = repo.head()
        repo.git("tag", name)
    with Repository.open(str(repo.path)) as repository:
        if request.param == "git":
            yield GitHistory(repository), ids
            return
        recorded: list[RecordedCommit] = []
        for name, files, _ in COMMITS:
            info = repository.commit(ids[name])
            assert info
            recorded.append(RecordedCommit(info, tuple(files)))
        yield DictHistory(recorded, {**ids, "main": ids["gone"]}), ids


def test_commit(world: tuple[History, dict[str, str]]) -> None:
    history, ids = world
    found = history.commit(ids["fix"])
    assert found and found.subject == "fix" and found.parents == (ids["root"],)
    assert history.commit("0" * 40) is None


def test_touching(world: tuple[History, dict[str, str]]) -> None:
    history, ids = world

    def names(*arguments: object) -> list[str]:
        by_id = {id: name for name, id in ids.items()}
        return [by_id[x] for x in history.touching(*arguments)]  # type: ignore[arg-type]

    assert names(["a/f"], "main", 10) == ["gone", "fix", "root"]
    assert names(["a"], "main", 10) == ["gone", "near", "fix", "root"]
    assert names(["a"], "main", 2) == ["gone", "near"]
    assert names(["a/f", "b"], "root..near", 10) == ["other", "fix"]
    assert names([], "root..main", 10) == ["gone", "near", "other", "fix"]
    assert names(["nothing"], "main", 10) == []
    assert names(["a"], "main..main", 10) == []
    assert names(["a/f"], ids["fix"], 10) == ["fix", "root"]


def test_by_trailer(world: tuple[History, dict[str, str]]) -> None:
    history, ids = world
    assert history.by_trailer("Fixes", "1234567890ab", "main", 10) == (ids["other"], ids["fix"])
    assert history.by_trailer("Fixes", "1234567", "main", 1) == (ids["other"],)
    assert history.by_trailer("Fixes", "", "main", 10) == (ids["gone"], ids["other"], ids["fix"])
    assert history.by_trailer("Change-Id", "Iabc", "root..main", 10) == (ids["other"],)
    assert history.by_trailer("Fixes", "1234567890ab", "other..main", 10) == ()
    assert history.by_trailer("Fixes", "--help", "main", 10) == ()


@pytest.mark.parametrize("spec", ["nope", "nope..main", "main..nope", "--all", ""])
def test_unknown_revisions(world: tuple[History, dict[str, str]], spec: str) -> None:
    history, _ = world
    with pytest.raises(TargetError):
        history.touching(["a"], spec, 5)
    with pytest.raises(TargetError):
        history.by_trailer("Fixes", "x", spec, 5)


def test_merges_are_left_out(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit({"f": "1\n"})
    repo.branch("side")
    side = repo.commit({"f": "2\n"})
    repo.checkout("main")
    repo.commit({"g": "1\n"})
    repo.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    with Repository.open(str(repo.path)) as repository:
        history = GitHistory(repository)
        assert history.touching(["f"], "side~1..main", 10) == (side,)
        assert repo.head() not in history.touching([], "main", 10)
