"""Small histories for the rules on names: a common beginning, what upstream and the target made of it, a patch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backport.engine import check
from backport.git import Repository
from backport.intake import patch_from_commit
from backport.intake.diff import parse_diff
from backport.model import Finding, Patch, Person, Report, Series, Severity
from backport.settings import Settings
from backport.tree import Tree, open_target
from tests.report.evidence import open_evidence
from tests.support.repo import Repo

Files = Mapping[str, str | None]


@dataclass(frozen=True)
class Judged:
    """The findings of BP2 on a patch."""

    findings: tuple[Finding, ...]
    report: Report

    @property
    def codes(self) -> list[str]:
        return sorted(f.code for f in self.findings)

    @property
    def alarms(self) -> list[Finding]:
        return [f for f in self.findings if f.severity is not Severity.NOTE]

    def only(self, code: str) -> Finding:
        (found,) = [f for f in self.findings if f.code == code]
        return found


def judge(
    folder: Path, common: Files, upstream: Files, target: Files, patch: Files, *, alone: bool = False
) -> Judged:
    """Check the commit `patch`, made on `common` with the changes of `upstream`, on `common` with those of `target`.

    With `alone` the patch is a bare diff of which no base can be found. All evidence is opened again."""
    repo = Repo(folder / "repo")
    first = repo.commit(common, "common\n")
    before = repo.commit(upstream, "what upstream did\n")
    commit = repo.commit(patch, "the patch\n")
    repo.branch("old", first)
    repo.commit(target, "what the target did\n")
    home = Repository.open(str(repo.path))
    onto = open_target(f"{repo.path}@old", Settings())
    if alone:
        text = repo.git("diff", "--no-ext-diff", before, commit)
        plain = b"\n".join(x for x in text.split(b"\n") if not x.startswith(b"index "))
        diff = parse_diff(plain, "patch").files
        single = Patch("the patch", Person("A U Thor"), "", "", diff, document="patch")
        report = check(Series((single,)), [onto])
    else:
        report = check(Series((patch_from_commit(home, commit),)), [onto], upstream=home)
    trees: dict[str, Tree] = {"target": onto.tree}
    for name, revision in (("upstream", commit), ("base", before), ("patch", commit)):
        trees[name] = open_target(f"{repo.path}@{revision}", Settings()).tree
    found = tuple(f for f in report.targets[0].patches[0].findings if f.code.startswith("BP2"))
    assert [x for x in open_evidence(report, trees) if " BP2" in x] == []
    return Judged(found, report)
