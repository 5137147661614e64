"""Hand-built reports: one value that holds every kind of thing a report can hold, and smaller ones."""

from __future__ import annotations

from dataclasses import replace

from backport.model import (
    Base,
    BaseKind,
    ChangeKind,
    CommentReport,
    CommitEvidence,
    CommitNote,
    CommitRef,
    ConflictsNote,
    Difference,
    Drift,
    DriftKind,
    Excerpt,
    ExplainedHunks,
    Feature,
    FileReport,
    Finding,
    GuardEvidence,
    HunkReport,
    LineEvidence,
    PatchReport,
    PlacementKind,
    Provenance,
    Reason,
    Remark,
    Repair,
    RepairKind,
    Report,
    Severity,
    Skipped,
    StableRequest,
    TargetReport,
    TextRef,
    Texts3,
    Trailer,
    UpstreamForm,
    UpstreamId,
    Verdict,
)

UPSTREAM = "4cc6e15679966aa49afc5b114c3c83ba0ac39b05"
TARGET_COMMIT = "830b3c68c1fb1e9176028d02ef86f3cf76aa2476"

REASON_OF = {
    PlacementKind.EXACT: Reason.SAME_PLACE,
    PlacementKind.OFFSET: Reason.LINES_SHIFTED,
    PlacementKind.FUZZ: Reason.CONTEXT_DIFFERS,
    PlacementKind.MOVED: Reason.FUNCTION_MOVED,
    PlacementKind.MERGED: Reason.MERGED_CLEANLY,
    PlacementKind.APPLIED: Reason.ALREADY_THERE,
    PlacementKind.EVOLVED: Reason.LATER_FORM,
    PlacementKind.CONFLICT: Reason.LINES_DIFFER,
    PlacementKind.ABSENT: Reason.FILE_ABSENT,
}


def hunk(number: int, placement: PlacementKind | None = PlacementKind.EXACT, **more: object) -> HunkReport:
    """A hunk in a function of its own; its placement's usual reason and lines."""
    line = 40 * number
    offset = {PlacementKind.OFFSET: 7, PlacementKind.FUZZ: -2}.get(placement) if placement else None
    absent = placement in (None, PlacementKind.ABSENT)
    made = HunkReport(
        id=f"{number:016x}",
        number=number,
        function=f"frob_{number}()",
        functions=(f"frob_{number}()",),
        target_path=None if absent else "mm/frob.c",
        target_function="" if absent else f"frob_{number}()",
        target_functions=() if absent else (f"frob_{number}()",),
        placement=placement,
        reason=REASON_OF[placement] if placement else None,
        line=line,
        target_line=None if absent else line + (offset or 0),
        offset=offset if not absent else None,
        fuzz=1 if placement is PlacementKind.FUZZ else 0 if placement else None,
        detail="",
    )
    return replace(made, **more)  # type: ignore[arg-type]


def file(path: str, *hunks: HunkReport, **more: object) -> FileReport:
    target = next((h.target_path for h in hunks if h.target_path), None)
    hunks = tuple(
        replace(h, target_path=path if h.target_path == "mm/frob.c" else h.target_path) for h in hunks
    )
    target = path if target == "mm/frob.c" else target
    made = FileReport(path, target, ChangeKind.MODIFY, 3 * len(hunks), len(hunks), hunks, old_path=path)
    return replace(made, **more)  # type: ignore[arg-type]


def patch(subject: str, verdict: Verdict | None, *files: FileReport, **more: object) -> PatchReport:
    made = PatchReport(
        subject=subject,
        author="A U Thor <author@example.com>",
        date="2021-03-01T12:00:00+00:00",
        message_id="20210301120000.1-1-author@example.com",
        document="0001-frob.patch",
        commit="",
        verdict=verdict,
        upstream=(),
        fixes=(),
        tags=(),
        bugs=(),
        change_id="",
        trailers=(),
        conflicts_note=None,
        version=None,
        position=None,
        base_commit="",
        repairs=(),
        files=files,
        base=Base(BaseKind.HUNKS) if verdict else None,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def target(name: str | None, verdict: Verdict | None, *patches: PatchReport, **more: object) -> TargetReport:
    made = TargetReport(
        name, TARGET_COMMIT if name else None, "6.1.192" if name else None, verdict, tuple(patches)
    )
    return replace(made, **more)  # type: ignore[arg-type]


def clean_report() -> Report:
    """One patch, two hunks, all exact."""
    one = patch("mm: frob the page once", Verdict.CLEAN, file("mm/frob.c", hunk(1), hunk(2)))
    return Report((target("linux@v6.1", Verdict.CLEAN, one),), tool="backport 0.1.0")


def applied_report() -> Report:
    """One patch that is there, with one hunk in a later form."""
    later = hunk(
        2,
        PlacementKind.EVOLVED,
        differences=(Difference(83, (b"\tfrob(page);",), (b"\tfrob(folio_page(folio, 0));",)),),
    )
    one = patch(
        "mm: frob the page once", Verdict.APPLIED, file("mm/frob.c", hunk(1, PlacementKind.APPLIED), later)
    )
    return Report((target("linux@v6.1", Verdict.APPLIED, one),), tool="backport 0.1.0")


def unreadable_report() -> Report:
    """A series of which one patch cannot be read."""
    bad = patch(
        "mm: frob it twice",
        Verdict.UNREADABLE,
        base=None,
        unreadable="0002.patch:31: a hunk line begins with 'x'",
        document="0002.patch",
    )
    good = clean_report().targets[0].patches[0]
    return Report((target("linux@v6.1", Verdict.UNREADABLE, good, bad),), tool="backport 0.1.0")


def large_report(files: int = 40) -> Report:
    """One patch of many files, one of which does not land."""
    made = [
        file(f"drivers/net/ethernet/vendor/part{n:02d}.c", hunk(2 * n - 1), hunk(2 * n))
        for n in range(1, files)
    ]
    last = file("drivers/net/ethernet/vendor/last.c", hunk(2 * files - 1, PlacementKind.CONFLICT))
    one = patch("net: rename the frob callback everywhere", Verdict.CONFLICT, *made, last)
    return Report((target("linux@v6.1", Verdict.CONFLICT, one),), tool="backport 0.1.0")


PREIMAGE = b"""static int userfaultfd_minor(struct uffd_ctx *ctx, unsigned long addr)
{
\tstruct vm_area_struct *vma = find_vma(ctx->mm, addr);

\tif (!vma)
\t\treturn -ENOENT;
\tif (userfaultfd_wp(vma))
\t\treturn -EINVAL;
\treturn __do_minor(vma, addr);
}
"""
POSTIMAGE = PREIMAGE.replace(
    b"\treturn __do_minor(vma, addr);\n",
    b"\tif (vma_is_shmem(vma))\n\t\treturn shmem_minor(vma, addr);\n\treturn __do_minor(vma, addr);\n",
)
TARGET_TEXT = PREIMAGE.replace(
    b"\tif (userfaultfd_wp(vma))\n\t\treturn -EINVAL;\n\treturn __do_minor(vma, addr);\n",
    b"\treturn do_minor(ctx, vma, addr, 0);\n",
)


def conflict_hunk() -> HunkReport:
    """A conflict with its three texts and what the target has instead."""
    return hunk(
        2,
        PlacementKind.CONFLICT,
        function="userfaultfd_minor()",
        functions=("userfaultfd_minor()", "struct uffd_ctx"),
        target_function="userfaultfd_minor()",
        target_functions=("userfaultfd_minor()",),
        line=247,
        target_line=226,
        offset=-21,
        detail="the write-protect test that the hunk stands beside is not in the target",
        drift=(
            Drift(
                DriftKind.CONDITION,
                "`if (userfaultfd_wp(vma)) return -EINVAL;` stands only upstream",
                "userfaultfd_wp",
                (
                    LineEvidence("base", "fs/userfaultfd.c", 247, b"\tif (userfaultfd_wp(vma))"),
                    LineEvidence("target", "fs/userfaultfd.c", 226, b"\treturn do_minor(ctx, vma, addr, 0);"),
                ),
                "uffd-wp",
                "userfaultfd_minor()",
            ),
            Drift(
                DriftKind.GUARD,
                "enum minor_mode, which it uses, stands under `#ifdef CONFIG_USERFAULTFD` in the target "
                "(include/linux/userfaultfd_k.h), upstream it does not",
                "minor_mode",
                (
                    GuardEvidence(
                        "defined(CONFIG_USERFAULTFD)", "target", "include/linux/userfaultfd_k.h", 16
                    ),
                ),
            ),
        ),
        drift_more=3,
        differences=(
            Difference(
                226,
                (b"\tif (userfaultfd_wp(vma))", b"\t\treturn -EINVAL;", b"\treturn __do_minor(vma, addr);"),
                (b"\treturn do_minor(ctx, vma, addr, 0);",),
            ),
            Difference(231, (b"EXPORT_SYMBOL_GPL(userfaultfd_minor);",), ()),
        ),
        texts=Texts3(
            Excerpt(PREIMAGE, 241, TextRef("base", "b" * 40, "mm/frob.c", 241, 250)),
            Excerpt(POSTIMAGE, 241),
            Excerpt(TARGET_TEXT, 220, TextRef("target", "a" * 40, "mm/frob.c", 220, 228)),
        ),
    )


def rich_patch() -> PatchReport:
    """A patch with every field filled and every placement there is."""
    provenance = Provenance(
        tags=("BACKPORT", "FROMGIT"),
        upstream=(
            UpstreamId(UPSTREAM, UpstreamForm.CHERRY_PICKED, "https://git.example.org/linux.git", "akpm"),
            UpstreamId("0d0b22e1fae7", UpstreamForm.FROM_LINE, certain=False),
        ),
        fixes=(CommitRef("00da60b9d0a0", "userfaultfd: support the minor mode"),),
        stable=(StableRequest("6.1.x", (CommitRef("1234567890ab", "mm: a helper"),), "after the helper"),),
        stable_dep_of=(CommitRef("abcdef012345", "mm: the fix"),),
        bugs=("160737021", "169683130"),
        links=("https://lore.example.org/r/1",),
        change_id="Ic0a1d8b9d1b3a3d8",
        series_change_id="20210301-minor-v2",
        conflicts=(ConflictsNote("Conflicts:", "mm/frob.c\n1. no WP here", ("mm/frob.c",), ("no WP here",)),),
        version=2,
        position=(1, 5),
        base_commit="f" * 40,
        prerequisite_patch_ids=("c" * 40,),
        failed_tree="6.1-stable",
        trailers=(Trailer("Signed-off-by", "A U Thor <author@example.com>"), Trailer("Bug", "160737021")),
    )
    return patch(
        "userfaultfd: add minor fault registration mode",
        Verdict.CONFLICT,
        file(
            "mm/frob.c",
            hunk(1),
            conflict_hunk(),
            hunk(3, PlacementKind.OFFSET),
            hunk(4, PlacementKind.FUZZ),
            hunk(5, PlacementKind.MERGED),
            added=21,
            removed=6,
        ),
        file(
            "mm/migrate.c",
            hunk(6, PlacementKind.MOVED, target_path="mm/migrate_device.c", target_line=12),
            hunk(7, PlacementKind.APPLIED, target_path="mm/migrate_device.c", target_line=220),
            hunk(
                8,
                PlacementKind.EVOLVED,
                function="a_function_with_quite_a_long_name_that_nobody_would_want_to_type_twice()",
                target_path="mm/migrate_device.c",
                target_line=347,
                differences=(Difference(347, (b"\tunlock_page(page);",), (b"\tfolio_unlock(folio);",)),),
            ),
            old_path="mm/migrate_old.c",
            kind=ChangeKind.RENAME,
            target_path="mm/migrate_device.c",
        ),
        file(
            "fs/not_there.c",
            hunk(9, PlacementKind.ABSENT, function="", functions=()),
            target_path=None,
        ),
        file("Documentation/frob.png", binary=True, kind=ChangeKind.ADD, old_path="", detail="binary patch"),
        document="000_0d0b22e1fae72184.txt",
        commit="",
        upstream=(UPSTREAM,),
        fixes=("00da60b9d0a0",),
        tags=("BACKPORT", "FROMGIT"),
        bugs=("160737021", "169683130"),
        change_id="Ic0a1d8b9d1b3a3d8",
        trailers=(("Signed-off-by", "A U Thor <author@example.com>"), ("Bug", "160737021")),
        conflicts_note="mm/frob.c\n1. no WP here",
        version=2,
        position=(1, 5),
        base_commit="f" * 40,
        repairs=(
            Repair(
                RepairKind.MISSING_LAST_NEWLINE, Severity.NOTE, 300, "the last line had no newline", (300,)
            ),
            Repair(
                RepairKind.SHORT_HUNK,
                Severity.WARNING,
                280,
                "the hunk is a line shorter than it says",
                (280,),
            ),
        ),
        base=Base(BaseKind.COMMIT, UPSTREAM, "the parent of the upstream commit"),
        provenance=provenance,
        prerequisites=(CommitNote("1234567890abcdef1234", "mm: a helper", "missing", "adds uffd_helper()"),),
        followups=(CommitNote("fedcba0987654321fedc", "mm: fix the minor mode", "missing", "Fixes: this"),),
        comments=(
            CommentReport(
                "R E Viewer <reviewer@example.com>",
                "2021-03-02T09:00:00+00:00",
                "mm/frob.c",
                250,
                "Should this not take the lock?",
                (
                    Remark(
                        "Should this not take the lock?", "mm/frob.c", 250, 252, "+\tif (vma_is_shmem(vma))"
                    ),
                ),
            ),
        ),
        findings=(
            Finding(
                "BP101",
                Severity.ERROR,
                "hunk 2 does not land in userfaultfd_minor(): 3 of its lines differ in the target",
                "mm/frob.c",
                "userfaultfd_minor()",
                2,
                247,
                226,
                (
                    LineEvidence("target", "mm/frob.c", 226, b"\treturn do_minor(ctx, vma, addr, 0);"),
                    CommitEvidence(UPSTREAM, "userfaultfd: add minor fault registration mode"),
                    GuardEvidence("CONFIG_USERFAULTFD", "target", "mm/frob.c", 200),
                    GuardEvidence("CONFIG_SHMEM"),
                ),
                "Bring the write-protect test first, or leave it out of the hunk.",
                "5f0c0f6b3a3e4d0c",
                "userfaultfd_wp",
            ),
            Finding(
                "BP104",
                Severity.NOTE,
                "hunk 3 lands 7 lines further down",
                "mm/frob.c",
                "frob_3()",
                3,
                120,
                127,
            ),
        ),
    )


def hostile_patch() -> PatchReport:
    """Text that would break a page, a terminal or a Markdown document if it were let through."""
    evil = "<script>alert(1)</script> \x1b[31mred\x1b[0m `code` ``` | @everyone \u202egnp.exe"
    odd = hunk(
        1,
        PlacementKind.CONFLICT,
        function="evil|`name`()",
        target_path="a/<b>\udcff|`.c",
        differences=(
            Difference(
                1,
                (b"</pre><script>x</script>", b"```", b"\xff\xfe bytes\r"),
                (("漢字" * 60).encode(),),
            ),
        ),
        texts=Texts3(Excerpt(b"```\n</td>\xff\n", 1), None, Excerpt(b"\x1b]0;title\x07\n", 1)),
        detail="</p><b>bold</b>",
    )
    return patch(
        evil,
        Verdict.CONFLICT,
        file("a/<b>\udcff|`.c", odd, target_path="a/<b>\udcff|`.c"),
        author='"><img src=x onerror=alert(1)> <evil@example.com>',
        conflicts_note="<script>",
        trailers=(("X-\udcff", "bad \udcfe value"), ("Plain", "ok")),
        findings=(
            Finding(
                "BP101",
                Severity.ERROR,
                "message with <b> and \x1b[2J and ` and |",
                "a/<b>\udcff|`.c",
                evidence=(LineEvidence("target", "a/<b>\udcff|`.c", 1, b"\x1b[2J</code>`\xff"),),
                suggestion="</details>",
                fingerprint="00",
            ),
        ),
        comments=(CommentReport("<i>x</i>", "", "a.c", 3, "</blockquote><script>\n# heading\n@all"),),
    )


def rich_report() -> Report:
    """Two targets, a series of three, everything filled."""
    patches = (rich_patch(), clean_report().targets[0].patches[0], hostile_patch())
    other = tuple(
        replace(p, verdict=v)
        for p, v in zip(
            (applied_report().targets[0].patches[0], patches[1], patches[2]),
            (Verdict.APPLIED, Verdict.CLEAN, Verdict.CONFLICT),
            strict=True,
        )
    )
    other = (replace(other[0], subject=patches[0].subject), *other[1:])
    series = Finding("BP402", Severity.WARNING, "the series is v2; v3 is in the target", fingerprint="01")
    return Report(
        (
            target(
                "linux-source-6.1",
                Verdict.CONFLICT,
                *patches,
                findings=(series,),
                skipped=(
                    Skipped("BP301", "no configuration was given"),
                    Skipped("BP401", "no history at hand"),
                ),
                features=(
                    Feature(
                        "uffd-wp",
                        "absent",
                        (LineEvidence("base", "mm/frob.c", 247, b"\tif (userfaultfd_wp(vma))"),),
                        (2,),
                        "userfaultfd write-protect support",
                        "v5.7",
                        "userfaultfd write-protect support (uffd-wp) is absent from the target: it came with v5.7, "
                        "and the patch builds on `userfaultfd_wp`; it accounts for 2 of the 3 conflicts",
                        (CommitEvidence(UPSTREAM, "userfaultfd: wp: add the protection"),),
                        ("userfaultfd_wp",),
                        (ExplainedHunks(1, (2,)), ExplainedHunks(3, (4, 5))),
                    ),
                ),
                revision="",
            ),
            target("android12-5.10", Verdict.CONFLICT, *other, version="5.10.101", dirty=True),
        ),
        tool="backport 0.1.0",
        notes=("patches were taken in topological order",),
    )


def one_conflict_report() -> Report:
    """One target and the rich patch alone: what a person sees most."""
    whole = rich_report().targets[0]
    return Report((replace(whole, patches=(rich_patch(),)),), tool="backport 0.1.0")


def show_report() -> Report:
    """What `show` gives: no target, no placements."""
    whole = rich_patch()
    files = tuple(
        replace(
            f,
            target_path=None,
            hunks=tuple(
                replace(
                    h,
                    placement=None,
                    reason=None,
                    target_path=None,
                    target_function="",
                    target_functions=(),
                    target_line=None,
                    offset=None,
                    fuzz=None,
                    detail="",
                    differences=(),
                    texts=None,
                )
                for h in f.hunks
            ),
        )
        for f in whole.files
    )
    shown = replace(whole, verdict=None, base=None, files=files, findings=(), prerequisites=(), followups=())
    return Report((target(None, None, shown),), tool="backport 0.1.0")


def every_report() -> dict[str, Report]:
    """All of them by name."""
    return {
        "clean": clean_report(),
        "applied": applied_report(),
        "conflict": one_conflict_report(),
        "unreadable": unreadable_report(),
        "large": large_report(),
        "hostile": Report((target("<b>evil\x1b</b>", Verdict.CONFLICT, hostile_patch()),)),
        "series": rich_report(),
        "show": show_report(),
        "empty": Report((target("linux@v6.1", Verdict.CLEAN),)),
    }
