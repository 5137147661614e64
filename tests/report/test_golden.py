"""Whole documents, compared byte for byte. BACKPORT_REWRITE_GOLDEN=1 writes them anew: then read them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from backport.report import render
from tests.support.reports import every_report

GOLDEN = Path(__file__).with_name("golden")
REPORTS = every_report()

CASES: dict[str, tuple[str, str, dict[str, Any]]] = {
    **{f"{name}.txt": (name, "text", {}) for name in REPORTS},
    "conflict-120.txt": ("conflict", "text", {"width": 120}),
    "conflict-verbose.txt": ("conflict", "text", {"verbose": True}),
    "conflict-color.txt": ("conflict", "text", {"color": True}),
    "large-verbose.txt": ("large", "text", {"verbose": True}),
    "series-quiet.txt": ("series", "text", {"quiet": True}),
    **{f"{name}.md": (name, "markdown", {}) for name in ("clean", "conflict", "hostile", "series", "show")},
    **{f"{name}.html": (name, "html", {}) for name in ("conflict", "hostile", "series", "show", "empty")},
    "conflict.sarif": ("conflict", "sarif", {}),
    "conflict.json": ("conflict", "json", {}),
}


@pytest.mark.parametrize("file", CASES)
def test_document_is_as_it_was_agreed(file: str) -> None:
    name, form, options = CASES[file]
    document = render(REPORTS[name], form, **options)
    path = GOLDEN / file
    if os.environ.get("BACKPORT_REWRITE_GOLDEN"):
        path.write_bytes(document)
    assert document.decode() == path.read_bytes().decode()


def test_there_is_no_golden_file_that_nothing_makes() -> None:
    assert {p.name for p in GOLDEN.iterdir()} == set(CASES)


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html", "sarif"])
@pytest.mark.parametrize("name", REPORTS)
def test_every_report_renders_in_every_form_and_twice_the_same(name: str, form: str) -> None:
    document = render(REPORTS[name], form)
    assert document == render(REPORTS[name], form)
    assert document.endswith(b"\n") and not document.endswith(b"\n\n")
