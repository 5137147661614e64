"""Web pages saved as text: Patchwork with its comments; commit pages of gitiles, cgit and gitweb."""

from __future__ import annotations

import re
from collections.abc import Sequence

from backport.intake.dates import iso_date
from backport.intake.diff import parse_text
from backport.intake.message import person
from backport.intake.remarks import read_comment
from backport.intake.text import Text, decode
from backport.model import Comment, FileChange, Patch, Person
from backport.provenance import read_provenance, strip_subject

_MONTH = r"(?:Jan\.|Feb\.|March|April|May|June|July|Aug\.|Sept\.|Oct\.|Nov\.|Dec\.)"
_DATE = rf"{_MONTH} \d{{1,2}}, \d{{4}}(?:, (?:\d{{1,2}}(?::\d\d)? [ap]\.m\.|noon|midnight))?(?: UTC)?"
_SUBMITTER = re.compile(rf"(?P<who>\S.*?)\s+(?P<date>{_DATE})")
_COMMENT = re.compile(rf"(?P<who>\S.*?)\s+(?P<date>{_DATE})\s+\|\s+#(?P<number>\d+)")
_MESSAGE_ID = re.compile(r"Message[ -]ID\s+<?([^\s<>]+@[^\s<>]+)>?(?:\s.*)?", re.IGNORECASE)
_NAVIGATION = ("diff mbox series", "diff mbox", "mbox series", "diff\tmbox\tseries", "mbox", "series", "diff")
_ROW = re.compile(
    r"(?P<name>commit|author|committer|tree|parents?|download|tag|tagger)(?:\t|  +| (?=[0-9a-f]{40}))\s*(?P<value>.*)",
    re.IGNORECASE,
)
_ID = re.compile(r"\b([0-9a-f]{40}|[0-9a-f]{64})\b")
_PERSON = re.compile(r"(?P<who>[^<]*<[^<>]*>)\s*(?P<date>.*)")
_FILES = re.compile(
    r".*\[(?:diff|blame|Added|Deleted|Renamed|Copied)\b.*\]\s*$|[-dlrwxst]{10}\s+\S.*|Diffstat(?:\s.*)?"
    r"|\d+ files? changed.*|(?:\S+\t+)?(?:diff|patch) \| (?:blob|blame).*|\S+\t+\d+\t.*"
    r"|context:.*|mode:.*|\S*\t+diff\b.*"
)


def is_patchwork(lines: Sequence[bytes]) -> bool:
    """Whether this is the text of a Patchwork page: its headings are there."""
    head = [x.strip().lower() for x in lines[:60]]
    return any(x.startswith((b"message id", b"message-id")) for x in head) and b"commit message" in head


def read_patchwork(text: Text, name: str) -> Patch:
    """The patch of a Patchwork page with its review comments. What comments quote is no part of it.

    Raises as `parse_text`."""
    lines = [decode(x).rstrip("\r") for x in text.lines]
    patch_at = _patch_heading(lines)
    commit_at = next(i for i, x in enumerate(lines) if x.strip().lower() == "commit message")
    message_id = next((m[1] for x in lines[:commit_at] if (m := _MESSAGE_ID.fullmatch(x.strip()))), "")
    subject = _title(lines[:commit_at])
    entries = _comment_heads(lines, commit_at, patch_at)
    head_end = entries[0][0] if entries else patch_at
    author, date, body = _commit_message(lines[commit_at + 1 : head_end])
    parsed = parse_text(text.part(patch_at), name)
    log = body.partition("\n---\n")[0].strip("\n")
    return Patch(
        subject=strip_subject(subject),
        author=_with_email(author, log),
        date=date,
        body=log,
        files=parsed.files,
        provenance=read_provenance(subject, body),
        message_id=message_id,
        repairs=parsed.repairs,
        comments=_comments(lines, entries, patch_at, parsed.files),
        document=name,
        form="patchwork",
    )


def _patch_heading(lines: Sequence[str]) -> int:
    """Index of the heading `Patch` above the diff: the last one, since comments may say the word."""
    for at in range(len(lines) - 1, -1, -1):
        if lines[at].strip().lower() != "patch":
            continue
        below = next((x for x in lines[at + 1 : at + 6] if x.strip()), "")
        if below.startswith(("diff ", "Index: ", "--- ", "From ", "new file", "similarity")):
            return at
    return next((i for i, x in enumerate(lines) if x.startswith(("diff --git ", "--- a/"))), len(lines))


def _title(lines: Sequence[str]) -> str:
    for line in lines:
        plain = line.strip()
        if plain and plain.lower() not in _NAVIGATION and not plain.lower().startswith("message"):
            return plain
    return ""


def _comment_heads(lines: Sequence[str], start: int, stop: int) -> list[tuple[int, Person, str]]:
    """Where the comments begin: their heads carry the numbers 1, 2, 3 ..."""
    found: list[tuple[int, Person, str]] = []
    for at in range(start, stop):
        match = _COMMENT.fullmatch(lines[at].strip())
        if match and int(match["number"]) == len(found) + 1:
            found.append((at, Person(match["who"]), iso_date(match["date"])))
    return found


def _commit_message(lines: Sequence[str]) -> tuple[Person, str, str]:
    rest = list(lines)
    while rest and not rest[0].strip():
        rest.pop(0)
    match = _SUBMITTER.fullmatch(rest[0].strip()) if rest else None
    author, date = Person(""), ""
    if match:
        author, date = Person(match["who"]), iso_date(match["date"])
        rest.pop(0)
    return author, date, "\n".join(_without_tail(rest)).strip("\n")


def _without_tail(lines: list[str]) -> list[str]:
    """Without the page's headings that stand below a text."""
    while lines and (
        not lines[-1].strip() or lines[-1].strip().lower() in (*_NAVIGATION, "comments", "patch", "checks")
    ):
        lines.pop()
    return lines


def _with_email(author: Person, log: str) -> Person:
    """The author with the address of the sign-off of the same name: the page shows none."""
    for trailer in read_provenance("", log).trailers:
        if trailer.name.lower() == "signed-off-by" and person(trailer.value).name == author.name:
            return person(trailer.value)
    return author


def _comments(
    lines: Sequence[str],
    entries: Sequence[tuple[int, Person, str]],
    stop: int,
    files: Sequence[FileChange],
) -> tuple[Comment, ...]:
    found: list[Comment] = []
    for index, (at, author, date) in enumerate(entries):
        end = entries[index + 1][0] if index + 1 < len(entries) else stop
        text = "\n".join(_without_tail(list(lines[at + 1 : end])))
        found.append(read_comment(text, author, date, files, found))
    return tuple(found)


# --- commit pages ------------------------------------------------------------------------------


def read_page(text: Text, name: str) -> Patch:
    """A message with a diff below, as commit pages show it: perhaps a table with commit, author and
    tree above, and a list of files between. Raises as `parse_text`."""
    parsed = parse_text(text, name)
    first = _diff_start(text)
    lines = [decode(x).rstrip("\r") for x in text.lines[:first]]
    table, message = _hg(lines) or _table(lines)
    log = _without_files(message)
    form = _form(table, text, log)
    # cgit's page puts the message right below the subject.
    subject, body = _subject(log) if form != "cgit" else _first_line(log)
    author, date = _author(table.get("author", ""))
    commit = _ID.search(table.get("commit", ""))
    notes = "\n".join(decode(x) for x in text.lines[first:])
    provenance = read_provenance(
        subject, f"{body}\n---\n{notes}", from_line=f"From {commit[1]} " if commit else ""
    )
    return Patch(
        subject=strip_subject(subject),
        author=author,
        date=date,
        body=body.partition("\n---\n")[0].strip("\n"),
        files=parsed.files,
        provenance=provenance,
        repairs=parsed.repairs,
        document=name,
        form=form,
    )


def _form(table: dict[str, str], text: Text, log: str) -> str:
    if any(b"[diff]" in x for x in text.lines) or "[log]" in table.get("commit", ""):
        return "gitiles"
    if "download" in table or "(patch)" in table.get("commit", ""):
        return "cgit"
    if table:
        return "gitweb" if "commit" in table else "hg"
    return "commit-page" if log.strip() else "diff"


def _diff_start(text: Text) -> int:
    for at, line in enumerate(text.lines):
        if line.startswith((b"diff --git ", b"diff -", b"Index: ")):
            return at
        if line.startswith(b"--- ") and at + 1 < len(text) and text.lines[at + 1].startswith(b"+++ "):
            return at
    return len(text)


def _hg(lines: list[str]) -> tuple[dict[str, str], list[str]] | None:
    """The comment lines above a message of `hg export`."""
    if not lines or lines[0].strip() != "# HG changeset patch":
        return None
    end = next((i for i, x in enumerate(lines) if not x.startswith("#")), len(lines))
    user = next((x[len("# User ") :] for x in lines[:end] if x.startswith("# User ")), "")
    return {"author": user}, lines[end:]


def _table(lines: list[str]) -> tuple[dict[str, str], list[str]]:
    """The rows above a commit page's message, and the lines below them."""
    rows: dict[str, str] = {}
    at = last = 0
    while at < len(lines):
        match = _ROW.fullmatch(lines[at].strip())
        if match:
            rows.setdefault(match["name"].lower(), match["value"])
            last = at + 1
        elif lines[at].strip() and not (rows and at == last and _is_date(lines[at])):
            break
        elif rows and lines[at].strip():
            rows["author"] = (
                rows.get("author", "") + " " + lines[at].strip() if len(rows) == 1 else rows.get("author", "")
            )
            last = at + 1
        at += 1
    return (rows, lines[last:]) if "commit" in rows or "author" in rows else ({}, lines)


def _is_date(line: str) -> bool:
    return bool(
        re.match(r"\s*(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d|\s*\d{4}-\d\d-\d\d ", line)
    )


def _author(value: str) -> tuple[Person, str]:
    match = _PERSON.match(value)
    if not match:
        return Person(value.strip()), ""
    return person(match["who"]), iso_date(re.sub(r"\s*\([^()]*\)\s*$", "", match["date"].strip()))


def _without_files(lines: list[str]) -> str:
    """The message without the list of files that pages put below it."""
    kept = list(lines)
    while kept and (not kept[-1].strip() or _FILES.fullmatch(kept[-1].strip()) or _FILES.fullmatch(kept[-1])):
        kept.pop()
    return "\n".join(kept).strip("\n")


def _first_line(log: str) -> tuple[str, str]:
    first, _, rest = log.partition("\n")
    return first.strip(), rest.strip("\n")


def _subject(log: str) -> tuple[str, str]:
    """First paragraph and the rest, as git cuts a message; the first line alone where the paragraph
    is too long for a subject."""
    paragraph, _, rest = log.partition("\n\n")
    lines = paragraph.split("\n")
    if len(lines) > 3 or sum(len(x) for x in lines) > 240 or re.match(r"---\s*$", lines[-1]):
        return _first_line(log)
    return " ".join(x.strip() for x in lines), rest.strip("\n")


__all__ = ["is_patchwork", "read_page", "read_patchwork"]
