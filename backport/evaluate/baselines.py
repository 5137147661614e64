"""What other tools make of a conflict: git's own merge, and wiggle's merge by words."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from backport.evaluate.compare import compare
from backport.evaluate.values import Outcome
from backport.git import ConflictedFile, Merge, Scratch
from backport.git.values import ObjectType

GIT, WIGGLE = "git", "wiggle"
_SECONDS = 30


def has_wiggle() -> bool:
    """Whether the program is installed."""
    return shutil.which(WIGGLE) is not None


def baselines(
    scratch: Scratch, merge: Merge, target: str, maintainer: str, *, wiggle: bool
) -> dict[str, Outcome]:
    """Each baseline's outcome, counted as the program's own is. `merge` is git's, a conflict: git refuses."""
    found = {GIT: Outcome.REFUSED}
    if wiggle:
        tree = wiggled(scratch, merge)
        files = compare(scratch, target, maintainer, tree) if tree else ()
        found[WIGGLE] = Outcome.worst([f.outcome for f in files]) if tree else Outcome.REFUSED
    return found


def wiggled(scratch: Scratch, merge: Merge) -> str:
    """The merged tree with wiggle's merge of every conflicted file; "" where it leaves a conflict, or where a file is
    not there on all three sides."""
    changes: dict[str, tuple[str, str] | None] = {}
    for file in merge.files:
        data = _merged(scratch, file)
        if data is None or file.ours is None:
            return ""
        changes[file.path] = (file.ours.mode, scratch.write_blob(data))
    return scratch.write_tree(merge.tree, changes) if changes else ""


def _merged(scratch: Scratch, file: ConflictedFile) -> bytes | None:
    """`wiggle --merge TARGET BASE UPSTREAM`: its status says whether a conflict is left."""
    texts = []
    for entry in (file.ours, file.base, file.theirs):
        if entry is None or entry.type is not ObjectType.BLOB or not entry.mode.startswith("100"):
            return None
        data = scratch.blob(entry.id)
        if data is None:
            return None
        texts.append(data)
    with tempfile.TemporaryDirectory(prefix="backport-wiggle-") as folder:
        names = [str(Path(folder) / name) for name in ("target", "base", "upstream")]
        for name, data in zip(names, texts, strict=True):
            Path(name).write_bytes(data)
        try:
            done = subprocess.run(
                [WIGGLE, "--merge", *names], capture_output=True, timeout=_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
    return done.stdout if done.returncode == 0 else None
