"""Whatever an engineer has in hand, as a `model.Series`: text or commits in, values out.

The names are loaded when they are asked for: commits need none of the readers of mails and pages.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backport.intake.commits import patch_from_commit
    from backport.intake.diff import ParsedDiff, parse_diff
    from backport.intake.document import read_document
    from backport.intake.sources import read_sources

__all__ = ["ParsedDiff", "parse_diff", "patch_from_commit", "read_document", "read_sources"]

_HOMES = {
    "ParsedDiff": "diff",
    "parse_diff": "diff",
    "patch_from_commit": "commits",
    "read_document": "document",
    "read_sources": "sources",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
