"""One file, three texts: what the patch made of its base, done to the target's file, conflict by conflict.

git's own three-way merge stands first, so that what merges cleanly is git's; each conflict that it leaves goes through
the ladder of strategies (`ladder.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from backport.adapt.conflict import Conflict, Lines
from backport.adapt.ladder import climb
from backport.adapt.names import Names, drifted, renamed
from backport.adapt.values import Confidence, Piece
from backport.csource import region_map
from backport.git import Scratch, conflict_regions

if TYPE_CHECKING:
    from backport.adapt.rewrites import Rewrite

LABELS = ("target", "base", "patch")


@dataclass(frozen=True, slots=True)
class FileTexts:
    """The patch's file before (`base`) and after (`upstream`), and the target's."""

    path: str
    base: bytes
    target: bytes
    upstream: bytes


@dataclass(frozen=True, slots=True)
class FileMerge:
    """A merged file: stretches of text as lines, and between them the pieces that git could not merge."""

    parts: tuple[bytes | Piece, ...]

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return tuple(p for p in self.parts if isinstance(p, Piece))

    def merged(self, least: Confidence) -> bytes:
        """The file with every piece that is sure enough; the others keep the target's side."""
        return b"".join(
            p if isinstance(p, bytes) else (p.proposal or b"") if p.accepted(least) else p.target
            for p in self.parts
        )

    def marked(
        self, least: Confidence, marker_size: int = 7, labels: tuple[str, str, str] = LABELS
    ) -> bytes:
        """The file with markers (git's zdiff3 form, labelled by function) around what is not sure enough."""
        return b"".join(
            p
            if isinstance(p, bytes)
            else (p.proposal or b"")
            if p.accepted(least)
            else _between_markers(p, marker_size, labels)
            for p in self.parts
        )
