"""The evaluation as pages that need nothing else: the tables, and every case one click away in four panes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from backport.evaluate import summary
from backport.evaluate.values import CaseResult, Evaluation, GitClass

if TYPE_CHECKING:
    from jinja2 import Environment, Template

_TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


class Line(NamedTuple):
    """A line of a pane: "add", "del", "hunk", "mark" or ""."""

    tone: str
    text: str


def render(evaluation: Evaluation) -> bytes:
    """One page with all, in UTF-8."""
    return _page(_overview(evaluation, linked=False))


def pages(evaluation: Evaluation) -> Iterator[tuple[str, bytes]]:
    """The same as a folder, for many cases: `index.html`, and a page for each case."""
    yield "index.html", _page(_overview(evaluation, linked=True))
    for result in evaluation.results:
        yield page_of(result), _page(_template("case.html.j2").render(case=result))


def page_of(result: CaseResult) -> str:
    """The case's own page in the folder."""
    return f"cases/{result.case.backport}-{result.case.upstream[:12]}.html"


def _page(text: str) -> bytes:
    return (text.strip("\n") + "\n").encode("utf-8", "backslashreplace")


def _overview(evaluation: Evaluation, *, linked: bool) -> str:
    counted = summary.summary(evaluation)
    rows = [("all conflicts", counted["conflict"])]
    rows += [(name, counted["conflict"][name]) for name in summary.CONFIDENCES]
    rows += [(f"{name}, on the same cases", row) for name, row in summary.baselines(evaluation).items()]
    return _template("evaluation.html.j2").render(
        evaluation=evaluation,
        summary=counted,
        rows=rows,
        breakdown=[(k, v) for k, v in summary.breakdown(evaluation).items() if k != "if written"],
        cases=sorted(evaluation.results, key=_order),
        linked=linked,
    )


def _order(result: CaseResult) -> tuple[int, str, str]:
    """What was written out and differs comes first: it is what a person must read."""
    outcomes = ["different", "refused", "equivalent", "exact"]
    rank = outcomes.index(str(result.outcome)) if result.outcome else len(outcomes)
    return rank, summary.confidence(result), result.case.key


def _template(name: str) -> Template:
    return _environment().get_template(name)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"plain": plain, "lines": lines}
    environment.globals |= {
        "page_of": page_of,
        "right": summary.right,
        "share": summary.share,
        "alarmed": summary.is_alarmed,
        "is_conflict": lambda result: result.case.git == GitClass.CONFLICT,
    }
    return environment


def plain(text: object) -> str:
    """Text of others, without what would change how a page reads."""
    return _CONTROL.sub("\ufffd", str(text))


def lines(pane: str) -> list[Line]:
    """A pane's lines, with what each is."""
    return [Line(_tone(line), plain(line)) for line in pane.split("\n")] if pane else []


def _tone(line: str) -> str:
    if re.match(r"[ +]?(?:<{7}|\|{7}|={7}|>{7})(?: |$)", line):
        return "mark"
    return {"+": "add", "-": "del", "@": "hunk"}.get(line[:1], "")
