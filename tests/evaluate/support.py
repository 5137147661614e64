"""Small histories with backports in which the truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from backport.evaluate import Case
from tests.support.repo import Repo

_BEFORE = "".join(f"int before_{n};\n" for n in range(6))
_AFTER = "".join(f"int after_{n};\n" for n in range(6))


def source(call: str, more: str = "") -> str:
    """A C file with one call in a function."""
    return f"{_BEFORE}\nint work(int a, int b)\n{{\n\t{call}\n\treturn a;\n}}\n\n{_AFTER}{more}"


class History(NamedTuple):
    """`cases` by name."""

    repo: Repo
    cases: dict[str, Case]


def history(folder: Path) -> History:
    """Upstream changes one argument of a call in each of several files; the branch `stable` has another name for the
    function that is called, and backports each change:

    - `exact` as a merge by words has it, `equivalent` with other white space and a comment,
    - `different` with another value, `more` with a change to a further file,
    - `clean` in a file that the branch did not change, `silent` in one like it, with another value.
    """
    repo = Repo(folder)
    names = ("exact", "equivalent", "different", "more", "clean", "silent")
    start = {f"src/{n}.c": source("call(a, b, 1);") for n in names}
    repo.commit({**start, "src/other.c": "int other;\n"}, "start\n")
    repo.branch("stable")
    repo.commit(
        {f"src/{n}.c": source("old_call(a, b, 1);") for n in names if n not in ("clean", "silent")}, "drift\n"
    )
    repo.checkout("main")
    upstream = {
        n: repo.commit({f"src/{n}.c": source("call(a, b, 2);")}, f"{n}: call with two\n") for n in names
    }
    repo.checkout("stable")
    committed = {
        "exact": {"src/exact.c": source("old_call(a, b, 2);")},
        "equivalent": {"src/equivalent.c": source("old_call(a, b,\n\t\t 2); /* two */")},
        "different": {"src/different.c": source("old_call(a, b, 3);")},
        "more": {"src/more.c": source("old_call(a, b, 2);"), "src/other.c": "int other = 1;\n"},
        "clean": {"src/clean.c": source("call(a, b, 2);")},
        "silent": {"src/silent.c": source("call(a, b, 3);")},
    }
    git = {"clean": "identical", "silent": "different"}
    cases = {}
    for name in names:
        target = repo.head()
        message = f"{name}: call with two\n\n[ Upstream commit {upstream[name]} ]\n\nFor a reason.\n"
        backport = repo.commit(committed[name], message)
        base = repo.git("rev-parse", f"{upstream[name]}^").decode().strip()
        cases[name] = Case(git.get(name, "conflict"), target, upstream[name], base, backport, "stable")
    return History(repo, cases)
