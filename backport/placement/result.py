"""What placing a patch gives: its files, each with the placements of its hunks, and what the tree is afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from backport.model import Base, FileChange, Placement, PlacementKind, Reason
from backport.tree import File


@dataclass(frozen=True, slots=True)
class FilePlacement:
    """One file of a patch. `kind` and `reason` are the file's own (a file added or deleted, a mode, a
    rename, a binary); those of its hunks stand in `placements`. `target_path` "" means nowhere."""

    change: FileChange
    target_path: str
    kind: PlacementKind
    reason: Reason
    placements: tuple[Placement, ...] = ()
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PatchPlacement:
    """A patch placed. `changes` is what landed, by path (None: deleted); `tree` is the merged tree's id in
    the scratch repository when git merged whole trees ("" otherwise), already with the changes."""

    base: Base
    files: tuple[FilePlacement, ...]
    changes: Mapping[str, File | None] = field(default_factory=dict)
    tree: str = ""

    @property
    def placements(self) -> Iterator[Placement]:
        for file in self.files:
            yield from file.placements


def summary(change: FileChange, path: str, placements: tuple[Placement, ...]) -> FilePlacement:
    """A file as its hunks have it: the worst of them."""
    worst = min(placements, key=lambda p: _ORDER.index(p.kind))
    return FilePlacement(change, path, worst.kind, worst.reason, placements)


_ORDER = (
    PlacementKind.ABSENT,
    PlacementKind.CONFLICT,
    PlacementKind.MOVED,
    PlacementKind.MERGED,
    PlacementKind.FUZZ,
    PlacementKind.OFFSET,
    PlacementKind.EXACT,
    PlacementKind.EVOLVED,
    PlacementKind.APPLIED,
)
