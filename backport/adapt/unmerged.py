"""What a stopped merge left in a worktree, adapted: each unmerged file by itself. Pure, but for the merges."""

from __future__ import annotations

import re
from dataclasses import dataclass

from backport.adapt.texts import FileMerge, FileTexts, adapt_texts
from backport.adapt.values import Confidence
from backport.git import Scratch
from backport.git.filemerge import is_binary, merge_file


@dataclass(frozen=True, slots=True)
class Resolution:
    """One unmerged file. `merge` is what was found for its conflicts; where it is None, `why` says why nothing is
    proposed. `data` is the file as it would be committed, `shown` as it would stand in the worktree: with what is not
    accepted between markers. `changed` says that at least one conflict is resolved, `complete` that all are."""

    path: str
    merge: FileMerge | None
    why: str = ""
    mode: str = "100644"
    data: bytes = b""
    shown: bytes = b""
    complete: bool = False
    changed: bool = False


def resolve_texts(
    texts: FileTexts,
    worktree: bytes | None,
    scratch: Scratch,
    least: Confidence,
    *,
    mode: str = "100644",
    marker_size: int = 7,
) -> Resolution:
    """Adapt one file, whose worktree's text is `worktree` (None: not there): nothing is proposed for one that
    somebody has edited since git stopped."""
    why = _unfit(texts, worktree, scratch, marker_size)
    if why or worktree is None:
        return Resolution(texts.path, None, why)
    merge = adapt_texts(texts, scratch)
    if not merge.pieces:
        return Resolution(texts.path, None, "its conflicts are not those that git finds")
    shown = merge.marked(least, marker_size, ("ours", "base", "theirs"))
    if _has_returns(worktree) and not _has_returns(texts.target):
        shown = shown.replace(b"\n", b"\r\n")
    done = [p.accepted(least) for p in merge.pieces]
    return Resolution(texts.path, merge, "", mode, merge.merged(least), shown, all(done), any(done))


def _unfit(texts: FileTexts, worktree: bytes | None, scratch: Scratch, marker_size: int) -> str:
    """Why nothing can be proposed for a file; "" where something can."""
    if any(is_binary(x) for x in (texts.base, texts.target, texts.upstream)):
        return "a binary"
    if worktree is None:
        return "it is not in the worktree"
    sides = picked(worktree, marker_size)
    if sides is None:
        return "no markers are in it any more: git add it, if it is right"
    git = merge_file(scratch, texts.base, texts.target, texts.upstream, marker_size=marker_size)
    found = picked(git.data, marker_size)
    if found is None:
        return "git itself finds no conflict in its text"
    same = [_with_line_feeds(x) for x in found] == [_with_line_feeds(x) for x in sides]
    return "" if same else "it was edited since git stopped"


def picked(data: bytes, size: int = 7) -> tuple[bytes, bytes] | None:
    """A text with markers, once with our side of every conflict and once with theirs; None where it has none. Both
    are the same in all styles of conflicts."""
    head = {
        sign: re.compile(re.escape(sign * size) + rb"(?: .*)?\r?\Z", re.DOTALL) for sign in (b"<", b"|", b">")
    }
    middle = re.compile(rb"={%d}\r?\Z" % size)
    ours: list[bytes] = []
    theirs: list[bytes] = []
    side, count = "", 0
    for line in data.split(b"\n"):
        if not side and head[b"<"].match(line):
            side, count = "ours", count + 1
        elif side == "ours" and head[b"|"].match(line):
            side = "base"
        elif side in ("ours", "base") and middle.match(line):
            side = "theirs"
        elif side == "theirs" and head[b">"].match(line):
            side = ""
        else:
            if side in ("", "ours"):
                ours.append(line)
            if side in ("", "theirs"):
                theirs.append(line)
    return (b"\n".join(ours), b"\n".join(theirs)) if count and not side else None


def _has_returns(data: bytes) -> bool:
    return b"\r\n" in data


def _with_line_feeds(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n")
