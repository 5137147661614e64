"""BP302 to BP309 on small kernels, with near misses."""

from __future__ import annotations

from pathlib import Path

import pytest

from backport.model import GuardEvidence, Severity
from tests.checks.guards_support import (
    FOO,
    GUARDED,
    KCONFIG,
    MAKEFILE,
    OPEN,
    STUBBED,
    USER,
    judge,
    swap,
    tree,
)

CALLED = swap(USER, ("\tn += 3;\n", "\tn += 3;\n\tn = foo_wake(n);\n"))
ALWAYS = swap(MAKEFILE, ("obj-$(CONFIG_FOO) += foo.o", "obj-y += foo.o"))
MODULES = swap(
    MAKEFILE, ("obj-y += user.o", "obj-$(CONFIG_USER) += user.o"), ("obj-$(CONFIG_FOO)", "obj-$(CONFIG_BUS)")
)


# --- BP302


def test_a_body_that_the_target_builds_only_with_an_option(tmp_path: Path) -> None:
    found = judge(tmp_path, tree(Makefile=ALWAYS), {"user.c": CALLED}, {"Makefile": MAKEFILE})
    finding = found.only("BP302")
    assert finding.severity is Severity.WARNING
    assert "`# CONFIG_FOO is not set`" in finding.message
    assert "foo.c:3" in finding.message


def user(how: str) -> str:
    """Kconfig with this line in the caller's entry."""
    return swap(KCONFIG, ('\ttristate "A user of the bus"\n', f'\ttristate "A user of the bus"\n\t{how}\n'))


def test_a_built_in_caller_of_a_module(tmp_path: Path) -> None:
    """`BUS != n` is y where BUS is m: the classic mistake."""
    target = {"Makefile": MODULES, "Kconfig": user("depends on BUS != n")}
    message = judge(tmp_path, tree(Makefile=ALWAYS), {"user.c": CALLED}, target).only("BP302").message
    assert "CONFIG_BUS=m" in message
    assert "CONFIG_USER=y" in message
    assert "foo.c:3 is compiled only with CONFIG_BUS" in message


@pytest.mark.parametrize("how", ["depends on BUS", "select BUS"])
def test_kconfig_orders_caller_and_module(tmp_path: Path, how: str) -> None:
    kconfig = swap(
        KCONFIG, ('\ttristate "A user of the bus"\n', f'\ttristate "A user of the bus"\n\t{how}\n')
    )
    target = {"Makefile": MODULES, "Kconfig": kconfig}
    assert judge(tmp_path, tree(Makefile=ALWAYS), {"user.c": CALLED}, target).none("BP302")


def test_a_stub_needs_no_body(tmp_path: Path) -> None:
    target = {"Makefile": MAKEFILE, "foo.h": STUBBED}
    assert judge(tmp_path, tree(Makefile=ALWAYS), {"user.c": CALLED}, target).alarms == []


def test_a_call_that_the_compiler_drops_is_no_link(tmp_path: Path) -> None:
    used = swap(USER, ("\tn += 3;\n", "\tn += 3;\n\tif (IS_ENABLED(CONFIG_FOO))\n\t\tn = foo_wake(n);\n"))
    assert judge(tmp_path, tree(Makefile=ALWAYS), {"user.c": used}, {"Makefile": MAKEFILE}).none("BP302")


def test_a_call_that_upstream_does_not_link_either(tmp_path: Path) -> None:
    assert judge(tmp_path, tree(), {"user.c": CALLED}, {"Kconfig": KCONFIG + "\n"}).none("BP302")


# --- BP303

HELPER = "static int user_help(int n)\n{\n\treturn n;\n}\n\n"


def helped(text: str, place: str) -> str:
    return swap(text, (place, HELPER + place))


def test_a_function_that_the_target_has_elsewhere_in_the_file(tmp_path: Path) -> None:
    upstream = swap(helped(USER, "int user_start"), ("\tn += 3;\n", "\tn += user_help(3);\n"))
    own = helped(USER, "int user_stop").replace("\tn -= 3;\n", "\tn -= user_help(3);\n")
    finding = judge(tmp_path, tree(), {"user.c": upstream}, {"user.c": own}).only("BP303")
    assert finding.severity is Severity.ERROR
    assert finding.subject == "user_help"


def test_two_that_no_configuration_has_at_once(tmp_path: Path) -> None:
    upstream = swap(USER, ("int user_start", f"#ifdef CONFIG_FOO\n{HELPER}#endif\nint user_start"))
    own = swap(USER, ("int user_stop", f"#ifndef CONFIG_FOO\n{HELPER}#endif\nint user_stop"))
    assert judge(tmp_path, tree(), {"user.c": upstream}, {"user.c": own}).none("BP303")


def test_two_whose_conditions_overlap(tmp_path: Path) -> None:
    upstream = swap(USER, ("int user_start", f"#ifdef CONFIG_FOO\n{HELPER}#endif\nint user_start"))
    own = swap(USER, ("int user_stop", f"#ifdef CONFIG_BAR\n{HELPER}#endif\nint user_stop"))
    message = judge(tmp_path, tree(), {"user.c": upstream}, {"user.c": own}).only("BP303").message
    assert "CONFIG_FOO=y" in message
    assert "CONFIG_BAR=y" in message


# --- BP304


def test_a_static_function_whose_use_stands_under_a_guard_here(tmp_path: Path) -> None:
    upstream = swap(helped(USER, "int user_start"), ("\tn -= 2;\n", "\tn -= user_help(2);\n"))
    own = swap(USER, ("int user_stop", "#ifdef CONFIG_FOO\nint user_stop")) + "#endif\n"
    finding = judge(tmp_path, tree(), {"user.c": upstream}, {"user.c": own}).only("BP304")
    assert "`# CONFIG_FOO is not set`" in finding.message


@pytest.mark.parametrize("mark", ["static inline int", "static int __maybe_unused"])
def test_one_that_may_be_unused(tmp_path: Path, mark: str) -> None:
    text = swap(helped(USER, "int user_start"), ("\tn -= 2;\n", "\tn -= user_help(2);\n"))
    upstream = swap(text, ("static int", mark))
    own = swap(USER, ("int user_stop", "#ifdef CONFIG_FOO\nint user_stop")) + "#endif\n"
    assert judge(tmp_path, tree(), {"user.c": upstream}, {"user.c": own}).none("BP304")


# --- BP305 and BP306


def test_a_declaration_that_lands_within_a_guard(tmp_path: Path) -> None:
    lines = "int foo_one(int n);\nint foo_two(int n);\nint foo_three(int n);\n"
    header = swap(OPEN, ("int foo_wake(int n);\n", lines))
    upstream = swap(header, ("int foo_two(int n);\n", "int foo_two(int n);\nint foo_new(int n);\n"))
    target = swap(header, (lines, f"#ifdef CONFIG_FOO\n{lines}#endif\n"))
    found = judge(tmp_path, tree(foo_h=header), {"foo.h": upstream}, {"foo.h": target})
    assert found.only("BP305").severity is Severity.WARNING
    assert "`# CONFIG_FOO is not set`" in found.only("BP305").message
    note = found.only("BP306")
    assert note.severity is Severity.NOTE
    assert note.evidence == (GuardEvidence("defined(CONFIG_FOO)", "target", "foo.h", 4),)


def test_the_same_guard_written_otherwise(tmp_path: Path) -> None:
    upstream = swap(GUARDED, ("int foo_wake(int n);\n", "int foo_wake(int n);\nint foo_new(int n);\n"))
    target = swap(GUARDED, ("#ifdef CONFIG_FOO", "#if defined(CONFIG_FOO)"))
    found = judge(tmp_path, tree(foo_h=GUARDED), {"foo.h": upstream}, {"foo.h": target})
    assert found.findings == ()


# --- BP307 and BP308


def test_a_symbol_that_the_target_lacks(tmp_path: Path) -> None:
    kconfig = KCONFIG + '\nconfig MARKER\n\tbool "Markers in page tables"\n'
    used = swap(USER, ("\tn += 3;\n", "\tn += 3;\n#ifdef CONFIG_MARKER\n\tn += 4;\n#endif\n"))
    base, target = tree(Kconfig=kconfig), {"Kconfig": KCONFIG}
    finding = judge(tmp_path / "lacks", base, {"user.c": used}, target).only("BP307")
    assert finding.subject == "CONFIG_MARKER"
    assert finding.severity is Severity.WARNING
    assert judge(tmp_path / "has", base, {"user.c": used}, {"foo.c": FOO + "\n"}).none("BP307")


def test_a_symbol_that_has_another_name_here(tmp_path: Path) -> None:
    upstream = KCONFIG + '\nconfig MARKER\n\tbool "Markers in page tables"\n'
    own = KCONFIG + '\nconfig PT_FLAGS\n\tbool "Markers in page tables"\n'
    used = swap(USER, ("\tn += 3;\n", "\tn += 3;\n#ifdef CONFIG_MARKER\n\tn += 4;\n#endif\n"))
    finding = judge(tmp_path, tree(Kconfig=upstream), {"user.c": used}, {"Kconfig": own}).only("BP307")
    assert "PT_FLAGS (Kconfig:13) asks the same there" in finding.message


def test_a_symbol_that_upstream_lacks_too(tmp_path: Path) -> None:
    used = swap(USER, ("\tn += 3;\n", "\tn += 3;\n#ifdef CONFIG_NOWHERE\n\tn += 4;\n#endif\n"))
    assert judge(tmp_path, tree(), {"user.c": used}, {"foo.c": FOO + "\n"}).none("BP307")


def test_a_symbol_that_the_patch_brings(tmp_path: Path) -> None:
    kconfig = KCONFIG + '\nconfig MARKER\n\tbool "Markers in page tables"\n'
    used = swap(USER, ("\tn += 3;\n", "\tn += 3;\n#ifdef CONFIG_MARKER\n\tn += 4;\n#endif\n"))
    found = judge(tmp_path, tree(), {"user.c": used, "Kconfig": kconfig}, {"foo.c": FOO + "\n"})
    assert found.none("BP307")


def test_a_symbol_that_depends_on_what_the_target_lacks(tmp_path: Path) -> None:
    more = 'config DEEP\n\tbool "Deep"\n\n' + KCONFIG
    upstream = more + '\nconfig MARKER\n\tbool "Markers"\n\tdepends on DEEP && FOO\n'
    base = tree(Kconfig=more)
    found = judge(tmp_path / "lacks", base, {"Kconfig": upstream}, {"Kconfig": KCONFIG})
    assert "no Kconfig file declares DEEP" in found.only("BP308").message
    assert judge(tmp_path / "has", base, {"Kconfig": upstream}, {"foo.c": FOO + "\n"}).none("BP308")


# --- BP309


def test_a_configuration_that_does_not_compile_a_hunk(tmp_path: Path) -> None:
    used = swap(USER, ("\tn += 3;\n", "\tn += 3;\n#ifdef CONFIG_BAR\n\tn += 4;\n#endif\n"))
    body = swap(FOO, ("n * 2", "n * 3"))
    base, target = tree(), {"Kconfig": KCONFIG + "\n"}
    off = judge(
        tmp_path / "off", base, {"foo.c": body}, target, kconfig=b"CONFIG_BAR=y\n# CONFIG_FOO is not set\n"
    )
    assert "foo.c is built only with CONFIG_FOO" in off.only("BP309").message
    on = judge(tmp_path / "on", base, {"foo.c": body, "user.c": used}, target, kconfig=b"CONFIG_FOO=y\n")
    assert on.none("BP309")


def test_nothing_to_say(tmp_path: Path) -> None:
    plain = swap(USER, ("\tn += 3;\n", "\tn += 4;\n"))
    assert judge(tmp_path, tree(), {"user.c": plain}, {"foo.h": GUARDED}).findings == ()


# --- BP310


def test_a_macro_that_the_target_does_not_know(tmp_path: Path) -> None:
    header = swap(OPEN, ("#define FOO_H\n", "#define FOO_H\n#define FOO_HAS_LEVELS 1\n"))
    used = swap(USER, ("\tn += 3;\n", "\tn += 3;\n#if FOO_HAS_LEVELS /* and MORE */\n\tn += 4;\n#endif\n"))
    base = tree(foo_h=header)
    found = judge(tmp_path / "lacks", base, {"user.c": used}, {"foo.h": OPEN})
    assert found.only("BP310").subject == "FOO_HAS_LEVELS"
    assert found.only("BP310").severity is Severity.WARNING
    without = swap(used, ("#if FOO_HAS_LEVELS /* and MORE */", "#ifndef FOO_HAS_LEVELS"))
    compiled = judge(tmp_path / "not", base, {"user.c": without}, {"foo.h": OPEN})
    assert compiled.only("BP310").severity is Severity.NOTE
    assert judge(tmp_path / "has", base, {"user.c": used}, {"foo.c": FOO + "\n"}).none("BP310")


def test_a_macro_that_the_patch_brings(tmp_path: Path) -> None:
    header = swap(OPEN, ("#define FOO_H\n", "#define FOO_H\n#define FOO_HAS_LEVELS 1\n"))
    used = swap(USER, ("\tn += 3;\n", "\tn += 3;\n#ifdef FOO_HAS_LEVELS\n\tn += 4;\n#endif\n"))
    assert judge(tmp_path, tree(), {"user.c": used, "foo.h": header}, {"foo.c": FOO + "\n"}).none("BP310")
