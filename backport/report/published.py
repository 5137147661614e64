"""The published JSON Schema of a report (draft 2020-12)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parent / "schema" / "backport-report-1.json"


def schema_text() -> bytes:
    """The schema's document, as it is published."""
    return _FILE.read_bytes()


def schema() -> dict[str, Any]:
    """The schema as JSON values."""
    found: dict[str, Any] = json.loads(schema_text())
    return found
