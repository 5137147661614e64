"""`check`, `show` and `demo` from end to end, and all their exit codes."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import jsonschema
import pytest

from backport.report import load, schema
from tests.cli.support import history as make_history
from tests.cli.support import run
from tests.support.repo import Repo

History = tuple[Repo, str]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    return make_history(tmp_path_factory.mktemp("history") / "repo")


@pytest.fixture(scope="module")
def patch_file(history: History) -> Path:
    repo, change = history
    path = repo.path.parent / "0001-split.patch"
    path.write_bytes(repo.git("format-patch", "-1", "--stdout", change))
    return path


def test_0_when_all_lands(history: History, patch_file: Path) -> None:
    found = run("check", patch_file, "--onto", f"{history[0].path}@old")
    assert (found.code, found.err) == (0, "")
    assert found.out.startswith("clean  repo@old (6.1.7): the only hunk lands\n")


def test_0_when_all_is_there(history: History, patch_file: Path) -> None:
    found = run("check", patch_file, "--onto", f"{history[0].path}@main")
    assert found.code == 0 and found.out.startswith("applied  repo@main")


def test_1_on_a_conflict(history: History, patch_file: Path) -> None:
    found = run("check", patch_file, "--onto", f"{history[0].path}@drifted")
    assert found.code == 1 and found.out.startswith("conflict  repo@drifted")
    assert "long other_15;" in found.out and "Next: Resolve hunk 1" in found.out


def test_1_when_one_of_two_targets_is_bad(history: History, patch_file: Path) -> None:
    path = history[0].path
    found = run("check", "--onto", f"{path}@old", "--onto", f"{path}@drifted", patch_file)
    assert found.code == 1
    assert found.out.splitlines()[0].startswith("clean") and found.out.splitlines()[1].startswith("conflict")


def test_commits_of_the_upstream_and_of_the_target(history: History) -> None:
    path, change = history[0].path, history[1]
    own = run("check", change, "--onto", f"{path}@old", "--quiet")
    named = run("check", "old..main", "--upstream", f"{path}@main", "--onto", f"{path}@old", "--quiet")
    assert own == named and own.code == 0 and own.out.startswith("clean")


def test_standard_input_and_a_folder_as_target(history: History, patch_file: Path, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.c").write_bytes(history[0].git("show", "old:src/a.c"))
    found = run("check", "-", "--onto", tmp_path, "-q", stdin=patch_file.read_bytes())
    assert found.code == 0 and found.out.startswith("clean")


def test_patches_may_stand_on_both_sides_of_an_option(
    history: History, patch_file: Path, tmp_path: Path
) -> None:
    second = tmp_path / "second.patch"
    second.write_bytes(patch_file.read_bytes())
    found = run("check", patch_file, "--onto", f"{history[0].path}@old", second, "--format", "json")
    assert len(json.loads(found.out)["targets"][0]["patches"]) == 2


def test_a_queue_stands_on_the_target(history: History, patch_file: Path, tmp_path: Path) -> None:
    (tmp_path / "series").write_text(f"{patch_file.name}\n")
    (tmp_path / patch_file.name).write_bytes(patch_file.read_bytes())
    there = run("check", patch_file, "--onto", f"{history[0].path}@old", "--queue", tmp_path, "-q")
    assert there.code == 0 and there.out.startswith("applied")
    (tmp_path / "series").write_text(f"{patch_file.name} -R\n")
    refused = run("check", patch_file, "--onto", f"{history[0].path}@old", "--queue", tmp_path)
    assert refused.code == 2 and "series:1: the patch 0001-split.patch is taken out (-R)" in refused.err
    as_patches = run("check", tmp_path, "--onto", f"{history[0].path}@old")
    assert (as_patches.code, as_patches.err) == (refused.code, refused.err)


def test_a_queue_of_which_a_later_patch_is_taken_out(
    history: History, patch_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "series").write_text("a.patch\nb.patch -R\n")
    for name in ("a.patch", "b.patch"):
        (tmp_path / name).write_bytes(patch_file.read_bytes())
    there = run("check", patch_file, "--onto", f"{history[0].path}@old", "--queue", f"{tmp_path}@a", "-q")
    assert there.code == 0 and there.out.startswith("applied")


def test_a_queue_that_does_not_land(history: History, patch_file: Path, tmp_path: Path) -> None:
    """BP108 has its severity, fingerprint and evidence as every other finding has."""
    argv: list[str | Path] = [
        "check",
        patch_file,
        "--onto",
        f"{history[0].path}@drifted",
        "--queue",
        tmp_path,
    ]
    (tmp_path / "q.patch").write_bytes(patch_file.read_bytes())

    def findings(rules: str) -> list[dict[str, object]]:
        found = run(*argv, "--format", "json", environ={"BACKPORT_RULES": rules})
        assert found.code == 1
        result: list[dict[str, object]] = json.loads(found.out)["targets"][0]["findings"]
        return result

    (one,) = findings("")
    assert (one["code"], one["severity"], one["file"]) == ("BP108", "error", "src/a.c")
    evidence = one["evidence"]
    assert isinstance(evidence, list) and "other_1" in str(evidence[0]) and len(evidence) == 1
    assert one["target_line"] == evidence[0]["line"] in (14, 15)
    assert len(str(one["fingerprint"])) == 16
    (note,) = findings("BP1=note")
    assert note == {**one, "severity": "note"}
    assert findings("BP108=off") == findings("BP1=off") == []


@pytest.mark.parametrize("form", ["json", "markdown", "html", "sarif", "text"])
def test_every_form_from_the_command_line(history: History, patch_file: Path, form: str) -> None:
    found = run("check", patch_file, "--onto", f"{history[0].path}@drifted", "--format", form)
    assert found.code == 1 and "src/a.c" in found.out and str(history[0].path) not in found.out


def test_json_fits_the_schema_and_loads(history: History, patch_file: Path) -> None:
    for argv in (("check", patch_file, "--onto", f"{history[0].path}@drifted"), ("show", patch_file)):
        document = json.loads(run(*argv, "--format", "json").out)
        jsonschema.Draft202012Validator(schema()).validate(document)
        assert load(document).targets[0].patches[0].subject == "a: split line 15"


def test_a_name_of_the_settings_is_a_target(history: History, patch_file: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[repositories]\nmine = "{history[0].path}"\n[targets]\nlts = "mine@old"\n')
    found = run("check", patch_file, "--config", config, "--onto", "lts", "--onto", "mine@drifted", "-q")
    assert found.code == 1
    assert [line.split(" (")[0] for line in found.out.splitlines()[:2]] == [
        "clean     lts",
        "conflict  mine@drifted",
    ]
    upstream = run("check", "main", "--config", config, "--upstream", "mine@main", "--onto", "lts", "-q")
    assert upstream.code == 0


def test_a_target_brings_its_own_settings(history: History, patch_file: Path, tmp_path: Path) -> None:
    repo, _ = make_history(tmp_path / "configured")
    repo.checkout("drifted")
    repo.commit({".backport.toml": '[rules]\nBP1 = "off"\n'}, "settings\n")
    found = run(
        "check",
        patch_file,
        "--onto",
        f"{repo.path}@drifted",
        "--onto",
        f"{history[0].path}@drifted",
        "--format",
        "json",
    )
    findings = [t["patches"][0]["findings"] for t in json.loads(found.out)["targets"]]
    assert not [f for f in findings[0] if f["code"].startswith("BP1")]
    assert [f for f in findings[1] if f["code"].startswith("BP1")]
    notes = json.loads(found.out)["notes"]
    assert notes == ["repo@drifted: the target's .backport.toml switches off: BP1"] or notes == [
        "configured@drifted: the target's .backport.toml switches off: BP1"
    ]
    argv: list[str | Path] = ["check", patch_file, "--onto", f"{repo.path}@drifted"]
    assert "the target's .backport.toml switches off: BP1\n" in run(*argv).out
    again = run(*argv, "--verbose", environ={"BACKPORT_RULES": "BP1=error"})
    assert "switches off" not in again.out and "BP101" in again.out
    repo.commit({".backport.toml": 'policy = "plain"\nwidth = 80\n'}, "bad settings\n")
    bad = run("check", patch_file, "--onto", f"{repo.path}@drifted")
    assert bad.code == 2 and ":.backport.toml:2: width may not be set by a target" in bad.err


def test_show(patch_file: Path) -> None:
    found = run("show", patch_file)
    assert found.code == 0 and "a: split line 15" in found.out and "src/a.c  +2 -1" in found.out
    assert "placement" not in found.out and "Next:" not in found.out


def test_demo() -> None:
    found = run("demo")
    assert (found.code, found.err) == (0, "")
    assert found.out.startswith("conflict  example@") and "/tmp" not in found.out


def test_demo_keeps_its_folder_when_asked(tmp_path: Path) -> None:
    found = run("demo", "--keep", tmp_path / "kept", "--format", "json")
    assert (found.code == 0 and (tmp_path / "kept" / ".git").exists()) or (
        tmp_path / "kept" / "HEAD"
    ).exists()
    assert json.loads(found.out)["targets"]
    assert run("demo", "--keep", tmp_path / "kept").code == 2


# --- what a user can put right: one line, exit 2, nothing written


def test_2_with_one_clear_line(history: History, patch_file: Path, tmp_path: Path) -> None:
    repo = history[0].path
    good = f"{repo}@old"
    (tmp_path / "empty.txt").write_text("no diff in here\n")
    (tmp_path / "evil.patch").write_text("--- a/../x\n+++ b/../x\n@@ -1 +1 @@\n-a\n+b\n")
    (tmp_path / "bytes.patch").write_bytes(bytes(range(256)) * 8)
    (tmp_path / "big.patch").write_bytes(b"x" * 5000)
    (tmp_path / "config.toml").write_text("\npolicy = 3\n")
    cases: list[tuple[list[str | Path], str]] = [
        (["check", patch_file, "--onto", f"{repo}@no-such"], "unknown revision no-such"),
        (["check", patch_file, "--onto", tmp_path / "nowhere"], "does not exist"),
        (["check", patch_file, "--onto", good, "--upstream", tmp_path], "is not a git repository"),
        (["check", patch_file, "--onto", good, "--upstream", tmp_path / "no"], "does not exist"),
        (["check", patch_file, "--onto", good, "--upstream", f"{repo}@no-such"], "unknown revision"),
        (["check", tmp_path / "empty.txt", "--onto", good], "empty.txt"),
        (["check", tmp_path / "evil.patch", "--onto", good], "../x"),
        (["check", tmp_path / "bytes.patch", "--onto", good], "bytes.patch"),
        (["check", tmp_path / "no.patch", "--onto", good], "no.patch"),
        (["show", tmp_path / "empty.txt"], "empty.txt"),
        (["show", "main"], "main"),
        (
            ["check", patch_file, "--onto", good, "--config", tmp_path / "config.toml"],
            "config.toml:2: policy must be",
        ),
        (["check", patch_file, "--onto", good, "--config", tmp_path / "no.toml"], "cannot be read"),
        (["check", patch_file, "--onto", good, "-o", tmp_path / "no" / "x.html"], "there is no folder"),
        (["check", patch_file, "--onto", good, "-o", tmp_path], "is no file name"),
        (["check", patch_file, "--onto", good, "-q", "-v"], "exclude one another"),
        (["check", patch_file, "--onto", good, "--queue", tmp_path / "no"], "does not exist"),
        (
            ["check", patch_file, "--onto", good, "--kconfig", tmp_path / "empty.txt"],
            "is no kernel configuration",
        ),
        (["check", patch_file, "--onto", good, "--kconfig", tmp_path / "no"], "cannot be read"),
        (["check", patch_file, "--onto", good, "--width", "-3"], "--width: must be from 0"),
        (["check", patch_file], "--onto"),
        (["check", "--onto", good], "PATCH"),
        (["check", patch_file, "--onto", good, "--fromat", "json"], "unknown argument --fromat"),
        (["check", patch_file, "--onto", good, "--format", "pdf"], "invalid choice: 'pdf'"),
        (["chekc", patch_file], "invalid choice: 'chekc'"),
        ([], "no command"),
    ]
    before = sorted(p.name for p in tmp_path.iterdir())
    for argv, message in cases:
        found = run(*argv)
        assert found.code == 2, (argv, found)
        assert found.out == "" and found.err.count("\n") == 1 and found.err.startswith("backport: "), found
        assert message in found.err, found.err
        assert "Traceback" not in found.err
    too_large = run("show", tmp_path / "big.patch", environ={"BACKPORT_MAX_INPUT_BYTES": "4k"})
    assert too_large.code == 2 and "big.patch" in too_large.err
    large_stdin = run("show", "-", stdin=b"x" * 5000, environ={"BACKPORT_MAX_INPUT_BYTES": "4k"})
    assert large_stdin.code == 2 and large_stdin.err.count("\n") == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    "name",
    ["x" * 5000, "x" * 300, "y/" * 3000, "a\0b", "\udcff\udcfe", "\ud800", "\n", "~", "x" * 300 + "@y"],
    ids=["long", "long-part", "deep", "nul", "bytes", "surrogate", "newline", "home", "long-at"],
)
def test_2_for_names_that_no_file_can_have(
    history: History, patch_file: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    repo = history[0].path
    good: list[str | Path] = ["check", patch_file, "--onto", f"{repo}@old"]
    cases: list[list[str | Path]] = [
        ["check", patch_file, "--onto", name],
        ["check", patch_file, "--onto", f"{repo}@{name}"],
        ["check", name, "--onto", f"{repo}@old"],
        ["show", name],
        [*good, "--upstream", name],
        [*good, "--upstream", f"{repo}@{name}"],
        [*good, "--config", name],
        [*good, "--kconfig", name],
        [*good, "--queue", name],
        [*good, "--queue", f"{repo}@{name}"],
        [*good, "-o", f"{name}/report.txt"],
        ["demo", "--keep", f"{patch_file}/{name}"],
    ]
    if len(name) > 255 or name in ("a\0b", "\ud800"):
        cases.append([*good, "-o", name])
        cases.append(["demo", "-o", name])
    for argv in cases:
        found = run(*argv, environ={"XDG_STATE_HOME": str(tmp_path / "state")})
        assert found.code == 2 and found.out == "", (argv, found)
        assert found.err.count("\n") == 1 and len(found.err) < 1000, found.err
    assert list(tmp_path.iterdir()) == []


def test_a_place_of_the_settings_that_no_folder_can_have(patch_file: Path, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    for place in ("x" * 5000, "a\\u0000b", "/nowhere"):
        config.write_text(f'[repositories]\nmine = "{place}"\n')
        for option in ("--onto", "--upstream"):
            argv: list[str | Path] = [
                "check",
                patch_file,
                "--config",
                config,
                "--onto",
                tmp_path,
                option,
                "mine@v1",
            ]
            found = run(*argv)
            assert found.code == 2 and "does not exist" in found.err, found
    home = {"XDG_CONFIG_HOME": "/" + "x" * 5000, "XDG_STATE_HOME": str(tmp_path)}
    assert run("show", patch_file, environ=home).code == 0


def test_the_message_cannot_steer_the_terminal(history: History) -> None:
    found = run("check", "\x1b[31mx\n.patch", "--onto", f"{history[0].path}@old")
    assert found.code == 2 and "\x1b" not in found.err and found.err.count("\n") == 1


# --- -o


def test_a_file_is_written_whole_and_named_by_its_suffix(
    history: History, patch_file: Path, tmp_path: Path
) -> None:
    onto = f"{history[0].path}@old"
    for name, start in (
        ("r.html", "<!DOCTYPE html>"),
        ("r.json", "{"),
        ("r.md", "| verdict"),
        ("r.txt", "clean"),
    ):
        found = run("check", patch_file, "--onto", onto, "-o", tmp_path / name)
        assert (found.code, found.out, found.err) == (0, "", "")
        assert (tmp_path / name).read_text().startswith(start)
    explicit = run("check", patch_file, "--onto", onto, "-o", tmp_path / "r.html", "--format", "sarif")
    assert explicit.code == 0 and "2.1.0" in (tmp_path / "r.html").read_text()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r.html", "r.json", "r.md", "r.txt"]
    assert run("check", patch_file, "--onto", onto, "-o", "-").out.startswith("clean")


def test_a_file_keeps_its_mode_and_a_link_its_place(
    history: History, patch_file: Path, tmp_path: Path
) -> None:
    real, link = tmp_path / "real.txt", tmp_path / "link.txt"
    real.write_text("before")
    real.chmod(0o640)
    link.symlink_to(real)
    assert run("check", patch_file, "--onto", f"{history[0].path}@old", "-o", link).code == 0
    assert link.is_symlink() and real.read_text().startswith("clean")
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert run("check", patch_file, "--onto", f"{history[0].path}@old", "-o", os.devnull).code == 0


def test_nothing_is_left_when_writing_fails(
    history: History, patch_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "report.txt"
    file.write_text("before")

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    found = run("check", patch_file, "--onto", f"{history[0].path}@old", "-o", file)
    assert found.code == 2 and found.err == "backport: cannot write report.txt: No space left on device\n"
    assert file.read_text() == "before" and list(tmp_path.iterdir()) == [file]


def test_the_repository_is_not_written(history: History, patch_file: Path) -> None:
    def state() -> list[tuple[str, int, bytes]]:
        files = (p for p in history[0].path.rglob("*") if p.is_file())
        return sorted((str(p), p.stat().st_mode, p.read_bytes()) for p in files)

    before = state()
    for rev in ("old", "drifted", "main"):
        run("check", "main", "--upstream", history[0].path, "--onto", f"{history[0].path}@{rev}")
    assert state() == before
