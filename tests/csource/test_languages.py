"""Files that are not C: what they are, and the names of their stretches."""

from __future__ import annotations

import pytest

from backport.csource import language, region_map
from backport.model import RegionKind


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("mm/page_alloc.c", "c"),
        ("include/linux/mm.h", "c"),
        ("tools/perf/util/c++/clang.cpp", "c++"),
        ("arch/x86/entry/entry_64.S", "asm"),
        ("mm/Kconfig", "kconfig"),
        ("mm/Kconfig.debug", "kconfig"),
        ("Makefile", "makefile"),
        ("drivers/gpu/drm/Kbuild", "makefile"),
        ("scripts/Makefile.build", "makefile"),
        ("Documentation/mm/index.rst", "rst"),
        ("Documentation/devicetree/booting.txt", "rst"),
        ("arch/arm64/boot/dts/a.dtsi", "dts"),
        ("rust/kernel/lib.rs", "rust"),
        ("tools/a.py", "python"),
        ("scripts/a.sh", "shell"),
        ("scripts/checkpatch.pl", "perl"),
        ("COPYING", ""),
        ("a.c/b", ""),
        ("", ""),
    ],
)
def test_a_path_tells_the_language(path: str, name: str) -> None:
    assert language(path) == name


CASES = {
    "mm/Kconfig": (
        'menu "Memory"\n\nconfig SWAP\n\tbool "Swap"\n\thelp\n\t  config is a word here.\n\n'
        'menuconfig ZSWAP\n\tbool\n\nchoice\n\tprompt "x"\n\nconfig ONE\n\tbool\n\nendchoice\nendmenu\n',
        ["Memory 1-1", "SWAP 3-6", "ZSWAP 8-9", "choice 11-12", "ONE 14-15"],
    ),
    "mm/Makefile": (
        "# c\nobj-y := a.o \\\n\tb.o\nobj-$(CONFIG_X) += x.o\nifdef CONFIG_Y\nobj-y += y.o\nendif\n\n"
        "all: a b\n\techo 1\n\techo 2\n\nCFLAGS_x.o = -O2\n",
        [
            "obj-y 2-3",
            "obj-$(CONFIG_X) 4-4",
            "ifdef CONFIG_Y 5-7",
            "obj-y 6-6",
            "all 9-11",
            "CFLAGS_x.o 13-13",
        ],
    ),
    "a.S": (
        "#define A 1\nSYM_FUNC_START(memcpy)\n\tmov\n1:\tret\n.Llocal:\n\tnop\nSYM_FUNC_END(memcpy)\n\n"
        ".macro SAVE a\n\tpush\n.endm\n\nstart:\n\tnop\n\nENTRY(old)\n\tret\nENDPROC(old)\n",
        ["A 1-1", "memcpy 2-7", "SAVE 9-11", "start 13-14", "old 16-18"],
    ),
    "Documentation/a.rst": (
        "=====\nTitle\n=====\n\ntext\n\nFirst part\n----------\n\nmore\n\nSecond\n~~~~~~\ntext\n",
        ["Title 2-5", "First part 7-10", "Second 12-14"],
    ),
    "a.dts": (
        "/dts-v1/;\n/ {\n\tsoc: soc@0 {\n\t\tuart0: serial@10 {\n"
        "\t\t\treg = <1>;\n\t\t};\n\t};\n};\n\n&i2c0 {\n\ta;\n};\n",
        ["/ 2-8", "soc@0 3-7", "serial@10 4-6", "&i2c0 10-12"],
    ),
    "a.rs": (
        "struct P {\n    x: i32,\n}\n\nimpl P {\n    /// }\n    pub(crate) fn get(&self) -> char {\n"
        "        '}'\n    }\n}\n\n"
        'unsafe extern "C" fn raw(a: &\'static str) {\n    let s = "{";\n}\n\nstruct Unit;\n',
        ["P 1-3", "impl P 5-10", "get 7-9", "raw 12-14", "Unit 16-16"],
    ),
    "a.py": (
        "import a\n\nclass A:\n    def f(\n        self,\n    ):\n        return 1\n\n"
        "    # c\n    def g(self):\n        pass\n\n"
        "async def h():\n    pass\nx = 1\n",
        ["A 3-11", "f 4-7", "g 10-11", "h 13-14"],
    ),
    "a.sh": (
        "#!/bin/sh\none() {\n\tif true; then {\n\t\ta\n\t}; fi\n}\n\nfunction two {\n\tb\n}\nthree() { c; }\nfour\n",
        ["one 2-6", "two 8-10", "three 11-11"],
    ),
    "a.pl": ("sub one {\n\tmy %h = (\n\t);\n}\nsub two($) { return 1; }\nprint 1;\n", ["one 1-4", "two 5-5"]),
    "README": ("int f(void)\n{\n}\n", []),
}


@pytest.mark.parametrize("path", CASES)
def test_regions_of_other_files(path: str) -> None:
    text, expected = CASES[path]
    found = region_map(path, text.encode())
    assert [f"{x.name} {x.first}-{x.last}" for x in found.regions] == expected
    assert found.degraded == ""


def test_a_script_without_suffix_is_known_by_its_first_line() -> None:
    found = region_map("scripts/tool", b"#!/usr/bin/env python3\n\ndef main():\n    pass\n")
    assert [(x.kind, x.name) for x in found.regions] == [(RegionKind.FUNCTION, "main")]


def test_the_innermost_node_is_answered() -> None:
    found = region_map("a.dts", CASES["a.dts"][0].encode())
    assert [x.name if x else "" for x in map(found.at, (1, 2, 3, 5, 7, 8))] == [
        "",
        "/",
        "soc@0",
        "serial@10",
        "soc@0",
        "/",
    ]
