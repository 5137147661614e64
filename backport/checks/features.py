"""BP12x: features that the patch builds on and the target lacks. What finds them is loaded only when needed."""

from __future__ import annotations

from collections.abc import Iterator

from backport.checks.rule import Context, Rule
from backport.model import FeatureState, Finding, PlacementKind, Severity

_FAILING = frozenset({PlacementKind.CONFLICT, PlacementKind.ABSENT})


def _absent(context: Context) -> Iterator[Finding]:
    if not any(p.kind in _FAILING for p in context.placed.placements):
        return
    from backport.checks.features_found import patch_features
    from backport.checks.features_told import SHOWN_COMMITS, builds_on

    for found in patch_features(context):
        if found.state is not FeatureState.PRESENT:
            yield Finding(
                code="BP121",
                severity=Severity.WARNING,
                message=builds_on(found),
                hunk=found.hunks[0],
                evidence=(*found.evidence[:1], *found.commits[:SHOWN_COMMITS]),
                subject=found.name,
                suggestion="take the commits that brought it first, or write the change without it",
            )


RULES = (
    Rule(
        "BP121",
        "a feature that the patch builds on is not in the target",
        Severity.WARNING,
        "Names that came together upstream are not in the target, or only some of them, and hunks do not land where "
        "they are used. Either the commits that brought them are prerequisites, or the change is written without "
        "them. The names are known by the vocabularies of backport_grammars/features, and by the upstream history of "
        "the lines that differ.",
        "hunks 4 and 11 are written for `wp_copy` and `userfaultfd_wp`, absent from the target (userfaultfd "
        "write-protect support)",
        _absent,
    ),
)
