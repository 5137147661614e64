"""`backport merge-driver`, called by the real git: what is certain is resolved, all else is as git leaves it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.cli.support import run
from tests.support.repo import Repo

ROOT = Path(__file__).resolve().parents[2]
BASE = """\
#include <a.h>

int first(int a)
{
\tint sum = 0;

\tsum += a;
\treturn sum;
}

int second(int a, int b)
{
\treturn first(a) + b;
}
"""
# Both sides change the same line, at words that have nothing to do with each other.
OURS = BASE.replace("int second(int a, int b)", "long second(int a, int b)")
THEIRS = BASE.replace("int second(int a, int b)", "int second(int a, int b, int c)")
BOTH = BASE.replace("int second(int a, int b)", "long second(int a, int b, int c)")
# Both sides give one word another value: nobody can know.
OURS_2 = BASE.replace("int sum = 0;", "int sum = 1;")
THEIRS_2 = BASE.replace("int sum = 0;", "int sum = 2;")


def _driver(folder: Path, before: str = "") -> str:
    """A driver's command line; `before` is Python run before it, to break something."""
    folder.mkdir(exist_ok=True)
    script = folder / "driver.py"
    script.write_text(
        f"import sys\nsys.path.insert(0, {str(ROOT)!r})\nsys.path.insert(0, {str(ROOT / 'grammars')!r})\n"
        f"{before}\nfrom backport.cli.main import run\nrun()\n"
    )
    return f"{sys.executable} {script} merge-driver %O %A %B %L %P"


def _history(tmp_path: Path, ours: str, theirs: str, before: str = "", path: str = "src/a.c") -> Repo:
    repo = Repo(tmp_path / "repo")
    repo.commit({path: BASE}, "start\n")
    repo.branch("topic")
    repo.commit({path: theirs}, "theirs\n")
    repo.checkout("main")
    repo.commit({path: ours}, "ours\n")
    if before is not None:
        _configure(repo, _driver(tmp_path, before))
    return repo


def _configure(repo: Repo, driver: str) -> None:
    repo.git("config", "merge.backport.name", "backport")
    repo.git("config", "merge.backport.driver", driver)
    (repo.path / ".git" / "info").mkdir(exist_ok=True)
    (repo.path / ".git" / "info" / "attributes").write_text("*.[ch] merge=backport\n")


def _unmerged(repo: Repo) -> bool:
    return bool(repo.git("ls-files", "-u"))


def _unlabelled(text: str) -> list[str]:
    """The lines, markers without what stands behind them: a driver is not told the names of the sides."""
    return [x[:7] if x.startswith(("<<<<<<< ", "||||||| ", ">>>>>>> ")) else x for x in text.splitlines()]


@pytest.mark.parametrize("command", ["merge", "cherry-pick"])
def test_what_is_certain_is_merged(tmp_path: Path, command: str) -> None:
    repo = _history(tmp_path, OURS, THEIRS)
    done = repo.run(command, *(["--no-edit"] if command == "merge" else []), "topic")
    assert done.returncode == 0, done.stderr.decode()
    assert (repo.path / "src" / "a.c").read_text() == BOTH
    assert b"(certain)" in done.stderr, "it says what it did"
    assert not _unmerged(repo)


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
@pytest.mark.parametrize("command", ["merge", "cherry-pick"])
def test_what_is_not_is_left_as_git_leaves_it(tmp_path: Path, command: str, style: str) -> None:
    repo = _history(tmp_path, OURS_2, THEIRS_2)
    repo.git("config", "merge.conflictStyle", style)
    assert repo.run(command, "topic").returncode == 1
    assert _unmerged(repo)
    text = (repo.path / "src" / "a.c").read_text()
    (repo.path / ".git" / "info" / "attributes").unlink()
    repo.git("reset", "-q", "--hard")
    assert repo.run(command, "topic").returncode == 1
    plain = (repo.path / "src" / "a.c").read_text()
    assert _unlabelled(text) == _unlabelled(plain)
    assert ("|||||||" in text) == (style != "merge")


def test_one_conflict_that_is_not_certain_leaves_all_to_a_person(tmp_path: Path) -> None:
    ours = OURS.replace("int sum = 0;", "int sum = 1;")
    repo = _history(tmp_path, ours, THEIRS.replace("int sum = 0;", "int sum = 2;"))
    assert repo.run("merge", "topic").returncode == 1
    text = (repo.path / "src" / "a.c").read_text()
    assert text.count("<<<<<<<") == 2 and _unmerged(repo)


def test_what_git_merges_is_gits(tmp_path: Path) -> None:
    ours, theirs = BASE.replace("<a.h>", "<b.h>"), BASE.replace("return first(a) + b", "return first(b) + a")
    repo = _history(tmp_path, ours, theirs)
    assert repo.run("merge", "--no-edit", "topic").returncode == 0
    text = (repo.path / "src" / "a.c").read_text()
    assert "<b.h>" in text and "first(b) + a" in text


def _replaced(module: str, name: str, what: str) -> str:
    """Python that puts a function that only does `what` in place of another."""
    return f"import {module} as m\ndef f(*a, **k): {what}\nm.{name} = f"


_TEXTS = "backport.adapt.texts", "adapt_texts"
BREAKS = {
    "the strategies fail": _replaced(*_TEXTS, "raise RuntimeError('boom')"),
    "they run out of memory": _replaced(*_TEXTS, "raise MemoryError"),
    "they recurse": _replaced(*_TEXTS, "return f()"),
    "they are interrupted": _replaced(*_TEXTS, "raise KeyboardInterrupt"),
    "they exit": _replaced(*_TEXTS, "raise SystemExit(3)"),
    "git's merge fails": _replaced("backport.git.filemerge", "merge_file", "raise OSError('no')"),
    "a room cannot be loaded": "import sys\nsys.modules['backport.adapt.texts'] = None",
    "no scratch repository can be made": _replaced(
        "backport.git.store", "ObjectStore._open", "raise OSError(28)"
    ),
}


@pytest.mark.parametrize("before", BREAKS.values(), ids=list(BREAKS))
def test_a_bug_of_ours_leaves_gits_markers(tmp_path: Path, before: str) -> None:
    """In the case that is certain otherwise: nothing of either side is lost, and git knows of the conflict."""
    repo = _history(tmp_path, OURS, THEIRS, before)
    done = repo.run("merge", "topic")
    assert done.returncode == 1
    text = (repo.path / "src" / "a.c").read_text()
    assert (
        "<<<<<<<" in text
        and "long second(int a, int b)" in text
        and "int second(int a, int b, int c)" in text
    )
    assert _unmerged(repo)
    assert b"left as git leaves it" in done.stderr


def test_the_careful_line_of_the_help_holds_without_the_program(tmp_path: Path) -> None:
    """Where backport itself is not found, or cannot begin, the shell sees to the markers."""
    (line,) = [x for x in run("merge-driver", "--help").out.splitlines() if "||" in x]
    driver = line.split('"')[1]
    for program, name in (
        ("no-such-program", "a"),
        (_driver(tmp_path, "raise ImportError").split(" merge-")[0], "b"),
    ):
        repo = _history(tmp_path / name, OURS, THEIRS)
        _configure(repo, driver.replace("backport", program, 1))
        assert repo.run("merge", "topic").returncode == 1
        text = (repo.path / "src" / "a.c").read_text()
        assert text.count("<<<<<<<") == 1 and "long second(int a, int b)" in text and _unmerged(repo)
    working = _history(tmp_path / "c", OURS_2, THEIRS_2)
    _configure(working, driver.replace("backport", _driver(tmp_path).split(" merge-")[0], 1))
    assert working.run("merge", "topic").returncode == 1
    assert (working.path / "src" / "a.c").read_text().count("<<<<<<<") == 1


@pytest.mark.parametrize("path", ["-h.c", "--.c", "a b'$(touch x).c", "ä\n.c"])
def test_odd_paths(tmp_path: Path, path: str) -> None:
    repo = _history(tmp_path, OURS_2, THEIRS_2, path=path)
    assert repo.run("merge", "topic").returncode == 1
    assert "<<<<<<<" in (repo.path / path).read_text()
    repo = _history(tmp_path / "certain", OURS, THEIRS, path=path)
    assert repo.run("merge", "--no-edit", "topic").returncode == 0
    assert (repo.path / path).read_text() == BOTH


def test_the_size_of_markers(tmp_path: Path) -> None:
    repo = _history(tmp_path, OURS_2, THEIRS_2)
    attributes = repo.path / ".git" / "info" / "attributes"
    attributes.write_text("*.c merge=backport conflict-marker-size=12\n")
    assert repo.run("merge", "topic").returncode == 1
    assert "<" * 12 + " " in (repo.path / "src" / "a.c").read_text()


def test_a_binary_is_left_to_a_person(tmp_path: Path) -> None:
    repo = _history(tmp_path, "a\0b", "a\0c")
    assert repo.run("merge", "topic").returncode == 1
    assert (repo.path / "src" / "a.c").read_text() == "a\0b" and _unmerged(repo)


@pytest.mark.parametrize("words", [(), ("one",), ("no", "such", "file"), ("1", "2", "3", "4", "5", "6")])
def test_called_wrongly_it_is_one_line_and_status_1(words: tuple[str, ...]) -> None:
    result = run("merge-driver", *words)
    assert result.code == 1 and result.err.startswith("backport: ") and result.err.count("\n") == 1


@pytest.mark.parametrize(
    "proposal",
    [
        'b"\\nlong second(int a, int b)\\nlong second(int a, int b)"',
        'b"\\n<<<<<<< ours\\nlong second(int a, int b)\\n=======\\n>>>>>>> theirs"',
    ],
    ids=["a line twice", "a marker"],
)
def test_a_certain_result_that_cannot_be_right_is_not_taken(tmp_path: Path, proposal: str) -> None:
    before = (
        "import backport.adapt.texts as m\nfrom dataclasses import replace\nreal = m.adapt_texts\n"
        "def f(*a, **k):\n    found = real(*a, **k)\n"
        "    return replace(found, parts=tuple(\n"
        f"        p if isinstance(p, bytes) else replace(p, proposal={proposal}) for p in found.parts))\n"
        "m.adapt_texts = f"
    )
    repo = _history(tmp_path, OURS, THEIRS, before)
    done = repo.run("merge", "topic")
    text = (repo.path / "src" / "a.c").read_text()
    assert done.returncode == 1 and _unmerged(repo)
    assert text.count("<<<<<<<") == 1 and text.count("long second") == 1 and "int c)" in text
