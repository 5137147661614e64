"""The example is C that compiles, and the guard of its story is needed for a compiler's reason."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from backport.demo import Demo
from tests.demo.test_repository import git
from tests.support.require import require_program

ALWAYS = ("mm/memory.c", "mm/shm.c", "mm/hugepage.c")
WITH_OPTION = ("mm/ufault.c", "fs/ufault.c")
FLAGS = ("-std=gnu11", "-ffreestanding", "-Wall", "-Iinclude", "-DCONFIG_SHM", "-DCONFIG_HUGEPAGE")


def export(demo: Demo, revision: str, folder: Path) -> Path:
    """The files of a revision in a folder of their own."""
    git(folder, "clone", "-q", "--shared", "--no-checkout", str(demo.repository), "tree")
    tree = folder / "tree"
    git(tree, "checkout", "-q", "--detach", revision)
    return tree


def compile_all(tree: Path, sources: Iterable[str], *flags: str) -> str:
    """What gcc has to say of the sources, "" when all of them compile."""
    gcc = require_program("gcc")
    words = []
    for source in sources:
        done = subprocess.run(
            [gcc, *FLAGS, *flags, "-c", source, "-o", str(tree / "object.o")],
            cwd=tree,
            capture_output=True,
            text=True,
            env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
            check=False,
        )
        words.append(done.stderr if done.returncode else "")
    return "".join(words)


def built(tree: Path) -> tuple[str, str]:
    """gcc's words with the option off, and with it on."""
    off = compile_all(tree, ALWAYS)
    return off, compile_all(tree, (*ALWAYS, *WITH_OPTION), "-DCONFIG_UFAULT")


@pytest.mark.parametrize(
    "revision", ["v4.14", "v5.12", "main~4", "main~3", "main", "stable-4.14~2", "stable-4.14"]
)
def test_branches_build_with_and_without_the_option(demo: Demo, tmp_path: Path, revision: str) -> None:
    assert built(export(demo, f"origin/{revision}" if revision[0] != "v" else revision, tmp_path)) == ("", "")


@pytest.mark.parametrize("back", [3, 2, 1, 0])
def test_each_backported_patch_builds(demo: Demo, tmp_path: Path, back: int) -> None:
    assert built(export(demo, f"origin/{demo.reference}~{back}", tmp_path)) == ("", "")


def test_whole_of_the_example_builds_without_shared_memory(demo: Demo, tmp_path: Path) -> None:
    tree = export(demo, f"origin/{demo.reference}", tmp_path)
    assert compile_all(tree, (*ALWAYS, *WITH_OPTION), "-DCONFIG_UFAULT", "-UCONFIG_SHM") == ""


def unguarded(tree: Path) -> None:
    """Take away the guard that the maintainer put around the handler, and nothing else."""
    for name in ("mm/shm.c", "include/linux/shm_fs.h"):
        path = tree / name
        lines = path.read_text().splitlines(keepends=True)
        kept = [x for x in lines if x not in ("#ifdef CONFIG_UFAULT\n", "#endif /* CONFIG_UFAULT */\n")]
        assert len(lines) - len(kept) == 2, name
        path.write_text("".join(kept))


def test_without_the_guard_the_older_branch_does_not_build(demo: Demo, tmp_path: Path) -> None:
    """The first patch with its conflicts resolved, but not guarded: fine with the option, broken without."""
    tree = export(demo, f"origin/{demo.reference}~3", tmp_path)
    unguarded(tree)
    off, on = built(tree)
    assert on == ""
    assert "'mode' has incomplete type" in off.replace("('mode') has", "'mode' has")
    assert "mm/shm.c" in off


def test_upstream_has_no_guard_and_needs_none(demo: Demo, tmp_path: Path) -> None:
    text = git(demo.repository, "show", f"{demo.upstream}~4:mm/shm.c")
    assert "CONFIG_UFAULT" not in text and "int shm_mfill_pte(" in text
    assert compile_all(export(demo, f"origin/{demo.upstream}~4", tmp_path), ["mm/shm.c"]) == ""
