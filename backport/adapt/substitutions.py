"""What stands in a text where another has something else: the substitutions between two stretches of C code. Pure.

Code is compared statement by statement (`code_units`), so that a line which was wrapped elsewhere because a name is
longer is no difference. Units of the same code are laid side by side by the tokens that they share.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from backport.csource import line_tokens
from backport.placement.align import matching_blocks

Row = tuple[bytes, ...]

_WORD = re.compile(rb"[\w\x80-\xff]+\Z", re.ASCII)
_TAGS = frozenset({b"struct", b"union", b"enum"})
_NAME = re.compile(rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*\Z", re.ASCII)
KEYWORDS = frozenset(
    b"auto break case char const continue default do double else enum extern float for goto if inline int long"
    b" register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while"
    b" bool true false NULL include define undef ifdef ifndef endif elif defined".split()
)
MOST_CELLS = 40_000
"""So large a rectangle of units is laid side by side; a larger one only where it is square."""

MOST_OF_ALL = 400_000
"""So large may all of them be together."""

LEAST_SHARE = 0.5
"""Units that share fewer of their tokens are not the same code."""

MOST_TOKENS = 8


class Gap(NamedTuple):
    """Tokens of the one unit where the other has `new`, as half-open ranges of both."""

    first: int
    last: int
    start: int
    stop: int


class Pair(NamedTuple):
    """Two units that are the same code, and where they differ."""

    old: Row
    new: Row
    gaps: tuple[Gap, ...]


def is_name(token: bytes) -> bool:
    """Whether a token is a name and no keyword."""
    return _NAME.match(token) is not None and token not in KEYWORDS


def code_units(lines: Sequence[bytes]) -> list[Row]:
    """The statements of a stretch of code as tokens: up to `;`, `{`, `}` or a comma outside of brackets; a directive
    is one of its own, an include none. Comments are left out."""
    units: list[Row] = []
    row: list[bytes] = []
    depth = 0
    goes_on = False
    for line, found in zip(lines, line_tokens(lines), strict=True):
        if found[:1] == (b"#",) or goes_on:
            if not goes_on:
                _end(units, row)
                depth = 0
            row += found
            goes_on = line.rstrip().endswith(b"\\")
            if not goes_on:
                _end(units, row)
            continue
        for token in found:
            row.append(token)
            depth = max(0, depth + (token in (b"(", b"[")) - (token in (b")", b"]")))
            if token in (b"{", b"}") or (token in (b";", b",") and not depth):
                _end(units, row)
                depth = 0
        if found and found[-1] == b";" and row:
            _end(units, row)
            depth = 0
    _end(units, row)
    return units


def _end(units: list[Row], row: list[bytes]) -> None:
    if row and row[:2] != [b"#", b"include"]:
        units.append(tuple(row))
    row.clear()


def pairs(old: Sequence[Row], new: Sequence[Row]) -> tuple[list[Pair], list[Row]]:
    """The units that are the same code with differences, and those that are equal."""
    keys, others = [b" ".join(x) for x in old], [b" ".join(x) for x in new]
    found: list[Pair] = []
    equal: list[Row] = []
    first = start = 0
    left = MOST_OF_ALL
    for one, other, size in [*matching_blocks(keys, others), (len(old), len(new), 0)]:
        cells = (one - first) * (other - start)
        found += _rectangle(old[first:one], new[start:other], cells <= min(left, MOST_CELLS))
        left -= cells if cells <= MOST_CELLS else 0
        equal += old[one : one + size]
        first, start = one + size, other + size
    return found, equal


def _rectangle(old: Sequence[Row], new: Sequence[Row], fully: bool) -> Iterator[Pair]:
    """The pairs of two stretches between equal units: those that share most, in ascending order on both sides; or
    else the first with the first, and so on, of equally long ones."""
    if not old or not new:
        return
    if not fully:
        if len(old) != len(new):
            return
        chosen = [(n, n) for n in range(len(old)) if _share(_bag(old[n]), _bag(new[n])) >= LEAST_SHARE]
    else:
        chosen = _best(old, new)
    for one, other in chosen:
        yield Pair(old[one], new[other], tuple(gaps(old[one], new[other])))


def _bag(row: Row) -> Counter[bytes]:
    return Counter(row)


def _share(one: Counter[bytes], other: Counter[bytes]) -> float:
    """The share of tokens that two units have in common."""
    both = sum(min(n, other[t]) for t, n in one.items() if t in other)
    return 2 * both / (one.total() + other.total())


def _best(old: Sequence[Row], new: Sequence[Row]) -> list[tuple[int, int]]:
    """The ascending row of pairs with the most in common."""
    bags, others = [_bag(x) for x in old], [_bag(x) for x in new]
    shares = [[s if (s := _share(a, b)) >= LEAST_SHARE else 0.0 for b in others] for a in bags]
    width = len(new) + 1
    table = [[0.0] * width for _ in range(len(old) + 1)]
    for i in range(len(old) - 1, -1, -1):
        for j in range(len(new) - 1, -1, -1):
            skip = max(table[i + 1][j], table[i][j + 1])
            take = shares[i][j] and shares[i][j] + table[i + 1][j + 1]
            table[i][j] = max(skip, take)
    chosen = []
    i = j = 0
    while i < len(old) and j < len(new):
        if shares[i][j] and table[i][j] == shares[i][j] + table[i + 1][j + 1]:
            chosen.append((i, j))
            i, j = i + 1, j + 1
        elif table[i + 1][j] >= table[i][j + 1]:
            i += 1
        else:
            j += 1
    return chosen


def gaps(old: Row, new: Row) -> Iterator[Gap]:
    """Where two units differ."""
    first = start = 0
    for one, other, size in [*matching_blocks(old, new), (len(old), len(new), 0)]:
        if one > first or other > start:
            yield Gap(first, one, start, other)
        first, start = one + size, other + size


# --- what a pair says --------------------------------------------------------------------------


class Substitution(NamedTuple):
    """`old` stands where `new` does. `alone`: nothing else of the unit differs. A hole is `$1`."""

    kind: str
    old: Row
    new: Row
    alone: bool


def substitutions(pair: Pair) -> Iterator[Substitution]:
    """The substitutions of two units, each once: single names, calls with their arguments as holes, short runs of
    tokens. A name within a call that changed its form is a part of the call."""
    names = [g for g in pair.gaps if _is_name_gap(pair, g)]
    rest = [g for g in pair.gaps if g not in names]
    found: dict[Substitution, None] = {}
    covered: list[tuple[int, int]] = []
    for gap in rest:
        call = _call(pair, gap)
        if call is not None:
            found[call[0]] = None
            covered.append(call[1])
        elif _is_run(pair, gap):
            old, new = pair.old[gap.first : gap.last], pair.new[gap.start : gap.stop]
            found[Substitution("tokens", old, new, len(pair.gaps) == 1)] = None
    alike = not rest and len({heads(pair.old[g.first], pair.new[g.start]) for g in names}) == 1
    for gap in names:
        if not any(first <= gap.first < last for first, last in covered):
            old, new = pair.old[gap.first : gap.last], pair.new[gap.start : gap.stop]
            found[Substitution("name", old, new, alike)] = None
    yield from found


def _is_name_gap(pair: Pair, gap: Gap) -> bool:
    if gap.last - gap.first != 1 or gap.stop - gap.start != 1:
        return False
    return is_name(pair.old[gap.first]) and is_name(pair.new[gap.start])


def heads(old: bytes, new: bytes) -> tuple[bytes, bytes]:
    """What two names begin with before the words that they end with in common: all of both where they share none."""
    size = 0
    while size < min(len(old), len(new)) and old[-1 - size] == new[-1 - size]:
        size += 1
    while size and not (_word_starts(old, len(old) - size) and _word_starts(new, len(new) - size)):
        size -= 1
    return old[: len(old) - size], new[: len(new) - size]


def _word_starts(name: bytes, at: int) -> bool:
    return at == 0 or name[at - 1 : at] == b"_"


def _is_run(pair: Pair, gap: Gap) -> bool:
    """Whether a gap is an operand on both sides, and takes a name away."""
    old, new = pair.old[gap.first : gap.last], pair.new[gap.start : gap.stop]
    if not (old and new and max(len(old), len(new)) <= MOST_TOKENS):
        return False
    taken = any(is_name(x) and x not in new for x in old) and is_name(new[-1])
    return taken and _is_operand(old) and _is_operand(new)


def _is_operand(row: Row) -> bool:
    """Whether tokens are names and numbers with `.` or `->` between them, or a `struct` and its name."""
    wanted = True
    for token in row[1:] if row[0] in (b".", b"->") else row:
        if token in (b".", b"->"):
            if wanted:
                return False
            wanted = True
        elif not wanted or not _WORD.match(token) or (token in KEYWORDS and token not in _TAGS):
            return False
        else:
            wanted = token in _TAGS
    return not wanted


def _balanced(row: Iterable[bytes]) -> bool:
    depth = 0
    for token in row:
        depth += (token in (b"(", b"[", b"{")) - (token in (b")", b"]", b"}"))
        if depth < 0:
            return False
    return depth == 0


def _call(pair: Pair, gap: Gap) -> tuple[Substitution, tuple[int, int]] | None:
    """The innermost call that a gap lies in, with its arguments as holes, and what stands there instead; with the
    call's tokens in the old unit."""
    for first, last, arguments in calls(pair.old, gap):
        span = _opposite(pair, first, last)
        if span is None:
            continue
        new = pair.new[slice(*span)]
        old: list[bytes] = [pair.old[first], b"("]
        holes: list[tuple[Row, bytes]] = []
        for number, argument in enumerate(arguments, 1):
            old += [b",", b"$%d" % number] if number > 1 else [b"$1"]
            holes.append((argument, b"$%d" % number))
        old.append(b")")
        made = with_holes(new, holes)
        if made is None or made == tuple(old) or not _balanced(made):
            continue
        if any(t[:1] in b"\"'" for t in made) or len(made) > MOST_TOKENS + 2 * len(arguments) + 2:
            continue
        return Substitution("call", tuple(old), made, len(pair.gaps) == 1), (first, last)
    return None


def calls(row: Row, gap: Gap) -> Iterator[tuple[int, int, list[Row]]]:
    """The calls (first token, behind the last, arguments) that a gap lies in or whose name it takes, innermost
    first."""
    found = []
    for at in range(len(row) - 1):
        if at > gap.first or row[at + 1] != b"(" or not is_name(row[at]):
            continue
        closed = _arguments(row, at + 1)
        if closed is None:
            continue
        last, arguments = closed
        if last >= gap.last and len(arguments) <= 9 and all(arguments):
            found.append((at, last, arguments))
    yield from sorted(found, key=lambda x: x[1] - x[0])


def _arguments(row: Row, at: int) -> tuple[int, list[Row]] | None:
    """What is behind the call whose bracket opens at a token, and its arguments; None where it is not closed."""
    depth, start = 0, at + 1
    arguments: list[Row] = []
    for number in range(at, len(row)):
        token = row[number]
        if token in (b"(", b"["):
            depth += 1
        elif token in (b")", b"]"):
            depth -= 1
            if depth == 0:
                if number > start or arguments:
                    arguments.append(row[start:number])
                return number + 1, arguments
        elif token == b"," and depth == 1:
            arguments.append(row[start:number])
            start = number + 1
    return None


def _opposite(pair: Pair, first: int, last: int) -> tuple[int, int] | None:
    """The tokens of the new unit that stand for a range of the old one, whose borders must be clear on both sides."""
    shift_before = shift_after = 0
    for gap in pair.gaps:
        if gap.last <= first and not (gap.first == gap.last == first):
            shift_before += (gap.stop - gap.start) - (gap.last - gap.first)
        elif gap.first >= last and not (gap.first == gap.last == last):
            continue
        elif gap.first < first or gap.last > last:
            return None
        else:
            shift_after += (gap.stop - gap.start) - (gap.last - gap.first)
    return first + shift_before, last + shift_before + shift_after


def with_holes(row: Row, holes: Sequence[tuple[Row, bytes]]) -> Row | None:
    """The tokens with each argument replaced by its hole; None where no name of an argument is among them, or a name
    of one is left outside of its holes."""
    made = list(row)
    filled = 0
    for argument, hole in sorted(holes, key=lambda x: -len(x[0])):
        at = 0
        while at + len(argument) <= len(made):
            if tuple(made[at : at + len(argument)]) == argument:
                made[at : at + len(argument)] = [hole]
                filled += 1
                break  # another argument may be the same
            at += 1
    left = {t for argument, _ in holes for t in argument if is_name(t)}
    if holes and (not filled or left & set(made)):
        return None
    return tuple(made)
