"""A proposal beside what the maintainer committed, file by file. Only here is the maintainer's tree read.

The maintainer's result is the whole tree that was committed; looked at are the files that either of the two touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from backport.csource import TokenKind, language, tokens
from backport.evaluate.values import FileResult, Outcome, PieceResult
from backport.git import DiffHunk, Scratch, TreeEntry
from backport.git.merging import changed_paths

_SPLICE = re.compile(rb"\\[ \t\r]*\n")
_COMMENT = re.compile(rb"/\*.*?\*/", re.DOTALL)
_END = b"\n"


def compare(
    scratch: Scratch, target: str, maintainer: str, proposal: str, *, refused: Iterable[str] = ()
) -> tuple[FileResult, ...]:
    """The files that the maintainer or the proposal touched, by path. All are ids of trees that `scratch` reads;
    `refused` are the paths at which a part of the proposal stays a conflict."""
    touched = {*changed_paths(scratch, target, maintainer), *changed_paths(scratch, target, proposal)}
    stuck = frozenset(refused)
    found = []
    for path in sorted(touched | stuck):
        same = Outcome.REFUSED if path in stuck else _file(scratch, path, maintainer, proposal)
        found.append(FileResult(path, same))
    return tuple(found)


def _file(scratch: Scratch, path: str, maintainer: str, proposal: str) -> Outcome:
    theirs, ours = scratch.entry(maintainer, path), scratch.entry(proposal, path)
    if theirs == ours:
        return Outcome.EXACT
    if theirs is None or ours is None or theirs.mode != ours.mode or theirs.type is not ours.type:
        return Outcome.DIFFERENT
    texts = [_text(scratch, x) for x in (theirs, ours)]
    if texts[0] is None or texts[1] is None or not same_tokens(path, texts[0], texts[1]):
        return Outcome.DIFFERENT
    return Outcome.EQUIVALENT


def _text(scratch: Scratch, entry: TreeEntry) -> bytes | None:
    return scratch.blob(entry.id) if entry.mode.startswith("100") else None


# --- one conflict of a file ------------------------------------------------------------------------


def judged_pieces(
    scratch: Scratch, pieces: Sequence[PieceResult], target: str, maintainer: str, proposal: str
) -> tuple[PieceResult, ...]:
    """The pieces that have a confidence, each with what came of its own lines: where the maintainer and the proposal
    have them, with all that either changed next to them."""
    texts = {p.path: _texts(scratch, p.path, (target, maintainer, proposal)) for p in pieces if p.line}
    pairs = {(x, n): (t[0], t[n]) for x, t in texts.items() if t is not None for n in (1, 2)}
    hunks = scratch.diff_many({f"{n} {path}": pair for (path, n), pair in pairs.items()})
    found = []
    for piece in pieces:
        these = texts.get(piece.path)
        if these is None or not piece.confidence:
            found.append(piece)
            continue
        both = (hunks[f"1 {piece.path}"], hunks[f"2 {piece.path}"])
        span = _widened((piece.line - 1, piece.line - 1 + piece.lines), [*both[0], *both[1]])
        theirs, ours = (_mapped(text, span, changes) for text, changes in zip(these[1:], both, strict=True))
        if not any(span[0] <= _old(h)[0] and _old(h)[1] <= span[1] for h in (*both[0], *both[1])):
            # Both let these lines be: whether rightly, is seen elsewhere in the file, or not at all.
            found.append(replace(piece, outcome=Outcome.EXACT if these[1] == these[2] else None))
            continue
        same = Outcome.EQUIVALENT if same_tokens(piece.path, theirs, ours) else Outcome.DIFFERENT
        found.append(replace(piece, outcome=Outcome.EXACT if theirs == ours else same))
    return tuple(found)


def _texts(scratch: Scratch, path: str, trees: Sequence[str]) -> tuple[bytes, ...] | None:
    """The file in each of the trees; None where one has it not."""
    entries = [scratch.entry(tree, path) for tree in trees]
    texts = [_text(scratch, x) for x in entries if x is not None]
    known = tuple(x for x in texts if x is not None)
    return known if len(known) == len(trees) else None


def _widened(span: tuple[int, int], hunks: Sequence[DiffHunk]) -> tuple[int, int]:
    """Lines of the target (half-open, from 0), with all changed ones that they touch."""
    first, last = span
    while True:
        touching = [x for x in map(_old, hunks) if x[0] <= last and x[1] >= first]
        wider = (min([first, *(x[0] for x in touching)]), max([last, *(x[1] for x in touching)]))
        if wider == (first, last):
            return wider
        first, last = wider


def _mapped(text: bytes, span: tuple[int, int], hunks: Sequence[DiffHunk]) -> bytes:
    """What stands for these lines of the target in a changed text. No change lies across a border of theirs."""
    shift = sum(h.new_count - h.old_count for h in hunks if _old(h)[1] < span[0])
    within = [h for h in hunks if _old(h)[0] >= span[0] and _old(h)[1] <= span[1]]
    grown = sum(h.new_count - h.old_count for h in within)
    lines = text.split(b"\n")
    return b"\n".join(lines[span[0] + shift : span[1] + shift + grown])


def _old(hunk: DiffHunk) -> tuple[int, int]:
    """The lines of the old text, half-open, from 0. With a count of 0 git names the line before."""
    first = hunk.old_start - 1 if hunk.old_count else hunk.old_start
    return first, first + hunk.old_count


# --- tokens ----------------------------------------------------------------------------------------


def same_tokens(path: str, one: bytes, other: bytes) -> bool:
    """Whether two texts of a file are the same but for comments and white space; in other files than C, where white
    space may mean something, but for blank lines and blanks at a line's end."""
    if language(path) in ("c", "c++"):
        return list(_tokens(one)) == list(_tokens(other))
    return list(_lines(one)) == list(_lines(other))


def _tokens(data: bytes) -> Iterator[bytes]:
    """The tokens, with the end of each directive: what stands on the line after `#define X` is not part of it.
    And with the blank, or none, between a macro's name and its parenthesis, which makes two kinds of macro."""
    end = 0
    within = 0  # tokens of the directive at hand so far; 0 outside of one
    defines = False
    for token in tokens(data):
        between = data[end : token.start]
        if within and b"\n" in _SPLICE.sub(b"", _COMMENT.sub(b" ", between)):
            yield _END
            within = 0
        if token.kind is TokenKind.DIRECTIVE:
            within, defines = 1, token.text.endswith(b"define")
            yield b"#" + token.text[1:].strip()
        else:
            within += bool(within)
            if within == 3 and defines and token.text == b"(" and between:
                yield b" "
            yield token.text
        end = token.start + len(token.text)


def _lines(data: bytes) -> Iterator[bytes]:
    return (line.rstrip() for line in data.split(b"\n") if line.strip())
