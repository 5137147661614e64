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

    What a hunk removes that adds nothing of its own must not stand beside the place. Then, word for word, it is
    proved, if its function is there or a context line is at no other place of the file; else by its place, by nearly
    all of it or by telling lines on both sides; else only if what is removed is gone from the file."""
    new = keys(item.parts.new)
    start = backward.start
    fresh = set(new)
    runs = zip(item.parts.runs, backward.edits, strict=True)
    whole = text.keys[start : start + len(new)] == new
    brings = any(_says(k, text) for run in item.parts.runs for k in keys(run.added))
    if not brings and any(_stands_beside(run, edit, fresh, text) for run, edit in runs):
        return False
    if _stands_within(item, new, start, text) or _swapped(item, new, start, text):
        return False
    if whole:
        return _at_home_or_unique(item, backward.edits, new, text)
    in_step = backward.share >= IN_STEP and abs(start - expected) <= SIDE
    if in_step or backward.share >= NEARLY_ALL or _between_telling(item, new, start, text):
        return True
    gone = [k for run in item.parts.runs for k in keys(run.removed) if len(k) > 3 and k not in fresh]
    return not gone or sum(k in text.key_index for k in gone) <= len(gone) / 2


def _at_home_or_unique(item: Work, edits: Sequence[Edit], new: Sequence[bytes], text: TargetText) -> bool:
    """Whether the place is not in another function than the hunk names, or a context line is unique in the file."""
    if not outcome.strays(item, outcome.edited_scopes(text, edits)):
        return True
    added = {i for run in item.parts.runs for i in range(run.new_first, run.new_last)}
    context = (k for i, k in enumerate(new) if i not in added and len(k) > 3)
    return any(len(text.key_index.get(k, ())) == 1 for k in context)


def _between_telling(item: Work, new: Sequence[bytes], start: int, text: TargetText) -> bool:
    """Whether the nearest telling lines on both sides of the change stand in their places."""
    runs = item.parts.runs
    before = next((i for i in range(runs[0].new_first - 1, -1, -1) if len(new[i]) > 3), None)
    after = next((i for i in range(runs[-1].new_last, len(new)) if len(new[i]) > 3), None)
    return all(
        i is not None and start + i < len(text.keys) and text.keys[start + i] == new[i]
        for i in (before, after)
    )


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
        if before is not None and text.keys[start + before] != new[before] and new[before] in behind:
            return True
        there = text.keys[start + after] if after is not None and start + after < len(text.keys) else None
        if after is not None and there not in (None, new[after]) and new[after] in ahead:
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


def better(backward: drift.Landing, forward: drift.Landing, item: Work) -> bool:
    """Whether the change is there rather than that it lands. Where both are found at one place, what would
    be added stands right beside it."""
    beside = abs(backward.start - forward.start) <= len(item.parts.new)
    return backward.score > forward.score + (0 if beside else CLEARLY)


CLEARLY = 0.02
"""By how much the change must be there better than it would land, for it to be there."""
