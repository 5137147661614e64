"""What the target calls that which upstream's base calls something else, from the two texts of a file. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from backport.adapt.rewrites import Rewrite, RewriteKind, is_name, rank, text_of
from backport.adapt.substitutions import Row, Substitution, code_units, pairs, substitutions
from backport.adapt.votes import Key, Votes, rewrites_of

MOST_BYTES = 4 << 20
"""Of a longer file nothing is learned."""


def sources_rewrites(base: bytes, target: bytes) -> tuple[Rewrite, ...]:
    """The rewrites of the drift between a file's two texts, upstream's before the patch and the target's.

    A name is one that stands in aligned code where the target has another, in two places or in one where the statement
    is otherwise equal; the target's text has the old name nowhere, nor the base's the new one, and never stands
    something else in its place. A call must be found in two places. `support` counts places, `commits` is empty."""
    return drift_rewrites([(base, target)])


def drift_rewrites(texts: Iterable[tuple[bytes, bytes]]) -> tuple[Rewrite, ...]:
    """The same of several files, each as its base's and its target's text: what one of the targets has is not
    rewritten."""
    votes = Votes()
    alone: Counter[Key] = Counter()
    here: set[str] = set()
    there: set[str] = set()
    for count, (base, target) in enumerate(texts):
        if max(len(base), len(target)) > MOST_BYTES:
            continue
        ours, theirs = code_units(base.splitlines()), code_units(target.splitlines())
        here |= names_of(ours)
        there |= names_of(theirs)
        for number, pair in enumerate(pairs(ours, theirs)[0] if base != target else ()):
            for one in substitutions(pair):
                votes.tell(f"{count}:{number}", [key_of(one)], ())
                alone[key_of(one)] += one.alone
    votes.tell("kept", (), there)
    rules = [x for x in rewrites_of(votes, 1) if _holds(x, alone, here)]
    return tuple(Rewrite(x.kind, x.old, x.new, x.support) for x in sorted(rules, key=rank) if not x.against)


def _holds(rule: Rewrite, alone: Counter[Key], here: set[str]) -> bool:
    """Whether a rewrite is more than a change of one place, and brings no name that the base has too."""
    if rule.kind is RewriteKind.PREFIX:
        return True
    if rule.kind is RewriteKind.NAME:
        sure = rule.support > 1 or alone[(rule.kind, rule.old, rule.new)] > 0
        return sure and rule.new[0] not in here
    return rule.support > 1 and bool(rule.gone)


def names_of(rows: Iterable[Row]) -> set[str]:
    """The names in the units of a text."""
    words = {token for row in rows for token in row}
    return {x for x in map(text_of, words) if is_name(x)}


def key_of(one: Substitution) -> Key:
    """A substitution as it is counted."""
    return one.kind, texts_of(one.old), texts_of(one.new)


def texts_of(row: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(text_of(x) for x in row)
