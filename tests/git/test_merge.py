"""Three-way merges: the same as `git cherry-pick`, for every kind of conflict."""

from __future__ import annotations

from pathlib import Path

import pytest

from backport.errors import MissingObjectError
from backport.git import ConflictKind, Repository, Scratch, conflict_regions
from tests.git.oracle import STYLES, compare, three
from tests.support.repo import Repo

Files = dict[str, bytes | str | None]


def lines(*changes: tuple[int, str], count: int = 30, end: str = "\n") -> str:
    """Numbered lines, some of them replaced."""
    text = {n: f"line number {n}" for n in range(1, count + 1)}
    text.update(dict(changes))
    return end.join(text.values()) + end


BASE = lines()
CASES: dict[str, tuple[Files, Files, Files]] = {
    "apart": ({"f": BASE}, {"f": lines((3, "ours"))}, {"f": lines((20, "theirs"))}),
    "same line": ({"f": BASE}, {"f": lines((3, "ours"))}, {"f": lines((3, "theirs"))}),
    "same change": ({"f": BASE}, {"f": lines((3, "both"))}, {"f": lines((3, "both"))}),
    "neighbours": ({"f": BASE}, {"f": lines((3, "ours"))}, {"f": lines((4, "theirs"))}),
    "two conflicts": (
        {"f": BASE},
        {"f": lines((3, "a"), (20, "b"), (10, "o"))},
        {"f": lines((3, "c"), (20, "d"), (12, "t"))},
    ),
    "zealous": (
        {"f": lines((5, "x"))},
        {"f": lines((5, "begin\nours\nend"))},
        {"f": lines((5, "begin\ntheirs\nend"))},
    ),
    "modify/delete": ({"f": BASE, "g": "g\n"}, {"f": None}, {"f": lines((3, "theirs"))}),
    "delete/modify": ({"f": BASE, "g": "g\n"}, {"f": lines((3, "ours"))}, {"f": None}),
    "add/add": ({"g": "g\n"}, {"f": lines((3, "ours"))}, {"f": lines((3, "theirs"))}),
    "add/add equal": ({"g": "g\n"}, {"f": BASE}, {"f": BASE}),
    "rename": ({"a": BASE}, {"a": None, "b": lines((3, "ours"))}, {"a": lines((20, "theirs"))}),
    "rename conflict": ({"a": BASE}, {"a": None, "b": lines((3, "ours"))}, {"a": lines((3, "theirs"))}),
    "rename by patch": ({"a": BASE}, {"a": lines((3, "ours"))}, {"a": None, "b": lines((3, "theirs"))}),
    "rename/delete": ({"a": BASE, "z": "z"}, {"a": None}, {"a": None, "b": lines((3, "theirs"))}),
    "rename/rename": ({"a": BASE}, {"a": None, "b": BASE}, {"a": None, "c": lines((3, "theirs"))}),
    "rename/add": (
        {"a": BASE},
        {"a": None, "b": lines((3, "ours"))},
        {"a": lines((9, "theirs")), "b": "other text\n"},
    ),
    "folder renamed": (
        {"d/x": BASE, "d/y": lines((1, "y")), "d/z": lines((1, "z"))},
        {"d/x": None, "d/y": None, "d/z": None, "e/x": BASE, "e/y": lines((1, "y")), "e/z": lines((1, "z"))},
        {"d/x": lines((3, "theirs")), "d/new": "a new file\n"},
    ),
    "folder in the way": ({"g": "g\n"}, {"f/inner": "x\n"}, {"f": "a file\n"}),
    "crlf": (
        {"f": lines(end="\r\n")},
        {"f": lines((3, "ours"), end="\r\n")},
        {"f": lines((3, "theirs"), end="\r\n")},
    ),
    "crlf to lf": ({"f": lines(end="\r\n")}, {"f": lines((3, "ours"))}, {"f": lines((3, "x"), end="\r\n")}),
    "no newline": (
        {"f": "a\nb\nc"},
        {"f": "a\nb\nours"},
        {"f": "a\nb\ntheirs"},
    ),
    "newline added": ({"f": "a\nb\nc"}, {"f": "a\nb\nc\n"}, {"f": "a\nb\nc\nd"}),
    "equal signs": (
        {"f": lines((5, "======="))},
        {"f": lines((3, "ours"), (5, "======="))},
        {"f": lines((3, "theirs\n=======\nmore"), (5, "======="))},
    ),
    "binary": ({"f": b"\0base"}, {"f": b"\0ours"}, {"f": b"\0theirs"}),
    "union": (
        {".gitattributes": "*.txt merge=union\n", "f.txt": BASE, "f": BASE},
        {"f.txt": lines((3, "ours")), "f": lines((3, "ours"))},
        {"f.txt": lines((3, "theirs")), "f": lines((3, "theirs"))},
    ),
    "union deep": (
        {"a/b/.gitattributes": "f merge=union\n", "a/b/f": BASE},
        {"a/b/f": lines((3, "ours"))},
        {"a/b/f": lines((3, "theirs"))},
    ),
    "no merge": (
        {".gitattributes": "f -merge\n", "f": BASE},
        {"f": lines((3, "ours"))},
        {"f": lines((20, "theirs"))},
    ),
    "binary attribute": (
        {".gitattributes": "f binary\n", "f": BASE},
        {"f": lines((3, "ours"))},
        {"f": lines((20, "theirs"))},
    ),
    "marker size": (
        {".gitattributes": "f conflict-marker-size=12\n", "f": BASE},
        {"f": lines((3, "ours"))},
        {"f": lines((3, "theirs"))},
    ),
    "attributes of the target only": (
        {".gitattributes": "f merge=union\n", "f": BASE},
        {".gitattributes": None, "f": lines((3, "ours"))},
        {"f": lines((3, "theirs"))},
    ),
    "attributes brought by the target": (
        {"f": BASE},
        {".gitattributes": "f merge=union\n", "f": lines((3, "ours"))},
        {"f": lines((3, "theirs"))},
    ),
    "attributes beside the renamed file": (
        {"a/f": BASE},
        {"a/f": None, "b/f": lines((3, "ours")), "b/.gitattributes": "f merge=union\n"},
        {"a/f": lines((3, "theirs"))},
    ),
    "text and eol": (
        {".gitattributes": "f text\n", "f": BASE},
        {"f": lines((3, "ours"))},
        {"f": lines((3, "theirs"))},
    ),
    "unknown driver": (
        {".gitattributes": "f merge=mine\n", "f": BASE},
        {"f": lines((3, "ours"))},
        {"f": lines((3, "theirs"))},
    ),
    "empty file": ({"f": ""}, {"f": "ours\n"}, {"f": "theirs\n"}),
    "odd names": (
        {"a b\n\tc": BASE, 'q"uo\\te': BASE},
        {"a b\n\tc": lines((3, "ours")), 'q"uo\\te': lines((3, "ours"))},
        {"a b\n\tc": lines((3, "theirs")), 'q"uo\\te': lines((20, "theirs"))},
    ),
}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("case", CASES)
def test_merge_is_what_cherry_pick_leaves(tmp_path: Path, case: str, style: str) -> None:
    base, target, patch = CASES[case]
    repo = three(tmp_path / "r", base, target, patch)  # type: ignore[arg-type]
    compare(repo, "base", "target", "patch", style)


KINDS = {
    "same line": ("f", ConflictKind.CONTENT),
    "modify/delete": ("f", ConflictKind.MODIFY_DELETE),
    "delete/modify": ("f", ConflictKind.DELETE_MODIFY),
    "add/add": ("f", ConflictKind.ADD_ADD),
    "rename conflict": ("b", ConflictKind.CONTENT),
    "rename/delete": ("b", ConflictKind.RENAME_DELETE),
    "rename/rename": ("a", ConflictKind.RENAME_RENAME),
    "folder renamed": ("e/new", ConflictKind.DIRECTORY_RENAME),
    "binary": ("f", ConflictKind.BINARY),
}


@pytest.mark.parametrize("case", KINDS)
def test_conflicts_have_their_kind(tmp_path: Path, case: str) -> None:
    base, target, patch = CASES[case]
    repo = three(tmp_path / "r", base, target, patch)  # type: ignore[arg-type]
    merge = compare(repo, "base", "target", "patch")
    path, kind = KINDS[case]
    assert {x.path: x.kind for x in merge.files}[path] is kind


def test_modes_are_merged(tmp_path: Path) -> None:
    repo = three(tmp_path / "r", {"f": BASE}, {"f": lines((3, "ours"))}, {"g": "g\n"})
    (repo.path / "f").chmod(0o755)
    repo.commit({"f": lines((20, "theirs"))})
    merge = compare(repo, "patch~1", "target", "patch")
    assert merge.clean
    with Repository.open(str(repo.path)) as repository, Scratch([repository]) as scratch:
        trees = [repo.tree(x) for x in ("patch~1", "target", "patch")]
        entry = scratch.entry(scratch.merge(trees[0], trees[1], trees[2]).tree, "f")
    assert entry and entry.mode == "100755"


def test_mode_conflict(tmp_path: Path) -> None:
    repo = three(tmp_path / "r", {"g": "g\n"}, {"f": BASE}, {"f": BASE})
    (repo.path / "f").chmod(0o755)
    repo.git("commit", "-qam", "patch", "--amend")
    merge = compare(repo, "base", "target", "patch")
    assert [(x.path, x.kind) for x in merge.files] == [("f", ConflictKind.ADD_ADD)]


def test_symlink_conflict(tmp_path: Path) -> None:
    repo = three(tmp_path / "r", {"g": "g\n"}, {"h": "x\n"}, {"i": "y\n"})
    for branch, text in (("target", "one"), ("patch", "two")):
        repo.checkout(branch)
        (repo.path / "l").symlink_to(text)
        repo.git("add", "l")
        repo.git("commit", "-q", "--amend", "-m", branch)
    merge = compare(repo, "base", "target", "patch")
    assert [(x.path, x.kind) for x in merge.files] == [("l", ConflictKind.SYMLINK)]


def test_marker_size(tmp_path: Path) -> None:
    base, target, patch = CASES["marker size"]
    repo = three(tmp_path / "r", base, target, patch)  # type: ignore[arg-type]
    with Repository.open(str(repo.path)) as repository, Scratch([repository]) as scratch:
        merge = scratch.merge(repo.tree("base"), repo.tree("target"), repo.tree("patch"), style="diff3")
        entry = scratch.entry(merge.tree, "f")
        data = (scratch.blob(entry.id) if entry else None) or b""
    assert b"\n|||||||||||| base\n" in data
    assert conflict_regions(data) == ()
    (region,) = conflict_regions(data, marker_size=12)
    assert (region.ours, region.base, region.theirs) == ((b"ours",), (b"line number 3",), (b"theirs",))


def test_renames_of_touched_files(tmp_path: Path) -> None:
    base: Files = {"a/x": BASE, "a/y": lines((1, "y"), (2, "yy")), "keep": "k\n"}
    target: Files = {"a/x": None, "a/y": None, "b/x": lines((3, "o")), "c/y2": lines((1, "y"), (2, "yy"))}
    patch: Files = {"a/x": lines((20, "t")), "a/y": lines((1, "y"), (2, "yy"), (9, "t"))}
    repo = three(tmp_path / "r", base, target, patch)  # type: ignore[arg-type]
    merge = compare(repo, "base", "target", "patch")
    assert merge.clean and merge.renames == {"a/x": "b/x", "a/y": "c/y2"}


def test_rename_of_a_file_that_has_the_change_already(tmp_path: Path) -> None:
    target: Files = {"a": None, "b": lines((3, "both"), (9, "ours"))}
    repo = three(tmp_path / "r", {"a": BASE}, target, {"a": lines((3, "both"))})  # type: ignore[arg-type]
    merge = compare(repo, "base", "target", "patch")
    assert merge.clean and merge.tree == repo.tree("target")
    assert merge.renames == {"a": "b"}


def test_new_file_follows_a_renamed_folder(tmp_path: Path) -> None:
    base, target, patch = CASES["folder renamed"]
    repo = three(tmp_path / "r", base, target, patch)  # type: ignore[arg-type]
    merge = compare(repo, "base", "target", "patch")
    assert merge.renames == {"d/x": "e/x", "d/new": "e/new"}


def test_regions_and_base_label(tmp_path: Path) -> None:
    base, target, patch = CASES["two conflicts"]
    repo = three(tmp_path / "r", base, target, patch)  # type: ignore[arg-type]
    with Repository.open(str(repo.path)) as repository, Scratch([repository]) as scratch:
        trees = (repo.tree("base"), repo.tree("target"), repo.tree("patch"))
        merge = scratch.merge(*trees, style="diff3")
        again = scratch.merge(*trees, style="diff3")
        assert merge == again
        entry = scratch.entry(merge.tree, "f")
        data = (scratch.blob(entry.id) if entry else None) or b""
    assert b"||||||| base\n" in data
    first, last = conflict_regions(data)
    assert (first.first, first.last, first.ours, first.base, first.theirs) == (
        3,
        9,
        (b"a",),
        (b"line number 3",),
        (b"c",),
    )
    assert last.ours == (b"b",)


def test_equal_signs_inside_a_region(tmp_path: Path) -> None:
    base, target, patch = CASES["equal signs"]
    repo = three(tmp_path / "r", base, target, patch)  # type: ignore[arg-type]
    with Repository.open(str(repo.path)) as repository, Scratch([repository]) as scratch:
        merge = scratch.merge(repo.tree("base"), repo.tree("target"), repo.tree("patch"))
        entry = scratch.entry(merge.tree, "f")
        (region,) = conflict_regions((scratch.blob(entry.id) if entry else None) or b"")
    assert region.ours == (b"ours",)
    assert region.theirs == (b"theirs", b"=======", b"more")


def test_merge_without_a_repository() -> None:
    with Scratch([], "sha1") as scratch:
        trees = [
            scratch.write_tree(None, {"d/f": ("100644", scratch.write_blob(text.encode()))})
            for text in (BASE, lines((3, "ours")), lines((20, "theirs")))
        ]
        merge = scratch.merge(*trees)
        assert merge.clean
        entry = scratch.entry(merge.tree, "d/f")
        assert entry and scratch.blob(entry.id) == lines((3, "ours"), (20, "theirs")).encode()


def test_merge_needs_its_objects() -> None:
    with Scratch([], "sha1") as scratch:
        blob = scratch.write_blob(b"x\n")
        one = scratch.write_tree(None, {"f": ("100644", blob)})
        with pytest.raises(MissingObjectError):
            scratch.merge(one, one, "1" * 40)
        gone = [scratch.write_tree(None, {"f": ("100644", digit * 40)}) for digit in "123"]
        with pytest.raises(MissingObjectError) as caught:
            scratch.merge(gone[0], gone[1], gone[2])
        assert "\n" not in str(caught.value)


def test_given_attributes_replace_those_of_the_target(tmp_path: Path) -> None:
    base, target, patch = CASES["same line"]
    repo = three(tmp_path / "r", base, target, patch)  # type: ignore[arg-type]
    trees = (repo.tree("base"), repo.tree("target"), repo.tree("patch"))
    with Repository.open(str(repo.path)) as repository, Scratch([repository]) as scratch:
        assert scratch.merge(*trees, attributes={".gitattributes": b"f merge=union\n"}).clean
        assert not scratch.merge(*trees).clean


def test_a_tree_cannot_write_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree made by hand may name `..`: its .gitattributes must not be written there."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))

    def folder(text: bytes) -> str:
        blobs = {".gitattributes": b"* merge=union\n", "f": text}
        inner = scratch.write_tree(
            None, {name: ("100644", scratch.write_blob(data)) for name, data in blobs.items()}
        )
        raw = b"40000 ..\0" + bytes.fromhex(inner)
        done = scratch.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", stdin=raw)
        return done.out.decode().strip()

    with Scratch() as scratch:
        trees = [folder(text) for text in (b"base\n", b"ours\n", b"theirs\n")]
        assert not scratch.merge(trees[0], trees[1], trees[2]).clean
        assert [x.name for x in (tmp_path / "tmp").iterdir()] == [Path(scratch.git_folder).name]
        assert not list(Path(scratch.git_folder).rglob(".gitattributes"))


def test_sha256(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r", "sha256")
    repo.commit({"f": BASE})
    repo.git("tag", "base")
    repo.branch("target")
    repo.commit({"f": lines((3, "ours"))})
    repo.branch("patch", "base")
    repo.commit({"f": lines((3, "theirs"))})
    merge = compare(repo, "base", "target", "patch", "zdiff3")
    assert len(merge.tree) == 64 and not merge.clean


def test_equal_signs_of_our_own_side() -> None:
    merged = b"<<<<<<< target\none\n=======\ntwo\n=======\ntheirs\n>>>>>>> patch\n"
    (plain,) = conflict_regions(merged)
    assert plain.ours == (b"one",)
    (informed,) = conflict_regions(merged, ours_text=b"one\n=======\ntwo\nrest\n")
    assert (informed.ours, informed.theirs) == ((b"one", b"=======", b"two"), (b"theirs",))
