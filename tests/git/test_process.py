"""The installed git and its environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from backport.errors import RepositoryError
from backport.git import git_version
from backport.git.process import MINIMUM, check_version, environment, parse_version

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("git version 2.39.5\n", (2, 39, 5)),
        ("git version 2.39.5 (Apple Git-154)\n", (2, 39, 5)),
        ("git version 2.45.0.rc1.3.gabc\n", (2, 45, 0)),
        ("git version 2.47.1.windows.1\n", (2, 47, 1)),
        ("something else\n", ()),
        ("", ()),
    ],
)
def test_versions(text: str, version: tuple[int, ...]) -> None:
    assert parse_version(text) == version


def test_too_old() -> None:
    check_version(MINIMUM)
    check_version((3, 0))
    for version in ((2, 37, 9), (1, 9), ()):
        with pytest.raises(RepositoryError) as caught:
            check_version(version)
        assert "2.38" in str(caught.value)


def test_this_git() -> None:
    assert git_version() >= MINIMUM


def test_no_git(tmp_path: Path) -> None:
    program = "from backport.git import Scratch\nScratch().diff(b'a', b'b')\n"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        check=False,
    )
    assert b"RepositoryError: git is not installed; install git 2.38 or newer" in done.stderr


def test_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_EXTERNAL_DIFF"):
        monkeypatch.setenv(name, "/somewhere")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/home/me/.gitconfig")
    values = environment("/repository")
    assert values["GIT_DIR"] == "/repository"
    assert values["GIT_CONFIG_GLOBAL"] == values["GIT_CONFIG_SYSTEM"] == os.devnull
    assert not {"GIT_INDEX_FILE", "GIT_EXTERNAL_DIFF"} & values.keys()
    assert "GIT_DIR" not in environment()
