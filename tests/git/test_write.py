"""Repositories made by names."""

from __future__ import annotations

from pathlib import Path

import pytest

from backport.errors import RepositoryError
from backport.git import Repository
from backport.git.write import ExampleCommit, build_repository
from backport.model import Person

COMMITS = [
    ExampleCommit(
        "main", "", "base\n\nbody\n", "A B <a@b>", "2020-01-01T10:00:00+02:00", {"a/b": "x\n", "c": b"\xff"}
    ),
    ExampleCommit("old", "base", "old\n", Person("C", "c@d"), "2020-01-02T10:00:00+00:00", {"c": None}),
    ExampleCommit("main", "", "new\n", "A B <a@b>", "2020-01-03T10:00:00+00:00", {"a/b": "y\n"}, "third"),
]


def test_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    ids = build_repository(tmp_path / "one", COMMITS)
    assert ids == build_repository(str(tmp_path / "two"), COMMITS)
    assert ids["main"] == ids["third"] == ids["new"] and ids["old"] != ids["base"]
    with Repository.open(str(tmp_path / "one")) as repository:
        assert repository.range(f"{ids['base']}..main") == (ids["main"],)
        old, base = repository.commit(ids["old"]), repository.commit(ids["base"])
        assert old and base and old.parents == (base.id,) and base.parents == ()
        assert (base.author, base.author_date) == (Person("A B", "a@b"), "2020-01-01T10:00:00+02:00")
        assert (base.subject, base.body) == ("base", "body\n") and old.committer == Person("C", "c@d")
        assert [x[0] for x in repository.ls(old.tree)] == ["a/b"]
        assert not repository.is_dirty()
    assert (tmp_path / "one" / "a" / "b").read_text() == "y\n"
    assert not (tmp_path / "elsewhere").exists()


def test_errors(tmp_path: Path) -> None:
    orphan = ExampleCommit("main", "nobody", "x\n", "A <a@b>", "2020-01-01T00:00:00+00:00")
    with pytest.raises(RepositoryError, match="unknown parent"):
        build_repository(tmp_path / "r", [orphan])
    with pytest.raises(RepositoryError, match="not empty"):
        build_repository(tmp_path, COMMITS)
