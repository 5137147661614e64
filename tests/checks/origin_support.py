"""What the tests of origin, policies and kABI share: a patch checked under a policy, and its findings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from backport.checks import Asked
from backport.engine import check
from backport.git import Repository
from backport.intake import parse_diff, patch_from_commit, read_document
from backport.model import Finding, Patch, Person, Report, Series, Severity
from backport.placement.base import apply_exactly
from backport.provenance import read_provenance, strip_subject
from backport.settings import Settings
from backport.tree import Target
from tests.placement.support import target_of
from tests.report.evidence import open_evidence
from tests.support.repo import Repo

AUTHOR = Person("A U Thor", "author@example.com")
SIGNED = "Signed-off-by: A U Thor <author@example.com>\n"
PORTER = "Signed-off-by: P Orter <porter@example.org>\n"


def message_patch(subject: str, body: str, diff: bytes, author: Person = AUTHOR, date: str = "") -> Patch:
    """A patch with a message, as intake leaves it."""
    files = parse_diff(diff, "patch").files
    said = read_provenance(subject, body)
    return Patch(strip_subject(subject), author, date, body, files, said, document="patch", form="mbox")


def findings_of(report: Report, *codes: str) -> list[Finding]:
    """The findings whose code begins with one of `codes`, in order."""
    return [f for t in report.targets for p in t.patches for f in p.findings if f.code.startswith(codes)]


def judged(
    patch: Patch,
    target: Target,
    *,
    policy: str = "plain",
    upstream: Repository | None = None,
    revision: str = "",
    symbols: Sequence[tuple[str, bytes]] = (),
    rules: Mapping[str, str] | None = None,
) -> list[Finding]:
    """The BP5xx findings of a patch on a target."""
    asked = Asked(policy=policy, revision=revision, symbols=tuple(symbols))
    report = check(
        Series((patch,)), [target], upstream=upstream, asked=asked, settings=Settings(rules=rules or {})
    )
    homes = [upstream] if upstream is not None else []
    trees = {"target": target.tree, "patch": _after(patch, target).tree}
    wrong = open_evidence(_only(report, "BP5"), trees, homes)
    assert wrong == []
    return findings_of(report, "BP5")


def _only(report: Report, family: str) -> Report:
    targets = tuple(
        replace(t, patches=tuple(replace(p, findings=tuple(findings_of(report, family))) for p in t.patches))
        for t in report.targets
    )
    return replace(report, targets=targets)


def _after(patch: Patch, target: Target) -> Target:
    """The patch's own tree after it, for patches that were made against the target itself."""
    from backport.tree import File

    files: dict[str, bytes] = {}
    for path in target.tree.paths():
        entry = target.tree.read(path)
        if isinstance(entry, File):
            files[path] = entry.data
    for change in patch.files:
        if change.new_path:
            files[change.new_path] = apply_exactly(change, files.get(change.old_path, b""))
    return target_of(files)


def codes(found: Iterable[Finding]) -> list[str]:
    return sorted({f.code for f in found})


def one(found: Iterable[Finding], code: str) -> Finding:
    (finding,) = [f for f in found if f.code == code]
    return finding


def severities(found: Iterable[Finding]) -> dict[str, Severity]:
    return {f.code: f.severity for f in found}


__all__ = [
    "Repo",
    "codes",
    "judged",
    "message_patch",
    "one",
    "patch_from_commit",
    "read_document",
    "severities",
]
