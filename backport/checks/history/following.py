"""What came after the patch upstream, and whether the fault that it fixes is in the target."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from backport.checks.history.causes import culprits, needed
from backport.checks.history.scene import Scene, resolved
from backport.git import CommitInfo
from backport.history.after import Later, Relation, applies, later
from backport.history.changes import Changes, read_changes
from backport.history.presence import Standing, State, telling

FEW = 0.1
"""Up to this share of a commit's lines in the target the commit is taken not to be there under another form."""
_MOST = 40
_PREREQUISITES = 8


@dataclass(frozen=True, slots=True)
class Follower:
    """A later commit and what it is to the target: `state` "missing", "present", "not applicable", or
    "in this series"."""

    later: Later
    state: str
    reason: str
    by: str
    changes: Changes

    @property
    def wanting(self) -> bool:
        return self.state == "missing"


def followers(scene: Scene) -> tuple[Follower, ...]:
    """The fixes and reverts of the patch, and the fixes of its prerequisites."""
    return scene.context.once("history followers", lambda: _followers(scene))


def _followers(scene: Scene) -> tuple[Follower, ...]:
    found: dict[str, Later] = {}
    if scene.commit is not None:
        found = {x.commit.id: x for x in later(scene.after, scene.commit.id, scene.commit.subject)}
    for culprit in needed(culprits(scene))[:_PREREQUISITES]:
        for entry in later(scene.since(culprit.commit.id), culprit.commit.id, culprit.commit.subject):
            if entry.commit.id not in (scene.commit.id if scene.commit else "", *scene.series):
                found.setdefault(entry.commit.id, entry)
    listed = list(found.values())[:_MOST]
    changes = read_changes(scene.scratch, [x.commit.id for x in listed])
    scene.target.know(changes)
    return tuple(_judged(scene, x, changes.get(x.commit.id, Changes())) for x in listed)


def _judged(scene: Scene, entry: Later, changes: Changes) -> Follower:
    number = scene.series.get(entry.commit.id, 0)
    if number:
        return Follower(entry, "in this series", entry.how, "", changes)
    standing = scene.target.standing(entry.commit, outside=bool(scene.base))
    if standing.state is State.PRESENT:
        return Follower(entry, "present", _told(standing), standing.by, changes)
    context = scene.context
    why = applies(changes, [context.before_text, context.after_text])
    if why:
        return Follower(entry, "not applicable", why, "", changes)
    reason = entry.how + ("; the target took it back" if standing.state is State.REVERTED else "")
    return Follower(entry, "missing", reason, standing.by, changes)


def _told(standing: Standing) -> str:
    return f"{standing.by[:12]}, {standing.how}" if standing.by else standing.how


def own_reverts(found: Iterable[Follower], commit: str) -> list[Follower]:
    """The reverts of the patch itself."""
    return [x for x in found if x.later.relation is Relation.REVERT and x.later.of == commit]


# --- the fault -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fault:
    """A commit that the patch says it fixes, and whether it, or its lines, are in the target."""

    commit: CommitInfo
    standing: Standing
    stands: int
    lines: int

    @property
    def absent(self) -> bool:
        """Whether the fault cannot be there: not the commit, and hardly any of its lines that the patch's files had."""
        gone = self.standing.state is not State.PRESENT
        return gone and self.lines >= 3 and self.stands <= FEW * self.lines


def faults(scene: Scene) -> tuple[Fault, ...]:
    """The commits that the patch fixes, so far as upstream holds them."""
    return scene.context.once("history faults", lambda: tuple(_faults(scene)))


def _faults(scene: Scene) -> Iterable[Fault]:
    for ref in scene.patch.provenance.fixes:
        commit = resolved(scene.upstream, ref.id)
        if commit is None:
            continue
        if commit.id in scene.series:
            continue
        # What is not upstream's alone the target has from before the two parted: git would walk far to say so.
        apart = scene.parted(commit.id)
        standing = scene.target.standing(commit, outside=bool(apart), inside=apart is False)
        if standing.state is State.PRESENT:
            yield Fault(commit, standing, 0, 0)
            continue
        yield Fault(commit, standing, *_lines(scene, scene.target.changes(commit.id)))


def _lines(scene: Scene, changes: Changes) -> tuple[int, int]:
    """How many of the lines that the faulty commit added, and that the patch's own files still had upstream, stand in
    the target's files; and how many they are."""
    homes = {f.change.old_path: f.target_path or f.change.old_path for f in scene.context.placed.files}
    added = {
        b"".join(x.split())
        for f in changes.files
        for s in f.stretches
        for x in s.added
        if telling(x) and f.new_path
    }
    kept: set[bytes] = set()
    there: set[bytes] = set()
    for path, target in homes.items():
        upstream, here = scene.context.base_text(path), scene.context.before_text(target)
        kept |= added & _keys(upstream)
        there |= _keys(here)
    return len(kept & there), len(kept)


def _keys(data: bytes | None) -> set[bytes]:
    return {b"".join(x.split()) for x in (data or b"").split(b"\n")}
