"""The ladder: strategies for one region that git could not merge, from the surest down. Pure.

A strategy is a function from a region to an attempt. The first that proposes something is taken; those before it stand
in the trace with what they said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backport.adapt.names import local_drift, renamed
from backport.adapt.overlaps import Rule, settle
from backport.adapt.regions import Region3
from backport.adapt.threeway import Merged, Overlap, Sides, Touch, merge
from backport.adapt.values import Confidence, Refusal, Step
from backport.adapt.words import Text, Word, joined, words_of


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a strategy makes of a region: a text (as the region's, a line feed before each line) and how sure it is, or
    None and what is in the way. `said` is one clause for the note."""

    text: bytes | None
    confidence: Confidence | None
    said: str
    refusal: Refusal | None = None
    left_out: tuple[str, ...] = ()


Strategy = Callable[[Region3], Attempt | None]
"""None: it does not apply at all, and is not named in the trace."""


@dataclass(frozen=True, slots=True)
class Climbed:
    """The attempt that was taken, or the last refusal, and all that was tried."""

    attempt: Attempt
    trace: tuple[Step, ...]

    @property
    def strategy(self) -> str:
        return self.trace[-1].strategy if self.trace else ""


def climb(region: Region3) -> Climbed:
    """Try the strategies in order."""
    trace: list[Step] = []
    last = Attempt(None, None, "no strategy applies", Refusal.BOTH_CHANGED)
    for name, strategy in LADDER:
        attempt = strategy(region)
        if attempt is None:
            continue
        trace.append(Step(name, attempt.said))
        last = attempt
        if attempt.text is not None:
            break
    return Climbed(last, tuple(trace))


def texts(words: Sequence[Word]) -> list[bytes]:
    return [w.text for w in words]


def same_change(region: Region3) -> Attempt | None:
    """Both sides changed it to the same words."""
    ours, theirs = words_of(region.target).words, words_of(region.upstream).words
    if texts(ours) != texts(theirs):
        return None
    return Attempt(region.target, Confidence.CERTAIN, "the target has this change, with other white space")


def by_words(region: Region3) -> Attempt:
    """Three-way merge of the words within the conflicting lines."""
    return judged(merge(Sides.of(*_texts(region))), "")


def by_local_names(region: Region3) -> Attempt | None:
    """The same, with the names that the target's lines have instead of the base's."""
    base, target, _ = _texts(region)
    drift = local_drift(base, target)
    if not drift:
        return None
    held = frozenset(w.text for w in target.words)
    one, _ = renamed(region.base, drift, held)
    other, used = renamed(region.upstream, drift, held)
    if not used:
        return None
    put = ", ".join(f"{new} for {old}" for old, new in used[:3])
    return judged(merge(Sides.of(words_of(one), target, words_of(other))), f"with the target's names ({put})")


def by_rule(wanted: frozenset[Rule], confidence: Confidence) -> Strategy:
    """Overlaps settled by some of the rules; the rest of the region merges by words."""

    def strategy(region: Region3) -> Attempt | None:
        merged = merge(Sides.of(*_texts(region)))
        settled = [settle(o) for o in merged.overlaps]
        if not settled or not all(s is not None and s.rule in wanted for s in settled):
            return None
        found = iter(s for s in settled if s is not None)
        rules = dict.fromkeys(s.rule for s in settled if s is not None)
        words: list[Word] = []
        for part in merged.parts:
            words += [part] if isinstance(part, Word) else next(found).words
        said = "; ".join(_RULES[r] for r in rules)
        return Attempt(joined(words, merged.tail), confidence, said)

    return strategy


_RULES = {
    Rule.REMOVED: "what upstream takes out, the target has only in part: the rest is taken out too",
    Rule.REMOVED_FORM: "what upstream takes out, the target has in another form: that is taken out",
    Rule.KEPT_PART: "upstream's words go beside ones that the target does not have",
    Rule.GONE: "the lines that upstream changes are not in the target: they are left out",
    Rule.BOTH_INSERT: "both sides put something in at one place: both are kept",
}


def judged(merged: Merged, how: str) -> Attempt:
    """A merge of words as an attempt."""
    if merged.overlaps:
        count = len(merged.overlaps)
        said = f"{count} change{'s' if count > 1 else ''} of the same words on both sides"
        return Attempt(None, None, said, Refusal.BOTH_CHANGED)
    words = [p for p in merged.parts if not isinstance(p, Overlap)]
    text = joined(words, merged.tail)
    said = _SAID[max(merged.touches, key=list(Touch).index, default=None)]
    sure = Confidence.LIKELY if merged.touches else Confidence.CERTAIN
    return Attempt(text, sure, f"{said}; {how}" if how else said)


_SAID = {
    None: "both sides changed different words",
    Touch.GONE: "upstream's lines stand beside lines that the target does not have",
    Touch.LINES: "upstream's lines stand beside lines that the target changed",
    Touch.WORDS: "both sides changed different words of one line",
}


def _texts(region: Region3) -> tuple[Text, Text, Text]:
    return words_of(region.base), words_of(region.target), words_of(region.upstream)


LADDER: tuple[tuple[str, Strategy], ...] = (
    ("same-change", same_change),
    ("words", by_words),
    ("names", by_local_names),
    ("removed", by_rule(frozenset((Rule.REMOVED,)), Confidence.LIKELY)),
    ("kept-part", by_rule(frozenset((Rule.REMOVED, Rule.KEPT_PART)), Confidence.LIKELY)),
    (
        "removed-form",
        by_rule(frozenset((Rule.REMOVED, Rule.REMOVED_FORM, Rule.KEPT_PART)), Confidence.LIKELY),
    ),
    ("gone", by_rule(frozenset((Rule.REMOVED, Rule.KEPT_PART, Rule.GONE)), Confidence.LIKELY)),
    ("both-insert", by_rule(frozenset((Rule.REMOVED, Rule.KEPT_PART, Rule.BOTH_INSERT)), Confidence.LIKELY)),
    ("mixed", by_rule(frozenset(Rule), Confidence.LIKELY)),
)
