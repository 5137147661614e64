"""BP4xx on small histories in which the truth is known, and near misses beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from backport.git import Repository
from backport.index.commits_build import build_commits
from backport.model import Report, Severity
from backport.report import dump, load
from tests.checks.history_support import BASE, HEADER, SIGNED, Story, after, changed, found, notes


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path)


NEEDS = (("\tsum += box->left;\n", "\tsum += box_sum(box);\n"),)
HELPED = changed(HEADER, ("void lock_box", "int box_sum(struct box *box);\nvoid lock_box"))


def _helper(story: Story) -> str:
    """Upstream brings box_sum() and uses it."""
    return story.up({"lock.h": HELPED, "box.c": changed(BASE, *NEEDS)}, "box: add box_sum()" + SIGNED)


def _user(story: Story) -> str:
    text = changed(BASE, ("\tsum += box->left;\n", "\tsum += box_sum(box) + box_sum(box);\n"))
    return story.up({"box.c": text}, "box: count twice" + SIGNED)


# --- culprits --------------------------------------------------------------------------------------


def test_a_prerequisite_is_named_tried_and_found_to_suffice(story: Story) -> None:
    helper = _helper(story)
    patch = story.patch(_user(story))
    assert notes(patch) == {"box: add box_sum()": ("prerequisite", "missing")}
    (finding,) = found(patch, "BP401")
    assert "box_sum, which it brings" in finding.message and finding.hunk == 1 and finding.evidence
    bring, adapt = patch.answers
    assert bring.kind == "bring" and bring.lands and bring.commits == (helper,) and bring.files == 2
    assert adapt.kind == "adapt" and adapt.hunks == (1,)


def test_a_prerequisite_that_is_there_under_another_id_is_not_named(story: Story) -> None:
    helper = _helper(story)
    user = _user(story)
    assert notes(story.patch(user))
    text = changed(BASE, ("\tsum += box->left;\n", "\tsum += box_sum(box); /* here */\n"))
    story.down(
        {"lock.h": HELPED, "box.c": text}, f"box: add box_sum()\n\n[ Upstream commit {helper} ]{SIGNED}"
    )
    patch = story.patch(user)
    assert "box: add box_sum()" not in notes(patch) and not found(patch, "BP401")


def test_a_prerequisite_that_the_target_took_back_is_missing(story: Story) -> None:
    helper, user = _helper(story), _user(story)
    there = story.down(
        {"lock.h": HELPED, "box.c": changed(BASE, *NEEDS)},
        f"box: add box_sum()\n\ncommit {helper} upstream.{SIGNED}",
    )
    assert story.patch(user).verdict == "clean"
    story.down(
        {"lock.h": HEADER, "box.c": BASE},
        f'Revert "box: add box_sum()"\n\nThis reverts commit {there}.{SIGNED}',
    )
    assert notes(story.patch(user)) == {"box: add box_sum()": ("prerequisite", "reverted")}


def test_only_white_space_is_incidental(story: Story) -> None:
    text = changed(BASE, ("\tsum += box->left;\n", "\tsum  +=  box->left;\n"))
    story.up({"box.c": text}, "box: align" + SIGNED)
    fix = changed(text, ("\tsum  +=  box->left;\n", "\tsum  +=  box->left + 1;\n"))
    patch = story.patch(story.up({"box.c": fix}, "box: count from one" + SIGNED))
    assert notes(patch) == {"box: align": ("incidental", "missing")}
    (finding,) = found(patch, "BP409")
    assert "only white space" in finding.message and finding.severity is Severity.NOTE
    assert not found(patch, "BP401")


def test_a_rename_that_the_patch_can_be_written_without_is_incidental(story: Story) -> None:
    text = changed(BASE, ("int room = box->room", "int space = box->room"), ("room < 0", "space < 0"))
    text = changed(text, ("return room;", "return space;"))
    story.up({"box.c": text}, "box: say space" + SIGNED)
    fix = changed(text, ("space < 0", "space <= 0"))
    patch = story.patch(story.up({"box.c": fix}, "box: refuse none" + SIGNED))
    assert notes(patch) == {"box: say space": ("incidental", "missing")}
    assert "renames room to space" in found(patch, "BP409")[0].message


def test_other_changes_of_the_lines_are_adaptable(story: Story) -> None:
    text = changed(BASE, ("\tif (room < 0)\n", "\tif (room < 0 || !box->left)\n"))
    story.up({"box.c": text}, "box: look left" + SIGNED)
    fix = changed(text, ("\tif (room < 0 || !box->left)\n", "\tif (room <= 0 || !box->left)\n"))
    patch = story.patch(story.up({"box.c": fix}, "box: refuse none" + SIGNED))
    assert notes(patch) == {"box: look left": ("adaptable", "missing")}
    assert found(patch, "BP410") and not found(patch, "BP401")


def test_a_line_that_upstream_took_out_has_a_culprit(story: Story) -> None:
    text = changed(BASE, ("\tlock_box(box);\n", ""), ("\tunlock_box(box);\n", ""))
    story.up({"box.c": text}, "box: no lock" + SIGNED)
    fix = changed(
        text, ("\tint sum = 0;\n\n\tsum += box->left;\n", "\tint sum = 0;\n\n\tsum += box->left + 1;\n")
    )
    patch = story.patch(story.up({"box.c": fix}, "box: count from one" + SIGNED))
    assert "box: no lock" in notes(patch)


def test_one_of_two_culprits_suffices(story: Story) -> None:
    helper = _helper(story)
    text = changed(story.text("main"), ("\treturn first(box) + second(box);\n", "\treturn second(box);\n"))
    story.up({"box.c": text}, "box: one less" + SIGNED)
    user = changed(text, ("box_sum(box)", "box_sum(box) + box_sum(box)"))
    patch = story.patch(story.up({"box.c": user}, "box: count twice" + SIGNED))
    assert [a.commits for a in patch.answers if a.kind == "bring"] == [(helper,)]


def test_a_culprit_earlier_in_the_series_is_said_to_be_there(story: Story) -> None:
    story.down({"box.c": changed(BASE, ("box->left", "box->left * 2"))}, "stable: twice" + SIGNED)
    helper = _helper(story)
    user = _user(story)
    report = story.judge(f"{helper}^..{user}")
    states = [n.state for p in report.patches for n in p.prerequisites]
    assert states and set(states) == {"in this series"}
    assert not any(found(p, "BP401") for p in report.patches)


def test_without_the_commit_of_the_base_it_says_that_it_did_not_look(story: Story, tmp_path: Path) -> None:
    _helper(story)
    user = _user(story)
    diff = story.repo.git("diff", f"{user}^", user).replace(b"index ", b"index x")
    (tmp_path / "p.diff").write_bytes(diff)
    report = story.judge(str(tmp_path / "p.diff"))
    assert "BP401" in {s.code for s in report.skipped}


# --- after -----------------------------------------------------------------------------------------


def _fixed(story: Story) -> tuple[str, str]:
    """A change, and a commit that fixes it."""
    text = changed(BASE, ("\treturn room;\n", "\treturn room - 1;\n"))
    patch = story.up({"box.c": text}, "box: one is kept" + SIGNED)
    fix = changed(text, ("\treturn room - 1;\n", "\treturn room ? room - 1 : 0;\n"))
    return patch, story.up(
        {"box.c": fix}, f'box: not below none\n\nFixes: {patch[:9]} ("box: one is kept"){SIGNED}'
    )


def test_a_fix_by_a_short_id_is_missing_and_then_present(story: Story) -> None:
    patch, fix = _fixed(story)
    assert after(story.patch(patch)) == {"box: not below none": ("fix", "missing")}
    assert found(story.patch(patch), "BP402")
    story.down({"notes.txt": "two\n"}, f"box: not below none\n\n(cherry picked from commit {fix}){SIGNED}")
    assert after(story.patch(patch)) == {"box: not below none": ("fix", "present")}
    assert not found(story.patch(patch), "BP402")


def test_a_fix_is_known_by_the_subject_too(story: Story) -> None:
    patch, _ = _fixed(story)
    text = changed(story.text("main"), ("return -1;", "return -2;"))
    story.up({"box.c": text}, f'box: say two\n\nFixes: 0123456789ab ("box: one is kept"){SIGNED}')
    assert after(story.patch(patch))["box: say two"] == ("fix", "missing")


def test_a_fix_of_code_that_is_not_there_is_not_applicable(story: Story) -> None:
    text = changed(BASE, ("\treturn room;\n", "\treturn room - 1;\n"))
    patch = story.up({"box.c": text, "new.c": "int brand_new;\n"}, "box: one is kept" + SIGNED)
    story.up({"other.c": "int other_value = 1;\n"}, "other: begin" + SIGNED)
    story.up(
        {"other.c": "int other_value = 2;\n"},
        f'other: mend\n\nFixes: {patch[:12]} ("box: one is kept"){SIGNED}',
    )
    assert after(story.patch(patch)) == {"other: mend": ("fix", "not applicable")}
    assert not found(story.patch(patch), "BP402")


def test_a_revert_upstream_is_told_and_one_that_was_undone_is_not(story: Story) -> None:
    text = changed(BASE, ("\treturn room;\n", "\treturn room - 1;\n"))
    patch = story.up({"box.c": text}, "box: one is kept" + SIGNED)
    revert = story.up({"box.c": BASE}, f'Revert "box: one is kept"\n\nThis reverts commit {patch}.{SIGNED}')
    assert found(story.patch(patch), "BP403")
    story.up({"box.c": text}, f'Reapply "box: one is kept"\n\nThis reverts commit {revert}.{SIGNED}')
    assert not found(story.patch(patch), "BP403")


def test_only_up_to_the_revision_that_was_named(story: Story) -> None:
    patch, _ = _fixed(story)
    assert not after(story.patch(patch, revision=patch))


def test_the_fault_that_is_not_there(story: Story) -> None:
    text = changed(
        BASE,
        (
            "\treturn room;\n",
            "\tif (box->left > room)\n\t\tbox->left = room;\n\tbox->room = room + box->left;\n\treturn room;\n",
        ),
    )
    fault = story.up({"box.c": text}, "box: keep left in bounds" + SIGNED)
    fix = changed(text, ("\tlock_box(box);\n", "\tlock_box(box);\n\tlock_box(box);\n"))
    message = f'box: lock twice\n\nFixes: {fault[:12]} ("box: keep left in bounds"){SIGNED}'
    patch = story.up({"box.c": fix}, message)
    assert found(story.patch(patch), "BP405")
    story.down({"box.c": text}, f"box: keep left in bounds\n\ncommit {fault} upstream.{SIGNED}")
    assert not found(story.patch(patch), "BP405")


# --- already there ---------------------------------------------------------------------------------

ONCE = (("\tsum += box->left;\n", "\tsum += box->left;\n\tsum += box->room;\n"),)


def test_already_there_reverted_and_applied_again(story: Story) -> None:
    text = changed(BASE, *ONCE)
    patch = story.up({"box.c": text}, "box: count room" + SIGNED)
    assert not found(story.patch(patch), "BP404")
    first = story.down({"box.c": text}, f"box: count room\n\ncommit {patch} upstream.{SIGNED}")
    (finding,) = found(story.patch(patch), "BP404")
    assert finding.severity is Severity.NOTE and first[:12] in finding.message
    revert = story.down({"box.c": BASE}, f'Revert "box: count room"\n\nThis reverts commit {first}.{SIGNED}')
    assert not found(story.patch(patch), "BP404")
    assert revert[:12] in found(story.patch(patch), "BP411")[0].message
    story.down({"box.c": text}, f'Revert "Revert "box: count room""\n\nThis reverts commit {revert}.{SIGNED}')
    assert found(story.patch(patch), "BP404") and not found(story.patch(patch), "BP411")


def test_there_by_author_and_subject_only_with_the_same_change(story: Story) -> None:
    patch = story.up({"box.c": changed(BASE, *ONCE)}, "box: count room" + SIGNED)
    other = changed(BASE, ("return -1;", "return -3;"))
    story.down({"box.c": other}, "box: count room" + SIGNED)
    assert not found(story.patch(patch), "BP404")
    story.down({"box.c": changed(other, *ONCE)}, "box: count room" + SIGNED)
    assert found(story.patch(patch), "BP404")


def test_a_message_that_only_mentions_a_commit_does_not_bring_it(story: Story) -> None:
    patch = story.up({"box.c": changed(BASE, *ONCE)}, "box: count room" + SIGNED)
    story.down({"notes.txt": "two\n"}, f"notes: think\n\nSee commit {patch[:12]} of upstream.{SIGNED}")
    assert not found(story.patch(patch), "BP404")


def test_it_would_be_applied_twice(story: Story) -> None:
    text = changed(BASE, *ONCE)
    patch = story.up({"box.c": text}, "box: count room" + SIGNED)
    story.down({"notes.txt": "two\n"}, f"box: count room\n\n[ Upstream commit {patch} ]{SIGNED}")
    (finding,) = found(story.patch(patch), "BP404")
    assert finding.severity is Severity.WARNING and "a second time" in finding.message


def test_in_a_folder_only_content_says_what_is_there(story: Story, tmp_path: Path) -> None:
    _helper(story)
    user = _user(story)
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "box.c").write_text(BASE)
    (folder / "lock.h").write_text(HEADER)
    assert notes(story.patch(user, onto=str(folder))) == {"box: add box_sum()": ("prerequisite", "missing")}


# --- versions, reviews, newer trees ----------------------------------------------------------------


def _mail(story: Story, commit: str) -> bytes:
    return story.repo.git("format-patch", "-1", "--stdout", "--no-signature", commit).replace(
        commit.encode(), b"0" * 40
    )


def test_an_earlier_version_is_superseded(story: Story, tmp_path: Path) -> None:
    story.repo.checkout("main")
    story.repo.branch("draft")
    draft = story.repo.commit(
        {"box.c": changed(BASE, ("\treturn room;\n", "\treturn room - 2;\n"))}, "box: one is kept" + SIGNED
    )
    mail = tmp_path / "v1.mbox"
    mail.write_bytes(_mail(story, draft))
    text = changed(BASE, ("\treturn room;\n", "\treturn room > 0 ? room - 1 : 0;\n"))
    final = story.up({"box.c": text}, "box: one is kept" + SIGNED)
    (finding,) = found(story.patch(str(mail)), "BP406")
    assert final[:12] in finding.message
    mail.write_bytes(_mail(story, final))
    assert not found(story.patch(str(mail)), "BP406")


def test_a_newer_tree_that_lacks_it(story: Story) -> None:
    text = changed(BASE, *ONCE)
    patch = story.up({"box.c": text}, "box: count room" + SIGNED)
    story.repo.git("branch", "newer", "stable")
    report = story.judge(patch, newer=["newer", "main"])
    (finding,) = found(report.patches[0], "BP408")
    assert "newer, which is newer" in finding.message


def test_what_the_message_names_for_a_stable_tree(story: Story) -> None:
    other = story.up({"notes.txt": "two\n"}, "notes: two" + SIGNED)
    message = f"box: count room\n\nCc: stable@vger.kernel.org # 6.1.x: {other[:12]}: notes: two{SIGNED}"
    patch = story.patch(story.up({"box.c": changed(BASE, *ONCE)}, message))
    assert notes(patch) == {"notes: two": ("named", "missing")}
    assert "6.1.x" in found(patch, "BP401")[0].message
    story.down({"notes.txt": "two\n"}, f"notes: two\n\ncommit {other} upstream.{SIGNED}")
    assert not found(story.patch(story.repo.git("rev-parse", "main").decode().strip()), "BP401")


# --- all of it -------------------------------------------------------------------------------------


def test_the_same_with_an_index(story: Story, tmp_path: Path) -> None:
    _helper(story)
    user = _user(story)
    story.up({"notes.txt": "2\n"}, f'notes: mend\n\nFixes: {user[:12]} ("box: count twice"){SIGNED}')
    story.down({"notes.txt": "3\n"}, "stable: three" + SIGNED)
    without = story.judge(user)
    cache = str(tmp_path / "cache")
    with Repository.open(str(story.repo.path)) as repository:
        build_commits(repository, cache)
    assert story.judge(user, cache=cache) == without
    assert without.patches[0].followups


def test_it_survives_json(story: Story) -> None:
    _helper(story)
    report = Report((story.judge(_user(story)),))
    assert load(dump(report)) == report
    assert report.targets[0].patches[0].answers


def test_without_a_revision_the_branch_that_has_the_commit_is_looked_at(story: Story) -> None:
    """HEAD of the upstream repository stands on a branch that has nothing to do with it."""
    text = changed(BASE, ("\treturn room;\n", "\treturn room + 1;\n"))
    patch = story.up({"box.c": text}, "box: one more" + SIGNED)
    text = changed(text, ("room + 1", "room + 2"))
    story.up({"box.c": text}, f'box: two more\n\nFixes: {patch[:12]} ("box: one more"){SIGNED}')
    story.repo.git("checkout", "-q", "--orphan", "stub")
    story.repo.git("commit", "-q", "-m", "stub")
    report = story.judge(patch, revision="")
    assert [f.message for f in found(report.patches[0], "BP402")]
    story.repo.checkout("main")
    assert found(story.judge(patch, revision="").patches[0], "BP402")


def test_a_local_name_of_the_lines_is_no_prerequisite(story: Story) -> None:
    text = changed(
        BASE,
        ("\tint room = box->room;\n", "\tint space = box->room;\n"),
        ("\tif (room < 0)\n", "\tif (space < 0)\n"),
        ("\treturn room;\n", "\tspace += 0 * space;\n\treturn space;\n"),
    )
    story.up({"box.c": text}, "box: say space" + SIGNED)
    text = changed(text, ("\tspace += 0 * space;\n", "\tspace += 2 * space;\n"))
    patch = story.patch(story.up({"box.c": text}, "box: more space" + SIGNED))
    assert notes(patch)["box: say space"][0] != "prerequisite"
