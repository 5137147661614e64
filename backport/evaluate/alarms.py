"""The classes in which git merges in silence: do the checks speak where git was wrong, and only there?

An alarm is an error or warning of the families asked for. One on an identical case is false, unless the lines were
fixed or reverted on that branch soon after: such cases are told apart (`mended`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from backport.checks import Asked
from backport.errors import BackportError
from backport.evaluate.cases import tips
from backport.evaluate.propose import target_of
from backport.evaluate.values import Alarm, Case, CaseResult, GitClass
from backport.git import Repository
from backport.intake import patch_from_commit
from backport.model import Finding, Series, Severity
from backport.settings import Settings

LATER = 200
FAMILIES = ("BP1", "BP2", "BP3")
_ALARMS = (Severity.ERROR, Severity.WARNING)


def judge_silent(
    repository: Repository,
    case: Case,
    settings: Settings,
    *,
    families: tuple[str, ...] = FAMILIES,
    cache: str = "",
) -> CaseResult:
    """As `backport check UPSTREAM --onto REPO@TARGET --upstream REPO@UPSTREAM` judges it. `seconds` are those of the
    check alone."""
    from backport.engine import check

    start = time.perf_counter()
    try:
        patch = patch_from_commit(repository, case.upstream)
        target = target_of(repository, case, settings)
        asked = Asked(revision=case.upstream, cache=cache)
        report = check(Series((patch,)), [target], upstream=repository, asked=asked, settings=settings)
    except BackportError as error:
        alarm = Alarm("", "", str(error))
        seconds = time.perf_counter() - start
        return CaseResult(case, verdict="not analysed", alarms=(alarm,), seconds=seconds, error=str(error))
    found = report.targets[0].patches[0]
    seconds = time.perf_counter() - start
    alarms = tuple(_alarms(found.findings, families))
    later = mended(repository, case) if alarms and case.git == GitClass.IDENTICAL else ""
    return CaseResult(
        case,
        verdict=str(found.verdict),
        alarms=alarms,
        mended=later,
        subject=found.subject,
        seconds=seconds,
    )


def _alarms(findings: Iterable[Finding], families: tuple[str, ...]) -> Iterator[Alarm]:
    for finding in findings:
        if finding.severity in _ALARMS and finding.code.startswith(families):
            place = f"{finding.file}:{finding.target_line or 0}"
            yield Alarm(finding.code, str(finding.severity), f"{place} {finding.message}")


# --- what came after -------------------------------------------------------------------------------


def mended(repository: Repository, case: Case) -> str:
    """The commit of the branch, of the next 200, that names this one or removes a line that it added; "" none."""
    tip = _tip(repository, case)
    if not tip:
        return ""
    span = [tip, f"^{case.backport}"]
    added, paths = _added(repository, case.backport)
    touching = set(repository.rev_list(span, "--no-merges", paths=paths))
    for id in repository.rev_list(span, "--reverse", "--no-merges")[:LATER]:
        info = repository.commit(id)
        text = info.body if info else ""
        if case.upstream[:10] in text or case.backport[:10] in text:
            return id
        if id in touching and added & _removed(repository, id):
            return id
    return ""


def _tip(repository: Repository, case: Case) -> str:
    """The branch that the backport went to: the one named so if it holds it, else any that does."""
    for name in (case.branch, f"origin/{case.branch}") if case.branch else ():
        try:
            tip = repository.resolve(name)
        except BackportError:
            continue
        if repository.is_ancestor(case.backport, tip):
            return tip
    holding = [tip for _, tip in tips(repository, containing=case.backport)]
    return holding[0] if holding else ""


def _added(repository: Repository, id: str) -> tuple[set[bytes], list[str]]:
    patch = patch_from_commit(repository, id)
    lines = {line.strip() for h in patch.hunks for line in h.added if len(line.strip()) > 8}
    return lines, [f.path for f in patch.files]


def _removed(repository: Repository, id: str) -> set[bytes]:
    return {line.strip() for h in patch_from_commit(repository, id).hunks for line in h.removed}
