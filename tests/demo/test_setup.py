"""The set-up behind `make demo` and `make test`: what is missing is one line, and a second run is quick."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("sh", "awk", "cat", "cksum", "cp", "mkdir", "rm")

# Stands for an interpreter of a version that fits; notes what it is asked to install.
PYTHON = """#!/bin/sh
case "$*" in
*"-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
*"-m pip"*) echo "$*" >>pip.log ;;
*sys.version*) echo 3.11 ;;
esac
"""
OLD_PYTHON = """#!/bin/sh
case "$1" in -V) echo "Python 3.9.2" ;; *) exit 1 ;; esac
"""
NO_VENV = """#!/bin/sh
case "$2" in *ensurepip*) exit 1 ;; esac
"""
GIT = "#!/bin/sh\necho git version 2.39.5\n"
OLD_GIT = "#!/bin/sh\necho git version 2.30.2\n"


class Machine:
    """A folder with the project's set-up, and a PATH with nothing but what is put there."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.project = folder / "a project"
        self.bin.mkdir()
        (self.project / ".ci").mkdir(parents=True)
        shutil.copy(ROOT / ".ci" / "venv", self.project / ".ci" / "venv")
        (self.project / "pyproject.toml").write_text("[project]\n")
        for tool in TOOLS:
            (self.bin / tool).symlink_to(shutil.which(tool) or "/bin/" + tool)

    def install(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def run(self, kind: str = "run") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.bin / "sh"), ".ci/venv", kind],
            cwd=self.project,
            env={"PATH": str(self.bin), "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=False,
        )

    def installed(self) -> list[str]:
        """What pip was asked to install so far, call by call: the words after its options."""
        log = self.project / "pip.log"
        calls = log.read_text().splitlines() if log.exists() else []
        return [re.sub(r".* install (--\S+ )*", "", x) for x in calls]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("python", "git", "words"),
    [
        (None, GIT, "python3 is missing; install python3 (3.11 or newer) and python3-venv"),
        (OLD_PYTHON, GIT, "python is too old: Python 3.9.2; install python 3.11 or newer"),
        (NO_VENV, GIT, "python3-venv is missing; install python3-venv"),
        (PYTHON, None, "git is missing; install git 2.38 or newer"),
        (PYTHON, OLD_GIT, "git is too old: git version 2.30.2; install git 2.38 or newer"),
    ],
    ids=["no-python", "old-python", "no-venv", "no-git", "old-git"],
)
def test_what_is_missing_is_named_in_one_line(
    machine: Machine, python: str | None, git: str | None, words: str
) -> None:
    if python:
        machine.install("python3", python)
    if git:
        machine.install("git", git)
    done = machine.run()
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(f"backport: {words}") and done.stderr.count("\n") == 1
    assert not (machine.project / ".venv").exists()


def test_a_newer_python_beside_an_old_one_is_taken(machine: Machine) -> None:
    machine.install("git", GIT)
    machine.install("python3", OLD_PYTHON)
    machine.install("python3.12", PYTHON)
    assert machine.run().returncode == 0
    assert machine.installed() == ["hatchling editables", "-e ."]


def test_set_up_runs_again_only_when_something_changed(machine: Machine) -> None:
    machine.install("git", GIT)
    machine.install("python3", PYTHON)
    first = ["hatchling editables", "-e ."]
    tests = ["hatchling editables", "-e .[dev]"]
    assert machine.run().returncode == 0 and machine.installed() == first
    again = machine.run()
    assert (again.returncode, again.stderr, machine.installed()) == (0, "", first)
    assert machine.run("dev").returncode == 0 and machine.installed() == first + tests
    assert machine.run("run").returncode == 0 and machine.installed() == first + tests
    (machine.project / "pyproject.toml").write_text("[project]\nname = 'new'\n")
    assert machine.run("dev").returncode == 0 and machine.installed() == first + tests + tests


def test_a_moved_project_gets_a_new_environment(machine: Machine) -> None:
    """An environment holds absolute paths; one that came along from elsewhere is not used."""
    machine.install("git", GIT)
    machine.install("python3", PYTHON)
    assert machine.run().returncode == 0
    (machine.project / ".venv" / "old").write_text("")
    machine.project = machine.project.rename(machine.project.with_name("moved"))
    assert machine.run().returncode == 0
    assert not (machine.project / ".venv" / "old").exists() and len(machine.installed()) == 4


def test_a_failed_set_up_is_not_taken_for_done(machine: Machine) -> None:
    machine.install("git", GIT)
    machine.install("python3", PYTHON.replace('echo "$*" >>pip.log', "exit 1"))
    for _ in range(2):
        done = machine.run()
        assert done.returncode == 1 and "could not be installed" in done.stderr


def packages() -> set[str]:
    lines = (ROOT / ".ci" / "packages").read_text().splitlines()
    return {x for line in lines if (x := line.partition("#")[0].strip())}


def test_ci_installs_what_tests_may_skip_for() -> None:
    """Every Debian package that a test names when it skips is in the list, or is on every machine."""
    named = {"linux-source-6.1"}
    for path in (ROOT / "tests").rglob("test_*.py"):
        text = path.read_text("utf-8")
        named |= set(re.findall(r'require_(?:program|file)\([^)]*package="([^"{]+)"', text))
        named |= set(re.findall(r'require_program\("([^"]+)"\)', text))
        named |= {f"linux-source-{x}" for x in re.findall(r'require_linux_source\("([\d.]+)"\)', text)}
    assert named - {"bash", "sh"} <= packages()
    assert {"python3", "python3-venv", "git", "make"} <= packages()


def test_make_never_calls_apt() -> None:
    for name in ("Makefile", ".ci/venv"):
        assert not re.search(r"\bapt(-get)?\b", (ROOT / name).read_text())
