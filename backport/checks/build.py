"""BP6xx: does it compile? Registry entries only: a check compiles nothing, `backport verify` finds these."""

from __future__ import annotations

from collections.abc import Iterable

from backport.checks.rule import Context, Need, Rule
from backport.model import Finding, Severity


def _elsewhere(context: Context) -> Iterable[Finding]:
    """Never called: the rules need a build, which no check has."""
    return ()


RULES = (
    Rule(
        "BP601",
        "it does not compile",
        Severity.ERROR,
        "The compiler, or Kconfig, has an error on the patched target that it has not without the patch, in the "
        "configuration that is named. It stands at the patch's line where the error, or a macro or header in its "
        "trail, is one. Found by `backport verify` alone.",
        "mm/shmem.o: does not compile with defconfig; it builds with defconfig with CONFIG_UFAULT=y: "
        "'MFILL_CONTINUE' undeclared (first use in this function)",
        _elsewhere,
        frozenset({Need.BUILD}),
    ),
    Rule(
        "BP602",
        "a new warning",
        Severity.WARNING,
        "The compiler or objtool warns of the patched target as it does not without the patch. With CONFIG_WERROR "
        "it stops the build; `backport verify` compiles without it.",
        "mm/shmem.o: a new warning with defconfig: unused variable 'inode' [-Wunused-variable]",
        _elsewhere,
        frozenset({Need.BUILD}),
    ),
    Rule(
        "BP603",
        "a symbol that nothing provides",
        Severity.ERROR,
        "A compiled object uses a symbol that an added line names, and it would not link: nothing in the tree defines "
        "it, its definition is not compiled in this configuration, or a module uses it and it is not exported. Also "
        "helpers of the compiler's own library that a kernel does not have, as for 64-bit division on 32 bits.",
        "fs/foo/bar.o needs vfs_baz with CONFIG_FOO=m, which is not exported to modules",
        _elsewhere,
        frozenset({Need.BUILD}),
    ),
    Rule(
        "BP604",
        "a change is not built",
        Severity.WARNING,
        "`backport verify` could not compile some changed lines, and says why: no compiler for their architecture, "
        "no configuration that Kconfig allows, no object that includes the header, out of time. Nothing is known of "
        "them.",
        "arch/arm64/mm/fault.c: 3 changed lines from line 88 not built: there is no compiler for arm64 "
        "(aarch64-linux-gnu-gcc; package gcc-aarch64-linux-gnu)",
        _elsewhere,
        frozenset({Need.BUILD}),
    ),
)
