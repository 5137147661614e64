"""What a report says in words: counts, verdict lines, what to do next. All faces share them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from backport.model import (
    GOOD_VERDICTS,
    Base,
    BaseKind,
    CommitEvidence,
    Drift,
    DriftKind,
    Evidence,
    Feature,
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


def target_title(target: TargetReport) -> str:
    """`linux-source-6.1 (6.1.192)`: the name, the version or the short id, and a dirty mark."""
    known = target.version or (short(target.revision) if target.revision else "")
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
        return f"{kind.value}: {REASONS[hunk.reason]}" if hunk.reason else kind.value
    return _WORDS[kind] + _more(file, hunk, kind)


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


# --- what to do next ---------------------------------------------------------------------------


def next_steps(patch: PatchReport) -> list[str]:
    """What a person does with this patch, most urgent first, a sentence each."""
    if patch.unreadable:
        return ["Fetch the patch again in a form that keeps its text (git format-patch, a raw mail)."]
    steps = _prerequisite_steps(patch)
    verdict = patch.verdict
    if verdict is Verdict.APPLIED:
        steps += _applied_steps(patch)
    elif verdict in (Verdict.CLEAN, Verdict.UNSAFE):
        steps += _unsafe_steps(patch) if verdict is Verdict.UNSAFE else []
        steps += _landing_steps(patch)
    elif verdict is not None:
        steps += _conflict_steps(patch)
    return steps


def _numbers(patch: PatchReport, *kinds: PlacementKind) -> list[int]:
    return [h.number for _, h in hunks(patch) if h.placement in kinds]


def which(numbers: list[int]) -> str:
    return f"hunk{'s' if len(numbers) > 1 else ''} {number_list(numbers)}"


def _prerequisite_steps(patch: PatchReport) -> list[str]:
    """What is to be applied first: what was tried to make the patch land where that is known, else what it is said
    to need."""
    subjects = {p.commit: p.subject for p in patch.prerequisites}
    tried = next((a for a in patch.answers if a.kind == "bring"), None)
    if tried is None:
        wanted = [p.commit for p in patch.prerequisites if p.state == "missing" and p.kind in ("", "named")]
    else:
        wanted = list(tried.commits) if tried.lands else []
    ways = " (or adapt the patch)" if tried is not None and wanted else ""
    return [f'Apply {short(id)} ("{subjects.get(id, "")}") first{ways}.' for id in wanted]


def _applied_steps(patch: PatchReport) -> list[str]:
    evolved = _numbers(patch, PlacementKind.EVOLVED)
    if not evolved:
        return ["Nothing to apply: the target has this change."]
    return [f"Nothing to apply; look at {which(evolved)}, whose lines changed since."]


def _unsafe_steps(patch: PatchReport) -> list[str]:
    codes = sorted({f.code for f in patch.findings if f.severity is Severity.ERROR})
    return [f"Put right what {', '.join(codes)} names, in the patch or in the target."] if codes else []


def _landing_steps(patch: PatchReport) -> list[str]:
    moved = _numbers(patch, PlacementKind.MOVED)
    if moved:
        rest = "; the rest applies as it is" if len(moved) < count((patch,)).total else ""
        return [f"Carry {which(moved)} to the new place by hand{rest}."]
    seen = [h.number for _, h in hunks(patch) if h.reason is Reason.MERGED_ALREADY]
    if seen:
        return [
            f"Apply it with `git am -3` or `git cherry-pick`, which see what is there already ({which(seen)})."
        ]
    if _numbers(patch, PlacementKind.MERGED):
        return ["Apply it with `git am -3` or `git cherry-pick`: some hunks need the three-way merge."]
    fuzz = _numbers(patch, PlacementKind.FUZZ)
    drifted = [h.number for _, h in hunks(patch) if h.placement is PlacementKind.FUZZ and not h.fuzz]
    if drifted:
        return [
            f"Put {which(drifted)} in by hand at the lines named, since more context differs than patch takes."
        ]
    if fuzz:
        most = max((h.fuzz or 0) for _, h in hunks(patch))
        return [f"Apply it with `patch -p1 -F{most}`, which git apply refuses; read {which(fuzz)} once more."]
    there = _leave_out(patch)
    return [f"{there[0][:-1]}; the rest applies as it is.", *there[1:]] if there else [_apply(patch)]


def _apply(patch: PatchReport) -> str:
    """git am wants a mail; a commit is picked, and a bare diff has no author to be committed by."""
    if patch.commit:
        return f"Apply it with `git cherry-pick -x {short(patch.commit)}`."
    return "Apply it with `git am`." if patch.author and patch.subject else "Apply it with `git apply`."


def _leave_out(patch: PatchReport) -> list[str]:
    """What to do with hunks that are there, beside others that are not."""
    there = _numbers(patch, PlacementKind.APPLIED, PlacementKind.EVOLVED)
    evolved = _numbers(patch, PlacementKind.EVOLVED)
    steps = [f"Leave out {which(there)}, already there."] if there else []
    return [*steps, f"Look at {which(evolved)}, there in a later form."] if evolved else steps


def _conflict_steps(patch: PatchReport) -> list[str]:
    steps: list[str] = []
    conflicts = _numbers(patch, PlacementKind.CONFLICT)
    absent = _numbers(patch, PlacementKind.ABSENT)
    if patch.verdict is Verdict.PARTIAL:
        steps.append("Find out who brought the hunks that are there, and whether the rest is wanted.")
    if conflicts:
        steps.append(f"Resolve {which(conflicts)}: take what the patch means over to the lines shown.")
    if absent:
        paths = sorted({f.path for f, h in hunks(patch) if h.placement is PlacementKind.ABSENT})
        place = f" ({paths[0]})" if len(paths) == 1 else ""
        steps.append(
            f"See whether {which(absent)}{place} can be left out: what they change is not in the target."
        )
    return steps + _leave_out(patch)


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


# --- causes ------------------------------------------------------------------------------------

_CAUSES = 3
"""Causes that are told with a target's verdict."""


def cause_sentences(target: TargetReport) -> list[str]:
    """Why a target's hunks do not land, most telling first: the features that are missing, and conditions around
    what the patches use. Empty where every hunk lands."""
    weights = [sum(len(h.hunks) for h in f.hunks) for f in target.features]
    found = [
        f.message
        for f, w in zip(target.features, weights, strict=True)
        if f.message and 4 * w >= max(weights)
    ]
    if len(found) < _CAUSES:
        for number, patch in enumerate(target.patches, 1):
            of = f" of patch {number}" if len(target.patches) > 1 else ""
            found += [
                f"hunk {hunk.number}{of}: {drift.message}"
                for _, hunk in hunks(patch)
                for drift in hunk.drift
                if drift.kind is DriftKind.GUARD and fails(hunk)
            ]
    return found[:_CAUSES]


def drift_words(hunk: HunkReport, drift: Drift) -> str:
    """A cause with where it stands on both sides: `... (base 253, target 249)`; another file than the hunk's is
    named."""
    places: dict[str, list[str]] = {}
    for piece in drift.evidence:
        if isinstance(piece, CommitEvidence) or not piece.path:
            continue
        where = "" if piece.path == hunk.target_path else f"{piece.path}:"
        rows = places.setdefault(piece.tree, [])
        if len(rows) < 1:
            rows.append(f"{where}{piece.line}")
    words = ", ".join(f"{tree} {rows[0]}" for tree, rows in places.items())
    return f"{drift.message} ({words})" if words else drift.message


def see_words(hunk: HunkReport) -> str:
    """Where a hunk's causes are told, or how many are left out; "" for neither."""
    if hunk.drift_see and not hunk.drift:
        return f"see {which(list(hunk.drift_see))}: the same function"
    return f"and {hunk.drift_more} more" if hunk.drift_more else ""


def feature_words(feature: Feature) -> str:
    """A feature in a list: what it is called, its state, and which hunks it explains."""
    title = f" ({feature.title})" if feature.title else ""
    if not feature.hunks:
        explained = f", explains {which(list(feature.explains))}" if feature.explains else ""
    elif len(feature.hunks) == 1 and feature.hunks[0].patch == 1:
        explained = f", explains {which(list(feature.hunks[0].hunks))}"
    else:
        explained = ", explains " + "; ".join(
            f"patch {h.patch}, {which(list(h.hunks))}" for h in feature.hunks
        )
    return f"{feature.name}{title}: {feature.state}{explained}"
