"""Reading what gcc, as, objtool, Kconfig and make write."""

from __future__ import annotations

from backport.verify.diagnostics import Diagnostic, new_ones, read_output, relative_to

GCC = b"""\
  CC [M]  drivers/md/dm.o
In file included from /src/include/linux/a.h:12,
                 from /src/drivers/md/dm.c:3:
/src/include/linux/b.h: In function 'b':
/src/include/linux/b.h:30:9: error: 'x' undeclared (first use in this function)
   30 |         x = 1;
      |         ^
/src/drivers/md/dm.c:7:2: note: in expansion of macro 'B'
  CC      mm/a.o
../src/mm/a.c: At top level:
../src/mm/a.c:5:12: warning: 'f' defined but not used [-Wunused-function]
mm/a.o: warning: objtool: f()+0x12: unreachable instruction
  AS      lib/b.o
/src/lib/b.S: Assembler messages:
/src/lib/b.S:9: Error: no such instruction: `frob'
make[3]: *** [/src/scripts/Makefile.build:250: drivers/md/dm.o] Error 1
"""


def read(out: bytes) -> tuple[Diagnostic, ...]:
    return read_output(out, relative_to("/src", "/out")).diagnostics


def test_each_with_its_object_function_and_trail() -> None:
    header, unused, objtool, assembler = read(GCC)
    assert (header.error, header.path, header.line) == (True, "include/linux/b.h", 30)
    assert (header.function, header.object) == ("b", "drivers/md/dm.o")
    assert header.trail == (("include/linux/a.h", 12), ("drivers/md/dm.c", 3), ("drivers/md/dm.c", 7))
    assert (unused.error, unused.path, unused.line, unused.function) == (False, "mm/a.c", 5, "")
    assert (objtool.error, objtool.object, objtool.path) == (False, "mm/a.o", "")
    assert (assembler.error, assembler.path, assembler.line) == (True, "lib/b.S", 9)


def test_make_says_what_is_a_module_and_where_it_stops() -> None:
    output = read_output(GCC, relative_to("/src", "/out"))
    assert output.modules == {"drivers/md/dm.o"}
    assert output.made == {"drivers/md/dm.o", "mm/a.o", "lib/b.o"}
    assert output.failures == ("make stops at drivers/md/dm.o",)


def test_kconfig_is_read_as_well() -> None:
    (found,) = read(b"mm/Kconfig:12: syntax error\n")
    assert (found.path, found.line, found.text) == ("mm/Kconfig", 12, "syntax error")


def test_source_that_looks_like_a_diagnostic_is_none() -> None:
    assert read(b'   30 | pr_err("a.c:3: error: no");\n      |  ^~~~\n') == ()


def test_only_what_is_there_more_often_is_new() -> None:
    old = Diagnostic(False, "a.c", 5, "unused", "f")
    moved = Diagnostic(False, "a.c", 9, "unused", "f")
    other = Diagnostic(False, "a.c", 9, "unused", "g")
    assert list(new_ones([moved, other], [old])) == [other]
    assert list(new_ones([moved, moved], [old])) == [moved]
    assert list(new_ones([moved], [])) == [moved]
