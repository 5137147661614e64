"""The helper that opens evidence again sees what is wrong, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from backport.model import (
    CommitEvidence,
    Evidence,
    Feature,
    Finding,
    GuardEvidence,
    LineEvidence,
    Report,
    Severity,
)
from backport.tree import DictTree
from tests.report.evidence import count_evidence, open_evidence
from tests.support.reports import clean_report

ID = "1" * 40
TREE = DictTree({"a.c": b"int a;\n#if defined(CONFIG_X) && Y\nint b;\n#else\nint c;\n#endif\n"})


class Repository:
    def commit(self, id: str) -> SimpleNamespace | None:
        return SimpleNamespace(subject="a subject") if id == ID else None


def report(*evidence: Evidence) -> Report:
    finding = Finding("BP101", Severity.NOTE, "a message", "a.c", evidence=evidence)
    one = clean_report().targets[0]
    return Report((replace(one, patches=(replace(one.patches[0], findings=(finding,)),)),))


def wrong(*evidence: Evidence) -> list[str]:
    return open_evidence(report(*evidence), {"target": TREE}, [Repository()])


def test_what_stands_there_is_no_mismatch() -> None:
    right = (
        LineEvidence("target", "a.c", 3, b"int b;"),
        CommitEvidence(ID, "a subject"),
        GuardEvidence("defined(CONFIG_X) && Y", "target", "a.c", 2),
        GuardEvidence("!CONFIG_X", "target", "a.c", 4),
    )
    assert count_evidence(report(*right)) == 4
    assert wrong(*right) == []


def test_every_kind_of_mismatch_is_told() -> None:
    pieces = (
        LineEvidence("target", "a.c", 3, b"int c;"),
        LineEvidence("target", "a.c", 99, b""),
        LineEvidence("target", "b.c", 1, b""),
        LineEvidence("base", "a.c", 1, b"int a;"),
        CommitEvidence("2" * 40, "a subject"),
        CommitEvidence(ID, "another"),
        GuardEvidence("CONFIG_Z", "target", "a.c", 2),
        GuardEvidence("CONFIG_X", "target", "a.c", 1),
    )
    for piece in pieces:
        assert len(wrong(piece)) == 1, piece


def test_features_and_findings_of_the_series_are_opened_too() -> None:
    bad = LineEvidence("target", "a.c", 1, b"no")
    one = replace(
        clean_report().targets[0],
        findings=(Finding("BP402", Severity.NOTE, "", evidence=(bad,)),),
        features=(Feature("f", "missing", (bad,)),),
    )
    assert len(open_evidence(Report((one,)), {"target": TREE})) == 2
