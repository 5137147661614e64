"""Patch queues."""

from __future__ import annotations

from pathlib import Path

import pytest

from backport.errors import BackportError, InputError, UsageError
from backport.tree import QueueEntry, read_queue, split_queue, until


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
    )
    make(tmp_path, *(f"patches.suse/{x}.patch" for x in "abcd"))
    assert names(tmp_path) == [f"patches.suse/{x}.patch" for x in "abcd"]


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
    with pytest.raises(InputError):
        split_queue("nowhere@x")


def test_errors_are_one_line(tmp_path: Path) -> None:
    make(tmp_path / "gone", series="absent.patch\n")
    make(tmp_path / "option", "a", series="a -x\n")
    make(tmp_path / "root", "queue-6.1/series", "queue-6.6/series")
    make(tmp_path / "leaves", series="../gone/series\n")
    (tmp_path / "empty").mkdir()
    for folder, says in {
        "gone": "absent.patch",
        "option": "series:1",
        "root": "queue-6.1",
        "empty": "no patches",
        "nowhere": "does not exist",
        "leaves": "leaves",
    }.items():
        with pytest.raises(BackportError) as caught:
            read_queue(str(tmp_path / folder))
        assert says in str(caught.value) and "\n" not in str(caught.value)
