"""What a backporter wrote on the conflicts that were met, in the forms in use."""

from __future__ import annotations

import re

from backport.model import ConflictsNote

_HEAD = re.compile(r"(?P<mark>#?\s*)Conflicts?(?: in)?\s*:\s*(?P<rest>.*)", re.IGNORECASE)
_PATH = re.compile(
    r"(?:[\w.+@-]+/)*[\w.+@-]+\.[A-Za-z][\w+]{0,6}|(?:[\w.+@-]+/)+[\w.+@-]+|Makefile|Kconfig|MAINTAINERS"
)
_TRAILER = re.compile(r"[A-Za-z][\w-]*(?:-by|-Id|-id)?: \S")
_TRAILER_NAME = re.compile(
    r"(?:[\w-]+-by|Cc|Fixes|Link|Bug|Change-Id|Test|Git-commit|Closes): ", re.IGNORECASE
)
_NUMBER = re.compile(r"(?:^|(?<=[\s(]))(?:\d{1,2}[.)]|\(\d{1,2}\))\s+")
_BULLET = re.compile(r"\s*[-*\u2022]\s+")
_BRACKET = re.compile(
    r"^[ \t]*\[\s*(?P<who>[A-Za-z][\w.+@<> '-]{0,60}?)\s*:\s+(?P<text>[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*)\]",
    re.MULTILINE,
)
_NOTE_WORD = re.compile(
    r"conflict|resol|back-?port|adapt|adjust|rebas|contextual|context|forward-?port|\bport(?:ed|ing)\b|older|"
    r"not (?:present|exist|in)|missing|does(?:n't| not) (?:exist|have)|drop|fuzz|manual|hand[- ]edit|remove the hunk|"
    r"instead of|skipp?ed|trivial merge",
    re.IGNORECASE,
)
_NO_PERSON = re.compile(r"(?:commit|upstream|note\b.*inclusion|patch|rfc|v\d+)", re.IGNORECASE)


def find_conflicts(body: str) -> tuple[ConflictsNote, ...]:
    """All notes on conflicts in the order of the message."""
    found = [*_conflicts_lists(body), *_bracket_notes(body)]
    return tuple(note for _, note in sorted(found, key=lambda x: x[0]))


# --- Conflicts: --------------------------------------------------------------------------------


def _conflicts_lists(body: str) -> list[tuple[int, ConflictsNote]]:
    lines = body.split("\n")
    found: list[tuple[int, ConflictsNote]] = []
    offset = index = 0
    while index < len(lines):
        match = _HEAD.fullmatch(lines[index].rstrip())
        if not match or not _is_note(match["rest"], lines[index + 1 : index + 3]):
            offset += len(lines[index]) + 1
            index += 1
            continue
        stop = _end(lines, index + 1, commented=match["mark"].startswith("#"))
        block = lines[index:stop]
        note = _note(block, match)
        if note.files or note.reasons:
            found.append((offset, note))
        offset += sum(len(x) + 1 for x in block)
        index = stop
    return found


def _is_note(rest: str, below: list[str]) -> bool:
    """Whether this is a note: something is said behind it or in the lines below."""
    return bool(rest) or any(x.strip("# \t") for x in below)


def _end(lines: list[str], start: int, *, commented: bool) -> int:
    """Index after a note: the indented or listed lines, and a parenthesis below with its reasons."""
    at, depth = start, 0
    while at < len(lines):
        line = lines[at].rstrip()
        plain = line.lstrip("#").strip() if commented else line.strip()
        if commented and not line.startswith("#"):
            break
        if depth <= 0 and not _belongs(lines, at, plain, line):
            break
        depth += plain.count("(") - plain.count(")") if depth > 0 or plain.startswith("(") else 0
        at += 1
    while at > start and not lines[at - 1].strip("# \t"):
        at -= 1
    return at


def _belongs(lines: list[str], at: int, plain: str, line: str) -> bool:
    if not plain:
        # A blank line ends a list, except before the parenthesis that gives its reasons.
        following = next((x.strip() for x in lines[at + 1 :] if x.strip()), "")
        return following.startswith("(") and not following.lower().startswith(("(cherry", "(backported"))
    if _TRAILER_NAME.match(plain) or plain.lower().startswith(("(cherry", "(backported")):
        return False
    indented = line[:1] in (" ", "\t", "#")
    return (
        indented
        or plain.startswith("(")
        or bool(_BULLET.match(line))
        or bool(_NUMBER.match(plain))
        or _is_path(plain)
    )


def _is_path(text: str) -> bool:
    return bool(_PATH.fullmatch(text)) and ("/" in text or "." in text or text in ("Makefile", "Kconfig"))


def _note(block: list[str], head: re.Match[str]) -> ConflictsNote:
    files: list[str] = []
    prose: list[str] = []
    for line in (head["rest"], *block[1:]):
        plain = _BULLET.sub("", line.lstrip("#"), count=1).strip()
        words = [x.strip(",;") for x in plain.split()]
        path, colon, reason = plain.partition(":")
        if words and all(_is_path(x) for x in words):
            files += words
        elif colon and _is_path(path.strip()) and reason.strip():
            files.append(path.strip())
            prose.append("\0" + reason.strip())
        elif plain:
            prose.append("\0" + plain if _BULLET.match(line) else plain)
    mark = "# Conflicts:" if head["mark"].startswith("#") else "Conflicts:"
    text = "\n".join(x.rstrip() for x in block).strip()
    return ConflictsNote(mark, text, tuple(dict.fromkeys(files)), _reasons(prose))


def _reasons(prose: list[str]) -> tuple[str, ...]:
    """Sentences of a note apart: by their numbers, by their bullets, or one."""
    text = " ".join(prose).strip()
    if text.startswith("(") and text.endswith(")"):
        text = text[1:-1].strip()
    parts = [x for x in text.split("\0") if x.strip()] or [text]
    if len(parts) == 1:
        parts = _NUMBER.split(parts[0])
    return tuple(" ".join(x.split()) for x in parts if x.strip(" ,;-"))


# --- [name: text] ------------------------------------------------------------------------------


def _bracket_notes(body: str) -> list[tuple[int, ConflictsNote]]:
    found = []
    for match in _BRACKET.finditer(body):
        who, text = match["who"].strip(), " ".join(match["text"].split())
        if _NO_PERSON.match(who) or not (_NOTE_WORD.search(text) or _NOTE_WORD.search(who)):
            continue
        files = tuple(dict.fromkeys(x for x in (w.strip(",;.:()'\"") for w in text.split()) if _is_file(x)))
        note = ConflictsNote("[name: text]", " ".join(match[0].split()), files, (text.rstrip(),))
        found.append((match.start(), note))
    return found


def _is_file(word: str) -> bool:
    return bool(
        re.fullmatch(r"(?:[\w.+-]+/)*[\w.+-]+\.(?:c|h|S|s|rs|dts|dtsi|rst|txt|py|sh|lds|yaml)", word)
    ) or (word.count("/") > 0 and bool(re.fullmatch(r"(?:[\w.+-]+/)+(?:Makefile|Kconfig|Kbuild)", word)))
