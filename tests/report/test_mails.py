"""Patches as mails, read back by git's own reader of mails."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from backport.model import Patch, Person
from backport.report.mails import mail
from tests.support.repo import CLEAN_ENVIRONMENT

DIFF = b"diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1 +1 @@\n-old\xff\n+new\xff\n"
LINES = st.one_of(
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=30),
    st.sampled_from(
        [
            "",
            "---",
            "--",
            "-- ",
            "From x",
            "From: A <a@b>",
            ">From: A <a@b>",
            "Date: x",
            "Subject: x",
            "[PATCH] x",
        ]
    ),
    st.sampled_from(
        ["diff --git a/x b/x", "Index: x", "--- a/x", "+++ b/x", "@@ -1 +1 @@", "> quoted", "#x", "\tx"]
    ),
)


def _read(data: bytes) -> tuple[str, str, bytes]:
    """(header lines, message, patch) as `git mailinfo` has them."""
    with tempfile.TemporaryDirectory() as folder:
        names = [str(Path(folder) / x) for x in ("message", "patch")]
        words = ["git", "mailinfo", "--no-scissors", *names]
        done = subprocess.run(
            words,
            input=data.partition(b"\n")[2],
            capture_output=True,
            check=True,
            cwd=folder,
            env=CLEAN_ENVIRONMENT,
        )
        return done.stdout.decode(), Path(names[0]).read_text("utf-8"), Path(names[1]).read_bytes()


@settings(deadline=None, max_examples=60)
@given(
    st.lists(LINES, max_size=6), st.sampled_from(["Jo Doe", "Jø Dœ", "J. (D) Oe", '"J" Doe']), st.booleans()
)
@example(["From: somebody else", "text"], "Jo", True)
def test_git_reads_what_was_written(lines: list[str], name: str, returns: bool) -> None:
    """Author, subject, every line of the message but for white space at its ends, and the very bytes of the diff."""
    diff = DIFF.replace(b"\xff\n", b"\xff\r\n") if returns else DIFF
    patch = Patch(
        "a: do it, für alle",
        Person(name, "jo@example.org"),
        "2020-02-03T04:05:06+07:00",
        "\n".join(lines),
        (),
    )
    head, message, found = _read(mail(patch, diff, 1, 1))
    fields = dict(x.split(": ", 1) for x in head.splitlines() if x)
    assert fields["Subject"] == "a: do it, für alle" and fields["Email"] == "jo@example.org"
    assert fields["Date"] == "Mon, 03 Feb 2020 04:05:06 +0700"
    assert fields["Author"].replace('"', "") == name.replace('"', "") or "(" in name
    assert [x.split() for x in message.splitlines() if x.split()] == [x.split() for x in lines if x.split()]
    assert diff in found
