"""Hunks by their context alone, against the real `git apply` and the real GNU patch.

Files are short and made of few different lines, so that every hunk has many places at which it nearly stands.
Many files go into one patch: a process is started for a lot of cases.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from backport.intake import parse_diff
from backport.model import FileChange, LineKind
from backport.placement.context import (
    Position,
    git_apply_positions,
    gnu_patch_positions,
    index_lines,
)
from backport.placement.lines import Edit, apply_edits, edits_at, images, split_lines
from tests.support.repo import CLEAN_ENVIRONMENT
from tests.support.require import require_program

QUICK = settings(deadline=None, suppress_health_check=list(HealthCheck))

LINES = [b"a", b"b", b"c", b"{", b"}", b""]


@dataclass(frozen=True)
class Case:
    """A file before and after a patch, and the file that the patch meets."""

    before: bytes
    after: bytes
    target: bytes


def document(lines: Sequence[bytes], newline: bool) -> bytes:
    data = b"".join(line + b"\n" for line in lines)
    return data if newline else data.removesuffix(b"\n")


@st.composite
def edited(draw: st.DrawFn, lines: list[bytes], most: int) -> list[bytes]:
    """The lines after up to `most` replacements of short stretches."""
    result = list(lines)
    for _ in range(draw(st.integers(0, most))):
        at = draw(st.integers(0, len(result)))
        gone = draw(st.integers(0, 2))
        result[at : at + gone] = draw(st.lists(st.sampled_from([*LINES, b"new"]), max_size=2))
    return result


@st.composite
def cases(draw: st.DrawFn) -> Case:
    lines = draw(st.lists(st.sampled_from(LINES), max_size=24))
    newline = st.sampled_from([True, True, True, False])
    after = draw(edited(lines, 3))
    target = draw(edited(lines, 3))
    if draw(st.booleans()):
        target = draw(st.lists(st.sampled_from(LINES), max_size=6)) + target
    return Case(
        document(lines, draw(newline)), document(after, draw(newline)), document(target, draw(newline))
    )


def git(folder: Path, *words: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, **CLEAN_ENVIRONMENT, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    return subprocess.run(
        ["git", *words], cwd=folder, input=stdin, capture_output=True, env=environment, check=False
    )


def lay_out(folder: Path, found: Sequence[Case], context: int) -> bytes:
    """Write the targets below `folder`/t and return one patch for all of them (files 000, 001 ...)."""
    for name in ("a", "b", "t"):
        (folder / name).mkdir()
    for number, case in enumerate(found):
        (folder / "a" / f"{number:03d}").write_bytes(case.before)
        (folder / "b" / f"{number:03d}").write_bytes(case.after)
        (folder / "t" / f"{number:03d}").write_bytes(case.target)
    return git(folder, "diff", "--no-index", "--no-renames", "--no-prefix", f"-U{context}", "a", "b").stdout


def changes(patch: bytes) -> dict[int, FileChange]:
    return {int(c.path): c for c in parse_diff(patch, "patch").files if c.hunks} if patch else {}


def ours(change: FileChange, target: bytes, fuzz: int | None) -> list[Position | None]:
    """Our positions: git apply's, or GNU patch's with this maximum fuzz."""
    pairs = [(h, images(h)) for h in change.hunks]
    lines = split_lines(target)
    if fuzz is None:
        return git_apply_positions(pairs, lines, index_lines(lines))
    return gnu_patch_positions(pairs, lines, fuzz)


def applied(change: FileChange, target: bytes, positions: Sequence[Position | None]) -> bytes:
    edits: list[Edit] = []
    for hunk, position in zip(change.hunks, positions, strict=True):
        if position is not None:
            edits.extend(edits_at(images(hunk), position.at))
    return b"".join(apply_edits(split_lines(target), edits))


# --- git apply -----------------------------------------------------------------------------------


def rejected_by_git(log: str) -> dict[int, set[int]]:
    """The numbers of the hunks that `git apply --reject` says it rejected, by file."""
    found: dict[int, set[int]] = {}
    file = -1
    for line in log.splitlines():
        if match := re.match(r"(?:Applied|Applying) patch (\d+) ", line):
            file = int(match[1])
            found[file] = set()
        elif match := re.match(r"Rejected hunk #(\d+)\.", line):
            found[file].add(int(match[1]))
    return found


def comparable(change: FileChange, context: int) -> bool:
    """Whether git's answer is one to follow. It is not in three cases. Without context git puts added lines at the
    end of the file, wherever they belong, and a second hunk at the end that the first one left. And a context
    line without a line feed is for git also the beginning
    of any line of the target, which it then joins with the next."""
    placeless = context == 0 and (
        len(change.hunks) > 1 or any(not h.preimage and h.old_start for h in change.hunks)
    )
    last = change.hunks[-1].lines[-1]
    return not placeless and (last.newline or last.kind is not LineKind.CONTEXT)


@settings(QUICK, max_examples=60)
@given(st.lists(cases(), min_size=8, max_size=16), st.integers(0, 3))
def test_hunks_are_rejected_and_applied_as_by_git(found: list[Case], context: int) -> None:
    with tempfile.TemporaryDirectory() as top:
        patch = lay_out(Path(top), found, context)
        done = git(Path(top) / "t", "apply", "--reject", "--whitespace=nowarn", "-v", stdin=patch)
        log = rejected_by_git(done.stderr.decode())
        for number, change in changes(patch).items():
            target = found[number].target
            positions = ours(change, target, None)
            first = change.hunks[0].number
            refused = {
                h.number - first + 1 for h, p in zip(change.hunks, positions, strict=True) if p is None
            }
            result = (Path(top) / "t" / f"{number:03d}").read_bytes()
            if not comparable(change, context):
                continue
            assert log[number] == refused, (patch.decode(), target)
            assert applied(change, target, positions) == result


@settings(QUICK, max_examples=100)
@given(cases(), st.integers(1, 3))
def test_a_patch_lands_whole_or_not_as_with_git(case: Case, context: int) -> None:
    with tempfile.TemporaryDirectory() as top:
        patch = lay_out(Path(top), [case], context)
        for change in changes(patch).values():
            done = git(Path(top) / "t", "apply", "--whitespace=nowarn", stdin=patch)
            positions = ours(change, case.target, None)
            if not comparable(change, context):
                continue
            assert (done.returncode == 0) == (None not in positions)
            if done.returncode == 0:
                result = (Path(top) / "t" / "000").read_bytes()
                assert applied(change, case.target, positions) == result


# --- GNU patch -----------------------------------------------------------------------------------

_HUNK = re.compile(
    r"Hunk #(\d+) (succeeded|FAILED) at -?\d+(?: with fuzz (\d+))?(?: \(offset (-?\d+) lines?\))?"
)


def said_by_patch(log: str) -> dict[int, list[tuple[bool, int, int]]]:
    """What GNU patch says of each hunk of each file: whether it succeeded, fuzz and offset."""
    found: dict[int, list[tuple[bool, int, int]]] = {}
    file = -1
    for line in log.splitlines():
        if match := re.match(r"(?:[Pp]atching|checking) file '?(\d+)", line):
            file = int(match[1])
            found[file] = []
        elif match := _HUNK.match(line):
            good = match[2] == "succeeded"
            found[file].append((good, int(match[3] or 0) if good else 0, int(match[4] or 0) if good else 0))
    return found


def joins(change: FileChange, target: bytes, positions: Sequence[Position | None]) -> bool:
    """Whether lines are added after a last line without a line feed: GNU patch joins the two, we do not."""
    lines = split_lines(target)
    return not target.endswith(b"\n") and any(
        edit.first == len(lines) > 0
        for hunk, position in zip(change.hunks, positions, strict=True)
        if position is not None
        for edit in edits_at(images(hunk), position.at)
    )


@pytest.mark.parametrize("fuzz", [0, 1, 2])
@settings(QUICK, max_examples=40)
@given(st.lists(cases(), min_size=8, max_size=16), st.integers(0, 3))
def test_fuzz_is_that_of_gnu_patch(fuzz: int, found: list[Case], context: int) -> None:
    program = require_program("patch", package="patch")
    with tempfile.TemporaryDirectory() as top:
        patch = lay_out(Path(top), found, context)
        folder = Path(top) / "t"
        done = subprocess.run(
            [program, "-p1", "-f", f"-F{fuzz}", "--no-backup-if-mismatch", "--verbose", "-r", "-"],
            cwd=folder,
            input=patch,
            capture_output=True,
            env={**os.environ, "LC_ALL": "C"},
            check=False,
        )
        said = said_by_patch(done.stdout.decode("utf-8", "replace"))
        for number, change in changes(patch).items():
            target = found[number].target
            positions = ours(change, target, fuzz)
            told = [(False, 0, 0) if p is None else (True, p.fuzz, p.offset) for p in positions]
            assert told == said[number], (patch.decode(), target)
            if not joins(change, target, positions):
                result = (folder / f"{number:03d}").read_bytes()
                assert applied(change, target, positions) == result


def test_patch_is_named_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.delenv("BACKPORT_REQUIRE", raising=False)
    with pytest.raises(pytest.skip.Exception, match="install patch"):
        require_program("patch", package="patch")
