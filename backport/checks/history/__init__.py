"""BP4xx: history. What upstream changed before the patch, what it changed after, and what the target has of it."""

from backport.checks.history.rules import RULES

__all__ = ["RULES"]
