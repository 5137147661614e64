"""`check`: a series against targets, patch by patch on an overlay that is never written to the target."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Protocol

from backport.checks import Asked, Context, all_rules, finish, run_rules
from backport.engine.assemble import HunkIds, patch_report, placed_file
from backport.engine.causes import TargetCauses
from backport.engine.foreign import refuse_foreign
from backport.engine.state import TargetState
from backport.engine.verdicts import patch_verdict, target_verdict
from backport.errors import Cancelled
from backport.git import Repository, Scratch
from backport.index import Lookups
from backport.model import (
    Finding,
    LineEvidence,
    Patch,
    PatchReport,
    Placement,
    Report,
    Series,
    Severity,
    Skipped,
    TargetReport,
    Verdict,
)
from backport.placement import BaseTexts, find_base, place_patch
from backport.placement.ground import Ground, Steps
from backport.settings import Settings
from backport.tree import Target


@dataclass(frozen=True, slots=True)
class Event:
    """What is being done: stage ("queue", "base", "place"), patch k (1-based) of n, target."""

    stage: str
    patch: int
    patches: int
    target: str


@dataclass(frozen=True, slots=True)
class Budget:
    """A limit of work for each patch on each target, in steps (0: none). What is out of steps returns what it
    has, with the reason."""

    steps: int = 0


UNLIMITED = 1 << 60


class OnEvent(Protocol):
    def __call__(self, event: Event, /) -> None: ...


def check(
    series: Series,
    targets: Sequence[Target],
    *,
    upstream: Repository | None = None,
    settings: Settings | None = None,
    asked: Asked | None = None,
    queue: Series | None = None,
    on_event: OnEvent | None = None,
    cancel: Callable[[], bool] | None = None,
    budget: Budget | None = None,
) -> Report:
    """Judge every patch of `series` on every target, each target on its own.

    `upstream` is where bases and upstream commits are looked for, `asked` what else the rules are to look at,
    `queue` a stack of patches that the targets are taken with. `cancel` is asked between hunks: Cancelled is
    raised when it answers true. Raises BackportError for what cannot be analysed; conflicts are values of
    the report.
    """
    options = Options(
        settings or Settings(),
        upstream,
        on_event or (lambda event: None),
        cancel or (lambda: False),
        budget.steps if budget and budget.steps else UNLIMITED,
        asked or Asked(),
    )
    with ExitStack() as stack:
        repositories = repositories_of(targets, upstream)
        scratch = stack.enter_context(scratch_of(targets, repositories))
        run = Run(options, scratch, repositories)
        reports = tuple(_each(run, series, targets, queue))
    refuse_foreign(reports, [t.tree for t in targets])
    return Report(reports, notes=(*series.notes, *run.notes))


def _each(
    run: Run, series: Series, targets: Sequence[Target], queue: Series | None
) -> Iterator[TargetReport]:
    for number, target in enumerate(targets, 1):
        run.more = number < len(targets)
        yield run.target(series, target, queue)


@dataclass(frozen=True, slots=True)
class Options:
    settings: Settings
    upstream: Repository | None
    on_event: OnEvent
    cancel: Callable[[], bool]
    budget: int
    asked: Asked

    def steps(self) -> Steps:
        """A fresh budget, for one patch on one target."""
        return Steps(self.budget, self.cancel)


def repositories_of(targets: Sequence[Target], upstream: Repository | None) -> list[Repository]:
    homes = [upstream] if upstream is not None else []
    homes += [t.repository for t in targets if t.repository is not None]
    return list(dict.fromkeys(homes))


def scratch_of(targets: Sequence[Target], repositories: Sequence[Repository]) -> Scratch:
    """A scratch repository of the first target's object format: the trees that are merged are in it."""
    first = next((t.repository for t in targets if t.repository is not None), None)
    if first is None and repositories:
        first = repositories[0]
    return Scratch(repositories, first.object_format if first is not None else "sha1")


@dataclass(slots=True)
class Run:
    """One call of `check`. Bases are found once for a patch, and kept while `more` targets are to come."""

    options: Options
    scratch: Scratch
    repositories: list[Repository]
    bases: dict[int, BaseTexts] = field(default_factory=dict)
    more: bool = False
    notes: dict[str, None] = field(default_factory=dict)

    def target(self, series: Series, target: Target, queue: Series | None) -> TargetReport:
        state = TargetState.open(target, self.scratch, self.options.settings)
        findings: tuple[Finding, ...] = ()
        if queue is not None:
            findings, state = self._queue(queue, target, state)
        patches: list[PatchReport] = []
        skipped: dict[str, Skipped] = {}
        earlier: list[tuple[int, Placement]] = []
        causes = TargetCauses()
        lookups = Lookups(self.options.asked.cache)
        for number, patch in enumerate(series.patches, 1):
            self._look_up("place", number, len(series.patches), target)
            if patch.unreadable:
                patches.append(patch_report(patch, (), verdict=Verdict.UNREADABLE))
                continue
            base = self._base(number, patch)
            placed = place_patch(patch, base, state.ground(self.options.steps()))
            after = state.after(placed)
            context = Context(
                patch,
                placed,
                state.ground(self.options.steps()),
                after.tree,
                base,
                target,
                self.options.upstream,
                self.options.asked,
                tuple(earlier),
                series.patches[: number - 1],
                lookups,
            )
            report, missing = self._report(context)
            report = causes.told(number, context, report)
            patches.append(report)
            skipped.update((s.code, s) for s in missing)
            earlier += [(number, p) for p in placed.placements if not p.kind.lands and not p.kind.there]
            state = self.following(context, report, after)
        return TargetReport(
            name=target.name,
            revision=target.revision,
            version=target.version or None,
            verdict=target_verdict(p.verdict for p in patches),
            patches=tuple(patches),
            findings=findings,
            skipped=tuple(skipped[code] for code in sorted(skipped)),
            features=causes.features(patches),
            dirty=target.dirty,
        )

    def following(self, context: Context, report: PatchReport, after: TargetState) -> TargetState:
        """The target that the next patch meets: with what landed of this one."""
        return after

    def _look_up(self, stage: str, number: int, count: int, target: Target) -> None:
        """Between patches: tell, and stop if asked to."""
        if self.options.cancel():
            raise Cancelled
        self.options.on_event(Event(stage, number, count, target.name))

    def _base(self, number: int, patch: Patch) -> BaseTexts:
        base = self.bases.pop(number, None)
        if base is None:
            base = find_base(patch, self.repositories, self.options.upstream, self.scratch)
        if self.more:
            self.bases[number] = base
        return base

    def _report(self, context: Context) -> tuple[PatchReport, tuple[Skipped, ...]]:
        placed = context.placed
        findings, skipped = run_rules(all_rules(), context, self.options.settings)
        ids = HunkIds()
        files = [placed_file(f, ids) for f in placed.files]
        report = patch_report(
            context.patch, files, verdict=patch_verdict(placed, findings), base=placed.base, findings=findings
        )
        return self._history(context, report, skipped)

    def _history(
        self, context: Context, report: PatchReport, skipped: tuple[Skipped, ...]
    ) -> tuple[PatchReport, tuple[Skipped, ...]]:
        """What came before and after the patch upstream, where there is an upstream."""
        if context.upstream is None:
            return report, skipped
        from backport.checks.history.notes import told

        found = told(context)
        self.notes.update(dict.fromkeys(found.notes))
        report = replace(
            report, prerequisites=found.prerequisites, followups=found.followups, answers=found.answers
        )
        return report, (*skipped, *found.skipped)

    def _queue(
        self, queue: Series, target: Target, state: TargetState
    ) -> tuple[tuple[Finding, ...], TargetState]:
        """Take the target with its queue. A patch of it that is there already changes nothing; one that does
        not land is a finding, since all that follows is judged without it."""
        findings: list[Finding] = []
        for number, patch in enumerate(queue.patches, 1):
            self._look_up("queue", number, len(queue.patches), target)
            base = find_base(patch, self.repositories, self.options.upstream, self.scratch)
            ground = state.ground(self.options.steps())
            placed = place_patch(patch, base, ground)
            stuck = [p for p in placed.placements if not p.kind.lands and not p.kind.there]
            if stuck or patch.unreadable:
                findings.append(_queue_finding(patch, stuck, ground))
            state = state.after(placed)
        return finish(findings, self.options.settings), state


def _queue_finding(patch: Patch, stuck: Sequence[Placement], ground: Ground) -> Finding:
    """BP108, with the first line of the target at which the patch does not land, where there is one."""
    name = patch.document or patch.subject
    what = patch.unreadable or f"{len(stuck)} of {len(patch.hunks)} hunks do not land"
    evidence = next(filter(None, (_line_of(p, ground) for p in stuck)), None)
    return Finding(
        "BP108",
        Severity.ERROR,
        f"queue patch {name}: {what}",
        file=evidence.path if evidence else "",
        target_line=evidence.line if evidence else None,
        evidence=(evidence,) if evidence else (),
        subject=name,
        suggestion="name the position in the queue at which the target stands: --queue DIR@NAME",
    )


def _line_of(placement: Placement, ground: Ground) -> LineEvidence | None:
    """The first line that the target has instead of what the hunk expects; None where no line is known."""
    text = ground.text(placement.target_path) if placement.target_path else None
    number = placement.differences[0].line if placement.differences else placement.target_line
    if text is None or not 1 <= number <= len(text.lines):
        return None
    return LineEvidence("target", placement.target_path, number, text.lines[number - 1].rstrip(b"\r\n"))
