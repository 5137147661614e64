"""The two ways to make a patch land, both tried: bring other commits first, or adapt the patch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from backport.checks.history.causes import Culprit, culprits, failing
from backport.checks.history.following import Follower, followers
from backport.checks.history.scene import Scene
from backport.git import ObjectType
from backport.history.culprits import Kind
from backport.history.plan import Step, Trial, fewest, step_of
from backport.model import Answer

MERGES = 40
"""Merges that a check tries for one patch."""


@dataclass(frozen=True, slots=True)
class Way:
    """Commits that make the patch land when they are taken first, in this order; `fixes` are those of theirs that the
    target needs as well. `tried` says in words what was tried where it does not land."""

    bring: tuple[Culprit, ...]
    fixes: tuple[Follower, ...]
    lands: bool
    tried: str = ""


def way(scene: Scene) -> Way | None:
    """What was found to make the patch land; None where nothing has to be brought, or nothing could be tried."""
    return scene.context.once("history way", lambda: _way(scene))


def _way(scene: Scene) -> Way | None:
    candidates = [x for x in culprits(scene) if x.wanting]
    patch = _patch_step(scene)
    if not candidates or patch is None or not scene.base:
        return None
    trial, cut = _trial(scene, candidates)
    steps = {x.commit.id: s for x in candidates if (s := step_of(scene.scratch, scene.scratch, x.commit.id))}
    known = [x for x in candidates if x.commit.id in steps]
    prerequisites = [x for x in known if x.judged.kind is Kind.PREREQUISITE]
    for chosen in (prerequisites, known):
        kept = fewest(trial, [cut(steps[x.commit.id]) for x in chosen], cut(patch)) if chosen else None
        if kept:
            bring = tuple(chosen[n] for n in kept)
            return Way(bring, _fixes(scene, bring), True)
    return Way((), (), False, _tried(known, [cut(steps[x.commit.id]) for x in known], trial))


def _tried(known: Sequence[Culprit], steps: Sequence[Step], trial: Trial) -> str:
    stuck = trial.stuck(steps)
    all_of_them = {1: "the commit", 2: "both commits"}.get(len(known), f"all {len(known)} commits")
    if stuck < 0:
        return f"it does not land either with {all_of_them} that changed its lines taken first"
    commit = known[stuck].commit
    return (
        f'to bring {all_of_them} that changed its lines takes more: {commit.id[:12]} ("{commit.subject}") does not '
        "land on the target itself (`backport prereqs` looks further)"
    )


def _fixes(scene: Scene, bring: Iterable[Culprit]) -> tuple[Follower, ...]:
    ids = {x.commit.id for x in bring}
    return tuple(x for x in followers(scene) if x.later.of in ids and x.wanting)


def _patch_step(scene: Scene) -> Step | None:
    base = scene.context.base
    return Step(base.tree, base.result) if base.tree and base.result else None


class Cut:
    """Trees narrowed to some paths, for a target that has no tree in the scratch repository."""

    def __init__(self, scene: Scene, paths: Sequence[str]) -> None:
        self._scene = scene
        self._paths = tuple(paths)
        self._kept: dict[str, str] = {}

    def __call__(self, step: Step) -> Step:
        return Step(self._tree(step.before), self._tree(step.after)) if self._paths else step

    def _tree(self, tree: str) -> str:
        if tree not in self._kept:
            scratch = self._scene.scratch
            found = {p: e for p in self._paths if (e := scratch.entry(tree, p)) and e.type is ObjectType.BLOB}
            self._kept[tree] = scratch.write_tree(None, {p: (e.mode, e.id) for p, e in found.items()})
        return self._kept[tree]


def _trial(scene: Scene, candidates: Sequence[Culprit]) -> tuple[Trial, Cut]:
    ground = scene.context.ground
    left = [MERGES]

    def spend() -> bool:
        left[0] -= 1
        return left[0] >= 0 and ground.steps.spend()

    if ground.tree_id:
        return Trial(scene.scratch, ground.tree_id, ground.style, spend), Cut(scene, ())
    paths = {p for x in candidates for p in x.changes.paths} | set(scene.changes.paths)
    files: Mapping[str, tuple[str, str]] = {
        p: (scene.context.target.tree.mode(p) or "100644", scene.scratch.write_blob(data))
        for p in sorted(paths)
        if (data := scene.context.before_text(p)) is not None
    }
    tree = scene.scratch.write_tree(None, files)
    return Trial(scene.scratch, tree, ground.style, spend), Cut(scene, sorted(paths))


# --- in words --------------------------------------------------------------------------------------


def answers(scene: Scene) -> tuple[Answer, ...]:
    """Both ways with their cost; () for a patch that lands."""
    stuck = [(f, h, p) for f in scene.context.placed.files for h, p in failing(f)]
    if not stuck:
        return ()
    found = way(scene)
    bring = _bring(found) if found is not None else None
    places = tuple(h.number for _, h, _ in stuck)
    where = [f"{p.target_path}:{p.target_line}" for _, _, p in stuck if p.target_path and p.target_line]
    files = {p.target_path for _, _, p in stuck if p.target_path}
    lines = sum(len(h.added) + len(h.removed) for _, h, _ in stuck)
    text = f"adapt {_count(len(places), 'place')} ({_count(lines, 'changed line')})"
    shown = ", ".join(where[:4]) + (f" and {len(where) - 4} more" if len(where) > 4 else "")
    adapt = Answer("adapt", False, f"{text}: {shown}" if where else text, (), (), places, lines, len(files))
    return (bring, adapt) if bring is not None else (adapt,)


def _bring(found: Way) -> Answer | None:
    if not found.lands:
        return Answer("bring", False, found.tried) if found.tried else None
    commits = tuple(x.commit.id for x in found.bring)
    fixes = tuple(x.later.commit.id for x in found.fixes)
    every = [x.changes for x in found.bring] + [x.changes for x in found.fixes]
    lines = sum(x.lines for x in every)
    paths = {p for x in every for p in x.paths}
    cost = f"{_count(lines, 'line')} in {_count(len(paths), 'file')}"
    named = ", ".join(f'{x.commit.id[:12]} ("{x.commit.subject}")' for x in found.bring)
    text = f"bring {_count(len(commits), 'commit')} ({cost}) first and it lands: {named}"
    if fixes:
        text += f"; with {_count(len(fixes), 'fix', 'fixes')} of theirs: {', '.join(x[:12] for x in fixes)}"
    return Answer("bring", True, text, commits, fixes, (), lines, len(paths))


def _count(number: int, word: str, words: str = "") -> str:
    return f"{number} {word}" if number == 1 else f"{number} {words or word + 's'}"
