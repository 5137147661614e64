"""Runs the command line within the test's process, with streams of its own."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from backport.cli.main import main
from tests.support.repo import Repo

OLD = b"".join(b"int line_%d;\n" % n for n in range(1, 31))
NEW = OLD.replace(b"int line_15;\n", b"int line_15a;\nint line_15b;\n")
DRIFTED = OLD.replace(b"int line_15;\n", b"long other_15;\n").replace(b"int line_14;\n", b"long other_14;\n")


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def run(
    *argv: str | Path,
    stdin: bytes = b"",
    environ: Mapping[str, str] | None = None,
    stderr: io.StringIO | None = None,
) -> Result:
    out, err = io.BytesIO(), stderr or io.StringIO()
    code = main(
        [str(a) for a in argv], stdin=io.BytesIO(stdin), stdout=out, stderr=err, environ=environ or {}
    )
    return Result(code, out.getvalue().decode(), err.getvalue())


def history(folder: Path) -> tuple[Repo, str]:
    """A repository with branches `main` (the change is its tip), `old` (before it), `drifted` (the
    lines it changes are other lines), and the id of the change."""
    repo = Repo(folder)
    repo.commit({"src/a.c": OLD, "Makefile": b"VERSION = 6\nPATCHLEVEL = 1\nSUBLEVEL = 7\n"}, "start\n")
    repo.branch("old")
    repo.branch("drifted")
    repo.commit({"src/a.c": DRIFTED}, "drift\n")
    repo.checkout("main")
    change = repo.commit({"src/a.c": NEW}, "a: split line 15\n\nFor a reason.\n")
    return repo, change
