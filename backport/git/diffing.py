"""Reading the hunk headers of `git diff`."""

from __future__ import annotations

import re

from backport.git.values import DiffHunk

_HEADER = re.compile(rb"^(?:@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@|diff --git a/(\S+) b/)", re.MULTILINE)


def parse_hunks(out: bytes) -> dict[str, tuple[DiffHunk, ...]]:
    """The hunks of each file of a patch whose file names hold no blanks.

    A line of a text begins with a blank, + or -, so that no text is taken for a header."""
    found: dict[str, list[DiffHunk]] = {}
    current: list[DiffHunk] = []
    for match in _HEADER.finditer(out):
        old, old_count, new, new_count, name = match.groups()
        if name:
            current = found.setdefault(name.decode("ascii"), [])
        else:
            counts = (1 if x is None else int(x) for x in (old_count, new_count))
            current.append(DiffHunk(int(old), next(counts), int(new), next(counts)))
    return {name: tuple(hunks) for name, hunks in found.items()}
