"""What messages say of other commits, and diffs without context."""

from __future__ import annotations

from pathlib import Path

import pytest

from backport.git import CommitInfo, Repository
from backport.history.after import Relation, later
from backport.history.changes import Changes, read_changes
from backport.history.lines import blame, nearest
from backport.history.messages import fixes, said, same_title, takes_back
from backport.history.ranges import Range
from backport.model import Person
from tests.support.repo import Repo

ID = "4cc6e1567996aa00bb11cc22dd33ee44ff556677"


def commit(subject: str, body: str = "") -> CommitInfo:
    someone = Person("A", "a@example.org")
    return CommitInfo("f" * 40, "", (), someone, "", someone, "", subject, body)


@pytest.mark.parametrize(
    ("subject", "body", "back"),
    [
        ('Revert "mm: map"', f"This reverts commit {ID}.\n", True),
        ('Revert "mm: map"', "It broke.\n", True),
        ("mm: go back", f"This reverts commits {ID[:12]} and 0123456789ab.\n", True),
        ('UPSTREAM: Revert "mm: map"', f"This reverts commit {ID}.\n", True),
        ('Revert "mm: map"', "This reverts commit 0123456789ab.\n", False),
        ('Reapply "mm: map"', "This reverts commit 0123456789ab.\n", False),
        ('Revert "Revert "mm: map""', "This reverts commit 0123456789ab.\n", False),
        ("mm: map more", f"Since commit {ID[:12]} it maps.\n", False),
        ("mm: map more", "We cannot revert to the old way.\n", False),
    ],
)
def test_reverts(subject: str, body: str, back: bool) -> None:
    assert takes_back(said(commit(subject, body)), ID, "mm: map") is back


def test_fixes_by_id_and_subject() -> None:
    assert fixes(said(commit("x", f'Fixes: {ID[:8]} ("other")\n')), ID, "mm: map") == "id"
    assert fixes(said(commit("x", 'Fixes: 0123456789ab ("mm: map")\n')), ID, "mm: map") == "subject"
    assert fixes(said(commit("x", 'Fixes: 0123456789ab ("mm: map more")\n')), ID, "mm: map") == ""
    assert fixes(said(commit("x", f"See {ID[:12]}.\n")), ID, "mm: map") == ""
    assert same_title("[PATCH v2 1/3] mm: Map", "BACKPORT: mm: map")
    assert not same_title("", "")


def test_changes_are_those_of_git(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit({"a b.c": "1\n2\n3\n", "old.c": "int x;\nint y;\nint z;\n"})
    second = repo.commit({"a b.c": "1\ntwo\n3", "ä.c": "--- x\n+++ y\n@@ -1 +1 @@\n"})
    repo.git("mv", "old.c", "new.c")
    third = repo.commit({"gone": "x\n"})
    fourth = repo.commit({"gone": None})
    with Repository.open(str(repo.path)) as repository:
        found = read_changes(repository, [second, third, fourth])
    files = {f.path: f for f in found[second].files}
    assert files["a b.c"].stretches[0].removed == (b"2", b"3")
    assert files["a b.c"].stretches[0].added == (b"two", b"3")
    assert (
        files["ä.c"].stretches[0].added == (b"--- x", b"+++ y", b"@@ -1 +1 @@") and not files["ä.c"].old_path
    )
    assert [(f.old_path, f.new_path) for f in found[third].files] == [("", "gone"), ("old.c", "new.c")]
    assert [(f.old_path, f.new_path) for f in found[fourth].files] == [("gone", "")]
    assert (
        found[second].lines == 7
        and found[third].patch_id != found[fourth].patch_id
        and not Changes().patch_id
    )


def test_blame_stops_where_the_histories_part(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    first = repo.commit({"a.c": "1\n2\n3\n4\n"})
    second = repo.commit({"a.c": "1\ntwo\n3\n4\n"})
    third = repo.commit({"a.c": "1\ntwo\n3\nfour\n"})
    with Repository.open(str(repo.path)) as repository:
        found = blame(repository, third, [first], "a.c", [(1, 2), (4, 4)])
        assert [(x.line, x.commit, x.text) for x in found] == [(2, second, b"two"), (4, third, b"four")]
        assert blame(repository, third, [first], "none.c", [(1, 2)]) == ()
        assert blame(repository, third, [first], "a.c", [(9, 12)]) == ()
        point = nearest(repository, third, "a.c", b"1\ntwo\n3\n4\nmine\n")
        assert point is not None and point.commit == second and point.share < 1
        assert nearest(repository, third, "a.c", b"1\n2\n3\n4\n") == (first, 1.0)


def test_a_window_says_what_it_did_not_look_at(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    first = repo.commit({"a.c": "1\n"}, "a: begin\n")
    repo.commit({"a.c": "2\n"}, f'a: mend\n\nFixes: {first[:7]} ("a: begin")\n')
    repo.commit({"a.c": "3\n"}, "a: more\n")
    tip = repo.commit({"a.c": "4\n"}, "a: still more\n")
    with Repository.open(str(repo.path)) as repository:
        whole = Range(repository, tip, [first])
        assert [(x.commit.subject, x.relation) for x in later(whole, first, "a: begin")] == [
            ("a: mend", Relation.FIX)
        ]
        assert whole.looked == "" and whole.contains(tip) and whole.contains(first) is False
        short = Range(repository, tip, [first], window=1)
        assert later(short, first, "a: begin") == () and "newest 1 commit" in short.looked
        assert short.contains(first) is None
