"""BP603: symbols that an object uses and nothing in the tree provides in its configuration.

An object alone shows no linker error. Asked are the undefined symbols that the patch's added lines name, and the
helpers of the compiler's library that a kernel does not link (64-bit division on a 32-bit machine).
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from backport.checks.guards.world import compiled
from backport.csource.definitions import DefinitionKind
from backport.csource.guards import guard_map
from backport.csource.makefiles import ALWAYS, Build
from backport.csource.presence import MODULE, Expr, both
from backport.csource.presence_text import NO_FACTS, presence
from backport.index import Located, Names
from backport.verify.configs import DotConfig
from backport.verify.landed import Landed

_LIBGCC = re.compile(
    r"__(?:u?(?:div|mod|divmod)|mul|ashl|ashr|lshr|u?cmp|ffs|clz|ctz|parity|popcount|bswap)[sdt]i[2-4]"
    r"|__(?:fix|float)\w+|__aeabi_\w+"
)
_PASTED = re.compile(rb"\bEXPORT\w*\s*\([^)\n]*##")
_BODIES = frozenset({DefinitionKind.FUNCTION, DefinitionKind.VARIABLE})
_HEADERS = (".h", ".inc")


@dataclass(frozen=True, slots=True)
class Undefined:
    """A symbol that nothing provides to an object: `why` completes "NAME ...", `at` is the definition that does not
    count (None: there is none)."""

    name: str
    why: str
    at: tuple[str, int] | None = None


def symbols(nm: str, path: Path) -> tuple[frozenset[str], frozenset[str]]:
    """The symbols that an object defines and those that it leaves undefined, weak ones left out."""
    done = subprocess.run(
        [nm, "-g", "-P", str(path)], capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=60
    )
    defined, undefined = set(), set()
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        name, _, rest = line.partition(" ")
        kind = rest[:1]
        if kind == "U":
            undefined.add(name)
        elif kind and kind not in "wv":
            defined.add(name)
    return frozenset(defined), frozenset(undefined)


@dataclass(slots=True)
class Provided:
    """What a tree provides in one configuration."""

    landed: Landed
    names: Names
    words: frozenset[str]

    def asked(self, undefined: Collection[str]) -> list[str]:
        """Those of an object's undefined symbols that are looked up."""
        return sorted(x for x in undefined if x in self.words or _LIBGCC.fullmatch(x))

    def missing(
        self, names: Collection[str], path: str, config: DotConfig, built: Collection[str], *, module: bool
    ) -> Iterator[Undefined]:
        """Which of the names nothing provides to the object of `path`; `built` are defined by other objects that
        were compiled for the same program."""
        wanted = [n for n in names if n not in built]
        found = self.names.find(wanted) if wanted else {}
        build = Build(self.landed.text)
        for name in wanted:
            bodies = [
                x
                for x in found.get(name, ())
                if x.definition.kind in _BODIES and not x.definition.static and not x.path.endswith(_HEADERS)
            ]
            problem = self._problem(name, bodies, path, config, build, module)
            if problem is not None:
                yield problem

    def _problem(
        self, name: str, bodies: list[Located], path: str, config: DotConfig, build: Build, module: bool
    ) -> Undefined | None:
        if not bodies:
            # What the target knew without a body that is read here is made by a macro, or in assembler.
            known = self._made_otherwise(name) or any(self.landed.target.search([name.encode()]))
            return None if known else Undefined(name, "is defined nowhere in the tree")
        levels = {x: self._levels(x, build) for x in bodies}
        present = [x for x, (_, any_way) in levels.items() if config.shows(any_way)]
        first = (bodies[0].path, bodies[0].definition.line)
        if not present:
            known = self._made_otherwise(name)
            return None if known else Undefined(name, "has no body in this configuration", first)
        linked = [x for x in present if config.shows(levels[x][0])]
        at = (present[0].path, present[0].definition.line)
        if not module:
            return None if linked else Undefined(name, "is in a module, and what uses it is built in", at)
        if any(_neighbours(x.path, path) for x in present) or self._exported(name, present):
            return None
        return Undefined(name, "is not exported to modules", at)

    def _levels(self, found: Located, build: Build) -> tuple[Expr, Expr]:
        """When a definition is linked into the kernel, and when it is compiled at all."""
        data = self.landed.text(found.path) or b""
        inside = presence((g.text for g in guard_map(data).at(found.definition.line)), NO_FACTS)
        builtin, any_way = build.levels(found.path) or ALWAYS
        if MODULE in inside.atoms():
            return builtin, compiled((builtin, any_way), inside)
        return both((builtin, inside)), both((any_way, inside))

    def _exported(self, name: str, bodies: Collection[Located]) -> bool:
        pattern = re.compile(rb"\bEXPORT\w*\s*\(\s*\"?" + re.escape(name.encode()) + rb"\b")
        for data in {self.landed.text(x.path) or b"" for x in bodies}:
            if pattern.search(data) or _PASTED.search(data):
                return True
        return self._search(name, lambda line: pattern.search(line) is not None)

    def _made_otherwise(self, name: str) -> bool:
        """Whether a line of the tree may define it in a way that is not read: by a macro, in assembler, by the
        linker's script."""
        word = re.escape(name.encode())
        pattern = re.compile(
            rb"^\s*(?:[A-Z_][A-Z0-9_]{3,}\s*\([^()]*\b"
            + word
            + rb"\b|"
            + word
            + rb"\s*[:=]|\.\w+\s+"
            + word
            + rb"\b)"
            rb"|\bPROVIDE\w*\s*\(\s*" + word
        )
        return self._search(name, lambda line: pattern.search(line) is not None)

    def _search(self, name: str, fits: Callable[[bytes], bool]) -> bool:
        return any(fits(m.text) for m in self.landed.tree.search([name.encode()]))


def _neighbours(one: str, other: str) -> bool:
    """Whether two files may be parts of one module: one's folder is the other's, or lies below it."""
    a, b = (x.rpartition("/")[0] + "/" for x in (one, other))
    return a.startswith(b) or b.startswith(a)


_WORD = re.compile(rb"\b[A-Za-z_]\w*")


def added_words(landed: Landed) -> frozenset[str]:
    """The words of all lines that the series adds to the target."""
    found: set[str] = set()
    for path in landed.changes:
        lines = (landed.text(path) or b"").splitlines()
        for number in landed.changed_lines(path):
            found.update(x.decode() for x in _WORD.findall(lines[number - 1]) if x.isascii())
    return frozenset(found)
