"""A conflict and what is proposed for it, as a small diff against the target. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from backport.adapt.values import Confidence, Piece

CONTEXT = 2


def rows(text: bytes) -> list[bytes]:
    """The lines of a piece's text, which stand behind their line feeds."""
    return text.split(b"\n")[1:]


def difference(piece: Piece, new: bytes, context: int = CONTEXT) -> Iterator[bytes]:
    """What `new` has in place of the target's lines, as the lines of a diff with `@@` heads that name the target's
    lines; nothing where they are equal."""
    from difflib import SequenceMatcher

    old, lines = rows(piece.target), rows(new)
    for group in SequenceMatcher(None, old, lines, autojunk=False).get_grouped_opcodes(context):
        first, last = group[0], group[-1]
        old_count, new_count = last[2] - first[1], last[4] - first[3]
        start = piece.line - 1
        yield b"@@ -%d,%d +%d,%d @@%s" % (
            start + first[1] + (1 if old_count else 0),
            old_count,
            start + first[3] + (1 if new_count else 0),
            new_count,
            b" " + piece.function.encode("utf-8", "replace") if piece.function else b"",
        )
        for kind, a, b, c, d in group:
            if kind == "equal":
                yield from (b" " + x for x in old[a:b])
                continue
            yield from (b"-" + x for x in old[a:b])
            yield from (b"+" + x for x in lines[c:d])


def strategy(piece: Piece) -> str:
    """The name of the strategy that a proposal comes from ("" none)."""
    return piece.trace[-1].strategy if piece.trace and piece.proposal is not None else ""


def refused_words(piece: Piece, least: Confidence) -> str:
    """Why a piece stays a conflict, in words."""
    if piece.proposal is not None and piece.confidence is not None:
        return f"only {_article(piece.confidence)}, and {least} was asked for"
    return str(piece.refusal or "refused").replace("-", " ")


def _article(confidence: Confidence) -> str:
    return "a guess" if confidence is Confidence.GUESS else str(confidence)
