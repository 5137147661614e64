"""Which condition new code of a proposal needs, as the checks on the adapted tree say it."""

from __future__ import annotations

from collections.abc import Iterable

from backport.model import Finding, GuardEvidence, LineEvidence, Severity


def missing_guards(findings: Iterable[Finding]) -> dict[str, dict[int, str]]:
    """By path and line (1-based) of the adapted files: the condition under which a name that is used there is declared
    (BP301), as far as the line does not stand under it."""
    found: dict[str, dict[int, str]] = {}
    for one in findings:
        if one.code != "BP301" or one.severity is not Severity.ERROR or not one.target_line:
            continue
        declared = next((e.path for e in one.evidence if isinstance(e, LineEvidence)), "")
        guards = [e for e in one.evidence if isinstance(e, GuardEvidence)]
        around = {e.guard for e in guards if e.path == one.file}
        needed = [e.guard for e in guards if e.path == declared and e.guard not in around]
        if needed and declared != one.file:
            found.setdefault(one.file, {})[one.target_line] = " && ".join(dict.fromkeys(needed))
    return found
