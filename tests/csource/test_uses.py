"""What lines of C use, and what their function declares."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backport.csource.uses import Path, Source, UseKind, mentioned, uses
from backport.csource.uses_scope import Scope
from tests.support.require import require_linux_source

FUNCTION = """\
static int f(struct dev *d, const char __user *name, int (*done)(void *arg), unsigned long flags[])
{
%s
}
"""


def scope(body: str, head: str = FUNCTION) -> Scope:
    data = (head % body).encode()
    return Source("x.c", data, {2}).stretch(2).scope


def used(text: str, lines: set[int] | None = None) -> list[tuple[str, str]]:
    data = text.encode()
    wanted = lines or set(range(1, text.count("\n") + 1))
    return [(str(u.kind), u.name) for _, u in uses(Source("x.c", data, wanted), wanted)]


def in_body(body: str) -> list[tuple[str, str]]:
    text = FUNCTION % body
    return used(text, set(range(3, text.count("\n"))))


def test_parameters() -> None:
    found = scope("")
    assert {n: (x[0].type, x[0].kind) for n, x in found.locals.items()} == {
        "d": ("struct dev *", "parameter"),
        "name": ("char *", "parameter"),
        "done": ("", "parameter"),
        "flags": ("unsigned long", "parameter"),
    }


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("\tint a, *b = &a, c[3] = { 1, 2 }, d2;", "a b c d2"),
        ("\tstruct page *page = NULL;\n\tu64 n;\n\tunsigned long long m;", "page n m"),
        ("\tconst struct { int in; } pair = {};\n\tenum kind kind;", "in pair kind"),
        ("\tvoid (*hook)(int) = NULL;\n\ttypeof(d->x) y;", "hook y"),
        ("\tLIST_HEAD(list);\n\tDEFINE_WAIT(wait);\n\tDECLARE_BITMAP(map, 4);", "list wait map"),
        ("\tfor (int i = 0; i < 3; i++)\n\t\tg(i);", "i"),
        ("\tchar *p __free(kfree) = NULL;\n\tint q __maybe_unused;", "p q"),
        ("\t__maybe_unused int z;\n\tstatic const u8 key[] = { 1 };", "z key"),
        ("\tcase_fn(a * b);\n\treturn x;\n\tx = y;\n\tgoto out;\n\tfoo(bar);", ""),
        ("\ta = b ? c : d;\n\tswitch (a) {\n\tcase ONE:\n\t\tint late;\n\t}", "late"),
        ("#ifdef A\n\tif (a) {\n#else\n\tif (b) {\n#endif\n\t\tint in;\n\t}\n\tint out;", "in out"),
    ],
)
def test_locals(body: str, names: str) -> None:
    own = {"d", "name", "done", "flags"}
    assert sorted(set(scope(body).locals) - own) == sorted(names.split())


def test_heads_of_macros_and_of_the_old_style() -> None:
    made = scope("", "SYSCALL_DEFINE3(read, unsigned int, fd, char __user *, buf, size_t, count)\n{\n%s\n}\n")
    assert {"fd", "buf", "count"} <= set(made.locals)
    old = scope("", "int f(a, b)\nint a; char *b;\n{\n%s\n}\n")
    assert set(old.locals) == {"a", "b"}


def test_a_name_is_visible_in_its_block_only() -> None:
    found = scope("\tif (d) {\n\t\tint in = 1;\n\n\t\tg(in);\n\t}\n\th(in);")
    first, last = (n for n, x in enumerate(found.flow.texts) if x == "in" and found.flow.texts[n - 1] == "(")
    assert found.visible("in", first) is not None
    assert found.visible("in", last) is None


def test_kinds_of_use() -> None:
    assert in_body("\td->ops->start(d, sizeof(struct ring), MAX);\n\tgoto out;") == [
        ("name", "d"),
        ("member", "ops"),
        ("member", "start"),
        ("name", "d"),
        ("tag", "ring"),
        ("name", "MAX"),
        ("label", "out"),
    ]
    assert in_body('\tstruct x v = { .id = ONE };\nout:\n\tprintk(KERN_INFO "%%d", v.id);') == [
        ("tag", "x"),
        ("field", "id"),
        ("name", "ONE"),
        ("call", "printk"),
        ("name", "KERN_INFO"),
        ("name", "v"),
        ("member", "id"),
    ]


def test_arguments_of_calls() -> None:
    text = FUNCTION % '\tf(a, g(b, c), (struct s){ 1, 2 }, "x,y");\n\tnone();'
    found = {
        u.name: u.arguments
        for _, u in uses(Source("x.c", text.encode(), {3, 4}), {3, 4})
        if u.arguments is not None
    }
    assert {name: len(given) for name, given in found.items()} == {"f": 4, "g": 2, "none": 0}


@pytest.mark.parametrize(
    ("text", "base"),
    [
        ("a->b.c", Path("a", ("b",))),
        ("a[i + 1]->c", Path("a")),
        ("(*a).c", Path("a")),
        ("((struct s *)p)->c", Path("", (), "struct s")),
        ("get(x)->c", Path("get", (), "", True)),
        ("(&a->b)->c", Path("a", ("b",))),
        ("(a + 1)->c", None),
        ("a->get(x)->c", None),
    ],
)
def test_what_a_member_is_taken_of(text: str, base: Path | None) -> None:
    data = (FUNCTION % f"\tx = {text};").encode()
    found = [u for _, u in uses(Source("x.c", data, {3}), {3}) if u.name == "c"]
    assert [u.base for u in found] == [base]


def test_macros_without_what_they_paste_and_their_parameters() -> None:
    text = "#define MAKE(x, y...) do { \\\n\tcall_##x(TWO, #x, y); \\\n\tplain(THREE); \\\n} while (0)\n"
    assert used(text) == [("name", "TWO"), ("call", "plain"), ("name", "THREE")]


def test_prototypes_structs_and_comments_declare_and_use_nothing_else() -> None:
    assert used("int g(struct dev *d, int count);\n") == [("tag", "dev")]
    assert used("struct dev {\n\tint id;\n\tu8 a, *b;\n\tstruct ring *ring;\n};\n") == [
        ("name", "u8"),
        ("tag", "ring"),
    ]
    assert used("/*\n * word other->thing call(x)\n */\n", {2}) == []
    assert used("#include <linux/mm.h>\n") == [("include", "linux/mm.h")]


def test_mentioned_passes_over_members_comments_and_strings() -> None:
    data = b'int a; /* one */ // two\nchar *s = "three";\nx->four = 1;\nfive(six);\n'
    assert mentioned(Source("x.c", data, ()), ["one", "two", "three", "four", "five", "six"], ()) == {
        "five": 4,
        "six": 4,
    }
    assert mentioned(Source("x.c", data, ()), ["five"], {4}) == {}


@settings(deadline=None, max_examples=150)
@given(
    st.lists(
        st.sampled_from(
            [
                "{",
                "}",
                "(",
                ")",
                "[",
                "]",
                "a",
                "int",
                "->",
                ".",
                ";",
                ",",
                "=",
                "*",
                "if",
                "for",
                "case",
                ":",
                "goto",
                "#if X\n",
                "#else\n",
                "#endif\n",
                "#define Q(a) a##b\n",
                "\n",
                '"',
                "/*",
                "struct",
            ]
        ),
        max_size=60,
    )
)
def test_never_raises(pieces: list[str]) -> None:
    text = FUNCTION.replace("%s", "\n" + " ".join(pieces) + "\n")
    lines = set(range(1, text.count("\n") + 1))
    for _, use in uses(Source("x.c", text.encode(), lines), lines):
        assert use.kind in UseKind and use.line in lines


def test_plain_names_of_real_functions_are_declared() -> None:
    """Of the short lower-case names that functions of the kernel use as values, nearly all are locals."""
    data = (require_linux_source("6.1") / "mm/shmem.c").read_bytes()
    lines = range(1, data.count(b"\n") + 1)
    found = [
        stretch.scope.visible(use.name, use.index) is not None
        for stretch, use in uses(Source("mm/shmem.c", data, lines), lines)
        if stretch.function and use.kind is UseKind.NAME and use.name.islower() and "_" not in use.name
    ]
    assert len(found) > 1000
    assert sum(found) > 0.97 * len(found)
