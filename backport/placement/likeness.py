"""Small questions about tokens: where a run of them stands, how much of it, how alike two lines are. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from backport.placement.target import TargetText, Tokens

COUNTERPART = 0.5
"""How alike two lines must be, at least, for one to be a later form of the other."""

STRANGERS = 0.15
"""Added lines of a run that may be gone without a counterpart (a long run lost some in later years)."""

RARE_LENGTH = 8
RARE_LINES = 6
"""A name of so many letters on so few lines of a file says which change it belongs to."""

MOST_TOKENS = 20_000

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
    for at in range(len(stream) - size + 1):
        if stream[at] != needle[0] or stream[at : at + size] != needle:
            continue
        end = at + size
        opens = at == 0 or where[at - 1] != where[at] or stream[at - 1] in _ENDS
        closes = end == len(stream) or where[end] != where[end - 1] or stream[end - 1] in _ENDS
        if opens and closes:
            return where[at], where[end - 1] + 1
    return None


def share(wanted: Tokens, hay: Sequence[bytes]) -> float:
    """The share (0 to 1) of the tokens that stand in the hay, in order."""
    if not wanted or len(hay) > MOST_TOKENS:
        return 0.0
    matcher = SequenceMatcher(None, hay, wanted, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks()) / len(wanted)


def alike(one: Tokens, other: Tokens) -> float:
    """How alike two lines are, by their tokens in any order (Dice's coefficient)."""
    common = sum((Counter(one) & Counter(other)).values())
    return 2 * common / max(len(one) + len(other), 1)


def counterparts(lines: Sequence[Tokens], rows: Sequence[Tokens], old: set[Tokens]) -> bool:
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
    strangers += sum(not any(alike(line, row) >= COUNTERPART for row in candidates) for line in missing)
    return strangers <= len(lines) * STRANGERS


def names_of(tokens: Iterable[bytes]) -> set[bytes]:
    """The names among the tokens (of three letters and more)."""
    return {t for t in tokens if _NAME.match(t)}


def rare(name: bytes, target: TargetText) -> bool:
    """Whether a name says of which change it is: long, and on few lines of the file."""
    return len(name) >= RARE_LENGTH and len(target.name_lines.get(name, ())) <= RARE_LINES
