"""What an archive may put into the scratch folder, where Python itself has no filter for it."""

from __future__ import annotations

import tarfile

import pytest

from backport.verify.export import _stays


@pytest.mark.parametrize(
    ("name", "link", "stays"),
    [
        ("a/b", "", True),
        ("a/link", "../b", True),
        ("a/link", "../../b", False),
        ("link", "/etc/passwd", False),
        ("../b", "", False),
        ("/b", "", False),
        ("..b/c", "", True),
    ],
)
def test_only_what_stays_within_the_folder(name: str, link: str, stays: bool) -> None:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = (tarfile.SYMTYPE, link) if link else (tarfile.REGTYPE, "")
    assert _stays(member) is stays
