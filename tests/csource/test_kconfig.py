"""Kconfig read from texts alone: what it says, and that nothing in it is run or read beyond the texts."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from backport.csource.kconfig import SymbolType, Where, declared, is_kconfig, term_text
from backport.csource.kconfig_parse import parse
from backport.csource.kconfig_rules import closure, config_symbols, fragment, rules
from backport.csource.presence import Expr, both
from backport.csource.presence_text import condition_expr
from backport.csource.solver import possible, witness

SMALL = b"""\
mainmenu "Test"

config MODULES
	bool "Modules"
	modules

config MMU
	def_bool y

menu "Memory"
	depends on MMU

config SHMEM
	bool "Shared memory" if EXPERT
	default y
	help
	Memory that is shared.

config UFFD
	bool "Faults"
	select DEEP if BUS

config DEEP
	bool

endmenu

config EXPERT
	bool "Expert"

config BUS
	tristate "Bus"

config CARD
	tristate "Card"
	depends on BUS
	imply UFFD

choice
	prompt "Size"
config SMALL
	bool "Small"
config LARGE
	bool "Large"
endchoice

config LEVELS
	int
	default 5 if LARGE
	default 4
"""


def small() -> dict[str, bytes]:
    return {"Kconfig": SMALL}


def ask(text: str, files: dict[str, bytes] | None = None) -> bool:
    view = parse(files or small())
    assert view.degraded == ""
    problem = condition_expr(text)
    return possible(problem, rules(config_symbols(problem.atoms(), view), view))


def test_symbols() -> None:
    symbols = parse(small()).symbols
    shmem = symbols["SHMEM"]
    assert (shmem.type, shmem.prompt, shmem.help) == (
        SymbolType.BOOL,
        "Shared memory",
        "Memory that is shared.",
    )
    assert shmem.where == (Where("Kconfig", 13),)
    assert term_text(shmem.depends) == "MMU"
    assert term_text(shmem.visible) == "EXPERT && MMU"
    assert symbols["UFFD"].selects == (("DEEP", ("&&", "BUS", "MMU")),)
    assert symbols["CARD"].implies == (("UFFD", "BUS"),)
    assert symbols["SMALL"].choice == symbols["LARGE"].choice == 0
    assert [s.name for s in closure(["SHMEM"], parse(small()))] == ["SHMEM", "EXPERT", "MMU"]


@pytest.mark.parametrize(
    ("text", "can_be"),
    [
        ("defined(CONFIG_SHMEM) && !defined(CONFIG_UFFD)", True),
        ("!defined(CONFIG_MMU)", False),
        ("!defined(CONFIG_SHMEM)", True),
        ("!defined(CONFIG_SHMEM) && !defined(CONFIG_EXPERT)", False),
        ("defined(CONFIG_CARD) && !defined(CONFIG_BUS)", False),
        ("defined(CONFIG_CARD_MODULE) && defined(CONFIG_BUS)", True),
        ("defined(CONFIG_CARD) && defined(CONFIG_BUS_MODULE)", False),
        ("defined(CONFIG_BUS) && defined(CONFIG_BUS_MODULE)", False),
        ("defined(CONFIG_DEEP) && !defined(CONFIG_UFFD)", False),
        ("defined(CONFIG_UFFD) && defined(CONFIG_BUS) && !defined(CONFIG_DEEP)", False),
        ("defined(CONFIG_UFFD) && !defined(CONFIG_DEEP)", True),
        ("defined(CONFIG_SMALL) && defined(CONFIG_LARGE)", False),
        ("defined(CONFIG_CARD) && !defined(CONFIG_UFFD)", True),
        ("defined(CONFIG_ELSEWHERE)", False),
    ],
)
def test_what_can_be(text: str, can_be: bool) -> None:
    assert ask(text) is can_be


def test_a_fragment() -> None:
    view = parse(small())
    problem = condition_expr("IS_MODULE(CONFIG_CARD) && IS_BUILTIN(CONFIG_BUS) && !defined(CONFIG_UFFD)")
    found = witness(problem, rules(config_symbols(problem.atoms(), view), view))
    assert found is not None
    assert set(fragment(found, view)) == {"CONFIG_CARD=m", "CONFIG_BUS=y", "# CONFIG_UFFD is not set"}


def test_every_rule_is_met_by_a_real_configuration() -> None:
    """What make defconfig would give for these files must not be forbidden."""
    view = parse(small())
    everything = both(rules(sorted(view.symbols), view))
    real = {"MMU", "SHMEM", "SMALL"}
    text = " && ".join(
        f"{'' if n in real else '!'}defined(CONFIG_{n})" for n in view.symbols if n != "LEVELS"
    )
    assert isinstance(everything, Expr)
    assert possible(both((everything, condition_expr(text))))


# --- what must never happen ---------------------------------------------------------------------


def evil(line: str, more: bytes = b"") -> dict[str, bytes]:
    return {"Kconfig": f'{line}\nconfig FINE\n\tbool "Fine"\n'.encode() + more}


@pytest.mark.parametrize(
    "line",
    [
        "$(shell,touch {mark})",
        "x := $(shell,touch {mark})",
        "config EVIL\n\tdef_bool $(shell,touch {mark})",
        'config EVIL\n\tdefault "$(shell,touch {mark})"\n\tstring',
        "if-success = $(shell,{{ $(1); }} && echo y || echo n)\nconfig EVIL\n\tdef_bool $(if-success,touch {mark})",
        'source "$(shell,touch {mark} && echo Kconfig.x)"',
    ],
)
def test_no_command_is_run(tmp_path: Path, line: str) -> None:
    mark = tmp_path / "ran"
    view = parse(evil(line.format(mark=mark)))
    assert not mark.exists()
    assert "FINE" in view.symbols or view.degraded


@pytest.mark.parametrize("how", ["source", "osource", "rsource", "orsource"])
@pytest.mark.parametrize(
    "path", ["{outside}", "../outside/Kconfig", "//{outside}", "a/../../outside/Kconfig", "*/../../x"]
)
def test_nothing_outside_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, path: str
) -> None:
    outside = tmp_path / "outside" / "Kconfig"
    outside.parent.mkdir()
    outside.write_text('config SECRET\n\tbool "Secret"\n')
    (tmp_path / "tree").mkdir()
    monkeypatch.chdir(tmp_path / "tree")
    view = parse(evil(f'{how} "{path.format(outside=outside)}"'))
    assert "SECRET" not in view.symbols


def test_no_module_of_the_tree_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """kconfiglib imports `kconfigfunctions` from wherever python looks."""
    mark = tmp_path / "imported"
    (tmp_path / "kconfigfunctions.py").write_text(f"open({str(mark)!r}, 'w')\nfunctions = {{}}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("KCONFIG_FUNCTIONS", "kconfigfunctions")
    assert "FINE" in parse(evil("")).symbols
    assert not mark.exists()
    assert "kconfigfunctions" not in sys.modules


def test_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hidden")
    monkeypatch.setenv("srctree", "/etc")
    bounce = '\nconfig BOUNCE\n\tstring\n\toption env="SECRET_TOKEN"\n'
    text = f'config EVIL\n\tstring\n\tdefault "$(SECRET_TOKEN)"\n{bounce}'
    view = parse(evil(text))
    assert "hidden" not in repr(view)
    assert "FINE" in view.symbols
    assert os.environ["SECRET_TOKEN"] == "hidden"


@pytest.mark.parametrize(
    "lines",
    [
        "\n".join(["a0 := 0123456789", *(f"a{n + 1} := $(a{n})$(a{n})" for n in range(60))]),
        "\n".join(["b0 = x", *(f"b{n + 1} = $(b{n})$(b{n})" for n in range(60)), "c := $(b60)"]),
        "loop = $(loop)\nc := $(loop)",
        'source "Kconfig"',
        "config DEEP\n\tdepends on " + "(" * 5000 + "A" + ")" * 5000,
        "if " * 4000,
    ],
)
def test_texts_that_ask_for_too_much_end(lines: str) -> None:
    start = time.perf_counter()
    parse(evil(lines))
    assert time.perf_counter() - start < 20


def test_a_line_that_is_not_known_is_left_out() -> None:
    view = parse({"Kconfig": b'config NEW\n\tbool "New"\n\ttransitional\n\nconfig OLD\n\tbool "Old"\n'})
    assert set(view.symbols) >= {"NEW", "OLD"}
    assert "transitional" in view.degraded


def test_an_architecture_is_what_srcarch_says() -> None:
    files = {
        "Kconfig": b'source "arch/$(SRCARCH)/Kconfig"\n',
        "arch/x86/Kconfig": b"config X86\n\tdef_bool y\n",
        "arch/arm/Kconfig": b"config ARM\n\tdef_bool y\n",
    }
    assert set(parse(files, "x86").symbols) == {"X86"}
    assert set(parse(files, "arm").symbols) == {"ARM"}


def test_a_question_to_a_compiler_may_be_answered_either_way() -> None:
    text = (
        b'if-success = $(shell,{ $(1); } >/dev/null 2>&1 && echo "$(2)" || echo "$(3)")\n'
        b"success = $(if-success,$(1),y,n)\n"
        b"config CAN\n\tdef_bool $(success,gcc -mfoo)\n"
    )
    assert ask("defined(CONFIG_CAN)", {"Kconfig": text})
    assert ask("!defined(CONFIG_CAN)", {"Kconfig": text})


def test_declared_by_layout() -> None:
    text = b"config A\n\tbool\n# config B\n  menuconfig C\r\n\thelp\n\t  config is a word\n"
    assert list(declared(text)) == [("A", 1), ("C", 4)]
    assert is_kconfig("mm/Kconfig")
    assert is_kconfig("arch/arm/Kconfig-nommu")
    assert not is_kconfig("mm/Kconfig/readme.txt")
    assert not is_kconfig("scripts/kconfig/tests/choice/Kconfig")
