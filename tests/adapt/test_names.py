"""The target's names, read from where two files drifted apart; and what is not to be believed."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given, settings

from backport.adapt.names import Drift, drifted, local_drift, prefixed, renamed
from backport.adapt.words import words_of
from backport.git import Scratch
from tests.adapt.test_words import ANY


def drift_of(*files: tuple[str, str]) -> Drift:
    with Scratch() as scratch:
        rows = [(one.encode(), other.encode()) for one, other in files]
        return drifted([(one, other, scratch.diff(one, other)) for one, other in rows])


CODE = "int f(void)\n{\n\told_lock(a);\n\tgo(1);\n\told_lock(b);\n\treturn 0;\n}\n"


def test_a_name_that_the_target_has_in_place_of_another() -> None:
    found = drift_of((CODE, CODE.replace("old_lock", "new_lock")))
    assert found.names == {(b"", b"old_lock"): (b"new_lock", 2)} and found


def test_no_name_of_a_file_that_is_the_same() -> None:
    assert not drift_of((CODE, CODE))


def test_a_name_that_the_target_has_too_is_another_thing() -> None:
    assert not drift_of((CODE, CODE.replace("old_lock(a)", "new_lock(a)")))


def test_a_name_that_another_file_of_the_target_has_is_another_thing() -> None:
    """All files of the patch are looked at together."""
    other = "int g(void)\n{\n\treturn old_lock(c);\n}\n"
    assert not drift_of((CODE, CODE.replace("old_lock", "new_lock")), (other, other))


def test_a_name_that_the_base_has_too_is_another_thing() -> None:
    base = CODE + "int new_lock;\n"
    assert not drift_of((base, base.replace("old_lock", "new_lock")))


def test_a_name_with_several_others_in_its_place_is_not_believed() -> None:
    target = CODE.replace("old_lock(a)", "one_lock(a)").replace("old_lock(b)", "two_lock(b)")
    assert not drift_of((CODE, target))


def test_a_number_is_no_name() -> None:
    assert not drift_of((CODE, CODE.replace("go(1)", "go(2)")))


def test_a_tag_is_told_from_a_name() -> None:
    base = "struct page *a;\nint page;\n"
    found = drift_of((base, base.replace("struct page", "struct folio")))
    assert found.names == {(b"struct", b"page"): (b"folio", 1)}
    assert renamed(b"struct page *p = page;", found) == (b"struct folio *p = page;", (("page", "folio"),))


def test_a_prefix_is_shown_by_two_names() -> None:
    base = "a(RTE_ETH_ONE);\nkeep();\nb(RTE_ETH_TWO);\n"
    found = drift_of((base, base.replace("RTE_ETH", "ETH")))
    assert dict(found.prefixes) == {b"RTE_": b""}
    assert prefixed([b"RTE_ETH_THREE", b"RTE_X", b"OTHER_RTE_X"], found) == {b"RTE_ETH_THREE": b"ETH_THREE"}


def test_one_name_shows_no_prefix() -> None:
    base = "a(RTE_ETH_ONE);\nkeep();\n"
    assert dict(drift_of((base, base.replace("RTE_ETH", "ETH"))).prefixes) == {}


def test_local_names_need_two_places() -> None:
    twice, once = b"f(one);\ng(one);", b"f(one);\ng(x);"
    local = local_drift(words_of(twice), words_of(twice.replace(b"one", b"two")))
    assert local.names == {(b"", b"one"): (b"two", 2)}
    assert not local_drift(words_of(once), words_of(once.replace(b"one", b"two")))
    assert not local_drift(words_of(twice), words_of(b"f(two);\ng(one);"))
    assert not local_drift(words_of(twice), words_of(b"f(two);\ng(three);"))


def test_only_whole_words_are_put_otherwise() -> None:
    drift = Drift({(b"", b"lock"): (b"mutex", 2)}, {})
    text, used = renamed(b"lock(unlock, lock_it);\n\tlock", drift)
    assert (text, used) == (b"mutex(unlock, lock_it);\n\tmutex", (("lock", "mutex"),))


@settings(deadline=None, max_examples=100)
@given(ANY, st.sampled_from([b"a", b"dev", b"1"]))
def test_without_a_drift_or_its_words_a_text_is_as_it_was(data: bytes, name: bytes) -> None:
    assert renamed(data, Drift({}, {})) == (data, ())
    text, used = renamed(data, Drift({(b"", name): (b"zz", 1)}, {}))
    assert bool(used) == (name in {w.text for w in words_of(data).words}) == (text != data)
