"""The evaluation as one page that needs nothing else: the tables, and every case one click away in four panes."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from backport.evaluate import summary
from backport.evaluate.values import CaseResult, Evaluation, GitClass

if TYPE_CHECKING:
    from jinja2 import Template

_TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff]")


class Line(NamedTuple):
    """A line of a pane: "add", "del", "hunk", "mark" or ""."""

    tone: str
    text: str


def render(evaluation: Evaluation) -> bytes:
    """The page, in UTF-8."""
    counted = summary.summary(evaluation)
    rows = [("all conflicts", counted["conflict"])]
    rows += [(name, counted["conflict"][name]) for name in summary.CONFIDENCES]
    rows += [(f"{name}, on the same cases", row) for name, row in summary.baselines(evaluation).items()]
    page = _template().render(
        evaluation=evaluation,
        summary=counted,
        rows=rows,
        breakdown=[(k, v) for k, v in summary.breakdown(evaluation).items() if k != "if written"],
        cases=sorted(evaluation.results, key=_order),
    )
    return (page.rstrip("\n") + "\n").encode("utf-8", "backslashreplace")


def _order(result: CaseResult) -> tuple[int, str, str]:
    """What was written out and differs comes first: it is what a person must read."""
    outcomes = ["different", "refused", "equivalent", "exact"]
    rank = outcomes.index(str(result.outcome)) if result.outcome else len(outcomes)
    return rank, summary.confidence(result), result.case.key


@cache
def _template() -> Template:
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
        "right": summary.right,
        "share": summary.share,
        "alarmed": summary.is_alarmed,
        "is_conflict": lambda result: result.case.git == GitClass.CONFLICT,
    }
    return environment.get_template("evaluation.html.j2")


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
