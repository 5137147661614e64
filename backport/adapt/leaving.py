"""Parameters and arguments of what the target does not have, left out of the patch's two texts. Pure.

Where the base hands something on (`wp_copy`) and the target, on the same lines, all the rest, the thing belongs
to a feature that the target lacks. Upstream's new lines hand it on too: with it gone from the base and from upstream's
text alike, they say what they would say in the target.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import pairwise

from backport.adapt.threeway import edits
from backport.adapt.words import Word, is_name, joined, pairs, words_of
from backport.git import DiffHunk

_LONGEST = 400
_MOST_WORDS = 6
"""Words of a parameter, at most: `const struct page *page`."""
_OPEN, _CLOSE = b"([{", b")]}"


def absent_items(files: Iterable[tuple[bytes, bytes, Sequence[DiffHunk]]]) -> frozenset[bytes]:
    """The parameters and arguments that the base hands on in lists and the targets of the same files do not know, from
    (base, target, their difference)."""
    found: Counter[bytes] = Counter()
    held: set[bytes] = set()
    for base, target, hunks in files:
        held |= {w.text for w in words_of(target).words}
        old, new = base.split(b"\n"), target.split(b"\n")
        for hunk in hunks:
            if hunk.old_count and hunk.new_count and max(hunk.old_count, hunk.new_count) <= _LONGEST:
                one = old[hunk.old_start - 1 :][: hunk.old_count]
                other = new[hunk.new_start - 1 :][: hunk.new_count]
                found.update(_dropped(b"\n".join(one), b"\n".join(other)))
    return frozenset(name for name in found if name not in held)


def _dropped(base: bytes, target: bytes) -> Iterator[bytes]:
    """The names of list items that only the base has."""
    one, other = words_of(base), words_of(target)
    for edit in edits(pairs(one, other), len(one.words), len(other.words)):
        words = [w.text for w in one.words[edit.first : edit.last]]
        if edit.start != edit.stop or b"," not in (words[0], words[-1]) or len(words) > _MOST_WORDS + 1:
            continue
        item = words[1:] if words[0] == b"," else words[:-1]
        if item and is_name(item[-1]) and b"," not in item and not _brackets(item):
            yield item[-1]


def _brackets(words: Iterable[bytes]) -> bool:
    return any(len(w) == 1 and w in _OPEN + _CLOSE for w in words)


def without(data: bytes, names: Collection[bytes]) -> tuple[bytes, tuple[str, ...]]:
    """A text without the list items that these names are, and which were left out."""
    if not names or not any(name in data for name in names):
        return data, ()
    text = words_of(data)
    words = list(text.words)
    gone: set[int] = set()
    used: dict[str, None] = {}
    for first, last in _items(words):
        name = words[last - 1].text
        if name in names and last - first <= _MOST_WORDS and not _brackets(w.text for w in words[first:last]):
            gone.update(range(first, last))
            gone.add(_comma(words, first, last, gone))
            used[name.decode("latin-1")] = None
    kept = [w for n, w in enumerate(words) if n not in gone]
    return joined(kept, text.tail), tuple(used)


def _items(words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """The items of all lists in parentheses that have more than one, as half-open ranges of words."""
    open_at: list[list[int]] = []
    for number, word in enumerate(words):
        if word.text == b"(":
            open_at.append([number])
        elif word.text == b"," and open_at:
            open_at[-1].append(number)
        elif word.text == b")" and open_at:
            borders = [*open_at.pop(), number]
            if len(borders) > 2:
                yield from ((a + 1, b) for a, b in pairwise(borders) if b > a + 1)


def _comma(words: Sequence[Word], first: int, last: int, gone: Collection[int]) -> int:
    """The comma that goes with an item: the one behind it, or the one before it where it is the last."""
    if words[last].text == b",":
        return last
    return first - 1 if words[first - 1].text == b"," and first - 1 not in gone else last - 1
