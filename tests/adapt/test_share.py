"""What a proposal keeps of a patch, and what the checks take out of it again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backport.adapt.patch import with_guards, with_refusals
from backport.adapt.share import as_accepted, changed_here, changed_upstream, doubted, refused_by_checks
from backport.adapt.texts import FileMerge
from backport.adapt.values import (
    Action,
    Confidence,
    FileProposal,
    PatchProposal,
    Piece,
    Refusal,
    Step,
)
from backport.git import Scratch
from backport.model import ChangeKind, FileChange
from backport.tree import DictTree, File
from tests.placement.support import patch_of

CERTAIN, LIKELY, GUESS = Confidence.CERTAIN, Confidence.LIKELY, Confidence.GUESS
CHANGE = FileChange(ChangeKind.MODIFY, "a.c", "a.c")
DIFF = b"""\
diff --git a/a.c b/a.c
--- a/a.c
+++ b/a.c
@@ -1,4 +1,5 @@
 kept
-gone
+come
+
+come too
 kept
-\x20
"""


def piece(target: bytes, proposal: bytes, strategy: str = "words", confidence: Confidence = LIKELY) -> Piece:
    return Piece(
        "a.c",
        "f()",
        (1,),
        1,
        b"",
        b"",
        target,
        proposal,
        confidence,
        why="so",
        trace=(Step("words", "no"), Step(strategy, "so")),
    )


def proposal(*parts: bytes | Piece) -> FileProposal:
    merge = FileMerge(parts)
    file = FileProposal(CHANGE, "a.c", Action.EDIT, b"", None, None, pieces=merge.pieces, merge=merge)
    return as_accepted(file, LIKELY)


FILE = proposal(b"\none", piece(b"\ntwo", b"\nzwei\ndrei"), b"\nthree", piece(b"\nfour", b"\nvier"), b"\n")


def test_blank_lines_do_not_count() -> None:
    assert changed_upstream(patch_of(DIFF).files) == 3
    with Scratch() as scratch:
        texts = {"a.c": (b"kept\ngone\nkept\n", b"kept\ncome\n\ncome too\nkept\n"), "n.c": (b"", b"x\n\ny\n")}
        assert changed_here(texts, scratch.diff_many(texts)) == 3 + 2


@pytest.mark.parametrize(("kept", "said"), [(5, ""), (4, "most of"), (1, "most of"), (0, "nothing of")])
@pytest.mark.parametrize("strategy", ["gone", "words"])
def test_what_leaves_out_too_much_is_a_guess(kept: int, said: str, strategy: str) -> None:
    (found,) = doubted([proposal(piece(b"\na", b"", strategy))], kept, 10)
    changed = bool(said) and (strategy == "gone" or kept == 0)
    (one,) = found.pieces
    assert one.confidence is (GUESS if changed else LIKELY)
    assert (f"{said} the patch would be left" in one.why) is changed
    assert found.merge is not None
    assert (b"a" in found.merge.merged(LIKELY)) is changed


def test_a_dropped_file_is_doubted_and_an_edited_one_is_not() -> None:
    drop = replace(FILE, pieces=(), merge=None, confidence=LIKELY, why="w", trace=(Step("dropped", "d"),))
    follow = replace(FILE, confidence=LIKELY, trace=(Step("followed", "d"),))
    found = doubted([drop, follow], 2, 10)
    assert [f.confidence for f in found] == [GUESS, LIKELY]
    assert [f.confidence for f in doubted([drop, follow], 0, 10)] == [GUESS, GUESS]


def test_a_file_shows_what_is_accepted() -> None:
    assert (FILE.after, FILE.marked) == (b"one\nzwei\ndrei\nthree\nvier\n", b"one\nzwei\ndrei\nthree\nvier\n")
    strict = as_accepted(FILE, CERTAIN)
    assert strict.after == b"one\ntwo\nthree\nfour\n"
    assert strict.marked is not None and strict.marked.count(b"<<<<<<<") == 2


def test_the_piece_that_holds_the_error_is_refused_and_no_other() -> None:
    found = refused_by_checks(FILE, {3: "BP201: no drei"}, LIKELY)
    assert [p.refusal for p in found.pieces] == [Refusal.CHECKS, None]
    assert found.refusal is None and "BP201: no drei" in found.pieces[0].why
    assert found.after == b"one\ntwo\nthree\nvier\n"
    assert found.marked is not None and b"<<<<<<< target f()\ntwo\n" in found.marked


@pytest.mark.parametrize("line", [1, 4, 6])
def test_an_error_between_the_pieces_refuses_the_file(line: int) -> None:
    found = refused_by_checks(FILE, {line: "BP201: no one"}, LIKELY)
    assert (found.refusal, found.why) == (Refusal.CHECKS, "BP201: no one")
    assert all(p.refusal is None for p in found.pieces)


def test_no_error_changes_nothing() -> None:
    assert refused_by_checks(FILE, {}, LIKELY) is FILE


def test_a_patch_without_what_the_checks_refuse() -> None:
    whole = PatchProposal((FILE,), {"a.c": File(FILE.after or b"", "100644")}, LIKELY)
    assert whole.complete
    found = with_refusals(whole, {"a.c": {2: "BP201: no zwei"}}, DictTree({}, "target"))
    file = found.changes["a.c"]
    assert not found.complete and file is not None and file.data == b"one\ntwo\nthree\nvier\n"


def test_an_error_in_a_file_that_git_merged_refuses_it() -> None:
    whole = PatchProposal((FILE,), {"a.c": File(FILE.after or b"", "100644")}, LIKELY)
    found = with_refusals(
        whole, {"b.c": {7: "BP201: late", 2: "BP201: early"}}, DictTree({"b.c": b"x\n"}, "t")
    )
    (other,) = found.refused_files
    assert (other.path, other.refusal, other.why, other.before) == (
        "b.c",
        Refusal.CHECKS,
        "BP201: early",
        b"x\n",
    )


def test_an_error_in_a_file_that_was_put_under_a_guard() -> None:
    """The pieces that were settled before the guard are no longer told apart in the text: the file is refused."""
    head, end = b"int one(void)\n{\n\tint a, b, c;\n\n\ta = 1;", b"\n\tb = 2;\n\tc = 3;\n\treturn a;\n}\n"
    text = head + b"\n\tuse(1);" + end
    file = proposal(b"\n" + head, piece(b"\n\told(1);", b"\n\tuse(1);"), end)
    assert file.after == text
    whole = PatchProposal((file,), {"a.c": File(text, "100644")}, LIKELY)
    with Scratch() as scratch:
        guarded = with_guards(whole, {"a.c": {6: "defined(CONFIG_USE)"}}, scratch)
    assert guarded is not None
    put = guarded.changes["a.c"]
    assert put is not None and put.data.startswith(b"#ifdef CONFIG_USE\n") and guarded.complete
    assert any(s.strategy == "guard" for p in guarded.pieces for s in p.trace)
    found = with_refusals(guarded, {"a.c": {7: "BP201: no use"}}, DictTree({}, "target"))
    assert not found.complete and found.files[0].refusal is Refusal.CHECKS
    assert len(found.files[0].pieces) == len(guarded.files[0].pieces)
