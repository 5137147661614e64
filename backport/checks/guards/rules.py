"""The registry entries of BP3xx."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module

from backport.checks.rule import Context, Need, Rule
from backport.model import Finding, Severity


def _later(module: str, name: str) -> Callable[[Context], Iterable[Finding]]:
    """A rule's function, whose module is loaded when the rule is run."""

    def run(context: Context) -> Iterable[Finding]:
        found: Callable[[Context], Iterable[Finding]] = getattr(
            import_module(f"backport.checks.guards.{module}"), name
        )
        return found(context)

    return run


RULES = (
    Rule(
        "BP301",
        "a name is not declared in some configuration",
        Severity.ERROR,
        "Added code uses a function, macro, enumerator, type or member under a condition that does not imply the "
        "condition of its definitions (the #if stack, the Makefiles' objects; an #else with a stub is a definition). "
        "The configuration that is named has the one without the other and is allowed by Kconfig. It was not broken "
        "before the patch, nor is it upstream. A warning where the target has no Kconfig, or the hunk does not land.",
        "hunk 3 uses MFILL_CONTINUE, which is not declared with CONFIG_SHM=y, # CONFIG_UFAULT is not set: "
        "include/linux/ufault_k.h:17 has it only under defined(CONFIG_UFAULT)",
        _later("undeclared", "undeclared"),
    ),
    Rule(
        "BP302",
        "a call has no body in some configuration",
        Severity.WARNING,
        "The function is declared where the added code calls it, and in the configuration that is named no object "
        "with its body is linked: its file is not built, or it is a module and the caller is built in. A call that "
        "the compiler drops (IS_ENABLED() before it in the function) does not count.",
        "hunk 2 calls foo_register(), which is declared and has no body with CONFIG_BAR=y and CONFIG_FOO=m: "
        "drivers/foo/core.c:80 is compiled only with CONFIG_FOO",
        _later("undefined", "undefined"),
        frozenset({Need.TREES}),
    ),
    Rule(
        "BP303",
        "a thing is defined twice in some configuration",
        Severity.ERROR,
        "After the patch a file has two definitions of one function, type, enumerator or variable whose conditions "
        "can hold at once, and upstream has not. A warning where only macros of a build without Kconfig decide.",
        "hunk 4 defines foo_init, which drivers/foo/core.c:212 defines too, with every configuration",
        _later("defined", "redefined"),
    ),
    Rule(
        "BP304",
        "a static function is unused in some configuration",
        Severity.WARNING,
        "The patch adds a static function, or takes a use of one away, so that there is a configuration that compiles "
        "it and nothing that uses it; upstream's file has none. gcc warns (-Wunused-function), and a build with "
        "CONFIG_WERROR stops.",
        "foo_reset() is static and unused with `# CONFIG_PM is not set`",
        _later("defined", "unused"),
        frozenset({Need.TREES}),
    ),
    Rule(
        "BP305",
        "a declaration lands under a stronger condition than upstream's",
        Severity.WARNING,
        "A header declares the name in fewer configurations than upstream does: the hunk landed within a guard, or the "
        "#else with the empty stub did not come along. What uses it in the other configurations does not build. A "
        "note where the target has no Kconfig.",
        "hunk 1 declares foo_wake under #ifdef CONFIG_FOO, and not with `# CONFIG_FOO is not set`, where upstream has "
        "it (include/linux/foo.h:31)",
        _later("defined", "narrower"),
        frozenset({Need.TREES}),
    ),
    Rule(
        "BP306",
        "a hunk stands under another condition here",
        Severity.NOTE,
        "The #if stack over the added lines is not the one that they have upstream. Both are shown.",
        "hunk 3 lands under #ifdef CONFIG_SHM here, and stands under no condition upstream",
        _later("differing", "differing"),
    ),
    Rule(
        "BP307",
        "a CONFIG symbol is not in the target",
        Severity.WARNING,
        "An added line of C, a Makefile or Kconfig asks for a symbol that no Kconfig file of the target declares and "
        "one of upstream's does: the condition is never true. A symbol of the target that upstream has not and that "
        "has the same prompt, or a like name, is named. A note where upstream's Kconfig is not at hand.",
        "hunk 2 uses CONFIG_PTE_MARKER, which no Kconfig file of the target declares: it is never set",
        _later("symbols", "unknown_symbols"),
    ),
    Rule(
        "BP308",
        "a CONFIG symbol can never be set in the target",
        Severity.WARNING,
        "The symbol is declared, and what it depends on is not, so that no configuration of any architecture has it.",
        "CONFIG_FOO can never be set in the target: it depends on BAR && NET, and no Kconfig file declares BAR",
        _later("symbols", "unmet"),
    ),
    Rule(
        "BP309",
        "the given configuration does not compile a hunk",
        Severity.NOTE,
        "With the .config of --kconfig the file is not built, or the #if over the hunk is false. A build with it "
        "proves nothing for these lines.",
        "hunk 5 is not compiled with the given configuration: #ifdef CONFIG_UFAULT is false",
        _later("differing", "left_out"),
        frozenset({Need.KCONFIG}),
    ),
    Rule(
        "BP310",
        "a condition asks for a macro that the target does not know",
        Severity.WARNING,
        "An added #if names a macro that stood in the patch's own tree before the patch, and that stands nowhere in "
        "the target: it was introduced in between, and the condition is never true here. Symbols of Kconfig are "
        "BP307's.",
        "hunk 2 asks for FOO_HAS_BAR in a condition, which the tree of the patch knew before and no file of the "
        "target names: it is never defined",
        _later("differing", "unknown_macros"),
        frozenset({Need.TREES}),
    ),
)
