"""Mails, as git itself reads them (`git mailinfo`, `git mailsplit`, `git format-patch`)."""

from __future__ import annotations

import base64
import mailbox
import quopri
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backport.errors import BackportError, DamagedPatchError, NoDiffError
from backport.intake import read_sources
from backport.intake.mbox import read_mbox
from backport.intake.text import Text
from backport.model import Patch, RepairKind, UpstreamForm
from tests.intake.support import SETTINGS, diff_text, one, read
from tests.support.repo import Repo

DIFF = """\
diff --git a/f.c b/f.c
index 1234567..89abcde 100644
--- a/f.c
+++ b/f.c
@@ -1,3 +1,3 @@
 one
-two
+zw\u00f6lf = 1;
 three
"""
HEAD = """\
From: =?UTF-8?q?J=C3=A9r=C3=B4me?= Glisse <jg@example.com>
Date: Mon, 1 Mar 2021 12:00:00 +0100
Subject: [PATCH v3 2/5] mm: a =?utf-8?b?w7Y=?= and a long
 line
Message-ID: <1@example.com>
"""
BODY = f'A message.\n\nFixes: 0123456789ab ("mm: x")\n---\n f.c | 2 +-\n\n{DIFF}-- \n2.39.5\n'


def mailinfo(tmp_path: Path, mail: bytes) -> tuple[dict[str, str], str, bytes]:
    """What git reads of a mail: its fields, the message, and the patch's bytes."""
    repo = Repo(tmp_path / "mailinfo")
    info = repo.git("mailinfo", "-b", "msg", "patch", stdin=mail).decode()
    fields = dict(x.split(": ", 1) for x in info.splitlines() if ": " in x)
    return fields, (repo.path / "msg").read_text("utf-8"), (repo.path / "patch").read_bytes()


def agrees(tmp_path: Path, mail: bytes) -> Patch:
    """The patch of a mail, which is what git reads of it too."""
    fields, message, patch = mailinfo(tmp_path, mail)
    found = one(mail)
    assert found.author.name == fields["Author"]
    assert found.author.email == fields["Email"]
    assert fields["Subject"].endswith(found.subject)
    assert found.body == message.strip("\n")
    wanted = one(patch)
    assert diff_text(found) == diff_text(wanted)
    return found


def plain(charset: str = "utf-8", encoding: str = "8bit", extra: str = "") -> bytes:
    data = BODY.encode(charset)
    if encoding == "quoted-printable":
        data = quopri.encodestring(data)
    elif encoding == "base64":
        data = base64.encodebytes(data)
    head = f"{HEAD}MIME-Version: 1.0\nContent-Type: text/plain; charset={charset}{extra}\n"
    return f"{head}Content-Transfer-Encoding: {encoding}\n\n".encode() + data


@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable", "base64"])
@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252"])
def test_encodings_as_git_reads_them(tmp_path: Path, charset: str, encoding: str) -> None:
    patch = agrees(tmp_path, plain(charset, encoding))
    assert patch.subject == "mm: a \u00f6 and a long line"
    assert patch.author.name == "J\u00e9r\u00f4me Glisse"
    assert patch.date == "2021-03-01T12:00:00+01:00"
    assert patch.message_id == "1@example.com"
    assert (patch.provenance.version, patch.provenance.position) == (3, (2, 5))
    assert patch.hunks[0].added == ("zw\u00f6lf = 1;".encode(charset),)
    assert patch.repairs == ()


@pytest.mark.parametrize("encoding", ["8bit", "quoted-printable", "base64"])
def test_lines_of_the_document_under_an_encoding(encoding: str) -> None:
    mail = plain("utf-8", encoding)
    lines = mail.split(b"\n")
    for line in one(mail).hunks[0].lines:
        raw = lines[line.document_line - 1]
        if encoding == "base64":
            assert raw.strip() and b" " not in raw
        elif encoding == "8bit":
            assert raw == line.kind.value.encode() + line.text
        else:
            assert quopri.decodestring(raw).rstrip(b"\n") == line.kind.value.encode() + line.text


def test_format_flowed_as_git_reads_it(tmp_path: Path) -> None:
    flowed = BODY.replace("\n ", "\n  ").replace("A message.", "A \nmessage.")
    head = HEAD + "Content-Type: text/plain; charset=utf-8; format=flowed\n\n"
    patch = agrees(tmp_path, (head + flowed).encode())
    assert [x.kind for x in patch.repairs] == [RepairKind.FORMAT_FLOWED]
    delsp = head.replace("format=flowed", "format=flowed; delsp=yes")
    found = agrees(
        tmp_path, (delsp + flowed.replace("A \n", "A mes \n").replace("\nmessage", "\nsage")).encode()
    )
    assert found.body.startswith("A message.")


def test_wire_line_ends(tmp_path: Path) -> None:
    patch = one(plain().replace(b"\n", b"\r\n"))
    assert diff_text(patch) == diff_text(one(plain()))
    assert patch.body == one(plain()).body


def test_inbody_headers_win(tmp_path: Path) -> None:
    mail = HEAD + "\nFrom: Other One <o@example.com>\nSubject: [PATCH] other:\n subject\n\n" + BODY
    patch = agrees(tmp_path, mail.encode())
    assert (str(patch.author), patch.subject) == ("Other One <o@example.com>", "other: subject")


def test_multipart_with_the_patch_attached(tmp_path: Path) -> None:
    mail = EmailMessage()
    mail["From"], mail["Subject"], mail["Message-ID"] = (
        "A <a@example.com>",
        "[PATCH] f: fix",
        "<2@example.com>",
    )
    mail.set_content("The message.\n")
    mail.add_attachment(DIFF.encode(), maintype="text", subtype="x-patch", filename="f.patch")
    patch = agrees(tmp_path, mail.as_bytes())
    assert patch.body == "The message."
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "A <a@example.com>", "two patches"
    mail.set_content("See below.\n")
    for number in (1, 2):
        text = f"From {number:040x} Mon Sep 17 00:00:00 2001\nFrom: B <b@c.d>\nSubject: [PATCH {number}/2] p{number}\n"
        mail.add_attachment(
            f"{text}\nm\n---\n{DIFF}".encode(),
            maintype="application",
            subtype="octet-stream",
            filename=f"000{number}.patch",
        )
    series = read(mail.as_bytes())
    assert [(x.subject, x.author.name, len(x.files)) for x in series.patches] == [
        ("p1", "B", 1),
        ("p2", "B", 1),
    ]


def test_format_patch_of_a_real_history(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    base = repo.commit({"f.c": b"caf\xe9\n1\n2\n3\n"})
    repo.commit(
        {"f.c": b"caf\xe8\n1\n2\n3\n"}, "f: \u00e4nderung\n\nFrom here on.\n\nSigned-off-by: A <a@b.c>\n"
    )
    last = repo.commit({"g.c": "x\n"}, "g: new\n\n>From a quoted line\n")
    data = repo.git("format-patch", "--stdout", "--base", base, f"{base}..")
    series = read(data, "x.mbox")
    assert [x.subject for x in series.patches] == ["f: \u00e4nderung", "g: new"]
    assert series.patches[0].hunks[0].added == (b"caf\xe8",)
    assert [x.provenance.base_commit for x in series.patches] == ["", base] or series.patches[
        0
    ].provenance.base_commit == base
    (upstream,) = series.patches[1].provenance.upstream
    assert (upstream.id, upstream.form, upstream.certain) == (last, UpstreamForm.FROM_LINE, False)
    single = one(repo.git("format-patch", "--stdout", "-1", "--attach"))
    assert [x.path for x in single.files] == ["g.c"]


def box(messages: list[bytes]) -> bytes:
    return b"".join(b"From a@b.c Mon Mar  1 12:00:00 2021\n" + x.rstrip(b"\n") + b"\n\n" for x in messages)


def test_mboxes_apart_as_git_does(tmp_path: Path) -> None:
    quoted = plain().replace(b"A message.", b">From me to you.\n\n>>From deeper.")
    data = box([quoted, plain().replace(b"2/5", b"3/5")])
    repo = Repo(tmp_path / "split")
    assert repo.git("mailsplit", f"-o{repo.path}", "--mboxrd", stdin=data).strip() == b"2"
    found = read_mbox(Text.of(data))
    assert len(found) == 2
    assert b"\n".join(found[0].parts[0].text.lines) in (repo.path / "0001").read_bytes()
    patch = read(data, "x.mbox").patches[0]
    assert patch.body.startswith("From me to you.\n\n>From deeper.")


def test_mboxcl_counts_instead_of_quoting(tmp_path: Path) -> None:
    body = BODY.replace(
        "A message.", "Up to here:\n\nFrom me@x.y Mon Mar  1 12:00:00 2021\nSubject: is no message"
    ).encode()
    one_mail = HEAD.encode() + b"Content-Length: %d\n\n" % len(body) + body
    data = (
        b"From a@b.c Mon Mar  1 12:00:00 2021\n"
        + one_mail
        + b"\nFrom a@b.c Mon Mar  1 12:00:00 2021\n"
        + plain()
    )
    found = read_mbox(Text.of(data))
    assert len(found) == 2
    assert "is no message" in one(data[: data.rindex(b"\nFrom a@b.c")]).body


def test_a_maildir_and_a_python_mailbox(tmp_path: Path) -> None:
    folder = mailbox.Maildir(tmp_path / "dir", create=True)
    for number in (2, 1):
        folder.add(plain().replace(b"2/5", b"%d/2" % number).replace(b"<1@", b"<%d0@" % number))
    series = read_sources([str(tmp_path / "dir")], stdin=lambda: b"", repository=None, settings=SETTINGS)
    assert [x.provenance.position for x in series.patches] == [(1, 2), (2, 2)]


def test_a_damaged_patch_does_not_hide_the_others(tmp_path: Path) -> None:
    broken = plain().replace(b"2/5", b"2/2").replace(b"<1@", b"<2@").replace(b" three\n-- \n2.39.5\n", b"")
    good = plain().replace(b"2/5", b"1/2")
    series = read(box([good, broken]), "x.mbox")
    assert [bool(x.unreadable) for x in series.patches] == [False, True]
    assert "x.mbox:" in series.patches[1].unreadable and series.patches[1].files == ()
    assert series.patches[1].subject.startswith("mm: a")
    with pytest.raises(DamagedPatchError):
        read(broken)


def test_failed_mail_of_the_stable_team() -> None:
    sha = "2fd570c4c3d4a1e0b1d2a3c4b5a697887766aabb"
    mail = f"""\
Subject: FAILED: patch "[PATCH] mm: fix it" failed to apply to 6.1-stable tree
To: a@example.com
Cc: <stable@vger.kernel.org>
From: <gregkh@linuxfoundation.org>
Date: Mon, 01 Mar 2021 12:00:00 +0100
Message-ID: <2021030112-some-f1a2@gregkh>


The patch below does not apply to the 6.1-stable tree.

To reproduce the conflict and resubmit, you may use the following commands:

git fetch https://git.kernel.org/pub/scm/linux/kernel/git/stable/linux.git/ linux-6.1.y
git checkout FETCH_HEAD
git cherry-pick -x {sha}
# <resolve conflicts, build, test, etc.>
git commit -s

Possible dependencies:

1234567890ab ("mm: another")

thanks,

greg k-h

------------------ original commit in Linus's tree ------------------

From {sha} Mon Sep 17 00:00:00 2001
From: An Author <author@example.com>
Date: Sun, 28 Feb 2021 10:00:00 +0000
Subject: [PATCH] mm: fix it

Because.

Fixes: 111122223333 ("mm: break it")
Cc: <stable@vger.kernel.org> # 5.10+
Signed-off-by: An Author <author@example.com>

{DIFF}
"""
    for document in (mail, "From mboxrd@z Thu Jan  1 00:00:00 1970\n" + mail):
        patch = one(document)
        assert patch.subject == "mm: fix it"
        assert patch.author.name == "An Author"
        assert patch.body.startswith("Because.")
        assert patch.provenance.failed_tree == "6.1-stable"
        (upstream,) = patch.provenance.upstream
        assert (upstream.id, upstream.form, upstream.certain) == (sha, UpstreamForm.FAILED_MAIL, True)
        assert [x.id for x in patch.provenance.fixes] == ["111122223333"]
        assert len(patch.files) == 1


def test_a_mail_without_a_diff_is_an_error() -> None:
    with pytest.raises(NoDiffError, match="holds no diff"):
        read(HEAD + "\nOnly words.\n> diff --git a/f b/f\n")


def test_wrapped_lines_are_joined_only_where_that_is_certain() -> None:
    long = "+\tret = a_function_with_a_name(argument_one, argument_two, argument_three, argument_four);"
    diff = f"--- a/f.c\n+++ b/f.c\n@@ -1,2 +1,3 @@\n one\n{long}\n two\n"
    broken = diff.replace(" argument_four", "\nargument_four")
    patch = one(broken)
    assert patch.hunks[0].added == (long[1:].encode(),)
    assert [(x.kind, x.lines) for x in patch.repairs] == [(RepairKind.UNWRAPPED, (6,))]
    with pytest.raises(DamagedPatchError, match=r"x\.patch:6"):
        one(diff.replace(long, "+short\nrest"))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_mangled_mail_is_read_or_refused(data: st.DataObject) -> None:
    charset = data.draw(st.sampled_from(["utf-8", "iso-8859-1"]))
    encoding = data.draw(st.sampled_from(["8bit", "quoted-printable", "base64"]))
    mail = plain(
        charset, encoding, data.draw(st.sampled_from(["", "; format=flowed", "; format=flowed; delsp=yes"]))
    )
    mail += box([mail]) if data.draw(st.booleans()) else b""
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(mail)))
        piece = data.draw(st.sampled_from(PIECES))
        mail = mail[:at] + piece + mail[at + data.draw(st.sampled_from([0, 1, 7, 60, 4000])) :]
    try:
        series = read(mail, "x")
    except BackportError as error:
        assert "\n" not in str(error) and "x" in str(error)
        return
    assert all(x.files or x.unreadable for x in series.patches)


PIECES = [
    b"",
    b"\n",
    b"\r\n",
    b"\n\n",
    b"\0",
    b">",
    b"=?utf-8?b?w7Y?=",
    b"=?utf-8?q?=ZZ?=",
    b"=?x-none?q?=e4?=",
    b"Content-Type: multipart/mixed; boundary=x\n",
    b"\n--x\n",
    b"From a Mon Mar  1 12:00:00 2021\nX: y\n\n",
    b"Content-Length: 7\n",
    b"@@ -1 +1 @@\n",
    b"diff --git a/x b/x\n",
    b"--- a/x\n+++ b/x\n",
    b'"',
    b"\xff",
]
