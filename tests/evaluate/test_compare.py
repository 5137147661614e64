"""A proposal beside the maintainer's tree: exact, equivalent, different, refused."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from backport.evaluate import Outcome
from backport.evaluate.compare import compare, same_tokens
from backport.git import Scratch

SAME = [
    (b"int a;\n", b"int  a ;\n"),
    (b"f(a, b);\n", b"f(a,\n  b); // why\n"),
    (b"int a; /* one */\n", b"/* another */ int a;\n"),
    (b"#define X 1\nint a;\n", b"#  define X \\\n 1\n\nint a;\n"),
    (b"#define F(a) (a)\n", b"#define F( a )  ( a )\n"),
    (b"#if A /* x\n y */\nint a;\n#endif\n", b"#if A\nint a;\n#endif\n"),
    (b"", b"\n/* nothing */\n"),
]
OTHER = [
    (b"int a;\n", b"int b;\n"),
    (b"a + ++b;\n", b"a++ + b;\n"),
    (b'f("a b");\n', b'f("a  b");\n'),
    (b"#define X 1\nint a;\n", b"#define X 1 int a;\n"),
    (b"#define F(a) (a)\n", b"#define F (a) (a)\n"),
    (b"#ifdef A\nB\n#endif\n", b"#ifdef A B\n#endif\n"),
    (b"int a; // b\nint c;\n", b"int a; // b int c;\n"),
    (b"int ab;\n", b"int a b;\n"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_comments_and_white_space_do_not_count_in_c(one: bytes, other: bytes) -> None:
    assert same_tokens("a.c", one, other) and same_tokens("b.h", other, one)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_what_means_something_counts(one: bytes, other: bytes) -> None:
    assert not same_tokens("a.c", one, other)
    assert not same_tokens("a.c", other, one)


def test_in_other_files_white_space_within_a_line_counts() -> None:
    assert same_tokens("Makefile", b"a:\n\tb\n", b"a:\n\n\tb \n")
    assert not same_tokens("Makefile", b"a:\n\tb\n", b"a:\n        b\n")
    assert not same_tokens("x.py", b"if a:\n    b\n", b"if a:\n  b\n")


def outcomes(
    maintainer: Mapping[str, bytes | None],
    proposal: Mapping[str, bytes | None],
    refused: tuple[str, ...] = (),
) -> dict[str, Outcome]:
    """By path, of changes to a tree of two files."""
    with Scratch() as scratch:
        start = scratch.write_tree(
            None, {p: ("100644", scratch.write_blob(b"int a;\n")) for p in ("a.c", "b.c")}
        )
        trees = [
            scratch.write_tree(
                start,
                {p: None if d is None else ("100644", scratch.write_blob(d)) for p, d in changes.items()},
            )
            for changes in (maintainer, proposal)
        ]
        return {f.path: f.outcome for f in compare(scratch, start, *trees, refused=refused)}


def test_all_files_that_either_touched_are_compared() -> None:
    new = b"int a = 1;\n"
    assert outcomes({"a.c": new}, {"a.c": new}) == {"a.c": Outcome.EXACT}
    assert outcomes({"a.c": new}, {"a.c": b"int a=1;\n"}) == {"a.c": Outcome.EQUIVALENT}
    assert outcomes({"a.c": new}, {"a.c": new, "b.c": new}) == {
        "a.c": Outcome.EXACT,
        "b.c": Outcome.DIFFERENT,
    }
    assert outcomes({"a.c": new, "b.c": new}, {"a.c": new})["b.c"] is Outcome.DIFFERENT
    assert outcomes({"a.c": None}, {"a.c": None}) == {"a.c": Outcome.EXACT}
    assert outcomes({"a.c": None}, {"a.c": b""}) == {"a.c": Outcome.DIFFERENT}
    assert outcomes({"c.c": new}, {"d.c": new}) == {"c.c": Outcome.DIFFERENT, "d.c": Outcome.DIFFERENT}


def test_a_refused_file_is_refused_whatever_it_holds() -> None:
    new = b"int a = 1;\n"
    assert outcomes({"a.c": new}, {"a.c": new}, refused=("a.c",)) == {"a.c": Outcome.REFUSED}
    assert outcomes({}, {}, refused=("b.c",)) == {"b.c": Outcome.REFUSED}


def test_a_file_that_can_be_run_is_not_one_that_cannot() -> None:
    with Scratch() as scratch:
        blob = scratch.write_blob(b"int a;\n")
        start = scratch.write_tree(None, {})
        trees = [scratch.write_tree(start, {"a.c": (mode, blob)}) for mode in ("100644", "100755")]
        (file,) = compare(scratch, start, *trees)
    assert file.outcome is Outcome.DIFFERENT


def test_the_worst_part_is_the_case() -> None:
    assert Outcome.worst([Outcome.EXACT, Outcome.DIFFERENT, Outcome.EQUIVALENT]) is Outcome.DIFFERENT
    assert Outcome.worst([]) is Outcome.EXACT
