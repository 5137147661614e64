"""A file merged by its functions, wherever the target has them."""

from __future__ import annotations

from itertools import pairwise

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from backport.adapt.functions import ByFunction, How, chunks, merge_functions

NAMES = ("alpha", "beta", "gamma", "delta")


def function(name: str, value: int = 0, more: str = "") -> str:
    return f"int {name}_go(int a)\n{{\n\tint r = a;\n\n\tr += {value};\n{more}\treturn r;\n}}\n"


def file(*functions: str) -> str:
    return "\n".join(functions)


def merged(base: str, target: str, upstream: str) -> ByFunction:
    return merge_functions("a.c", base.encode(), target.encode(), upstream.encode())


def hows(found: ByFunction) -> list[tuple[str, How, bool, bool]]:
    return [(s.key[0], s.how, s.place, s.result is not None) for s in found.stretches]


BASE = file(function("alpha"), function("beta"), function("gamma"))


def test_a_function_is_changed_where_the_target_has_it() -> None:
    target = file(
        function("gamma"), function("delta"), function("alpha", more="\tmine();\n"), function("beta")
    )
    found = merged(BASE, target, file(function("alpha", 5), function("beta"), function("gamma")))
    wanted = file(function("gamma"), function("delta"), function("alpha", 5, "\tmine();\n"), function("beta"))
    assert found.text == wanted.encode()
    assert hows(found) == [("alpha_go", How.CHANGED, True, True)]


def test_a_function_that_both_changed_alike_in_place_is_refused() -> None:
    target = file(function("gamma"), function("alpha", 7), function("beta"))
    found = merged(BASE, target, file(function("alpha", 5), function("beta"), function("gamma")))
    assert found.text is None and hows(found) == [("alpha_go", How.CHANGED, True, False)]


def test_a_function_that_the_target_does_not_have_is_refused_and_named() -> None:
    target = file(function("gamma"), function("beta"))
    found = merged(BASE, target, file(function("alpha", 5), function("beta"), function("gamma")))
    assert found.text is None and hows(found) == [("alpha_go", How.CHANGED, False, False)]
    assert found.stretches[0].said == "the target has no alpha_go()"


def test_a_new_function_comes_behind_the_one_before_it() -> None:
    target = file(function("gamma"), function("beta"), function("alpha"))
    upstream = file(function("alpha"), function("beta"), function("delta", 4), function("gamma"))
    found = merged(BASE, target, upstream)
    wanted = file(function("gamma"), function("beta"), function("delta", 4), function("alpha"))
    assert found.text == wanted.encode()
    assert ("delta_go", How.BROUGHT, True, True) in hows(found)


@pytest.mark.parametrize(("value", "there"), [(4, True), (5, False)])
def test_a_new_function_that_the_target_has_must_be_the_same(value: int, there: bool) -> None:
    target = file(function("alpha"), function("beta"), function("gamma"), function("delta", value))
    upstream = file(function("alpha"), function("beta"), function("gamma"), function("delta", 4))
    found = merged(BASE, target, upstream)
    assert ("delta_go", How.THERE, True, there) in hows(found)
    assert found.text == (target.encode() if there else None)


def test_a_removed_function_is_taken_out_with_the_line_before_it() -> None:
    target = file(function("gamma"), function("beta"), function("alpha"))
    found = merged(BASE, target, file(function("alpha"), function("gamma")))
    assert found.text == file(function("gamma"), function("alpha")).encode()
    assert ("beta_go", How.REMOVED, True, True) in hows(found)


def test_a_removed_function_that_the_target_changed_is_refused() -> None:
    target = file(function("gamma"), function("beta", 9), function("alpha"))
    found = merged(BASE, target, file(function("alpha"), function("gamma")))
    assert found.text is None and ("beta_go", How.REMOVED, True, False) in hows(found)


def test_the_comment_above_a_function_goes_with_it() -> None:
    note = "/*\n * What it does.\n */\n"
    target = file(function("gamma"), function("alpha"), note + function("beta"))
    base = file(function("alpha"), note + function("beta"), function("gamma"))
    found = merged(base, target, base.replace("What it does", "What it really does"))
    assert found.text == target.replace("What it does", "What it really does").encode()


def test_chunks_of_a_comment_that_is_not_closed_above() -> None:
    data = b"x */\n" + function("alpha").encode()
    assert chunks("a.c", data)[0].first == 0


FUNCTIONS = st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 3)), max_size=5).map(
    lambda rows: file(*(function(*x) for x in rows))
)


@settings(deadline=None, max_examples=60)
@given(st.one_of(FUNCTIONS, st.binary(max_size=80).map(lambda b: b.decode("latin-1"))))
def test_the_chunks_are_all_lines_in_order(text: str) -> None:
    data = text.encode("latin-1")
    found = chunks("a.c", data)
    assert found[0].first == 0 and found[-1].last == len(data.split(b"\n"))
    assert all(a.last == b.first for a, b in pairwise(found))
    assert len({c.key for c in found}) == len(found)


@settings(deadline=None, max_examples=60)
@given(FUNCTIONS, FUNCTIONS)
def test_what_upstream_leaves_as_it_was_is_the_targets(base: str, target: str) -> None:
    found = merged(base, target, base)
    assert (found.text, found.stretches) == (target.encode(), ())


@settings(deadline=None, max_examples=80)
@given(
    st.lists(
        st.tuples(st.sampled_from(NAMES), st.integers(0, 3), st.integers(0, 3)),
        max_size=4,
        unique_by=lambda x: x[0],
    )
)
def test_on_its_own_base_a_patch_gives_upstream(rows: list[tuple[str, int, int]]) -> None:
    base = file(*(function(name, old) for name, old, _ in rows))
    upstream = file(*(function(name, new) for name, _, new in rows))
    assert merged(base, base, upstream).text == upstream.encode()
