"""What a patch is placed on: a tree, its texts prepared once, and the steps that may still be spent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from backport.errors import Cancelled
from backport.git import Scratch
from backport.model import TextRef
from backport.placement.target import TargetText
from backport.tree import Entry, File, Tree


@dataclass(slots=True)
class Steps:
    """A budget of work, counted in steps and not in seconds: every machine stops at the same place.

    `cancel` is asked whenever steps are taken, between hunks and before every longer search."""

    left: int = 1 << 60
    cancel: Callable[[], bool] = lambda: False

    def spend(self, count: int = 1) -> bool:
        """Take `count` steps; False when there are none left. Raises Cancelled when that was asked for."""
        if self.cancel():
            raise Cancelled
        self.left -= count
        return self.left >= 0


@dataclass(slots=True)
class Ground:
    """A target at one moment of a series. `tree_id` is its tree in `scratch`, "" for a folder; `style` git's
    conflict style, `fuzz` patch's -F, `similarity` the share of lines that makes a file a renamed one; `moved`
    the keys of all telling lines that the patch at hand removes.

    Not a value: it keeps the texts that were read. It lives as long as one patch is placed."""

    tree: Tree
    scratch: Scratch
    tree_id: str = ""
    style: str = "merge"
    fuzz: int = 2
    similarity: float = 0.5
    name: str = "target"
    moved: frozenset[bytes] = frozenset()
    steps: Steps = field(default_factory=Steps)
    _entries: dict[str, Entry] = field(default_factory=dict)
    _texts: dict[str, TargetText] = field(default_factory=dict)

    def entry(self, path: str) -> Entry:
        if path not in self._entries:
            self._entries[path] = self.tree.read(path)
        return self._entries[path]

    def text(self, path: str) -> TargetText | None:
        """The file at `path` prepared for placement; None where there is no regular file."""
        if path not in self._texts:
            entry = self.entry(path)
            if not isinstance(entry, File):
                return None
            self._texts[path] = TargetText(path, entry.data)
        return self._texts[path]

    def ref(self, path: str, first: int, last: int) -> TextRef:
        entry = self.entry(path)
        return TextRef(self.name, entry.id if isinstance(entry, File) else "", path, first, last)
