"""Trees of files, of whatever kind: read, mode, list, search."""

from backport.tree.folder import FolderTree
from backport.tree.git_tree import GitTree
from backport.tree.overlay import DictTree, OverlayTree
from backport.tree.paths import is_there
from backport.tree.protocol import (
    Absent,
    Entry,
    File,
    Folder,
    Match,
    Submodule,
    Symlink,
    Tree,
    Unavailable,
)
from backport.tree.queue import (
    QueueEntry,
    applied_forwards,
    find_series,
    read_queue,
    read_series,
    split_queue,
    until,
)
from backport.tree.target import Target, kernel_version, open_target
from backport.tree.texts import Texts, TreeTexts

__all__ = [
    "Absent",
    "DictTree",
    "Entry",
    "File",
    "Folder",
    "FolderTree",
    "GitTree",
    "Match",
    "OverlayTree",
    "QueueEntry",
    "Submodule",
    "Symlink",
    "Target",
    "Texts",
    "Tree",
    "TreeTexts",
    "Unavailable",
    "applied_forwards",
    "find_series",
    "is_there",
    "kernel_version",
    "open_target",
    "read_queue",
    "read_series",
    "split_queue",
    "until",
]
