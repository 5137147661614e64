"""git, and the only place where it is run: objects, throw-away repositories, merges, differences."""

from backport.git.conflicts import ConflictRegion, conflict_regions
from backport.git.merging import ConflictedFile, ConflictKind, Merge, MergeMessage
from backport.git.process import git_version
from backport.git.repository import Repository
from backport.git.scratch import Scratch
from backport.git.store import ObjectStore
from backport.git.values import CommitInfo, DiffHunk, GitObject, ObjectType, TreeEntry

__all__ = [
    "CommitInfo",
    "ConflictKind",
    "ConflictRegion",
    "ConflictedFile",
    "DiffHunk",
    "GitObject",
    "Merge",
    "MergeMessage",
    "ObjectStore",
    "ObjectType",
    "Repository",
    "Scratch",
    "TreeEntry",
    "conflict_regions",
    "git_version",
]
