"""BP0xx: the patch as text."""

from __future__ import annotations

from collections.abc import Iterator

from backport.checks.rule import Context, Rule
from backport.model import Finding, LineEvidence, Severity


def _repaired(context: Context) -> Iterator[Finding]:
    for repair in context.patch.repairs:
        yield Finding(
            code="BP001",
            severity=repair.severity,
            message=f"line {repair.line}: {repair.what}" if repair.line else repair.what,
            line=repair.line or None,
            evidence=(LineEvidence("document", context.patch.document, repair.line, repair.text),)
            if repair.line
            else (),
            subject=repair.kind.value,
            suggestion="compare with the original if the patch came by mail or from a web page"
            if repair.severity is Severity.WARNING
            else "",
        )


def _binary(context: Context) -> Iterator[Finding]:
    for change in context.patch.files:
        if change.binary is not None:
            yield Finding(
                code="BP002",
                severity=Severity.WARNING,
                message=f"{change.path} is a binary change: it is carried along and not judged",
                file=change.path,
                subject=change.path,
                suggestion="apply it with git and look at the file",
            )


RULES = (
    Rule(
        "BP001",
        "the patch's text was damaged and has been repaired",
        Severity.NOTE,
        "What was mended is certain (a lost last line feed, blank context lines that lost their blank, a hunk "
        "header whose count the end of the hunk contradicts), but git apply refuses such a text. Where more than "
        "white space was lost it is a warning: compare with the original.",
        "line 2092: the last hunk is a line shorter than its header says",
        _repaired,
    ),
    Rule(
        "BP002",
        "a binary change is not judged",
        Severity.WARNING,
        "A binary patch has no lines to place. It is carried through and named, never lost; whether it applies "
        "only git can tell.",
        "Documentation/logo.gif is a binary change: it is carried along and not judged",
        _binary,
    ),
)
