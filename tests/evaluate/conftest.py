"""One history for all tests of the room: none of them writes in it."""

from __future__ import annotations

import pytest

from tests.evaluate.support import History, history


@pytest.fixture(scope="session")
def past(tmp_path_factory: pytest.TempPathFactory) -> History:
    return history(tmp_path_factory.mktemp("evaluate") / "stable-tree")
