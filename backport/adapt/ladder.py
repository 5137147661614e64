"""The ladder: strategies for one region that git could not merge, from the surest down. Pure.

A strategy is a function from a region to an attempt. The first that proposes something is taken; those before it stand
in the trace with what they said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from backport.adapt.names import local_drift, renamed
from backport.adapt.overlaps import Rule, settle
from backport.adapt.regions import Region3
from backport.adapt.threeway import Merged, Sides, Touch, merge
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


MOST_LINES = 6000
"""Lines of a conflict's three texts, above which nobody looks at its words: a count, the same on every machine."""

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
    if region.base.count(b"\n") + region.target.count(b"\n") + region.upstream.count(b"\n") > MOST_LINES:
        said = f"more than {MOST_LINES} lines"
        return Climbed(Attempt(None, None, said, Refusal.TOO_LARGE), (Step("words", said),))
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


def by_words(worst: Touch | None, confidence: Confidence) -> Strategy:
    """Three-way merge of the words within the conflicting lines, where no change lies closer to one of the other side
    than `worst` says (None: none touches)."""

    def strategy(region: Region3) -> Attempt | None:
        merged = _merged(region)
        if merged.overlaps:
            count = len(merged.overlaps)
            said = f"{count} change{'s' if count > 1 else ''} of the same words on both sides"
            return Attempt(None, None, said, Refusal.BOTH_CHANGED) if worst is None else None
        if _closest(merged) is not worst:
            return None
        return _balanced(region, joined(_words(merged), merged.tail), confidence, _SAID[worst])

    return strategy


def by_lists(region: Region3) -> Attempt | None:
    """Words of one line changed on both sides, where each side took and put whole parameters, arguments, enumerators or
    statements: every part of the result between two separators stands on one of the sides as it is."""
    merged = _merged(region)
    if merged.overlaps or _closest(merged) is not Touch.WORDS:
        return None
    known = _parts(words_of(region.target).words) | _parts(words_of(region.upstream).words)
    if not _parts(_words(merged)) <= known:
        return None
    return _balanced(region, joined(_words(merged), merged.tail), Confidence.LIKELY, _WHOLE_PARTS)


_WHOLE_PARTS = "both sides changed other parts of one list"
_SEPARATORS = frozenset(b"(){}[],;")


def _parts(words: Sequence[Word]) -> set[tuple[bytes, ...]]:
    """What stands between separators."""
    found: set[tuple[bytes, ...]] = set()
    part: list[bytes] = []
    for word in (*words, Word(b";", b"")):
        if len(word.text) == 1 and word.text[0] in _SEPARATORS:
            found.add(tuple(part))
            part = []
        else:
            part.append(word.text)
    return found


@lru_cache(maxsize=8)
def _merged(region: Region3) -> Merged:
    """The words of a region merged: every step of the ladder looks at the same."""
    return merge(Sides.of(*_texts(region)))


def _closest(merged: Merged) -> Touch | None:
    return max(merged.touches, key=list(Touch).index, default=None)


def _words(merged: Merged) -> list[Word]:
    return [p for p in merged.parts if isinstance(p, Word)]


def _balanced(region: Region3, text: bytes, confidence: Confidence, said: str) -> Attempt:
    """An attempt whose brackets open and close as those of its sides do: each side's changes may shift the balance."""
    base, ours, theirs = (_balance(x) for x in (region.base, region.target, region.upstream))
    wanted = {key: ours[key] + theirs[key] - base[key] for key in ours}
    if _balance(text) != wanted:
        return Attempt(None, None, f"{said}, but brackets would not close", Refusal.BOTH_CHANGED)
    return Attempt(text, confidence, said)


def _balance(text: bytes) -> dict[bytes, int]:
    counted = Counter(w.text for w in words_of(text).words)
    return {a: counted[a] - counted[b] for a, b in ((b"(", b")"), (b"[", b"]"), (b"{", b"}"))}


def by_local_names(region: Region3) -> Attempt | None:
    """The same, with the names that the target's lines have instead of the base's."""
    base, target, _ = _texts(region)
    drift = local_drift(base, target)
    if not drift:
        return None
    one, _ = renamed(region.base, drift)
    other, used = renamed(region.upstream, drift)
    if not used:
        return None
    merged = merge(Sides.of(words_of(one), target, words_of(other)))
    if merged.overlaps:
        return None
    put = ", ".join(f"{new} for {old}" for old, new in used[:3])
    return _balanced(
        region, joined(_words(merged), merged.tail), Confidence.LIKELY, f"with the target's names ({put})"
    )


def by_rule(wanted: frozenset[Rule], confidence: Confidence) -> Strategy:
    """Overlaps settled by some of the rules; the rest of the region merges by words."""

    def strategy(region: Region3) -> Attempt | None:
        merged = _merged(region)
        settled = [settle(o) for o in merged.overlaps]
        if not settled or not all(s is not None and s.rule in wanted for s in settled):
            return None
        found = iter(s for s in settled if s is not None)
        rules = dict.fromkeys(s.rule for s in settled if s is not None)
        words: list[Word] = []
        for part in merged.parts:
            words += [part] if isinstance(part, Word) else next(found).words
        return _balanced(region, joined(words, merged.tail), confidence, "; ".join(_RULES[r] for r in rules))

    return strategy


_RULES = {
    Rule.REMOVED: "what upstream takes out, the target has only in part: the rest is taken out too",
    Rule.REMOVED_FORM: "what upstream takes out, the target has in another form: that is taken out",
    Rule.KEPT_PART: "upstream's words go beside ones that the target does not have",
    Rule.GONE: "the lines that upstream changes are not in the target: they are left out",
    Rule.BOTH_INSERT: "both sides put something in at one place: both are kept",
}


_SAID = {
    None: "both sides changed different words",
    Touch.LINE: "both sides changed different words of one line, apart from each other",
    Touch.GONE: "upstream's lines stand beside lines that the target does not have",
    Touch.LINES: "upstream's lines stand beside lines that the target changed",
    Touch.WORDS: "both sides changed different words of one line",
}


def _texts(region: Region3) -> tuple[Text, Text, Text]:
    return words_of(region.base), words_of(region.target), words_of(region.upstream)


LADDER: tuple[tuple[str, Strategy], ...] = (
    ("same-change", same_change),
    ("words", by_words(None, Confidence.CERTAIN)),
    ("words-one-line", by_words(Touch.LINE, Confidence.CERTAIN)),
    ("words-beside-gone", by_words(Touch.GONE, Confidence.LIKELY)),
    ("words-beside-changed", by_words(Touch.LINES, Confidence.GUESS)),
    ("local-names", by_local_names),
    ("lists", by_lists),
    ("words-in-line", by_words(Touch.WORDS, Confidence.GUESS)),
    ("removed", by_rule(frozenset((Rule.REMOVED,)), Confidence.LIKELY)),
    ("kept-part", by_rule(frozenset((Rule.REMOVED, Rule.KEPT_PART)), Confidence.GUESS)),
    (
        "removed-form",
        by_rule(frozenset((Rule.REMOVED, Rule.REMOVED_FORM, Rule.KEPT_PART)), Confidence.GUESS),
    ),
    ("gone", by_rule(frozenset((Rule.REMOVED, Rule.KEPT_PART, Rule.GONE)), Confidence.LIKELY)),
    ("both-insert", by_rule(frozenset((Rule.REMOVED, Rule.KEPT_PART, Rule.BOTH_INSERT)), Confidence.GUESS)),
    ("mixed", by_rule(frozenset(Rule), Confidence.GUESS)),
)
