"""Which configurations are taken: as few as go, near to the base, and none that Kconfig forbids."""

from __future__ import annotations

from backport.csource.kconfig_parse import parse
from backport.csource.presence import TRUE, atom, both, no
from backport.verify.configs import DotConfig, plan, said
from backport.verify.values import Goal, Unit

KCONFIG = b"""\
config MM
	bool "mm"

config A
	bool "a"
	depends on MM

config B
	bool "b"
	depends on !A

config HIDDEN
	bool

config NEEDS_HIDDEN
	bool "needs"
	depends on HIDDEN
"""
VIEW = parse({"Kconfig": KCONFIG}, "")
UNIT = Unit("mm/a.c", "x86")
A, B, MM, HIDDEN = (atom(f"CONFIG_{x}") for x in ("A", "B", "MM", "NEEDS_HIDDEN"))


def goals(*whens: object) -> list[Goal]:
    return [Goal(UNIT, "mm/a.c", when, (n,)) for n, when in enumerate(whens, 1)]  # type: ignore[arg-type]


def planned(text: bytes, *whens: object) -> tuple[list[tuple[str, ...]], list[tuple[int, ...]]]:
    """The lines of each configuration, and those of the goals that are not met."""
    found = plan(goals(*whens), DotConfig.read(text), VIEW, "x86", "defconfig")
    return [c.lines for c in found.configurations], [g.lines for g in found.unmet]


def test_the_base_is_enough_where_it_shows_all() -> None:
    assert planned(b"CONFIG_MM=y\nCONFIG_A=y\n", TRUE, A) == ([()], [])


def test_what_goes_together_is_one_configuration() -> None:
    assert planned(b"", A, MM) == ([("CONFIG_A=y", "CONFIG_MM=y")], [])


def test_what_excludes_one_another_is_two() -> None:
    lines, unmet = planned(b"CONFIG_MM=y\n", A, B)
    assert lines == [("CONFIG_A=y",), ("CONFIG_B=y",)] and not unmet


def test_a_goal_brings_what_it_depends_on_and_takes_away_what_forbids_it() -> None:
    assert planned(b"", A)[0] == [("CONFIG_A=y", "CONFIG_MM=y")]
    ((*lines,),) = planned(b"CONFIG_MM=y\nCONFIG_A=y\n", B)[0]
    assert set(lines) == {"CONFIG_B=y", "# CONFIG_A is not set"}


def test_what_kconfig_never_allows_is_not_met() -> None:
    assert planned(b"", TRUE, both((A, B)), HIDDEN) == ([()], [(2,), (3,)])


def test_off_is_a_configuration_as_well() -> None:
    assert planned(b"CONFIG_MM=y\nCONFIG_A=y\n", A, no(A)) == ([(), ("# CONFIG_A is not set",)], [])


def test_values_of_a_configuration() -> None:
    config = DotConfig.read(b'CONFIG_X=m\nCONFIG_N=12\n# CONFIG_Y is not set\nCONFIG_S="m"\n')
    assert config.defines("CONFIG_X_MODULE") and not config.defines("CONFIG_X")
    assert config.shows(atom("CONFIG_N >= 12")) and not config.shows(atom("CONFIG_N >= 13"))
    assert not config.shows(atom("CONFIG_Y")) and config.shows(atom("CONFIG_S"))
    assert config.shows(atom("__KERNEL__")) and not config.shows(atom("__ASSEMBLY__"))
    assert config.shows(atom("SOMETHING")) and config.shows(no(atom("SOMETHING")))


def test_what_a_finding_says_of_a_configuration() -> None:
    text = "not declared with CONFIG_A=y, `# CONFIG_B is not set` and CONFIG_M=m"
    assert [name for name, _ in said(text)] == ["CONFIG_A", "CONFIG_B", "CONFIG_M"]
    assert str(dict(said(text))["CONFIG_M"]) == "CONFIG_M_MODULE"
