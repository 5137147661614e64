"""BP1xx: where hunks land, and where they do not."""

from __future__ import annotations

from collections.abc import Iterator

from backport.checks.rule import Context, Rule
from backport.model import (
    Difference,
    Evidence,
    FileChange,
    Finding,
    LineEvidence,
    Placement,
    PlacementKind,
    Reason,
    Severity,
)
from backport.placement import FilePlacement

_WHY = {
    Reason.LINES_DIFFER: "the lines that it changes read differently there",
    Reason.LINES_GONE: "the lines that it changes are not there",
    Reason.AMBIGUOUS: "its lines stand at several places, and nothing says which is meant",
    Reason.FUNCTION_ABSENT: "the function is not there",
    Reason.FILE_ABSENT: "the file is not there",
    Reason.FILE_EXISTS: "the file that it adds is there already, with other content",
    Reason.NOT_A_FILE: "there is no regular file at that path",
    Reason.OBJECT_MISSING: "the file's content is not in this repository",
    Reason.BINARY: "it is binary",
    Reason.BUDGET: "the limit of work was reached before it was judged",
    Reason.PARTLY_THERE: "a part of it is there already",
}


def _conflicts(context: Context) -> Iterator[Finding]:
    for file, placement in _all(context):
        if placement.kind is PlacementKind.CONFLICT and placement.reason is not Reason.PARTLY_THERE:
            yield _unplaced("BP101", context, file, placement)


def _partly(context: Context) -> Iterator[Finding]:
    for file, placement in _all(context):
        if placement.kind is PlacementKind.CONFLICT and placement.reason is Reason.PARTLY_THERE:
            yield _unplaced("BP102", context, file, placement)


def _absent(context: Context) -> Iterator[Finding]:
    for file, placement in _all(context):
        if placement.kind is PlacementKind.ABSENT:
            yield _unplaced("BP103", context, file, placement)


def _unplaced(code: str, context: Context, file: FilePlacement, placement: Placement) -> Finding:
    why = _WHY.get(placement.reason, str(placement.reason))
    function = _function(placement)
    where = f"hunk {placement.hunk}" + (f" in {function}" if function else "")
    detail = f" ({placement.detail})" if placement.detail else ""
    follows = _follows(context, placement)
    return Finding(
        code=code,
        severity=Severity.ERROR,
        message=f"{where} does not land: {why}{detail}{follows}",
        file=file.change.path,
        function=function,
        hunk=placement.hunk,
        line=placement.line,
        target_line=placement.target_line or None,
        evidence=_evidence(context, placement),
        suggestion=_next_step(placement),
        subject=function or file.change.path,
    )


def _follows(context: Context, placement: Placement) -> str:
    """Says so where an earlier patch of the series, which did not land, would have brought the lines."""
    hunk = next(h for h in context.patch.hunks if h.number == placement.hunk)
    text = context.ground.text(placement.target_path) if placement.target_path else None
    standing = {line.rstrip(b"\n") for line in text.lines} if text is not None else set()
    expected = {line for line in hunk.preimage if len(line.strip()) > 3 and line not in standing}
    for number, earlier in context.earlier:
        paths = {earlier.target_path, placement.target_path} - {""}
        if len(paths) <= 1 and expected & _brought(earlier):
            return f"; follows from patch {number}, which does not land here either"
    return ""


def _brought(placement: Placement) -> set[bytes]:
    if placement.texts is None or placement.texts.postimage is None:
        return set()
    before = placement.texts.preimage.text.split(b"\n") if placement.texts.preimage else []
    return set(placement.texts.postimage.text.split(b"\n")) - set(before)


def _next_step(placement: Placement) -> str:
    if placement.reason in (Reason.FILE_ABSENT, Reason.FUNCTION_ABSENT):
        return "find the commit that brought it upstream: a prerequisite, or the hunk is not needed here"
    if placement.reason is Reason.PARTLY_THERE:
        return "look at what is there and carry over only the rest"
    return "carry the change over by hand to the lines shown"


def _evidence(context: Context, placement: Placement) -> tuple[Evidence, ...]:
    """The first lines that the target has instead, as a person finds them when they open the file."""
    lines: list[Evidence] = []
    text = context.ground.text(placement.target_path) if placement.target_path else None
    if text is None:
        return ()
    for difference in placement.differences[:3]:
        for number in range(difference.line, difference.line + max(1, min(_shown(difference), 3))):
            if 1 <= number <= len(text.lines):
                line = text.lines[number - 1].rstrip(b"\r\n")
                lines.append(LineEvidence("target", placement.target_path, number, line))
    if not lines and 1 <= placement.target_line <= len(text.lines):
        line = text.lines[placement.target_line - 1].rstrip(b"\r\n")
        lines.append(LineEvidence("target", placement.target_path, placement.target_line, line))
    return tuple(lines)


def _shown(difference: Difference) -> int:
    return len(difference.found)


def _moved(context: Context) -> Iterator[Finding]:
    for file, placement in _all(context):
        if placement.kind is PlacementKind.MOVED or (
            placement.kind.there and _elsewhere(file.change, placement)
        ):
            what = "is already there" if placement.kind.there else "lands"
            yield _noted("BP104", Severity.NOTE, context, file, placement, f"{what} in {_place(placement)}")


def _fuzzed(context: Context) -> Iterator[Finding]:
    for file, placement in _all(context):
        if placement.kind is PlacementKind.FUZZ:
            how = f"with fuzz {placement.fuzz}" if placement.fuzz else "although its context differs"
            text = f"lands {how} in {_place(placement)}: compare the lines around it"
            yield _noted("BP105", Severity.WARNING, context, file, placement, text)


def _evolved(context: Context) -> Iterator[Finding]:
    for file, placement in _all(context):
        if placement.kind is PlacementKind.EVOLVED:
            text = (
                f"is there in a later form in {_place(placement)}: {placement.detail or 'see what differs'}"
            )
            yield _noted("BP106", Severity.NOTE, context, file, placement, text)


def _whole_files(context: Context) -> Iterator[Finding]:
    for file in context.placed.files:
        if not file.placements and not file.kind.lands and not file.kind.there and file.change.binary is None:
            why = _WHY.get(file.reason, str(file.reason))
            yield Finding(
                code="BP107",
                severity=Severity.ERROR,
                message=f"{file.change.kind} of {file.change.path} does not land: {why}",
                file=file.change.path,
                subject=file.change.path,
                suggestion="find where the target has that file",
            )


def _dropped(context: Context) -> Iterator[Finding]:
    for file, placement in _all(context):
        if placement.reason is Reason.REMOVAL_DROPPED:
            text = f"merges in silence and does nothing: {placement.detail}"
            yield _noted("BP110", Severity.ERROR, context, file, placement, text)


def _left_over(context: Context) -> Iterator[Finding]:
    """One or two hunks that land while all the others are there already."""
    placed = list(_all(context))
    lands = [(f, p) for f, p in placed if p.kind.lands]
    if not lands or sum(p.kind.there for _, p in placed) < max(3 * len(lands), len(placed) - len(lands)):
        return
    for file, placement in lands:
        text = f"lands in {_place(placement)}, while all other hunks are there already: was it left out on purpose?"
        yield _noted("BP109", Severity.WARNING, context, file, placement, text)


def _noted(
    code: str, severity: Severity, context: Context, file: FilePlacement, placement: Placement, what: str
) -> Finding:
    function = _function(placement)
    return Finding(
        code=code,
        severity=severity,
        message=f"hunk {placement.hunk} {what}",
        file=file.change.path,
        function=function,
        hunk=placement.hunk,
        line=placement.line,
        target_line=placement.target_line or None,
        evidence=_evidence(context, placement),
        subject=function or file.change.path,
    )


def _all(context: Context) -> Iterator[tuple[FilePlacement, Placement]]:
    for file in context.placed.files:
        for placement in file.placements:
            yield file, placement


def _elsewhere(change: FileChange, placement: Placement) -> bool:
    return placement.target_path not in (change.old_path, change.new_path)


def _function(placement: Placement) -> str:
    return placement.functions[0].label() if placement.functions else ""


def _place(placement: Placement) -> str:
    inside = f"{placement.target_functions[0].label()}, " if placement.target_functions else ""
    return f"{inside}{placement.target_path}:{placement.target_line}"


RULES = (
    Rule(
        "BP101",
        "a hunk conflicts",
        Severity.ERROR,
        "The place is known, but the lines that the hunk changes are not there as it expects them. The evidence "
        "shows the target's lines.",
        "hunk 7 in shmem_getpage_gfp() does not land: the lines that it changes read differently there",
        _conflicts,
    ),
    Rule(
        "BP102",
        "a part of a hunk is there already",
        Severity.ERROR,
        "Some of the hunk's changes stand in the target and others do not: an earlier form of the patch, or a half "
        "of it. A person must look before anything is left out.",
        "hunk 3 in fault_in() does not land: a part of it is there already (1 of 2 changes are there)",
        _partly,
    ),
    Rule(
        "BP103",
        "what a hunk changes is not in the target",
        Severity.ERROR,
        "No such file or function, nor its lines anywhere near. Either a prerequisite brought it upstream, or the "
        "hunk is not needed here.",
        "hunk 2 in uffd_wp_range() does not land: the function is not there",
        _absent,
    ),
    Rule(
        "BP104",
        "a hunk belongs to another function or file here",
        Severity.NOTE,
        "The code moved or was renamed between the two trees. See whether the new place is the right one.",
        "hunk 4 lands in migrate_vma_collect_hole(), mm/migrate_device.c:31",
        _moved,
    ),
    Rule(
        "BP105",
        "a hunk lands although its context differs",
        Severity.WARNING,
        "The lines that it changes are there, lines around them are not as the patch expects. git apply refuses "
        "such a hunk; GNU patch takes it with fuzz.",
        "hunk 1 lands with fuzz 2 in do_read_fault(), mm/memory.c:4512: compare the lines around it",
        _fuzzed,
    ),
    Rule(
        "BP106",
        "a change is there in a later form",
        Severity.NOTE,
        "What the hunk adds is in the target, and was developed further since. The report shows what differs.",
        "hunk 5 is there in a later form in hugetlb_mcopy_atomic_pte(), mm/hugetlb.c:6114: 1 of 1 changes there",
        _evolved,
    ),
    Rule(
        "BP107",
        "a file cannot be renamed, deleted or changed in mode",
        Severity.ERROR,
        "The patch does something to a file as a whole, and the target has no such file, or has another in its "
        "place.",
        "rename of drivers/foo/bar.c does not land: the file is not there",
        _whole_files,
    ),
    Rule(
        "BP108",
        "a patch of the queue does not land",
        Severity.ERROR,
        "The target was named with a queue (`--queue`), and a patch of it neither lands nor is there already. All "
        "that follows is judged without what did not land.",
        "queue patch fix-oops.patch: 1 of 2 hunks do not land",
        lambda context: (),
    ),
    Rule(
        "BP109",
        "a hunk lands although the rest of the patch is there already",
        Severity.WARNING,
        "All other hunks are in the target, in this or a later form, so the patch was most likely taken and developed "
        "further. What still lands may have been dropped on purpose, or taken out again later.",
        "hunk 7 lands in __mcopy_atomic(), mm/userfaultfd.c:557, while all other hunks are there already: was it "
        "left out on purpose?",
        _left_over,
    ),
    Rule(
        "BP110",
        "git's merge leaves a change out",
        Severity.ERROR,
        "The hunk removes lines that the target has moved within the function, or its lines stand in a twin of its "
        "function, which the target does not have. A three-way merge finds nothing to do and changes nothing, without "
        "a word.",
        "hunk 2 merges in silence and does nothing: the target moved the lines that it removes",
        _dropped,
    ),
)
