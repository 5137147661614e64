"""What a person does next with a patch, in sentences; every face shows the same."""

from __future__ import annotations

from collections.abc import Mapping

from backport.model import PatchReport, PlacementKind, Reason, Severity, Verdict
from backport.report.summary import count, hunks, short, size_words, which


def next_steps(patch: PatchReport) -> list[str]:
    """What a person does with this patch, most urgent first, a sentence each."""
    if patch.unreadable:
        return ["Fetch the patch again in a form that keeps its text (git format-patch, a raw mail)."]
    verdict = patch.verdict
    steps = _prerequisite_steps(patch) if verdict is not Verdict.APPLIED else []
    if verdict is Verdict.APPLIED:
        steps += _applied_steps(patch)
    elif verdict in (Verdict.CLEAN, Verdict.UNSAFE):
        landing = _landing_steps(patch)
        if verdict is Verdict.UNSAFE:
            steps = [f"Or {x[:1].lower()}{x[1:]}" for x in steps]
            landing = [f"Then {landing[0][:1].lower()}{landing[0][1:]}", *landing[1:]]
            steps = [*_unsafe_steps(patch), *steps]
        steps += landing
    elif verdict is Verdict.ADAPTABLE:
        steps = [*_adapt_steps(patch), *(f"Or {x[:1].lower()}{x[1:]}" for x in steps[:1]), *steps[1:]]
    elif verdict is not None:
        steps += _conflict_steps(patch)
    return steps


def _numbers(patch: PatchReport, *kinds: PlacementKind) -> list[int]:
    return [h.number for _, h in hunks(patch) if h.placement in kinds]


def _prerequisite_steps(patch: PatchReport) -> list[str]:
    """What is to be applied first: what was tried to make the patch land where that is known, else what it is said
    to need; and the command that finds the rest."""
    known = {p.commit: p.subject for p in patch.prerequisites}
    tried = next((a for a in patch.answers if a.kind == "bring"), None)
    missing = [p for p in patch.prerequisites if p.state == "missing"]
    if tried is not None and tried.lands:
        named = [f"Apply {_named(x, known)} first (or adapt the patch)." for x in tried.commits]
        return [*named, f"{_prereqs(patch)} writes them as a series (-o)."] if named else []
    steps = [f"Apply {_named(p.commit, known)} first." for p in missing if p.kind in ("", "named")]
    needed = [p for p in missing if p.kind == "prerequisite"]
    if not needed:
        return steps
    cost = f" ({size_words(needed[0])})" if needed[0].lines else ""
    first = (
        _named(needed[0].commit, known) + cost + (f" and {len(needed) - 1} more" if len(needed) > 1 else "")
    )
    return [*steps, f"Take {first} first: {_prereqs(patch)} finds all that it takes."]


def _named(commit: str, subjects: Mapping[str, str]) -> str:
    return f'{short(commit)} ("{subjects.get(commit, "")}")'


def _prereqs(patch: PatchReport) -> str:
    """The command that finds all that is needed, and writes it."""
    what = short(patch.commit) if patch.commit else "PATCH"
    return f"`backport prereqs {what}`, with the same --onto and --upstream,"


def _applied_steps(patch: PatchReport) -> list[str]:
    evolved = _numbers(patch, PlacementKind.EVOLVED)
    if not evolved:
        return ["Nothing to apply: the target has this change."]
    return [f"Nothing to apply; look at {which(evolved)}, whose lines changed since."]


def _adapt_steps(patch: PatchReport) -> list[str]:
    """The command that writes the adapted patch, and what of it a person looks at."""
    what = short(patch.commit) if patch.commit else "PATCH"
    changed = [h.number for _, h in hunks(patch) if h.proposal]
    look = f"; look at the proposal of {which(changed)}" if changed else ""
    return [
        f"`backport adapt {what} -o FILE`, with the same --onto and --upstream, writes it as it lands{look}."
    ]


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
        either = any("`backport prereqs" in x for x in _prerequisite_steps(patch))
        resolve = "Or resolve" if either else "Resolve"
        steps.append(f"{resolve} {which(conflicts)}: take what the patch means over to the lines shown.")
    if absent:
        paths = sorted({f.path for f, h in hunks(patch) if h.placement is PlacementKind.ABSENT})
        place = f" ({paths[0]})" if len(paths) == 1 else ""
        they = "they change" if len(absent) > 1 else "it changes"
        steps.append(
            f"See whether {which(absent)}{place} can be left out: what {they} is not in the target; else take the "
            "commit that brought it first."
        )
    return steps + _leave_out(patch)
