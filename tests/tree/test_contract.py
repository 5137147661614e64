"""What every tree does, whatever it is made of."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from backport.git import Repository, Scratch
from backport.tree import (
    Absent,
    DictTree,
    File,
    Folder,
    FolderTree,
    GitTree,
    Match,
    OverlayTree,
    Symlink,
    Tree,
)
from tests.support.repo import Repo

FILES: dict[str, bytes] = {
    "Makefile": b"all:\n",
    "a-b": b"next to a folder\n",
    "a.c": b"int foo;\n",
    "a/deep/er/f.c": b"foo(1);\nint bar;\nfoo_bar = foo;",
    "a/x.c": b"no match\nfoobar\n\nlast foo\r\n",
    "a0": b"",
    "b/binary": b"foo\0foo\n",
    "odd/new\nline": b"foo\n",
    "odd/\udcff": b"bytes\n",
    "odd/sp ace": b"x\n",
}
LINK = ("a/link", "deep")
FOLDER_LINK = ("dirlink", "a")
Make = Callable[[Path, ExitStack], Tree]


def write(top: Path) -> Path:
    for path, data in FILES.items():
        place = top / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    (top / "a/x.c").chmod(0o755)
    for path, target in (LINK, FOLDER_LINK):
        (top / path).symlink_to(target)
    return top


def git_tree(path: Path, stack: ExitStack) -> Tree:
    repo = Repo(path / "r")
    write(repo.path)
    repo.commit({})
    repository = stack.enter_context(Repository.open(str(repo.path)))
    return GitTree(repository, repo.tree(), "t")


def scratch_tree(path: Path, stack: ExitStack) -> Tree:
    scratch = stack.enter_context(Scratch())
    changes = {x: (e.mode, scratch.write_blob(e.data)) for x, e in entries().items() if isinstance(e, File)}
    links = {x: ("120000", scratch.write_blob(t.encode())) for x, t in (LINK, FOLDER_LINK)}
    return GitTree(scratch, scratch.write_tree(None, {**changes, **links}), "t")


def folder_tree(path: Path, stack: ExitStack) -> Tree:
    return FolderTree(write(path / "f"), "t")


def worktree_tree(path: Path, stack: ExitStack) -> Tree:
    repo = Repo(path / "r")
    write(repo.path)
    return FolderTree(str(repo.path), "t")


def entries() -> dict[str, bytes | File | Symlink]:
    made: dict[str, bytes | File | Symlink] = {x: File(d) for x, d in FILES.items()}
    made["a/x.c"] = File(FILES["a/x.c"], "100755")
    return made | {path: Symlink(target.encode()) for path, target in (LINK, FOLDER_LINK)}


def dict_tree(path: Path, stack: ExitStack) -> Tree:
    return DictTree(entries(), "t")


def overlay_tree(path: Path, stack: ExitStack) -> Tree:
    """Made of another tree: some files are added, some changed, some and a whole folder taken away."""
    lower = entries()
    lower["gone"] = b"foo\n"
    lower["gone too/deep/f"] = b"foo\n"
    lower["a.c"] = b"int other_foo, foo;\n"
    new = lower.pop("a/deep/er/f.c"), lower.pop("a0")
    assert all(isinstance(x, File) for x in new)
    changes: dict[str, File | None] = {"a.c": File(FILES["a.c"]), "gone": None, "gone too/deep/f": None}
    overlay = OverlayTree(DictTree(lower, "t"), changes)
    return overlay.with_changes({"a/deep/er/f.c": new[0], "a0": new[1], "never": None})  # type: ignore[dict-item]


def overlay_on_git(path: Path, stack: ExitStack) -> Tree:
    return OverlayTree(git_tree(path, stack), {"a/x.c": File(FILES["a/x.c"], "100755")})


def empty_overlay(path: Path, stack: ExitStack) -> Tree:
    return OverlayTree(folder_tree(path, stack), {})


MAKERS: dict[str, Make] = {
    "git": git_tree,
    "scratch": scratch_tree,
    "folder": folder_tree,
    "worktree": worktree_tree,
    "dict": dict_tree,
    "overlay": overlay_tree,
    "overlay on git": overlay_on_git,
    "empty overlay": empty_overlay,
}


@pytest.fixture(params=MAKERS)
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tree]:
    with ExitStack() as stack:
        yield MAKERS[request.param](tmp_path, stack)


def test_files(tree: Tree) -> None:
    for path, data in FILES.items():
        found = tree.read(path)
        assert isinstance(found, File) and found.data == data, path
        assert found.mode == tree.mode(path) == ("100755" if path == "a/x.c" else "100644")


def test_links_are_values(tree: Tree) -> None:
    for path, target in (LINK, FOLDER_LINK):
        assert tree.read(path) == Symlink(target.encode())
        assert tree.mode(path) == "120000"
    for path in ("a/link/er/f.c", "dirlink/x.c", "dirlink/deep"):
        assert tree.read(path) == Absent() and tree.mode(path) == ""


def test_folders(tree: Tree) -> None:
    for path in ("a", "a/deep", "a/deep/er", "odd", ""):
        assert tree.read(path) == Folder(), path
        assert tree.mode(path) == "040000"


ABSENT = [
    "no",
    "a/no",
    "a.c/x",
    "a/x.c/y",
    "/a.c",
    "../a.c",
    "a/../a.c",
    "a//x.c",
    "./a.c",
    "a/",
    "a.c\n",
    "a\0b",
]


@pytest.mark.parametrize("path", [*ABSENT, "gone", "gone too", "gone too/deep", "never", "x" * 300, "\ud800"])
def test_what_is_not_there(tree: Tree, path: str) -> None:
    assert tree.read(path) == Absent()
    assert tree.mode(path) == ""


def test_lists(tree: Tree) -> None:
    everything = sorted([*FILES, LINK[0], FOLDER_LINK[0]], key=os.fsencode)
    assert list(tree.paths()) == everything
    assert list(tree.paths("a")) == list(tree.paths("a/")) == [x for x in everything if x.startswith("a/")]
    assert list(tree.paths("a.c")) == ["a.c"]
    assert list(tree.paths("no")) == [] == list(tree.paths("gone too"))


def test_searches(tree: Tree) -> None:
    whole = [
        Match("a.c", 1, b"int foo;"),
        Match("a/deep/er/f.c", 1, b"foo(1);"),
        Match("a/deep/er/f.c", 3, b"foo_bar = foo;"),
        Match("a/x.c", 4, b"last foo\r"),
        Match("odd/new\nline", 1, b"foo"),
    ]
    assert list(tree.search([b"foo"])) == whole
    assert list(tree.search([b"foo", b"foo"], ["a", "a/deep", "no"])) == whole[1:4]
    assert list(tree.search([b"oob"], whole_words=False)) == [Match("a/x.c", 2, b"foobar")]
    assert list(tree.search([b"bar", b"1"], ["a/deep/"])) == [
        Match("a/deep/er/f.c", 1, b"foo(1);"),
        Match("a/deep/er/f.c", 2, b"int bar;"),
    ]
    assert list(tree.search([b"foo"], ["a.c"])) == whole[:1]
    for words in ([], [b""], [b"--help"], [b"fo.*"], [b"a\nb"]):
        assert list(tree.search(words)) == []


def test_its_name(tree: Tree) -> None:
    assert tree.name == "t"
    assert tree.id == "" or len(tree.id) == 40


words = st.text("ab_ .", min_size=1, max_size=3).map(str.encode)
texts = st.text("ab_ .\n", max_size=20).map(str.encode)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.dictionaries(st.sampled_from(["f", "d/g", "d/e/h", "z"]), texts, min_size=1),
    st.lists(words),
    st.booleans(),
)
def test_search_is_git_grep(files: dict[str, bytes], wanted: list[bytes], whole_words: bool) -> None:
    with Scratch() as scratch:
        changes = {path: ("100644", scratch.write_blob(data)) for path, data in files.items()}
        tree = GitTree(scratch, scratch.write_tree(None, changes), "t")
        by_git = list(tree.search(wanted, whole_words=whole_words))
    assert by_git == list(DictTree(files).search(wanted, whole_words=whole_words))


paths = st.sampled_from(["a", "a/b", "a/b/c", "d/e", "d/f", "g"])
layers = st.lists(st.dictionaries(paths, st.none() | texts, max_size=3), max_size=3)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from([{}, {"a": b"1"}, {"a/b": b"1", "d/e": b"2"}, {"a/b/c": b"1", "g": b"2"}]), layers)
def test_overlay_is_the_scratch_tree(below: dict[str, bytes], over: list[dict[str, bytes | None]]) -> None:
    """Layer by layer, an overlay holds the files that git's tree with the same changes holds, as long as no
    change turns a folder with something in it into a file."""
    overlay = OverlayTree(DictTree(below), {})
    with Scratch() as scratch:
        tree = scratch.write_tree(
            None, {path: ("100644", scratch.write_blob(data)) for path, data in below.items()}
        )
        for layer in over:
            clash = any(
                one != two and two.startswith(one + "/")
                for one in [*layer, *overlay.paths()]
                for two in [*layer, *overlay.paths()]
            )
            if clash:
                continue
            changes = {path: None if data is None else File(data) for path, data in layer.items()}
            overlay = overlay.with_changes(changes)
            written = {
                path: None if data is None else ("100644", scratch.write_blob(data))
                for path, data in layer.items()
            }
            tree = scratch.write_tree(tree, written)
        assert list(overlay.paths()) == [x[0] for x in scratch.ls(tree)]
        same = GitTree(scratch, tree, "t")
        for path in ["a", "a/b", "a/b/c", "d", "d/e", "d/f", "g"]:
            assert overlay.mode(path) == same.mode(path), path
