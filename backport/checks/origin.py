"""BP5xx: what the message says of where the patch comes from."""

from __future__ import annotations

from collections.abc import Iterator

from backport.checks.rule import Context, Need, Rule
from backport.errors import BackportError
from backport.git import Repository
from backport.model import Finding, Severity


def _unknown_upstream(context: Context) -> Iterator[Finding]:
    upstream = context.upstream
    if upstream is None:
        return
    for named in context.patch.provenance.upstream:
        if named.certain and not _holds(upstream, named.id):
            yield Finding(
                code="BP501",
                severity=Severity.WARNING,
                message=f"upstream commit {named.id[:12]}, named as `{named.form}`, is not in the upstream repository",
                subject=named.id,
                suggestion="fetch the tree that it is said to be in, or correct the id",
            )


def _holds(upstream: Repository, name: str) -> bool:
    try:
        return upstream.commit(upstream.resolve(name)) is not None
    except BackportError:
        return False


RULES = (
    Rule(
        "BP501",
        "the upstream commit is not in the upstream repository",
        Severity.WARNING,
        "The message names an upstream commit that the repository given by --upstream does not hold: a wrong id, a "
        "tree that was rebased (linux-next), or a clone that is too old.",
        "upstream commit 4cc6e1567996, named as `(cherry picked from commit X)`, is not in the upstream repository",
        _unknown_upstream,
        frozenset({Need.UPSTREAM}),
    ),
)
