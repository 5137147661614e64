"""Patch analysis and backport-conflict assistant for the Linux kernel and other large C trees.

The public API, and nothing else: `check` and `show` give a `Report`; `read_sources` and `read_document` give
the `Series` they take, `open_target` a target, `render` a report's text. All are loaded when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_HOME = {
    "Budget": "backport.engine",
    "Event": "backport.engine",
    "check": "backport.engine",
    "show": "backport.engine",
    "read_document": "backport.intake",
    "read_sources": "backport.intake",
    "open_target": "backport.tree",
    "render": "backport.report",
    "dump": "backport.report",
    "load": "backport.report",
    "Settings": "backport.settings",
    "load_settings": "backport.settings",
    "Repository": "backport.git",
    "BackportError": "backport.errors",
    "Cancelled": "backport.errors",
}

__all__ = [
    "BackportError",
    "Budget",
    "Cancelled",
    "Event",
    "Repository",
    "Settings",
    "check",
    "dump",
    "load",
    "load_settings",
    "open_target",
    "read_document",
    "read_sources",
    "render",
    "show",
]

if TYPE_CHECKING:
    from backport.engine import Budget, Event, check, show
    from backport.errors import BackportError, Cancelled
    from backport.git import Repository
    from backport.intake import read_document, read_sources
    from backport.report import dump, load, render
    from backport.settings import Settings, load_settings
    from backport.tree import open_target


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'backport' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
