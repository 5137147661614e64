"""Sentences for what `compare` found. Pure: units and pairs in, `Said` values out.

Every sentence names code that stands in the lines it carries (`base`, `target`), and is of one of DriftKind's kinds.
`Voice` has the words for the two sides, since the patch's world is upstream for one patch and a vendor's for another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from backport.checks.drift.calls import Call, calls, clauses, locks
from backport.checks.drift.compare import Comparison, Gap, Rename, substitutions
from backport.checks.drift.heads import Head, head
from backport.checks.drift.kin import akin, akin_units, other_callees
from backport.checks.drift.phrases import (
    SHOWN,
    described,
    is_local,
    listed,
    names_of,
    quoted,
    quoted_both,
    several,
    telling,
)
from backport.checks.drift.said import LOCALS, RANK, Said, Voice, merged_arguments, merged_calls
from backport.checks.drift.units import Unit, UnitKind
from backport.csource import TokenKind
from backport.model import DriftKind


def say(
    found: Comparison, voice: Voice, function: str, known: frozenset[str], there: frozenset[str]
) -> list[Said]:
    """All sentences of a comparison. `function` is the bare name of the function ("" at file scope); `known` and
    `there` are all names of the base's and of the target's text."""
    renamed = {r.base.decode("utf-8", "replace"): r.target.decode("utf-8", "replace") for r in found.renames}
    speaker = _Speaker(voice, function, known, there, renamed)
    said = [speaker.rename(r) for r in found.renames]
    for gap in found.gaps:
        said += [replace(x, near=x.base[0] if x.base else gap.line) for x in speaker.gap(gap)]
    return merged_calls(merged_arguments(said))


@dataclass(frozen=True, slots=True)
class _Speaker:
    voice: Voice
    function: str
    known: frozenset[str]
    there: frozenset[str]
    renamed: Mapping[str, str]

    def said(
        self,
        kind: DriftKind,
        message: str,
        name: str,
        base: Iterable[Unit],
        target: Iterable[Unit],
        rank: int = -1,
    ) -> Said:
        base, target = tuple(base), tuple(target)
        return Said(
            kind,
            message,
            name,
            tuple(dict.fromkeys(u.first for u in base)),
            tuple(dict.fromkeys(u.first for u in target)),
            names_of(base) - self.there,
            names_of(target) - self.known,
            RANK[kind] if rank < 0 else rank,
        )

    # --- renames

    def rename(self, r: Rename) -> Said:
        ours, theirs = r.base.decode("utf-8", "replace"), r.target.decode("utf-8", "replace")
        often = f"({len(r.places)} places)"
        if r.role == "call":
            kind = DriftKind.CALL
            text = f"the call `{ours}()` {self.voice.where} is `{theirs}()` here {often}"
        elif r.role == "member":
            kind = DriftKind.MEMBER
            text = f"the member `{ours}` {self.voice.where} is `{theirs}` here {often}"
        else:
            kind = DriftKind.RENAMED
            text = f"what {self.voice.who} calls `{ours}` is `{theirs}` here {often}"
        base = tuple(dict.fromkeys(u.first for u, _ in r.places))
        target = tuple(dict.fromkeys(u.first for _, u in r.places))
        return Said(kind, text, ours, base, target, frozenset({ours}), frozenset({theirs}), RANK[kind])

    # --- gaps

    def gap(self, gap: Gap) -> Iterator[Said]:
        ours: list[Unit] = []
        theirs: list[Unit] = []
        for pair in gap.pairs:
            if pair.base is not None and pair.target is not None:
                yield from self.lone(ours, theirs)
                ours, theirs = [], []
                yield from self.pair(pair.base, pair.target)
            elif pair.base is not None:
                ours.append(pair.base)
            elif pair.target is not None:
                theirs.append(pair.target)
        yield from self.lone(ours, theirs)

    def lone(self, ours: list[Unit], theirs: list[Unit]) -> Iterator[Said]:
        """What stands on one side only, or quite other things at one place."""
        ours, theirs = telling(ours), telling(theirs)
        if ours and theirs:
            yield from self.replaced(ours, theirs)
        elif ours:
            yield self.only(ours, self.voice.where, True)
        elif theirs:
            yield self.only(theirs, "in the target", False)

    def replaced(self, ours: list[Unit], theirs: list[Unit]) -> Iterator[Said]:
        lock = self.locks(ours, theirs)
        if lock is not None:
            yield lock
        elif len(ours) == len(theirs) and all(akin_units(u, v) for u, v in zip(ours, theirs, strict=True)):
            for one, other in zip(ours, theirs, strict=True):
                yield self.other_call(one, other, calls(one)[0], calls(other)[0])
        elif max(len(ours), len(theirs)) <= SHOWN:
            yield self.instead(ours, theirs)
        else:
            yield self.only(ours, self.voice.where, True)
            yield self.only(theirs, "in the target", False)

    def only(self, units: list[Unit], where: str, base: bool) -> Said:
        kind, what, name = described(units, self.there if base else self.known)
        rank = LOCALS if all(is_local(u) for u in units) else -1
        verb = "stand" if what.endswith(("statement", "statements")) else "stands"
        text = f"{what} {verb} only {where}"
        return self.said(kind, text, name, units if base else (), () if base else units, rank)

    def locks(self, ours: Sequence[Unit], theirs: Sequence[Unit]) -> Said | None:
        """The same done with the same lock in another way, or with another lock."""
        left, right = [x for u in ours for x in locks(u)], [x for u in theirs for x in locks(u)]
        for one in left:
            for other in right:
                if one.does == other.does and one.text != other.text:
                    what = one.lock if one.lock == other.lock else "a lock"
                    ways = f"{quoted(other.text)}, {self.voice.who} by {quoted(one.text)}"
                    text = f"the target {one.does} {what} by {ways}"
                    return self.said(DriftKind.LOCK, text, one.text.partition("(")[0], ours, theirs)
        return None

    # --- pairs

    def pair(self, one: Unit, other: Unit) -> Iterator[Said]:
        heads = (head(one, self.function), head(other, self.function))
        if heads[0] is not None and heads[1] is not None:
            if UnitKind.HEAD not in (one.kind, other.kind) and not self.one_name(heads[0], heads[1]):
                yield self.instead([one], [other])
                return
            told = list(self.heads(heads[0], heads[1], one, other))
            yield from told
            if told or not _is_macro(one):
                return
        lock = self.locks([one], [other])
        if lock is not None:
            yield lock
            return
        if UnitKind.CONDITION in (one.kind, other.kind):
            condition = self.condition(one, other)
            if condition is not None:
                yield condition
                return
        yield from self.plain(one, other)

    def one_name(self, a: Head, b: Head) -> bool:
        """Whether two heads are of one function, under its name here."""
        return self.renamed.get(a.name, a.name) == b.name

    def instead(self, ours: Sequence[Unit], theirs: Sequence[Unit]) -> Said:
        """Quite other things at one place."""
        text = f"{self.voice.who} has {several(ours)} where the target has {several(theirs)}"
        return self.said(DriftKind.CODE, text, "", ours, theirs)

    def plain(self, one: Unit, other: Unit) -> Iterator[Said]:
        spans = substitutions(one.words, other.words)
        arguments = list(self.arguments(one, other, spans))
        if arguments:
            yield from arguments
            return
        call = self.call(one, other, spans)
        if call is not None:
            yield call
            return
        small = self.small(one, other, spans)
        if small is not None:
            yield small
            return
        if other_callees(one, other):
            yield self.instead([one], [other])
            return
        kind = DriftKind.CONDITION if one.kind is UnitKind.CONDITION else DriftKind.CODE
        what = "the condition " if kind is DriftKind.CONDITION else ""
        ours, theirs = quoted_both(one.text(), other.text())
        text = f"{what}{ours} {self.voice.where} is {theirs} here"
        yield self.said(kind, text, "", [one], [other])

    def condition(self, one: Unit, other: Unit) -> Said | None:
        """One condition that asks all that the other asks, and more."""
        (mark, ours), (mark_two, theirs) = clauses(one), clauses(other)
        left, right = [one.text(s.start, s.stop) for s in ours], [other.text(s.start, s.stop) for s in theirs]
        more = [x for x in left if x not in right]
        less = [x for x in right if x not in left]
        if bool(more) == bool(less) or (mark and mark_two and mark != mark_two):
            return None
        owner = f"{self.voice.whose} condition" if more else "the target's condition"
        extra = listed([quoted(x) for x in more or less])
        text = f"{owner} {quoted((other if more else one).text())} also asks for {extra} ({mark or mark_two})"
        return self.said(DriftKind.CONDITION, text, "", [one], [other])

    def arguments(self, one: Unit, other: Unit, spans: Sequence[tuple[range, range]]) -> Iterator[Said]:
        """Calls of the same functions in the same order, of which arguments differ and nothing else."""
        ours, theirs = calls(one), calls(other)
        if not ours or [c.name for c in ours] != [c.name for c in theirs]:
            return
        differing = [
            (a, b) for a, b in zip(ours, theirs, strict=True) if _inner_difference(a, b, ours, one, other)
        ]
        if not all(
            any(_within(left, a) and _within(right, b) for a, b in differing) for left, right in spans
        ):
            return
        for a, b in differing:
            yield self.argument(a, b, one, other)

    def argument(self, a: Call, b: Call, one: Unit, other: Unit) -> Said:
        left = [one.text(s.start, s.stop) for s in a.arguments]
        right = [other.text(s.start, s.stop) for s in b.arguments]
        callee = a.name.decode("utf-8", "replace")
        more, less = _only_in(left, right), _only_in(right, left)
        if more and not less and len(left) > len(right):
            who, lacks, extra = self.voice.who, "the target does not", more
        elif less and not more and len(right) > len(left):
            who, lacks, extra = "the target", f"{self.voice.who} does not", less
        elif len(more) == len(less) == 1:
            text = f"{callee}() is given {quoted(more[0])} {self.voice.where} and {quoted(less[0])} here"
            return self.said(DriftKind.ARGUMENT, text, callee, [one], [other])
        else:
            ours, theirs = quoted_both(one.text(a.first, a.last + 1), other.text(b.first, b.last + 1))
            text = f"the call {ours} {self.voice.where} is {theirs} here"
            return self.said(DriftKind.ARGUMENT, text, callee, [one], [other])
        text = f"{who} passes {listed([quoted(x) for x in extra])} to {callee}(), {lacks}"
        return self.said(DriftKind.ARGUMENT, text, callee, [one], [other])

    def call(self, one: Unit, other: Unit, spans: Sequence[tuple[range, range]]) -> Said | None:
        """One call that is another, and nothing outside of it that differs."""
        ours, theirs = calls(one), calls(other)
        there, known = {c.name for c in theirs}, {c.name for c in ours}
        left = [c for c in ours if c.name not in there]
        right = [c for c in theirs if c.name not in known]
        if not left or not right:
            return None
        a, b = left[0], right[0]
        if not akin(a, b, one, other):
            return None
        if not all(_covers(a, x) and _covers(b, y) for x, y in spans):
            return None
        return self.other_call(one, other, a, b)

    def other_call(self, one: Unit, other: Unit, a: Call, b: Call) -> Said:
        ours, theirs = a.name.decode("utf-8", "replace"), b.name.decode("utf-8", "replace")
        text = (
            f"the call {quoted(one.text(a.first, a.last + 1))} {self.voice.where} is "
            f"{quoted(other.text(b.first, b.last + 1))} here"
        )
        return replace(self.said(DriftKind.CALL, text, ours, [one], [other]), pair=(ours, theirs))

    def small(self, one: Unit, other: Unit, spans: Sequence[tuple[range, range]]) -> Said | None:
        """A member, a number or a string that is another."""
        if len(spans) != 1 or len(spans[0][0]) != 1 or len(spans[0][1]) != 1:
            return None
        at, there = spans[0][0][0], spans[0][1][0]
        a, b = one.tokens[at], other.tokens[there]
        ours, theirs = a.text.decode("utf-8", "replace"), b.text.decode("utf-8", "replace")
        constant = (TokenKind.NUMBER, TokenKind.STRING, TokenKind.CHAR)
        if a.kind in constant and b.kind in constant:
            text = f"{quoted(one.text())} {self.voice.where} has {quoted(theirs)} for {quoted(ours)} here"
            return self.said(DriftKind.VALUE, text, "", [one], [other])
        if a.kind is b.kind is TokenKind.NAME and at and one.words[at - 1] in (b".", b"->"):
            text = f"the member `{ours}` {self.voice.where} is `{theirs}` here, in {quoted(other.text())}"
            return self.said(DriftKind.MEMBER, text, ours, [one], [other])
        return None

    # --- heads

    def heads(self, a: Head, b: Head, one: Unit, other: Unit) -> Iterator[Said]:
        name = f"{a.name}()"
        if a.macro != b.macro:
            what = ("a macro", "a function") if a.macro else ("a function", "a macro")
            text = f"{name} is {what[0]} {self.voice.where} and {what[1]} here"
            yield self.said(DriftKind.MACRO, text, a.name, [one], [other])
            return
        yield from self.parameters(a, b, one, other)
        if a.returns != b.returns and not a.macro:
            text = f"{name} returns {quoted(a.returns)} {self.voice.where} and {quoted(b.returns)} here"
            yield self.said(DriftKind.TYPE, text, a.name, [one], [other])
        for static, sides in (
            (a.storage - b.storage, (self.voice.where, "here")),
            (b.storage - a.storage, ()),
        ):
            if "static" in static:
                text = f"{name} is static {sides[0]} and not here" if sides else f"{name} is static only here"
                yield self.said(DriftKind.TYPE, text, a.name, [one], [other], 4)

    def parameters(self, a: Head, b: Head, one: Unit, other: Unit) -> Iterator[Said]:
        ours, theirs = {p[0]: p for p in a.parameters}, {p[0]: p for p in b.parameters}
        more = [p for p in a.parameters if p[0] not in theirs]
        less = [p for p in b.parameters if p[0] not in ours]
        for p, q in _same_type(more, less, a, b):
            more.remove(p)
            less.remove(q)
            text = f"the parameter `{p[2]}` of {self.voice.whose} {a.name}() is `{q[2]}` here"
            yield replace(
                self.said(DriftKind.RENAMED, text, p[0], [one], [other], 4), ours=_new(p, self.there)
            )
        for extra, owner, lacks in (
            (more, self.voice.whose, "the target's does not"),
            (less, "the target's", f"{self.voice.whose} does not"),
        ):
            if extra:
                what = "macro " if a.macro else ""
                shown = listed([f"`{p[2]}`" for p in extra])
                name = a.name if extra is more else b.name
                text = f"{owner} {what}{name}() takes {shown}, {lacks}"
                found = self.said(DriftKind.PARAMETER, text, extra[0][0] or a.name, [one], [other])
                yield self._parameter_names(found, extra, extra is more)
        yield from self.parameter_types(a, ours, theirs, one, other)
        common = [p for p in ours if p in theirs]
        if common != [p for p in theirs if p in ours]:
            text = f"the parameters of {a.name}() come in another order here: {quoted(', '.join(theirs))}"
            yield self.said(DriftKind.PARAMETER, text, a.name, [one], [other])

    def parameter_types(
        self,
        a: Head,
        ours: dict[str, tuple[str, str, str]],
        theirs: dict[str, tuple[str, str, str]],
        one: Unit,
        other: Unit,
    ) -> Iterator[Said]:
        for name, p in ours.items():
            if name in theirs and theirs[name][1] != p[1]:
                text = f"{a.name}() takes `{p[2]}` {self.voice.where} and `{theirs[name][2]}` here"
                yield self.said(DriftKind.TYPE, text, name, [one], [other])

    def _parameter_names(self, found: Said, extra: Sequence[tuple[str, str, str]], base: bool) -> Said:
        """The names are those of the parameters that one side has, and of no other."""
        names = frozenset(p[0] for p in extra if p[0])
        return replace(found, ours=names if base else frozenset(), theirs=frozenset() if base else names)


def _new(parameter: tuple[str, str, str], there: frozenset[str]) -> frozenset[str]:
    return frozenset({parameter[0]}) - there


def _same_type(
    more: Sequence[tuple[str, str, str]], less: Sequence[tuple[str, str, str]], a: Head, b: Head
) -> list[tuple[tuple[str, str, str], tuple[str, str, str]]]:
    """Parameters of one type at one place: the same under another name."""
    return [
        (p, q)
        for p in more
        for q in less
        if not a.macro and p[1] == q[1] and a.parameters.index(p) == b.parameters.index(q)
    ]


def _is_macro(unit: Unit) -> bool:
    return unit.kind is UnitKind.DIRECTIVE and unit.words[0].endswith(b"define")


def _inner_difference(a: Call, b: Call, ours: Sequence[Call], one: Unit, other: Unit) -> bool:
    """Whether the arguments of a call differ, other than within a call that is one of them."""
    left, right = _outline(a, one), _outline(b, other)
    return left != right


def _outline(call: Call, unit: Unit) -> list[bytes]:
    """The words of a call, those of the calls within it left out."""
    inner = [c for c in calls(unit) if call.first < c.first and c.last < call.last]
    return [
        w
        for n, w in enumerate(unit.words[call.first : call.last + 1], call.first)
        if not any(c.first < n <= c.last for c in inner)
    ]


def _within(span: range, call: Call) -> bool:
    return (
        call.first < span.start and span.stop <= call.last + 1
        if span
        else call.first < span.start <= call.last
    )


def _covers(call: Call, span: range) -> bool:
    return call.first <= span.start and span.stop <= call.last + 1


def _only_in(one: Sequence[str], other: Sequence[str]) -> list[str]:
    left = list(other)
    found = []
    for text in one:
        if text in left:
            left.remove(text)
        else:
            found.append(text)
    return found
