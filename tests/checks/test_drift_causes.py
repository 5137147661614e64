"""Causes in small histories: what was committed is the truth, and what must not appear stands beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from backport.engine import check
from backport.intake import patch_from_commit
from backport.model import DriftKind, HunkReport, LineEvidence, PlacementKind, Report, Series, TargetReport
from backport.tree import DictTree
from tests.placement.support import open_all
from tests.report.evidence import count_evidence, open_evidence
from tests.support.repo import Repo

HEAD = "#include <linux/mm.h>\n\nstatic int users;\n\n"
FILL = """\
static int fill(struct mm *mm, struct page *page, bool wp)
{
	int err;

	spin_lock(&mm->lock);
	err = install(mm, page, wp);
	if (err)
		goto out;
	add_to_lru(page);
out:
	spin_unlock(&mm->lock);
	return err;
}
"""
OTHER = """\
static int drain(struct mm *mm)
{
	int left = mm->users;

	while (left--)
		drop(mm);
	return 0;
}
"""
BASE = HEAD + FILL + "\n" + OTHER
FIX = ("install(mm, page, wp);\n", "install(mm, page, wp);\n\tcount(mm);\n")

Files = Mapping[str, str | None]


def swap(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text


def judged(folder: Path, base: Files, upstream: Sequence[Files], target: Files) -> Report:
    """The upstream commits on `base`, checked on the target beside it, with the history at hand; all evidence of a
    single patch is opened."""
    repo = Repo(folder / "repo")
    first = repo.commit(base, "base\n")
    commits = [repo.commit(files, f"upstream {n}\n") for n, files in enumerate(upstream, 1)]
    repo.branch("target", first)
    repo.commit(target, "the target goes its own way\n")
    with open_all(repo, "target") as targets:
        home = targets[0].repository
        assert home is not None
        series = Series(tuple(patch_from_commit(home, c) for c in commits))
        report = check(series, targets, upstream=home)
        if len(commits) == 1:
            after = {**base, **upstream[0]}
            trees = {
                "base": tree(base),
                "upstream": tree(after),
                "target": tree({**base, **target}),
            }
            assert open_evidence(report, trees, [home]) == []
        return report


def tree(files: Files) -> DictTree:
    return DictTree({path: text.encode() for path, text in files.items() if text is not None})


def only(report: Report) -> TargetReport:
    (target,) = report.targets
    return target


def hunks(report: Report, patch: int = 1) -> list[HunkReport]:
    return [h for f in only(report).patches[patch - 1].files for h in f.hunks]


def messages(report: Report) -> list[str]:
    return [d.message for h in hunks(report) for d in h.drift]


def one_file(folder: Path, upstream: str, target: str, base: str = BASE) -> Report:
    return judged(folder, {"mm/fill.c": base}, [{"mm/fill.c": upstream}], {"mm/fill.c": target})


def test_a_conflict_comes_with_its_cause_and_evidence_on_both_sides(tmp_path: Path) -> None:
    target = swap(BASE, (", bool wp)", ")"), ("install(mm, page, wp)", "install(mm, page)"))
    report = one_file(tmp_path, swap(BASE, FIX), target)
    (hunk,) = hunks(report)
    assert hunk.placement is PlacementKind.CONFLICT
    assert [d.message for d in hunk.drift] == [
        "upstream passes `wp` to install(), the target does not",
        "upstream's fill() takes `bool wp`, the target's does not",
    ]
    lines = [e for e in hunk.drift[1].evidence if isinstance(e, LineEvidence)]
    assert [(e.tree, e.line) for e in lines] == [("base", 5), ("target", 5)]
    assert hunk.drift[1].function == "fill()" and hunk.drift[1].name == "wp"
    assert count_evidence(report) > 3


def test_a_hunk_that_lands_plainly_has_no_causes(tmp_path: Path) -> None:
    target = swap(BASE, ("\tint left = mm->users;\n", "\tint left = mm->pages;\n"))
    report = one_file(tmp_path, swap(BASE, FIX), target)
    assert messages(report) == [] and only(report).features == ()


def test_what_drifted_in_another_function_is_not_told(tmp_path: Path) -> None:
    target = swap(BASE, ("install(mm, page, wp)", "install_now(mm, page, wp)"), ("left", "remaining"))
    found = messages(one_file(tmp_path, swap(BASE, FIX), target))
    assert found == ["the call `install(mm, page, wp)` upstream is `install_now(mm, page, wp)` here"]


def test_white_space_and_comments_are_no_cause(tmp_path: Path) -> None:
    target = swap(
        BASE, ("\terr = install(mm, page, wp);\n", "\terr = install(mm,  page,\n\t\t\twp); /* now */\n")
    )
    report = one_file(tmp_path, swap(BASE, FIX), target)
    assert messages(report) == []


def test_the_condition_around_a_function_that_only_the_target_has(tmp_path: Path) -> None:
    inside = swap(FILL, ("add_to_lru(page)", "add_to_lru_anon(page)"))
    target = HEAD + "#ifdef CONFIG_FILL\n" + inside + "#endif\n\n" + OTHER
    report = one_file(tmp_path, swap(BASE, ("add_to_lru(page)", "add_to_lru_twice(page)")), target)
    assert messages(report) == [
        "the call `add_to_lru(page)` upstream is `add_to_lru_anon(page)` here",
        "fill() stands under `#ifdef CONFIG_FILL` only in the target",
    ]


def test_a_condition_that_both_have_is_not_told(tmp_path: Path) -> None:
    base = HEAD + "#ifdef CONFIG_FILL\n" + FILL + "#endif\n\n" + OTHER
    target = swap(
        base, ("add_to_lru(page)", "add_to_lru_anon(page)"), ("static int users;", "static long users;\n")
    )
    report = one_file(tmp_path, swap(base, ("add_to_lru(page)", "add_to_lru_twice(page)")), target, base)
    assert messages(report) == ["the call `add_to_lru(page)` upstream is `add_to_lru_anon(page)` here"]


def test_a_function_that_the_target_lacks(tmp_path: Path) -> None:
    report = one_file(tmp_path, swap(BASE, FIX), HEAD + OTHER)
    (drift,) = [d for h in hunks(report) for d in h.drift]
    assert (drift.kind, drift.message) == (DriftKind.ABSENT, "the target has no fill() in mm/fill.c")


def test_what_is_said_at_one_hunk_of_a_function_is_referred_to_at_the_next(tmp_path: Path) -> None:
    body = "".join(f"\tstep{n}(mm);\n" for n in range(12))
    base = HEAD + swap(FILL, ("\tadd_to_lru(page);\n", body + "\tadd_to_lru(page);\n"))
    upstream = swap(
        base, ("install(mm, page, wp);", "install_all(mm, page, wp);"), ("add_to_lru(page)", "lru(page, wp)")
    )
    target = swap(
        base,
        (", bool wp)", ")"),
        ("install(mm, page, wp);", "install(mm, page);"),
        ("\tadd_to_lru(page);\n", "\tif (page)\n\t\tadd_to_lru(page);\n"),
    )
    report = one_file(tmp_path, upstream, target, base)
    first, second = hunks(report)
    assert first.placement is second.placement is PlacementKind.CONFLICT
    said = [d.message for d in (*first.drift, *second.drift)]
    assert len(said) == len(set(said))
    assert "upstream's fill() takes `bool wp`, the target's does not" in [d.message for d in first.drift]
    assert [d.message for d in second.drift] == ["`if (page)` stands only in the target"]


def test_a_type_that_only_the_target_declares_under_a_condition(tmp_path: Path) -> None:
    """The header of the target hides the enum; a prototype that the patch adds uses it."""
    enum = "enum fill_mode {\n\tFILL_COPY,\n};\n"
    api = "int install(struct mm *mm, bool wp);\n"
    base = {
        "include/linux/mode.h": enum + "#ifdef CONFIG_FILL\nint other;\n#endif\n",
        "include/linux/api.h": "#include <linux/mode.h>\n\n" + api,
    }
    upstream = {
        "include/linux/api.h": swap(base["include/linux/api.h"], ("bool wp", "enum fill_mode mode, bool wp"))
    }
    target = {
        "include/linux/mode.h": "#ifdef CONFIG_FILL\n" + enum + "int other;\n#endif\n",
        "include/linux/api.h": swap(base["include/linux/api.h"], (", bool wp", "")),
    }
    report = judged(tmp_path, base, [upstream], target)
    guard = [d for h in hunks(report) for d in h.drift if d.kind is DriftKind.GUARD]
    assert [d.message for d in guard] == [
        "enum fill_mode, which it uses, stands under `#ifdef CONFIG_FILL` in the target (include/linux/mode.h), "
        "upstream it does not"
    ]
    assert guard[0].name == "fill_mode"


@pytest.mark.parametrize("both", [True, False])
def test_a_type_under_the_same_condition_or_under_none_is_not_told(tmp_path: Path, both: bool) -> None:
    enum = "enum fill_mode {\n\tFILL_COPY,\n};\n"
    header = "#ifdef CONFIG_FILL\n" + enum + "#endif\n" if both else enum
    api = "#include <linux/mode.h>\n\nint install(struct mm *mm, bool wp);\n"
    base = {"include/linux/mode.h": header, "include/linux/api.h": api}
    upstream = {"include/linux/api.h": swap(api, ("bool wp", "enum fill_mode mode, bool wp"))}
    report = judged(tmp_path, base, [upstream], {"include/linux/api.h": swap(api, (", bool wp", ""))})
    assert [d for h in hunks(report) for d in h.drift if d.kind is DriftKind.GUARD] == []
    assert any("takes `bool wp`" in m for m in messages(report))


def test_a_prototype_is_not_compared_with_that_of_another_function(tmp_path: Path) -> None:
    api = "int first(struct mm *mm);\nint second(struct mm *mm, int n);\nint third(struct mm *mm);\n"
    base = {"api.h": api}
    upstream = {"api.h": swap(api, ("int n);", "int n, int m);"))}
    report = judged(
        tmp_path,
        base,
        [upstream],
        {"api.h": "int first(struct mm *mm);\nlong sixth(struct vma *vma);\nint third(struct mm *mm);\n"},
    )
    assert messages(report) == [
        "upstream has `int second(struct mm *mm, int n);` where the target has `long sixth(struct vma *vma);`"
    ]


def test_a_patch_whose_forerunner_does_not_land_says_so(tmp_path: Path) -> None:
    one = swap(BASE, ("install(mm, page, wp);", "install_mode(mm, page, wp, FILL_ALL);"))
    two = swap(one, ("install_mode(mm, page, wp, FILL_ALL);", "install_mode(mm, page, wp, FILL_ONE);"))
    target = swap(BASE, ("install(mm, page, wp);", "install_now(page, wp);"))
    report = judged(
        tmp_path, {"mm/fill.c": BASE}, [{"mm/fill.c": one}, {"mm/fill.c": two}], {"mm/fill.c": target}
    )
    said = [d.message for h in hunks(report, 2) for d in h.drift]
    assert said and all(m.endswith("; patch 1 of the series brings it") for m in said)


def test_the_causes_of_the_example(demo: Report) -> None:
    """The two causes that its maintainer noted: write-protect, and the enum inside CONFIG_UFAULT."""
    first = {h.number: [d.message for d in h.drift] for h in hunks(demo)}
    failing = [h.number for h in hunks(demo) if h.placement is PlacementKind.CONFLICT]
    assert failing == [4, 11, 17, 18, 19, 21]
    assert all(any("wp_copy" in m for m in first[n]) for n in failing)
    assert "upstream's shm_mfill_pte() takes `bool wp_copy`, the target's does not" in first[11]
    (guard,) = [m for m in first[4] if m.startswith("enum mfill_mode")]
    assert "`#ifdef CONFIG_UFAULT` in the target (include/linux/ufault_k.h)" in guard


def test_the_feature_behind_the_conflicts_of_the_example(demo: Report) -> None:
    """All ten go back to the two commits that brought the write-protect mode, and nothing else is blamed."""
    (feature,) = only(demo).features
    assert [c.subject for c in feature.commits] == [
        "ufault: add a write-protect mode",
        "ufault: install copied pages write-protected",
    ]
    assert [(h.patch, h.hunks) for h in feature.hunks] == [
        (1, (4, 11, 17, 18, 19, 21)),
        (2, (4, 8)),
        (5, (2, 3)),
    ]
    assert feature.state == "absent" and feature.message.endswith("it accounts for all 10 conflicts")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Report:
    from backport.demo import build
    from backport.intake.commits import series_of_revisions

    built = build(tmp_path_factory.mktemp("example") / "ufault")
    with open_all(built.repository, built.target) as targets:
        home = targets[0].repository
        assert home is not None
        return check(series_of_revisions(home, [built.series]), targets, upstream=home)
