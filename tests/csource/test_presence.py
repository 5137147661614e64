"""Presence conditions and their solver, against counting through all configurations."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backport.csource.guards import guard_map
from backport.csource.presence import (
    FALSE,
    MODULE,
    TRUE,
    Expr,
    atom,
    both,
    either,
    enabled,
    no,
    substituted,
    value,
)
from backport.csource.presence_text import Facts, condition_expr, number_rules, presence, version_code
from backport.csource.solver import TooHard, possible, witness

NAMES = ("CONFIG_A", "CONFIG_B", "CONFIG_B_MODULE", "CONFIG_C", "MODULE")
ATOMS = st.sampled_from([atom(n) for n in NAMES] + [TRUE, FALSE])
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        inner.map(no),
        st.lists(inner, min_size=1, max_size=3).map(both),
        st.lists(inner, min_size=1, max_size=3).map(either),
    ),
    max_leaves=12,
)


def cases() -> list[dict[str, bool]]:
    return [dict(zip(NAMES, case, strict=True)) for case in product((False, True), repeat=len(NAMES))]


@given(EXPRESSIONS, st.lists(EXPRESSIONS, max_size=2))
@settings(max_examples=120, deadline=None)
def test_the_solver_answers_as_counting_does(problem: Expr, rules: list[Expr]) -> None:
    models = [c for c in cases() if value(problem, c) and all(value(r, c) for r in rules)]
    assert possible(problem, rules) == bool(models)
    found = witness(problem, rules)
    assert (found is None) == (not models)
    if found is not None:
        agreeing = [c for c in cases() if all(c[n] == v for n, v in found.items())]
        assert all(value(problem, c) for c in agreeing), "whatever has these values has the problem"
        assert any(c in models for c in agreeing), "and the rules allow one that does"


@given(EXPRESSIONS, st.sets(st.sampled_from(NAMES), max_size=3))
@settings(max_examples=80, deadline=None)
def test_what_nobody_knows_may_be_anything(problem: Expr, unknown: set[str]) -> None:
    known = [n for n in NAMES if n not in unknown]
    hidden = sorted(unknown)
    holds = any(
        all(
            value(problem, {**dict(zip(known, a, strict=True)), **dict(zip(hidden, b, strict=True))})
            for b in product((False, True), repeat=len(hidden))
        )
        for a in product((False, True), repeat=len(known))
    )
    assert possible(problem, (), unknown) == holds


@given(EXPRESSIONS)
@settings(max_examples=80, deadline=None)
def test_an_expression_says_what_its_text_says(expr: Expr) -> None:
    again = condition_expr(str(expr))
    assert all(value(again, c) == value(expr, c) for c in cases())


def test_a_witness_names_no_more_than_is_needed() -> None:
    problem = both((either((atom("CONFIG_A"), atom("CONFIG_C"))), no(atom("CONFIG_B"))))
    found = witness(problem)
    assert found is not None
    assert len(found) == 2
    assert found["CONFIG_B"] is False


def test_too_many_unknowns_are_no_answer() -> None:
    names = [f"x{n}" for n in range(9)]
    with pytest.raises(TooHard):
        possible(both(atom(n) for n in names), (), names)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("defined(CONFIG_A)", "CONFIG_A"),
        ("!defined(CONFIG_A) || CONFIG_C", "!CONFIG_A || CONFIG_C"),
        ("IS_ENABLED(CONFIG_B)", "defined(CONFIG_B) || defined(CONFIG_B_MODULE)"),
        ("IS_MODULE(CONFIG_B)", "defined(CONFIG_B_MODULE)"),
        ("IS_BUILTIN(CONFIG_B)", "defined(CONFIG_B)"),
        ("IS_REACHABLE(CONFIG_B)", "defined(CONFIG_B) || (defined(CONFIG_B_MODULE) && defined(MODULE))"),
        ("defined(CONFIG_A) == 1", "defined(CONFIG_A) == 1"),
        ("1 ? 0 : 1", "1 ? 0 : 1"),
    ],
)
def test_conditions(text: str, same: str) -> None:
    first, second = condition_expr(text), condition_expr(same)
    assert all(value(first, c) == value(second, c) for c in cases())


def test_comparisons_of_one_name_are_related() -> None:
    low, high = condition_expr("CONFIG_LEVELS > 2"), condition_expr("CONFIG_LEVELS >= 5")
    assert low == condition_expr("2 < CONFIG_LEVELS")
    problem = both((high, no(low)))
    assert possible(problem)
    assert not possible(problem, number_rules(problem.atoms()))
    assert condition_expr("CONFIG_LEVELS == 3") == both((low, no(condition_expr("CONFIG_LEVELS >= 4"))))


def test_a_version_is_decided_where_it_is_known() -> None:
    text = "LINUX_VERSION_CODE >= KERNEL_VERSION(5, 10, 0)"
    assert condition_expr(text, Facts(version_code("6.1.42"))) == TRUE
    assert condition_expr(text, Facts(version_code("4.14"))) == FALSE
    assert condition_expr(text).parts == ()
    assert version_code("no version") is None


def test_what_is_never_defined() -> None:
    facts = Facts(None, frozenset({"__ASSEMBLY__"}))
    assert condition_expr("!defined(__ASSEMBLY__)", facts) == TRUE


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_condition(text: str) -> None:
    assert isinstance(condition_expr(text), Expr)


def test_deep_nesting_ends() -> None:
    assert condition_expr("(" * 5000 + "A" + ")" * 5000).parts == ()


def test_the_lines_of_a_file() -> None:
    data = b"#ifdef CONFIG_A\na;\n#elif IS_ENABLED(CONFIG_B)\nb;\n#else\nc;\n#endif\nd;\n"
    guards = guard_map(data)
    at = [presence(g.text for g in guards.at(line)) for line in (2, 4, 6, 8)]
    assert at[0] == atom("CONFIG_A")
    assert at[3] == TRUE
    for case in cases():
        assert sum(value(x, case) for x in at[:3]) == 1
    assert not possible(both((at[1], at[2])))
    assert substituted(enabled("B"), {"CONFIG_B": TRUE}) == TRUE
    assert MODULE == "MODULE"
