"""What a C file provides: every kind of definition, as the kernel writes it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backport.csource.definitions import (
    Definition,
    DefinitionKind,
    FileDefinitions,
    Include,
    Parameter,
    definitions,
)
from tests.support.require import require_linux_source, require_program

Kind = DefinitionKind


def read(text: str, path: str = "a.c") -> FileDefinitions:
    return definitions(path, text.encode())


def one(text: str, name: str, path: str = "a.c") -> Definition:
    found = read(text, path).named(name)
    assert len(found) == 1, (name, found)
    return found[0]


def kinds(text: str) -> dict[str, str]:
    return {x.name: str(x.kind) for x in read(text).definitions}


# --- functions -------------------------------------------------------------------------------------


def test_function_with_its_parameters() -> None:
    head = "int a;\nstatic inline struct page *\nget(struct page *p, const char *s[], unsigned long)"
    text = head + "\n{\n\treturn p;\n}\n"
    found = one(text, "get")
    assert (found.kind, found.line, found.last, found.static) == (Kind.FUNCTION, 3, 6, True)
    assert found.type == "struct page *"
    assert found.parameters == (
        Parameter("p", "struct page *"),
        Parameter("s", "const char *[]"),
        Parameter("", "unsigned long"),
    )


@pytest.mark.parametrize(
    ("head", "parameters", "variadic"),
    [
        ("int f(void)", (), False),
        ("int f()", None, False),
        ("int f(const char *fmt, ...)", (Parameter("fmt", "const char *"),), True),
        (
            "int f(int (*cb)(int, void *), u8 x)",
            (Parameter("cb", "int (*)(int, void *)"), Parameter("x", "u8")),
            False,
        ),
        ("int f(struct a __user *p)", (Parameter("p", "struct a *"),), False),
        (
            "int f(size_t n, char buf[static 4])",
            (Parameter("n", "size_t"), Parameter("buf", "char [static 4]")),
            False,
        ),
    ],
)
def test_parameters(head: str, parameters: tuple[Parameter, ...] | None, variadic: bool) -> None:
    for text, kind in ((head + ";\n", Kind.PROTOTYPE), (head + "\n{\n}\n", Kind.FUNCTION)):
        found = one(text, "f")
        assert (found.kind, found.parameters, found.variadic) == (kind, parameters, variadic)


def test_annotations_are_no_part_of_a_head() -> None:
    text = (
        "asmlinkage __visible void __init __printf(1, 2) start(const char *s, ...) __releases(x);\n"
        "const char *__attribute_const__ msg(int e);\n"
        "int __attribute__((noinline, weak)) later(void) __attribute__((cold));\n"
    )
    assert one(text, "start").type == "void"
    assert one(text, "msg").type == "const char *"
    assert one(text, "later").parameters == ()
    assert set(kinds(text)) == {"start", "msg", "later"}


def test_functions_that_return_functions_are_named() -> None:
    assert one("static void (*handler(int sig))(int)\n{\n\treturn 0;\n}\n", "handler").kind is Kind.FUNCTION


def test_system_call_makes_its_symbols_with_pairs_of_parameters() -> None:
    text = "SYSCALL_DEFINE2(creat, const char __user *, name, umode_t, mode)\n{\n\treturn 0;\n}\n"
    found = one(text, "sys_creat")
    assert [x.name for x in found.parameters or ()] == ["name", "mode"]
    assert (found.line, found.last) == (1, 4)
    assert one(text, "creat").kind is Kind.FUNCTION


def test_every_arm_of_a_conditional_counts() -> None:
    text = "#ifdef A\nint f(int a);\n#elif B\nlong f(int a, int b);\n#else\n#define f(a) 0\n#endif\n"
    assert [str(x.kind) for x in read(text).named("f")] == ["prototype", "prototype", "macro"]


# --- macros ----------------------------------------------------------------------------------------


def test_macros_have_parameters_and_a_body() -> None:
    text = "#define A 1 /* one */\n#define B(x, y...) ((x) + \\\n\t(y)) // end\n#define C()\n#define D(f, ...) g(f)\n"
    assert (one(text, "A").type, one(text, "A").parameters) == ("1", None)
    found = one(text, "B")
    assert (found.type, found.line, found.last) == ("((x) + (y))", 2, 3)
    assert (found.parameters, found.variadic) == ((Parameter("x", ""),), True)
    assert one(text, "C").parameters == ()
    assert (one(text, "D").parameters, one(text, "D").variadic) == ((Parameter("f", ""),), True)


def test_long_bodies_are_shortened() -> None:
    assert len(one("#define X " + "a + " * 500 + "b\n", "X").type) <= 160


def test_pasted_names_are_patterns() -> None:
    found = read(
        "#define DEF(x) int foo_##x(void)\n#define GET(a, b) a ## _get_ ## b\n#define BOTH(a, b) a##b\n"
    )
    assert found.pasted == (r"foo_\w*", r"\w*_get_\w*")


def test_macros_of_the_file_are_expanded_where_they_declare() -> None:
    text = (
        "#define TEST(u, l) static inline int Page##u(struct page *page) { return test_bit(PG_##l); }\n"
        "#define FLAG(u, l) TEST(u, l) static inline void SetPage##u(struct page *page) { }\n"
        "FLAG(Locked, locked)\n"
        "TEST(Dirty, dirty) TEST(Lru, lru)\n"
        "struct page { int x; };\n"
    )
    for name, line in (("PageLocked", 3), ("SetPageLocked", 3), ("PageDirty", 4), ("PageLru", 4)):
        found = one(text, name)
        assert (found.kind, found.line) == (Kind.FUNCTION, line)
        assert found.parameters == (Parameter("page", "struct page *"),)
    assert one(text, "x").within == "struct page"


def test_lists_of_x_macros_make_enumerators() -> None:
    text = "#define LIST(X) X(ONE, one) X(TWO, two)\n#define ENUM(a, b) READ_##a,\nenum e { LIST(ENUM) READ_MAX };\n"
    assert [x.name for x in read(text).definitions if x.kind is Kind.ENUMERATOR] == [
        "READ_ONE",
        "READ_TWO",
        "READ_MAX",
    ]


def test_a_macro_that_calls_itself_comes_to_an_end() -> None:
    text = "#define A(x) B(x)\n#define B(x) A(x) A(x)\nA(1)\nenum e { A(1), Z };\nstruct s { B(2) int y; };\n"
    assert one(text, "Z").kind is Kind.ENUMERATOR


# --- types -----------------------------------------------------------------------------------------

STRUCT = """\
struct vm_area_struct {
	unsigned long vm_start, *vm_end;	/* ends */
	union {
		struct { int a:3; int b; };
		u32 c[16];
	} shared;
	const struct vm_operations_struct *vm_ops;
	int (*fault)(struct vm_area_struct *vma, int x);
	struct file __rcu *vm_file;
	DECLARE_BITMAP(bits, 64);
	struct_group(grp,
		int g1;
		int g2;
	);
	DECLARE_FLEX_ARRAY(struct foo, flex);
	spinlock_t lock ____cacheline_aligned_in_smp;
#ifdef CONFIG_X
	int xx;
#else
	long xx;
#endif
	u32 (*table)[4];
	int :4;
} __randomize_layout;
"""


def test_members_belong_to_the_struct() -> None:
    members = [x for x in read(STRUCT).definitions if x.kind is Kind.MEMBER]
    assert {x.within for x in members} == {"struct vm_area_struct"}
    types = {x.name: x.type for x in members if x.name != "xx"}
    assert types == {
        "vm_start": "unsigned long",
        "vm_end": "unsigned long *",
        "a": "int",
        "b": "int",
        "c": "u32 [16]",
        "shared": "union",
        "vm_ops": "const struct vm_operations_struct *",
        "fault": "int (*)(struct vm_area_struct *, int)",
        "vm_file": "struct file *",
        "bits": "unsigned long []",
        "grp": "struct",
        "g1": "int",
        "g2": "int",
        "flex": "struct foo []",
        "lock": "spinlock_t",
        "table": "u32 (*)[4]",
    }
    assert [x.type for x in members if x.name == "xx"] == ["int", "long"]
    assert next(x for x in members if x.name == "fault").parameters is not None


def test_struct_has_its_extent() -> None:
    found = one(STRUCT, "vm_area_struct")
    assert (found.kind, found.line, found.last) == (Kind.STRUCT, 1, 24)


def test_forward_declarations_define_nothing() -> None:
    assert kinds("struct page;\nenum zone_type;\nunion u;\nstruct page *f(struct q *x);\n") == {
        "f": "prototype"
    }


def test_typedefs() -> None:
    text = (
        "typedef struct { int counter; } atomic_t;\ntypedef struct foo { int x; } foo_t, *foo_p;\n"
        "typedef int (*fn_t)(void *, int);\ntypedef void (handler_t)(int);\ntypedef unsigned long pgd_t[4];\n"
    )
    assert one(text, "counter").within == "atomic_t"
    assert one(text, "x").within == "struct foo"
    assert (one(text, "foo_t").type, one(text, "foo_p").type) == ("struct foo", "struct foo *")
    assert one(text, "fn_t").type == "int (*)(void *, int)"
    assert {x for x, kind in kinds(text).items() if kind == "typedef"} == {
        "atomic_t",
        "foo_t",
        "foo_p",
        "fn_t",
        "handler_t",
        "pgd_t",
    }


def test_enumerators_have_their_enum_and_value() -> None:
    text = "enum mode { A, B = 3, C = B + 1, };\nenum { D };\ntypedef enum { E } e_t;\n"
    found = {x.name: (x.within, x.type) for x in read(text).definitions if x.kind is Kind.ENUMERATOR}
    assert found == {
        "A": ("enum mode", ""),
        "B": ("enum mode", "3"),
        "C": ("enum mode", "B + 1"),
        "D": ("", ""),
        "E": ("e_t", ""),
    }


def test_annotations_around_a_tag() -> None:
    text = "struct __packed a { int x; };\nstruct __ec_align1 b { int y; };\nstruct __call_single_data { int z; };\n"
    assert {x.within for x in read(text).definitions if x.kind is Kind.MEMBER} == {
        "struct a",
        "struct b",
        "struct __call_single_data",
    }


def test_types_within_functions_are_local() -> None:
    found = read("int f(void)\n{\n\tstruct { int inner; } x;\n\tenum { LOCAL };\n\treturn 0;\n}\n")
    assert [x.name for x in found.definitions] == ["f"]
    assert [x.name for x in found.local] == ["inner", "LOCAL"]
    assert found.named("inner") == (found.local[0],)


# --- objects ---------------------------------------------------------------------------------------


def test_objects() -> None:
    text = (
        "int a, *b = &a, c[4];\nextern int d, e[];\nstatic const struct file_operations fops = {\n\t.open = x,\n};\n"
        'struct { int m; } anonymous;\nint (*hook)(int) = 0;\nchar license[] SEC("license") = "GPL";\n'
    )
    assert kinds(text) == {
        "a": "variable",
        "b": "variable",
        "c": "variable",
        "d": "declaration",
        "e": "declaration",
        "fops": "variable",
        "m": "member",
        "anonymous": "variable",
        "hook": "variable",
        "license": "variable",
    }
    assert (one(text, "fops").type, one(text, "fops").last) == ("const struct file_operations", 5)


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("static DEFINE_MUTEX(m);", "m", "variable"),
        ("LIST_HEAD(l);", "l", "variable"),
        ("static LIST_HEAD(l);", "l", "variable"),
        ("DEFINE_PER_CPU(struct rq, runqueues);", "runqueues", "variable"),
        ("DECLARE_PER_CPU(int, x);", "x", "declaration"),
        ("static DEVICE_ATTR_RO(speed);", "dev_attr_speed", "variable"),
        ("DEFINE_SHOW_ATTRIBUTE(state);", "state_fops", "variable"),
        ("TRACE_EVENT(sched_switch, TP_PROTO(int x), TP_ARGS(x));", "trace_sched_switch", "function"),
        ("DEFINE_EVENT(cls, sched_wake, TP_PROTO(int x));", "trace_sched_wake", "function"),
        ("static RAW_NOTIFIER_HEAD(chain);", "chain", "variable"),
        ("DEFINE_SOMETHING_NEW(thing);", "thing", "variable"),
    ],
)
def test_macros_that_everybody_knows_make_names(text: str, name: str, kind: str) -> None:
    assert kinds(text + "\n").get(name) == kind


@pytest.mark.parametrize(
    "text", ["EXPORT_SYMBOL(f);", 'MODULE_LICENSE("GPL");', "module_init(f);", "late_initcall(f);"]
)
def test_macros_that_make_nothing(text: str) -> None:
    assert not read(text + "\n").definitions


# --- the file --------------------------------------------------------------------------------------


def test_includes() -> None:
    found = read(
        '#include <linux/mm.h>\n # include "internal.h"\n/* x */\n#ifdef A\n#include <asm/x.h>\n#endif\n'
    ).includes
    assert found == (
        Include("linux/mm.h", 1, True),
        Include("internal.h", 2, False),
        Include("asm/x.h", 5, True),
    )


def test_assembler_has_macros_and_labels() -> None:
    found = read("#define X 1\n\tmov %eax, %ebx\nSYM_FUNC_START(memcpy)\n\tret\nENTRY(start)\n", "a.S")
    assert [(x.name, str(x.kind)) for x in found.definitions] == [
        ("X", "macro"),
        ("memcpy", "function"),
        ("start", "function"),
    ]


def test_other_files_provide_nothing() -> None:
    assert read("int f(void);\n", "Makefile") == FileDefinitions()


def test_macro_call_before_a_definition_does_not_hide_it() -> None:
    text = "DEFINE_FREE(put, struct x *, put(_T))\nstruct params {\n\tint value;\n};\n#define B 1\nint f(void)\n{\n}\n"
    assert {"params", "value", "B", "f"} <= set(kinds(text))


PIECES = [
    *(
        "struct ",
        "union ",
        "enum ",
        "typedef ",
        "static ",
        "extern ",
        "int ",
        "x",
        "y ",
        "f",
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
    ),
    *(
        ";",
        ",",
        "*",
        "=",
        ":",
        "\n",
        "\n#define A(x) x##y\n",
        "\n#if 0\n",
        "\n#else\n",
        "\n#endif\n",
        '"s"',
        "'c'",
        "A(1)",
    ),
    *(
        "/* c */",
        "// l\n",
        "DEFINE_MUTEX(",
        "struct_group(",
        "...",
        "\\\n",
        "__attribute__((",
        "))",
        "é",
        "\0",
        "#",
        "##",
    ),
]


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
@settings(max_examples=400, deadline=None)
def test_never_raises_and_stays_within_the_file(text: str) -> None:
    found = read(text, "a.h")
    last = text.count("\n") + 1
    for each in (*found.definitions, *found.local):
        assert 1 <= each.line <= each.last <= last
        assert each.name
    assert all(1 <= x.line <= last for x in found.includes)
    assert read(text, "a.h") == found


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_taken(data: bytes) -> None:
    assert isinstance(definitions("a.c", data), FileDefinitions)


def test_deep_nesting_takes_no_long_time() -> None:
    assert read("struct a { " * 3000 + "int x; " + "};" * 3000).definitions
    assert isinstance(read("(" * 20000), FileDefinitions)
    assert isinstance(read("int f(" * 5000), FileDefinitions)


KINDS = {
    "f": "function",
    "s": "struct",
    "u": "union",
    "e": "enumerator",
    "m": "member",
    "t": "typedef",
    "d": "macro",
}


@pytest.mark.parametrize("folder", ["mm", "ipc", "block"])
def test_ctags_finds_nothing_more(folder: str) -> None:
    """On real source: of 1,000 tags at most two are not ours, name, kind and line."""
    ctags = require_program("ctags", package="universal-ctags")
    top = require_linux_source("6.1")
    command = [
        ctags,
        "-R",
        "-f",
        "-",
        "--languages=C",
        "--langmap=C:.c.h",
        f"--kinds-C={''.join(KINDS)}",
        "--fields=nk",
    ]
    listed = subprocess.run([*command, folder], cwd=top, capture_output=True, check=True).stdout.decode(
        "latin-1"
    )
    have: dict[str, set[tuple[str, str, int]]] = {}
    total, missing = 0, []
    for line in listed.splitlines():
        name, path, rest = line.split("\t", 2)
        kind, number = rest.rsplit(';"\t', 1)[1].split("\t")[:2]
        if name.startswith("__anon") or "DEFINE" in name:
            continue
        if path not in have:
            found = definitions(path, Path(top, path).read_bytes())
            have[path] = {(x.name, str(x.kind), x.line) for x in (*found.definitions, *found.local)}
        total += 1
        if (name, KINDS[kind], int(number.removeprefix("line:"))) not in have[path]:
            missing.append(line)
    assert total > 500
    assert len(missing) <= total // 500, missing[:20]
