"""Conflict cases adapted as fast as can be, and counted: for whoever works on a strategy.

    python -m bench.adapting --repo REPO --cases CASES.jsonl --sample 200 --seed 3 --part learn [--list]
    python -m bench.adapting --repo REPO --cases CASES.jsonl --show UPSTREAM TARGET

Without the checks on the adapted tree, and in this process (or two, with --jobs). `--list` prints a line for each
case with its outcome, the strategies it rests on and what is refused; `--outcome different` lists only those; `--show`
prints what the proposal and the maintainer's files differ in. `backport evaluate` is the measure that counts.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from backport.errors import BackportError
from backport.evaluate.baselines import has_wiggle
from backport.evaluate.cases import drawn, read_cases
from backport.evaluate.conflicts import How, Judged, differing, judge_conflict
from backport.evaluate.values import Case, CaseResult, Outcome
from backport.git import Repository, Scratch
from backport.settings import Settings

_SHARED = 25  # cases on one scratch repository


def judge_all(path: str, cases: Sequence[Case], wiggle: bool) -> list[CaseResult]:
    """Cases on shared repositories, in this process."""
    return list(_judged(path, cases, wiggle))


def _judged(path: str, cases: Sequence[Case], wiggle: bool) -> Iterator[CaseResult]:
    for first in range(0, len(cases), _SHARED):
        with Repository.open(path) as repository, Scratch([repository]) as scratch:
            for case in cases[first : first + _SHARED]:
                how = How(checks=False, wiggle=wiggle)
                yield judge_conflict(repository, case, scratch, Settings(), how).result


def outcomes(arguments: argparse.Namespace, cases: Sequence[Case]) -> Iterator[CaseResult]:
    """The results as they come."""
    if arguments.jobs == 1:
        yield from _judged(arguments.repo, cases, arguments.wiggle)
        return
    pool = ProcessPoolExecutor(arguments.jobs, get_context("spawn"))
    batches = [cases[n : n + _SHARED] for n in range(0, len(cases), _SHARED)]
    waiting = [pool.submit(judge_all, arguments.repo, batch, arguments.wiggle) for batch in batches]
    try:
        for one in as_completed(waiting):
            yield from one.result()
    finally:
        pool.shutdown(cancel_futures=True)


# --- shown -----------------------------------------------------------------------------------------


def line_of(result: CaseResult) -> str:
    """One case on one line, and its refusals."""
    case = result.case
    parts = [str(result.outcome), result.confidence or "-", f"{case.upstream[:12]} {case.target[:12]}"]
    parts.append(f"[{case.branch}]")
    parts.append(",".join(result.strategies) or "-")
    if result.refusals:
        parts.append("refused: " + ",".join(result.refusals))
    if result.if_written:
        parts.append(f"(the guess is {result.if_written})")
    wrong = [f.path for f in result.files if f.outcome is Outcome.DIFFERENT]
    if wrong:
        parts.append("differs: " + " ".join(wrong[:4]))
    return " ".join(parts + ([result.error] if result.error else []))


def table(results: Sequence[CaseResult]) -> str:
    """The counts in all, by confidence, by strategy, by reason of refusal."""
    rows = [("all", results)]
    for name in ("", "certain", "likely", "guess"):
        rows.append((name or "lands, or nothing proposed", [r for r in results if r.confidence == name]))
    for name in sorted({s for r in results for s in r.strategies}):
        rows.append((f"strategy {name}", [r for r in results if name in r.strategies]))
    for name in sorted({s for r in results for s in r.strategies}):
        rows.append((f"only {name}", [r for r in results if r.strategies == (name,)]))
    for name in sorted({s for r in results for s in r.refusals}):
        rows.append((f"refusal {name}", [r for r in results if name in r.refusals]))
    for name in sorted({s for r in results for s in r.kinds}):
        rows.append((f"git: {name}", [r for r in results if name in r.kinds]))
    pieces = [(p, r) for r in results for p in r.pieces if p.strategy and p.outcome]
    keys = sorted({(p.strategy, p.confidence) for p, _ in pieces})
    rows_of_pieces = [
        (
            f"piece {s} {c}",
            [p.outcome for p, _ in pieces if (p.strategy, p.confidence) == (s, c) and p.outcome],
        )
        for s, c in keys
    ]
    names = sorted({n for r in results for n in r.baselines})
    lines = [f"{'':34} cases  exact equiv. differ. refused   right  wrong of written"]
    lines += [_row(name, [r.outcome for r in these if r.outcome]) for name, these in rows]
    lines += [_row(name, these) for name, these in rows_of_pieces]
    lines += [_row(f"baseline {n}", [r.baselines[n] for r in results if n in r.baselines]) for n in names]
    guesses = Counter(str(r.if_written) for r in results if r.if_written)
    lines += [f"guesses, had they been written: {dict(guesses)}"] if guesses else []
    bugs = Counter(r.error for r in results if r.error)
    lines += [f"{count} x {error}" for error, count in bugs.most_common(8)]
    seconds = sorted(r.seconds for r in results)
    if seconds:
        late = seconds[int(len(seconds) * 0.95)]
        lines.append(
            f"median {seconds[len(seconds) // 2]:.2f} s, 95 % {late:.2f} s, longest {seconds[-1]:.2f} s"
        )
    return "\n".join(lines)


def _row(name: str, found: Sequence[Outcome]) -> str:
    count = Counter(found)
    exact, equivalent = count[Outcome.EXACT], count[Outcome.EQUIVALENT]
    right, wrong = exact + equivalent, count[Outcome.DIFFERENT]
    written = right + wrong
    share = f"{100 * right / len(found):5.1f} %" if found else "      -"
    other = f"{100 * wrong / written:5.1f} %" if written else "      -"
    refused = count[Outcome.REFUSED]
    return f"{name[:34]:34} {len(found):5} {exact:6} {equivalent:6} {wrong:7} {refused:7} {share} {other}"


def show(repo: str, case: Case) -> str:
    """The conflicts and what was decided, then the differences from the maintainer's tree to the proposal's."""
    with Repository.open(repo) as repository, Scratch([repository]) as scratch:
        judged: Judged = judge_conflict(repository, case, scratch, Settings(), How(checks=False))
        result = judged.result
        lines = [line_of(result), result.subject]
        for piece in result.pieces:
            decided = piece.strategy or f"refused ({piece.refusal})"
            lines.append(
                f"  {piece.path}:{piece.line} {piece.function} {piece.confidence} {decided}"
                f" {piece.outcome or ''}: {piece.why}"
            )
        lines += [f"  {f.path}: {f.outcome}" for f in result.files]
        if judged.tree:
            maintainer = repository.tree_of(case.backport)
            wrong = differing(scratch, maintainer, judged.tree)
            lines.append(f"--- maintainer's, +++ proposed ({len(wrong)} files differ)")
            options = ["diff-tree", "-p", "-U8", "--no-ext-diff", "--no-color", "--histogram"]
            done = scratch.git(*options, maintainer, judged.tree)
            lines.append(done.out.decode("utf-8", "replace"))
        lines.append("=== upstream's")
        lines.append(repository.diff_commit(case.upstream).decode("utf-8", "replace"))
        lines.append("=== maintainer's")
        lines.append(repository.diff_commit(case.backport).decode("utf-8", "replace"))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repo", required=True, help="the repository that holds upstream and branches")
    parser.add_argument("--cases", required=True, help="the case file")
    parser.add_argument("--sample", type=int, default=0, help="how many cases (0: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--part", choices=("all", "learn", "check"), default="all")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--wiggle", action="store_true", help="run the baseline as well")
    parser.add_argument("--list", action="store_true", help="a line for each case")
    parser.add_argument("--outcome", default="", help="with --list: only these (different,exact,...)")
    parser.add_argument("--confidence", default="", help="with --list: only these (certain,likely,guess)")
    parser.add_argument(
        "--strategy", default="", help="with --list: only what rests on one of these strategies"
    )
    parser.add_argument("--show", nargs=2, metavar=("UPSTREAM", "TARGET"), help="prefixes of two ids")
    arguments = parser.parse_args()
    cases = read_cases(Path(arguments.cases))
    if arguments.show:
        upstream, target = arguments.show
        found = [c for c in cases if c.upstream.startswith(upstream) and c.target.startswith(target)]
        if not found:
            raise SystemExit("no such case")
        print(show(arguments.repo, found[0]))
        return
    if arguments.wiggle and not has_wiggle():
        print("wiggle is not installed: left out", file=sys.stderr)
        arguments.wiggle = False
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chosen = drawn(cases, ["conflict"], sample=arguments.sample, seed=arguments.seed, part=arguments.part)
    results: list[CaseResult] = []
    with contextlib.suppress(KeyboardInterrupt, BackportError):
        for result in outcomes(arguments, chosen):
            results.append(result)
            if arguments.list and _asked_for(result, arguments):
                print(line_of(result), flush=True)
    print(table(results))


def _asked_for(result: CaseResult, arguments: argparse.Namespace) -> bool:
    return (
        (not arguments.outcome or str(result.outcome) in arguments.outcome.split(","))
        and (not arguments.confidence or result.confidence in arguments.confidence.split(","))
        and (not arguments.strategy or bool(set(result.strategies) & set(arguments.strategy.split(","))))
    )


if __name__ == "__main__":
    main()
