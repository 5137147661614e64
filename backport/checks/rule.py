"""What a rule is, what it looks at, and how rules are run."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Protocol

from backport.git import Repository
from backport.model import Finding, Patch, Placement, Severity, Skipped
from backport.placement import PatchPlacement
from backport.placement.ground import Ground


class Need(Enum):
    """An input without which a rule is not run; the value completes "not run: ..."."""

    BASE = "the patch's base is not at hand (give --upstream)"
    UPSTREAM = "no upstream repository was named (give --upstream)"


@dataclass(frozen=True, slots=True)
class Context:
    """One patch on one target. `earlier` holds the placements of the series' earlier patches that
    did not land, with the number of their patch."""

    patch: Patch
    placed: PatchPlacement
    ground: Ground
    upstream: Repository | None = None
    earlier: Sequence[tuple[int, Placement]] = ()

    def has(self, need: Need) -> bool:
        if need is Need.UPSTREAM:
            return self.upstream is not None
        return self.placed.base.kind.value != "hunks"


@dataclass(frozen=True, slots=True)
class Rule:
    """A registry entry. `example` is a finding's text as a report shows it; `explanation` says what it
    means and what to do."""

    code: str
    title: str
    severity: Severity
    explanation: str
    example: str
    run: Callable[[Context], Iterable[Finding]]
    needs: frozenset[Need] = field(default_factory=frozenset)


class Levels(Protocol):
    """What of the settings the rules need."""

    def severity(self, code: str, default: Severity) -> Severity | None:
        """The severity of a finding of that rule; None when the rule is off."""


def run_rules(
    rules: Iterable[Rule], context: Context, levels: Levels
) -> tuple[tuple[Finding, ...], tuple[Skipped, ...]]:
    """Run the rules that can be run and are not off; `levels` are the user's settings."""
    findings: list[Finding] = []
    skipped: list[Skipped] = []
    for rule in rules:
        if levels.severity(rule.code, rule.severity) is None:
            continue
        missing = next((need for need in Need if need in rule.needs and not context.has(need)), None)
        if missing is not None:
            skipped.append(Skipped(rule.code, f"not run: {missing.value}"))
            continue
        findings += rule.run(context)
    return finish(findings, levels), tuple(skipped)


def finish(findings: Iterable[Finding], levels: Levels) -> tuple[Finding, ...]:
    """Findings as a report holds them: at the user's severities, those of rules that are off left out, in
    order, each with its fingerprint."""
    levelled = ((f, levels.severity(f.code, f.severity)) for f in findings)
    return _with_fingerprints(replace(f, severity=level) for f, level in levelled if level is not None)


def _with_fingerprints(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings in order of severity and place, each with its fingerprint.

    It is made of code, path, function, the name it is about and the ordinal among equals, never of a
    hunk's text: the next version of a patch keeps it.
    """
    order = list(Severity)
    ranked = sorted(findings, key=lambda f: (order.index(f.severity), f.hunk or 0, f.code))
    counts: Counter[tuple[str, ...]] = Counter()
    result = []
    for finding in ranked:
        parts = (finding.code, finding.file, finding.function, finding.subject)
        counts[parts] += 1
        text = "\0".join((*parts, str(counts[parts])))
        digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        result.append(replace(finding, fingerprint=digest))
    return tuple(result)
