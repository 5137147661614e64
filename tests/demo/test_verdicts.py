"""The program, asked about the example, tells its story: the same as plain git and the maintainer's note."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from backport.cli.main import main
from backport.demo import Demo, build
from tests.demo.test_repository import SUBJECTS, git

LANDS = {"exact", "offset", "fuzz", "moved", "merged"}


def run(*words: str) -> tuple[int, bytes, str]:
    """Exit code, stdout and stderr of one command, in this process."""
    stdout, stderr = io.BytesIO(), io.StringIO()
    code = main(words, stdin=io.BytesIO(), stdout=stdout, stderr=stderr, environ={"NO_COLOR": "1"})
    return code, stdout.getvalue(), stderr.getvalue()


def target_of(document: bytes) -> dict[str, Any]:
    report = json.loads(document)
    assert report["schema"] == "backport-report/1" and len(report["targets"]) == 1
    target: dict[str, Any] = report["targets"][0]
    return target


@pytest.fixture(scope="module")
def checked(demo: Demo) -> dict[str, Any]:
    """The report's one target: the series onto the older branch."""
    onto = f"{demo.repository}@{demo.target}"
    code, out, err = run(
        "check", demo.series, "--onto", onto, "--upstream", str(demo.repository), "--format", "json"
    )
    assert (code, err) == (1, "")
    return target_of(out)


def placements(patch: dict[str, Any]) -> dict[str, list[str]]:
    """The placements of a patch's hunks, by path."""
    return {x["path"]: [h["placement"] for h in x["hunks"]] for x in patch["files"]}


def conflicting(patch: dict[str, Any]) -> set[str]:
    return {path for path, found in placements(patch).items() if not set(found) <= LANDS | {"applied"}}


def test_verdict_of_each_patch(checked: dict[str, Any]) -> None:
    found = [(x["subject"], x["verdict"]) for x in checked["patches"]]
    assert found == list(zip(SUBJECTS, ["conflict", "conflict", "clean", "applied", "conflict"], strict=True))
    assert checked["verdict"] == "conflict"
    assert checked["name"].endswith("@stable-4.14")


def test_first_patch_conflicts_in_the_files_of_the_note(checked: dict[str, Any]) -> None:
    """And only there; the other three files land."""
    first = checked["patches"][0]
    assert conflicting(first) == {"include/linux/shm_fs.h", "mm/shm.c", "mm/ufault.c"}
    found = placements(first)
    assert sum(map(len, found.values())) == 21
    for path in ("fs/ufault.c", "include/uapi/linux/ufault.h", "mm/memory.c"):
        assert set(found[path]) <= LANDS, path
    kinds = {x for patch in checked["patches"] for hunks in placements(patch).values() for x in hunks}
    assert {"exact", "offset", "merged", "conflict", "applied"} <= kinds


def test_conflicts_are_where_write_protect_is_missing(checked: dict[str, Any]) -> None:
    """The handler itself conflicts, and what the target has instead knows no wp_copy."""
    first = checked["patches"][0]
    hunks = [h for x in first["files"] for h in x["hunks"] if h["placement"] == "conflict"]
    handlers = [h for h in hunks if "shm_mfill_pte()" in h["functions"]]
    assert handlers
    for hunk in handlers:
        assert "wp_copy" in hunk["texts"]["postimage"]
        assert "wp_copy" not in hunk["texts"]["target"]
    findings = [x for x in first["findings"] if x["code"] == "BP101"]
    assert {x["hunk"] for x in findings} == {x["number"] for x in hunks}
    assert all(x["severity"] == "error" and x["evidence"] for x in findings)


def test_second_patch_conflicts_after_the_first(checked: dict[str, Any]) -> None:
    assert {"mm/shm.c", "mm/ufault.c"} <= conflicting(checked["patches"][1])


def test_clean_and_applied_patches(checked: dict[str, Any]) -> None:
    clean, applied, documentation = checked["patches"][2:]
    assert set(*placements(clean).values()) <= LANDS
    assert placements(applied) == {"fs/ufault.c": ["applied"]}
    kinds = placements(documentation)["Documentation/ufault.rst"]
    assert len(kinds) == 3 and kinds[0] in LANDS and kinds[1:] == ["conflict", "conflict"]


def test_maintainers_backport_has_the_series(demo: Demo) -> None:
    """On the branch where the series was backported by hand, the patch that needed no hand is applied."""
    onto = f"{demo.repository}@{demo.reference}"
    code, out, _ = run("check", "main~2", "--onto", onto, "--format", "json")
    assert code == 0 and target_of(out)["verdict"] == "applied"


def test_series_is_applied_upstream(demo: Demo) -> None:
    code, out, _ = run(
        "check", demo.series, "--onto", f"{demo.repository}@{demo.upstream}", "--format", "json"
    )
    target = target_of(out)
    assert {x["verdict"] for x in target["patches"][1:]} == {"applied"}
    # what the first patch left, the second changed again
    assert target["patches"][0]["verdict"] in ("applied", "partial") and code in (0, 1)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(x): x.read_bytes() for x in folder.rglob("*") if x.is_file()}


def test_repository_is_left_as_it_was(tmp_path: Path) -> None:
    """No file is written, changed or removed: neither in the work tree nor in .git."""
    demo = build(tmp_path / "example")
    before = contents(demo.repository)
    assert run("check", demo.series, "--onto", f"{demo.repository}@{demo.target}")[0] == 1
    assert contents(demo.repository) == before


def test_demo_prints_the_report_and_exits_0() -> None:
    code, out, err = run("demo", "--width", "80")
    text = out.decode()
    assert (code, err) == (0, "")
    for subject in SUBJECTS:
        assert subject in text
    assert "mm/shm.c" in text and "conflict" in text
    assert run("demo", "--width", "80")[1] == out


def test_demo_keeps_the_example_where_it_is_asked_to(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    code, _, _ = run("demo", "--keep", str(kept), "--quiet")
    assert code == 0
    assert git(kept, "rev-parse", "--abbrev-ref", "HEAD").strip() == "main"
