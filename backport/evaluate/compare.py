"""A proposal beside what the maintainer committed, file by file. Only here is the maintainer's tree read.

The maintainer's result is the whole tree that was committed; looked at are the files that either of the two touched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from backport.csource import TokenKind, language, tokens
from backport.evaluate.values import FileResult, Outcome
from backport.git import Scratch, TreeEntry
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
