"""Trees of files, of whatever kind: read, mode, list, search."""

from backport.tree.folder import FolderTree
from backport.tree.git_tree import GitTree
from backport.tree.overlay import DictTree, OverlayTree
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
from backport.tree.queue import QueueEntry, read_queue, split_queue, until
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
    "kernel_version",
    "open_target",
    "read_queue",
    "split_queue",
    "until",
]
