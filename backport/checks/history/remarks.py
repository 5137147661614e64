"""What reviewers said of a hunk, where it raises a problem."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from backport.checks.rule import Context
from backport.csource.dialect import read_data
from backport.model import Comment, FileChange, Finding, Hunk, LineEvidence, LineKind, Patch, Remark, Severity

_LONG = 180
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z(\"'])")


@dataclass(frozen=True)
class Speech:
    """The expressions of `review.toml`, each kind as one."""

    agreement: re.Pattern[str]
    turn: re.Pattern[str]
    objection: re.Pattern[str]
    problem: re.Pattern[str]


@lru_cache(maxsize=1)
def speech() -> Speech:
    """How remarks read, as it comes with the program."""
    table = tomllib.loads(read_data("review.toml"))
    made = {
        name: re.compile("|".join(f"(?:{x})" for x in table[name]), re.IGNORECASE | re.MULTILINE)
        for name in ("agreement", "turn", "objection", "problem")
    }
    return Speech(**made)


def raises(text: str) -> bool:
    """Whether a remark raises a problem or asks a question."""
    words = speech()
    plain = " ".join(text.split())
    if words.agreement.match(plain):
        turn = words.turn.search(plain)
        rest = plain[turn.start() :] if turn else ""
        return bool(words.objection.search(plain)) or bool(rest and words.problem.search(rest))
    return bool(words.objection.search(text) or words.problem.search(plain)) or _asks(plain)


def _asks(text: str) -> bool:
    return any(x.rstrip(") ").endswith("?") for x in _SENTENCE.split(text))


def objections(context: Context) -> Iterator[Finding]:
    """BP407 for each remark of somebody else than the author that raises a problem with lines of a hunk."""
    patch = context.patch
    seen: set[tuple[str, str, int, str]] = set()
    for comment in patch.comments:
        if _by(comment, patch):
            continue
        for remark in comment.remarks:
            place = _placed(patch, remark) if remark.file and remark.line else None
            key = (str(comment.author), remark.file, remark.line, remark.text)
            if place is None or key in seen or not raises(remark.text):
                continue
            seen.add(key)
            yield _finding(comment, remark, *place)


def _by(comment: Comment, patch: Patch) -> bool:
    one, two = comment.author, patch.author
    return (
        bool(one.email) and one.email.lower() == two.email.lower()
    ) or one.name.lower() == two.name.lower()


def _placed(patch: Patch, remark: Remark) -> tuple[FileChange, Hunk, int, bytes] | None:
    """The hunk that a remark answers, and the line of it: the last one that is quoted and stands in the hunk."""
    last = max(remark.line, remark.last_line)
    for file in patch.files:
        if remark.file not in (file.new_path, file.old_path):
            continue
        for hunk in file.hunks:
            first, end = hunk.new_start, hunk.new_start + max(hunk.new_count, 1) - 1
            if remark.line <= end and last >= first:
                line = min(max(remark.line, first), end)
                return file, hunk, line, _text(hunk, line)
    return None


def _text(hunk: Hunk, line: int) -> bytes:
    left = [x for x in hunk.lines if x.kind is not LineKind.REMOVED]
    at = line - hunk.new_start
    return left[at].text if 0 <= at < len(left) else b""


def _finding(
    comment: Comment, remark: Remark, file: FileChange, hunk: Hunk, line: int, text: bytes
) -> Finding:
    name = comment.author.name or comment.author.email
    day = f", {comment.date[:10]}" if comment.date else ""
    where = f"line {line}" if remark.last_line <= line else f"lines {line}-{remark.last_line}"
    return Finding(
        code="BP407",
        severity=Severity.NOTE,
        message=f"{name}{day}, on {where} of {file.path} (hunk {hunk.number}): {shortened(remark.text)}",
        file=file.path,
        hunk=hunk.number,
        line=line,
        evidence=(LineEvidence("patch", file.path, line, text),),
        suggestion="see whether a later version of the patch answers it",
        subject=f"{name} {line}",
    )


def shortened(text: str) -> str:
    """The sentences of a remark that say most, so many as fit: from the first that raises something on."""
    sentences = _SENTENCE.split(" ".join(text.split()))
    words = speech()
    start = next((n for n, s in enumerate(sentences) if words.objection.search(s)), None)
    if start is None:
        start = next((n for n, s in enumerate(sentences) if words.problem.search(s) or s.endswith("?")), 0)
    shown = ""
    for sentence in sentences[start:]:
        if shown and len(shown) + len(sentence) > _LONG:
            break
        shown = f"{shown} {sentence}".strip()
    return f'"{shown[: _LONG * 2]}"'
