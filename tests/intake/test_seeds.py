"""The five documents that the program must read: facts that were counted by hand."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from backport.model import Patch, RepairKind, Severity
from tests.intake.support import diff_text, one
from tests.support import shared
from tests.support.shared import seed

COUNTS = {0: (6, 22, 88, 91), 1: (1, 9, 23, 14), 2: (2, 9, 156, 83), 3: (5, 11, 76, 19), 4: (2, 12, 205, 9)}


def test_seeds_that_are_not_there_fail_where_everything_is_required(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "SHARED", tmp_path)
    monkeypatch.delenv("BACKPORT_REQUIRE", raising=False)
    with pytest.raises(pytest.skip.Exception, match="not there"):
        seed(0)
    monkeypatch.setenv("BACKPORT_REQUIRE", "all")
    with pytest.raises(pytest.fail.Exception, match="not there"):
        seed(0)
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "001_x.txt").write_text("x\n")
    with pytest.raises(pytest.fail.Exception, match="no seed 000"):
        seed(0)


def read_seed(number: int) -> Patch:
    path = seed(number)
    return one(path.read_bytes(), path.name)


@pytest.mark.parametrize("number", COUNTS)
def test_files_hunks_and_lines(number: int) -> None:
    patch = read_seed(number)
    added, removed = sum(x.added for x in patch.files), sum(x.removed for x in patch.files)
    assert (len(patch.files), len(patch.hunks), added, removed) == COUNTS[number]
    assert [x.number for x in patch.hunks] == list(range(1, len(patch.hunks) + 1))


@pytest.mark.parametrize("number", COUNTS)
def test_git_refuses_the_document_and_reads_what_came_of_it(number: int) -> None:
    patch = read_seed(number)
    command = ["git", "apply", "--numstat", "-"]
    raw = subprocess.run(command, input=seed(number).read_bytes(), capture_output=True, check=False)
    assert raw.returncode != 0
    mended = subprocess.run(command, input=diff_text(patch), capture_output=True, check=True)
    expected = [f"{x.added}\t{x.removed}\t{x.path}" for x in patch.files]
    assert mended.stdout.decode().splitlines() == expected


@pytest.mark.parametrize("number", COUNTS)
def test_every_line_stands_where_it_says(number: int) -> None:
    document = seed(number).read_bytes().split(b"\n")
    for hunk in read_seed(number).hunks:
        for line in hunk.lines:
            there = document[line.document_line - 1]
            assert there == line.kind.value.encode() + line.text or there == line.text == b""


@pytest.mark.parametrize("number", [0, 1, 3, 4])
def test_only_the_last_newline_is_mended(number: int) -> None:
    (repair,) = read_seed(number).repairs
    assert repair.kind is RepairKind.MISSING_LAST_NEWLINE
    assert repair.severity is Severity.NOTE
    assert repair.line == len(seed(number).read_bytes().split(b"\n"))


def test_seed_2_lost_blanks_and_a_line() -> None:
    repairs = {x.kind: x for x in read_seed(2).repairs}
    assert set(repairs) == {RepairKind.BLANK_CONTEXT, RepairKind.SHORT_HUNK, RepairKind.MISSING_LAST_NEWLINE}
    blank = repairs[RepairKind.BLANK_CONTEXT]
    assert (blank.severity, len(blank.lines), blank.line) == (Severity.NOTE, 17, blank.lines[0])
    document = seed(2).read_bytes().split(b"\n")
    assert all(document[x - 1] == b"" for x in blank.lines)
    short = repairs[RepairKind.SHORT_HUNK]
    assert (short.severity, short.line) == (Severity.WARNING, len(document))
    last = read_seed(2).hunks[-1]
    assert (last.old_count, last.new_count) == (25, 19)


def test_seed_0_provenance() -> None:
    patch = read_seed(0)
    found = patch.provenance
    assert patch.subject == "BACKPORT: FROMGIT: userfaultfd: support minor fault handling for shmem"
    assert found.tags == ("BACKPORT", "FROMGIT")
    (upstream,) = found.upstream
    assert upstream.id == "4cc6e15679966aa49afc5b114c3c83ba0ac39b05"
    assert upstream.url.endswith("/next/linux-next.git")
    assert upstream.branch == "akpm"
    assert upstream.certain
    (note,) = found.conflicts
    assert note.files == ("include/linux/shmem_fs.h", "mm/shmem.c", "mm/userfaultfd.c")
    assert len(note.reasons) == 2
    assert note.reasons[0] == "write-protect related conflicts, rebased manually"
    assert note.reasons[1].startswith("Enclose shmem_mcopy_atomic_pte() with CONFIG_USERFAULTFD to avoid")
    assert found.bugs == ("160737021", "169683130")
    assert found.change_id == "Idcd822b2a124a089121b9ad8c65061f6979126ec"
    assert (found.version, found.position) == (2, (1, 5))


def test_seeds_2_and_3_provenance() -> None:
    fix = read_seed(2)
    assert fix.provenance.version == 4
    assert [(x.id, x.subject) for x in fix.provenance.fixes] == [
        ("00da60b9d0a0", "userfaultfd: support minor fault handling for shmem")
    ]
    assert fix.message_id == "20210401183701.1774159-1-axelrasmussen@google.com"
    assert str(fix.author) == "Axel Rasmussen <axelrasmussen@google.com>"
    assert fix.date == "2021-04-01T18:37:00+00:00"
    assert fix.body.startswith("Previously, the continue implementation")
    assert fix.body.endswith("Signed-off-by: Axel Rasmussen <axelrasmussen@google.com>")
    feature = read_seed(3)
    assert feature.subject == "userfaultfd: add minor fault registration mode"
    assert (feature.provenance.version, feature.provenance.position) == (6, (2, 7))
    assert feature.comments == ()


def test_seed_2_comments() -> None:
    patch = read_seed(2)
    comments = patch.comments
    assert [x.author.name for x in comments] == [
        "Hugh Dickins",
        "Axel Rasmussen",
        "Hugh Dickins",
        "Peter Xu",
        "Hugh Dickins",
        "Peter Xu",
    ]
    assert comments[0].date == "2021-04-07T06:14:00+00:00"
    assert all(any(r.file and r.line for r in x.remarks) for x in comments)
    assert {x.path for x in patch.files} == {"mm/shmem.c", "mm/userfaultfd.c"}


def test_seed_2_remarks_are_tied_to_what_they_answer() -> None:
    patch = read_seed(2)
    first = {r.text.split("\n")[0][:30]: r for r in patch.comments[0].remarks}
    spotted = first["Ah yes, that's important, well"]
    assert (spotted.file, spotted.line, spotted.last_line) == ("mm/memory.c", 3975, 3979)
    header = first["I'd much rather not include us"]
    assert (header.file, header.last_line) == ("include/linux/shmem_fs.h", 12)
    removed = first["Yes, I like the way you have c"]
    assert (removed.file, removed.line, removed.last_line) == ("mm/shmem.c", 2479, 2500)

    def text_at(path: str, number: int) -> bytes:
        for file in patch.files:
            for hunk in file.hunks:
                at = hunk.new_start
                for line in hunk.lines:
                    if line.kind.value == "-":
                        continue
                    if file.path == path and at == number:
                        return line.text.strip()
                    at += 1
        raise AssertionError((path, number))

    dirty = b"set_page_dirty(page);"
    for comment in patch.comments[3:]:
        placed = next(x for x in comment.remarks if x.file)
        assert text_at(placed.file, placed.last_line) == dirty
    for comment in patch.comments[1:3]:
        placed = next(x for x in comment.remarks if x.file)
        assert (
            text_at(placed.file, placed.last_line) == b"lru_cache_add_inactive_or_unevictable(page, dst_vma);"
        )
