"""Where a brace closes, also where conditional compilation splits the braces.

Within a body only one branch of each #if counts. The first branch is tried first, and what was chosen for
one condition holds for the same condition further down. Where the result does not look as C is laid out
(a closing brace in column 0 ends what is at the top level) other choices are tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import combinations

from .conditions import BRANCH, OPENING, certain, condition
from .patterns import BODY_EVENT, KEYWORD, directive_event

_UNCLOSED = 1000
_SWALLOWED = 100
_GIVE_UP = 30
_MOST_CHOICES = 24
_NOT_BRACES = bytes(x for x in range(256) if x not in b"{}")


@dataclass(frozen=True, slots=True)
class Body:
    """A brace and its partner. `close` is the offset of the `}`; `popped` the #if groups, begun before
    the body, that end within it; `inner` those begun within it that are still open at its end.
    `doubt` says why the end is a guess ("" for a certain one)."""

    close: int
    popped: int = 0
    inner: int = 0
    doubt: str = ""


@dataclass(slots=True)
class _Walk:
    """One way through a body."""

    start: int
    truth: dict[str, bool]
    position: int = 0
    depth: int = 0
    inner: int = 0
    popped: int = 0
    bad: int = 0
    loose: bool = False
    asked: list[str] = field(default_factory=list)


Note = Callable[[int, int], None]
"""Told the offsets of each #define that is met."""


def match_body(data: bytes, start: int, note: Note, function: bool = True, quick: bool = False) -> Body:
    """The partner of the `{` at `start`; `note` is called for every #define on the way.

    `function` is whether it is a function's: a table's inner braces often stand in column 0, too.
    With `quick` only what is plain is matched brace by brace.
    """
    plain = _plain_body(data, start)
    if plain or quick:
        return plain or _by_layout(data, start)
    return _conditional_body(data, start, note, function)


def _plain_body(data: bytes, start: int) -> Body | None:
    """The body without conditionals that ends at the next `}` in column 0, or None."""
    end = data.find(b"\n}", start)
    if end < 0:
        return None
    text = data[start : end + 2]
    if b"#" in text or text.rfind(b"/*") > text.rfind(b"*/"):
        return None
    braces = text.translate(None, _NOT_BRACES)[1:-1]
    while b"{}" in braces:
        braces = braces.replace(b"{}", b"")
    return None if braces else Body(end + 1)


def _conditional_body(data: bytes, start: int, note: Note, function: bool) -> Body:
    best = _walk(data, start, {}, note, function)
    if best.bad and best.asked:
        for truth in _other_choices(best.asked):
            other = _walk(data, start, truth, note, function)
            if other.bad < best.bad:
                best = other
            if not best.bad:
                break
    if best.bad >= _SWALLOWED:
        return _by_layout(data, start)
    return Body(best.position, best.popped, best.inner)


def _other_choices(asked: list[str]) -> Iterator[dict[str, bool]]:
    """Truth values for the conditions, those that differ in few from the first branches first, after
    the last branches of all."""
    base = {x.lstrip("!"): not x.startswith("!") for x in asked}
    yield {x: not value for x, value in base.items()}
    left = _MOST_CHOICES
    for count in (1, 2):
        for flipped in combinations(base, count):
            if not left:
                return
            left -= 1
            yield {x: value != (x in flipped) for x, value in base.items()}


def _walk(data: bytes, start: int, truth: dict[str, bool], note: Note, function: bool) -> _Walk:
    """Follow the braces from `start` with these truth values; others are found on the way."""
    walk = _Walk(start, dict(truth), start)
    flush = function and data[start - 1 : start] in (b"\n", b"")
    while True:
        match = BODY_EVENT.search(data, walk.position)
        if match is None or (walk.bad >= _GIVE_UP and walk.asked):
            walk.bad += _UNCLOSED
            return walk
        at, byte = match.start(), data[match.start()]
        walk.position = match.end()
        if byte == 0x7B:
            walk.depth += 1
            if function and walk.depth > 1 and data[at - 1] == 0x0A:
                walk.bad += _SWALLOWED if walk.loose else 1
        elif byte == 0x7D:
            walk.depth -= 1
            flushed = function and data[at - 1] == 0x0A
            if not walk.depth:
                walk.bad += flush and not flushed
                walk.position = at
                return walk
            walk.bad += flushed
            walk.loose |= flushed
        elif byte == 0x23:
            _directive(data, walk, at, note)


def _directive(data: bytes, walk: _Walk, at: int, note: Note) -> None:
    """Take the directive at `at` into account, and move past the branches that are not chosen."""
    match = KEYWORD.match(data, at)
    word = match[1] if match else b""
    if word in OPENING:
        walk.inner += 1
        _choose(data, walk, word, data[match.end() : walk.position] if match else b"", note)
    elif word in BRANCH:
        _, walk.position = skip_branches(data, walk.position, note, to_end=True)
        _leave(walk)
    elif word == b"endif":
        _leave(walk)
    elif word == b"define":
        note(at, walk.position)


def _leave(walk: _Walk) -> None:
    if walk.inner:
        walk.inner -= 1
    else:
        walk.popped += 1


def _choose(data: bytes, walk: _Walk, word: bytes, body: bytes, note: Note) -> None:
    """Move into the first branch of the group that holds, or past its #endif."""
    while not _holds(walk, word, body):
        directive, walk.position = skip_branches(data, walk.position, note)
        match = KEYWORD.match(data, directive) if directive >= 0 else None
        if match is None or match[1] == b"endif":
            walk.inner -= 1
            return
        if match[1] == b"else":
            return
        word, body = match[1], data[match.end() : walk.position]


def _holds(walk: _Walk, word: bytes, body: bytes) -> bool:
    known = certain(word, body)
    if known is not None:
        return known
    about, positive = condition(word, body)
    if about not in walk.truth:
        walk.truth[about] = positive
        walk.asked.append(about if positive else "!" + about)
    return walk.truth[about] == positive


def skip_branches(data: bytes, position: int, note: Note, to_end: bool = False) -> tuple[int, int]:
    """From within a branch to the directive that ends it, or with `to_end` to the group's #endif:
    (offset of the directive, offset of its end); (-1, length of the data) where there is none."""
    depth = 0
    for match in directive_event().finditer(data, position):
        at = match.start()
        if data[at] != 0x23:
            continue
        keyword = KEYWORD.match(data, at)
        word = keyword[1] if keyword else b""
        if word in OPENING:
            depth += 1
        elif word == b"endif":
            if not depth:
                return at, match.end()
            depth -= 1
        elif word == b"define":
            note(at, match.end())
        elif word in BRANCH and not depth and not to_end:
            return at, match.end()
    return -1, len(data)


def _by_layout(data: bytes, start: int) -> Body:
    """The end by layout alone: the next `}` in column 0."""
    found = data.find(b"\n}", start)
    close = found + 1 if found >= 0 else max(len(data.rstrip()) - 1, start)
    popped = inner = 0
    for match in directive_event().finditer(data, start, close):
        keyword = KEYWORD.match(data, match.start()) if data[match.start()] == 0x23 else None
        if keyword is None:
            continue
        if keyword[1] in OPENING:
            inner += 1
        elif keyword[1] == b"endif":
            inner, popped = (inner - 1, popped) if inner else (0, popped + 1)
    return Body(close, popped, inner, "its braces do not balance; the end was taken from the layout")
