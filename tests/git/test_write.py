"""Repositories made by names."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from backport.errors import RepositoryError, UsageError
from backport.git import Repository
from backport.git.write import ExampleCommit, build_repository
from backport.model import Person
from tests.support.repo import Repo

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


def test_what_a_commit_may_say(tmp_path: Path) -> None:
    last = ExampleCommit(
        "old",
        "",
        "é {{third:7}}\n\nAfter {{base}}; {no} {{ id }}\n",
        "Zoë <z@e>",
        "2020-01-04T10:00:00-03:30",
        {"c/d": "é\n"},
        committer=Person("C", "c@d"),
        tag="v1",
    )
    ids = build_repository(tmp_path / "r", [*COMMITS, last])
    repo = Repo(tmp_path / "r")
    assert repo.git("show", "-s", "--format=%an <%ae> %ad|%cn <%ce> %cd|%B", "--date=raw", "v1").decode() == (
        "Zoë <z@e> 1578144600 -0330|C <c@d> 1578144600 -0330|"
        f"é {ids['third'][:7]}\n\nAfter {ids['base']}; {{no}} {{{{ id }}}}\n\n"
    )
    assert repo.git("rev-parse", "v1", "old").decode().split() == [ids["old"]] * 2
    assert repo.git("cat-file", "-t", "v1") == b"commit\n"
    repo.git("fsck", "--strict", "--no-dangling")


def test_habits_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration, no hook; and the environment and the files are as they were."""
    ids = build_repository(tmp_path / "one", COMMITS)
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-index-change", "reference-transaction", "post-checkout"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (hooks / name).chmod(0o755)
    text = f"[core]\n\thooksPath = {hooks}\n[i18n]\n\tcommitEncoding = latin1\n"
    (tmp_path / ".gitconfig").write_text(text)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(tmp_path / "objects"))
    before = dict(os.environ)
    assert build_repository(tmp_path / "two", COMMITS) == ids
    assert dict(os.environ) == before
    assert not (tmp_path / "ran").exists() and not (tmp_path / "objects").exists()
    assert not (tmp_path / "two" / ".git" / "logs").exists()


@pytest.mark.parametrize("name", ["$HOME", "${HOME} x", "~", "%HOME%"])
def test_a_name_is_not_expanded_and_the_current_folder_is_left_alone(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = Repo(tmp_path / "mine")
    repo.commit({"kept": "old\n"}, "mine")
    (repo.path / "kept").write_text("not committed\n")
    monkeypatch.chdir(repo.path)
    build_repository(tmp_path / name, COMMITS)
    build_repository(name, COMMITS)
    assert (repo.path / "kept").read_text() == "not committed\n"
    assert repo.git("ls-files") == b"kept\n"
    for folder in (tmp_path / name, repo.path / name):
        assert (folder / "a" / "b").read_text() == "y\n"
        assert Repo(folder).git("status", "--porcelain") == b""


def test_repository_is_closed(tmp_path: Path) -> None:
    build_repository(tmp_path / "r", COMMITS)
    opened = [os.path.realpath(x) for x in Path("/proc/self/fd").glob("*")]
    assert not [x for x in opened if x.startswith(str(tmp_path / "r"))]


def test_errors(tmp_path: Path) -> None:
    orphan = ExampleCommit("main", "nobody", "x\n", "A <a@b>", "2020-01-01T00:00:00+00:00")
    with pytest.raises(RepositoryError, match="no earlier commit nobody"):
        build_repository(tmp_path / "r", [orphan])
    with pytest.raises(RepositoryError, match="no earlier commit later"):
        build_repository(tmp_path / "s", [replace(orphan, parent="", message="{{later}}\n")])
    with pytest.raises(RepositoryError, match="invalid initial branch name"):
        build_repository(tmp_path / "t", [replace(orphan, branch="a..b")])
    (tmp_path / "file").write_text("")
    for used in (tmp_path, tmp_path / "file"):
        with pytest.raises(UsageError, match="not an empty folder"):
            build_repository(used, COMMITS)
    with pytest.raises(RepositoryError, match="Not a directory"):
        build_repository(tmp_path / "file" / "r", COMMITS)
