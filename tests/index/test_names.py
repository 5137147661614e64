"""Names of a tree: the same answers with no cache, with a cold one and with a warm one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from backport.git import Repository
from backport.index import is_generated, tree_names
from backport.index.build import build, tree_key
from backport.index.store import Cache
from backport.settings import Settings
from backport.tree import DictTree, File, GitTree, OverlayTree, Tree, open_target
from tests.index.support import FILES, answers, places
from tests.support.repo import Repo

Opener = Callable[[dict[str, bytes]], Tree]


def dict_tree(tmp_path: Path, files: dict[str, bytes]) -> Tree:
    return DictTree(files)


def folder_tree(tmp_path: Path, files: dict[str, bytes]) -> Tree:
    top = tmp_path / "folder"
    for name, data in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(data)
    return open_target(str(top), Settings()).tree


def git_tree(tmp_path: Path, files: dict[str, bytes]) -> Tree:
    repo = Repo(tmp_path / "repo")
    repo.path.joinpath("x").write_text("")
    for name, data in files.items():
        (repo.path / name).parent.mkdir(parents=True, exist_ok=True)
        (repo.path / name).write_bytes(data)
    repo.commit({"x": None})
    return open_target(f"{repo.path}@main", Settings()).tree


TREES = {"dict": dict_tree, "folder": folder_tree, "git": git_tree}


@pytest.fixture(params=TREES)
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Tree:
    return TREES[request.param](tmp_path, FILES)


def test_names_are_found_where_they_are_defined(tree: Tree) -> None:
    names = tree_names(tree)
    assert places(names, "frob_page") == [("include/linux/mm.h", 10), ("mm/frob.c", 12)]
    assert places(names, "PageLocked") == [("include/linux/page-flags.h", 8)]
    assert places(names, "SetPageDirty") == []
    assert places(names, "get_beta") == [("mm/local.c", 3)]
    assert places(names, "outb") == [("arch/arm/include/asm/io.h", 1), ("arch/x86/include/asm/io.h", 1)]
    assert places(names, "split_member") == [("include/linux/mm.h", 6)]
    assert places(names, "trace_frob_more") == [("include/trace/events/frob.h", 5)]
    assert places(names, "dev_attr_speed") == [("mm/frob.c", 20)]
    assert places(names, "fast_copy") == [("lib/entry.S", 1)]
    for absent in ("local_variable", "used_as_parameter", "used_member", "hidden_member", "nothing_at_all"):
        assert places(names, absent) == []


def test_words_that_stand_anywhere_are_mentioned(tree: Tree) -> None:
    names = tree_names(tree)
    for word in ("word_in_a_script", "documented_only", "local_variable", "only_in_kconfig", "frob_page"):
        assert names.mentions(word)
    for word in ("nothing_at_all", "binary_word", "frob_pag", "documented"):
        assert not names.mentions(word)


def test_same_answers_cold_and_warm(tree: Tree, tmp_path: Path) -> None:
    without = answers(tree_names(tree))
    cache = str(tmp_path / "cache")
    assert answers(tree_names(tree, cache)) == without
    if isinstance(tree, DictTree):
        return
    store = Cache(cache)
    assert build(tree, store, lambda done, of: None).files == len(FILES)
    store.close()
    again = open_again(tree)
    assert answers(tree_names(again, cache)) == without
    assert [tree_names(again, cache).closure(x) for x in FILES] == [
        tree_names(tree).closure(x) for x in FILES
    ]
    assert [tree_names(again, cache).file(x) for x in FILES] == [tree_names(tree).file(x) for x in FILES]


def open_again(tree: Tree) -> Tree:
    """The same tree as another run opens it."""
    if isinstance(tree, GitTree):
        store = tree.store
        assert isinstance(store, Repository)
        return open_target(f"{store.work_tree}@main", Settings()).tree
    folder = getattr(tree, "folder", "")
    return open_target(folder, Settings()).tree


def test_names_within_some_files(tree: Tree, tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    paths = ("mm/frob.c", *tree_names(tree).closure("mm/frob.c"))
    asked = ("frob_page", "PageLocked", "internal_frob", "dev_attr_speed", "get_alpha", "no_such", "flags")

    def found() -> list[object]:
        names = tree_names(tree, cache)
        within = {x: [(y.path, y.definition.line) for y in names.within(paths, asked)[x]] for x in asked}
        return [within, sorted(names.pasted(paths)), names.holders(["frob_page", "no_such", "page"])]

    alone = tree_names(tree)
    expected = found()
    assert expected[0] == {
        "frob_page": [("include/linux/mm.h", 10), ("mm/frob.c", 12)],
        "PageLocked": [("include/linux/page-flags.h", 8)],
        "internal_frob": [("mm/internal.h", 2), ("mm/frob.c", 24)],
        "dev_attr_speed": [("mm/frob.c", 20)],
        "get_alpha": [],
        "no_such": [],
        "flags": [("include/linux/mm.h", 4)],
    }
    assert alone.holders(["frob_page"]) == {"frob_page": ("include/linux/mm.h", "mm/frob.c")}
    assert any(x.startswith("Page") for x in alone.pasted(paths))
    assert alone.pasted(["include/linux/mm.h"]) == frozenset()
    assert found() == expected
    if tree_key(tree):
        build(tree, Cache(cache), lambda done, of: None)
        assert found() == expected


def test_a_tree_beside_an_indexed_one_needs_no_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit({"a.h": "int a(void);\n", "a.c": '#include "a.h"\nint a(void)\n{\n\treturn 1;\n}\n'})
    cache = str(tmp_path / "cache")
    build(open_target(f"{repo.path}@main", Settings()).tree, Cache(cache), lambda done, of: None)
    repo.commit({"b.c": "int b(void)\n{\n\treturn 2;\n}\n"})
    tree = open_target(f"{repo.path}@main", Settings()).tree

    def search(*words: object, **more: object) -> None:
        raise AssertionError("searched")

    monkeypatch.setattr(GitTree, "search", search)
    names = tree_names(tree, cache)
    assert places(names, "a") == [("a.h", 1), ("a.c", 2)] and places(names, "b") == [("b.c", 1)]
    assert not names.mentions("c") and names.closure("a.c") == ("a.h",)


def test_include_closure_of_a_kernel(tree: Tree) -> None:
    assert tree_names(tree).closure("mm/frob.c") == (
        "mm/internal.h",
        "include/linux/mm.h",
        "include/linux/page-flags.h",
        "include/linux/kernel.h",
        "include/asm-generic/page.h",
        "include/uapi/linux/mman.h",
        "arch/x86/include/asm/io.h",
    )


def test_header_of_the_own_architecture_comes_first() -> None:
    files = {**FILES, "arch/arm/mach.c": b"#include <asm/io.h>\n"}
    assert tree_names(DictTree(files)).closure("arch/arm/mach.c") == ("arch/arm/include/asm/io.h",)


def test_includes_of_other_trees_are_found_by_their_end() -> None:
    files = {
        "lib/net/net.c": b'#include <net_core.h>\n#include <sys/queue.h>\n#include "priv/net.h"\n',
        "lib/core/include/net_core.h": b'#include <net_core.h>\n#include "near.h"\n',
        "lib/core/include/near.h": b"",
        "examples/near.h": b"",
        "lib/net/priv/net.h": b"",
        "drivers/net_core.h": b"",
    }
    names = tree_names(DictTree(files))
    assert names.closure("lib/net/net.c") == (
        "lib/core/include/net_core.h",
        "lib/core/include/near.h",
        "lib/net/priv/net.h",
    )


def test_circles_of_includes_end() -> None:
    files = {
        "a.h": b'#include "b.h"\n',
        "b.h": b'#include "a.h"\n#include "b.h"\n',
        "c.c": b'#include "a.h"\n',
    }
    assert tree_names(DictTree(files)).closure("c.c") == ("a.h", "b.h")
    assert tree_names(DictTree(files)).closure("no.c") == ()


def test_files_that_are_none() -> None:
    names = tree_names(DictTree(FILES))
    assert names.file("mm") is None
    assert names.file("no/such.c") is None
    assert names.file("Kconfig") is None
    assert names.file("mm/local.c") is not None


def test_overlay_shows_what_the_patch_changed(tree: Tree) -> None:
    names = tree_names(tree)
    changes: dict[str, File | None] = {
        "mm/frob.c": None,
        "mm/new.c": File(b"int brand_new(void)\n{\n\treturn 0;\n}\n"),
        "include/linux/mm.h": File(FILES["include/linux/mm.h"].replace(b"int how", b"long how_else")),
    }
    after = tree_names(OverlayTree(tree, changes))
    assert places(after, "brand_new") == [("mm/new.c", 1)]
    assert places(after, "frob_mutex") == []
    assert after.mentions("brand_new") and after.mentions("how_else")
    assert not after.mentions("frob_mutex") and names.mentions("frob_mutex")
    found = after.find(["frob_page"])["frob_page"]
    assert [x.definition.parameters[1].type for x in found if x.definition.parameters] == ["long"]
    assert after.file("mm/frob.c") is None
    alone = tree_names(DictTree({**{k: v for k, v in FILES.items() if k != "mm/frob.c"}, **_texts(changes)}))
    assert answers(after) == answers(alone)
    assert after.closure("mm/internal.h") == alone.closure("mm/internal.h")


def _texts(changes: dict[str, File | None]) -> dict[str, bytes]:
    return {path: file.data for path, file in changes.items() if file is not None}


def test_git_tree_over_another_answers_as_by_itself(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit(dict(FILES))
    before = open_target(f"{repo.path}@HEAD", Settings()).tree
    repo.commit(
        {"mm/frob.c": None, "mm/more.c": "int added_later;\n", "mm/internal.h": "#include <asm/io.h>\n"}
    )
    after = open_target(f"{repo.path}@HEAD", Settings()).tree
    layered, alone = tree_names(after, "", before), tree_names(after)
    assert answers(layered) == answers(alone)
    assert places(layered, "added_later") == [("mm/more.c", 1)]
    assert (
        layered.closure("mm/internal.h") == alone.closure("mm/internal.h") == ("arch/x86/include/asm/io.h",)
    )


@pytest.mark.parametrize(
    ("path", "generated"),
    [
        ("generated/autoconf.h", True),
        ("include/generated/utsrelease.h", True),
        ("linux/version.h", True),
        ("asm/unistd_64.h", True),
        ("linux/mm.h", False),
        ("asm/page.h", False),
    ],
)
def test_headers_that_a_build_makes(path: str, generated: bool) -> None:
    assert is_generated(path) is generated
