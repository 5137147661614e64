"""The registry entries of BP2xx."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from backport.checks.names.findings import (
    argument_findings,
    call_findings,
    doubled_findings,
    include_findings,
    label_findings,
    left_behind_findings,
    meaning_findings,
    member_findings,
    missing_findings,
    removed_findings,
    unused_findings,
)
from backport.checks.rule import Context, Rule
from backport.model import Finding, Severity


def _of(code: str) -> Callable[[Context], Iterator[Finding]]:
    return partial(missing_findings, code)


RULES = (
    Rule(
        "BP201",
        "a called function is not in the target",
        Severity.ERROR,
        "The added lines call a function that upstream's tree has and the target's has not, or has only where this "
        "file cannot see it. The suggestion names what the target has in its place, where that is known. Bring the "
        "commit that introduced the function, or write the call as the target writes it. Without upstream's tree "
        "it is a warning: nothing in the target has that name.",
        "the target has no function vma_start_write; upstream has it in include/linux/mm.h:743",
        _of("BP201"),
    ),
    Rule(
        "BP202",
        "a macro, constant or enumerator is not in the target",
        Severity.ERROR,
        "The added lines use a macro or an enumerator that upstream's tree has and the target's has not, or has only "
        "in a header that this file does not include. Bring its definition, or use what the target has instead.",
        "the target has no macro FAULT_FLAG_UNSHARE; upstream has it in include/linux/mm_types.h:1012",
        _of("BP202"),
    ),
    Rule(
        "BP203",
        "a type is not in the target",
        Severity.ERROR,
        "A struct, union, enum or typedef that the added lines name is defined upstream and not in the target.",
        "the target has no typedef uffd_flags_t; upstream has it in include/linux/userfaultfd_k.h:46",
        _of("BP203"),
    ),
    Rule(
        "BP204",
        "a struct has no such member in the target",
        Severity.ERROR,
        "The type of the expression was followed in both trees: upstream's struct has the member, the target's has "
        "not. Where the type cannot be followed it is reported only if no struct of the target has such a member.",
        "struct vm_fault has no member orig_pte in the target; upstream has it in struct vm_fault, "
        "include/linux/mm.h:496",
        member_findings,
    ),
    Rule(
        "BP205",
        "a variable is not declared in the target",
        Severity.ERROR,
        "The added lines use a variable that upstream declares in the same function, outside of the patch, or in a "
        "file that it sees; the target's function does not declare it, or only within an inner block.",
        "folio is not declared in shmem_fault() of the target: upstream declares it in line 2093 of the file",
        _of("BP205"),
    ),
    Rule(
        "BP206",
        "a label that is jumped to is not in the target's function",
        Severity.ERROR,
        "The function has the label upstream, and not in the target: its error path differs. See what must be undone "
        "at that point, and which label of the target does it.",
        "foo_probe() has no label err_unmap in the target; upstream has it in line 410",
        label_findings,
    ),
    Rule(
        "BP207",
        "an included file is not in the target",
        Severity.ERROR,
        "Upstream's tree has the file that an added #include names, the target's has none of that path. What it "
        "declares may stand in another header there.",
        "the target has no file linux/folio_queue.h; upstream has it as include/linux/folio_queue.h",
        include_findings,
    ),
    Rule(
        "BP208",
        "a call has another number of arguments than the target's function takes",
        Severity.ERROR,
        "The function is there under the same name with other parameters: the call fits upstream's definition and not "
        "the target's.",
        "vma_merge() takes 9 arguments in the target and 10 arguments upstream: the call is written for upstream's",
        partial(call_findings, "BP208"),
    ),
    Rule(
        "BP209",
        "a called function has another signature in the target",
        Severity.ERROR,
        "As many parameters, but in another order, or of another struct, or nothing is returned where the call uses "
        "the value. Of another type it is a warning: a variable of the right type may be passed.",
        "copy_range() (dst, src, len) in the target, (src, dst, len) upstream: the call is written for upstream's",
        partial(call_findings, "BP209"),
    ),
    Rule(
        "BP210",
        "a called function locks or counts references otherwise in the target",
        Severity.NOTE,
        "The body of a function that the added lines begin to call takes or releases locks or references in one of "
        "the two trees and not in the other. See who holds them at the call.",
        "page_get_anon() calls get_page() upstream, and not in the target: see who holds the lock or the reference "
        "here",
        meaning_findings,
    ),
    Rule(
        "BP211",
        "what a hunk declares stands in the target already",
        Severity.ERROR,
        "After the merge a local variable, label, case, function, member or enumerator stands twice in the same scope "
        "under the same conditions, and upstream has it once: the target had it already.",
        "local variable flags stands twice in do_wp_page(): the target has it in line 3391 already",
        doubled_findings,
        gives_way=frozenset({"BP113"}),
    ),
    Rule(
        "BP212",
        "the patch removes what the target still uses",
        Severity.ERROR,
        "Upstream nothing used the definition any more; in the target there are further users.",
        "the patch removes macro PAGE_POISON, which 1 file of the target still uses",
        removed_findings,
    ),
    Rule(
        "BP213",
        "callers are left behind with the old parameters",
        Severity.ERROR,
        "The patch changes a function's parameters together with all its callers upstream; the target has more of "
        "them. Each is named.",
        "the patch changes the parameters of hugetlb_mcopy_atomic_pte(), and 1 call of the target does not fit: "
        "mm/userfaultfd.c:412",
        left_behind_findings,
    ),
    Rule(
        "BP214",
        "an argument is of another type in the target",
        Severity.ERROR,
        "The added lines pass a variable or a member whose type differs between the trees. It is an error where the "
        "called function takes upstream's type: the compiler warns of an incompatible pointer, and the function "
        "works on something else. Where a macro or a builtin is called it is a warning.",
        "&vma->lock is `spinlock_t` in the target and `rwlock_t` upstream, which read_lock() takes",
        argument_findings,
    ),
    Rule(
        "BP215",
        "a variable is declared that nothing uses",
        Severity.WARNING,
        "The patch declares a variable whose uses upstream stand on lines that the target has not. The compiler "
        "warns of it (an error with -Werror), and often a part of the change has nothing to work on here.",
        "nothing in hugetlb_fault() of the target uses folio; upstream does in line 5910",
        unused_findings,
    ),
)
