"""How a patch differs from the upstream commit: a difference of differences, told function by function."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from backport.checks.origin.changes import Change, FileChanges, changes_of, without_common
from backport.checks.origin.counterpart import held
from backport.checks.rule import Context
from backport.errors import BackportError
from backport.git import CommitInfo, ObjectType, Repository
from backport.intake import patch_from_commit
from backport.model import LineKind, Patch
from backport.provenance import read_subject

_SHOWN = 2
"""Lines of each kind that a sentence quotes; of the rest it says how many there are."""
_WIDTH = 90
_ALIKE = 0.6
"""From this likeness on a line of the patch is taken for the adapted form of an upstream line."""
_COMPARED = 40
"""Lines of a function that are compared each with each."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """Where a patch and its upstream commit differ, in one function or ("") outside of functions. `ours` are the
    lines that only the patch changes, `theirs` those that only upstream changes. `text` is the sentence."""

    path: str
    function: str
    text: str
    ours: tuple[Change, ...] = ()
    theirs: tuple[Change, ...] = ()

    @property
    def matters(self) -> bool:
        """Whether more than blank lines and white space differ."""
        return not (self.ours or self.theirs) or _code(self.ours) != _code(self.theirs)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The patch beside the commits that it names; several are compared as one change."""

    commits: tuple[CommitInfo, ...]
    deviations: tuple[Deviation, ...]
    unrelated: bool = False
    """No file in common, nor lines of a renamed one, and another subject: the id is of another change."""

    @property
    def identical(self) -> bool:
        return not self.deviations


def comparison(context: Context) -> Comparison | None:
    """The patch beside its upstream commit; None where upstream holds none, or its change cannot be read."""
    return context.once("upstream comparison", lambda: _comparison(context))


def _comparison(context: Context) -> Comparison | None:
    commits, upstream = held(context), context.upstream
    if not commits or upstream is None or not context.ground.steps.spend(len(commits)):
        return None
    try:
        patches = [patch_from_commit(upstream, x.id) for x in commits]
    except BackportError:
        return None
    theirs = _joined([_upstream_changes(upstream, c, p) for c, p in zip(commits, patches, strict=True)])
    ours = changes_of(context.patch, context.base_text, context.upstream_text)
    unrelated = not any(a and b for a, b in _pairs(ours, theirs)) and not _alike_titles(
        context.patch, patches
    )
    return Comparison(commits, deviations(ours, theirs), unrelated)


def deviations(ours: Sequence[FileChanges], theirs: Sequence[FileChanges]) -> tuple[Deviation, ...]:
    """What two patches change otherwise, file by file and function by function."""
    return tuple(d for a, b in _pairs(ours, theirs) for d in _of_file(a, b))


def _alike_titles(patch: Patch, patches: Sequence[Patch]) -> bool:
    title = read_subject(patch.subject).title
    return any(SequenceMatcher(None, title, read_subject(x.subject).title).ratio() > _ALIKE for x in patches)


def _upstream_changes(upstream: Repository, commit: CommitInfo, patch: Patch) -> tuple[FileChanges, ...]:
    before = upstream.tree_of(commit.parents[0]) if commit.parents else upstream.empty_tree
    return changes_of(
        patch, lambda path: _blob(upstream, before, path), lambda path: _blob(upstream, commit.tree, path)
    )


def _blob(upstream: Repository, tree: str, path: str) -> bytes | None:
    try:
        entry = upstream.entry(tree, path)
    except BackportError:
        return None
    return upstream.blob(entry.id) if entry is not None and entry.type is ObjectType.BLOB else None


def _joined(each: Sequence[tuple[FileChanges, ...]]) -> tuple[FileChanges, ...]:
    """Several commits as one change: what one of them adds and a later one removes is neither."""
    if len(each) == 1:
        return each[0]
    files: dict[str, list[FileChanges]] = {}
    for one in each:
        for file in one:
            files.setdefault(file.path, []).append(file)
    return tuple(
        FileChanges(path, tuple(_netted([c for f in parts for c in f.changes])), parts[0].notes)
        for path, parts in files.items()
    )


def _netted(changes: list[Change]) -> list[Change]:
    added = Counter(c.text for c in changes if c.kind is LineKind.ADDED)
    removed = Counter(c.text for c in changes if c.kind is LineKind.REMOVED)
    both = {LineKind.ADDED: added & removed, LineKind.REMOVED: added & removed}
    kept = []
    for change in changes:
        if both[change.kind][change.text] > 0:
            both[change.kind][change.text] -= 1
        else:
            kept.append(change)
    return kept


# --- files beside files --------------------------------------------------------------------------


def _pairs(
    ours: Sequence[FileChanges], theirs: Sequence[FileChanges]
) -> list[tuple[FileChanges | None, FileChanges | None]]:
    """The files of both sides: by path, else by the lines that they share (the file was renamed since)."""
    left = {f.path: f for f in ours}
    right = {f.path: f for f in theirs}
    found: list[tuple[FileChanges | None, FileChanges | None]] = []
    for path in [p for p in left if p in right]:
        found.append((left.pop(path), right.pop(path)))
    for path, file in list(left.items()):
        best = max(right.values(), key=lambda x: _share(file, x), default=None)
        if best is not None and 2 * _share(file, best) > min(len(file.changes), len(best.changes)):
            found.append((left.pop(path), right.pop(best.path)))
    found += [(file, None) for file in left.values()]
    found += [(None, file) for file in right.values()]
    return found


def _share(one: FileChanges | None, other: FileChanges | None) -> int:
    """How many telling lines both change."""
    if one is None or other is None:
        return 0
    return len(_telling(one) & _telling(other))


def _telling(file: FileChanges) -> set[tuple[LineKind, bytes]]:
    return {(c.kind, b"".join(c.text.split())) for c in file.changes if len(c.text.strip()) > 3}


# --- sentences -----------------------------------------------------------------------------------


def _of_file(ours: FileChanges | None, theirs: FileChanges | None) -> list[Deviation]:
    if ours is None or theirs is None:
        return [_whole_file(ours, theirs)]
    notes = [f"upstream also {x}" for x in theirs.notes if x not in ours.notes]
    notes += [f"this patch also {x}" for x in ours.notes if x not in theirs.notes]
    found = [Deviation(ours.path, "", f"{ours.path}: {'; '.join(notes)}")] if notes else []
    left, right = without_common(ours.changes, theirs.changes)
    names = dict.fromkeys(c.function for c in (*right, *left))
    groups = [([c for c in left if c.function == n], [c for c in right if c.function == n], n) for n in names]
    moved, groups = _moved(ours.path, groups)
    known = {c.function for c in ours.changes}, {c.function for c in theirs.changes}
    return [*found, *moved, *(_of_function(ours.path, a, b, n, known) for a, b, n in groups)]


def _whole_file(ours: FileChanges | None, theirs: FileChanges | None) -> Deviation:
    file = ours or theirs
    assert file is not None
    where = _functions(file.changes)
    size = f"{_count(file.changes)}{where}"
    what = f"this patch also changes {file.path}" if ours else f"upstream also changes {file.path}"
    tail = "upstream does not" if ours else "this patch does not"
    text = f"{what} ({size}); {tail}"
    return Deviation(
        file.path, "", text, tuple(ours.changes) if ours else (), tuple(theirs.changes) if theirs else ()
    )


def _functions(changes: Sequence[Change]) -> str:
    names = [x for x in dict.fromkeys(c.function for c in changes) if x]
    if not names:
        return ""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f" in {', '.join(names[:3])}{more}"


def _count(changes: Sequence[Change]) -> str:
    added = sum(c.kind is LineKind.ADDED for c in changes)
    removed = len(changes) - added
    parts = [f"{added} added" if added else "", f"{removed} removed" if removed else ""]
    lines = "line" if len(changes) == 1 else "lines"
    return f"{', '.join(x for x in parts if x)} {lines}" if changes else "no lines"


_Group = tuple[list[Change], list[Change], str]


def _moved(path: str, groups: list[_Group]) -> tuple[list[Deviation], list[_Group]]:
    """The same lines, changed in one function upstream and in another here."""
    found, rest = [], list(groups)
    for theirs in [g for g in groups if g[1] and not g[0]]:
        ours = next((g for g in rest if g[0] and not g[1] and _same(g[0], theirs[1])), None)
        if ours is not None and any(len(c.text.strip()) > 3 for c in ours[0]):
            here, there = ours[2] or "outside of functions", theirs[2] or "outside of functions"
            text = f"what upstream changes in {there} ({_count(theirs[1])}), this patch changes in {here}"
            found.append(Deviation(path, ours[2], text, tuple(ours[0]), tuple(theirs[1])))
            rest = [g for g in rest if g is not ours and g is not theirs]
    return found, rest


def _same(one: list[Change], other: list[Change]) -> bool:
    return [(c.kind, c.text) for c in one] == [(c.kind, c.text) for c in other]


def _of_function(
    path: str, ours: list[Change], theirs: list[Change], function: str, known: tuple[set[str], set[str]]
) -> Deviation:
    where = f"in {function}" if function else f"in {path}, outside of functions"
    if _code(ours) == _code(theirs):
        text = f"{where}: only white space or blank lines differ"
    elif theirs and function and function not in known[0]:
        text = f"upstream also changes {function} ({_count(theirs)}{_such_as(theirs)}); this patch does not"
    elif ours and function and function not in known[1]:
        text = f"this patch also changes {function} ({_count(ours)}{_such_as(ours)}); upstream does not"
    else:
        text = f"{where}: {'; '.join(_sentences(ours, theirs))}"
    return Deviation(path, function, text, tuple(ours), tuple(theirs))


def _such_as(changes: list[Change]) -> str:
    """The line that says most: the first that is more than braces and declarations' ends."""
    best = next((c for c in changes if len(c.text.strip()) > 8), None)
    return f", such as {_quoted(best)}" if best is not None else ""


def _sentences(ours: list[Change], theirs: list[Change]) -> list[str]:
    adapted, ours, theirs = _adapted(ours, theirs)
    found = [
        f"where upstream {_verb(b)} {_quoted(b)}, this patch {_verb(a)} {_quoted(a)}"
        for a, b in adapted[:_SHOWN]
    ]
    if len(adapted) > _SHOWN:
        found.append(_more(len(adapted) - _SHOWN, "differs in the same way", "differ in the same way"))
    for kind, verb in ((LineKind.REMOVED, "removes"), (LineKind.ADDED, "adds")):
        lines = [c for c in theirs if c.kind is kind]
        if lines:
            found.append(f"upstream also {verb} {_list(lines)}")
    for kind, verb, tail in (
        (LineKind.REMOVED, "removes", "which upstream keeps"),
        (LineKind.ADDED, "adds", "which upstream does not"),
    ):
        lines = [c for c in ours if c.kind is kind]
        if lines:
            found.append(f"this patch {verb} {_list(lines)}, {tail}")
    return found


def _more(count: int, one: str, many: str) -> str:
    return f"1 more line {one}" if count == 1 else f"{count} more lines {many}"


def _adapted(
    ours: list[Change], theirs: list[Change]
) -> tuple[list[tuple[Change, Change]], list[Change], list[Change]]:
    """Lines that both sides change in the same way, with a different text: the most alike first."""
    left, right = ours[:_COMPARED], theirs[:_COMPARED]
    scored = [
        (score, a, b)
        for a, mine in enumerate(left)
        for b, other in enumerate(right)
        if mine.kind is other.kind and (score := _likeness(mine.text, other.text)) >= _ALIKE
    ]
    pairs: dict[int, int] = {}
    for _, a, b in sorted(scored, key=lambda x: (-x[0], x[1], x[2])):
        if a not in pairs and b not in pairs.values():
            pairs[a] = b
    taken = set(pairs.values())
    return (
        [(left[a], right[b]) for a, b in sorted(pairs.items())],
        [c for n, c in enumerate(ours) if n not in pairs],
        [c for n, c in enumerate(theirs) if n not in taken],
    )


def _likeness(one: bytes, other: bytes) -> float:
    a, b = one.strip(), other.strip()
    if min(len(a), len(b)) < 4 or 3 * min(len(a), len(b)) < max(len(a), len(b)):
        return 0.0
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    quick = min(matcher.real_quick_ratio(), matcher.quick_ratio())
    return matcher.ratio() if quick >= _ALIKE else quick


def _list(changes: list[Change]) -> str:
    """Lines quoted, those that tell most first; the rest counted."""
    telling = [c for c in changes if len(c.text.strip()) > 2]
    shown = (telling or changes)[:_SHOWN]
    rest = len(changes) - len(shown)
    text = " and ".join(_quoted(c) for c in shown)
    if not rest:
        return text
    return f"{text} and {rest} more line{'s' if rest > 1 else ''}"


def _verb(change: Change) -> str:
    return "adds" if change.kind is LineKind.ADDED else "removes"


def _quoted(change: Change) -> str:
    text = " ".join(change.text.decode("utf-8", "replace").split())
    if not text:
        return "a blank line"
    return f"`{text if len(text) <= _WIDTH else text[: _WIDTH - 3] + '...'}`"


def _code(changes: Sequence[Change]) -> list[tuple[LineKind, bytes]]:
    """The lines without their white space, blank ones left out."""
    found = [(c.kind, b"".join(c.text.split())) for c in changes]
    return sorted(x for x in found if x[1])
