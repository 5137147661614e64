"""Every form in use in which a message names its upstream commit.

Taken for one is only what stands as a statement of its own: a line or bracket by itself, a
parenthesis of `git cherry-pick -x`, a trailer. A commit that prose mentions is none of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from backport.model import UpstreamForm, UpstreamId

_ID = r"[0-9a-f]{7,64}"
_FULL = r"[0-9a-f]{12,64}"
_NAMED = rf'({_ID})(?:\s*\((?:"[^"]*"|[^()]*)\))?'
_IDS = re.compile(rf"(?<![0-9a-zA-Z])({_ID})(?![0-9a-zA-Z])")

_COMMIT_UPSTREAM = re.compile(
    rf"\[?\s*commit:?\s+{_NAMED}\s+(?:upstream|in upstream)\b[ \t]*\.?[ \t]*\]?", re.I | re.S
)
_UPSTREAM_COMMIT = re.compile(
    rf"\[\s*(?:this is )?(?:upstream|mainline|linux)[ -](?:git )?commits?(?: id)?:?\s+({_ID}\b[^\[\]]*)\]",
    re.I | re.S,
)
_UPSTREAM_LINE = re.compile(rf"(?:upstream|mainline)[ -]commit(?:[ -]id)?:?\s+({_ID})[ \t]*\.?", re.I)
_BACKPORTED_UPSTREAM = re.compile(
    rf"\[\s*back-?ported from (?:upstream|mainline) commits?:?\s+({_ID}\b[^\[\]]*)\]"
    rf"|(?:this is )?(?:a )?back-?port(?:ed)? (?:of|from) (?:upstream|mainline) commit:?\s+({_ID})[ \t]*\.?",
    re.I | re.S,
)
_PICKED = re.compile(
    rf"\(\s*(cherry[ -]picked|back-?ported)\s+from(?:\s+(?:upstream\s+|mainline\s+)?commits?)?:?\s+({_ID})\b([^()]*)\)",
    re.I,
)
_MASTER = re.compile(rf"master commit:\s*({_ID})\s*", re.I)
_GIT_COMMIT = re.compile(rf"(?:Alt-commit|Git-commit):\s*({_ID})\b.*", re.I)
_ORIGIN = re.compile(r"(?:Origin|Applied-Upstream):\s*(.+)", re.I)
_BARE = re.compile(rf"commit:?\s+({_FULL})\s*")
_FROM = re.compile(r">?From ([0-9a-f]{40}|[0-9a-f]{64}) ")
_PICK_COMMAND = re.compile(rf"git cherry-pick (?:-x )?({_ID})\b")
_URL = re.compile(r"\b(?:https?|git|ssh)://[^\s<>\"')]+|\bgit@[\w.-]+:[^\s)]+")
_URL_ID = re.compile(
    r"(?:[?;&]id=|[?;&]h=|/linus/|/commit/\??(?:id=)?|/c/|/patch/\??(?:id=)?|/\+/)([0-9a-f]{7,64})\b"
)
_FIELD = re.compile(r"[A-Za-z][\w-]*:(?:\s|$)|[a-z]+ inclusion$|from \S+$")
_AFTER_BARE = re.compile(r"(?:Author|Date|AuthorDate|Commit|Merge|category|bugzilla|CVE|Reference)\b")


def find_upstream(body: str, from_line: str) -> tuple[UpstreamId, ...]:
    """All upstream ids of a message, each once in its best form, in the message's order; that of a
    format-patch `From X` line last."""
    found: list[tuple[int, UpstreamId]] = []
    found += _parentheses(body)
    found += _paragraphs(body)
    found += _lines(body)
    found.sort(key=lambda x: (not x[1].certain, x[0]))
    match = _FROM.match(from_line)
    if match and match[1].strip("0"):
        found.append((len(body), UpstreamId(match[1], UpstreamForm.FROM_LINE, certain=False)))
    return _once([x for _, x in found])


def find_failed(body: str) -> tuple[UpstreamId, ...]:
    """The commit of a mail of the stable team that says which patch did not apply."""
    found = [(m.start(), m[1]) for m in _PICK_COMMAND.finditer(body)]
    offset = 0
    for line in body.splitlines(keepends=True):
        match = _FROM.match(line)
        if match and match[1].strip("0"):
            found.append((offset, match[1]))
        offset += len(line)
    return _once([UpstreamId(x, UpstreamForm.FAILED_MAIL) for _, x in sorted(found)])


def _once(ids: Sequence[UpstreamId]) -> tuple[UpstreamId, ...]:
    kept: list[UpstreamId] = []
    for one in ids:
        if not any(x.id.startswith(one.id) or one.id.startswith(x.id) for x in kept):
            kept.append(one)
    return tuple(kept)


def _parentheses(body: str) -> list[tuple[int, UpstreamId]]:
    found = []
    for match in _PICKED.finditer(body):
        if not _opens_line(body, match.start()):
            continue
        form = UpstreamForm.BACKPORTED if match[1].lower().startswith("back") else UpstreamForm.CHERRY_PICKED
        url, branch, more = _place(match[3])
        found.append((match.start(), UpstreamId(match[2], form, url, branch)))
        found += [(match.start(), UpstreamId(x, form, url, branch)) for x in more]
    return found


def _opens_line(body: str, at: int) -> bool:
    """Whether only blanks, or another closing mark, stand before `at` on its line."""
    before = body[body.rfind("\n", 0, at) + 1 : at].strip()
    return before == "" or before.endswith(("]", ")"))


def _place(rest: str) -> tuple[str, str, list[str]]:
    """URL, branch and further ids of what follows the id within the parenthesis."""
    match = _URL.search(rest)
    words = (rest[: match.start()] + rest[match.end() :] if match else rest).split()
    more = [x.strip(",.;") for x in words if _IDS.fullmatch(x.strip(",.;"))]
    names = [x.strip(",.;:") for x in words if x.strip(",.;") not in more]
    names = [
        x
        for x in names
        if x and x.lower() not in ("and", "of", "from", "in", "the", "branch", "tree", "commit")
    ]
    return (match[0].rstrip(",.;") if match else ""), (names[-1] if names else ""), more


def _paragraphs(body: str) -> list[tuple[int, UpstreamId]]:
    """Forms that open a paragraph or stand alone on lines: `commit X upstream.`, `[ Upstream commit X ]`."""
    found: list[tuple[int, UpstreamId]] = []
    for start, line, before, _ in _lines_of(body):
        text = body[start:]
        if not line.strip():
            continue
        lead = len(text) - len(text.lstrip(" \t"))
        for pattern, form in (
            (_COMMIT_UPSTREAM, UpstreamForm.COMMIT_UPSTREAM),
            (_UPSTREAM_COMMIT, UpstreamForm.UPSTREAM_COMMIT),
            (_BACKPORTED_UPSTREAM, UpstreamForm.BACKPORTED_UPSTREAM),
            (_UPSTREAM_LINE, UpstreamForm.UPSTREAM_COMMIT),
        ):
            match = pattern.match(text, lead)
            if match and _stands_alone(text, match, before):
                words = next(x for x in match.groups() if x)
                found += [(start, UpstreamId(x.lower(), form)) for x in _leading_ids(words)]
                break
    return found


def _leading_ids(words: str) -> list[str]:
    """The ids at the head of a bracket: `X`, `X and Y`, `X, Y`; none of a remark behind them."""
    ids = []
    for word in words.split():
        plain = word.strip(",.;")
        if _IDS.fullmatch(plain.lower()):
            ids.append(plain)
        elif plain.lower() not in ("and", "&", "+", "commit"):
            break
    return ids


def _stands_alone(text: str, match: re.Match[str], before: str) -> bool:
    """A bracket may stand below anything; a bare line only where a paragraph or a list begins, and
    with nothing behind it."""
    tail = text[match.end() :].partition("\n")[0].strip()
    if match[0].lstrip().startswith("["):
        return match[0].rstrip().endswith("]") or tail == "]"
    return tail == "" and (before.strip() == "" or bool(_FIELD.match(before.strip())))


def _lines(body: str) -> list[tuple[int, UpstreamId]]:
    """Forms that are a line with a name before a colon, and the bare `commit X`."""
    found: list[tuple[int, UpstreamId]] = []
    for start, line, before, after in _lines_of(body):
        if match := _MASTER.fullmatch(line):
            found.append((start, UpstreamId(match[1], UpstreamForm.MASTER_COMMIT)))
        elif match := _GIT_COMMIT.fullmatch(line):
            found.append((start, UpstreamId(match[1], UpstreamForm.GIT_COMMIT)))
        elif match := _ORIGIN.fullmatch(line):
            found += [(start, x) for x in _origin(match[1])]
        elif (match := _BARE.fullmatch(line.strip())) and _is_bare(line, before, after):
            found.append((start, UpstreamId(match[1], UpstreamForm.BARE_COMMIT, certain=False)))
    return found


def _is_bare(line: str, before: str, after: str) -> bool:
    """A `commit X` that is a heading: a paragraph of its own, or in a list of fields. Within prose
    the line above or below goes on."""
    opens = not before.strip() or bool(_FIELD.match(before.strip()))
    closes = not after.strip() or bool(_FIELD.match(after.strip()) or _AFTER_BARE.match(after.strip()))
    return opens and closes and not line.startswith("    ")


def _origin(value: str) -> list[UpstreamId]:
    """DEP-3: `Origin: upstream, URL` or `commit:ID`; also `Applied-Upstream: version, URL`. A vendor's
    or another distribution's origin is not upstream."""
    url = _URL.search(value)
    if value.split(",")[0].strip().lower() in ("vendor", "other"):
        return []
    match = _URL_ID.search(url[0]) if url else None
    if match:
        return [UpstreamId(match[1], UpstreamForm.ORIGIN, url[0].rstrip(",.;") if url else "")]
    plain = re.search(rf"commit[:= ]\s*({_ID})\b", value) or re.search(rf"(?:^|[\s,])({_FULL})\b", value)
    return [UpstreamId(plain[1], UpstreamForm.ORIGIN, url[0] if url else "")] if plain else []


def _lines_of(body: str) -> list[tuple[int, str, str, str]]:
    """Offset, text, line before and line after of each line."""
    lines = body.split("\n")
    found, offset = [], 0
    for index, line in enumerate(lines):
        before = lines[index - 1] if index else ""
        after = lines[index + 1] if index + 1 < len(lines) else ""
        found.append((offset, line, before, after))
        offset += len(line) + 1
    return found
