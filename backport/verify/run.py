"""`verify`: a series laid on a target, compiled, and what the compiler says as findings at the patch's lines."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from backport.checks import Asked, finish
from backport.engine import Event
from backport.engine.verdicts import target_verdict
from backport.errors import TargetError, UsageError
from backport.git import Repository, Scratch
from backport.index import Lookups
from backport.model import (
    Evidence,
    Finding,
    LineEvidence,
    Report,
    Series,
    Severity,
    TargetReport,
    Verdict,
)
from backport.settings import Settings
from backport.tree import File, FolderTree, Target
from backport.verify.export import export, is_kernel
from backport.verify.landed import Landed, Spot, land
from backport.verify.make import Builder, architecture, check_base, check_tools, compiler, machine
from backport.verify.session import Outcome, Said, Session, Unprovided
from backport.verify.symbols import added_words
from backport.verify.units import Plan, plan_units
from backport.verify.values import Goal, Options, State, Verification

_MOST_OF_ONE = 20


def verify(
    series: Series,
    target: Target,
    *,
    upstream: Repository | None = None,
    settings: Settings | None = None,
    asked: Asked | None = None,
    options: Options | None = None,
    on_event: Callable[[Event], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Verification:
    """Compile what the series changes on the target, a kernel tree, in a folder of its own.

    This runs the tree's build system, which is code. The target is only read. Raises TargetError for a tree that is
    none of a kernel, that cannot be built here or lacks a tool; UsageError for options that do not fit."""
    run = _Run(
        series,
        target,
        upstream,
        settings or Settings(),
        asked or Asked(),
        options or Options(),
        on_event or (lambda event: None),
        cancel or (lambda: False),
    )
    return run.verification()


@dataclass(slots=True)
class _Run:
    series: Series
    target: Target
    upstream: Repository | None
    settings: Settings
    asked: Asked
    options: Options
    on_event: Callable[[Event], None]
    cancel: Callable[[], bool]
    findings: list[tuple[int, Finding]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    names_seen: dict[str, str] = field(default_factory=dict)

    def verification(self) -> Verification:
        if not is_kernel(self.target.tree):
            raise TargetError(
                f"target {self.target.name} is no kernel tree (no Kconfig beside its Makefile)",
                "verify builds kernel trees only",
            )
        if self.options.config is None:
            check_base(self.options.base)
        homes = list(dict.fromkeys(x for x in (self.upstream, self.target.repository) if x is not None))
        own = self.target.repository
        with ExitStack() as stack:
            format = own.object_format if own is not None else homes[0].object_format if homes else "sha1"
            scratch = stack.enter_context(Scratch(homes, format))
            self.tell("placing")
            landed = land(
                self.series,
                self.target,
                scratch,
                upstream=self.upstream,
                settings=self.settings,
                asked=self.asked,
                cancel=self.cancel,
            )
            if not landed.lands:
                return Verification(self._report(landed), False)
            plan = self._build(landed, stack)
            return self._verification(landed, plan)

    def tell(self, stage: str) -> None:
        self.on_event(Event(stage, 0, 0, self.target.name))

    # --- building

    def _build(self, landed: Landed, stack: ExitStack) -> Plan:
        names = Lookups(self.asked.cache).names(landed.tree, self.target.tree)
        arch = self._arch()
        self.tell("planning")
        plan = plan_units(landed, self.target, names, arch)
        if not plan.goals:
            return plan
        groups: dict[str, list[Goal]] = {}
        for goal in plan.goals:
            groups.setdefault(goal.unit.arch, []).append(goal)
        ready = {a: compiler(a) for a in groups}
        for a, goals in groups.items():
            if ready[a].missing:
                self.outcomes.append(Outcome(unmet=[(g, ready[a].missing) for g in goals if not g.optional]))
        groups = {a: goals for a, goals in groups.items() if not ready[a].missing}
        if not groups:
            return plan
        check_tools(self.target.tree)
        folder = self._folder(stack)
        deadline = time.monotonic() + self.options.seconds
        for a, goals in groups.items():
            place = folder / (a or "native")
            builder = Builder(
                place / "source", place / "build", a, ready[a].prefix, self.options, deadline, self.cancel
            )
            self.tell(f"writing out {a}")
            export(self.target, builder.source, a, {*landed.changes, *(g.unit.path for g in goals)})
            session = Session(
                landed,
                names,
                builder,
                {path: _file(self.target, path) for path in landed.changes},
                added_words(landed),
                self.asked.cache,
                self.tell,
            )
            self.outcomes.append(session.run(goals))
        return plan

    def _arch(self) -> str:
        """The architecture of what belongs to none. Raises UsageError for one that the tree has not."""
        arch = architecture(self.options.arch) or machine()
        there = isinstance(self.target.tree.read(f"arch/{arch}/Makefile"), File)
        if self.options.arch and not there:
            raise UsageError(
                f"target {self.target.name} has no architecture {arch}", "name a folder of its arch/"
            )
        return arch

    def _folder(self, stack: ExitStack) -> Path:
        if not self.options.keep:
            made = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="backport-verify-", ignore_cleanup_errors=True)
            )
            return Path(made).resolve()
        folder = Path(self.options.keep)
        if folder.exists() or folder.is_symlink():
            raise UsageError(f"--keep {folder} exists", "name a new folder")
        folder = folder.resolve()
        if any(x in str(folder) for x in " :\t\n"):
            raise UsageError(f"--keep {folder.name}: a kernel is not built below a blank or a colon")
        tree = self.target.tree
        if isinstance(tree, FolderTree) and folder.is_relative_to(Path(tree.folder).resolve()):
            raise UsageError("--keep lies within the target", "name a folder outside of it")
        try:
            folder.mkdir(parents=True)
        except OSError as error:
            raise UsageError(f"--keep {folder.name} cannot be made: {error.strerror}") from error
        return folder

    # --- telling

    def _verification(self, landed: Landed, plan: Plan) -> Verification:
        for path, reason in plan.missed:
            self._add(landed, self._missed(landed, path, 0, reason, Severity.NOTE))
        for outcome in self.outcomes:
            for said in _few(outcome.said):
                self._add(landed, self._said(landed, said, outcome))
            for unprovided in _each_once(outcome.unprovided):
                self._add(landed, self._unprovided(landed, unprovided))
            for (path, reason), goals in _by_path(outcome.unmet).items():
                lines = sorted({x for g in goals for x in g.lines})
                self._add(
                    landed, self._missed(landed, path, lines[0] if lines else 0, reason, count=len(lines))
                )
        built = tuple(b for o in self.outcomes for b in o.built)
        return Verification(
            self._report(landed),
            True,
            built,
            tuple(c for o in self.outcomes for c in o.configurations),
            tuple(dict.fromkeys(f.message for _, f in self.findings if f.code == "BP604")),
            keep=self.options.keep,
        )

    def _add(self, landed: Landed, found: tuple[Spot | None, Finding]) -> None:
        spot, finding = found
        if spot is not None:
            self.findings.append((spot.step, finding))
            return
        paths = [n for n, s in enumerate(landed.steps) if finding.file in _paths_of(s.files)]
        self.findings.append((paths[-1] if paths else len(landed.steps) - 1, finding))

    def _said(self, landed: Landed, said: Said, outcome: Outcome) -> tuple[Spot | None, Finding]:
        """BP601 or BP602."""
        found = said.diagnostic
        places = [(found.path, found.line), *found.trail]
        spots = [(p, landed.spot(*p)) for p in places if p[0] and p[1]]
        (path, line), spot = next(((p, s) for p, s in spots if s is not None), (places[0], None))
        inside = {c.of(found.object) for c in said.configurations}
        fine = [
            b.configuration
            for b in outcome.built
            if b.object == found.object and b.state is State.BUILT and b.configuration not in inside
        ]
        where = " and with ".join(dict.fromkeys(c.of(found.object) for c in said.configurations))
        away = (
            f" ({found.path}:{found.line})" if found.path and (found.path, found.line) != (path, line) else ""
        )
        beside = f"; it builds with {fine[0]}" if fine and found.error else ""
        what = "does not compile" if found.error else "a new warning"
        code, severity = ("BP601", Severity.ERROR) if found.error else ("BP602", Severity.WARNING)
        return spot, self._finding(
            landed,
            Finding(
                code,
                severity,
                f"{found.object or found.path or 'the tree'}: {what} with {where}{beside}: {found.text}{away}",
                file=path,
                function=f"{found.function}()" if found.function else "",
                subject=found.text[:200],
            ),
            spot,
            path,
            line,
        )

    def _unprovided(self, landed: Landed, found: Unprovided) -> tuple[Spot | None, Finding]:
        """BP603, at the added line that names the symbol."""
        name = found.undefined.name
        path, line = _line_with(landed, name, found.object)
        spot = landed.spot(path, line) if line else None
        evidence: tuple[Evidence, ...] = ()
        if found.undefined.at is not None:
            evidence = (_line_of(landed, *found.undefined.at),)
        where = found.configuration.of(found.object)
        message = f"{found.object} needs {name} with {where}, which {found.undefined.why}"
        finding = Finding("BP603", Severity.ERROR, message, file=path, evidence=evidence, subject=name)
        return spot, self._finding(landed, finding, spot, path, line)

    def _missed(
        self,
        landed: Landed,
        path: str,
        line: int,
        reason: str,
        severity: Severity = Severity.WARNING,
        *,
        count: int = 0,
    ) -> tuple[Spot | None, Finding]:
        """BP604."""
        what = (
            f"{count} changed lines from line {line}"
            if count > 1
            else f"line {line}"
            if line
            else "the change"
        )
        finding = Finding("BP604", severity, f"{path}: {what} not built: {reason}", file=path, subject=path)
        spot = landed.spot(path, line) if line else None
        return spot, self._finding(landed, finding, spot, path, line)

    def _finding(self, landed: Landed, finding: Finding, spot: Spot | None, path: str, line: int) -> Finding:
        """With its place: in the patch, and in the target as it then stands."""
        evidence = finding.evidence
        if path and line and landed.text(path) is not None:
            evidence = (_line_of(landed, path, line), *evidence)
        return replace(
            finding,
            file=spot.path if spot is not None else path,
            hunk=spot.hunk if spot is not None else None,
            line=spot.line if spot is not None else None,
            target_line=line or None,
            evidence=tuple(dict.fromkeys(evidence)),
        )

    def _report(self, landed: Landed) -> Report:
        patches = []
        for number, step in enumerate(landed.steps):
            own = finish((f for n, f in self.findings if n == number), self.settings)
            verdict = step.report.verdict
            if any(f.severity is Severity.ERROR for f in own) and step.lands:
                verdict = Verdict.UNSAFE
            patches.append(replace(step.report, findings=own, verdict=verdict))
        target = TargetReport(
            name=self.target.name,
            revision=self.target.revision,
            version=self.target.version or None,
            verdict=target_verdict(p.verdict for p in patches),
            patches=tuple(patches),
            dirty=self.target.dirty,
        )
        return Report((target,), notes=self.series.notes)


def _file(target: Target, path: str) -> File | None:
    entry = target.tree.read(path)
    return entry if isinstance(entry, File) else None


def _few(said: Sequence[Said]) -> Iterator[Said]:
    """Errors before warnings, and of one object no more than a person reads."""
    counts: dict[str, int] = {}
    for one in sorted(said, key=lambda s: not s.diagnostic.error):
        counts[one.diagnostic.object] = counts.get(one.diagnostic.object, 0) + 1
        if counts[one.diagnostic.object] <= _MOST_OF_ONE:
            yield one


def _each_once(found: Iterable[Unprovided]) -> list[Unprovided]:
    """A symbol of an object is told with the first configuration that lacks it."""
    return list({(x.undefined.name, x.object): x for x in reversed(list(found))}.values())[::-1]


def _by_path(unmet: Iterable[tuple[Goal, str]]) -> Mapping[tuple[str, str], list[Goal]]:
    found: dict[tuple[str, str], list[Goal]] = {}
    for goal, reason in unmet:
        found.setdefault((goal.path, reason), []).append(goal)
    return found


def _paths_of(files: Iterable[object]) -> set[str]:
    found: set[str] = set()
    for file in files:
        found.add(getattr(file, "target_path", ""))
        found.add(file.change.path)  # type: ignore[attr-defined]
    return found


def _line_with(landed: Landed, name: str, object: str) -> tuple[str, int]:
    """The added line that names a symbol, that of the object's own source first."""
    import re

    word = re.compile(rb"\b" + re.escape(name.encode()) + rb"\b")
    own = object.rpartition(".")[0] + "."
    for path in sorted(landed.changes, key=lambda p: (not p.startswith(own), p)):
        lines = (landed.text(path) or b"").splitlines()
        for number in landed.changed_lines(path):
            if number <= len(lines) and word.search(lines[number - 1]):
                return path, number
    return own + "c", 0


def _line_of(landed: Landed, path: str, line: int) -> LineEvidence:
    lines = (landed.text(path) or b"").splitlines()
    return LineEvidence("target", path, line, lines[line - 1] if 1 <= line <= len(lines) else b"")
