"""`backport evaluate` from the command line."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from backport.evaluate.cases import read_cases, written
from tests.cli.support import Result, Terminal, run
from tests.evaluate.support import History


def evaluate(past: History, *words: str | Path, stderr: Terminal | None = None) -> Result:
    return run("evaluate", "--repo", past.repo.path, "--no-checks", *words, stderr=stderr)


def test_a_table_from_the_repository_alone(past: History) -> None:
    done = evaluate(past, "--classes", "conflict", "--sample", "2", "--seed", "3")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("| stable-tree ") and "2 cases; a case takes" in done.out


def test_a_case_file_and_json_to_a_file(past: History, tmp_path: Path) -> None:
    cases, out = tmp_path / "cases.jsonl", tmp_path / "found.json"
    cases.write_text("".join(written(c) + "\n" for c in past.cases.values()))
    done = evaluate(past, "--cases", cases, "-o", out, "--jobs", "2", "--state", tmp_path / "state")
    assert (done.code, done.out, done.err) == (0, "", "")
    found = json.loads(out.read_bytes())
    assert found["schema"] == "backport-evaluation/1"
    assert [found["summary"][x]["cases"] for x in ("conflict", "identical", "different")] == [4, 1, 1]
    page = tmp_path / "found.html"
    assert evaluate(past, "--cases", cases, "-o", page, "--state", tmp_path / "state").code == 0
    text = page.read_text()
    assert all(c.upstream in text for c in past.cases.values()) and "<h4>proposal</h4>" in text
    folder = tmp_path / "pages"
    assert evaluate(past, "--cases", cases, "-o", f"{folder}/", "--state", tmp_path / "state").code == 0
    index = (folder / "index.html").read_text()
    links = re.findall(r'href="([^"]+)"', index)
    assert len(links) == 6 and all("<h4>proposal</h4>" not in x for x in (index,))
    one = (folder / next(x for x in links if past.cases["exact"].backport in x)).read_text()
    assert one.count("<h4>proposal</h4>") == 1 and past.cases["exact"].upstream in one


def test_found_cases_are_written_as_a_case_file(past: History, tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    done = evaluate(past, "--branch", "stable", "--write-cases", path)
    assert (done.code, done.out) == (0, "")
    assert read_cases(path) == list(past.cases.values())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--classes", "conflicts"], "--classes conflicts is no class"),
        (["--jobs", "0"], "--jobs must be 1 or more"),
        (["--sample", "-1"], "--sample must be"),
        (["--timeout", "0"], "--timeout and --memory"),
        (["--rules", "XX1"], "--rules XX1 is no family"),
        (["--cases", "absent.jsonl"], "absent.jsonl cannot be read"),
        (["--cases", "x", "--branch", "stable"], "--cases excludes"),
        (["--branch", "main"], "no such backport in stable-tree"),
        (["--branch", "--all"], "expected one argument"),
        (["--branch=--all"], "unknown revision --all"),
        (["-o", "absent/x.json"], "there is no folder absent"),
    ],
)
def test_what_is_wrong_is_one_line(past: History, words: list[str], says: str) -> None:
    done = evaluate(past, *words)
    assert done.code == 2 and says in done.err and done.err.count("\n") == 1 and not done.out


def test_a_repository_that_is_none(tmp_path: Path) -> None:
    done = run("evaluate", "--repo", tmp_path / "absent")
    assert done.code == 2 and "absent does not exist" in done.err


def test_progress_is_for_a_terminal_only(past: History) -> None:
    terminal = Terminal()
    done = evaluate(past, "--classes", "conflict", "--quiet", stderr=terminal)
    assert done.code == 0 and done.err == ""
