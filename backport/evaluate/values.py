"""What an evaluation is made of: cases, and what came of each. Values without I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from backport.model import StrEnum


class GitClass(StrEnum):
    """What git's own three-way merge makes of a backport."""

    IDENTICAL = "identical"  # the whole tree that the maintainer committed
    DIFFERENT = "different"  # no conflict, and another tree than was committed
    CONFLICT = "conflict"


class Outcome(StrEnum):
    """A proposal beside what the maintainer committed, from the best down."""

    EXACT = "exact"
    EQUIVALENT = "equivalent"  # the same tokens: comments and white space aside
    DIFFERENT = "different"
    REFUSED = "refused"  # not written out as complete

    @staticmethod
    def worst(outcomes: Sequence[Outcome]) -> Outcome:
        """Of all parts of a case; EXACT for none."""
        return max(outcomes, key=list(Outcome).index, default=Outcome.EXACT)


@dataclass(frozen=True, slots=True)
class Case:
    """A backport, by full ids: `target` is the commit before it, `base` the parent of `upstream`."""

    git: str
    target: str
    upstream: str
    base: str
    backport: str
    branch: str = ""

    @property
    def key(self) -> str:
        """What no two cases share."""
        return f"{self.backport}:{self.upstream}"


@dataclass(frozen=True, slots=True)
class PieceResult:
    """One conflict that was looked at: `strategy` is the one that gave the proposal ("" none). `lines` is how many of
    the target's it covers; `outcome` what came of these alone, where it was accepted and the file is there."""

    path: str
    function: str
    line: int
    strategy: str = ""
    confidence: str = ""
    refusal: str = ""
    why: str = ""
    lines: int = 0
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Panes:
    """What is shown of a file side by side, as unified differences (`target` as text): decoded, cut where long."""

    upstream: str = ""
    target: str = ""
    maintainer: str = ""
    proposal: str = ""


@dataclass(frozen=True, slots=True)
class FileResult:
    """One file that the maintainer or the proposal touched."""

    path: str
    outcome: Outcome
    confidence: str = ""
    panes: Panes | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """An error or warning of a check."""

    code: str
    severity: str
    message: str


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What came of a case.

    `outcome` is None for the classes in which git merges in silence: there only `alarms` count. `confidence` is the
    least sure of the proposal's parts ("" nothing had to be adapted, or nothing was proposed). `if_written` is what
    a proposal that rests on a guess would have been, had it been written out. `kinds` are git's own words for the
    conflicts, `reasons` the placement's. `mended` is the commit of the branch that fixed or reverted the lines of an
    identical case with an alarm. `days` is the age of the branch. `error` says why there is no answer.
    """

    case: Case
    outcome: Outcome | None = None
    confidence: str = ""
    if_written: Outcome | None = None
    files: tuple[FileResult, ...] = ()
    pieces: tuple[PieceResult, ...] = ()
    kinds: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    baselines: Mapping[str, Outcome] = field(default_factory=dict)
    verdict: str = ""
    alarms: tuple[Alarm, ...] = ()
    mended: str = ""
    subject: str = ""
    days: int | None = None
    seconds: float = 0.0
    memory_mib: int = 0
    error: str = ""

    @property
    def strategies(self) -> tuple[str, ...]:
        """The strategies that the proposal rests on, each once."""
        return tuple(dict.fromkeys(p.strategy for p in self.pieces if p.strategy and p.confidence))

    @property
    def refusals(self) -> tuple[str, ...]:
        """Why parts of it stay conflicts, each reason once."""
        return tuple(dict.fromkeys(p.refusal for p in self.pieces if p.refusal))


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that was measured in one run. `notes` say what was left out and why."""

    repository: str
    results: tuple[CaseResult, ...]
    notes: tuple[str, ...] = ()
