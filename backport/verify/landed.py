"""A series on a target as it would stand there: what each patch changes, and which of its lines a line is of."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from backport.checks import Asked, Context, run_rules
from backport.checks.guards import RULES as GUARDS
from backport.engine.assemble import HunkIds, patch_report, placed_file
from backport.engine.state import TargetState
from backport.engine.verdicts import patch_verdict
from backport.git import Repository, Scratch
from backport.index import Lookups
from backport.model import Finding, Hunk, LineKind, Patch, PatchReport, Series, Verdict
from backport.placement import FilePlacement, find_base, place_patch
from backport.placement.ground import Steps
from backport.settings import Settings
from backport.tree import Absent, File, GitTree, OverlayTree, Target, Tree

_UNLIMITED = 1 << 60


@dataclass(frozen=True, slots=True)
class Step:
    """One patch of the series: the trees before and after it, its placements and its findings on guards."""

    patch: Patch
    report: PatchReport
    files: tuple[FilePlacement, ...]
    before: Tree
    after: Tree
    guards: tuple[Finding, ...] = ()

    @property
    def lands(self) -> bool:
        """Whether all of it lands, or is there already."""
        return not self.patch.unreadable and all(
            p.kind.lands or p.kind.there for f in self.files for p in (f.placements or (f,))
        )


@dataclass(frozen=True, slots=True)
class Spot:
    """A line of a patch: the patch's number (from 0), the file as the patch names it, hunk and line of its
    post-image (None: the hunk has no such line)."""

    step: int
    path: str
    hunk: int | None
    line: int | None


@dataclass(slots=True)
class Landed:
    """The series on the target. `changes` are whole files by path (None: gone) beside the target as it is."""

    steps: tuple[Step, ...]
    target: Tree
    tree: Tree
    changes: Mapping[str, File | None]
    _ops: dict[tuple[int, str], list[tuple[str, int, int, int, int]]] = field(default_factory=dict)
    _changed: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def lands(self) -> bool:
        return all(step.lands for step in self.steps)

    def text(self, path: str) -> bytes | None:
        return text_of(self.tree, path)

    def changed_lines(self, path: str) -> tuple[int, ...]:
        """The lines of a file that the series changes, as it then stands: those that are new, and where lines were
        only taken away, the line that stands there now."""
        if path not in self._changed:
            before, after = text_of(self.target, path) or b"", self.text(path) or b""
            self._changed[path] = tuple(_touched(before.splitlines(), after.splitlines()))
        return self._changed[path]

    def spot(self, path: str, line: int) -> Spot | None:
        """The line of a patch that a line of the result is; None for a line that no patch brought."""
        at = line
        for number in range(len(self.steps) - 1, -1, -1):
            step = self.steps[number]
            for tag, i1, i2, j1, j2 in self._opcodes(number, path):
                if not j1 < at <= j2:
                    continue
                if tag == "equal":
                    at = i1 + at - j1
                    break
                return _spot(step, number, path, at, i1, i2)
        return None

    def _opcodes(self, number: int, path: str) -> list[tuple[str, int, int, int, int]]:
        key = (number, path)
        if key not in self._ops:
            step = self.steps[number]
            before, after = text_of(step.before, path) or b"", text_of(step.after, path) or b""
            self._ops[key] = [] if before == after else opcodes(before.splitlines(), after.splitlines())
        return self._ops[key]


def text_of(tree: Tree, path: str) -> bytes | None:
    """The bytes of a regular file; None where there is none."""
    entry = tree.read(path)
    return entry.data if isinstance(entry, File) else None


def opcodes(before: Sequence[bytes], after: Sequence[bytes]) -> list[tuple[str, int, int, int, int]]:
    """difflib's opcodes; what begins and ends alike is not looked at, for patches are small and files are not."""
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    while tail < min(len(before), len(after)) - head and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    middle = difflib.SequenceMatcher(
        None, before[head : len(before) - tail], after[head : len(after) - tail]
    ).get_opcodes()
    result = [("equal", 0, head, 0, head)] if head else []
    result += [(tag, i1 + head, i2 + head, j1 + head, j2 + head) for tag, i1, i2, j1, j2 in middle]
    if tail:
        result.append(("equal", len(before) - tail, len(before), len(after) - tail, len(after)))
    return result


def _touched(before: Sequence[bytes], after: Sequence[bytes]) -> Iterator[int]:
    for tag, _, _, first, last in opcodes(before, after):
        if tag == "delete" and after:
            yield min(first + 1, len(after))
        elif tag != "equal":
            yield from range(first + 1, last + 1)


def _spot(step: Step, number: int, path: str, at: int, first: int, last: int) -> Spot:
    """The hunk that brought a line: of those whose post-image adds the same text the nearest, else the nearest."""
    text = (text_of(step.after, path) or b"").splitlines()[at - 1]
    near: list[tuple[int, int, FilePlacement, Hunk, int | None]] = []
    for file in step.files:
        placed = {p.hunk: p for p in file.placements}
        for hunk in file.change.hunks:
            where = placed[hunk.number]
            if path not in (where.target_path or file.target_path, file.change.new_path):
                continue
            distance = abs((where.target_line or hunk.new_start) - (first + 1))
            same = [line for line, added in _added(hunk) if added == text]
            # Among equal lines of one hunk the one that stands as far into it.
            line = min(same, key=lambda x: abs((x - hunk.new_start) - (at - first)), default=None)
            near.append((line is None, distance, file, hunk, line))
    if not near:
        return Spot(number, path, None, None)
    _, _, file, hunk, line = min(near, key=lambda x: (x[0], x[1], x[3].number))
    return Spot(number, file.change.path, hunk.number, line)


def _added(hunk: Hunk) -> Iterator[tuple[int, bytes]]:
    number = hunk.new_start
    for line in hunk.lines:
        if line.kind is LineKind.ADDED:
            yield number, line.text
        if line.kind is not LineKind.REMOVED:
            number += 1


def land(
    series: Series,
    target: Target,
    scratch: Scratch,
    *,
    upstream: Repository | None = None,
    settings: Settings,
    asked: Asked,
    cancel: Callable[[], bool] = lambda: False,
) -> Landed:
    """Lay the series on the target, patch by patch, and ask the rules of guards where they see trouble.

    `scratch` must outlive what is returned."""
    homes = [x for x in (upstream, target.repository) if x is not None]
    state = TargetState.open(target, scratch, settings)
    lookups = Lookups(asked.cache)
    steps: list[Step] = []
    for number, patch in enumerate(series.patches):
        if patch.unreadable:
            report = patch_report(patch, (), verdict=Verdict.UNREADABLE)
            steps.append(Step(patch, report, (), state.tree, state.tree))
            continue
        base = find_base(patch, list(dict.fromkeys(homes)), upstream, scratch)
        ground = state.ground(Steps(settings.budget_steps or _UNLIMITED, cancel))
        placed = place_patch(patch, base, ground)
        after = state.after(placed)
        context = Context(
            patch,
            placed,
            state.ground(Steps(settings.budget_steps or _UNLIMITED, cancel)),
            after.tree,
            base,
            target,
            upstream,
            asked,
            (),
            series.patches[:number],
            lookups,
        )
        ids = HunkIds()
        files = [placed_file(f, ids) for f in placed.files]
        step = Step(
            patch,
            patch_report(patch, files, verdict=patch_verdict(placed, ()), base=placed.base),
            placed.files,
            state.tree,
            after.tree,
        )
        if step.lands:
            found, _ = run_rules(GUARDS, context, settings)
            step = Step(step.patch, step.report, step.files, step.before, step.after, found)
        steps.append(step)
        state = after
    return Landed(tuple(steps), target.tree, state.tree, _changes(target.tree, state.tree, scratch))


def _changes(before: Tree, after: Tree, scratch: Scratch) -> Mapping[str, File | None]:
    """What differs between the target and the result, whole files."""
    if isinstance(after, OverlayTree):
        return {p: f for p, f in sorted(after.changes.items()) if f != _file(before, p)}
    if not isinstance(after, GitTree) or after.id == before.id:
        return {}
    done = scratch.git("diff-tree", "-r", "-z", "--no-renames", "--name-only", before.id, after.id)
    paths = sorted(x.decode("utf-8", "surrogateescape") for x in done.out.split(b"\0") if x)
    return {path: _file(after, path) for path in paths}


def _file(tree: Tree, path: str) -> File | None:
    entry = tree.read(path)
    return entry if isinstance(entry, File) and not isinstance(entry, Absent) else None
