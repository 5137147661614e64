"""Words and their alignment: nothing of a text is lost, and only what is equal is paired."""

from __future__ import annotations

from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from backport.adapt.words import Text, is_name, joined, pairs, words_of

SOURCE = st.lists(
    st.sampled_from(
        [
            b"a",
            b"b",
            b"dev",
            b"->",
            b"(",
            b")",
            b";",
            b",",
            b" ",
            b"\t",
            b"\n",
            b"\r\n",
            b"/* x */",
            b"\\\n",
            b"<<=",
            b"=",
            b"1",
            b"0x1f",
            b"//",
            b'"s"',
            b"\xff",
            b"\xc3\xa9",
            b"#",
            b"...",
            b"\x0c",
        ]
    ),
    max_size=60,
).map(b"".join)
ANY = st.one_of(st.binary(max_size=200), SOURCE)


def texts(text: Text) -> list[bytes]:
    return [w.text for w in text.words]


@settings(deadline=None, max_examples=300)
@given(ANY)
def test_words_are_the_text_again(data: bytes) -> None:
    found = words_of(data)
    assert joined(found.words, found.tail) == data
    assert all(w.text and not w.text.isspace() for w in found.words if w.text != b"\\\n")
    assert all(not w.space.strip() for w in found.words) and not found.tail.strip()


@settings(deadline=None, max_examples=200)
@given(ANY, ANY)
def test_pairs_ascend_and_pair_only_equal_words(one: bytes, other: bytes) -> None:
    here, there = words_of(one), words_of(other)
    found = pairs(here, there)
    ordered = sorted(found.items())
    assert all(a[1] < b[1] for a, b in pairwise(ordered))
    for first, second in ordered:
        assert here.words[first].text == there.words[second].text


@settings(deadline=None, max_examples=200)
@given(ANY)
def test_a_text_is_paired_with_itself_word_by_word(data: bytes) -> None:
    text = words_of(data)
    assert pairs(text, text) == {n: n for n in range(len(text.words))}


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"a->b", [b"a", b"->", b"b"]),
        (b"x <<= 2;", [b"x", b"<<=", b"2", b";"]),
        (b"/** a */", [b"/**", b"a", b"*/"]),
        (b"#define A \\\n\tb", [b"#", b"define", b"A", b"\\\n", b"b"]),
        (b"f(a, ...)", [b"f", b"(", b"a", b",", b"...", b")"]),
        (b"0x1f", [b"0x1f"]),
        (b" \n\t", []),
    ],
)
def test_signs_of_several_characters_are_one_word(data: bytes, wanted: list[bytes]) -> None:
    assert texts(words_of(data)) == wanted


@pytest.mark.parametrize(("word", "named"), [(b"dev", True), (b"_x1", True), (b"0x1f", True), (b"->", False)])
def test_names_and_numbers_are_told_from_signs(word: bytes, named: bool) -> None:
    assert is_name(word) is named


def test_signs_that_meet_by_chance_are_not_paired() -> None:
    """Two calls of different things have their parentheses in common, and nothing else."""
    one, other = words_of(b"alpha(beta, gamma);"), words_of(b"delta[x](y);")
    found = {one.words[a].text for a in pairs(one, other)}
    assert found <= {b")", b";"}  # the run at the border


def test_a_sign_between_equal_names_is_paired() -> None:
    """Near: what is around the sign is the same."""
    one, other = words_of(b"alpha(beta);"), words_of(b"alpha(gamma);")
    assert {one.words[a].text for a in pairs(one, other)} == {b"alpha", b"(", b")", b";"}


def test_equal_lines_are_paired_before_words() -> None:
    """A line moved behind a new one like it is still the same line."""
    one = words_of(b"\ndev->a = 1;\nreturn dev->a;")
    other = words_of(b"\ndev->a = 2;\ndev->b = 1;\nreturn dev->a;")
    found = pairs(one, other)
    assert [found[n] for n in range(6, 11)] == list(range(12, 17))
