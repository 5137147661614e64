"""The optional extra: what is said where it is not installed, or nobody answers."""

from __future__ import annotations

import sys

import pytest

from backport.errors import MissingExtraError, UsageError
from backport.jobs import run
from tests.jobs import works
from tests.support.require import require_module


def test_a_missing_extra_is_one_line_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError) as caught:
        list(run(works.double, 1, [1], scheduler="tcp://127.0.0.1:9"))
    assert "backport[cluster]" in str(caught.value) and "\n" not in str(caught.value)


def test_a_scheduler_that_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    require_module("distributed")
    monkeypatch.setattr("backport.jobs.cluster._SECONDS", "1s")
    for address in ("tcp://127.0.0.1:9", "nonsense://x"):
        with pytest.raises(UsageError, match="no scheduler answers"):
            list(run(works.double, 1, [1], scheduler=address))
