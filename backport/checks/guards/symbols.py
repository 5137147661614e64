"""BP307 and BP308: CONFIG symbols that the patch uses and the target's Kconfig has not, or can never set."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from backport.checks.guards.kconfigs import KconfigTree
from backport.checks.guards.scene import Scene, scene, upstream_kconfig
from backport.checks.rule import Context
from backport.csource import language
from backport.csource.kconfig import Term, Where, is_kconfig, symbols_in, term_text
from backport.model import Evidence, FileChange, Finding, Hunk, LineEvidence, LineKind, Severity
from backport.placement import FilePlacement
from backport.tree import File, Tree

_IN_CODE = re.compile(rb"(?<![\w$])CONFIG_([A-Z0-9a-z_]+)")
_KEYWORD = re.compile(
    rb"^\s*(?:depends\s+on|select|imply|if|visible\s+if|default|def_bool|def_tristate)\b(.*)"
)
_CONDITION = re.compile(rb"\bif\b(.*)")
_NAME = re.compile(rb"(?<![\w$\"])[A-Z0-9][A-Z0-9_]+(?![\w\"(])")
_STRING = re.compile(rb'"[^"]*"|\$\([^)]*\)|\'[^\']*\'')
_COMMENT = re.compile(rb"^\s*(?:\*|//|/\*)|/\*.*?\*/|//.*")
_BUILD = re.compile(r"(?:^|/)(?:Makefile|Kbuild)[^/]*$")
_CLOSE = 0.6
_MOST = 3000
"""More symbols than these are not compared by their prompts."""


@dataclass(frozen=True, slots=True)
class Named:
    """A symbol on an added line: `line` in the patch's post-image."""

    symbol: str
    file: FilePlacement
    hunk: int
    line: int
    text: bytes

    @property
    def path(self) -> str:
        return self.file.change.path


def named_symbols(context: Context) -> tuple[Named, ...]:
    """The CONFIG symbols that hunks which are not there already add: each once, in order."""
    return context.once("guards symbols", lambda: tuple(_named(context)))


def _named(context: Context) -> Iterator[Named]:
    seen: set[str] = set()
    for file in context.placed.files:
        there = {p.hunk for p in file.placements if p.kind.there}
        for hunk in file.change.hunks if file.change.new_path else ():
            if hunk.number in there:
                continue
            before = {s for line in _texts(hunk, added=False) for s in _symbols(file.change, line)}
            for number, text in _added(hunk):
                for symbol in _symbols(file.change, text):
                    if symbol not in seen and symbol not in before:
                        seen.add(symbol)
                        yield Named(symbol, file, hunk.number, number, text)


def _texts(hunk: Hunk, *, added: bool) -> Iterator[bytes]:
    return (x.text for x in hunk.lines if (x.kind is LineKind.ADDED) is added)


def _added(hunk: Hunk) -> Iterator[tuple[int, bytes]]:
    number = hunk.new_start
    for line in hunk.lines:
        if line.kind is LineKind.ADDED:
            yield number, line.text
        number += line.kind is not LineKind.REMOVED


def _symbols(change: FileChange, text: bytes) -> list[str]:
    path = change.path
    if is_kconfig(path):
        keyword = _KEYWORD.match(_STRING.sub(b" ", text.partition(b"#")[0]))
        if keyword is None:
            return []
        plain = keyword[1]
        if text.split()[0] in (b"default", b"def_bool", b"def_tristate"):
            condition = _CONDITION.search(plain)
            plain = condition[1] if condition is not None else b""
        return [
            m[0].decode() for m in _NAME.finditer(plain) if not m[0].isdigit() and not m[0].startswith(b"0X")
        ]
    if language(path) == "c":
        return [m[1].decode() for m in _IN_CODE.finditer(_COMMENT.sub(b" ", text))]
    if _BUILD.search(path):
        return [m[1].decode() for m in _IN_CODE.finditer(text.partition(b"#")[0])]
    return []


def unknown_symbols(context: Context) -> Iterator[Finding]:
    """BP307: one finding for each symbol that no Kconfig file of the target declares."""
    named = named_symbols(context)
    if not named:
        return
    here = scene(context)
    if not here.kconfig.there:
        return
    for use in named:
        if not _known(here.kconfig, use.symbol):
            yield from _unknown(here, use)


def _known(kconfig: KconfigTree, symbol: str) -> bool:
    return bool(kconfig.places(symbol) or kconfig.places(symbol.removesuffix("_MODULE")))


def _unknown(here: Scene, use: Named) -> Iterator[Finding]:
    context = here.context
    macro = f"CONFIG_{use.symbol}"
    before = context.before_text(use.file.target_path) or b""
    if re.search(rb"\b" + macro.encode() + rb"\b", before) or _made_in_code(here, use, macro):
        return
    upstream = upstream_kconfig(context)
    theirs = _places(upstream, use.symbol)
    if upstream is not None and not theirs:
        return
    own = _brought(context, use.symbol)
    other = _other_name(here.kconfig, upstream, use.symbol) if not own else None
    certain = upstream is not None or own is not None
    what = f"hunk {use.hunk} uses {macro}, which no Kconfig file of the target declares: it is never set"
    if own is not None:
        what += f"; hunk {own} of the patch declares it and does not land"
    elif other is not None:
        what += f"; {other[0]} ({other[1].path}:{other[1].line}) {other[2]}"
    yield Finding(
        code="BP307",
        severity=Severity.WARNING if certain else Severity.NOTE,
        message=what,
        file=use.path,
        hunk=use.hunk,
        line=use.line,
        evidence=tuple(_evidence(use, here, upstream, theirs, other)),
        suggestion=f"use CONFIG_{other[0]} if it means the same"
        if other
        else "find the commit that brought the symbol",
        subject=macro,
    )


def _made_in_code(here: Scene, use: Named, macro: str) -> bool:
    """Whether a header, and not Kconfig, defines the macro."""
    path = use.file.target_path or use.path
    return language(path) == "c" and bool(here.after.near(path, macro))


def _evidence(
    use: Named,
    here: Scene,
    upstream: KconfigTree | None,
    theirs: tuple[Where, ...],
    other: tuple[str, Where, str] | None,
) -> Iterator[Evidence]:
    yield LineEvidence("patch", use.path, use.line, use.text)
    if upstream is not None:
        yield from (_line(upstream.tree, "upstream", w) for w in theirs[:1])
    if other is not None:
        yield _line(here.kconfig.tree, "target", other[1])


def _line(tree: Tree, name: str, where: Where) -> LineEvidence:
    entry = tree.read(where.path)
    lines = entry.data.split(b"\n") if isinstance(entry, File) else []
    text = lines[where.line - 1].rstrip(b"\r") if where.line <= len(lines) else b""
    return LineEvidence(name, where.path, where.line, text)


def _places(kconfig: KconfigTree | None, symbol: str) -> tuple[Where, ...]:
    if kconfig is None:
        return ()
    return kconfig.places(symbol) or kconfig.places(symbol.removesuffix("_MODULE"))


def _brought(context: Context, symbol: str) -> int | None:
    """The hunk of the patch that declares the symbol."""
    pattern = re.compile(rb"^\s*(?:menu)?config\s+" + symbol.encode() + rb"\s*$")
    for change in context.patch.files:
        for hunk in change.hunks if is_kconfig(change.path) else ():
            if any(pattern.match(text) for text in _texts(hunk, added=True)):
                return hunk.number
    return None


def _other_name(
    kconfig: KconfigTree, upstream: KconfigTree | None, symbol: str
) -> tuple[str, Where, str] | None:
    """A symbol of the target that upstream has not, with the same prompt or a like name: (name, where, why)."""
    theirs = frozenset(upstream.names()) if upstream is not None else frozenset()
    candidates = sorted(n for n in kconfig.names() if n not in theirs)
    prompt = _prompts(upstream, [symbol]).get(symbol) if upstream is not None else None
    if prompt and len(candidates) < _MOST:
        same = [n for n, text in _prompts(kconfig, candidates).items() if text == prompt]
        if len(same) == 1:
            return same[0], kconfig.places(same[0])[0], "asks the same there"
    score, close = max(((_likeness(symbol, n), n) for n in candidates), default=(0.0, ""))
    return (close, kconfig.places(close)[0], "has a like name") if score >= _CLOSE else None


def _likeness(one: str, other: str) -> float:
    """The share of the words that two names have in common; 0 to 1."""
    a, b = set(one.split("_")), set(other.split("_"))
    return len(a & b) / len(a | b)


_ENTRY = re.compile(
    rb"^[ \t]*(?:menu)?config[ \t]+(\w+)[ \t]*\n(?:(?![ \t]*(?:menu)?config\b|[ \t]*help\b).*\n)*?"
    rb'[ \t]+(?:bool|tristate|string|int|hex|prompt)[ \t]+["\'](.+?)["\']',
    re.MULTILINE,
)


def _prompts(kconfig: KconfigTree, symbols: Collection[str]) -> dict[str, bytes]:
    """What the user is asked for symbols; those that have no prompt are left out."""
    wanted = frozenset(symbols)
    found: dict[str, bytes] = {}
    for path in dict.fromkeys(w.path for name in symbols for w in kconfig.places(name)):
        entry = kconfig.tree.read(path)
        for match in _ENTRY.finditer(entry.data) if isinstance(entry, File) else ():
            name = match[1].decode("ascii", "replace")
            if name in wanted:
                found.setdefault(name, match[2])
    return found


# --- dependencies that cannot be met ------------------------------------------------------------


def unmet(context: Context) -> Iterator[Finding]:
    """BP308: a symbol that the patch brings or newly uses, and that depends on symbols the target does not have."""
    for use in named_symbols(context):
        here = scene(context)
        if here.kconfig.there and _known(here.kconfig, use.symbol):
            yield from _unmet(here, use)
    yield from _brought_unmet(context)


def _brought_unmet(context: Context) -> Iterator[Finding]:
    pattern = re.compile(rb"^\s*(?:menu)?config\s+(\w+)\s*$")
    for file in context.placed.files:
        landed = {p.hunk for p in file.placements if p.kind.lands}
        for hunk in file.change.hunks if is_kconfig(file.change.path) else ():
            for number, text in _added(hunk):
                match = pattern.match(text)
                if match is not None and (hunk.number in landed or not file.placements):
                    yield from _unmet(
                        scene(context), Named(match[1].decode(), file, hunk.number, number, text)
                    )


def _unmet(here: Scene, use: Named) -> Iterator[Finding]:
    symbol = here.view.symbols.get(use.symbol)
    if symbol is None or _may_hold(symbol.depends, here.kconfig) or _may_hold(symbol.selected, here.kconfig):
        return
    upstream = upstream_kconfig(here.context)
    missing = [s for s in dict.fromkeys(symbols_in(symbol.depends)) if not here.kconfig.places(s)]
    if upstream is not None and not all(upstream.places(s) for s in missing):
        return
    where = symbol.where[0]
    yield Finding(
        code="BP308",
        severity=Severity.WARNING,
        message=f"CONFIG_{use.symbol} can never be set in the target: it depends on {term_text(symbol.depends)}, and "
        f"no Kconfig file declares {', '.join(missing)}",
        file=use.path,
        hunk=use.hunk,
        line=use.line,
        evidence=(_line(here.kconfig.tree, "target", where),),
        suggestion=f"find the commit that brought {missing[0]}, or drop it from the dependencies"
        if missing
        else "",
        subject=f"CONFIG_{use.symbol}",
    )


def _may_hold(term: Term, kconfig: KconfigTree) -> bool:
    """Whether an expression can be other than n when every symbol that is declared anywhere may be anything."""
    values = _values(term, kconfig)
    return values != frozenset({"n"})


_ALL = frozenset({"n", "m", "y"})


def _values(term: Term, kconfig: KconfigTree) -> frozenset[str]:
    if isinstance(term, str):
        if term in ('"y"', '"m"', '"n"'):
            return frozenset({term.strip('"')})
        return _ALL if term.startswith(('"', "TOOLCHAIN_")) or kconfig.places(term) else frozenset({"n"})
    operator = str(term[0])
    if operator not in ("&&", "||", "!"):
        return _ALL
    parts = [_values(part, kconfig) for part in term[1:]]
    if operator == "!":
        return frozenset({"n": "y", "m": "m", "y": "n"}[v] for v in parts[0])
    choose = min if operator == "&&" else max
    result = parts[0]
    for part in parts[1:]:
        result = frozenset(choose(a, b, key="nmy".index) for a in result for b in part)
    return result
