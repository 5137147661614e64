"""Patch queues."""

from __future__ import annotations

from pathlib import Path

import pytest

from backport.errors import BackportError, InputError, UsageError
from backport.tree import QueueEntry, applied_forwards, read_queue, split_queue, until


def make(top: Path, *names: str, **texts: str) -> None:
    top.mkdir(parents=True, exist_ok=True)
    for name in names:
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text("a patch\n")
    for name, text in texts.items():
        (top / name).write_text(text)


def names(path: Path) -> list[str]:
    return [entry.name for entry in read_queue(str(path))]


def test_stable_queue(tmp_path: Path) -> None:
    make(tmp_path / "queue-6.1", "b.patch", "a.patch", "unused.patch", series="b.patch\na.patch\n")
    assert names(tmp_path / "queue-6.1") == ["b.patch", "a.patch"]
    assert names(tmp_path / "queue-6.1" / "series") == ["b.patch", "a.patch"]
    assert read_queue(str(tmp_path / "queue-6.1"))[0] == QueueEntry(
        "b.patch", str(tmp_path / "queue-6.1" / "b.patch")
    )


def test_quilt_options_and_comments(tmp_path: Path) -> None:
    series = (
        "# a comment\n\nbugfix/a.patch -p1 # why\n  b#c.patch\t-p0\nd.diff -R\ne -p 2\n#f.patch\ng -pab\n"
    )
    make(tmp_path / "debian/patches", "bugfix/a.patch", "b#c.patch", "d.diff", "e", "g", series=series)
    entries = read_queue(str(tmp_path))
    assert [(x.name, x.strip, x.reverse) for x in entries] == [
        ("bugfix/a.patch", 1, False),
        ("b#c.patch", 0, False),
        ("d.diff", 1, True),
        ("e", 2, False),
        ("g", 1, False),
    ]
    assert [x.where for x in entries] == [f"series:{n}" for n in (3, 4, 5, 6, 8)]
    assert applied_forwards((entries[0], entries[4])) == (entries[0], entries[4])
    for entry, how in zip(
        entries[1:4], ("applied with -p0", "taken out (-R)", "applied with -p2"), strict=True
    ):
        with pytest.raises(InputError) as caught:
            applied_forwards((*entries[:1], entry))
        assert str(caught.value).startswith(f"{entry.where}: the patch {entry.name} is {how}; ")


def test_suse_guards(tmp_path: Path) -> None:
    (tmp_path / "series.conf").write_text(
        "# Kernel patches\n\t########\n"
        "\tpatches.suse/a.patch\n"
        "+hack\tpatches.suse/off.patch\n"
        "-rt  patches.suse/b.patch # note\n"
        "+!rt patches.suse/c.patch\n"
        "-!rt patches.suse/off.patch\n"
        "+x -y patches.suse/off.patch\n"
        "-y +x patches.suse/d.patch\n"
        "+hack\n"
    )
    make(tmp_path, *(f"patches.suse/{x}.patch" for x in "abcd"))
    assert names(tmp_path) == [f"patches.suse/{x}.patch" for x in "abcd"]


def test_names_with_a_dot_stay_in_the_folder(tmp_path: Path) -> None:
    make(tmp_path, "d/a.patch", "b.patch", series="./d//a.patch\r\nb.patch\r\n")
    assert names(tmp_path) == ["./d//a.patch", "b.patch"]


def test_the_series_of_the_folder_comes_first(tmp_path: Path) -> None:
    for below in ("patches", "debian/patches", "."):
        make(tmp_path / below, "a.patch", series="a.patch\n")
        assert read_queue(str(tmp_path))[0].path == str(tmp_path / below / "a.patch")


def test_openwrt_numbers(tmp_path: Path) -> None:
    make(tmp_path, "101-b.patch", "020-a.patch", "900-c.patch", "README")
    assert names(tmp_path) == ["020-a.patch", "101-b.patch", "900-c.patch"]


def test_position() -> None:
    entries = tuple(QueueEntry(x, x) for x in ("d/a.patch", "b.patch", "e/b.patch", "c.diff"))
    assert until(entries, "") == entries
    assert until(entries, "c.diff") == entries and until(entries, "c") == entries
    assert until(entries, "a.patch") == until(entries, "a") == entries[:1]
    assert until(entries, "b.patch") == entries[:2], "the whole name comes first"
    for name in ("b", "nope", "d"):
        with pytest.raises(UsageError):
            until(entries, name)


def test_split(tmp_path: Path) -> None:
    make(tmp_path / "q@6.1", "a.patch")
    spec = str(tmp_path / "q@6.1")
    assert split_queue(spec) == (spec, "")
    assert split_queue(f"{spec}@a.patch") == (spec, "a.patch")
    assert split_queue(f"{spec}@a@b") == (spec, "a@b")
    for spec in ("nowhere@x", "x" * 5000, "x\0y", "@"):
        with pytest.raises(InputError):
            split_queue(spec)


def test_errors_are_one_line(tmp_path: Path) -> None:
    make(tmp_path / "gone", series="absent.patch\n")
    make(tmp_path / "option", "a", series="a -x\n")
    make(tmp_path / "root", "queue-6.1/series", "queue-6.6/series")
    make(tmp_path / "leaves", series="\n../gone/series\n")
    make(tmp_path / "absolute", series="/etc/passwd\n")
    make(tmp_path / "long", series="x" * 5000 + "\n")
    make(tmp_path / "nul", series="x\0y\n")
    (tmp_path / "after").mkdir()
    (tmp_path / "after" / "a").write_text("a patch\n")
    (tmp_path / "after" / "series.conf").write_text("a guard\n")
    (tmp_path / "empty").mkdir()
    for folder, says in {
        "gone": "absent.patch",
        "option": "series:1",
        "root": "queue-6.1",
        "empty": "no patches",
        "nowhere": "does not exist",
        "leaves": "series:2: the patch ../gone/series leaves the folder",
        "absolute": "series:1: the patch /etc/passwd leaves the folder",
        "long": "is not there",
        "nul": "is not there",
        "after": "series.conf:1: unknown option guard",
        "x" * 5000: "does not exist",
        "x\0y": "does not exist",
    }.items():
        with pytest.raises(BackportError) as caught:
            read_queue(str(tmp_path / folder))
        assert says in str(caught.value) and "\n" not in str(caught.value)
