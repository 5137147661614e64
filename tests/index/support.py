"""A small tree that looks like a kernel's, with the traps of names in it, and what is asked of it."""

from __future__ import annotations

import random

from backport.index import Located, Names

FILES: dict[str, bytes] = {
    "Kbuild": b"\n",
    "Kconfig": b'config FROB\n\tbool "frob only_in_kconfig"\n',
    "include/linux/kernel.h": b"#ifndef K\n#define K\n#define ARRAY_SIZE(x) (sizeof(x) / sizeof((x)[0]))\n#endif\n",
    "include/linux/page-flags.h": b"#include <linux/kernel.h>\n#include <asm/page.h>\n#include <generated/autoconf.h>\n"
    b"#define TESTPAGEFLAG(uname, lname) \\\nstatic inline int Page##uname(struct page *page) { return 0; }\n"
    b"#define PAGEFLAG(uname, lname) TESTPAGEFLAG(uname, lname) \\\n"
    b"static inline void SetPage##uname(struct page *page) { }\n"
    b"PAGEFLAG(Locked, locked)\nTESTPAGEFLAG(Dirty, dirty)\n",
    "include/linux/mm.h": b"#include <linux/page-flags.h>\n#include <uapi/linux/mman.h>\n"
    b"struct page {\n\tunsigned long flags;\n\tint\n\tsplit_member;\n};\n"
    b"extern int\ncolumn_zero(struct page *page);\nint frob_page(struct page *page, int how);\n"
    b"enum mode {\n\tMODE_A,\n\tMODE_B = 2, MODE_C,\n};\n",
    "include/uapi/linux/mman.h": b"#define MAP_X 1\n#define MAP_Y \\\n\t2\n",
    "include/asm-generic/page.h": b"#define PAGE_SIZE 4096\n",
    "arch/x86/include/asm/io.h": b"static inline void outb(int x) { }\n",
    "arch/arm/include/asm/io.h": b"static inline void outb(int x, int y) { }\n",
    "include/trace/events/frob.h": b"TRACE_EVENT(frob_done,\n\tTP_PROTO(int x),\n\tTP_ARGS(x)\n);\n"
    b"DEFINE_EVENT(frob_class, frob_more,\n\tTP_PROTO(int x));\n",
    "mm/internal.h": b"#include <linux/mm.h>\nint internal_frob(int a);\nDECLARE_PER_CPU(int, counter);\n",
    "mm/frob.c": b'#include "internal.h"\n#include <asm/io.h>\n#include <no/such.h>\n'
    b"static DEFINE_MUTEX(frob_mutex);\nstatic int helper(int used_as_parameter)\n{\n\tint local_variable = 0;\n"
    b"\tint not_global;\n\tframe->used_member = helper(local_variable);\n\treturn MODE_A;\n}\n"
    b"int frob_page(struct page *page, int how)\n{\n\tframe.flags = how;\n\treturn helper(how);\n}\n"
    b"static ssize_t speed_show(void)\n{\n}\nstatic DEVICE_ATTR_RO(speed);\n"
    b"static struct attribute *attrs[] = {\n\t&dev_attr_speed.attr,\n};\n"
    b"int internal_frob(int a)\n{\n\treturn PageLocked(a) + PageDirty(a);\n}\nEXPORT_SYMBOL(frob_page);\n",
    "mm/local.c": b"#define GETTER(x) static int get_##x(void) { return 0; }\nGETTER(alpha)\nGETTER(beta)\n"
    b"int use(void)\n{\n\tstruct {\n\t\tint hidden_member;\n\t} x;\n\treturn get_alpha();\n}\n"
    b"struct driver\n{\n\tint brace_below;\n};\nlong a, second_declarator, *third;\n"
    b"SYSCALL_DEFINE1(frobnicate, int, x)\n{\n\treturn 0;\n}\nint (*pointer_hook)(int);\n",
    "lib/entry.S": b"SYM_FUNC_START(fast_copy)\n\tret\n",
    "scripts/check.pl": b"# word_in_a_script\n",
    "Documentation/frob.rst": "Words: documented_only, größe.\n".encode(),
    "firmware.bin": b"\0binary_word\n",
}

NAMES = (
    *(
        "ARRAY_SIZE",
        "PageLocked",
        "SetPageLocked",
        "PageDirty",
        "SetPageDirty",
        "page",
        "flags",
        "split_member",
    ),
    *(
        "column_zero",
        "frob_page",
        "mode",
        "MODE_A",
        "MODE_B",
        "MODE_C",
        "MAP_X",
        "MAP_Y",
        "PAGE_SIZE",
        "outb",
    ),
    *(
        "trace_frob_done",
        "trace_frob_more",
        "internal_frob",
        "counter",
        "frob_mutex",
        "helper",
        "local_variable",
    ),
    *("used_as_parameter", "not_global", "used_member", "dev_attr_speed", "attrs", "get_alpha", "get_beta"),
    *(
        "hidden_member",
        "driver",
        "brace_below",
        "second_declarator",
        "third",
        "sys_frobnicate",
        "pointer_hook",
    ),
    *(
        "fast_copy",
        "word_in_a_script",
        "documented_only",
        "binary_word",
        "nothing_at_all",
        "only_in_kconfig",
        "a",
    ),
)


def answers(names: Names) -> dict[str, tuple[tuple[Located, ...], bool]]:
    """All that can be asked, by name."""
    found = names.find(NAMES)
    return {name: (found[name], names.mentions(name)) for name in NAMES}


def places(names: Names, name: str) -> list[tuple[str, int]]:
    return [(x.path, x.definition.line) for x in names.find([name])[name]]


def many_files(count: int, seed: int = 1) -> dict[str, bytes]:
    """Files enough for several batches."""
    random_ = random.Random(seed)
    return {
        f"drivers/d{number % 7}/f{number}.c": b"".join(
            b"int fn_%d_%d(int x%d)\n{\n\treturn %d;\n}\n" % (number, k, k, random_.randrange(9))
            for k in range(30)
        )
        for number in range(count)
    }
