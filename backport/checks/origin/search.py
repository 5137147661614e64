"""Looking in upstream for the commit that a patch was made from, when its message does not lead there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from backport.checks.origin.changes import lines_of, same_changes
from backport.checks.origin.counterpart import find_commit, tip
from backport.checks.rule import Context
from backport.errors import BackportError
from backport.git import CommitInfo, Repository
from backport.intake import patch_from_commit
from backport.model import Patch
from backport.provenance import read_subject

_WINDOW = timedelta(days=3 * 366)
"""How far from the patch's date a commit is looked for by its subject, before and after."""
_NEAR = timedelta(days=400)
"""The same for a commit without that subject, which takes reading differences."""
_SAME_SUBJECT, _TOUCHING, _DIFFERENCES = 8, 400, 40
"""How many commits are listed, and of how many the change is read."""


@dataclass(frozen=True, slots=True)
class Match:
    """A commit that upstream has, and why it is taken for the one that was meant."""

    commit: CommitInfo
    why: str


def look_for(context: Context) -> Match | None:
    """The commit of upstream that the patch is: by its subject (the same change or author first), else by the
    same change to the same files. None where nothing says so; the work is bounded."""
    return context.once("upstream match", lambda: _look_for(context))


def _look_for(context: Context) -> Match | None:
    upstream, start = context.upstream, tip(context)
    if upstream is None or not start or not context.ground.steps.spend():
        return None
    return _by_subject(context.patch, upstream, start) or _by_change(context, upstream, start)


def _by_subject(patch: Patch, upstream: Repository, start: str) -> Match | None:
    title = read_subject(patch.subject).title
    if len(title) < 6 or title.startswith("Revert"):
        return None
    options = ("--fixed-strings", f"--grep={title}", f"--max-count={_SAME_SUBJECT}")
    found = [x for x in _log(patch, upstream, start, _WINDOW, options) if x.title == title]
    found.sort(key=lambda x: not x.is_by(patch))
    for one in found:
        commit = find_commit(upstream, one.id)
        if commit is None:
            continue
        if _same_change(patch, upstream, one.id):
            return Match(commit, "the same subject and the same change")
        if one.is_by(patch):
            return Match(commit, "the same author and subject")
    only = find_commit(upstream, found[0].id) if len(found) == 1 else None
    return Match(only, "the same subject") if only is not None and _touches(patch, upstream, only) else None


def _by_change(context: Context, upstream: Repository, start: str) -> Match | None:
    """By patch-id, so to speak: the same lines added and removed, in the same files."""
    patch = context.patch
    paths = sorted({p for f in patch.files for p in (f.old_path, f.new_path) if p})
    if not paths or not lines_of(patch):
        return None
    options = (f"--max-count={_TOUCHING}",)
    listed = list(_log(patch, upstream, start, _NEAR, options, paths))
    listed.sort(key=lambda x: not x.is_by(patch))
    for one in listed[:_DIFFERENCES]:
        if not context.ground.steps.spend():
            break
        commit = find_commit(upstream, one.id)
        if commit is not None and _same_change(patch, upstream, one.id):
            return Match(commit, "the same change")
    return None


@dataclass(frozen=True, slots=True)
class _Listed:
    id: str
    name: str
    email: str
    title: str

    def is_by(self, patch: Patch) -> bool:
        author = patch.author
        return bool(author.email and author.email.lower() == self.email.lower()) or bool(
            author.name and author.name.lower() == self.name.lower()
        )


def _log(
    patch: Patch,
    upstream: Repository,
    start: str,
    window: timedelta,
    options: tuple[str, ...],
    paths: list[str] | None = None,
) -> Iterator[_Listed]:
    tail: list[str | bytes] = ["--", *(p.encode("utf-8", "surrogateescape") for p in paths)] if paths else []
    form = "--format=%H%x00%an%x00%ae%x00%s"
    done = upstream.git("log", "--no-merges", form, *options, *_dates(patch, window), start, *tail)
    for line in done.out.decode("utf-8", "replace").splitlines() if not done.code else ():
        parts = line.split("\0")
        if len(parts) == 4:
            yield _Listed(parts[0], parts[1], parts[2], read_subject(parts[3]).title)


def _dates(patch: Patch, window: timedelta) -> tuple[str, ...]:
    """The window around the patch's date: a mail's date is later than its commit's, an author's earlier."""
    try:
        date = datetime.fromisoformat(patch.date)
        first, last = date - window, date + window
    except (ValueError, OverflowError):
        return ()
    return (f"--since={first.isoformat()}", f"--until={last.isoformat()}")


def _same_change(patch: Patch, upstream: Repository, id: str) -> bool:
    try:
        return same_changes(patch, patch_from_commit(upstream, id))
    except BackportError:
        return False


def _touches(patch: Patch, upstream: Repository, commit: CommitInfo) -> bool:
    try:
        theirs = {f.path for f in patch_from_commit(upstream, commit.id).files}
    except BackportError:
        return False
    return bool(theirs & {f.path for f in patch.files})
