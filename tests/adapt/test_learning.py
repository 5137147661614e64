"""What is learned of a branch: what several of its backports did, and nothing of what came after."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from backport.adapt.learning import Learner, learn
from backport.adapt.observed import VERSION, Observation, compared, observe
from backport.adapt.rewrites import Rewrite, RewriteKind
from backport.adapt.votes import Votes, rewrites_of
from backport.errors import TargetError
from backport.git import Repository
from tests.support.repo import Repo

FORMS = (
    "[ Upstream commit {} ]",
    "commit {} upstream.",
    "(cherry picked from commit {})",
    "master commit: {}",
)


class History:
    """Upstream on `main`, and `stable`, on which each upstream change is committed in other words."""

    def __init__(self, folder: Path, format: str = "sha1") -> None:
        self.repo = Repo(folder, format)
        self.repo.commit({"README": "both\n"}, "start\n")
        self.repo.branch("stable")
        self.repo.checkout("main")
        self.count = 0
        self.opened = Repository.open(str(folder))

    def change(
        self, upstream: str, stable: str | None, *, path: str = "", other: str = "", form: str = ""
    ) -> str:
        """One change upstream and its backport (its id), in a file of their own; None: as upstream."""
        self.count += 1
        path = path or f"src/f{self.count}.c"
        around = f"int f{self.count}(struct mm *mm)\n{{\n\tint ret;\n\n%s\n\treturn ret;\n}}\n"
        self.repo.checkout("main")
        id = self.repo.commit({path: around % upstream}, f"f{self.count}: change\n")
        self.repo.checkout("stable")
        text = upstream if stable is None else stable
        named = (form or FORMS[self.count % len(FORMS)]).format(id)
        return self.repo.commit({other or path: around % text}, f"f{self.count}: change\n\n{named}\n\nWhy.\n")

    def learned(self, before: str = "", cache: str = "", **more: int) -> dict[str, tuple[int, int]]:
        found = learn(self.opened, self.opened.resolve("stable"), before=before, cache=cache, **more)  # type: ignore[arg-type]
        return {x.shown(): (x.support, x.against) for x in found}


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "repo")


NEW, OLD = "\tret = new_helper(mm);", "\tret = old_helper(mm);"
RULE = "new_helper -> old_helper"


def test_what_two_backports_did_is_learned_with_its_evidence(history: History) -> None:
    ids = [history.change(NEW, OLD), history.change(NEW, OLD)]
    found = learn(history.opened, history.opened.resolve("stable"))
    assert found == (Rewrite(RewriteKind.NAME, ("new_helper",), ("old_helper",), 2, 0, (ids[1], ids[0])),)


def test_what_one_backport_did_is_not(history: History) -> None:
    history.change(NEW, OLD)
    assert history.learned() == {}
    assert history.learned(least=1) == {RULE: (1, 0)}


def test_twice_in_one_backport_is_once(history: History) -> None:
    history.change(f"{NEW}\n{NEW}", f"{OLD}\n{OLD}")
    assert history.learned() == {}


def test_every_form_of_naming_the_upstream_commit(tmp_path: Path) -> None:
    for number, form in enumerate(FORMS):
        history = History(tmp_path / str(number))
        history.change(NEW, OLD, form=form)
        history.change(NEW, OLD, form=form)
        assert history.learned() == {RULE: (2, 0)}, form


def test_an_abbreviated_id_and_another_object_format(tmp_path: Path) -> None:
    history = History(tmp_path / "repo", format="sha256")
    history.change(NEW, OLD, form="(cherry picked from commit {:.12})")
    history.change(NEW, OLD, form="(cherry picked from commit {:.20})")
    assert history.learned() == {RULE: (2, 0)}


def test_a_commit_that_names_none_teaches_nothing(history: History) -> None:
    history.change(NEW, OLD, form="this is like {} but shorter")
    history.change(NEW, OLD, form="[ Upstream commit 1234567890123456789012345678901234567890 ]")
    history.change(NEW, OLD, form="no id")
    assert history.learned(least=1) == {}


def test_backports_that_kept_it_count_against_it(history: History) -> None:
    for _ in range(3):
        history.change(NEW, OLD)
    history.change(NEW, None)
    assert history.learned() == {RULE: (3, 1)}
    history.change(NEW, None)
    history.change(NEW, None)
    assert history.learned() == {}


def test_what_was_rewritten_in_two_ways_counts_against_the_other(history: History) -> None:
    history.change(NEW, OLD)
    history.change(NEW, "\tret = third_helper(mm);")
    history.change(NEW, "\tret = third_helper(mm);")
    assert history.learned() == {"new_helper -> third_helper": (2, 1)}
    history.change(NEW, OLD)
    assert history.learned() == {}


def test_a_later_commit_is_not_seen(history: History) -> None:
    ids = [history.change(NEW, OLD) for _ in range(4)]
    assert history.learned() == {RULE: (4, 0)}
    assert history.learned(before=ids[3]) == {RULE: (3, 0)}
    assert history.learned(before=ids[2]) == {RULE: (2, 0)}
    assert history.learned(before=ids[1]) == {}


def test_before_must_be_of_the_branch(history: History) -> None:
    history.change(NEW, OLD)
    main = history.opened.resolve("main")
    with pytest.raises(TargetError, match="not in the branch"):
        history.learned(before=main)


def test_only_the_newest_are_read(history: History) -> None:
    for _ in range(3):
        history.change(NEW, OLD)
    history.change("\tret = other(mm);", None)
    assert history.learned(most=3) == {RULE: (2, 0)}
    assert history.learned(most=2) == {}


def test_a_call_of_another_form(history: History) -> None:
    history.change("\tmmap_read_lock(mm);", "\tdown_read(&mm->mmap_sem);")
    history.change("\tmmap_read_lock(vma->vm_mm);", "\tdown_read(&vma->vm_mm->mmap_sem);")
    assert history.learned() == {"mmap_read_lock($1) -> down_read(&$1->mmap_sem)": (2, 0)}


def test_names_that_share_a_prefix(history: History) -> None:
    for name in ("IP", "UDP", "TCP"):
        history.change(f"\tret = RTE_ETH_RSS_{name};", f"\tret = ETH_RSS_{name};")
    history.change("\tret = RTE_ETH_OTHER;", None)
    assert history.learned() == {"RTE_ETH_RSS_* -> ETH_RSS_*": (3, 0)}


def test_a_prefix_that_is_kept_as_often_is_none(history: History) -> None:
    for name in ("IP", "UDP", "TCP"):
        history.change(f"\tret = RTE_ETH_RSS_{name};", f"\tret = ETH_RSS_{name};")
    history.change("\tret = RTE_ETH_RSS_SCTP;", None)
    assert history.learned() == {}


def test_a_member_that_moved(history: History) -> None:
    for _ in range(2):
        history.change("\tret = mm->lro_supported + 1;", "\tret = mm->lro.supported + 1;")
    assert history.learned() == {"lro_supported -> lro.supported": (2, 0)}


def test_folders_and_headers(history: History) -> None:
    for name in ("a", "b"):
        history.change(
            "#include <new.h>", "#include <old.h>", path=f"lib/eal/{name}.c", other=f"lib/librte_eal/{name}.c"
        )
    assert history.learned() == {"lib/eal/ -> lib/librte_eal/": (2, 0), "new.h -> old.h": (2, 0)}


def test_a_folder_whose_files_stay_counts_against_it(history: History) -> None:
    for name in ("a", "b", "c"):
        history.change(NEW, None, path=f"lib/eal/{name}.c", other=f"lib/librte_eal/{name}.c")
    history.change(NEW, None, path="lib/eal/d.c")
    assert history.learned() == {"lib/eal/ -> lib/librte_eal/": (3, 1)}


def test_what_several_folders_have_in_common(history: History) -> None:
    for number in range(6):
        name = ("acl", "bpf", "eal")[number % 3]
        path = f"{name}/f{number}.c"
        history.change(NEW, None, path=f"lib/{path}", other=f"lib/core_{path}")
    layout = {"lib/ -> lib/core_": (6, 0)}
    assert history.learned() == {
        **layout,
        **{f"lib/{x}/ -> lib/core_{x}/": (2, 0) for x in ("acl", "bpf", "eal")},
    }
    history.change(NEW, None, path="lib/core_acl/x.c")
    assert history.learned()["lib/ -> lib/core_"] == (6, 0)
    history.change(NEW, None, path="lib/other/x.c")
    assert history.learned()["lib/ -> lib/core_"] == (6, 1)


def test_a_folder_that_went_to_two(history: History) -> None:
    for number in range(5):
        other = ("lib/one/", "lib/one/deep/")[number % 2]
        history.change(NEW, None, path=f"lib/f{number}.c", other=f"{other}f{number}.c")
    assert history.learned() == {"lib/ -> lib/one/": (3, 0), "lib/ -> lib/one/deep/": (2, 0)}


def test_comments_and_other_files_teach_nothing(history: History) -> None:
    for _ in range(2):
        history.change("\t/* new_helper */", "\t/* old_helper */")
    for name in ("a", "b"):
        history.change(NEW, OLD, path=f"doc/{name}.rst")
    assert history.learned() == {}


def test_upstream_in_a_repository_of_its_own(tmp_path: Path, history: History) -> None:
    for _ in range(2):
        history.change(NEW, OLD)
    alone = Repo(tmp_path / "alone")
    alone.git("fetch", "-q", str(history.repo.path), "stable:stable")
    stable = Repository.open(str(alone.path))
    assert learn(stable, stable.resolve("stable")) == ()
    found = learn(stable, stable.resolve("stable"), upstream=history.opened)
    assert [x.shown() for x in found] == [RULE]


def test_what_upstream_reaches_is_no_backport(history: History) -> None:
    for _ in range(2):
        history.change(NEW, OLD)
    tip = history.opened.resolve("stable")
    assert learn(history.opened, tip, since=tip) == ()


# --- what is kept --------------------------------------------------------------------------------


def test_the_cache_changes_no_answer_and_spares_the_reading(
    history: History, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        history.change(NEW, OLD)
    cache = str(tmp_path / "cache")
    first = history.learned(cache=cache)
    assert first == history.learned() == {RULE: (3, 0)}
    read: list[int] = []

    def counted(
        repository: Repository, upstream: Repository, found: Sequence[tuple[str, str]]
    ) -> dict[tuple[str, str], Observation]:
        read.append(len(found))
        return observe(repository, upstream, found)

    monkeypatch.setattr("backport.adapt.learning.observe", counted)
    assert history.learned(cache=cache) == first and read == []
    history.change(NEW, OLD)
    assert history.learned(cache=cache) == {RULE: (4, 0)} and read == [1]


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to be taken for one" * 50])
def test_a_cache_that_cannot_be_used_is_none(history: History, tmp_path: Path, content: bytes) -> None:
    for _ in range(2):
        history.change(NEW, OLD)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / f"learned-{VERSION}.sqlite").write_bytes(content)
    assert history.learned(cache=str(tmp_path / "cache")) == {RULE: (2, 0)}
    (tmp_path / "file").write_bytes(b"")
    assert history.learned(cache=str(tmp_path / "file")) == {RULE: (2, 0)}


def test_a_commit_that_cannot_be_read_is_left_out_and_not_kept(history: History, tmp_path: Path) -> None:
    for _ in range(5):
        history.change(NEW, OLD)
    cache = str(tmp_path / "cache")
    blob = history.repo.git("rev-parse", "main:src/f3.c").decode().strip()
    place = history.repo.path / ".git" / "objects" / blob[:2] / blob[2:]
    data = place.read_bytes()
    place.unlink()
    assert history.learned(cache=cache) == {RULE: (4, 0)}
    place.write_bytes(data)
    assert history.learned(cache=cache) == {RULE: (5, 0)}


def test_one_learner_for_many_cases(history: History) -> None:
    ids = [history.change(NEW, OLD) for _ in range(4)]
    learner = Learner(history.opened)
    tip = history.opened.resolve("stable")
    assert [len(learner.observations(tip, before=x)) for x in ids] == [0, 1, 2, 3]
    assert [x.support for x in learner.rewrites(tip, before=ids[3])] == [3]
    learner.close()


def test_nothing_is_written_in_the_repository(history: History, tmp_path: Path) -> None:
    for _ in range(2):
        history.change(NEW, OLD)
    before = history.repo.snapshot()
    history.learned(cache=str(tmp_path / "cache"))
    assert history.repo.snapshot() == before


# --- the parts -----------------------------------------------------------------------------------


def test_the_order_of_sources_does_not_matter_but_for_the_evidence() -> None:
    key = ("name", ("a",), ("b",))
    tells = [("one", [key], ["x"]), ("two", [key], ["a"]), ("three", [key], [])]
    ways = []
    for order in (tells, tells[::-1]):
        votes = Votes()
        for source, made, kept in order:
            votes.tell(source, made, kept)
        ways.append(rewrites_of(votes, 2))
    assert [(x.support, x.against) for x in ways[0]] == [(x.support, x.against) for x in ways[1]] == [(3, 1)]
    assert ways[0][0].commits == ways[1][0].commits[::-1]


def test_equal_arguments_are_each_a_hole_of_their_own() -> None:
    made, _ = compared(
        {b"a.c": [[b"\tcreate(&t, NULL, NULL, run, arg);"]]}, {b"a.c": [[b"\tspawn(&t, NULL, run, NULL);"]]}
    )
    for _, _, new in made:
        holes = [x for x in new if x.startswith("$")]
        assert len(holes) == len(set(holes))
