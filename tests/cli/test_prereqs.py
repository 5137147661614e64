"""`backport prereqs`: what it names is needed, and what it writes really applies."""

from __future__ import annotations

from pathlib import Path

import pytest

from backport.demo import build
from tests.checks.history_support import BASE, HEADER, SIGNED, Story, changed
from tests.cli.support import Result, run


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """Upstream: a helper in two steps, one change that has nothing to do with it, and a patch that uses the helper."""
    story = Story(tmp_path)
    header = changed(HEADER, ("\tint room;\n", "\tint room;\n\tint weight;\n"))
    story.up({"lock.h": header}, "box: have a weight" + SIGNED)
    story.up({"notes.txt": "two\n"}, "notes: two" + SIGNED)
    header = changed(header, ("\tint weight;\n};\n", "\tlong weight;\n};\nint box_sum(struct box *box);\n"))
    text = changed(BASE, ("\tsum += box->left;\n", "\tsum += box_sum(box);\n"))
    story.up({"lock.h": header, "box.c": text}, "box: add box_sum()" + SIGNED)
    text = changed(text, ("box_sum(box)", "box_sum(box) + box_sum(box)"))
    story.up({"box.c": text}, "box: count twice, für immer" + SIGNED)
    return story


def _content(story: Story) -> dict[str, tuple[int, str]]:
    """Every file of the repository. Not their times: git's merge touches objects of alternates that it finds again."""
    return {path: (mode, digest) for path, (mode, _, digest) in story.repo.snapshot().items()}


def _run(story: Story, *more: str, onto: str = "") -> Result:
    target = onto or f"{story.repo.path}@stable"
    return run(
        "prereqs", "main", "--onto", target, "--upstream", f"{story.repo.path}@main", "--width", "120", *more
    )


def test_the_whole_chain_is_found_and_applies_with_git_am(story: Story, tmp_path: Path) -> None:
    result = _run(story, "-o", str(tmp_path / "series"))
    assert result.code == 0, result.err
    assert "bring 2 commits first" in result.out and "notes: two" not in result.out
    assert "Or adapt 1 place" in result.out
    names = sorted(x.name for x in (tmp_path / "series").iterdir())
    assert [x[:4] for x in names] == ["0001", "0002", "0003"]
    story.repo.checkout("stable")
    story.repo.git("am", *(str(tmp_path / "series" / x) for x in names))
    assert story.repo.git("show", "HEAD:box.c") == story.repo.git("show", "main:box.c")
    log = story.repo.git("log", "--format=%s%n%b", "stable~3..stable").decode()
    upstream = story.repo.git("rev-parse", "main").decode().strip()
    assert f'Stable-dep-of: {upstream[:12]} ("box: count twice, für immer")' in log
    assert f"[ Upstream commit {upstream} ]" in log and log.count("Stable-dep-of:") == 2
    assert log.count("[ Upstream commit ") == 3
    assert (
        run("check", "main", "--onto", f"{story.repo.path}@stable", "--upstream", str(story.repo.path)).code
        == 0
    )


def test_a_patch_that_lands_needs_nothing(story: Story) -> None:
    result = run(
        "prereqs", "main~2", "--onto", f"{story.repo.path}@stable", "--upstream", str(story.repo.path)
    )
    assert result.code == 0 and "lands without any other commit" in result.out


def test_in_a_folder(story: Story, tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    folder.mkdir()
    for name, text in (("box.c", BASE), ("lock.h", HEADER), ("notes.txt", "one\n")):
        (folder / name).write_text(text)
    result = _run(story, "-o", str(tmp_path / "series"), onto=str(folder))
    assert result.code == 0 and "bring 2 commits first" in result.out, result.out
    for mail in sorted((tmp_path / "series").iterdir()):
        story.repo.git("-C", str(folder), "apply", "-p1", str(mail))
    assert (folder / "box.c").read_bytes() == story.repo.git("show", "main:box.c")


def test_a_fix_of_what_is_brought_comes_along(story: Story, tmp_path: Path) -> None:
    helper = story.repo.git("rev-parse", "main~1").decode().strip()
    header = changed(story.text("main", "lock.h"), ("int box_sum(", "long box_sum("))
    story.up({"lock.h": header}, f'box: sums are long\n\nFixes: {helper[:12]} ("box: add box_sum()"){SIGNED}')
    result = run(
        "prereqs", "main~1", "--onto", f"{story.repo.path}@stable", "--upstream", f"{story.repo.path}@main",
        "-o", str(tmp_path / "series"),
    )  # fmt: skip
    assert result.code == 0 and "box: sums are long" in result.out
    assert len(list((tmp_path / "series").iterdir())) == 4
    story.repo.checkout("stable")
    story.repo.git("am", *sorted(str(x) for x in (tmp_path / "series").iterdir()))


def test_prose_that_does_not_land_is_left_out_and_named(story: Story, tmp_path: Path) -> None:
    """The helper's commit also changes release notes that the target has in another form."""
    story.repo.checkout("stable")
    story.repo.commit({"notes.txt": "our own\n"}, "notes: ours" + SIGNED)
    story.repo.git("checkout", "-q", "-b", "other", "main~2")
    header = changed(story.text("main~2", "lock.h"), ("};\n", "};\nint box_sum(struct box *box);\n"))
    text = changed(BASE, ("\tsum += box->left;\n", "\tsum += box_sum(box);\n"))
    story.repo.commit(
        {"lock.h": header, "box.c": text, "notes.txt": "one\nbox_sum() is new\n"}, "box: sum" + SIGNED
    )
    text = changed(text, ("box_sum(box)", "box_sum(box) + box_sum(box)"))
    story.repo.commit({"box.c": text}, "box: twice" + SIGNED)
    result = run(
        "prereqs", "other", "--onto", f"{story.repo.path}@stable", "--upstream", f"{story.repo.path}@other",
        "--width", "160", "-o", str(tmp_path / "series"),
    )  # fmt: skip
    assert result.code == 0, result.out
    assert "without notes.txt, which does not land" in result.out
    mails = [x.read_text() for x in sorted((tmp_path / "series").iterdir())]
    assert sum("[ without notes.txt, which does not land ]" in x for x in mails) == 1
    story.repo.checkout("stable")
    story.repo.git("am", *sorted(str(x) for x in (tmp_path / "series").iterdir()))
    assert story.text("stable", "notes.txt") == "our own\n"


def test_code_that_does_not_land_is_not_left_out(story: Story) -> None:
    """A near miss: the file in conflict holds what the rest of the commit uses."""
    story.repo.checkout("stable")
    header = changed(HEADER, ("\tint room;\n", "\tint room;\n\tint own;\n"))
    story.repo.commit({"lock.h": header}, "box: our own member" + SIGNED)
    result = _run(story)
    assert "without lock.h" not in result.out


def test_nothing_is_overwritten_and_nothing_left_behind(story: Story, tmp_path: Path) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine").write_text("mine")
    assert _run(story, "-o", str(full)).code == 2
    assert [x.name for x in full.iterdir()] == ["mine"]
    before = _content(story)
    empty = tmp_path / "empty"
    empty.mkdir()
    assert _run(story, "-o", str(empty)).code == 0 and len(list(empty.iterdir())) == 3
    assert _content(story) == before
    assert not [x for x in tmp_path.iterdir() if x.name.startswith(".")]


def test_it_wants_an_upstream(story: Story) -> None:
    result = run("prereqs", "main", "--onto", f"{story.repo.path}@stable")
    assert result.code == 2 and "--upstream" in result.err


def test_on_the_example_it_says_that_bringing_is_no_way(tmp_path: Path) -> None:
    demo = build(tmp_path / "example")
    place = str(demo.repository)
    first = demo.series.partition("..")[0]
    commits = f"{first}..main"
    report = run(
        "check", commits, "--onto", f"{place}@{demo.target}", "--upstream", f"{place}@main", "--width", "200"
    )
    assert '("ufault: install copied pages write-protected") missing: the patch uses' in report.out
    assert '("ufault: add a write-protect mode") missing: the patch uses' in report.out
    result = run(
        "prereqs",
        commits,
        "--onto",
        f"{place}@{demo.target}",
        "--upstream",
        place,
        "-o",
        str(tmp_path / "no"),
    )
    assert result.code == 1 and "Or adapt" in result.out
    assert not (tmp_path / "no").exists()
