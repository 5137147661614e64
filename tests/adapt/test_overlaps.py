"""The rules for words that both sides changed."""

from __future__ import annotations

import pytest

from backport.adapt.overlaps import Rule, settle
from backport.adapt.threeway import Overlap
from backport.adapt.words import words_of


def rule(base: bytes, target: bytes, upstream: bytes) -> tuple[Rule, bytes] | None:
    found = settle(Overlap(*(words_of(x).words for x in (base, target, upstream))))
    return (found.rule, b" ".join(w.text for w in found.words)) if found else None


@pytest.mark.parametrize(
    ("base", "target", "upstream", "wanted"),
    [
        # upstream takes out
        (b"a b c", b"a c", b"", (Rule.REMOVED, b"")),
        (b"a b c", b"", b"", (Rule.REMOVED, b"")),
        (b"a b c d", b"d a b c", b"", (Rule.REMOVED_FORM, b"")),  # the same words in another order
        (b"a b c d", b"a b c e", b"", (Rule.REMOVED_FORM, b"")),
        (b"a b c d", b"a b x e", b"", None),  # half of it is another thing
        (b"a b", b"x y z", b"", None),
        # the target lacks it
        (b"a b", b"", b"n a b", (Rule.KEPT_PART, b"n")),
        (b"a b", b"", b"a b n m", (Rule.KEPT_PART, b"n m")),
        (b"a b", b"", b"n a b n", None),  # on both sides of what the target lacks
        (b"a b", b"", b"a n b", None),  # amid it
        (b"a b c d", b"", b"a b c x", (Rule.GONE, b"")),
        (b"a b c d", b"", b"a b x y", None),
        (b"a b", b"", b"x y", None),
        # both put in
        (b"", b"\na b", b"\nx y", (Rule.BOTH_INSERT, b"a b x y")),
        (b"", b"\na b c", b"\na b c", None),
        (b"", b"\na b c d", b"\na b c x", None),
        (b"", b" a b", b"\nx y", None),  # amid a line
        (b"", b"\na b", b" x y", None),
        # all three differ
        (b"a", b"x", b"y", None),
    ],
)
def test_an_overlap_is_settled_by_one_rule_or_none(
    base: bytes, target: bytes, upstream: bytes, wanted: tuple[Rule, bytes] | None
) -> None:
    assert rule(base, target, upstream) == wanted


def test_signs_do_not_make_two_things_alike() -> None:
    assert rule(b"go(a);", b"run(b);", b"") is None
