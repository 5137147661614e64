"""A whole patch, adapted to a target: the files that git cannot merge, and the files that come of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from backport.adapt.guarding import Guarded, guarded
from backport.adapt.share import refused_by_checks
from backport.adapt.texts import FileTexts
from backport.adapt.trees import Trees, adapt_trees, pieces_between
from backport.adapt.trees import proposal as proposed
from backport.adapt.values import Action, Confidence, FileProposal, PatchProposal, Refusal, Step
from backport.checks import Context
from backport.git import Scratch
from backport.git.merging import changed_paths
from backport.model import ChangeKind, FileChange, Hunk, Placement
from backport.placement.align import align, firm
from backport.placement.base import apply_exactly
from backport.placement.ground import Ground
from backport.placement.lines import first_changed_line, images, keys
from backport.tree import File, GitTree, Tree

if TYPE_CHECKING:
    from backport.adapt.rewrites import Rewrite


def adapt_patch(context: Context, least: Confidence, rewrites: Sequence[Rewrite] = ()) -> PatchProposal:
    """The patch of a context as it would land on its target, with what is at least as sure as `least`."""
    base, ground = context.base, context.ground
    whole = bool(base.tree and base.result and ground.tree_id)
    trees = _whole(context) if whole else _made(context)
    adapted = adapt_trees(trees, context.patch.files, least, rewrites)
    changes = dict(_changes(ground.scratch, trees.onto, adapted.tree))
    return PatchProposal(adapted.files, changes, least)


def with_refusals(
    proposal: PatchProposal, errors: Mapping[str, Mapping[int, str]], target: Tree
) -> PatchProposal:
    """The proposal without the pieces in which the checks found an error (by path and line of the adapted file). An
    error in what is no piece, which git merged, refuses its file."""
    files = []
    changes = dict(proposal.changes)
    known = {f.path for f in proposal.files}
    for file in proposal.files:
        found = errors.get(file.path, {})
        after = refused_by_checks(file, found, proposal.least)
        files.append(after)
        if after is not file and after.merge is not None and file.path in changes:
            data = after.merge.merged(proposal.least)
            changes[file.path] = File(data, file.mode)
    for path in sorted(errors.keys() - known):
        said = errors[path][min(errors[path])]
        entry = target.read(path)
        before = entry.data if isinstance(entry, File) else None
        change = FileChange(ChangeKind.MODIFY, path, path)
        files.append(
            FileProposal(change, path, Action.EDIT, before, before, before, refusal=Refusal.CHECKS, why=said)
        )
    return replace(proposal, files=tuple(files), changes=changes)


def with_guards(
    proposal: PatchProposal, wanted: Mapping[str, Mapping[int, str]], scratch: Scratch
) -> PatchProposal | None:
    """The proposal with definitions put under the conditions that their lines need (by path and line of the adapted
    files); None where there is nothing to do."""
    changes = dict(proposal.changes)
    files = list(proposal.files)
    for path, lines in sorted(wanted.items()):
        file = changes.get(path)
        if file is None:
            continue
        number = next((n for n, f in enumerate(files) if f.path == path), None)
        before = files[number].before if number is not None else None
        old = before if before is not None else b""
        added = {
            n for h in scratch.diff(old, file.data) for n in range(h.new_start, h.new_start + h.new_count)
        }
        text, put = guarded(path, file.data, lines, added)
        steps = tuple(Step("guard", _said(g)) for g in put)
        texts = FileTexts(path, b"", file.data, b"")
        merge = pieces_between(texts, text, steps, (), scratch)
        changes[path] = File(text, file.mode)
        if number is None:
            change = FileChange(ChangeKind.MODIFY, path, path)
            files.append(proposed(change, path, old, merge, file.mode))
        else:
            known = files[number]
            files[number] = replace(
                known, after=text, marked=text, pieces=(*known.pieces, *merge.pieces), merge=merge
            )
    if changes == proposal.changes:
        return None
    return replace(proposal, files=tuple(files), changes=changes)


def _said(found: Guarded) -> str:
    what = found.label or "the declaration"
    return f"{what} is put under {found.condition}, without which what it uses is not declared"


def _whole(context: Context) -> Trees:
    ground, base = context.ground, context.base
    return Trees(ground.scratch, base.tree, base.result, ground.tree_id, ground.tree)


def _changes(scratch: Scratch, before: str, tree: str) -> Iterator[tuple[str, File | None]]:
    """The files in which the adapted tree differs from the target."""
    after = GitTree(scratch, tree, "adapted")
    for path in sorted(changed_paths(scratch, before, tree)):
        entry = after.read(path)
        yield path, entry if isinstance(entry, File) else None


# --- without whole trees ----------------------------------------------------------------------------


def _made(context: Context) -> Trees:
    """Trees of the files that the patch touches alone: of their texts before the patch where these are at hand; else
    of the target's own, with the hunks' images in the places that they were laid on."""
    ground = context.ground
    base: dict[str, bytes] = {}
    result: dict[str, bytes] = {}
    onto: dict[str, File] = {}
    for file in context.placed.files:
        for path in {file.change.old_path, file.change.new_path, file.target_path} - {""}:
            entry = ground.entry(path)
            if isinstance(entry, File):
                onto[path] = entry
        texts = _texts(context, file.change, file.target_path, file.placements)
        if texts is not None:
            base |= {file.change.old_path: texts[0]} if file.change.old_path else {}
            result |= {file.change.new_path: texts[1]} if file.change.new_path else {}
    scratch = ground.scratch
    return Trees(
        scratch,
        _tree(scratch, {path: ("100644", data) for path, data in base.items()}),
        _tree(scratch, {path: ("100644", data) for path, data in result.items()}),
        _tree(scratch, {path: (file.mode, file.data) for path, file in onto.items()}),
        ground.tree,
    )


def _tree(scratch: Scratch, files: Mapping[str, tuple[str, bytes]]) -> str:
    return scratch.write_tree(
        None, {p: (mode, scratch.write_blob(data)) for p, (mode, data) in files.items()}
    )


def _texts(
    context: Context, change: FileChange, target: str, placements: Sequence[Placement]
) -> tuple[bytes, bytes] | None:
    """A file before and after the patch; None for one that is not text."""
    if change.binary is not None:
        return None
    known = context.base.texts.get(change.old_path) if change.old_path else b""
    if known is not None:
        return known, apply_exactly(change, known)
    text = context.ground.text(target or change.old_path)
    if text is None:
        return None
    return _laid(text.lines, change.hunks, {p.hunk: p for p in placements}, context.ground)


def _laid(
    lines: Sequence[bytes], hunks: Sequence[Hunk], placements: Mapping[int, Placement], ground: Ground
) -> tuple[bytes, bytes]:
    """The target's file with each hunk's pre-image, and its post-image, where the hunk was laid: what is around the
    hunks is then the same in all three texts, and only they are merged."""
    before: list[bytes] = []
    after: list[bytes] = []
    at = 0
    for hunk in sorted(hunks, key=lambda h: _start(placements.get(h.number), h)):
        first = min(max(_start(placements.get(hunk.number), hunk), at), len(lines))
        last = min(first + _covered(lines[first:], hunk), len(lines))
        parts = images(hunk)
        before += [*lines[at:first], *parts.old]
        after += [*lines[at:first], *parts.new]
        at = last
    rest = lines[at:]
    return b"".join([*before, *rest]), b"".join([*after, *rest])


def _start(placement: Placement | None, hunk: Hunk) -> int:
    """The target's line (0-based) that a hunk's first line was laid on."""
    if placement is None or not placement.target_line:
        return max(hunk.old_start - 1, 0)
    return max(placement.target_line - 1 - (first_changed_line(hunk) - max(hunk.old_start, 1)), 0)


def _covered(lines: Sequence[bytes], hunk: Hunk) -> int:
    """How many of the target's lines stand for the hunk's pre-image: to the last line that both have."""
    wanted = keys(images(hunk).old)
    window = keys(list(lines[: len(wanted) * 2 + 10]))
    equal = firm(wanted, align(wanted, window, 0, len(window))).equal
    if not equal:
        return 0
    number = max(equal)
    return equal[number] + 1
