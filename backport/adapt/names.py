"""What the target calls what the patch's tree calls otherwise, read from where the two files drifted apart. Pure.

On a line that both have, but for one name, the target's name stands for the base's. It is believed where the base's
name does not stand in the target's file at all, nor the target's in the base's file: then nothing else can be meant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from backport.adapt.threeway import edits
from backport.adapt.words import Text, Word, is_name, pairs, words_of
from backport.git import DiffHunk

_TAGS = frozenset((b"struct", b"union", b"enum"))
_ACCESS = frozenset((b"->", b"."))
_SURE = 0.8
"""The share of a name's drifted places that must agree on the target's name."""
_LONGEST = 400
"""Lines of a stretch that drifted, at most, for its words to be paired."""
_AFFIX = 3

Name = tuple[bytes, bytes]
"""A name with the word before it where that is struct, union or enum, or b""."""


@dataclass(frozen=True, slots=True)
class Drift:
    """`names`: the target's name for each of the base's, with the number of places that show it. `prefixes`: what a
    group of names begins with in the base, and in the target. `absent`: the parameters and arguments that the base
    hands on and the target does not know."""

    names: Mapping[Name, tuple[bytes, int]]
    prefixes: Mapping[bytes, bytes]
    absent: frozenset[bytes] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.names or self.prefixes)


def drifted(files: Iterable[tuple[bytes, bytes, Sequence[DiffHunk]]]) -> Drift:
    """The target's names for the base's, from (base, target, their difference) of the files of a patch."""
    votes: dict[Name, Counter[bytes]] = {}
    held: set[Name] = set()
    known: set[Name] = set()
    for base, target, hunks in files:
        known |= _names(base)
        held |= _names(target)
        for name, by in _votes(base, target, hunks):
            votes.setdefault(name, Counter())[by] += 1
    found: dict[Name, tuple[bytes, int]] = {}
    for name, counted in votes.items():
        by, count = min(counted.items(), key=lambda x: (-x[1], x[0]))
        if count >= _SURE * counted.total() and name not in held and (name[0], by) not in known:
            found[name] = (by, count)
    return Drift(found, _prefixes(found))


def _votes(base: bytes, target: bytes, hunks: Sequence[DiffHunk]) -> Iterator[tuple[Name, bytes]]:
    """Each place at which the files differ in one name."""
    old, new = base.split(b"\n"), target.split(b"\n")
    for hunk in hunks:
        if not hunk.old_count or not hunk.new_count or max(hunk.old_count, hunk.new_count) > _LONGEST:
            continue
        one = words_of(b"\n".join(old[hunk.old_start - 1 : hunk.old_start - 1 + hunk.old_count]))
        other = words_of(b"\n".join(new[hunk.new_start - 1 : hunk.new_start - 1 + hunk.new_count]))
        yield from _replaced(one, other)


def local_drift(base: Text, target: Text) -> Drift:
    """The same from a few lines alone: names that the target has in no place where the base has them, and another one
    in each of at least two."""
    votes: dict[Name, Counter[bytes]] = {}
    for name, by in _replaced(base, target):
        votes.setdefault(name, Counter())[by] += 1
    held = {w.text for w in target.words}
    found = {
        name: (next(iter(by)), by.total())
        for name, by in votes.items()
        if len(by) == 1 and by.total() > 1 and name[1] not in held
    }
    return Drift(found, {})


def _replaced(one: Text, other: Text) -> Iterable[tuple[Name, bytes]]:
    """The names of which each is replaced by one other, what is around it being equal."""
    found = pairs(one, other)
    for edit in edits(found, len(one.words), len(other.words)):
        if edit.last - edit.first == 1 == edit.stop - edit.start:
            old, new = one.words[edit.first].text, other.words[edit.start].text
            named = is_name(old) and is_name(new) and not old[:1].isdigit() and not new[:1].isdigit()
            if named or {old, new} <= _ACCESS:
                yield (_tag(one.words, edit.first), old), new


def _tag(words: Sequence[Word], at: int) -> bytes:
    """What a word is told apart by: the `struct` before a tag, the name before `->` or `.`."""
    before = words[at - 1].text if at else b""
    return before if before in _TAGS or words[at].text in _ACCESS else b""


def _names(data: bytes) -> frozenset[Name]:
    words = words_of(data).words
    return frozenset((_tag(words, n), w.text) for n, w in enumerate(words))


def _prefixes(found: Mapping[Name, tuple[bytes, int]]) -> dict[bytes, bytes]:
    """What at least two names have lost or changed at their beginning in the same way, up to an underscore."""
    votes: Counter[tuple[bytes, bytes]] = Counter()
    for (_, old), (new, _) in found.items():
        same = _same_end(old, new) if is_name(old) else 0
        if same:
            votes[old[: len(old) - same], new[: len(new) - same]] += 1
    kept: dict[bytes, bytes] = {}
    for (old, new), count in sorted(votes.items(), key=lambda x: (-x[1], x[0])):
        if count > 1 and len(old) >= _AFFIX:
            kept.setdefault(old, new)
    return kept


def _same_end(one: bytes, other: bytes) -> int:
    """The length of what both end with, from the far side of an underscore on in both."""
    size = 0
    while size < min(len(one), len(other)) and one[-1 - size] == other[-1 - size]:
        size += 1
    while size >= _AFFIX and not all(x[: len(x) - size][-1:] in (b"", b"_") for x in (one, other)):
        size -= 1
    return size if size >= _AFFIX else 0


def prefixed(words: Iterable[bytes], drift: Drift) -> dict[bytes, bytes]:
    """The names that a prefix would change, each with what it would become."""
    return {
        word: new + word[len(old) :]
        for word in words
        for old, new in drift.prefixes.items()
        if word.startswith(old) and len(word) > len(old) + _AFFIX - 1 and (b"", word) not in drift.names
    }


def renamed(data: bytes, drift: Drift) -> tuple[bytes, tuple[tuple[str, str], ...]]:
    """A text in the target's names (`drift.names` alone), and which were put for which."""
    text = words_of(data)
    used: dict[tuple[str, str], None] = {}
    out: list[bytes] = []
    for number, word in enumerate(text.words):
        by = drift.names.get((_tag(text.words, number), word.text))
        if by is not None:
            used[word.text.decode("latin-1"), by[0].decode("latin-1")] = None
        out.append(word.space + (by[0] if by is not None else word.text))
    return b"".join(out) + text.tail, tuple(used)
