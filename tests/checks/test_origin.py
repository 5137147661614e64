"""Where a patch comes from: small histories in which the upstream commit is known, and near misses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backport.git import Repository
from backport.intake import patch_from_commit
from backport.model import Finding, Patch, Person, Severity
from backport.tree import Target
from tests.checks.origin_support import AUTHOR, PORTER, SIGNED, codes, judged, message_patch, one
from tests.placement.support import target_of
from tests.support.repo import Repo

CODE = """\
int start(struct dev *dev)
{
	if (dev->running)
		return -EBUSY;
	dev->running = true;
	dev_kick(dev);
	return 0;
}

void stop(struct dev *dev)
{
	dev->running = false;
	dev_quiet(dev);
	dev_drain(dev);
}

void reset(struct dev *dev)
{
	dev->count = 0;
	dev_clear(dev);
}
"""
FIX = (("\tdev_kick(dev);\n", "\tdev_kick(dev);\n\tdev_wait(dev, HZ);\n"), ("\tdev_quiet(dev);\n", ""))
SUBJECT = "dev: wait for the device to start"


def swapped(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


class World:
    """An upstream repository with a fix on main, one on a side branch, and other commits around them."""

    def __init__(self, path: Path) -> None:
        self.repo = Repo(path)
        self.repo.commit({"dev.c": CODE, "other.c": "int other;\n"}, "first\n")
        self.repo.branch("side")
        self.side = self.repo.commit({"dev.c": swapped(CODE, *FIX)}, f"{SUBJECT} (draft)\n\n{SIGNED}")
        self.repo.checkout("main")
        self.repo.commit({"other.c": "int other = 1;\n"}, "other: begin with one\n")
        self.fix = self.repo.commit({"dev.c": swapped(CODE, *FIX)}, f"{SUBJECT}\n\nIt is slow.\n\n{SIGNED}")
        self.later = self.repo.commit({"other.c": "int other = 2;\n"}, "other: begin with two instead\n")
        self.upstream = Repository.open(str(path))
        self.target: Target = target_of({"dev.c": CODE.encode(), "other.c": b"int other;\n"})

    def patch(
        self,
        *pairs: tuple[str, str],
        body: str = "",
        subject: str = SUBJECT,
        author: Person = AUTHOR,
        files: dict[str, str] | None = None,
    ) -> Patch:
        """A backport with that message, whose change is `pairs` (the fix, where there are none)."""
        self.repo.git("checkout", "-q", "-f", "--detach", "main~3")
        made = self.repo.commit({"dev.c": swapped(CODE, *(pairs or FIX)), **(files or {})}, "backport\n")
        diff = self.repo.git("diff-tree", "-p", "-M", f"{made}~1", made)
        self.repo.checkout("main")
        said = body or f"commit {self.fix} upstream.\n\nIt is slow.\n\n{SIGNED}{PORTER}"
        return message_patch(subject, said, diff, author, "2021-03-01T12:00:00+00:00")

    def diff_of(self, path: str, text: str, *pairs: tuple[str, str]) -> bytes:
        """The difference that `pairs` make of a text, which nothing in upstream holds."""
        self.repo.git("checkout", "-q", "-f", "--detach", "main~3")
        self.repo.commit({"dev.c": None, path: text} if path != "dev.c" else {path: text})
        made = self.repo.commit({path: swapped(text, *pairs)})
        diff = self.repo.git("diff-tree", "-p", f"{made}~1", made)
        self.repo.checkout("main")
        return diff

    def judge(self, patch: Patch, policy: str = "plain", revision: str = "main") -> list[Finding]:
        full = self.upstream.resolve(revision) if revision else ""
        return judged(patch, self.target, policy=policy, upstream=self.upstream, revision=full)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "upstream")
    yield made
    made.upstream.close()


# --- nothing to say --------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["plain", "stable"])
def test_a_clean_backport_is_not_spoken_of(world: World, policy: str) -> None:
    assert world.judge(world.patch(), policy) == []


def test_context_and_line_numbers_are_no_difference(world: World) -> None:
    """The backport is made on a file that has three more lines above and other lines around."""
    text = "/* one\n * two\n */\n" + CODE.replace("dev->running = true", "dev->running = 1")
    diff = world.diff_of("dev.c", text, *FIX)
    body = f"(cherry picked from commit {world.fix})\n{SIGNED}{PORTER}"
    patch = message_patch(f"UPSTREAM: {SUBJECT}", body, diff)
    assert judged(patch, target_of({"dev.c": text.encode()}), upstream=world.upstream) == []


@pytest.mark.parametrize("policy", ["plain", "stable", "android"])
def test_the_upstream_commit_itself_is_no_backport_yet(world: World, policy: str) -> None:
    patch = patch_from_commit(world.upstream, world.fix)
    assert world.judge(patch, policy) == []


def test_upstream_commits_that_were_picked_themselves_are_upstream(world: World) -> None:
    """A maintainer's tree picks from another: the line names a commit that mainline does not hold."""
    picked = world.repo.commit(
        {"other.c": "int other = 3;\n"}, f"other: three\n\n(cherry picked from commit {'12' * 20})\n"
    )
    patch = patch_from_commit(world.upstream, picked)
    assert world.judge(patch, revision=picked) == []


# --- the id ----------------------------------------------------------------------------------------


def test_an_unknown_id_is_looked_for_by_subject_and_change(world: World) -> None:
    found = world.judge(world.patch(body=f"commit {'ab' * 20} upstream.\n\n{SIGNED}"))
    finding = one(found, "BP501")
    assert finding.severity is Severity.WARNING
    assert "the same subject and the same change" in finding.message
    assert world.fix in finding.suggestion
    assert [e.commit for e in finding.evidence] == [world.fix]  # type: ignore[union-attr]


def test_an_unknown_id_is_looked_for_by_change_alone(world: World) -> None:
    body = f"commit {'ab' * 20} upstream.\n"
    finding = one(world.judge(world.patch(body=body, subject="drivers: slow start")), "BP501")
    assert "the same change" in finding.message and world.fix[:12] in finding.message


def test_an_unknown_id_is_not_guessed(world: World) -> None:
    """Another subject and another change: nothing is suggested, though files and author are the same."""
    patch = world.patch(
        ("dev->count = 0", "dev->count = 1"),
        body=f"commit {'ab' * 20} upstream.\n",
        subject="dev: count from one",
    )
    finding = one(world.judge(patch), "BP501")
    assert finding.evidence == () and "which has" not in finding.message


def test_the_subject_alone_of_another_author_and_file_is_not_enough(world: World) -> None:
    body = f"commit {'ab' * 20} upstream.\n"
    diff = world.diff_of("other.c", "int other;\n", ("other;", "other = 9;"))
    patch = message_patch(SUBJECT, body, diff, Person("Some One", "else@example.com"))
    assert one(world.judge(patch), "BP501").evidence == ()


@pytest.mark.parametrize("tag", ["FROMGIT", "FROMLIST"])
def test_what_was_never_said_to_be_upstream_may_be_missing_there(world: World, tag: str) -> None:
    body = f"(cherry picked from commit {'ab' * 20}\n https://git.example.org/tree.git next)\n"
    patch = world.patch(
        ("dev->count = 0", "dev->count = 1"), body=body, subject=f"{tag}: dev: count from one"
    )
    assert one(world.judge(patch), "BP501").severity is Severity.NOTE


def test_a_commit_of_a_side_branch_is_not_upstream(world: World) -> None:
    patch = world.patch(
        body=f"commit {world.side} upstream.\n\n{SIGNED}{PORTER}", subject=f"{SUBJECT} (draft)"
    )
    finding = one(world.judge(patch), "BP502")
    assert finding.severity is Severity.WARNING and world.side[:12] in finding.message
    assert one(world.judge(patch, revision=""), "BP502").severity is Severity.NOTE


def test_a_commit_of_the_side_branch_is_upstream_of_that_branch(world: World) -> None:
    patch = world.patch(body=f"commit {world.side} upstream.\n", subject=f"{SUBJECT} (draft)")
    assert "BP502" not in codes(world.judge(patch, revision="side"))


def test_fromgit_need_not_be_an_ancestor(world: World) -> None:
    body = f"(cherry picked from commit {world.side} https://git.example.org/dev.git next)\n"
    patch = world.patch(body=body, subject=f"FROMGIT: {SUBJECT} (draft)")
    assert "BP502" not in codes(world.judge(patch))


def test_the_id_of_another_change(world: World) -> None:
    found = world.judge(world.patch(body=f"commit {world.later} upstream.\n"))
    finding = one(found, "BP509")
    assert codes(found) == ["BP509"]
    assert world.later[:12] in finding.message and world.fix in finding.suggestion


def test_an_abbreviated_id_is_found(world: World) -> None:
    assert world.judge(world.patch(body=f"commit {world.fix[:12]} upstream.\n")) == []


# --- author and subject ----------------------------------------------------------------------------


def test_another_author(world: World) -> None:
    found = world.judge(world.patch(author=Person("P Orter", "porter@example.org")), "stable")
    finding = one(found, "BP504")
    assert finding.severity is Severity.WARNING
    assert "P Orter <porter@example.org>" in finding.message
    assert "A U Thor <author@example.com>" in finding.suggestion


@pytest.mark.parametrize(
    "author", [Person("A U Thor", "new@example.org"), Person("author@x", "Author@Example.com")]
)
def test_an_author_with_another_address_or_spelling(world: World, author: Person) -> None:
    assert "BP504" not in codes(world.judge(world.patch(author=author)))


def test_an_author_that_no_document_names(world: World) -> None:
    assert "BP504" not in codes(world.judge(world.patch(author=Person("", ""))))


def test_another_subject(world: World) -> None:
    finding = one(world.judge(world.patch(subject="dev: wait a bit")), "BP505")
    assert '"dev: wait a bit"' in finding.message and SUBJECT in finding.message


@pytest.mark.parametrize(
    "subject", [f"UPSTREAM: {SUBJECT}", f"[PATCH 6.1.y] {SUBJECT}", f"[PATCH v2 1/3] {SUBJECT} "]
)
def test_tags_and_marks_of_mail_are_no_other_subject(world: World, subject: str) -> None:
    assert "BP505" not in codes(world.judge(world.patch(subject=subject)))


# --- the change ------------------------------------------------------------------------------------


def test_the_difference_of_the_differences(world: World) -> None:
    patch = world.patch(
        ("\tdev_kick(dev);\n", "\tdev_kick(dev);\n\tdev_wait(dev);\n"),
        ("\tdev->count = 0;\n", "\tdev->count = 0;\n\tdev->again = 0;\n"),
    )
    said = {f.function: f for f in world.judge(patch) if f.code == "BP506"}
    assert sorted(said) == ["reset()", "start()", "stop()"]
    assert said["start()"].message == (
        "in start(): where upstream adds `dev_wait(dev, HZ);`, this patch adds `dev_wait(dev);`"
    )
    assert said["stop()"].message.startswith("upstream also changes stop() (1 removed line")
    assert "`dev_quiet(dev);`" in said["stop()"].message
    assert said["reset()"].message.startswith("this patch also changes reset() (1 added line")
    assert said["start()"].hunk == 1 and said["start()"].line == 7
    assert all(f.severity is Severity.NOTE for f in said.values())


def test_lines_that_only_one_side_has(world: World) -> None:
    patch = world.patch(
        FIX[1],
        ("\tdev_kick(dev);\n", "\tdev_kick(dev);\n\tdev_wait(dev, HZ);\n\tmb();\n"),
        ("dev_drain(dev)", "drop(dev)"),
    )
    said = [f.message for f in world.judge(patch) if f.code == "BP506"]
    assert said == [
        "in start(): this patch adds `mb();`, which upstream does not",
        "in stop(): this patch removes `dev_drain(dev);`, which upstream keeps; this patch adds `drop(dev);`, which "
        "upstream does not",
    ]


def test_the_same_line_in_another_function(world: World) -> None:
    patch = world.patch(FIX[1], ("\tdev->count = 0;\n", "\tdev->count = 0;\n\tdev_wait(dev, HZ);\n"))
    (finding,) = [f for f in world.judge(patch) if f.code == "BP506"]
    assert finding.message == "what upstream changes in start() (1 added line), this patch changes in reset()"


def test_white_space_is_said_to_be_only_that(world: World) -> None:
    patch = world.patch(FIX[1], ("\tdev_kick(dev);\n", "\tdev_kick(dev);\n\tdev_wait(dev,  HZ);\n"))
    (finding,) = [f for f in world.judge(patch, "stable") if f.code in ("BP506", "BP507")]
    assert finding.message == "in start(): only white space or blank lines differ"


def test_a_whole_file_more_or_less(world: World) -> None:
    more = world.patch(files={"other.c": "int other = 7;\n"})
    assert [f.message for f in world.judge(more) if f.code == "BP506"] == [
        "this patch also changes other.c (1 added, 1 removed lines); upstream does not"
    ]


def test_a_file_with_another_name_here(world: World) -> None:
    """The file was renamed upstream since: the same change in it is no difference."""
    diff = world.diff_of("old/dev.c", CODE, *FIX)
    patch = message_patch(SUBJECT, f"commit {world.fix} upstream.\n", diff, AUTHOR)
    assert judged(patch, target_of({"old/dev.c": CODE.encode()}), upstream=world.upstream) == []


def test_several_upstream_commits_are_one_change(world: World) -> None:
    second = world.repo.commit({"other.c": "int other = 4;\n"}, "other: four\n")
    patch = world.patch(
        files={"other.c": "int other = 4;\n"},
        body=f"commit {world.fix} upstream.\n\ncommit {second} upstream.\n",
    )
    said = [f.message for f in world.judge(patch, revision=second) if f.code == "BP506"]
    assert len(said) == 1 and "other.c" in said[0] and "where upstream removes `int other = 2;`" in said[0]


# --- tags that say how alike they are --------------------------------------------------------------


def test_upstream_that_is_not_identical(world: World) -> None:
    patch = world.patch(
        FIX[0], subject=f"UPSTREAM: {SUBJECT}", body=f"(cherry picked from commit {world.fix})\n"
    )
    finding = one(world.judge(patch), "BP508")
    assert finding.severity is Severity.WARNING and "stop()" in finding.message
    assert "BACKPORT:" in finding.suggestion


def test_backport_that_is_identical(world: World) -> None:
    patch = world.patch(subject=f"BACKPORT: {SUBJECT}", body=f"(cherry picked from commit {world.fix})\n")
    found = world.judge(patch)
    assert codes(found) == ["BP516"] and found[0].severity is Severity.NOTE


@pytest.mark.parametrize(
    "note",
    [
        "Conflicts:\n\tdev.c\n",
        "[porter: the target has no dev_quiet(), resolved by hand]\n",
        "(1. stop() has no dev_quiet() here, so that part was dropped)\n",
        "The part in stop() was left out, it has no dev_quiet() here.\n",
    ],
)
def test_backport_with_a_note_in_any_form(world: World, note: str) -> None:
    body = f"It is slow.\n\n{SIGNED}(cherry picked from commit {world.fix})\n{note}{PORTER}"
    patch = world.patch(FIX[0], subject=f"BACKPORT: {SUBJECT}", body=body)
    assert codes(world.judge(patch)) == ["BP506"]


def test_backport_without_a_note(world: World) -> None:
    body = f"It is slow, and was slow.\n\n{SIGNED}(cherry picked from commit {world.fix})\n{PORTER}Bug: 12\n"
    patch = world.patch(FIX[0], subject=f"BACKPORT: {SUBJECT}", body=body)
    finding = one(world.judge(patch, "android"), "BP507")
    assert finding.severity is Severity.WARNING and "stop()" in finding.message


def test_stable_wants_a_note_on_what_differs(world: World) -> None:
    assert "BP507" in codes(world.judge(world.patch(FIX[0]), "stable"))
    assert "BP507" not in codes(world.judge(world.patch(FIX[0]), "plain"))
    body = f"commit {world.fix} upstream.\n\nSlow.\n\n{SIGNED}[porter: no dev_quiet() in this tree, adapted]\n{PORTER}"
    assert "BP507" not in codes(world.judge(world.patch(FIX[0], body=body), "stable"))
