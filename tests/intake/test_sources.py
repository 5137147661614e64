"""The PATCH arguments: files, folders, standard input, commits."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from backport.errors import (
    DamagedPatchError,
    InputError,
    NoDiffError,
    TooLargeError,
    UnsafePathError,
    UsageError,
)
from backport.git import Repository
from backport.intake import patch_from_commit, read_sources
from backport.model import ChangeKind, Series
from backport.settings import Settings
from backport.tree import applied_forwards, read_queue
from tests.intake.support import SETTINGS, apply
from tests.support.repo import Repo

DIFF = "--- a/f.c\n+++ b/f.c\n@@ -1,3 +1,3 @@\n one\n-two\n+zwei\n three\n"


def sources(
    words: Sequence[str | Path],
    stdin: bytes = b"",
    repository: Repository | None = None,
    settings: Settings = SETTINGS,
) -> Series:
    return read_sources(
        [str(x) for x in words], stdin=lambda: stdin, repository=repository, settings=settings
    )


def subjects(series: Series) -> list[str]:
    return [x.subject for x in series.patches]


def named(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{path.stem}\n\n{DIFF}")


def test_files_and_standard_input(tmp_path: Path) -> None:
    named(tmp_path, "b.patch", "a.patch")
    series = sources([tmp_path / "b.patch", "-", tmp_path / "a.patch"], f"in\n\n{DIFF}".encode())
    assert subjects(series) == ["b", "in", "a"]
    assert [x.document for x in series.patches] == ["b.patch", "-", "a.patch"]


def test_a_folder_without_a_series_is_read_by_name(tmp_path: Path) -> None:
    named(tmp_path, "0002-y.patch", "0001-x.patch", "0010-z.diff")
    (tmp_path / "README").write_text("no patch")
    (tmp_path / "0000-cover-letter.patch").write_text("Subject: [PATCH 0/3] c\nFrom: a@b.c\n\nblurb\n")
    series = sources([tmp_path])
    assert subjects(series) == ["0001-x", "0002-y", "0010-z"]
    assert any("0000-cover-letter.patch holds no diff" in x for x in series.notes)


def test_a_quilt_series_is_honoured(tmp_path: Path) -> None:
    named(tmp_path / "debian/patches", "b.patch", "sub/a.patch", "unused.patch")
    (tmp_path / "debian/patches/series").write_text("# comment\n\nsub/a.patch\nb.patch -p1 # why\n")
    assert subjects(sources([tmp_path / "debian/patches"])) == ["a", "b"]
    assert subjects(sources([tmp_path])) == ["a", "b"]


def test_a_suse_series_conf_is_honoured(tmp_path: Path) -> None:
    named(tmp_path, "patches.suse/one", "patches.suse/two", "patches.suse/off", "patches.kernel.org/base")
    (tmp_path / "series.conf").write_text(
        "\t# head\n\tpatches.kernel.org/base\n\n\t########\n\tpatches.suse/two\n+needs_update\tpatches.suse/off\n"
        "\tpatches.suse/one\n"
    )
    assert subjects(sources([tmp_path])) == ["base", "two", "one"]


def test_suse_guards_have_the_sense_that_a_queue_gives_them(tmp_path: Path) -> None:
    """No symbol is set: a `-` guard leaves the patch in, a `+` guard leaves it out."""
    named(tmp_path, "a.patch", "b.patch", "c.patch")
    (tmp_path / "series.conf").write_text("+on a.patch\n-off b.patch\n+!on c.patch\n-!off a.patch\n")
    assert subjects(sources([tmp_path])) == ["b", "c"]
    assert [x.name for x in read_queue(str(tmp_path))] == ["b.patch", "c.patch"]


@pytest.mark.parametrize(
    "option, how",
    [("-R", "taken out (-R)"), ("-p0", "applied with -p0"), ("-p 2", "applied with -p2"), ("-x", "-x of")],
)
@pytest.mark.parametrize("listing", ["series", "series.conf", "debian/patches/series"])
def test_what_is_not_applied_forwards_is_refused(tmp_path: Path, listing: str, option: str, how: str) -> None:
    series = tmp_path / listing
    named(series.parent, "a.patch", "b.patch")
    series.write_text(f"a.patch -p1\nb.patch {option} # why\n")
    with pytest.raises(InputError) as caught:
        sources([tmp_path])
    assert how in str(caught.value) and str(caught.value).startswith(f"{series.name}:2: ")
    with pytest.raises(InputError) as queued:
        applied_forwards(read_queue(str(tmp_path)))
    assert str(queued.value) == str(caught.value)


def test_series_that_lie(tmp_path: Path) -> None:
    (tmp_path / "series").write_text("absent.patch\n")
    with pytest.raises(InputError, match=r"series:1: the patch absent\.patch is not there"):
        sources([tmp_path])
    (tmp_path / "series").write_text("\n../../etc/passwd\n")
    with pytest.raises(UnsafePathError, match="series:2"):
        sources([tmp_path])
    for text, says in (("x" * 5000 + "\n", "series:1: .* is not there"), ("# none\n", "names no patch")):
        (tmp_path / "series").write_text(text)
        with pytest.raises(InputError, match=says):
            sources([tmp_path])


def test_what_is_neither(tmp_path: Path) -> None:
    for word in ("no/such/file.patch", "a\nb", "--help", "x" * 5000, "x\0y", "\udcff", "HEAD"):
        with pytest.raises(InputError, match="neither a file nor a folder"):
            sources([word])
    with pytest.raises(UsageError):
        sources([])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no patch"):
        sources([tmp_path / "empty"])


def test_a_large_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.patch"
    with path.open("wb") as file:
        file.truncate(500 * 1024 * 1024)
    with pytest.raises(TooLargeError, match=r"large\.patch has 524288000 bytes"):
        sources([path])
    with pytest.raises(TooLargeError):
        sources(["-"], b"x" * 100, settings=Settings(max_input_bytes=10))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file(tmp_path: Path) -> None:
    path = tmp_path / "x.patch"
    path.write_text(DIFF)
    path.chmod(0)
    with pytest.raises(InputError, match="cannot be read"):
        sources([path])


def test_one_damaged_file_among_several(tmp_path: Path) -> None:
    named(tmp_path, "good.patch")
    (tmp_path / "bad.patch").write_text(DIFF.replace(" three\n", ""))
    series = sources([tmp_path / "bad.patch", tmp_path / "good.patch"])
    assert [bool(x.unreadable) for x in series.patches] == [True, False]
    assert "bad.patch:6" in series.patches[0].unreadable
    with pytest.raises(DamagedPatchError):
        sources([tmp_path / "bad.patch"])


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo(tmp_path / "repo")
    made.commit({"f.c": "1\n2\n3\n", "n": "x"}, "root\n")
    for number in range(1, 4):
        made.commit(
            {"f.c": f"1\n{number}\n3\n"}, f"mm: c{number}\n\ncommit {number}{'a' * 39} upstream.\n\nBody.\n"
        )
    return made


def test_commits(repo: Repo) -> None:
    repository = Repository.open(str(repo.path))
    head = repo.head()
    patch = patch_from_commit(repository, head)
    assert (patch.subject, patch.commit, patch.document, patch.form) == ("mm: c3", head, head, "commit")
    assert patch.parent == repo.git("rev-parse", "HEAD~1").decode().strip()
    assert patch.date.startswith("2021-03-01T12:00:00")
    assert str(patch.author) == "A U Thor <author@example.com>"
    assert [x.id for x in patch.provenance.upstream] == ["3" + "a" * 39]
    assert {x.document_line for h in patch.hunks for x in h.lines} == {0}
    assert apply({"f.c": b"1\n2\n3\n"}, patch.files)["f.c"] == b"1\n3\n3\n"
    root = patch_from_commit(repository, repo.git("rev-list", "--max-parents=0", "HEAD").decode().strip())
    assert [x.kind for x in root.files] == [ChangeKind.ADD, ChangeKind.ADD]
    assert (root.parent, root.files[1].hunks[0].lines[0].newline) == ("", False)


def test_ranges_and_lists_are_put_in_order(repo: Repo) -> None:
    repository = Repository.open(str(repo.path))
    assert subjects(sources(["HEAD~2..HEAD"], repository=repository)) == ["mm: c2", "mm: c3"]
    ids = [repo.git("rev-parse", f"HEAD~{n}").decode().strip() for n in (0, 2, 1)]
    assert subjects(sources(ids, repository=repository)) == ["mm: c1", "mm: c2", "mm: c3"]
    assert subjects(sources(["HEAD", "HEAD~1", "HEAD"], repository=repository)) == ["mm: c2", "mm: c3"]
    with pytest.raises(NoDiffError, match="holds no commit"):
        sources(["HEAD..HEAD"], repository=repository)
    with pytest.raises(InputError, match="nor a commit of repo"):
        sources(["nonsense"], repository=repository)


def test_an_existing_file_wins_over_a_revision(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository.open(str(repo.path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "HEAD").write_text(f"a file\n\n{DIFF}")
    assert subjects(sources(["HEAD"], repository=repository)) == ["a file"]


def test_a_merge_is_refused_by_name(repo: Repo) -> None:
    repo.branch("side", "HEAD~1")
    repo.commit({"side.c": "x\n"}, "side\n")
    repo.checkout("main")
    repo.git("merge", "-q", "--no-ff", "-m", "Merge side", "side")
    repository = Repository.open(str(repo.path))
    for word in ("HEAD", "HEAD~2..HEAD"):
        with pytest.raises(InputError, match=rf"{repo.head()[:12]} \(Merge side\) is a merge"):
            sources([word], repository=repository)


def test_a_commit_that_changes_nothing(repo: Repo) -> None:
    repo.commit({}, "empty\n")
    repository = Repository.open(str(repo.path))
    with pytest.raises(NoDiffError):
        sources(["HEAD"], repository=repository)
    series = sources(["HEAD~2..HEAD"], repository=repository)
    assert subjects(series) == ["mm: c3"]
    assert "(empty) changes no file" in series.notes[0]
