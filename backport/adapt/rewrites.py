"""Rewrites: what a tree calls that which upstream calls something else, and doing them to C code. Pure.

Invariants of `apply_rewrites`: what it made is left as it is when it is asked again; comments, strings and the white
space between untouched tokens are never changed; without a rewrite that fits, the text is returned as it came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import NamedTuple

from backport.adapt.rewrite import (
    REST,
    Rewrite,
    RewriteKind,
    bytes_of,
    is_hole,
    is_name,
    is_sound,
    rank,
    space,
    text_of,
    written,
)
from backport.csource import Token, TokenKind, line_tokens, tokens

__all__ = [
    "REST",
    "Rewrite",
    "RewriteKind",
    "apply_rewrites",
    "bytes_of",
    "comment_head",
    "is_hole",
    "is_name",
    "is_sound",
    "rank",
    "rewrite_path",
    "text_of",
    "written",
]

_ROUNDS = 6
_OPERAND = re.compile(rb"[ \t]*(?:<([^>\n]+)>|\"([^\"\n]+)\")")
_BETWEEN = re.compile(rb"(?:\s|\\[ \t\r]*\n)*\Z")

Known = Callable[[str], bool]


def apply_rewrites(
    text: bytes, rewrites: Iterable[Rewrite], *, known: Known
) -> tuple[bytes, tuple[Rewrite, ...]]:
    """Do the rewrites to C code, a whole file or a fragment; returns the text and which of them were done.

    `known` tells whether the target has a name (of an include: a path). A rewrite is done where the target has not the
    name that it takes away, or where its support is overwhelming; one of a prefix only where the target has the name
    that comes of it. The longest match is taken first, among equals the best founded. A text that the rewrites would
    never leave alone is returned as it came."""
    rules = _Rules(rewrites, known)
    if not rules:
        return text, ()
    used: dict[Rewrite, None] = {}
    made = text
    for _ in range(_ROUNDS):
        after, done = _once(made, rules)
        if after == made:
            return made, tuple(used)
        used.update(dict.fromkeys(done))
        made = after
    return text, ()


def rewrite_path(path: str, rewrites: Iterable[Rewrite], *, known: Known) -> tuple[str, tuple[Rewrite, ...]]:
    """A file's path as the target has it: by the longest rewrite of a path whose result `known` accepts. A path that
    the target has stays."""
    fitting = sorted(
        (x for x in rewrites if x.kind is RewriteKind.PATH), key=lambda x: (-len(x.old[0]), rank(x))
    )
    if not fitting or known(path):
        return path, ()
    for rule in fitting:
        new = _path(path, rule)
        if new is not None and new != path and known(new):
            return new, (rule,)
    return path, ()


def _path(path: str, rule: Rewrite) -> str | None:
    old, new = rule.old[0], rule.new[0]
    if old.endswith("/") or not old:
        return new + path[len(old) :] if path.startswith(old) else None
    return new if path == old else None


class _Rules:
    """Rewrites by what they begin with. Of those that would undo or feed one another only the best founded."""

    def __init__(self, rewrites: Iterable[Rewrite], known: Known) -> None:
        self.known = known
        self.first: dict[str, list[Rewrite]] = {}
        self.prefixes: dict[str, Rewrite] = {}
        self.paths: list[Rewrite] = []
        self._answers: dict[str, bool] = {}
        self._made: dict[str, list[Rewrite]] = {}
        for rule in sorted(set(rewrites), key=rank):
            if is_sound(rule):
                self._take(rule)
        self.paths.sort(key=lambda x: (-len(x.old[0]), rank(x)))

    def __bool__(self) -> bool:
        return bool(self.first or self.prefixes or self.paths)

    def has(self, name: str) -> bool:
        found = self._answers.get(name)
        if found is None:
            found = self._answers[name] = self.known(name)
        return found

    def wanted(self, rule: Rewrite) -> bool:
        """Whether a rewrite of whole names may be done on this target."""
        gone = rule.gone
        return rule.overwhelming or any(not self.has(x) for x in gone)

    def _take(self, rule: Rewrite) -> None:
        if rule.kind is RewriteKind.PATH:
            if _path(rule.new[0], rule) is None and not any(
                _path(x.new[0], rule) is not None or _path(rule.new[0], x) is not None for x in self.paths
            ):
                self.paths.append(rule)
        elif rule.kind is RewriteKind.PREFIX:
            old, new = rule.old[0], rule.new[0]
            if not any(new.startswith(x) or y.new[0].startswith(old) for x, y in self.prefixes.items()):
                self.prefixes.setdefault(old, rule)
        elif not self._feeds(rule):
            self.first.setdefault(rule.old[0], []).append(rule)
            for token in set(rule.new):
                self._made.setdefault(token, []).append(rule)

    def _feeds(self, rule: Rewrite) -> bool:
        """Whether what it makes would be taken by a rewrite that is here or by itself, or it takes what one makes."""
        if any(x.old == rule.old for x in self.first.get(rule.old[0], ())):
            return True
        mine = [(x, rule.new) for t in set(rule.new) for x in self.first.get(t, ())]
        theirs = [(rule, x.new) for x in self._made.get(rule.old[0], ())]
        return any(_stands(x.old, new) for x, new in [*mine, *theirs, (rule, rule.new)])


def _stands(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether a pattern matches anywhere in the tokens of another's result, in which a hole is a token."""
    row = [
        Token(
            TokenKind.NAME if is_name(x) or is_hole(x) else TokenKind.PUNCT,
            bytes_of(x),
            1,
            n,
        )
        for n, x in enumerate(new)
    ]
    words = list(new)
    return any(_match(old, words, row, at) is not None for at in range(len(new)))


class _Edit(NamedTuple):
    start: int
    stop: int
    text: bytes
    rule: Rewrite


class _Span(NamedTuple):
    """What an element of a pattern matched: tokens `first` to `last` (half-open)."""

    first: int
    last: int


def _once(text: bytes, rules: _Rules) -> tuple[bytes, list[Rewrite]]:
    """One pass over the text."""
    made, at = b"", 0
    used = []
    for edit in _edits(text, rules):
        made += text[at : edit.start] + edit.text
        at = edit.stop
        used.append(edit.rule)
    return made + text[at:], used


def _edits(text: bytes, rules: _Rules) -> Iterator[_Edit]:
    """The edits of one pass, ascending and apart."""
    head = comment_head(text)
    row = tokens(b" " * head + text[head:]) if head else tokens(text)
    words = [text_of(x.text) for x in row]
    at = 0
    while at < len(row):
        if row[at].kind is TokenKind.DIRECTIVE:
            at = yield from _directive(text, row, at, rules)
        elif row[at].kind in (TokenKind.NAME, TokenKind.PUNCT):
            found = _best(text, row, words, at, rules)
            if found is not None:
                edit, at = found
                yield edit
            else:
                at += 1
        else:
            at += 1


def _directive(text: bytes, row: Sequence[Token], at: int, rules: _Rules) -> Generator[_Edit, None, int]:
    """The path of an include; returns where to go on. Of another directive the tokens are code."""
    token = row[at]
    if token.text[1:].strip() not in (b"include", b"include_next", b"import"):
        return at + 1
    end = token.start + len(token.text)
    operand = _OPERAND.match(text, end)
    if operand is None:
        return at + 1
    group = 1 if operand[1] is not None else 2
    path = text_of(operand[group])
    for rule in rules.paths:
        new = _path(path, rule)
        if new is not None and (rule.overwhelming or not rules.has(path)):
            yield _Edit(operand.start(group), operand.end(group), bytes_of(new), rule)
            break
    while at < len(row) and row[at].start < operand.end():
        at += 1
    return at


def _best(
    text: bytes, row: Sequence[Token], words: Sequence[str], at: int, rules: _Rules
) -> tuple[_Edit, int] | None:
    """The edit at a token and the token behind it: the longest match, among equals the best founded."""
    best: tuple[int, Rewrite, list[_Span]] | None = None
    for rule in rules.first.get(words[at], ()):
        spans = _match(rule.old, words, row, at)
        if spans is None or not rules.wanted(rule):
            continue
        length = spans[-1].last - at
        if best is None or length > best[0]:
            edit = _edit(text, row, spans, rule)
            if edit is not None:
                best = (length, rule, spans)
    if best is not None:
        edit = _edit(text, row, best[2], best[1])
        assert edit is not None
        return edit, at + best[0]
    return _prefixed(row[at], words[at], at, rules) if row[at].kind is TokenKind.NAME else None


def _prefixed(token: Token, word: str, at: int, rules: _Rules) -> tuple[_Edit, int] | None:
    """The edit of a name by the longest prefix that it has."""
    for size in range(len(word) - 1, 0, -1):
        rule = rules.prefixes.get(word[:size])
        if rule is None:
            continue
        new = rule.new[0] + word[size:]
        if is_name(new) and rules.has(new) and (rule.overwhelming or not rules.has(word)):
            end = token.start + len(token.text)
            return _Edit(token.start, end, bytes_of(new), rule), at + 1
    return None


def _match(old: Sequence[str], words: Sequence[str], row: Sequence[Token], at: int) -> list[_Span] | None:
    """What each element of a pattern matches from a token on; None where it does not match."""
    spans: list[_Span] = []
    for number, element in enumerate(old):
        if at >= len(words):
            return None
        if is_hole(element):
            end = _argument(words, row, at, element == REST)
            if end == at:
                return None
            spans.append(_Span(at, end))
            at = end
        elif words[at] == element and row[at].kind is not TokenKind.DIRECTIVE:
            if number and row[at].kind in (TokenKind.STRING, TokenKind.CHAR):
                return None
            spans.append(_Span(at, at + 1))
            at += 1
        else:
            return None
    return spans


def _argument(words: Sequence[str], row: Sequence[Token], at: int, rest: bool) -> int:
    """The end of the argument (of all of them) that begins at a token: before a comma or the bracket that closes the
    call."""
    depth = 0
    for end in range(at, len(words)):
        word = words[end]
        if row[end].kind is TokenKind.DIRECTIVE or (word in (";", "{", "}") and not depth):
            return at
        if not depth and (word in (")", "]") or (word == "," and not rest)):
            return end
        depth += (word in "([{") - (word in ")]}")
    return at


def _edit(text: bytes, row: Sequence[Token], spans: Sequence[_Span], rule: Rewrite) -> _Edit | None:
    """The edit that makes the new tokens of a match. What both sides begin and end with stays as it stands; None where
    a comment or a directive would be lost."""
    old, new = rule.old, _bracketed(row, spans, rule)
    lead = 0
    while lead < min(len(old), len(new)) and old[lead] == new[lead]:
        lead += 1
    tail = 0
    while tail < min(len(old), len(new)) - lead and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    start = _end(row, spans[lead - 1].last - 1) if lead else row[spans[0].first].start
    stop = row[spans[-tail].first].start if tail else _end(row, spans[-1].last - 1)
    if not _replaceable(text, row, spans, lead, tail):
        return None
    held = {x: s for x, s in zip(old, spans, strict=True) if is_hole(x)}
    shown = []
    for number in range(lead, len(new) - tail):
        word = bytes_of(new[number])
        if new[number] in held:
            word = _filled(text, row, held[new[number]], new, number)
        shown.append(space(new, number).encode() + word)
    made = b"".join(shown)
    if tail:
        gap = text[_end(row, spans[-tail - 1].last - 1) : stop]
        kept = b"\n" in gap if len(old) > lead + tail else False
        made += gap if kept else space(new, len(new) - tail).encode()
    return _Edit(start, stop, made, rule)


_BEFORE = frozenset({b"(", b",", b"=", b";", b"{", b"}", b"return"})
_BEHIND = frozenset({b")", b",", b";", b"}"})


def _bracketed(row: Sequence[Token], spans: Sequence[_Span], rule: Rewrite) -> tuple[str, ...]:
    """The new tokens, between brackets where a call becomes an expression that its neighbours would pull apart."""
    if rule.kind is not RewriteKind.CALL or not _is_open(rule.new):
        return rule.new
    first, last = spans[0].first, spans[-1].last
    before = first == 0 or row[first - 1].text in _BEFORE
    behind = last == len(row) or row[last].text in _BEHIND
    return rule.new if before and behind else ("(", *rule.new, ")")


def _is_open(new: Sequence[str]) -> bool:
    """Whether an operator other than a member's stands outside of the brackets."""
    depth = 0
    for token in new:
        depth += (token in ("(", "[")) - (token in (")", "]"))
        inert = (
            token in ("(", ")", "[", "]", "->", ".") or is_hole(token) or is_name(token) or token[0].isdigit()
        )
        if not depth and not inert:
            return True
    return False


def _filled(text: bytes, row: Sequence[Token], span: _Span, new: Sequence[str], number: int) -> bytes:
    """An argument as it stands, between brackets where it would fall apart beside the operators of the new tokens."""
    made = text[row[span.first].start : _end(row, span.last - 1)]
    before = new[number - 1] if number else "("
    after = new[number + 1] if number + 1 < len(new) else ")"
    apart = before in ("(", ",", "[") and after in (")", ",", "]")
    return made if apart or _is_primary(row[span.first : span.last]) else b"(" + made + b")"


def _is_primary(row: Sequence[Token]) -> bool:
    """Whether tokens are one operand: a name or number with its members, indices and calls, or in brackets."""
    depth = 0
    for token in row:
        if token.text in (b")", b"]"):
            depth -= 1
        elif not depth and token.kind is TokenKind.PUNCT and token.text not in (b"(", b"[", b"->", b"."):
            return False
        if token.text in (b"(", b"["):
            depth += 1
    return not (row[0].text == b"(" and row[-1].text != b")")


def _replaceable(text: bytes, row: Sequence[Token], spans: Sequence[_Span], lead: int, tail: int) -> bool:
    """Whether between the tokens that go there is nothing but white space."""
    first = max(0, lead - 1)
    last = len(spans) - max(0, tail - 1)
    for before, after in zip(spans[first : last - 1], spans[first + 1 : last], strict=True):
        if not _BETWEEN.match(text[_end(row, before.last - 1) : row[after.first].start]):
            return False
    gone = spans[lead : len(spans) - tail]
    for span in gone:
        for number in range(span.first, span.last - 1):
            if not _BETWEEN.match(text[_end(row, number) : row[number + 1].start]):
                return False
    return True


def _end(row: Sequence[Token], number: int) -> int:
    return row[number].start + len(row[number].text)


def comment_head(text: bytes) -> int:
    """How many bytes at a fragment's start are the end of a comment whose beginning is not in it."""
    if b"*" not in text:
        return 0
    lines = text.splitlines(keepends=True)
    rows = line_tokens(lines)
    offset = 0
    for line, row in zip(lines, rows, strict=True):
        opens, closes = line.find(b"/*"), line.find(b"*/")
        if closes >= 0 and (opens < 0 or closes < opens):
            behind = line_tokens([line[closes + 2 :]])[0]
            return offset + closes + 2 if behind == row else offset
        if row or opens >= 0:
            break
        offset += len(line)
    return offset
