"""What maintainers really committed: how often a rule speaks where git was silently wrong, and where it was right.

    python -m bench.maintainers --repo REPO --cases CASES.jsonl [--sample N] [--part learn|check] [--list]

What `backport evaluate --classes different,identical` measures, with the false alarms and the silent cases told one by
one as they come. Each case is judged as `backport check UPSTREAM --onto REPO@TARGET --upstream REPO@UPSTREAM` judges
it. An alarm is an error or warning of the families asked for. One on an `identical` case is false unless the lines were
fixed or reverted on that branch within 200 commits: those are counted apart.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path

from backport.evaluate.cases import drawn, read_cases
from backport.evaluate.formats.text import render
from backport.evaluate.run import Options, results_of
from backport.evaluate.values import CaseResult, Evaluation, GitClass
from backport.git import Repository


def listed(results: Iterable[CaseResult]) -> Iterator[str]:
    """False alarms with what was said, and the silent cases of the other class."""
    for result in results:
        ids = f"{result.case.upstream[:12]} onto {result.case.target[:12]}"
        if result.case.git == GitClass.IDENTICAL and result.alarms:
            later = f" (mended by {result.mended[:12]})" if result.mended else ""
            yield f"alarm on identical: {ids}{later}"
            yield from (f"    {a.code} {a.severity} {a.message}" for a in result.alarms)
        elif result.case.git == GitClass.DIFFERENT and not result.alarms:
            yield f"silent on different: {ids} {result.verdict}"
        if result.error:
            yield f"failed: {ids} {result.error}"


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
    classes = arguments.classes.split(",")
    cases = drawn(
        read_cases(Path(arguments.cases)),
        classes,
        sample=arguments.sample,
        seed=arguments.seed,
        part=arguments.part,
    )
    families = tuple(arguments.rules.split(","))
    options = Options(jobs=arguments.jobs, cache=arguments.cache, families=families)
    results: list[CaseResult] = []
    with Repository.open(arguments.repo) as repository, contextlib.suppress(KeyboardInterrupt):
        for result in results_of(repository, cases, options):
            results.append(result)
            if arguments.list:
                print("".join(f"{line}\n" for line in listed([result])), end="", flush=True)
    print(render(Evaluation(Path(arguments.repo).name, tuple(results))), end="")


if __name__ == "__main__":
    main()
