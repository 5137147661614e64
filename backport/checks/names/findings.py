"""What was found about names, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from backport.checks.names.arguments import BASIC, Mistyped, mistyped
from backport.checks.names.flowing import doubled, missing_labels
from backport.checks.names.includes import missing_includes
from backport.checks.names.instead import instead
from backport.checks.names.meaning import changed_meaning
from backport.checks.names.members import MissingMember, missing_members
from backport.checks.names.missing import Missing, missing_names
from backport.checks.names.removed import left_behind, removed
from backport.checks.names.signatures import Misfit, misfits
from backport.checks.names.unused import unused
from backport.checks.names.worlds import Found, Judged, Worlds, worlds
from backport.checks.rule import Context
from backport.csource.definitions import DefinitionKind
from backport.model import Evidence, Finding, LineEvidence, Severity

_CODES = {
    DefinitionKind.FUNCTION: "BP201",
    DefinitionKind.PROTOTYPE: "BP201",
    DefinitionKind.MACRO: "BP202",
    DefinitionKind.ENUMERATOR: "BP202",
    DefinitionKind.STRUCT: "BP203",
    DefinitionKind.UNION: "BP203",
    DefinitionKind.ENUM: "BP203",
    DefinitionKind.TYPEDEF: "BP203",
    DefinitionKind.VARIABLE: "BP205",
    DefinitionKind.DECLARATION: "BP205",
}


_KINDS = {DefinitionKind.PROTOTYPE: "function", DefinitionKind.DECLARATION: "variable"}
"""What a declaration is called: people miss the function, not its prototype."""


def missing_findings(code: str, context: Context) -> Iterator[Finding]:
    known = worlds(context)
    for missing in missing_names(known):
        if _code(missing) == code:
            yield _missing_finding(code, known, missing)


def _code(missing: Missing) -> str:
    if missing.local is not None:
        return "BP205"
    if missing.defined:
        return _CODES[missing.defined[0].definition.kind]
    kind = missing.uses[0].use.kind.value
    return {"call": "BP201", "tag": "BP203"}.get(kind, "BP202" if missing.name.isupper() else "BP205")


def _missing_finding(code: str, known: Worlds, missing: Missing) -> Finding:
    name = missing.name
    first = missing.uses[0]
    severity = Severity.ERROR
    if missing.local is not None:
        where = f"upstream declares it in line {missing.local.line} of the file"
        message = f"{name} is not declared in {first.label} of the target: {where}"
        if missing.inner is not None:
            inner = known.target.line(missing.judged.path, missing.inner.line)
            message = f"{name} is declared too far inside in {first.label} of the target (line {inner.line})"
    elif missing.defined:
        kind = _KINDS.get(missing.defined[0].definition.kind, str(missing.defined[0].definition.kind))
        shown = missing.defined[0]
        there = f"upstream has it in {shown.path}:{shown.definition.line}"
        message = f"the target has no {kind} {name}; {there}"
        if missing.hidden:
            other = missing.hidden[0]
            at = f"{other.path}:{known.target.evidence(other).line}"
            message = f"the target has {kind} {name} only in {at}, out of this file's sight; {there}"
        if missing.mentioned:
            severity = Severity.NOTE
    else:
        severity = Severity.WARNING
        message = f"nothing in the target is called {name} (upstream's tree is not at hand)"
        if missing.hidden:
            other = missing.hidden[0]
            at = f"{other.path}:{known.target.evidence(other).line}"
            message = f"the target has {name} only in {at}, out of this file's sight"
    evidence: list[Evidence] = []
    if known.upstream is not None:
        if missing.local is not None:
            evidence.append(known.upstream.line(missing.judged.up_path, missing.local.line))
        evidence += [known.upstream.evidence(x) for x in missing.defined[:1]]
    evidence += [known.target.evidence(x) for x in missing.hidden[:1]]
    use, line = _instead(known, missing)
    evidence += [line] if line is not None else []
    return _finding(code, severity, message, missing.judged, missing.uses, name, evidence, use)


def _instead(known: Worlds, missing: Missing) -> tuple[str, LineEvidence | None]:
    """What to write in the target, and the line of it that shows so."""
    local = missing.local
    if local is None:
        return instead(known, missing.judged, missing.name, missing.defined)
    if missing.inner is not None:
        return f"move its declaration out, or take another name in {missing.uses[0].label}", None
    aligned = instead(known, missing.judged, missing.name, ())
    if aligned[0] or not local.type:
        return aligned
    declaration = f"{local.type}{'' if local.type.endswith('*') else ' '}{local.name}"
    return f"declare it as upstream does (`{declaration}`), with the value that it has there", None


def member_findings(context: Context) -> Iterator[Finding]:
    known = worlds(context)
    for missing in missing_members(known):
        yield _member_finding(known, missing)


def _member_finding(known: Worlds, missing: MissingMember) -> Finding:
    if missing.within:
        message = f"{missing.within} has no member {missing.name} in the target"
    else:
        message = f"no struct of the target has a member {missing.name}"
    severity, evidence = Severity.WARNING, list[Evidence]()
    if known.upstream is None:
        message += " (upstream's tree is not at hand)"
    else:
        up = missing.defined[0]
        message += f"; upstream has it in {up.definition.within}, {up.path}:{up.definition.line}"
        severity, evidence = Severity.ERROR, [known.upstream.evidence(up)]
    if missing.holder is not None:
        evidence.append(known.target.evidence(missing.holder))
    other, line = instead(known, missing.judged, missing.name, missing.defined)
    evidence += [line] if line is not None else []
    return _finding("BP204", severity, message, missing.judged, missing.uses, missing.name, evidence, other)


def _finding(
    code: str,
    severity: Severity,
    message: str,
    judged: Judged,
    uses: Sequence[Found],
    name: str,
    evidence: Iterable[Evidence],
    suggestion: str = "",
) -> Finding:
    first = uses[0]
    more = f" ({len(uses)} uses)" if len(uses) > 1 else ""
    return Finding(
        code=code,
        severity=severity,
        message=message + more,
        file=judged.file.change.path,
        function=first.label,
        hunk=first.hunk,
        line=first.line,
        target_line=first.target or None,
        evidence=tuple(evidence) or (_used(judged, first),),
        suggestion=suggestion,
        subject=name,
    )


def _used(judged: Judged, found: Found) -> LineEvidence:
    """The patch's own line, where no tree has another to show."""
    text = next((x.text for x in judged.file.lines if x.line == found.line), b"")
    return LineEvidence("patch", judged.file.change.path, found.line, text)


def label_findings(context: Context) -> Iterator[Finding]:
    known = worlds(context)
    for missing in missing_labels(known):
        label = missing.uses[0].label
        message = f"{label} has no label {missing.name} in the target; upstream has it in line {missing.line}"
        evidence = _upstream_line(known, missing.judged, missing.line)
        yield _finding("BP206", Severity.ERROR, message, missing.judged, missing.uses, missing.name, evidence)


def include_findings(context: Context) -> Iterator[Finding]:
    known = worlds(context)
    for missing in missing_includes(known):
        message = f"the target has no file {missing.name}; upstream has it as {missing.there}"
        near = f"the target has {', '.join(missing.near[:3])}" if missing.near else ""
        evidence = _upstream_line(known, missing.judged, missing.found.line)
        yield _finding(
            "BP207", Severity.ERROR, message, missing.judged, (missing.found,), missing.name, evidence, near
        )


def _upstream_line(known: Worlds, judged: Judged, line: int) -> tuple[Evidence, ...]:
    return (known.upstream.line(judged.up_path, line),) if known.upstream is not None else ()


def call_findings(code: str, context: Context) -> Iterator[Finding]:
    known = worlds(context)
    for misfit in misfits(known):
        if misfit.counted == (code == "BP208"):
            yield _misfit_finding(code, known, misfit)


def _misfit_finding(code: str, known: Worlds, misfit: Misfit) -> Finding:
    assert known.upstream is not None
    message = f"{misfit.name}() {misfit.why}: the call is written for upstream's"
    evidence = (known.target.evidence(misfit.here), known.upstream.evidence(misfit.there))
    severity = Severity.ERROR if misfit.sure else Severity.WARNING
    return _finding(code, severity, message, misfit.judged, misfit.uses, misfit.name, evidence)


def argument_findings(context: Context) -> Iterator[Finding]:
    known = worlds(context)
    for one in mistyped(known):
        yield _argument_finding(known, one)


def _argument_finding(known: Worlds, one: Mistyped) -> Finding:
    text = one.text.replace(" -> ", "->").replace(" . ", ".").replace("& ", "&")
    message = f"{text} is {_shown(one.here)} in the target and {_shown(one.there)} upstream"
    message += f", which {one.name}() takes" if one.taken else f"; it is passed to {one.name}()"
    evidence = [one.here_line, one.there_line]
    if one.callee is not None:
        evidence.append(known.target.evidence(one.callee))
    name = text.rpartition("->")[2].rpartition(".")[2].lstrip("&")
    severity = Severity.ERROR if one.taken else Severity.WARNING
    return _finding("BP214", severity, message, one.judged, (one.found,), name, evidence)


def _shown(type: str) -> str:
    return type if type == BASIC else f"`{type}`"


def unused_findings(context: Context) -> Iterator[Finding]:
    known = worlds(context)
    for one in unused(known):
        message = f"nothing in {one.label} of the target uses {one.name}; upstream does in line {one.used}"
        yield Finding(
            "BP215",
            Severity.WARNING,
            message,
            file=one.judged.file.change.path,
            function=one.label,
            hunk=one.hunk,
            line=one.line,
            target_line=one.target,
            evidence=_upstream_line(known, one.judged, one.used),
            suggestion="leave the declaration out, or bring what uses it",
            subject=one.name,
        )


def meaning_findings(context: Context) -> Iterator[Finding]:
    known = worlds(context)
    for one in changed_meaning(known):
        assert known.upstream is not None
        only, world, other = (
            (one.there_only, known.upstream, "upstream, and not in the target")
            if one.there_only
            else (one.here_only, known.target, "in the target, and not upstream")
        )
        calls = ", ".join(f"{name}()" for name, _ in only[:3])
        message = f"{one.name}() calls {calls} {other}: see who holds the lock or the reference here"
        where = one.there if one.there_only else one.here
        evidence = [world.line(where.path, line) for _, line in only[:3]]
        against = known.target.evidence(one.here) if one.there_only else known.upstream.evidence(one.there)
        yield _finding("BP210", Severity.NOTE, message, one.judged, one.uses, one.name, [*evidence, against])


def doubled_findings(context: Context) -> Iterator[Finding]:
    known = worlds(context)
    for one in doubled(known):
        where = f" in {one.label}" if one.label else ""
        other = known.target.line(one.judged.path, one.other)
        message = f"{one.what} {one.name} stands twice{where}: the target has it in line {other.line} already"
        yield Finding(
            "BP211",
            Severity.ERROR,
            message,
            file=one.judged.file.change.path,
            function=one.label,
            hunk=one.hunk,
            line=one.line,
            target_line=one.target,
            evidence=(other,),
            suggestion="leave out what the target has",
            subject=one.name,
        )


def _sure(known: Worlds) -> Severity:
    """An error where upstream's tree shows that it is otherwise there; a warning without it."""
    return Severity.ERROR if known.upstream is not None else Severity.WARNING


def removed_findings(context: Context) -> Iterator[Finding]:
    known = worlds(context)
    for one in removed(known):
        count = len(one.users)
        who = "1 file of the target still uses" if count == 1 else f"{count} files of the target still use"
        message = f"the patch removes {one.kind} {one.name}, which {who}"
        yield Finding(
            "BP212",
            _sure(known),
            message,
            file=one.judged.file.change.path,
            hunk=one.hunk,
            line=one.line,
            evidence=tuple(known.target.line(x.path, x.line) for x in one.users[:10]),
            suggestion="change these uses too, or keep the definition",
            subject=one.name,
        )


def left_behind_findings(context: Context) -> Iterator[Finding]:
    known = worlds(context)
    for one in left_behind(known):
        calls = one.callers
        many = len(calls) > 1
        places = [known.target.line(x.path, x.line) for x, _ in calls]
        shown = ", ".join(f"{x.path}:{x.line}" for x in places[:8]) + (", ..." if len(calls) > 8 else "")
        message = (
            f"the patch changes the parameters of {one.name}(), and {len(calls)} call{'s' * many} of the target "
            f"do{'es' * (not many)} not fit: {shown}"
        )
        yield Finding(
            "BP213",
            _sure(known),
            message,
            file=one.judged.file.change.path,
            hunk=one.hunk,
            line=one.line,
            target_line=one.target or None,
            evidence=tuple(places),
            suggestion="change these calls in the same patch",
            subject=one.name,
        )
