"""A newer tree's own backport of a patch as its source: often it went half of the way already."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from backport.adapt.trailers import upstream_id
from backport.adapt.values import Adaptation, AdaptedPatch
from backport.checks import Asked
from backport.engine.adapt import adapt
from backport.errors import BackportError
from backport.git import Repository, Scratch
from backport.history.presence import State, TargetHistory
from backport.history.ranges import Range
from backport.intake import patch_from_commit
from backport.model import Patch, Series
from backport.tree import File, Target


def adapt_closest(
    series: Series,
    target: Target,
    newer: Sequence[Target],
    *,
    upstream: Repository | None,
    asked: Asked,
    full: Callable[[str], str] = lambda id: "",
    **more: Any,
) -> Adaptation:
    """`adapt`, of upstream's series and of each newer tree's own backports of it: the one that lands closer, with
    notes on how close each does. `full` is `upstream_id`'s, `more` is `adapt`'s."""
    best = first = adapt(series, target, upstream=upstream, asked=asked, **more)
    notes: list[str] = []
    for tree in newer:
        source = _source(series, tree, upstream, full)
        if source.why:
            notes.append(f"{tree.name}: {source.why}")
            continue
        other_asked = replace(asked, revision=tree.revision)
        found = adapt(source.series, target, upstream=tree.repository, asked=other_asked, **more)
        found = replace(found, patches=tuple(_as_upstreams(found, source)))
        notes += _compared(first, found, source, tree)
        if _distance(found.patches) < _distance(best.patches):
            best = found
    return replace(best, notes=(*best.notes, *notes))


@dataclass(frozen=True, slots=True)
class _Source:
    """A series with a newer tree's commits in place of upstream's. `by` are their ids ("" where upstream's patch
    stayed), `upstream` the ids of the commits that they are; `why` says why there is no such series."""

    series: Series
    by: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    why: str = ""


def _source(series: Series, tree: Target, upstream: Repository | None, full: Callable[[str], str]) -> _Source:
    if upstream is None:
        return _Source(series, why="without --upstream its own backports are not known")
    if tree.repository is None or not tree.revision:
        return _Source(series, why="it is no revision of a repository, and has no backports to take")
    patches: list[Patch] = []
    by: list[str] = []
    ids: list[str] = []
    for patch in series.patches:
        id = "" if patch.unreadable else upstream_id(patch, full)
        own = _own(id, tree, tree.repository, upstream) if id else None
        patches.append(own or patch)
        by.append(own.commit if own is not None else "")
        ids.append(id)
    if not any(by):
        return _Source(series, why="it has no backport of its own")
    strange = [p for p, id in zip(patches, by, strict=True) if not id and p.commit]
    if any(not tree.repository.has(p.commit) for p in strange):
        return _Source(series, why="it has some of the patches only, and not upstream's others")
    return _Source(replace(series, patches=tuple(patches)), tuple(by), tuple(ids))


def _own(id: str, tree: Target, home: Repository, upstream: Repository) -> Patch | None:
    """The newer tree's own commit for one of upstream; None where it has none, or the same one."""
    commit = upstream.commit(id)
    if commit is None:
        return None
    parents = tuple(x for x in commit.parents[:1] if home.has(x))
    own = Range(home, tree.revision, parents)
    with Scratch([home, upstream]) as store:
        history = TargetHistory(store, tree.revision, own, lambda path: _read(tree, path))
        standing = history.recorded(commit)
    if standing.state is not State.PRESENT or standing.by in ("", id):
        return None
    try:
        return patch_from_commit(home, standing.by)
    except BackportError:
        return None


def _read(tree: Target, path: str) -> bytes | None:
    entry = tree.tree.read(path)
    return entry.data if isinstance(entry, File) else None


def _as_upstreams(found: Adaptation, source: _Source) -> Iterator[AdaptedPatch]:
    """The patches, known again as the upstream commits that they are."""
    for adapted, by, id in zip(found.patches, source.by, source.upstream, strict=True):
        yield replace(adapted, patch=replace(adapted.patch, commit=id)) if by else adapted


# --- how close ---------------------------------------------------------------------------------------


def _distance(patches: Sequence[AdaptedPatch]) -> tuple[int, int]:
    """How far a series is from landing as it is: conflicts that are left, conflicts in all."""
    return sum(_left(p) for p in patches), sum(_conflicts(p) for p in patches)


def _left(adapted: AdaptedPatch) -> int:
    if adapted.proposal is None:
        return 0 if adapted.complete else 1
    return len(adapted.proposal.refused) + len(adapted.proposal.refused_files)


def _conflicts(adapted: AdaptedPatch) -> int:
    if adapted.proposal is None:
        return 0
    return sum(max(1, len(f.pieces)) for f in adapted.proposal.files if f.pieces or f.why or f.refusal)


def _compared(first: Adaptation, found: Adaptation, source: _Source, tree: Target) -> Iterator[str]:
    closer = _distance(found.patches) < _distance(first.patches)
    for number, (one, other) in enumerate(zip(first.patches, found.patches, strict=True), 1):
        by = source.by[number - 1]
        if not by:
            continue
        head = f"patch {number}: " if len(first.patches) > 1 else ""
        its, theirs = _words(other), _words(one)
        said = "it is taken" if closer else "upstream's is taken"
        own = f"{head}{tree.name} has its own backport, {by[:12]}"
        yield f"{own}: with it {its}, with upstream's patch {theirs}; {said}"


def _words(adapted: AdaptedPatch) -> str:
    count, left = _conflicts(adapted), _left(adapted)
    if not count:
        return "no conflict" if not left else "it does not land"
    word = "conflict" if count == 1 else "conflicts"
    return f"{count} {word}" + (f", {left} of them left" if left else "")
