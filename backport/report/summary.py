"""What a report says in words: counts, verdict lines, what to do next. All faces share them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from backport.model import (
    GOOD_VERDICTS,
    Base,
    BaseKind,
    CommitEvidence,
    CommitNote,
    Evidence,
    FileReport,
    HunkReport,
    LineEvidence,
    PatchReport,
    PlacementKind,
    Reason,
    Report,
    Severity,
    Skipped,
    TargetReport,
    Verdict,
)

REASONS: dict[Reason, str] = {
    Reason.SAME_PLACE: "at the same place",
    Reason.LINES_SHIFTED: "lines shifted",
    Reason.CONTEXT_DIFFERS: "context differs",
    Reason.FUNCTION_MOVED: "the function moved",
    Reason.FILE_RENAMED: "the file was renamed",
    Reason.MERGED_CLEANLY: "merged cleanly",
    Reason.ALREADY_THERE: "already there",
    Reason.MERGED_ALREADY: "already there",
    Reason.REMOVAL_DROPPED: "git leaves it out",
    Reason.LATER_FORM: "there in a later form",
    Reason.PARTLY_THERE: "partly there",
    Reason.LINES_DIFFER: "lines differ",
    Reason.LINES_GONE: "lines are gone",
    Reason.AMBIGUOUS: "several places fit",
    Reason.FUNCTION_ABSENT: "no such function",
    Reason.FILE_ABSENT: "no such file",
    Reason.FILE_EXISTS: "file exists",
    Reason.NOT_A_FILE: "not a regular file",
    Reason.OBJECT_MISSING: "object not here",
    Reason.BINARY: "binary",
    Reason.BUDGET: "gave up: budget",
}
"""A reason in a table."""

FAILING = frozenset({PlacementKind.CONFLICT, PlacementKind.ABSENT})
_SHORT_ID = 12


@dataclass(frozen=True, slots=True)
class Counts:
    """Hunks of a patch, a target: all, those that land, are there, are there in another form, and
    do not land. A hunk without a placement (`show`) counts in `total` only."""

    total: int
    lands: int
    there: int
    evolved: int
    fails: int


def hunks(patch: PatchReport) -> Iterator[tuple[FileReport, HunkReport]]:
    """Every hunk of a patch with its file, in order."""
    return ((file, hunk) for file in patch.files for hunk in file.hunks)


def fails(hunk: HunkReport) -> bool:
    """Whether the hunk does not land and is not there."""
    return hunk.placement in FAILING


def count(patches: Iterable[PatchReport]) -> Counts:
    kinds = [hunk.placement for patch in patches for _, hunk in hunks(patch)]
    placed = [k for k in kinds if k is not None]
    return Counts(
        len(kinds),
        sum(k.lands for k in placed),
        sum(k.there for k in placed),
        sum(k is PlacementKind.EVOLVED for k in placed),
        sum(k in FAILING for k in placed),
    )


def exit_code(report: Report) -> int:
    """0 all patches are clean or applied on the targets that were meant, 2 nothing was readable, 1 otherwise.

    A report without verdicts (`show`) is 0, or 2 where nothing was readable."""
    patches = [p for t in report.targets for p in t.patches]
    unreadable = [bool(p.unreadable) or p.verdict is Verdict.UNREADABLE for p in patches]
    if all(unreadable):
        return 2
    good = all(p.verdict is None or p.verdict in GOOD_VERDICTS for p in patches)
    # A queue that does not land: the target that was judged is not the one that was meant.
    good = good and not any(f.severity is Severity.ERROR for t in report.targets for f in t.findings)
    return 0 if good and not any(unreadable) else 1


def is_show(report: Report) -> bool:
    """Whether the report is one of `show`: a target without name and verdict."""
    return bool(report.targets) and all(t.name is None and t.verdict is None for t in report.targets)


def has_matrix(report: Report) -> bool:
    """Whether a table of patches by targets says more than the verdict lines do."""
    return len(report.targets) > 1 or any(len(t.patches) > 1 for t in report.targets)


def plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _verb(number: int, one: str, many: str) -> str:
    return one if number == 1 else many


def short(commit: str) -> str:
    """A commit id as messages abbreviate it."""
    return commit[:_SHORT_ID]


def why_skipped(skipped: Skipped) -> str:
    """Why a rule was not run, without the words "not run: " that a reason may begin with."""
    return skipped.reason.removeprefix("not run: ")


def skipped_words(skipped: Iterable[Skipped]) -> str:
    """The rules that were not run, those of one reason together: `BP112-BP119 (why); BP309 (why)`."""
    reasons: dict[str, list[str]] = {}
    for one in skipped:
        reasons.setdefault(why_skipped(one), []).append(one.code)
    return "; ".join(f"{_code_list(codes)} ({reason})" for reason, codes in reasons.items())


def _code_list(codes: Iterable[str]) -> str:
    """Codes of rules, three and more in a row as `first-last`."""
    runs: list[list[str]] = []
    for code in sorted(set(codes)):
        if (
            runs
            and code[2:].isdigit()
            and runs[-1][-1][2:].isdigit()
            and int(code[2:]) == int(runs[-1][-1][2:]) + 1
        ):
            runs[-1].append(code)
        else:
            runs.append([code])
    return ", ".join(f"{r[0]}-{r[-1]}" if len(r) > 2 else ", ".join(r) for r in runs)


def target_title(target: TargetReport) -> str:
    """`linux-source-6.1 (6.1.192)`: the name, the version or the short id, and a dirty mark. An id that the name
    ends with already is told once, and short."""
    known = target.version or (short(target.revision) if target.revision else "")
    head, at, asked = (target.name or "").rpartition("@")
    if at and len(asked) >= _SHORT_ID and (target.revision or "").startswith(asked):
        target = replace(target, name=f"{head}@{short(asked)}")
        known = target.version or ""
    notes = ", ".join(x for x in (known, "with local changes" if target.dirty else "") if x)
    return f"{target.name or 'no target'} ({notes})" if notes else target.name or "no target"


def target_sentence(target: TargetReport) -> str:
    """What stands behind a target's verdict; that a queue did not land comes first."""
    sentence = verdict_sentence(target.patches, target.verdict)
    broken = sum(f.severity is Severity.ERROR for f in target.findings)
    if not broken:
        return sentence
    patches = "1 patch" if broken == 1 else f"{broken} patches"
    return f"{patches} of the queue {_verb(broken, 'does', 'do')} not land; {sentence}"


def verdict_sentence(patches: tuple[PatchReport, ...], verdict: Verdict | None) -> str:
    """What stands behind a verdict, for one patch or all of a target's."""
    if len(patches) == 1 and patches[0].unreadable:
        return patches[0].unreadable
    counts = count(patches)
    parts = [_hunks_sentence(counts)]
    if len(patches) > 1:
        parts.insert(0, _patches_sentence(patches))
    unreadable = sum(bool(p.unreadable) for p in patches)
    if unreadable:
        parts.append(
            f"{plural(unreadable, 'patch')[:-1]}es cannot be read"
            if unreadable > 1
            else "1 patch cannot be read"
        )
    errors = sum(f.severity is Severity.ERROR for p in patches for f in p.findings)
    if verdict is Verdict.UNSAFE:
        parts.append(f"{plural(errors, 'error')} {_verb(errors, 'says', 'say')} it will not build or work")
    if verdict is Verdict.ADAPTABLE:
        parts.append("an adapted patch is at hand")
    return "; ".join(x for x in parts if x)


def _patches_sentence(patches: tuple[PatchReport, ...]) -> str:
    bad = sum(p.verdict not in GOOD_VERDICTS for p in patches)
    if not bad:
        return f"{_all(len(patches))} patches are fine"
    return f"{bad} of {len(patches)} patches {_verb(bad, 'needs', 'need')} work"


def _hunks_sentence(c: Counts) -> str:
    if not c.total:
        return "no hunks"
    there = _there(c)
    if c.fails:
        head = (
            "the only hunk does"
            if c.total == 1
            else f"{c.fails} of {c.total} hunks {_verb(c.fails, 'does', 'do')}"
        )
        return f"{head} not land" + (f", {there}" if there else "")
    if c.there == c.total:
        head = "the only hunk is" if c.total == 1 else f"{_all(c.total)} hunks are"
        return f"{head} already there" + (f", {c.evolved} in a later form" if c.evolved else "")
    if c.lands + c.there < c.total:
        return f"{c.lands} of {c.total} hunks land" + (f", {there}" if there else "")
    if c.there:
        return f"{c.lands} of {c.total} hunks {_verb(c.lands, 'lands', 'land')}, {there}"
    return "the only hunk lands" if c.total == 1 else f"{_all(c.total)} hunks land"


def _all(number: int) -> str:
    return "both" if number == 2 else f"all {number}"


def _there(c: Counts) -> str:
    if not c.there:
        return ""
    return f"{c.there} already there" + (f" ({c.evolved} in a later form)" if c.evolved else "")


def placement_words(file: FileReport, hunk: HunkReport) -> str:
    """A hunk's placement in a table: `offset +12`, `moved to mm/x.c`, `conflict: lines differ`."""
    kind = hunk.placement
    if kind is None:
        return ""
    if kind in FAILING:
        return f"{kind.value}: {_reason(hunk, hunk.reason)}" if hunk.reason else kind.value
    return _WORDS[kind] + _more(file, hunk, kind)


def _reason(hunk: HunkReport, reason: Reason) -> str:
    kind = hunk.function.partition(" ")[0]
    if reason is Reason.FUNCTION_ABSENT and kind in ("struct", "union", "enum"):
        return f"no such {kind}"
    return REASONS[reason]


_WORDS = {
    PlacementKind.EXACT: "exact",
    PlacementKind.OFFSET: "offset",
    PlacementKind.FUZZ: "fuzz",
    PlacementKind.MOVED: "moved",
    PlacementKind.MERGED: "merged, three-way",
    PlacementKind.APPLIED: "applied: already there",
    PlacementKind.EVOLVED: "evolved: in a later form",
}


def _more(file: FileReport, hunk: HunkReport, kind: PlacementKind) -> str:
    offset = f"{hunk.offset:+d}" if hunk.offset else ""
    if kind is PlacementKind.OFFSET:
        return f" {offset}".rstrip()
    if kind is PlacementKind.FUZZ:
        fuzz = f" {hunk.fuzz}" if hunk.fuzz else "" if offset else ", context differs"
        return fuzz + (f", offset {offset}" if offset else "")
    if kind is PlacementKind.MOVED:
        return _moved(file, hunk)
    return _elsewhere(file, hunk) if kind.there else ""


def _moved(file: FileReport, hunk: HunkReport) -> str:
    if hunk.target_path and hunk.target_path not in (file.path, file.target_path):
        return f" to {hunk.target_path}"
    if hunk.target_function and hunk.target_function != hunk.function:
        return f" to {hunk.target_function}"
    return ""


def _elsewhere(file: FileReport, hunk: HunkReport) -> str:
    known = {file.path, file.target_path}
    return f", in {hunk.target_path}" if hunk.target_path and hunk.target_path not in known else ""


def number_list(numbers: Iterable[int]) -> str:
    """`1, 3-5, 9` of ascending numbers."""
    runs: list[list[int]] = []
    for n in numbers:
        if runs and n == runs[-1][-1] + 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    return ", ".join(str(r[0]) if len(r) == 1 else f"{r[0]}-{r[-1]}" for r in runs)


def size_words(note: CommitNote) -> str:
    """What a commit changes: `69 lines in 7 files`."""
    return f"{plural(note.lines, 'line')} in {plural(note.files, 'file')}"


def which(numbers: list[int]) -> str:
    return f"hunk{'s' if len(numbers) > 1 else ''} {number_list(numbers)}"


# --- provenance and evidence -------------------------------------------------------------------

_BASES = {
    BaseKind.COMMIT: "upstream commit",
    BaseKind.BASE_COMMIT: "base-commit",
    BaseKind.BLOBS: "blobs of the index lines",
    BaseKind.HUNKS: "the hunks alone",
}


def provenance_words(patch: PatchReport) -> list[str]:
    """Where a patch comes from, in a few lines of text (not made harmless)."""
    document = short(patch.document) if patch.document == patch.commit else patch.document
    by = ", ".join(x for x in (patch.author, patch.date[:10], document) if x)
    added, removed = sum(f.added for f in patch.files), sum(f.removed for f in patch.files)
    size = f"{plural(len(patch.files), 'file')}, {plural(count((patch,)).total, 'hunk')}, +{added} -{removed}"
    lines = [by, "; ".join(x for x in (size if patch.files else "", _origin(patch)) if x)]
    if patch.base is not None:
        lines.append(base_words(patch.base))
    if patch.conflicts_note:
        lines.append("conflicts noted in the message: " + _conflicts(patch))
    return [x for x in lines if x]


def _origin(patch: PatchReport) -> str:
    parts = [" ".join(patch.tags)] if patch.tags else []
    if patch.version is not None:
        parts.append(f"v{patch.version}")
    if patch.position is not None:
        parts.append(f"{patch.position[0]} of {patch.position[1]}")
    words = [" ".join(parts)] if parts else []
    for name, values in (("upstream", patch.upstream), ("fixes", patch.fixes)):
        if values:
            words.append(f"{name} {', '.join(short(v) for v in values)}")
    if patch.bugs:
        words.append(f"bug {', '.join(patch.bugs)}")
    return ", ".join(words)


def base_words(base: Base) -> str:
    """`base: upstream commit 4cc6e1567996 (detail)`."""
    words = f"base: {_BASES[base.kind]}" + (f" {short(base.commit)}" if base.commit else "")
    return f"{words} ({base.detail})" if base.detail else words


def _conflicts(patch: PatchReport) -> str:
    notes = patch.provenance.conflicts
    files = [f for n in notes for f in n.files]
    reasons = [" ".join(r.split()) for n in notes for r in n.reasons]
    if not files and not reasons:
        return " ".join((patch.conflicts_note or "").split())
    return "; ".join(x for x in (", ".join(files), *reasons) if x)


def evidence_words(evidence: Evidence, show: Callable[[str | bytes], str]) -> str:
    """One piece of evidence on one line; `show` makes foreign text fit for its face."""
    if isinstance(evidence, LineEvidence):
        return f"{show(evidence.tree)} {show(evidence.path)}:{evidence.line}: {show(evidence.text.strip())}"
    if isinstance(evidence, CommitEvidence):
        return f'commit {short(evidence.commit)} ("{show(evidence.subject)}")'
    place = f" ({show(evidence.tree)} {show(evidence.path)}:{evidence.line})" if evidence.path else ""
    return f"guard {show(evidence.guard)}{place}"
