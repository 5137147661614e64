"""What maintainers really committed: how often a rule speaks where git was silently wrong, and where it was right.

    python -m bench.maintainers --repo REPO --cases CASES.jsonl [--sample N] [--part learn|check] [--list]

A case file has one JSON object a line: `target` (the tree before), `upstream` (the commit), `base` (its parent),
`backport` (what was committed), `branch`, and `git`: `identical` (git's merge is what was committed), `different` (git
merged in silence, and something else was committed) or `conflict`. Each case is judged as
`backport check UPSTREAM --onto REPO@TARGET --upstream REPO@UPSTREAM` judges it. An alarm is an error or warning of the
families asked for. An alarm on an `identical` case is false unless the lines were fixed or reverted on that branch
within 200 commits: those are counted apart.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import signal
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from backport.checks import Asked
from backport.engine import check
from backport.errors import BackportError
from backport.git import Repository
from backport.intake import patch_from_commit
from backport.model import Finding, Series, Severity
from backport.settings import Settings
from backport.tree import open_target

LATER = 200
_ALARMS = (Severity.ERROR, Severity.WARNING)


@dataclass(frozen=True, slots=True)
class Case:
    git: str
    target: str
    upstream: str
    base: str
    backport: str
    branch: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a case gave: the verdict, the alarms as (code, severity, message), and the seconds it took.

    `mended`: a later commit of the branch fixed or reverted the lines."""

    case: Case
    verdict: str
    alarms: tuple[tuple[str, str, str], ...]
    seconds: float
    mended: str = ""


def read_cases(path: Path) -> list[Case]:
    names = Case.__dataclass_fields__
    rows = (json.loads(line) for line in path.read_text().splitlines() if line.strip())
    return [Case(**{name: row.get(name, "") for name in names}) for row in rows]


def drawn(cases: Sequence[Case], classes: Sequence[str], part: str, sample: int, seed: int) -> list[Case]:
    """At most `sample` cases of each class, of the part of the upstream ids that is for learning (0 to 7) or for
    the check (8 to f)."""
    digits = {"learn": "01234567", "check": "89abcdef"}.get(part, "0123456789abcdef")
    result: list[Case] = []
    for name in classes:
        these = [c for c in cases if c.git == name and c.upstream[0] in digits]
        random.Random(seed).shuffle(these)
        result += these[:sample] if sample else these
    return result


@cache
def _repository(path: str) -> Repository:
    return Repository.open(path)


def judge(path: str, case: Case, families: tuple[str, ...], cache_folder: str) -> Outcome:
    """One case, in a worker."""
    start = time.perf_counter()
    repository = _repository(path)
    try:
        patch = patch_from_commit(repository, case.upstream)
        target = open_target(f"{path}@{case.target}", Settings())
        asked = Asked(revision=case.upstream, cache=cache_folder)
        report = check(Series((patch,)), [target], upstream=repository, asked=asked).targets[0].patches[0]
    except BackportError as error:
        return Outcome(case, "not analysed", (("", "", str(error)),), time.perf_counter() - start)
    alarms = tuple(_alarms(report.findings, families))
    seconds = time.perf_counter() - start
    mended = _mended(repository, case) if alarms and case.git == "identical" else ""
    return Outcome(case, str(report.verdict), alarms, seconds, mended)


def _alarms(findings: Iterable[Finding], families: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    for finding in findings:
        if finding.severity in _ALARMS and finding.code.startswith(families):
            place = f"{finding.file}:{finding.target_line or 0}"
            yield finding.code, str(finding.severity), f"{place} {finding.message}"


def _mended(repository: Repository, case: Case) -> str:
    """The commit of the branch, of the next 200, that names this one or removes a line that it added; "" none."""
    tip = next((t for t in _tips(case.branch) if _resolves(repository, t)), "")
    if not tip:
        return ""
    later = repository.rev_list([repository.resolve(tip), f"^{case.backport}"], "--reverse", "--no-merges")
    added, paths = _added(repository, case.backport)
    touching = set(
        repository.rev_list([repository.resolve(tip), f"^{case.backport}"], "--no-merges", paths=paths)
    )
    for id in later[:LATER]:
        info = repository.commit(id)
        text = info.body if info else ""
        if case.upstream[:10] in text or case.backport[:10] in text:
            return id
        if id in touching and added & _removed(repository, id):
            return id
    return ""


def _tips(branch: str) -> tuple[str, ...]:
    return (branch, f"origin/{branch}", f"refs/remotes/origin/{branch}")


def _resolves(repository: Repository, name: str) -> bool:
    try:
        repository.resolve(name)
    except BackportError:
        return False
    return True


def _added(repository: Repository, id: str) -> tuple[set[bytes], list[str]]:
    patch = patch_from_commit(repository, id)
    lines = {line.strip() for h in patch.hunks for line in h.added if len(line.strip()) > 8}
    return lines, [f.path for f in patch.files]


def _removed(repository: Repository, id: str) -> set[bytes]:
    return {line.strip() for h in patch_from_commit(repository, id).hunks for line in h.removed}


def run(arguments: argparse.Namespace) -> Iterator[Outcome]:
    """The outcomes, each as it comes."""
    cases = drawn(
        read_cases(Path(arguments.cases)),
        arguments.classes.split(","),
        arguments.part,
        arguments.sample,
        arguments.seed,
    )
    families = tuple(arguments.rules.split(","))
    if arguments.jobs == 1:
        yield from (judge(arguments.repo, c, families, arguments.cache) for c in cases)
        return
    pool = ProcessPoolExecutor(arguments.jobs, get_context("spawn"))
    waiting = [pool.submit(judge, arguments.repo, c, families, arguments.cache) for c in cases]
    try:
        for one in as_completed(waiting):
            yield one.result()
    finally:
        pool.shutdown(cancel_futures=True)


def table(outcomes: Sequence[Outcome], classes: Sequence[str]) -> str:
    """The shares by class, and by rule."""
    lines = ["| class | cases | with an alarm | share | fixed or reverted later |", "|---|---|---|---|---|"]
    for name in classes:
        these = [o for o in outcomes if o.case.git == name]
        loud = [o for o in these if o.alarms and not o.mended]
        later = sum(bool(o.mended) for o in these)
        share = 100 * len(loud) / max(1, len(these) - later)
        lines.append(f"| {name} | {len(these)} | {len(loud)} | {share:.1f} % | {later} |")
    codes = sorted({a[0] for o in outcomes for a in o.alarms})
    lines += [
        "",
        "| rule | " + " | ".join(classes) + " |",
        "|---|" + "---|" * len(classes),
    ]
    for code in codes:
        counts = Counter(o.case.git for o in outcomes if any(a[0] == code for a in o.alarms) and not o.mended)
        lines.append(f"| {code or 'not analysed'} | " + " | ".join(str(counts[c]) for c in classes) + " |")
    seconds = sorted(o.seconds for o in outcomes)
    if seconds:
        middle, late = seconds[len(seconds) // 2], seconds[int(len(seconds) * 0.95)]
        lines += ["", f"median {middle:.2f} s, 95 % within {late:.2f} s, longest {seconds[-1]:.2f} s"]
    return "\n".join(lines)


def listed(outcomes: Iterable[Outcome]) -> Iterator[str]:
    """False alarms with what was said, and the silent cases of the other classes."""
    for outcome in outcomes:
        ids = f"{outcome.case.upstream[:12]} onto {outcome.case.target[:12]}"
        if outcome.case.git == "identical" and outcome.alarms:
            later = f" (mended by {outcome.mended[:12]})" if outcome.mended else ""
            yield f"alarm on identical: {ids}{later}"
            yield from (f"    {code} {severity} {message}" for code, severity, message in outcome.alarms)
        elif outcome.case.git == "different" and not outcome.alarms:
            yield f"silent on different: {ids} {outcome.verdict}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repo", required=True, help="the repository that holds upstream and branches")
    parser.add_argument("--cases", required=True, help="the case file")
    parser.add_argument("--classes", default="different,identical")
    parser.add_argument("--rules", default="BP1,BP2,BP3", help="code prefixes that count")
    parser.add_argument("--sample", type=int, default=0, help="cases of each class (0: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", choices=("all", "learn", "check"), default="all")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cache", default="", help="folder of the index of definitions")
    parser.add_argument("--list", action="store_true", help="name false alarms and silent cases")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    outcomes: list[Outcome] = []
    with contextlib.suppress(KeyboardInterrupt):
        for outcome in run(arguments):
            outcomes.append(outcome)
            if arguments.list:
                print("".join(f"{line}\n" for line in listed([outcome])), end="", flush=True)
    print(table(outcomes, arguments.classes.split(",")))


if __name__ == "__main__":
    main()
