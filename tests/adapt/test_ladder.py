"""The ladder: each strategy where it must propose, and beside it where it must not, or only guess."""

from __future__ import annotations

import pytest

from backport.adapt.ladder import LADDER, MOST_LINES, Climbed, climb
from backport.adapt.regions import Region3
from backport.adapt.values import Confidence, Refusal

CERTAIN, LIKELY, GUESS = Confidence.CERTAIN, Confidence.LIKELY, Confidence.GUESS


def lines(text: str) -> bytes:
    """Lines as a region has them: a line feed before each."""
    return b"".join(b"\n" + x.encode() for x in text.split("|")) if text else b""


def up(base: str, target: str, upstream: str) -> Climbed:
    """Lines are parted by |."""
    return climb(Region3(1, lines(base), lines(target), lines(upstream)))


def same(found: Climbed, strategy: str, confidence: Confidence, text: str) -> None:
    assert (found.strategy, found.attempt.confidence) == (strategy, confidence), found.trace
    assert found.attempt.text == lines(text)
    assert found.attempt.refusal is None and found.attempt.said


def refused(found: Climbed) -> None:
    assert (found.attempt.text, found.attempt.confidence) == (None, None), found.trace
    assert found.attempt.refusal is Refusal.BOTH_CHANGED and found.attempt.said


BASE = "err = kick(dev, 1); count += 2;"


def test_same_change_in_other_white_space_keeps_the_targets() -> None:
    found = up(BASE, "err = kick( dev,|\t1);", "err = kick(dev, 1);")
    same(found, "same-change", CERTAIN, "err = kick( dev,|\t1);")


def test_almost_the_same_change_is_not_the_same() -> None:
    refused(up(BASE, "err = kick(dev, 3); count += 2;", "err = kick(dev, 4); count += 2;"))


def test_words_of_lines_that_lie_apart_are_both_changed() -> None:
    found = up("one(1);|two(2);", "one(3);|two(2);", "one(1);|two(4);")
    same(found, "words", CERTAIN, "one(3);|two(4);")
    assert [s.strategy for s in found.trace] == ["words"]


def test_words_of_one_line_that_lie_apart_are_both_changed() -> None:
    found = up(BASE, "err = kick(dev, 1); count += 7;", "err = kick(dev, 5); count += 2;")
    assert found.strategy == "words-one-line" and found.attempt.confidence in (CERTAIN, LIKELY)
    assert found.attempt.text == lines("err = kick(dev, 5); count += 7;")


def test_words_refuse_where_brackets_would_not_close() -> None:
    """Both sides open the block, whose end stands elsewhere: what that does to the rest, the lines do not say."""
    found = up("if (a)|\tgo(1, b, 2);", "if (a) {|\tgo(3, b, 2);", "if (a) {|\tgo(1, b, 4);")
    refused(found)
    assert "brackets would not close" in found.attempt.said


def test_a_bracket_that_one_side_opens_is_its_own_affair() -> None:
    found = up("if (a)|\tgo(1, b, 2);", "if (a)|\tgo(3, b, 2);", "if (a) {|\tgo(1, b, 2);")
    same(found, "words", CERTAIN, "if (a) {|\tgo(3, b, 2);")


def test_new_lines_beside_lines_that_the_target_lacks_are_likely() -> None:
    same(
        up("one();|two();", "one();", "one();|added(7);|two();"),
        "words-beside-gone",
        LIKELY,
        "one();|added(7);",
    )


def test_new_lines_beside_lines_that_the_target_has_otherwise_are_a_guess() -> None:
    found = up("one();|two();", "one();|retry:", "one();|added(7);|two();")
    same(found, "words-beside-changed", GUESS, "one();|added(7);|retry:")


def test_words_that_lie_against_each_other_are_a_guess() -> None:
    same(up("f(7);", "f(8);", "f(7 + 2);"), "words-in-line", GUESS, "f(8 + 2);")


def test_whole_parameters_of_one_list_are_likely() -> None:
    found = up(
        "int f(struct dev *dev, int mode)",
        "int f(struct dev *dev)",
        "int f(struct dev *dev, int mode, long x)",
    )
    same(found, "lists", LIKELY, "int f(struct dev *dev, long x)")


def test_a_part_that_neither_side_has_is_no_whole_parameter() -> None:
    """Near: `8 + 2` stands on no side."""
    found = up("f(dev, 7);", "f(dev, 8);", "f(dev, 7 + 2);")
    same(found, "words-in-line", GUESS, "f(dev, 8 + 2);")


TWICE = "a = old_flag(1);|b = old_flag(2);"


def test_the_targets_name_is_put_into_upstreams_new_lines() -> None:
    """The target has it in each of two places."""
    found = up(
        TWICE,
        TWICE.replace("old_flag", "new_flag"),
        TWICE.replace("old_flag(1)", "x + old_flag(1) + old_flag(3)"),
    )
    same(found, "local-names", LIKELY, "a = x + new_flag(1) + new_flag(3);|b = new_flag(2);")


def test_a_name_that_the_target_changed_in_one_place_alone_is_not_put_elsewhere() -> None:
    """Near: there it may be another thing, and not another name."""
    found = up("f(one, 7);|g(2);", "f(two, 7);|g(2);", "f(!one, 7);|g(2);")
    same(found, "words-in-line", GUESS, "f(!two, 7);|g(2);")


def test_a_name_that_the_target_still_has_is_not_put_otherwise() -> None:
    """Near: the target has the old name in one place, so that it may be meant."""
    target = "a = new_flag(1);|b = old_flag(2);"
    found = up(TWICE, target, TWICE.replace("old_flag(1)", "x + old_flag(1) + old_flag(3)"))
    same(found, "words-in-line", GUESS, "a = x + new_flag(1) + old_flag(3);|b = old_flag(2);")


def test_what_upstream_takes_out_may_be_there_in_part() -> None:
    same(up("go(a, b, c);", "go(a, b);", ""), "removed", LIKELY, "")


def test_what_upstream_takes_out_in_another_form_is_a_guess() -> None:
    same(up("go(a, b, c, d);", "go(a, b, c, e);", ""), "removed-form", GUESS, "")


def test_what_upstream_takes_out_is_not_what_the_target_has_there() -> None:
    """Near: too little is the same."""
    refused(up("go(a, b, c);", "wait_for(x, y, z);", ""))


def test_what_would_take_out_one_of_two_brackets_is_refused() -> None:
    found = up("go(a, b);", "go(a,", "")
    refused(found)
    assert "brackets would not close" in found.attempt.said


def test_what_upstream_puts_beside_something_that_the_target_lacks_is_a_guess() -> None:
    found = up("one(1);", "", "one(1);|check(2);")
    assert found.attempt.confidence in (LIKELY, GUESS)
    assert found.attempt.text == lines("check(2);")


def test_a_change_of_lines_that_the_target_lacks_is_left_out() -> None:
    same(up("go(a, b, c);", "", "go(a, b, x);"), "gone", LIKELY, "")


def test_what_upstream_writes_anew_in_place_of_them_is_not_left_out() -> None:
    """Near: it is no form of what the target lacks."""
    refused(up("go(a, b, c);", "", "wait_for(x, y, z);"))


def test_two_insertions_are_both_kept_as_a_guess() -> None:
    same(up("", "mine(a, 1);", "theirs[b] = 2;"), "both-insert", GUESS, "mine(a, 1);|theirs[b] = 2;")


def test_two_forms_of_one_insertion_are_not_both_kept() -> None:
    """Near: they say the same, and one of them is too much."""
    refused(up("", "wake(dev, queue, 1);", "wake(dev, queue, 2);"))


def test_a_trace_names_what_was_tried_before() -> None:
    found = up("go(a, b, c);", "go(a, b);", "")
    assert [s.strategy for s in found.trace] == ["words", "removed"]
    assert all(s.said for s in found.trace)


def test_the_names_of_the_strategies_are_told_apart() -> None:
    names = [name for name, _ in LADDER]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("name", "strategy"), LADDER)
def test_a_strategy_never_gives_a_text_without_saying_how_sure_it_is(name: str, strategy: object) -> None:
    assert callable(strategy)
    for region in (
        Region3(1, b"\na(1);", b"", b"\na(2);"),
        Region3(1, b"", b"\nx;", b"\ny(1);"),
        Region3(1, b"\nf(a, b);", b"\nf(x, b);", b"\nf(a, y);"),
        Region3(1, b"", b"", b""),
    ):
        attempt = strategy(region)
        if attempt is not None:
            assert (attempt.text is None) == (attempt.confidence is None), name
            assert (attempt.text is None) == (attempt.refusal is not None), name


@pytest.mark.parametrize(("lines_more", "refusal"), [(0, None), (3, Refusal.TOO_LARGE)])
def test_a_conflict_of_too_many_lines_is_refused_and_not_waited_for(
    lines_more: int, refusal: Refusal | None
) -> None:
    rest = "|".join(f"call_{n}(dev);" for n in range((MOST_LINES + lines_more) // 3 - 1))
    found = up(f"one(1);|{rest}", f"one(2);|{rest}", f"one(1);|{rest.replace('call_7(', 'kick_7(')}")
    assert found.attempt.refusal is refusal
    assert (found.attempt.text is None) == (refusal is not None)
