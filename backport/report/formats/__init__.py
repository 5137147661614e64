"""The forms of a report: one module each, loaded when it is asked for."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backport.errors import UsageError

if TYPE_CHECKING:
    from backport.model import Report

FORMATS: dict[str, str] = {
    "text": "backport.report.formats.text",
    "json": "backport.report.formats.json",
    "markdown": "backport.report.formats.markdown",
    "html": "backport.report.formats.html",
    "sarif": "backport.report.formats.sarif",
}
"""The module of each form; its `render(report, style)` gives the document's bytes."""

SUFFIXES: dict[str, str] = {
    ".txt": "text",
    ".json": "json",
    ".md": "markdown",
    ".html": "html",
    ".htm": "html",
    ".sarif": "sarif",
}
"""What a file's name says of the form that is wanted."""


@dataclass(frozen=True, slots=True)
class Style:
    """How a report is shown. `width` counts columns (of text only, at least 60), `lines` how many
    lines of differences of one hunk are shown when not verbose."""

    color: bool = False
    width: int = 80
    verbose: bool = False
    quiet: bool = False
    lines: int = 12


def render(
    report: Report,
    format: str,
    *,
    color: bool = False,
    width: int = 80,
    verbose: bool = False,
    quiet: bool = False,
    lines: int = 12,
) -> bytes:
    """The report as a document in one of FORMATS, UTF-8. Raises UsageError for another format."""
    if format not in FORMATS:
        raise UsageError(f"no report format {format!r}", f"use one of {', '.join(FORMATS)}")
    module = importlib.import_module(FORMATS[format])
    style = Style(color=color, width=max(60, width), verbose=verbose, quiet=quiet, lines=lines)
    document: bytes = module.render(report, style)
    return document
