"""BP407: objections at their hunks, agreement left out."""

from __future__ import annotations

import pytest

from backport.checks.history.remarks import raises, shortened
from backport.engine import check
from backport.intake import read_document
from backport.settings import Settings
from backport.tree import open_target
from tests.support.repo import Repo
from tests.support.shared import seeds


@pytest.mark.parametrize(
    "text",
    [
        "No. That looks nice and generic, but find_lock_page() is not allowing for swap.",
        "This leaks the page on the error path.",
        "Why is the lock dropped here?",
        "Yes and no. The problem here is that just above is an early return.",
        "Looks good, but you must drop the reference.",
        "Should this not be under the lock?",
        "NAK",
    ],
)
def test_problems(text: str) -> None:
    assert raises(text)


@pytest.mark.parametrize(
    "text",
    [
        "Yes, that's better.",
        "Ah yes, that's important, well spotted.",
        "OK. Maybe I can clean this after this work.",
        "Indeed, there is nothing more important than that.",
        "Reviewed-by: A U Thor <author@example.org>",
        "Thanks!",
        "Makes sense.",
    ],
)
def test_agreement(text: str) -> None:
    assert not raises(text)


def test_a_long_remark_is_cut_at_a_sentence() -> None:
    text = "Nice work. " * 3 + "This leaks the page. " + "And so on and on it goes. " * 30
    assert shortened(text).startswith('"This leaks the page.') and len(shortened(text)) < 400


def test_the_objections_of_the_seed_stand_at_their_lines(tmp_path: object) -> None:
    data = next(x for x in seeds() if x.name.startswith("002")).read_bytes()
    series = read_document(data, "002", settings=Settings())
    from pathlib import Path

    repo = Repo(Path(str(tmp_path)) / "repo")
    repo.commit({"mm/userfaultfd.c": "int x;\n"})
    target = open_target(f"{repo.path}@main", Settings())
    patch = check(series, [target]).targets[0].patches[0]
    found = [f for f in patch.findings if f.code == "BP407"]
    who = {f.message.partition(",")[0] for f in found}
    assert who == {"Hugh Dickins", "Peter Xu"}
    (swap,) = [f for f in found if "find_lock_page" in f.message or "only shmem gets" in f.message]
    assert (swap.file, swap.hunk, swap.line) == ("mm/userfaultfd.c", 7, 230)
    assert "2021-04-07, on lines 230-245" in swap.message
    (direction,) = [f for f in found if "wrong direction" in f.message]
    assert (direction.hunk, direction.line) == (5, 96)
    assert not any("Yes, that's better" in f.message or "Axel" in f.message.partition(":")[0] for f in found)
