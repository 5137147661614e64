"""SARIF 2.1.0, for code scanning: one run for each target, one result for each finding.

A result's physical location is in the target's tree where the finding has a line there; paths are
relative to its top (`SRCROOT`). The finding's own fingerprint goes into `partialFingerprints`, so
that a second run over a new version of the patch finds the same results again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from backport.model import (
    CommitEvidence,
    Finding,
    GuardEvidence,
    LineEvidence,
    PatchReport,
    Report,
    Severity,
    TargetReport,
)
from backport.report.formats import Style
from backport.report.summary import evidence_words, hunks, target_sentence, target_title, why_skipped
from backport.report.terminal import harmless

if TYPE_CHECKING:
    from backport.checks import Rule

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def render(report: Report, style: Style) -> bytes:
    """One SARIF log."""
    rules = _rules()
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report, t, rules) for t in report.targets]}
    text = json.dumps(log, indent=2, ensure_ascii=False)
    return (_UNSAFE.sub(lambda m: f"\\u{ord(m[0]):04x}", text) + "\n").encode("utf-8", "replace")


def _rules() -> dict[str, Rule]:
    from backport.checks import all_rules

    return {rule.code: rule for rule in all_rules()}


def _run(report: Report, target: TargetReport, rules: Mapping[str, Rule]) -> dict[str, Any]:
    findings = [f for p in target.patches for f in p.findings] + list(target.findings)
    codes = sorted({f.code for f in findings})
    places = {code: i for i, code in enumerate(codes)}
    driver: dict[str, Any] = {
        "name": "backport",
        "rules": [_descriptor(code, rules.get(code)) for code in codes],
    }
    version = report.tool.partition(" ")[2]
    if version:
        driver["version"] = version
    title = harmless(target_title(target))
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"backport/{harmless(target.name or 'show')}"},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(target)],
        "results": [
            *(_result(f, p, places) for p in target.patches for f in p.findings),
            *(_result(f, None, places) for f in target.findings),
        ],
        "properties": {
            "target": title,
            "verdict": target.verdict,
            "summary": harmless(target_sentence(target)),
        },
    }
    if any("locations" in r for r in run["results"]):
        run["originalUriBaseIds"] = {"SRCROOT": {"description": {"text": f"the top of {title}"}}}
    return run


def _invocation(target: TargetReport) -> dict[str, Any]:
    """Says that the run went through, and which patches could not be read or rules not be run."""
    notes = [
        {"level": "error", "message": {"text": harmless(p.unreadable)}}
        for p in target.patches
        if p.unreadable
    ]
    notes += [
        {"level": "note", "message": {"text": harmless(f"{s.code} not run: {why_skipped(s)}")}}
        for s in target.skipped
    ]
    found: dict[str, Any] = {"executionSuccessful": True}
    if notes:
        found["toolExecutionNotifications"] = notes
    return found


def _descriptor(code: str, rule: Rule | None) -> dict[str, Any]:
    if rule is None:
        return {"id": code}
    return {
        "id": code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": " ".join(rule.explanation.split()) or rule.title},
        "help": {"text": rule.explanation.strip() or rule.title},
        "defaultConfiguration": {"level": str(rule.severity)},
    }


def _result(finding: Finding, patch: PatchReport | None, places: Mapping[str, int]) -> dict[str, Any]:
    text = harmless(finding.message)
    if finding.suggestion:
        text += f"\nSuggestion: {harmless(finding.suggestion)}"
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": places[finding.code],
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
    }
    location = _location(finding, patch)
    if location:
        result["locations"] = [location]
    related = list(_related(finding.evidence))
    if related:
        result["relatedLocations"] = related
    if finding.fingerprint:
        result["partialFingerprints"] = {"backport/v1": finding.fingerprint}
    properties: dict[str, Any] = {"evidence": [evidence_words(e, harmless) for e in finding.evidence]}
    if patch is not None:
        properties["patch"] = harmless(patch.subject)
    if finding.hunk is not None:
        properties["hunk"] = finding.hunk
    result["properties"] = properties
    return result


_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}


def _location(finding: Finding, patch: PatchReport | None) -> dict[str, Any] | None:
    path = _target_path(finding, patch)
    if not path:
        return None
    location: dict[str, Any] = {"physicalLocation": _physical(path, finding.target_line)}
    if finding.function:
        location["logicalLocations"] = [{"name": harmless(finding.function), "kind": "function"}]
    return location


def _target_path(finding: Finding, patch: PatchReport | None) -> str:
    """The finding's file as the target calls it: its hunk's, else the file's, else the patch's own."""
    if patch is not None:
        for _, hunk in hunks(patch):
            if hunk.number == finding.hunk and hunk.target_path:
                return hunk.target_path
        for file in patch.files:
            if file.path == finding.file and file.target_path:
                return file.target_path
    return finding.file


def _physical(path: str, line: int | None) -> dict[str, Any]:
    uri = quote(path.encode("utf-8", "surrogateescape"), safe="/")
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri, "uriBaseId": "SRCROOT"}}
    if line:
        physical["region"] = {"startLine": line}
    return physical


def _related(evidence: Iterable[LineEvidence | CommitEvidence | GuardEvidence]) -> Iterable[dict[str, Any]]:
    """Evidence in the target's tree, as places; the rest is told in the result's properties."""
    number = 0
    for piece in evidence:
        if isinstance(piece, CommitEvidence) or piece.tree != "target" or not piece.path or piece.line < 1:
            continue
        number += 1
        text = piece.guard if isinstance(piece, GuardEvidence) else piece.text
        yield {
            "id": number,
            "message": {"text": harmless(text).strip() or "(an empty line)"},
            "physicalLocation": _physical(piece.path, piece.line),
        }
