"""Rules that hold a patch beside the upstream commit that its message names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from backport.checks.origin.counterpart import (
    compared,
    evidence,
    held,
    is_upstream_commit,
    meant,
    named_commits,
    reached,
    short,
    tip,
)
from backport.checks.origin.policy import policy_of
from backport.checks.rule import Context
from backport.git import CommitInfo
from backport.model import Evidence, Finding, LineEvidence, LineKind, Severity, UpstreamForm, UpstreamId
from backport.provenance import read_subject

if TYPE_CHECKING:
    from backport.checks.origin.difference import Comparison, Deviation
    from backport.checks.origin.search import Match

NOT_MERGED = frozenset({"FROMGIT", "FROMLIST", "FROMPULL"})
"""Tags of patches that were taken before upstream took them."""


def level(context: Context, code: str, default: Severity) -> Severity | None:
    """The severity of a rule under the policy that was asked for; None when that policy says nothing there."""
    return policy_of(context).level(code, default)


def applies(context: Context) -> bool:
    """Whether there is anything to ask: not of a patch that was read from upstream itself."""
    return context.upstream is not None and not is_upstream_commit(context)


# --- the id ----------------------------------------------------------------------------------------


def unknown_upstream(context: Context) -> Iterator[Finding]:
    severity = level(context, "BP501", Severity.WARNING)
    if severity is None or not applies(context):
        return
    for named in named_commits(context):
        if named.commit is None:
            match = meant(context) if not held(context) else None
            yield Finding(
                code="BP501",
                severity=_softer(severity, context) if match is None else severity,
                message=f"upstream commit {named.upstream.id[:12]}, named as `{named.upstream.form}`, is not in the "
                f"upstream repository{_instead(match)}",
                evidence=evidence(match.commit) if match else (),
                subject=named.upstream.id,
                suggestion=_correction(named.upstream, match),
            )


def _softer(severity: Severity, context: Context) -> Severity:
    """A commit that was never said to be upstream may well be missing there."""
    return Severity.NOTE if NOT_MERGED & set(context.patch.provenance.tags) else severity


def _instead(match: Match | None) -> str:
    return f", which has {short(match.commit)}: {match.why}" if match else ""


def _correction(named: UpstreamId, match: Match | None) -> str:
    if match is None:
        return "fetch the tree that it is said to be in, or correct the id"
    return f"name {match.commit.id} in its place" + (
        ", and tag it as upstream's" if named.form is UpstreamForm.CHERRY_PICKED and named.url else ""
    )


def not_an_ancestor(context: Context) -> Iterator[Finding]:
    severity = level(context, "BP502", Severity.WARNING)
    upstream, newest = context.upstream, tip(context)
    if severity is None or upstream is None or not newest or not applies(context):
        return
    if NOT_MERGED & set(context.patch.provenance.tags):
        return
    for commit in held(context):
        if reached(context, commit.id):
            continue
        where = f"{newest[:12]}, the upstream revision" if context.asked.revision else f"HEAD ({newest[:12]})"
        yield Finding(
            code="BP502",
            severity=severity if context.asked.revision else Severity.NOTE,
            message=f"{short(commit)} is in the upstream repository, but not an ancestor of {where}: it stands on "
            "another branch",
            evidence=evidence(commit),
            subject=commit.id,
            suggestion="name the commit that was merged, or the revision that holds this one: --upstream REPO@REV",
        )


def another_change(context: Context) -> Iterator[Finding]:
    severity = level(context, "BP509", Severity.WARNING)
    beside = compared(context) if applies(context) else None
    if severity is None or beside is None or not beside.unrelated:
        return
    match = meant(context)
    if match is not None and match.commit in beside.commits:
        return
    yield Finding(
        code="BP509",
        severity=severity,
        message=f"the upstream commit that is named is another change: {_all(beside.commits)} shares no file with "
        f"this patch{_instead(match)}",
        evidence=evidence(*beside.commits, *((match.commit,) if match else ())),
        subject=beside.commits[0].id,
        suggestion=f"name {match.commit.id}" if match else "correct the id",
    )


def _all(commits: tuple[CommitInfo, ...]) -> str:
    return " and ".join(short(x) for x in commits)


# --- author and subject ----------------------------------------------------------------------------


def _related(context: Context) -> Comparison | None:
    beside = compared(context) if applies(context) else None
    return beside if beside is not None and not beside.unrelated else None


def author_differs(context: Context) -> Iterator[Finding]:
    severity = level(context, "BP504", Severity.WARNING)
    author, beside = context.patch.author, _related(context)
    if severity is None or beside is None or not (author.name or author.email):
        return
    if any(_same_person(author.name, author.email, x) for x in beside.commits):
        return
    commit = beside.commits[0]
    yield Finding(
        code="BP504",
        severity=severity,
        message=f"the author is {author}, that of {short(commit)} is {commit.author}",
        evidence=evidence(commit),
        subject=str(commit.author),
        suggestion=f'keep upstream\'s author: git commit --amend --author="{commit.author}"',
    )


def _same_person(name: str, email: str, commit: CommitInfo) -> bool:
    """By either: people change addresses, and addresses lose their names on the way."""
    theirs = commit.author
    return (bool(email) and email.casefold() == theirs.email.casefold()) or (
        bool(name) and _plain(name) == _plain(theirs.name)
    )


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace('"', "").split())


def subject_differs(context: Context) -> Iterator[Finding]:
    severity = level(context, "BP505", Severity.NOTE)
    beside = _related(context)
    if severity is None or beside is None:
        return
    title = _plain(read_subject(context.patch.subject).title)
    if any(_plain(read_subject(x.subject).title) == title for x in beside.commits):
        return
    commit = beside.commits[0]
    yield Finding(
        code="BP505",
        severity=severity,
        message=f'the subject is "{read_subject(context.patch.subject).title}", upstream\'s is "{commit.subject}"',
        evidence=evidence(commit),
        subject=commit.subject,
        suggestion="keep upstream's subject behind the tags, so that people find the commit by it",
    )


# --- the change ------------------------------------------------------------------------------------


def patch_differs(context: Context) -> Iterator[Finding]:
    severity = level(context, "BP506", Severity.NOTE)
    beside = _related(context)
    if severity is None or beside is None:
        return
    for deviation in beside.deviations:
        first = next((c for c in deviation.ours), None)
        yield Finding(
            code="BP506",
            severity=severity,
            message=deviation.text,
            file=deviation.path,
            function=deviation.function,
            hunk=first.hunk if first else None,
            line=first.line if first else None,
            evidence=(*evidence(*beside.commits), *_lines(deviation)),
            subject=deviation.function or deviation.path,
        )


def _lines(deviation: Deviation) -> tuple[Evidence, ...]:
    """The first lines that only this patch adds, as they stand where the patch was made."""
    added = [c for c in deviation.ours if c.kind is LineKind.ADDED and c.text.strip()]
    return tuple(LineEvidence("patch", deviation.path, c.line, c.text) for c in added[:2])


def not_identical(context: Context) -> Iterator[Finding]:
    severity = level(context, "BP508", Severity.WARNING)
    tags = context.patch.provenance.tags
    beside = _related(context) if "UPSTREAM" in tags and "BACKPORT" not in tags else None
    if severity is None or beside is None or beside.identical:
        return
    yield Finding(
        code="BP508",
        severity=severity,
        message=f"tagged UPSTREAM:, but it is not {_all(beside.commits)}: it differs {_where(beside)}",
        evidence=evidence(*beside.commits),
        subject="UPSTREAM",
        suggestion="tag it BACKPORT:, and say below the line with the commit what was changed",
    )


def _where(beside: Comparison) -> str:
    names = list(dict.fromkeys(d.function or d.path for d in beside.deviations))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"in {', '.join(names[:3])}{more}"


def nothing_changed(context: Context) -> Iterator[Finding]:
    severity = level(context, "BP516", Severity.NOTE)
    tags = context.patch.provenance.tags
    if severity is None or "BACKPORT" not in tags or NOT_MERGED & set(tags):
        return
    beside = _related(context)
    if beside is not None and beside.identical:
        yield Finding(
            code="BP516",
            severity=severity,
            message=f"tagged BACKPORT:, but it adds and removes the same lines as {_all(beside.commits)}",
            evidence=evidence(*beside.commits),
            subject="BACKPORT",
            suggestion="tag it UPSTREAM: unless its context had to be adapted",
        )
