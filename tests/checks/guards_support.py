"""Small kernels for the rules on guards: a base, the upstream change on it, and the target beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from unittest.mock import patch

from backport.checks import Asked, guards
from backport.engine import check
from backport.git import Repository
from backport.intake import patch_from_commit
from backport.model import Finding, Series, Severity
from backport.settings import Settings
from backport.tree import open_target
from tests.support.repo import Repo

Files = Mapping[str, str | None]

KCONFIG = """\
config FOO
	bool "Foo"

config BAR
	bool "Bar"

config BUS
	tristate "A bus"

config USER
	tristate "A user of the bus"
"""
MAKEFILE = """\
VERSION = 6
PATCHLEVEL = 1
SUBLEVEL = 0
obj-y += user.o
obj-$(CONFIG_FOO) += foo.o
"""
USER = """\
#include "foo.h"

int user_start(int n)
{
	n += 1;
	n += 2;
	n += 3;
	return n;
}

int user_stop(int n)
{
	n -= 1;
	n -= 2;
	n -= 3;
	return n;
}
"""
OPEN = "#ifndef FOO_H\n#define FOO_H\n\nint foo_wake(int n);\n\n#endif\n"
GUARDED = "#ifndef FOO_H\n#define FOO_H\n\n#ifdef CONFIG_FOO\nint foo_wake(int n);\n#endif\n\n#endif\n"
STUBBED = (
    "#ifndef FOO_H\n#define FOO_H\n\n#ifdef CONFIG_FOO\nint foo_wake(int n);\n#else\n"
    "static inline int foo_wake(int n)\n{\n\treturn n;\n}\n#endif\n\n#endif\n"
)
FOO = '#include "foo.h"\n\nint foo_wake(int n)\n{\n\treturn n * 2;\n}\n'


@dataclass(frozen=True)
class Judged:
    """What the rules on guards say of the upstream change on the target."""

    findings: tuple[Finding, ...]

    @property
    def alarms(self) -> list[str]:
        return sorted(f.code for f in self.findings if f.severity is not Severity.NOTE)

    def only(self, code: str) -> Finding:
        (found,) = [f for f in self.findings if f.code == code]
        return found

    def none(self, code: str) -> bool:
        return all(f.code != code for f in self.findings)


def tree(**files: str | None) -> dict[str, str | None]:
    """A small kernel with some files of its own; `foo_h` stands for foo.h."""
    base: dict[str, str | None] = {"Kconfig": KCONFIG, "Makefile": MAKEFILE, "user.c": USER, "foo.c": FOO}
    return {**base, "foo.h": OPEN, **{_path(name): text for name, text in files.items()}}


def _path(name: str) -> str:
    return {"Kconfig": "Kconfig", "Makefile": "Makefile"}.get(name, name.replace("_", "."))


def swap(text: str, *pairs: tuple[str, str]) -> str:
    """The text with each first part, which must stand in it once, replaced by the second."""
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def judge(
    folder: Path,
    base: Files,
    upstream: Files,
    target: Files,
    *,
    kconfig: bytes | None = None,
    cache: str = "",
) -> Judged:
    """Commit the base, the upstream change on it, and the target beside it; the rules on guards alone are run."""
    repo = Repo(folder / "repo")
    first = repo.commit(base)
    commit = repo.commit(upstream)
    repo.branch("target", first)
    repo.commit(target)
    repository = Repository.open(str(repo.path))
    asked = Asked(revision=commit, kconfig=kconfig, cache=cache)
    onto = open_target(f"{repo.path}@target", Settings())
    series = Series((patch_from_commit(repository, commit),))
    with patch.object(import_module("backport.engine.check"), "all_rules", lambda: guards.RULES):
        report = check(series, [onto], upstream=repository, asked=asked)
    found = report.targets[0].patches[0].findings
    return Judged(tuple(f for f in found if f.code.startswith("BP3")))
