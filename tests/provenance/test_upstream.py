"""Every form of an upstream id, and what only looks like one."""

from __future__ import annotations

import pytest

from backport.model import UpstreamForm as F
from backport.provenance import read_provenance

A = "4cc6e15679966aa49afc5b114c3c83ba0ac39b05"
B = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("body", "form", "url", "branch"),
    [
        (f"commit {A} upstream.\n\nText.\n", F.COMMIT_UPSTREAM, "", ""),
        (f"Commit {A} upstream\n\nText.\n", F.COMMIT_UPSTREAM, "", ""),
        (f"[ commit {A} upstream ]\n\nText.\n", F.COMMIT_UPSTREAM, "", ""),
        (f'commit {A} ("mm: x") upstream.\n\nText.\n', F.COMMIT_UPSTREAM, "", ""),
        (f"From: A <a@b.c>\n\ncommit {A} upstream.\n\nText.\n", F.COMMIT_UPSTREAM, "", ""),
        (f"[ Upstream commit {A} ]\n\nText.\n", F.UPSTREAM_COMMIT, "", ""),
        (f"[Upstream commit {A}]\n\nText.\n", F.UPSTREAM_COMMIT, "", ""),
        (f"[ upstream commit {A} ]\n\nText.\n", F.UPSTREAM_COMMIT, "", ""),
        (f"[ Upstream commit {A},\n  with small changes ]\n\nText.\n", F.UPSTREAM_COMMIT, "", ""),
        (f"Text.\n\nUpstream commit {A}.\n", F.UPSTREAM_COMMIT, "", ""),
        (f"[ backported from upstream commit {A} ]\n\nText.\n", F.BACKPORTED_UPSTREAM, "", ""),
        (f"Text.\n\n(cherry picked from commit {A})\nSigned-off-by: A <a@b.c>\n", F.CHERRY_PICKED, "", ""),
        (f"Text.\n(cherry-picked from commit {A})\n", F.CHERRY_PICKED, "", ""),
        (f"Text.\n\n(cherry picked from commit {A}\n https://x.org/y.git main)\n", F.CHERRY_PICKED,
         "https://x.org/y.git", "main"),
        (f"Text.\n\n(cherry picked from commit {A} linux-next)\n", F.CHERRY_PICKED, "", "linux-next"),
        (f"Text.\n\n(backported from commit {A})\n", F.BACKPORTED, "", ""),
        (f"Text.\n\n(backported from commit {A}\ngit://g.org/z.git\nbranch for-next)\n", F.BACKPORTED,
         "git://g.org/z.git", "for-next"),
        (f"Text.\n\nmaster commit: {A}\nmaster date: 2021-03-01\n", F.MASTER_COMMIT, "", ""),
        (f"Git-commit: {A}\nPatch-mainline: v5.12\n\nText.\n", F.GIT_COMMIT, "", ""),
        (f"Text.\n\nOrigin: backport, commit:{A}\n", F.ORIGIN, "", ""),
    ],
)  # fmt: skip
def test_certain_forms(body: str, form: F, url: str, branch: str) -> None:
    (found,) = read_provenance("mm: x", body).upstream
    assert (found.id, found.form, found.url, found.branch, found.certain) == (A, form, url, branch, True)


@pytest.mark.parametrize(
    "url",
    [
        f"https://git.kernel.org/linus/{A}",
        f"https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git/commit/?id={A}",
        f"https://github.com/torvalds/linux/commit/{A}",
        f"https://git.example.org/?p=linux.git;a=commitdiff;h={A}",
    ],
)
def test_origin_by_url(url: str) -> None:
    for line in (f"Origin: upstream, {url}", f"Origin: {url}", f"Applied-Upstream: 5.12, {url}"):
        (found,) = read_provenance("x", f"Text.\n\n{line}\n").upstream
        assert (found.id, found.form, found.url) == (A, F.ORIGIN, url)
    assert read_provenance("x", "Text.\n\nOrigin: vendor, commit 0123456789ab\n").upstream == ()


@pytest.mark.parametrize(
    "body",
    [
        f"commit {A}\nAuthor: A <a@b.c>\nDate:   Mon Mar 1 12:00:00 2021\n\n    mm: x\n",
        f"mainline inclusion\nfrom mainline-v5.12-rc1\ncommit {A}\ncategory: bugfix\nCVE: NA\n\n----\n\nText.\n",
        f"Bugzilla: https://bugzilla.example.com/1\n\ncommit {A}\n\nText.\n",
    ],
)
def test_a_bare_commit_line_is_not_certain(body: str) -> None:
    (found,) = read_provenance("mm: x", body).upstream
    assert (found.id, found.form, found.certain) == (A, F.BARE_COMMIT, False)


@pytest.mark.parametrize(
    "body",
    [
        f"This is broken since commit {A} and must go.\n",
        f"This is broken since\ncommit {A}\nwhich did it.\n",
        f"It was introduced by\ncommit {A} upstream.\nAnd more.\n",
        f'This was made worse by the upstream commit {A} ("mm: y").\n',
        f"This reverts commit {A}.\n",
        f'Fixes: {A[:12]} ("mm: y")\n',
        f"See commit {A} upstream for the reason.\n",
        f"As (cherry picked from commit {A}) in prose says.\n",
        f"Quote:\n\n    commit {A}\n    Author: X\n",
        f"The fix is upstream commit {A} which we have.\n",
        "commit deadbeef\n",
        "[ Upstream status: pending ]\n",
        f'Stable-dep-of: {A[:12]} ("mm: y")\n',
        f"base-commit: {A}\n",
        f"[ akpm: see commit {A} ]\n",
    ],
)
def test_near_misses(body: str) -> None:
    assert read_provenance("mm: x", body).upstream == ()


def test_several_ids_keep_their_order_and_the_from_line_is_last() -> None:
    body = f"[ Upstream commit {B} ]\n\nText.\n\n(cherry picked from commit {A})\n"
    body += f"(cherry picked from commit {B[:12]})\n"
    own = "f" * 40
    found = read_provenance("x", body, from_line=f"From {own} Mon Sep 17 00:00:00 2001").upstream
    assert [(x.id, x.form, x.certain) for x in found] == [
        (B, F.UPSTREAM_COMMIT, True),
        (A, F.CHERRY_PICKED, True),
        (own, F.FROM_LINE, False),
    ]
    zeros = read_provenance("x", "", from_line=f"From {'0' * 40} Mon Sep 17 00:00:00 2001")
    assert zeros.upstream == ()


def test_two_ids_in_one_bracket() -> None:
    found = read_provenance("x", f"[ Upstream commits {A} and {B} ]\n\nText.\n").upstream
    assert [x.id for x in found] == [A, B]


def test_a_carriage_return_hides_nothing() -> None:
    body = f"commit {A} upstream.\r\n\r\nText.\r\n\r\nBug: 7\r\n"
    found = read_provenance("x", body)
    assert ([x.id for x in found.upstream], found.bugs) == ([A], ("7",))


def test_failed_mail() -> None:
    body = f"The patch below does not apply.\n\ngit cherry-pick -x {A}\n\n--- original commit ---\n\n"
    body += f"From {A} Mon Sep 17 00:00:00 2001\n"
    found = read_provenance('FAILED: patch "[PATCH] mm: x" failed to apply to 5.15-stable tree', body)
    assert found.failed_tree == "5.15-stable"
    assert [(x.id, x.form) for x in found.upstream] == [(A, F.FAILED_MAIL)]
    other = read_provenance("mm: patch failed to apply", body)
    assert (other.failed_tree, other.upstream) == ("", ())
