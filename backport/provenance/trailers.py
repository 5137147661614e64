"""Trailers: the `Name: value` lines of a message, wherever kernel people put them."""

from __future__ import annotations

import re

from backport.model import CommitRef, StableRequest, Trailer

_LINE = re.compile(r"([A-Za-z][A-Za-z0-9-]*):(?:[ \t]+(.*)|$)")
_KNOWN = re.compile(
    r"(?:[\w-]+-by|cc|fixes|link|links|url|closes|bug|bugs|bugzilla|buglink|bug-[\w-]+|issue|references|reference"
    r"|resolves|jira|change-id|stable-dep-of|base-commit|prerequisite-patch-id|prerequisite-message-id|git-commit"
    r"|git-repo|patch-mainline|alt-commit|upstream-status|origin|forwarded|applied-upstream|last-update|test"
    r"|cve|crs-fixed|message-id|in-reply-to|depends-on|cq-depend|upstream-commit|conflicts|rhbz|mr|tested|todo"
    r"|commit-queue|reviewed-on|merged-in|fixes-cve)",
    re.IGNORECASE,
)
_REF = re.compile(r"(?:commit\s+)?([0-9a-f]{7,64})\b[\s,:]*(.*)", re.IGNORECASE | re.DOTALL)
_STABLE = re.compile(r"\bstable@(?:vger\.)?kernel\.org\b|^\s*<?stable>?\s*(?:#|$)", re.IGNORECASE)
_NOTE = re.compile(r"(?:#|\[|\()\s*(.*)", re.DOTALL)
_STABLE_VERSION = re.compile(
    r"(?:v|>=\s*v?|since\s+v?)?(\d+\.\d+(?:\.(?:\d+|[xy]))?\+?(?:-rc\d+)?|\d+\.x)\+?"
)
_PREREQUISITE = re.compile(r"([0-9a-f]{7,64})\b\s*:?\s*(.*)", re.DOTALL)
_NUMBERS = re.compile(r"(?:\d+[\s,]*)+")
_REFERENCE_ID = re.compile(
    r"(?:bsc|bnc|boo|jsc|rhbz|fate|git-fixes|gh|lp|deb)[#:]?[\w-]*#?\d+|CVE-\d{4}-\d+", re.I
)
_BUG_NAME = re.compile(
    r"bugs?|bugzilla|buglink|issue|closes|resolves|jira|references|rhbz|cve|bug-(?:debian|ubuntu|redhat)"
)


def read_trailers(body: str) -> tuple[Trailer, ...]:
    """All trailers of a message in its order, continued lines joined with one blank.

    A name that the field knows counts in every paragraph (kernel messages mix trailers with notes);
    another name only in the last one, and where most lines of it are trailers."""
    found: list[Trailer] = []
    paragraphs = re.split(r"\n[ \t]*\n", body)
    last = next((i for i in range(len(paragraphs) - 1, -1, -1) if paragraphs[i].strip()), -1)
    for index, paragraph in enumerate(paragraphs):
        found += _of_paragraph(paragraph, last=index == last)
    return tuple(found)


def _of_paragraph(paragraph: str, *, last: bool) -> list[Trailer]:
    lines = paragraph.split("\n")
    entries: list[list[str]] = []
    names: list[str] = []
    others = 0
    for line in lines:
        match = _LINE.match(line)
        if match:
            names.append(match[1])
            entries.append([match[2] or ""])
        elif entries and line.strip() and (line[0] in " \t" or _continues(names[-1], entries[-1])):
            entries[-1].append(line.strip())
        elif line.strip():
            others += 1
    every = last and len(entries) > others
    return [
        Trailer(name, " ".join(x.strip() for x in parts if x.strip()))
        for name, parts in zip(names, entries, strict=True)
        if (every or _KNOWN.fullmatch(name)) and any(x.strip() for x in parts)
    ]


def _continues(name: str, parts: list[str]) -> bool:
    """Whether a `Fixes:` like trailer with an open parenthesis goes on in a line without indent."""
    text = " ".join(parts)
    return name.lower() in ("fixes", "stable-dep-of") and text.count("(") > text.count(")")


def commit_ref(value: str) -> CommitRef | None:
    """The id and subject of `00da60b9d0a0 ("subject")`, None where the value names no commit."""
    match = _REF.fullmatch(value.strip())
    if not match:
        return None
    subject = match[2].strip()
    if subject.startswith("("):
        subject = subject[1:]
        subject = subject[: subject.rfind(")")] if ")" in subject else subject
    return CommitRef(match[1].lower(), subject.strip().strip('"').strip("'").strip())


def commit_refs(trailers: tuple[Trailer, ...], name: str) -> tuple[CommitRef, ...]:
    """The commits of all trailers of that name, each once."""
    found: list[CommitRef] = []
    for trailer in trailers:
        ref = commit_ref(trailer.value) if trailer.name.lower() == name else None
        if ref and all(x.id != ref.id for x in found):
            found.append(ref)
    return tuple(found)


def stable_requests(trailers: tuple[Trailer, ...]) -> tuple[StableRequest, ...]:
    """`Cc: stable` lines, those of one version joined (Documentation/process/stable-kernel-rules.rst)."""
    found: list[StableRequest] = []
    for trailer in trailers:
        if trailer.name.lower() != "cc" or not _STABLE.search(trailer.value):
            continue
        request = _request(trailer.value)
        if found and found[-1].version == request.version and request.version:
            before = found.pop()
            note = " ".join(x for x in (before.note, request.note) if x)
            request = StableRequest(request.version, before.prerequisites + request.prerequisites, note)
        found.append(request)
    return tuple(found)


def _request(value: str) -> StableRequest:
    address = _STABLE.search(value)
    rest = value[address.end() :] if address and "@" in address[0] else value
    match = _NOTE.search(rest)
    note = match[1].rstrip("])").strip() if match else ""
    version = _STABLE_VERSION.match(note)
    if not version:
        ref = _PREREQUISITE.match(note)
        return StableRequest("", (CommitRef(ref[1], ref[2].strip()),)) if ref else StableRequest("", (), note)
    tail = note[version.end() :].lstrip(" :,-")
    ref = _PREREQUISITE.match(tail)
    if ref:
        return StableRequest(version[0].strip(), (CommitRef(ref[1], ref[2].strip().strip('("')),))
    return StableRequest(version[0].strip(), (), tail)


def bugs(trailers: tuple[Trailer, ...]) -> tuple[str, ...]:
    """Bug numbers and addresses, each once."""
    found: list[str] = []
    for trailer in trailers:
        name = trailer.name.lower()
        if not _BUG_NAME.fullmatch(name):
            continue
        if _NUMBERS.fullmatch(trailer.value):
            found += re.findall(r"\d+", trailer.value)
        elif name in ("references", "cve"):
            found += _REFERENCE_ID.findall(trailer.value)
        else:
            found.append(trailer.value)
    return tuple(dict.fromkeys(found))


def links(trailers: tuple[Trailer, ...]) -> tuple[str, ...]:
    """The addresses of `Link:` and its like, each once."""
    found = []
    for trailer in trailers:
        if trailer.name.lower() in ("link", "links", "url", "forwarded", "reviewed-on"):
            found += re.findall(r"https?://[^\s<>]+", trailer.value)
    return tuple(dict.fromkeys(found))
