"""BP306 and BP309: the conditions over a hunk: others than upstream's, or not met by the given .config."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, product

from backport.checks.guards.scene import Scene, directive, options, scene
from backport.checks.names.added import AddedFile, AddedLine, added_files
from backport.checks.rule import Context
from backport.csource.guards import Guard, guard_map
from backport.csource.presence import FALSE, PREFIX, TRUE, Expr, Op, both, either, substituted, value
from backport.csource.presence_text import presence
from backport.model import Evidence, Finding, GuardEvidence, LineEvidence, Severity

_SMALL = 8
_CONDITION = re.compile(rb"^[ \t]*#[ \t]*(?:if|el|endif)", re.MULTILINE)


def differing(context: Context) -> Iterator[Finding]:
    """BP306: one finding for each hunk whose lines stand under another condition than upstream."""
    for file in added_files(context):
        ours = context.after_text(file.path) if file.landed else None
        if ours is None:
            continue
        theirs = context.upstream_text(file.change.new_path)
        if theirs is not None and (_CONDITION.search(ours) or _CONDITION.search(theirs)):
            yield from _compare(scene(context), file, theirs)


def _compare(here: Scene, file: AddedFile, theirs: bytes) -> Iterator[Finding]:
    upstream = guard_map(theirs)
    for _, lines in groupby(file.landed, key=lambda x: x.hunk):
        for added in lines:
            if not added.text.strip():
                continue
            mine, other = here.after.guards(file.path, added.target), upstream.at(added.line)
            if _differ(mine, other):
                yield _finding(here, file, added, mine, other)
                break


def _differ(mine: Sequence[Guard], other: Sequence[Guard]) -> bool:
    """Whether the two stacks mean something else; the order of nesting and how it is written do not matter."""
    if sorted(g.text for g in mine) == sorted(g.text for g in other):
        return False
    a, b = presence(g.text for g in mine), presence(g.text for g in other)
    if frozenset(_parts(a)) == frozenset(_parts(b)):
        return False
    names = sorted({*a.atoms(), *b.atoms()})
    cases = product((False, True), repeat=len(names)) if len(names) <= _SMALL else ()
    truths = [dict(zip(names, case, strict=True)) for case in cases]
    return not truths or any(value(a, t) != value(b, t) for t in truths)


def _parts(expr: Expr) -> tuple[Expr, ...]:
    return expr.parts if expr.op is Op.AND else (expr,)


def _finding(
    here: Scene, file: AddedFile, added: AddedLine, mine: Sequence[Guard], other: Sequence[Guard]
) -> Finding:
    evidence: list[Evidence] = [GuardEvidence(g.text, "target", file.path, g.line) for g in mine]
    evidence += [GuardEvidence(g.text, "upstream", file.change.new_path, g.line) for g in other]
    placement = file.placements.get(added.hunk)
    function = placement.functions[0].label() if placement is not None and placement.functions else ""
    return Finding(
        code="BP306",
        severity=Severity.NOTE,
        message=f"hunk {added.hunk} lands {_under(mine)} here, and stands {_under(other)} upstream",
        file=file.path,
        function=function,
        hunk=added.hunk,
        line=added.line,
        target_line=added.target,
        evidence=tuple(evidence),
        suggestion="see whether the code is wanted in the same configurations as upstream",
        subject=" && ".join(g.text for g in mine) or "none",
    )


def _under(guards: Sequence[Guard]) -> str:
    return f"under {directive(' && '.join(g.text for g in guards))}" if guards else "under no condition"


# --- macros that nobody defines ----------------------------------------------------------------

_ASKING = re.compile(rb"[ \t]*#[ \t]*(?:if|ifdef|ifndef|elif|elifdef|elifndef)\b(.*)")
_MACRO = re.compile(rb"(?<![\w$])[A-Za-z]\w{3,}(?![\w(])|(?<=defined\()[A-Za-z]\w{3,}")
_COMMENT = re.compile(rb"/\*.*?(?:\*/|$)|//.*")


def unknown_macros(context: Context) -> Iterator[Finding]:
    """BP310: one finding for each macro that an added #if asks for, that the patch's own tree had before, and that no
    file of the target names."""
    seen: set[str] = set()
    for file in added_files(context):
        for added in file.lines:
            asking = _ASKING.match(added.text)
            for match in _MACRO.finditer(_COMMENT.sub(b"", asking[1])) if asking is not None else ():
                name = match[0].decode("ascii")
                if name in seen or name == "defined" or name.startswith(PREFIX):
                    continue
                seen.add(name)
                if _nowhere(context, name):
                    yield _unknown_macro(file, added, name, _IF_NOT.match(added.text) is not None)


def _nowhere(context: Context, name: str) -> bool:
    before = context.names_base
    return before is not None and before.mentions(name) and not context.names_before.mentions(name)


_IF_NOT = re.compile(rb"\s*#\s*(?:ifndef\b|(?:el)?if\s*!\s*defined\b)")


def _unknown_macro(file: AddedFile, added: AddedLine, name: str, negated: bool) -> Finding:
    """A note where the lines are compiled without the macro: the target never had the other case."""
    return Finding(
        code="BP310",
        severity=Severity.NOTE if negated else Severity.WARNING,
        message=f"hunk {added.hunk} asks for {name} in a condition, which the tree of the patch knew before and no "
        "file of the target names: it is never defined",
        file=file.path,
        hunk=added.hunk,
        line=added.line,
        target_line=added.target or None,
        evidence=(LineEvidence("patch", file.change.new_path, added.line, added.text),),
        suggestion="find what the target asks instead, in conditions near by",
        subject=name,
    )


# --- the given configuration --------------------------------------------------------------------


def left_out(context: Context) -> Iterator[Finding]:
    """BP309: one finding for each hunk of which the given .config compiles no line."""
    if context.asked.kconfig is None:
        return
    values = read_config(context.asked.kconfig)
    for file in added_files(context):
        here = scene(context)
        levels = here.after.levels(file.path)
        for hunk, lines in groupby(file.landed, key=lambda x: x.hunk):
            these = [x for x in lines if x.text.strip()]
            guards = [here.after.at(file.path, x.target) for x in these]
            present = levels[1] if levels is not None else TRUE
            whole = both((present, either(guards)))
            if these and _valued(whole, values).op is Op.FALSE:
                yield _not_compiled(here, file, hunk, these[0], values, present)


def read_config(data: bytes) -> Mapping[str, str]:
    """The symbols of a .config that are set: name without CONFIG_, value."""
    pattern = re.compile(rb"^CONFIG_(\w+)=(.*?)\r?$", re.MULTILINE)
    return {m[1].decode("ascii", "replace"): m[2].decode("utf-8", "replace") for m in pattern.finditer(data)}


def _valued(expr: Expr, values: Mapping[str, str]) -> Expr:
    """An expression with the values of a configuration; what it does not decide stays."""
    known: dict[str, Expr] = {}
    for name in set(expr.atoms()):
        if name.startswith(PREFIX) and " " not in name:
            symbol = name.removeprefix(PREFIX)
            state = values.get(symbol, "n")
            module = symbol.endswith("_MODULE") and values.get(symbol.removesuffix("_MODULE")) == "m"
            known[name] = TRUE if module or state not in ("n", "m") else FALSE
        elif (number := re.fullmatch(PREFIX + r"(\w+) >= (-?\d+)", name)) is not None:
            known[name] = _at_least(values.get(number[1], ""), int(number[2]))
    return substituted(expr, known)


def _at_least(text: str, bound: int) -> Expr:
    try:
        return TRUE if int(text, 0) >= bound else FALSE
    except ValueError:
        return FALSE


def _not_compiled(
    here: Scene, file: AddedFile, hunk: int, added: AddedLine, values: Mapping[str, str], present: Expr
) -> Finding:
    guards = [
        g
        for g in here.after.guards(file.path, added.target)
        if _valued(presence([g.text]), values).op is Op.FALSE
    ]
    if _valued(present, values).op is Op.FALSE:
        why = f"{file.path} is built only with {options(_false_part(present, values))}"
    else:
        why = f"{directive(guards[-1].text)} is false" if guards else "its condition is false"
    placement = file.placements.get(hunk)
    function = placement.functions[0].label() if placement is not None and placement.functions else ""
    return Finding(
        code="BP309",
        severity=Severity.NOTE,
        message=f"hunk {hunk} is not compiled with the given configuration: {why}",
        file=file.path,
        function=function,
        hunk=hunk,
        line=added.line,
        target_line=added.target,
        evidence=(
            *(GuardEvidence(g.text, "target", file.path, g.line) for g in guards),
            here.evidence(here.after, file.path, added.target),
        ),
        suggestion="build with another configuration to see these lines compiled",
        subject=function or file.path,
    )


def _false_part(expr: Expr, values: Mapping[str, str]) -> Expr:
    false = [x for x in _parts(expr) if _valued(x, values).op is Op.FALSE]
    return false[0] if false else expr


__all__ = ["differing", "left_out", "read_config"]
