"""Reports as text, JSON, Markdown, HTML and SARIF: pure functions of a Report.

`render(report, format)` gives the bytes of a document; `dump` and `load` turn a report into JSON
values and back; `schema()` is the published JSON Schema that every JSON report fits. All are loaded
when first used, since the command line needs some of this room for its first line.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

_HOME = {
    "dump": "backport.report.codec",
    "load": "backport.report.codec",
    "FORMATS": "backport.report.formats",
    "Style": "backport.report.formats",
    "render": "backport.report.formats",
    "exit_code": "backport.report.summary",
    "schema": "backport.report.published",
    "schema_text": "backport.report.published",
}

__all__ = ["FORMATS", "Style", "dump", "exit_code", "load", "render", "schema", "schema_text"]

if TYPE_CHECKING:
    from backport.report.codec import dump, load
    from backport.report.formats import FORMATS, Style, render
    from backport.report.published import schema, schema_text
    from backport.report.summary import exit_code


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'backport.report' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
