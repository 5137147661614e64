"""The way in: help, version, errors, streams, progress."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from backport import __version__
from backport.checks import all_rules
from backport.cli.commands import COMMANDS
from backport.cli.console import Console
from backport.cli.main import main
from backport.cli.progress import Progress, words
from backport.errors import Cancelled
from backport.model import Series
from backport.report import schema_text
from tests.cli.support import Terminal, run
from tests.support.reports import show_report
from tests.support.require import require_program

START = "from backport.cli.main import run; run()"


def script(*argv: str, code: str = START, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-c", code, *argv], input=stdin, capture_output=True, check=False)


def stub(monkeypatch: pytest.MonkeyPatch, show: object) -> None:
    """An engine whose `show` is this, and an intake that reads nothing."""
    engine, intake = ModuleType("backport.engine"), ModuleType("backport.intake")
    engine.show = show  # type: ignore[attr-defined]
    intake.read_sources = lambda *a, **k: Series(())  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "backport.engine", engine)
    monkeypatch.setitem(sys.modules, "backport.intake", intake)


def raising(error: BaseException) -> object:
    def show(series: Series) -> None:
        raise error

    return show


def test_version_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom backport.cli.main import run\n"
        "try:\n    run()\nfinally:\n    print(' '.join(sys.modules), file=sys.stderr)"
    )
    done = script("--version", code=code)
    assert done.stdout.decode() == f"backport {__version__}\n" and done.returncode == 0
    loaded = set(done.stderr.decode().split())
    assert "backport.cli.main" in loaded
    heavy = {
        "git",
        "gitdb",
        "tree_sitter",
        "unidiff",
        "rich",
        "jinja2",
        "shtab",
        "sqlite3",
        "importlib.metadata",
    }
    assert not loaded & heavy
    assert not {m for m in loaded if m.startswith(("backport.engine", "backport.intake", "backport.git"))}


@pytest.mark.parametrize("name", [c.name for c in COMMANDS])
def test_every_command_has_help_with_an_example(name: str) -> None:
    found = run(name, "--help")
    assert (found.code, found.err) == (0, "")
    assert f"usage: backport {name}" in found.out and "example" in found.out
    assert f"backport {name}" in found.out.partition("example")[2]


def test_help_names_every_command_and_exit_code() -> None:
    found = run("--help")
    assert found.code == 0
    assert all(c.name in found.out and c.help in " ".join(found.out.split()) for c in COMMANDS)
    assert "130 interrupted" in found.out


def test_3_for_a_bug_with_a_log_to_send(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stub(monkeypatch, raising(ZeroDivisionError("a bug")))
    found = run("show", "x.patch", environ={"XDG_STATE_HOME": str(tmp_path)})
    assert found.code == 3 and found.out == "" and found.err.count("\n") == 1
    log = Path(found.err.rpartition(": ")[2].strip())
    assert log.parent == tmp_path / "backport" and "please send its log" in found.err
    text = log.read_text()
    assert "ZeroDivisionError: a bug" in text and "['show', 'x.patch']" in text and __version__ in text


def test_a_bug_is_told_where_no_state_folder_can_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    stub(monkeypatch, raising(RuntimeError("a bug")))
    found = run("show", "x.patch", environ={"XDG_STATE_HOME": "/dev/null/no"})
    log = Path(found.err.rpartition(": ")[2].strip())
    assert found.code == 3 and "RuntimeError" in log.read_text()
    log.unlink()


@pytest.mark.parametrize("error", [KeyboardInterrupt(), Cancelled()])
def test_130_when_interrupted(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    stub(monkeypatch, raising(error))
    assert (run("show", "x.patch").code, run("show", "x.patch").err) == (130, "backport: interrupted\n")


def test_a_reader_that_went_away_is_no_error() -> None:
    shell = require_program("sh")
    done = subprocess.run(
        [
            shell,
            "-c",
            '"$1" -c "$2" schema | head -n 1; "$1" -c "$2" schema >&-',
            "sh",
            sys.executable,
            START,
        ],
        capture_output=True,
        check=False,
    )
    assert done.stdout == b"{\n" and b"Traceback" not in done.stderr and b"Broken" not in done.stderr


def test_broken_pipe_keeps_the_commands_code() -> None:
    class Gone(io.BytesIO):
        def write(self, data: object) -> int:
            raise BrokenPipeError

    err = io.StringIO()
    assert main(["schema"], stdin=io.BytesIO(), stdout=Gone(), stderr=err, environ={}) == 0
    assert err.getvalue() == ""


def test_schema() -> None:
    found = run("schema")
    assert found.code == 0 and found.out.encode() == schema_text()
    assert run("schema", "more").code == 2


def test_rules() -> None:
    table = run("rules")
    assert table.code == 0
    for rule in all_rules():
        assert f"  {rule.code}  " in table.out and rule.title in table.out
        one = run("rules", rule.code.lower())
        assert one.code == 0 and one.out.startswith(f"{rule.code}  {rule.severity}  {rule.title}\n")
        assert " ".join(rule.explanation.split()) in " ".join(one.out.split())
        assert rule.example.strip().splitlines()[0] in one.out
    family = run("rules", "BP1xx").out
    assert all(r.code in family for r in all_rules() if r.code.startswith("BP1")) and "BP0" not in family
    unknown = run("rules", "BP501X")
    assert unknown.code == 2 and "did you mean BP501?" in unknown.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "tcsh"])
def test_completion(shell: str) -> None:
    found = run("completion", shell)
    assert found.code == 0 and "backport" in found.out
    assert "--upstream" in found.out or shell == "tcsh"  # which shtab gives the commands only
    assert all(c.name in found.out for c in COMMANDS)
    assert run("completion", "fish").code == 2


def test_the_bash_completion_is_bash(tmp_path: Path) -> None:
    bash = require_program("bash")
    file = tmp_path / "completion"
    file.write_text(run("completion", "bash").out)
    done = subprocess.run([bash, "-n", str(file)], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


# --- colours and width


class TerminalBytes(io.BytesIO):
    def isatty(self) -> bool:
        return True


def colored(environ: dict[str, str], *flags: str, monkeypatch: pytest.MonkeyPatch) -> bool:
    stub(monkeypatch, lambda series: show_report())
    out = TerminalBytes()
    argv = ["show", "x.patch", *flags]
    assert main(argv, stdin=io.BytesIO(), stdout=out, stderr=io.StringIO(), environ=environ) == 0
    return b"\x1b[" in out.getvalue()


def test_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    assert colored({}, monkeypatch=monkeypatch)
    assert not colored({"NO_COLOR": "1"}, monkeypatch=monkeypatch)
    assert not colored({"TERM": "dumb"}, monkeypatch=monkeypatch)
    assert not colored({}, "--color", "never", monkeypatch=monkeypatch)
    assert colored({"NO_COLOR": "1"}, "--color", "always", monkeypatch=monkeypatch)
    assert "\x1b[" not in run("show", "x.patch").out
    assert "\x1b[" in run("show", "x.patch", environ={"BACKPORT_COLOR": "always"}).out


def test_width(monkeypatch: pytest.MonkeyPatch) -> None:
    stub(monkeypatch, lambda series: show_report())
    wide = run("show", "x.patch", "--width", "140").out
    assert max(map(len, wide.splitlines())) > 80 >= max(map(len, run("show", "x.patch").out.splitlines()))
    assert run("show", "x.patch", environ={"COLUMNS": "140"}).out == wide


def test_an_unreadable_patch_alone_is_2_in_show(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    report = show_report()
    bad = replace(report.targets[0].patches[0], files=(), unreadable="x.patch:3: damaged")
    stub(monkeypatch, lambda series: replace(report, targets=(replace(report.targets[0], patches=(bad,)),)))
    found = run("show", "x.patch")
    assert found.code == 2 and "cannot be read: x.patch:3: damaged" in found.out


# --- progress


def test_progress_is_drawn_on_a_terminal_and_wiped() -> None:
    drawn = threading.Event()

    class Watched(Terminal):
        def write(self, text: str) -> int:
            if "placement" in text:
                drawn.set()
            return super().write(text)

    stream = Watched()
    with Progress(stream, after=0.0) as progress:
        progress.event(SimpleNamespace(stage="placement", patch=3, patches=30, target="linux-6.1\x1b[1m"))
        assert drawn.wait(20)
    shown = stream.getvalue()
    assert "patch 3 of 30 on linux-6.1\\x1b[1m: placement ..." in shown
    assert shown.endswith("\r\x1b[K")


def test_no_progress_where_nobody_looks_or_when_it_is_quick() -> None:
    plain, quiet, quick = io.StringIO(), Terminal(), Terminal()
    with Progress(plain, after=0.0), Progress(quiet, quiet=True, after=0.0), Progress(quick, after=60.0):
        pass
    assert (plain.getvalue(), quiet.getvalue(), quick.getvalue()) == ("", "", "")


def test_words_of_an_event() -> None:
    event = SimpleNamespace(stage="base", patch=0, patches=0, target="")
    assert words(event) == "base"
    assert words(SimpleNamespace(stage="place", patch=1, patches=2, target="t")) == "patch 1 of 2 on t: place"


def test_console_takes_80_columns_where_there_is_no_terminal() -> None:
    console = Console(io.BytesIO(), io.BytesIO(), io.StringIO(), {})
    assert console.columns(0) == 80 and console.columns(99) == 99
