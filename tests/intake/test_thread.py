"""Whole threads: versions, cover letters, replies, and what b4 makes of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from backport.intake import read_sources
from tests.intake.support import SETTINGS, read
from tests.support.repo import CLEAN_ENVIRONMENT, Repo
from tests.support.require import require_module

HUNK = "@@ -1,3 +1,4 @@\n one\n-two\n+zwei\n+drei\n three\n"


def mail(id: str, subject: str, body: str, parent: str = "", who: str = "Ann <ann@example.com>") -> bytes:
    head = f"From: {who}\nSubject: {subject}\nMessage-ID: <{id}>\nDate: Mon, 1 Mar 2021 12:00:00 +0000\n"
    head += f"In-Reply-To: <{parent}>\nReferences: <{parent}>\n" if parent else ""
    return f"From mboxrd@z Thu Jan  1 00:00:00 1970\n{head}\n{body}\n\n".encode()


def patch(id: str, subject: str, parent: str = "", file: str = "f.c") -> bytes:
    return mail(id, subject, f"Why.\n---\n{file} | 3\n\n--- a/{file}\n+++ b/{file}\n{HUNK}-- \n2.30", parent)


def version(number: int, total: int = 2, skip: int = 0) -> list[bytes]:
    v = f"v{number} " if number > 1 else ""
    cover = mail(
        f"c{number}", f"[PATCH {v}0/{total}] the series", "Blurb.", f"c{number - 1}" if number > 1 else ""
    )
    parts = [
        patch(f"p{number}-{n}", f"[PATCH {v}{n}/{total}] part {n}", f"c{number}", f"f{n}.c")
        for n in range(1, total + 1)
        if n != skip
    ]
    return [cover, *parts]


BOB = "Bob <bob@example.com>"


def reply(id: str, parent: str, text: str, who: str = "Bob <bob@example.com>") -> bytes:
    return mail(id, "Re: [PATCH] whatever", text, parent, who)


def test_the_newest_version_is_taken() -> None:
    series = read(b"".join(version(1) + version(3) + version(2)))
    assert series.version == 3
    assert [x.message_id for x in series.patches] == ["p3-1", "p3-2"]
    assert [x.provenance.position for x in series.patches] == [(1, 2), (2, 2)]
    assert (series.cover_subject, series.cover_body) == ("the series", "Blurb.")
    assert any("v1, v2 are in the document too" in x for x in series.notes)


def test_a_newer_version_that_is_not_complete_is_named() -> None:
    series = read(b"".join(version(1) + version(2, skip=1)))
    assert [x.message_id for x in series.patches] == ["p1-1", "p1-2"]
    assert any("v2 is newer and not complete" in x for x in series.notes)


def test_where_no_version_is_complete_the_missing_patches_are_named() -> None:
    series = read(b"".join(version(2, total=3, skip=2)))
    assert [x.message_id for x in series.patches] == ["p2-1", "p2-3"]
    assert any("of 3 patches 2 is missing" in x for x in series.notes)


def test_patches_are_put_in_the_order_of_their_numbers() -> None:
    cover, first, second = version(2)
    assert [x.message_id for x in read(second + cover + first).patches] == ["p2-1", "p2-2"]


def test_single_patches_of_two_versions() -> None:
    series = read(patch("a", "[PATCH] x: fix") + patch("b", "[PATCH v2] x: fix", "a"))
    assert [x.message_id for x in series.patches] == ["b"]


def test_a_mailbox_of_unrelated_patches_keeps_them_all() -> None:
    series = read(
        patch("a", "[PATCH] x: fix") + patch("b", "[PATCH v2] y: other") + patch("c", "[PATCH] z: third")
    )
    assert {x.message_id for x in series.patches} == {"a", "b", "c"}


def test_replies_become_comments_of_what_they_answer() -> None:
    quoted = "> --- a/f1.c\n> +++ b/f1.c\n> @@ -1,3 +1,4 @@\n>  one\n> -two\n> +zwei\n\n"
    quoted += "Why zwei?\n\n> +drei\n>  three\n\nAnd this?"
    series = read(
        b"".join(
            [
                *version(1),
                reply("o1", "p1-1", "> old\n\nold version"),
                *version(2),
                reply("r1", "p2-1", f"On Monday, Ann wrote:\n{quoted}\n\n-- \nBob"),
                reply("r2", "r1", "> Why zwei?\n\nBecause.", "Ann <ann@example.com>"),
                reply("r3", "c2", "Applied, thanks.", "Cy <cy@example.com>"),
            ]
        )
    )
    first, second = series.patches
    assert second.comments == ()
    ask, answer = first.comments
    assert (ask.author.name, ask.message_id, ask.date) == ("Bob", "r1", "2021-03-01T12:00:00+00:00")
    places = [(x.text, x.file, x.line, x.last_line) for x in ask.remarks]
    assert places == [("Why zwei?", "f1.c", 2, 2), ("And this?", "f1.c", 3, 4)]
    assert ask.remarks[0].quoted == "-two\n+zwei"
    assert [(x.text, x.file, x.line) for x in answer.remarks] == [("Because.", "", 0)] or answer.remarks[
        0
    ].line == 2
    assert [x.text for x in series.comments] == ["Applied, thanks."]
    assert any("1 reply belongs to other versions" in x for x in series.notes)


def test_a_diff_in_a_reply_is_no_patch_of_the_series() -> None:
    answer = reply("r", "p1-1", f"How about:\n\n--- a/f9.c\n+++ b/f9.c\n{HUNK}")
    series = read(b"".join([*version(1), answer]))
    assert [x.message_id for x in series.patches] == ["p1-1", "p1-2"]
    assert len(series.patches[0].comments) == 1
    assert "f9.c" in series.patches[0].comments[0].text


def test_replies_without_references_find_their_patch_by_subject() -> None:
    talk = mail("t", "Re: [PATCH 2/2] part 2", "Fine.", who="Bob <b@c.d>")
    series = read(b"".join([*version(1), talk]))
    assert [x.author.name for x in series.patches[1].comments] == ["Bob"]


def b4(folder: Path, *words: str) -> str:
    """The real b4, offline, with a home of its own."""
    environment = {
        **os.environ,
        **CLEAN_ENVIRONMENT,
        "HOME": str(folder),
        "XDG_CACHE_HOME": str(folder / "cache"),
    }
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        environment[name] = str(folder / name)
    command = [sys.executable, "-m", "b4.command", "--offline-mode", *words]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, input=""
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_b4_am_writes(tmp_path: Path) -> None:
    require_module("b4")
    repo = Repo(tmp_path / "r")
    repo.commit({"f.c": "".join(f"{i}\n" for i in range(40))})
    for number in (10, 20):
        text = (repo.path / "f.c").read_text().replace(f"\n{number}\n", f"\nx{number}\n")
        repo.commit(
            {"f.c": text},
            f"f: change {number}\n\nWhy \u00e4.\n\nSigned-off-by: A U Thor <author@example.com>\n",
        )
    repo.git("format-patch", "-q", "-v2", "--cover-letter", "--thread", "-o", str(tmp_path / "out"), "HEAD~2")
    mails = sorted((tmp_path / "out").iterdir())
    data = b"".join(x.read_bytes() for x in mails).replace(b"*** SUBJECT HERE ***", b"f: the series")
    head = data.index(b"Message-Id: <") + len(b"Message-Id: <")
    id = data[head : data.index(b">", head)].decode()
    second = data.rindex(b"Message-Id: <") + len(b"Message-Id: <")
    parent = data[second : data.index(b">", second)].decode()
    data += mail(
        "rv", "Re: [PATCH v2 2/2] f: change 20", "> > x\n\nReviewed-by: Bob <bob@example.com>", parent, BOB
    )
    (tmp_path / "thread.mbox").write_bytes(data)
    b4(tmp_path, "am", "-m", "thread.mbox", "-o", "made", id)
    (box,) = (tmp_path / "made").glob("*.mbx")
    (cover,) = (tmp_path / "made").glob("*.cover")
    series = read_sources([str(box)], stdin=lambda: b"", repository=None, settings=SETTINGS)
    assert [x.subject for x in series.patches] == ["f: change 10", "f: change 20"]
    assert [x.provenance.position for x in series.patches] == [(1, 2), (2, 2)]
    assert series.version == 2
    assert series.cover_subject == "f: the series"
    assert "BLURB" in series.cover_body and "2.39" not in series.cover_body.splitlines()[-1]
    names = [(x.name, x.value) for x in series.patches[1].provenance.trailers]
    assert ("Reviewed-by", "Bob <bob@example.com>") in names
    assert all(x.repairs == () for x in series.patches)
    raw = read_sources([str(tmp_path / "thread.mbox")], stdin=lambda: b"", repository=None, settings=SETTINGS)
    assert raw.patches[0].files[0].path == "f.c"
    assert [len(x.comments) for x in raw.patches] == [0, 1]
    b4(tmp_path, "am", "-M", "-m", "thread.mbox", "-o", "dir", id)
    (folder,) = (x for x in (tmp_path / "dir").iterdir() if x.is_dir())
    again = read_sources([str(folder)], stdin=lambda: b"", repository=None, settings=SETTINGS)
    assert [x.subject for x in again.patches] == ["f: change 10", "f: change 20"]
    assert cover.exists()
