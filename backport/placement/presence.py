"""Is a hunk's change already in the target? The question in which a wrong "yes" costs most.

A hunk is `applied` when every added token of every run stands, in order and together, in the place that the
hunk's other lines point to, and none of the removed lines stands there any more. It is `evolved` when it is
there in a later form: every added line is found or has a counterpart that is neither a line the hunk removes
nor one it expects, and most of the names that the hunk brings are there. All else is not there. Comments
and white space do not count, unless a hunk changes nothing else.

Pure functions; the caller says in which stretch of the target (`bounds`) the hunk belongs and why.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum

from backport.model import Difference
from backport.placement.align import Alignment, align
from backport.placement.lines import Images, Run, keys
from backport.placement.target import TargetText, Tokens, token_lines

LATER_SHARE = 0.6
"""Added tokens that must stand there, at least, for a run to count as there in a later form."""

STRANGERS = 0.15
"""Added lines of a run that may be gone without a counterpart (a long run lost some in later years)."""

COMMENT_SHARE = 0.8
"""Words of an added comment that must stand there, at least, for it to be there in a later form."""

COUNTERPART = 0.5
"""How alike two lines must be, at least, for one to be a later form of the other."""

NAMES_SHARE = 0.5
"""New names of a run that must stand there, at least, for it to count as there in a later form."""

TELLING = 8
"""Tokens from which an added run says where it is by itself, without its context."""

RARE_LENGTH = 8
RARE_LINES = 6
"""A name of so many letters on so few lines of a file says which change it belongs to."""

_NAME = re.compile(rb"[A-Za-z_]\w{2,}\Z")


class RunState(Enum):
    PRESENT = "present"
    LATER = "later"
    PARTLY = "partly"
    BEFORE = "before"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class RunJudgement:
    """What became of one run. `first` and `last` are the target's stretch that was looked at,
    `found` the half-open range in which its added tokens stand (None where they do not), `names` how many
    names that only the hunk brings stand there."""

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


_THERE = (RunState.PRESENT, RunState.LATER)


def judge(
    parts: Images,
    path: str,
    target: TargetText,
    bounds: tuple[int, int],
    *,
    own: bool = False,
    brought: frozenset[str] = frozenset(),
) -> Judgement:
    """Judge a hunk's runs within `bounds` (a half-open range of the target's lines).

    `own` says that the bounds are those of the very function that the hunk changes (or its successor), so
    that a telling run may stand anywhere within them. `brought` are names of regions that the hunk adds: that they
    are there does not say that this is their later form.
    """
    needle = keys(parts.new)
    alignment = align(needle, target.keys, *bounds)
    tokens = token_lines(path, parts.new)
    old_tokens = token_lines(path, parts.old)
    wanted = Counter(t for line in old_tokens for t in line)
    added = frozenset(name.encode() for name in brought)
    judged = tuple(
        _judge_run(run, _Hunk(parts, tokens, old_tokens, alignment, wanted, added), target, bounds, own)
        for run in parts.runs
    )
    return Judgement(judged, _context_share(parts, needle, alignment), _differences(parts, alignment, target))


@dataclass(frozen=True, slots=True)
class _Hunk:
    parts: Images
    tokens: Sequence[Tokens]
    old_tokens: Sequence[Tokens]
    alignment: Alignment
    wanted: Counter[bytes]
    brought: frozenset[bytes]


def _judge_run(run: Run, hunk: _Hunk, target: TargetText, bounds: tuple[int, int], own: bool) -> RunJudgement:
    first, last, anchored = _gap(run, hunk, target, bounds)
    added = tuple(t for line in hunk.tokens[run.new_first : run.new_last] for t in line)
    removed = [line for line in hunk.old_tokens[run.old_first : run.old_last] if line]
    if added == tuple(t for line in removed for t in line):
        return _judge_comment(run, target, first, last)
    kept = Counter(line for line in hunk.tokens[run.new_first : run.new_last] if line)
    gone = [line for line in removed if not _keeps(kept, line)]
    if not added:
        return _judge_deletion(gone, anchored, target, first, last)
    found = _find(added, target, first, last)
    telling = len(added) >= TELLING and bool(_new_names(added, hunk.wanted))
    if found is None and own and telling:
        found = _find(added, target, *bounds)
    if found is not None and (anchored or telling or _touches(found, run, hunk, target)):
        stale = any(_stands(line, target, first, last, found) for line in gone)
        return RunJudgement(RunState.PARTLY if stale else RunState.PRESENT, first, last, found, 1.0)
    return _judge_later(run, hunk, added, gone, target, (first, last))


def _keeps(kept: Counter[Tokens], line: Tokens) -> bool:
    if kept[line]:
        kept[line] -= 1
        return True
    return False


def _gap(run: Run, hunk: _Hunk, target: TargetText, bounds: tuple[int, int]) -> tuple[int, int, bool]:
    """The stretch between the nearest context on both sides that stands in the target, and whether the
    run's direct neighbours (blank lines passed over) are those on both sides."""
    equal = hunk.alignment.equal
    before = [i for i in range(run.new_first - 1, -1, -1) if target_key(hunk, i)]
    after = [i for i in range(run.new_last, len(hunk.parts.new)) if target_key(hunk, i)]
    previous = next((i for i in before if i in equal), None)
    following = next((i for i in after if i in equal), None)
    first = bounds[0] if previous is None else equal[previous] + 1
    last = bounds[1] if following is None else equal[following]
    anchored = (
        previous is not None
        and following is not None
        and before.index(previous) == 0
        and after.index(following) == 0
    )
    return first, max(last, first), anchored


def target_key(hunk: _Hunk, index: int) -> bool:
    """Whether a line of the post-image has code in it."""
    return bool(hunk.tokens[index])


def _find(added: Tokens, target: TargetText, first: int, last: int) -> tuple[int, int] | None:
    """The lines in which the tokens stand, all of them, in order and with nothing in between."""
    stream: list[bytes] = []
    where: list[int] = []
    for number in range(first, last):
        line = target.tokens[number]
        stream.extend(line)
        where.extend([number] * len(line))
    size = len(added)
    wanted = list(added)
    for at in range(len(stream) - size + 1):
        if stream[at] == wanted[0] and stream[at : at + size] == wanted:
            return where[at], where[at + size - 1] + 1
    return None


def _stands(line: Tokens, target: TargetText, first: int, last: int, found: tuple[int, int] | None) -> bool:
    """Whether a removed line still stands in the stretch, outside of what was found to be added."""
    if len(line) < 2:
        return False
    return any(
        target.tokens[n] == line for n in range(first, last) if found is None or not found[0] <= n < found[1]
    )


def _touches(found: tuple[int, int], run: Run, hunk: _Hunk, target: TargetText) -> bool:
    """Whether a direct neighbour of the run stands directly beside what was found."""
    before = next((i for i in range(run.new_first - 1, -1, -1) if hunk.tokens[i]), None)
    after = next((i for i in range(run.new_last, len(hunk.tokens)) if hunk.tokens[i]), None)
    above = next((n for n in range(found[0] - 1, -1, -1) if target.tokens[n]), None)
    below = next((n for n in range(found[1], len(target.lines)) if target.tokens[n]), None)
    pairs = ((before, above), (after, below))
    return any(
        i is not None and n is not None and len(hunk.tokens[i]) > 2 and hunk.tokens[i] == target.tokens[n]
        for i, n in pairs
    )


def _judge_comment(run: Run, target: TargetText, first: int, last: int) -> RunJudgement:
    """A run that changes comments or blank lines only: its words must stand together, and the old be gone.

    Words, since the same sentence is often broken into lines anew."""
    words: list[bytes] = []
    where: list[int] = []
    for number in range(first, last):
        line = _comment_words(target.lines[number])
        words.extend(line)
        where.extend([number] * len(line))
    added = [w for line in run.added for w in _comment_words(line)]
    removed = [w for line in run.removed for w in _comment_words(line)]
    if removed and removed != added and _together(removed, words) is not None:
        return RunJudgement(RunState.BEFORE, first, last)
    if not added:
        return RunJudgement(RunState.PRESENT, first, last, (first, first), 1.0)
    at = _together(added, words)
    if at is not None:
        return RunJudgement(RunState.PRESENT, first, last, (where[at], where[at + len(added) - 1] + 1), 1.0)
    share = _share(tuple(added), words)
    return RunJudgement(
        RunState.LATER if share >= COMMENT_SHARE else RunState.UNKNOWN, first, last, None, share
    )


def _comment_words(line: bytes) -> list[bytes]:
    return [w for w in line.split() if w not in (b"*", b"/*", b"*/", b"/**", b"//")]


def _together(needle: Sequence[bytes], hay: Sequence[bytes]) -> int | None:
    """The index at which the needle stands in the hay without a gap."""
    size = len(needle)
    return next((at for at in range(len(hay) - size + 1) if list(hay[at : at + size]) == list(needle)), None)


def _judge_deletion(
    gone: Sequence[Tokens], anchored: bool, target: TargetText, first: int, last: int
) -> RunJudgement:
    """A run that only removes: the lines must be gone, and the neighbours must be there to say so."""
    if any(target.tokens[n] == line for line in gone for n in range(first, last)):
        return RunJudgement(RunState.BEFORE, first, last)
    if not anchored:
        return RunJudgement(RunState.UNKNOWN, first, last)
    between = any(target.tokens[n] for n in range(first, last))
    return RunJudgement(RunState.LATER if between else RunState.PRESENT, first, last, (first, first), 1.0)


def _judge_later(
    run: Run,
    hunk: _Hunk,
    added: Tokens,
    gone: Sequence[Tokens],
    target: TargetText,
    stretch: tuple[int, int],
) -> RunJudgement:
    first, last = stretch
    rows = [target.tokens[n] for n in range(first, last)]
    hay = [t for row in rows for t in row]
    share = _share(added, hay)
    names = _new_names(added, hunk.wanted)
    standing = names.intersection(hay)
    most = len(standing) >= len(names) * NAMES_SHARE
    some = bool(standing) and (most or any(_rare(n, target) for n in standing))
    if any(_stands(line, target, first, last, None) for line in gone):
        state = RunState.PARTLY if standing and most else RunState.BEFORE
        return RunJudgement(state, first, last, None, share)
    lines = [line for line in hunk.tokens[run.new_first : run.new_last] if line]
    later = bool(standing) and most and share >= LATER_SHARE
    if not later or not _counterparts(lines, rows, set(hunk.old_tokens)):
        return RunJudgement(RunState.PARTLY if some else RunState.UNKNOWN, first, last, None, share)
    where = [n for n in range(first, last) if target.tokens[n] in lines]
    span = (where[0], where[-1] + 1) if where else (first, last)
    rare = sum(_rare(n, target) for n in standing - hunk.brought)
    return RunJudgement(RunState.LATER, first, last, span, share, rare)


def _rare(name: bytes, target: TargetText) -> bool:
    """Whether a name says of which change it is: long, and on few lines of the file."""
    return len(name) >= RARE_LENGTH and len(target.name_lines.get(name, ())) <= RARE_LINES


def _new_names(added: Tokens, wanted: Counter[bytes]) -> set[bytes]:
    """The names that a run brings: those that its hunk's pre-image does not hold."""
    return {t for t in added if _NAME.match(t) and t not in wanted}


def _share(added: Tokens, hay: Sequence[bytes]) -> float:
    """The share of the added tokens that stand in the stretch, in order."""
    if len(hay) > 20_000:
        return 0.0
    matcher = SequenceMatcher(None, hay, added, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks()) / len(added)


def _counterparts(lines: Sequence[Tokens], rows: Sequence[Tokens], old: set[Tokens]) -> bool:
    """Whether every added line stands in the stretch or has a later form there that is not a line which
    the hunk expects: what is half there has lines without either."""
    free = Counter(row for row in rows if row)
    missing = []
    for line in lines:
        if free[line]:
            free[line] -= 1
        elif len(line) > 2:
            missing.append(line)
    candidates = [row for row, count in free.items() if count and row not in old]
    strangers = sum(not any(_alike(line, row) >= COUNTERPART for row in candidates) for line in missing)
    return strangers <= len(lines) * STRANGERS


def _alike(one: Tokens, other: Tokens) -> float:
    common = sum((Counter(one) & Counter(other)).values())
    return 2 * common / (len(one) + len(other))


def _context_share(parts: Images, needle: Sequence[bytes], alignment: Alignment) -> float:
    changed = {i for run in parts.runs for i in range(run.new_first, run.new_last)}
    context = [i for i, line in enumerate(needle) if line and i not in changed]
    return sum(i in alignment.equal for i in context) / len(context) if context else 0.0


def _differences(parts: Images, alignment: Alignment, target: TargetText) -> tuple[Difference, ...]:
    """Where the target differs from the hunk's post-image, between the first and last line that agree."""
    return differences(parts.new, alignment, target)


def differences(image: Sequence[bytes], alignment: Alignment, target: TargetText) -> tuple[Difference, ...]:
    """The stretches between equal lines in which an image of a hunk and the target differ."""
    if not alignment.equal:
        return ()
    pairs = sorted(alignment.equal.items())
    result: list[Difference] = []
    previous = (-1, pairs[0][1] - pairs[0][0] - 1 if pairs[0][0] else pairs[0][1] - 1)
    end = (len(image), pairs[-1][1] + (len(image) - pairs[-1][0]))
    for needle_at, target_at in [*pairs, end]:
        expected = image[previous[0] + 1 : needle_at]
        found = target.lines[max(previous[1] + 1, 0) : max(min(target_at, len(target.lines)), 0)]
        if [e for e in keys(expected) if e] != [f for f in keys(found) if f]:
            result.append(
                Difference(
                    max(previous[1] + 2, 1),
                    tuple(line.rstrip(b"\r\n") for line in expected),
                    tuple(line.rstrip(b"\r\n") for line in found),
                )
            )
        previous = (needle_at, target_at)
    return tuple(result)
