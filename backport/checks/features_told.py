"""The features behind a target's conflicts, its patches' taken together, and said in sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from backport.checks.drift.phrases import listed
from backport.checks.features_found import Found
from backport.model import CommitEvidence, ExplainedHunks, Feature, FeatureState

MOST = 5
"""Features of a target."""

SHOWN_NAMES = 4
SHOWN_COMMITS = 3


class Gathered:
    """The features of one target's patches, taken together as they are found."""

    def __init__(self) -> None:
        self._found: dict[str, Found] = {}
        self._hunks: dict[str, list[ExplainedHunks]] = {}

    def add(self, number: int, found: Iterable[Found]) -> dict[tuple[int, str], str]:
        """Take in the features of a patch (its number in the series). For each of its drifts, by hunk and message,
        the name of the feature that it belongs to."""
        drifts: dict[tuple[int, str], str] = {}
        for one in found:
            name = self._name_of(one)
            held = self._found.get(name)
            self._found[name] = _together(held, one) if held is not None else one
            self._hunks.setdefault(name, []).append(ExplainedHunks(number, one.hunks))
            for key in one.drifts:
                drifts.setdefault(key, name)
        return drifts

    def _name_of(self, one: Found) -> str:
        """Its name, or that of the feature which it is: of which a commit is the same."""
        ids = {c.commit for c in one.commits}
        alike = (n for n, f in self._found.items() if ids & {c.commit for c in f.commits})
        return one.name if one.name in self._found else next(alike, one.name)

    def features(self, conflicts: int) -> tuple[Feature, ...]:
        """The features that explain most, first; `conflicts` is the number of all hunks that do not land."""
        made = [_feature(f, name, tuple(self._hunks[name]), conflicts) for name, f in self._found.items()]
        return tuple(sorted(made, key=lambda f: (-sum(len(h.hunks) for h in f.hunks), f.name))[:MOST])


def _together(one: Found, other: Found) -> Found:
    """Two patches' sights of one feature; its commits from the oldest on, of which the first gives the title."""
    dated = dict(zip((*one.commits, *other.commits), (*one.when, *other.when), strict=True))
    commits = tuple(sorted(dated, key=lambda c: dated[c]))
    names = tuple(dict.fromkeys([*one.names, *other.names]))
    title = commits[0].subject if one.by_history and commits else one.title
    return replace(one, title=title, commits=commits, names=names, when=tuple(dated[c] for c in commits))


def _feature(found: Found, name: str, hunks: tuple[ExplainedHunks, ...], conflicts: int) -> Feature:
    count = sum(len(h.hunks) for h in hunks)
    return Feature(
        name,
        found.state.value,
        (*found.evidence, *found.commits[:SHOWN_COMMITS]),
        hunks[0].hunks,
        found.title,
        found.version,
        f"{message(found)}; it accounts for {_share(count, conflicts)}",
        found.commits,
        found.names,
        hunks,
    )


def _share(count: int, of: int) -> str:
    if of == 1:
        return "the only conflict"
    if count == of:
        return f"all {of} conflicts" if of > 2 else "both conflicts"
    return f"{count} of the {of} conflicts"


def message(found: Found) -> str:
    """The state of a feature as a sentence."""
    names = listed([f"`{n}`" for n in found.names[:SHOWN_NAMES]])
    commits = _commits(found.commits)
    if found.by_history:
        since = f" ({found.version})" if found.version else ""
        return f"where hunks conflict, the target lacks what {commits} brought{since}: {names}"
    label = f"{found.title} ({found.name})"
    if found.state is FeatureState.PRESENT:
        known = f"{found.title} ({found.name}, {found.version})"
        return f"the target has {known}, which the patch was written without: {names}"
    state = (
        "is absent from the target" if found.state is FeatureState.ABSENT else "is only partly in the target"
    )
    origin = f"it came with {commits} ({found.version})" if commits else f"it came with {found.version}"
    return f"{label} {state}: {origin}, and the patch builds on {names}"


def _commits(commits: Sequence[CommitEvidence]) -> str:
    shown = [f'{c.commit[:12]} ("{c.subject}")' for c in commits[:SHOWN_COMMITS]]
    left = len(commits) - len(shown)
    return listed([*shown, f"{left} more commits"] if left > 1 else [*shown, "1 more"] if left else shown)


def builds_on(found: Found) -> str:
    """What hunks of a patch need and the target lacks, as a finding says it."""
    one = len(found.hunks) == 1
    names = listed([f"`{n}`" for n in found.names[:SHOWN_NAMES]])
    head = f"hunk{'' if one else 's'} {listed([str(n) for n in found.hunks])} {'is' if one else 'are'} written for"
    if found.by_history:
        return (
            f"{head} code with what {_commits(found.commits)} brought, which the target lacks there: {names}"
        )
    state = "absent from the target" if found.state is FeatureState.ABSENT else "only partly in the target"
    return f"{head} {names}, {state} ({found.title})"
