"""`backport rules`: the rules of findings, all in a table or one explained."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Protocol

from backport.cli.console import Console
from backport.errors import UsageError
from backport.model import Severity
from backport.report.terminal import pad, wrap

_FAMILIES = {
    "BP0": "the patch's text",
    "BP1": "placement",
    "BP2": "names, members and signatures",
    "BP3": "guards and Kconfig",
    "BP4": "history",
    "BP5": "provenance, policy and kABI",
    "BP6": "build",
}
_EPILOG = """\
examples:
  backport rules
  backport rules BP101
  backport rules BP3
"""


class Rule(Protocol):
    """What of a rule is shown."""

    @property
    def code(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def severity(self) -> Severity: ...
    @property
    def example(self) -> str: ...
    @property
    def explanation(self) -> str: ...
    @property
    def needs(self) -> Iterable[Enum]: ...


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = "List the rules, or explain those that are named (BP301, or BP3 for a family)."
    parser.epilog = _EPILOG
    parser.add_argument("codes", nargs="*", metavar="CODE", help="a rule or a family of rules")
    parser.add_argument("--width", type=int, default=0, metavar="N", help="columns (default: the terminal's)")


def run(arguments: argparse.Namespace, console: Console) -> int:
    from backport.checks import all_rules

    rules = sorted(all_rules(), key=lambda r: r.code)
    width = max(40, console.columns(max(0, arguments.width)))
    lines: list[str] = []
    for code in arguments.codes:
        for rule in _named(rules, code):
            lines += [*([""] if lines else []), *_explained(rule, width)]
    console.write("\n".join(lines or _table(rules)) + "\n")
    return 0


def _named(rules: Sequence[Rule], code: str) -> list[Rule]:
    wanted = code.upper().removesuffix("XX")
    found = [r for r in rules if r.code == wanted or (len(wanted) == 3 and r.code.startswith(wanted))]
    if not found:
        close = difflib.get_close_matches(wanted, [r.code for r in rules], n=1, cutoff=0.5)
        raise UsageError(f"no rule {code}", f"did you mean {close[0]}?" if close else "see backport rules")
    return found


def _table(rules: Sequence[Rule]) -> list[str]:
    lines: list[str] = []
    for family, title in _FAMILIES.items():
        members = [r for r in rules if r.code.startswith(family)]
        if not members:
            continue
        lines += [*([""] if lines else []), f"{family}xx  {title}"]
        lines += [f"  {r.code}  {pad(str(r.severity), 8)} {r.title}" for r in members]
    return lines


def _explained(rule: Rule, width: int) -> list[str]:
    lines = [f"{rule.code}  {rule.severity}  {rule.title}"]
    for paragraph in rule.explanation.strip().split("\n\n"):
        lines += ["", *wrap(" ".join(paragraph.split()), width, first="  ")]
    needs = ", ".join(sorted(n.name.lower() for n in rule.needs))
    if needs:
        lines += ["", f"  needs: {needs}"]
    if rule.example.strip():
        lines += ["", "  example:", *(f"    {x}".rstrip() for x in rule.example.strip("\n").splitlines())]
    return lines
