"""Small histories for the rules on places: git merges them without a conflict, and the truth is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backport.model import Finding, LineEvidence, Report, Severity
from tests.placement.support import check_commits
from tests.support.repo import Repo

PLACES = tuple(f"BP11{n}" for n in range(1, 10))


@dataclass(frozen=True)
class Judged:
    """What the rules on places say of a commit, and the file as git's own cherry-pick leaves it."""

    findings: tuple[Finding, ...]
    merged: str
    report: Report

    @property
    def codes(self) -> list[str]:
        return [f.code for f in self.findings]

    @property
    def alarms(self) -> list[Finding]:
        return [f for f in self.findings if f.severity is not Severity.NOTE]

    def only(self, code: str) -> Finding:
        (found,) = [f for f in self.findings if f.code == code]
        return found


def swap(text: str, *pairs: tuple[str, str]) -> str:
    """The text with each first part, which must stand in it once, replaced by the second."""
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def judge(
    folder: Path,
    base: str | Mapping[str, str | None],
    upstream: str | Mapping[str, str | None],
    target: str | Mapping[str, str | None],
    path: str = "dev.c",
) -> Judged:
    """Commit a base, the upstream change on it, and the target beside it; git must merge them without a word."""
    repo = Repo(folder / "repo")
    first = repo.commit(_files(base, path))
    commit = repo.commit(_files(upstream, path))
    repo.branch("target", first)
    repo.commit(_files(target, path))
    picked = repo.cherry_pick(commit, "target")
    assert picked.clean, picked.unmerged
    report = check_commits(repo, [commit], "target")
    findings = tuple(f for p in report.targets[0].patches for f in p.findings if f.code in PLACES)
    _reopen(repo, findings, {"base": first, "upstream": commit, "target": "target"})
    return Judged(findings, picked.files.get(path, b"").decode(), report)


def _reopen(repo: Repo, findings: tuple[Finding, ...], trees: Mapping[str, str]) -> None:
    """Every line that a finding names is there, and reads so."""
    for finding in findings:
        assert finding.evidence and finding.suggestion
        for one in finding.evidence:
            assert isinstance(one, LineEvidence)
            lines = repo.git("show", f"{trees[one.tree]}:{one.path}").split(b"\n")
            assert lines[one.line - 1] == one.text, finding.message


def _files(text: str | Mapping[str, str | None], path: str) -> Mapping[str, str | None]:
    return {path: text} if isinstance(text, str) else text
