"""A repository to measure on: two kernel releases, and commits whose truth is known.

`prepare` leaves in its folder: `full`, a clone that borrows the objects of the given repository, checked
out at the older release; in it the commit `ONE` (ten hunks in five files) on top of a chain of
`PATCHES` smaller commits; and `small`, a repository in which the same commit stands on 100 files.

The commits are made backwards: hunks of the difference between the two releases are taken out of the
newer one and put in again, so that each lands on the older one, where its lines stand elsewhere.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

OLD, NEW = "v6.1", "v6.12"
FOLDERS = ("fs", "kernel", "mm")
PATCHES = 30
SMALL = 100
APART = 8
LONGEST = 20
_HEADER = re.compile(rb"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "bench",
    "GIT_AUTHOR_EMAIL": "bench@example.org",
    "GIT_COMMITTER_NAME": "bench",
    "GIT_COMMITTER_EMAIL": "bench@example.org",
    "GIT_AUTHOR_DATE": "2024-11-17T12:00:00 +0000",
    "GIT_COMMITTER_DATE": "2024-11-17T12:00:00 +0000",
    "LC_ALL": "C",
}


@dataclass(frozen=True)
class Hunk:
    """A difference without context: 0-based first line and lines in each release."""

    old: int
    old_lines: tuple[bytes, ...]
    new: int
    new_count: int


@dataclass(frozen=True)
class History:
    """Where the repositories are; `one` is the commit of ten hunks, `series` the range of the smaller
    commits, `patches` their ids in order. `one` stands for the same change in `full` and `small`."""

    full: Path
    small: Path
    target: str
    one: str
    small_one: str
    series: str
    patches: tuple[str, ...]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a process that is measured or that builds: no habits of the user's, and
    Python may keep its byte code, as it does for a user."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, **_ENVIRONMENT, **(extra or {})}


def git(folder: Path, *arguments: str, stdin: bytes | None = None, index: Path | None = None) -> bytes:
    """Run git in `folder`; what it printed. Raises CalledProcessError, with its words shown."""
    extra = {"GIT_INDEX_FILE": str(index)} if index else {}
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        input=stdin,
        stdout=subprocess.PIPE,
        env=environment(extra),
        check=True,
    )
    return done.stdout


def make_repository(folder: Path, trees: Sequence[tuple[str, Path]]) -> Path:
    """A bare repository with a commit and a tag for each unpacked tree. Takes a minute or two."""
    git(folder.parent, "init", "-q", "--bare", str(folder))
    for tag, tree in trees:
        index = folder / f"index-{tag}"
        words = (f"--git-dir={folder}", f"--work-tree={tree}", "-c", "core.autocrlf=false")
        git(tree, *words, "add", "-A", "-f", ".", index=index)
        written = git(folder, "write-tree", index=index).decode().strip()
        commit = git(folder, "commit-tree", "-m", tag, written).decode().strip()
        git(folder, "tag", tag, commit)
        index.unlink()
    return folder


def prepare(repository: Path, cache: Path) -> History:
    """Build all that is measured in `cache`, from a repository with the tags OLD and NEW."""
    full = cache / "full"
    if not full.exists():
        git(cache, "clone", "-q", "--shared", "--no-checkout", str(repository.resolve()), str(full))
        git(full, "config", "gc.auto", "0")
        git(full, "checkout", "-q", "--detach", OLD)
    chosen = _chosen(full)
    series = [tuple(islice(chosen, 2)) for _ in range(PATCHES)]
    ten = tuple(islice(chosen, 5))
    if len(ten) < 5:
        raise SystemExit(f"the difference of {OLD} and {NEW} has too few hunks that stand apart")
    commits = _chain(full, [*series, ten], cache / "index")
    history = History(
        full=full,
        small=cache / "small",
        target=OLD,
        one=commits[-1],
        small_one="one",
        series=f"{commits[0]}..{commits[-2]}",
        patches=tuple(commits[1:-1]),
    )
    git(full, "update-ref", "refs/heads/bench", history.one)
    _small(history, [x for x, _ in ten], cache / "index")
    return history


def _chosen(full: Path) -> Iterator[tuple[str, tuple[Hunk, ...]]]:
    """Files with two hunks that stand apart from all others, a fixed choice spread over the folders."""
    listed = git(full, "diff", "--name-only", "--no-renames", "--diff-filter=M", OLD, NEW, "--", *FOLDERS)
    names = [x for x in listed.decode().splitlines() if x.endswith(".c")]
    for name in sorted(names, key=lambda x: hashlib.sha256(x.encode()).digest()):
        apart = list(_apart(_hunks(git(full, "diff", "-U0", "--no-renames", OLD, NEW, "--", name))))
        if len(apart) >= 2:
            yield name, (apart[0], apart[-1])


def _hunks(diff: bytes) -> Iterator[Hunk]:
    lines = diff.split(b"\n")
    for number, line in enumerate(lines):
        if found := _HEADER.match(line):
            old, new = int(found[1]), int(found[3])
            old_count, new_count = int(found[2] or 1), int(found[4] or 1)
            removed = tuple(x[1:] for x in lines[number + 1 : number + 1 + old_count])
            # with a count of 0 the line named is the one before
            yield Hunk(old - (old_count > 0), removed, new - (new_count > 0), new_count)


def _apart(hunks: Iterable[Hunk]) -> Iterator[Hunk]:
    """The short hunks with APART unchanged lines on both sides."""
    listed = list(hunks)
    for number, hunk in enumerate(listed):
        before = listed[number - 1].new + listed[number - 1].new_count if number else -APART
        after = listed[number + 1].new if number + 1 < len(listed) else hunk.new + LONGEST + APART
        room = hunk.new - before >= APART and after - (hunk.new + hunk.new_count) >= APART
        if room and hunk.new > APART and max(len(hunk.old_lines), hunk.new_count) <= LONGEST:
            yield hunk


def _chain(full: Path, groups: Sequence[Sequence[tuple[str, tuple[Hunk, ...]]]], index: Path) -> list[str]:
    """NEW without all these hunks, then a commit for each group that puts its own in again."""
    index.unlink(missing_ok=True)
    git(full, "read-tree", NEW, index=index)
    without = {name: _without(full, name, hunks) for group in groups for name, hunks in group}
    parent = _commit(full, without, "base", [], index)
    commits = [parent]
    for number, group in enumerate(groups, start=1):
        restored = {name: git(full, "rev-parse", f"{NEW}:{name}").decode().strip() for name, _ in group}
        commits.append(_commit(full, restored, f"bench: change {number}", [commits[-1]], index))
    return commits


def _without(full: Path, name: str, hunks: Iterable[Hunk]) -> str:
    """The blob of NEW's file in which these hunks are as they were."""
    lines = git(full, "show", f"{NEW}:{name}").split(b"\n")
    for hunk in sorted(hunks, key=lambda x: -x.new):
        lines[hunk.new : hunk.new + hunk.new_count] = hunk.old_lines
    return git(full, "hash-object", "-w", "--stdin", stdin=b"\n".join(lines)).decode().strip()


def _commit(full: Path, blobs: Mapping[str, str], subject: str, parents: Sequence[str], index: Path) -> str:
    listed = "".join(f"100644 {id}\t{name}\n" for name, id in blobs.items())
    git(full, "update-index", "--index-info", stdin=listed.encode(), index=index)
    tree = git(full, "write-tree", index=index).decode().strip()
    words = [x for parent in parents for x in ("-p", parent)]
    return git(full, "commit-tree", "-m", subject, *words, tree).decode().strip()


def _small(history: History, names: Sequence[str], index: Path) -> None:
    """A repository of SMALL files that holds the same change: branches `target` and `one`."""
    if history.small.exists():
        return
    others = git(history.full, "ls-tree", "-r", "--name-only", OLD, "mm/", "kernel/").decode().splitlines()
    kept = [*names, *[x for x in others if x.endswith(".c") and x not in names]][:SMALL]
    refs = {"target": OLD, "parent": f"{history.one}^", "one": history.one}
    made: dict[str, str] = {}
    for ref, revision in refs.items():
        listed = git(history.full, "ls-tree", "-r", revision, "--", *kept)
        index.unlink(missing_ok=True)
        git(history.full, "update-index", "--index-info", stdin=listed, index=index)
        tree = git(history.full, "write-tree", index=index).decode().strip()
        parent = ["-p", made["parent"]] if ref == "one" else []
        made[ref] = git(history.full, "commit-tree", "-m", ref, *parent, tree).decode().strip()
        git(history.full, "update-ref", f"refs/heads/small-{ref}", made[ref])
    git(history.small.parent, "init", "-q", "--bare", str(history.small))
    wanted = [f"refs/heads/small-{x}:refs/heads/{x}" for x in ("target", "one")]
    git(history.small, "fetch", "-q", str(history.full), *wanted)
