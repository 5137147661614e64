"""Builds of a tree in miniature: what is found, at which line, in which configuration, and what is not."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

from backport.errors import TargetError, UsageError
from backport.model import Severity, Verdict
from backport.verify import State
from tests.cli.support import run
from tests.support.repo import Repo, snapshot
from tests.verify.support import CORE, FILES, build, findings, patch, tree, write

__all__ = ["tree"]

ADDED = ("return n - 1;", "return n - 2;")


def test_what_compiles_has_no_finding_and_the_old_warning_does_not_count(tree: Path) -> None:
    found = build(tree, patch(tree, {"mm/core.c": ADDED}))
    assert found.lands and not findings(found)
    assert [(b.object, b.state, b.configuration) for b in found.built] == [
        ("mm/core.o", State.BUILT, "defconfig")
    ]
    assert found.report.targets[0].patches[0].verdict is Verdict.CLEAN


def test_an_error_stands_at_the_patch_line(tree: Path) -> None:
    found = build(tree, patch(tree, {"mm/core.c": ("return n - 1;", "return core_frob(n);")}))
    (finding,) = findings(found)
    assert (finding.code, finding.severity, finding.file) == ("BP601", Severity.ERROR, "mm/core.c")
    assert (finding.hunk, finding.line, finding.target_line) == (1, 18, 18)
    assert finding.function == "core_last()" and "core_frob" in finding.message
    assert found.report.targets[0].patches[0].verdict is Verdict.UNSAFE
    assert found.built[0].state is State.FAILED


def test_an_error_far_from_the_change_is_found_in_its_own_line(tree: Path) -> None:
    """The patch changes the header; what breaks is a call that it does not touch."""
    fix = patch(tree, {"include/linux/core.h": ("int core_count(int n);", "int core_count(int n, int m);")})
    found = build(tree, fix)
    errors = findings(found, "BP601")
    assert {f.file for f in errors} == {"include/linux/core.h"}  # gcc's note names the declaration
    assert any("mm/shm.o" in f.message and "(mm/shm.c:5)" in f.message for f in errors)
    assert {b.object for b in found.built} == {"mm/core.o", "mm/shm.o"}


def test_a_new_warning_counts_beside_an_old_one(tree: Path) -> None:
    found = build(tree, patch(tree, {"mm/core.c": ("return n - 1;", "int right;\n\treturn n - 1;")}))
    (finding,) = findings(found)
    assert (finding.code, finding.line) == ("BP602", 18) and "'right'" in finding.message
    assert run_exit(tree) == 0


def run_exit(tree: Path, *more: str) -> int:
    return run("verify", tree.parent / "fix.patch", "--onto", tree, *more).code


def test_a_change_under_an_option_is_built_with_it_and_the_rest_without(tree: Path) -> None:
    fix = patch(tree, {"mm/core.c": ("\treturn n;\n", "\treturn core_frob(n);\n")})
    found = build(tree, fix)
    (finding,) = findings(found)
    assert finding.code == "BP601" and finding.line == 12
    assert "CONFIG_UFAULT=y" in finding.message
    assert [c.lines for c in found.configurations] == [("CONFIG_UFAULT=y",)]


def test_where_only_one_configuration_fails_the_other_is_named(tree: Path) -> None:
    """core_fault() is there only with UFAULT; a use of it without a guard builds with the option alone."""
    fix = patch(
        tree,
        {"mm/core.c": ("\treturn n;\n", "\treturn n + 1;\n"), "mm/shm.c": ("core_count(1)", "core_fault(1)")},
    )
    found = build(tree, fix)
    errors = findings(found, "BP601")
    assert [f.file for f in errors] == ["mm/shm.c"]
    assert "with defconfig; it builds with defconfig with CONFIG_UFAULT=y" in errors[0].message
    assert {(b.object, b.state) for b in found.built} >= {
        ("mm/shm.o", State.FAILED),
        ("mm/shm.o", State.BUILT),
        ("mm/core.o", State.BUILT),
    }


def test_what_a_rule_says_of_a_guard_is_built_on_and_off(tree: Path) -> None:
    """Nothing that the patch changes stands under the option: BP301 alone says that it matters."""
    found = build(tree, patch(tree, {"mm/shm.c": ("core_count(1)", "core_fault(1)")}))
    (finding,) = findings(found)
    assert "with defconfig; it builds with defconfig with CONFIG_UFAULT=y" in finding.message
    assert [b.state for b in found.built] == [State.FAILED, State.BUILT]


def test_a_folder_that_was_built_in_is_built_beside(tree: Path) -> None:
    write(
        tree,
        {".config": "CONFIG_UFAULT=y\n", "mm/core.o": "old", "include/config/auto.conf": "CONFIG_SHM=y\n"},
    )
    keep = tree.parent / "kept"
    found = build(tree, patch(tree, {"mm/core.c": ADDED}), keep=str(keep))
    source = next(keep.glob("*/source"))
    assert not findings(found) and not (source / "mm/core.o").exists()
    assert not (source / ".config").exists() and not (source / "include/config").exists()


def test_an_architecture_that_the_tree_has_not(tree: Path) -> None:
    assert run("verify", patch(tree, {"mm/core.c": ADDED}), "--onto", tree, "--arch", "vax").code == 2


def test_a_guard_around_the_use_builds_in_both(tree: Path) -> None:
    guarded = "#ifdef CONFIG_UFAULT\n\tcore_fault(1);\n#endif\n\treturn core_count(1)"
    found = build(tree, patch(tree, {"mm/shm.c": ("\treturn core_count(1)", guarded)}))
    assert not findings(found)
    assert len(found.configurations) == 2 and all(b.state is State.BUILT for b in found.built)


def test_a_symbol_that_nobody_defines(tree: Path) -> None:
    fix = patch(
        tree,
        {
            "include/linux/core.h": ("int core_last(int n);", "int core_last(int n);\nint core_new(int n);"),
            "mm/shm.c": ("core_count(1)", "core_new(1)"),
        },
    )
    (finding,) = findings(build(tree, fix))
    assert finding.code == "BP603" and finding.severity is Severity.ERROR
    assert (finding.file, finding.line) == ("mm/shm.c", 5)
    assert "defined nowhere" in finding.message


def test_a_symbol_whose_file_is_not_compiled(tree: Path) -> None:
    use = "extern int drv_probe(void);\n\treturn drv_probe()"
    (finding,) = findings(build(tree, patch(tree, {"mm/shm.c": ("return core_count(1)", use)})), "BP603")
    assert "has no body in this configuration" in finding.message
    assert finding.evidence[-1].path == "drv/drv.c"  # type: ignore[union-attr]


def test_a_symbol_that_the_series_defines_is_provided(tree: Path) -> None:
    fix = patch(
        tree,
        {
            "include/linux/core.h": ("int core_last(int n);", "int core_last(int n);\nint core_new(int n);"),
            "mm/core.c": (CORE[-31:], CORE[-31:] + "\nint core_new(int n)\n{\n\treturn n;\n}\n"),
            "mm/shm.c": ("core_count(1)", "core_new(1)"),
        },
    )
    assert not findings(build(tree, fix))


EXPORTED = "#define EXPORT_SYMBOL(x) extern int x##_exported\n"


@pytest.mark.parametrize(
    "export", ["EXPORT_SYMBOL(core_last);", "#define E(x) EXPORT_SYMBOL(core_ ##x)\nE(last);"]
)
def test_a_module_is_given_only_what_is_exported(tree: Path, export: str) -> None:
    use = (
        "int drv_probe(void)\n{\n\treturn 0;",
        "extern int core_last(int n);\nint drv_probe(void)\n{\n\treturn core_last(1);",
    )
    fix = patch(tree, {"drv/drv.c": use})
    found = build(tree, fix)
    (finding,) = findings(found)
    assert finding.code == "BP603" and "not exported to modules" in finding.message
    assert found.built[0].module and (finding.file, finding.line) == ("drv/drv.c", 1)
    write(tree, {"mm/core.c": EXPORTED + CORE + export + "\n"})
    assert not findings(build(tree, fix))
    built_in = tree.parent / "y.config"
    built_in.write_text("CONFIG_DRV=y\n")
    write(tree, {"mm/core.c": CORE})
    assert run("verify", fix, "--onto", tree, "--config-base", built_in).code == 0


def test_a_module_of_an_option_is_configured(tree: Path) -> None:
    found = build(tree, patch(tree, {"drv/drv.c": ("return 0;", "return 1;")}))
    assert not findings(found)
    assert [b.object for b in found.built] == ["drv/drv.o"]
    assert found.configurations[0].telling == ("CONFIG_DRV=m",)


def test_another_architecture_without_a_compiler_is_said(tree: Path) -> None:
    if shutil.which("arc-linux-gnu-gcc"):
        pytest.skip("this machine has the compiler that the test wants away")
    fix = patch(tree, {"arch/arc/kernel/traps.c": ("return 0;", "return 1;"), "mm/core.c": ADDED})
    found = build(tree, fix)
    (finding,) = findings(found)
    assert finding.code == "BP604" and "no compiler for arc (arc-linux-gnu-gcc" in finding.message
    assert [b.object for b in found.built] == ["mm/core.o"]
    assert run_exit(tree) == 0
    only = patch(write(tree.parent / "other" / "linux", FILES), {"arch/arc/kernel/traps.c": ("0", "1")})
    assert run("verify", only, "--onto", tree).code == 1


def test_what_no_makefile_names_is_not_built(tree: Path) -> None:
    (finding,) = findings(build(tree, patch(tree, {"mm/orphan.c": "int orphan;\n"})))
    assert finding.code == "BP604" and "no Makefile" in finding.message


def test_a_patch_that_does_not_land_is_refused(tree: Path) -> None:
    fix = patch(tree, {"mm/core.c": ADDED})
    (tree / "mm/core.c").write_text(CORE.replace("return n - 1;", "return other(n);"))
    found = build(tree, fix)
    assert not found.lands and not found.built
    result = run("verify", fix, "--onto", tree)
    assert result.code == 1 and "does not land" in result.out and "nothing was built" in result.out


def test_the_target_is_only_read(tree: Path) -> None:
    before = snapshot(tree)
    build(tree, patch(tree, {"mm/core.c": ("return n - 1;", "return core_frob(n);"), "mm/shm.c": None}))
    assert snapshot(tree) == before


def test_a_git_target_is_only_read_and_a_later_patch_is_told_from_an_earlier(tree: Path) -> None:
    repo = Repo(tree.parent / "repo")
    repo.commit(dict(FILES), "start\n")
    first = patch(tree, {"mm/core.c": ADDED}, "1.patch")
    write(tree, {"mm/core.c": CORE.replace(*ADDED)})
    shutil.rmtree(tree.parent / "before")
    shutil.rmtree(tree.parent / "after")
    second = patch(tree, {"mm/core.c": ("return n + 1;", "return n + frob;")}, "2.patch")
    before = repo.snapshot()
    found = build(f"{repo.path}@main", first, second)
    one, two = found.report.targets[0].patches
    assert not one.findings and [f.code for f in two.findings] == ["BP601"]
    assert (two.findings[0].line, one.verdict, two.verdict) == (6, Verdict.CLEAN, Verdict.UNSAFE)
    assert repo.snapshot() == before


def test_time_is_limited_and_nothing_is_left_running(tree: Path) -> None:
    mark = tree.parent / "pid"
    makefile = FILES["Makefile"].replace("\t@mkdir", f"\t@echo $$$$ > {mark}; sleep 600\n\t@mkdir")
    write(tree, {"Makefile": makefile})
    start = time.monotonic()
    found = build(tree, patch(tree, {"mm/core.c": ADDED}), seconds=1.5)
    assert time.monotonic() - start < 20
    (finding,) = findings(found)
    assert finding.code == "BP604" and "out of time" in finding.message
    stat = Path(f"/proc/{mark.read_text().strip()}/stat")
    # A process that is dead may wait for whoever adopted it to read its end.
    assert not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] in "ZX"


def test_processes_and_memory_are_limited(tree: Path) -> None:
    makefile = FILES["Makefile"].replace(
        "\t@mkdir", "\t@for i in 1 2 3 4 5 6 7 8 9; do sleep 600 & done; wait\n\t@mkdir"
    )
    write(tree, {"Makefile": makefile})
    (finding,) = findings(build(tree, patch(tree, {"mm/core.c": ADDED}), processes=6, seconds=60))
    assert "more than 6 processes" in finding.message


def test_a_tree_that_does_not_build_itself_is_no_fault_of_the_patch(tree: Path) -> None:
    write(tree, {"mm/core.c": CORE.replace("return n + 1;", "return broken;")})
    found = build(tree, patch(tree, {"mm/core.c": ADDED}))
    (finding,) = findings(found)
    assert finding.code == "BP604" and "without the patch either" in finding.message


def test_what_is_no_kernel_and_what_asks_is_refused(tree: Path, tmp_path: Path) -> None:
    fix = patch(tree, {"mm/core.c": ADDED})
    with pytest.raises(TargetError, match="no kernel tree"):
        build(write(tmp_path / "plain", {"a.c": "int a;\n"}), fix)
    with pytest.raises(UsageError, match="config-base"):
        build(tree, fix, base="menuconfig")
    with pytest.raises(UsageError, match="within the target"):
        build(tree, fix, keep=str(tree / "here"))


def test_a_missing_tool_names_its_package(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tree, {"scripts/kconfig/lexer.l": ""})
    folder = tree.parent / "bin"
    folder.mkdir()
    for program in ("make", "nm", "gcc", "git"):
        (folder / program).symlink_to(shutil.which(program) or "/nowhere")
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(TargetError, match="install the package flex"):
        build(tree, patch_without_diff(tree))


def patch_without_diff(tree: Path) -> Path:
    place = tree.parent / "fix.patch"
    place.write_text(
        "--- a/drv/drv.c\n+++ b/drv/drv.c\n@@ -1,4 +1,4 @@\n int drv_probe(void)\n {\n-\treturn 0;\n+\treturn 1;\n }\n"
    )
    return place


def test_the_json_and_the_folder_that_is_kept(tree: Path) -> None:
    fix = patch(tree, {"mm/core.c": ("return n - 1;", "return core_frob(n);")})
    keep = tree.parent / "kept"
    result = run("verify", fix, "--onto", tree, "--keep", keep, "--format", "json")
    found = json.loads(result.out)
    assert result.code == 1 and found["schema"] == "backport-verify/1"
    assert found["objects"][0]["state"] == "failed"
    assert found["report"]["targets"][0]["patches"][0]["findings"][0]["code"] == "BP601"
    assert str(tree.parent) not in result.out
    source = next(keep.glob("*/source"))
    assert "core_frob" in (source / "mm/core.c").read_text() and not (source / "mm/core.c").is_symlink()
    assert os.path.realpath(source / "mm/shm.c") == os.path.realpath(tree / "mm/shm.c")
    assert run("verify", fix, "--onto", tree, "--keep", keep).code == 2


def test_a_configuration_file_is_taken_as_the_base(tree: Path) -> None:
    config = tree.parent / "my.config"
    config.write_text("# CONFIG_SHM is not set\nCONFIG_UFAULT=y\n")
    fix = patch(tree, {"mm/core.c": ("\treturn n;\n", "\treturn n + 1;\n")})
    result = run("verify", fix, "--onto", tree, "--config-base", config)
    assert result.code == 0 and "mm/core.o" in result.out and "my.config): built" in result.out
    assert run("verify", fix, "--onto", tree, "--config-base", fix).code == 2


def test_the_rules_are_explained_and_never_run_by_a_check(tree: Path) -> None:
    assert "mm/shmem.o" in run("rules", "BP601").out
    fix = patch(tree, {"mm/core.c": ADDED})
    report = json.loads(run("check", fix, "--onto", tree, "--format", "json").out)
    skipped = {s["code"]: s["reason"] for s in report["targets"][0]["skipped"]}
    assert skipped["BP603"] == "not run: nothing is compiled here (run backport verify)"
