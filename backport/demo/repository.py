"""The example's repository, built from the files in data/.

The story: upstream's ufault got a write-protect mode, then minor faults for huge pages, then a series
that brings minor faults to shared memory. The older branch has minor faults for huge pages without
write-protect, and declares its enum inside CONFIG_UFAULT. So the series conflicts where `wp_copy` is
threaded through the same functions, and its handler needs a guard there that it does not need upstream.
"""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from backport.errors import RepositoryError, UsageError
from backport.git import process

DATA = Path(__file__).parent / "data"
COMMITTER = "Example Maintainer <maintainer@example.org>"
_NAMED = re.compile(r"\{\{([a-z-]+)(?::(\d+))?\}\}")


@dataclass(frozen=True, slots=True)
class Demo:
    """The built example.

    `upstream`, `target` and `reference` are branches of `repository`; `reference` is `target` with the
    series as its maintainer backported it. `series` is the range of the upstream commits to backport,
    `patches` their subjects in order.
    """

    repository: Path
    upstream: str
    target: str
    reference: str
    series: str
    patches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One commit of the example. `parent` is the name of another step, "" for the first; `date` is in
    seconds since 1970, UTC; `files` are whole, by path."""

    name: str
    branch: str
    parent: str
    author: str
    date: int
    tag: str
    message: str
    files: tuple[tuple[str, bytes], ...]


def steps(data: Path = DATA) -> tuple[Step, ...]:
    """The commits of the example, parents first."""
    table = tomllib.loads((data / "steps.toml").read_text("utf-8"))
    return tuple(_step(data / entry["name"], entry) for entry in table["step"])


def build(folder: Path) -> Demo:
    """Build the example in `folder`, which must be empty or not there; its ids are the same everywhere.

    Raises UsageError when something is in the folder, RepositoryError when git fails."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is not an empty folder", "name a new one for the example")
    folder.mkdir(parents=True, exist_ok=True)
    _git("init", "-q", "-b", "main", "--object-format=sha1", "--template=", ".", cwd=folder)
    all_steps = steps()
    _import(folder, all_steps)
    _git("read-tree", "-u", "--reset", "main", cwd=folder)
    subjects = [x.message.partition("\n")[0] for x in _series(all_steps)]
    return Demo(folder, "main", "stable-4.14", "stable-4.14-minor", "v5.12..main", tuple(subjects))


def _series(all_steps: tuple[Step, ...]) -> Iterator[Step]:
    """The steps after the one tagged v5.12 on main."""
    seen = False
    for step in all_steps:
        if seen and step.branch == "main":
            yield step
        seen = seen or step.tag == "v5.12"


def _step(folder: Path, entry: Mapping[str, str]) -> Step:
    top = folder / "tree"
    found = sorted(x for x in top.rglob("*") if x.is_file())
    return Step(
        name=entry["name"],
        branch=entry["branch"],
        parent=entry["parent"],
        author=entry["author"],
        date=int(datetime.fromisoformat(entry["date"]).timestamp()),
        tag=entry.get("tag", ""),
        message=(folder / "message").read_text("utf-8"),
        files=tuple((x.relative_to(top).as_posix(), x.read_bytes()) for x in found),
    )


def _git(*arguments: str, cwd: Path) -> None:
    done = process.run(arguments, cwd=str(cwd))
    if done.code:
        raise RepositoryError(f"the example cannot be built: {done.complaint()}")


def _import(folder: Path, all_steps: tuple[Step, ...]) -> None:
    """Commit all steps with one `git fast-import`, which tells the id of each as it goes."""
    arguments = ["fast-import", "--quiet", "--date-format=raw"]
    with process.start(arguments, str(folder / ".git")) as importer:
        if importer.stdin is None or importer.stdout is None:
            raise RepositoryError("the example cannot be built: git gave no pipes")
        ids: dict[str, str] = {}
        marks = {step.name: mark for mark, step in enumerate(all_steps, start=1)}
        for step in all_steps:
            mark = marks[step.name]
            importer.stdin.write(_commands(step, mark, marks.get(step.parent), ids))
            ids[step.name] = _told(importer, importer.stdin, importer.stdout, mark)
    if importer.returncode:
        raise RepositoryError("the example cannot be built: git fast-import failed")


def _told(importer: subprocess.Popen[bytes], stdin: IO[bytes], stdout: IO[bytes], mark: int) -> str:
    """Ask for the id of the commit `mark`."""
    stdin.write(b"get-mark :%d\n" % mark)
    stdin.flush()
    id = stdout.readline().decode().strip()
    if not id:
        importer.kill()
        raise RepositoryError("the example cannot be built: git fast-import ended early")
    return id


def _commands(step: Step, mark: int, parent: int | None, ids: Mapping[str, str]) -> bytes:
    """The commands of `git fast-import` for one commit (git's manual, git-fast-import(1))."""
    message = _NAMED.sub(lambda found: ids[found[1]][: int(found[2] or 40)], step.message).encode()
    lines = [
        f"commit refs/heads/{step.branch}".encode(),
        b"mark :%d" % mark,
        f"author {step.author} {step.date} +0000".encode(),
        f"committer {COMMITTER} {step.date} +0000".encode(),
        b"data %d\n%s" % (len(message), message),
    ]
    if parent is not None:
        lines.append(b"from :%d" % parent)
    for path, content in step.files:
        lines += [f"M 100644 inline {path}".encode(), b"data %d\n%s" % (len(content), content)]
    if step.tag:
        lines += [b"", f"reset refs/tags/{step.tag}".encode(), b"from :%d" % mark]
    return b"\n".join(lines) + b"\n\n"
