"""`backport adapt`: what it writes really applies, and what was refused is never written as if it did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.support import Result, run
from tests.cli.test_merge_driver import BASE, BOTH, OURS
from tests.support.repo import Repo

FILE = "src/a.c"
BODY = 'The sum may be large.\n\nFixes: 0123456789ab ("a: sum")\nSigned-off-by: Ü Ser <u@example.org>\n'
WIDER = BASE.replace("int second(int a, int b)", "int second(int a, int b, int c)")
SUMMED = WIDER.replace("int sum = 0;", "int sum = 2;")
AFTER = SUMMED.replace("return first(a) + b;", "return first(a) + b + c;")


class Story:
    """Upstream: `wider` (a certain conflict on stable), `summed` (nobody can know), `after` (it lands)."""

    def __init__(self, folder: Path) -> None:
        self.repo = Repo(folder / "repo")
        self.repo.git("config", "user.name", "C O Mitter")
        self.repo.git("config", "user.email", "committer@example.com")
        self.repo.commit({FILE: BASE, "run.sh": "echo\n", "gone.c": "int gone;\n"}, "start\n")
        self.repo.branch("stable")
        self.repo.commit({FILE: OURS.replace("int sum = 0;", "int sum = 1;")}, "ours\n")
        self.repo.checkout("main")
        self.wider = self._upstream({FILE: WIDER, "new.c": "int made;\n", "gone.c": None}, "a: take three")
        self.summed = self._upstream({FILE: SUMMED}, "a: begin with two")
        self.after = self._upstream({FILE: AFTER}, "a: add the third")
        self.repo.checkout("stable")

    def _upstream(self, files: dict[str, str | None], subject: str) -> str:
        self.repo.write(files)
        self.repo.git("add", "-A")
        words = ["--author=Ü Ser <u@example.org>", "--date=2020-02-03T04:05:06+0700"]
        self.repo.git("commit", "-q", *words, "-F", "-", stdin=f"{subject}\n\n{BODY}".encode())
        return self.repo.head()

    def adapt(self, commits: str, *more: str, onto: str = "") -> Result:
        place = str(self.repo.path)
        words = ["--onto", onto or f"{place}@stable", "--upstream", f"{place}@main", "--width", "100"]
        return run("adapt", commits, *words, *more)

    def show(self, form: str, rev: str = "HEAD") -> str:
        return self.repo.git("show", "-s", f"--format={form}", rev).decode()

    def text(self, rev: str, path: str = FILE) -> str:
        return self.repo.git("show", f"{rev}:{path}").decode()


@pytest.fixture
def story(tmp_path: Path) -> Story:
    return Story(tmp_path)


WANTED = BOTH.replace("int sum = 0;", "int sum = 1;")


def test_the_account_says_how_sure_it_is_and_why(story: Story) -> None:
    before = story.repo.snapshot()
    result = story.adapt(story.wider)
    assert result.code == 0, result.err
    assert "the patch is adapted" in result.out and "certain: second(), line 11, hunk" in result.out
    assert "+long second(int a, int b, int c)" in result.out
    assert {k: v[2] for k, v in before.items()} == {k: v[2] for k, v in story.repo.snapshot().items()}


# --- mails


def _am(story: Story, *mails: Path) -> None:
    story.repo.git("-c", "am.threeWay=false", "am", "--no-3way", *(str(x) for x in mails))


def test_a_mail_applies_and_keeps_author_date_and_text(story: Story, tmp_path: Path) -> None:
    result = story.adapt(story.wider, "-o", str(tmp_path / "one.patch"))
    assert result.code == 0 and "1 mail is in" in result.out
    _am(story, tmp_path / "one.patch")
    assert story.text("HEAD") == WANTED and story.text("HEAD", "new.c") == "int made;\n"
    assert "gone.c" not in story.repo.git("ls-tree", "--name-only", "HEAD").decode()
    assert (
        story.show("%an|%ae|%aI|%s").strip() == "Ü Ser|u@example.org|2020-02-03T04:05:06+07:00|a: take three"
    )
    body = story.show("%b")
    assert body.startswith(BODY) and "Signed-off-by: C O Mitter" not in body


@pytest.mark.parametrize("policy", ["plain", "stable", "android"])
def test_the_message_is_in_the_policys_form(story: Story, tmp_path: Path, policy: str) -> None:
    result = story.adapt(story.wider, "--policy", policy, "-s", "-o", str(tmp_path / "one.patch"))
    assert result.code == 0, result.err
    _am(story, tmp_path / "one.patch")
    subject, body = story.show("%s").strip(), story.show("%b")
    lines = body.splitlines()
    assert lines[-1] == "Signed-off-by: C O Mitter <committer@example.com>" or not lines[-1]
    if policy == "stable":
        assert lines[0] == f"[ Upstream commit {story.wider} ]" and not lines[1]
        assert f"[ backport: {FILE}: second(): " in body and subject == "a: take three"
    else:
        assert f"\n(cherry picked from commit {story.wider})\n\nConflicts:\n\t{FILE}: second(): " in body
        assert subject == ("BACKPORT: a: take three" if policy == "android" else "a: take three")
    trailers = story.repo.git("interpret-trailers", "--parse", stdin=body.encode()).decode()
    assert "Signed-off-by: C O Mitter <committer@example.com>" in trailers


@pytest.mark.parametrize("policy", ["stable", "android"])
def test_the_programs_own_rules_read_it(story: Story, tmp_path: Path, policy: str) -> None:
    """What `check` asks of a backport under the policy is there: the note is found, the upstream id is in form."""
    mail = tmp_path / "one.patch"
    assert story.adapt(story.wider, "--policy", policy, "-s", "-o", str(mail)).code == 0
    place = str(story.repo.path)
    report = run(
        "check", str(mail), "--onto", f"{place}@stable", "--upstream", f"{place}@main", "--policy", policy,
        "--format", "json",
    )  # fmt: skip
    patch = json.loads(report.out)["targets"][0]["patches"][0]
    assert patch["upstream"] == [story.wider] and patch["conflicts_note"]
    assert patch["verdict"] == "clean"
    assert not [f for f in patch["findings"] if f["code"] in ("BP503", "BP511", "BP513", "BP515")]


def test_a_patch_that_lands_gets_no_note(story: Story, tmp_path: Path) -> None:
    result = story.adapt(story.after, "--policy", "android", "-o", str(tmp_path / "one.patch"))
    assert result.code == 0
    _am(story, tmp_path / "one.patch")
    assert story.show("%s").strip() == "UPSTREAM: a: add the third"
    assert "Conflicts" not in story.show("%b")


def test_a_mail_of_a_mail_names_the_commit_that_it_names(story: Story, tmp_path: Path) -> None:
    mail = tmp_path / "in.mbox"
    mail.write_bytes(story.repo.git("format-patch", "-1", "--stdout", story.wider))
    result = story.adapt(str(mail), "--policy", "stable", "-o", str(tmp_path / "one.patch"))
    assert result.code == 0, result.err
    assert f"[ Upstream commit {story.wider} ]" in (tmp_path / "one.patch").read_text("utf-8")


def test_mails_of_a_series_and_as_mbox(story: Story, tmp_path: Path) -> None:
    series = ",".join((story.wider, story.after))
    place = str(story.repo.path)
    words = ["adapt", story.wider, story.after, "--onto", f"{place}@stable", "--upstream", f"{place}@main"]
    result = run(*words, "-o", str(tmp_path / "mails"))
    assert result.code == 0, result.out + series
    names = sorted((tmp_path / "mails").iterdir())
    assert [x.name for x in names] == ["0001-a-take-three.patch", "0002-a-add-the-third.patch"]
    _am(story, *names)
    first = story.text("HEAD")
    story.repo.git("reset", "-q", "--hard", "HEAD~2")
    box = run(*words, "--format", "mbox")
    story.repo.git("am", "--no-3way", stdin=box.out.encode())
    assert story.text("HEAD") == first == WANTED.replace("return first(a) + b;", "return first(a) + b + c;")


def test_line_ends_and_odd_messages_survive(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit({FILE: BASE.replace("\n", "\r\n")}, "start\n")
    repo.branch("stable")
    repo.commit({FILE: OURS.replace("\n", "\r\n")}, "ours\n")
    repo.checkout("main")
    body = "From: the start\n\n---\ndiff --git of something\nÄ"
    commit = repo.commit({FILE: WIDER.replace("\n", "\r\n")}, f"a: take three\n\n{body}\n")
    mail = tmp_path / "one.patch"
    result = run("adapt", commit, "--onto", f"{repo.path}@stable", "--upstream", str(repo.path), "-o", mail)
    assert result.code == 0, result.out + result.err
    repo.checkout("stable")
    repo.git("am", "--no-3way", str(mail))
    assert repo.git("show", f"HEAD:{FILE}").decode() == BOTH.replace("\n", "\r\n")
    said = repo.git("show", "-s", "--format=%an%n%B").decode()
    assert said.startswith("A U Thor\n") and all(x in said for x in body.split("\n"))


# --- refused


def test_a_refused_hunk_is_no_mail(story: Story, tmp_path: Path) -> None:
    before = {k: v[2] for k, v in story.repo.snapshot().items()}
    result = story.adapt(story.summed, "-o", str(tmp_path / "one.patch"), "--branch", "topic")
    assert result.code == 1
    assert "refused: first(), line 5" in result.out and "no mail was written" in result.out
    assert "no branch was made" in result.err
    assert not (tmp_path / "one.patch").exists() and sorted(x.name for x in tmp_path.iterdir()) == ["repo"]
    assert {k: v[2] for k, v in story.repo.snapshot().items()} == before
    box = story.adapt(story.summed, "--format", "mbox")
    assert box.code == 1 and box.out == "" and f"{FILE}:5" in box.err


def test_of_a_series_the_mails_before_the_refused_one_are_written(story: Story, tmp_path: Path) -> None:
    result = story.adapt(f"{story.wider}~1..main", "-o", str(tmp_path / "mails"))
    assert result.code == 1 and "2 patches not written" in result.out
    assert [x.name for x in (tmp_path / "mails").iterdir()] == ["0001-a-take-three.patch"]
    _am(story, *(tmp_path / "mails").iterdir())
    assert story.text("HEAD") == WANTED


def test_less_sure_than_asked_is_refused(story: Story) -> None:
    assert story.adapt(story.wider, "--least", "certain").code == 0
    assert story.adapt(story.summed, "--least", "guess").code == 1


def test_into_writes_whole_files_with_markers(story: Story, tmp_path: Path) -> None:
    result = story.adapt(story.summed, "--into", str(tmp_path / "files"))
    assert result.code == 1
    text = (tmp_path / "files" / FILE).read_text()
    assert (
        text.count("<<<<<<<") == text.count("|||||||") == text.count("=======") == text.count(">>>>>>>") == 1
    )
    assert "<<<<<<< target first()" in text and "long second(int a, int b)" in text
    assert [x for x in (tmp_path / "files").rglob("*") if x.is_file()] == [tmp_path / "files" / FILE]


def test_into_of_a_series_has_a_folder_for_each(story: Story, tmp_path: Path) -> None:
    assert story.adapt(f"{story.wider}~1..main", "--into", str(tmp_path / "files")).code == 1
    names = sorted(x.relative_to(tmp_path / "files").as_posix() for x in (tmp_path / "files").rglob("*.c"))
    assert names == [
        "0001-a-take-three/new.c",
        f"0001-a-take-three/{FILE}",
        f"0002-a-begin-with-two/{FILE}",
        f"0003-a-add-the-third/{FILE}",
    ]
    assert (tmp_path / "files" / "0001-a-take-three" / FILE).read_text() == WANTED


@pytest.mark.parametrize("option", ["--into", "-o"])
def test_nothing_is_overwritten(story: Story, tmp_path: Path, option: str) -> None:
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine").write_text("mine")
    result = story.adapt(story.wider, option, str(full))
    assert result.code == 2 and "holds something already" in result.err
    assert [x.name for x in full.iterdir()] == ["mine"]
    nowhere = story.adapt(story.wider, option, str(tmp_path / "no" / "such"))
    assert nowhere.code == 2 and "there is no folder" in nowhere.err


# --- a branch


def test_a_branch_is_made_and_nothing_else_is_touched(story: Story, tmp_path: Path) -> None:
    story.repo.write({"untracked": "x", "run.sh": "changed\n"})
    before = story.repo.snapshot()
    place = str(story.repo.path)
    words = ["adapt", story.wider, story.after, "--onto", f"{place}@stable", "--upstream", f"{place}@main"]
    result = run(*words, "--branch", "topic", "-o", str(tmp_path / "mails"), "-s")
    assert result.code == 0 and "branch topic is at" in result.out, result.err
    added = {k: v for k, v in story.repo.snapshot().items() if before.get(k, ("", "", ""))[2] != v[2]}
    assert all(
        k.startswith((".git/objects/", ".git/refs/heads/topic", ".git/logs/refs/heads/topic")) for k in added
    )
    assert story.repo.git("rev-parse", "topic~2") == story.repo.git("rev-parse", "stable")
    assert story.show("%an|%aI|%cn|%ce", "topic").strip() == (
        "Ü Ser|2020-02-03T04:05:06+07:00|C O Mitter|committer@example.com"
    )
    story.repo.git("checkout", "-q", "-f", "stable")
    _am(story, *sorted((tmp_path / "mails").iterdir()))
    assert story.repo.tree("HEAD") == story.repo.tree("topic"), "mails and branch say the same"
    assert story.show("%B", "HEAD~1") == story.show("%B", "topic~1")
    again = run(*words, "--branch", "topic")
    assert again.code == 2 and "there is one" in again.err


@pytest.mark.parametrize("name", ["stable", "-x", "a..b", "HEAD", "", "a b", "stable/below"])
def test_a_wrong_name_of_a_branch(story: Story, name: str) -> None:
    refs = story.repo.git("for-each-ref")
    result = story.adapt(story.wider, f"--branch={name}")
    assert result.code == 2 and result.err.count("\n") == 1, result.err
    assert story.repo.git("for-each-ref") == refs


def test_a_branch_needs_a_clean_repository(story: Story, tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    (folder / "src").mkdir(parents=True)
    (folder / FILE).write_text(OURS)
    result = story.adapt(story.wider, "--branch", "topic", onto=str(folder))
    assert result.code == 2 and "the target is a folder" in result.err
    story.repo.write({FILE: "changed\n"})
    result = story.adapt(story.wider, "--branch", "topic", onto=str(story.repo.path))
    assert result.code == 2 and "not committed" in result.err


def test_no_hook_runs(story: Story, tmp_path: Path) -> None:
    hook = story.repo.path / ".git" / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/trap\n")
    hook.chmod(0o755)
    assert story.adapt(story.wider, "--branch", "topic").code == 0
    assert not (tmp_path / "trap").exists()


def test_sign_off_needs_a_name(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.repo.git("config", "--unset", "user.email")
    for option in (["-s"], ["--branch", "topic"]):
        result = story.adapt(story.wider, *option)
        assert result.code == 2 and "user.email" in result.err


# --- forms


def test_json_says_all_of_it(story: Story) -> None:
    result = story.adapt(story.summed, "--format", "json")
    assert result.code == 1
    found = json.loads(result.out)
    assert found["schema"] == "backport-adaptation/1" and found["complete"] is False
    (patch,) = found["patches"]
    assert patch["verdict"] == "conflict" and patch["least"] == "likely"
    (file,) = patch["files"]
    (piece,) = file["pieces"]
    assert piece["path"] == FILE and piece["function"] == "first()" and piece["line"] == 5
    assert piece["accepted"] is False and piece["refusal"]
    assert piece["base"] == "\tint sum = 0;\n" and piece["target"] == "\tint sum = 1;\n"
    assert piece["trace"] and all(set(x) == {"strategy", "said"} for x in piece["trace"])
    good = json.loads(story.adapt(story.wider, "--format", "json").out)
    assert good["complete"] and good["patches"][0]["confidence"] == "certain"
    assert "+long second(int a, int b, int c)" in good["patches"][0]["diff"]


def test_wrong_words_are_one_line(story: Story, tmp_path: Path) -> None:
    for words in (["--learned", str(tmp_path / "no")], ["-q", "-v"], ["--newer", str(tmp_path / "no")]):
        result = story.adapt(story.wider, *words)
        assert result.code == 2 and result.err.startswith("backport: ") and result.err.count("\n") == 1


# --- within a check


def test_check_tells_what_adapt_can_do(story: Story) -> None:
    place = str(story.repo.path)
    words = ["check", f"{story.wider}~1..main", "--onto", f"{place}@stable", "--upstream", f"{place}@main"]
    plain = json.loads(run(*words, "--format", "json").out)["targets"][0]
    assert "adaptable" not in [p["verdict"] for p in plain["patches"]]
    result = run(*words, "--adapt", "--format", "json")
    assert result.code == 1
    target = json.loads(result.out)["targets"][0]
    assert [p["verdict"] for p in target["patches"]] == ["adaptable", "conflict", "clean"]
    assert target["verdict"] == "conflict"
    proposals = [
        h["proposal"] for p in target["patches"] for f in p["files"] for h in f["hunks"] if h["proposal"]
    ]
    assert len(proposals) == 1 and proposals[0].startswith("# certain (")
    assert "-long second(int a, int b)\n+long second(int a, int b, int c)\n" in proposals[0]


@pytest.mark.parametrize("form", ["text", "markdown", "html", "sarif"])
def test_the_forms_of_such_a_report(story: Story, form: str) -> None:
    place = str(story.repo.path)
    words = ["check", story.wider, "--onto", f"{place}@stable", "--upstream", f"{place}@main", "--adapt"]
    result = run(*words, "--format", form)
    assert result.code == 1
    if form != "sarif":
        assert "adaptable" in result.out and "+long second(int a, int b, int c)" in result.out
        assert "backport adapt" in result.out


def test_such_a_report_fits_the_schema(story: Story) -> None:
    import jsonschema

    from backport.report.published import schema

    place = str(story.repo.path)
    words = ["check", story.wider, "--onto", f"{place}@stable", "--upstream", f"{place}@main", "--adapt"]
    jsonschema.validate(json.loads(run(*words, "--format", "json").out), schema())


# --- a newer tree's own backport


def _newer(story: Story, onto: str, files: dict[str, str | None], subject: str) -> str:
    story.repo.git("checkout", "-q", "-b", "newer", onto)
    story.repo.commit({FILE: OURS}, "ours, in the newer tree\n")
    return story.repo.commit(files, f"{subject}\n\n[ Upstream commit {story.summed} ]\n\n{BODY}")


def test_a_newer_trees_backport_is_tried_and_taken_where_it_is_closer(story: Story, tmp_path: Path) -> None:
    """Upstream's conflicts with what stable has; the newer tree's backport does the same elsewhere."""
    change = OURS.replace("\treturn sum;", "\treturn sum + 2;")
    by = _newer(story, "stable~1", {FILE: change}, "a: begin with two")
    place = f"{story.repo.path}@newer"
    result = story.adapt(
        story.summed, "--newer", place, "--policy", "stable", "-o", str(tmp_path / "one.patch")
    )
    assert result.code == 0, result.out
    said = " ".join(result.out.split())
    assert f"has its own backport, {by[:12]}: with it no conflict" in said and "it is taken" in said
    story.repo.checkout("stable")
    _am(story, tmp_path / "one.patch")
    assert "return sum + 2;" in story.text("HEAD") and "int sum = 1;" in story.text("HEAD")
    assert story.show("%b").count(f"[ Upstream commit {story.summed} ]") == 1


def test_one_that_is_no_closer_is_not_taken(story: Story) -> None:
    _newer(story, "stable~1", {FILE: OURS.replace("int sum = 0;", "int sum = 2;")}, "a: begin with two")
    result = story.adapt(story.summed, "--newer", f"{story.repo.path}@newer")
    assert result.code == 1 and "upstream's is taken" in " ".join(result.out.split())


def test_one_without_a_backport_is_said_to_have_none(story: Story) -> None:
    result = story.adapt(story.wider, "--newer", f"{story.repo.path}@stable")
    assert result.code == 0 and "it has no backport of its own" in result.out


def test_learned_rewrites_are_read(story: Story, tmp_path: Path) -> None:
    learned = tmp_path / "learned.json"
    learned.write_text('{"schema": "backport-rewrites/1", "rewrites": []}')
    assert story.adapt(story.wider, "--learned", str(learned)).code == 0
    learned.write_text("{}")
    wrong = story.adapt(story.wider, "--learned", str(learned))
    assert wrong.code == 2 and "learned.json" in wrong.err


def test_a_patch_of_which_nothing_is_left_is_not_taken_for_one_that_is_there(tmp_path: Path) -> None:
    """All that it changes is gone from the target: whether it is needed there is for a person to say."""
    repo = Repo(tmp_path / "repo")
    repo.commit({FILE: BASE}, "start\n")
    repo.branch("stable")
    repo.commit(
        {FILE: BASE.replace("\tint sum = 0;\n\n\tsum += a;\n\treturn sum;\n", "\treturn a;\n")}, "ours\n"
    )
    repo.checkout("main")
    repo.commit({FILE: BASE.replace("\tsum += a;\n", "\tsum -= a;\n")}, "a: take it away\n")
    result = run(
        "adapt", "main", "--onto", f"{repo.path}@stable", "--upstream", str(repo.path), "-o", tmp_path / "m"
    )
    assert result.code == 1 and "already" not in result.out and not (tmp_path / "m").exists()


def test_check_with_a_queue_and_adapt(story: Story, tmp_path: Path) -> None:
    """The queue's patch is what makes the conflict."""
    story.repo.git("checkout", "-q", "-b", "queued", "stable~1")
    story.repo.commit({FILE: OURS}, "ours, queued\n")
    queue = tmp_path / "queue"
    queue.mkdir()
    (queue / "series").write_text("one.patch\n")
    (queue / "one.patch").write_bytes(story.repo.git("format-patch", "-1", "--stdout", "queued"))
    place = str(story.repo.path)
    words = ["check", story.wider, "--onto", f"{place}@stable~1", "--upstream", f"{place}@main", "--adapt"]
    assert json.loads(run(*words, "--format", "json").out)["targets"][0]["verdict"] == "clean"
    queued = run(*words, "--queue", str(queue), "--format", "json")
    assert json.loads(queued.out)["targets"][0]["verdict"] == "adaptable", queued.err


def test_what_cannot_be_read_holds_back_the_rest(story: Story, tmp_path: Path) -> None:
    mails = story.repo.git("format-patch", "-2", "--stdout", story.summed).decode()
    box = tmp_path / "in.mbox"
    box.write_text(
        mails.replace("+int second(int a, int b, int c)\n", "", 1).replace(
            "@@ -8,7 +8,7 @@", "@@ -8,70 +8,7 @@"
        )
    )
    result = story.adapt(str(box), "-o", str(tmp_path / "mails"))
    assert result.code in (1, 2) and not (tmp_path / "mails").exists(), result.out


def test_a_subject_in_brackets(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.repo.checkout("main")
    commit = story.repo.commit({FILE: AFTER.replace("<a.h>", "<b.h>")}, "[media] a: include b\n")
    result = story.adapt(commit, "-o", str(tmp_path / "one.patch"))
    assert result.code == 0 and "--keep-non-patch" in result.out
    story.repo.checkout("stable")
    story.repo.git("am", "--keep-non-patch", str(tmp_path / "one.patch"))
    assert story.show("%s").strip() == "[media] a: include b"
