"""`adapt`: a series onto one target, with what does not land proposed in another form and checked there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from backport.adapt.patch import adapt_patch, with_guards, with_refusals
from backport.adapt.values import Adaptation, AdaptedPatch, Confidence, PatchProposal
from backport.checks import Asked, Context, all_rules, run_rules
from backport.engine.check import UNLIMITED, Budget, OnEvent, Options, Run, repositories_of, scratch_of
from backport.engine.foreign import refuse_foreign
from backport.engine.guards import missing_guards
from backport.engine.recheck import adapted_context, at_home, diff_of, lost_and_gained
from backport.engine.state import TargetState
from backport.git import Repository
from backport.git.merging import changed_paths
from backport.model import Finding, PatchReport, Series, Severity, TargetReport, Verdict
from backport.settings import Settings
from backport.tree import File, Target

if TYPE_CHECKING:
    from backport.adapt.rewrites import Rewrite


def adapt(
    series: Series,
    target: Target,
    *,
    upstream: Repository | None = None,
    settings: Settings | None = None,
    asked: Asked | None = None,
    least: Confidence = Confidence.LIKELY,
    rewrites: Sequence[Rewrite] = (),
    queue: Series | None = None,
    on_event: OnEvent | None = None,
    cancel: Callable[[], bool] | None = None,
    budget: Budget | None = None,
) -> Adaptation:
    """Judge every patch of `series` on the target as `check` does, and adapt what does not land; each patch meets the
    target with the adapted earlier ones. `least` is how sure a proposal must be to be taken; `rewrites` are learned
    from earlier backports, `queue` is a stack of patches that the target is taken with. Raises as `check` does; a
    refusal is a value."""
    options = Options(
        settings or Settings(),
        upstream,
        on_event or (lambda event: None),
        cancel or (lambda: False),
        budget.steps if budget and budget.steps else UNLIMITED,
        asked or Asked(),
    )
    with ExitStack() as stack:
        repositories = repositories_of([target], upstream)
        scratch = stack.enter_context(scratch_of([target], repositories))
        run = AdaptRun(options, scratch, repositories, least=least, rewrites=tuple(rewrites))
        report = run.target(series, target, queue)
        refuse_foreign((report,), [target.tree])
        return Adaptation(
            target.name,
            target.revision,
            run.told(series, report),
            (*series.notes, *run.notes),
            report,
        )


@dataclass(frozen=True, slots=True)
class _Tried:
    """A proposal, the target with it, its difference, and what the rules say."""

    proposal: PatchProposal
    state: TargetState
    diff: bytes
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class AdaptRun(Run):
    """The run of a check that goes on with the adapted target."""

    least: Confidence = Confidence.LIKELY
    rewrites: tuple[Rewrite, ...] = ()
    adapted: list[AdaptedPatch] = field(default_factory=list)

    def following(self, context: Context, report: PatchReport, after: TargetState) -> TargetState:
        """Adapt the patch where it does not land; the next one meets what came of it."""
        if not needs_adapting(report):
            changes = dict(_landed(context, after))
            diff = diff_of(self.scratch, context.ground.tree, changes)
            self.adapted.append(AdaptedPatch(context.patch, report, None, diff, changes, report.findings))
            return after
        tried = self._tried(context, adapt_patch(context, self.least, self.rewrites))
        tried = self._guarded(context, tried)
        errors = at_home(_errors(tried.findings), context)
        if errors:
            proposal = with_refusals(tried.proposal, errors, context.ground.tree)
            state = self._with(context, proposal)
            diff = diff_of(self.scratch, context.ground.tree, proposal.changes)
            tried = _Tried(proposal, state, diff, tried.findings)
        self.adapted.append(
            AdaptedPatch(
                context.patch,
                report,
                tried.proposal,
                tried.diff,
                tried.proposal.changes,
                tried.findings,
                lost_and_gained(context, tried.state, tried.diff),
            )
        )
        return tried.state

    def _tried(self, context: Context, proposal: PatchProposal) -> _Tried:
        """A proposal with what comes of it, and what all rules say of that."""
        state = self._with(context, proposal)
        diff = diff_of(self.scratch, context.ground.tree, proposal.changes)
        return _Tried(proposal, state, diff, self._findings(context, state, diff))

    def _guarded(self, context: Context, tried: _Tried) -> _Tried:
        """The same with new code put under the guard that it needs, where that makes an error less."""
        wanted = at_home(missing_guards(tried.findings), context)
        if not wanted or not tried.proposal.complete:
            return tried
        proposal = with_guards(tried.proposal, wanted, self.scratch)
        other = self._tried(context, proposal) if proposal is not None else tried
        return other if len(_errors(other.findings)) < len(_errors(tried.findings)) else tried

    def _with(self, context: Context, proposal: PatchProposal) -> TargetState:
        ground = context.ground
        state = TargetState(ground.tree, self.scratch, ground.tree_id, self.options.settings)
        return state.with_changes(proposal.changes) if proposal.changes else state

    def _findings(self, context: Context, state: TargetState, diff: bytes) -> tuple[Finding, ...]:
        """What all rules say of the adapted tree."""
        again = adapted_context(context, state, diff)
        if again is None:
            return ()
        findings, _ = run_rules(all_rules(), again, self.options.settings)
        return findings

    def told(self, series: Series, report: TargetReport) -> tuple[AdaptedPatch, ...]:
        """The patches in order, with the reports that were completed since; an unreadable one has only its report."""
        found = {id(a.patch): a for a in self.adapted}
        return tuple(
            replace(found[id(patch)], report=own) if id(patch) in found else AdaptedPatch(patch, own, None)
            for patch, own in zip(series.patches, report.patches, strict=True)
        )


def needs_adapting(report: PatchReport) -> bool:
    """Whether a part of a patch does not land as it is, or lands and will not build."""
    return report.verdict in (Verdict.CONFLICT, Verdict.PARTIAL, Verdict.UNSAFE)


_JUDGED = ("BP1", "BP2", "BP3")


def _errors(findings: Sequence[Finding]) -> dict[str, dict[int, str]]:
    """What the checks are sure to be wrong in the adapted files, by path and line."""
    found: dict[str, dict[int, str]] = {}
    for one in findings:
        if one.severity is Severity.ERROR and one.code.startswith(_JUDGED) and one.target_line:
            found.setdefault(one.file, {}).setdefault(one.target_line, f"{one.code}: {one.message}")
    return found


def _landed(context: Context, after: TargetState) -> Iterator[tuple[str, File | None]]:
    """The files in which the target differs once the patch landed as it is."""
    if not context.ground.tree_id:
        yield from context.placed.changes.items()
        return
    for path in sorted(changed_paths(after.scratch, context.ground.tree_id, after.tree_id)):
        entry = after.tree.read(path)
        yield path, entry if isinstance(entry, File) else None
