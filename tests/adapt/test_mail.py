"""The message of an adapted patch: upstream's id, tags, note and sign-off, where a policy wants them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backport.adapt.trailers import manner_of, message, upstream_id
from backport.adapt.values import PatchProposal
from backport.model import Patch, Person
from backport.provenance import read_provenance
from tests.adapt.test_note import _file, _piece, _proposal

ID = "4cc6e15679966aa49afc5b114c3c83ba0ac39b05"
OTHER = "00da60b9d0a0" + "0" * 28
TEXT = "Why.\n\nSigned-off-by: A U Thor <a@example.org>\n"
ME = Person("Jo Doe", "jo@example.org")
ADAPTED = _proposal(_file(_piece("f()", "taken over")))


def _patch(subject: str = "mm: do it", body: str = TEXT, commit: str = ID) -> Patch:
    said = read_provenance(subject, body)
    return Patch(subject, Person("A U Thor", "a@example.org"), "", body, (), provenance=said, commit=commit)


def _said(
    patch: Patch, policy: str, proposal: PatchProposal | None = ADAPTED, signed: Person | None = None
) -> str:
    return message(patch, proposal, manner_of(policy), upstream=upstream_id(patch), signed=signed).text


def test_stable() -> None:
    assert _said(_patch(), "stable", signed=ME) == (
        f"mm: do it\n\n[ Upstream commit {ID} ]\n\nWhy.\n\nSigned-off-by: A U Thor <a@example.org>\n"
        "[ backport: mm/shmem.c: f(): taken over ]\nSigned-off-by: Jo Doe <jo@example.org>\n"
    )


def test_android() -> None:
    assert _said(_patch(), "android", signed=ME) == (
        "BACKPORT: mm: do it\n\nWhy.\n\nSigned-off-by: A U Thor <a@example.org>\n"
        f"(cherry picked from commit {ID})\n\nConflicts:\n\tmm/shmem.c: f(): taken over\n"
        "Signed-off-by: Jo Doe <jo@example.org>\n"
    )


def test_plain_without_anything_done() -> None:
    assert _said(_patch(), "plain", None) == (
        f"mm: do it\n\nWhy.\n\nSigned-off-by: A U Thor <a@example.org>\n(cherry picked from commit {ID})\n"
    )


def test_nothing_is_signed_unasked() -> None:
    assert "Jo Doe" not in _said(_patch(), "android")


@pytest.mark.parametrize(
    ("subject", "proposal", "wanted"),
    [
        ("mm: do it", ADAPTED, "BACKPORT: mm: do it"),
        ("mm: do it", None, "UPSTREAM: mm: do it"),
        ("UPSTREAM: mm: do it", ADAPTED, "BACKPORT: mm: do it"),
        ("BACKPORT: mm: do it", ADAPTED, "BACKPORT: mm: do it"),
        ("BACKPORT: mm: do it", None, "BACKPORT: mm: do it"),
        ("FROMGIT: mm: do it", ADAPTED, "BACKPORT: FROMGIT: mm: do it"),
        ("FROMGIT: mm: do it", None, "FROMGIT: mm: do it"),
        ("BACKPORT: FROMGIT: mm: do it", ADAPTED, "BACKPORT: FROMGIT: mm: do it"),
        ('Revert "mm: do it"', ADAPTED, 'Revert "mm: do it"'),
    ],
)
def test_tags_of_android(subject: str, proposal: PatchProposal | None, wanted: str) -> None:
    found = message(_patch(subject), proposal, manner_of("android"), upstream=ID)
    assert found.subject == wanted
    assert message(_patch(subject), proposal, manner_of("stable"), upstream=ID).subject == subject


def test_of_unknown_origin_no_tag_and_no_id() -> None:
    patch = _patch(commit="")
    assert upstream_id(patch) == ""
    assert _said(patch, "android", None) == f"mm: do it\n\n{TEXT}"
    assert "Upstream commit" not in _said(patch, "stable")


def test_an_id_that_is_there_in_form_is_not_said_twice() -> None:
    for body, policy in (
        (f"commit {ID} upstream.\n\n{TEXT}", "stable"),
        (f"[ Upstream commit {ID} ]\n\n{TEXT}", "stable"),
        (f"{TEXT}(cherry picked from commit {ID})\n", "android"),
        (f"[ Upstream commit {ID} ]\n\n{TEXT}", "plain"),
    ):
        assert _said(_patch(body=body, commit=""), policy).count(ID) == 1
    moved = _said(_patch(body=f"{TEXT}(cherry picked from commit {ID})\n", commit=""), "stable")
    assert moved.startswith(f"mm: do it\n\n[ Upstream commit {ID} ]\n\n")


def test_which_commit_upstream_is_meant() -> None:
    """A commit of a stable branch names upstream's; upstream's own may say from which branch it was picked."""
    of_stable = _patch(body=f"commit {OTHER} upstream.\n\n{TEXT}")
    picked = _patch(body=f"{TEXT}(cherry picked from commit {OTHER})\n")
    assert upstream_id(of_stable) == OTHER
    assert upstream_id(picked) == ID
    assert upstream_id(_patch("BACKPORT: mm: do it", picked.body)) == OTHER
    assert upstream_id(replace(picked, commit="")) == OTHER
    short = _patch(body=f"{TEXT}(cherry picked from commit {OTHER[:12]})\n", commit="")
    assert upstream_id(short) == OTHER[:12]
    assert upstream_id(short, lambda id: OTHER if OTHER.startswith(id) else "") == OTHER


def test_empty_bodies() -> None:
    patch = _patch(body="")
    assert _said(patch, "stable", None) == f"mm: do it\n\n[ Upstream commit {ID} ]\n"
    assert _said(patch, "plain", None, ME) == (
        f"mm: do it\n\n(cherry picked from commit {ID})\nSigned-off-by: Jo Doe <jo@example.org>\n"
    )
    assert message(replace(patch, commit=""), None, manner_of("plain")).text == "mm: do it\n"


def test_a_last_sign_off_of_mine_is_not_said_twice() -> None:
    body = "Why.\n\nSigned-off-by: Jo Doe <jo@example.org>"
    assert message(_patch(body=body, commit=""), None, manner_of("plain"), signed=ME).body == body
