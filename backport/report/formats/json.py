"""The report for programs: see the JSON Schema beside this room."""

from __future__ import annotations

import json
import re

from backport.model import Report
from backport.report.codec import dump
from backport.report.formats import Style

_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def render(report: Report, style: Style) -> bytes:
    """One JSON object, indented, keys in a fixed order. What could steer a terminal is escaped."""
    text = json.dumps(dump(report), indent=2, ensure_ascii=False)
    return (_UNSAFE.sub(lambda m: f"\\u{ord(m[0]):04x}", text) + "\n").encode()
