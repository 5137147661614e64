"""Is a hunk's change already in the target? The question in which a wrong "yes" costs most.

A hunk is `applied` when every added token of every run stands, in order and together, beside the code that stands
beside it in the hunk, and none of the removed lines stands there any more. It is `evolved` when it is there in a later
form: nearly every added line is found there or has a counterpart that is neither a line the hunk removes nor one it
expects, and most of the names that the hunk brings are there. All else is not there. Comments and white space do not
count, unless a hunk changes nothing else.

Pure functions; the caller says in which stretch of the target (`bounds`) the hunk belongs and why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from backport.model import Difference
from backport.placement.align import Alignment, align
from backport.placement.differences import differences
from backport.placement.likeness import (
    RARE_LENGTH,
    STRANGERS,
    alike,
    counterparts,
    find,
    names_of,
    rare,
    share,
)
from backport.placement.lines import Images, Run, key, keys
from backport.placement.target import TargetText, Tokens, token_lines

LATER_SHARE = 0.6
"""Added tokens that must stand there, at least, for a run to count as there in a later form."""

COMMENT_SHARE = 0.8
"""Words of an added comment that must stand there, at least, for it to be there in a later form."""

NAMES_SHARE = 0.4
"""Weight of a run's new names that must stand there, at least, for it to count as there in a later form."""

WHOLE = 10
"""Lines with code that a hunk adds as a region of its own, for that region's later form to be sought by its name."""

NEAR = 3
"""Lines with code, from a run or from what was found, within which a neighbour is one."""

TELLING = 2
"""A line of more tokens than this says something of its place."""

MOVED = 0.5
"""Lines of a run that the patch removes elsewhere, at least, for it to be code that is only moved about."""


class RunState(Enum):
    PRESENT = "present"
    LATER = "later"
    PARTLY = "partly"
    BEFORE = "before"
    UNKNOWN = "unknown"


_THERE = (RunState.PRESENT, RunState.LATER)


@dataclass(frozen=True, slots=True)
class RunJudgement:
    """What became of one run. `first` and `last` are the target's stretch that was looked at, `found` the
    half-open range in which its added tokens stand (None where they do not), `names` how many rare names that
    only the hunk brings stand there."""

    state: RunState
    first: int
    last: int
    found: tuple[int, int] | None = None
    share: float = 0.0
    names: int = 0


@dataclass(frozen=True, slots=True)
class Judgement:
    """All runs of a hunk in one place. `context` is the share of its context lines that stand there."""

    runs: tuple[RunJudgement, ...]
    context: float
    differences: tuple[Difference, ...]

    @property
    def applied(self) -> bool:
        return bool(self.runs) and all(r.state is RunState.PRESENT for r in self.runs)

    @property
    def evolved(self) -> bool:
        return bool(self.runs) and all(r.state in _THERE for r in self.runs)

    @property
    def partly(self) -> bool:
        return any(r.state in _THERE or r.state is RunState.PARTLY for r in self.runs)

    @property
    def telling(self) -> bool:
        """Whether the names that stand there say by themselves that it is this change."""
        return sum(r.names for r in self.runs) >= 2 and any(r.state is RunState.LATER for r in self.runs)

    @property
    def there(self) -> int:
        return sum(r.state in _THERE for r in self.runs)

    @property
    def line(self) -> int | None:
        """The index of the target's first line of the change."""
        for run in self.runs:
            if run.found is not None:
                return run.found[0]
        return self.runs[0].first if self.runs else None


@dataclass(frozen=True, slots=True)
class _Hunk:
    """A hunk beside the target. `tokens` and `old_tokens` are those of its two images' lines, `equal` where
    its post-image's lines stand."""

    tokens: Sequence[Tokens]
    old_tokens: Sequence[Tokens]
    equal: dict[int, int]
    target: TargetText
    bounds: tuple[int, int]
    brought: frozenset[bytes]
    moved: frozenset[bytes]
    anywhere: bool

    def added(self, run: Run) -> list[Tokens]:
        return [line for line in self.tokens[run.new_first : run.new_last] if line]

    def neighbours(self, run: Run, at_least: int) -> tuple[int | None, int | None]:
        """The nearest lines of more than `at_least` tokens, within reach before and behind a run."""
        before = [i for i in range(run.new_first - 1, -1, -1) if self.tokens[i]][:NEAR]
        after = [i for i in range(run.new_last, len(self.tokens)) if self.tokens[i]][:NEAR]
        return (
            next((i for i in before if len(self.tokens[i]) > at_least), None),
            next((i for i in after if len(self.tokens[i]) > at_least), None),
        )


def judge(
    parts: Images,
    path: str,
    target: TargetText,
    bounds: tuple[int, int],
    *,
    brought: frozenset[str] = frozenset(),
    moved: frozenset[bytes] = frozenset(),
    anywhere: bool = False,
) -> Judgement:
    """Judge a hunk's runs within `bounds` (a half-open range of the target's lines).

    `brought` are names of regions that the hunk adds: that they are there does not say that this is their later
    form. `moved` are the keys of all lines that the patch removes: code that it only moves about is not there
    because it stands where it was. `anywhere` says that the bounds are a region which the hunk itself brings,
    so that its runs need no neighbours.
    """
    needle = keys(parts.new)
    alignment = align(needle, target.keys, *bounds)
    tokens, old_tokens = token_lines(path, parts.new), token_lines(path, parts.old)
    names = frozenset(name.encode() for name in brought)
    hunk = _Hunk(tokens, old_tokens, alignment.equal, target, bounds, names, moved, anywhere)
    judged = tuple(_judge_run(run, hunk) for run in parts.runs)
    return Judgement(
        judged, _context_share(parts, needle, alignment), differences(parts.new, alignment, target)
    )


def _judge_run(run: Run, hunk: _Hunk) -> RunJudgement:
    lines = hunk.added(run)
    added = tuple(t for line in lines for t in line)
    removed = [line for line in hunk.old_tokens[run.old_first : run.old_last] if line]
    if added == tuple(t for line in removed for t in line):
        return _judge_text(run, hunk)
    kept = Counter(lines)
    gone = [line for line in removed if not _keeps(kept, line)]
    if not added:
        return _judge_deletion(gone, run, hunk)
    best: RunJudgement | None = None
    for window in [*_windows(run, hunk, len(lines)), *_named_window(run, hunk, len(lines))]:
        found = find(added, hunk.target, *window)
        if found is not None and _beside(found, window, run, hunk) and _on_its_side(run, hunk, found):
            stale = _standing(gone, hunk.target, window, found)
            return RunJudgement(RunState.PARTLY if stale else RunState.PRESENT, *window, found, 1.0)
        # The very lines, but not beside their neighbours, are other lines of the same words.
        later = (
            RunJudgement(RunState.PARTLY, *window, None, 1.0)
            if found is not None
            else _judge_later(run, lines, gone, hunk, window)
        )
        if best is None or _RANK.index(later.state) < _RANK.index(best.state):
            best = later
    return best or RunJudgement(RunState.UNKNOWN, *hunk.bounds)


def _beside(found: tuple[int, int], window: tuple[int, int], run: Run, hunk: _Hunk) -> bool:
    """Whether what was found stands directly beside a neighbour of the run (one line may come between), or
    somewhere between its neighbours on both sides."""
    if hunk.anywhere:
        return True
    target = hunk.target
    before, after = hunk.neighbours(run, TELLING)
    above = hunk.equal.get(before) if before is not None else None
    below = hunk.equal.get(after) if after is not None else None
    if above is not None and below is not None and above < found[0] and found[1] <= below:
        return True
    first, last = hunk.neighbours(run, 0)
    if first in hunk.equal and last in hunk.equal and window == (hunk.equal[first] + 1, hunk.equal[last]):
        return True
    over = sum(bool(target.tokens[n]) for n in range(above + 1, found[0])) if above is not None else NEAR
    under = sum(bool(target.tokens[n]) for n in range(found[1], below)) if below is not None else NEAR
    return over <= 1 or under <= 1


def _on_its_side(run: Run, hunk: _Hunk, found: tuple[int, int]) -> bool:
    """Whether the short lines (a brace, a label) between the run and its telling neighbours stand on the same
    side of what was found: behind `out:` or within a block is another place."""
    before, after = hunk.neighbours(run, TELLING)
    rows = hunk.target.tokens
    above = hunk.equal.get(before) if before is not None else None
    below = hunk.equal.get(after) if after is not None else None
    if before is not None and above is not None and above < found[0]:
        short = Counter(line for line in hunk.tokens[before + 1 : run.new_first] if line)
        if short - Counter(rows[n] for n in range(above + 1, found[0])):
            return False
    if after is not None and below is not None and found[1] <= below:
        short = Counter(line for line in hunk.tokens[run.new_last : after] if line)
        if short - Counter(rows[n] for n in range(found[1], below)):
            return False
    return True


_RANK = (RunState.PRESENT, RunState.LATER, RunState.PARTLY, RunState.BEFORE, RunState.UNKNOWN)


def _keeps(kept: Counter[Tokens], line: Tokens) -> bool:
    if kept[line]:
        kept[line] -= 1
        return True
    return False


def _standing(
    gone: Sequence[Tokens], target: TargetText, window: tuple[int, int], found: tuple[int, int] | None
) -> bool:
    """Whether a removed line still stands in the stretch, outside of what was found to be added."""
    wanted = {line for line in gone if len(line) > 1}
    outside = (n for n in range(*window) if found is None or not found[0] <= n < found[1])
    return any(target.tokens[n] in wanted for n in outside)


# --- where a run may stand ----------------------------------------------------------------------


def _windows(run: Run, hunk: _Hunk, length: int) -> Iterator[tuple[int, int]]:
    """The stretches in which a run may stand: beside its neighbours in the target, best first, and in all of
    a region that the hunk brings."""
    reach = 2 * length + 2 * NEAR
    low, high = hunk.bounds
    before, after = hunk.neighbours(run, TELLING)
    above = hunk.equal.get(before) if before is not None else None
    below = hunk.equal.get(after) if after is not None else None
    if above is not None and below is not None and 0 <= below - above - 1 <= 2 * reach:
        yield above + 1, below
    else:
        if above is not None:
            yield above + 1, min(above + 1 + reach, high)
        if below is not None:
            yield max(below - reach, low), below
    first, last = hunk.neighbours(run, 0)
    up = hunk.equal.get(first) if first is not None else None
    down = hunk.equal.get(last) if last is not None else None
    if up is not None and down is not None and 0 <= down - up - 1 <= reach:
        yield up + 1, down
    if hunk.anywhere:
        yield hunk.bounds


def _only_moves(run: Run, hunk: _Hunk) -> bool:
    lines = [k for line in run.added if len(k := key(line)) > 3]
    return bool(lines) and sum(k in hunk.moved for k in lines) >= MOVED * len(lines)


def _named_window(run: Run, hunk: _Hunk, length: int) -> Iterator[tuple[int, int]]:
    """Where the names that the run brings, three long ones at least, all stand close together, wherever its
    neighbours are. Not for code that the patch only moves about: it stands where it was."""
    target, reach = hunk.target, 2 * length + 2 * NEAR
    names = {n for n in _new_names(run, hunk) - hunk.brought if len(n) >= RARE_LENGTH}
    if len(names) < 3 or not all(rare(n, target) for n in names) or _only_moves(run, hunk):
        return
    points = sorted((at, n) for n in names for at in target.name_lines.get(n, ()))
    for start, _ in points:
        if hunk.bounds[0] <= start < hunk.bounds[1]:
            held = {n for at, n in points if start <= at < start + reach}
            if held == names:
                yield max(start - NEAR, hunk.bounds[0]), min(start + reach, hunk.bounds[1])
                return


def _new_names(run: Run, hunk: _Hunk) -> set[bytes]:
    """The names that a run brings: those that its hunk's pre-image does not hold."""
    old = {t for line in hunk.old_tokens for t in line}
    return names_of(t for line in hunk.added(run) for t in line) - old


# --- the kinds of runs --------------------------------------------------------------------------


def _judge_later(
    run: Run, lines: Sequence[Tokens], gone: Sequence[Tokens], hunk: _Hunk, window: tuple[int, int]
) -> RunJudgement:
    target = hunk.target
    rows = [target.tokens[n] for n in range(*window)]
    hay = [t for row in rows for t in row]
    part = share(tuple(t for line in lines for t in line), hay)
    names = _new_names(run, hunk)
    standing = names.intersection(hay)
    # A whole function of that name is there: it may have grown further away from what it was.
    whole = hunk.anywhere and len(lines) >= WHOLE
    enough, strangers = (NAMES_SHARE / 2, 2 * STRANGERS) if whole else (NAMES_SHARE, STRANGERS)
    most = bool(standing) and _names_share(names, standing, target) >= enough
    if _standing(gone, target, window, None):
        return RunJudgement(RunState.PARTLY if most else RunState.BEFORE, *window, None, part)
    if not most or part < LATER_SHARE or not counterparts(lines, rows, set(hunk.old_tokens), strangers):
        some = most or any(rare(n, target) for n in standing)
        return RunJudgement(RunState.PARTLY if some else RunState.UNKNOWN, *window, None, part)
    where = [n for n in range(*window) if target.tokens[n] in lines]
    span = (where[0], where[-1] + 1) if where else window
    held = sum(rare(n, target) for n in standing - hunk.brought)
    return RunJudgement(RunState.LATER, *window, span, part, held)


def _names_share(names: set[bytes], standing: set[bytes], target: TargetText) -> float:
    """The weight of the names that stand there, as a share: a name that is everywhere in the file says little,
    one that is nowhere says as much as one that is only here."""
    weights = {n: 1.0 / max(len(target.name_lines.get(n, ())), 1) for n in names}
    return sum(weights[n] for n in standing) / sum(weights.values())


def _judge_deletion(gone: Sequence[Tokens], run: Run, hunk: _Hunk) -> RunJudgement:
    """A run that only removes: its lines must be gone from the whole site, in any form, and telling
    neighbours on both sides must stand there, close together, to say that this is the place."""
    target = hunk.target
    rows = [row for n in range(*hunk.bounds) if (row := target.tokens[n])]
    telling = [line for line in gone if len(line) > TELLING] or list(gone)
    standing = set(rows)
    if sum(line in standing for line in telling) > len(telling) * STRANGERS:
        return RunJudgement(RunState.BEFORE, *hunk.bounds)
    before, after = hunk.neighbours(run, TELLING)
    above = hunk.equal.get(before) if before is not None else None
    below = hunk.equal.get(after) if after is not None else None
    if above is None or below is None or not 0 <= below - above - 1 <= 2 * len(run.removed) + 2 * NEAR:
        return RunJudgement(RunState.UNKNOWN, *hunk.bounds)
    between = [row for n in range(above + 1, below) if (row := target.tokens[n])]
    if any(alike(line, row) >= LATER_SHARE for line in telling for row in between):
        return RunJudgement(RunState.BEFORE, above + 1, below)
    context = {line for line in hunk.tokens if line}
    state = RunState.PRESENT if all(row in context for row in between) else RunState.LATER
    return RunJudgement(state, above + 1, below, (above + 1, above + 1), 1.0)


def _judge_text(run: Run, hunk: _Hunk) -> RunJudgement:
    """A run that changes comments, blank lines or line breaks only.

    Words, since the same sentence is often broken into lines anew; where the words are the same too, the lines."""
    added = [w for line in run.added for w in _words(line)]
    removed = [w for line in run.removed for w in _words(line)]
    if added == removed:
        return _judge_layout(run, hunk)
    before, after = hunk.neighbours(run, 0)
    above = hunk.equal.get(before) if before is not None else None
    below = hunk.equal.get(after) if after is not None else None
    first = hunk.bounds[0] if above is None else above + 1
    last = max(hunk.bounds[1] if below is None else below, first)
    words: list[bytes] = []
    where: list[int] = []
    for number in range(first, last):
        line = _words(hunk.target.lines[number])
        words.extend(line)
        where.extend([number] * len(line))
    if removed and _together(removed, words) is not None:
        return RunJudgement(RunState.BEFORE, first, last)
    if not added:
        state = RunState.UNKNOWN if above is None and below is None else RunState.PRESENT
        return RunJudgement(state, first, last, (first, first), 1.0)
    at = _together(added, words)
    if at is not None:
        return RunJudgement(RunState.PRESENT, first, last, (where[at], where[at + len(added) - 1] + 1), 1.0)
    part = share(tuple(added), words)
    state = RunState.LATER if part >= COMMENT_SHARE else RunState.UNKNOWN
    return RunJudgement(state, first, last, None, part)


def _judge_layout(run: Run, hunk: _Hunk) -> RunJudgement:
    """The same words in other lines: only the lines as they read tell what is there."""
    lines = [line.rstrip() for line in hunk.target.lines[slice(*hunk.bounds)]]
    new, old = ([line.rstrip() for line in side] for side in (run.added, run.removed))
    at = _together(new, lines) if any(new) else None
    if at is not None:
        first = hunk.bounds[0] + at
        return RunJudgement(RunState.PRESENT, *hunk.bounds, (first, first + len(new)), 1.0)
    state = RunState.BEFORE if any(old) and _together(old, lines) is not None else RunState.UNKNOWN
    return RunJudgement(state, *hunk.bounds)


def _words(line: bytes) -> list[bytes]:
    return [w for w in line.split() if w not in (b"*", b"/*", b"*/", b"/**", b"//")]


def _together(needle: Sequence[bytes], hay: Sequence[bytes]) -> int | None:
    """The index at which the needle stands in the hay without a gap."""
    size, wanted = len(needle), list(needle)
    return next((at for at in range(len(hay) - size + 1) if list(hay[at : at + size]) == wanted), None)


# --- what differs -------------------------------------------------------------------------------


def _context_share(parts: Images, needle: Sequence[bytes], alignment: Alignment) -> float:
    changed = {i for run in parts.runs for i in range(run.new_first, run.new_last)}
    context = [i for i, line in enumerate(needle) if line and i not in changed]
    return sum(i in alignment.equal for i in context) / len(context) if context else 0.0
