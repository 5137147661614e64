"""A single conflict judged by its own lines, whatever stands elsewhere in the file."""

from __future__ import annotations

import pytest

from backport.evaluate import Outcome
from backport.evaluate.compare import judged_pieces
from backport.evaluate.values import PieceResult
from backport.git import Scratch

TARGET = b"".join(b"int t%d;\n" % n for n in range(1, 21))


def outcome(
    maintainer: bytes, proposal: bytes, line: int, lines: int, confidence: str = "likely"
) -> Outcome | None:
    piece = PieceResult("a.c", "", line, "words", confidence, lines=lines)
    with Scratch() as scratch:
        trees = [
            scratch.write_tree(None, {"a.c": ("100644", scratch.write_blob(data))})
            for data in (TARGET, maintainer, proposal)
        ]
        (found,) = judged_pieces(scratch, [piece], *trees)
    return found.outcome


def changed(*pairs: tuple[bytes, bytes]) -> bytes:
    text = TARGET
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


TEN = (b"int t10;\n", b"long t10;\n")


@pytest.mark.parametrize(
    ("maintainer", "proposal", "expected"),
    [
        ([TEN], [TEN], Outcome.EXACT),
        ([TEN], [(b"int t10;\n", b"long  t10; /* x */\n")], Outcome.EQUIVALENT),
        ([TEN], [(b"int t10;\n", b"short t10;\n")], Outcome.DIFFERENT),
        ([TEN], [], Outcome.DIFFERENT),
        # elsewhere, before and behind, with other numbers of lines
        ([TEN, (b"int t2;\n", b"a;\nb;\nc;\n")], [TEN, (b"int t2;\n", b"")], Outcome.EXACT),
        ([TEN, (b"int t19;\n", b"")], [TEN], Outcome.EXACT),
        ([TEN, (b"int t3;\n", b"")], [(b"int t10;\n", b"short t10;\n")], Outcome.DIFFERENT),
        # against its own border: that is part of it
        ([TEN, (b"int t11;\n", b"int t11b;\n")], [TEN], Outcome.DIFFERENT),
        ([(b"int t9;\n", b"int t9;\nint new;\n")], [(b"int t9;\n", b"int t9;\nint new;\n")], Outcome.EXACT),
        ([(b"int t9;\n", b"int t9;\nint new;\n")], [], Outcome.DIFFERENT),
        # both let it be: the rest of the file tells, or nothing does
        ([(b"int t15;\n", b"a;\n")], [(b"int t15;\n", b"a;\n")], Outcome.EXACT),
        ([(b"int t15;\n", b"a;\n")], [], None),
        ([TEN, (b"int t12;\n", b"int t12b;\n")], [TEN], Outcome.EXACT),
    ],
)
def test_its_own_lines_count(
    maintainer: list[tuple[bytes, bytes]], proposal: list[tuple[bytes, bytes]], expected: Outcome | None
) -> None:
    assert outcome(changed(*maintainer), changed(*proposal), 10, 1) is expected


@pytest.mark.parametrize(("new", "expected"), [(b"int new;\n", Outcome.EXACT), (b"", Outcome.DIFFERENT)])
def test_a_conflict_that_holds_no_line_of_the_target(new: bytes, expected: Outcome) -> None:
    """Upstream's lines go between the target's 9 and 10."""
    maintainer = changed((b"int t10;\n", b"int new;\nint t10;\n"), (b"int t1;\n", b""))
    assert outcome(maintainer, changed((b"int t10;\n", new + b"int t10;\n")), 10, 0) is expected


def test_what_was_refused_or_is_not_there_has_no_outcome() -> None:
    assert outcome(changed(TEN), TARGET, 10, 1, confidence="") is None
    piece = PieceResult("gone.c", "", 1, "words", "certain", lines=1)
    with Scratch() as scratch:
        tree = scratch.write_tree(None, {})
        assert judged_pieces(scratch, [piece], tree, tree, tree) == (piece,)
