"""Kbuild's Makefiles: when a file is compiled."""

from __future__ import annotations

import pytest

from backport.csource.makefiles import Build, Levels
from backport.csource.presence import FALSE, TRUE, Expr, atom, both, enabled, no
from backport.csource.presence_text import condition_expr


def levels(path: str, **files: str) -> Levels | None:
    texts = {name.replace("__", "/"): text.encode() for name, text in files.items()}
    return Build(texts.get).levels(path)


def present(path: str, **files: str) -> Expr:
    found = levels(path, **files)
    assert found is not None
    return found[1]


def test_an_object_of_a_symbol() -> None:
    assert levels("a.c", Makefile="obj-$(CONFIG_X) += a.o b.o\n") == (atom("CONFIG_X"), enabled("X"))
    assert levels("a.c", Makefile="obj-y += a.o\n") == (TRUE, TRUE)
    assert levels("a.c", Makefile="obj-m := a.o\n") == (FALSE, TRUE)
    assert levels("a.c", Makefile="lib-$(CONFIG_X) += \\\n\tb.o \\\n\ta.o\n") == (
        atom("CONFIG_X"),
        enabled("X"),
    )


def test_what_no_makefile_names() -> None:
    assert levels("a.c", Makefile="obj-y += b.o\n") is None
    assert levels("a.h", Makefile="obj-y += a.o\n") is None
    assert levels("a.c", Makefile="# obj-y += a.o\nobj-n += a.o\n") is None


def test_a_part_of_a_composite_object() -> None:
    text = "obj-$(CONFIG_X) += whole.o\nwhole-y := a.o\nwhole-$(CONFIG_Y) += b.o\nwhole-objs += c.o\n"
    assert present("a.c", Makefile=text) == enabled("X")
    assert present("c.c", Makefile=text) == enabled("X")
    assert present("b.c", Makefile=text) == both((enabled("X"), enabled("Y")))


def test_a_list_of_another_name() -> None:
    text = "mmu-$(CONFIG_MMU) := a.o\nobj-y := b.o $(mmu-y)\n"
    assert levels("a.c", Makefile=text) == (atom("CONFIG_MMU"), enabled("MMU"))


def test_folders_on_the_way() -> None:
    files = {
        "Makefile": "obj-$(CONFIG_NET) += net/\n",
        "net__Makefile": "obj-$(CONFIG_IP) += ip/\nobj-y += core/near/\n",
        "net__ip__Makefile": "obj-y += a.o\n",
        "net__core__near__Makefile": "obj-$(CONFIG_N) += b.o\n",
    }
    assert present("net/ip/a.c", **files) == both((enabled("IP"), enabled("NET")))
    assert present("net/core/near/b.c", **files) == both((enabled("N"), enabled("NET")))


def test_an_object_in_a_folder_below() -> None:
    assert present("sub/a.c", Makefile="obj-$(CONFIG_X) += sub/a.o\n") == enabled("X")


def test_kbuild_comes_before_a_makefile() -> None:
    files = {
        "d__Kbuild": "obj-$(CONFIG_K) += a.o\n",
        "d__Makefile": "obj-y += a.o\n",
        "Makefile": "obj-y += d/\n",
    }
    assert present("d/a.c", **files) == enabled("K")


@pytest.mark.parametrize(
    ("lines", "condition"),
    [
        ("ifdef CONFIG_X\nobj-y += a.o\nendif\n", "IS_ENABLED(CONFIG_X)"),
        ("ifndef CONFIG_X\nobj-y += a.o\nendif\n", "!IS_ENABLED(CONFIG_X)"),
        ("ifeq ($(CONFIG_X),y)\nobj-y += a.o\nendif\n", "defined(CONFIG_X)"),
        ("ifeq ($(CONFIG_X), m)\nobj-y += a.o\nendif\n", "defined(CONFIG_X_MODULE)"),
        ("ifneq ($(CONFIG_X),)\nobj-y += a.o\nendif\n", "IS_ENABLED(CONFIG_X)"),
        ('ifeq "$(CONFIG_X)" "y"\nobj-y += a.o\nendif\n', "defined(CONFIG_X)"),
        ("ifeq ($(CONFIG_X)$(CONFIG_Y),yy)\nobj-y += a.o\nendif\n", "defined(CONFIG_X) && defined(CONFIG_Y)"),
        ("ifdef CONFIG_X\nobj-y += b.o\nelse\nobj-y += a.o\nendif\n", "!IS_ENABLED(CONFIG_X)"),
    ],
)
def test_blocks(lines: str, condition: str) -> None:
    assert present("a.c", Makefile=lines) == condition_expr(condition)


def test_else_with_another_condition() -> None:
    text = "ifdef CONFIG_X\nobj-y += b.o\nelse ifdef CONFIG_Y\nobj-y += a.o\nendif\n"
    assert present("a.c", Makefile=text) == both((no(enabled("X")), enabled("Y")))


def test_what_is_not_understood_is_opaque() -> None:
    found = present("a.c", Makefile="ifeq ($(shell uname),Linux)\nobj-y += a.o\nendif\n")
    assert found == atom("make ($(shell uname),Linux)")


def test_circles_end() -> None:
    assert levels("a.c", Makefile="x-y := a.o $(y-y)\ny-y := $(x-y)\n") is None
