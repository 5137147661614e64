"""Adapting through the one call: each strategy in a history in which the truth is known, and beside it a near miss."""

from __future__ import annotations

from pathlib import Path

import pytest

from backport.adapt.values import Action, Confidence, Refusal
from backport.git import ConflictRegion, conflict_regions
from backport.model import Verdict
from backport.report.adapted import whole_files
from tests.adapt.support import adapted, by_hunks, only_file, piece, pieces, strategies, swap, text

CERTAIN, LIKELY, GUESS = Confidence.CERTAIN, Confidence.LIKELY, Confidence.GUESS

FIRST = """\
int dev_first(struct dev *dev)
{
	int err = 0;

	dev->first = 1; dev->count += 1;
	dev->second = 2;
	err = dev_check(dev, 7, dev->name);
	if (err)
		return err;
	return 0;
}
"""
SECOND = """\
int dev_second(struct dev *dev)
{
	dev->left = 1;
	dev->right = 2;
	return dev->left;
}
"""
THIRD = """\
int dev_third(struct dev *dev)
{
	dev->up = 1;
	dev->down = 2;
	return dev->up;
}
"""
CODE = f"{FIRST}\n{SECOND}\n{THIRD}"
CHECK = "dev_check(dev, 7, dev->name)"
GONE = f"\terr = {CHECK};\n\tif (err)\n\t\treturn err;\n"


def regions(marked: bytes, function: str) -> tuple[ConflictRegion, ...]:
    """The conflicts as git's own labels are read."""
    return conflict_regions(marked, f"target {function}", f"patch {function}", f"base {function}")


# --- what lands needs nothing


def test_what_lands_is_not_adapted(tmp_path: Path) -> None:
    patch = adapted(tmp_path, CODE, swap(CODE, ("up = 1", "up = 3")), swap(CODE, ("left = 1", "left = 7")))
    assert patch.proposal is None and patch.complete
    assert text(patch) == swap(CODE, ("up = 1", "up = 3"), ("left = 1", "left = 7"))


def test_what_is_there_already_changes_nothing(tmp_path: Path) -> None:
    after = swap(CODE, ("up = 1", "up = 3"))
    patch = adapted(tmp_path, CODE, after, after)
    assert (patch.report.verdict, patch.diff, patch.changes) == (Verdict.APPLIED, b"", {})


# --- words


def test_words_of_one_line_changed_on_both_sides(tmp_path: Path) -> None:
    patch = adapted(
        tmp_path, CODE, swap(CODE, ("first = 1", "first = 9")), swap(CODE, ("count += 1", "count += 2"))
    )
    found = piece(patch)
    assert found.accepted(LIKELY)
    assert (found.function, found.line, found.hunks) == ("dev_first()", 5, (1,))
    assert [s.strategy for s in found.trace] == ["words-one-line"]
    assert text(patch) == swap(CODE, ("first = 1", "first = 9"), ("count += 1", "count += 2"))
    assert b"+\tdev->first = 9; dev->count += 2;\n" in patch.diff
    assert patch.complete and patch.report.verdict is Verdict.CONFLICT


def test_words_of_two_lines_changed_on_both_sides(tmp_path: Path) -> None:
    patch = adapted(
        tmp_path, CODE, swap(CODE, ("left = 1", "left = 9")), swap(CODE, ("right = 2", "right = 8"))
    )
    assert piece(patch).confidence is CERTAIN
    assert text(patch) == swap(CODE, ("left = 1", "left = 9"), ("right = 2", "right = 8"))


def test_the_same_word_changed_on_both_sides_stays_a_conflict(tmp_path: Path) -> None:
    target = swap(CODE, ("first = 1", "first = 5"))
    patch = adapted(tmp_path, CODE, swap(CODE, ("first = 1", "first = 9"), ("up = 1", "up = 3")), target)
    found = piece(patch)
    assert (found.proposal, found.refusal) == (None, Refusal.BOTH_CHANGED)
    assert not patch.complete and patch.proposal is not None and patch.proposal.refused == (found,)
    assert text(patch) == swap(target, ("up = 1", "up = 3"))


def test_what_is_refused_stands_between_markers_and_the_rest_is_there(tmp_path: Path) -> None:
    target = swap(CODE, ("first = 1", "first = 5"))
    patch = adapted(tmp_path, CODE, swap(CODE, ("first = 1", "first = 9"), ("up = 1", "up = 3")), target)
    (file,) = whole_files(patch)
    assert file.marked and b"dev->up = 3;" in file.data
    (region,) = regions(file.data, "dev_first()")
    assert region.ours == (b"\tdev->first = 5; dev->count += 1;",)
    assert region.base == (b"\tdev->first = 1; dev->count += 1;",)
    assert region.theirs == (b"\tdev->first = 9; dev->count += 1;",)
    assert b"<<<<<<< target dev_first()\n" in file.data and b">>>>>>> patch dev_first()\n" in file.data


def test_new_lines_beside_lines_that_the_target_does_not_have(tmp_path: Path) -> None:
    upstream = swap(CODE, ("\tdev->second = 2;\n", "\tdev->second = 2;\n\tdev_mark(dev);\n"))
    patch = adapted(tmp_path, CODE, upstream, swap(CODE, (GONE, "")))
    assert (piece(patch).confidence, strategies(patch)) == (LIKELY, {"words-beside-gone"})
    assert text(patch) == swap(upstream, (GONE, ""))


def test_a_guess_is_not_taken_unless_it_is_asked_for(tmp_path: Path) -> None:
    upstream = swap(CODE, ("\tdev->second = 2;\n", "\tdev->second = 2;\n\tdev_wake(dev, 1);\n"))
    target = swap(CODE, ("\tdev->second = 2;\n", "\tdev->second = 2;\n\tmutex_init(&lock);\n"))
    left = adapted(tmp_path, CODE, upstream, target)
    assert (piece(left).confidence, left.complete, left.diff) == (GUESS, False, b"")
    assert "both-insert" in strategies(left)
    taken = adapted(tmp_path, CODE, upstream, target, least=GUESS)
    assert taken.complete and "\tmutex_init(&lock);\n\tdev_wake(dev, 1);\n" in text(taken)


def test_what_is_likely_is_not_taken_where_certain_is_asked_for(tmp_path: Path) -> None:
    upstream = swap(CODE, ("\tdev->second = 2;\n", "\tdev->second = 2;\n\tdev_mark(dev);\n"))
    patch = adapted(tmp_path, CODE, upstream, swap(CODE, (GONE, "")), least=CERTAIN)
    assert (patch.complete, patch.diff) == (False, b"")
    file = only_file(patch)
    assert file.after is not None and b"dev_mark" not in file.after
    assert file.marked is not None and len(regions(file.marked, "dev_first()")) == 1


def test_whole_parameters_of_a_list(tmp_path: Path) -> None:
    head = "int dev_second(struct dev *dev"
    base = swap(
        CODE, (head, f"{head}, int err")
    )  # a name that the target has: it is not of a missing feature
    patch = adapted(tmp_path, base, swap(CODE, (head, f"{head}, int err, long x")), CODE)
    assert (piece(patch).confidence, strategies(patch)) == (LIKELY, {"lists"})
    assert text(patch) == swap(CODE, (head, f"{head}, long x"))


# --- what is taken out or not there


def test_what_upstream_takes_out_and_the_target_has_in_part(tmp_path: Path) -> None:
    upstream = swap(CODE, (f"\terr = {CHECK};\n", ""))
    patch = adapted(tmp_path, CODE, upstream, swap(CODE, (CHECK, "dev_check(dev, 7)")))
    assert (piece(patch).confidence, text(patch)) == (LIKELY, upstream)
    assert "removed" in strategies(patch)


def test_another_form_of_what_upstream_takes_out_is_a_guess(tmp_path: Path) -> None:
    target = swap(CODE, (CHECK, "dev_check(dev, 8, dev->name)"))
    upstream = swap(CODE, (f"\terr = {CHECK};\n", ""), ("left = 1", "left = 3"))
    patch = adapted(tmp_path, CODE, upstream, target)
    assert (piece(patch).confidence, patch.complete) == (GUESS, False)
    assert text(patch) == swap(target, ("left = 1", "left = 3"))


ELSEWHERE = (("left = 1", "left = 11"), ("right = 2", "right = 22"), ("up = 1", "up = 3"))


def test_a_change_of_lines_that_are_not_there_is_left_out(tmp_path: Path) -> None:
    upstream = swap(CODE, (CHECK, CHECK.replace("7", "9")), *ELSEWHERE)
    patch = adapted(tmp_path, CODE, upstream, swap(CODE, (GONE, "")))
    assert piece(patch).confidence is LIKELY and "gone" in strategies(patch)
    assert text(patch) == swap(CODE, (GONE, ""), *ELSEWHERE)
    assert [d.function for d in patch.differences if d.lost] == ["dev_first()"]


def test_most_of_a_patch_is_not_left_out_but_for_a_guess(tmp_path: Path) -> None:
    """Near: of two changed lines only one is kept, and of three."""
    more = ("\tif (err)\n\t\treturn err;\n", "\tif (err < 0)\n\t\treturn err;\n")
    upstream = swap(CODE, (CHECK, CHECK.replace("7", "9")), more, ("up = 1", "up = 3"))
    patch = adapted(tmp_path, CODE, upstream, swap(CODE, (GONE, "")))
    assert piece(patch).confidence is GUESS and not patch.complete
    assert "most of the patch would be left out" in piece(patch).why


def test_a_patch_of_which_nothing_is_left_is_refused(tmp_path: Path) -> None:
    upstream = swap(CODE, (CHECK, CHECK.replace("7", "9")))
    patch = adapted(tmp_path, CODE, upstream, swap(CODE, (GONE, "")))
    assert piece(patch).confidence is GUESS and not patch.complete and patch.diff == b""
    assert "nothing of the patch would be left" in piece(patch).why


# --- names

NAMES = """\
int one(int a)
{
	return RTE_ETH_ONE + a;
}

int two(int a)
{
	return RTE_ETH_TWO + a;
}

int three(int a)
{
	int r = a;

	r += 3;
	return r;
}
"""
HEADER = "#define RTE_ETH_ONE 1\n#define RTE_ETH_TWO 2\n#define RTE_ETH_THREE 3\n"
BRINGS = swap(NAMES, ("r += 3;", "r += RTE_ETH_THREE;"))
SHORT = NAMES.replace("RTE_ETH", "ETH")
SHORT_HEADER = HEADER.replace("RTE_ETH", "ETH")


def test_a_prefix_that_the_target_has_otherwise(tmp_path: Path) -> None:
    base, target = {"a.c": NAMES, "h.h": HEADER}, {"a.c": SHORT, "h.h": SHORT_HEADER}
    patch = adapted(tmp_path, base, {"a.c": BRINGS}, target)
    assert (piece(patch).confidence, strategies(patch)) == (LIKELY, {"names"})
    assert text(patch) == swap(SHORT, ("r += 3;", "r += ETH_THREE;"))
    assert piece(patch).function == "three()" and "ETH_THREE for RTE_ETH_THREE" in piece(patch).why


def test_a_prefix_whose_new_name_the_target_does_not_have(tmp_path: Path) -> None:
    """Near: the name would be made up. The checks then refuse what git merged."""
    header = SHORT_HEADER.replace("#define ETH_THREE 3\n", "")
    base, target = {"a.c": NAMES, "h.h": HEADER}, {"a.c": SHORT, "h.h": header}
    patch = adapted(tmp_path, base, {"a.c": BRINGS}, target)
    assert not patch.complete and pieces(patch) == ()
    assert only_file(patch).refusal is Refusal.CHECKS
    assert "ETH_THREE for" not in only_file(patch).why and "RTE_ETH_THREE" in only_file(patch).why


def test_a_prefix_whose_old_name_the_target_has(tmp_path: Path) -> None:
    """Near: the patch lands with it."""
    header = SHORT_HEADER + "#define RTE_ETH_THREE 3\n"
    base, target = {"a.c": NAMES, "h.h": HEADER}, {"a.c": SHORT, "h.h": header}
    patch = adapted(tmp_path, base, {"a.c": BRINGS}, target)
    assert patch.proposal is None and "RTE_ETH_THREE" in text(patch)


def test_a_name_that_the_target_calls_otherwise(tmp_path: Path) -> None:
    other = [("RTE_ETH_ONE", "OTHER_FLAG")]
    base = {"a.c": NAMES, "h.h": HEADER}
    upstream = swap(NAMES, ("r += 3;", "r += RTE_ETH_ONE;"))
    patch = adapted(
        tmp_path, base, {"a.c": upstream}, {"a.c": swap(NAMES, *other), "h.h": swap(HEADER, *other)}
    )
    assert (piece(patch).confidence, strategies(patch)) == (LIKELY, {"names"})
    assert text(patch) == swap(NAMES, *other, ("r += 3;", "r += OTHER_FLAG;"))


def test_a_name_that_the_target_has_too_is_left_alone(tmp_path: Path) -> None:
    """Near: it stands in another line of the target's file."""
    base = NAMES + "\nint kept = RTE_ETH_ONE;\n"
    upstream = swap(base, ("r += 3;", "r += RTE_ETH_ONE;"))
    target = swap(base, ("return RTE_ETH_ONE", "return OTHER_FLAG"))
    header = HEADER + "#define OTHER_FLAG 1\n"
    patch = adapted(tmp_path, {"a.c": base, "h.h": HEADER}, {"a.c": upstream}, {"a.c": target, "h.h": header})
    assert patch.proposal is None and "r += RTE_ETH_ONE;" in text(patch)


def test_a_parameter_of_what_the_target_lacks_is_left_out(tmp_path: Path) -> None:
    more = [
        (CHECK, "dev_check(dev, 7, dev->name, wp)"),
        ("dev_first(struct dev *dev)", "dev_first(struct dev *dev, int wp)"),
    ]
    base = swap(CODE, *more)
    upstream = swap(base, ("dev_check(dev, 7,", "dev_check(dev, 9,"))
    patch = adapted(tmp_path, base, upstream, CODE)
    assert text(patch) == swap(CODE, ("dev_check(dev, 7,", "dev_check(dev, 9,"))
    assert (piece(patch).left_out, piece(patch).confidence) == (("wp",), LIKELY)
    assert "left-out" in strategies(patch)


def test_a_parameter_that_the_target_has_elsewhere_is_not_left_out(tmp_path: Path) -> None:
    """Near: the target knows the name."""
    base = swap(CODE, (CHECK, "dev_check(dev, 7, dev->name, up)"))
    upstream = swap(base, ("dev_check(dev, 7,", "dev_check(dev, 9,"))
    patch = adapted(tmp_path, base, upstream, CODE)
    assert "left-out" not in strategies(patch) and all(not p.left_out for p in pieces(patch))


# --- functions and files elsewhere


def test_functions_are_merged_where_the_target_has_them_but_as_a_guess_beside_lines(tmp_path: Path) -> None:
    """The lines alone say that the target has no such code; the function stands there, in another place."""
    target = f"{THIRD}\n{SECOND}\n{FIRST}"
    patch = adapted(tmp_path, CODE, swap(CODE, ("right = 2", "right = 22")), target)
    assert not patch.complete or text(patch) == swap(target, ("right = 2", "right = 22"))


def test_a_change_is_not_left_out_of_a_function_that_stands_elsewhere(tmp_path: Path) -> None:
    """Near: both sides changed the word, in a function that git does not find."""
    target = f"{THIRD}\n{swap(SECOND, ('right = 2', 'right = 5'))}\n{FIRST}"
    upstream = swap(CODE, ("right = 2", "right = 22"), ("first = 1", "first = 9"))
    patch = adapted(tmp_path, CODE, upstream, target)
    assert not patch.complete


NEW = (
    f"/* other */\n\nint zero(void)\n{{\n\treturn 0;\n}}\n\n{SECOND}\nint after(void)\n{{\n\treturn 9;\n}}\n"
)


def test_a_function_is_followed_into_another_file(tmp_path: Path) -> None:
    upstream = swap(CODE, ("right = 2", "right = 22"))
    patch = adapted(tmp_path, {"d/old.c": CODE}, {"d/old.c": upstream}, {"d/old.c": None, "d/new.c": NEW})
    file = only_file(patch)
    assert (file.path, file.action, file.confidence) == ("d/new.c", Action.EDIT, LIKELY)
    assert {"followed", "functions"} <= strategies(patch) and "dev_second" in file.why
    assert text(patch, "d/new.c") == swap(NEW, ("right = 2", "right = 22")) and patch.complete
    assert list(patch.changes) == ["d/new.c"]


def test_a_followed_function_that_was_changed_there_is_refused(tmp_path: Path) -> None:
    upstream = swap(CODE, ("right = 2", "right = 22"))
    new = swap(NEW, ("right = 2", "right = 5"))
    patch = adapted(tmp_path, {"d/old.c": CODE}, {"d/old.c": upstream}, {"d/old.c": None, "d/new.c": new})
    assert piece(patch).refusal is Refusal.BOTH_CHANGED
    assert not patch.complete and patch.diff == b""


def test_a_file_that_only_calls_the_function_is_not_its_home(tmp_path: Path) -> None:
    upstream = swap(CODE, ("right = 2", "right = 22"))
    calls = "int zero(void)\n{\n\treturn dev_second(0);\n}\n"
    patch = adapted(tmp_path, {"d/old.c": CODE}, {"d/old.c": upstream}, {"d/old.c": None, "d/new.c": calls})
    file = only_file(patch)
    assert (file.action, file.confidence, patch.diff) == (Action.DROP, GUESS, b"")
    assert not patch.complete and "nothing of the patch would be left" in file.why


def test_a_file_that_has_but_a_stand_in_is_not_its_home(tmp_path: Path) -> None:
    upstream = swap(CODE, ("right = 2", "right = 22"))
    none = "#define dev_other 1\n#define dev_second(dev) 0\n"
    patch = adapted(tmp_path, {"d/old.c": CODE}, {"d/old.c": upstream}, {"d/old.c": None, "d/new.c": none})
    assert only_file(patch).action is Action.DROP and patch.diff == b""


OLD = {"old.c": FIRST, "b.c": f"{SECOND}\n{THIRD}"}


def test_a_file_that_the_target_does_not_have_is_dropped_and_named(tmp_path: Path) -> None:
    after = swap(OLD["b.c"], ("left = 1", "left = 11"), ("up = 1", "up = 4"))
    upstream = {"old.c": swap(FIRST, ("first = 1", "first = 9")), "b.c": after}
    patch = adapted(tmp_path, OLD, upstream, {"old.c": None})
    file = only_file(patch)
    assert (file.action, file.confidence, file.change.path) == (Action.DROP, LIKELY, "old.c")
    assert "dev_first" in file.why and patch.complete
    assert text(patch, "b.c") == after and list(patch.changes) == ["b.c"]


def test_a_file_that_holds_most_of_the_patch_is_not_dropped(tmp_path: Path) -> None:
    first = swap(FIRST, ("first = 1", "first = 9"), ("second = 2", "second = 3"), ("return 0", "return 4"))
    upstream = {"old.c": first, "b.c": swap(OLD["b.c"], ("left = 1", "left = 11"))}
    patch = adapted(tmp_path, OLD, upstream, {"old.c": None})
    assert (only_file(patch).confidence, patch.complete) == (GUESS, False)
    assert "most of the patch would be left out" in only_file(patch).why


@pytest.mark.parametrize(
    ("base", "upstream", "target", "refusal"),
    [
        ({}, {"n.c": "int x;\n"}, {"n.c": "int y;\n"}, Refusal.BOTH_CHANGED),
        ({"n.c": THIRD}, {"n.c": None}, {"n.c": THIRD.replace("1", "5")}, Refusal.BOTH_CHANGED),
        ({"n.b": "\0a\n"}, {"n.b": "\0b\n"}, {"n.b": "\0c\n"}, Refusal.NOT_TEXT),
    ],
)
def test_files_that_cannot_be_merged_are_refused(
    tmp_path: Path,
    base: dict[str, str],
    upstream: dict[str, str | None],
    target: dict[str, str],
    refusal: Refusal,
) -> None:
    patch = adapted(tmp_path, {"a.c": CODE, **base}, upstream, target)
    assert (only_file(patch).refusal, patch.complete, patch.diff) == (refusal, False, b"")
    assert only_file(patch).why


# --- the checks

HELPER = "static int kick(int a)\n{\n\treturn a;\n}\n\nstatic int poke(int a)\n{\n\treturn a + 1;\n}\n\n"
BROUGHT = "static int newkick(int a)\n{\n\treturn a;\n}\n\n"
USER = "int one(int a)\n{\n\tint r = 0;\n\n\tr = kick(a); r += poke(a);\n\treturn r;\n}\n"


def test_a_piece_in_which_the_checks_find_an_error_is_refused(tmp_path: Path) -> None:
    """The words merge; the function that is called then is not there."""
    base, target = HELPER + BROUGHT + USER, HELPER + swap(USER, ("poke(a)", "poke(a + 2)"))
    patch = adapted(tmp_path, base, swap(base, ("r = kick(a)", "r = newkick(a)")), target)
    found = piece(patch)
    assert (found.refusal, found.confidence) == (Refusal.CHECKS, GUESS) and "newkick" in found.why
    assert not patch.complete and patch.diff == b""
    (file,) = whole_files(patch)
    assert file.marked and len(regions(file.data, "one()")) == 1


def test_the_same_piece_stands_where_the_function_is_there(tmp_path: Path) -> None:
    base, target = HELPER + BROUGHT + USER, HELPER + BROUGHT + swap(USER, ("poke(a)", "poke(a + 2)"))
    patch = adapted(tmp_path, base, swap(base, ("r = kick(a)", "r = newkick(a)")), target)
    assert patch.complete and text(patch) == swap(target, ("r = kick(a)", "r = newkick(a)"))


# --- the ends of lines and of files


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_file_ends_as_the_target_has_it(tmp_path: Path, end: str) -> None:
    line = "int c = 1; int d = 2;"
    rows = [f"int a;{end or chr(10)}{x}{end}" for x in (line, line.replace("2", "5"), line.replace("1", "3"))]
    base, upstream, target = rows
    patch = adapted(tmp_path, base, upstream, target)
    assert text(patch) == rows[0].replace("2", "5").replace("1", "3")


def test_lines_that_look_like_markers_are_text(tmp_path: Path) -> None:
    rst = "Title\n=======\n\nthe one, of all 3 here, 4 there\n\n>>>>>>> part\n=======\nmore\n"
    patch = adapted(
        tmp_path, {"f.rst": rst}, {"f.rst": swap(rst, ("3", "5"))}, {"f.rst": swap(rst, ("4", "6"))}
    )
    assert text(patch, "f.rst") == swap(rst, ("3", "5"), ("4", "6"))


# --- hunks alone


def test_hunks_alone_on_a_folder_are_adapted(tmp_path: Path) -> None:
    target = swap(CODE, ("count += 1", "count += 2"), ("int dev_first", "int moved;\n\nint dev_first"))
    patch = by_hunks(tmp_path, CODE, swap(CODE, ("first = 1", "first = 9")), target)
    assert patch.complete and strategies(patch) == {"words-one-line"}
    assert text(patch) == swap(target, ("first = 1", "first = 9"))


def test_hunks_alone_that_cannot_be_laid_are_refused(tmp_path: Path) -> None:
    target = swap(CODE, ("first = 1", "first = 5"))
    patch = by_hunks(tmp_path, CODE, swap(CODE, ("first = 1", "first = 9")), target)
    assert piece(patch).refusal is Refusal.BOTH_CHANGED and not patch.complete and patch.diff == b""


@pytest.mark.parametrize(
    ("path", "data", "refusal"),
    [("b.c", "int lone = 1;\n", Refusal.NO_BASE), ("b.bin", "\0one", Refusal.NOT_TEXT)],
)
def test_a_file_of_hunks_alone_that_the_target_lacks_is_named(
    tmp_path: Path, path: str, data: str, refusal: Refusal
) -> None:
    """Nothing of the patch goes without a word: the other file lands."""
    upstream = {"a.c": swap(CODE, ("up = 1", "up = 3")), path: data.replace("one", "two").replace("1", "4")}
    patch = by_hunks(tmp_path, {"a.c": CODE, path: data}, upstream, {"a.c": CODE})
    file = only_file(patch)
    assert (file.change.path, file.refusal, patch.complete) == (path, refusal, False)
    assert text(patch) == upstream["a.c"]


def test_hunks_alone_on_other_code_end_in_a_reason(tmp_path: Path) -> None:
    patch = by_hunks(tmp_path, CODE, swap(CODE, ("first = 1", "first = 9")), "int x;\n")
    assert not patch.complete and patch.diff == b""
    assert all(p.refusal or p.why for p in pieces(patch))
