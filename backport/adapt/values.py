"""What adapting a patch gives: proposals with their trace, and refusals with their reason. Values without I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from backport.model import Evidence, FileChange, Finding, Patch, PatchReport, StrEnum, TargetReport
from backport.tree import File


class Confidence(StrEnum):
    """How sure a proposal is, from the surest down. What each is worth is measured on real backports."""

    CERTAIN = "certain"
    LIKELY = "likely"
    GUESS = "guess"

    def reaches(self, least: Confidence) -> bool:
        """Whether it is at least as sure as `least`."""
        order = list(Confidence)
        return order.index(self) <= order.index(least)


class Merging(Protocol):
    """A merged file that can be shown with more or less of it accepted."""

    def merged(self, least: Confidence) -> bytes: ...

    def marked(self, least: Confidence, marker_size: int = 7) -> bytes: ...

    def with_pieces(self, pieces: tuple[Piece, ...]) -> Merging:
        """The same with other pieces in the places of its own."""
        ...

    def spans(self, least: Confidence) -> tuple[tuple[int, int], ...]:
        """The first and last line (1-based) of each piece in the merged file."""
        ...


class Action(StrEnum):
    """What becomes of a file of the patch."""

    EDIT = "edit"
    RENAME = "rename"
    DROP = "drop"  # the target has no such file: the change to it is left out


class Refusal(StrEnum):
    """Why a conflict stays one."""

    BOTH_CHANGED = "both-changed"  # the same code was changed on both sides
    NO_BASE = "no-base"  # the text that the patch was made against is not at hand
    TOO_LARGE = "too-large"  # more lines than are looked at word by word
    CHECKS = "checks"  # it was proposed, and the checks found a new error in it
    NOT_TEXT = "not-text"  # a binary, a symlink, a submodule


@dataclass(frozen=True, slots=True)
class Step:
    """One strategy that was tried, by its name in the registry, and what came of it in one clause."""

    strategy: str
    said: str


@dataclass(frozen=True, slots=True)
class Piece:
    """One conflict of a file. `base`, `upstream` and `target` are its three texts (whole lines), `line` the first line
    of `target` in the target's file (1-based). `proposal` is the text that replaces `target`; None where nothing is
    proposed, and then `refusal` says why. `why` is one sentence for the note: what was done and for what reason.
    `left_out` names what upstream's lines have and the proposal leaves out on purpose."""

    path: str
    function: str
    hunks: tuple[int, ...]
    line: int
    base: bytes
    upstream: bytes
    target: bytes
    proposal: bytes | None = None
    confidence: Confidence | None = None
    refusal: Refusal | None = None
    why: str = ""
    trace: tuple[Step, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    left_out: tuple[str, ...] = ()

    def accepted(self, least: Confidence) -> bool:
        if self.proposal is None or self.confidence is None or self.refusal is not None:
            return False
        return self.confidence.reaches(least)


@dataclass(frozen=True, slots=True)
class FileProposal:
    """One file of the patch. `before` and `after` are whole files (None: not there); in `after` each piece that is not
    accepted keeps the target's side, in `marked` it stands between markers (zdiff3, labelled by function; equal to
    `after` where nothing is refused). `confidence`, `why` and `refusal` are those of the file as a whole where it was
    dropped, created, deleted or followed to another name."""

    change: FileChange
    path: str
    action: Action
    before: bytes | None
    after: bytes | None
    marked: bytes | None
    mode: str = "100644"
    pieces: tuple[Piece, ...] = ()
    confidence: Confidence | None = None
    refusal: Refusal | None = None
    why: str = ""
    trace: tuple[Step, ...] = ()
    merge: Merging | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """What upstream changed and the proposal does not (`lost`), and what the proposal changes beyond upstream
    (`gained`), as lines, for one function (or "" the file outside of functions). `text` says it in a sentence."""

    path: str
    function: str
    text: str
    lost: tuple[bytes, ...]
    gained: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class PatchProposal:
    """A patch as it would land. `changes` are whole files by path with what was accepted (None: deleted), beside the
    target with the series' earlier patches; `least` is the confidence that was asked for."""

    files: tuple[FileProposal, ...]
    changes: Mapping[str, File | None]
    least: Confidence

    @property
    def pieces(self) -> Iterator[Piece]:
        for file in self.files:
            yield from file.pieces

    @property
    def refused(self) -> tuple[Piece, ...]:
        """The pieces that stay conflicts."""
        return tuple(p for p in self.pieces if not p.accepted(self.least))

    @property
    def refused_files(self) -> tuple[FileProposal, ...]:
        """The files that are refused as a whole."""
        return tuple(
            f
            for f in self.files
            if f.refusal is not None or (f.confidence is not None and not f.confidence.reaches(self.least))
        )

    @property
    def complete(self) -> bool:
        """Whether nothing is left for a person: only then may it be written as a patch that applies."""
        return not self.refused and not self.refused_files

    @property
    def confidence(self) -> Confidence | None:
        """The least sure of its parts; None where nothing had to be adapted."""
        parts = [f.confidence for f in self.files if f.confidence] + [
            p.confidence for p in self.pieces if p.confidence
        ]
        order = list(Confidence)
        return max(parts, key=order.index, default=None)


@dataclass(frozen=True, slots=True)
class AdaptedPatch:
    """A patch of a series, adapted. `report` is what `check` says of it. `proposal` is None where the patch lands or is
    there as it is, or could not be read. `diff` is what lands, as `git diff --binary` shows it against the target with
    the earlier patches (b"" where nothing does); `findings` are those of the checks on the adapted tree."""

    patch: Patch
    report: PatchReport
    proposal: PatchProposal | None
    diff: bytes = b""
    changes: Mapping[str, File | None] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    differences: tuple[Difference, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the whole of the patch lands, adapted or not."""
        return not self.patch.unreadable and (self.proposal is None or self.proposal.complete)


@dataclass(frozen=True, slots=True)
class Adaptation:
    """A series on one target. `name` and `revision` are the target's; `report` is what `check` says, each patch on
    the adapted earlier ones."""

    name: str
    revision: str
    patches: tuple[AdaptedPatch, ...]
    notes: tuple[str, ...] = ()
    report: TargetReport | None = None
