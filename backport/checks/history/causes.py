"""The culprits: upstream commits that changed the lines of hunks that do not land, or brought names that they need."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from backport.checks.history.blamed import blamed
from backport.checks.history.scene import Scene
from backport.csource import language
from backport.git import CommitInfo
from backport.history.changes import Changes, path_log, read_changes
from backport.history.culprits import Judged, Kind, Patched, Touch, differing, identifiers, judge, prose
from backport.history.lines import Point, Written, nearest
from backport.history.presence import Standing, State, telling
from backport.model import FileChange, Hunk, Placement, PlacementKind, Region, RegionKind
from backport.placement import FilePlacement
from backport.tree import File

MOST = 12
"""Culprits of one patch that are judged; those with most lines come first."""
_LOG = 150
_NAMES = 60
_CODE = frozenset({"c", "c++", "asm", "rust"})
"""Languages whose words are names: prose has none."""


@dataclass(frozen=True, slots=True)
class Culprit:
    """An upstream commit, what it has to do with the patch, what it is to it, and whether the target has it. `patch`
    is its number where it comes earlier in the same series (0: it does not)."""

    commit: CommitInfo
    touches: tuple[Touch, ...]
    judged: Judged
    standing: Standing
    changes: Changes
    patch: int = 0

    @property
    def hunks(self) -> tuple[int, ...]:
        return tuple(sorted({t.hunk for t in self.touches}))

    @property
    def wanting(self) -> bool:
        """Whether the target has it not, and nor does the series."""
        return self.standing.state is not State.PRESENT and not self.patch


def culprits(scene: Scene) -> tuple[Culprit, ...]:
    """The culprits that the target does not have, in upstream's order, oldest first."""
    return scene.context.once("history culprits", lambda: _culprits(scene))


def _culprits(scene: Scene) -> tuple[Culprit, ...]:
    if not scene.base:
        return ()
    touches: dict[str, list[Touch]] = {}
    for commit, touch in _touches(scene):
        touches.setdefault(commit, []).append(touch)
    if not touches:
        return ()
    ranked = sorted(touches, key=lambda c: (-_weight(touches[c]), c))[:MOST]
    changes = read_changes(scene.scratch, ranked)
    scene.target.know(changes)
    patched = _patched(scene)
    found = [
        x
        for id in scene.upstream.topo([c for c in ranked if c in changes])
        if (x := _judged(scene, id, touches[id], changes[id], patched)) is not None
    ]
    return tuple(found)


def _weight(touches: Sequence[Touch]) -> int:
    return sum(len(t.wrote) + len(t.removed) + 5 * len(t.names) for t in touches)


def _judged(
    scene: Scene, id: str, touches: Sequence[Touch], changes: Changes, patched: Patched
) -> Culprit | None:
    commit = scene.upstream.commit(id)
    if commit is None:
        return None
    standing = scene.target.standing(commit, outside=bool(scene.apart))
    if standing.state is State.PRESENT:
        return None
    judged = judge(changes, touches, patched, lambda name, path, near: has(scene, name, path, near))
    return Culprit(commit, tuple(touches), judged, standing, changes, scene.series.get(id, 0))


# --- which commits have to do with which hunk ------------------------------------------------------


def failing(file: FilePlacement) -> list[tuple[Hunk, Placement]]:
    """The hunks of a file that do not land."""
    hunks = {h.number: h for h in file.change.hunks}
    bad = (PlacementKind.CONFLICT, PlacementKind.ABSENT)
    return [(hunks[p.hunk], p) for p in file.placements if p.kind in bad]


def _touches(scene: Scene) -> Iterator[tuple[str, Touch]]:
    for file in scene.context.placed.files:
        stuck = failing(file)
        if stuck and file.change.old_path and scene.context.ground.steps.spend():
            yield from _of_file(scene, file, stuck)
    yield from _of_names(scene)


def _of_file(
    scene: Scene, file: FilePlacement, stuck: Sequence[tuple[Hunk, Placement]]
) -> Iterator[tuple[str, Touch]]:
    path = file.change.old_path
    exclude = exclusion(scene, path)
    if exclude is None:
        return
    ranges = [(max(1, h.old_start), max(1, h.old_start + max(h.old_count, 1) - 1)) for h, _ in stuck]
    lines = (n for first, last in ranges for n in range(first, last + 1))
    written = blamed(scene, path, exclude).wrote(lines)
    own = set((scene.context.base_text(path) or b"").split(b"\n"))
    gone: dict[int, set[bytes]] = {}
    for (hunk, placement), (first, last) in zip(stuck, ranges, strict=True):
        there = _standing(scene, placement)
        yield from _wrote(hunk.number, path, [w for w in written if first <= w.line <= last], there)
        gone[hunk.number] = {x for x in _found(scene, placement) if telling(x) and x not in own}
    if any(gone.values()):
        yield from _removed(scene, path, exclude, gone)


def exclusion(scene: Scene, path: str) -> tuple[str, ...] | None:
    """What the target has of upstream's history, by commits, or for one file by its content; None: unknown."""
    if scene.apart:
        return (scene.revision,)
    point = nearest_point(scene, path)
    return (point.commit,) if point is not None else None


def nearest_point(scene: Scene, path: str) -> Point | None:
    """Where upstream's history of a file comes nearest to the target's."""

    def find() -> Point | None:
        entry = scene.context.ground.entry(path)
        if not isinstance(entry, File):
            return None
        return nearest(scene.scratch, scene.base, path, entry.data, entry.id)

    return scene.context.once(("history nearest", path), find)


def _standing(scene: Scene, placement: Placement) -> set[bytes]:
    """The target's lines around a hunk: those of the function, else all of its file's."""
    if placement.texts is not None and placement.texts.target is not None:
        return set(placement.texts.target.text.split(b"\n"))
    data = scene.context.before_text(placement.target_path) if placement.target_path else None
    return set((data or b"").split(b"\n"))


def _found(scene: Scene, placement: Placement) -> Iterator[bytes]:
    """The target's lines that stand where a hunk expects others."""
    for difference in placement.differences:
        yield from difference.found


def _wrote(
    hunk: int, path: str, written: Sequence[Written], there: set[bytes]
) -> Iterator[tuple[str, Touch]]:
    by: dict[str, list[tuple[int, bytes]]] = {}
    for line in written:
        by.setdefault(line.commit, []).append((line.line, line.text))
    for commit, lines in by.items():
        wrote = differing(lines, there)
        if wrote:
            yield commit, Touch(hunk, path, tuple(wrote))


def _removed(
    scene: Scene, path: str, exclude: Sequence[str], gone: Mapping[int, set[bytes]]
) -> Iterator[tuple[str, Touch]]:
    """The commits that took out of the file, upstream, what stands in the target at a hunk."""
    left = {text for lines in gone.values() for text in lines}
    for commit, changes in path_log(scene.scratch, scene.base, exclude, path, _LOG).items():
        taken = left & set(changes.removed)
        taken -= set(changes.added)
        left -= taken
        for hunk, lines in gone.items():
            if taken & lines:
                yield commit, Touch(hunk, path, (), tuple(sorted(taken & lines)))


# --- names -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wanted:
    """A name that a hunk uses and the target has not, and the line of upstream's tree that makes it. `local` marks one
    that is declared within a function: whoever writes the patch can do without."""

    name: str
    hunk: int
    path: str
    line: int
    local: bool = False


def wanted(scene: Scene) -> tuple[Wanted, ...]:
    """The names that the patch needs and does not find in the target, as the rules on names know them."""
    return scene.context.once("history wanted", lambda: tuple(_wanted(scene)))


def _wanted(scene: Scene) -> Iterator[Wanted]:
    from backport.checks.names.members import missing_members
    from backport.checks.names.missing import missing_names
    from backport.checks.names.worlds import worlds
    from backport.csource.uses_scope import PARAMETER

    if not scene.context.base.tree:
        return
    known = worlds(scene.context)
    for missing in missing_names(known):
        hunk = missing.uses[0].hunk
        if missing.local is not None:
            inner = missing.local.kind != PARAMETER
            yield Wanted(missing.name, hunk, missing.judged.up_path, missing.local.line, inner)
        elif missing.defined:
            yield Wanted(missing.name, hunk, missing.defined[0].path, missing.defined[0].definition.line)
    for member in missing_members(known):
        if member.defined:
            place = member.defined[0]
            yield Wanted(member.name, member.uses[0].hunk, place.path, place.definition.line)


def _of_names(scene: Scene) -> Iterator[tuple[str, Touch]]:
    """The commits that wrote the lines which make these names upstream."""
    by_path: dict[str, list[tuple[int, Wanted]]] = {}
    for want in wanted(scene)[:_NAMES]:
        line = _line_before(scene, want.path, want.line)
        if line:
            by_path.setdefault(want.path, []).append((line, want))
    for path, wants in by_path.items():
        exclude = exclusion(scene, path)
        if exclude is None:
            continue
        for written in blamed(scene, path, exclude).wrote(line for line, _ in wants):
            for line, want in wants:
                if line == written.line:
                    text = ((written.line, written.text),)
                    names = () if want.local else (want.name.encode(),)
                    yield written.commit, Touch(want.hunk, path, text, (), names)


def _line_before(scene: Scene, path: str, line: int) -> int:
    """Where a line of upstream's tree with the patch stands without it: the nearest equal line; 0 for none."""
    after = (scene.context.upstream_text(path) or b"").split(b"\n")
    before = (scene.context.base_text(path) or b"").split(b"\n")
    if not 1 <= line <= len(after):
        return 0
    text = after[line - 1]
    return min((n for n, x in enumerate(before, 1) if x == text), key=lambda n: abs(n - line), default=0)


_WORD = re.compile(rb"[A-Za-z_]\w*")


def _added(change: FileChange) -> Iterable[bytes]:
    return (line for hunk in change.hunks for line in hunk.added)


# --- what the judgement asks -----------------------------------------------------------------------


def _patched(scene: Scene) -> Patched:
    uses: dict[str, frozenset[bytes]] = {}
    absent: set[str] = set()
    for file in scene.context.placed.files:
        stuck = failing(file)
        path = file.change.old_path
        used = identifiers(_added(file.change)) if language(file.change.path) in _CODE else frozenset()
        uses[path] = uses.get(path, frozenset()) | used
        for _, placement in stuck:
            if placement.kind is PlacementKind.ABSENT:
                absent |= {r.label() for r in placement.functions if _is_function(r)}
                if path and not prose(path) and scene.context.before_text(path) is None:
                    absent.add(path)
    own: frozenset[bytes] = frozenset().union(*(_words(scene, _home(scene, path)) for path in uses))
    return Patched(uses, frozenset(absent), lambda path: _words(scene, _home(scene, path)) or own)


def _home(scene: Scene, path: str) -> str:
    """Where the target has a file of the patch; for any other the path itself."""
    files = {f.change.old_path: f.target_path for f in scene.context.placed.files}
    return files.get(path) or path


def _is_function(region: Region) -> bool:
    return region.kind is RegionKind.FUNCTION


def has(scene: Scene, name: bytes, path: str, near: bool) -> bool:
    """Whether the target has a name, or the patch can do without. It has not what the rules on names miss: functions,
    macros, types, members, parameters. Of all else it is not known, and so not said."""
    if name in _words(scene, _home(scene, path)):
        return True
    text = name.decode("ascii", "replace")
    return not any(text == want.name and not want.local for want in wanted(scene))


def _words(scene: Scene, path: str) -> frozenset[bytes]:
    return scene.context.once(
        ("history words", path), lambda: frozenset(_WORD.findall(scene.context.before_text(path) or b""))
    )


def needed(found: Sequence[Culprit]) -> list[Culprit]:
    """Those that are prerequisites and not there."""
    return [x for x in found if x.judged.kind is Kind.PREREQUISITE and x.wanting]
