"""git's own three-way merge of one file, as `git merge` and `git cherry-pick` write it into the worktree."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from backport.errors import BackportError, RepositoryError
from backport.git import process
from backport.git.merging import BASE, OURS, THEIRS
from backport.git.scratch import Scratch

LABELS = ("ours", "base", "theirs")
_NAME = "file"
_BINARY = 8000
"""git looks for a NUL in so many bytes to tell a binary."""


class FileResult(NamedTuple):
    """The merged bytes, with markers where it is not `clean`. A binary that both sides changed is ours as it was."""

    data: bytes
    clean: bool
    binary: bool = False


def merge_file(
    scratch: Scratch,
    base: bytes,
    ours: bytes,
    theirs: bytes,
    *,
    style: str = "merge",
    marker_size: int = 7,
    labels: tuple[str, str, str] = LABELS,
) -> FileResult:
    """Merge by the same code as `git merge` (ort, histogram). Raises RepositoryError when git fails."""
    if any(is_binary(x) for x in (base, ours, theirs)):
        return FileResult(ours, ours == theirs, True)
    trees = [
        scratch.write_tree(None, {_NAME: ("100644", scratch.write_blob(data))})
        for data in (base, ours, theirs)
    ]
    attributes = {} if marker_size == 7 else {".gitattributes": b"* conflict-marker-size=%d\n" % marker_size}
    merged = scratch.merge(trees[0], trees[1], trees[2], style=style, attributes=attributes)
    entry = scratch.entry(merged.tree, _NAME)
    data = scratch.blob(entry.id) if entry is not None else None
    if data is None:
        raise RepositoryError("git's merge left no file")
    if merged.clean:
        return FileResult(data, True)
    return FileResult(_relabelled(data, marker_size, labels), False)


def simple_merge(
    base: bytes, ours: bytes, theirs: bytes, *, style: str = "merge", marker_size: int = 7
) -> FileResult:
    """The same by `git merge-file`, which needs no repository; and where even that fails, the two files whole
    between markers. Never raises a BackportError."""
    if any(is_binary(x) for x in (base, ours, theirs)):
        return FileResult(ours, ours == theirs, True)
    styles = [] if style == "merge" else [f"--{style}"]
    words = [f"--marker-size={marker_size}", *styles]
    for label in LABELS:
        words += ["-L", label]
    try:
        with tempfile.TemporaryDirectory(prefix="backport-") as folder:
            names = []
            for name, data in zip(LABELS, (ours, base, theirs), strict=True):
                (Path(folder) / name).write_bytes(data)
                names.append(str(Path(folder) / name))
            done = process.run(["merge-file", "-p", *words, *names], cwd=folder)
        if 0 <= done.code < 128:
            return FileResult(done.out, done.code == 0)
    except (BackportError, OSError):
        pass
    return FileResult(_whole(ours, theirs, marker_size), False)


def is_binary(data: bytes) -> bool:
    """Whether git takes the bytes for a binary's (buffer_is_binary)."""
    return b"\0" in data[:_BINARY]


def _whole(ours: bytes, theirs: bytes, size: int) -> bytes:
    parts = [b"<" * size + b" ours", ours.removesuffix(b"\n"), b"=" * size, theirs.removesuffix(b"\n")]
    return b"\n".join([*parts, b">" * size + b" theirs", b""])


def _relabelled(data: bytes, size: int, labels: tuple[str, str, str]) -> bytes:
    """The markers with these labels in place of a scratch merge's."""
    names = {
        sign * size + b" " + old.encode(): sign * size + b" " + new.encode()
        for sign, old, new in zip((b"<", b"|", b">"), (OURS, BASE, THEIRS), labels, strict=True)
    }
    lines = data.split(b"\n")
    for number, line in enumerate(lines):
        head = line.removesuffix(b"\r")
        if head in names:
            lines[number] = names[head] + line[len(head) :]
    return b"\n".join(lines)


def conflict_style(git_dir: str, environ: Mapping[str, str]) -> str:
    """The user's own merge.conflictStyle for a repository; "merge" where none is set, or git does not know it."""
    from backport.git.identity import setting

    found = setting(git_dir, environ, "merge.conflictstyle").lower()
    return found if found in ("merge", "diff3", "zdiff3") else "merge"
