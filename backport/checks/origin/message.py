"""Rules on what the message says of where the patch comes from, as the policy that was asked for has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from backport.checks.origin.counterpart import (
    compared,
    evidence,
    held,
    is_upstream_commit,
    meant,
    named_commits,
)
from backport.checks.origin.policy import Policy, Requirement, policy_of
from backport.checks.rule import Context
from backport.model import ConflictsNote, Finding, Severity, UpstreamForm, UpstreamId
from backport.provenance import read_subject

if TYPE_CHECKING:
    from backport.checks.origin.difference import Comparison


def _asked(context: Context, what: str) -> tuple[tuple[Requirement, ...], Policy]:
    """What the policy asks of this patch; nothing of upstream's own commits, which are no backports yet."""
    policy = policy_of(context)
    found = policy.asked(what, context.patch.provenance.tags)
    return (found if found and not is_upstream_commit(context) else ()), policy


def _severity(policy: Policy, asked: Requirement | None, code: str, default: Severity) -> Severity | None:
    known = dict(policy.levels)
    if code in known or asked is None or asked.level is None:
        return policy.level(code, default)
    return asked.level


# --- upstream's id ---------------------------------------------------------------------------------


def no_upstream(context: Context) -> Iterator[Finding]:
    asked, policy = _asked(context, "upstream")
    patch = context.patch
    if not asked or any(x.certain for x in patch.provenance.upstream) or _exempt(policy, patch.subject):
        return
    severity = _severity(policy, asked[0], "BP503", Severity.WARNING)
    if severity is None:
        return
    match = meant(context)
    has = f"; upstream has {match.commit.id[:12]} with {match.why}" if match else ""
    written = asked[0].write.format(id=match.commit.id if match else "<40 digits>")
    yield Finding(
        code="BP503",
        severity=severity,
        message=f"no upstream commit is named: {asked[0].because}{has}",
        evidence=evidence(match.commit) if match else (),
        subject="upstream",
        suggestion=f"write `{written}`{_place(asked[0])}",
    )


def _place(asked: Requirement) -> str:
    return " as the first line of the message" if asked.place == "first" else ""


def _exempt(policy: Policy, subject: str) -> bool:
    return bool(policy.exempt and policy.exempt.match(read_subject(subject).title))


def id_form(context: Context) -> Iterator[Finding]:
    asked, policy = _asked(context, "upstream")
    named = [x for x in context.patch.provenance.upstream if x.certain and x.form not in _OF_MAIL]
    severity = _severity(policy, asked[0], "BP513", Severity.WARNING) if asked and named else None
    if severity is None:
        return
    wrong = _wrong_form(context, named, asked[0])
    if wrong:
        full = _full_id(context, named[0])
        yield Finding(
            code="BP513",
            severity=severity,
            message=f"{wrong}: {asked[0].because}",
            evidence=evidence(*held(context)[:1]),
            subject=named[0].id,
            suggestion=f"write `{asked[0].write.format(id=full)}`{_place(asked[0])}",
        )


_OF_MAIL = (UpstreamForm.FAILED_MAIL, UpstreamForm.FROM_LINE)


def _wrong_form(context: Context, named: list[UpstreamId], asked: Requirement) -> str:
    good = [x for x in named if str(x.form) in asked.forms]
    if not good:
        forms = " or ".join(f"`{x}`" for x in asked.forms)
        return f"the upstream commit is named as `{named[0].form}`, and not as {forms}"
    short = next((x for x in good if len(x.id) < asked.digits), None)
    if short is not None:
        return f"`{short.id}` has {len(short.id)} of the {asked.digits} digits of an upstream id"
    if asked.place == "first" and not _opens(context.patch.body, good):
        return f"`{good[0].form}` stands below the text, and not above it"
    return ""


def _opens(body: str, named: list[UpstreamId]) -> bool:
    """Whether the message's first paragraph names one of the commits (a `From:` line may come before)."""
    lines = [x for x in body.strip().splitlines() if not x.startswith(("From:", "Date:"))]
    first = "\n".join(lines).strip().partition("\n\n")[0].lower()
    return any(x.id in first for x in named)


def _full_id(context: Context, named: UpstreamId) -> str:
    commit = next((x.commit for x in named_commits(context) if x.upstream == named), None)
    return commit.id if commit is not None else named.id


# --- tags ------------------------------------------------------------------------------------------


def tag(context: Context) -> Iterator[Finding]:
    policy = policy_of(context)
    severity = policy.level("BP511", Severity.WARNING)
    if policy.tags is None or severity is None or is_upstream_commit(context):
        return
    tags = context.patch.provenance.tags
    allowed = ", ".join(f"{x}:" for x in policy.tags)
    strange = [x for x in tags if x not in policy.tags]
    if strange:
        message = f"the subject is tagged {strange[0]}:, a tag that {policy.title} do not use"
        suggestion = f"use one of {allowed}" if allowed else "take the tag out"
    elif policy.required and not tags and not _exempt(policy, context.patch.subject):
        message = f"the subject has no tag: {policy.because}"
        suggestion = f"begin it with {_fitting(context) or f'one of {allowed}'}"
    else:
        return
    yield Finding("BP511", severity, message, subject=strange[0] if strange else "tag", suggestion=suggestion)


def _fitting(context: Context) -> str:
    beside = compared(context)
    if beside is None or beside.unrelated:
        return ""
    return "UPSTREAM:" if beside.identical else "BACKPORT:"


# --- trailers and addresses ------------------------------------------------------------------------


def trailers(context: Context) -> Iterator[Finding]:
    asked, policy = _asked(context, "trailer")
    for one in asked:
        severity = _severity(policy, one, "BP512", Severity.WARNING)
        missing = _missing(context, one) if severity is not None else ""
        if missing and severity is not None and not _exempt(policy, context.patch.subject):
            yield Finding(
                "BP512",
                severity,
                f"{missing}: {one.because}",
                evidence=evidence(*held(context)[:1]) if "upstream" in missing else (),
                subject=one.name,
                suggestion=f"add a line `{one.name}: ...`",
            )


def _missing(context: Context, asked: Requirement) -> str:
    values = [x.value for x in context.patch.provenance.trailers if x.name.lower() == asked.name.lower()]
    if not values:
        return f"there is no {asked.name}: line"
    if asked.own and (theirs := _upstream_values(context, asked.name)):
        last = values[-1] == theirs[-1] and len(values) <= len(theirs)
        return f"no {asked.name}: line follows those that are upstream's" if last else ""
    return ""


def _upstream_values(context: Context, name: str) -> list[str]:
    from backport.provenance import read_provenance

    commits = held(context)
    if not commits:
        return []
    said = read_provenance(commits[0].subject, commits[0].body)
    return [x.value for x in said.trailers if x.name.lower() == name.lower()]


def source(context: Context) -> Iterator[Finding]:
    """Where a patch that is not upstream yet was taken from."""
    trees, policy = _asked(context, "tree")
    links, _ = _asked(context, "link")
    named = context.patch.provenance.upstream
    for one in trees:
        severity = _severity(policy, one, "BP514", Severity.WARNING)
        unstable = next(
            (x for x in named if one.unstable and one.unstable.search(f"{x.url} {x.branch}")), None
        )
        if severity is None or _is_held(context):
            continue
        if named and not any(x.url or x.branch for x in named):
            message = f"no repository and branch behind {named[0].id[:12]}: {one.because}"
            yield _sourced(
                severity, message, "write `(cherry picked from commit <id> <repository> <branch>)`"
            )
        elif unstable is not None:
            where = f"{unstable.url} {unstable.branch}".strip()
            message = f"{unstable.id[:12]} is named in {where}, which is made anew every day: {one.because}"
            yield _sourced(
                Severity.NOTE, message, "name the maintainer's own tree, or the commit in mainline"
            )
    for one in links:
        severity = _severity(policy, one, "BP514", Severity.WARNING)
        found = any(one.pattern is None or one.pattern.match(x) for x in context.patch.provenance.links)
        if severity is not None and not found:
            yield _sourced(
                severity, f"no Link: to the thread: {one.because}", "add `Link: https://lore.kernel.org/...`"
            )


def _is_held(context: Context) -> bool:
    """Whether upstream has it by now: its repository says more than a line of the message."""
    return bool(held(context))


def _sourced(severity: Severity, message: str, suggestion: str) -> Finding:
    return Finding("BP514", severity, message, subject="source", suggestion=suggestion)


# --- what was changed ------------------------------------------------------------------------------


def no_note(context: Context) -> Iterator[Finding]:
    policy = policy_of(context)
    provenance = context.patch.provenance
    if is_upstream_commit(context) or notes_on_changes(context):
        return
    asked = next(iter(policy.asked("note", provenance.tags)), None)
    severity = _severity(policy, asked, "BP507", Severity.WARNING)
    tagged = "BACKPORT" in provenance.tags
    beside = _differing(context, tagged or (asked is not None and asked.when == "differs"))
    if severity is None or not (tagged or beside) or _is_same(context):
        return
    because = f": {asked.because}" if asked else ""
    what = _what_differs(beside) if beside else "tagged BACKPORT:"
    yield Finding(
        code="BP507",
        severity=severity,
        message=f"{what}, and the message does not say what was changed{because}",
        evidence=evidence(*beside.commits) if beside else (),
        subject="note",
        suggestion="say it in a note such as `[name: what was adapted, and why]` or `Conflicts:`",
    )


def _is_same(context: Context) -> bool:
    beside = compared(context)
    return beside is not None and beside.identical


def _differing(context: Context, wanted: bool) -> Comparison | None:
    """The comparison, where it matters: a note is not needed for white space."""
    beside = compared(context) if wanted else None
    if beside is None or beside.unrelated or not any(d.matters for d in beside.deviations):
        return None
    return beside


def _what_differs(beside: Comparison) -> str:
    names = list(dict.fromkeys(d.function or d.path for d in beside.deviations if d.matters))
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"the patch differs from {beside.commits[0].id[:12]} in {', '.join(names[:3])}{more}"


_MARK = re.compile(
    r"\(\s*(?:cherry[ -]picked|back-?ported) from[^()]*\)|\[\s*(?:upstream|backported)[^\[\]]*\]", re.I
)
_TRAILER = re.compile(r"[A-Za-z][\w-]*:\s|\s+\S")


def notes_on_changes(context: Context) -> tuple[ConflictsNote, ...]:
    """What the backporter wrote on conflicts and changes, in any form in use; also as plain sentences below the
    line that names the commit."""
    known = context.patch.provenance.conflicts
    if known:
        return known
    body = context.patch.body
    marks = list(_MARK.finditer(body))
    if not marks:
        return ()
    below = body[marks[-1].end() :].splitlines()
    if marks[-1].start() < len(body) // 2 and len(marks) == 1 and not body[: marks[-1].start()].strip():
        return ()  # The line opens the message: what is below is upstream's own text.
    prose = [x.strip() for x in below if x.strip() and not _TRAILER.match(x) and len(x.split()) > 2]
    return (ConflictsNote("text", "\n".join(prose), (), (" ".join(prose),)),) if prose else ()


def too_large(context: Context) -> Iterator[Finding]:
    asked, policy = _asked(context, "size")
    lines = sum(len(h.lines) + 1 for h in context.patch.hunks)
    for one in asked:
        severity = _severity(policy, one, "BP515", Severity.NOTE)
        if severity is not None and lines > one.lines:
            yield Finding(
                "BP515",
                severity,
                f"the patch has {lines} lines: {one.because}",
                subject="size",
                suggestion="say why it is needed as a whole, or leave out what is not the fix",
            )
