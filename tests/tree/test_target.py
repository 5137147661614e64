"""Targets."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from backport.errors import TargetError
from backport.tree import DictTree, File, FolderTree, GitTree, kernel_version, open_target
from tests.support.repo import Repo, snapshot

MAKEFILE = "# SPDX\nVERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 192\nEXTRAVERSION =\nNAME = x\nall:\n"


@dataclass(frozen=True)
class Limits:
    max_file_bytes: int = 1 << 20


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    made = Repo(tmp_path / "linux@home")
    made.commit({"Makefile": MAKEFILE, "d/f": "x\n"})
    made.git("tag", "v6.1.192")
    made.git("branch", "user@host/topic")
    monkeypatch.chdir(tmp_path)
    return made


def test_revision(repo: Repo) -> None:
    repo.commit({"d/f": "later\n"})
    target = open_target(f"{repo.path}@v6.1.192", Limits())
    assert target.name == "linux@home@v6.1.192" and target.version == "6.1.192" and not target.dirty
    assert target.revision == repo.git("rev-parse", "v6.1.192").decode().strip()
    found = target.tree.read("d/f")
    assert isinstance(target.tree, GitTree) and isinstance(found, File) and found.data == b"x\n"
    assert target.repository


def test_the_last_at_after_a_repository_splits(repo: Repo) -> None:
    for spec in ("linux@home@user@host/topic", "linux@home/@user@host/topic"):
        target = open_target(spec, Limits())
        assert target.revision == repo.head()
    assert open_target("linux@home@user@host/topic", Limits()).name == "linux@home@user@host/topic"
    assert open_target("linux@home@@", Limits()).revision == repo.head()


def test_worktree(repo: Repo) -> None:
    before = snapshot(repo.path)
    clean = open_target("linux@home", Limits())
    assert (clean.name, clean.dirty, clean.revision) == ("linux@home", False, repo.head())
    assert clean.tree.id == repo.tree()
    assert snapshot(repo.path) == before
    repo.write({"untracked": "x\n"})
    assert not open_target("linux@home", Limits()).dirty
    repo.write({"d/f": "changed\n"})
    before = snapshot(repo.path)
    dirty = open_target(str(repo.path), Limits())
    assert (dirty.name, dirty.dirty, dirty.revision) == ("linux@home", True, repo.head())
    found = dirty.tree.read("d/f")
    assert isinstance(dirty.tree, FolderTree) and isinstance(found, File) and found.data == b"changed\n"
    assert snapshot(repo.path) == before


def test_ways_to_be_dirty_or_not(repo: Repo) -> None:
    os.utime(repo.path / "d/f", (1, 1))
    assert not open_target("linux@home", Limits()).dirty, "only its time differs"
    (repo.path / "d/f").unlink()
    assert open_target("linux@home", Limits()).dirty
    repo.git("checkout", "-q", "d/f")
    repo.write({"new": "x\n"})
    repo.git("add", "new")
    assert open_target("linux@home", Limits()).dirty
    repo.git("commit", "-qm", "new")
    repo.git("update-index", "--split-index")
    repo.commit({"d/f": "more\n"})
    assert not open_target("linux@home", Limits()).dirty


def test_worktree_before_its_first_commit(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "new")
    repo.write({"f": "x\n"})
    target = open_target(str(repo.path), Limits())
    assert target.dirty and target.revision == "" and list(target.tree.paths()) == ["f"]


def test_plain_folder(repo: Repo) -> None:
    target = open_target("linux@home/d", Limits())
    assert (target.name, target.revision, target.dirty, target.repository) == (
        "linux@home/d",
        "",
        False,
        None,
    )
    assert list(target.tree.paths()) == ["f"]
    assert open_target(str(repo.path / "d"), Limits()).name == "d"
    assert open_target("./linux@home/../linux@home/d", Limits()).name == "d"


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("", "empty"),
        ("nowhere", "does not exist"),
        ("nowhere@v1", "does not exist"),
        ("linux@home@nope", "unknown revision"),
        ("linux@home@--help", "unknown revision"),
        ("linux@home@", "unknown revision"),
        ("linux@home/d@v1", "not a git repository"),
        ("linux@home/Makefile", "is a file"),
        ("bare", "bare"),
        ("\0", "does not exist"),
        ("x" * 5000, "does not exist"),
    ],
)
def test_errors_are_one_line(repo: Repo, spec: str, says: str) -> None:
    repo.git("clone", "-q", "--bare", ".", "../bare")
    with pytest.raises(TargetError) as caught:
        open_target(spec, Limits())
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_bare_repository(repo: Repo) -> None:
    repo.git("clone", "-q", "--bare", ".", "../bare.git")
    target = open_target("bare.git@main", Limits())
    assert target.name == "bare.git@main" and target.revision == repo.head()


@pytest.mark.parametrize(
    ("makefile", "version"),
    [
        (MAKEFILE, "6.1.192"),
        ("VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 0\nEXTRAVERSION = -rc3\n", "6.12.0-rc3"),
        ("VERSION=2\nPATCHLEVEL=4\nSUBLEVEL=37\nEXTRAVERSION=.1 # note\n", "2.4.37.1"),
        ("VERSION = 6\n", ""),
        ("VERSION = $(shell date)\nPATCHLEVEL = 1\n", ""),
        ("all:\n", ""),
    ],
)
def test_kernel_version(makefile: str, version: str) -> None:
    assert kernel_version(DictTree({"Makefile": makefile.encode()})) == version


def test_no_makefile() -> None:
    assert kernel_version(DictTree({})) == ""
    assert kernel_version(DictTree({"Makefile/f": b"x"})) == ""
