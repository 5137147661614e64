"""What of a commit counts for a plan: its files, its names, the lines in conflict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from backport.history.changes import Changes
from backport.history.culprits import Touch


def as_bytes(names: Iterable[str]) -> set[bytes]:
    return {x.encode("utf-8", "surrogateescape") for x in names}


def forms(path: str, data: bytes) -> dict[str, set[str]]:
    """The functions and macros with parameters that a file provides -> their forms."""
    from backport.csource.definitions import DefinitionKind, definitions

    kinds = (DefinitionKind.FUNCTION, DefinitionKind.PROTOTYPE, DefinitionKind.MACRO)
    found: dict[str, set[str]] = {}
    for one in definitions(path, data).definitions if data else ():
        if one.kind in kinds and one.parameters is not None:
            types = ", ".join(p.type for p in one.parameters)
            found.setdefault(one.name, set()).add(f"{one.kind.value} {one.type}({types})")
    return found


def needed_paths(changes: Changes, touches: Iterable[Touch]) -> set[str]:
    """The files of a commit that count: those at the paths in question, else those with the lines in question."""
    needs: set[str] = set()
    for touch in touches:
        if touch.path in changes.paths:
            needs.add(touch.path)
            continue
        texts = {x for _, x in touch.wrote} | set(touch.removed)
        for file in changes.files:
            if any(texts & {*s.added, *s.removed} for s in file.stretches):
                needs |= {file.old_path, file.new_path} - {""}
    return needs


def places(text: Sequence[bytes], lines: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    """Where lines stand in a text, as first and last (1-based)."""
    count = len(lines)
    for at in range(len(text) - count + 1) if count else ():
        if text[at] == lines[0] and tuple(text[at : at + count]) == tuple(lines):
            yield at + 1, at + count
