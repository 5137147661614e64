"""Pieces of a declaration: brackets, commas, directives, annotations, and its text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from backport.csource import Token, TokenKind, tokens
from backport.csource.dialect import dialect

BRACKETS = {b"(": 1, b"[": 1, b"{": 1, b")": -1, b"]": -1, b"}": -1}


_DIRECTIVE = re.compile(rb"^[ \t]*#[^\n\\]*(?:\\[^\n][^\n\\]*|\\\n[^\n\\]*)*", re.MULTILINE)
_CONDITION = re.compile(rb"[ \t]*#[ \t]*(?:if|el|endif)")


def tokens_of(data: bytes) -> tuple[Token, ...]:
    """The tokens of a definition, of its directives only the conditions, each on one line."""
    return tokens(_DIRECTIVE.sub(_on_one_line, data))


def _on_one_line(match: re.Match[bytes]) -> bytes:
    lines = match[0].count(b"\n")
    text = match[0].replace(b"\\\n", b" ") if _CONDITION.match(match[0]) else b""
    return text + b"\n" * lines


def closing_of(found: Sequence[Token], opening: int) -> int:
    depth = 0
    for index in range(opening, len(found)):
        depth += BRACKETS.get(found[index].text, 0)
        if depth == 0:
            return index
    return len(found)


def skip_directive(found: Sequence[Token], index: int, guards: list[str]) -> int:
    """Follow a directive, and return the index behind its line."""
    head = found[index]
    end = index + 1
    while end < len(found) and found[end].line == head.line and found[end].kind is not TokenKind.DIRECTIVE:
        end += 1
    word = head.text.lstrip(b"# \t").decode("ascii", "replace")
    condition = " ".join(t.text.decode("ascii", "replace") for t in found[index + 1 : end])
    if word in ("if", "ifdef", "ifndef"):
        guards.append(f"#{word} {condition}")
    elif word in ("elif", "else") and guards:
        guards[-1] = f"#{word} {condition} after {guards[-1]}".replace("  ", " ")
    elif word == "endif" and guards:
        guards.pop()
    return end


def split_at_commas(found: Sequence[Token]) -> list[list[Token]]:
    """The parts between the commas that stand in no brackets."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in found:
        depth += BRACKETS.get(token.text, 0)
        if token.text == b"," and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return [p for p in parts if p]


def joined(found: Sequence[Token]) -> str:
    """Tokens with single blanks where words meet, as declarations are written."""
    text = ""
    for token in found:
        word = token.text.decode("utf-8", "replace")
        glue = bool(text) and (text[-1].isalnum() or text[-1] == "_")
        text += (" " if glue and (word[0].isalnum() or word[0] in "_*") else "") + word
        if word == ",":
            text += " "
    return text


def without_attributes(part: Sequence[Token]) -> list[Token]:
    kept: list[Token] = []
    index = 0
    while index < len(part):
        token = part[index]
        if token.kind is TokenKind.NAME and is_attribute(token.text):
            index += 1
            if index < len(part) and part[index].text == b"(":
                index = closing_of(part, index) + 1
            continue
        kept.append(token)
        index += 1
    return kept


def is_attribute(word: bytes) -> bool:
    return word.startswith(b"__") and dialect().is_attribute(word.decode("ascii", "replace"))


def is_within(part: Sequence[Token], index: int) -> bool:
    """Whether that token stands within brackets."""
    return sum(BRACKETS.get(t.text, 0) for t in part[:index]) > 0
