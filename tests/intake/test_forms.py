"""Every other form: quilt, DEP-3, OpenWrt, SUSE, svn, GNU diff, git show and log, web pages."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path

import pytest

from backport.errors import (
    DamagedPatchError,
    InputError,
    NoDiffError,
    TooLargeError,
    UnsafePathError,
)
from backport.intake import parse_diff, read_document
from backport.model import ChangeKind, RepairKind, Severity, UpstreamForm
from backport.settings import Settings
from tests.intake.support import one, read
from tests.support.repo import Repo

HUNK = "@@ -1,3 +1,3 @@\n one\n-two\n+zwei\n three\n"
DIFF = f"--- a/fs/x.c\n+++ b/fs/x.c\n{HUNK}"


def paths(diff: str) -> list[tuple[str, str, ChangeKind]]:
    return [(x.old_path, x.new_path, x.kind) for x in parse_diff(diff.encode(), "x").files]


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("a/fs/x.c", "b/fs/x.c", "fs/x.c"),
        ("i/fs/x.c", "w/fs/x.c", "fs/x.c"),
        ("c/fs/x.c", "o/fs/x.c", "fs/x.c"),
        (
            "linux-5.1/fs/x.c\t2021-04-04 22:32:32.018244547 -0700",
            "linux-5.1.new/fs/x.c\t2021-04-04",
            "fs/x.c",
        ),
        ("linux-5.1.orig/fs/x.c", "linux-5.1/fs/x.c", "fs/x.c"),
        ("./fs/x.c.orig", "./fs/x.c", "fs/x.c"),
        ("fs/x.c.orig", "fs/x.c", "fs/x.c"),
        ("fs/x.c", "fs/x.c", "fs/x.c"),
        ("x.c.orig", "x.c", "x.c"),
        ("a/x.c", "b/x.c", "x.c"),
        ('"a/f\\303\\274.c"', '"b/f\\303\\274.c"', "f\u00fc.c"),
        ("a/fs/x y.c\t", "b/fs/x y.c\t", "fs/x y.c"),
    ],
)
def test_prefixes(old: str, new: str, path: str) -> None:
    assert paths(f"--- {old}\n+++ {new}\n{HUNK}") == [(path, path, ChangeKind.MODIFY)]


def test_index_lines_of_quilt_and_svn() -> None:
    rule = "=" * 67
    quilt = f"Index: linux-5.10/fs/x.c\n{rule}\n--- linux-5.10.orig/fs/x.c\n+++ linux-5.10/fs/x.c\n{HUNK}"
    assert paths(quilt)[0][1] == "fs/x.c"
    svn = f"Index: fs/x.c\n{rule}\n--- fs/x.c\t(revision 12)\n+++ fs/x.c\t(working copy)\n{HUNK}"
    assert paths(svn)[0][1] == "fs/x.c"


def test_new_and_deleted_files_of_gnu_diff(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "a" / "gone.c").write_text("x\n")
    (tmp_path / "b" / "new.c").write_text("y\nz\n")
    command = ["diff", "-purN", "a", "b"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, text=True)
    assert paths(done.stdout) == [("gone.c", "", ChangeKind.DELETE), ("", "new.c", ChangeKind.ADD)]


def test_no_prefix_is_recognised() -> None:
    diff = f"diff --git fs/x.c fs/x.c\nindex 1234567..89abcde 100644\n--- fs/x.c\n+++ fs/x.c\n{HUNK}"
    new = "diff --git fs/n.c fs/n.c\nnew file mode 100644\nindex 0000000..1\n"
    new += "--- /dev/null\n+++ fs/n.c\n@@ -0,0 +1 @@\n+x\n"
    assert paths(diff + new) == [("fs/x.c", "fs/x.c", ChangeKind.MODIFY), ("", "fs/n.c", ChangeKind.ADD)]


@pytest.mark.parametrize(
    "name",
    ["a/../../etc/passwd", "a/fs/../../x", "/etc/passwd", "a/.git/config", "a/fs/.GIT/hooks/x", "b/.git"],
)
def test_unsafe_paths_are_refused(name: str) -> None:
    for diff in (
        f"--- {name}\n+++ {name}\n{HUNK}",
        f"diff --git a/x b/x\nrename from {name}\nrename to {name}\n",
    ):
        with pytest.raises(UnsafePathError, match="x:1"):
            parse_diff(diff.encode(), "x")


def test_dotted_names_that_are_safe() -> None:
    assert paths(DIFF.replace("fs/x.c", ".gitignore"))[0][1] == ".gitignore"
    assert paths(DIFF.replace("fs/x.c", "fs/a..b.c"))[0][1] == "fs/a..b.c"


def test_dep3() -> None:
    patch = one(
        "Description: fix the frob\n It did not\n frob.\n .\n Now it does.\n"
        "Origin: upstream, https://git.kernel.org/linus/0123456789abcdef0123456789abcdef01234567\n"
        "Bug-Debian: https://bugs.debian.org/123456\nForwarded: not-needed\nAuthor: Jane Roe <j@example.org>\n"
        f"Last-Update: 2021-03-01\n---\nThis patch header follows DEP-3\n{DIFF}-- \n2.20\n"
    )
    assert (patch.subject, patch.form) == ("fix the frob", "quilt")
    assert patch.body == "It did not\nfrob.\n\nNow it does."
    assert str(patch.author) == "Jane Roe <j@example.org>"
    (upstream,) = patch.provenance.upstream
    assert (upstream.id, upstream.form) == ("0123456789abcdef0123456789abcdef01234567", UpstreamForm.ORIGIN)
    assert patch.provenance.bugs == ("https://bugs.debian.org/123456",)
    assert patch.repairs == ()


def test_openwrt() -> None:
    patch = one(
        "From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001\n"
        "From: =?UTF-8?q?Rafa=C5=82=20Mi=C5=82ecki?= <r@example.org>\nDate: Mon, 1 Mar 2021 12:00:00 +0100\n"
        "Subject: [PATCH] mtd: =?UTF-8?q?=C4=85dd?= x\nMIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\nBody \u0105.\n---\n"
        f" fs/x.c | 2 +-\n\n{DIFF}-- \n2.30\n\n"
    )
    assert (patch.author.name, patch.subject) == ("Rafa\u0142 Mi\u0142ecki", "mtd: \u0105dd x")
    assert patch.form == "format-patch"
    assert (patch.body, patch.repairs) == ("Body \u0105.", ())


def test_suse() -> None:
    patch = one(
        "From: A <a@suse.example>\nDate: Mon, 1 Mar 2021 12:00:00 +0100\nSubject: mm: x\n"
        "Git-commit: 0123456789abcdef0123456789abcdef01234567\nPatch-mainline: v5.12-rc1\n"
        f"References: bsc#1183333 CVE-2021-1234\n\nWhy.\n\nAcked-by: B <b@suse.example>\n---\n fs/x.c |    2\n\n{DIFF}"
    )
    (upstream,) = patch.provenance.upstream
    assert upstream.form is UpstreamForm.GIT_COMMIT
    assert patch.provenance.bugs == ("bsc#1183333", "CVE-2021-1234")
    assert patch.body.startswith("Why.")


def test_git_show_and_log(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit({"f.c": "1\n2\n3\n"}, "first\n")
    second = repo.commit(
        {"f.c": "1\ntwo\n3\n"}, "mm: second\n\ncommit 0123456789abcdef upstream.\n\n    diff --git a/n b/n\n"
    )
    third = repo.commit({"f.c": "1\ntwo\nthree\n"}, "third\n")
    shown = one(repo.git("show", second), "show")
    assert (shown.subject, shown.date) == ("mm: second", "2021-03-01T12:00:00+00:00")
    assert [x.id for x in shown.provenance.upstream] == ["0123456789abcdef", second]
    assert [x.certain for x in shown.provenance.upstream] == [True, False]
    for options in ([], ["--stat"], ["--format=fuller"], ["--format=raw"]):
        series = read(repo.git("log", "-p", *options, f"{second}~1..{third}"), "log")
        assert [x.subject for x in series.patches] == ["mm: second", "third"]
        assert [x.date for x in series.patches] == ["2021-03-01T12:00:00+00:00"] * 2
        assert all(x.author.email == "author@example.com" and len(x.files) == 1 for x in series.patches)


def test_git_show_of_a_merge_is_refused_by_name(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit({"f.c": "1\n2\n3\n"})
    repo.branch("side")
    repo.commit({"f.c": "1\n2\nb\n"})
    repo.checkout("main")
    repo.commit({"f.c": "1\n2\na\n"})
    repo.git("merge", "-q", "side", check=False)
    head = repo.commit({"f.c": "1\n2\nc\n"}, "merged\n")
    with pytest.raises(InputError, match=f"{head[:12]} is a merge"):
        read(repo.git("show", head))


def test_cgit_page() -> None:
    patch = one(
        "author\tA Name <a@example.com>\t2021-03-01 12:00:00 +0100\n"
        "committer\tB <b@example.com>\t2021-03-02 12:00:00 +0100\n"
        "commit\t0123456789abcdef0123456789abcdef01234567 (patch)\ntree\tfedcba9876543210fedcba9876543210fedcba98\n"
        "parent\t1111111111111111111111111111111111111111 (diff)\ndownload\tlinux-0123.tar.gz\n"
        "mm: subject\nThe body.\n\nSigned-off-by: A Name <a@example.com>\nDiffstat\n-rw-r--r--\tfs/x.c\t2\t\n"
        f"1 files changed, 1 insertions, 1 deletions\ndiff --git a/fs/x.c b/fs/x.c\nindex 1..2 100644\n{DIFF}"
        "generated by cgit 1.2.3-korg (git 2.43.0) at 2024-01-01 00:00:00 +0000\n"
    )
    assert (patch.form, patch.subject, str(patch.author)) == ("cgit", "mm: subject", "A Name <a@example.com>")
    assert patch.date == "2021-03-01T12:00:00+01:00"
    assert patch.body == "The body.\n\nSigned-off-by: A Name <a@example.com>"
    assert [x.id[:4] for x in patch.provenance.upstream] == ["0123"]
    assert patch.repairs == ()


def test_gitiles_page() -> None:
    patch = one(
        "commit\t0123456789abcdef0123456789abcdef01234567\t[log] [tgz]\n"
        "author\tA Name <a@example.com>\tMon Mar 01 12:00:00 2021 +0100\n"
        "committer\tB <b@example.com>\tTue Mar 02 12:00:00 2021 +0100\n"
        "tree\tfedcba9876543210fedcba9876543210fedcba98\n"
        "parent\t1111111111111111111111111111111111111111 [diff]\n"
        "UPSTREAM: mm: subject\n\nThe body.\n\nBug: 12\nChange-Id: I0123456789abcdef0123456789abcdef01234567\n"
        f"fs/x.c[diff]\n1 file changed\ndiff --git a/fs/x.c b/fs/x.c\nindex 1234567..89abcde 100644\n{DIFF}"
    )
    assert (patch.form, patch.subject, patch.provenance.tags) == (
        "gitiles",
        "UPSTREAM: mm: subject",
        ("UPSTREAM",),
    )
    assert patch.date == "2021-03-01T12:00:00+01:00"
    assert patch.body.endswith("Change-Id: I0123456789abcdef0123456789abcdef01234567")
    assert patch.provenance.bugs == ("12",)


def test_gitweb_page() -> None:
    patch = one(
        "mm: subject\nauthor\tA Name <a@example.com>\n\tMon, 1 Mar 2021 11:00:00 +0000 (12:00 +0100)\n"
        "committer\tB <b@example.com>\n\tTue, 2 Mar 2021 11:00:00 +0000 (12:00 +0100)\n"
        "commit\t0123456789abcdef0123456789abcdef01234567\ntree\tfedcba9876543210fedcba9876543210fedcba98\ttree\n"
        "parent\t1111111111111111111111111111111111111111\tcommit | diff\nmm: subject\n\nThe body.\n"
        "fs/x.c\t\tdiff | blob | history\n"
        f"diff --git a/fs/x.c b/fs/x.c\nindex 1234567..89abcde 100644 (file)\n{DIFF}"
    )
    assert (patch.subject, len(patch.files)) == ("mm: subject", 1)
    assert patch.files[0].old_blob == "1234567"


def test_a_patchwork_page_without_comments_or_numbers() -> None:
    page = (
        "diff mbox series\n\nf: fix\n\nMessage ID 1@example.com (mailing list archive)\nState New\nHeaders show\n\n"
        "Commit Message\n\nA B March 1, 2021, noon UTC\nBody.\n\nSigned-off-by: C D <c@d.e>\n---\ndiff mbox series\n\n"
        f"Patch\n\n{DIFF.replace(' @@', ' @@  static int f(void)')}"
    )
    patch = one(page)
    assert (patch.author.name, patch.author.email, patch.date) == ("A B", "", "2021-03-01T12:00:00+00:00")
    assert patch.hunks[0].section == b"static int f(void)"
    assert patch.repairs == ()


def test_carriage_returns_of_a_mangled_diff_go_and_a_dos_files_stay() -> None:
    mangled = parse_diff(DIFF.replace("\n", "\r\n").encode(), "x")
    assert mangled.files == parse_diff(DIFF.encode(), "x").files
    assert [(x.kind, x.severity) for x in mangled.repairs] == [(RepairKind.LINE_ENDINGS, Severity.NOTE)]
    dos = DIFF.replace("one\n", "one\r\n").replace("two\n", "two\r\n").replace("three\n", "three\r\n")
    kept = parse_diff(dos.encode(), "x")
    assert kept.files[0].hunks[0].removed == (b"two\r",)
    assert kept.repairs == ()


def test_counts_that_do_not_fit_name_the_line() -> None:
    for diff, line in (
        (DIFF.replace("-1,3 +1,3", "-1,4 +1,3"), 8),
        (DIFF.replace("-1,3 +1,3", "-1,3 +1,2"), 7),
        (DIFF.replace(" three\n", ""), 6),
        (DIFF.replace("-1,3 +1,3", "-1,2 +1,2") + "+more\n", 8),
        (f"diff --git a/x b/x\n--- a/x\n+++ b/x\n{HUNK}@@ some @@\n a\n", 9),
        (HUNK, 1),
        (f"--- a/x\n+++ b/x\nno hunk\n\n{DIFF}", 1),
        ("diff --cc x\nindex 1,2..3\n--- a/x\n+++ b/x\n@@@ -1,1 -1,1 +1,1 @@@\n", 1),
        ("*** a/x.c\n--- b/x.c\n***************\n", 1),
    ):
        with pytest.raises(DamagedPatchError, match="x:") as caught:
            parse_diff(diff.encode(), "x")
        assert caught.value.line <= line, (diff, str(caught.value))


def test_text_around_a_diff_is_left_alone() -> None:
    text = "Subject line\n\nSee @@ and --- and +++ here.\n--- is a rule\n- item\n+ item\n\n"
    patch = one(f"{text}{DIFF}\nbase-commit: 12\n-- \n2.3\n")
    assert (len(patch.hunks), patch.repairs) == (1, ())


def test_a_diff_within_the_message_is_no_part_of_the_patch() -> None:
    mail = (
        "From: A <a@b.c>\nSubject: [PATCH] x\n\nThe warning was:\n\n  @@ -1 +1 @@\n  -a\n  +b\n\n@@ oops\n---\n"
        + DIFF
    )
    assert len(one(mail).hunks) == 1


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "PNG"),
        (b"\x1f\x8b\x08\0", "gunzip"),
        (b"<!DOCTYPE html><html>", "HTML"),
        (b"\0\1\2\3" * 100, "not text"),
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"just words\n", "no diff"),
    ],
)
def test_what_is_no_patch(data: bytes, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read(data, "x")


def test_limits_and_other_encodings() -> None:
    with pytest.raises(TooLargeError, match="limit"):
        read_document(DIFF.encode(), "x", settings=Settings(max_input_bytes=10))
    wide = one(b"\xff\xfe" + DIFF.encode("utf-16-le"))
    assert [x.kind for x in wide.repairs] == [RepairKind.ENCODING]
    assert one(b"\xef\xbb\xbf" + DIFF.encode()).files == wide.files
    assert one(base64.b64encode(DIFF.encode() * 3)).files[0].path == "fs/x.c"


def test_no_diff_is_its_own_error() -> None:
    with pytest.raises(NoDiffError):
        read("Subject: x\nFrom: a@b.c\n\nbody\n")
