"""Kconfig files read by kconfiglib, without anything of the machine that it runs on.

kconfiglib 14 opens files, matches `source` patterns, asks the environment, imports a module for functions and runs
`$(shell,...)`. The files of a tree come from whoever wrote the tree, so all of these doors are shut: it runs as a
private copy of the module whose `os`, `glob` and `importlib` are stand-ins that know the given texts alone, and
whose `shell` answers from a fixed table. There is no fall back to the real ones.
"""

from __future__ import annotations

import fnmatch
import io
import posixpath
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from types import ModuleType, SimpleNamespace
from typing import Any

from backport.csource.kconfig import Kconfig, Symbol, SymbolType, Term, Where

TOOLCHAIN = "TOOLCHAIN_"
"""Symbols of this prefix stand for what a compiler or another tool can do, which nobody knows here."""
_ATTEMPTS = 8
_MODULES = re.compile(r"^([ \t]+)modules[ \t]*$", re.MULTILINE)
_SUCCESS = re.compile(r'.*&& echo "([^"]*)" \|\| echo "([^"]*)"\s*', re.DOTALL)
_AT = re.compile(r"^\s*([^\s:]+):(\d+):")
_HELP = 200
_EXPANSIONS = 1 << 20
_EXPANDED = 1 << 16
"""What macros may expand to, in calls and in characters: a few lines can ask for more than any memory holds."""


def parse(files: Mapping[str, bytes], arch: str = "", top: str = "Kconfig") -> Kconfig:
    """The symbols of one architecture's view, read from `files` (path to text), beginning at `top`.

    `arch` is SRCARCH ("" none). Never raises: a line that kconfiglib does not know is left out and said in
    `degraded`; when that does not help the answer is empty."""
    texts = {path: _text(data) for path, data in files.items()}
    complaints: list[str] = []
    for _ in range(_ATTEMPTS):
        try:
            return _copied(_Reader(texts, arch).read(top), arch, "; ".join(complaints))
        except Exception as error:
            complaint = " ".join(str(error).split())[:200]
            complaints.append(complaint)
            if not _blanked(texts, complaint):
                break
    return Kconfig({}, arch, "; ".join(complaints))


def _text(data: bytes) -> str:
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    return _MODULES.sub(r"\1option modules", text)


def _blanked(texts: dict[str, str], complaint: str) -> bool:
    """Leave out the line that a complaint names, so that the rest can be read; False when it names none."""
    match = _AT.match(complaint)
    if match is None or match[1] not in texts:
        return False
    lines = texts[match[1]].split("\n")
    number = int(match[2]) - 1
    if not 0 <= number < len(lines) or not lines[number].strip():
        return False
    lines[number] = ""
    texts[match[1]] = "\n".join(lines)
    return True


class _Reader:
    """One run of the private kconfiglib over texts."""

    def __init__(self, texts: Mapping[str, str], arch: str) -> None:
        self._texts = texts
        self._known = sorted(texts)
        self._environment = {"srctree": "", "SRCARCH": arch, "ARCH": arch, "HEADER_ARCH": arch, "CC": "gcc"}
        self._environment |= {"LD": "ld", "KERNELVERSION": "", "CC_VERSION_TEXT": "", "RUSTC": "rustc"}
        self._tools: dict[str, str] = {}
        self._calls = 0

    def read(self, top: str) -> Any:
        library = self._library()
        return library.Kconfig(top, warn=False, warn_to_stderr=False, suppress_traceback=False)

    def _library(self) -> ModuleType:
        library = _private_copy()
        kind: Any = library.Kconfig
        doors: Any = library
        kind._open = lambda kconfig, name, mode: self._open(name, mode)
        kind._fn_val = self._bounded(kind._fn_val)
        for menus_only in ("_build_dep", "_add_choice_deps", "_check_sym_sanity", "_check_choice_sanity"):
            setattr(kind, menus_only, lambda kconfig: None)
        doors._check_dep_loop_sym = lambda symbol, ignore_choice: None
        doors.os = SimpleNamespace(
            environ=self._environment, getenv=self._environment.get, sep="/", path=posixpath
        )
        doors.sys = SimpleNamespace(
            stderr=io.StringIO(), stdout=io.StringIO(), argv=[], version_info=sys.version_info
        )
        doors.importlib = SimpleNamespace(import_module=_refused)
        doors.iglob = self._matching
        doors.expandvars = lambda text: text
        doors.realpath = lambda path: "/"
        doors.exists = doors.islink = lambda path: False
        doors.open = _refused
        doors.print = lambda *words: None
        doors._shell_fn = lambda kconfig, name, command: self._shell(command)
        doors._error_if_fn = lambda kconfig, name, condition, message: ""
        return library

    def _bounded(self, expand: Callable[..., str]) -> Callable[..., str]:
        def bounded(kconfig: Any, arguments: list[str]) -> str:
            self._calls += 1
            result = expand(kconfig, arguments)
            if self._calls > _EXPANSIONS or len(result) > _EXPANDED:
                raise ValueError("its macros expand to too much")
            return result

        return bounded

    def _open(self, name: str, mode: str) -> io.StringIO:
        path = self._inside(name)
        if mode != "r" or path not in self._texts:
            raise FileNotFoundError(2, "not in the tree", name)
        return io.StringIO(self._texts[path])

    def _matching(self, pattern: str) -> Iterator[str]:
        """The files that a `source` names, as kconfiglib expects them: below its prefix "//"."""
        wanted = self._inside(pattern)
        if not any(c in wanted for c in "*?["):
            return iter([f"//{wanted}"] if wanted in self._texts else [])
        depth = wanted.count("/")
        found = (p for p in self._known if p.count("/") == depth and fnmatch.fnmatchcase(p, wanted))
        return (f"//{path}" for path in found)

    def _inside(self, name: str) -> str:
        """A path within the tree; one that leaves it, or is absolute, names nothing."""
        relative = name.removeprefix("//")
        path = posixpath.normpath(relative)
        return "" if relative.startswith("/") or path.startswith("../") or path == ".." else path

    def _shell(self, command: str) -> str:
        """What a command would print. A question of yes and no is answered by a symbol that may be either."""
        match = _SUCCESS.fullmatch(command)
        if match is None:
            return "0"
        if (match[1], match[2]) not in (("y", "n"), ("n", "y")):
            return match[1]
        number = self._tools.setdefault(command, str(len(self._tools)))
        return f"{TOOLCHAIN}{number}"


def _refused(*words: object, **more: object) -> Any:
    raise ImportError("refused")


def _private_copy() -> ModuleType:
    """A fresh kconfiglib of our own: the one that others may import stays as it is."""
    module = ModuleType("backport_private_kconfiglib")
    exec(_code(), module.__dict__)
    return module


@lru_cache(maxsize=1)
def _code() -> Any:
    from importlib.util import find_spec

    spec = find_spec("kconfiglib")
    loader: Any = spec.loader if spec is not None else None
    if loader is None:
        raise ImportError("kconfiglib is not installed")
    return loader.get_code("kconfiglib")


# --- copied out to values -----------------------------------------------------------------------


def _copied(kconfig: Any, arch: str, degraded: str) -> Kconfig:
    copier = _Copier(kconfig)
    symbols = {s.name: copier.symbol(s) for s in kconfig.unique_defined_syms}
    return Kconfig(symbols, arch, degraded)


class _Copier:
    """Turns kconfiglib's objects into ours; equal subexpressions are turned once."""

    def __init__(self, kconfig: Any) -> None:
        names = type(kconfig).__init__.__globals__
        self._types: dict[Any, SymbolType] = {
            names["BOOL"]: SymbolType.BOOL,
            names["TRISTATE"]: SymbolType.TRISTATE,
            names["STRING"]: SymbolType.STRING,
            names["INT"]: SymbolType.INT,
            names["HEX"]: SymbolType.HEX,
        }
        self._operators: dict[Any, str] = {
            names[k]: v
            for k, v in (
                ("AND", "&&"),
                ("OR", "||"),
                ("NOT", "!"),
                ("EQUAL", "="),
                ("UNEQUAL", "!="),
                ("LESS", "<"),
                ("LESS_EQUAL", "<="),
                ("GREATER", ">"),
                ("GREATER_EQUAL", ">="),
            )
        }
        self._choices = {id(choice): number for number, choice in enumerate(kconfig.unique_choices)}
        self._seen: dict[int, Term] = {}

    def symbol(self, symbol: Any) -> Symbol:
        prompts = [node.prompt for node in symbol.nodes if node.prompt]
        helps = [node.help for node in symbol.nodes if node.help]
        return Symbol(
            symbol.name,
            self._types.get(symbol.orig_type, SymbolType.UNKNOWN),
            prompts[0][0] if prompts else "",
            _any([self.term(p[1]) for p in prompts]),
            self.term(symbol.direct_dep),
            self.term(symbol.rev_dep),
            self.term(symbol.weak_rev_dep),
            tuple((self.term(v), self.term(c)) for v, c in symbol.defaults),
            tuple((s.name, self.term(c)) for s, c in symbol.selects),
            tuple((s.name, self.term(c)) for s, c in symbol.implies),
            self._choices.get(id(symbol.choice), -1) if symbol.choice else -1,
            tuple(Where(node.filename, node.linenr) for node in symbol.nodes),
            " ".join(helps[0].split())[:_HELP] if helps else "",
        )

    def term(self, expression: Any) -> Term:
        key = id(expression)
        if key not in self._seen:
            self._seen[key] = self._term(expression)
        return self._seen[key]

    def _term(self, expression: Any) -> Term:
        if not isinstance(expression, tuple):
            name = str(getattr(expression, "name", None) or "")
            if getattr(expression, "is_constant", False):
                return f'"{name}"'
            return name or '"y"'
        operator = self._operators[expression[0]]
        if operator not in ("&&", "||"):
            return (operator, *(self.term(part) for part in expression[1:]))
        return (operator, *self._flat(expression))

    def _flat(self, expression: Any) -> list[Term]:
        """The operands of a chain of one operator, which kconfiglib nests to the left."""
        parts: list[Term] = []
        here = expression
        while isinstance(here, tuple) and here[0] == expression[0]:
            parts.append(self.term(here[2]))
            here = here[1]
        parts.append(self.term(here))
        return parts[::-1]


def _any(terms: list[Term]) -> Term:
    if not terms:
        return '"n"'
    return terms[0] if len(terms) == 1 else ("||", *terms)
