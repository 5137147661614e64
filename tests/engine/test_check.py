"""The one call: events, cancellation, budget, several targets, the overlay of a series and of a queue."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from backport.engine import Budget, Event, check
from backport.errors import BackportError, Cancelled
from backport.git import Repository
from backport.intake import patch_from_commit
from backport.model import Patch, PlacementKind, Reason, Report, Series, Verdict
from backport.report import dump, load, render
from backport.settings import Settings
from backport.tree import Submodule, Symlink, open_target
from tests.placement.support import check_commits, hunks, kinds, open_all, patch_of, target_of
from tests.report.evidence import count_evidence, open_evidence
from tests.support.repo import Repo, snapshot

LINES = [f"line {n}" for n in range(1, 41)]
TEXT = "".join(f"{line}\n" for line in LINES)

CODE = """\
#include "dev.h"

int dev_start(struct dev *dev)
{
	if (dev->running)
		return -EBUSY;
	dev->running = true;
	dev_kick(dev);
	return 0;
}

void dev_stop(struct dev *dev)
{
	dev->running = false;
	dev_quiet(dev);
	dev_drain(dev);
}
"""


def swap(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def diff(tmp_path: Path, old: str, new: str, path: str = "dev.c") -> Patch:
    """The difference of two texts as a patch of which only the diff is known."""
    repo = Repo(Path(tempfile.mkdtemp(dir=tmp_path)))
    repo.commit({path: old})
    repo.commit({path: new})
    found = patch_of(repo.git("diff", "--no-renames", "HEAD~1", "HEAD"))
    return replace(found, files=tuple(replace(f, old_blob="", new_blob="") for f in found.files))


ONE = ("\tdev_kick(dev);\n", "\tdev_kick(dev);\n\tdev_trace_start(dev);\n")
TWO = ("\tdev_trace_start(dev);\n", "\tdev_trace_start(dev, dev->id);\n")


@pytest.fixture
def pair(tmp_path: Path) -> Series:
    """Two patches, of which the second changes the line that the first brings."""
    middle = swap(CODE, ONE)
    return Series((diff(tmp_path, CODE, middle), diff(tmp_path, middle, swap(middle, TWO))))


# --- events, cancel, budget ------------------------------------------------------------------------


def test_events_come_in_order(pair: Series) -> None:
    told: list[Event] = []
    targets = [target_of({"dev.c": CODE.encode()}, name) for name in ("one", "two")]
    check(pair, targets, queue=Series(pair.patches[:1]), on_event=told.append)
    assert [(e.stage, e.patch, e.patches, e.target) for e in told] == [
        (stage, patch, patches, name)
        for name in ("one", "two")
        for stage, patch, patches in (("queue", 1, 1), ("place", 1, 2), ("place", 2, 2))
    ]


def contents(top: Path) -> dict[str, tuple[int, str]]:
    """Every file and folder below `top`: mode and hash. Not the time: git marks an object as in use when it
    would write the same into the scratch repository."""
    return {path: (mode, digest) for path, (mode, _, digest) in snapshot(top).items()}


@pytest.mark.parametrize("asked", [1, 2, 3, 5, 8])
def test_cancel_stops_between_hunks_and_leaves_nothing(
    tmp_path: Path, asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever it is that the caller says stop."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    after = TEXT
    for n in (3, 13, 23, 33):
        after = after.replace(f"line {n}\n", f"changed {n}\n")
    series = Series((diff(tmp_path, TEXT, after, "f"),) * 2)
    repo = Repo(tmp_path / "target")
    repo.commit({"f": "head\n" + TEXT})
    before = contents(tmp_path)
    times = 0

    def cancel() -> bool:
        nonlocal times
        times += 1
        return times >= asked

    with open_all(repo, "HEAD") as targets, pytest.raises(Cancelled):
        check(series, targets, cancel=cancel)
    assert times == asked
    assert contents(tmp_path) == before


def test_cancel_is_asked_for_every_hunk(tmp_path: Path) -> None:
    after = TEXT
    for n in (3, 13, 23, 33):
        after = after.replace(f"line {n}\n", f"changed {n}\n")
    times = 0

    def cancel() -> bool:
        nonlocal times
        times += 1
        return False

    check(Series((diff(tmp_path, TEXT, after, "f"),)), [target_of({"f": TEXT.encode()})], cancel=cancel)
    assert times >= 5


def test_a_small_budget_leaves_hunks_unjudged_and_says_so(tmp_path: Path) -> None:
    after = TEXT
    for n in (3, 13, 23, 33):
        after = after.replace(f"line {n}\n", f"changed {n}\n")
    series = Series((diff(tmp_path, TEXT, after, "f"),))
    targets = [target_of({"f": TEXT.encode()}, name) for name in ("one", "two")]
    report = check(series, targets, budget=Budget(2))
    for number in (0, 1):
        found = hunks(report, number)
        assert [h.placement for h in found[:2]] == [PlacementKind.EXACT] * 2
        assert [h.reason for h in found[2:]] == [Reason.BUDGET] * 2
        assert not any(h.placement is not None and h.placement.there for h in found)
        messages = [f.message for p in report.targets[number].patches for f in p.findings]
        assert sum("limit of work" in m for m in messages) == 2
    assert report.targets[0].verdict is Verdict.CONFLICT
    assert check(series, targets, budget=Budget(2)) == report
    assert kinds(check(series, targets, budget=Budget(10**6))) == ["exact"] * 4


# --- targets ---------------------------------------------------------------------------------------


def test_every_target_is_judged_on_its_own(pair: Series) -> None:
    """A conflict in one says nothing of the next, nor does what landed there."""
    other = swap(CODE, ("\tdev_kick(dev);\n", "\tdev_poke(dev, GFP_KERNEL);\n\treturn dev_wait(dev);\n"))
    other = swap(other, ("\tdev->running = true;\n", "\tset_bit(RUNNING, &dev->state);\n"))
    there = swap(swap(CODE, ONE), TWO)
    texts = {"plain": CODE, "other": other, "there": there, "again": CODE}
    report = check(pair, [target_of({"dev.c": text.encode()}, name) for name, text in texts.items()])
    assert [t.name for t in report.targets] == list(texts)
    assert [t.verdict for t in report.targets] == [
        Verdict.CLEAN,
        Verdict.CONFLICT,
        report.targets[2].verdict,
        Verdict.CLEAN,
    ]
    alone = check(pair, [target_of({"dev.c": other.encode()}, "other")])
    assert alone.targets[0] == report.targets[1]
    assert report.targets[0].patches == report.targets[3].patches


def test_a_series_builds_on_itself_in_a_repository_and_in_a_folder(tmp_path: Path, pair: Series) -> None:
    repo = Repo(tmp_path / "tree")
    repo.commit({"dev.c": CODE, "sub/other.c": CODE})
    folder = tmp_path / "plain" / "tree"
    (folder / "sub").mkdir(parents=True)
    for path in ("dev.c", "sub/other.c"):
        (folder / path).write_text(CODE)
    with open_all(repo, "HEAD") as (in_git,):
        in_folder = open_target(str(folder), Settings())
        report = check(pair, [in_git, in_folder])
    first, second = report.targets
    assert first.verdict is second.verdict is Verdict.CLEAN
    assert kinds(report, 0) == kinds(report, 1) == ["exact", "exact"]
    assert first.patches == second.patches
    alone = check(Series(pair.patches[1:]), [in_folder])
    assert alone.targets[0].verdict is Verdict.CONFLICT
    assert (folder / "dev.c").read_text() == CODE


def test_a_repository_and_its_files_as_a_folder_agree(tmp_path: Path) -> None:
    """Also on what does not land, what is there and what is gone."""
    after = swap(
        CODE,
        ("\tdev_kick(dev);\n", "\tdev_kick(dev);\n\tdev_trace_start(dev);\n"),
        ("\tdev_drain(dev);\n", "\tdev_drain(dev);\n\tdev_trace_stop(dev);\n"),
    )
    series = Series(
        (
            diff(tmp_path, CODE, after),
            diff(tmp_path, CODE, after, "gone.c"),
            diff(tmp_path, TEXT, TEXT.replace("line 9\n", "nine\n"), "f"),
        )
    )
    files = {
        "dev.c": swap(CODE, ("\tdev_kick(dev);\n", "\tdev_poke(dev);\n")),
        "f": TEXT.replace("line 9\n", "other 9 of these\n"),
        "link": "x",
    }
    repo = Repo(tmp_path / "tree")
    repo.commit(dict(files))
    folder = tmp_path / "plain" / "tree"
    folder.mkdir(parents=True)
    for path, text in files.items():
        (folder / path).write_text(text)
    with open_all(repo, "HEAD") as (in_git,):
        report = check(series, [in_git, open_target(str(folder), Settings())])

    def without_blobs(report: Report, number: int) -> list[object]:
        return [
            replace(
                h,
                texts=None
                if h.texts is None
                else (h.texts.preimage, h.texts.postimage, _text(h.texts.target)),  # type: ignore[arg-type]
            )
            for h in hunks(report, number)
        ]

    assert without_blobs(report, 0) == without_blobs(report, 1)
    findings = [[p.findings for p in t.patches] for t in report.targets]
    assert findings[0] == findings[1]


def _text(excerpt: object) -> object:
    return None if excerpt is None else (excerpt.text, excerpt.first)  # type: ignore[attr-defined]


def test_a_queue_comes_before_the_series(tmp_path: Path, pair: Series) -> None:
    """The target with its stack of patches; one of them that does not land is a finding."""
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "dev.c").write_text(CODE)
    target = open_target(str(folder), Settings())
    second = Series(pair.patches[1:])
    assert check(second, [target]).targets[0].verdict is Verdict.CONFLICT
    report = check(second, [target], queue=Series(pair.patches[:1]))
    assert report.targets[0].verdict is Verdict.CLEAN and report.targets[0].findings == ()
    report = check(second, [target], queue=Series((pair.patches[1], pair.patches[0])))
    assert [f.code for f in report.targets[0].findings] == ["BP108"]
    assert report.targets[0].verdict is Verdict.CLEAN
    report = check(Series(pair.patches[:1]), [target], queue=Series(pair.patches[:1]))
    assert kinds(report) == ["applied"]


def test_after_a_conflict_later_patches_see_what_landed(tmp_path: Path) -> None:
    """Of the first patch one hunk lands and one does not; the second needs both, and says what follows."""
    middle = swap(CODE, ONE, ("\tdev_drain(dev);\n", "\tdev_drain(dev);\n\tdev_trace_stop(dev);\n"))
    end = swap(middle, TWO, ("\tdev_trace_stop(dev);\n", "\tdev_trace_stop(dev, dev->id);\n"))
    series = Series((diff(tmp_path, CODE, middle), diff(tmp_path, middle, end)))
    body = CODE[CODE.index("\tdev->running = false;") :]
    target = swap(CODE, (body, "\twhile (!list_empty(&queue))\n\t\tcpu_relax();\n}\n"))
    report = check(series, [target_of({"dev.c": target.encode()})])
    first, second = report.targets[0].patches
    kinds_of = [[str(h.placement) for f in p.files for h in f.hunks] for p in (first, second)]
    assert kinds_of[0] == ["exact", "conflict"]
    assert kinds_of[1][0] == "exact" and kinds_of[1][1] in ("conflict", "absent")
    messages = [f.message for f in second.findings if f.severity == "error"]
    assert any("follows from patch 1, which does not land here either" in m for m in messages)
    assert not any("follows from" in f.message for f in first.findings)


# --- what is promised of a report ------------------------------------------------------------------


def history(path: Path) -> tuple[Repo, list[str], str]:
    """Upstream commits, and a branch on which one of them is and another conflicts."""
    repo = Repo(path)
    repo.commit({"dev.c": CODE, "f": TEXT})
    repo.branch("stable")
    onto = repo.commit(
        {
            "dev.c": swap(CODE, ONE),
            "f": TEXT.replace("line 9\n", "other 9 of these\n"),
        }
    )
    repo.checkout("main")
    commits = [
        repo.commit({"dev.c": swap(CODE, ONE)}, "dev: trace the start\n"),
        repo.commit({"f": TEXT.replace("line 9\n", "nine\n").replace("line 30\n", "thirty\n")}, "f: count\n"),
        repo.commit({"dev.c": swap(swap(CODE, ONE), TWO)}, "dev: trace with the id\n"),
    ]
    return repo, commits, onto


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    repo, commits, onto = history(tmp_path)
    documents = []
    for _ in range(2):
        report = check_commits(repo, commits, onto, "main~3")
        documents.append([render(report, name) for name in ("text", "json", "markdown", "html", "sarif")])
    assert documents[0] == documents[1]
    assert str(tmp_path).encode() not in b"".join(documents[0])


def test_the_report_of_a_history(tmp_path: Path) -> None:
    """Verdicts, kinds, a round trip through JSON, and evidence that stands where it says."""
    repo, commits, onto = history(tmp_path)
    report = check_commits(repo, commits, onto)
    assert [p.verdict for p in report.targets[0].patches] == [
        Verdict.APPLIED,
        Verdict.CONFLICT,
        Verdict.CLEAN,
    ]
    assert kinds(report) == ["applied", "conflict", "exact", "exact"]
    assert load(dump(report)) == report
    assert count_evidence(report)
    with open_all(repo, onto) as (target,):
        for commit, patch in zip(commits, report.targets[0].patches, strict=True):
            one = replace(report, targets=(replace(report.targets[0], patches=(patch,)),))
            own = {"base": f"{repo.path}@{commit}^", "upstream": f"{repo.path}@{commit}"}
            trees = {name: open_target(spec, Settings()).tree for name, spec in own.items()}
            assert open_evidence(one, {"target": target.tree, **trees}) == []


def test_the_repository_is_not_touched(tmp_path: Path) -> None:
    repo, commits, onto = history(tmp_path)
    before = contents(tmp_path)
    check_commits(repo, commits, onto)
    assert contents(tmp_path) == before


def test_a_missing_blob_is_a_reason(tmp_path: Path) -> None:
    """As in a partial clone: what is not here cannot be judged, and nothing else is touched by it."""
    repo = Repo(tmp_path / "r")
    repo.commit({"dev.c": CODE, "f": TEXT})
    patch = diff(tmp_path, CODE, swap(CODE, ONE))
    other = diff(tmp_path, TEXT, TEXT.replace("line 9\n", "nine\n"), "f")
    id = repo.git("rev-parse", "HEAD:dev.c").decode().strip()
    (repo.path / ".git" / "objects" / id[:2] / id[2:]).unlink()
    with open_all(repo, "HEAD") as targets:
        report = check(Series((patch, other)), targets)
    assert [(h.placement, h.reason) for h in hunks(report)] == [
        (PlacementKind.CONFLICT, Reason.OBJECT_MISSING),
        (PlacementKind.EXACT, Reason.SAME_PLACE),
    ]
    assert load(dump(report)) == report


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    patch = diff(tmp_path, CODE, swap(CODE, ONE))
    for entry in (Symlink(b"other.c"), Submodule("1" * 40)):
        report = check(Series((patch,)), [target_of({"dev.c": entry, "other.c": CODE.encode()})])
        assert [(h.placement, h.reason) for h in hunks(report)] == [
            (PlacementKind.CONFLICT, Reason.NOT_A_FILE)
        ]


@pytest.mark.parametrize("how", ["git", "folder"])
def test_a_path_through_a_linked_folder_leads_nowhere(tmp_path: Path, how: str) -> None:
    """Neither read nor written: what lies behind the link is not the target."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "dev.c").write_text(CODE)
    top = tmp_path / "tree"
    repo = Repo(top) if how == "git" else None
    top.mkdir(exist_ok=True)
    (top / "drivers").symlink_to(outside)
    (top / "keep").write_text("keep\n")
    patch = diff(tmp_path, CODE, swap(CODE, ONE), "drivers/dev.c")
    if repo is not None:
        repo.commit({})
        with open_all(repo, "HEAD") as targets:
            report = check(Series((patch,)), targets)
    else:
        report = check(Series((patch,)), [open_target(str(top), Settings())])
    assert [(h.placement, h.reason) for h in hunks(report)] == [(PlacementKind.ABSENT, Reason.FILE_ABSENT)]
    assert (outside / "dev.c").read_text() == CODE


# --- anything goes ---------------------------------------------------------------------------------

WORDS = [
    "int f(int a)",
    "{",
    "}",
    "\treturn a;",
    "\ta = g(a);",
    "",
    "#if X",
    "#endif",
    "/* c */",
    "struct s {",
]
texts = st.lists(st.sampled_from(WORDS), max_size=20).map(lambda x: "".join(f"{y}\n" for y in x))


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(texts, texts, texts, st.sampled_from(["f.c", "f", "f.h"]), st.booleans())
def test_nothing_but_our_own_errors(old: str, new: str, target: str, path: str, base: bool) -> None:
    """Whatever the three files are: a report, or an error that a user can read; places are in the target."""
    with tempfile.TemporaryDirectory() as top:
        repo = Repo(Path(top))
        repo.commit({path: old, "keep": ""})
        commit = repo.commit({path: new})
        repo.branch("other", "HEAD~1")
        onto = repo.commit({path: target})
        home = Repository.open(top)
        try:
            patch = patch_from_commit(home, commit)
            if not base:
                bare = tuple(replace(f, old_blob="", new_blob="") for f in patch.files)
                patch = replace(patch, commit="", parent="", files=bare)
            with open_all(repo, onto) as (git_target,):
                report = check(
                    Series((patch,)), [git_target, target_of({path: target.encode(), "keep": b""})]
                )
        except BackportError as error:
            assert str(error)
            return
        finally:
            home.close()
    length = target.count("\n")
    for number in (0, 1):
        for hunk in hunks(report, number):
            assert hunk.target_path in (path, None)
            assert 0 <= (hunk.target_line or 0) <= length + 1
            if hunk.placement in (PlacementKind.APPLIED, PlacementKind.EVOLVED):
                assert hunk.target_line
    assert load(dump(report)) == report
