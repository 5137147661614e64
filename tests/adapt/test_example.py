"""The founding example, adapted: what its maintainer did by hand is found, builds, and is told in the note."""

from __future__ import annotations

from pathlib import Path

import pytest

from backport.adapt.trailers import manner_of
from backport.adapt.values import Adaptation, Confidence
from backport.demo import Demo, build
from backport.engine.adapt import adapt
from backport.git import Repository
from backport.intake import patch_from_commit
from backport.model import Series
from backport.report.adapted import mails, written
from backport.settings import Settings
from backport.tree import File, open_target
from tests.demo.test_build import built, export


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return build(tmp_path_factory.mktemp("example") / "ufault")


@pytest.fixture(scope="module")
def adapted(demo: Demo) -> Adaptation:
    with Repository.open(str(demo.repository)) as repository:
        first = repository.resolve(f"{demo.upstream}~4")
        patch = patch_from_commit(repository, first)
        target = open_target(f"{demo.repository}@{demo.target}", Settings())
        return adapt(Series((patch,)), target, upstream=repository)


def test_the_patch_is_adapted_whole(adapted: Adaptation) -> None:
    (patch,) = adapted.patches
    assert patch.complete and patch.proposal is not None
    assert patch.proposal.confidence is Confidence.LIKELY
    assert not [f for f in patch.findings if f.severity == "error"]


def test_both_causes_are_acted_on_where_they_are(adapted: Adaptation) -> None:
    (patch,) = adapted.patches
    assert patch.proposal is not None
    assert {name for p in patch.proposal.pieces for name in p.left_out} == {"wp_copy"}
    assert not any(b"wp_copy" in f.data for f in patch.changes.values() if f is not None)
    guarded = {p.path for p in patch.proposal.pieces if p.trace[-1].strategy == "guard"}
    assert guarded == {"mm/shm.c", "include/linux/shm_fs.h"}


def test_what_upstream_has_and_the_proposal_has_not_is_listed(adapted: Adaptation) -> None:
    (patch,) = adapted.patches
    lost = {line.strip() for d in patch.differences for line in d.lost}
    assert any(b"bool wp_copy" in line for line in lost)


def test_it_builds_with_the_option_and_without(demo: Demo, adapted: Adaptation, tmp_path: Path) -> None:
    tree = export(demo, f"origin/{demo.target}", tmp_path)
    for path, file in adapted.patches[0].changes.items():
        assert isinstance(file, File)
        (tree / path).write_bytes(file.data)
    assert built(tree) == ("", "")


def test_without_the_guard_it_would_not_build(demo: Demo, adapted: Adaptation, tmp_path: Path) -> None:
    tree = export(demo, f"origin/{demo.target}", tmp_path)
    for path, file in adapted.patches[0].changes.items():
        assert isinstance(file, File)
        lines = file.data.split(b"\n")
        kept = [x for x in lines if x not in (b"#ifdef CONFIG_UFAULT", b"#endif /* CONFIG_UFAULT */")]
        (tree / path).write_bytes(b"\n".join(kept if path.endswith(("shm.c", "shm_fs.h")) else lines))
    off, on = built(tree)
    assert on == "" and "mm/shm.c" in off


def test_the_note_names_both_causes(adapted: Adaptation) -> None:
    ((_, mail),) = mails(written(adapted, manner_of("android")).commits)
    text = mail.decode()
    assert "wp_copy" in text and "write-protect" in text
    assert "CONFIG_UFAULT" in text
