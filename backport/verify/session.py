"""Building on one architecture: with the patches in every configuration, and without them where something was said."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from backport.checks.guards.kconfigs import KconfigTree
from backport.csource.kconfig import is_kconfig
from backport.errors import TargetError
from backport.index import Names
from backport.tree import File
from backport.verify.configs import MOST, DotConfig, as_made, plan, together
from backport.verify.diagnostics import Diagnostic, Output, new_ones
from backport.verify.export import lay
from backport.verify.landed import Landed, text_of
from backport.verify.make import Builder, missing_package
from backport.verify.process import Ran
from backport.verify.symbols import Provided, Undefined, symbols
from backport.verify.values import Built, Configuration, Goal, State

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Said:
    """A diagnostic that is new with the patches, and the configurations in which it is."""

    diagnostic: Diagnostic
    configurations: tuple[Configuration, ...]


@dataclass(frozen=True, slots=True)
class Unprovided:
    """A symbol that nothing provides to an object in a configuration."""

    undefined: Undefined
    object: str
    configuration: Configuration


@dataclass(slots=True)
class Outcome:
    """What building on one architecture gave. `unmet` are goals that nothing showed, with the reason."""

    built: list[Built] = field(default_factory=list)
    configurations: list[Configuration] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    unprovided: list[Unprovided] = field(default_factory=list)
    unmet: list[tuple[Goal, str]] = field(default_factory=list)


@dataclass(slots=True)
class _Turn:
    """One configuration with the patches: its .config, and what was said."""

    configuration: Configuration
    dot: bytes
    output: Output
    objects: tuple[str, ...]
    helpers: Mapping[str, Sequence[Undefined]] = field(default_factory=dict)


@dataclass(slots=True)
class Session:
    """`originals` are the files that the patches change, as they are without them."""

    landed: Landed
    names: Names
    builder: Builder
    originals: Mapping[str, File | None]
    words: frozenset[str]
    cache: str
    tell: Told
    outcome: Outcome = field(default_factory=Outcome)
    _turns: list[_Turn] = field(default_factory=list)

    def run(self, goals: Sequence[Goal]) -> Outcome:
        """Build what the goals ask for. Raises TargetError where the target itself cannot be built here."""
        lay(self.builder.source, self.landed.changes)
        self.tell(f"configuring ({self.builder.options.base})")
        base, ran = self.builder.base()
        if not base:
            self._no_configuration(goals, ran)
            return self.outcome
        left = self._configurations(goals, base)
        self._compare()
        self._settle(left)
        return self.outcome

    # --- with the patches

    def _configurations(self, goals: Sequence[Goal], base: bytes) -> list[tuple[Goal, str]]:
        """Build each planned configuration; returns the goals that none of them showed, with the reason."""
        arch, name = self.builder.arch, self.builder.options.base
        dot = DotConfig.read(base)
        view = KconfigTree(self.landed.tree, self.cache).view(arch or "x86")
        planned = plan(goals, dot, view, arch, name)
        left = [
            (g, f"no configuration of {arch or 'this machine'} that Kconfig allows compiles it")
            for g in planned.unmet
        ]
        waiting = list(planned.configurations)
        while waiting and len(self._turns) < MOST:
            configuration = waiting.pop(0)
            missed = self._turn(configuration, base)
            if missed is None:
                left += [
                    (g, "the configuration is refused by make olddefconfig") for g in configuration.goals
                ]
            elif missed and len(configuration.goals) > 1:
                alone = [together([g], dot, view, arch, name) for g in missed]
                waiting += [c for c in alone if c is not None and c.lines]
            else:
                left += [(g, "make olddefconfig takes its configuration back") for g in missed]
        left += [(g, "too many configurations") for c in waiting for g in c.goals]
        return left

    def _turn(self, configuration: Configuration, base: bytes) -> list[Goal] | None:
        """Build one configuration; returns its goals that it does not show after all, None where it cannot be."""
        builder = self.builder
        self.tell(f"configuring {configuration}")
        dot, ran = builder.configure(base, configuration.lines) if configuration.lines else (base, None)
        if not dot and ran is not None:
            if ran.stopped:
                self._stopped(configuration, ran.stopped)
                return []
            return None
        config = DotConfig.read(dot)
        asked, configuration = configuration, as_made(configuration, config)
        shown = [g for g in configuration.goals if config.shows(g.when)]
        objects = tuple(dict.fromkeys(g.unit.object for g in shown))
        if objects:
            self.tell(f"compiling {len(objects)} objects, {configuration}")
            output, ran = builder.compile(objects)
            self._refuse(ran, output, objects)
            turn = _Turn(configuration, dot, output, objects)
            self._turns.append(turn)
            self.outcome.configurations.append(configuration)
            self._objects(turn, shown, ran)
            turn.helpers = self._symbols(turn, config)
        return [g for g in asked.goals if g not in shown]

    def _stopped(self, configuration: Configuration, why: str) -> None:
        for goal in configuration.goals:
            self.outcome.unmet.append((goal, f"the build was stopped: {why}"))

    def _refuse(self, ran: Ran, output: Output, objects: Sequence[str]) -> None:
        """A tool that is missing is not the patch's fault."""
        package = missing_package(ran.out) if ran.code else ""
        if package and not any(self.builder.there(x) for x in objects):
            raise TargetError("the tree's build needs what is not here", f"install the package {package}")

    def _objects(self, turn: _Turn, shown: Sequence[Goal], ran: Ran) -> None:
        for name in turn.objects:
            covers = tuple(dict.fromkeys(g.path for g in shown if g.unit.object == name))
            state, reason = State.BUILT, ""
            if not self.builder.there(name):
                own = [d for d in turn.output.diagnostics if d.error and d.object == name]
                state = State.FAILED if own else State.NOT_BUILT
                reason = ran.stopped and f"the build was stopped: {ran.stopped}"
                reason = reason or (own[0].text if own else _first_failure(turn.output))
            self.outcome.built.append(
                Built(
                    name,
                    state,
                    turn.configuration.of(name),
                    self.builder.arch,
                    name in turn.output.modules,
                    reason,
                    covers,
                )
            )
        for goal in shown:
            reason = self._not_shown(goal, turn, ran)
            if reason:
                self.outcome.unmet.append((goal, reason))

    def _not_shown(self, goal: Goal, turn: _Turn, ran: Ran) -> str:
        """Why an object that should have shown a goal does not ("" it does, or it has an error of its own)."""
        name = goal.unit.object
        if self.builder.there(name):
            parts = self.builder.included(name)
            away = bool(parts) and goal.path != goal.unit.path and goal.path not in parts
            return f"{goal.unit.path} does not include it in this configuration" if away else ""
        if any(d.error for d in turn.output.diagnostics):
            return ""
        return f"the build was stopped: {ran.stopped}" if ran.stopped else _first_failure(turn.output)

    def _symbols(self, turn: _Turn, config: DotConfig) -> Mapping[str, Sequence[Undefined]]:
        """Look up what the objects leave undefined; returns what is only a finding if it was not so before."""
        nm = self.builder.prefix + "nm"
        made = {x: symbols(nm, self.builder.out / x) for x in turn.objects if self.builder.there(x)}
        linked = {s for x, (defined, _) in made.items() if x not in turn.output.modules for s in defined}
        provided = Provided(self.landed, self.names, self.words)
        sources = {g.unit.object: g.unit.path for g in turn.configuration.goals}
        helpers: dict[str, list[Undefined]] = {}
        for name, (defined, undefined) in made.items():
            source = sources[name]
            before = _words(text_of(self.landed.target, source) or b"")
            asked = [x for x in provided.asked(undefined) if x not in before]
            module = name in turn.output.modules
            same = linked if not module else {s for d, _ in made.values() for s in d}
            for missing in provided.missing(asked, source, config, same | defined, module=module):
                if missing.name in self.words:
                    self.outcome.unprovided.append(Unprovided(missing, name, turn.configuration))
                else:
                    helpers.setdefault(name, []).append(missing)
        return helpers

    # --- without them

    def _compare(self) -> None:
        """Build without the patches what said something with them, and keep what is new."""
        found: dict[tuple[object, ...], tuple[Diagnostic, list[Configuration]]] = {}
        asked = [t for t in self._turns if t.output.diagnostics or t.helpers]
        if asked:
            self.tell("building without the patches")
            lay(self.builder.source, self.originals)
        for turn in asked:
            before = self._before(turn)
            for diagnostic in _causes(list(new_ones(turn.output.diagnostics, before))):
                key = (*diagnostic.key, diagnostic.line)
                found.setdefault(key, (diagnostic, []))[1].append(turn.configuration)
        if asked:
            lay(self.builder.source, self.landed.changes)
        self.outcome.said += [Said(d, tuple(dict.fromkeys(c))) for d, c in found.values()]

    def _before(self, turn: _Turn) -> tuple[Diagnostic, ...]:
        """What the same objects say without the patches, in the same configuration."""
        named = {d.object for d in turn.output.diagnostics} | set(turn.helpers)
        objects = [x for x in turn.objects if x in named] or list(turn.objects)
        objects = [x for x in objects if self._was_there(turn, x)]
        if not objects:
            return ()
        # Where Kconfig is as it was, the configuration is whole.
        known = not any(is_kconfig(path) for path in self.originals)
        if not self.builder.restore(turn.dot, whole=known):
            return ()
        output, ran = self.builder.compile(objects)
        for name in objects:
            if not self.builder.there(name):
                self._broken(turn, name, output, ran)
        self._helpers(turn)
        return output.diagnostics

    def _was_there(self, turn: _Turn, name: str) -> bool:
        source = next((g.unit.path for g in turn.configuration.goals if g.unit.object == name), "")
        return bool(source) and (source not in self.originals or self.originals[source] is not None)

    def _broken(self, turn: _Turn, name: str, output: Output, ran: Ran) -> None:
        """An object that does not compile without the patches shows nothing of them."""
        first = next((d for d in output.diagnostics if d.error), None)
        why = first.text if first is not None else ran.stopped or _first_failure(output)
        for goal in turn.configuration.goals:
            if goal.unit.object == name and not self.builder.there(name):
                reason = f"{goal.unit.path} does not compile without the patch either: {why}"
                self.outcome.unmet.append((goal, reason))

    def _helpers(self, turn: _Turn) -> None:
        nm = self.builder.prefix + "nm"
        for name, missing in turn.helpers.items():
            old = symbols(nm, self.builder.out / name)[1] if self.builder.there(name) else frozenset[str]()
            self.outcome.unprovided += [
                Unprovided(x, name, turn.configuration) for x in missing if x.name not in old
            ]

    def _no_configuration(self, goals: Sequence[Goal], ran: Ran) -> None:
        """The base configuration cannot be made with the patches: without them?"""
        if ran.stopped:
            self.outcome.unmet += [(g, f"the build was stopped: {ran.stopped}") for g in goals]
            return
        output = self.builder.read(ran)
        package = missing_package(ran.out)
        lay(self.builder.source, self.originals)
        dot, again = self.builder.base()
        if not dot or package:
            hint = f"install the package {package}" if package else _last_line(again.out)
            raise TargetError(f"make {self.builder.options.base} fails on the target itself", hint)
        before = self.builder.read(again).diagnostics
        here = Configuration(self.builder.arch, self.builder.options.base, ())
        new = list(new_ones(output.diagnostics, before))
        if not new:
            new = [Diagnostic(True, "", 0, _last_line(ran.out) or "make olddefconfig fails")]
        self.outcome.said += [Said(_as_error(d), (here,)) for d in new]
        self.outcome.unmet += [(g, "the tree cannot be configured with the patch") for g in goals]

    def _settle(self, left: Sequence[tuple[Goal, str]]) -> None:
        """Keep of what was not shown what is missed: not optional, and the same lines shown by no other object."""
        shown = {
            (g.path, line)
            for t in self._turns
            for g in t.configuration.goals
            for line in (g.lines or (0,))
            if not any(g is x for x, _ in self.outcome.unmet)
        }
        every = [*self.outcome.unmet, *left]
        self.outcome.unmet = [
            (g, why)
            for g, why in every
            if not g.optional and (g.why or not all((g.path, x) in shown for x in (g.lines or (0,))))
        ]


def _causes(found: Sequence[Diagnostic]) -> list[Diagnostic]:
    """The errors, and the warnings of functions that have none: beside an error a warning says nothing more."""
    wrong = {(d.object, d.path, d.function) for d in found if d.error}
    return [d for d in found if d.error or (d.object, d.path, d.function) not in wrong]


def _as_error(diagnostic: Diagnostic) -> Diagnostic:
    from dataclasses import replace

    return replace(diagnostic, error=True)


def _first_failure(output: Output) -> str:
    return output.failures[0] if output.failures else "make did not make it"


def _last_line(out: bytes) -> str:
    lines = [x.strip() for x in out.decode("utf-8", "replace").splitlines() if x.strip()]
    telling = [x for x in lines if not x.startswith("make")]
    return (telling or lines or [""])[-1][:200]


def _words(data: bytes) -> frozenset[str]:
    import re

    return frozenset(x.decode("ascii", "replace") for x in re.findall(rb"[A-Za-z_]\w*", data))
