"""Two forms of a function, and what an engineer would say of them. Each says the truth, and nothing beside it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backport.checks.drift.compare import compare
from backport.checks.drift.phrases import names_of
from backport.checks.drift.said import PATCH, UPSTREAM, Said
from backport.checks.drift.say import say
from backport.checks.drift.units import units
from backport.model import DriftKind

BASE = """\
static int fill(struct mm *mm, struct page *page, bool wp)
{
	int err;

	spin_lock(&mm->lock);
	if (!page || !mm->users)
		goto out;
	err = install(mm, page, wp);
	if (err) {
		count(mm, 4);
		goto out;
	}
	add_to_lru(page);
	mm->filled++;
out:
	spin_unlock(&mm->lock);
	return err;
}
"""


def told(base: str, target: str, window: bool = False) -> list[Said]:
    ours = units(base.encode(), 1, function=not window, fragment=window)
    theirs = units(target.encode(), 1, function=True)
    found = compare(ours, theirs, window=window)
    return say(found, PATCH if window else UPSTREAM, "fill", names_of(ours), names_of(theirs))


def words(base: str, target: str, window: bool = False) -> list[str]:
    return [s.message for s in told(base, target, window)]


@pytest.mark.parametrize(
    ("old", "new", "kind", "said"),
    [
        (
            "struct page *page, bool wp)",
            "struct page *page)",
            DriftKind.PARAMETER,
            "upstream's fill() takes `bool wp`, the target's does not",
        ),
        (
            "struct page *page, bool wp)",
            "struct page *page, bool wp, gfp_t gfp)",
            DriftKind.PARAMETER,
            "the target's fill() takes `gfp_t gfp`, upstream's does not",
        ),
        (
            "struct page *page, bool wp)",
            "struct folio *page, bool wp)",
            DriftKind.TYPE,
            "fill() takes `struct page *page` upstream and `struct folio *page` here",
        ),
        (
            "static int fill",
            "static vm_fault_t fill",
            DriftKind.TYPE,
            "fill() returns `int` upstream and `vm_fault_t` here",
        ),
        ("static int fill", "int fill", DriftKind.TYPE, "fill() is static upstream and not here"),
        (
            "add_to_lru(page);",
            "add_to_lru_anon(page);",
            DriftKind.CALL,
            "the call `add_to_lru(page)` upstream is `add_to_lru_anon(page)` here",
        ),
        (
            "install(mm, page, wp);",
            "install(mm, page);",
            DriftKind.ARGUMENT,
            "upstream passes `wp` to install(), the target does not",
        ),
        (
            "install(mm, page, wp);",
            "install(mm, page, true);",
            DriftKind.ARGUMENT,
            "install() is given `wp` upstream and `true` here",
        ),
        (
            "spin_lock(&mm->lock);",
            "spin_lock_irq(&mm->lock);",
            DriftKind.LOCK,
            "the target takes a spinlock by `spin_lock_irq(&mm->lock)`, upstream by `spin_lock(&mm->lock)`",
        ),
        (
            "spin_lock(&mm->lock);",
            "mutex_lock(&mm->lock);",
            DriftKind.LOCK,
            "the target takes a lock by `mutex_lock(&mm->lock)`, upstream by `spin_lock(&mm->lock)`",
        ),
        (
            "if (!page || !mm->users)",
            "if (!page)",
            DriftKind.CONDITION,
            "upstream's condition `if (!page)` also asks for `!mm->users` (||)",
        ),
        (
            "if (!page || !mm->users)",
            "if (unlikely(!page || !mm->users || dead(mm)))",
            DriftKind.CONDITION,
            "the target's condition `if (!page || !mm->users)` also asks for `dead(mm)` (||)",
        ),
        ("\tmm->filled++;\n", "", DriftKind.STATEMENT, "`mm->filled++;` stands only upstream"),
        (
            "\tmm->filled++;\n",
            "\tmm->filled++;\n\tnote_peak(mm);\n",
            DriftKind.STATEMENT,
            "`note_peak(mm);` stands only in the target",
        ),
        (
            "count(mm, 4);",
            "count(mm, 8);",
            DriftKind.ARGUMENT,
            "count() is given `4` upstream and `8` here",
        ),
        (
            "mm->filled++;",
            "mm->loaded++;",
            DriftKind.MEMBER,
            "the member `filled` upstream is `loaded` here, in `mm->loaded++;`",
        ),
        (
            "\tmm->filled++;\n",
            "#ifdef CONFIG_PEAK\n\tnote_peak(mm);\n#endif\n\tmm->filled++;\n",
            DriftKind.GUARD,
            "`#ifdef CONFIG_PEAK note_peak(mm);` stands only in the target",
        ),
        (
            "out:\n",
            "\treturn 0;\nfail:\n\tdrop(page);\nout:\n",
            DriftKind.LABEL,
            "`fail: drop(page);` and 1 more statement stand only in the target",
        ),
    ],
)
def test_one_difference_is_said_and_no_other(old: str, new: str, kind: DriftKind, said: str) -> None:
    assert old in BASE
    found = told(BASE, BASE.replace(old, new))
    assert [(s.kind, s.message) for s in found] == [(kind, said)]


@pytest.mark.parametrize(
    "target",
    [
        BASE,
        BASE.replace("\t", "        "),
        BASE.replace("\tint err;\n", "\tint err;	/* what install() said */\n\n\n"),
        BASE.replace("struct page *page, bool wp)", "struct page *page,\n\t\tbool wp)"),
        BASE.replace("if (!page || !mm->users)\n", "if (!page ||\n\t    !mm->users)\n"),
        BASE.replace("\t\tgoto out;\n\terr", "\t{\n\t\tgoto out;\n\t}\n\terr"),
        "/* Fills a page. */\n" + BASE,
        BASE.replace("add_to_lru(page);", "// old: add_to_lru_anon(page);\n\tadd_to_lru(page);"),
    ],
)
def test_white_space_comments_braces_and_line_breaks_are_no_difference(target: str) -> None:
    assert told(BASE, target) == []


def test_a_name_that_is_another_throughout_is_said_once_and_counted() -> None:
    target = BASE.replace("page", "folio").replace("struct folio", "struct page")
    found = told(BASE, target)
    renamed = [s for s in found if s.kind is DriftKind.RENAMED]
    assert len(renamed) == 1
    assert "`page`" in renamed[0].message and "`folio`" in renamed[0].message
    assert not [s for s in found if s.kind in (DriftKind.CALL, DriftKind.ARGUMENT, DriftKind.CONDITION)]


def test_a_callee_that_is_another_throughout_is_a_call() -> None:
    base = BASE.replace("count(mm, 4);", "add_to_lru(mm->zero);")
    found = words(base, base.replace("add_to_lru(", "lru_add("))
    assert found == ["the call `add_to_lru()` upstream is `lru_add()` here (2 places)"]


def test_one_argument_passed_to_several_functions_is_said_once() -> None:
    base = "int fill(int a, bool wp)\n{\n\tone(a, wp);\n\ttwo(a, wp);\n\tthree(a, wp);\n}\n"
    target = base.replace(", bool wp", "").replace(", wp", "")
    assert words(base, target)[1:] == [
        "upstream passes `wp` to one(), two() and three(), the target does not"
    ]


def test_parameters_in_another_order_and_of_another_name() -> None:
    base = "int fill(int a, long b)\n{\n\treturn a;\n}\n"
    assert words(base, base.replace("int a, long b", "long b, int a")) == [
        "the parameters of fill() come in another order here: `b, a`"
    ]
    assert words(base, base.replace("long b", "long unused")) == [
        "the parameter `long b` of upstream's fill() is `long unused` here"
    ]


def test_a_function_pointer_and_void_are_parameters_too() -> None:
    base = "int fill(void)\n{\n\treturn 0;\n}\n"
    target = base.replace("(void)", "(int (*done)(struct page *, int))")
    assert words(base, target) == [
        "the target's fill() takes `int (*done)(struct page *, int)`, upstream's does not"
    ]


def test_the_macro_of_a_stub_is_compared_as_a_macro() -> None:
    base = "#define fill(mm, page, wp) \\\n\t({ BUG(); 0; })\n"
    found = told(base, base.replace(", wp", ""))
    assert [(s.kind, s.message) for s in found] == [
        (DriftKind.PARAMETER, "upstream's macro fill() takes `wp`, the target's does not")
    ]


def test_a_fragment_says_nothing_of_what_lies_beyond_it() -> None:
    fragment = "\terr = install(mm, page, wp);\n\tif (err) {\n\t\tcount(mm, 4);\n"
    assert words(fragment, BASE, window=True) == []
    changed = BASE.replace("install(mm, page, wp)", "install(mm, page)")
    assert words(fragment, changed, window=True) == [
        "the patch passes `wp` to install(), the target does not"
    ]


def test_a_fragment_may_begin_within_a_statement() -> None:
    assert words("\t\t  page, wp);\n\tif (err) {\n\t\tcount(mm, 4);\n", BASE, window=True) == []


def test_names_are_of_the_side_that_has_them() -> None:
    found = told(BASE, BASE.replace("\tmm->filled++;\n", "\tnote_peak(mm);\n"))
    assert {n for s in found for n in s.ours} == {"filled"}
    assert {n for s in found for n in s.theirs} == {"note_peak"}


STATEMENTS = st.sampled_from(
    ["a(x);", "b(x, y);", "x = y;", "if (x)\n\t\tgoto out;", "x->m = f(y);", "return x;", "out:", "y++;"]
)


@settings(deadline=None, max_examples=60)
@given(st.lists(STATEMENTS, max_size=14), st.lists(STATEMENTS, max_size=14))
def test_pairs_are_in_order_and_use_each_unit_once(ours: list[str], theirs: list[str]) -> None:
    one = units(("int f(int x)\n{\n\t" + "\n\t".join(ours) + "\n}\n").encode(), function=True)
    other = units(("int f(int x)\n{\n\t" + "\n\t".join(theirs) + "\n}\n").encode(), function=True)
    found = compare(one, other)
    pairs = [p for g in found.gaps for p in g.pairs]
    left, right = [p.base for p in pairs if p.base], [p.target for p in pairs if p.target]
    assert left == [u for u in one if u in left] and right == [u for u in other if u in right]
    assert len(set(map(id, left))) == len(left) and len(set(map(id, right))) == len(right)
    assert found.same + len(left) == len(one) and found.same + len(right) == len(other)
    assert list(found.met) == sorted(found.met)


@settings(deadline=None, max_examples=40)
@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_are_taken(one: bytes, other: bytes) -> None:
    say(compare(units(one), units(other, function=True)), UPSTREAM, "f", frozenset(), frozenset())
