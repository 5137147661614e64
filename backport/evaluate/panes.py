"""What a person looks at side by side: upstream's change, the target, the maintainer's change, the proposal's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from backport.evaluate.values import Case, FileResult, Panes
from backport.git import ObjectType, Repository, Scratch
from backport.git.values import path_bytes

_LONGEST = 400  # lines of a pane
_CONTEXT = 5
_OPTIONS = ("-p", "-M", f"-U{_CONTEXT}", "--histogram", "--no-ext-diff", "--no-textconv", "--no-color")
_FILE = re.compile(rb"^diff --git .*\n", re.MULTILINE)
_NAMES = re.compile(rb"^(?:---|\+\+\+) [ab]/(.*?)\t?$|^rename (?:from|to) (.*)$", re.MULTILINE)
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? ", re.MULTILINE)


def with_panes(
    repository: Repository, scratch: Scratch, case: Case, files: Sequence[FileResult], proposal: str
) -> tuple[FileResult, ...]:
    """The files with their four panes. `proposal` is a tree of the scratch repository, with markers where a part is
    refused."""
    target, maintainer = repository.tree_of(case.target), repository.tree_of(case.backport)
    upstream = _differences(scratch, repository.tree_of(case.base), repository.tree_of(case.upstream))
    theirs, ours = _differences(scratch, target, maintainer), _differences(scratch, target, proposal)
    moved = {name: text for names, text in upstream for name in names}
    shown = []
    for file in files:
        maintained, proposed = _of(theirs, file.path), _of(ours, file.path)
        text = _text(scratch, target, file.path)
        panes = Panes(
            moved.get(file.path) or _by_name(moved, file.path),
            _windows(text, (maintained, proposed)),
            maintained,
            proposed,
        )
        shown.append(replace(file, panes=panes))
    return tuple(shown)


Differences = list[tuple[tuple[str, ...], str]]
"""The names of each file, before and after, and its difference."""


def _differences(scratch: Scratch, old: str, new: str) -> Differences:
    out = scratch.git("-c", "core.quotePath=false", "diff-tree", "-r", *_OPTIONS, old, new).out
    starts = [m.start() for m in _FILE.finditer(out)] + [len(out)]
    found: Differences = []
    for start, end in pairwise(starts):
        part = out[start:end]
        head = part[: part.find(b"\n@@")] if b"\n@@" in part else part
        names = [m[1] or m[2] for m in _NAMES.finditer(head)]
        body = part[part.find(b"\n@@") + 1 :] if b"\n@@" in part else head
        found.append((tuple(dict.fromkeys(n.decode("utf-8", "surrogateescape") for n in names)), _cut(body)))
    return found


def _of(found: Differences, path: str) -> str:
    return next((text for names, text in found if path in names), "")


def _by_name(found: dict[str, str], path: str) -> str:
    """The change of a file that upstream has elsewhere: the one with this last name, where there is one."""
    name = path.rpartition("/")[2]
    these = {text for other, text in found.items() if other.rpartition("/")[2] == name}
    return these.pop() if len(these) == 1 else ""


def _text(scratch: Scratch, tree: str, path: str) -> bytes:
    entry = scratch.entry(tree, path) if path_bytes(path) else None
    data = scratch.blob(entry.id) if entry and entry.type is ObjectType.BLOB else None
    return data or b""


def _windows(text: bytes, differences: Iterable[str]) -> str:
    """The target's lines that one of the differences speaks of, numbered."""
    wanted: set[int] = set()
    for difference in differences:
        for match in _HUNK.finditer(difference):
            first, count = int(match[1]), int(match[2] or 1)
            wanted.update(range(first, first + count))
    lines = text.split(b"\n")
    shown, last = [], 0
    for number in sorted(n for n in wanted if 1 <= n <= len(lines)):
        if last and number > last + 1:
            shown.append("      ...")
        shown.append(f"{number:6} {lines[number - 1].decode('utf-8', 'replace')}")
        last = number
    return _cut("\n".join(shown).encode())


def _cut(data: bytes) -> str:
    lines = data.decode("utf-8", "replace").rstrip("\n").split("\n")
    if len(lines) > _LONGEST:
        lines = [*lines[:_LONGEST], f"... {len(lines) - _LONGEST} lines more"]
    return "\n".join(lines)
