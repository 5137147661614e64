"""A small upstream and a stable branch in one repository, for the history rules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from backport.checks import Asked
from backport.engine import check
from backport.git import Repository
from backport.intake import read_sources
from backport.model import Finding, PatchReport, TargetReport
from backport.settings import Settings
from backport.tree import open_target
from tests.support.repo import Repo

BASE = """#include "lock.h"

static int first(struct box *box)
{
	int sum = 0;

	lock_box(box);
	sum += box->left;
	unlock_box(box);
	return sum;
}

static int second(struct box *box)
{
	int room = box->room;

	if (room < 0)
		return -1;
	return room;
}

int third(struct box *box)
{
	return first(box) + second(box);
}
"""
HEADER = """struct box {
	int left;
	int room;
};
void lock_box(struct box *box);
void unlock_box(struct box *box);
"""
SIGNED = "\n\nSigned-off-by: A U Thor <author@example.com>\n"


def changed(text: str, *pairs: tuple[str, str]) -> str:
    """The text with each old piece, which must stand in it once, replaced."""
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


class Story:
    """`main` is upstream, `stable` left it at the first commit."""

    def __init__(self, folder: Path) -> None:
        self.repo = Repo(folder / "repo")
        self.first = self.repo.commit(
            {"box.c": BASE, "lock.h": HEADER, "notes.txt": "one\n"}, "box: begin" + SIGNED
        )
        self.repo.git("branch", "stable")

    def up(self, files: dict[str, str | bytes | None], message: str) -> str:
        self.repo.checkout("main")
        return self.repo.commit(files, message)

    def down(self, files: dict[str, str | bytes | None], message: str) -> str:
        self.repo.checkout("stable")
        return self.repo.commit(files, message)

    def text(self, revision: str, path: str = "box.c") -> str:
        return self.repo.git("show", f"{revision}:{path}").decode()

    def judge(
        self,
        patch: str,
        *,
        onto: str = "stable",
        cache: str = "",
        newer: Sequence[str] = (),
        revision: str = "main",
    ) -> TargetReport:
        """The report of one commit (or range, or file) on one target."""
        settings = Settings()
        spec = onto if "/" in onto else f"{self.repo.path}@{onto}"
        upstream = Repository.open(str(self.repo.path))
        target = open_target(spec, settings)
        newer_targets = tuple(open_target(f"{self.repo.path}@{x}", settings) for x in newer)
        asked = Asked(
            revision=upstream.resolve(revision) if revision else "", cache=cache, newer=newer_targets
        )
        try:
            series = read_sources([patch], stdin=bytes, repository=upstream, settings=settings)
            return check(series, [target], upstream=upstream, settings=settings, asked=asked).targets[0]
        finally:
            for one in (*newer_targets, target):
                if one.repository is not None:
                    one.repository.close()
            upstream.close()

    def patch(self, commit: str, **more: str) -> PatchReport:
        return self.judge(commit, **more).patches[0]


def found(patch: PatchReport, code: str) -> list[Finding]:
    return [f for f in patch.findings if f.code == code]


def notes(patch: PatchReport) -> dict[str, tuple[str, str]]:
    """Subject -> (kind, state) of what came before the patch."""
    return {n.subject: (n.kind, n.state) for n in patch.prerequisites}


def after(patch: PatchReport) -> dict[str, tuple[str, str]]:
    """The same of what came after it."""
    return {n.subject: (n.kind, n.state) for n in patch.followups}
