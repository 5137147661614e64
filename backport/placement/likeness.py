"""Small questions about tokens: where a run of them stands, how much of it, how alike two lines are. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from backport.placement.align import matching_blocks
from backport.placement.context import coder
from backport.placement.target import TargetText, Tokens

COUNTERPART = 0.5
"""How alike two lines must be, at least, for one to be a later form of the other."""

STRANGERS = 0.15
"""Added lines of a run that may be gone without a counterpart (a long run lost some in later years)."""

RARE_LENGTH = 8
RARE_LINES = 6
"""A name of so many letters on so few lines of a file says which change it belongs to."""

MOST_TOKENS = 20_000

MOST_COMPARED = 1_000_000
"""Pairs of lines that are compared in search of later forms; what takes more has none."""

_NAME = re.compile(rb"[A-Za-z_]\w{2,}\Z")
_ENDS = (b";", b"{", b"}", b":", b",")


def find(wanted: Tokens, target: TargetText, first: int, last: int) -> tuple[int, int] | None:
    """The lines of the stretch in which the tokens stand, all of them, in order, nothing in between.

    They must be statements of their own: what is before them on their first line ends a statement, and nothing
    follows on their last. `if (x) put(y);` does not hold `put(y);`.
    """
    stream: list[bytes] = []
    where: list[int] = []
    for number in range(first, last):
        line = target.tokens[number]
        stream.extend(line)
        where.extend([number] * len(line))
    size, needle = len(wanted), list(wanted)
    code = coder([wanted])
    text, run = code(stream), code(wanted)
    at = -1
    while (at := text.find(run, at + 1)) >= 0:
        end = at + size
        if stream[at:end] != needle:
            continue
        opens = at == 0 or where[at - 1] != where[at] or stream[at - 1] in _ENDS
        closes = end == len(stream) or where[end] != where[end - 1] or stream[end - 1] in _ENDS
        if opens and closes:
            return where[at], where[end - 1] + 1
    return None


def share(wanted: Tokens, hay: Sequence[bytes]) -> float:
    """The share (0 to 1) of the tokens that stand in the hay, in order; at least, for long ones: what takes too
    many comparisons is not found."""
    if not wanted or len(hay) > MOST_TOKENS:
        return 0.0
    return sum(block.size for block in matching_blocks(hay, wanted)) / len(wanted)


def alike(one: Tokens, other: Tokens) -> float:
    """How alike two lines are, by their tokens in any order (Dice's coefficient)."""
    common = sum((Counter(one) & Counter(other)).values())
    return 2 * common / max(len(one) + len(other), 1)


def counterparts(
    lines: Sequence[Tokens], rows: Sequence[Tokens], old: set[Tokens], allowed: float = STRANGERS
) -> bool:
    """Whether (nearly) every line stands among the rows or has a later form there that is not one of the
    `old` lines, which the hunk expects: what is half there has lines without either."""
    free = Counter(row for row in rows if row)
    held = {token for row in rows for token in row}
    missing = []
    strangers = 0
    for line in lines:
        if free[line]:
            free[line] -= 1
        elif len(line) > 2:
            missing.append(line)
        else:
            # An enumerator, say: but for its name nothing could be like it.
            strangers += any(len(name) >= RARE_LENGTH and name not in held for name in names_of(line))
    candidates = [row for row, count in free.items() if count and row not in old]
    allowed = len(lines) * allowed
    # Both limits are safe: without a counterpart for its lines nothing is said to be there in a later form.
    if len(set(missing)) * len(candidates) > MOST_COMPARED:
        return False
    bags = [(len(row), Counter(row)) for row in candidates] if missing else []
    for line, times in Counter(missing).items():
        if strangers > allowed:
            return False
        strangers += 0 if _has_counterpart(line, bags) else times
    return strangers <= allowed


def _has_counterpart(line: Tokens, bags: Sequence[tuple[int, Counter[bytes]]]) -> bool:
    """Whether one of these bags of tokens, given with their sizes, is like the line."""
    bag, length = Counter(line), len(line)
    for size, other in bags:
        total = max(length + size, 1)
        # No more can be in common than the shorter one has.
        if (
            2 * min(length, size) / total >= COUNTERPART
            and 2 * sum((bag & other).values()) / total >= COUNTERPART
        ):
            return True
    return False


def names_of(tokens: Iterable[bytes]) -> set[bytes]:
    """The names among the tokens (of three letters and more)."""
    return {t for t in tokens if _NAME.match(t)}


def rare(name: bytes, target: TargetText) -> bool:
    """Whether a name says of which change it is: long, and on few lines of the file."""
    return len(name) >= RARE_LENGTH and len(target.name_lines.get(name, ())) <= RARE_LINES
