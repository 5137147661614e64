"""Opening repositories and reading objects: nothing is written, nothing is run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from backport.errors import BackportError, MissingObjectError, TargetError
from backport.git import ObjectType, Repository, Scratch
from backport.model import Person
from tests.support.repo import Repo, snapshot

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    made = Repo(tmp_path / "r")
    made.commit({"f": "one\n", "d/g": "two\n", "d/e/h": "three\n"}, "first\n\nbody\n")
    made.git("tag", "-a", "-m", "a tag", "v1")
    made.commit({"f": "one more\n"}, "second\n")
    return made


def opened(repo: Repo) -> Repository:
    return Repository.open(str(repo.path))


# --- opening


def test_forms_of_a_repository(repo: Repo, tmp_path: Path) -> None:
    repo.git("clone", "-q", "--bare", ".", str(tmp_path / "bare"))
    repo.git("worktree", "add", "-q", str(tmp_path / "tree"), "v1")
    (tmp_path / "gitfile").mkdir()
    (tmp_path / "gitfile" / ".git").write_text("gitdir: ../r/.git\n")
    head = repo.head()
    forms = {
        repo.path: head,
        repo.path / ".git": head,
        tmp_path / "bare": head,
        tmp_path / "gitfile": head,
        tmp_path / "tree": repo.git("rev-parse", "v1^{commit}").decode().strip(),
        tmp_path / "tree" / ".git": repo.git("rev-parse", "v1^{commit}").decode().strip(),
    }
    for path, commit in forms.items():
        with Repository.open(str(path)) as repository:
            assert repository.resolve("HEAD") == commit, path
            assert repository.tree_of(commit) == repo.tree(commit)
            assert repository.object_format == "sha1"


def test_what_is_no_repository(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong" / ".git").write_text("gitdir: ../nowhere\n")
    for path in (tmp_path / "absent", tmp_path, repo.path / "d", repo.path / "f", tmp_path / "wrong"):
        with pytest.raises(TargetError) as caught:
            Repository.open(str(path))
        assert "\n" not in str(caught.value) and str(path) in str(caught.value)


def test_inherited_variables_do_not_count(
    repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Repo(tmp_path / "other")
    other.commit({"x": "x\n"})
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other.path / ".git/objects"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.path / ".git/index"))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.bare'='nonsense'")
    monkeypatch.setenv("GIT_TRACE2", str(tmp_path / "trace"))
    with opened(repo) as repository:
        assert repository.blob(repository.resolve("HEAD")) is None
        assert repository.commit(repository.resolve("HEAD")) is not None
        assert not repository.is_dirty()
    assert not (tmp_path / "trace").exists()


def test_closing_removes_the_folder_and_can_be_repeated(repo: Repo) -> None:
    repository = opened(repo)
    assert repository.has(repo.head())
    folder = Path(repository.git_folder)
    assert folder.is_dir()
    repository.close()
    repository.close()
    assert not folder.exists()
    assert repository.has(repo.head()), "a closed repository opens itself again"
    repository.close()


def test_nothing_is_left_when_the_interpreter_ends(repo: Repo, tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    program = (
        "import sys\nfrom backport.git import *\n"
        "r = Repository.open(sys.argv[1]); s = Scratch([r]); s.write_blob(b'x')\n"
        "assert r.has(r.resolve('HEAD')); print(s.git_folder)\n"
        "{end}"
    )
    for end in ("", "raise KeyboardInterrupt", "raise SystemExit(3)"):
        done = subprocess.run(
            [sys.executable, "-c", program.format(end=end), str(repo.path)],
            capture_output=True,
            cwd=PROJECT,
            env={**os.environ, "TMPDIR": str(tmp_path / "tmp")},
            check=False,
        )
        assert done.stdout.decode().startswith(str(tmp_path / "tmp")), done.stderr
        assert list((tmp_path / "tmp").iterdir()) == []


# --- revisions


def test_resolve(repo: Repo) -> None:
    first = repo.git("rev-parse", "HEAD~1").decode().strip()
    with opened(repo) as repository:
        for rev in ("v1", "HEAD~1", "main^", first, first[:10], "refs/tags/v1", ":/first", "v1^{commit}"):
            assert repository.resolve(rev) == first, rev


def _unknown() -> list[str]:
    plain = ["--help", "-x", "--all", "", "nope", "HEAD:f", "a\nb", "a\0b", "HEAD..HEAD", "^HEAD", "v1 v1"]
    return [*plain, "0" * 40, "x" * 9000, "HEAD^{tree}", "@{-1}", "\udcff", "\ud800"]


@pytest.mark.parametrize("rev", _unknown())
def test_unknown_revisions(repo: Repo, rev: str) -> None:
    with opened(repo) as repository, pytest.raises(TargetError) as caught:
        repository.resolve(rev)
    assert "unknown revision" in str(caught.value) and "\n" not in str(caught.value)


def test_a_branch_that_looks_like_an_option(repo: Repo) -> None:
    repo.git("update-ref", "refs/heads/--help", "HEAD~1")
    with opened(repo) as repository:
        with pytest.raises(TargetError):
            repository.resolve("--help")
        with pytest.raises(TargetError):
            repository.range("--help")
        assert repository.resolve("refs/heads/--help") == repository.resolve("v1")


def test_ranges(repo: Repo) -> None:
    start = repo.head()
    repo.branch("side")
    side = repo.commit({"s": "s\n"}, "side\n")
    repo.checkout("main")
    main = repo.commit({"m": "m\n"}, "main\n")
    repo.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    merge = repo.head()
    with opened(repo) as repository:
        listed = repository.range(f"{start}..main")
        assert set(listed) == {side, main, merge} and listed[-1] == merge
        assert repository.range("side") == (side,)
        assert repository.range("main..main") == ()
        assert repository.range("side..main")[-1] == merge
        for spec in ("nope..main", "", "--all", "main..--help"):
            with pytest.raises(TargetError):
                repository.range(spec)
        assert repository.is_ancestor(start, merge) and not repository.is_ancestor(side, main)
        assert not repository.is_ancestor("--help", merge)


def test_topological_order(repo: Repo) -> None:
    ids = [repo.head()] + [repo.commit({"f": f"{n}\n"}) for n in range(5)]
    with opened(repo) as repository:
        assert repository.topo([ids[4], ids[1], ids[3], ids[1]]) == (ids[1], ids[3], ids[4])
        assert repository.topo(reversed(ids)) == tuple(ids)
        assert repository.topo([ids[2]]) == (ids[2],)
        root = repo.git("rev-list", "--max-parents=0", "HEAD").decode().strip()
        assert repository.topo([ids[0], root]) == (root, ids[0])


# --- objects


def test_entries(repo: Repo) -> None:
    tree = repo.tree()
    with opened(repo) as repository:
        found = repository.entry(tree, "d/e/h")
        assert found and (found.mode, found.type) == ("100644", ObjectType.BLOB)
        assert repository.blob(found.id) == b"three\n"
        folder = repository.entry(tree, "d")
        assert folder and (folder.mode, folder.type) == ("040000", ObjectType.TREE)
        for path in ("no", "d/no", "f/x", "d/e/h/x", "/f", "d//g", "d/../f", "d\ng", "f\n"):
            assert repository.entry(tree, path) is None, path
        assert repository.read("0" * 40) is None and not repository.has("0" * 40)
        assert (
            repository.read("HEAD") is None
            and repository.read("") is None
            and repository.read("a\nb") is None
        )


def test_links_are_not_followed(repo: Repo) -> None:
    (repo.path / "link").symlink_to("d")
    repo.commit({})
    with opened(repo) as repository:
        entry = repository.entry(repo.tree(), "link")
        assert entry and entry.mode == "120000"
        assert repository.entry(repo.tree(), "link/g") is None


def test_odd_names(repo: Repo) -> None:
    names = ["a\nb", "tab\there", 'quo"te', "\udcff\udcfe", "sp ace", ":(top)x", "*", "-x"]
    for name in names:
        path = os.fsencode(repo.path) + b"/" + os.fsencode(name)
        Path(os.fsdecode(path)).write_bytes(b"needle\n")
    repo.commit({})
    with opened(repo) as repository:
        tree = repo.tree()
        for name in names:
            entry = repository.entry(tree, name)
            assert entry and repository.blob(entry.id) == b"needle\n"
            assert [x[0] for x in repository.grep(tree, [b"needle"], [name])] == [name]
        listed = [path for path, _, _ in repository.ls(tree)]
        assert set(names) < set(listed)
        assert listed == sorted(listed, key=os.fsencode)
        assert {x[0] for x in repository.grep(tree, [b"needle"])} == set(names)


def test_listing_below_a_folder(repo: Repo) -> None:
    with opened(repo) as repository:
        assert [x[0] for x in repository.ls(repo.tree(), "d")] == ["d/e/h", "d/g"]
        assert [x[0] for x in repository.ls(repo.tree(), "f")] == ["f"]
        assert list(repository.ls(repo.tree(), "nothing")) == []


def test_commit_values(repo: Repo) -> None:
    with opened(repo) as repository:
        commit = repository.commit(repo.head())
        first = repository.commit(repository.resolve("v1"))
    assert commit and first
    assert commit.parents == (first.id,) and first.parents == ()
    assert (first.subject, first.body) == ("first", "body\n")
    assert first.author == Person("A U Thor", "author@example.com")
    assert first.author_date == "2021-03-01T12:00:00+00:00"


@pytest.mark.parametrize(
    ("encoding", "data", "name"),
    [
        ("", "Jürgen".encode(), "Jürgen"),
        ("ISO-8859-1", "Jürgen".encode("latin-1"), "Jürgen"),
        ("", "Jürgen".encode("latin-1"), "Jürgen"),
        ("EUC-JP", "鈴木".encode("euc-jp"), "鈴木"),
        ("no-such-thing", "Jürgen".encode(), "Jürgen"),
        ("UTF-8", "Jürgen".encode("latin-1"), "Jürgen"),
        ("hex", "Jürgen".encode(), "Jürgen"),
    ],
)
def test_commit_encodings(repo: Repo, encoding: str, data: bytes, name: str) -> None:
    lines = [b"tree " + repo.tree().encode(), b"author " + data + b" <j@example.org> 1600000000 -0130"]
    lines += [b"committer C <c@example.org> 1600000000 +0200"]
    lines += [b"encoding " + encoding.encode()] if encoding else []
    raw = b"\n".join([*lines, b"", b"\nsubject by " + data, b"second line", b"", b"", b"body"])
    id = repo.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=raw).decode().strip()
    with opened(repo) as repository:
        commit = repository.commit(id)
    assert commit
    assert commit.author == Person(name, "j@example.org")
    assert commit.author_date == "2020-09-13T10:56:40-01:30"
    assert (commit.subject, commit.body) == (f"subject by {name} second line", "body")


def test_patch_of_a_commit(repo: Repo) -> None:
    repo.write({"b": b"\0\1\2", "new": "line\n" * 9, ".gitattributes": "f diff=up\n"})
    repo.git("mv", "d/g", "moved")
    commit = repo.commit({})
    repo.git("config", "diff.up.textconv", "tr a-z A-Z <")
    repo.git("config", "diff.noprefix", "true")
    repo.git("config", "diff.context", "0")
    repo.git("config", "diff.renames", "false")
    with opened(repo) as repository:
        for id in (commit, repository.resolve("v1")):
            wanted = repo.git(
                *("-c", "diff.noprefix=false", "-c", "diff.context=3", "show", "--format=", "-p", "-M"),
                *("--full-index", "--binary", "--no-textconv", "--no-ext-diff", "--no-color", id),
            )
            assert repository.diff_commit(id) == wanted
        assert b"rename to moved" in repository.diff_commit(commit)
        with pytest.raises(MissingObjectError):
            repository.diff_commit("1" * 40)


def test_blob_prefixes(repo: Repo) -> None:
    blob = repo.git("rev-parse", "HEAD:f").decode().strip()
    with opened(repo) as repository:
        for digits in (7, 12, 40):
            assert repository.resolve_blob_prefix(blob[:digits]) == blob
        assert repository.resolve_blob_prefix(blob[:12].upper()) == blob
        assert repository.resolve_blob_prefix(repo.head()[:12]) is None
        for wrong in ("", "12", "HEAD", "main", "0000000", "-" * 8, "g" * 8, "0" * 40):
            assert repository.resolve_blob_prefix(wrong) is None


def test_ambiguous_blob_prefixes(repo: Repo) -> None:
    import hashlib

    seen: dict[str, bytes] = {}
    for n in range(100000):
        data = b"%d\n" % n
        start = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()[:4]
        if start in seen:
            break
        seen[start] = data
    for text in (data, seen[start]):
        repo.git("hash-object", "-w", "--stdin", stdin=text)
    with opened(repo) as repository:
        assert repository.resolve_blob_prefix(start) is None


def test_grep(repo: Repo) -> None:
    repo.commit(
        {
            "c.c": b"int foo;\nint foobar;\r\nx = foo+1; /* foo */\nlast foo",
            "bin": b"foo\0",
            "d/c.c": "a_foo\nfoo\n",
        }
    )
    (repo.path / "link").symlink_to("foo")
    repo.commit({})
    with opened(repo) as repository:
        tree = repo.tree()
        whole = list(repository.grep(tree, [b"foo"]))
        assert whole == [
            ("c.c", 1, b"int foo;"),
            ("c.c", 3, b"x = foo+1; /* foo */"),
            ("c.c", 4, b"last foo"),
            ("d/c.c", 2, b"foo"),
        ]
        parts = list(repository.grep(tree, [b"foo", b"bar"], ["d", "nowhere"], whole_words=False))
        assert parts == [("d/c.c", 1, b"a_foo"), ("d/c.c", 2, b"foo")]
        assert list(repository.grep(tree, [b"foobar"])) == [("c.c", 2, b"int foobar;\r")]
        for words in ([], [b""], [b"f\noo"], [b"-e"], [b"--help"], [b"foo\0"]):
            assert list(repository.grep(tree, words)) == []
        assert list(repository.grep(tree, [b"foo"], ["nowhere"])) == []


# --- nothing written, nothing run


def hostile(repo: Repo, marker: Path) -> None:
    """Configuration that leaves a mark when any program of it is run."""
    script = repo.path / ".git" / "mark"
    script.write_text(f'#!/bin/sh\necho "$0 $*" >> {marker}\ncat\n')
    script.chmod(0o755)
    for key in (
        *("core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.askPass", "diff.external"),
        *("diff.up.textconv", "diff.up.command", "merge.mine.driver", "filter.up.clean", "filter.up.smudge"),
        *(
            "filter.up.process",
            "gpg.program",
            "uploadpack.packObjectsHook",
            "core.gitProxy",
            "credential.helper",
        ),
    ):
        repo.git("config", key, str(script))
    for command in ("cat-file", "rev-parse", "merge-tree", "grep", "status", "diff-tree", "rev-list"):
        repo.git("config", f"alias.{command}", f"!{script}")
    repo.git("config", "log.showSignature", "true")
    repo.git("config", "core.hooksPath", str(repo.path / ".git" / "hooks"))
    (repo.path / ".git" / "hooks").mkdir(exist_ok=True)
    for hook in ("post-index-change", "reference-transaction", "post-checkout", "fsmonitor-watchman"):
        (repo.path / ".git" / "hooks" / hook).symlink_to(script)
    repo.git("config", "core.worktree", str(marker.parent))
    attributes = "* diff=up merge=mine filter=up\n"
    (repo.path / ".git" / "info").mkdir(exist_ok=True)
    (repo.path / ".git" / "info" / "attributes").write_text(attributes)


def use_everything(repo: Repo) -> None:
    with opened(repo) as repository, Scratch([repository]) as scratch:
        head, first = repository.resolve("HEAD"), repository.resolve("v1")
        tree = repository.tree_of(head)
        entry = repository.entry(tree, "f")
        assert entry and repository.blob(entry.id)
        assert next(repository.ls(tree)) and next(repository.grep(tree, [b"one"]))
        assert (
            repository.diff_commit(head) and repository.range("v1..HEAD") and repository.topo([head, first])
        )
        assert repository.is_ancestor(first, head) and repository.resolve_blob_prefix(entry.id[:8])
        repository.is_dirty()
        ours = scratch.write_tree(tree, {"f": ("100644", scratch.write_blob(b"ours\n"))})
        theirs = scratch.write_tree(tree, {"f": ("100644", scratch.write_blob(b"theirs\n"))})
        merge = scratch.merge(tree, ours, theirs)
        assert not merge.clean and scratch.diff(b"a\n", b"b\n")


def test_no_program_is_run_and_no_byte_changes(repo: Repo, tmp_path: Path) -> None:
    repo.commit({".gitattributes": "* merge=mine diff=up filter=up\n"})
    repo.write({"f": "changed in the work tree\n"})
    marker = tmp_path / "marks" / "file"
    marker.parent.mkdir()
    hostile(repo, marker)
    marker.unlink(missing_ok=True)
    before = repo.snapshot()
    use_everything(repo)
    assert not marker.exists(), marker.read_text()
    assert repo.snapshot() == before


def test_the_marker_works(repo: Repo, tmp_path: Path) -> None:
    """The trap of the test above is a trap: plain git does run those programs."""
    marker = tmp_path / "marks" / "file"
    marker.parent.mkdir()
    hostile(repo, marker)
    repo.git("config", "--unset", "core.worktree")
    repo.run("status")
    assert marker.exists()


def test_a_repository_that_cannot_be_written(repo: Repo) -> None:
    before = repo.snapshot()
    folders = [repo.path, *[x for x in repo.path.rglob("*") if x.is_dir()]]
    modes = {folder: folder.stat().st_mode for folder in folders}
    for folder in folders:
        folder.chmod(0o555)
    try:
        use_everything(repo)
    finally:
        for folder, mode in modes.items():
            folder.chmod(mode)
    assert repo.snapshot() == before


def test_replace_refs_do_not_count(repo: Repo) -> None:
    head, first = repo.head(), repo.git("rev-parse", "v1^{commit}").decode().strip()
    repo.git("replace", head, first)
    with opened(repo) as repository:
        commit = repository.commit(repository.resolve("HEAD"))
    assert commit and commit.subject == "second"


# --- what is not here


def test_shallow_clone(repo: Repo, tmp_path: Path) -> None:
    repo.git("clone", "-q", "--depth=1", f"file://{repo.path}", str(tmp_path / "shallow"))
    before = snapshot(tmp_path / "shallow")
    with Repository.open(str(tmp_path / "shallow")) as repository:
        head = repository.resolve("HEAD")
        commit = repository.commit(head)
        assert commit and repository.commit(commit.parents[0]) is None
        assert repository.range(f"{head}^!") == (head,)
        assert repository.topo([head]) == (head,)
        with pytest.raises(MissingObjectError) as caught:
            repository.diff_commit(head)
        assert "shallow" in str(caught.value)
        with pytest.raises(TargetError):
            repository.resolve("HEAD~1")
    assert snapshot(tmp_path / "shallow") == before


@pytest.mark.parametrize("kept", ["blob:none", "tree:0"])
def test_partial_clone_fetches_nothing(repo: Repo, tmp_path: Path, kept: str) -> None:
    repo.git("config", "uploadpack.allowFilter", "true")
    blob = repo.git("rev-parse", "HEAD:f").decode().strip()
    path = tmp_path / "partial"
    repo.git("clone", "-q", "--bare", f"--filter={kept}", f"file://{repo.path}", str(path))
    before = snapshot(path)
    with Repository.open(str(path)) as repository, Scratch([repository]) as scratch:
        head = repository.resolve("HEAD")
        assert repository.resolve("main~1")
        tree = repository.tree_of(head)
        assert repository.blob(blob) is None and not repository.has(blob)
        assert repository.resolve_blob_prefix(blob[:10]) is None
        with pytest.raises(MissingObjectError):
            repository.diff_commit(head)
        if kept == "blob:none":
            entry = repository.entry(tree, "f")
            assert entry and entry.id == blob
            new = scratch.write_tree(tree, {"f": ("100644", scratch.write_blob(b"x\n"))})
            other = scratch.write_tree(tree, {"f": ("100644", scratch.write_blob(b"y\n"))})
            with pytest.raises(MissingObjectError):
                scratch.merge(tree, new, other)
            assert list(repository.grep(tree, [b"one"])) == []
        else:
            with pytest.raises(MissingObjectError):
                repository.entry(tree, "f")
            with pytest.raises(MissingObjectError):
                list(repository.ls(tree))
    assert snapshot(path) == before


def test_damaged_object(repo: Repo) -> None:
    blob = repo.git("rev-parse", "HEAD:f").decode().strip()
    loose = repo.path / ".git" / "objects" / blob[:2] / blob[2:]
    loose.chmod(0o644)
    loose.write_bytes(b"garbage")
    with opened(repo) as repository:
        try:
            assert repository.blob(blob) is None
        except BackportError as error:
            assert "\n" not in str(error)
        assert repository.commit(repo.head()) is not None, "the next question is answered"


# --- scratch repositories


def test_written_objects_have_gits_ids(repo: Repo) -> None:
    with opened(repo) as repository, Scratch([repository]) as scratch:
        base = repo.tree()
        changes = {
            "d/e/h": None,
            "d/new/deep": ("100755", scratch.write_blob(b"deep\n")),
            "f": ("120000", scratch.write_blob(b"target")),
            "a.b": ("100644", scratch.write_blob(b"")),
            "a": ("100644", scratch.write_blob(b"")),
        }
        tree = scratch.write_tree(base, changes)
        commit = scratch.write_commit(tree, [repo.head()])
        assert scratch.tree_of(commit) == tree
        fsck = scratch.git("fsck", "--strict", commit)
        assert fsck.code == 0, fsck.err
        with Scratch([repository]) as other:
            assert other.read(tree) is None
    (repo.path / "d/e/h").unlink()
    (repo.path / "d/new").mkdir()
    (repo.path / "d/new/deep").write_text("deep\n")
    (repo.path / "d/new/deep").chmod(0o755)
    (repo.path / "f").unlink()
    (repo.path / "f").symlink_to("target")
    repo.commit({"a.b": "", "a": ""})
    assert repo.tree() == tree


def test_tree_changes_that_replace(repo: Repo) -> None:
    with Scratch([]) as scratch:
        blob = ("100644", scratch.write_blob(b"x"))
        base = scratch.write_tree(None, {"d/a": blob, "d/b": blob, "f": blob})

        def paths(tree: str) -> list[str]:
            return [x[0] for x in scratch.ls(tree)]

        assert paths(scratch.write_tree(base, {"d": blob})) == ["d", "f"]
        assert paths(scratch.write_tree(base, {"f/x": blob})) == ["d/a", "d/b", "f/x"]
        assert paths(scratch.write_tree(base, {"d": None})) == ["f"]
        for changes in ({"d": None, "d/c": blob}, {"d/c": blob, "d": None}):
            assert paths(scratch.write_tree(base, changes)) == ["d/a", "d/b", "d/c", "f"]
        assert paths(scratch.write_tree(base, {"d/a": None, "d/b": None})) == ["f"]
        assert paths(scratch.write_tree(base, {"f": None, "f/x": blob})) == ["d/a", "d/b", "f/x"]
        assert paths(scratch.write_tree(base, {"no": None, "no/no": None})) == ["d/a", "d/b", "f"]
        empty = scratch.write_tree(base, {"d": None, "f": None})
        assert empty == scratch.empty_tree and paths(empty) == []
        for path in ("", "/x", "a//b", "../x", "a/./b"):
            with pytest.raises(ValueError, match="path"):
                scratch.write_tree(base, {path: blob})


def test_scratch_of_several_repositories(repo: Repo, tmp_path: Path) -> None:
    other = Repo(tmp_path / 'o "dd\n')
    other.commit({"x": "x\n"})
    third = Repo(tmp_path / "t", "sha256")
    third.commit({"x": "x\n"})
    lender = Repo(tmp_path / "lender")
    lender.commit({"y": "y\n"})
    lender.git("clone", "-q", "--shared", ".", str(tmp_path / "shared"))
    (tmp_path / "#hash").symlink_to(repo.path)
    with (
        Repository.open(str(tmp_path / "#hash")) as one,
        Repository.open(str(other.path)) as two,
        Repository.open(str(tmp_path / "shared")) as borrower,
        Repository.open(str(third.path)) as three,
        Scratch([one, two, borrower, three]) as scratch,
    ):
        assert three.object_format == "sha256" and scratch.object_format == "sha1"
        assert scratch.has(repo.head()) and scratch.has(other.head())
        assert scratch.has(lender.head()) and not scratch.has(third.head())
        assert three.commit(third.head()) is not None


def test_sha256_objects(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r", "sha256")
    repo.commit({"d/f": "x\n"})
    with opened(repo) as repository, Scratch([repository]) as scratch:
        assert repository.id_size == 64
        entry = repository.entry(repo.tree(), "d/f")
        assert entry and repository.blob(entry.id) == b"x\n"
        assert scratch.write_tree(None, {"d/f": ("100644", scratch.write_blob(b"x\n"))}) == repo.tree()
        assert repository.resolve("main") == repo.head() and repository.diff_commit(repo.head())
        assert scratch.write_tree(None, {}) == scratch.empty_tree


def test_many_threads(repo: Repo) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with opened(repo) as repository, Scratch([repository]) as scratch:
        tree = repo.tree()

        def work(number: int) -> bytes | None:
            data = b"%d\n" % (number % 7)
            changed = scratch.write_tree(tree, {"f": ("100644", scratch.write_blob(data))})
            merge = scratch.merge(tree, tree, changed)
            entry = scratch.entry(merge.tree, "f")
            assert repository.entry(tree, "d/g") and merge.clean
            return scratch.blob(entry.id) if entry else None

        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(work, range(20))) == [b"%d\n" % (n % 7) for n in range(20)]
