"""One file of three texts: git's merge first, the ladder for what it leaves, markers for what nobody knows."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from backport.adapt.functions import merge_functions
from backport.adapt.texts import FileTexts, by_functions, same_tokens
from backport.adapt.values import Confidence, Piece
from backport.git import ConflictRegion, conflict_regions
from tests.adapt.support import merge_of

CERTAIN, LIKELY, GUESS = Confidence.CERTAIN, Confidence.LIKELY, Confidence.GUESS

WORDS = st.sampled_from(
    ["a = 1;", "b = 2; c = 3;", "c = 3;", "b = 2; d = 4;", "b = 5; c = 3;", "=======", "}"]
)
SIDES = st.tuples(*[st.lists(WORDS, max_size=5).map("\n".join)] * 3, st.sampled_from(["", "\n"]))


def read(marked: bytes, pieces: tuple[Piece, ...]) -> tuple[ConflictRegion, ...]:
    """The conflicts as git's reader finds them by the labels."""
    found: list[ConflictRegion] = []
    for name in {f" {p.function}".rstrip() for p in pieces}:
        found += conflict_regions(marked, f"target{name}", f"patch{name}", f"base{name}")
    return tuple(sorted(found))


def git_merge_file(base: bytes, ours: bytes, theirs: bytes, *options: str) -> tuple[int, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, data in (("ours", ours), ("base", base), ("theirs", theirs)):
            (Path(folder) / name).write_bytes(data)
            paths.append(name)
        done = subprocess.run(
            ["git", "merge-file", "-p", *options, *paths], cwd=folder, capture_output=True, check=False
        )
    return done.returncode, done.stdout


@settings(deadline=None, max_examples=35)
@given(SIDES)
def test_each_file_is_gits_where_git_merges_and_has_markers_where_something_is_refused(
    sides: tuple[str, str, str, str],
) -> None:
    base, target, upstream = (f"int head;\n{x}{sides[3]}".encode() for x in sides[:3])
    merge = merge_of(base, target, upstream)
    code, merged = git_merge_file(base, target, upstream)
    if code == 0:
        assert merge.pieces == () and merge.merged(CERTAIN) == merged == merge.marked(CERTAIN)
    for least in Confidence:
        refused = [p for p in merge.pieces if not p.accepted(least)]
        marked = merge.marked(least)
        assert marked.count(b"<<<<<<< target") == len(refused) == marked.count(b">>>>>>> patch")
        assert bool(refused) == (marked != merge.merged(least))
        assert len(read(marked, merge.pieces)) == len(refused)
        for piece, (first, last) in zip(merge.pieces, merge.spans(least), strict=True):
            shown = (piece.proposal or b"") if piece.accepted(least) else piece.target
            lines = (b"\n" + merge.merged(least)).split(b"\n")[first : last + 1]
            assert b"".join(b"\n" + x for x in lines) == shown


@settings(deadline=None, max_examples=30)
@given(st.lists(WORDS.filter(lambda x: x != "======="), max_size=4), st.sampled_from(["", "\n", "\r\n"]))
def test_nothing_accepted_is_the_targets_file(rows: list[str], end: str) -> None:
    """Where git has but one conflict: each side changed the same line otherwise."""
    eol = end or "\n"
    sides = [eol.join(["int top;", *rows, x]) + end for x in ("go(1);", "go(2);", "go(3);")]
    base, target, upstream = (x.encode() for x in sides)
    merge = merge_of(base, target, upstream)
    assert len(merge.pieces) == 1 and merge.pieces[0].proposal is None
    assert merge.merged(GUESS) == target
    (region,) = read(merge.marked(GUESS), merge.pieces)
    assert region.ours[0] == sides[1].split("\n")[-2 if end else -1].encode()


@pytest.mark.parametrize(
    "ends", [("", "", ""), ("\n", "", ""), ("", "\n", ""), ("", "", "\n"), ("\n", "\n", "")]
)
def test_the_end_of_the_file_is_merged_like_a_word(ends: tuple[str, str, str]) -> None:
    base, target, upstream = (
        f"int a;\ngo(1);\nput({x});\n{y}{end}".encode()
        for x, y, end in zip("112", ("on(1);", "on(2);", "on(1);"), ends, strict=True)
    )
    merge = merge_of(base, target, upstream)
    wanted = ends[2] if ends[1] == ends[0] else ends[1]
    assert merge.merged(GUESS) == f"int a;\ngo(1);\nput(2);\non(2);{wanted}".encode()


def test_a_title_and_the_line_below_it_are_one_text() -> None:
    """Lines that look like the middle of a conflict do not cut it."""
    base, target, upstream = b"Part\n=======\nx\n", b"Part one\n========\nx\n", b"Part twoo\n=========\nx\n"
    (piece,) = merge_of(base, target, upstream, "f.rst").pieces
    assert (piece.base, piece.target) == (b"\nPart\n=======", b"\nPart one\n========")
    assert piece.upstream == b"\nPart twoo\n========="


def test_markers_are_as_long_as_asked_for_and_hold_only_what_differs() -> None:
    base, target, upstream = (
        b"a();\nf(1);\nz();\n",
        b"a();\nnew(1);\nf(2);\nz();\n",
        b"a();\nnew(1);\nf(3);\nz();\n",
    )
    merge = merge_of(base, target, upstream, "a.txt")
    assert merge.marked(CERTAIN, 9, ("ours", "base", "theirs")) == (
        b"a();\nnew(1);\n<<<<<<<<< ours\nf(2);\n||||||||| base\nf(1);\n=========\nf(3);\n>>>>>>>>> theirs\nz();\n"
    )


def test_a_piece_that_is_not_sure_enough_keeps_the_targets_side() -> None:
    base = b"one();\ntwo();\nend();\n"
    merge = merge_of(base, b"one();\nend();\n", b"one();\nadded(7);\ntwo();\nend();\n")
    (piece,) = merge.pieces
    assert piece.confidence is LIKELY
    assert merge.merged(LIKELY) == b"one();\nadded(7);\nend();\n"
    assert merge.merged(CERTAIN) == b"one();\nend();\n"
    assert b"<<<<<<<" in merge.marked(CERTAIN) and b"<<<<<<<" not in merge.marked(LIKELY)


def test_a_line_that_would_stand_there_twice_makes_a_guess_of_it() -> None:
    """Both sides put the call in, in two places of one conflict."""
    base = b"start(dev);\nfirst(1);\nlast(2);\nend();\n"
    target = b"start(dev);\ncall_once(dev);\nfirst(3);\nlast(2);\nend();\n"
    upstream = b"start(dev);\nfirst(1);\nlast(4);\ncall_once(dev);\nend();\n"
    merge = merge_of(base, target, upstream)
    assert merge.merged(GUESS).count(b"call_once") == 2
    assert {p.confidence for p in merge.pieces} == {GUESS}
    assert any(s.strategy == "doubled" for p in merge.pieces for s in p.trace)
    other = merge_of(base, target, upstream.replace(b"call_once", b"call_other"))
    assert not any(s.strategy == "doubled" for p in other.pieces for s in p.trace)


def test_a_piece_stands_in_a_function_and_has_its_line() -> None:
    base = (
        b"int top;\n\nint first(int a)\n{\n\treturn go(1);\n}\n\nint second(int a)\n{\n\treturn on(1);\n}\n"
    )
    target, upstream = base.replace(b"on(1)", b"on(2)"), base.replace(b"on(1)", b"on(3)")
    (piece,) = merge_of(base, target, upstream).pieces
    assert (piece.function, piece.line) == ("second()", 10)


ONE = b"int first(int a)\n{\n\treturn go(1, a);\n}\n"
TWO = b"int second(int a)\n{\n\treturn on(1, a);\n}\n"


def test_functions_alone_make_one_piece_each() -> None:
    base, target = ONE + b"\n" + TWO, TWO + b"\n" + ONE
    upstream = base.replace(b"go(1", b"go(5").replace(b"on(1", b"on(6")
    texts = FileTexts("a.c", base, target, upstream)
    merge = by_functions(texts, merge_functions("a.c", base, target, upstream))
    assert [p.function for p in merge.pieces] == ["second()", "first()"]
    assert merge.merged(LIKELY) == target.replace(b"go(1", b"go(5").replace(b"on(1", b"on(6")
    assert merge.merged(CERTAIN) == target


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [(b"f(a);", b"f( a ) ; /* x */", True), (b"f(a);", b"f(b);", False), (b"a b", b"ab", False)],
)
def test_the_same_tokens(one: bytes, other: bytes, same: bool) -> None:
    assert same_tokens(one, other) is same
