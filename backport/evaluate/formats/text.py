"""The evaluation as tables that are Markdown as well: they go into a README as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from backport.evaluate import summary
from backport.evaluate.values import Evaluation, GitClass

_HEAD = (
    "cases",
    "exact",
    "equivalent",
    "different",
    "refused",
    "as the maintainer",
    "of what is written, different",
)
_TITLES = {
    "kind": "kind of conflict, in git's words",
    "reason": "why hunks do not land",
    "strategy": "strategy",
    "piece": "single conflicts, by strategy",
    "refusal": "why a part was refused",
    "age": "age of the branch",
    "branch": "branch",
}


def render(evaluation: Evaluation) -> str:
    """All tables, and what was left out."""
    parts = [*_conflicts(evaluation), *_silent(evaluation), _costs(evaluation), *evaluation.notes]
    return "\n\n".join(parts) + "\n"


def _conflicts(evaluation: Evaluation) -> Iterator[str]:
    counted = summary.summary(evaluation)["conflict"]
    if not counted["cases"]:
        return
    rows = {"conflicts": counted}
    rows |= {name: counted[name] for name in summary.CONFIDENCES if counted[name]["cases"]}
    rows |= {f"{name}, on the same": row for name, row in summary.baselines(evaluation).items()}
    yield _table(f"{evaluation.repository}", rows)
    found = summary.breakdown(evaluation)
    for key, title in _TITLES.items():
        if found[key]:
            yield _table(title, found[key])
    guesses = found["if written"]["guess"]
    if guesses["cases"]:
        yield (
            f"Of {guesses['cases']} refused cases that a guess would complete {summary.right(guesses)} would be "
            "as the maintainer's."
        )


def _table(title: str, rows: Mapping[str, Mapping[str, int]]) -> str:
    return "\n".join(table((title, *_HEAD), [(name, *_cells(dict(row))) for name, row in rows.items()]))


def _cells(row: dict[str, int]) -> list[str]:
    right = summary.right(row)
    shares = [summary.share(right, row["cases"]), summary.share(row["different"], right + row["different"])]
    return [str(row[name]) for name in _HEAD[:5]] + shares


def _silent(evaluation: Evaluation) -> Iterator[str]:
    """Where git merges in silence: wrong (different) and right (identical)."""
    counted = summary.summary(evaluation)
    rows = []
    for name in (GitClass.DIFFERENT, GitClass.IDENTICAL):
        row = counted[str(name)]
        if row["cases"]:
            share = summary.share(row["alarmed"], row["cases"] - row["mended"])
            rows.append((str(name), str(row["cases"]), str(row["alarmed"]), share, str(row["mended"])))
    if not rows:
        return
    yield "\n".join(
        table(("git in silence", "cases", "with an alarm", "share", "fixed or reverted later"), rows)
    )
    codes = summary.alarms(evaluation)
    if codes:
        body = [(code, str(row["different"]), str(row["identical"])) for code, row in codes.items()]
        yield "\n".join(table(("rule", "different", "identical"), body))


def _costs(evaluation: Evaluation) -> str:
    counted = summary.summary(evaluation)
    text = (
        f"{len(evaluation.results)} cases; a case takes {counted['seconds_median']:.2f} s at the median, "
        f"{counted['seconds_max']:.2f} s at most, {counted['memory_mib']} MiB."
    )
    return text + (f" {counted['failed']} failed." if counted["failed"] else "")


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table, in columns; all but the first are flush right."""
    cells = [[x.replace("|", "\\|") for x in row] for row in (head, *rows)]
    widths = [max(3, *(len(row[n]) for row in cells)) for n in range(len(head))]
    lines = []
    for row in cells:
        first = row[0].ljust(widths[0])
        lines.append(
            "| " + " | ".join([first, *(x.rjust(w) for x, w in zip(row[1:], widths[1:], strict=True))]) + " |"
        )
    rule = "|" + "|".join(["-" * (widths[0] + 2), *("-" * (w + 1) + ":" for w in widths[1:])]) + "|"
    return [lines[0], rule, *lines[1:]]
