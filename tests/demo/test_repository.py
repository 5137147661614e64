"""The example's repository: the same everywhere, clean, and telling the story by plain git."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from backport.demo import Demo, build
from backport.demo.repository import DATA, steps
from backport.errors import UsageError
from tests.support.repo import CLEAN_ENVIRONMENT

IDS = {
    "main": "c3db798c4a64a16ebba2e11f49f7284f6f6b17a8",
    "stable-4.14": "758e5ba79f2ac72516e5d6e2d0c4b9669b88e72f",
    "stable-4.14-minor": "3e061530787983d827f41c02689d3b80319e90a7",
    "v4.14": "ad1efb4b7aab7978d8df07785f66a2842e38563f",
    "v5.12": "7c2eac3f83999b00ebe87df3d8907211a79848a5",
}
SUBJECTS = (
    "ufault: support minor faults for shared memory",
    "ufault: install pages through one helper",
    "ufault: do not sleep for a monitor that is gone",
    "ufault: refuse unknown modes of UFIO_CONTINUE",
    "Documentation: describe minor faults of ufault",
)


def git(folder: Path, *arguments: str, check: bool = True) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, **CLEAN_ENVIRONMENT},
        check=False,
    )
    assert not check or done.returncode == 0, done.stderr
    return done.stdout


def ids(folder: Path) -> dict[str, str]:
    lines = git(folder, "for-each-ref", "--format=%(refname:short) %(objectname)").splitlines()
    return dict(line.split() for line in lines)


def test_two_builds_have_the_same_ids(demo: Demo, folder: Path) -> None:
    again = build(folder)
    assert ids(again.repository) == ids(demo.repository)
    assert again.patches == demo.patches == SUBJECTS


def test_ids_are_the_same_on_each_machine(
    demo: Demo, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither the user's configuration nor the environment shows in an id."""
    habits = tmp_path / ".gitconfig"
    habits.write_text(
        "[user]\n\tname = Someone\n\temail = someone@example.com\n[core]\n\tautocrlf = true\n"
        "[init]\n\tdefaultBranch = trunk\n[commit]\n\tgpgSign = true\n[i18n]\n\tcommitEncoding = latin1\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(habits))
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
    monkeypatch.setenv("GIT_AUTHOR_DATE", "2001-01-01T00:00:00 +0100")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    mask = os.umask(0o077)
    try:
        built = build(folder)
    finally:
        os.umask(mask)
    assert ids(built.repository) == ids(demo.repository) == IDS


def test_work_tree_is_upstream_and_clean(demo: Demo) -> None:
    assert git(demo.repository, "symbolic-ref", "--short", "HEAD").strip() == demo.upstream
    assert git(demo.repository, "status", "--porcelain") == ""
    assert (demo.repository / "mm" / "ufault.c").read_bytes().startswith(b"// SPDX")
    git(demo.repository, "fsck", "--strict", "--no-dangling")


def test_a_folder_in_use_is_refused(folder: Path) -> None:
    folder.mkdir()
    (folder / "kept").write_text("mine")
    with pytest.raises(UsageError, match="not an empty folder"):
        build(folder)
    assert [x.name for x in folder.iterdir()] == ["kept"]
    with pytest.raises(UsageError):
        build(folder / "kept")


def test_series_is_the_range(demo: Demo) -> None:
    log = git(demo.repository, "log", "--reverse", "--format=%s", demo.series).splitlines()
    assert tuple(log) == demo.patches
    base = demo.series.partition("..")[0]
    assert git(demo.repository, "merge-base", demo.target, base).strip() == ids(demo.repository)["v4.14"]


def test_ids_named_in_messages_are_those_of_their_subjects(demo: Demo) -> None:
    """`cherry picked from commit` and `Fixes:` name commits of upstream, by their true ids."""
    log = git(demo.repository, "log", "--format=%B%x00", "--all")
    picked = re.findall(r"\(cherry picked from commit ([0-9a-f]{40})\)", log)
    fixes = re.findall(r'^Fixes: ([0-9a-f]{12}) \("(.+)"\)$', log, re.MULTILINE)
    assert len(picked) == 6 and len(fixes) == 2
    upstream = git(demo.repository, "rev-list", demo.upstream).split()
    assert set(picked) <= set(upstream)
    for id, subject in fixes:
        assert git(demo.repository, "show", "-s", "--format=%s", id).strip() == subject


def test_only_changed_files_are_kept_per_step() -> None:
    """The data is small: no step repeats a file that it does not change."""
    before: dict[str, dict[str, bytes | str | None]] = {"": {}}
    for step in steps():
        known = before[step.parent]
        assert step.files and not [x for x, data in step.files.items() if known.get(x) == data], step.name
        before[step.name] = {**known, **step.files}
    assert not [x for x in DATA.rglob("*") if x.is_symlink()]


@pytest.fixture
def clone(demo: Demo, tmp_path: Path) -> Path:
    path = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--shared", "-b", demo.target, str(demo.repository), str(path))
    return path


def pick(clone: Path, commit: str) -> tuple[dict[str, int], bool]:
    """Cherry-pick onto the target alone: conflicts per file, and whether nothing was left to do."""
    git(clone, "cherry-pick", commit, check=False)
    unmerged = git(clone, "diff", "--name-only", "--diff-filter=U").splitlines()
    counted = {x: (clone / x).read_text().count("<<<<<<< ") for x in unmerged}
    empty = not unmerged and git(clone, "rev-parse", "HEAD") == git(clone, "rev-parse", "@{upstream}")
    git(clone, "cherry-pick", "--abort", check=False)
    git(clone, "reset", "-q", "--hard", "@{upstream}")
    return counted, empty


def test_plain_git_conflicts_where_the_note_says(demo: Demo, clone: Path) -> None:
    """The first patch conflicts in the three files of the maintainer's note, and lands in the others."""
    commits = git(demo.repository, "rev-list", "--reverse", demo.series).split()
    found = [pick(clone, x) for x in commits]
    assert found == [
        ({"include/linux/shm_fs.h": 1, "mm/shm.c": 2, "mm/ufault.c": 4}, False),
        ({"mm/shm.c": 2, "mm/ufault.c": 1}, False),
        ({}, False),
        ({}, True),
        ({"Documentation/ufault.rst": 2}, False),
    ]
    note = git(demo.repository, "show", "-s", "--format=%B", f"{demo.reference}~3")
    files = note[note.index("Conflicts:") : note.index("(1.")].split()[1:]
    assert sorted(files) == sorted(found[0][0])


def test_series_is_rich_enough(demo: Demo) -> None:
    hunks = git(demo.repository, "log", "-p", "--format=", demo.series).count("\n@@ ")
    files = git(demo.repository, "diff", "--name-only", *demo.series.split("..")).splitlines()
    assert hunks >= 20 and len(files) >= 5
    assert {"mm/shm.c", "mm/ufault.c", "mm/memory.c", "fs/ufault.c", "include/linux/shm_fs.h"} <= set(files)


def test_write_protect_is_upstream_only(demo: Demo) -> None:
    for word in ("wp_copy", "VM_UFAULT_WP", "UFIO_WRITEPROTECT"):
        assert git(demo.repository, "grep", "-l", word, demo.upstream).splitlines()
        for branch in (demo.target, demo.reference):
            assert git(demo.repository, "grep", "-l", word, branch, check=False) == ""
