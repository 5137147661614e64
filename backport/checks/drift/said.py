"""A sentence on a difference before it is given to a hunk, and the voice it is said in. Values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from backport.checks.drift.phrases import listed
from backport.model import DriftKind


@dataclass(frozen=True, slots=True)
class Voice:
    """`who` has the base ("upstream"), `where` it stands ("upstream", "in the patch")."""

    who: str = "upstream"
    where: str = "upstream"

    @property
    def whose(self) -> str:
        return f"{self.who}'s"


UPSTREAM = Voice()
PATCH = Voice("the patch", "in the patch")


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence. `base` and `target` are the lines it is about; `ours` and `theirs` the names that only one side
    has in it; `rank` orders by how much it tells, the most first; `near` is the base's line at which it stands."""

    kind: DriftKind
    message: str
    name: str
    base: tuple[int, ...]
    target: tuple[int, ...]
    ours: frozenset[str]
    theirs: frozenset[str]
    rank: int
    near: int = 0
    pair: tuple[str, str] = ("", "")
    """The two callees of a call that is another."""


RANK = {
    DriftKind.PARAMETER: 0,
    DriftKind.TYPE: 1,
    DriftKind.LOCK: 1,
    DriftKind.CALL: 1,
    DriftKind.RENAMED: 1,
    DriftKind.MACRO: 1,
    DriftKind.MEMBER: 1,
    DriftKind.ARGUMENT: 2,
    DriftKind.CONDITION: 2,
    DriftKind.LABEL: 2,
    DriftKind.GUARD: 1,
    DriftKind.STATEMENT: 3,
    DriftKind.VALUE: 3,
    DriftKind.CODE: 3,
}
LOCALS = 5


# --- the same said once --------------------------------------------------------------------------


def merged_calls(said: Sequence[Said]) -> list[Said]:
    """One callee for another, said once with the number of places."""
    found: list[Said] = []
    groups: dict[tuple[str, str], int] = {}
    often: dict[int, int] = {}
    for item in said:
        at = groups.setdefault(item.pair, len(found)) if item.pair[0] else len(found)
        often[at] = often.get(at, 0) + 1
        if at == len(found):
            found.append(item)
        else:
            found[at] = _lines_of_both(found[at], item)
    return [
        replace(item, message=f"{item.message} (and {often[n] - 1} more)") if often[n] > 1 else item
        for n, item in enumerate(found)
    ]


def _lines_of_both(one: Said, other: Said) -> Said:
    return replace(
        one,
        base=tuple(dict.fromkeys([*one.base, *other.base])),
        target=tuple(dict.fromkeys([*one.target, *other.target])),
        ours=one.ours | other.ours,
        theirs=one.theirs | other.theirs,
    )


def merged_arguments(said: Sequence[Said]) -> list[Said]:
    """The same argument passed to several functions, or several times, said once."""
    found: list[Said] = []
    groups: dict[tuple[str, str], int] = {}
    for item in said:
        head, mark, tail = item.message.partition(" to ")
        if item.kind is not DriftKind.ARGUMENT or " passes " not in head or not mark:
            found.append(item)
            continue
        at = groups.setdefault((head, tail.rpartition("(), ")[2]), len(found))
        if at == len(found):
            found.append(item)
            continue
        found[at] = _joined(found[at], item, head)
    return found


def _joined(one: Said, other: Said, head: str) -> Said:
    tail = one.message.partition(" to ")[2]
    callees, _, lacks = tail.rpartition(", ")
    names = [x for part in callees.split(", ") for x in part.split(" and ")]
    if f"{other.name}()" not in names:
        names.append(f"{other.name}()")
    return replace(_lines_of_both(one, other), message=f"{head} to {listed(names)}, {lacks}")
