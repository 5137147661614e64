"""What a tree exports to modules: the EXPORT_SYMBOL lines of its files."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from backport.checks.kabi.data import kabi_data
from backport.checks.rule import Context
from backport.csource import language
from backport.model import FileChange, LineEvidence

_WORD = b"EXPORT_SYMBOL"
_SEARCH = 1000
"""Steps that a search of many files takes."""


@dataclass(frozen=True, slots=True)
class Export:
    """A symbol that is exported: by which macro, with which namespace ("" none), and where."""

    symbol: str
    macro: str
    namespace: str
    path: str
    line: int
    text: bytes

    @property
    def gpl(self) -> bool:
        return kabi_data().gpl in self.macro

    def evidence(self) -> LineEvidence:
        return LineEvidence("target", self.path, self.line, self.text)


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[bytes]:
    macro = kabi_data().export.pattern
    return re.compile(
        rb"^[ \t]*(" + macro.encode() + rb')[ \t]*\(\s*"?(\w+)"?\s*(?:,\s*"?([\w ]+?)"?\s*)?\)', re.MULTILINE
    )


def exports_of(path: str, data: bytes) -> Iterator[Export]:
    """The symbols that a file exports, in order."""
    if b"EXPORT" not in data:
        return
    lines = data.split(b"\n")
    for match in _pattern().finditer(data):
        line = data.count(b"\n", 0, match.start(1)) + 1
        macro = match[1].decode("ascii", "replace")
        namespace = (match[3] or b"").decode("ascii", "replace") if kabi_data().namespace in macro else ""
        yield Export(match[2].decode("ascii", "replace"), macro, namespace, path, line, lines[line - 1])


@dataclass(frozen=True, slots=True)
class Touched:
    """A source file of the target that the patch changed: its text before and after (b"" where there is none)."""

    change: FileChange
    path: str
    before: bytes
    after: bytes


def touched(context: Context) -> tuple[Touched, ...]:
    """The C and assembler files of the target that what landed of the patch changes."""
    return context.once("touched sources", lambda: tuple(_touched(context)))


def _touched(context: Context) -> Iterator[Touched]:
    for file in context.placed.files:
        before_path = file.target_path or file.change.old_path
        path = file.change.new_path if file.change.new_path in context.placed.changes else before_path
        if language(path or before_path) not in ("c", "asm"):
            continue
        before = context.before_text(before_path) if before_path else None
        after = context.after_text(path) if path else None
        if before != after and (before or after):
            yield Touched(file.change, path or before_path, before or b"", after or b"")


def known_exports(context: Context, names: Collection[str]) -> dict[str, Export]:
    """Those of the names that a touched file exports."""
    known = {e.symbol: e for t in touched(context) for e in exports_of(t.path, t.before)}
    return {n: known[n] for n in names if n in known}


def find_exports(context: Context, names: Collection[str], *, everywhere: bool = False) -> dict[str, Export]:
    """Which of these functions and variables the target exports, and where: looked for in the touched files, beside
    them and in the core; `everywhere`: in the whole tree. What is found is not all, but it is the nearest."""
    found = known_exports(context, names) if names else {}
    places = [()] if everywhere else list(_places(context))
    for prefixes in places if names and not found else ():
        everything = _all_exports(context, prefixes)
        found = {n: everything[n] for n in names if n in everything}
        if found:
            break
    return found


def _places(context: Context) -> Iterator[tuple[str, ...]]:
    """Folders in which to look first: those of the touched files and the core, then those named like the files."""
    paths = [t.path for t in touched(context) if "/" in t.path]
    yield (*sorted({p.rpartition("/")[0] for p in paths}), *kabi_data().core)
    words = {w for p in paths for w in re.split(r"[-_.]", p.rpartition("/")[2])[:-1] if len(w) > 2}
    named = [n.format(word=w) for w in sorted(words) for n in kabi_data().near]
    found = [x for x in named if context.ground.tree.mode(x)]
    found += [x for x in ("net",) if any(p.startswith("include/net/") for p in paths)]
    if found:
        yield tuple(found)


def _all_exports(context: Context, prefixes: tuple[str, ...]) -> dict[str, Export]:
    """Every symbol that the files below some folders export, read once."""
    return context.once(("exports", prefixes), lambda: _searched(context, prefixes))


def _searched(context: Context, prefixes: tuple[str, ...]) -> dict[str, Export]:
    found: dict[str, Export] = {}
    if not context.ground.steps.spend(_SEARCH):
        return found
    for match in context.ground.tree.search([_WORD], prefixes, whole_words=False):
        if language(match.path) in ("c", "asm"):
            for one in exports_of(match.path, match.text):
                found.setdefault(one.symbol, replace(one, line=match.line))
    return found
