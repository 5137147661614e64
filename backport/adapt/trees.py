"""A patch with its whole trees on a target's tree: git merges them, and what it leaves is adapted file by file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from backport.adapt.follow import Found, changed_names, homes
from backport.adapt.functions import merge_functions
from backport.adapt.learned import Learned
from backport.adapt.leaving import absent_items, without
from backport.adapt.names import Drift, drifted, prefixed, renamed
from backport.adapt.regions import rows
from backport.adapt.share import as_accepted, changed_here, changed_upstream, doubted
from backport.adapt.texts import FileMerge, FileTexts, adapt_texts, by_functions
from backport.adapt.values import Action, Confidence, FileProposal, Piece, Refusal, Step
from backport.adapt.words import words_of
from backport.csource import RegionMap, region_map
from backport.git import ConflictedFile, ConflictKind, DiffHunk, Merge, Scratch
from backport.git.merging import changed_paths
from backport.model import ChangeKind, FileChange, Hunk
from backport.tree import Tree

if TYPE_CHECKING:
    from backport.adapt.rewrites import Rewrite

_ABSENT = (ConflictKind.MODIFY_DELETE, ConflictKind.RENAME_DELETE)


@dataclass(frozen=True, slots=True)
class Trees:
    """The ids of the patch's tree before and after, and of the target's, in `scratch`; `target` reads the last."""

    scratch: Scratch
    base: str
    result: str
    onto: str
    target: Tree


@dataclass(frozen=True, slots=True)
class AdaptedTrees:
    """The files that were adapted or refused, and the target's tree with all that git merged and all that was
    accepted."""

    files: tuple[FileProposal, ...]
    tree: str
    merge: Merge


def adapt_trees(
    trees: Trees, changes: Sequence[FileChange], least: Confidence, rewrites: Sequence[Rewrite] = ()
) -> AdaptedTrees:
    """The files of a patch that git does not merge, or merges with names that the target does not have. `rewrites` are
    learned from earlier backports."""
    run = _Run(trees, changes, Learned(trees.target, rewrites))
    files = tuple(run.run())
    tree = run.tree(files, least)
    kept = _changed(trees, run.tree(files, Confidence.GUESS))
    surer = doubted(files, kept, changed_upstream(changes))
    tree = tree if surer == files else run.tree(surer, least)
    return AdaptedTrees(tuple(as_accepted(f, least) for f in surer), tree, run.merge)


def _changed(trees: Trees, tree: str) -> int:
    """The lines in which the adapted tree differs from the target."""
    scratch = trees.scratch
    pairs: dict[str, tuple[bytes, bytes]] = {}
    for path in changed_paths(scratch, trees.onto, tree):
        entries = (scratch.entry(t, path) for t in (trees.onto, tree))
        before, after = ((scratch.blob(e.id) if e else None) or b"" for e in entries)
        pairs[path] = (before, after)
    return changed_here(pairs, scratch.diff_many(pairs))


@dataclass(slots=True)
class _Run:
    trees: Trees
    changes: Sequence[FileChange]
    learned: Learned
    merge: Merge = field(init=False)
    taken: dict[str, bytes] = field(default_factory=dict)
    """Files of the target as the proposals so far leave them: two files of the patch may end up in one."""

    def run(self) -> Iterator[FileProposal]:
        t = self.trees
        self.merge = t.scratch.merge(t.base, t.onto, t.result, style="diff3")
        conflicts = {c.path: c for c in self.merge.files}
        claimed = {c.path: self._conflict(c, conflicts) for c in self.changes}
        files = {c.path: self._texts(c, claimed[c.path]) for c in self.changes}
        drift = self._drift([x for x in files.values() if x is not None])
        absent = []
        for change in self.changes:
            conflict, texts = claimed[change.path], files[change.path]
            if conflict is None:
                if texts is not None:
                    yield from self._keep(self._clean(change, texts, drift))
                elif not self._known_text(change):
                    yield _without_base(change)
            elif conflict.kind in _ABSENT:
                absent.append(change)
            elif conflict.kind is ConflictKind.CONTENT and texts is not None:
                yield from self._keep([self._content(change, conflict, texts, drift)])
            else:
                yield self._otherwise(change, conflict)
        for change in absent:
            yield from self._keep(self._follow(change))
        known = {c.path for c in claimed.values() if c is not None}
        for path in sorted(conflicts.keys() - known):
            yield self._otherwise(replace(self.changes[0], old_path=path, new_path=path), conflicts[path])

    def _conflict(self, change: FileChange, conflicts: Mapping[str, ConflictedFile]) -> ConflictedFile | None:
        """git's conflict of a file, which it may know by the name that the target has for it."""
        places = (change.new_path, change.old_path, self.merge.renames.get(change.old_path, ""))
        return next((conflicts[p] for p in places if p in conflicts), None)

    def _known_text(self, change: FileChange) -> bool:
        """Whether the file stands in one of the patch's trees: of a patch that is but hunks, only what could be laid
        on the target does."""
        sides = ((self.trees.base, change.old_path), (self.trees.result, change.new_path))
        return any(path and self.trees.scratch.entry(tree, path) is not None for tree, path in sides)

    def _keep(self, files: Iterable[FileProposal]) -> Iterator[FileProposal]:
        for file in files:
            if file.after is not None:
                self.taken[file.path] = file.after
            yield file

    def tree(self, files: Sequence[FileProposal], least: Confidence) -> str:
        return laid(self.trees, self.merge, files, least)

    # --- texts

    def _texts(self, change: FileChange, conflict: ConflictedFile | None) -> FileTexts | None:
        """The three texts of a file that both sides changed; None for all else."""
        scratch = self.trees.scratch
        if conflict is not None:
            if conflict.kind is not ConflictKind.CONTENT or not (
                conflict.base and conflict.ours and conflict.theirs
            ):
                return None
            sides = [scratch.blob(e.id) for e in (conflict.base, conflict.ours, conflict.theirs)]
        else:
            if change.kind is ChangeKind.DELETE or not change.hunks or not change.old_path:
                return None
            path = self.merge.renames.get(change.old_path, change.old_path)
            places = [
                (self.trees.base, change.old_path),
                (self.trees.onto, path),
                (self.trees.result, change.new_path),
            ]
            entries = [scratch.entry(tree, p) for tree, p in places]
            sides = [scratch.blob(e.id) if e else None for e in entries]
        base, ours, theirs = sides
        if base is None or ours is None or theirs is None or b"\0" in base[:8000] + ours[:8000]:
            return None
        path = conflict.path if conflict is not None else path
        return FileTexts(path, base, ours, theirs, change.hunks)

    def _drift(self, files: Sequence[FileTexts]) -> Drift:
        """The target's names, from all files of the patch together."""
        pairs = {str(n): (f.base, f.target) for n, f in enumerate(files)}
        found = self.trees.scratch.diff_many(pairs)
        texts = [(f.base, f.target, found[str(n)]) for n, f in enumerate(files)]
        return replace(self._known(drifted(texts), files), absent=absent_items(texts))

    def _known(self, drift: Drift, files: Sequence[FileTexts]) -> Drift:
        """The drift with the names that a prefix changes, where the target has these and not the ones of upstream."""
        brought = {
            w.text for f in files for w in set(words_of(f.upstream).words) - set(words_of(f.base).words)
        }
        found = prefixed(sorted(brought), drift)
        if not found:
            return Drift(drift.names, {})
        words = re.compile(rb"\w+")
        there: set[bytes] = set()
        for match in self.trees.target.search(sorted({*found, *found.values()})):
            there.update(words.findall(match.text))
        names = {(b"", old): (new, 1) for old, new in found.items() if new in there and old not in there}
        return Drift({**names, **drift.names}, {})

    def _translated(
        self, texts: FileTexts, drift: Drift
    ) -> tuple[FileTexts, tuple[Step, ...], tuple[str, ...]]:
        """The patch's two texts as they would stand in the target's tree: without what it lacks, in its names; with
        what was done, and the names that were left out."""
        steps: list[Step] = []
        added = {w.text for h in texts.hunks for line in h.added for w in words_of(line).words}
        base, _ = without(texts.base, drift.absent & added)
        upstream, left_out = without(texts.upstream, drift.absent & added)
        if left_out:
            steps.append(Step("left-out", f"without {', '.join(left_out)}, which the target does not have"))
            texts = replace(texts, base=base, upstream=upstream)
        base, _ = renamed(texts.base, drift)
        upstream, _ = renamed(texts.upstream, drift)
        used = _brought(texts, base, upstream)
        if used:
            put = ", ".join(f"{new} for {old}" for old, new in used[:4])
            steps.append(Step("names", f"in the target's names: {put}"))
            texts = replace(texts, base=base, upstream=upstream)
        base, upstream, said = self.learned.both(texts)
        if said:
            steps.append(Step("learned", f"as earlier backports of this branch write it: {said}"))
            texts = replace(texts, base=base, upstream=upstream)
        return texts, tuple(steps), left_out

    # --- files

    def _content(
        self, change: FileChange, conflict: ConflictedFile, texts: FileTexts, drift: Drift
    ) -> FileProposal:
        other, steps, left_out = self._translated(texts, drift)
        merge = adapt_texts(other, self.trees.scratch)
        if steps:
            merge = self._with_steps(texts, merge, steps, left_out)
        mode = conflict.ours.mode if conflict.ours else "100644"
        return proposal(change, texts.path, texts.target, merge, mode)

    def _with_steps(
        self, texts: FileTexts, merge: FileMerge, steps: tuple[Step, ...], left_out: tuple[str, ...]
    ) -> FileMerge:
        """A file that was merged in other words. What merged cleanly because of them is a piece too."""
        if not merge.pieces:
            return pieces_between(texts, merge.merged(Confidence.GUESS), steps, left_out, self.trees.scratch)
        said = "; ".join(s.said for s in steps)
        return merge.with_pieces(
            tuple(
                replace(
                    p,
                    why=f"{p.why}; {said}",
                    trace=(*steps, *p.trace),
                    left_out=left_out,
                    confidence=Confidence.LIKELY if p.confidence is Confidence.CERTAIN else p.confidence,
                )
                for p in merge.pieces
            )
        )

    def _clean(self, change: FileChange, texts: FileTexts, drift: Drift) -> Iterator[FileProposal]:
        """A file that git merges: adapted where upstream's lines use what the target calls otherwise, or lacks."""
        other, steps, left_out = self._translated(texts, drift)
        if not steps:
            return
        merge = adapt_texts(other, self.trees.scratch)
        if merge.pieces:
            return  # In other words it conflicts: git's own merge stands, and the checks say what is missing.
        entry = self.trees.scratch.entry(self.merge.tree, texts.path)
        merged = self.trees.scratch.blob(entry.id) if entry else None
        result = merge.merged(Confidence.GUESS)
        if entry is None or merged is None or merged == result:
            return
        whole = pieces_between(replace(texts, target=merged), result, steps, left_out, self.trees.scratch)
        yield proposal(change, texts.path, texts.target, whole, entry.mode)

    def _follow(self, change: FileChange) -> Iterator[FileProposal]:
        """A file that the target does not have: its functions may stand in another one."""
        scratch = self.trees.scratch
        old = scratch.entry(self.trees.base, change.old_path)
        new = scratch.entry(self.trees.result, change.new_path)
        base, upstream = (scratch.blob(e.id) if e else None for e in (old, new))
        if base is None or upstream is None or b"\0" in base[:8000]:
            yield _refused(change, Refusal.NOT_TEXT, "the target has no such file, and it is not text")
            return
        names = changed_names(change.path, base, upstream)
        found = homes(self.trees.target, change.path, names)
        if not found:
            yield _dropped(change, names)
            return
        left = set(names)
        for home in found:
            if not home.names & left:
                continue
            target = self._now(home)
            texts = FileTexts(home.path, base, target, upstream, change.hunks)
            pairs = {"": (base, target)}
            own = drifted([(base, target, scratch.diff_many(pairs)[""])])
            other, _, _ = self._translated(texts, self._known(own, [texts]))
            yield self._at_home(change, other, home, left)
            left -= home.names
            if not left:
                break

    def _now(self, home: Found) -> bytes:
        """A file of the target with what the patch did to it so far."""
        if home.path in self.taken:
            return self.taken[home.path]
        entry = self.trees.scratch.entry(self.merge.tree, home.path)
        data = self.trees.scratch.blob(entry.id) if entry else None
        return data if data is not None else home.data

    def _at_home(self, change: FileChange, texts: FileTexts, home: Found, left: set[str]) -> FileProposal:
        merge = by_functions(texts, merge_functions(texts.path, texts.base, texts.target, texts.upstream))
        made = proposal(change, home.path, home.data, merge, self.trees.target.mode(home.path) or "100644")
        said = f"the target has {', '.join(sorted(home.names & left)[:3])} in {home.path}"
        return replace(
            made, why=said, confidence=Confidence.LIKELY, trace=(Step("followed", said), *made.trace)
        )

    def _otherwise(self, change: FileChange, conflict: ConflictedFile) -> FileProposal:
        if conflict.kind is ConflictKind.DELETE_MODIFY:
            return _refused(change, Refusal.BOTH_CHANGED, "the patch deletes a file that the target changed")
        if conflict.kind in (ConflictKind.ADD_ADD, ConflictKind.RENAME_ADD):
            return _refused(change, Refusal.BOTH_CHANGED, "the target has another file of that name")
        return _refused(change, Refusal.NOT_TEXT, f"git cannot merge it ({conflict.kind})")


def laid(trees: Trees, merge: Merge, files: Sequence[FileProposal], least: Confidence) -> str:
    """The target's tree with what git merged, and each adapted file as far as it is accepted."""
    scratch = trees.scratch
    changes: dict[str, tuple[str, str] | None] = {}
    for conflict in merge.files:
        ours = scratch.entry(trees.onto, conflict.path)
        changes[conflict.path] = (ours.mode, ours.id) if ours else None
    for file in files:
        if file.merge is not None and (file.confidence is None or file.confidence.reaches(least)):
            changes[file.path] = (file.mode, scratch.write_blob(file.merge.merged(least)))
    return scratch.write_tree(merge.tree, changes) if changes else merge.tree


def proposal(change: FileChange, path: str, before: bytes, merge: FileMerge, mode: str) -> FileProposal:
    """A file of which git merged a part, and the pieces are proposed."""
    least = Confidence.LIKELY
    renames = change.kind is ChangeKind.RENAME and path == change.new_path
    return FileProposal(
        change,
        path,
        Action.RENAME if renames else Action.EDIT,
        before,
        merge.merged(least),
        merge.marked(least),
        mode,
        merge.pieces,
        merge=merge,
    )


def _dropped(change: FileChange, names: Iterable[str]) -> FileProposal:
    listed = ", ".join(sorted(names)[:3])
    said = f"the target has no {change.old_path}" + (f", and nowhere {listed}" if listed else "")
    return FileProposal(
        change,
        "",
        Action.DROP,
        None,
        None,
        None,
        confidence=Confidence.LIKELY,
        why=f"{said}: the change to it is left out",
        trace=(Step("dropped", said),),
    )


def _refused(change: FileChange, refusal: Refusal, why: str) -> FileProposal:
    return FileProposal(change, change.path, Action.EDIT, None, None, None, refusal=refusal, why=why)


def _without_base(change: FileChange) -> FileProposal:
    if change.binary is not None:
        return _refused(
            change, Refusal.NOT_TEXT, "it is not text, and the file it was made against is not at hand"
        )
    said = f"the target has no {change.path}, and the text that the patch was made against is not at hand"
    return _refused(change, Refusal.NO_BASE, said)


def _brought(texts: FileTexts, base: bytes, upstream: bytes) -> tuple[tuple[str, str], ...]:
    """The names that were put for others in words that upstream's side has more often than the base."""
    before = _pairs(texts.base, base)
    after = _pairs(texts.upstream, upstream)
    return tuple(pair for pair in after if after[pair] > before.get(pair, 0))


def _pairs(one: bytes, other: bytes) -> Mapping[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for a, b in zip(words_of(one).words, words_of(other).words, strict=True):
        if a.text != b.text:
            pair = (a.text.decode("latin-1"), b.text.decode("latin-1"))
            found[pair] = found.get(pair, 0) + 1
    return found


def pieces_between(
    texts: FileTexts, result: bytes, steps: tuple[Step, ...], left_out: tuple[str, ...], scratch: Scratch
) -> FileMerge:
    """What a result has otherwise than `texts.target`, as pieces, one for each stretch of lines."""
    lines, others = texts.target.split(b"\n"), result.split(b"\n")
    regions = region_map(texts.path, result)
    parts: list[bytes | Piece] = []
    at = 0
    for hunk in _joined(scratch.diff(texts.target, result)):
        first = hunk.old_start - (1 if hunk.old_count else 0)
        start = hunk.new_start - (1 if hunk.new_count else 0)
        parts.append(rows(lines[at:first]))
        at = first + hunk.old_count
        parts.append(
            Piece(
                texts.path,
                _label(regions, start + 1, hunk.new_count),
                _touched(texts.hunks, [*lines[first:at], *others[start : start + hunk.new_count]]),
                first + 1,
                b"",
                b"",
                rows(lines[first:at]),
                rows(others[start : start + hunk.new_count]),
                Confidence.LIKELY,
                why="; ".join(s.said for s in steps),
                trace=steps,
                left_out=left_out,
            )
        )
    parts.append(rows(lines[at:]))
    return FileMerge(tuple(parts))


_APART = 4
"""Lines between two changes, from which on they are two pieces."""


def _joined(hunks: Sequence[DiffHunk]) -> Iterator[DiffHunk]:
    """Hunks without context, those together that stand close to each other."""
    group: list[DiffHunk] = []
    for hunk in hunks:
        if group and _first(hunk) - _last(group[-1]) > _APART:
            yield _one(group)
            group = []
        group.append(hunk)
    if group:
        yield _one(group)


def _first(hunk: DiffHunk) -> int:
    return hunk.old_start - (1 if hunk.old_count else 0)


def _last(hunk: DiffHunk) -> int:
    return _first(hunk) + hunk.old_count


def _one(group: Sequence[DiffHunk]) -> DiffHunk:
    """One hunk over several."""
    if len(group) == 1:
        return group[0]
    first, start = _first(group[0]), group[0].new_start - (1 if group[0].new_count else 0)
    old = _last(group[-1]) - first
    new = group[-1].new_start - (1 if group[-1].new_count else 0) + group[-1].new_count - start
    return group[0]._replace(
        old_start=first + bool(old), old_count=old, new_start=start + bool(new), new_count=new
    )


def _label(regions: RegionMap, first: int, count: int) -> str:
    found = regions.over(range(first, first + max(count, 1)))
    return found[0].label() if found else ""


def _touched(hunks: Sequence[Hunk], lines: Sequence[bytes]) -> tuple[int, ...]:
    """The patch's hunks that change one of the lines, or one that has most of its words."""
    known = [{w.text for w in words_of(x).words} for x in lines if x.strip()]
    return tuple(
        h.number
        for h in hunks
        if any(_alike({w.text for w in words_of(x).words}, k) for x in (*h.added, *h.removed) for k in known)
    )


def _alike(one: set[bytes], other: set[bytes]) -> bool:
    return len(one) > 2 and len(one & other) * 4 >= 3 * max(len(one), len(other))
