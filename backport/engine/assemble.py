"""From placed patches to the report's own values. Pure: nothing is decided here."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence

from backport.model import (
    Base,
    CommentReport,
    FileChange,
    FileReport,
    Finding,
    Hunk,
    HunkReport,
    Patch,
    PatchReport,
    Placement,
    Region,
    Verdict,
)
from backport.placement import FilePlacement
from backport.placement.lines import first_changed_line, key
from backport.placement.scopes import hunk_scopes


def patch_report(
    patch: Patch,
    files: Sequence[FileReport],
    *,
    verdict: Verdict | None = None,
    base: Base | None = None,
    findings: tuple[Finding, ...] = (),
) -> PatchReport:
    """A patch's facts, with its files as they were placed (or as they are)."""
    said = patch.provenance
    return PatchReport(
        subject=patch.subject,
        author=str(patch.author),
        date=patch.date,
        message_id=patch.message_id,
        document=patch.document,
        commit=patch.commit,
        verdict=verdict,
        upstream=tuple(dict.fromkeys(u.id for u in said.upstream if u.certain)),
        fixes=tuple(f.id for f in said.fixes),
        tags=said.tags,
        bugs=said.bugs,
        change_id=said.change_id,
        trailers=tuple((t.name, t.value) for t in said.trailers),
        conflicts_note="\n\n".join(c.text for c in said.conflicts) or None,
        version=said.version,
        position=said.position,
        base_commit=said.base_commit,
        repairs=patch.repairs,
        files=tuple(files),
        base=base,
        provenance=said,
        comments=_comments(patch),
        findings=findings,
        unreadable=patch.unreadable,
    )


def _comments(patch: Patch) -> tuple[CommentReport, ...]:
    reports = []
    for comment in patch.comments:
        first = next((r for r in comment.remarks if r.file), None)
        file, line = (first.file, first.line) if first else ("", 0)
        reports.append(
            CommentReport(str(comment.author), comment.date, file, line, comment.text, comment.remarks)
        )
    return tuple(reports)


class HunkIds:
    """Ids of the hunks of one patch: path, function, normalised text and the ordinal among equals."""

    def __init__(self) -> None:
        self._seen: Counter[bytes] = Counter()

    def next(self, path: str, function: str, hunk: Hunk) -> str:
        text = b"\n".join(line.kind.value.encode() + key(line.text) for line in hunk.lines)
        head = f"{path}\0{function}\0".encode("utf-8", "surrogateescape")
        self._seen[head + text] += 1
        digest = hashlib.sha256(head + text + b"\0%d" % self._seen[head + text])
        return digest.hexdigest()[:16]


def placed_file(file: FilePlacement, ids: HunkIds) -> FileReport:
    """A file with the placements of its hunks."""
    placements = {p.hunk: p for p in file.placements}
    hunks = tuple(_placed_hunk(file.change, h, placements[h.number], ids) for h in file.change.hunks)
    return _file(file.change, file.target_path or None, hunks, file.detail)


def shown_file(change: FileChange, ids: HunkIds) -> FileReport:
    """A file as the patch has it, not placed."""
    return _file(change, None, tuple(_shown_hunk(change, h, ids) for h in change.hunks), "")


def _file(change: FileChange, target: str | None, hunks: tuple[HunkReport, ...], detail: str) -> FileReport:
    return FileReport(
        path=change.path,
        target_path=_mostly(hunks, change.path) or target,
        kind=change.kind,
        added=change.added,
        removed=change.removed,
        hunks=hunks,
        old_path=change.old_path if change.old_path != change.path else "",
        binary=change.binary is not None,
        detail=detail,
    )


def _mostly(hunks: Sequence[HunkReport], own: str) -> str | None:
    """The target path of most of the hunks; among equals the patch's own."""
    counts = Counter(h.target_path for h in hunks if h.target_path)
    return max(counts, key=lambda path: (counts[path], path == own)) if counts else None


def _labels(regions: Sequence[Region]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(r.label() for r in regions))


def _placed_hunk(change: FileChange, hunk: Hunk, placement: Placement, ids: HunkIds) -> HunkReport:
    functions, targets = _labels(placement.functions), _labels(placement.target_functions)
    return HunkReport(
        id=ids.next(change.path, functions[0] if functions else "", hunk),
        number=hunk.number,
        function=functions[0] if functions else "",
        functions=functions,
        target_path=placement.target_path or None,
        target_function=targets[0] if targets else "",
        target_functions=targets,
        placement=placement.kind,
        reason=placement.reason,
        line=placement.line,
        target_line=placement.target_line or None,
        offset=placement.offset if placement.kind.lands else None,
        fuzz=placement.fuzz if placement.kind.lands else None,
        detail=placement.detail,
        differences=placement.differences,
        texts=placement.texts,
    )


def _shown_hunk(change: FileChange, hunk: Hunk, ids: HunkIds) -> HunkReport:
    functions = _labels(hunk_scopes(change.path, hunk))
    return HunkReport(
        id=ids.next(change.path, functions[0] if functions else "", hunk),
        number=hunk.number,
        function=functions[0] if functions else "",
        functions=functions,
        target_path=None,
        target_function="",
        target_functions=(),
        placement=None,
        reason=None,
        line=first_changed_line(hunk),
        target_line=None,
        offset=None,
        fuzz=None,
        detail="",
    )
