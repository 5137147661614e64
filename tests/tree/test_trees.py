"""What is particular to one kind of tree."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from backport.git import Repository
from backport.model import TextRef
from backport.tree import (
    Absent,
    DictTree,
    File,
    Folder,
    FolderTree,
    GitTree,
    OverlayTree,
    Submodule,
    TreeTexts,
    Unavailable,
)
from tests.support.repo import Repo


def test_large_files(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit({"large": b"x" * 1001, "fits": b"x" * 1000})
    with Repository.open(str(repo.path)) as repository:
        for tree in (
            GitTree(repository, repo.tree(), "t", max_bytes=1000),
            FolderTree(repo.path, "t", max_bytes=1000),
        ):
            large = tree.read("large")
            assert isinstance(large, Unavailable) and "1000" in large.why
            assert isinstance(tree.read("fits"), File)


def test_submodule(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit({"f": "x\n"})
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{repo.head()},sub/module")
    repo.git("commit", "-q", "-m", "sub")
    with Repository.open(str(repo.path)) as repository:
        tree = GitTree(repository, repo.tree(), "t")
        assert tree.read("sub/module") == Submodule(repo.git("rev-parse", "HEAD~1").decode().strip())
        assert tree.mode("sub/module") == "160000"
        assert tree.read("sub/module/x") == Absent()
        assert list(tree.paths()) == ["f", "sub/module"]


def test_objects_that_are_not_here(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit({"f": "x\n", "d/g": "y\n"})
    for name in ("HEAD:f", "HEAD:d"):
        id = repo.git("rev-parse", name).decode().strip()
        (repo.path / ".git" / "objects" / id[:2] / id[2:]).unlink()
    with Repository.open(str(repo.path)) as repository:
        tree = GitTree(repository, repo.tree(), "t")
        for path in ("f", "d/g"):
            found = tree.read(path)
            assert isinstance(found, Unavailable) and "not here" in found.why
        assert tree.read("d") == Folder() and tree.read("e") == Absent()


def test_special_and_closed_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "closed").write_bytes(b"x")
    (tmp_path / "closed").chmod(0)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("x")
    tree = FolderTree(tmp_path, "t")
    assert isinstance(tree.read("pipe"), Unavailable)
    if os.geteuid():
        assert isinstance(tree.read("closed"), Unavailable)
    assert tree.read(".git/config") == Absent() and list(tree.paths()) == ["closed", "pipe"]
    assert list(tree.search([b"anything"])) == []


def test_overlay_is_immutable() -> None:
    below = DictTree({"f": b"1"})
    changes: dict[str, File | None] = {"g": File(b"2")}
    one = OverlayTree(below, changes)
    two = one.with_changes({"f": None})
    changes["h"] = File(b"3")
    assert list(one.paths()) == ["f", "g"] and list(two.paths()) == ["g"]
    assert list(below.paths()) == ["f"]


def test_overlay_keeps_the_id_of_an_untouched_tree(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit({"f": "x\n"})
    with Repository.open(str(repo.path)) as repository:
        tree = GitTree(repository, repo.tree(), "t")
        assert OverlayTree(tree, {}).id == repo.tree()
        assert OverlayTree(tree, {"f": None}).id == ""


def test_texts(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit({"f": "one\ntwo\nthree"})
    blob = repo.git("rev-parse", "HEAD:f").decode().strip()
    repo.commit({"f": "other\n"})
    with Repository.open(str(repo.path)) as repository:
        now = GitTree(repository, repo.tree(), "target")
        texts = TreeTexts({"target": now, "dict": DictTree({"f": b"a\nb\n"})})
        assert texts.read(TextRef("target", "", "f", 1, 1)) == b"other\n"
        assert texts.read(TextRef("target", blob, "f", 2, 3)) == b"two\nthree"
        assert texts.read(TextRef("target", blob, "f", 0, 0)) == b"one\ntwo\nthree"
        assert texts.read(TextRef("dict", "", "f", 1, 2)) == b"a\nb\n"
        for gone in (
            TextRef("nowhere", "", "f", 1, 1),
            TextRef("target", "", "g", 1, 1),
            TextRef("target", "0" * 40, "f", 1, 1),
            TextRef("dict", blob, "f", 1, 1),
            TextRef("dict", "", "f", 2, 3),
            TextRef("dict", "", "f", 2, 1),
        ):
            assert texts.read(gone) is None


@pytest.mark.parametrize("text", [b"", b"\n", b"x"])
def test_texts_of_short_files(text: bytes) -> None:
    texts = TreeTexts({"t": DictTree({"f": text})})
    assert texts.read(TextRef("t", "", "f", 1, 1)) == (text if text else None)
