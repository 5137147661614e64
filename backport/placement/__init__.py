"""Where each hunk of a patch lands in a tree: exact, offset, fuzz, moved, merged, already there, conflict.

The pure algorithms each stand alone (`context`, `align`, `drift`, `presence`, `merged`); `patch` puts them in
order for one patch on one tree.
"""

from __future__ import annotations

from backport.placement.base import BaseTexts, find_base
from backport.placement.patch import place_patch
from backport.placement.result import FilePlacement, PatchPlacement

__all__ = ["BaseTexts", "FilePlacement", "PatchPlacement", "find_base", "place_patch"]
