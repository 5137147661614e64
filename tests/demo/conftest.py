"""The example, built once for all tests of the folder; those that change it work in a clone."""

from __future__ import annotations

from pathlib import Path

import pytest

from backport.demo import Demo, build


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return build(tmp_path_factory.mktemp("example") / "ufault")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "a folder"
