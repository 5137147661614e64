"""Substitutions counted, and the rewrites that they amount to. Pure.

A substitution is counted once for each source (a backport, or a place in a file). What sources kept as it was counts
against it. The order in which sources are told does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from backport.adapt.rewrites import (
    REST,
    Rewrite,
    RewriteKind,
    bytes_of,
    is_hole,
    is_name,
    is_sound,
    rank,
    text_of,
)
from backport.adapt.substitutions import heads

LEAST_NAMES = 3
"""So many names must share a prefix to make a rewrite of it."""

LEAST_TIMES = 4
"""A prefix must have been rewritten so many times for one time that it was kept."""

Key = tuple[str, tuple[str, ...], tuple[str, ...]]
"""Kind, old and new of a substitution."""


@dataclass(frozen=True, slots=True)
class Votes:
    """Who made a substitution, and who kept a name: sources in the order of their telling."""

    made: dict[Key, dict[str, None]] = field(default_factory=dict)
    kept: dict[str, dict[str, None]] = field(default_factory=dict)

    def tell(self, source: str, made: Iterable[Key], kept: Iterable[str]) -> None:
        """Count what one source made and kept. A name (or `name/arity` of a call) that it both rewrote and kept
        counts for both."""
        for key in made:
            self.made.setdefault(key, {})[source] = None
        for name in kept:
            self.kept.setdefault(name, {})[source] = None

    def against(self, key: Key) -> int:
        """How many sources kept what a substitution takes away."""
        kind, old, new = key
        if kind == RewriteKind.PATH:
            return len(self.kept.get(old[0], ()))
        gone = [x for x in old if is_name(x) and x not in new]
        words = gone or [call_word(old)]
        return max((len(self.kept.get(x, ())) for x in words), default=0)


def call_word(old: Sequence[str]) -> str:
    """How a call that keeps its name is told: by its name and the number of its arguments."""
    return f"{old[0]}/{sum(x.startswith('$') for x in old)}"


def rewrites_of(votes: Votes, least: int) -> tuple[Rewrite, ...]:
    """The rewrites that at least `least` sources made, and more made than kept or made otherwise; the best founded
    first. Beside them the prefixes that several names of them share."""
    best: dict[tuple[str, tuple[str, ...]], list[Rewrite]] = {}
    for key, sources in votes.made.items():
        kind, old, new = key
        rule = Rewrite(RewriteKind(kind), old, new, len(sources), votes.against(key), tuple(sources))
        if is_sound(rule):
            best.setdefault((kind, old), []).append(rule)
    found = [x for rules in best.values() for x in _chosen(rules) if least <= x.support > x.against]
    return tuple(
        sorted([*found, *_prefixes(votes, best, least), *_layouts(votes, found), *_variadic(found)], key=rank)
    )


def _chosen(rules: Sequence[Rewrite]) -> Sequence[Rewrite]:
    """The rewrites of one old side that may be right. A folder may have gone to several: which, the target says."""
    if rules[0].kind is RewriteKind.PATH:
        return rules
    agreed = _agreed(rules)
    return () if agreed is None else (agreed,)


def _agreed(rules: Sequence[Rewrite]) -> Rewrite | None:
    """What became of one old side: the form that more sources chose than all others together; what they chose counts
    against it."""
    chosen = min(rules, key=rank)
    others = {c for x in rules if x is not chosen for c in x.commits} - set(chosen.commits)
    if len(others) >= chosen.support:
        return None
    return Rewrite(
        chosen.kind,
        chosen.old,
        chosen.new,
        chosen.support,
        chosen.against + len(others),
        chosen.commits,
    )


# --- calls -------------------------------------------------------------------------------------


def _variadic(found: Sequence[Rewrite]) -> list[Rewrite]:
    """The calls that were rewritten alike with several numbers of arguments, the last ones handed on."""
    by: dict[str, list[Rewrite]] = {}
    for rule in found:
        if rule.kind is RewriteKind.CALL and rule.old[0] in rule.gone:
            by.setdefault(rule.old[0], []).append(rule)
    made = []
    for name, rules in sorted(by.items()):
        fewest = min(_arity(x) for x in rules)
        first = next(x for x in rules if _arity(x) == fewest)
        new = _handed_on(first, fewest)
        alike = [x for x in rules if new is not None and _handed_on(x, fewest) == new]
        if new is None or len({_arity(x) for x in alike}) < 2:
            continue
        old = [name, "("]
        for number in range(1, fewest):
            old += [f"${number}", ","]
        sources = tuple(dict.fromkeys(c for x in alike for c in x.commits))
        against = max(x.against for x in alike)
        rule = Rewrite(RewriteKind.CALL, (*old, REST, ")"), new, len(sources), against, sources)
        if is_sound(rule):
            made.append(rule)
    return made


def _arity(rule: Rewrite) -> int:
    return sum(map(is_hole, rule.old))


def _handed_on(rule: Rewrite, first: int) -> tuple[str, ...] | None:
    """The new side with the arguments from number `first` on as the rest; None where they do not stand there in order
    at the end of a call, or one of them elsewhere."""
    row: list[str] = []
    for number in range(first, _arity(rule) + 1):
        row += [",", f"${number}"] if row else [f"${number}"]
    tail = (*row, ")")
    size = len(tail)
    if not row or rule.new[-size:] != tail or any(x in row and x != "," for x in rule.new[:-size]):
        return None
    return (*rule.new[:-size], REST, ")")


# --- paths -------------------------------------------------------------------------------------


def _layouts(votes: Votes, found: Sequence[Rewrite]) -> list[Rewrite]:
    """What several folders that moved have in common: `lib/` became `lib/core_`."""
    groups: dict[tuple[str, str], list[Rewrite]] = {}
    for rule in found:
        if rule.kind is RewriteKind.PATH and rule.old[0].endswith("/"):
            old, new = _heads_of_paths(rule.old[0], rule.new[0])
            if old.endswith("/") and old != rule.old[0] and new:
                groups.setdefault((old, new), []).append(rule)
    listed = {(x.old, x.new) for x in found}
    made = []
    for (old, new), rules in sorted(groups.items()):
        if len(rules) < LEAST_NAMES or ((old,), (new,)) in listed:
            continue
        sources = dict.fromkeys(c for x in rules for c in x.commits)
        kept = {
            c
            for name, who in votes.kept.items()
            if name.startswith(old) and not (name == old or name.startswith(new))
            for c in who
        }
        rule = Rewrite(RewriteKind.PATH, (old,), (new,), len(sources), len(kept), tuple(sources))
        if len(sources) > len(kept) and is_sound(rule):
            made.append(rule)
    return made


def _heads_of_paths(old: str, new: str) -> tuple[str, str]:
    """What two folders begin with before the last name, or the part of it, that they end with in common."""
    size = 0
    while size < min(len(old), len(new)) and old[-1 - size] == new[-1 - size]:
        size += 1
    while size and not old[: len(old) - size].endswith("/"):
        size -= 1
    return old[: len(old) - size], new[: len(new) - size]


# --- prefixes ----------------------------------------------------------------------------------


def _prefixes(
    votes: Votes, best: Mapping[tuple[str, tuple[str, ...]], Sequence[Rewrite]], least: int
) -> list[Rewrite]:
    """The shortest prefixes, whole words long, that several names share which were all rewritten alike."""
    groups: dict[tuple[bytes, bytes], dict[str, Rewrite]] = {}
    for (kind, _), rules in best.items():
        chosen = _agreed(rules) if kind == RewriteKind.NAME else None
        if chosen is not None:
            ends = heads(bytes_of(chosen.old[0]), bytes_of(chosen.new[0]))
            if ends[0] != bytes_of(chosen.old[0]):
                groups.setdefault(ends, {})[chosen.old[0]] = chosen
    found = []
    for (old, new), members in sorted(groups.items()):
        if len(members) >= LEAST_NAMES:
            found += _shared(votes, text_of(old), text_of(new), members, least)
    return found


def _shared(votes: Votes, old: str, new: str, members: Mapping[str, Rewrite], least: int) -> list[Rewrite]:
    """The rewrites of prefixes that begin with `old`: the shortest ones that hold a word of what the names share."""
    below: dict[str, list[str]] = {}
    for name in members:
        ends = [n + 1 for n in range(len(old), len(name) - 1) if name[n] == "_"]
        for end in ends:
            below.setdefault(name[:end], []).append(name)
    found: list[Rewrite] = []
    for prefix in sorted(below, key=lambda x: (len(x), x)):
        if any(prefix.startswith(x.old[0]) for x in found) or len(below[prefix]) < LEAST_NAMES:
            continue
        sources = dict.fromkeys(c for name in below[prefix] for c in members[name].commits)
        kept = {c for name, who in votes.kept.items() if name.startswith(prefix) for c in who}
        rule = Rewrite(
            RewriteKind.PREFIX,
            (prefix,),
            (new + prefix[len(old) :],),
            len(sources),
            len(kept),
            tuple(sources),
        )
        if len(sources) >= least and len(sources) >= LEAST_TIMES * len(kept) and is_sound(rule):
            found.append(rule)
    return found
