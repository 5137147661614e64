"""Placement with a base: git's own merge, hunk by hunk, and the tree that it leaves."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from backport.git import conflict_regions
from backport.model import BaseKind, Placement, PlacementKind, Reason, Verdict
from tests.placement.support import LANDS, Placed, check_commits, kinds, place_commit
from tests.support.repo import Picked, Repo

Files = Mapping[str, bytes | str | None]

TEN = "".join(f"line {n}\n" for n in range(1, 11))
LONG = "".join(f"line {n}\n" for n in range(1, 61))


def three(path: Path, base: Files, target: Files, patch: Files) -> tuple[Repo, str, str]:
    """A repository with a base and two commits on it: the target's and the patch's."""
    repo = Repo(path)
    repo.commit(base, "base\n")
    repo.branch("target")
    onto = repo.commit(target, "target\n")
    repo.branch("patch", "main")
    return repo, onto, repo.commit(patch, "patch\n")


def swap(text: str, **lines: str) -> str:
    """The text with `line N` replaced, given as l3="three\\n" ("" deletes it)."""
    for name, new in lines.items():
        old = f"line {name[1:]}\n"
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text


def ours_of(picked: Picked) -> dict[str, bytes]:
    """What cherry-pick left, with the target's side of every conflict."""
    pattern = re.compile(rb"^<{7} .*?\n(.*?)^={7}\r?\n.*?^>{7} .*?\n", re.DOTALL | re.MULTILINE)
    return {path: pattern.sub(rb"\1", data) for path, data in picked.files.items()}


def compare(repo: Repo, onto: str, commit: str) -> tuple[Placed, Picked]:
    """Place a commit and cherry-pick it: the same tree, or the same but for each conflict's own lines."""
    placed = place_commit(repo, commit, onto)
    picked = repo.cherry_pick(commit, onto)
    if picked.clean:
        assert placed.tree == picked.tree
    else:
        assert {p: d for p, (_, d) in placed.files.items()} == ours_of(picked)
    return placed, picked


def placements(placed: Placed) -> list[Placement]:
    return list(placed.placement.placements)


# --- a file that both change -----------------------------------------------------------------------


def test_exact_offset_and_merged(tmp_path: Path) -> None:
    """Exact where the whole pre-image stands at its line, offset where it stands elsewhere, merged where only
    git's merge sees that lines close by were changed."""
    target = swap(LONG, l20="line 20\nmore\nand more\n", l52="near\n")
    patch = swap(LONG, l5="five\n", l30="thirty\n", l50="fifty\n")
    repo, onto, commit = three(tmp_path, {"f": LONG}, {"f": target}, {"f": patch})
    placed, _ = compare(repo, onto, commit)
    found = placements(placed)
    assert [(p.kind, p.reason, p.offset) for p in found] == [
        (PlacementKind.EXACT, Reason.SAME_PLACE, 0),
        (PlacementKind.OFFSET, Reason.LINES_SHIFTED, 2),
        (PlacementKind.MERGED, Reason.MERGED_CLEANLY, 2),
    ]
    assert [(p.line, p.target_line) for p in found] == [(5, 5), (30, 32), (50, 52)]


def test_conflict_applied_and_landed_hunks_of_one_file(tmp_path: Path) -> None:
    target = swap(LONG, l5="other 5 lines\n", l30="thirty\n")
    patch = swap(LONG, l5="five\n", l30="thirty\n", l50="fifty\n")
    repo, onto, commit = three(tmp_path, {"f": LONG}, {"f": target}, {"f": patch})
    placed, picked = compare(repo, onto, commit)
    assert not picked.clean
    assert [p.kind for p in placements(placed)] == [
        PlacementKind.CONFLICT,
        PlacementKind.APPLIED,
        PlacementKind.EXACT,
    ]
    first = placements(placed)[0]
    assert first.target_line == 5 and first.texts is not None
    assert first.texts.target is not None and b"other 5 lines\n" in first.texts.target.text
    assert first.texts.preimage is not None and b"line 5\n" in first.texts.preimage.text
    assert first.texts.postimage is not None and b"five\n" in first.texts.postimage.text


def test_a_hunk_in_conflict_may_have_a_change_that_lands(tmp_path: Path) -> None:
    """Two changes of one hunk: one conflicts, and the detail says so."""
    target = swap(TEN, l3="other\n")
    repo, onto, commit = three(tmp_path, {"f": TEN}, {"f": target}, {"f": swap(TEN, l3="a\n", l7="b\n")})
    placed, _ = compare(repo, onto, commit)
    (hunk,) = placements(placed)
    assert hunk.kind is PlacementKind.CONFLICT and "1 of 2 changes conflict" in hunk.detail
    assert b"b\n" in placed.files["f"][1]


def test_a_change_that_is_there_is_applied(tmp_path: Path) -> None:
    patch = swap(TEN, l4="four\n")
    target = swap(patch, l9="nine\n")
    repo, onto, commit = three(tmp_path, {"f": TEN}, {"f": target}, {"f": patch})
    placed, _ = compare(repo, onto, commit)
    assert [(p.kind, p.target_line) for p in placements(placed)] == [(PlacementKind.APPLIED, 4)]
    report = check_commits(repo, [commit], onto)
    assert report.targets[0].verdict is Verdict.APPLIED
    assert report.targets[0].patches[0].base is not None
    assert report.targets[0].patches[0].base.kind is BaseKind.COMMIT


def test_a_change_that_was_reverted_is_not_there(tmp_path: Path) -> None:
    """The target took it and took it back: it lands again."""
    repo = Repo(tmp_path)
    repo.commit({"f": TEN})
    commit = repo.commit({"f": swap(TEN, l4="four\n")})
    onto = repo.commit({"f": TEN, "g": "other\n"})
    placed = place_commit(repo, commit, onto)
    assert [p.kind for p in placements(placed)] == [PlacementKind.EXACT]
    assert placed.files["f"][1] == swap(TEN, l4="four\n").encode()


def test_one_of_two_changes_there(tmp_path: Path) -> None:
    """Git merges the other one: it lands, and the detail says that one is there."""
    target = swap(TEN, l3="three\n")
    patch = swap(TEN, l3="three\n", l7="seven\n")
    repo, onto, commit = three(tmp_path, {"f": TEN}, {"f": target}, {"f": patch})
    placed, _ = compare(repo, onto, commit)
    (hunk,) = placements(placed)
    assert hunk.kind is PlacementKind.MERGED and hunk.detail == "1 of 2 changes are there already"


FUNCTIONS = """\
int one(int a)
{
	int x = a;

	x += 1;
	return x;
}

int two(int a)
{
	int y = a;

	y += 2;
	return y;
}
"""


def test_a_function_that_moved_within_the_file(tmp_path: Path) -> None:
    """git may merge, or leave it in conflict; what it does is done, and nothing is said to be there."""
    one, two = FUNCTIONS.split("\n\nint two")
    target = f"int two{two}\n{one}\n"
    patch = FUNCTIONS.replace("y += 2;", "y += 22;\n\ty ^= a;")
    repo, onto, commit = three(tmp_path, {"f.c": FUNCTIONS}, {"f.c": target}, {"f.c": patch})
    placed, _ = compare(repo, onto, commit)
    (hunk,) = placements(placed)
    assert not hunk.kind.there
    assert [r.name for r in hunk.functions] == ["two"]
    if hunk.kind in LANDS:
        assert [r.name for r in hunk.target_functions] == ["two"]


# --- files as a whole ------------------------------------------------------------------------------


def test_a_file_that_the_target_renamed(tmp_path: Path) -> None:
    repo, onto, commit = three(
        tmp_path, {"old.c": LONG}, {"old.c": None, "new.c": LONG}, {"old.c": swap(LONG, l5="five\n")}
    )
    placed, _ = compare(repo, onto, commit)
    (hunk,) = placements(placed)
    assert (hunk.kind, hunk.reason) == (PlacementKind.MOVED, Reason.FILE_RENAMED)
    assert (hunk.target_path, hunk.target_line) == ("new.c", 5)
    assert sorted(placed.files) == ["new.c"]


def test_a_renamed_file_in_which_the_change_is_there(tmp_path: Path) -> None:
    """git says nothing of a file in which its merge changes nothing."""
    patch = FUNCTIONS.replace("y += 2;", "y += 22;\n\ty ^= two_mask(a);")
    repo, onto, commit = three(
        tmp_path, {"d/a.c": FUNCTIONS}, {"d/a.c": None, "e/a.c": patch}, {"d/a.c": patch}
    )
    placed, _ = compare(repo, onto, commit)
    assert [(p.kind, p.target_path, p.target_line) for p in placements(placed)] == [
        (PlacementKind.APPLIED, "e/a.c", 13)
    ]


def test_a_rename_in_the_patch(tmp_path: Path) -> None:
    target = swap(LONG, l40="forty\n")
    patch = {"f": None, "g": swap(LONG, l5="five\n")}
    repo, onto, commit = three(tmp_path, {"f": LONG}, {"f": target}, patch)
    placed, _ = compare(repo, onto, commit)
    assert sorted(placed.files) == ["g"]
    assert [(p.kind, p.target_line) for p in placements(placed)] == [(PlacementKind.EXACT, 5)]


def test_a_file_that_the_target_deleted(tmp_path: Path) -> None:
    repo, onto, commit = three(tmp_path, {"f": LONG, "k": "k\n"}, {"f": None}, {"f": swap(LONG, l5="five\n")})
    placed = place_commit(repo, commit, onto)
    assert not repo.cherry_pick(commit, onto).clean
    (hunk,) = placements(placed)
    assert hunk.kind is PlacementKind.ABSENT and hunk.reason is Reason.FILE_ABSENT
    assert sorted(placed.files) == ["k"]


def test_a_file_that_the_patch_deletes_and_the_target_changed(tmp_path: Path) -> None:
    repo, onto, commit = three(tmp_path, {"f": LONG, "k": "k\n"}, {"f": swap(LONG, l5="five\n")}, {"f": None})
    placed = place_commit(repo, commit, onto)
    assert not repo.cherry_pick(commit, onto).clean
    assert {p.kind for p in placements(placed)} == {PlacementKind.CONFLICT}
    assert sorted(placed.files) == ["f", "k"]


def test_a_file_that_both_delete(tmp_path: Path) -> None:
    repo, onto, commit = three(tmp_path, {"f": TEN, "k": "k\n"}, {"f": None}, {"f": None})
    placed, _ = compare(repo, onto, commit)
    assert [f.kind for f in placed.placement.files] == [PlacementKind.APPLIED]


def test_a_file_that_both_add(tmp_path: Path) -> None:
    repo, onto, commit = three(tmp_path, {"k": "k\n"}, {"f": TEN}, {"f": swap(TEN, l5="five\n")})
    placed = place_commit(repo, commit, onto)
    assert not repo.cherry_pick(commit, onto).clean
    (hunk,) = placements(placed)
    assert hunk.kind is PlacementKind.CONFLICT and hunk.reason is Reason.FILE_EXISTS
    assert placed.files["f"][1] == TEN.encode()


def test_a_file_that_both_add_alike(tmp_path: Path) -> None:
    repo, onto, commit = three(tmp_path, {"k": "k\n"}, {"f": TEN}, {"f": TEN})
    placed, _ = compare(repo, onto, commit)
    assert [p.kind for p in placements(placed)] == [PlacementKind.APPLIED]


def test_a_file_that_the_patch_adds(tmp_path: Path) -> None:
    repo, onto, commit = three(tmp_path, {"k": "k\n"}, {"k": "kk\n"}, {"f": TEN})
    placed, _ = compare(repo, onto, commit)
    assert [p.kind for p in placements(placed)] == [PlacementKind.EXACT]


def test_a_mode_change(tmp_path: Path) -> None:
    repo = Repo(tmp_path)
    repo.commit({"f": TEN, "k": "k\n"})
    onto = repo.commit({"k": "kk\n"})
    repo.git("checkout", "-q", "-b", "patch", "HEAD~1")
    (tmp_path / "f").chmod(0o755)
    commit = repo.commit({})
    placed, _ = compare(repo, onto, commit)
    assert placed.files["f"][0] == "100755"
    assert [f.kind for f in placed.placement.files] == [PlacementKind.EXACT]
    placed = place_commit(repo, commit, commit)
    assert [f.kind for f in placed.placement.files] == [PlacementKind.APPLIED]


def test_a_binary_change(tmp_path: Path) -> None:
    old, new = b"\0\1\2\n" * 40, b"\0\1\3\n" * 40
    repo, onto, commit = three(tmp_path, {"f": old}, {"k": "k\n"}, {"f": new})
    placed, _ = compare(repo, onto, commit)
    assert placed.files["f"][1] == new
    assert [f.kind for f in placed.placement.files] == [PlacementKind.EXACT]
    assert [f.kind for f in place_commit(repo, commit, commit).placement.files] == [PlacementKind.APPLIED]
    repo.branch("other", onto)
    elsewhere = repo.commit({"f": b"\0\5\n" * 40})
    assert not repo.cherry_pick(commit, elsewhere).clean
    placed = place_commit(repo, commit, elsewhere)
    assert [f.kind for f in placed.placement.files] == [PlacementKind.CONFLICT]
    assert placed.files["f"][1] == b"\0\5\n" * 40


@pytest.mark.parametrize("theirs", ["\r\n", "\n"])
def test_carriage_returns(tmp_path: Path, theirs: str) -> None:
    """A file of CRLF lines merges as any other; a patch that only has other line ends does not land as if."""
    base = LONG.replace("\n", "\r\n")
    target = base.replace("line 40\r\n", "forty\r\n")
    patch = base.replace("line 5\r\n", f"five{theirs}")
    repo, onto, commit = three(tmp_path, {"f": base}, {"f": target}, {"f": patch})
    placed, picked = compare(repo, onto, commit)
    assert picked.clean
    assert [p.kind for p in placements(placed)] == [PlacementKind.EXACT]


def test_a_file_without_newline_at_its_end(tmp_path: Path) -> None:
    base = LONG.removesuffix("\n")
    target = swap(LONG, l5="five\n").removesuffix("\n")
    repo, onto, commit = three(tmp_path, {"f": base}, {"f": target}, {"f": LONG + "line 61"})
    placed, picked = compare(repo, onto, commit)
    assert picked.clean and placed.files["f"][1].endswith(b"line 60\nline 61")


# --- random histories ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """What one side does: replaces, removes or adds behind each of these lines (0-based)."""

    at: tuple[tuple[int, str], ...]

    def apply(self, lines: Sequence[str], word: str) -> list[str]:
        result: list[str] = []
        doing = dict(self.at)
        for number, line in enumerate(lines):
            what = doing.get(number, "")
            if what == "replace":
                result.append(f"{word}{number}\n")
            elif what == "same":
                result.append(f"same{number}\n")
            elif what != "delete":
                result.append(line)
            if what == "insert":
                result.append(f"{word}{number}x\n")
        return result


def sides(*kinds: str) -> st.SearchStrategy[Change]:
    pair = st.tuples(st.integers(0, 39), st.sampled_from(kinds))
    return st.lists(pair, min_size=1, max_size=6, unique_by=lambda x: x[0]).map(
        lambda x: Change(tuple(sorted(x)))
    )


@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(sides("replace", "insert", "delete", "same"), sides("replace", "replace", "insert", "delete", "same"))
def test_hunks_are_as_git_merges_them(ours: Change, theirs: Change) -> None:
    """Every line of every side is unlike all others, so that git's result itself says what became of a hunk."""
    base = [f"line {n}\n" for n in range(40)]
    target, after = ours.apply(base, "target"), theirs.apply(base, "patch")
    with tempfile.TemporaryDirectory() as top:
        repo, onto, commit = three(
            Path(top),
            {"f": "".join(base), "k": ""},
            {"f": "".join(target), "k": "k"},
            {"f": "".join(after)},
        )
        placed, picked = compare(repo, onto, commit)
        style = repo.cherry_pick(commit, onto, "-c", "merge.conflictStyle=diff3")
    shown = picked.files["f"]
    regions = conflict_regions(shown, "HEAD", f"{commit[:7]} (patch)")
    assert picked.clean == (not regions)
    in_conflict = {line for r in regions for line in r.theirs}
    wide = conflict_regions(
        style.files["f"], "HEAD", f"{commit[:7]} (patch)", f"parent of {commit[:7]} (patch)"
    )
    base_in_conflict = {line for r in wide for line in r.base or ()}
    hunks = {h.number: h for f in placed.placement.files for h in f.change.hunks}
    stands = {line.encode().rstrip(b"\n") for line in target}
    for placement in placements(placed):
        hunk = hunks[placement.hunk]
        new = set(hunk.added) - set(hunk.preimage)
        old = set(hunk.removed) - set(hunk.postimage)
        stuck = bool(new & in_conflict) or (not new and bool(old & base_in_conflict))
        if placement.kind is PlacementKind.CONFLICT:
            assert new & in_conflict or old & base_in_conflict
        elif placement.kind is PlacementKind.APPLIED:
            assert new <= stands and not old & stands
        else:
            assert placement.kind in LANDS
            assert not stuck
            lines = shown.split(b"\n")
            assert new <= set(lines) and not old & set(lines)
        if stuck and not (new <= stands and not old & stands):
            assert placement.kind is PlacementKind.CONFLICT


def test_a_series_is_the_tree_of_several_cherry_picks(tmp_path: Path) -> None:
    """The second patch changes what the first brought."""
    repo = Repo(tmp_path)
    repo.commit({"f": LONG})
    repo.branch("target")
    onto = repo.commit({"f": swap(LONG, l40="forty\n")})
    repo.branch("patch", "main")
    one = repo.commit({"f": swap(LONG, l5="five\nfive and a half\n")})
    two = repo.commit({"f": swap(LONG, l5="five\nnew half\n")})
    report = check_commits(repo, [one, two], onto)
    assert [p.verdict for p in report.targets[0].patches] == [Verdict.CLEAN, Verdict.CLEAN]
    assert kinds(report) == ["exact", "exact"]
    assert check_commits(repo, [two], onto).targets[0].verdict is Verdict.CONFLICT
