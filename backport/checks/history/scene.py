"""What the history rules share: which upstream commit a patch is, and the histories that are asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from backport.checks.rule import Context
from backport.errors import BackportError
from backport.git import CommitInfo, Repository, Scratch, process
from backport.history.changes import Changes, FileChanges, Stretch, read_changes
from backport.history.messages import same_title
from backport.history.presence import TargetHistory, likeness
from backport.history.ranges import Range, is_ancestor, merge_bases
from backport.index.commits import CommitIndex, open_commits
from backport.model import BaseKind, Patch

_PARTED = 200_000
"""Commits of upstream since the two trees parted of which the ids are read."""
_BRANCHES = 8
"""Branches among which that with most commits is taken for upstream's."""
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
            return head
        found = branch_with(self.upstream, own)
        self._kept["branch"] = found[0] if found else ""
        return found[1] if found else own

    @property
    def taken_tip(self) -> str:
        """What to say of a tip that was neither named nor is HEAD; "" where there is nothing to say."""
        tip, name = self.tip, self._kept.get("branch")
        if name is None:
            return ""
        own = self.named.id[:12] if self.named else ""
        if not name:
            return f"upstream: HEAD does not have {own}, nor does any branch: what came after it was not looked at"
        return f"upstream: HEAD does not have {own}, so {name} ({tip[:12]}) was looked at, which has it"

    def reaches(self, id: str) -> bool | None:
        """Whether the tip reaches a commit, from what is read anyway; None where that does not say."""
        if self.named is None or not self.base:
            return None
        found = self.after.contains(id)
        if found is not False:
            return found
        one, base = self.scratch.commit(id), self.scratch.commit(self.base)
        later = one is not None and base is not None and when(one) >= when(base)
        return False if later or id == self.named.id else None

    def parted(self, id: str) -> bool | None:
        """Whether a commit is only upstream's, up to the patch: reached from there and not from the target; None
        where that cannot be known, or only at great cost."""
        if not self.base or not self.revision:
            return None
        held = self.index.within([id], self.base, self.revision) if self.index is not None else None
        if held is not None:
            return id in held
        ask = self._once("parted", self._parted)
        return ask(id)

    def _parted(self) -> Callable[[str], bool | None]:
        lines = f"{self.base}\n^{self.revision}\n".encode("ascii")
        done = self.scratch.git("rev-list", f"--max-count={_PARTED + 1}", "--stdin", stdin=lines)
        found = frozenset(done.out.decode("ascii", "replace").split())
        whole = not done.code and len(found) <= _PARTED
        return lambda id: True if id in found else (False if whole else None)

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


def when(commit: CommitInfo) -> float:
    """A commit's date in seconds since 1970; 0 where it cannot be read."""
    try:
        return datetime.fromisoformat(commit.committer_date).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def branch_with(repository: Repository, id: str) -> tuple[str, str] | None:
    """(name, commit) of the branch, else of the tag, that is taken for upstream's: main or master where it has the
    commit, else that with most commits of the newest that have it."""
    form = "--format=%(refname)%00%(objectname)%00%(*objectname)"
    for kinds in (("refs/heads", "refs/remotes"), ("refs/tags",)):
        words = ["for-each-ref", "--sort=refname", "--sort=-committerdate", form, "--contains", id, *kinds]
        done = process.run(words, git_dir=repository.git_dir)
        rows = (
            [x.split("\0") for x in done.out.decode("utf-8", "replace").splitlines()] if not done.code else []
        )
        refs = [(x[0], x[2] or x[1]) for x in rows if len(x) == 3 and not x[0].endswith("/HEAD")]
        named = sorted(x for x in refs if x[0].rpartition("/")[2] in ("main", "master"))
        if named:
            return _short_name(named[0])
        counted = [(-_size(repository, x[1]), x) for x in refs[:_BRANCHES]]
        if counted:
            return _short_name(min(counted)[1])
    return None


def release_tags(repository: Repository) -> list[tuple[str, str]]:
    """(name, commit) of all tags of commits, oldest first."""
    form = "--format=%(refname:strip=2)%00%(objecttype)%00%(objectname)%00%(*objectname)"
    done = process.run(
        ["for-each-ref", "--sort=refname", "--sort=creatordate", form, "refs/tags"],
        git_dir=repository.git_dir,
    )
    rows = [x.split("\0") for x in done.out.decode("utf-8", "replace").splitlines()] if not done.code else []
    return [(x[0], x[3] or x[2]) for x in rows if len(x) == 4 and (x[3] or x[1] == "commit")]


def _short_name(ref: tuple[str, str]) -> tuple[str, str]:
    return ref[0].removeprefix("refs/").removeprefix("heads/").removeprefix("tags/").removeprefix(
        "remotes/"
    ), ref[1]


def _size(repository: Repository, id: str) -> int:
    done = repository.git("rev-list", "--count", id)
    return 0 if done.code else int(done.out)


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
