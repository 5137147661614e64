"""`backport resolve` in a worktree in which the real git stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.support import Result, run
from tests.cli.test_merge_driver import BASE, BOTH, OURS, OURS_2, THEIRS, THEIRS_2
from tests.support.repo import Repo

FILE = "src/a.c"
TWO_OURS = OURS.replace("int sum = 0;", "int sum = 1;")
TWO_THEIRS = THEIRS.replace("int sum = 0;", "int sum = 2;")


def _stopped(tmp_path: Path, ours: str, theirs: str, how: str = "cherry-pick") -> Repo:
    """A repository in which taking `theirs` onto `ours` stopped."""
    repo = Repo(tmp_path / "repo")
    repo.commit({FILE: BASE, "other.c": "int other;\n"}, "start\n")
    repo.branch("topic")
    repo.commit({FILE: theirs}, "theirs\n")
    repo.checkout("main")
    repo.commit({FILE: ours}, "ours\n")
    if how == "am":
        mail = repo.git("format-patch", "-1", "--stdout", "topic")
        done = repo.run("am", "-3", stdin=mail)
    elif how == "rebase":
        repo.checkout("topic")
        done = repo.run("rebase", "main")
    else:
        done = repo.run(how, "topic")
    assert done.returncode, "it stopped"
    return repo


def _resolve(repo: Repo, *more: str) -> Result:
    return run("resolve", "-C", str(repo.path), "--width", "100", *more)


@pytest.mark.parametrize("how", ["cherry-pick", "merge", "rebase", "am"])
def test_it_resolves_adds_and_says_how_to_go_on(tmp_path: Path, how: str) -> None:
    repo = _stopped(tmp_path, OURS, THEIRS, how)
    result = _resolve(repo, "--apply")
    assert result.code == 0, result.out + result.err
    assert (repo.path / FILE).read_text() == BOTH
    assert repo.git("ls-files", "-u") == b""
    assert f"git {how} --continue" in result.out
    repo.run("-c", "core.editor=true", how, "--continue", check=True)
    assert repo.git("show", f"HEAD:{FILE}").decode() == BOTH
    assert repo.git("status", "--porcelain") == b""


def test_without_apply_nothing_is_written(tmp_path: Path) -> None:
    repo = _stopped(tmp_path, OURS, THEIRS)
    before = repo.snapshot()
    result = _resolve(repo)
    assert result.code == 0 and "1 of 1 conflicts resolved" in result.out and "--apply" in result.out
    assert "second()" in result.out and "+long second(int a, int b, int c)" in result.out
    assert repo.snapshot() == before


def test_no_add_leaves_the_index(tmp_path: Path) -> None:
    repo = _stopped(tmp_path, OURS, THEIRS)
    unmerged = repo.git("ls-files", "-u")
    assert _resolve(repo, "--apply", "--no-add").code == 0
    assert (repo.path / FILE).read_text() == BOTH and repo.git("ls-files", "-u") == unmerged


def test_what_is_not_resolved_stays_between_markers(tmp_path: Path) -> None:
    repo = _stopped(tmp_path, TWO_OURS, TWO_THEIRS)
    result = _resolve(repo, "--apply")
    text = (repo.path / FILE).read_text()
    assert result.code == 1 and "1 of 2 conflicts resolved" in result.out and "refused" in result.out
    assert text.count("<<<<<<<") == 1 == text.count("|||||||") == text.count(">>>>>>>")
    assert "first()" in text.split("<<<<<<<")[1].splitlines()[0], "the marker names the function"
    assert "long second(int a, int b, int c)" in text
    assert repo.git("ls-files", "-u"), "it is not added"


def test_nothing_that_can_be_resolved_is_not_written(tmp_path: Path) -> None:
    repo = _stopped(tmp_path, OURS_2, THEIRS_2)
    before = (repo.path / FILE).read_bytes()
    assert _resolve(repo, "--apply").code == 1
    assert (repo.path / FILE).read_bytes() == before


def test_a_file_that_somebody_edited_is_left_alone(tmp_path: Path) -> None:
    repo = _stopped(tmp_path, OURS, THEIRS)
    edited = (repo.path / FILE).read_text().replace("return sum;", "return sum + 1;")
    (repo.path / FILE).write_text(edited)
    result = _resolve(repo, "--apply")
    assert result.code == 1 and "edited since git stopped" in result.out
    assert (repo.path / FILE).read_text() == edited
    (repo.path / FILE).write_text(BASE)
    result = _resolve(repo, "--apply")
    assert result.code == 1 and "no markers" in result.out and (repo.path / FILE).read_text() == BASE


@pytest.mark.parametrize("style", ["diff3", "zdiff3"])
def test_the_users_conflict_style_is_no_edit(tmp_path: Path, style: str) -> None:
    repo = _stopped(tmp_path, OURS, THEIRS)
    repo.git("checkout", f"--conflict={style.removeprefix('z')}", FILE)
    assert _resolve(repo, "--apply").code == 0


def test_line_ends_of_the_worktree_stay(tmp_path: Path) -> None:
    repo = _stopped(tmp_path, OURS, THEIRS)
    place = repo.path / FILE
    place.write_bytes(place.read_bytes().replace(b"\n", b"\r\n"))
    assert _resolve(repo, "--apply").code == 0
    assert place.read_bytes() == BOTH.replace("\n", "\r\n").encode()
    assert repo.git("show", f":{FILE}").decode() == BOTH, "the index has what the repository has"


def test_deleted_here_and_changed_there_is_left(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit({FILE: BASE, "b.c": "int b;\n"}, "start\n")
    repo.branch("topic")
    repo.commit({FILE: THEIRS}, "theirs\n")
    repo.checkout("main")
    repo.commit({FILE: None}, "ours\n")
    assert repo.run("cherry-pick", "topic").returncode
    result = _resolve(repo, "--apply")
    assert result.code == 1 and "this side took it away" in result.out


def test_in_a_folder_below_and_for_one_path(tmp_path: Path) -> None:
    repo = _stopped(tmp_path, OURS, THEIRS)
    result = run("resolve", "-C", str(repo.path / "src"), "a.c", "--apply")
    assert result.code == 0 and (repo.path / FILE).read_text() == BOTH
    wrong = run("resolve", "-C", str(repo.path), "other.c")
    assert wrong.code == 2 and "not unmerged" in wrong.err


def test_no_hook_runs(tmp_path: Path) -> None:
    repo = _stopped(tmp_path, OURS, THEIRS)
    trap = tmp_path / "trap"
    for name in ("post-index-change", "reference-transaction"):
        hook = repo.path / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\necho $0 $@ >> {trap}\n")
        hook.chmod(0o755)
    repo.git("config", "core.fsmonitor", f"echo fsmonitor >> {trap}; false")
    assert _resolve(repo, "--apply").code == 0
    assert not trap.exists(), trap.read_text()


def test_where_nothing_is_unmerged(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit({FILE: BASE}, "start\n")
    result = _resolve(repo)
    assert result.code == 0 and "nothing is unmerged" in result.out
    outside = run("resolve", "-C", str(tmp_path))
    assert outside.code == 2 and "no git repository" in outside.err
