"""One message's provenance, put together from its parts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from backport.model import Provenance, Trailer, UpstreamForm, UpstreamId
from backport.provenance import trailers as t
from backport.provenance.conflicts import find_conflicts
from backport.provenance.subject import SubjectLine, read_subject
from backport.provenance.upstream import find_failed, find_upstream

_FAILED = re.compile(
    r'FAILED: patch "(?P<subject>.*)" failed to apply to (?P<tree>\S+?)(?: tree)?\s*$', re.DOTALL
)
_SERIES = re.compile(r'^Patch series\s+"(?P<title>[^"]*)"(?:\s*,\s*v(?P<version>\d{1,3}))?', re.MULTILINE)
_OF = re.compile(r"^This patch \(of (\d{1,4})\)", re.MULTILINE)
_FOOT = re.compile(r"^(base-commit|prerequisite-patch-id|change-id):\s*(\S+)\s*$", re.MULTILINE)
_GERRIT = re.compile(r"I[0-9a-f]{8,40}")
_HEADERS = re.compile(
    r"origin|applied-upstream|git-commit|git-repo|patch-mainline|references|bug|bug-(?:debian|ubuntu|redhat)"
    r"|forwarded|last-update|reviewed-by|change-id|acked-by|alt-commit",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Message:
    """A message cut in two: what will be the commit's log, and what stands below its `---` line."""

    log: str
    notes: str


def read_provenance(
    subject: str, body: str, *, from_line: str = "", headers: Sequence[tuple[str, str]] = ()
) -> Provenance:
    """What a message says of where its change comes from.

    `subject` and `body` are decoded text; a body may go on below a `---` line, where only
    base-commit, prerequisites and b4's change-id are read. `from_line` is the `From X ...` line of
    format-patch, taken last of all; `headers` are the fields above a message (DEP-3, SUSE), of which
    those that speak of provenance are read as if they stood in the body. Nothing is raised: what is
    not understood is left out."""
    line = read_subject(subject)
    message = _cut(body)
    fields = "\n".join(f"{n}: {v}" for n, v in headers if _HEADERS.fullmatch(n))
    log = f"{fields}\n\n{message.log}" if fields else message.log
    failed = _FAILED.match(line.text)
    found = t.read_trailers(log)
    upstream = find_upstream(log, from_line)
    if failed:
        upstream = _with_failed(body, upstream)
    version, position = _place(line, message.log)
    foot = _FOOT.findall(body)
    return Provenance(
        tags=line.tags if not failed else read_subject(failed["subject"]).tags,
        upstream=upstream,
        fixes=t.commit_refs(found, "fixes"),
        stable=t.stable_requests(found),
        stable_dep_of=t.commit_refs(found, "stable-dep-of"),
        bugs=t.bugs(found),
        links=t.links(found),
        change_id=_change_id(found),
        series_change_id=next((v for k, v in foot if k == "change-id" and not _GERRIT.fullmatch(v)), ""),
        conflicts=find_conflicts(log),
        version=version,
        position=position,
        base_commit=next((v for k, v in foot if k == "base-commit"), ""),
        prerequisite_patch_ids=tuple(v for k, v in foot if k == "prerequisite-patch-id"),
        failed_tree=failed["tree"] if failed else "",
        trailers=tuple(x for x in found if x.name.lower() != "conflicts"),
    )


def _cut(body: str) -> _Message:
    lines = body.replace("\r\n", "\n").split("\n")
    for index, line in enumerate(lines):
        if line.rstrip() == "---":
            return _Message("\n".join(lines[:index]), "\n".join(lines[index + 1 :]))
    return _Message("\n".join(lines), "")


def _with_failed(body: str, others: tuple[UpstreamId, ...]) -> tuple[UpstreamId, ...]:
    """The commit of a FAILED mail first; what its inner message says of itself behind it."""
    own = find_failed(body)
    rest = [x for x in others if x.form is not UpstreamForm.BARE_COMMIT and all(x.id != y.id for y in own)]
    return (*own, *rest)


def _change_id(found: tuple[Trailer, ...]) -> str:
    ids = [x.value.split()[0] for x in found if x.name.lower() == "change-id" and x.value]
    return next((x for x in reversed(ids) if _GERRIT.fullmatch(x)), "")


def _place(line: SubjectLine, log: str) -> tuple[int | None, tuple[int, int] | None]:
    """Version and position: the subject's, else those of Andrew Morton's series notes. He puts the
    note on a series into its first patch, so that `This patch (of 5)` is the first of five."""
    series, of = _SERIES.search(log), _OF.search(log)
    version, position = line.version, line.position
    if version is None and series and series["version"]:
        version = int(series["version"])
    if position is None and of and int(of[1]):
        position = (1, int(of[1]))
    return version, position
