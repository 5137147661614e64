"""Which features explain the hunks of a patch that do not land: by the vocabularies of backport_grammars, and by the
history of the lines that drifted where it is at hand. A feature that both sides have is none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from backport.checks.drift import Cause, causes
from backport.checks.features_vocabulary import Vocabulary, vocabularies
from backport.checks.rule import Context
from backport.model import CommitEvidence, Evidence, FeatureState, LineEvidence, PlacementKind

SHOWN_LINES = 3
_WORD = re.compile(rb"[A-Za-z_]\w{2,}")
_FAILING = frozenset({PlacementKind.CONFLICT, PlacementKind.ABSENT})


@dataclass(frozen=True, slots=True)
class Found:
    """A feature as one patch meets it. `names` are those that said so, the most telling first; `hunks` the failing
    hunks it explains; `messages` the drifts that belong to it, by (hunk, message)."""

    name: str
    title: str
    version: str
    state: FeatureState
    names: tuple[str, ...]
    commits: tuple[CommitEvidence, ...]
    evidence: tuple[Evidence, ...]
    hunks: tuple[int, ...]
    drifts: frozenset[tuple[int, str]]
    by_history: bool = False
    when: tuple[float, ...] = ()
    """When each of the commits was committed, in seconds since 1970."""


def patch_features(context: Context) -> tuple[Found, ...]:
    """The features that explain hunks of the patch that do not land."""
    if not any(p.kind in _FAILING for p in context.placed.placements):
        return ()
    return context.once("features", lambda: _features(context))


def _features(context: Context) -> tuple[Found, ...]:
    telling = [_absent_only(context, c) for c in causes(context).all if c.fails]
    found = list(_by_vocabulary(context, telling))
    found = _with_history(context, telling, found)
    return tuple(sorted(found, key=lambda f: (-len(f.hunks), f.name)))


def _absent_only(context: Context, cause: Cause) -> Cause:
    """A cause whose names are only those that the hunk's file in the target does not hold at all."""
    if not cause.ours:
        return cause
    path = next((p.target_path for p in context.placed.placements if p.hunk == cause.hunk), "")
    there = context.once(("words", path), lambda: frozenset(_WORD.findall(context.before_text(path) or b"")))
    return replace(
        cause,
        ours=frozenset(n for n in cause.ours if len(n) > 2 and n.encode("utf-8", "replace") not in there),
    )


# --- by vocabulary -------------------------------------------------------------------------------


def _by_vocabulary(context: Context, telling: Sequence[Cause]) -> Iterator[Found]:
    lacking = _lacking(context)
    ours = frozenset().union(*(c.ours for c in telling), *lacking.values())
    theirs = frozenset().union(*(c.theirs for c in telling))
    uses = _patch_names(context)
    for vocabulary in vocabularies(lambda path: context.before_text(path) is not None):
        missing, ahead = vocabulary.known(ours), vocabulary.known(theirs)
        replaced = vocabulary.replaced(ours)
        if missing:
            found = _missing(context, vocabulary, missing, telling, lacking)
        elif (ahead or replaced) and not vocabulary.known(uses):
            found = _ahead(context, vocabulary, ahead, replaced, telling, lacking)
        else:
            found = None
        if found is not None and found.hunks:
            yield found


def _lacking(context: Context) -> dict[int, frozenset[str]]:
    """For each hunk that does not land the names in it that its file in the target does not hold."""
    found: dict[int, frozenset[str]] = {}
    for file in context.placed.files:
        kinds = {p.hunk: p for p in file.placements if p.kind in _FAILING}
        for hunk in file.change.hunks:
            if hunk.number in kinds:
                here = context.before_text(kinds[hunk.number].target_path or file.change.path) or b""
                words = {w for line in hunk.lines for w in _WORD.findall(line.text)}
                there = set(_WORD.findall(here))
                found[hunk.number] = frozenset(w.decode() for w in words - there)
    return found


def _patch_names(context: Context) -> frozenset[str]:
    """All names in the patch's lines."""
    return frozenset(
        w.decode()
        for f in context.patch.files
        for h in f.hunks
        for line in h.lines
        for w in _WORD.findall(line.text)
    )


def _missing(
    context: Context,
    vocabulary: Vocabulary,
    names: frozenset[str],
    telling: Sequence[Cause],
    lacking: Mapping[int, frozenset[str]],
) -> Found | None:
    state, evidence = _state(context, vocabulary)
    if state is None or state is FeatureState.PRESENT:
        return None
    names -= context.once("brings", lambda: _brings(context))
    held = [c for c in telling if c.ours & names]
    hunks = {c.hunk for c in held} | {n for n, words in lacking.items() if words & names}
    if not names or not hunks:
        return None
    evidence = (*_lines(held, "target", False), *evidence)[:SHOWN_LINES]
    return _found(vocabulary, state, names, held, hunks, evidence)


def _ahead(
    context: Context,
    vocabulary: Vocabulary,
    ahead: frozenset[str],
    replaced: frozenset[str],
    telling: Sequence[Cause],
    lacking: Mapping[int, frozenset[str]],
) -> Found | None:
    """A feature of the target that the patch was written without: None where its own tree has it too."""
    state, evidence = _state(context, vocabulary)
    if state is None or state is FeatureState.ABSENT or _in_base(context, vocabulary):
        return None
    held = [c for c in telling if c.theirs & ahead or c.ours & replaced]
    hunks = {c.hunk for c in held} | {n for n, words in lacking.items() if words & replaced}
    names = ahead | replaced
    lines = (*_lines(held, "target", True), *evidence)[:SHOWN_LINES]
    return _found(vocabulary, FeatureState.PRESENT, names, held, hunks, lines)


def _found(
    vocabulary: Vocabulary,
    state: FeatureState,
    names: Iterable[str],
    held: Sequence[Cause],
    hunks: Iterable[int],
    evidence: tuple[Evidence, ...],
) -> Found:
    often = {n: sum(n in c.ours or n in c.theirs for c in held) for n in names}
    return Found(
        vocabulary.name,
        vocabulary.title,
        vocabulary.version,
        state,
        tuple(sorted(often, key=lambda n: (-often[n], n))),
        (),
        tuple(evidence),
        tuple(sorted(hunks)),
        frozenset((c.hunk, c.drift.message) for c in held),
    )


def _brings(context: Context) -> frozenset[str]:
    """The names that the patch itself defines: it brings them and does not build on them."""
    from backport.csource.definitions import definitions

    found: set[str] = set()
    for file in context.patch.files:
        for hunk in file.hunks:
            added = b"\n".join(hunk.added) + b"\n"
            if hunk.added:
                found |= {d.name for d in definitions(file.path, added).definitions}
    return frozenset(found)


def _state(context: Context, vocabulary: Vocabulary) -> tuple[FeatureState | None, tuple[Evidence, ...]]:
    """Whether the target has a feature, and the lines that say so; None where it has none of the files in which to
    look."""
    key = ("feature", vocabulary.name)
    return context.once(key, lambda: _looked_up(context, vocabulary))


def _looked_up(context: Context, vocabulary: Vocabulary) -> tuple[FeatureState | None, tuple[Evidence, ...]]:
    lines: dict[str, Evidence] = {}
    looked = False
    for path in vocabulary.where:
        data = context.before_text(path)
        if data is None or not context.ground.steps.spend():
            continue
        looked = True
        for name in vocabulary.anchors:
            line = _line_of(name, data)
            if name not in lines and line:
                text = data.split(b"\n")[line - 1].rstrip(b"\r")
                lines[name] = LineEvidence("target", path, line, text)
    if not looked:
        return None, ()
    state = FeatureState.PARTIAL if lines else FeatureState.ABSENT
    if len(lines) == len(vocabulary.anchors):
        state = FeatureState.PRESENT
    return state, tuple(lines.values())


def _line_of(name: str, data: bytes) -> int:
    match = re.search(rb"\b%s\b" % re.escape(name.encode()), data)
    return data.count(b"\n", 0, match.start()) + 1 if match else 0


def _in_base(context: Context, vocabulary: Vocabulary) -> bool:
    """Whether the patch's own tree is known to have the feature."""
    texts = [t for t in (context.base_text(p) for p in vocabulary.where) if t is not None]
    return bool(texts) and all(any(_line_of(a, t) for t in texts) for a in vocabulary.anchors)


def _lines(held: Sequence[Cause], tree: str, keep: bool) -> Iterator[LineEvidence]:
    """Lines of the causes in that tree (`keep`), or in the others."""
    seen: set[tuple[str, int]] = set()
    for cause in held:
        for piece in cause.drift.evidence:
            if not isinstance(piece, LineEvidence) or (piece.tree == tree) is not keep:
                continue
            if (piece.path, piece.line) not in seen:
                seen.add((piece.path, piece.line))
                yield piece


# --- by history ----------------------------------------------------------------------------------


def _with_history(context: Context, telling: Sequence[Cause], found: Sequence[Found]) -> list[Found]:
    """The features with their commits, and what the history alone tells."""
    if context.upstream is None:
        return list(found)
    from backport.checks.features_history import brought, seconds, version_of

    result = list(found)
    for group in brought(context, [c for c in telling if c.order[0] < 2 or c.order[1] == 0]):
        commits = tuple(CommitEvidence(c.id, c.subject) for c in group.commits)
        when = tuple(seconds(c.committer_date) for c in group.commits)
        names = set(group.names)
        at = next(
            (n for n, f in enumerate(result) if names & set(f.names) and f.state is not FeatureState.PRESENT),
            -1,
        )
        if at >= 0:
            result[at] = replace(
                result[at], commits=(*result[at].commits, *commits), when=(*result[at].when, *when)
            )
            continue
        if not names or not commits:
            continue
        ordered = tuple(sorted(group.names, key=lambda n: (-group.names[n], n)))
        lines = tuple(_lines(group.causes, "target", False))[:SHOWN_LINES]
        result.append(
            Found(
                ordered[0],
                group.commits[0].subject,
                version_of(context, [c.id for c in group.commits]),
                FeatureState.ABSENT,
                ordered,
                commits,
                lines,
                tuple(sorted({c.hunk for c in group.causes})),
                frozenset((c.hunk, c.drift.message) for c in group.causes),
                True,
                when,
            )
        )
    return result
