"""What is to be compiled for what changed, and under which conditions it shows the changed lines."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from backport.checks.guards.world import compiled
from backport.csource.guards import guard_map
from backport.csource.makefiles import ALWAYS, Build, Levels
from backport.csource.presence import TRUE, Expr, Op, both, no
from backport.csource.presence_text import Facts, presence, version_code
from backport.index import Names
from backport.model import Finding, GuardEvidence
from backport.tree import Target
from backport.verify.configs import said
from backport.verify.landed import Landed, text_of
from backport.verify.values import Goal, Unit

INCLUDERS = 3
"""Objects that are compiled for one changed header."""
OBJECTS = 40
"""Objects that are compiled for a series because of headers, all together."""
_SEARCHED = (
    "kernel",
    "mm",
    "fs",
    "lib",
    "block",
    "ipc",
    "init",
    "security",
    "crypto",
    "net/core",
    "drivers/base",
)
_HOST = ("tools/", "scripts/", "Documentation/", "samples/", "usr/")
_ROOTS = ("include/uapi/", "include/", "uapi/")


@dataclass(slots=True)
class Plan:
    """The goals, and the changed files for which nothing can be compiled, with the reason."""

    goals: list[Goal] = field(default_factory=list)
    missed: list[tuple[str, str]] = field(default_factory=list)

    @property
    def units(self) -> tuple[Unit, ...]:
        return tuple(dict.fromkeys(g.unit for g in self.goals))


def plan_units(landed: Landed, target: Target, names: Names, arch: str) -> Plan:
    """The goals of a series: `arch` is the architecture of what belongs to none."""
    return _Planner(landed, target, names, arch).plan()


class _Planner:
    def __init__(self, landed: Landed, target: Target, names: Names, arch: str) -> None:
        self._landed = landed
        self._names = names
        self._arch = arch
        self._facts = _facts(target)
        self._build = Build(landed.text)
        self._plan = Plan()
        self._units: dict[str, Unit] = {}

    def plan(self) -> Plan:
        sources = [p for p in self._landed.changes if p.endswith((".c", ".S"))]
        headers = [p for p in self._landed.changes if p.endswith((".h", ".inc", ".def"))]
        for path in sources:
            self._source(path)
        for path in headers:
            self._included(path)
        for step in self._landed.steps:
            for finding in step.guards:
                self._guard(finding)
        return self._plan

    def _arch_of(self, path: str) -> str:
        parts = path.split("/")
        known = parts[0] == "arch" and len(parts) > 2
        return parts[1] if known and text_of(self._landed.tree, f"arch/{parts[1]}/Makefile") else self._arch

    def _source(self, path: str) -> None:
        if self._landed.changes[path] is None:
            return
        if path.startswith(_HOST):
            self._plan.missed.append((path, "it is no part of the kernel or its modules"))
            return
        levels = self._build.levels(path)
        if levels is None:
            self._included(path, "no Makefile of the tree names it")
            return
        unit = Unit(path, self._arch_of(path))
        self._units[path] = unit
        self._lines(unit, path, levels)

    def _lines(self, unit: Unit, path: str, levels: Levels, *, along: bool = False) -> None:
        """A goal for each condition that changed lines of a file stand under."""
        groups: dict[Expr, list[int]] = {}
        lines = self._landed.changed_lines(path)
        guards = guard_map(self._landed.text(path) or b"")
        for line in lines:
            inside = presence((g.text for g in guards.at(line)), self._facts)
            groups.setdefault(compiled(levels, inside), []).append(line)
        for when, those in groups.items() if groups else [(compiled(levels, TRUE), [])]:
            if when.op is Op.FALSE:
                reason = (
                    f"line {those[0]} is compiled in no configuration" if those else "it is never compiled"
                )
                self._plan.missed.append((path, reason))
                continue
            self._plan.goals.append(Goal(unit, path, when, tuple(those), optional=along, along=along))

    # --- what is included

    def _included(self, path: str, otherwise: str = "") -> None:
        """Goals for a file that is compiled by being included."""
        if path.startswith(_HOST):
            self._plan.missed.append((path, "it is no part of the kernel or its modules"))
            return
        own = [u for u in self._units.values() if path in self._names.closure(u.path)]
        found = own[:INCLUDERS]
        if len(found) < INCLUDERS and len(self._units) < OBJECTS:
            found += list(self._includers(path, {u.path for u in own}))[: INCLUDERS - len(found)]
        if not found:
            self._plan.missed.append((path, otherwise or "no C file was found that includes it"))
        for number, unit in enumerate(found):
            self._units.setdefault(unit.path, unit)
            levels = self._build.levels(unit.path) or ALWAYS
            self._lines(unit, path, levels, along=number > 0)

    def _includers(self, path: str, known: set[str]) -> Iterator[Unit]:
        seen = {path}
        wave = [path]
        for _ in range(2):
            users = sorted({user for each in wave for user in self._users(each)} - seen)
            seen.update(users)
            sources = [(u, self._build.levels(u)) for u in users if u.endswith(".c") and u not in known]
            ranked = sorted(
                ((u, levels) for u, levels in sources if levels is not None),
                key=lambda x: (x[1][0].op is not Op.TRUE, -_common(x[0], path), x[0]),
            )
            if ranked:
                yield from (Unit(u, self._arch_of(u)) for u, _ in ranked)
                return
            wave = [u for u in users if u.endswith(".h")][:8]

    def _users(self, path: str) -> Iterator[str]:
        """The files whose #include may mean the path."""
        word = _spelled(path).encode("utf-8", "surrogateescape")
        folder = posixpath.dirname(path)
        prefixes: Sequence[str] = (folder,)
        if _is_public(path):
            near = {posixpath.dirname(p) for p in self._landed.changes} - {""}
            prefixes = (
                *_SEARCHED,
                *(p for p in sorted(near) if not p.startswith("include")),
                f"arch/{self._arch_of(path)}",
            )
        elif folder.count("/") > 1:
            prefixes = (posixpath.dirname(folder),)
        for match in self._landed.tree.search([word], _outermost(prefixes), whole_words=False):
            text = match.text.strip()
            if text.startswith(b"#") and b"include" in text and match.path.endswith((".c", ".h")):
                yield match.path

    # --- guards

    def _guard(self, finding: Finding) -> None:
        """What a rule says of a configuration is built in it, and where its guards are on and off."""
        unit = self._units.get(finding.file) or next(
            (g.unit for g in self._plan.goals if g.path == finding.file), None
        )
        named = dict(said(finding.message))
        if unit is None or not named:
            return
        here = compiled(self._build.levels(unit.path), self._at(finding.file, finding.target_line))
        why = f"{finding.code} of {finding.file}"
        lines = (finding.target_line,) if finding.target_line else ()
        self._plan.goals.append(Goal(unit, finding.file, both((here, *named.values())), lines, why))
        conditions = [
            presence([e.guard], self._facts) for e in finding.evidence if isinstance(e, GuardEvidence)
        ]
        for condition in dict.fromkeys((*named.values(), *conditions)):
            for arm in (condition, no(condition)):
                self._plan.goals.append(
                    Goal(unit, finding.file, both((here, arm)), lines, why, optional=True)
                )

    def _at(self, path: str, line: int | None) -> Expr:
        if not line:
            return TRUE
        return presence((g.text for g in guard_map(self._landed.text(path) or b"").at(line)), self._facts)


def _facts(target: Target) -> Facts:
    from backport.csource.dialect import dialect

    return Facts(version_code(target.version), dialect().never_defined)


def _is_public(path: str) -> bool:
    return path.startswith("include/") or "/include/" in path


def _spelled(path: str) -> str:
    """A header as an #include names it."""
    if not _is_public(path):
        return posixpath.basename(path)
    if not path.startswith("include/"):
        path = path.partition("/include/")[2]
    for root in _ROOTS:
        path = path.removeprefix(root)
    return path


def _common(one: str, other: str) -> int:
    count = 0
    for a, b in zip(one.split("/"), other.split("/"), strict=False):
        if a != b:
            break
        count += 1
    return count


def _outermost(prefixes: Iterable[str]) -> tuple[str, ...]:
    """Folders without those that lie in another one."""
    kept = sorted(set(prefixes))
    return tuple(p for p in kept if not any(p != q and (p + "/").startswith(q + "/") for q in kept))
