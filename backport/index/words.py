"""Which words stand anywhere in a tree: digests, sorted, in buckets."""

from __future__ import annotations

import hashlib
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable

_WORD = re.compile(rb"[A-Za-z_][A-Za-z0-9_]*")
_HEAD = 8000


def words_of(data: bytes) -> set[bytes]:
    """The words of a text; those of a binary file are not looked at, as with `git grep -I`."""
    return set() if b"\0" in data[:_HEAD] else set(_WORD.findall(data))


def digest(word: bytes) -> tuple[int, int]:
    """The bucket of a word, and its number in it."""
    raw = hashlib.blake2b(word, digest_size=5).digest()
    return raw[0], int.from_bytes(raw[1:], "big")


def runs(words: Iterable[bytes]) -> dict[int, bytes]:
    """Words as a run for each bucket."""
    found: dict[int, set[int]] = {}
    for word in words:
        bucket, number = digest(word)
        found.setdefault(bucket, set()).add(number)
    return {bucket: array("I", sorted(numbers)).tobytes() for bucket, numbers in found.items()}


def merged(parts: Iterable[bytes]) -> bytes:
    """Several runs of one bucket as one."""
    numbers: set[int] = set()
    for part in parts:
        numbers.update(_numbers(part))
    return array("I", sorted(numbers)).tobytes()


def holds(parts: Iterable[bytes], number: int) -> bool:
    """Whether one of the runs of a bucket holds the number."""
    for part in parts:
        numbers = _numbers(part)
        at = bisect_left(numbers, number)
        if at < len(numbers) and numbers[at] == number:
            return True
    return False


def _numbers(part: bytes) -> array[int]:
    numbers = array("I")
    numbers.frombytes(part[: len(part) - len(part) % numbers.itemsize])
    return numbers
