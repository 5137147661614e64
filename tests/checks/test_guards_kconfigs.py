"""Kconfig of a tree as the rules ask for it: from git and from folders, with and without a cache."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from backport.checks.guards import kconfigs
from backport.checks.guards.kconfigs import KconfigTree
from backport.csource.kconfig import Where
from backport.tree import DictTree, File, FolderTree, Symlink, Tree
from tests.support.require import require_linux_source

KCONFIG = b'config FOO\n\tbool "Foo"\n\tdepends on BAR && (BAZ || !QUX)\n\tselect BAZ if QUX\n\tdefault y if BAR\n\n'
FILES: dict[str, bytes | File | Symlink] = {
    "Kconfig": b'source "mm/Kconfig"\nsource "arch/$(SRCARCH)/Kconfig"\n',
    "mm/Kconfig": KCONFIG
    + b'config BAR\n\tbool "Bar"\nconfig BAZ\n\ttristate "Baz"\nconfig QUX\n\tbool "Qux"\n',
    "arch/x86/Kconfig": b"config X86\n\tdef_bool y\n",
    "arch/arm/Kconfig": b"config ARM\n\tdef_bool y\n",
    "mm/shmem.c": b"int x;\n",
}


@pytest.fixture(autouse=True)
def forget() -> None:
    kconfigs._views.clear()


def test_what_any_architecture_declares() -> None:
    kconfig = KconfigTree(DictTree(FILES))
    assert kconfig.there
    assert kconfig.places("ARM") == (Where("arch/arm/Kconfig", 1),)
    assert kconfig.places("NOWHERE") == ()
    assert sorted(kconfig.names()) == ["ARM", "BAR", "BAZ", "FOO", "QUX", "X86"]


def test_a_view_is_that_of_one_architecture() -> None:
    kconfig = KconfigTree(DictTree(FILES))
    assert "X86" in kconfig.view("x86").symbols
    assert "ARM" not in kconfig.view("x86").symbols
    assert kconfig.arch(["mm/shmem.c"]) == "x86"
    assert kconfig.arch(["arch/arm/mm/fault.c"]) == "arm"
    assert kconfig.arch(["arch/none/mm/fault.c"]) == "x86"


def test_the_cache_gives_the_same(tmp_path: Path) -> None:
    cold = KconfigTree(DictTree(FILES), str(tmp_path)).view("x86")
    kconfigs._views.clear()
    warm = KconfigTree(DictTree(FILES), str(tmp_path)).view("x86")
    assert warm is not cold
    assert dict(warm.symbols) == dict(cold.symbols)
    assert warm == type(warm)(warm.symbols, "x86", "")
    again = KconfigTree(DictTree(FILES), str(tmp_path))
    again.places("FOO")
    assert KconfigTree(DictTree(FILES), str(tmp_path)).places("FOO") == (Where("mm/Kconfig", 1),)


def test_the_cache_is_of_the_files(tmp_path: Path) -> None:
    KconfigTree(DictTree(FILES), str(tmp_path)).view("x86")
    changed = KconfigTree(DictTree({**FILES, "arch/x86/Kconfig": b"config OTHER\n\tbool\n"}), str(tmp_path))
    assert "OTHER" in changed.view("x86").symbols
    assert changed.places("OTHER")


@pytest.mark.parametrize("damage", [b"", b"no database", None])
def test_a_cache_that_cannot_be_used_is_none(tmp_path: Path, damage: bytes | None) -> None:
    KconfigTree(DictTree(FILES), str(tmp_path)).view("x86")
    (kept,) = tmp_path.glob("*.sqlite")
    if damage is None:
        kept.unlink()
        kept.mkdir()
    else:
        kept.write_bytes(damage)
    kconfigs._views.clear()
    kconfig = KconfigTree(DictTree(FILES), str(tmp_path))
    assert "FOO" in kconfig.view("x86").symbols
    assert kconfig.places("FOO")


def test_two_that_write_at_once(tmp_path: Path) -> None:
    KconfigTree(DictTree(FILES), str(tmp_path)).view("x86")
    kconfigs._views.clear()
    (kept,) = tmp_path.glob("*.sqlite")
    with sqlite3.connect(kept) as held:
        held.execute("begin")
        assert "FOO" in KconfigTree(DictTree(FILES), str(tmp_path)).view("x86").symbols


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text('config SECRET\n\tbool "Secret"\n')
    top = tmp_path / "tree"
    (top / "mm").mkdir(parents=True)
    (top / "Kconfig").write_text('source "mm/Kconfig"\nsource "../secret"\nconfig FINE\n\tbool "Fine"\n')
    (top / "mm" / "Kconfig").symlink_to(secret)
    (top / "Kconfig.more").symlink_to(secret)
    trees: list[Tree] = [
        FolderTree(str(top), "tree"),
        DictTree({"Kconfig": (top / "Kconfig").read_bytes(), "mm/Kconfig": Symlink(b"../../secret")}),
    ]
    for tree in trees:
        view = KconfigTree(tree).view("")
        assert "SECRET" not in view.symbols
        assert "FINE" in view.symbols
        assert KconfigTree(tree).places("SECRET") == ()


def test_a_tree_without_kconfig() -> None:
    kconfig = KconfigTree(DictTree({"a.c": b""}))
    assert not kconfig.there
    assert kconfig.view("x86").degraded
    assert kconfig.names() == ()


@pytest.mark.parametrize("version", ["6.1", "6.12"])
def test_a_real_kernel(version: str, tmp_path: Path) -> None:
    """All of x86's view is read; what is known of it is true."""
    tree = FolderTree(str(require_linux_source(version)), "linux")
    view = KconfigTree(tree, str(tmp_path)).view("x86")
    assert view.degraded == ""
    assert len(view.symbols) > 15_000
    shmem = view.symbols["SHMEM"]
    assert (shmem.depends, shmem.prompt) == ("MMU", "Use full shmem filesystem")
    assert view.symbols["E1000E"].type.value == "tristate"
    assert KconfigTree(tree, str(tmp_path)).places("ARM64")
