"""Kbuild's Makefiles: under which configurations a source file is compiled.

Documentation/kbuild/makefiles.rst: `obj-$(CONFIG_X) += a.o`, composite objects (`a-y`, `a-objs`, `a-$(CONFIG_Y)`),
folders that are entered (`obj-$(CONFIG_X) += dir/`), and ifdef/ifeq blocks around them. Other programs that are built
with the same convention are read as well. Nothing is run and no function of make is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from backport.csource.presence import FALSE, PREFIX, TRUE, Expr, atom, both, either, enabled, no

Levels = tuple[Expr, Expr]
"""The conditions under which an object is built in, and under which it is built at all."""
ALWAYS: Levels = (TRUE, TRUE)
_NEVER: Levels = (FALSE, FALSE)
_DEEPEST = 6
_NAMES = ("Kbuild", "Makefile", "makefile", "GNUmakefile")
_LISTS = frozenset({"obj", "lib", "core", "drivers", "net", "libs", "init", "virt"})
_WHOLE = frozenset({"objs", "y"})


@dataclass(frozen=True, slots=True)
class Entry:
    """`<stem>-<suffix> += words`, with the levels that its suffix and the blocks around it give."""

    stem: str
    levels: Levels
    words: tuple[str, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Makefile:
    entries: tuple[Entry, ...] = ()

    def of(self, stem: str) -> Iterator[Entry]:
        return (e for e in self.entries if e.stem == stem)


_LINE = re.compile(r"(?:[^\\\n]|\\.|\\\n)*\n?", re.DOTALL)
_ASSIGNED = re.compile(r"\s*(?:export\s+|override\s+)?([^\s:+?=#]+?)\s*(?::|::|\+|\?)?=\s*(.*)", re.DOTALL)
_DIRECTIVE = re.compile(r"\s*(ifdef|ifndef|ifeq|ifneq|else|endif)\b\s*(.*)", re.DOTALL)
_VARIABLE = re.compile(r"(?P<stem>[\w.+/-]+?)-(?P<suffix>y|m|n|objs|\$[({].*[)}])")
_SYMBOL = re.compile(r"\$[({]" + PREFIX + r"(\w+)[)}]")
_EQUAL = re.compile(r"""\(\s*(.*?)\s*,\s*(.*?)\s*\)|["'](.*?)["']\s+["'](.*?)["']""")
_REFERENCE = re.compile(r"\$[({]([\w.+/-]+)[)}]")


def read_makefile(data: bytes) -> Makefile:
    """The lists of objects of a Makefile. Never raises; what is not understood is an opaque condition."""
    blocks: list[Expr] = []
    entries: list[Entry] = []
    number = 1
    for match in _LINE.finditer(data.decode("utf-8", "replace")):
        line, at = match[0], number
        number += line.count("\n")
        text = line.replace("\\\n", " ").partition("#")[0].strip()
        if not text or line.startswith("\t"):
            continue
        directive = _DIRECTIVE.fullmatch(text)
        if directive is not None:
            _enter(blocks, directive[1], directive[2])
            continue
        assigned = _ASSIGNED.fullmatch(text)
        if assigned is not None:
            entries.append(_entry(assigned[1], tuple(assigned[2].split()), both(blocks), at))
    return Makefile(tuple(entries))


def _entry(variable: str, words: tuple[str, ...], block: Expr, line: int) -> Entry:
    match = _VARIABLE.fullmatch(variable)
    if match is None:
        return Entry(variable, (block, block), words, line)
    builtin, present = _suffix(match["suffix"])
    return Entry(match["stem"], (both((block, builtin)), both((block, present))), words, line)


def _suffix(suffix: str) -> Levels:
    if suffix in _WHOLE:
        return ALWAYS
    if suffix in ("m", "n"):
        return (FALSE, TRUE) if suffix == "m" else _NEVER
    symbol = _SYMBOL.fullmatch(suffix)
    if symbol is not None:
        return atom(PREFIX + symbol[1]), enabled(symbol[1])
    named = list(dict.fromkeys(_SYMBOL.findall(suffix)))
    if len(named) == 1 and ("subst m,y" in suffix or "m=y" in suffix or suffix.startswith("$(if $(")):
        return enabled(named[0]), enabled(named[0])
    return atom(suffix), atom(suffix)


def _enter(blocks: list[Expr], word: str, rest: str) -> None:
    """A directive of make on the stack of open blocks."""
    if word == "endif":
        if blocks:
            blocks.pop()
    elif word == "else":
        _turn(blocks, rest)
    else:
        blocks.append(_condition(word, rest.strip()))


def _turn(blocks: list[Expr], rest: str) -> None:
    if not blocks:
        return
    blocks[-1] = no(blocks[-1])
    further = _DIRECTIVE.fullmatch(rest)
    if further is not None:
        blocks[-1] = both((blocks[-1], _condition(further[1], further[2].strip())))


def _condition(word: str, rest: str) -> Expr:
    if word in ("ifdef", "ifndef"):
        known = enabled(rest.removeprefix(PREFIX)) if rest.startswith(PREFIX) else atom(f"make {rest}")
        return known if word == "ifdef" else no(known)
    match = _EQUAL.fullmatch(rest)
    equal = _equal(match[1] or match[3] or "", match[2] or match[4] or "") if match else None
    equal = equal or atom(f"make {rest}")
    return equal if word == "ifeq" else no(equal)


def _equal(left: str, right: str) -> Expr | None:
    """`$(CONFIG_A)$(CONFIG_B)` against `y`, `yy`, `m` or nothing; None for anything else."""
    symbols = _SYMBOL.findall(left)
    if not symbols or _SYMBOL.sub("", left).strip():
        return None
    if right == "":
        return both(no(enabled(s)) for s in symbols)
    if len(right) != len(symbols) or set(right) - {"y", "m"}:
        return None
    pairs = zip(symbols, right, strict=True)
    return both(atom(f"{PREFIX}{s}" + ("_MODULE" if v == "m" else "")) for s, v in pairs)


# --- a file's way from the top ------------------------------------------------------------------


class Build:
    """The Makefiles of a tree: `read` gives the text of a path, or None."""

    def __init__(self, read: Callable[[str], bytes | None]) -> None:
        self._read = read
        self._makefiles: dict[str, tuple[Makefile, ...]] = {}
        self._folders: dict[str, Levels] = {"": ALWAYS}

    def levels(self, path: str) -> Levels | None:
        """When the C file at `path` is compiled; None where no Makefile names it."""
        if not path.endswith((".c", ".S")):
            return None
        folder, _, name = path.rpartition("/")
        wanted = f"{name[:-2]}.o"
        for _ in range(_DEEPEST):
            own = self._object(folder, wanted)
            if own != _NEVER:
                return _least(own, self._folder(folder))
            if not folder:
                return None
            folder, _, last = folder.rpartition("/")
            wanted = f"{last}/{wanted}"
        return None

    def _of(self, folder: str) -> tuple[Makefile, ...]:
        if folder not in self._makefiles:
            found = (self._read(f"{folder}/{name}" if folder else name) for name in _NAMES)
            texts = [data for data in found if data is not None]
            self._makefiles[folder] = tuple(read_makefile(x) for x in (texts if not folder else texts[:1]))
        return self._makefiles[folder]

    def _object(self, folder: str, wanted: str) -> Levels:
        found = [self._listed(makefile, wanted, ()) for makefile in self._of(folder)]
        return _greatest(found)

    def _listed(self, makefile: Makefile, wanted: str, seen: tuple[str, ...]) -> Levels:
        """When a word is in one of the lists, or in a composite object that is."""
        found: list[Levels] = []
        for entry in makefile.entries:
            if wanted not in entry.words:
                continue
            if entry.stem in _LISTS:
                found.append(entry.levels)
            elif entry.stem not in seen and len(seen) < _DEEPEST:
                whole = self._holder(makefile, entry.stem, (*seen, entry.stem))
                found.append(_least(whole, entry.levels))
        return _greatest(found)

    def _holder(self, makefile: Makefile, stem: str, seen: tuple[str, ...]) -> Levels:
        """When a composite object `stem`.o is built, or a list that names the variable `stem` is."""
        found = [self._listed(makefile, f"{stem}.o", seen)]
        for entry in makefile.entries:
            names = {n for w in entry.words for n in _REFERENCE.findall(w)}
            if not names & {stem, f"{stem}-y", f"{stem}-objs", f"{stem}-m"}:
                continue
            if entry.stem in _LISTS:
                found.append(entry.levels)
            elif entry.stem not in seen and len(seen) < _DEEPEST:
                found.append(_least(self._holder(makefile, entry.stem, (*seen, entry.stem)), entry.levels))
        return _greatest(found)

    def _folder(self, folder: str) -> Levels:
        """When make enters a folder; one that no Makefile above it names is taken to be entered always."""
        if folder not in self._folders:
            self._folders[folder] = self._entered(folder)
        return self._folders[folder]

    def _entered(self, folder: str) -> Levels:
        above, _, name = folder.rpartition("/")
        wanted = f"{name}/"
        for _ in range(_DEEPEST):
            own = self._object(above, wanted)
            if own != _NEVER:
                return _least(own, self._folder(above))
            if not above:
                return ALWAYS
            above, _, last = above.rpartition("/")
            wanted = f"{last}/{wanted}"
        return ALWAYS


def _least(a: Levels, b: Levels) -> Levels:
    return both((a[0], b[0])), both((a[1], b[1]))


def _greatest(found: list[Levels]) -> Levels:
    return either(x[0] for x in found), either(x[1] for x in found)
