"""BP3xx: CONFIG guards and Kconfig. Is there a configuration in which the patched target does not build?

Every definition and use has a presence condition: the #if stack over its line, and the way from the top Makefile to
its object. Where a use's does not imply its definition's, a solver is asked for a configuration that Kconfig allows.
What was so before the patch, or is so upstream after it, is not reported.
"""

from __future__ import annotations

from backport.checks.guards.rules import RULES

__all__ = ["RULES"]
