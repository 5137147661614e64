"""Lines that a merge brought twice: both sides had put them in, each in its place. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

_TELLING = 8
"""Characters of a line that is more than a brace or a jump."""


def doubled(result: bytes, sides: tuple[bytes, bytes]) -> bytes:
    """A line that a resolved text has more often than either side of git's merge; b"" for none."""
    return next(iter(doubled_lines(result, sides)), b"")


def doubled_lines(result: bytes, sides: tuple[bytes, bytes]) -> frozenset[bytes]:
    """All such lines, without their white space."""
    ours, theirs = (Counter(telling(x)) for x in sides)
    counts = Counter(telling(result))
    return frozenset(line for line, n in counts.items() if n > max(ours[line], theirs[line], 1))


def telling(data: bytes) -> Iterator[bytes]:
    """The lines that say something, without their white space."""
    return (x for line in data.split(b"\n") if len(x := b"".join(line.split())) >= _TELLING)
