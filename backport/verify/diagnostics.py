"""What a compiler and the tools of a build say, read from their output."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

_PLACE = re.compile(
    r"(?P<path>[^\s:][^:\n]*):(?P<line>\d+):(?:(?P<column>\d+):)?\s+"
    r"(?P<kind>fatal error|error|warning|note|Error|Warning):\s+(?P<text>.*)"
)
_INCLUDED = re.compile(r"(?:In file included|\s+) from (?P<path>[^\s:][^:\n]*):(?P<line>\d+)[,:]")
_FUNCTION = re.compile(r"[^\s:][^:\n]*: In (?:\w+ )*function '(?P<name>\w+)'.*:")
_OBJTOOL = re.compile(r"(?P<path>\S+\.o): (?P<kind>warning|error): (?P<text>objtool: .*)")
_KCONFIG = re.compile(
    r"(?P<path>[^\s:]*Kconfig[^\s:]*):(?P<line>\d+):\s*(?:(?P<kind>warning|error):\s*)?(?P<text>.+)"
)
_COMMAND = re.compile(r"  (?P<word>[A-Z][A-Z0-9_+]*)\s+(?P<module>\[M\])?\s*(?P<path>\S+)")
_MAKE = re.compile(r"make(?:\[\d+\])?: \*\*\* (?P<text>.*)")
_GOAL = re.compile(r"\[(?:.*: )?(?P<name>[^\s\]]+)\] (?:Error|Segmentation|Killed|Terminated).*")
_OFFSET = re.compile(r"\+0x[0-9a-f]+|\b0x[0-9a-f]+\b")


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One error or warning. `path` and `line` are of the tree ("" and 0 unknown), `object` what was being made.
    `trail` are further places that belong to it: where the header was included, notes, macros that were expanded."""

    error: bool
    path: str
    line: int
    text: str
    function: str = ""
    object: str = ""
    trail: tuple[tuple[str, int], ...] = ()

    @property
    def key(self) -> tuple[bool, str, str, str]:
        """What makes it the same in another build: no line, for lines shift."""
        return self.error, self.path, self.function, _OFFSET.sub("", self.text)


@dataclass(frozen=True, slots=True)
class Output:
    """The output of one run of make: `modules` are the objects that are compiled for a module, `made` all that is
    named as made, `failures` are make's own complaints."""

    diagnostics: tuple[Diagnostic, ...]
    made: frozenset[str] = frozenset()
    modules: frozenset[str] = frozenset()
    failures: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reader:
    relative: Callable[[str], str]
    found: list[Diagnostic] = field(default_factory=list)
    made: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    failures: list[str] = field(default_factory=list)
    object: str = ""
    function: str = ""
    included: list[tuple[str, int]] = field(default_factory=list)

    def line(self, text: str) -> None:
        command = _COMMAND.fullmatch(text)
        if command is not None:
            self._command(command)
        elif (made := _MAKE.fullmatch(text)) is not None:
            self.failures.append(_GOAL.sub(r"make stops at \g<name>", made["text"]))
        elif (included := _INCLUDED.match(text)) is not None:
            self.included.append((self.relative(included["path"]), int(included["line"])))
        elif (function := _FUNCTION.fullmatch(text)) is not None:
            self.function = function["name"]
        elif (place := _PLACE.fullmatch(text)) is not None:
            self._place(place)
        else:
            self._other(text)

    def _command(self, match: re.Match[str]) -> None:
        self.object, self.function, self.included = self.relative(match["path"]), "", []
        self.made.add(self.object)
        if match["module"]:
            self.modules.add(self.object)

    def _place(self, match: re.Match[str]) -> None:
        at = (self.relative(match["path"]), int(match["line"]))
        if match["kind"] == "note":
            if self.found:
                last = self.found[-1]
                self.found[-1] = replace(last, trail=(*last.trail, at))
            return
        error = match["kind"].lower() != "warning"
        self.found.append(
            Diagnostic(error, *at, match["text"], self.function, self.object, tuple(self.included))
        )
        self.included = []

    def _other(self, text: str) -> None:
        objtool = _OBJTOOL.fullmatch(text)
        if objtool is not None:
            path = self.relative(objtool["path"])
            self.found.append(Diagnostic(objtool["kind"] == "error", "", 0, objtool["text"], "", path))
            return
        kconfig = _KCONFIG.fullmatch(text)
        if kconfig is not None:
            error = kconfig["kind"] == "error"
            place = self.relative(kconfig["path"]), int(kconfig["line"])
            self.found.append(Diagnostic(error, *place, kconfig["text"], "", self.object))


def read_output(out: bytes, relative: Callable[[str], str]) -> Output:
    """The diagnostics of a run in order. `relative` turns a path of the output into one of the tree."""
    reader = _Reader(relative)
    for line in out.decode("utf-8", "surrogateescape").splitlines():
        reader.line(line.rstrip())
    return Output(
        tuple(reader.found), frozenset(reader.made), frozenset(reader.modules), tuple(reader.failures)
    )


def relative_to(source: str, out: str) -> Callable[[str], str]:
    """Paths of an output as paths of the tree: they are absolute, or relative to the folder of the build."""
    roots = [x.rstrip("/") + "/" for x in (out, source)]

    def relative(path: str) -> str:
        whole = posixpath.normpath(path if path.startswith("/") else posixpath.join(out, path))
        for root in roots:
            if whole.startswith(root):
                return whole[len(root) :]
        return whole

    return relative


def new_ones(after: Iterable[Diagnostic], before: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    """Those that were not there before, each as often as it is there more often."""
    known = Counter(d.key for d in before)
    for diagnostic in after:
        if known[diagnostic.key] > 0:
            known[diagnostic.key] -= 1
        else:
            yield diagnostic
