"""The index on disk: built, interrupted, corrected, shared, damaged."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from io import BytesIO, StringIO
from pathlib import Path

import pytest

from backport.cli.main import main
from backport.errors import RepositoryError
from backport.index import tree_names
from backport.index.build import build
from backport.index.opening import forget
from backport.index.store import Cache, database_path, statistics
from backport.settings import Settings
from backport.tree import Tree, open_target
from tests.index.support import FILES, answers, many_files, places


def nothing(done: int, of: int) -> None:
    pass


def write(top: Path, files: dict[str, bytes]) -> Tree:
    for name, data in files.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_bytes(data)
    return opened(top)


def opened(top: Path) -> Tree:
    forget()
    return open_target(str(top), Settings()).tree


def built(top: Path, cache: Path) -> tuple[int, int, int]:
    store = Cache(str(cache))
    try:
        found = build(opened(top), store, nothing)
    finally:
        store.close()
    return found.files, found.read, found.gone


def backport(*words: str, cache: Path) -> tuple[int, str, str]:
    out, err = BytesIO(), StringIO()
    environ = {"XDG_CACHE_HOME": str(cache), "HOME": str(cache)}
    code = main(words, stdin=BytesIO(), stdout=out, stderr=err, environ=environ)
    return code, out.getvalue().decode(), err.getvalue()


def test_only_what_changed_is_read_again(tmp_path: Path) -> None:
    top, cache = tmp_path / "t", tmp_path / "c"
    write(top, FILES)
    assert built(top, cache) == (len(FILES), len(FILES), 0)
    assert built(top, cache) == (len(FILES), 0, 0)
    (top / "mm/frob.c").write_bytes(b"int quite_new;\n")
    (top / "mm/local.c").unlink()
    (top / "mm/added.c").write_bytes(b"int added;\n")
    assert built(top, cache) == (len(FILES), 2, 1)
    names = tree_names(opened(top), str(cache))
    assert places(names, "quite_new") == [("mm/frob.c", 1)]
    assert places(names, "helper") == places(names, "get_alpha") == []
    assert answers(names) == answers(tree_names(opened(top)))


def test_a_file_that_changed_after_the_build_is_corrected(tmp_path: Path) -> None:
    top, cache = tmp_path / "t", tmp_path / "c"
    write(top, FILES)
    built(top, cache)
    (top / "mm/frob.c").write_bytes(b"int quite_new;\n")
    (top / "lib/entry.S").unlink()
    (top / "mm/added.c").write_bytes(b"int added;\n")
    names = tree_names(opened(top), str(cache))
    assert places(names, "added") == [("mm/added.c", 1)]
    assert places(names, "fast_copy") == []
    assert not names.mentions("helper")
    assert answers(names) == answers(tree_names(opened(top)))


def test_interrupted_build_goes_on(tmp_path: Path) -> None:
    top, cache = tmp_path / "t", tmp_path / "c"
    files = many_files(7000)
    tree = write(top, files)
    store = Cache(str(cache))

    def interrupt(done: int, of: int) -> None:
        if done > 3500:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build(tree, store, interrupt)
    store.close()
    assert "fn_1_1" not in _definitions_of_whole(tree, cache)
    count, read, _ = built(top, cache)
    assert count == 7000
    assert 0 < read < 7000 - 3000
    names = tree_names(opened(top), str(cache))
    assert places(names, "fn_6999_29") == [("drivers/d6/f6999.c", 117)]
    assert names.mentions("x29") and not names.mentions("x30")


def _definitions_of_whole(tree: Tree, cache: Path) -> set[str]:
    """What an index of this tree that is taken for whole would hold: nothing, as long as it is not."""
    from backport.index.build import tree_key

    row = Cache(str(cache)).tree(tree_key(tree))
    return {"fn_1_1"} if row is not None and row[1] else set()


def test_killed_build_goes_on(tmp_path: Path) -> None:
    top, cache = tmp_path / "t", tmp_path / "c"
    write(top, many_files(7000))
    code = (
        "import os, signal, sys\n"
        "from backport.index.build import build\nfrom backport.index.store import Cache\n"
        "from backport.settings import Settings\nfrom backport.tree import open_target\n"
        "def kill(done, of):\n    done > 4500 and os.kill(os.getpid(), signal.SIGKILL)\n"
        "if __name__ == '__main__':\n"
        "    build(open_target(sys.argv[1], Settings()).tree, Cache(sys.argv[2]), kill, workers=1)\n"
    )
    child = subprocess.run(
        [sys.executable, "-c", code, str(top), str(cache)], check=False, env={**os.environ}
    )
    assert child.returncode == -signal.SIGKILL
    assert statistics(Cache(str(cache))).trees[0][2] is False
    _, read, _ = built(top, cache)
    assert 0 < read < 7000
    assert places(tree_names(opened(top), str(cache)), "fn_0_0") == [("drivers/d0/f0.c", 1)]


def _build_in_process(top: str, cache: str) -> None:
    store = Cache(cache)
    build(open_target(top, Settings()).tree, store, nothing, workers=1)
    names = tree_names(open_target(top, Settings()).tree, cache)
    assert names.find(["fn_3_3"])["fn_3_3"]


def test_several_processes_write_at_once(tmp_path: Path) -> None:
    cache = tmp_path / "c"
    tops = [tmp_path / f"t{k}" for k in range(3)]
    for k, top in enumerate(tops):
        write(top, many_files(300, seed=k))
    context = multiprocessing.get_context("spawn")
    children = [
        context.Process(target=_build_in_process, args=(str(top), str(cache))) for top in (*tops, tops[0])
    ]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [x.exitcode for x in children] == [0, 0, 0, 0]
    found = statistics(Cache(str(cache)))
    assert sorted((files, whole) for _, files, whole in found.trees) == [(300, True)] * 3
    for top in tops:
        assert places(tree_names(opened(top), str(cache)), "fn_299_0") == [("drivers/d5/f299.c", 1)]


@pytest.mark.parametrize("damage", ["text", "empty", "cut", "foreign", "folder", "page"])
def test_damaged_database_is_set_aside(tmp_path: Path, damage: str) -> None:
    top, cache = tmp_path / "t", tmp_path / "c"
    write(top, FILES)
    built(top, cache)
    path = database_path(str(cache))
    data = path.read_bytes()
    path.unlink()
    if damage == "text":
        path.write_bytes(b"this is no database\n" * 1000)
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "foreign":
        with sqlite3.connect(path) as other:
            other.execute("CREATE TABLE file(x)")
            other.execute("PRAGMA user_version = 1")
    elif damage == "folder":
        path.mkdir()
    else:
        path.write_bytes(data[:8192] + os.urandom(len(data) - 8192))
    names = tree_names(opened(top), str(cache))
    assert answers(names) == answers(tree_names(opened(top)))


def test_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    top = tmp_path / "t"
    write(top, FILES)
    (tmp_path / "file").write_bytes(b"")
    cache = str(tmp_path / "file" / "cache")
    assert answers(tree_names(opened(top), cache)) == answers(tree_names(opened(top)))
    with pytest.raises(RepositoryError):
        build(opened(top), Cache(cache), nothing)


def test_cache_is_the_users_alone(tmp_path: Path) -> None:
    write(tmp_path / "t", FILES)
    built(tmp_path / "t", tmp_path / "c" / "backport")
    assert stat.S_IMODE((tmp_path / "c" / "backport").stat().st_mode) == 0o700


def test_nothing_is_written_in_the_tree(tmp_path: Path) -> None:
    top = tmp_path / "t"
    write(top, FILES)
    before = {x: x.stat().st_mtime_ns for x in sorted(top.rglob("*"))}
    built(top, tmp_path / "c")
    tree_names(opened(top), str(tmp_path / "c")).find(["frob_page"])
    assert {x: x.stat().st_mtime_ns for x in sorted(top.rglob("*"))} == before


def test_command(tmp_path: Path) -> None:
    top, cache = tmp_path / "linux", tmp_path / "c"
    write(top, FILES)
    count = len(FILES)
    code, out, err = backport("index", str(top), cache=cache)
    assert (code, out, err) == (0, f"linux: {count} files, {count} read\n", "")
    assert backport("index", str(top), cache=cache)[1] == f"linux: {count} files, 0 read\n"
    (top / "mm/frob.c").unlink()
    assert backport("index", str(top), cache=cache)[1] == f"linux: {count - 1} files, 0 read, 1 gone\n"
    code, out, _ = backport("index", "--stat", cache=cache)
    assert code == 0
    assert f"  linux: {count - 1} files\n" in out
    assert backport("index", "--clear", "--stat", cache=cache)[0] == 0
    assert "linux" not in backport("index", "--stat", cache=cache)[1]


@pytest.mark.parametrize("words", [("index",), ("index", "no/such/tree"), ("index", "--no-such-option")])
def test_command_says_what_is_wrong(words: tuple[str, ...], tmp_path: Path) -> None:
    code, out, err = backport(*words, cache=tmp_path)
    assert (code, out) == (2, "")
    assert err.startswith("backport: ")
    assert err.count("\n") == 1
