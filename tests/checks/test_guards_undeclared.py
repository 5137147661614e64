"""BP301: small kernels in which a name is missing in one configuration, and near misses in which it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from backport.model import GuardEvidence, LineEvidence, Severity
from tests.checks.guards_support import GUARDED, KCONFIG, MAKEFILE, OPEN, STUBBED, USER, judge, swap, tree

CALL = ("\tn += 3;\n", "\tn += 3;\n\tn = foo_wake(n);\n")
CALLED = swap(USER, CALL)


def test_a_call_of_what_the_target_declares_only_under_a_guard(tmp_path: Path) -> None:
    found = judge(tmp_path, tree(), {"user.c": CALLED}, {"foo.h": GUARDED})
    finding = found.only("BP301")
    assert finding.severity is Severity.ERROR
    assert "`# CONFIG_FOO is not set`" in finding.message
    assert (finding.file, finding.function, finding.subject) == ("user.c", "user_start()", "foo_wake")
    assert finding.target_line == 8
    assert LineEvidence("target", "foo.h", 5, b"int foo_wake(int n);") in finding.evidence
    assert GuardEvidence("defined(CONFIG_FOO)", "target", "foo.h", 4) in finding.evidence
    assert LineEvidence("upstream", "foo.h", 4, b"int foo_wake(int n);") in finding.evidence


def test_the_configuration_names_both_sides(tmp_path: Path) -> None:
    """The use has a guard of its own, and another one than the definition."""
    used = swap(USER, (CALL[0], "\tn += 3;\n#ifdef CONFIG_BAR\n\tn = foo_wake(n);\n#endif\n"))
    found = judge(tmp_path, tree(), {"user.c": used}, {"foo.h": GUARDED})
    assert "CONFIG_BAR=y and `# CONFIG_FOO is not set`" in found.only("BP301").message


@pytest.mark.parametrize(
    "guarded",
    [
        "#ifdef CONFIG_FOO\n\tn = foo_wake(n);\n#endif\n",
        "#if defined(CONFIG_FOO) && defined(CONFIG_BAR)\n\tn = foo_wake(n);\n#endif\n",
        "#if IS_BUILTIN(CONFIG_FOO)\n\tn = foo_wake(n);\n#endif\n",
        "#ifndef CONFIG_FOO\n#else\n\tn = foo_wake(n);\n#endif\n",
    ],
)
def test_a_use_under_the_same_condition_is_none(tmp_path: Path, guarded: str) -> None:
    used = swap(USER, (CALL[0], f"\tn += 3;\n{guarded}"))
    assert judge(tmp_path, tree(), {"user.c": used}, {"foo.h": GUARDED}).none("BP301")


def test_a_stub_in_the_else_is_a_declaration(tmp_path: Path) -> None:
    assert judge(tmp_path, tree(), {"user.c": CALLED}, {"foo.h": STUBBED}).none("BP301")


def test_plain_c_that_asks_for_the_option_needs_the_declaration(tmp_path: Path) -> None:
    used = swap(USER, (CALL[0], "\tn += 3;\n\tif (IS_ENABLED(CONFIG_FOO))\n\t\tn = foo_wake(n);\n"))
    assert judge(tmp_path / "a", tree(), {"user.c": used}, {"foo.h": GUARDED}).alarms == ["BP301"]
    assert judge(tmp_path / "b", tree(), {"user.c": used}, {"user.c": USER}).alarms == []


def test_the_guard_of_a_header_is_no_condition(tmp_path: Path) -> None:
    assert judge(tmp_path, tree(), {"user.c": CALLED}, {"foo.h": OPEN + "\n"}).alarms in ([], ["BP302"])


def test_a_file_that_is_built_only_with_the_option(tmp_path: Path) -> None:
    makefile = swap(MAKEFILE, ("obj-y += user.o", "obj-$(CONFIG_FOO) += user.o"))
    base = tree(Makefile=makefile)
    assert judge(tmp_path, base, {"user.c": CALLED}, {"foo.h": GUARDED}).none("BP301")


def test_what_upstream_has_as_well_is_not_reported(tmp_path: Path) -> None:
    base = tree(foo_h=GUARDED)
    assert judge(tmp_path, base, {"user.c": CALLED}, {"Kconfig": KCONFIG + "\n"}).none("BP301")


def test_what_was_so_before_the_patch_is_not_reported(tmp_path: Path) -> None:
    """The target's file calls it unguarded already, elsewhere."""
    own = swap(USER, ("\tn -= 3;\n", "\tn -= 3;\n\tn = foo_wake(n);\n"))
    found = judge(tmp_path, tree(), {"user.c": CALLED}, {"foo.h": GUARDED, "user.c": own})
    assert found.none("BP301")


def depends(how: str) -> str:
    return swap(KCONFIG, ('\tbool "Bar"\n', f'\tbool "Bar"\n\t{how}\n'))


BAR_USE = swap(USER, (CALL[0], "\tn += 3;\n#ifdef CONFIG_BAR\n\tn = foo_wake(n);\n#endif\n"))


@pytest.mark.parametrize("how", ["depends on FOO", "select FOO", "depends on FOO && USER"])
def test_kconfig_makes_the_configuration_impossible(tmp_path: Path, how: str) -> None:
    found = judge(tmp_path, tree(), {"user.c": BAR_USE}, {"foo.h": GUARDED, "Kconfig": depends(how)})
    assert found.none("BP301")


@pytest.mark.parametrize(
    "how", ["depends on FOO || USER", "imply FOO", "depends on !FOO", "select FOO if USER"]
)
def test_kconfig_allows_the_configuration(tmp_path: Path, how: str) -> None:
    found = judge(tmp_path, tree(), {"user.c": BAR_USE}, {"foo.h": GUARDED, "Kconfig": depends(how)})
    assert found.only("BP301").severity is Severity.ERROR


def test_an_enumerator_and_its_enum_are_one_finding(tmp_path: Path) -> None:
    mode = "enum foo_mode {\n\tFOO_ONE,\n\tFOO_TWO,\n};\n"
    upstream = swap(OPEN, ("int foo_wake", f"{mode}\nint foo_wake"))
    target = swap(GUARDED, ("int foo_wake", f"{mode}\nint foo_wake"))
    used = swap(USER, (CALL[0], "\tn += 3;\n\tenum foo_mode m = FOO_TWO;\n\tn += m + FOO_ONE;\n"))
    finding = judge(tmp_path, tree(foo_h=upstream), {"user.c": used}, {"foo.h": target}).only("BP301")
    assert all(word in finding.message for word in ("FOO_TWO", "FOO_ONE", "enum foo_mode"))


def test_a_member_under_a_guard(tmp_path: Path) -> None:
    struct = "struct foo_state {\n\tint one;\n{0}};\n"
    member = "\tint foo_waiters;\n"
    upstream = swap(OPEN, ("int foo_wake", struct.replace("{0}", member) + "\nint foo_wake"))
    guarded = f"#ifdef CONFIG_FOO\n{member}#endif\n"
    target = swap(OPEN, ("int foo_wake", struct.replace("{0}", guarded) + "\nint foo_wake"))
    used = swap(
        USER,
        ("int user_stop(int n)\n{\n", "int user_stop(int n)\n{\n\tstruct foo_state s = { 0 };\n\n"),
        ("\tn -= 3;\n", "\tn -= 3;\n\tn -= s.foo_waiters;\n"),
    )
    finding = judge(tmp_path, tree(foo_h=upstream), {"user.c": used}, {"foo.h": target}).only("BP301")
    assert finding.subject == "foo_waiters"


def test_without_kconfig_it_is_a_warning(tmp_path: Path) -> None:
    base = tree(Kconfig=None)
    del base["Kconfig"]
    found = judge(tmp_path, base, {"user.c": CALLED}, {"foo.h": GUARDED})
    assert found.only("BP301").severity is Severity.WARNING


def test_a_condition_that_nobody_knows_is_no_finding(tmp_path: Path) -> None:
    """A header of the target decides the macro: nothing is known of when."""
    target = swap(
        GUARDED, ("CONFIG_FOO", "FOO_WANTED"), ("#define FOO_H\n", "#define FOO_H\n#define FOO_WANTED\n")
    )
    assert judge(tmp_path, tree(), {"user.c": CALLED}, {"foo.h": target}).none("BP301")


def test_a_version_check_is_decided(tmp_path: Path) -> None:
    newer = swap(GUARDED, ("#ifdef CONFIG_FOO", "#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 0, 0)"))
    assert judge(tmp_path, tree(), {"user.c": CALLED}, {"foo.h": newer}).none("BP301")


def test_a_local_variable_of_the_same_name_is_no_use(tmp_path: Path) -> None:
    target = swap(GUARDED, ("int foo_wake(int n);", "int foo_wake(int n);\n#define waker 1"))
    used = swap(USER, (CALL[0], "\tn += 3;\n\tint waker = 4;\n\tn += waker;\n"))
    assert judge(tmp_path, tree(), {"user.c": used}, {"foo.h": target}).alarms == []


def test_the_reachable_of_a_module(tmp_path: Path) -> None:
    """A built-in user cannot reach a module: IS_REACHABLE is false there, and true in a module."""
    makefile = swap(MAKEFILE, ("obj-y += user.o", "obj-$(CONFIG_USER) += user.o"))
    header = swap(GUARDED, ("#ifdef CONFIG_FOO", "#if IS_ENABLED(CONFIG_BUS)"))
    reaching = swap(USER, (CALL[0], "\tn += 3;\n#if IS_REACHABLE(CONFIG_BUS)\n\tn = foo_wake(n);\n#endif\n"))
    near = judge(tmp_path / "near", tree(Makefile=makefile), {"user.c": reaching}, {"foo.h": header})
    assert near.none("BP301")
    enabled = swap(USER, (CALL[0], "\tn += 3;\n#if IS_ENABLED(CONFIG_BUS)\n\tn = foo_wake(n);\n#endif\n"))
    narrow = swap(GUARDED, ("#ifdef CONFIG_FOO", "#if IS_REACHABLE(CONFIG_BUS)"))
    found = judge(tmp_path / "truth", tree(Makefile=makefile), {"user.c": enabled}, {"foo.h": narrow})
    message = found.only("BP301").message
    assert "CONFIG_BUS=m" in message
    assert "CONFIG_USER=y" in message
