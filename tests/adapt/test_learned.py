"""Learned rewrites, through the call that adapts."""

from __future__ import annotations

from pathlib import Path

from backport.adapt.rewrite import Rewrite, RewriteKind
from backport.adapt.values import AdaptedPatch
from backport.engine.adapt import adapt
from backport.intake import patch_from_commit
from backport.model import Series
from backport.settings import Settings
from backport.tree import open_target
from tests.support.repo import Repo

BASE = "int f(int a)\n{\n\tint left = a;\n\tint right = a;\n\treturn left + right;\n}\n"
UPSTREAM = BASE.replace("right = a", "right = a + 1").replace("\treturn", "\tnew_lock(a);\n\treturn")
TARGET = BASE.replace("left = a", "left = a - 1")
RULE = Rewrite(RewriteKind.NAME, ("new_lock",), ("old_lock",), 3, 0, ("a" * 40,))


def learned(folder: Path, target: str) -> AdaptedPatch:
    repo = Repo(folder / "repo")
    repo.commit({"a.c": BASE})
    repo.branch("stable")
    repo.commit({"a.c": target})
    repo.checkout("main")
    commit = repo.commit({"a.c": UPSTREAM})
    onto = open_target(f"{repo.path}@stable", Settings())
    assert onto.repository is not None
    with onto.repository as home:
        series = Series((patch_from_commit(home, commit),))
        return adapt(series, onto, upstream=home, rewrites=(RULE,)).patches[0]


def text(patch: AdaptedPatch) -> str:
    file = patch.changes["a.c"]
    assert file is not None
    return file.data.decode()


def test_what_earlier_backports_wrote_is_written(tmp_path: Path) -> None:
    patch = learned(tmp_path, TARGET)
    assert patch.proposal is not None
    assert "old_lock(a)" in text(patch) and "new_lock" not in text(patch)
    assert any(s.strategy == "learned" for p in patch.proposal.pieces for s in p.trace)


def test_a_name_that_the_target_has_stays(tmp_path: Path) -> None:
    patch = learned(tmp_path, TARGET + "\nvoid new_lock(int a);\n")
    assert "new_lock(a)" in text(patch) and "old_lock" not in text(patch)
