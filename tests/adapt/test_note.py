"""The note of a change log: file by file what was done and why, in each policy's form."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backport.adapt.note import WIDTH, Entry, entries, note
from backport.adapt.trailers import manner_of
from backport.adapt.values import Action, Confidence, FileProposal, PatchProposal, Piece, Step
from backport.model import ChangeKind, Drift, DriftKind, Feature, FileChange, PatchReport, PlacementKind
from backport.provenance.conflicts import find_conflicts
from backport.settings import POLICIES
from tests.support.reports import every_report

CHANGE = FileChange(ChangeKind.MODIFY, "mm/shmem.c", "mm/shmem.c")


def _piece(function: str, why: str, left_out: tuple[str, ...] = (), trace: tuple[Step, ...] = ()) -> Piece:
    return Piece(
        "mm/shmem.c", function, (1,), 10, b"\nbase", b"\nours", b"\ntarget", b"\nnew", Confidence.LIKELY, None, why,
        trace, (), left_out,
    )  # fmt: skip


def _file(*pieces: Piece, why: str = "", action: Action = Action.EDIT) -> FileProposal:
    return FileProposal(CHANGE, "mm/shmem.c", action, b"\n", b"\n", b"\n", pieces=pieces, why=why)


def _proposal(*files: FileProposal) -> PatchProposal:
    return PatchProposal(files, {}, Confidence.LIKELY)


def test_conflicts_of_one_cause_are_said_once() -> None:
    file = _file(_piece("f()", "moved along."), _piece("g()", "moved along."), _piece("h()", "other"))
    assert entries(_proposal(file)) == (Entry("mm/shmem.c", ("f(), g(): moved along", "h(): other")),)


def test_what_was_left_out_is_named_once() -> None:
    file = _file(_piece("f()", "kept ours", ("wp_copy",)), _piece("g()", "without wp_copy", ("wp_copy",)))
    assert entries(_proposal(file))[0].sentences == (
        "f(): kept ours; left out: wp_copy",
        "g(): without wp_copy",
    )


def test_a_piece_without_words_has_its_strategys() -> None:
    assert entries(_proposal(_file(_piece("f()", "", trace=(Step("words", "taken word by word"),)))))[
        0
    ].sentences == ("f(): taken word by word",)
    assert entries(_proposal(_file(_piece("", ""))))[0].sentences == ("resolved the conflict",)


def test_files_as_a_whole() -> None:
    dropped = replace(_file(action=Action.DROP), path="")
    followed = _file(why="the target has it in mm/old.c.")
    assert entries(_proposal(dropped))[0] == Entry("mm/shmem.c", ("left out: the target has no such file",))
    assert entries(_proposal(followed))[0].sentences == ("the target has it in mm/old.c",)
    assert entries(_proposal(_file())) == (), "where nothing was done nothing is said"


def _report(feature: str) -> PatchReport:
    """A patch whose first hunk conflicts because of a feature."""
    report = every_report()["conflict"].targets[0].patches[0]
    drift = Drift(DriftKind.PARAMETER, "upstream's takes `wp_copy`", "wp_copy", feature=feature)
    hunk = replace(report.files[0].hunks[0], number=1, drift=(drift,), placement=PlacementKind.CONFLICT)
    return replace(report, files=(replace(report.files[0], path=CHANGE.path, hunks=(hunk,)),))


def test_the_cause_that_a_check_found_is_named() -> None:
    feature = Feature("wp_copy", "absent", title="add a write-protect mode")
    title = 'without wp_copy ("add a write-protect mode"), which the target does not have'

    def said(why: str, after: bytes, cause: str = "wp_copy") -> tuple[str, ...]:
        file = replace(_file(_piece("f()", why)), before=b"a\n", after=after)
        return entries(_proposal(file), _report(cause), (feature,))[0].sentences

    assert said("taken", b"b\n") == (title, "f(): taken")
    assert said("without wp_copy, which the target does not have", b"b\n") == (f"f(): {title}",)
    assert said("taken", b"wp_copy\n")[0] == 'the target does not have wp_copy ("add a write-protect mode")'
    assert said("taken", b"b\n", cause="another") == ("f(): taken",)


def test_nothing_to_say_is_no_note() -> None:
    assert all(note((), manner_of(p).note) == "" for p in POLICIES)


def test_the_forms() -> None:
    listed = (Entry("mm/shmem.c", ("f(): one",)), Entry("fs/a.c", ("two", "three")))
    assert (
        note(listed, manner_of("android").note) == "Conflicts:\n\tmm/shmem.c: f(): one\n\tfs/a.c: two; three"
    )
    assert (
        note(listed, manner_of("stable").note) == "[ backport: mm/shmem.c: f(): one;\n  fs/a.c: two; three ]"
    )


@pytest.mark.parametrize("policy", POLICIES)
def test_a_reader_of_notes_finds_files_and_reasons(policy: str) -> None:
    long = "shmem_mcopy_atomic_pte(): " + "the write-protect parameter is not there " * 5
    listed = (Entry("mm/shmem.c", (long.strip(),)), Entry("include/linux/mm.h", ("a[i] taken",)))
    text = note(listed, manner_of(policy).note)
    (found,) = find_conflicts(f"Text.\n\nSigned-off-by: A <a@b>\n{text}\nSigned-off-by: C <c@d>")
    assert found.files == ("mm/shmem.c", "include/linux/mm.h")
    assert "a[i] taken" in " ".join(found.reasons) and "parameter" in " ".join(found.reasons)
    assert "Signed-off-by" not in found.text


WORDS = st.text(max_size=60)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=3), st.sampled_from(POLICIES))
def test_whatever_is_said_stays_within_the_note(said: list[tuple[str, str]], policy: str) -> None:
    """No line of it can be taken for another trailer, the end of the message, or a header."""
    file = _file(*(_piece(function.strip() and "f()", why) for function, why in said))
    text = note(entries(_proposal(file)), manner_of(policy).note)
    lines = text.split("\n")
    assert all(x[:1] in ("\t", " ") for x in lines[1:])
    assert lines[0] == "Conflicts:" or lines[0].startswith("[ backport: ")
    assert text.isprintable() or set(text) - {"\n", "\t"} == {x for x in text if x.isprintable()}
    if policy == "stable":
        assert text.endswith(" ]") and "[" not in text[2:].split("]")[0].replace("[", "", 1)


def test_lines_are_not_too_long() -> None:
    text = note((Entry("mm/shmem.c", ("word " * 60,)),), manner_of("stable").note)
    assert max(len(x) for x in text.split("\n")) <= WIDTH + 2
