"""What is behind the seeds: the causes, the missing names and the callers, each found and none looked up."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from backport.demo import build
from backport.engine import check
from backport.git import Repository
from backport.intake import patch_from_commit, read_document
from backport.model import Finding, LineEvidence, Patch, PatchReport, Series, Severity, TargetReport
from backport.report.causes import cause_sentences
from backport.settings import Settings
from backport.tree import open_target
from tests.checks.names_support import Judged, judge
from tests.checks.test_drift_seeds import on_linux
from tests.support.shared import seed

HEADER = "include/linux/userfaultfd_k.h"
CODE = "mm/userfaultfd.c"

OLD_HEADER = """\
#ifndef _LINUX_USERFAULTFD_K_H
#define _LINUX_USERFAULTFD_K_H

extern long mcopy_atomic(struct mm_struct *dst_mm, unsigned long dst_start);

#endif
"""

MODES = """\
enum mcopy_atomic_mode {
    MCOPY_ATOMIC_NORMAL,
    MCOPY_ATOMIC_ZEROPAGE,
    MCOPY_ATOMIC_CONTINUE,
};

"""

CALLEE = "include/linux/hugetlb.h"
OLD_CALLEE = """\
int hugetlb_mcopy_atomic_pte(struct mm_struct *dst_mm, pte_t *dst_pte,
                struct vm_area_struct *dst_vma,
                unsigned long dst_addr,
                unsigned long src_addr,
                struct page **pagep);
"""

NEW_HEADER = OLD_HEADER.replace("extern long", MODES + "extern long")
NEW_CALLEE = OLD_CALLEE.replace("src_addr,\n", "src_addr,\n                enum mcopy_atomic_mode mode,\n")

GAPS = (
    """\
#include <linux/userfaultfd_k.h>
#include <linux/hugetlb.h>

static __always_inline ssize_t __mcopy_atomic_hugetlb(struct mm_struct *dst_mm,
                          struct vm_area_struct *dst_vma,
""",
    """\
    ssize_t err;
    pte_t *dst_pte;
    unsigned long src_addr, dst_addr;
    long copied;
    struct page *page;
    u32 hash;
    struct address_space *mapping;

    /*
     * There is no default zero huge page for all huge page sizes as supported
""",
    """\

    src_addr = src_start;
    dst_addr = dst_start;
    copied = 0;
    page = NULL;
    if (vm_alloc_shared != vm_shared) {
        err = -EINVAL;
        goto out_unlock;
""",
    """\
         * Serialize via hugetlb_fault_mutex
         */
        mapping = dst_vma->vm_file->f_mapping;
        hash = hugetlb_fault_mutex_hash(mapping, dst_addr);
        err = -ENOMEM;
        dst_pte = huge_pte_alloc(dst_mm, dst_vma, dst_addr);
        if (!dst_pte) {
            i_mmap_unlock_read(mapping);
""",
    """\
        dst_addr += 1;
        src_addr += 1;
        copied += 1;
    }
out_unlock:
    mmap_read_unlock(dst_mm);
    return copied ? copied : err;
}
#else /* !CONFIG_HUGETLB_PAGE */
/* fail at build time if gcc attempts to use this */
extern ssize_t __mcopy_atomic_hugetlb(struct mm_struct *dst_mm,
                      struct vm_area_struct *dst_vma,
""",
    """\
                        struct vm_area_struct *dst_vma)
{
    return 0;
}

static __always_inline ssize_t __mcopy_atomic(struct mm_struct *dst_mm,
""",
    """\
    struct vm_area_struct *dst_vma;
    ssize_t err;
    pmd_t *dst_pmd;
    unsigned long src_addr, dst_addr;
""",
    """\
     * Make sure the range is fine.
     */
    dst_vma = find_dst_vma(dst_mm, dst_start, len);
    /*
     * If this is a HUGETLB vma, pass off to appropriate routine
""",
    """\
     * prepared.
     */
    copied = zeropage;
out_unlock:
    mmap_read_unlock(dst_mm);
    return copied ? copied : err;
}

ssize_t mcopy_atomic(struct mm_struct *dst_mm, unsigned long dst_start,
""",
    """\
            unsigned long len)
{
    return 0;
}
""",
)
"""What stands between the hunks of seed 001, in few words: with the lines that the hunks expect it is a file of C. Four
blanks are a tab."""

AGAIN = """\
#include <linux/hugetlb.h>

int fill_again(struct mm_struct *dst_mm, pte_t *dst_pte, struct vm_area_struct *dst_vma, struct page **pagep)
{
    /* a caller that upstream does not have */
    return hugetlb_mcopy_atomic_pte(dst_mm, dst_pte, dst_vma, 0, 0, pagep);
}
"""


def tabbed(text: str) -> str:
    return re.sub(r"(?m)^(?: {4})+", lambda m: "\t" * (len(m[0]) // 4), text)


def read(number: int) -> Patch:
    path = seed(number)
    (patch,) = read_document(path.read_bytes(), path.name, settings=Settings()).patches
    return patch


@cache
def texts() -> tuple[str, str]:
    """mm/userfaultfd.c before and after seed 001."""
    hunks = read(1).files[0].hunks
    assert len(GAPS) == len(hunks) + 1

    def text(images: list[tuple[bytes, ...]]) -> str:
        parts = [b"".join(line + b"\n" for line in image).decode() for image in images]
        return "".join(tabbed(gap) + part for gap, part in zip(GAPS, [*parts, ""], strict=True))

    return text([h.preimage for h in hunks]), text([h.postimage for h in hunks])


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """Seed 001 on a tree that has neither the enum nor the argument of its callee, and one more caller of it."""
    before, after = texts()
    common = {CODE: before, HEADER: OLD_HEADER, CALLEE: OLD_CALLEE}
    upstream = {HEADER: NEW_HEADER, CALLEE: NEW_CALLEE}
    return judge(
        tmp_path_factory.mktemp("001"), common, upstream, {"mm/again.c": tabbed(AGAIN)}, {CODE: after}
    )


def about(found: tuple[Finding, ...], name: str) -> list[Finding]:
    return [f for f in found if f.subject == name]


def test_001_uses_an_enum_that_it_does_not_bring(without: Judged) -> None:
    (enum,) = about(without.findings, "mcopy_atomic_mode")
    assert (enum.code, enum.severity, enum.file) == ("BP203", Severity.ERROR, CODE)
    assert enum.message.startswith(f"the target has no enum mcopy_atomic_mode; upstream has it in {HEADER}:4")
    for name in ("MCOPY_ATOMIC_NORMAL", "MCOPY_ATOMIC_ZEROPAGE", "MCOPY_ATOMIC_CONTINUE"):
        (value,) = about(without.findings, name)
        assert (value.code, value.severity) == ("BP202", Severity.ERROR)


def test_001_passes_an_argument_that_its_callee_does_not_take(without: Judged) -> None:
    (call,) = about(without.findings, "hugetlb_mcopy_atomic_pte")
    assert (call.code, call.severity) == ("BP208", Severity.ERROR)
    assert "takes 6 arguments in the target and 7 arguments upstream" in call.message


def test_001_with_the_rest_of_its_commit_leaves_callers_behind(tmp_path: Path) -> None:
    """The seed is one file of a commit that also gives hugetlb_mcopy_atomic_pte() its new parameter."""
    before, after = texts()
    common = {CODE: before, HEADER: OLD_HEADER, CALLEE: OLD_CALLEE}
    patch = {CODE: after, HEADER: NEW_HEADER, CALLEE: NEW_CALLEE}
    found = judge(tmp_path, common, {"x": "1\n"}, {"mm/again.c": tabbed(AGAIN)}, patch).findings
    (caller,) = [f for f in found if f.code == "BP213"]
    assert (caller.severity, caller.subject, caller.file) == (
        Severity.ERROR,
        "hugetlb_mcopy_atomic_pte",
        CALLEE,
    )
    assert caller.message.endswith("1 call of the target does not fit: mm/again.c:6")
    assert [f.code for f in found] == ["BP213"]


def test_001_is_quiet_where_all_of_it_is_there(tmp_path: Path) -> None:
    before, after = texts()
    upstream = {HEADER: NEW_HEADER, CALLEE: NEW_CALLEE}
    common = {CODE: before, HEADER: OLD_HEADER, CALLEE: OLD_CALLEE}
    found = judge(tmp_path, common, upstream, upstream, {CODE: after}).findings
    assert [f.message for f in found] == []


def test_001_alone_names_what_no_file_has(tmp_path: Path) -> None:
    """Without upstream's trees the same are warnings."""
    before, after = texts()
    common = {CODE: before, HEADER: OLD_HEADER, CALLEE: OLD_CALLEE}
    found = judge(tmp_path, common, {"x": "1\n"}, {"y": "1\n"}, {CODE: after}, alone=True).findings
    (enum,) = about(found, "mcopy_atomic_mode")
    assert enum.severity is Severity.WARNING and "nothing in the target is called" in enum.message


def report(target: TargetReport) -> PatchReport:
    return target.patches[0]


def test_002_reviewers_object_at_the_lines_that_they_quote() -> None:
    found = [f for f in report(on_linux("002")).findings if f.code == "BP407"]
    dirty = next(f for f in found if "set_page_dirty" in f.message)
    assert "Hugh Dickins, 2021-04-07" in dirty.message
    assert (dirty.file, dirty.hunk) == (CODE, 5)
    first, last = (int(x) for x in re.findall(r"on lines (\d+)-(\d+) of", dirty.message)[0])
    hunk = next(h for h in read(2).hunks if h.number == 5)
    image = dict(enumerate(hunk.postimage, hunk.new_start))
    assert any(b"SetPageDirty" in image[n] or b"writable" in image[n] for n in range(first, last + 1))
    assert {f.message.split(",")[0] for f in found} >= {"Hugh Dickins", "Peter Xu"}


def test_003_its_reasons_are_named_as_absent() -> None:
    target = on_linux("003")
    said = " ".join(d.message for f in report(target).files for h in f.hunks for d in h.drift)
    assert "the target has no enum uffd_trigger_reason (`UFFD_REASON_MISSING`, `UFFD_REASON_WP`)" in said
    found = about(report(target).findings, "UFFD_REASON_MINOR")
    assert found and all(f.code == "BP202" and "nothing in the target is called" in f.message for f in found)


def test_004_the_old_charge_is_named_with_its_successor() -> None:
    said = [d for f in report(on_linux("004")).files for h in f.hunks for d in h.drift]
    (charge,) = [d for d in said if "mem_cgroup_try_charge(" in d.message]
    assert "`mem_cgroup_charge(page_folio(page), vma->vm_mm, GFP_KERNEL)` here" in charge.message
    assert {e.tree for e in charge.evidence if isinstance(e, LineEvidence)} == {"patch", "target"}


def test_004_names_of_the_file_that_its_code_is_in_are_there() -> None:
    """migrate_vma_insert_page() is static in the file that the hunks were found in."""
    found = report(on_linux("004")).findings
    assert about(found, "migrate_vma_insert_page") == []
    # It is said in a comment of which the hunk holds the middle.
    assert about(found, "finalize_and_map") == []
    first = cause_sentences(on_linux("004"))
    assert any(
        s.startswith("the code of mm/migrate.c is in mm/migrate_device.c in the target") for s in first
    )


def test_000_the_note_of_its_maintainer_is_found_on_the_example(tmp_path: Path) -> None:
    """ "write-protect related conflicts" and "enclose with CONFIG_...": both in the first lines of the report."""
    demo = build(tmp_path / "example")
    repository = Repository.open(str(demo.repository))
    first, _, last = demo.series.partition("..")
    ids = repository.rev_list([repository.resolve(last), f"^{repository.resolve(first)}"], "--reverse")
    series = Series(tuple(patch_from_commit(repository, x) for x in ids))
    onto = open_target(f"{demo.repository}@{demo.target}", Settings())
    (target,) = check(series, [onto], upstream=repository).targets
    said = cause_sentences(target)
    assert "`wp_copy`" in said[0] and "add a write-protect mode" in said[0]
    assert any("stands under `#ifdef CONFIG_UFAULT` in the target" in s for s in said)
