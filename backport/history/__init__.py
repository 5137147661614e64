"""Commits: by id, by the paths they touch, by their trailers."""

from backport.history.history import DictHistory, GitHistory, History, RecordedCommit

__all__ = ["DictHistory", "GitHistory", "History", "RecordedCommit"]
