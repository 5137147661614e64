"""Rewrites are done to code and to nothing else, the same each time, and only where the target lacks the old name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backport.adapt.rewrites import Rewrite, RewriteKind, apply_rewrites, is_sound, rewrite_path, written
from backport.adapt.rewrites_file import SCHEMA, dump, load, read
from backport.adapt.sources import drift_rewrites, sources_rewrites
from backport.adapt.substitutions import code_units
from backport.csource import tokens
from backport.errors import InputError

LOCK = Rewrite(
    RewriteKind.CALL,
    ("mmap_read_lock", "(", "$1", ")"),
    ("down_read", "(", "&", "$1", "->", "mmap_sem", ")"),
    5,
)
RSS = Rewrite(RewriteKind.PREFIX, ("RTE_ETH_RSS_",), ("ETH_RSS_",), 5)
HELPER = Rewrite(RewriteKind.NAME, ("new_helper",), ("old_helper",), 5)
FOLDER = Rewrite(RewriteKind.PATH, ("lib/ethdev/",), ("lib/librte_ethdev/",), 5)
HEADER = Rewrite(RewriteKind.PATH, ("ethdev_driver.h",), ("rte_ethdev_driver.h",), 5)
MEMBER = Rewrite(RewriteKind.TOKENS, ("lro_supported",), ("lro", ".", "supported"), 5)


def has(*names: str) -> Callable[[str], bool]:
    return lambda name: name in names


def made(text: str, *rewrites: Rewrite, known: Callable[[str], bool] = lambda _: False) -> str:
    return apply_rewrites(text.encode(), rewrites, known=known)[0].decode()


# --- what is done --------------------------------------------------------------------------------


def test_a_call_keeps_its_argument() -> None:
    assert made("\tmmap_read_lock(mm);\n", LOCK) == "\tdown_read(&mm->mmap_sem);\n"
    assert made("\tmmap_read_lock(vma->vm_mm);\n", LOCK) == "\tdown_read(&vma->vm_mm->mmap_sem);\n"
    assert made("x = mmap_read_lock(get(a, b)[1]);", LOCK) == "x = down_read(&get(a, b)[1]->mmap_sem);"


def test_an_argument_that_would_fall_apart_stands_in_brackets() -> None:
    assert made("mmap_read_lock(a ? b : c);", LOCK) == "down_read(&(a ? b : c)->mmap_sem);"
    assert made("mmap_read_lock(&init_mm);", LOCK) == "down_read(&(&init_mm)->mmap_sem);"
    assert made("mmap_read_lock((mm));", LOCK) == "down_read(&(mm)->mmap_sem);"


def test_a_call_that_becomes_an_expression_stands_in_brackets_where_it_must() -> None:
    shift = Rewrite(RewriteKind.CALL, ("K", "(", "$1", ")"), ("$1", "<<", "(", "SHIFT", "-", "10", ")"), 5)
    assert made("a = K(x); f(K(x), 1); return K(x);", shift) == (
        "a = x << (SHIFT - 10); f(x << (SHIFT - 10), 1); return x << (SHIFT - 10);"
    )
    assert made("a = K(x) + 1; b = (long)K(x);", shift) == (
        "a = (x << (SHIFT - 10)) + 1; b = (long)(x << (SHIFT - 10));"
    )
    read = Rewrite(RewriteKind.CALL, ("ptep_get", "(", "$1", ")"), ("*", "$1"), 5)
    assert made("a = ptep_get(p); b = ptep_get(p).low; c = ptep_get(p + 1);", read) == (
        "a = *p; b = (*p).low; c = *(p + 1);"
    )


def test_a_call_with_another_number_of_arguments_is_another() -> None:
    assert made("mmap_read_lock(a, b); mmap_read_lock(); mmap_read_lock;", LOCK) == (
        "mmap_read_lock(a, b); mmap_read_lock(); mmap_read_lock;"
    )


def test_an_argument_over_two_lines_stays_over_two_lines() -> None:
    drop = Rewrite(RewriteKind.CALL, ("f", "(", "$1", ",", "$2", ")"), ("g", "(", "$2", ")"), 5)
    assert made("f(NULL,\n  a +\n  b);", drop) == "g(\n  a +\n  b);"


LOG = Rewrite(
    RewriteKind.CALL,
    ("LOG_CONFIG", "(", "$1", ",", "$*", ")"),
    ("LOG", "(", "$1", ",", "CONFIG", ",", "$*", ")"),
    5,
)


def test_the_rest_of_the_arguments() -> None:
    assert (
        made('LOG_CONFIG(ERR, "%d",\n\t a + b, f(c, d));', LOG)
        == 'LOG(ERR, CONFIG, "%d",\n\t a + b, f(c, d));'
    )
    assert made('LOG_CONFIG(ERR, "new_helper");', LOG, HELPER) == 'LOG(ERR, CONFIG, "new_helper");'
    assert made("LOG_CONFIG(ERR);", LOG) == "LOG_CONFIG(ERR);"
    assert not is_sound(Rewrite(RewriteKind.CALL, ("f", "(", "$*", ")"), ("g", "(", "&", "$*", ")")))
    assert not is_sound(Rewrite(RewriteKind.CALL, ("f", "(", "$*", ",", "$1", ")"), ("g", "(", "$1", ")")))


def test_a_rewrite_within_the_argument_of_another_is_done_too() -> None:
    assert made("mmap_read_lock(new_helper(1));", LOCK, HELPER) == "down_read(&old_helper(1)->mmap_sem);"


def test_a_prefix_is_rewritten_to_names_that_the_target_has() -> None:
    text = "x = RTE_ETH_RSS_IP | RTE_ETH_RSS_NEW | RTE_ETH_RSS_;"
    assert made(text, RSS, known=has("ETH_RSS_IP")) == "x = ETH_RSS_IP | RTE_ETH_RSS_NEW | RTE_ETH_RSS_;"


def test_the_longest_match_is_taken() -> None:
    name = Rewrite(RewriteKind.NAME, ("mmap_read_lock",), ("lock_it",), 50)
    assert made("mmap_read_lock(mm);", LOCK, name) == "down_read(&mm->mmap_sem);"
    longer = Rewrite(RewriteKind.PREFIX, ("RTE_ETH_RSS_IP_",), ("IP_",), 1)
    assert made("RTE_ETH_RSS_IP_V4", RSS, longer, known=has("IP_V4", "ETH_RSS_IP_V4")) == "IP_V4"


def test_of_two_for_one_name_the_better_founded_is_taken() -> None:
    other = Rewrite(RewriteKind.NAME, ("new_helper",), ("other",), 6)
    for order in ((HELPER, other), (other, HELPER)):
        assert made("new_helper();", *order) == "other();"


def test_an_include_is_rewritten_by_its_path() -> None:
    assert made(
        '#include <ethdev_driver.h>\n# include "lib/ethdev/x.h" /* lib/ethdev/ */\n', HEADER, FOLDER
    ) == ('#include <rte_ethdev_driver.h>\n# include "lib/librte_ethdev/x.h" /* lib/ethdev/ */\n')


def test_members_and_directives_are_code() -> None:
    assert made("if (c->lro_supported)", MEMBER) == "if (c->lro.supported)"
    assert made("#define X \\\n\tnew_helper(1)\n#if defined(new_helper)\n", HELPER) == (
        "#define X \\\n\told_helper(1)\n#if defined(old_helper)\n"
    )


def test_which_were_done_is_told() -> None:
    assert apply_rewrites(b"new_helper();", [LOCK, HELPER], known=has())[1] == (HELPER,)


# --- what must not be done -----------------------------------------------------------------------


def test_a_name_that_the_target_has_stays() -> None:
    assert made("new_helper();", HELPER, known=has("new_helper")) == "new_helper();"
    assert made("mmap_read_lock(mm);", LOCK, known=has("mmap_read_lock")) == "mmap_read_lock(mm);"
    both = has("RTE_ETH_RSS_IP", "ETH_RSS_IP")
    assert made("RTE_ETH_RSS_IP", RSS, known=both) == "RTE_ETH_RSS_IP"
    header = has("ethdev_driver.h")
    assert made("#include <ethdev_driver.h>\n", HEADER, known=header) == "#include <ethdev_driver.h>\n"


def test_unless_the_support_is_overwhelming() -> None:
    often = Rewrite(RewriteKind.NAME, ("new_helper",), ("old_helper",), 40, 1)
    disputed = Rewrite(RewriteKind.NAME, ("new_helper",), ("old_helper",), 40, 8)
    assert made("new_helper();", often, known=has("new_helper")) == "old_helper();"
    assert made("new_helper();", disputed, known=has("new_helper")) == "new_helper();"


def test_comments_and_strings_stay() -> None:
    text = "/* new_helper(a) */ x(\"new_helper\"); // new_helper\n'new_helper'; new_helpers; a_new_helper;\n"
    assert made(text, HELPER, LOCK) == text
    assert made(" * new_helper() is\n * here */\nnew_helper();\n", HELPER) == (
        " * new_helper() is\n * here */\nold_helper();\n"
    )
    assert made("don't use new_helper */ new_helper();", HELPER) == "don't use new_helper */ old_helper();"


def test_a_comment_is_never_lost() -> None:
    assert made("mmap_read_lock /* the mm's */ (mm);", LOCK) == "mmap_read_lock /* the mm's */ (mm);"
    drop = Rewrite(RewriteKind.CALL, ("f", "(", "$1", ",", "$2", ")"), ("f", "(", "$2", ")"), 50)
    assert made("f(a /* one */, b);", drop) == "f(a /* one */, b);"
    assert made("f(a, b /* two */);", drop) == "f(b /* two */);"


def test_a_directive_within_a_call_stays() -> None:
    text = "mmap_read_lock(\n#ifdef A\n\ta\n#endif\n);\n"
    assert made(text, LOCK) == text


def test_rewrites_that_undo_or_feed_one_another() -> None:
    back = Rewrite(RewriteKind.NAME, ("old_helper",), ("new_helper",), 2)
    assert made("new_helper(); old_helper();", HELPER, back) == "old_helper(); old_helper();"
    grow = Rewrite(RewriteKind.TOKENS, ("a",), ("a", "->", "b"), 99)
    assert made("a;", grow) == "a;"


@pytest.mark.parametrize(
    "rewrite",
    [
        Rewrite(RewriteKind.NAME, ("a",), ("a",)),
        Rewrite(RewriteKind.NAME, ("a", "b"), ("c",)),
        Rewrite(RewriteKind.NAME, ("->",), ("c",)),
        Rewrite(RewriteKind.CALL, ("$1", "(", ")"), ("c",)),
        Rewrite(RewriteKind.CALL, ("f", "(", "$1", ")"), ("g", "(", "$2", ")")),
        Rewrite(RewriteKind.CALL, ("f", "(", "$1", ",", "$1", ")"), ("g", "(", "$1", ")")),
        Rewrite(RewriteKind.TOKENS, ("f", '"a"'), ("g", '"a"')),
        Rewrite(RewriteKind.PREFIX, ("a_",), ("a_b_",)),
        Rewrite(RewriteKind.PATH, ("a",), ("b/",)),
        Rewrite(RewriteKind.PATH, ("a/",), ("",)),
        Rewrite(RewriteKind.NAME, (), ()),
    ],
)
def test_what_is_no_rewrite_is_passed_over(rewrite: Rewrite) -> None:
    assert not is_sound(rewrite)
    assert made("a b f(x) f(1, 2)", rewrite) == "a b f(x) f(1, 2)"


# --- paths ---------------------------------------------------------------------------------------


def test_a_path_becomes_one_that_the_target_has() -> None:
    there = has("lib/librte_ethdev/a.c")
    assert rewrite_path("lib/ethdev/a.c", [FOLDER], known=there) == ("lib/librte_ethdev/a.c", (FOLDER,))
    assert rewrite_path("lib/ethdev/b.c", [FOLDER], known=there) == ("lib/ethdev/b.c", ())
    both = has("lib/librte_ethdev/a.c", "lib/ethdev/a.c")
    assert rewrite_path("lib/ethdev/a.c", [FOLDER], known=both) == ("lib/ethdev/a.c", ())


def test_a_layout_is_for_paths_and_not_for_includes() -> None:
    layout = Rewrite(RewriteKind.PATH, ("lib/",), ("lib/core_",), 5)
    there = has("lib/core_acl/a.c")
    assert rewrite_path("lib/acl/a.c", [layout], known=there) == ("lib/core_acl/a.c", (layout,))
    assert made("#include <lib/acl/a.h>\n", layout) == "#include <lib/acl/a.h>\n"


def test_a_folder_that_went_to_two_is_looked_for_in_both() -> None:
    other = Rewrite(RewriteKind.PATH, ("lib/ethdev/",), ("lib/common/ethdev/",), 2)
    there = has("lib/common/ethdev/a.c")
    assert rewrite_path("lib/ethdev/a.c", [FOLDER, other], known=there) == ("lib/common/ethdev/a.c", (other,))


# --- properties ----------------------------------------------------------------------------------

_WORDS = st.sampled_from(["a", "b", "c", "f", "g", "P_x", "P_y", "Q_x"])
_PIECES = st.sampled_from(
    ["a", "b", "c", "f(", "g(", ")", ",", ";", "->", "P_x", "P_y", "/* a f(b) */", '"f(a)"', "'a'", "// b\n",
     "\n", " ", "\t", "#include <a.h>\n", "\n#define a b\n", "{", "}", "*/", "/*", "\\\n", "\xff", "'", '"', "&"]
)  # fmt: skip
_TEXTS = st.lists(_PIECES, max_size=30).map(lambda x: "".join(x).encode("latin-1"))
_COUNTS = st.integers(0, 60)


@st.composite
def _rewrites(draw: st.DrawFn) -> Rewrite:
    kind = draw(st.sampled_from(list(RewriteKind)))
    if kind is RewriteKind.CALL:
        old: tuple[str, ...] = (draw(_WORDS), "(", "$1", ",", "$2", ")")
        old = draw(st.sampled_from([old, (*old[:3], ")"), (*old[:2], "$*", ")"), (*old[:4], "$*", ")")]))
        new = tuple(
            draw(
                st.lists(st.sampled_from(["a", "g", "(", ")", "$1", "$2", "$*", "->", "&", ","]), min_size=1)
            )
        )
    elif kind is RewriteKind.TOKENS:
        old, new = (
            tuple(draw(st.lists(_WORDS | st.sampled_from(["->", "&"]), min_size=1, max_size=4))) for _ in "12"
        )
    elif kind is RewriteKind.PREFIX:
        old, new = ("P_",), (draw(st.sampled_from(["", "Q_", "P_P_"])),)
    elif kind is RewriteKind.PATH:
        old, new = ("a.h",), (draw(st.sampled_from(["b.h", "a/a.h"])),)
    else:
        old, new = (draw(_WORDS),), (draw(_WORDS),)
    return Rewrite(kind, old, new, draw(_COUNTS), draw(_COUNTS), ("ab" * 20,))


_KNOWN = st.sets(_WORDS)


@settings(deadline=None, max_examples=300)
@given(_TEXTS, st.lists(_rewrites(), max_size=6), _KNOWN)
def test_applying_again_changes_nothing(text: bytes, rewrites: list[Rewrite], known: set[str]) -> None:
    once, _ = apply_rewrites(text, rewrites, known=known.__contains__)
    assert apply_rewrites(once, rewrites, known=known.__contains__) == (once, ())


@settings(deadline=None, max_examples=200)
@given(_TEXTS, st.lists(_rewrites(), max_size=6), _KNOWN, st.randoms())
def test_the_order_of_the_rewrites_is_no_matter(
    text: bytes, rewrites: list[Rewrite], known: set[str], random: object
) -> None:
    shuffled = sorted(rewrites, key=lambda _: random.random())  # type: ignore[attr-defined]
    first = apply_rewrites(text, rewrites, known=known.__contains__)
    assert apply_rewrites(text, shuffled, known=known.__contains__) == first


def _comments_and_strings(text: bytes) -> list[bytes]:
    """By an expression of our own: it is right for texts without a stray quote or mark."""
    found = re.findall(rb'/\*.*?\*/|//[^\n]*|"[^"\n]*"|\'[^\'\n]*\'', text, re.DOTALL)
    return [x for x in found if isinstance(x, bytes)]


_CLEAN = st.lists(
    st.sampled_from(
        ["a", "b", " ", "f(", "g(", ")", ";", "\n", "P_x", "/* a f(b) */", ' "f(a)" ', " 'a' ", "// b\n"]
    )
)


@settings(deadline=None, max_examples=200)
@given(_CLEAN, st.lists(_rewrites(), max_size=6))
def test_comments_and_strings_are_never_touched(pieces: list[str], rewrites: list[Rewrite]) -> None:
    text = "".join(pieces).encode()
    after, _ = apply_rewrites(text, rewrites, known=has())
    if b'"f(a)"' not in text:  # an argument that is a string may be taken away with its call
        assert _comments_and_strings(after) == _comments_and_strings(text)
    comments = [x for x in _comments_and_strings(text) if x[:1] == b"/"]
    assert [x for x in _comments_and_strings(after) if x[:1] == b"/"] == comments


@settings(deadline=None, max_examples=100)
@given(_TEXTS, st.lists(_rewrites(), max_size=4))
def test_without_rewrites_or_when_all_is_known_nothing_changes(text: bytes, rewrites: list[Rewrite]) -> None:
    assert apply_rewrites(text, (), known=has()) == (text, ())
    weak = [Rewrite(x.kind, x.old, x.new, 1, x.against) for x in rewrites]
    assert apply_rewrites(text, weak, known=lambda _: True) == (text, ())


# --- the neighbourhood ---------------------------------------------------------------------------

BASE = b"""\
int box_open(struct box *box)
{
	mmap_read_lock(box->mm);
	box->weight = NEW_WEIGHT;
	new_helper(box, 1);
	return shared(box);
}

int box_close(struct box *box)
{
	mmap_read_lock(mm);
	return box_put(box, new_helper(box, 2));
}
"""


def learned(*changes: tuple[bytes, bytes], base: bytes = BASE) -> set[str]:
    target = base
    for old, new in changes:
        assert old in target
        target = target.replace(old, new)
    return {x.shown() for x in sources_rewrites(base, target)}


def test_a_name_that_the_target_calls_otherwise() -> None:
    assert learned((b"new_helper", b"old_helper")) == {"new_helper -> old_helper"}
    assert learned((b"NEW_WEIGHT", b"OLD_WEIGHT")) == {"NEW_WEIGHT -> OLD_WEIGHT"}


def test_where_the_lines_are_wrapped_otherwise() -> None:
    wrapped = (
        b"\treturn box_put(box, new_helper(box, 2));",
        b"\treturn box_put(box,\n\t\t\thelp_it(box,\n\t\t\t\t2));",
    )
    assert learned(wrapped, (b"new_helper", b"help_it")) == {"new_helper -> help_it"}


def test_a_call_of_another_form_is_learned_in_two_places() -> None:
    one = (b"mmap_read_lock(box->mm)", b"down_read(&box->mm->mmap_sem)")
    two = (b"mmap_read_lock(mm)", b"down_read(&mm->mmap_sem)")
    assert learned(one, two) == {"mmap_read_lock($1) -> down_read(&$1->mmap_sem)"}
    assert learned(one) == set()


def test_a_name_that_the_target_has_too_is_not_learned() -> None:
    assert learned((b"new_helper(box, 1)", b"old_helper(box, 1)")) == set()
    comment = BASE + b"/* new_helper() was here */\n"
    assert (
        learned((b"new_helper(", b"old_helper("), base=comment.replace(b"new_helper() was", b"it was"))
        != set()
    )


def test_a_name_that_the_base_has_for_something_else_is_not_learned() -> None:
    assert learned((b"new_helper", b"shared")) == set()


def test_a_name_within_a_changed_statement_is_not_learned_of_one_place() -> None:
    assert learned((b"box->weight = NEW_WEIGHT;", b"box->mass = OLD_WEIGHT + one;")) == set()


def test_a_name_that_stands_for_two_is_not_learned() -> None:
    assert learned((b"new_helper(box, 1)", b"one(box, 1)"), (b"new_helper(box, 2)", b"two(box, 2)")) == set()


def test_names_that_share_a_prefix() -> None:
    base = b"".join(
        b"int %s(void) { return RTE_BOX_%s; }\n" % (x, x.upper()) for x in (b"one", b"two", b"three")
    )
    found = sources_rewrites(base, base.replace(b"RTE_BOX", b"BOX"))
    assert {x.shown() for x in found if x.kind is RewriteKind.PREFIX} == {"RTE_BOX_* -> BOX_*"}
    mixed = base.replace(b"RTE_BOX", b"BOX") + b"int more = RTE_BOX_OTHER;\n"
    assert not [x for x in sources_rewrites(base, mixed) if x.kind is RewriteKind.PREFIX]


def test_calls_with_several_numbers_of_arguments() -> None:
    one = b'void f(void)\n{\n\tLOG_CONFIG(ERR, "a");\n\tLOG_CONFIG(INFO, "b %d", x);\n%s}\n'
    more = b'\tLOG_CONFIG(ERR, "c");\n\tLOG_CONFIG(INFO, "d", y);\n'
    base = one.replace(b"%s", more)
    found = sources_rewrites(base, re.sub(rb"LOG_CONFIG\((\w+), ", rb"LOG(\1, CONFIG, ", base))
    assert {x.shown(): x.support for x in found} == {
        "LOG_CONFIG($1, $2) -> LOG($1, CONFIG, $2)": 2,
        "LOG_CONFIG($1, $2, $3) -> LOG($1, CONFIG, $2, $3)": 2,
        "LOG_CONFIG($1, $*) -> LOG($1, CONFIG, $*)": 4,
    }


def test_several_files_know_more_than_one() -> None:
    header = b"int new_helper(struct box *box, int count);\n"
    changed = BASE.replace(b"new_helper", b"old_helper")
    found = drift_rewrites([(BASE, changed), (header, header.replace(b"new_helper", b"old_helper"))])
    assert [(x.shown(), x.support) for x in found] == [("new_helper -> old_helper", 3)]
    assert drift_rewrites([(BASE, changed), (header, header)]) == ()
    assert drift_rewrites([]) == ()


def test_statements_are_read_from_pieces_of_code() -> None:
    def rows(*lines: str) -> list[str]:
        return [b" ".join(x).decode() for x in code_units([x.encode() for x in lines])]

    assert rows("a = f(b,", "      c);", "g(); if (x) {", "}") == [
        "a = f ( b , c ) ;",
        "g ( ) ;",
        "if ( x ) {",
        "}",
    ]
    assert rows("for (i = 0; i < n; i++)", "\tx();") == ["for ( i = 0 ; i < n ; i ++ ) x ( ) ;"]
    assert rows("\tf(a, /* the rest is not here", "*/", "\tg(b);", "\th(c);") == [
        "f ( a , g ( b ) ;",
        "h ( c ) ;",
    ]
    assert rows("A,", "B = 1, /* b */", "#define X(a) \\", "\tf(a); g(a)", "#include <a.h>", "C,") == [
        "A ,", "B = 1 ,", "# define X ( a ) f ( a ) ; g ( a )", "C ,"
    ]  # fmt: skip


def test_keywords_and_numbers_are_no_names() -> None:
    assert learned((b"int box", b"long box")) == set()
    assert learned((b"NEW_WEIGHT", b"12")) == set()


@settings(deadline=None, max_examples=100)
@given(_TEXTS, _TEXTS)
def test_what_is_learned_is_sound_and_not_in_the_target(base: bytes, target: bytes) -> None:
    there = {x.text.decode("utf-8", "surrogateescape") for x in tokens(target)}
    for one in sources_rewrites(base, target):
        assert is_sound(one) and not one.against
        assert (
            one.kind is RewriteKind.PREFIX or not set(one.gone) & there or b"*/" in target or b"/*" in target
        )


# --- the file ------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=100)
@given(st.lists(_rewrites().filter(is_sound)))
def test_a_file_is_read_as_it_was_written(rewrites: list[Rewrite]) -> None:
    assert load(dump(rewrites)) == tuple(rewrites)
    json.loads(dump(rewrites))


def test_bytes_that_are_no_text_survive() -> None:
    one = Rewrite(RewriteKind.PATH, (b"\xff/".decode("utf-8", "surrogateescape"),), ("b/",))
    assert load(dump([one])) == (one,)


_ROW = {"kind": "name", "old": ["a"], "new": ["b"], "support": 2}


@pytest.mark.parametrize(
    ("document", "says"),
    [
        (b"{", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b"[]", SCHEMA),
        (b'{"schema": "backport-rewrites/2"}', SCHEMA),
        ({}, "no list"),
        ({"rewrites": [1]}, "rewrite 1"),
        ({"rewrites": [_ROW, {"kind": "name"}]}, "rewrite 2"),
        ({"rewrites": [{**_ROW, "kind": "rhyme"}]}, "no such kind"),
        ({"rewrites": [{**_ROW, "old": "a"}]}, "old is no list"),
        ({"rewrites": [{**_ROW, "old": [1]}]}, "old is no list"),
        ({"rewrites": [{**_ROW, "support": -1}]}, "no count"),
        ({"rewrites": [{**_ROW, "support": True}]}, "no count"),
        ({"rewrites": [{**_ROW, "commits": ["--all"]}]}, "no ids"),
        ({"rewrites": [{**_ROW, "new": ["a"]}]}, "no rewrite of kind name"),
        ({"rewrites": [{**_ROW, "new": ["\ud800"]}]}, "no text"),
    ],
)
def test_a_bad_file_is_one_clear_line(document: object, says: str) -> None:
    data = document if isinstance(document, bytes) else b""
    if isinstance(document, dict):
        data = json.dumps({"schema": SCHEMA, **document}).encode()
    with pytest.raises(InputError) as caught:
        load(data, "mine.json")
    assert str(caught.value).startswith("mine.json ") and says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there() -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read("no/such/file.json")


def test_tokens_are_written_as_one_writes_them() -> None:
    assert written(LOCK.new) == "down_read(&$1->mmap_sem)"
    assert written(("a", "=", "-", "1", ";")) == "a = -1;"
    assert written(("f", "(", "a", ",", "b", "&", "c", ")")) == "f(a, b & c)"
    assert written(("if", "(", "!", "x", ")")) == "if (!x)"
