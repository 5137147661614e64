"""Subjects, trailers, notes on conflicts, and the rest of what a message says."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backport.provenance import read_provenance, strip_subject


@pytest.mark.parametrize(
    ("subject", "stripped", "version", "position"),
    [
        ("[PATCH v6 2/7] userfaultfd: add", "userfaultfd: add", 6, (2, 7)),
        ("[v6,2/7] userfaultfd: add", "userfaultfd: add", 6, (2, 7)),
        ("[v4] mm: x", "mm: x", 4, None),
        ("[PATCH] mm: x", "mm: x", None, None),
        ("Re: [PATCH net-next v12 03/10] mm: x", "mm: x", 12, (3, 10)),
        ("[RFC PATCH v2] mm: x", "mm: x", 2, None),
        ("[PATCHv3 1/2] mm: x", "mm: x", 3, (1, 2)),
        ("[PATCH AUTOSEL 6.1 01/10] mm: x", "mm: x", None, (1, 10)),
        ("[PATCH 5.10.y] mm: x", "mm: x", None, None),
        ("[net-next,v2,1/3] net: x", "net: x", 2, (1, 3)),
        ("[PATCH] [media] dvb: x", "[media] dvb: x", None, None),
        ("[media] v4l: x 1/2", "[media] v4l: x 1/2", None, None),
        ("BACKPORT: FROMGIT: mm: x", "BACKPORT: FROMGIT: mm: x", None, None),
        ("Revert \"mm: x\"", "Revert \"mm: x\"", None, None),
        ("[PATCH 0/3] cover", "cover", None, (0, 3)),
        ("", "", None, None),
    ],
)  # fmt: skip
def test_subjects(subject: str, stripped: str, version: int | None, position: tuple[int, int] | None) -> None:
    assert strip_subject(subject) == stripped
    found = read_provenance(subject, "")
    assert (found.version, found.position) == (version, position)


def test_tags() -> None:
    assert read_provenance("[PATCH] BACKPORT: FROMGIT: mm: x", "").tags == ("BACKPORT", "FROMGIT")
    assert read_provenance("ANDROID: mm: x", "").tags == ("ANDROID",)
    assert read_provenance("UPSTREAM: x", "").tags == ("UPSTREAM",)
    for subject in ("USB: serial: x", "PCI: UPSTREAM ports", "mm: BACKPORT: x", "ARM: dts: x"):
        assert read_provenance(subject, "").tags == ()


def test_series_notes_of_the_mm_tree() -> None:
    body = 'Patch series "a series with\na long title", v3.\n\nBlurb.\n\nThis patch (of 12):\n\nText.\n'
    found = read_provenance("mm: x", body)
    assert (found.version, found.position) == (3, (1, 12))
    plain = read_provenance("mm: x", 'Patch series "a title".\n\nThis patch (of 2):\n')
    assert (plain.version, plain.position) == (None, (1, 2))
    assert read_provenance("mm: x", "See this patch (of 5): no.\n").position is None


def test_fixes_stable_and_dependencies() -> None:
    found = read_provenance(
        "mm: x",
        "It fixes: nothing.\n\n"
        'Fixes: 00da60b9d0a0 ("userfaultfd: support\n minor faults")\n'
        "Fixes: 1111111111ab (mm: (odd) one)\n"
        "Fixes: commit 2222222222ab\n"
        "Fixes: v5.10\n"
        'Stable-dep-of: 3333333333ab ("mm: y")\n'
        "Cc: <stable@vger.kernel.org> # 3.3.x: a1f84a3: sched: Check for idle\n"
        "Cc: <stable@vger.kernel.org> # 3.3.x: 1b9508f: sched: Rate-limit\n"
        "Cc: <stable@vger.kernel.org> # 3.3.x\n"
        'Cc: "stable" <stable@kernel.org> [5.10+]\n'
        "Cc: stable@vger.kernel.org\t# v6.1+ only with the other one\n"
        "Cc: stable@vger.kernel.org\n"
        "Cc: unstable@example.org # 6.1\n"
        "Signed-off-by: A <a@b.c>\n",
    )
    assert [(x.id, x.subject) for x in found.fixes] == [
        ("00da60b9d0a0", "userfaultfd: support minor faults"),
        ("1111111111ab", "mm: (odd) one"),
        ("2222222222ab", ""),
    ]
    assert [(x.id, x.subject) for x in found.stable_dep_of] == [("3333333333ab", "mm: y")]
    assert [(x.version, [(p.id, p.subject) for p in x.prerequisites], x.note) for x in found.stable] == [
        ("3.3.x", [("a1f84a3", "sched: Check for idle"), ("1b9508f", "sched: Rate-limit")], ""),
        ("5.10+", [], ""),
        ("v6.1+", [], "only with the other one"),
        ("", [], ""),
    ]


def test_bugs_links_and_change_ids() -> None:
    gerrit = "I0123456789abcdef0123456789abcdef01234567"
    body = (
        "Text.\n\nBug: 12, 34\nBugLink: https://bugs.launchpad.net/bugs/1\nCloses: https://x.org/2\n"
        "BUG=b:77\nLink: https://lore.kernel.org/r/x@y/ [1]\nLink: https://lore.kernel.org/r/x@y/ [1]\n"
        f"Change-Id: {gerrit}\n---\nchange-id: 20210301-a-series-0123456789ab\nbase-commit: {'a' * 40}\n"
        f"prerequisite-patch-id: {'b' * 40}\nprerequisite-patch-id: {'c' * 40}\nFixes: 111111111111\n"
    )
    found = read_provenance("x", body)
    assert found.bugs == ("12", "34", "https://bugs.launchpad.net/bugs/1", "https://x.org/2")
    assert found.links == ("https://lore.kernel.org/r/x@y/",)
    assert (found.change_id, found.series_change_id) == (gerrit, "20210301-a-series-0123456789ab")
    assert found.base_commit == "a" * 40
    assert found.prerequisite_patch_ids == ("b" * 40, "c" * 40)
    assert found.fixes == ()


@pytest.mark.parametrize(
    ("body", "form", "files", "reasons"),
    [
        ("Conflicts:\n\tmm/shmem.c\n\tmm/Makefile\n", "Conflicts:", ("mm/shmem.c", "mm/Makefile"), ()),
        ("# Conflicts:\n#\tmm/shmem.c\n#\tKconfig\n", "# Conflicts:", ("mm/shmem.c", "Kconfig"), ()),
        ("Conflicts:\n- mm/shmem.c: no folios here\n- mm/memory.c: context\n", "Conflicts:",
         ("mm/shmem.c", "mm/memory.c"), ("no folios here", "context")),
        ("Conflicts: context differences only\n", "Conflicts:", (), ("context differences only",)),
        ("Conflicts:\n\tmm/shmem.c\n\n(one reason\non two lines)\n", "Conflicts:", ("mm/shmem.c",),
         ("one reason on two lines",)),
        ("[joe: resolved minor conflict in mm/shmem.c]\n", "[name: text]", ("mm/shmem.c",),
         ("resolved minor conflict in mm/shmem.c",)),
        ("[ Joe Doe: adjusted the context,\n  no folios in 5.10 ]\n", "[name: text]", (),
         ("adjusted the context, no folios in 5.10",)),
        ("[joe@example.com: backported to 5.4]\n", "[name: text]", (), ("backported to 5.4",)),
    ],
)  # fmt: skip
def test_notes_on_conflicts(body: str, form: str, files: tuple[str, ...], reasons: tuple[str, ...]) -> None:
    text = f"Text.\n\nSigned-off-by: A <a@b.c>\n\n{body}Signed-off-by: B <b@c.d>\n"
    (note,) = read_provenance("x", text).conflicts
    assert (note.form, note.files, note.reasons) == (form, files, reasons)


@pytest.mark.parametrize(
    "body",
    [
        "[akpm@linux-foundation.org: coding-style fixes]\n",
        "[ Upstream commit 0123456789abcdef ]\n",
        "The driver conflicts: two of them claim it.\n",
        "Avoid conflicts.\n",
        "[1] https://example.org/conflict\n",
        "Conflicts:\n\nSigned-off-by: A <a@b.c>\n",
    ],
)
def test_no_note_on_conflicts(body: str) -> None:
    assert read_provenance("x", f"Text.\n\n{body}").conflicts == ()


def test_two_notes_keep_their_order() -> None:
    body = "Text.\n\n[joe: dropped the hunk in mm/x.c]\n\nConflicts:\n\tmm/y.c\n"
    assert [x.form for x in read_provenance("x", body).conflicts] == ["[name: text]", "Conflicts:"]


def test_trailers_are_those_of_git() -> None:
    body = 'Text: not one.\n\nMore.\n\nFixes: 0123456789ab ("x")\nReviewed-by: A <a@b.c>\nOdd-Name: y\n z\n'
    git = subprocess.run(
        ["git", "interpret-trailers", "--parse"],
        input=f"s\n\n{body}",
        capture_output=True,
        text=True,
        check=True,
    )
    found = read_provenance("s", body).trailers
    assert [f"{x.name}: {x.value}" for x in found] == git.stdout.splitlines()


def test_fields_above_a_message_count() -> None:
    headers = [("Git-commit", "0123456789abcdef"), ("References", "bsc#1"), ("From", "x"), ("Bug", "9")]
    found = read_provenance("x", "Text.\n", headers=headers)
    assert [x.id for x in found.upstream] == ["0123456789abcdef"]
    assert found.bugs == ("bsc#1", "9")


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.text(alphabet=st.sampled_from("abcf019 \n\t#:()[]-,.@cCoImM"), max_size=300))
def test_any_text_is_read(subject: str, body: str) -> None:
    found = read_provenance(subject, body, from_line=subject, headers=[("Bug", body)])
    assert strip_subject(strip_subject(subject)) == strip_subject(subject)
    assert all(7 <= len(x.id) <= 64 for x in found.upstream)
