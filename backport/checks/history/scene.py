"""What the history rules share: which upstream commit a patch is, and the histories that are asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from backport.checks.rule import Context
from backport.errors import BackportError
from backport.git import CommitInfo, Repository, Scratch
from backport.history.changes import Changes, FileChanges, Stretch, read_changes
from backport.history.messages import same_title
from backport.history.presence import TargetHistory, likeness
from backport.history.ranges import Range, is_ancestor, merge_bases
from backport.index.commits import CommitIndex, open_commits
from backport.model import BaseKind, Patch

SAME = 0.999
"""How much of two patches' changed lines is the same where they are one and the same patch."""
Made = TypeVar("Made")


@dataclass(slots=True)
class Scene:
    """One patch on one target with an upstream repository. Everything is found when it is asked for, once."""

    context: Context
    upstream: Repository
    _kept: dict[str, object] = field(default_factory=dict)

    @property
    def patch(self) -> Patch:
        return self.context.patch

    @property
    def scratch(self) -> Scratch:
        return self.context.ground.scratch

    @property
    def revision(self) -> str:
        """The target's commit; "" for a folder."""
        target = self.context.target
        return target.revision if target.repository is not None else ""

    # --- upstream

    @property
    def named(self) -> CommitInfo | None:
        """The upstream commit that this patch is by its ids."""
        return self._once("named", lambda: _named(self.patch, self.upstream))

    @property
    def namesake(self) -> tuple[CommitInfo, float] | None:
        """The upstream commit with the subject and author of a patch that names none, and how much of their changed
        lines is the same."""
        return self._once("namesake", lambda: _namesake(self))

    @property
    def commit(self) -> CommitInfo | None:
        """The upstream commit that this patch is, or became."""
        if self.named is not None:
            return self.named
        return self.namesake[0] if self.namesake else None

    @property
    def base(self) -> str:
        """The upstream commit that the patch was made against; "" where that is not known."""
        base = self.context.base.base
        known = base.kind in (BaseKind.COMMIT, BaseKind.BASE_COMMIT) and base.commit
        return base.commit if known and self.upstream.has(base.commit) else ""

    @property
    def tip(self) -> str:
        """Up to where upstream is looked at: what was named, else the head of its branch if that is ahead."""
        return self._once("tip", self._tip)

    def _tip(self) -> str:
        asked = self.context.asked.revision
        if asked:
            return asked
        own = self.named.id if self.named else ""
        head = self.upstream.head()
        if not own or not head or head == own:
            return head or own
        ahead = self._range_to(head)
        inside = ahead.contains(own)
        if inside is None:
            inside = is_ancestor(self.scratch, own, head)
        if inside:
            self._kept["after"] = ahead
        return head if inside else own

    @property
    def index(self) -> CommitIndex | None:
        return self._once("index", lambda: open_commits(self.upstream, self.context.asked.cache))

    @property
    def after(self) -> Range:
        """What came after the patch upstream (for a patch that is no commit: all of upstream)."""
        return self._once("after", self._after)

    def _after(self) -> Range:
        tip = self.tip
        kept = self._kept.get("after")  # found on the way to the tip
        return kept if isinstance(kept, Range) else self._range_to(tip)

    def _range_to(self, tip: str) -> Range:
        """What came up to `tip` since the start of this series (for a patch that is no commit: all)."""
        if self.named is None:
            return Range(self.upstream, tip, (), self.index)
        first = next((p.parent for p in self.context.preceding if p.parent), "") or self.base
        start = first if first and self.upstream.has(first) else ""
        return Range(self.upstream, tip, (start,) if start else (), self.index)

    def since(self, commit: str) -> Range:
        """What came after an older commit upstream."""
        return self._once(f"since {commit}", lambda: Range(self.upstream, self.tip, (commit,), self.index))

    # --- the target

    @property
    def apart(self) -> tuple[str, ...]:
        """The commits at which upstream and the target part; () for a folder and for unrelated histories."""
        return self._once("apart", self._apart)

    def _apart(self) -> tuple[str, ...]:
        other = self.base or (self.named.id if self.named else "") or self.tip
        return merge_bases(self.scratch, self.revision, other) if self.revision and other else ()

    @property
    def target(self) -> TargetHistory:
        return self._once("target", self._target)

    def _target(self) -> TargetHistory:
        repository, revision = self.context.target.repository, self.revision
        own: Range | None = None
        if repository is not None and revision:
            first = next((p.parent for p in self.context.preceding if p.parent), "") or self.base
            other = first or (self.named.id if self.named else "") or self.tip
            exclude = (other,) if repository.has(other) else self.apart
            index = open_commits(repository, self.context.asked.cache)
            own = Range(repository, revision, exclude, index)
        return TargetHistory(self.scratch, revision, own, self.context.before_text)

    # --- the patch itself

    @property
    def changes(self) -> Changes:
        """What the patch changes, in the form of a commit's."""
        return self._once("changes", lambda: patch_changes(self.patch))

    @property
    def series(self) -> dict[str, int]:
        """The commits of this series that come before the patch -> their number in it."""
        listed = enumerate(self.context.preceding, 1)
        return {p.commit: n for n, p in listed if p.commit}

    def _once(self, key: str, make: Callable[[], Made]) -> Made:
        if key not in self._kept:
            self._kept[key] = make()
        return self._kept[key]  # type: ignore[return-value]


def scene_of(context: Context) -> Scene:
    """The scene of a context whose upstream is at hand."""
    assert context.upstream is not None
    upstream = context.upstream
    return context.once("history scene", lambda: Scene(context, upstream))


def resolved(repository: Repository, id: str) -> CommitInfo | None:
    """The commit that a full or abbreviated id means; None for none."""
    if len(id) >= 40:
        return repository.commit(id)
    try:
        return repository.commit(repository.resolve(id))
    except BackportError:
        return None


def _named(patch: Patch, upstream: Repository) -> CommitInfo | None:
    found = upstream.commit(patch.commit) if patch.commit else None
    for named in patch.provenance.upstream:
        # A commit that says where it comes from is a backport itself: what it names is the upstream commit.
        origin = resolved(upstream, named.id)
        if origin is not None and (named.certain or found is None):
            return origin
    return found


def _namesake(scene: Scene) -> tuple[CommitInfo, float] | None:
    patch = scene.patch
    if scene.named is not None or not patch.subject or not scene.tip:
        return None
    people = {patch.author.name.lower(), patch.author.email.lower()} - {""}
    whole = Range(scene.upstream, scene.tip, (), scene.index)
    same = [
        x
        for x in whole.titled(patch.subject)
        if same_title(x.subject, patch.subject) and {x.author.name.lower(), x.author.email.lower()} & people
    ]
    changes = read_changes(scene.scratch, [x.id for x in same])
    likes = [(x, likeness(scene.changes, changes[x.id])) for x in same if x.id in changes]
    return max(likes, key=lambda x: x[1]) if likes else None


def patch_changes(patch: Patch) -> Changes:
    """The added and removed lines of a patch, a stretch for each hunk."""
    return Changes(
        tuple(
            FileChanges(
                f.old_path,
                f.new_path,
                tuple(Stretch(h.old_start, h.removed, h.new_start, h.added, h.section) for h in f.hunks),
            )
            for f in patch.files
        )
    )
