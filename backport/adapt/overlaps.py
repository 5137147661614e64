"""What can still be said of words that both sides changed. Pure: each rule looks at the three texts of an overlap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from backport.adapt.threeway import Overlap
from backport.adapt.words import Word, is_name
from backport.model import StrEnum

_MOSTLY = 0.7
"""The share of an overlap's words from which it is a form of another, and not something else."""


class Rule(StrEnum):
    """Why an overlap is settled as it is, from the surest down."""

    REMOVED = "removed"  # upstream takes it out, and the target has but a part of it
    REMOVED_FORM = "removed-form"  # upstream takes it out, and the target has another form of it
    KEPT_PART = "kept-part"  # upstream puts something in beside what the target does not have
    GONE = "gone"  # upstream changes what the target does not have
    BOTH_INSERT = "both-insert"  # each side put something in at one place


@dataclass(frozen=True, slots=True)
class Settled:
    rule: Rule
    words: tuple[Word, ...]


def settle(overlap: Overlap) -> Settled | None:
    """What becomes of an overlap; None where nobody can say."""
    base, ours, theirs = (texts(x) for x in (overlap.base, overlap.target, overlap.upstream))
    if base and not theirs:
        return _removed(base, ours)
    if base and not ours:
        return _left(overlap)
    both = not base and _whole(overlap.target) and _whole(overlap.upstream)
    if both and not _common(ours, theirs):
        return Settled(Rule.BOTH_INSERT, (*overlap.target, *overlap.upstream))
    return None


def _removed(base: Sequence[bytes], ours: Sequence[bytes]) -> Settled | None:
    """Upstream takes the words out."""
    if _within(ours, base):
        return Settled(Rule.REMOVED, ())
    return Settled(Rule.REMOVED_FORM, ()) if _share(ours, base) >= _MOSTLY else None


def _left(overlap: Overlap) -> Settled | None:
    """The target does not have the words."""
    base, theirs = texts(overlap.base), texts(overlap.upstream)
    if _within(base, theirs):
        brought = _beside(overlap)
        return Settled(Rule.KEPT_PART, brought) if brought is not None else None
    return Settled(Rule.GONE, ()) if _share(theirs, base) >= _MOSTLY else None


def _whole(words: Sequence[Word]) -> bool:
    """Whether an insertion begins a line."""
    return bool(words) and b"\n" in words[0].space


def texts(words: Sequence[Word]) -> tuple[bytes, ...]:
    return tuple(w.text for w in words)


def _within(part: Sequence[bytes], whole: Sequence[bytes]) -> bool:
    """Whether the words stand in the others, in order."""
    rest = iter(whole)
    return all(word in rest for word in part)


def _share(words: Sequence[bytes], known: Sequence[bytes]) -> float:
    """The share of the names among the words that the others have too."""
    names = [w for w in words if is_name(w)] or list(words)
    found = sum((Counter(names) & Counter(known)).values())
    return found / max(len(names), 1)


def _common(one: Sequence[bytes], other: Sequence[bytes]) -> bool:
    """Whether two insertions are forms of each other."""
    return min(_share(one, other), _share(other, one)) >= _MOSTLY


def _beside(overlap: Overlap) -> tuple[Word, ...] | None:
    """What upstream put in before or behind words that it kept; None where it is on both sides or amid them."""
    base, theirs = texts(overlap.base), texts(overlap.upstream)
    count = len(theirs) - len(base)
    if theirs[:count] + base == theirs:
        return overlap.upstream[:count]
    if base + theirs[len(base) :] == theirs:
        return overlap.upstream[len(base) :]
    return None
