"""The preprocessor conditions that each line of a C file stands under.

A line scanner, not the syntax tree: it joins continued lines, knows comments and strings, and keeps the
conditions within initialisers, tables and code that no grammar reads.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass

from .patterns import COMMENT, KEYWORD, SPLICE_RE, directive_event

_DEEPEST = 200
_MOST_BRANCHES = 200
"""Deeper nesting and more branches are no C that people write; they must not take quadratic time."""
_OPENING = frozenset({b"if", b"ifdef", b"ifndef"})
_ELSE = frozenset({b"elif", b"elifdef", b"elifndef", b"else"})
_CONDITIONAL = _OPENING | _ELSE | {b"endif"}
_DEFINED_BARE = re.compile(r"\bdefined\s+(\w+)")
_SIMPLE = re.compile(r"!?\w+(?:\s*\(\s*\w+\s*\))?")
_CONDITION_TOKEN = re.compile(
    r"""("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|\w+|&&|\|\||==|!=|<=|>=|<<|>>|\s+|.)""", re.DOTALL
)
_BINARY = frozenset(
    {"&&", "||", "==", "!=", "<=", ">=", "<<", ">>", "<", ">", "+", "*", "/", "%", "|", "^", "?"}
)


@dataclass(frozen=True, slots=True)
class Guard:
    """One condition. `text` is normalised (`defined(X)`, `!defined(X)`, single blanks), the branches
    before an #elif or #else written out as `!(...)`; `line` is that of the directive that begins
    the branch."""

    text: str
    line: int


class GuardMap:
    """The conditions over the lines of one file; an immutable value."""

    __slots__ = ("_lines", "_stacks")

    def __init__(self, changes: tuple[tuple[int, tuple[Guard, ...]], ...] = ()) -> None:
        self._lines = tuple(line for line, _ in changes)
        self._stacks = tuple(stack for _, stack in changes)

    def at(self, line: int) -> tuple[Guard, ...]:
        """The conditions that `line` (1-based) stands under, outermost first.

        The line of #if, #ifdef or #endif itself stands under the conditions around the group, that
        of an #elif or #else as well.
        """
        index = bisect_right(self._lines, line) - 1
        return self._stacks[index] if index >= 0 else ()


@dataclass(slots=True)
class _Group:
    """An open #if: `taken` are the conditions of its branches so far; a `hidden` one guards the file."""

    taken: list[str]
    guard: Guard
    hidden: bool = False


def guard_map(data: bytes) -> GuardMap:
    """The conditions of each line of `data`. Never raises: an #else, #elif or #endif without its #if
    is ignored, an #if without #endif reaches to the end. The include guard of a header is left out."""
    directives = _conditionals(data)
    skip = _include_guard(data, directives)
    changes: list[tuple[int, tuple[Guard, ...]]] = []
    stack: list[_Group] = []
    for number, (keyword, body, first, last, _) in enumerate(directives):
        if keyword in _OPENING:
            text = _opening_text(keyword, body)
            stack.append(_Group([text], Guard(text, first), number == skip))
        elif not stack:
            continue
        elif keyword == b"endif":
            stack.pop()
        else:
            _next_branch(stack[-1], keyword, body, first)
        around = stack if keyword == b"endif" else stack[:-1]
        changes.append((first, _guards(around)))
        changes.append((last + 1, _guards(stack)))
    return GuardMap(tuple(changes))


def _guards(stack: list[_Group]) -> tuple[Guard, ...]:
    return tuple(x.guard for x in stack[:_DEEPEST] if not x.hidden)


def _next_branch(group: _Group, keyword: bytes, body: bytes, line: int) -> None:
    earlier = " && ".join(negated(x) for x in group.taken[-_MOST_BRANCHES:])
    if keyword == b"else":
        group.guard = Guard(earlier, line)
        return
    text = _opening_text(keyword[2:], body)
    group.guard = Guard(f"{earlier} && {_grouped(text)}", line)
    group.taken.append(text)


def negated(text: str) -> str:
    """`!(text)`."""
    return f"!({text})"


def _grouped(text: str) -> str:
    return text if _SIMPLE.fullmatch(text) else f"({text})"


def _opening_text(keyword: bytes, body: bytes) -> str:
    """The condition of #if, #ifdef or #ifndef with this body."""
    if keyword == b"if":
        return normalised(body)
    name = normalised(body).split(" ")[0]
    return f"defined({name})" if keyword == b"ifdef" else f"!defined({name})"


def normalised(body: bytes) -> str:
    """A condition without comments and continuations, with single blanks around binary operators
    and `defined X` written as `defined(X)`."""
    plain = SPLICE_RE.sub(b" ", COMMENT.sub(b" ", body)).decode("utf-8", "replace")
    plain = _DEFINED_BARE.sub(r"defined(\1)", plain)
    words: list[str] = []
    for token in _CONDITION_TOKEN.findall(plain):
        if token.isspace():
            continue
        if token in _BINARY:
            words.append(f" {token} ")
        elif token == ",":
            words.append(", ")
        elif words and _wordlike(words[-1][-1]) and _wordlike(token[0]):
            words.append(" " + token)
        else:
            words.append(token)
    return "".join(words).strip()


def _wordlike(character: str) -> bool:
    return character.isalnum() or character in "_\"'"


def _conditionals(data: bytes) -> list[tuple[bytes, bytes, int, int, int]]:
    """(keyword, rest, first line, last line, offset of its end) of every conditional directive."""
    found: list[tuple[bytes, bytes, int, int, int]] = []
    line, counted = 1, 0
    for match in directive_event().finditer(data):
        start = match.start()
        if data[start] != 0x23:
            continue
        keyword = KEYWORD.match(data, start)
        if keyword is None or keyword[1] not in _CONDITIONAL or not starts_line(data, start):
            continue
        line += data.count(b"\n", counted, start)
        counted = start
        last = line + data.count(b"\n", start, match.end())
        found.append((keyword[1], data[keyword.end() : match.end()], line, last, match.end()))
    return found


_LEAD = re.compile(rb"(?:[ \t\f\v]|/\*[^*\n]*+(?:\*(?!/)[^*\n]*+)*+\*/|[^\n]*\*/)*\Z")


def starts_line(data: bytes, start: int) -> bool:
    """Whether nothing but blanks and comments stands before `start` on its line."""
    lead = data[data.rfind(b"\n", 0, start) + 1 : start]
    return not lead.strip() or _LEAD.match(lead) is not None


_GUARD_NAME = re.compile(r"!\s*defined\((\w+)\)")


def _include_guard(data: bytes, directives: list[tuple[bytes, bytes, int, int, int]]) -> int | None:
    """The number of the directive that is the include guard's #ifndef (or #if !defined), or None.

    It is one when nothing but comments stands before it, the next directive defines its name, it has
    no other branch, and nothing but comments stands after its #endif.
    """
    if not directives:
        return None
    keyword, body, _, _, end = directives[0]
    name = _GUARD_NAME.fullmatch(_opening_text(keyword, body)) if keyword in _OPENING else None
    if name is None:
        return None
    define = re.compile(rb"\s*#[ \t]*define[ \t]+" + re.escape(name[1].encode()) + rb"\b")
    if define.match(COMMENT.sub(b" ", data[end : end + 4096])) is None or not _nothing_before(data, end):
        return None
    return 0 if _is_whole_file(data, directives) else None


def _nothing_before(data: bytes, end: int) -> bool:
    """Whether only comments and `#pragma once` stand before the directive that ends at `end`."""
    before = COMMENT.sub(b" ", data[: _start(data, end)])
    return not re.sub(rb"#[ \t]*pragma[ \t]+once", b"", before).strip()


def _is_whole_file(data: bytes, directives: list[tuple[bytes, bytes, int, int, int]]) -> bool:
    """Whether the first group has one branch and ends with the file."""
    depth = 0
    for number, (word, _, _, _, after) in enumerate(directives):
        if word in _OPENING:
            depth += 1
        elif word == b"endif":
            depth -= 1
        elif depth == 1:
            return False
        if depth == 0:
            return number == len(directives) - 1 and not COMMENT.sub(b" ", data[after:]).strip()
    return False


def _start(data: bytes, end: int) -> int:
    """The offset of the directive that ends at `end` (its first line)."""
    start = data.rfind(b"#", 0, end)
    while start > 0 and not starts_line(data, start):
        start = data.rfind(b"#", 0, start)
    return max(start, 0)
