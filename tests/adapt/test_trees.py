"""A patch of whole trees: which file meets which, and what stands in the tree that comes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from backport.adapt.texts import FileMerge, FileTexts
from backport.adapt.trees import pieces_between
from backport.adapt.values import Action, Confidence, Refusal, Step
from backport.git import Scratch
from tests.adapt.support import adapted, only_file, piece, pieces, swap, text

LIKELY = Confidence.LIKELY
CODE = "int first(int a)\n{\n\tgo(1, a); on(2, a);\n\treturn a;\n}\n\nint second(int b)\n{\n\treturn b;\n}\n"
OURS = swap(CODE, ("go(1", "go(5"))
THEIRS = swap(CODE, ("on(2", "on(6"))
BOTH = swap(OURS, ("on(2", "on(6"))


def test_a_file_that_the_target_calls_otherwise_is_edited_there(tmp_path: Path) -> None:
    patch = adapted(tmp_path, {"d/a.c": CODE}, {"d/a.c": THEIRS}, {"d/a.c": None, "d/b.c": OURS})
    assert text(patch, "d/b.c") == BOTH and list(patch.changes) == ["d/b.c"]
    assert (only_file(patch).path, only_file(patch).action) == ("d/b.c", Action.EDIT)


def test_a_file_that_the_patch_renames_is_renamed(tmp_path: Path) -> None:
    patch = adapted(tmp_path, {"d/a.c": CODE}, {"d/a.c": None, "d/b.c": THEIRS}, {"d/a.c": OURS})
    assert (patch.changes["d/a.c"], text(patch, "d/b.c")) == (None, BOTH)
    assert (only_file(patch).path, only_file(patch).action) == ("d/b.c", Action.RENAME)


def test_files_beside_a_refused_one_are_as_git_merges_them(tmp_path: Path) -> None:
    base = {"a.c": CODE, "b.c": CODE, "c.c": "int c;\n"}
    upstream = {"a.c": swap(CODE, ("go(1", "go(9")), "b.c": THEIRS, "c.c": None, "n.c": "int n;\n"}
    patch = adapted(tmp_path, base, upstream, {"a.c": OURS})
    assert not patch.complete and piece(patch).refusal is Refusal.BOTH_CHANGED
    assert {p: f and f.data.decode() for p, f in patch.changes.items()} == {
        "b.c": THEIRS,
        "c.c": None,
        "n.c": "int n;\n",
    }


def test_the_mode_of_the_target_is_kept(tmp_path: Path) -> None:
    """Of a file that is merged."""
    patch = adapted(tmp_path, CODE, THEIRS, OURS)
    file = patch.changes["a.c"]
    assert file is not None and file.mode == "100644" == only_file(patch).mode


def test_functions_of_two_files_may_end_up_in_one(tmp_path: Path) -> None:
    one, two = (f"int {x}_go(int a)\n{{\n\tint r = a;\n\n\treturn r + 1;\n}}\n" for x in ("alpha", "beta"))
    base: dict[str, str | None] = {"d/one.c": one, "d/two.c": two}
    upstream: dict[str, str | None] = {p: (t or "").replace("+ 1", "+ 7") for p, t in base.items()}
    head = "/* of both */\n#include <x.h>\n\nint other(void)\n{\n\treturn 3;\n}\n\nstatic int more;\n\n"
    both = f"{head}{one}\n{two}"
    patch = adapted(tmp_path, base, upstream, {"d/one.c": None, "d/two.c": None, "d/all.c": both})
    assert text(patch, "d/all.c") == both.replace("+ 1", "+ 7")
    assert list(patch.changes) == ["d/all.c"]


@pytest.mark.xfail(
    strict=True, reason="the adapted file is checked as if it were one of the two alone (BP101)"
)
def test_two_files_in_one_pass_the_checks(tmp_path: Path) -> None:
    one, two = (f"int {x}_go(int a)\n{{\n\tint r = a;\n\n\treturn r + 1;\n}}\n" for x in ("alpha", "beta"))
    base = {"d/one.c": one, "d/two.c": two}
    upstream = {p: t.replace("+ 1", "+ 7") for p, t in base.items()}
    head = "/* of both */\n#include <x.h>\n\nint other(void)\n{\n\treturn 3;\n}\n\nstatic int more;\n\n"
    patch = adapted(
        tmp_path, base, upstream, {"d/one.c": None, "d/two.c": None, "d/all.c": f"{head}{one}\n{two}"}
    )
    assert patch.complete


def test_a_file_followed_into_one_that_the_patch_edits_too(tmp_path: Path) -> None:
    one, two = (f"int {x}_go(int a)\n{{\n\tint r = a;\n\n\treturn r + 1;\n}}\n" for x in ("alpha", "beta"))
    base = {"d/one.c": one, "d/two.c": two}
    upstream = {p: t.replace("+ 1", "+ 7") for p, t in base.items()}
    patch = adapted(tmp_path, base, upstream, {"d/one.c": None, "d/two.c": f"{two}\n{one}"})
    assert text(patch, "d/two.c") == f"{two}\n{one}".replace("+ 1", "+ 7")


def test_what_git_merges_in_the_targets_names_is_a_piece(tmp_path: Path) -> None:
    old = "int f(int a)\n{\n\told_lock(a);\n\treturn 0;\n}\n\nint keep(int a)\n{\n\treturn a;\n}\n"
    head = "void old_lock(int a);\n"
    upstream = swap(old, ("\treturn a;", "\told_lock(a);\n\treturn a;"))
    target = old.replace("old_lock", "new_lock")
    patch = adapted(
        tmp_path,
        {"a.c": old, "h.h": head},
        {"a.c": upstream},
        {"a.c": target, "h.h": head.replace("old", "new")},
    )
    assert text(patch) == upstream.replace("old_lock", "new_lock")
    assert (piece(patch).confidence, piece(patch).function, piece(patch).hunks) == (LIKELY, "keep()", (1,))


def merge_between(target: str, result: str) -> FileMerge:
    with Scratch() as scratch:
        texts = FileTexts("a.c", b"", target.encode(), b"")
        return pieces_between(texts, result.encode(), (Step("names", "said"),), ("x",), scratch)


def test_pieces_between_two_texts_are_their_differences() -> None:
    code = swap(CODE, ("{\n\treturn b", "{\n\tone(b);\n\ttwo(b);\n\treturn b"))
    result = swap(code, ("return a", "return -a"), ("return b", "return -b"))
    merge = merge_between(code, result)
    assert [(p.function, p.line) for p in merge.pieces] == [("first()", 4), ("second()", 11)]
    assert merge.merged(LIKELY) == result.encode()
    assert merge.merged(Confidence.CERTAIN) == code.encode()
    assert all(p.left_out == ("x",) and p.why == "said" for p in merge.pieces)


def test_pieces_between_equal_texts_are_none() -> None:
    assert merge_between(CODE, CODE).pieces == ()


def test_pieces_at_the_ends_of_a_text() -> None:
    for target, result in (("a\n", "new\na\n"), ("a\n", "a\nnew\n"), ("a\n", ""), ("", "a\n"), ("a", "b")):
        merge = merge_between(target, result)
        assert (merge.merged(LIKELY), merge.merged(Confidence.CERTAIN)) == (result.encode(), target.encode())


def test_a_patch_with_nothing_to_say_has_no_pieces(tmp_path: Path) -> None:
    patch = adapted(tmp_path, CODE, THEIRS, swap(CODE, ("return b", "return -b")))
    assert (
        patch.proposal is None and patch.complete and text(patch) == swap(THEIRS, ("return b", "return -b"))
    )


def test_all_pieces_have_a_reason(tmp_path: Path) -> None:
    patch = adapted(
        tmp_path, CODE, swap(THEIRS, ("return b", "return +b")), swap(OURS, ("return b", "return -b"))
    )
    assert len(pieces(patch)) == 2 and all(p.why and p.trace for p in pieces(patch))
