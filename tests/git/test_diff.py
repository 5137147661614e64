"""Differences of texts."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from backport.errors import RepositoryError
from backport.git import DiffHunk, Scratch


def test_one_pair() -> None:
    with Scratch() as scratch:
        assert scratch.diff(b"a\nb\nc\n", b"a\nx\ny\nc\n") == (DiffHunk(2, 1, 2, 2),)
        assert scratch.diff(b"a\nb\n", b"a\n") == (DiffHunk(2, 1, 1, 0),)
        assert scratch.diff(b"", b"a\n") == (DiffHunk(0, 0, 1, 1),)
        assert scratch.diff(b"same\n", b"same\n") == ()


def test_blobs_by_id_and_context() -> None:
    old, new = b"".join(b"%d\n" % n for n in range(9)), b"".join(b"%d\n" % n for n in range(9) if n != 4)
    with Scratch() as scratch:
        ids = scratch.write_blob(old), scratch.write_blob(new)
        assert scratch.diff(*ids, context=2) == (DiffHunk(3, 5, 3, 4),)
        with pytest.raises(RepositoryError):
            scratch.diff("1" * 40, new)
        with pytest.raises(ValueError, match="algorithm"):
            scratch.diff(old, new, algorithm="--help")


def test_headers_inside_texts_are_no_headers() -> None:
    old = b"x\n@@ -1,2 +3,4 @@\ndiff --git a/0000001 b/0000001\n\0binary\n"
    with Scratch() as scratch:
        found = scratch.diff_many({"p": (old, old.replace(b"x", b"y")), "q": (b"", old), "r": (old, old)})
    assert found == {"p": (DiffHunk(1, 1, 1, 1),), "q": (DiffHunk(0, 0, 1, 4),), "r": ()}


texts = st.lists(st.sampled_from([b"a", b"b", b"c\r", b"", b"@@ -1 +1 @@"]), max_size=8).map(b"\n".join)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(texts, texts), min_size=1, max_size=6), st.sampled_from(["histogram", "myers"]))
def test_hunks_turn_old_into_new(pairs: list[tuple[bytes, bytes]], algorithm: str) -> None:
    with Scratch() as scratch:
        named = {f"pair {n}": pair for n, pair in enumerate(pairs)}
        for name, hunks in scratch.diff_many(named, algorithm=algorithm).items():
            old, new = (text.splitlines(keepends=True) for text in _by_line_feed(named[name]))
            for hunk in reversed(hunks):
                first = hunk.old_start - 1 if hunk.old_count else hunk.old_start
                start = hunk.new_start - 1 if hunk.new_count else hunk.new_start
                old[first : first + hunk.old_count] = new[start : start + hunk.new_count]
            assert old == new


def _by_line_feed(pair: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """bytes.splitlines also breaks at a carriage return: hide it."""
    return pair[0].replace(b"\r", b"R"), pair[1].replace(b"\r", b"R")
