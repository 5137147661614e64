"""What git's own diff says, read and put in by hand, gives git's own bytes."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backport.errors import BackportError, DamagedPatchError
from backport.intake import parse_diff
from backport.model import ChangeKind, LineKind, RepairKind, Severity
from tests.intake.support import apply, diff_text
from tests.support.repo import CLEAN_ENVIRONMENT, Repo

_ODD = rb"""int a;||}|- x|+ y|--- a/f|+++ b/f|@@ -1 +1 @@| z|-- |diff --git a/x b/x|\ No newline|a b c|Index: x"""
LINE = st.sampled_from([*_ODD.split(b"|"), b"\treturn 0;", b"\xff\xfe", b"cr\r", b"\f"])
CONTENT = st.builds(
    lambda lines, end: b"\n".join(lines) + (b"\n" if lines and end else b""),
    st.lists(LINE, max_size=24),
    st.booleans(),
)
NAME = st.sampled_from(
    ["f.c", "dir/g.h", "with blank.c", "uml\u00e4ut.c", "a/b.c", "b/a.c", 'quo"te.c', "tab\tx.c"]
)
TREE = st.dictionaries(NAME, CONTENT, min_size=1, max_size=3)
PREFIXES = st.sampled_from([[], ["--no-prefix"], ["--src-prefix=i/", "--dst-prefix=w/"]])
PLAIN = "-U0 -U1 -U5 --full-index --abbrev=7 -M -C --patience --minimal --function-context --no-renames -R"
OPTIONS = st.builds(
    lambda prefix, others: prefix + others, PREFIXES, st.lists(st.sampled_from(PLAIN.split()), max_size=3)
)


def write(root: Path, tree: dict[str, bytes]) -> None:
    for name, data in tree.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)


def git_diff(old: dict[str, bytes], new: dict[str, bytes], options: list[str]) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        env = {**CLEAN_ENVIRONMENT, "PATH": "/usr/bin:/bin:/usr/local/bin"}

        def git(*words: str) -> bytes:
            return subprocess.run(["git", *words], cwd=root, env=env, capture_output=True, check=True).stdout

        git("init", "-q")
        write(root, old)
        git("add", "-A")
        first = git("write-tree").strip().decode()
        for name in old:
            (root / name).unlink()
        write(root, new)
        git("add", "-A")
        return git("diff", "--text", *options, first, git("write-tree").strip().decode())


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(old=TREE, new=TREE, options=OPTIONS)
def test_a_git_diff_gives_the_new_tree(
    old: dict[str, bytes], new: dict[str, bytes], options: list[str]
) -> None:
    parsed = parse_diff(git_diff(old, new, options), "x.diff")
    if "-R" in options:
        old, new = new, old
    assert apply(old, parsed.files) == new
    assert not any(x.severity is Severity.WARNING for x in parsed.repairs)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), form=st.sampled_from(["git", "plain", "mail"]))
def test_damage_is_an_error_or_a_warning_and_never_a_silent_change(data: st.DataObject, form: str) -> None:
    """One line lost, doubled or cut away within the hunks of a real diff: the result is an error, or
    is warned of, or is the same change."""
    sample = SAMPLE
    if form == "plain":
        sample = b"".join(x for x in SAMPLE.splitlines(True) if not x.startswith((b"diff ", b"index ")))
    elif form == "mail":
        sample += b"-- \n2.39.5\n\n"
    whole = parse_diff(sample, "x.diff")
    lines = sample.split(b"\n")[:-1]
    places = [x.document_line - 1 for f in whole.files for h in f.hunks for x in h.lines]
    at = data.draw(st.sampled_from(places))
    how = data.draw(st.sampled_from(["lose", "double", "cut", "mangle"]))
    if how == "lose":
        damaged = lines[:at] + lines[at + 1 :]
    elif how == "double":
        damaged = lines[: at + 1] + lines[at:]
    elif how == "cut":
        damaged = lines[:at]
    else:
        damaged = [*lines[:at], b"x" + lines[at], *lines[at + 1 :]]
    try:
        parsed = parse_diff(b"".join(x + b"\n" for x in damaged), "x.diff")
    except BackportError as error:
        assert "x.diff:" in str(error)
        return
    if how == "cut" and not any(x.severity is Severity.WARNING for x in parsed.repairs):
        # Cut between two hunks: nothing tells that there were more.
        assert [h.lines for f in parsed.files for h in f.hunks] == [
            h.lines for f in whole.files for h in f.hunks
        ][: sum(len(f.hunks) for f in parsed.files)]
        return
    assert any(x.severity is Severity.WARNING for x in parsed.repairs)
    changed = [
        [x.text for x in h.lines if x.kind is not LineKind.CONTEXT] for f in parsed.files for h in f.hunks
    ]
    expected = [
        [x.text for x in h.lines if x.kind is not LineKind.CONTEXT] for f in whole.files for h in f.hunks
    ]
    assert changed == expected[: len(changed)]


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                b"diff --git a/x b/x",
                b"--- a/x",
                b"+++ b/x",
                b"@@ -1,2 +1,2 @@",
                b"@@ -1 +1,2 @@ f",
                b" a",
                b"+b",
                b"-c",
                b"",
                b"\\ No newline at end of file",
                b"rename from x",
                b"new file mode 100644",
                b"-- ",
                b"2.39",
                b"@@",
                b"GIT binary patch",
                b"literal 4",
                b"Index: x",
                b"index 1234567..89abcde 100644",
                b"--- a/../x",
                b"\r",
            ]
        ),
        max_size=14,
    )
)
def test_any_heap_of_diff_lines_is_read_or_refused(lines: list[bytes]) -> None:
    try:
        parsed = parse_diff(b"\n".join(lines), "x.diff")
    except BackportError as error:
        assert "\n" not in str(error)
        return
    for file in parsed.files:
        assert file.path
        for hunk in file.hunks:
            assert len(hunk.preimage) == hunk.old_count
            assert len(hunk.postimage) == hunk.new_count


def sample() -> bytes:
    old = {f"f{n}.c": b"".join(b"line %d of %d\n\n" % (i, n) for i in range(30)) for n in range(3)}
    new = {}
    for name, text in old.items():
        lines = text.split(b"\n")
        lines[8:10] = [b"changed", b"twice", b"more"]
        lines[40:41] = []
        new[name] = b"\n".join(lines)
    return git_diff(old, new, [])


SAMPLE = sample()


def test_renames_copies_modes_and_binaries(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    text = "".join(f"line {i}\n" for i in range(40))
    base = repo.commit(
        {"old/a.c": text, "b.sh": "x\n", "pic.bin": bytes(range(256)), "gone.c": "gone\n", "mode.sh": "y\n"}
    )
    repo.write(
        {"old/a.c": None, "new/a.c": text.replace("line 5\n", "line five\n"), "gone.c": None, "empty.c": ""}
    )
    repo.write({"pic.bin": bytes(range(255, -1, -1)), "b copy.sh": "x\n"})
    (repo.path / "mode.sh").chmod(0o755)
    repo.git("add", "-A")
    data = repo.git("diff", "--cached", "--binary", "-M", "-C", "--find-copies-harder", "--full-index", base)
    files = {x.path: x for x in parse_diff(data, "x").files}
    assert {k: v.kind for k, v in files.items()} == {
        "new/a.c": ChangeKind.RENAME,
        "b copy.sh": ChangeKind.COPY,
        "pic.bin": ChangeKind.MODIFY,
        "gone.c": ChangeKind.DELETE,
        "empty.c": ChangeKind.ADD,
        "mode.sh": ChangeKind.MODE,
    }
    moved = files["new/a.c"]
    assert (moved.old_path, moved.added, moved.removed) == ("old/a.c", 1, 1)
    assert moved.similarity is not None and 80 < moved.similarity < 100
    assert (files["mode.sh"].old_mode, files["mode.sh"].new_mode) == ("100644", "100755")
    assert files["gone.c"].new_path == "" and files["gone.c"].old_mode == "100644"
    assert files["b copy.sh"].old_path == "b.sh"
    binary = files["pic.bin"].binary
    assert binary is not None and binary.startswith(b"GIT binary patch\n") and binary in data
    assert len(files["pic.bin"].new_blob) == 40


def test_a_damaged_binary_patch_names_its_line(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    base = repo.commit({"p": bytes(range(256)) * 8})
    repo.commit({"p": bytes(reversed(range(256))) * 9})
    lines = repo.git("diff", "--binary", base).split(b"\n")
    at = next(i for i, x in enumerate(lines) if x.startswith(b"GIT binary")) + 3
    for damaged in (lines[:at] + lines[at + 1 :], [*lines[:at], lines[at][:-3], *lines[at + 1 :]]):
        try:
            parse_diff(b"\n".join(damaged), "x")
        except BackportError as error:
            assert "binary patch" in str(error)
        else:
            raise AssertionError("a damaged binary patch was taken")


def test_the_reassembled_diff_applies(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    base = repo.commit({"f.c": "".join(f"{i}\n" for i in range(30)), "n.c": "no newline"})
    repo.commit({"f.c": "".join(f"{i}\n" for i in range(1, 31)), "n.c": "still none\nhere"})
    from backport.model import Patch, Person

    files = parse_diff(repo.git("diff", base), "x").files
    patch = Patch("s", Person("a"), "", "", files)
    wanted = repo.git("rev-parse", "HEAD^{tree}")
    repo.git("checkout", "-q", base)
    repo.git("apply", "--index", "-", stdin=diff_text(patch))
    assert repo.git("write-tree") == wanted


def test_a_lost_line_is_not_made_up_for_by_what_follows() -> None:
    """A removed line is lost at the end of a hunk, and the next line begins with a minus too."""
    hunk = "@@ -1,4 +1,3 @@\n one\n two\n three\n"
    for tail in ("-- \n2.39.5\n", "-- \n2.39.5\n\n", "--\n2.31.0.208.g409f899ff0-goog\n"):
        with pytest.raises(DamagedPatchError, match="hunk of line 3 lacks 1 old and 0 new lines"):
            parse_diff(f"--- a/x\n+++ b/x\n{hunk}{tail}".encode(), "x")
    lost = "--- a/x\n+++ b/x\n@@ -1,4 +1,4 @@\n one\n two\n three\n"
    with pytest.raises(DamagedPatchError, match="x:"):
        parse_diff(f"{lost}--- a/y\n+++ b/y\n@@ -1 +1 @@\n-a\n+b\n".encode(), "x")
    kept = parse_diff(f"--- a/x\n+++ b/x\n{hunk}-- \n-- \n2.39.5\n".encode(), "x")
    assert kept.files[0].hunks[0].removed == (b"- ",)
    sql = "--- a/x.sql\n+++ b/x.sql\n@@ -1,2 +1,2 @@\n one\n--- old note\n+++ new note\n@@ -9 +9 @@\n-a\n+b\n"
    assert len(parse_diff(sql.encode(), "x").files[0].hunks) == 2


def test_small_repairs_are_named() -> None:
    head = "--- a/x\n+++ b/x\n"
    odd = parse_diff(f"{head}@@  -1,2 +1,2  @@  f()\n a\n-b\n+c\n".encode(), "x")
    assert [(x.kind, x.line) for x in odd.repairs] == [(RepairKind.DOUBLED_SPACE_HEADER, 3)]
    assert odd.files[0].hunks[0].section == b"f()"
    tab = parse_diff(f"{head}@@ -1,2 +1,2 @@\n\ta\n-b\n+c\n".encode(), "x")
    assert tab.files[0].hunks[0].preimage == (b"\ta", b"b")
    assert [(x.severity, x.line) for x in tab.repairs] == [(Severity.WARNING, 4)]
    more = parse_diff(f"{head}@@ -1,2 +1,2 @@\n a\n-b\n+c\n d\n e\n".encode(), "x")
    assert [(x.kind, x.severity, x.lines) for x in more.repairs] == [
        (RepairKind.LONG_HUNK, Severity.WARNING, (7, 8))
    ]
    assert more.files[0].hunks[0].postimage == (b"a", b"c")
    end = parse_diff(f"{head}@@ -1,2 +1,2 @@\n-b\n+c\n\n".encode(), "x")
    assert {x.severity for x in end.repairs} == {Severity.NOTE, Severity.WARNING}


def test_a_prefix_on_one_side_only_is_refused() -> None:
    for names in ("i/dir/g.h dir/g.h", "dir/g.h w/dir/g.h"):
        with pytest.raises(DamagedPatchError, match="x:1: the names"):
            parse_diff(f"diff --git {names}\nnew file mode 100644\n".encode(), "x")
