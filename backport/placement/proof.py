"""Is a post-image that stands in the target a proof that the change is there?

`drift.land` finds where a hunk, turned round, would land: there its post-image stands, some lines of the context aside.
That alone is not enough: code repeats itself, and a deletion leaves only context to be found. The questions here are
the ones that told false from true on histories in which the truth is known. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from backport.placement import drift, outcome
from backport.placement.lines import Edit, Run, keys
from backport.placement.sites import KNOWN, Work, home_site
from backport.placement.target import TargetText


def proved(item: Work, backward: drift.Landing, text: TargetText, expected: int) -> bool:
    """Whether a post-image that stands in the target proves that the change is there.

    Never if what the hunk removes, or a neighbour of what it adds, stands where it should not. In the region
    that the hunk says it is in, the lines decide. In another region, or where the hunk says nothing, they must also
    stand at their very place, or word for word at no other, with a context line that is unique in the file."""
    new = keys(item.parts.new)
    start = backward.start
    if start < 0 or _contradicted(item, backward, new, text):
        return False
    if item.named and not outcome.strays(item, outcome.edited_scopes(text, backward.edits)):
        return _by_lines(item, backward, new, text, expected)
    in_place = abs(start - expected) <= SIDE and not _other_head(item, new, start, text)
    unique = _unique_context(item, new, start, text)
    if text.keys[start : start + len(new)] == new:
        return in_place or ((unique or not item.named) and _occurrences(new, text) == 1)
    return (in_place or (unique and not item.named)) and _by_lines(item, backward, new, text, expected)


def doubles(item: Work, forward: drift.Landing, text: TargetText) -> bool:
    """Whether the first line that a run inserts stands right behind its place already, or the last right before
    it, and is no context of the hunk: the target has it, and it would be there twice."""
    context = set(keys(item.parts.old))
    for run, edit in zip(item.parts.runs, forward.edits, strict=True):
        telling = [k for k in keys(run.added) if len(k) >= LONG and k not in context]
        if run.removed or not telling:
            continue
        behind = [k for k in text.keys[edit.last : edit.last + 2 * SIDE] if len(k) > 3][:SIDE]
        ahead = [k for k in text.keys[max(edit.first - 2 * SIDE, 0) : edit.first] if len(k) > 3][-SIDE:]
        beside = {k for k in (telling[0],) if k in behind} | {k for k in (telling[-1],) if k in ahead}
        if any(_says(k, text) for k in beside):
            return True
    return False


LONG = 12
"""Characters from which a line is not by chance the same as another near by."""


def lands_elsewhere(item: Work, forward: drift.Landing, text: TargetText) -> bool:
    """Whether a landing is in another function than the hunk says, and nothing shows that it is the same code under
    another name: the head of the hunk's function does not stand there, or no context line is unique in the file."""
    if not outcome.strays(item, outcome.edited_scopes(text, forward.edits)):
        return False
    turned = Work(item.hunk, item.parts.turned, item.scopes)
    old = keys(item.parts.old)
    return _other_head(turned, old, forward.start, text) or not _unique_context(
        turned, old, forward.start, text
    )


def _other_head(item: Work, new: Sequence[bytes], start: int, text: TargetText) -> bool:
    """Whether the head of a function stands where the hunk has that of the one it is in."""
    names = [name.encode() for name in item.named]
    heads = [i for i, line in enumerate(item.parts.new) if line[:1].isalpha() and b"(" in line]
    return any(name in new[i] and name not in (_key(text, start + i) or b"") for i in heads for name in names)


def _contradicted(item: Work, backward: drift.Landing, new: Sequence[bytes], text: TargetText) -> bool:
    """Whether something in the target speaks against it."""
    fresh = set(new)
    runs = zip(item.parts.runs, backward.edits, strict=True)
    brings = any(_says(k, text) for run in item.parts.runs for k in keys(run.added))
    if not brings and any(_stands_beside(run, edit, fresh, text) for run, edit in runs):
        return True
    return _stands_within(item, new, backward.start, text) or _swapped(item, new, backward.start, text)


def _by_lines(
    item: Work, backward: drift.Landing, new: Sequence[bytes], text: TargetText, expected: int
) -> bool:
    """Whether enough of the post-image stands there: all of it; most of it at the very place; nearly all of it;
    telling lines on both sides; or else what is removed is gone from the file."""
    start = backward.start
    if text.keys[start : start + len(new)] == new or backward.share >= NEARLY_ALL:
        return True
    if backward.share >= IN_STEP and abs(start - expected) <= SIDE:
        return True
    if _between_telling(item, new, start, text):
        return True
    gone = [k for run in item.parts.runs for k in keys(run.removed) if len(k) > 3 and k not in new]
    return bool(gone) and sum(k in text.key_index for k in gone) <= len(gone) / 2


def _occurrences(new: Sequence[bytes], text: TargetText) -> int:
    """How often the lines stand together in the file, white space aside."""
    rarest = min(range(len(new)), key=lambda i: len(text.key_index.get(new[i], ())))
    places = text.key_index.get(new[rarest], ())
    wanted = list(new)
    return sum(text.keys[at - rarest : at - rarest + len(new)] == wanted for at in places if at >= rarest)


def _unique_context(item: Work, new: Sequence[bytes], start: int, text: TargetText) -> bool:
    """Whether a context line that stands in its place stands at no other of the file."""
    added = {i for run in item.parts.runs for i in range(run.new_first, run.new_last)}
    return any(
        i not in added and len(k) > 3 and _key(text, start + i) == k and len(text.key_index[k]) == 1
        for i, k in enumerate(new)
    )


def _key(text: TargetText, at: int) -> bytes | None:
    """The key of a line of the file, None beyond its ends."""
    return text.keys[at] if 0 <= at < len(text.keys) else None


def _between_telling(item: Work, new: Sequence[bytes], start: int, text: TargetText) -> bool:
    """Whether the nearest telling lines on both sides of the change stand in their places."""
    runs = item.parts.runs
    before = next((i for i in range(runs[0].new_first - 1, -1, -1) if len(new[i]) > 3), None)
    after = next((i for i in range(runs[-1].new_last, len(new)) if len(new[i]) > 3), None)
    return all(i is not None and _key(text, start + i) == new[i] for i in (before, after))


def _says(line: bytes, text: TargetText) -> bool:
    """Whether a line is long and rare enough in the file to say by itself that it was added."""
    return len(line) > 3 and 0 < len(text.key_index.get(line, ())) <= 2


def _stands_beside(run: Run, edit: Edit, fresh: set[bytes], text: TargetText) -> bool:
    """Whether most of what a run removes, if that is more than a line or two, stands within its length of its
    place."""
    gone = [k for k in keys(run.removed) if len(k) > 3 and k not in fresh]
    reach = set(_around(edit, len(run.removed) + SIDE, text))
    weights = [(drift.line_weight(k, text), k in reach) for k in gone]
    return len(gone) >= SIDE and sum(w for w, held in weights if held) > sum(w for w, _ in weights) / 2


def _stands_within(item: Work, new: Sequence[bytes], start: int, text: TargetText) -> bool:
    """Whether a line that the hunk removes stands where a line of its context should, and that is not there."""
    gone = {k for run in item.parts.runs for k in keys(run.removed) if len(k) > 3}.difference(new)
    here = text.keys[start : start + len(new)]
    return any(k in gone and drift.likeness(k, wanted) < ALIKE for k, wanted in zip(here, new, strict=False))


def _swapped(item: Work, new: Sequence[bytes], start: int, text: TargetText) -> bool:
    """Whether a direct neighbour of what the hunk adds stands on the other side of it."""
    for run in item.parts.runs:
        if not run.added:
            continue
        first, last = start + run.new_first, start + run.new_last
        before = next((i for i in range(run.new_first - 1, -1, -1) if new[i]), None)
        after = next((i for i in range(run.new_last, len(new)) if new[i]), None)
        behind, ahead = text.keys[last : last + SIDE], text.keys[max(first - SIDE, 0) : first]
        if before is not None and _key(text, start + before) != new[before] and new[before] in behind:
            return True
        if after is not None and _key(text, start + after) != new[after] and new[after] in ahead:
            return True
    return False


def _around(edit: Edit, reach: int, text: TargetText) -> list[bytes]:
    return text.keys[max(edit.first - reach, 0) : edit.first] + text.keys[edit.last : edit.last + reach]


ALIKE = 0.75
"""How alike a line must be to the one that should stand there, at least, to be taken for it."""

IN_STEP = 0.6
"""The same for a post-image that stands where the hunks before it say it should."""

NEARLY_ALL = 0.85
"""Weight of a post-image's lines that stand in the target, as a share, at which they need no more proof."""

SIDE = 3
"""git's length of context, and the fewest lines that say something of a place together."""


def at_home(item: Work, text: TargetText, expected: int) -> Callable[[Sequence[Edit]], bool]:
    """Whether edits are where the hunk names a function: anywhere, if the file has no such function, or
    has one that holds little of the hunk (the code went on under another name)."""
    home = home_site(item, text, expected)
    if home is None or home.share < KNOWN:
        return lambda edits: True
    return lambda edits: not outcome.strays(item, outcome.edited_scopes(text, edits))


def better(backward: drift.Landing, forward: drift.Landing, item: Work, expected: int) -> bool:
    """Whether the change is there rather than that it lands. Where both are found at one place, what would
    be added stands right beside it. A hunk that does not say where it is, and lands well elsewhere, is there only at
    its very place."""
    if abs(backward.start - forward.start) <= len(item.parts.new):
        return backward.score > forward.score
    if not item.named and forward.share >= WELL and abs(backward.start - expected) > SIDE:
        return False
    return backward.score > forward.score + CLEARLY


WELL = 0.75
"""Weight of a pre-image's lines that stand in the target, as a share, at which it lands well."""

CLEARLY = 0.02
"""By how much the change must be there better than it would land, for it to be there."""
