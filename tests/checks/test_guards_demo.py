"""The embedded example: the second cause of its maintainer's note is found by the rules."""

from __future__ import annotations

from importlib import import_module
from unittest.mock import patch

import pytest

from backport.checks import Asked, guards
from backport.demo import build
from backport.git import Repository
from backport.intake import patch_from_commit
from backport.model import Finding, GuardEvidence, Series, Severity
from backport.settings import Settings
from backport.tree import open_target


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> tuple[tuple[Finding, ...], ...]:
    """The findings on guards of each patch of the example's series."""
    demo = build(tmp_path_factory.mktemp("guards") / "example")
    repository = Repository.open(str(demo.repository))
    first, _, last = demo.series.partition("..")
    ids = repository.rev_list([repository.resolve(last), f"^{repository.resolve(first)}"], "--reverse")
    series = Series(tuple(patch_from_commit(repository, x) for x in ids))
    target = open_target(f"{demo.repository}@{demo.target}", Settings())
    asked = Asked(revision=repository.resolve(last))
    engine = import_module("backport.engine.check")
    with patch.object(engine, "all_rules", lambda: guards.RULES):
        report = engine.check(series, [target], upstream=repository, asked=asked)
    return tuple(p.findings for p in report.targets[0].patches)


def test_the_note_of_the_maintainer_is_found(findings: tuple[tuple[Finding, ...], ...]) -> None:
    """ "enclose shm_mfill_pte() with CONFIG_UFAULT, since the build breaks without it when the option is off"."""
    error = next(f for f in findings[0] if f.code == "BP301" and f.severity is Severity.ERROR)
    assert (error.file, error.function) == ("mm/shm.c", "shm_mfill_pte()")
    assert "with CONFIG_SHM=y and `# CONFIG_UFAULT is not set`" in error.message
    assert GuardEvidence("defined(CONFIG_UFAULT)", "target", "include/linux/ufault_k.h", 10) in error.evidence
    assert "#ifdef CONFIG_UFAULT" in error.suggestion


def test_the_hunk_that_conflicts_is_told_of_too(findings: tuple[tuple[Finding, ...], ...]) -> None:
    warning = next(f for f in findings[0] if f.severity is Severity.WARNING)
    assert warning.file == "include/linux/shm_fs.h"
    assert "once it is carried over" in warning.message


def test_the_other_patches_are_quiet(findings: tuple[tuple[Finding, ...], ...]) -> None:
    assert [f.message for found in findings[1:] for f in found if f.severity is Severity.ERROR] == []
