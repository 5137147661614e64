"""`check --jobs`: the same report, from processes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backport.cli.commands import check as command
from backport.jobs import checking
from tests.cli.support import history, run


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each call of `check_many` gave a report."""
    found: list[bool] = []
    real: Callable[..., Any] = checking.check_many

    def check_many(*arguments: Any, **more: Any) -> Any:
        report = real(*arguments, **more)
        found.append(report is not None)
        return report

    monkeypatch.setattr(checking, "check_many", check_many)
    return found


@pytest.mark.parametrize("form", ["json", "text"])
def test_many_targets_in_processes_give_the_same_report(
    tmp_path: Path, counted: list[bool], form: str
) -> None:
    repo, change = history(tmp_path / "tree")
    patch = tmp_path / "change.patch"
    patch.write_bytes(repo.git("format-patch", "-1", "--stdout", change))
    onto = [x for name in ("old", "drifted", "main") for x in ("--onto", f"{repo.path}@{name}")]
    words = ["check", str(patch), *onto, "--upstream", str(repo.path), "--format", form]
    alone = run(*words)
    assert counted == []
    together = run(*words, "--jobs", "2")
    assert counted == [True]
    assert (together.code, together.out, together.err) == (alone.code, alone.out, "")
    assert alone.code == 1


def test_one_target_takes_no_process(tmp_path: Path, counted: list[bool]) -> None:
    repo, change = history(tmp_path / "tree")
    done = run("check", change, "--onto", f"{repo.path}@old", "--jobs", "4")
    assert done.code == 0 and counted == []


def test_an_error_is_the_one_that_check_gives(tmp_path: Path, counted: list[bool]) -> None:
    repo, _ = history(tmp_path / "tree")
    patch = tmp_path / "foreign.patch"
    patch.write_text("--- a/elsewhere/x.c\n+++ b/elsewhere/x.c\n@@ -1 +1 @@\n-int a;\n+int b;\n")
    onto = ["--onto", f"{repo.path}@old", "--onto", f"{repo.path}@drifted"]
    alone = run("check", patch, *onto)
    assert run("check", patch, *onto, "--jobs", "2") == alone
    assert alone.code == 2 and counted == [False]


def test_jobs_must_be_a_number_of_processes(tmp_path: Path) -> None:
    repo, change = history(tmp_path / "tree")
    done = run("check", change, "--onto", f"{repo.path}@old", "--jobs", "0")
    assert done.code == 2 and "--jobs must be 1 or more" in done.err
    assert command.__doc__
