"""The five seed documents against linux-source-6.1: what must hold, each looked up in that tree by eye."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from backport.engine import check
from backport.intake import read_document
from backport.model import HunkReport, Report
from backport.report import dump, load
from backport.settings import Settings
from backport.tree import DictTree, Target, open_target
from tests.placement.support import hunks
from tests.report.evidence import count_evidence, hunk_trees, open_evidence
from tests.support.require import require_linux_source
from tests.support.shared import seed


@pytest.fixture(scope="module")
def target() -> Target:
    return open_target(str(require_linux_source("6.1")), Settings())


@pytest.fixture(scope="module")
def report_of(target: Target) -> Callable[[int], Report]:
    @cache
    def report(number: int) -> Report:
        document = seed(number)
        series = read_document(document.read_bytes(), document.name, settings=Settings())
        return check(series, [target])

    return report


@pytest.fixture(scope="module")
def hunk_of(report_of: Callable[[int], Report]) -> Callable[[int, int], HunkReport]:
    def hunk(number: int, which: int) -> HunkReport:
        (found,) = (h for h in hunks(report_of(number)) if h.number == which)
        return found

    return hunk


HUNKS = {0: 22, 1: 9, 2: 9, 3: 11, 4: 12}


@pytest.mark.parametrize("number", HUNKS)
def test_every_hunk_is_judged_and_every_piece_of_evidence_stands(
    number: int, report_of: Callable[[int], Report], target: Target
) -> None:
    report = report_of(number)
    assert [h.number for h in hunks(report)] == list(range(1, HUNKS[number] + 1))
    assert all(h.reason is not None and h.placement is not None for h in hunks(report))
    assert count_evidence(report)
    (patch,) = read_document(seed(number).read_bytes(), seed(number).name, settings=Settings()).patches
    document = DictTree({seed(number).name: seed(number).read_bytes()})
    trees = {"target": target.tree, "document": document, **hunk_trees(patch)}
    assert open_evidence(report, trees) == []
    assert load(dump(report)) == report


@pytest.mark.parametrize(
    ("number", "which", "path", "line"),
    [
        # ~(UFFD_FEATURE_MINOR_HUGETLBFS | UFFD_FEATURE_MINOR_SHMEM) in userfaultfd_api()
        (0, 2, "fs/userfaultfd.c", 2004),
        # #define UFFD_FEATURE_MINOR_SHMEM (1<<10)
        (0, 6, "include/uapi/linux/userfaultfd.h", 217),
        # if (!vma_is_shmem(dst_vma) && mcopy_mode == MCOPY_ATOMIC_CONTINUE)
        (0, 21, "mm/userfaultfd.c", 620),
        # if (mode == MCOPY_ATOMIC_ZEROPAGE) in __mcopy_atomic_hugetlb()
        (1, 2, "mm/userfaultfd.c", 351),
        # enum mcopy_atomic_mode mcopy_mode as an argument of __mcopy_atomic()
        (1, 6, "mm/userfaultfd.c", 546),
        # static inline bool userfaultfd_minor() { return false; }
        (3, 6, "include/linux/userfaultfd_k.h", 210),
        # #define UFFD_FEATURE_MINOR_HUGETLBFS (1<<9)
        (3, 10, "include/uapi/linux/userfaultfd.h", 216),
        # #include <linux/userfaultfd_k.h>
        (4, 2, "mm/migrate.c", 43),
        # migrate_vma_collect_skip() in migrate_vma_collect_pmd(), twice
        (4, 4, "mm/migrate_device.c", 87),
        (4, 5, "mm/migrate_device.c", 95),
    ],
)
def test_what_is_there_is_applied(
    number: int, which: int, path: str, line: int, hunk_of: Callable[[int, int], HunkReport]
) -> None:
    hunk = hunk_of(number, which)
    assert (str(hunk.placement), hunk.target_path, hunk.target_line) == ("applied", path, line)


@pytest.mark.parametrize(
    ("number", "which"),
    [
        (0, 5),  # UFFD_FEATURE_MINOR_SHMEM, the last of UFFD_API_FEATURES then; two more follow in 6.1
        (3, 7),  # the same for UFFD_FEATURE_MINOR_HUGETLBFS
        (1, 4),  # mode != MCOPY_ATOMIC_CONTINUE && !huge_pte_none(), with the write-protect marker since
        (1, 8),  # __mcopy_atomic_hugetlb() with mcopy_mode, and wp_copy behind it since
    ],
)
def test_what_went_on_is_there_in_a_later_form(
    number: int, which: int, hunk_of: Callable[[int, int], HunkReport]
) -> None:
    hunk = hunk_of(number, which)
    assert str(hunk.placement) == "evolved"
    assert hunk.differences


@pytest.mark.parametrize(
    ("number", "which"),
    [
        (0, 1),  # vma_can_userfault() is another function by 6.1, in another file
        (0, 7),  # do_read_fault() asks should_fault_around() first
        (0, 8),  # mm/shmem.c still includes linux/userfaultfd_k.h
        (0, 12),  # shmem_mfill_atomic_pte() went upstream in another form: folios, and zeropage kept
        (1, 7),  # no `bool zeropage` in __mcopy_atomic()
        (3, 1),  # fs/userfaultfd.c has no userfaultfd_minor()
        (3, 3),  # VM_UFFD_MISSING is for missing pages only
        (3, 4),  # no UFFD_REASON_*, no enum uffd_trigger_reason
        (3, 9),  # minor faults are not a part of REGISTER_MODE_MISSING
    ],
)
def test_what_is_not_there_is_not_said_to_be(
    number: int, which: int, hunk_of: Callable[[int, int], HunkReport]
) -> None:
    assert str(hunk_of(number, which).placement) not in ("applied", "evolved")


def test_the_device_code_is_found_where_it_moved(hunk_of: Callable[[int, int], HunkReport]) -> None:
    """What 004 changes in mm/migrate.c from the fourth hunk on lives in mm/migrate_device.c."""
    assert {hunk_of(4, n).target_path for n in range(4, 13)} == {"mm/migrate_device.c"}


@pytest.mark.parametrize("number", [0, 2, 3])
def test_parts_are_there_and_parts_are_not(number: int, report_of: Callable[[int], Report]) -> None:
    """A person must look: replaced by another design before it went upstream."""
    there = [h.placement is not None and h.placement.there for h in hunks(report_of(number))]
    assert any(there) and not all(there)
    assert str(report_of(number).targets[0].verdict) == "partial"
