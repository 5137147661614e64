"""The upstream commit that a patch was made from, and what upstream has when the named one is not there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backport.checks.rule import Context
from backport.errors import BackportError
from backport.git import CommitInfo, Repository
from backport.model import CommitEvidence, UpstreamForm, UpstreamId

if TYPE_CHECKING:
    from backport.checks.origin.difference import Comparison
    from backport.checks.origin.search import Match


@dataclass(frozen=True, slots=True)
class Named:
    """An upstream commit that the message names, and what upstream has of that id (None: nothing)."""

    upstream: UpstreamId
    commit: CommitInfo | None


def is_upstream_commit(context: Context) -> bool:
    """Whether the patch was read from upstream itself: nothing can then be wrong with where it comes from."""
    return context.once("is upstream", lambda: _is_upstream_commit(context))


def _is_upstream_commit(context: Context) -> bool:
    patch, upstream = context.patch, context.upstream
    if upstream is None:
        return False
    named = [x for x in patch.provenance.upstream if x.certain and x.form not in _OF_ITSELF]
    if named:  # A branch of the same repository may hold the backport, and mainline itself has such lines.
        return bool(patch.commit) and reached(context, patch.commit)
    own = [x.id for x in patch.provenance.upstream if x.form in _OF_ITSELF]
    return any(find_commit(upstream, x) is not None for x in ([patch.commit] if patch.commit else own))


_OF_ITSELF = (UpstreamForm.FAILED_MAIL, UpstreamForm.FROM_LINE)
"""Forms in which a mail says which commit it is, not which it was made from."""


def named_commits(context: Context) -> tuple[Named, ...]:
    """The upstream commits that the message is sure to name, in its order."""
    return context.once("named upstream", lambda: tuple(_named(context)))


def _named(context: Context) -> list[Named]:
    upstream = context.upstream
    certain = [x for x in context.patch.provenance.upstream if x.certain]
    return [Named(x, find_commit(upstream, x.id) if upstream else None) for x in certain]


def held(context: Context) -> tuple[CommitInfo, ...]:
    """The named commits that upstream holds; merges, which are no change of their own, left out."""
    found = (x.commit for x in named_commits(context))
    return tuple(x for x in found if x is not None and len(x.parents) < 2)


def find_commit(repository: Repository, name: str) -> CommitInfo | None:
    """The commit of a full or abbreviated id; None where there is none, or more than one."""
    if len(name) == repository.id_size:
        return repository.commit(name)
    try:
        return repository.commit(repository.resolve(name))
    except BackportError:
        return None


def tip(context: Context) -> str:
    """The full id of the upstream revision that was asked for, else of the branch that is taken for it ("" none)."""
    upstream = context.upstream
    if upstream is None:
        return ""
    return context.once("upstream tip", lambda: context.asked.revision or upstream.head())


def reached(context: Context, id: str) -> bool:
    """Whether the upstream revision reaches a commit that is at hand: from the messages that are read anyway where
    they say it, since git walks far for it."""
    from backport.checks.history.scene import scene_of

    scene = scene_of(context)
    newest = tip(context)
    known = scene.reaches(id) if scene.tip == newest else None
    return scene.upstream.is_ancestor(id, newest) if known is None else known


def evidence(*commits: CommitInfo) -> tuple[CommitEvidence, ...]:
    return tuple(CommitEvidence(x.id, x.subject) for x in commits)


def short(commit: CommitInfo) -> str:
    """As the kernel cites a commit: 12 digits and the subject."""
    return f'{commit.id[:12]} ("{commit.subject}")'


def compared(context: Context) -> Comparison | None:
    """The patch beside the upstream commit that it names; None where there is none to hold it against."""
    if not held(context):
        return None
    from backport.checks.origin.difference import comparison

    return comparison(context)


def meant(context: Context) -> Match | None:
    """The commit of upstream that the patch seems to be, looked for; None where nothing says so."""
    if context.upstream is None:
        return None
    from backport.checks.origin.search import look_for

    return look_for(context)
