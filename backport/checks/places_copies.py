"""BP114 and BP115: changes that land in another file than meant, or in one of several copies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from posixpath import basename, dirname, splitext
from typing import NamedTuple

from backport.checks.places_runs import hunk_of
from backport.checks.places_scopes import line_evidence
from backport.checks.places_text import is_comment, occurrences, telling
from backport.checks.rule import Context
from backport.errors import MissingObjectError
from backport.git import ObjectType
from backport.model import (
    BaseKind,
    FileChange,
    Finding,
    Placement,
    RegionKind,
    Severity,
)
from backport.placement import FilePlacement
from backport.placement.lines import images, key
from backport.placement.target import TargetText

_TELLING = 3
"""Lines that a stretch of code must have for a second one to be called a copy."""

_MOST_FILES = 40
_MOST_BYTES = 1 << 19
_ALIKE = 0.6
"""The share of lines of equal shape from which a file is taken for another one renamed."""


# --- files ----------------------------------------------------------------------------------------


def other_files(context: Context) -> Iterator[Finding]:
    """BP114: files that git takes for the patch's own ones renamed."""
    if context.placed.base.kind is BaseKind.HUNKS:
        return
    for file in context.placed.files:
        if file.target_path and (found := _mistaken(context, file)) is not None:
            yield found


def _mistaken(context: Context, file: FilePlacement) -> Finding | None:
    """A file that git's rename detection takes for the patch's, although it has another name, none of the
    functions that the patch changes, and other code."""
    change = file.change
    if file.target_path in (change.old_path, change.new_path) or not change.old_path:
        return None
    if basename(file.target_path) == basename(change.old_path):
        return None
    placement = next((p for p in file.placements if p.kind.lands), None)
    base, before = context.base_text(change.old_path), context.ground.text(file.target_path)
    if placement is None or base is None or before is None or _has_functions(file, before):
        return None
    share = _shared(TargetText(change.old_path, base), before)
    if share >= _ALIKE:
        return None
    return Finding(
        code="BP114",
        severity=Severity.WARNING,
        message=f"git takes {file.target_path} for {change.old_path} renamed and merges into it: it has none of "
        f"the functions that the patch changes, and {share:.0%} of its lines are alike",
        file=change.path,
        hunk=placement.hunk,
        line=placement.line,
        target_line=placement.target_line or None,
        evidence=(line_evidence("target", before, placement.target_line - 1),),
        suggestion=f"see whether the target has the code of {change.old_path} at all",
        subject=file.target_path,
    )


def _has_functions(file: FilePlacement, before: TargetText) -> bool:
    wanted = {r.name for p in file.placements for r in p.functions}
    return not wanted or any(before.regions.named(name) for name in wanted)


def _shared(one: TargetText, other: TargetText) -> float:
    """The share of lines of equal shape: names, which a renamed driver changes, count by their number only."""
    mine, theirs = _shapes(one), _shapes(other)
    return 2 * sum((mine & theirs).values()) / max(1, sum(mine.values()) + sum(theirs.values()))


def _shapes(text: TargetText) -> Counter[tuple[bytes, ...]]:
    rows = (tuple(b"n" if t[:1].isalpha() or t[:1] == b"_" else t for t in row) for row in text.tokens)
    return Counter(row for row in rows if len(row) > 3)


# --- copies ---------------------------------------------------------------------------------------


def copies(context: Context) -> Iterator[Finding]:
    """BP115: each hunk whose code the target has once more, in the file or in one beside it."""
    if context.placed.base.kind is BaseKind.HUNKS:
        return
    for file in context.placed.files:
        blocks = [b for p in file.placements if p.kind.lands and (b := _block(file, p)) is not None]
        if blocks and context.ground.steps.spend():
            yield from _in_file(context, file, blocks)
            yield from _beside(context, file, blocks)


class _Block(NamedTuple):
    """The lines that a hunk expects around its change, enough of them to know a copy by: as keys, with the most
    telling line as it stands, and how many are before the first changed line."""

    placement: Placement
    keys: tuple[bytes, ...]
    rare: bytes
    lead: int


def _block(file: FilePlacement, placement: Placement) -> _Block | None:
    parts = images(hunk_of(file, placement))
    first, last = parts.runs[0].old_first, parts.runs[-1].old_last
    for reach in range(4):
        low, high = max(0, first - reach), min(len(parts.old), last + reach)
        lines = parts.old[low:high]
        keys = tuple(key(line) for line in lines)
        if sum(map(_says, keys)) >= _TELLING:
            return _Block(placement, keys, max(lines, key=len), first - low)
    return None


def _says(text: bytes) -> bool:
    return telling(text) and not is_comment(text) and text[:1] != b"#"


def _in_file(context: Context, file: FilePlacement, blocks: Sequence[_Block]) -> Iterator[Finding]:
    base, before = context.base_text(file.change.old_path), context.ground.text(file.target_path)
    if base is None or before is None or base == before.data:
        return
    mine = TargetText(file.change.old_path, base)
    changed = {p.target_line - 1 for p in file.placements}
    for block in blocks:
        if before.data.count(block.rare) <= base.count(block.rare):
            continue
        here = occurrences(block.keys, before.keys, 0, len(before.keys))
        more = len(here) - len(occurrences(block.keys, mine.keys, 0, len(mine.keys)))
        others = [n + block.lead for n in here if n + block.lead not in changed]
        if more > 0 and others:
            yield _copied(file, block, before, others[:more])


def _beside(context: Context, file: FilePlacement, blocks: Sequence[_Block]) -> Iterator[Finding]:
    """Copies in files of the same folder that the patch's own tree has not."""
    if not context.base.tree or not context.ground.tree_id:
        return
    for text in _only_in_target(context, file.change):
        if text.path == file.target_path:
            continue
        for block in blocks:
            if block.rare in text.data and (found := occurrences(block.keys, text.keys, 0, len(text.keys))):
                yield _copied(file, block, text, [found[0] + block.lead])
                break


def _only_in_target(context: Context, change: FileChange) -> Iterator[TargetText]:
    """Files of the same kind and folder that the target has and the patch's tree has not, within limits."""
    folder, kind = dirname(change.old_path), splitext(change.old_path)[1]
    try:
        here = _names(context, context.ground.tree_id, folder)
        there = _names(context, context.base.tree, folder)
    except MissingObjectError:
        return
    for name in sorted(here - there)[:_MOST_FILES]:
        path = f"{folder}/{name}" if folder else name
        if splitext(name)[1] == kind and context.ground.steps.spend():
            text = context.ground.text(path)
            if text is not None and len(text.data) <= _MOST_BYTES:
                yield text


def _names(context: Context, tree: str, folder: str) -> set[str]:
    scratch = context.ground.scratch
    if folder:
        entry = scratch.entry(tree, folder)
        if entry is None or entry.type is not ObjectType.TREE:
            return set()
        tree = entry.id
    files = (n for n, e in scratch.entries(tree).items() if e.type is ObjectType.BLOB)
    return {n.decode("utf-8", "surrogateescape") for n in files}


def _copied(file: FilePlacement, block: _Block, text: TargetText, others: Sequence[int]) -> Finding:
    places = ", ".join(f"{text.path}:{n + 1}" for n in others[:3])
    region = text.region_at(others[0])
    inside = region.label() if region is not None and region.kind is RegionKind.FUNCTION else ""
    own = text.path == file.target_path
    what = "and upstream has not" if own else "in a file that upstream does not have"
    return Finding(
        code="BP115",
        severity=Severity.NOTE,
        message=f"hunk {block.placement.hunk} changes code that the target has once more at {places}"
        f"{f' in {inside}' if inside else ''}, {what}: the copy stays as it was",
        file=file.change.path,
        function=block.placement.functions[0].label() if block.placement.functions else "",
        hunk=block.placement.hunk,
        line=block.placement.line,
        target_line=block.placement.target_line or None,
        evidence=tuple(line_evidence("target", text, n) for n in others[:3]),
        suggestion="see whether the copy needs the change too",
        subject=inside if own else text.path,
    )
