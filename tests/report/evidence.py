"""Opens every piece of evidence in a report again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from backport.model import (
    CommitEvidence,
    Evidence,
    FileChange,
    GuardEvidence,
    LineEvidence,
    Patch,
    Report,
)
from backport.tree import DictTree
from backport.tree.protocol import File, Tree


class Commit(Protocol):
    @property
    def subject(self) -> str: ...


class Commits(Protocol):
    """What of a repository is needed: a commit by its full id, None when it is not here."""

    def commit(self, id: str) -> Commit | None: ...


def open_evidence(
    report: Report, trees: Mapping[str, Tree], repositories: Iterable[Commits] = ()
) -> list[str]:
    """What does not hold: for each piece of evidence that cannot be opened, or says something else
    than stands there, a line that says which and why.

    `trees` are those that evidence names ("target", "base" ...); a report on several targets is
    judged target by target with a mapping of its own. The base of a report on a series is that of
    each patch: give reports of single patches, or only trees that are the same for all.
    """
    homes = list(repositories)
    return [f"{where}: {why}" for where, piece in _pieces(report) for why in _mismatch(piece, trees, homes)]


def hunk_trees(patch: Patch) -> dict[str, Tree]:
    """The trees "base" and "patch" of a patch of which only the hunks are known: their lines at their places, all
    other lines empty."""
    return {
        "base": DictTree({f.old_path: _padded(f, new=False) for f in patch.files if f.old_path}),
        "patch": DictTree({f.new_path: _padded(f, new=True) for f in patch.files if f.new_path}),
    }


def _padded(change: FileChange, *, new: bool) -> bytes:
    lines: list[bytes] = []
    for hunk in change.hunks:
        start = hunk.new_start if new else hunk.old_start
        lines += [b""] * (start - 1 - len(lines))
        lines += hunk.postimage if new else hunk.preimage
    return b"\n".join(lines)


def count_evidence(report: Report) -> int:
    """How many pieces there are, so that a test can say that it looked at some."""
    return sum(1 for _ in _pieces(report))


def _pieces(report: Report) -> Iterator[tuple[str, Evidence]]:
    for target in report.targets:
        findings = [(f"patch {n}", f) for n, p in enumerate(target.patches, 1) for f in p.findings]
        findings += [("series", f) for f in target.findings]
        for number, hunk in (
            (n, h) for n, p in enumerate(target.patches, 1) for f in p.files for h in f.hunks
        ):
            for drift in hunk.drift:
                for piece in drift.evidence:
                    yield f"{target.name}, patch {number}, hunk {hunk.number}, {drift.message}", piece
        for where, finding in findings:
            for piece in finding.evidence:
                yield f"{target.name}, {where}, {finding.code} {finding.file}", piece
        for feature in target.features:
            for piece in feature.evidence:
                yield f"{target.name}, feature {feature.name}", piece


def _mismatch(piece: Evidence, trees: Mapping[str, Tree], repositories: list[Commits]) -> Iterator[str]:
    if isinstance(piece, CommitEvidence):
        yield from _wrong_commit(piece, repositories)
    elif isinstance(piece, LineEvidence):
        found = _line(piece.tree, piece.path, piece.line, trees)
        if isinstance(found, str):
            yield found
        elif found != piece.text:
            yield f"{piece.path}:{piece.line} in {piece.tree} is {found!r}, not {piece.text!r}"
    else:
        yield from _wrong_guard(piece, trees)


def _wrong_commit(piece: CommitEvidence, repositories: list[Commits]) -> Iterator[str]:
    found = [c for r in repositories if (c := r.commit(piece.commit)) is not None]
    if not found:
        yield f"commit {piece.commit} is in no repository"
    elif found[0].subject != piece.subject:
        yield f"commit {piece.commit} is {found[0].subject!r}, not {piece.subject!r}"


def _wrong_guard(piece: GuardEvidence, trees: Mapping[str, Tree]) -> Iterator[str]:
    """The line is a condition, and every name of the guard stands in it."""
    found = _line(piece.tree, piece.path, piece.line, trees)
    if isinstance(found, str):
        yield found
        return
    if not re.match(rb"\s*#\s*(if|ifdef|ifndef|elif|elifdef|elifndef|else)\b", found):
        yield f"{piece.path}:{piece.line} in {piece.tree} is {found!r}, which is no condition"
        return
    names = re.findall(r"[A-Za-z_]\w*", piece.guard)
    missing = [n for n in names if n != "defined" and not re.search(rb"\b%s\b" % n.encode(), found)]
    if missing and not re.match(rb"\s*#\s*else\b", found):
        yield f"{piece.path}:{piece.line} in {piece.tree} is {found!r}, without {', '.join(missing)}"


def _line(tree: str, path: str, number: int, trees: Mapping[str, Tree]) -> bytes | str:
    """The line, or why there is none."""
    if tree not in trees:
        return f"no tree is called {tree!r}"
    entry = trees[tree].read(path)
    if not isinstance(entry, File):
        return f"{path} in {tree} is {entry}"
    lines = entry.data.split(b"\n")
    if not 1 <= number <= len(lines):
        return f"{path} in {tree} has no line {number}"
    return lines[number - 1]
