"""Commits of a repository as patches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from backport.errors import InputError, MissingObjectError, NoDiffError
from backport.intake.diff import parse_text
from backport.intake.text import Text
from backport.model import Patch, Series

if TYPE_CHECKING:
    from backport.git import Repository

_RANGE = re.compile(r"\.\.")


def patch_from_commit(repository: Repository, commit_id: str) -> Patch:
    """The patch that a commit is against its parent (the empty tree for a root commit).

    `commit_id` is a full id. Raises MissingObjectError for a commit that is not here and InputError,
    naming it, for a merge."""
    commit = repository.commit(commit_id)
    if commit is None:
        raise MissingObjectError(f"the commit {commit_id} is not in {_shown(repository)}")
    if len(commit.parents) > 1:
        raise InputError(
            f"{commit.id[:12]} ({commit.subject}) is a merge, not a patch", "give the commits that it merges"
        )
    # What reads the message is loaded while git is at work.
    text = Text.of(repository.diff_commit(commit.id, _load_provenance))
    from backport.provenance import read_provenance, strip_subject

    # These are not lines of a document: a hunk's lines have no number there.
    parsed = parse_text(Text(text.lines, [0] * len(text), text.complete), commit.id)
    return Patch(
        subject=strip_subject(commit.subject),
        author=commit.author,
        date=commit.author_date,
        body=commit.body.strip("\n"),
        files=parsed.files,
        provenance=read_provenance(commit.subject, commit.body),
        repairs=parsed.repairs,
        document=commit.id,
        form="commit",
        commit=commit.id,
        parent=commit.parents[0] if commit.parents else "",
    )


def _load_provenance() -> None:
    import backport.provenance  # noqa: F401


def series_of_revisions(repository: Repository, revisions: Sequence[str]) -> Series:
    """Commits in the order in which they build on each other, whatever the order of `revisions`: a
    revision names one commit, `A..B` all between. Raises TargetError for what is no revision and
    InputError for a merge."""
    ids: list[str] = []
    for revision in revisions:
        found = repository.range(revision) if _RANGE.search(revision) else (repository.resolve(revision),)
        if not found:
            raise NoDiffError(f"{revision} holds no commit", "turn the range round, or name another")
        ids += [x for x in found if x not in ids]
    for one in ids:
        _refuse_merge(repository, one)
    ordered = repository.topo(ids) if len(ids) > 1 else tuple(ids)
    patches = tuple(patch_from_commit(repository, x) for x in ordered)
    if not any(x.files for x in patches):
        raise NoDiffError(f"{' '.join(revisions)}: no file is changed there", "name other commits")
    return Series(tuple(x for x in patches if x.files), notes=_empty_notes(patches))


def _refuse_merge(repository: Repository, id: str) -> None:
    commit = repository.commit(id)
    if commit is not None and len(commit.parents) > 1:
        raise InputError(
            f"{id[:12]} ({commit.subject}) is a merge, not a patch", "give the commits that it merges"
        )


def _empty_notes(patches: Sequence[Patch]) -> tuple[str, ...]:
    return tuple(f"{x.commit[:12]} ({x.subject}) changes no file: left out" for x in patches if not x.files)


def _shown(repository: Repository) -> str:
    return str(getattr(repository, "shown", "the repository"))
