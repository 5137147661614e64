"""Two forms of a piece of code, unit by unit: what stands in both, what reads differently, what only one has.

Pure. Invariants: every unit of either side is in at most one `Gap`, those in none are equal (after the renames);
gaps are in order on both sides, and so are the pairs within a gap. Line alignment is not needed, since units know
nothing of line breaks; tokens are only compared within pairs. Runs of equal units are found by
`placement.align.matching_blocks`, which bounds its work; within a gap, pairs are found by dynamic programming over
at most MOST cells, beyond which only those that begin alike are paired.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from backport.checks.drift.units import Unit, UnitKind
from backport.csource import TokenKind
from backport.placement.align import Block, matching_blocks

MOST = 1600
"""Cells of a gap that are compared each with each."""

AKIN = 0.5
"""How alike two units must be, at least, for one to stand for the other (Dice's coefficient of their words)."""

ROUNDS = 2
"""How often renames are looked for: those that are known bring to light others."""

OFTEN = 3
"""Places at which a name is another, for it to be taken as renamed although the base knows the other one too."""

NEAR = 4
"""Units between two runs in the base up to which they are taken to belong together."""

KEYWORDS = frozenset(
    b"if else for while do switch case default return goto break continue sizeof typeof static inline const "
    b"volatile struct union enum unsigned signed int long short char void bool float double extern register "
    b"typedef auto".split()
)


TAGS = frozenset({b"struct", b"union", b"enum"})


@dataclass(frozen=True, slots=True)
class Pair:
    """Two units that stand for one another and read differently; one of them None where only one side has it."""

    base: Unit | None
    target: Unit | None


@dataclass(frozen=True, slots=True)
class Gap:
    """What stands between two runs that are equal: pairs in the order of both sides. `line` is the base's at
    which it stands."""

    pairs: tuple[Pair, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Rename:
    """A name of the base that is another in the target throughout: where (pairs of units), and as what."""

    base: bytes
    target: bytes
    places: tuple[tuple[Unit, Unit], ...]
    role: str
    """"call", "member" or "name"."""


@dataclass(frozen=True, slots=True)
class Comparison:
    renames: tuple[Rename, ...]
    gaps: tuple[Gap, ...]
    same: int
    """Units that are equal on both sides, after the renames."""
    met: tuple[tuple[int, int], ...] = ()
    """The lines of units that stand for one another, equal or not."""


def compare(base: Sequence[Unit], target: Sequence[Unit], *, window: bool = False) -> Comparison:
    """What differs. `window`: the base is a fragment, and of the target only what stands from its first to its
    last counterpart counts."""
    gaps, equal = _gaps(base, target, {}, window)
    renames: tuple[Rename, ...] = ()
    for _ in range(ROUNDS):
        more = _renames(base, target, gaps, renames)
        if not more:
            break
        renames = (*renames, *more)
        gaps, equal = _gaps(base, target, {r.base: r.target for r in renames}, window)
    pairs = [(p.base.first, p.target.first) for g in gaps for p in g.pairs if p.base and p.target]
    met = [(base[b.one + k].first, target[b.other + k].first) for b in equal for k in range(b.size)]
    return Comparison(renames, tuple(gaps), len(met), tuple(sorted([*met, *pairs])))


def _gaps(
    base: Sequence[Unit], target: Sequence[Unit], renamed: Mapping[bytes, bytes], window: bool
) -> tuple[list[Gap], list[Block]]:
    ours = [_words(u, renamed) for u in base]
    theirs = [u.words for u in target]
    left_keys, right_keys = [b" ".join(w) for w in ours], [u.key for u in target]
    blocks = _slid(matching_blocks(left_keys, right_keys), right_keys)
    if window and blocks:
        blocks = _near(blocks, len(base))
    elif window:
        return [], []
    found: list[Gap] = []
    ends = [Block(0, 0, 0), *blocks, Block(len(base), len(target), 0)]
    for one, other in pairwise(ends):
        left = range(one.one + one.size, other.one)
        right = range(one.other + one.size, other.other)
        if window and one is ends[0]:
            right = range(
                max(right.start, right.stop - 2 * len(left) - 2) if left else right.stop, right.stop
            )
        if window and other is ends[-1]:
            right = range(
                right.start, min(right.stop, right.start + 2 * len(left) + 2) if left else right.start
            )
        if left or right:
            pairs = _paired(left, right, ours, theirs, base, target)
            if window:
                pairs = _inner(pairs, one is ends[0], other is ends[-1])
            if pairs:
                found.append(Gap(tuple(pairs), base[min(left.start, len(base) - 1)].first if base else 0))
    return found, blocks


def _slid(blocks: Sequence[Block], keys: Sequence[bytes]) -> list[Block]:
    """The blocks with each moved to that of its equals in the target which is nearest to the next block, as it is in
    the base: of several equal lines the matcher takes the first."""
    found = list(blocks)
    for at in range(len(found) - 2, -1, -1):
        block, after = found[at], found[at + 1]
        run = keys[block.other : block.other + block.size]
        behind = after.one - (block.one + block.size)
        if behind > NEAR:
            continue
        for other in range(after.other - behind - block.size, block.other, -1):
            if keys[other : other + block.size] == run:
                found[at] = Block(block.one, other, block.size)
                break
    return found


def _words(unit: Unit, renamed: Mapping[bytes, bytes]) -> tuple[bytes, ...]:
    """Its words with the renames; the tag of a struct, union or enum is a name of another kind."""
    if not renamed:
        return unit.words
    words = unit.words
    return tuple(w if n and words[n - 1] in TAGS else renamed.get(w, w) for n, w in enumerate(words))


def _plain_names(units: Sequence[Unit]) -> set[bytes]:
    """All words that are no tags."""
    return {w for u in units for n, w in enumerate(u.words) if not (n and u.words[n - 1] in TAGS)}


def _near(blocks: Sequence[Block], length: int) -> list[Block]:
    """The blocks of a fragment that stand together: those far from its heaviest are chance meetings."""
    heavy = max(blocks, key=lambda b: b.size)
    reach = 4 * length + 20
    return [b for b in blocks if abs((b.other - heavy.other) - (b.one - heavy.one)) <= reach]


def _inner(pairs: list[Pair], leading: bool, trailing: bool) -> list[Pair]:
    """Without what only the target has before the first and behind the last unit of a fragment."""
    start, stop = 0, len(pairs)
    while leading and start < stop and pairs[start].base is None:
        start += 1
    while trailing and stop > start and pairs[stop - 1].base is None:
        stop -= 1
    return [
        p
        for p in pairs[start:stop]
        if p.base is not None or p.target is None or p.target.kind is not UnitKind.HEAD
    ]


# --- pairs within a gap --------------------------------------------------------------------------


def _paired(
    left: range,
    right: range,
    ours: Sequence[tuple[bytes, ...]],
    theirs: Sequence[tuple[bytes, ...]],
    base: Sequence[Unit],
    target: Sequence[Unit],
) -> list[Pair]:
    chosen = _assigned(left, right, ours, theirs, base, target) if left and right else []
    found: list[Pair] = []
    i, j = left.start, right.start
    for a, b in [*chosen, (left.stop, right.stop)]:
        found += [Pair(base[k], None) for k in range(i, a)]
        found += [Pair(None, target[k]) for k in range(j, b)]
        if a < left.stop and ours[a] != theirs[b] and not _fits_cut(ours[a], theirs[b], base[a]):
            found.append(Pair(base[a], target[b]))
        i, j = a + 1, b + 1
    return found


def _fits_cut(ours: tuple[bytes, ...], theirs: tuple[bytes, ...], unit: Unit) -> bool:
    """Whether a unit at the end of a fragment is a part of the target's."""
    size = len(ours)
    return unit.cut and any(theirs[k : k + size] == ours for k in range(len(theirs) - size + 1))


def _assigned(
    left: range,
    right: range,
    ours: Sequence[tuple[bytes, ...]],
    theirs: Sequence[tuple[bytes, ...]],
    base: Sequence[Unit],
    target: Sequence[Unit],
) -> list[tuple[int, int]]:
    """The pairs of the alignment that keeps the order and whose likeness is greatest in sum."""
    if len(left) * len(right) > MOST:
        return _by_beginnings(left, right, ours, theirs)
    bags = {a: _bag(ours[a]) for a in left}
    others = {b: _bag(theirs[b]) for b in right}
    width = len(right) + 1
    best = [[0.0] * width for _ in range(len(left) + 1)]
    like: dict[tuple[int, int], float] = {}
    for i in range(len(left) - 1, -1, -1):
        for j in range(len(right) - 1, -1, -1):
            a, b = left[i], right[j]
            value = _likeness(bags[a], others[b], base[a], target[b])
            like[i, j] = value
            met = value + best[i + 1][j + 1] if value else 0.0
            best[i][j] = max(met, best[i + 1][j], best[i][j + 1])
    return _trace(left, right, best, like)


def _trace(
    left: range, right: range, best: Sequence[Sequence[float]], like: Mapping[tuple[int, int], float]
) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    i = j = 0
    while i < len(left) and j < len(right):
        if like[i, j] and best[i][j] == like[i, j] + best[i + 1][j + 1]:
            found.append((left[i], right[j]))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return found


def _by_beginnings(
    left: range, right: range, ours: Sequence[tuple[bytes, ...]], theirs: Sequence[tuple[bytes, ...]]
) -> list[tuple[int, int]]:
    blocks = matching_blocks(
        [b" ".join(ours[a][:3]) for a in left], [b" ".join(theirs[b][:3]) for b in right]
    )
    return [(left[b.one + k], right[b.other + k]) for b in blocks for k in range(b.size)]


@dataclass(frozen=True, slots=True)
class _Bag:
    """The words of a unit, what all of them weigh, the names and numbers among them, and what is left of it
    without these."""

    words: Counter[bytes]
    total: float
    telling: frozenset[bytes]
    shape: tuple[bytes, ...]


def _bag(words: Sequence[bytes]) -> _Bag:
    found = Counter(words)
    weights = {w: _weight(w) for w in found}
    total = sum(weights[w] * n for w, n in found.items())
    telling = frozenset(w for w, value in weights.items() if value == 1.0)
    return _Bag(found, total, telling, tuple(b"" if w in telling else w for w in words))


def _likeness(bag: _Bag, other: _Bag, unit: Unit, opposite: Unit) -> float:
    """How alike two units are, 0 where too little: names and numbers count, marks a tenth."""
    if unit.kind is UnitKind.HEAD or opposite.kind is UnitKind.HEAD:
        return float(unit.kind is opposite.kind)
    if bag.shape == other.shape and len(bag.shape) > 3:
        return AKIN + 0.5 * len(bag.telling & other.telling) / len(bag.telling) if bag.telling else AKIN
    if bag.telling.isdisjoint(other.telling):
        return 0.0
    words = other.words
    shared = sum(_weight(w) * min(n, words[w]) for w, n in bag.words.items() if w in words)
    value = 2 * shared / (bag.total + other.total)
    if unit.kind is not opposite.kind:
        value *= 0.7
    # Of two statements that are quite unlike, those that store to one place or call one function still pair.
    if value < AKIN and not (value >= 0.3 and unit.words[0] == opposite.words[0] and _telling(unit.words[0])):
        return 0.0
    return value


def _telling(word: bytes) -> bool:
    return _weight(word) == 1.0


def _weight(word: bytes) -> float:
    if word in KEYWORDS:
        return 0.3
    return 1.0 if word[:1].isalnum() or word[:1] in b'_"' else 0.1


# --- renames -------------------------------------------------------------------------------------


def substitutions(one: Sequence[bytes], other: Sequence[bytes]) -> list[tuple[range, range]]:
    """The stretches in which two rows of words differ."""
    found: list[tuple[range, range]] = []
    i = j = 0
    for block in [*matching_blocks(one, other), Block(len(one), len(other), 0)]:
        if i < block.one or j < block.other:
            found.append((range(i, block.one), range(j, block.other)))
        i, j = block.one + block.size, block.other + block.size
    return found


def _renames(
    base: Sequence[Unit], target: Sequence[Unit], gaps: Sequence[Gap], known_already: Sequence[Rename]
) -> tuple[Rename, ...]:
    """Names that are consistently others: at least twice, the base's nowhere in the target, and the target's
    nowhere in the base, unless it happens often."""
    renamed = {r.base: r.target for r in known_already}
    places: dict[tuple[bytes, bytes], list[tuple[Unit, Unit]]] = {}
    roles: dict[tuple[bytes, bytes], Counter[str]] = {}
    for gap in gaps:
        for pair in gap.pairs:
            if pair.base is None or pair.target is None:
                continue
            for left, right in substitutions(_words(pair.base, renamed), pair.target.words):
                if len(left) == len(right) == 1:
                    _note(pair.base, left[0], pair.target, right[0], places, roles)
    known, there = _plain_names(base), _plain_names(target)
    found: list[Rename] = []
    taken = {*renamed, *renamed.values()}
    for (ours, theirs), at in sorted(places.items(), key=lambda x: -len(x[1])):
        if len(at) < 2 or ours in there or ours in taken or theirs in taken:
            continue
        if theirs in known and len(at) < OFTEN:
            continue
        taken |= {ours, theirs}
        found.append(Rename(ours, theirs, tuple(at), roles[ours, theirs].most_common(1)[0][0]))
    return tuple(sorted(found, key=lambda r: (r.places[0][0].first, r.base)))


def _note(
    unit: Unit,
    at: int,
    other: Unit,
    there: int,
    places: dict[tuple[bytes, bytes], list[tuple[Unit, Unit]]],
    roles: dict[tuple[bytes, bytes], Counter[str]],
) -> None:
    one, two = unit.tokens[at], other.tokens[there]
    if one.kind is not TokenKind.NAME or two.kind is not TokenKind.NAME:
        return
    if one.text in KEYWORDS or two.text in KEYWORDS or (at and unit.words[at - 1] in TAGS):
        return
    key = (one.text, two.text)
    places.setdefault(key, []).append((unit, other))
    roles.setdefault(key, Counter())[role(unit.words, at)] += 1


def role(words: Sequence[bytes], at: int) -> str:
    """What a name is where it stands: "call", "member" or "name"."""
    if at + 1 < len(words) and words[at + 1] == b"(":
        return "call"
    return "member" if at and words[at - 1] in (b".", b"->") else "name"
