"""Whose rules a backport must follow: what a message must say under each policy, and near misses."""

from __future__ import annotations

import re
from pathlib import Path

import backport_grammars
import pytest

from backport.checks import all_rules
from backport.checks.origin.policy import read_policy
from backport.git import Repository
from backport.intake import read_document
from backport.model import Finding, Patch, Severity, UpstreamForm
from backport.settings import POLICIES, Settings
from tests.checks.origin_support import AUTHOR, PORTER, SIGNED, codes, judged, message_patch, one
from tests.placement.support import target_of
from tests.support.repo import Repo
from tests.support.shared import seed

ID = "4cc6e15679966aa49afc5b114c3c83ba0ac39b05"
TARGET = target_of({"a.c": b"int one;\nint two;\n"})
DIFF = b"--- a/a.c\n+++ b/a.c\n@@ -1,2 +1,2 @@\n-int one;\n+int uno;\n int two;\n"
TEXT = "It is slow.\n\n"
CHANGE = "Change-Id: Idcd822b2a124a089121b9ad8c65061f6979126ec\n"
BUG = "Bug: 160737021\n"
PICKED = f"(cherry picked from commit {ID})\n"
LORE = "Link: https://lore.kernel.org/r/20210302000133.1-1-a@example.com\n"


def said(subject: str, body: str, policy: str) -> list[Finding]:
    return judged(message_patch(subject, body, DIFF), TARGET, policy=policy)


# --- the data --------------------------------------------------------------------------------------


def test_every_policy_of_the_settings_is_a_file_and_no_other() -> None:
    folder = Path(backport_grammars.__path__[0], "policies")
    assert {x.stem for x in folder.glob("*.toml")} == set(POLICIES)


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_names_rules_and_forms_that_there_are(name: str) -> None:
    policy = read_policy(name)
    assert policy.title
    assert {code for code, _ in policy.levels} <= {x.code for x in all_rules()}
    forms = {str(x) for x in UpstreamForm}
    for asked in policy.requirements:
        assert asked.because and asked.what in {"upstream", "trailer", "note", "tree", "link", "size"}
        assert set(asked.forms) <= forms
        assert (asked.tags | asked.unless) <= set(policy.tags or ()) or not asked.tags


# --- plain -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("subject", ["a: fix", "UPSTREAM: a: fix", "ANDROID: a: fix", "FROMLIST: a: fix"])
@pytest.mark.parametrize("body", ["", TEXT, TEXT + PICKED])
def test_plain_asks_nothing_of_a_message(subject: str, body: str) -> None:
    assert said(subject, body, "plain") == []


# --- stable ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "head",
    [
        f"commit {ID} upstream.\n\n",
        f"[ Upstream commit {ID} ]\n\n",
        f"From: A U Thor <author@example.com>\n\ncommit {ID} upstream.\n\n",
        f"commit {ID} upstream\n\n",
        f"[ Upstream commit {ID}\n  ]\n\n",
    ],
)
def test_stable_forms(head: str) -> None:
    assert said("a: fix", head + TEXT + SIGNED + PORTER, "stable") == []


def test_stable_wants_the_upstream_commit() -> None:
    finding = one(said("a: fix", TEXT + SIGNED, "stable"), "BP503")
    assert finding.severity is Severity.WARNING
    assert "commit <40 digits> upstream." in finding.suggestion


def test_stable_does_not_take_a_commit_that_prose_mentions() -> None:
    body = f'Since commit {ID} ("a: break") it is slow.\n\n{SIGNED}'
    assert "BP503" in codes(said("a: fix", body, "stable"))


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (f"commit {ID[:12]} upstream.\n\n{TEXT}{SIGNED}", "12 of the 40 digits"),
        (f"{TEXT}commit {ID} upstream.\n\n{SIGNED}", "below the text"),
        (f"{TEXT}{SIGNED}{PICKED}", "`(cherry picked from commit X)`, and not as"),
    ],
)
def test_stable_form_is_wrong(body: str, wrong: str) -> None:
    finding = one(said("a: fix", body, "stable"), "BP513")
    assert wrong in finding.message
    assert "as the first line" in finding.suggestion


def test_stable_wants_a_sign_off() -> None:
    assert (
        "Signed-off-by" in one(said("a: fix", f"commit {ID} upstream.\n\n{TEXT}", "stable"), "BP512").message
    )


def test_stable_keeps_upstreams_subject() -> None:
    finding = one(said("BACKPORT: a: fix", f"commit {ID} upstream.\n\n{TEXT}{SIGNED}", "stable"), "BP511")
    assert "BACKPORT:" in finding.message


def test_stable_says_how_large_a_patch_may_be() -> None:
    body = f"commit {ID} upstream.\n\n{TEXT}{SIGNED}"
    text = b"".join(b"+line %d\n" % n for n in range(120))
    diff = b"--- /dev/null\n+++ b/b.c\n@@ -0,0 +1,120 @@\n" + text
    finding = one(judged(message_patch("a: fix", body, diff), TARGET, policy="stable"), "BP515")
    assert finding.severity is Severity.NOTE and "121 lines" in finding.message
    assert "BP515" not in codes(said("a: fix", body, "stable"))


@pytest.fixture
def upstream(tmp_path: Path) -> Repo:
    repo = Repo(tmp_path / "up")
    repo.commit({"a.c": "int one;\nint two;\n"})
    repo.commit({"a.c": "int uno;\nint two;\n"}, f"a: fix\n\nIt is slow.\n\n{SIGNED}")
    return repo


def test_stable_wants_the_backporters_own_sign_off(upstream: Repo) -> None:
    home = Repository.open(str(upstream.path))
    try:
        for tail, missing in ((SIGNED, True), (SIGNED + PORTER, False), (SIGNED + SIGNED, False)):
            body = f"commit {upstream.head()} upstream.\n\n{TEXT}{tail}"
            found = judged(
                message_patch("a: fix", body, DIFF, AUTHOR), TARGET, policy="stable", upstream=home
            )
            assert ("BP512" in codes(found)) is missing, tail
    finally:
        home.close()


def test_a_missing_id_is_found_upstream(upstream: Repo) -> None:
    home = Repository.open(str(upstream.path))
    try:
        patch = message_patch("a: fix", TEXT + SIGNED + PORTER, DIFF, AUTHOR, "2021-03-01T12:00:00+00:00")
        finding = one(judged(patch, TARGET, policy="stable", upstream=home), "BP503")
        assert f"commit {upstream.head()} upstream." in finding.suggestion
        assert "the same subject and the same change" in finding.message
        assert "BP503" not in codes(judged(patch, TARGET, policy="plain", upstream=home))
        patch = message_patch(
            "a: fix", f"commit {upstream.head()[:12]} upstream.\n\n{TEXT}{SIGNED}{PORTER}", DIFF
        )
        assert (
            upstream.head() in one(judged(patch, TARGET, policy="stable", upstream=home), "BP513").suggestion
        )
    finally:
        home.close()


# --- android ---------------------------------------------------------------------------------------

GOOD = {
    "UPSTREAM": PICKED + BUG,
    "BACKPORT": PICKED + "[porter: resolved a conflict in a.c]\n" + BUG,
    "FROMGIT": f"(cherry picked from commit {ID}\n https://git.kernel.org/pub/scm/linux/kernel/git/x/y.git next)\n"
    + BUG,
    "FROMLIST": LORE + BUG,
    "ANDROID": BUG,
    "BACKPORT: FROMLIST": "[porter: resolved a conflict in a.c]\n" + LORE + BUG,
}


@pytest.mark.parametrize("tag", GOOD)
def test_android_kinds_of_patches(tag: str) -> None:
    assert said(f"{tag}: a: fix", TEXT + SIGNED + GOOD[tag] + PORTER + CHANGE, "android") == []


@pytest.mark.parametrize(
    "subject", ['Revert "UPSTREAM: a: fix"', "Merge 5.10.1 into android12-5.10", "Linux 5.10.2"]
)
def test_android_subjects_that_need_no_tag(subject: str) -> None:
    assert said(subject, TEXT + SIGNED + CHANGE, "android") == []


@pytest.mark.parametrize("subject", ["a: fix", "android: a: fix", "Linux: fix", "Reverting a fix"])
def test_android_wants_a_tag(subject: str) -> None:
    assert "BP511" in codes(said(subject, TEXT + SIGNED + BUG + CHANGE, "android"))


def test_android_knows_its_tags_only() -> None:
    finding = one(said("CHROMIUM: a: fix", TEXT + SIGNED + BUG + CHANGE, "android"), "BP511")
    assert "CHROMIUM:" in finding.message and "FROMLIST:" in finding.suggestion


MISSING = [
    ("UPSTREAM", BUG + CHANGE + SIGNED, "BP503", Severity.WARNING),
    ("UPSTREAM", PICKED.replace(ID, ID[:12]) + BUG + CHANGE + SIGNED, "BP513", Severity.WARNING),
    ("UPSTREAM", f"[ Upstream commit {ID} ]\n" + BUG + CHANGE + SIGNED, "BP513", Severity.WARNING),
    ("UPSTREAM", PICKED + CHANGE + SIGNED, "BP512", Severity.NOTE),
    ("UPSTREAM", PICKED + BUG + SIGNED, "BP512", Severity.WARNING),
    ("UPSTREAM", PICKED + BUG + CHANGE, "BP512", Severity.WARNING),
    ("BACKPORT", PICKED + BUG + CHANGE + SIGNED, "BP507", Severity.WARNING),
    ("FROMGIT", PICKED + BUG + CHANGE + SIGNED, "BP514", Severity.WARNING),
    ("FROMLIST", BUG + CHANGE + SIGNED, "BP514", Severity.WARNING),
    ("FROMLIST", "Link: https://example.org/a\n" + BUG + CHANGE + SIGNED, "BP514", Severity.WARNING),
    ("FROMLIST", LORE + CHANGE + SIGNED, "BP512", Severity.WARNING),
    ("ANDROID", CHANGE + SIGNED, "BP512", Severity.WARNING),
]


@pytest.mark.parametrize(("tag", "tail", "code", "severity"), MISSING)
def test_android_misses_one_thing(tag: str, tail: str, code: str, severity: Severity) -> None:
    (finding,) = said(f"{tag}: a: fix", TEXT + tail, "android")
    assert (finding.code, finding.severity) == (code, severity)
    assert finding.suggestion


def test_android_fromgit_of_a_tree_that_is_made_anew() -> None:
    place = "https://git.kernel.org/pub/scm/linux/kernel/git/next/linux-next.git akpm"
    body = f"{TEXT}{SIGNED}(cherry picked from commit {ID}\n{place})\n{PORTER}{BUG}{CHANGE}"
    (finding,) = said("FROMGIT: a: fix", body, "android")
    assert finding.code == "BP514" and finding.severity is Severity.NOTE and "linux-next" in finding.message


def test_the_users_severity_goes_before_the_policys() -> None:
    patch = message_patch("a: fix", TEXT, DIFF)
    found = judged(patch, TARGET, policy="android", rules={"BP511": "error", "BP512": "off"})
    assert [(f.code, f.severity) for f in found] == [("BP511", Severity.ERROR)]


# --- a real one ------------------------------------------------------------------------------------


def kernel_patch(number: int) -> Patch:
    path = seed(number)
    (patch,) = read_document(path.read_bytes(), path.name, settings=Settings()).patches
    return patch


def test_an_android_backport_with_its_note() -> None:
    """Its two reasons stand below `Conflicts:`; it was taken from linux-next."""
    target = target_of({"mm/memory.c": b"int one;\n"})
    found = judged(patch := kernel_patch(0), target, policy="android")
    assert [(f.code, f.severity) for f in found] == [("BP514", Severity.NOTE)]
    stable = judged(patch, target, policy="stable")
    assert codes(stable) == ["BP511", "BP513", "BP515"]
    assert all(not re.search(r"\bNone\b", f.message + f.suggestion) for f in stable)
