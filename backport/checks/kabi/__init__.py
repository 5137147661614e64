"""BP521 to BP529: the binary interface to modules (kABI, on Android KMI).

Looked at under a policy that keeps one, where the target has lists of symbols, or where one was given; never on a
plain tree. What landed of the patch counts: the target's files before and after.
"""

from __future__ import annotations

from collections.abc import Iterator

from backport.checks.rule import Context, Rule
from backport.model import Finding, Severity


def _layouts(context: Context) -> Iterator[Finding]:
    from backport.checks.kabi.rules import layouts

    return layouts(context)


def _enumerators(context: Context) -> Iterator[Finding]:
    from backport.checks.kabi.rules import enumerators

    return enumerators(context)


def _signatures(context: Context) -> Iterator[Finding]:
    from backport.checks.kabi.rules import signatures

    return signatures(context)


def _exports(context: Context) -> Iterator[Finding]:
    from backport.checks.kabi.rules import exports

    return exports(context)


_WHEN = (
    " Looked at under --policy android, with --kabi FILE, or where the target has lists of symbols. An error where "
    "such a list holds the symbol, else a warning."
)

RULES = (
    Rule(
        "BP521",
        "a struct changes that modules know",
        Severity.WARNING,
        "A member is added, removed, moved or retyped in a struct that an exported symbol reaches, by its parameters "
        "and their members; pointers are followed. New members in holes or reserved room (ANDROID_KABI_RESERVE, "
        "RH_KABI_RESERVE, reserved fields) change nothing. Sizes are those of 64-bit machines." + _WHEN,
        "struct file changes for modules: member f_new is added before f_pos, which moves f_pos; reached by "
        "vfs_read(struct file *, char __user *, size_t, loff_t *) -> struct file -> member f_new",
        _layouts,
    ),
    Rule(
        "BP522",
        "an enumerator's value changes that modules know",
        Severity.WARNING,
        "Modules were built with the old value. New enumerators at the end are fine, also before one that only counts "
        "the others." + _WHEN,
        "enum rw_hint changes for modules: HINT_LONG goes from 4 to 5; reached by set_hint(enum rw_hint) -> enum "
        "rw_hint",
        _enumerators,
    ),
    Rule(
        "BP523",
        "the signature of an exported function changes",
        Severity.WARNING,
        "Types of parameters and result; a parameter's name does not count." + _WHEN,
        "the signature of f() changes for modules, from `int (int)` to `int (long)`; reached by f() -> "
        "EXPORT_SYMBOL(f)",
        _signatures,
    ),
    Rule(
        "BP524",
        "a symbol is no longer exported as it was",
        Severity.WARNING,
        "The EXPORT_SYMBOL line is removed, made GPL-only, or put in a namespace." + _WHEN,
        "f is no longer exported: modules that use it no longer load",
        _exports,
    ),
)
