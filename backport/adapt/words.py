"""Source text as words with the white space before each, and which words of two texts are the same. Pure.

Invariant: the words of a text, each behind its space, and the space at the end are the text again, byte for byte.
An alignment ascends on both sides and pairs only words that are equal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from backport.placement.align import align, firm, matching_blocks

_WORD = re.compile(
    rb"\w+|->|\+\+|--|<<=|>>=|[-+*/%&|^<>=!]=|&&|\|\||<<|>>|\.\.\.|/\*+|\*+/|//+|##|\\\n|[^\w\s]", re.ASCII
)
_NAME = re.compile(rb"[A-Za-z_]\w*\Z|\d\w*\Z", re.ASCII)


class Word(NamedTuple):
    """A name, number or sign, and the white space before it."""

    text: bytes
    space: bytes


class Text(NamedTuple):
    """Words in order, and the white space behind the last one."""

    words: tuple[Word, ...]
    tail: bytes


def words_of(data: bytes) -> Text:
    """The words of a text, comments and strings word by word too: two changes of one comment can be merged."""
    found: list[Word] = []
    at = 0
    for match in _WORD.finditer(data):
        found.append(Word(match[0], data[at : match.start()]))
        at = match.end()
    return Text(tuple(found), data[at:])


def joined(words: Iterable[Word], tail: bytes = b"") -> bytes:
    return b"".join(w.space + w.text for w in words) + tail


def is_name(word: bytes) -> bool:
    """Whether a word is a name or number, and not a sign."""
    return _NAME.match(word) is not None


def pairs(one: Text, other: Text) -> dict[int, int]:
    """Which words of `one` are which of `other`: equal lines first, then the longest runs between them, without
    chance meetings of signs."""
    lines, rows = _lines(one.words), _lines(other.words)
    keys, others = [_key(one.words, x) for x in lines], [_key(other.words, x) for x in rows]
    equal = firm(keys, align(keys, others, 0, len(others))).equal
    found: dict[int, int] = {}
    first = start = 0
    for number in sorted(equal):
        line, row = lines[number], rows[equal[number]]
        found.update(_between(one.words, other.words, (first, line[0]), (start, row[0])))
        found.update(zip(range(*line), range(*row), strict=True))
        first, start = line[1], row[1]
    found.update(_between(one.words, other.words, (first, len(one.words)), (start, len(other.words))))
    return found


def _lines(words: Sequence[Word]) -> list[tuple[int, int]]:
    """The words of each line, as half-open ranges."""
    starts = [n for n, word in enumerate(words) if n == 0 or b"\n" in word.space]
    return list(zip(starts, [*starts[1:], len(words)], strict=True)) if words else []


def _key(words: Sequence[Word], line: tuple[int, int]) -> bytes:
    return b" ".join(w.text for w in words[slice(*line)])


def _between(
    one: Sequence[Word], other: Sequence[Word], here: tuple[int, int], there: tuple[int, int]
) -> dict[int, int]:
    """The words in common of two stretches. A run of signs alone counts only where it lies against a run that holds
    a name, or against the stretch's border, on both sides."""
    texts = [w.text for w in one[slice(*here)]]
    rows = [w.text for w in other[slice(*there)]]
    if not texts or not rows:
        return {}
    blocks = matching_blocks(texts, rows)
    kept = []
    for number, block in enumerate(blocks):
        run = texts[block.one : block.one + block.size]
        if any(map(is_name, run)) or _held(blocks, number, len(texts), len(rows)):
            kept.append(block)
    return {here[0] + b.one + k: there[0] + b.other + k for b in kept for k in range(b.size)}


def _held(blocks: Sequence[tuple[int, int, int]], number: int, last: int, end: int) -> bool:
    """Whether a run is next to another run or a border on at least one of its sides, in both texts."""
    one, other, size = blocks[number]
    before = blocks[number - 1] if number else (0, 0, 0)
    after = blocks[number + 1] if number + 1 < len(blocks) else (last, end, 0)
    touches_before = before[0] + before[2] == one or before[1] + before[2] == other
    touches_after = one + size == after[0] or other + size == after[1]
    return touches_before or touches_after
