"""Functions as statements: what comes before a place, what of it must have run, and what cannot have. Pure.

A statement is known by its tokens and the indentation of its first line; the branches of an `if` and the labels of
a `switch` by their depth. It is no compiler's graph: where the layout does not say, a statement is taken to reach.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from backport.checks.places_runs import FileView, PlacedRun
from backport.checks.places_text import depth, is_label, rows
from backport.placement.lines import Edit, apply_edits
from backport.placement.target import TargetText, Tokens

_ENDS = (b";", b"{", b"}", b":")
_HEADS = (b"if", b"for", b"while", b"switch")
_LEAVES = (b"break", b"return", b"goto", b"continue")
_NO_TYPE = frozenset(
    {
        b"return",
        b"goto",
        b"else",
        b"case",
        b"do",
        b"sizeof",
        b"delete",
        b"typeof",
        b"static",
        b"extern",
        b"typedef",
    }
)


class Statement(NamedTuple):
    """A statement or a head such as `if (x) {`: the index of its first line, its depth, its tokens."""

    line: int
    depth: int
    tokens: Tokens
    label: bool

    @property
    def alternative(self) -> bool:
        """Whether it begins with `else`, closing brace or not."""
        return b"else" in self.tokens[:2]


def statements(text: TargetText, first: int, last: int) -> list[Statement]:
    """The statements of a half-open range of lines; directives and comments are left out."""
    found: list[Statement] = []
    tokens: list[bytes] = []
    start = first
    for number, row in enumerate(rows(text, first, last), first):
        line = text.lines[number]
        if not row or line.lstrip()[:1] == b"#":
            continue
        if not tokens:
            start = number
        tokens += row
        if row[-1] in _ENDS or _is_head(tokens):
            found.append(
                Statement(start, depth(text.lines[start]), tuple(tokens), is_label(text.lines[start]))
            )
            tokens = []
    return found


def _is_head(tokens: Sequence[bytes]) -> bool:
    """Whether the tokens are `if (...)` or the like, whose one statement follows without a brace."""
    first = next((t for t in tokens if t not in (b"}", b"else")), b"")
    if first not in _HEADS or tokens[-1] != b")":
        return tokens[-1] == b"else"
    return tokens.count(b"(") == tokens.count(b")")


def reaching(found: Sequence[Statement], at: int) -> Iterator[Statement]:
    """The statements before line index `at` that may have run when it is reached: all but those of branches that
    exclude the one that it stands in."""
    before = [s for s in found if s.line < at]
    above = _heads(before, _width(found, at))
    closing = _closings(before)
    for number, one in enumerate(before):
        if number not in closing or not _excludes(before, closing[number], above):
            yield one


def _closings(found: Sequence[Statement]) -> dict[int, int]:
    """For each statement the number of the next one that is less deep: what ends its branch."""
    closing: dict[int, int] = {}
    open_ones: list[int] = []
    for number, one in enumerate(found):
        while open_ones and found[open_ones[-1]].depth > one.depth:
            closing[open_ones.pop()] = number
        open_ones.append(number)
    return closing


def _width(found: Sequence[Statement], at: int) -> int:
    return next((s.depth for s in found if s.line >= at), 0)


def _heads(before: Sequence[Statement], width: int) -> frozenset[int]:
    """The lines of the statements that a place of that depth behind them stands under."""
    lines: set[int] = set()
    for one in reversed(before):
        if one.depth < width and not (one.label and one.depth == 0):
            lines.add(one.line)
            width = one.depth
    return frozenset(lines)


def _excludes(before: Sequence[Statement], closing: int, above: frozenset[int]) -> bool:
    """Whether the statement that closes a branch opens another one in which the place stands."""
    head = before[closing]
    if head.line not in above:
        return False
    left = before[closing - 1].tokens[0] in _LEAVES
    return head.alternative or (head.label and left)


def dominating(found: Sequence[Statement], at: int) -> Iterator[Statement]:
    """The statements before line index `at` that ran whenever it is reached, as far as the layout says."""
    width = _width(found, at)
    for one in reversed([s for s in found if s.line < at]):
        if one.depth <= width:
            width = one.depth
            yield one


def declared(statement: Statement) -> Iterator[tuple[bytes, bool]]:
    """The plain variables (no arrays) that a statement declares, each with whether it is given a value."""
    tokens = statement.tokens
    if len(tokens) < 3 or not _is_name(tokens[0]) or tokens[0] in _NO_TYPE or tokens[-1] != b";":
        return
    if not (_is_name(tokens[1]) or tokens[1] == b"*"):
        return
    level = 0
    for number in range(1, len(tokens) - 1):
        token, follows, leads = tokens[number], tokens[number + 1], tokens[number - 1]
        level += (token in (b"(", b"{", b"[")) - (token in (b")", b"}", b"]"))
        named = level == 0 and _is_name(token) and (_is_name(leads) or leads in (b"*", b","))
        if named and follows in (b",", b";", b"="):
            yield token, follows == b"="
        if level == 0 and token == b"=" and number > 3 and b"," not in tokens[number:]:
            return


def _is_name(token: bytes) -> bool:
    return token[:1].isalpha() or token[:1] == b"_"


class Applied(NamedTuple):
    """The target's file with the runs of a view, and where each run's lines stand in it."""

    text: TargetText
    ranges: dict[PlacedRun, tuple[int, int]]

    def window(self, first: int, last: int) -> tuple[int, int]:
        """A half-open range of the target's lines in the applied text, what was put in at its ends included."""
        return self._place(first, False), self._place(last, True)

    def _place(self, index: int, after: bool) -> int:
        shift = 0
        for run, (start, end) in self.ranges.items():
            if run.at[0] < index < run.at[1]:
                return end if after else start
            if run.at[1] > index or (run.at[0] == index and not after):
                break
            shift = end - run.at[1]
        return index + shift


def applied(view: FileView) -> Applied:
    """The target's file as the merge of the view's runs leaves it."""
    edits, ranges, grown = [], {}, 0
    for run in sorted(view.runs, key=lambda r: r.at):
        edits.append(Edit(*run.at, tuple(view.post.lines[slice(*run.new)])))
        size = run.new[1] - run.new[0]
        ranges[run] = (run.at[0] + grown, run.at[0] + grown + size)
        grown += size - (run.at[1] - run.at[0])
    return Applied(TargetText(view.before.path, b"".join(apply_edits(view.before.lines, edits))), ranges)
