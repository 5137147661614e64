"""Features behind conflicts: by vocabulary and by history, and where there is nothing to tell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import backport_grammars
import pytest

from backport.checks.features_vocabulary import Vocabulary, read, vocabularies
from backport.engine import check
from backport.intake import patch_from_commit
from backport.model import CommitEvidence, ExplainedHunks, Feature, Finding, Report, Series, TargetReport
from tests.placement.support import open_all, patch_of, target_of
from tests.support.repo import Repo
from tests.support.require import require_linux_source

ALL = tuple(vocabularies(lambda path: True))
FOLDER = Path(backport_grammars.__path__[0], "features")

KERNEL_HEADER = "include/linux/userfaultfd_k.h"
WITHOUT = "bool userfaultfd_missing(struct vm_area_struct *vma);\n"
PARTLY = WITHOUT + "bool userfaultfd_wp(struct vm_area_struct *vma);\n"
WITH = PARTLY + "#define UFFDIO_WRITEPROTECT 1\n#define UFFDIO_COPY_MODE_WP 2\n"

COPY = """\
static int copy_one(struct mm_struct *mm, unsigned long dst, bool wp_copy)
{
	int err = prepare(mm);

	if (err)
		return err;
	return install(mm, dst, wp_copy);
}
"""
OLD = COPY.replace(", bool wp_copy", "").replace(", wp_copy", "")
CHANGED = COPY.replace("install(mm, dst, wp_copy)", "install_locked(mm, dst, wp_copy)")


def reported(
    folder: Path, base: str, upstream: str, target: str, header: str, ours: str = WITH
) -> TargetReport:
    """A change of mm/uffd.c, made where the header is `ours`, on a target that has `header`."""
    repo = Repo(folder / "repo")
    first = repo.commit({"mm/uffd.c": base, KERNEL_HEADER: ours}, "base\n")
    commit = repo.commit({"mm/uffd.c": upstream}, "mm: install with the lock held\n")
    repo.branch("target", first)
    repo.commit({"mm/uffd.c": target, KERNEL_HEADER: header}, "target\n")
    with open_all(repo, "target") as targets:
        home = targets[0].repository
        assert home is not None
        (report,) = check(Series((patch_from_commit(home, commit),)), targets).targets
    return report


def findings(target: TargetReport) -> list[Finding]:
    return [f for p in target.patches for f in p.findings if f.code == "BP121"]


def test_an_absent_feature_is_named_with_what_it_accounts_for(tmp_path: Path) -> None:
    target = reported(tmp_path, COPY, CHANGED, OLD, WITHOUT)
    (feature,) = target.features
    assert (feature.name, feature.state, feature.explains) == ("uffd-wp", "absent", (1,))
    assert feature.message == (
        "userfaultfd write-protect support (uffd-wp) is absent from the target: it came with v5.7, and the patch "
        "builds on `wp_copy`; it accounts for the only conflict"
    )
    assert feature.evidence and feature.hunks == (ExplainedHunks(1, (1,)),)
    (finding,) = findings(target)
    assert finding.message.startswith("hunk 1 is written for `wp_copy`, absent from the target")
    drift = [d for p in target.patches for f in p.files for h in f.hunks for d in h.drift]
    assert drift and all(d.feature == "uffd-wp" for d in drift)


def test_a_part_of_a_feature_is_told_from_none_of_it(tmp_path: Path) -> None:
    (feature,) = reported(tmp_path, COPY, CHANGED, OLD, PARTLY).features
    assert feature.state == "partial"
    assert "is only partly in the target" in feature.message


def test_a_feature_that_the_target_has_is_not_listed(tmp_path: Path) -> None:
    target = reported(tmp_path, COPY, CHANGED, OLD, WITH)
    assert target.features == () and findings(target) == []


def test_a_feature_that_only_the_target_has(tmp_path: Path) -> None:
    """The patch was written for a tree without it."""
    upstream = OLD.replace("install(mm, dst)", "install_locked(mm, dst)")
    target = reported(tmp_path, OLD, upstream, COPY, WITH, WITHOUT)
    (feature,) = target.features
    assert feature.state == "present"
    assert feature.message.startswith(
        "the target has userfaultfd write-protect support (uffd-wp, v5.7), which the patch was written without"
    )
    assert findings(target) == []


def test_a_tree_without_the_files_of_a_vocabulary_is_not_spoken_of(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    first = repo.commit({"mm/uffd.c": COPY})
    commit = repo.commit({"mm/uffd.c": CHANGED})
    repo.branch("target", first)
    repo.commit({"mm/uffd.c": OLD})
    with open_all(repo, "target") as targets:
        home = targets[0].repository
        assert home is not None
        (report,) = check(Series((patch_from_commit(home, commit),)), targets).targets
    assert report.features == ()


def test_what_the_patch_itself_brings_is_no_feature_that_it_needs(tmp_path: Path) -> None:
    added = "bool userfaultfd_wp(struct vm_area_struct *vma)\n{\n\treturn true;\n}\n\n"
    upstream = added + OLD.replace("install(mm, dst)", "install_locked(mm, dst)")
    target = OLD.replace("install(mm, dst)", "install_now(mm, dst)").replace("static int", "static long")
    report = reported(tmp_path, OLD, upstream, target, WITHOUT, WITHOUT)
    assert report.features == ()


def test_the_hunks_alone_tell_it_too() -> None:
    diff = (
        b"--- a/mm/uffd.c\n+++ b/mm/uffd.c\n@@ -1,8 +1,8 @@\n"
        + b"".join(b" " + x.encode() + b"\n" for x in COPY.splitlines()[:6])
        + b"-\treturn install(mm, dst, wp_copy);\n+\treturn install_locked(mm, dst, wp_copy);\n }\n"
    )
    target = target_of({"mm/uffd.c": OLD.encode(), KERNEL_HEADER: WITHOUT.encode()})
    (report,) = check(Series((patch_of(diff),)), [target]).targets
    (feature,) = report.features
    assert (feature.name, feature.state) == ("uffd-wp", "absent")


# --- by history ----------------------------------------------------------------------------------


def by_history(folder: Path, steps: Sequence[tuple[str, str]], fix: str, target: str) -> Report:
    """Upstream commits of mm/fill.c (text, author and date), then the patch; the target stands on the first."""
    repo = Repo(folder / "repo")
    first = repo.commit({"mm/fill.c": OLD}, "mm: the beginning\n")
    start = repo.commit({"mm/fill.c": "/* */\n" + OLD}, "mm: before all\n")
    assert first != start
    for text, message in steps:
        repo.commit({"mm/fill.c": "/* */\n" + text}, message)
    commit = repo.commit({"mm/fill.c": "/* */\n" + fix}, "mm: the patch\n")
    repo.branch("target", start)
    repo.commit({"mm/fill.c": "/* */\n" + target}, "mm: of the target\n")
    with open_all(repo, "target") as targets:
        home = targets[0].repository
        assert home is not None
        return check(Series((patch_from_commit(home, commit),)), targets, upstream=home)


def test_the_commit_that_brought_what_the_target_lacks(tmp_path: Path) -> None:
    report = by_history(tmp_path, [(COPY, "mm: copy pages protected\n")], CHANGED, OLD)
    (feature,) = report.targets[0].features
    assert feature.name == "wp_copy" and feature.state == "absent"
    assert [c.subject for c in feature.commits] == ["mm: copy pages protected"]
    assert re.fullmatch(
        r'where hunks conflict, the target lacks what [0-9a-f]{12} \("mm: copy pages protected"\) brought: `wp_copy`; '
        r"it accounts for the only conflict",
        feature.message,
    )
    assert any(isinstance(e, CommitEvidence) for e in feature.evidence)


def test_the_finding_of_a_feature_names_the_commit(tmp_path: Path) -> None:
    report = by_history(tmp_path, [(COPY, "mm: copy pages protected\n")], CHANGED, OLD)
    (finding,) = findings(report.targets[0])
    assert re.fullmatch(
        r'hunk 1 is written for code with what [0-9a-f]{12} \("mm: copy pages protected"\) brought, which the target '
        r"lacks there: "
        r"`wp_copy`",
        finding.message,
    )
    assert any(isinstance(e, CommitEvidence) for e in finding.evidence)


def test_commits_of_one_series_are_one_feature(tmp_path: Path) -> None:
    half = COPY.replace(", wp_copy", "")
    two = COPY.replace("install(mm, dst, wp_copy)", "install(mm, dst, wp_mode(wp_copy))")
    steps = [(half, "mm: take wp_copy\n"), (two, "mm: pass wp_copy on by wp_mode()\n")]
    fix = two.replace("install(", "install_locked(")
    report = by_history(tmp_path, steps, fix, OLD)
    (feature,) = report.targets[0].features
    assert [c.subject for c in feature.commits] == ["mm: take wp_copy", "mm: pass wp_copy on by wp_mode()"]
    assert set(feature.names) == {"wp_copy", "wp_mode"}


def test_what_the_target_changed_by_itself_has_no_upstream_commit(tmp_path: Path) -> None:
    """The line that drifted is older than the point at which the two histories parted."""
    fix = OLD.replace("install(mm, dst)", "install_locked(mm, dst)")
    report = by_history(tmp_path, [], fix, OLD.replace("install(mm, dst)", "install_now(mm, dst)"))
    assert report.targets[0].features == ()
    drift = [d.message for f in report.targets[0].patches[0].files for h in f.hunks for d in h.drift]
    assert drift == ["the call `install(mm, dst)` upstream is `install_now(mm, dst)` here"]


# --- the vocabularies ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda p: p.stem)
def test_each_vocabulary_is_complete_and_knows_its_own_names(path: Path) -> None:
    found = read(path.read_text("utf-8"))
    assert found.name == path.stem
    assert re.fullmatch(r"v\d+\.\d+", found.version)
    assert found.known(found.anchors) == frozenset(found.anchors)
    assert "include/linux/" in " ".join(found.where)
    assert not found.known(["page", "mm", "vma", "err", "ret", "flags", "i", "lock"])
    assert not set(found.replaces) & set(found.known(found.replaces))


def test_a_vocabulary_without_its_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version"):
        read('name = "x"\ntitle = "y"\nwhere = ["a"]\nanchors = ["b"]\n')


def test_patterns_match_whole_names() -> None:
    found = next(v for v in ALL if v.name == "uffd-wp")
    assert found.known(["pte_mkuffd_wp", "pte_swp_clear_uffd_wp"])
    assert not found.known(["my_pte_mkuffd_wp_now", "pte_mkdirty"])


BACKPORTED = {"cleanup", "inode-ctime", "iter-source", "random-below", "timer-delete"}
"""Later features that the stable tree 6.1.y took over."""


@pytest.mark.parametrize("version", ["6.1"])
def test_versions_are_right_by_the_kernel_itself(version: str) -> None:
    top = require_linux_source(version)
    for vocabulary in ALL:
        has = _state(top, vocabulary)
        due = _number(vocabulary.version) <= _number(f"v{version}")
        assert has == ("present" if due or vocabulary.name in BACKPORTED else "absent"), vocabulary.name


def _state(top: Path, vocabulary: Vocabulary) -> str:
    texts = [p.read_text("utf-8", "replace") for w in vocabulary.where if (p := top / w).is_file()]
    assert texts, vocabulary.name
    held = [a for a in vocabulary.anchors if any(re.search(rf"\b{a}\b", t) for t in texts)]
    return "present" if len(held) == len(vocabulary.anchors) else "partial" if held else "absent"


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(x) for x in version[1:].split("."))


def test_a_feature_without_its_new_fields_is_still_one() -> None:
    assert Feature("f", "absent").hunks == () and Feature("f", "absent").message == ""
