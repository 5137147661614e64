"""Rules: each a small function from what was placed to findings, and one registry entry.

To add one: write a function in the module of its family, and a line in its `RULES`.
"""

from __future__ import annotations

from collections.abc import Sequence

from backport.checks import build, features, guards, history, kabi, names, origin, places, placing, text
from backport.checks.rule import Asked, Context, Need, Rule, finish, run_rules

__all__ = ["Asked", "Context", "Need", "Rule", "all_rules", "finish", "run_rules"]


def all_rules() -> Sequence[Rule]:
    """Every rule, by code."""
    return sorted(
        (
            *text.RULES,
            *placing.RULES,
            *features.RULES,
            *names.RULES,
            *guards.RULES,
            *places.RULES,
            *origin.RULES,
            *kabi.RULES,
            *history.RULES,
            *build.RULES,
        ),
        key=lambda rule: rule.code,
    )
