"""How much of a patch a proposal keeps: what leaves out most of it is not an adaptation to be trusted. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from backport.adapt.values import Confidence, FileProposal, Piece, Refusal
from backport.git import DiffHunk
from backport.model import FileChange, LineKind

LEAST = 0.5
"""The share of upstream's changed lines that a proposal must change too, for what it leaves out to be likely."""

LEFT_OUT = frozenset(("gone", "dropped", "removed-form"))
"""The strategies that leave something out."""


def changed_upstream(changes: Sequence[FileChange]) -> int:
    """The lines that a patch adds and removes, blank ones left out."""
    return sum(
        1
        for f in changes
        for h in f.hunks
        for x in h.lines
        if x.kind is not LineKind.CONTEXT and x.text.strip()
    )


def changed_here(texts: Mapping[str, tuple[bytes, bytes]], hunks: Mapping[str, Sequence[DiffHunk]]) -> int:
    """The same of whole files before and after, by the hunks of their differences."""
    return sum(_count(*texts[path], found) for path, found in hunks.items())


def _count(before: bytes, after: bytes, hunks: Sequence[DiffHunk]) -> int:
    old, new = before.split(b"\n"), after.split(b"\n")
    return sum(
        sum(1 for x in old[h.old_start - 1 :][: h.old_count] if h.old_count and x.strip())
        + sum(1 for x in new[h.new_start - 1 :][: h.new_count] if h.new_count and x.strip())
        for h in hunks
    )


def doubted(files: Sequence[FileProposal], kept: int, upstream: int) -> tuple[FileProposal, ...]:
    """The files, with what they leave out only guessed where too little is kept; where nothing is kept at all, the
    patch is not adapted but left out, which is for a person to say."""
    if kept >= LEAST * upstream:
        return tuple(files)
    return tuple(_doubted(f, nothing=not kept) for f in files)


def _doubted(file: FileProposal, *, nothing: bool) -> FileProposal:
    why = "nothing of the patch would be left" if nothing else "most of the patch would be left out"
    pieces = tuple(_piece(p, why) if _leaves_out(p) or nothing else p for p in file.pieces)
    merge = file.merge.with_pieces(pieces) if file.merge is not None else None
    if file.confidence is None or not (nothing or any(s.strategy in LEFT_OUT for s in file.trace)):
        return replace(file, pieces=pieces, merge=merge)
    return replace(file, pieces=pieces, merge=merge, confidence=Confidence.GUESS, why=f"{file.why}; {why}")


def as_accepted(file: FileProposal, least: Confidence) -> FileProposal:
    """The file as it is with what is at least as sure as `least`, without and with markers."""
    if file.merge is None:
        return file
    return replace(file, after=file.merge.merged(least), marked=file.merge.marked(least))


def _leaves_out(piece: Piece) -> bool:
    return bool(piece.trace) and piece.trace[-1].strategy in LEFT_OUT


def _piece(piece: Piece, why: str) -> Piece:
    if piece.confidence is None:
        return piece
    return replace(piece, confidence=Confidence.GUESS, why=f"{piece.why}; {why}")


def refused_by_checks(file: FileProposal, lines: Mapping[int, str], least: Confidence) -> FileProposal:
    """The file with the pieces refused in which the checks found an error: `lines` are the adapted file's (1-based)
    with what was found. An error between the pieces refuses the file as a whole."""
    if file.merge is None or not lines:
        return file
    pieces: list[Piece] = []
    left = dict(lines)
    spans = file.merge.spans(least)
    settled = len(file.pieces) - len(spans)  # those that stood before guards were put around the file's text
    for piece, (first, last) in zip(file.pieces[settled:], spans, strict=True):
        found = [line for line in sorted(left) if first <= line <= last]
        said = left[found[0]] if found else ""
        for line in found:
            left.pop(line)
        pieces.append(_refused(piece, said) if said else piece)
    merge = file.merge.with_pieces(tuple(pieces))
    after = as_accepted(replace(file, pieces=(*file.pieces[:settled], *pieces), merge=merge), least)
    if left:
        return replace(after, refusal=Refusal.CHECKS, why=left[min(left)])
    return after


def _refused(piece: Piece, said: str) -> Piece:
    return replace(piece, confidence=Confidence.GUESS, refusal=Refusal.CHECKS, why=f"{piece.why}; {said}")
