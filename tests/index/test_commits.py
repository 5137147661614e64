"""The index of commits against git itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from backport.git import Repository
from backport.index import commits, commits_build
from backport.index.commits import CommitIndex, index_path, open_commits
from backport.index.commits_build import build_commits
from tests.support.repo import Repo


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Two branches, a merge, and messages that name commits."""
    repo = Repo(tmp_path / "repo")
    first = repo.commit({"a.c": "1\n"}, "a: begin\n")
    repo.commit({"a.c": "2\n", "b c.c": "x\n"}, f'a: mend\n\nFixes: {first[:8]} ("a: begin")\n')
    repo.branch("side", first)
    side = repo.commit({"dir/d.c": "d\n"}, "d: begin\n")
    repo.checkout("main")
    repo.git("merge", "-q", "--no-edit", "side")
    repo.commit({"dir/d.c": None}, f'Revert "d: begin"\n\nThis reverts commit {side}.\n')
    return repo


@pytest.fixture
def opened(repo: Repo) -> Iterator[Repository]:
    with Repository.open(str(repo.path)) as repository:
        yield repository


def _index(repository: Repository, cache: Path) -> CommitIndex:
    build_commits(repository, str(cache))
    found = open_commits(repository, str(cache))
    assert found is not None
    return found


def _ids(repo: Repo, *arguments: str) -> list[str]:
    return repo.git("rev-list", *arguments).decode().split()


def test_words_and_paths_are_found(repo: Repo, opened: Repository, tmp_path: Path) -> None:
    index = _index(opened, tmp_path)
    begin, side = _ids(repo, "main")[-1], _ids(repo, "side", "-1")[0]
    assert [opened.commit(x).subject for x in index.mentioning(begin)] == ["a: mend"]  # type: ignore[union-attr]
    assert index.quoting("a: begin") == index.mentioning(begin)
    titled = [opened.commit(x).subject for x in index.titled("d: begin")]  # type: ignore[union-attr]
    assert titled == ["d: begin", 'Revert "d: begin"'] and side in index.titled("d: begin")
    for path in ("a.c", "b c.c", "dir/d.c"):
        assert sorted(index.touching([path])) == sorted(
            _ids(repo, "--no-merges", "--full-history", "main", "--", path)
        )
    assert index.touching(["none.c"]) == ()


def test_reachability_is_that_of_git(repo: Repo, opened: Repository, tmp_path: Path) -> None:
    index = _index(opened, tmp_path)
    every = _ids(repo, "--all")
    for tip in every:
        for out in ["", *every]:
            wanted = frozenset(_ids(repo, tip, *([f"^{out}"] if out else [])))
            assert index.within(every, tip, out) == wanted
            if out:
                base = repo.git("merge-base", tip, out, check=False).decode().strip()
                assert index.merge_base(tip, out) == base
    assert index.within(every, "0" * 40) is None


def test_it_goes_on_where_it_was(repo: Repo, opened: Repository, tmp_path: Path) -> None:
    stats = build_commits(opened, str(tmp_path))
    assert stats.added == stats.commits == 5
    assert build_commits(opened, str(tmp_path)).added == 0
    new = repo.commit({"a.c": "3\n"}, "a: three\n")
    assert build_commits(opened, str(tmp_path)).added == 1
    index = open_commits(opened, str(tmp_path))
    assert index is not None and index.holds(new) and index.touching(["a.c"])[0] == new


def test_interrupted_at_every_batch_it_ends_the_same(
    repo: Repo, opened: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits_build, "BATCH", 1)
    monkeypatch.setattr(commits_build, "CHUNK", 2)
    monkeypatch.setattr(commits, "CHUNK", 2)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    for count in range(1, 6):
        try:
            stats = build_commits(opened, str(tmp_path), stop)
        except KeyboardInterrupt:
            continue
        assert count == 6 and stats.added == 0
    index = _index(opened, tmp_path)
    every = _ids(repo, "--all")
    assert all(index.within(every, tip) == frozenset(_ids(repo, tip)) for tip in every)


def test_another_version_or_a_broken_file_is_made_anew(opened: Repository, tmp_path: Path) -> None:
    build_commits(opened, str(tmp_path))
    path = index_path(opened, str(tmp_path))
    with sqlite3.connect(path) as database:
        database.execute("UPDATE meta SET value='0' WHERE key='version'")
    database.close()
    assert open_commits(opened, str(tmp_path)) is None
    assert build_commits(opened, str(tmp_path)).added == 5
    path.write_bytes(b"no database at all" * 100)
    assert open_commits(opened, str(tmp_path)) is None
    assert build_commits(opened, str(tmp_path)).added == 5


def test_without_an_index_there_is_none(opened: Repository, tmp_path: Path) -> None:
    assert open_commits(opened, "") is None and open_commits(opened, str(tmp_path)) is None
    assert not list(tmp_path.glob("commits-*"))


def test_the_first_tag_that_has_a_commit(repo: Repo, opened: Repository, tmp_path: Path) -> None:
    build_commits(opened, str(tmp_path))
    index = open_commits(opened, str(tmp_path))
    assert index is not None
    listed = repo.git("rev-list", "--topo-order", "--reverse", "--all").decode().split()
    tags = [(f"t{n}", id) for n, id in enumerate(listed)]
    for id in listed:
        reaching = [name for name, tip in tags if repo.git("rev-list", tip).decode().find(id) >= 0]
        assert index.first_tags([id], tags) == {id: reaching[0]}
        assert index.first_tags([id], [(n, t) for n, t in tags if n not in reaching]) == {}
    index.close()
