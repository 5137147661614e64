"""An evaluation as text, JSON or a page. Pure functions of its value."""

from __future__ import annotations

from backport.evaluate.values import Evaluation

FORMATS = ("text", "json", "html")
SUFFIXES = {".txt": "text", ".json": "json", ".html": "html", ".htm": "html"}


def render(evaluation: Evaluation, form: str) -> bytes:
    """The document in one of FORMATS."""
    if form == "json":
        from backport.evaluate.formats.json import render as json

        return json(evaluation)
    if form == "html":
        from backport.evaluate.formats.html import render as html

        return html(evaluation)
    from backport.evaluate.formats.text import render as text

    return text(evaluation).encode("utf-8", "backslashreplace")
