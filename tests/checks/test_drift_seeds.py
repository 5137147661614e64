"""The causes that the program finds for real patches on the real Linux 6.1, and how a report tells them."""

from __future__ import annotations

from functools import cache

import pytest

from backport.engine import check
from backport.intake import read_document
from backport.model import HunkReport, PlacementKind, Report, TargetReport
from backport.report import render
from backport.settings import Settings
from backport.tree import Target
from tests.placement.support import target_of
from tests.support.require import require_linux_source
from tests.support.shared import seed

PARTS = ("mm/*.c", "include/linux/*.h", "include/uapi/linux/userfaultfd.h", "fs/userfaultfd.c", "Makefile")
"""What of Linux the patches are about: the whole of it says the same and takes longer."""


@cache
def linux() -> Target:
    top = require_linux_source("6.1")
    files = {p.relative_to(top).as_posix(): p.read_bytes() for part in PARTS for p in sorted(top.glob(part))}
    return target_of(files, "linux-6.1")


@cache
def on_linux(number: str) -> TargetReport:
    """A seed on Linux 6.1."""
    path = seed(int(number))
    series = read_document(path.read_bytes(), path.name, settings=Settings())
    return check(series, [linux()]).targets[0]


def hunks(target: TargetReport) -> dict[int, HunkReport]:
    return {h.number: h for p in target.patches for f in p.files for h in f.hunks}


def messages(target: TargetReport) -> list[str]:
    return [d.message for h in hunks(target).values() for d in h.drift]


def test_a_patch_for_an_older_tree_is_told_what_came_since() -> None:
    """The backport for 4.14: Linux 6.1 has folios and write-protect, and charges memory in one step."""
    target = on_linux("000")
    states = {f.name: f.state for f in target.features}
    assert states["folio"] == states["uffd-wp"] == "present"
    assert set(next(f for f in target.features if f.name == "uffd-wp").explains) >= {4, 19}
    said = messages(target)
    assert "the target's shmem_mfill_atomic_pte() takes `bool wp_copy`, the patch's does not" in said
    assert "the call `kmap_atomic(page)` in the patch is `kmap_local_folio(folio, 0)` here" in said
    first = render(Report((target,)), "text").decode().splitlines()[:12]
    assert any("folios (folio, v5.16)" in line for line in first)
    assert any("write-protect support" in line for line in first)


def test_what_an_unmerged_version_has_is_named_as_absent() -> None:
    """Version 6 of a series whose enum of reasons never reached mainline."""
    target = on_linux("003")
    said = messages(target)
    (absent,) = [m for m in said if m.startswith("the target has no enum")]
    assert absent == (
        "the target has no enum uffd_trigger_reason (`UFFD_REASON_MISSING`, `UFFD_REASON_WP`) in "
        "include/linux/userfaultfd_k.h"
    )
    assert (
        "the condition `if (reason == UFFD_REASON_WP)` in the patch is `if (reason & VM_UFFD_WP)` here"
        in said
    )


def test_a_replaced_call_is_named_with_its_successor() -> None:
    target = on_linux("004")
    said = " ".join(messages(target))
    assert "`mem_cgroup_try_charge(page, vma->vm_mm, GFP_KERNEL, &memcg, false)`" in said
    assert "`mem_cgroup_charge(page_folio(page), vma->vm_mm, GFP_KERNEL)`" in said
    assert "migrate_vma_insert_page() is in mm/migrate_device.c here" in said


@pytest.mark.parametrize("number", ["000", "003", "004"])
def test_causes_stand_only_where_something_differs(number: str) -> None:
    for hunk in hunks(on_linux(number)).values():
        plain = hunk.placement in (PlacementKind.EXACT, PlacementKind.OFFSET, PlacementKind.APPLIED)
        assert not (plain and (hunk.drift or hunk.drift_see))
        assert all(d.evidence for d in hunk.drift)
