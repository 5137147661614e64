"""Finding backports by what their messages say, and reading case files."""

from __future__ import annotations

from pathlib import Path

import pytest

from backport.errors import BackportError, InputError
from backport.evaluate import find_cases, read_cases
from backport.evaluate.cases import drawn, written
from backport.git import Repository
from tests.evaluate.support import History, source
from tests.support.repo import Repo


def test_backports_of_a_branch_are_found_with_their_class(past: History) -> None:
    with Repository.open(str(past.repo.path)) as repository:
        assert list(find_cases(repository, ["stable"])) == list(past.cases.values())
        assert [c.backport for c in find_cases(repository)] == [c.backport for c in past.cases.values()]
        assert list(find_cases(repository, ["main"])) == []
        since = past.cases["more"].backport
        names = [c.backport for c in find_cases(repository, ["stable"], since=since)]
        assert names == [past.cases["clean"].backport, past.cases["silent"].backport]


FORMS = (
    "[ Upstream commit {id} ]",
    "commit {id} upstream.",
    "(cherry picked from commit {id})",
    "(cherry picked from commit {id})\n(cherry picked from commit {id})",
    "[ upstream commit {id} ]",
    "(backported from commit {id})",
    "Upstream-commit: {id}",
)
NOT_FORMS = (
    "Like commit {id} we change this.",
    "This reverts commit {id}.",
    'Fixes: {short} ("change")',
    "commit {id} upstream.\n\ncommit {other} upstream.",
    "commit {unknown} upstream.",
    "nothing is said",
)


def one_backport(folder: Path, words: str, path: str = "a.c") -> tuple[Repo, str]:
    repo = Repo(folder)
    other = repo.commit({path: source("f(1);")}, "start\n")
    repo.branch("stable")
    repo.checkout("main")
    id = repo.commit({path: source("f(2);")}, "change\n")
    repo.checkout("stable")
    repo.commit({path: source("f(1);", "int more;\n")}, "drift\n")
    text = words.format(id=id, short=id[:12], other=other, unknown="1234567890" * 4)
    repo.commit({path: source("f(2);", "int more;\n")}, f"change\n\n{text}\n")
    return repo, id


@pytest.mark.parametrize("words", FORMS)
def test_each_form_of_naming_upstream_is_known(tmp_path: Path, words: str) -> None:
    repo, id = one_backport(tmp_path, words)
    with Repository.open(str(repo.path)) as repository:
        (case,) = find_cases(repository, ["stable"])
    assert (case.upstream, case.git, case.backport) == (id, "identical", repo.head())


@pytest.mark.parametrize("words", NOT_FORMS)
def test_what_names_no_one_upstream_commit_is_no_backport(tmp_path: Path, words: str) -> None:
    repo, _ = one_backport(tmp_path, words)
    with Repository.open(str(repo.path)) as repository:
        assert list(find_cases(repository, ["stable"])) == []


def test_a_backport_that_touches_no_c_is_left_out(tmp_path: Path) -> None:
    repo, _ = one_backport(tmp_path, FORMS[0], "notes.txt")
    with Repository.open(str(repo.path)) as repository:
        assert list(find_cases(repository, ["stable"])) == []


def test_an_unknown_branch_is_one_line(past: History) -> None:
    with Repository.open(str(past.repo.path)) as repository, pytest.raises(BackportError, match="no-such"):
        list(find_cases(repository, ["no-such"]))


def test_a_case_file_reads_back(past: History, tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text("".join(f"{written(c)}\n\n" for c in past.cases.values()))
    assert read_cases(path) == list(past.cases.values())


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("nonsense", "cases.jsonl:2: not JSON"),
        ("[1]", "cases.jsonl:2: not a JSON object"),
        ('{"target": "abc"}', 'cases.jsonl:2: "target" is no full commit id'),
        ('{"target": "--all"}', 'cases.jsonl:2: "target" is no full commit id'),
    ],
)
def test_a_wrong_case_file_is_one_line_with_its_place(
    past: History, tmp_path: Path, line: str, says: str
) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(written(past.cases["exact"]) + "\n" + line + "\n")
    with pytest.raises(InputError, match=says):
        read_cases(path)


def test_a_class_that_is_none_is_refused(past: History, tmp_path: Path) -> None:
    path = tmp_path / "cases.jsonl"
    path.write_text(written(past.cases["exact"]).replace('"conflict"', '"conflicts"'))
    with pytest.raises(InputError, match='"git" is none of identical, different, conflict'):
        read_cases(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_cases(tmp_path / "absent.jsonl")


def test_parts_share_no_upstream_commit_and_samples_stay(past: History) -> None:
    cases = list(past.cases.values())
    classes = ["conflict", "identical", "different"]
    learn, check = (drawn(cases, classes, part=part) for part in ("learn", "check"))
    assert sorted(c.key for c in learn + check) == sorted(c.key for c in cases)
    assert not {c.upstream for c in learn} & {c.upstream for c in check}
    sample = drawn(cases, ["conflict"], sample=2, seed=4)
    assert len(sample) == 2 and sample == drawn(cases, ["conflict"], sample=2, seed=4)
    assert {c.git for c in sample} == {"conflict"}
