"""Small git histories for tests: each test says what was committed, and knows the truth."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CLEAN_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "A U Thor",
    "GIT_AUTHOR_EMAIL": "author@example.com",
    "GIT_COMMITTER_NAME": "C O Mitter",
    "GIT_COMMITTER_EMAIL": "committer@example.com",
    "GIT_AUTHOR_DATE": "2021-03-01T12:00:00 +0000",
    "GIT_COMMITTER_DATE": "2021-03-01T12:00:00 +0000",
    "LC_ALL": "C",
}


class Repo:
    """A repository in `path` with a work tree, driven by the real git."""

    def __init__(self, path: Path, object_format: str = "sha1") -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main", f"--object-format={object_format}")
        self.git("config", "core.autocrlf", "false")

    def git(self, *arguments: str, stdin: bytes | None = None, check: bool = True) -> bytes:
        """Run git here and return what it printed; with check=False a failure is no error."""
        return self.run(*arguments, stdin=stdin, check=check).stdout

    def run(
        self, *arguments: str, stdin: bytes | None = None, check: bool = False
    ) -> subprocess.CompletedProcess[bytes]:
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.path,
            input=stdin,
            capture_output=True,
            env={**os.environ, **CLEAN_ENVIRONMENT},
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"git {arguments}: {done.stderr.decode(errors='replace')}")
        return done

    def write(self, files: Mapping[str, bytes | str | None]) -> None:
        """Write files into the work tree; None deletes."""
        for name, content in files.items():
            path = self.path / name
            if content is None:
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)

    def commit(self, files: Mapping[str, bytes | str | None], message: str = "change\n") -> str:
        """Commit exactly these changes on top of the current branch; returns the full id."""
        self.write(files)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-F", "-", stdin=message.encode())
        return self.head()

    def branch(self, name: str, start: str = "HEAD") -> None:
        self.git("checkout", "-q", "-b", name, start)

    def checkout(self, name: str) -> None:
        self.git("checkout", "-q", name)

    def head(self) -> str:
        return self.git("rev-parse", "HEAD").decode().strip()

    def tree(self, rev: str = "HEAD") -> str:
        """The id of a commit's tree."""
        return self.git("rev-parse", "--verify", f"{rev}^{{tree}}").decode().strip()

    def snapshot(self) -> dict[str, tuple[int, int, str]]:
        """Every file and folder below the repository: mode, time of change in ns, hash of the bytes."""
        return snapshot(self.path)

    def cherry_pick(self, commit: str, onto: str, *options: str) -> Picked:
        """What `git cherry-pick -n` of a commit onto another leaves, in this work tree."""
        self.git("checkout", "-q", "-f", "--detach", onto)
        done = self.run(*options, "cherry-pick", "-n", commit)
        stages = self.git("ls-files", "-s", "-z").split(b"\0")[:-1]
        unmerged = [x for x in stages if x.split()[2] != b"0"]
        files = {
            x.relative_to(self.path).as_posix(): x.read_bytes()
            for x in sorted(self.path.rglob("*"))
            if x.is_file() and not x.is_symlink() and ".git" not in x.relative_to(self.path).parts
        }
        tree = "" if unmerged else self.git("write-tree").decode().strip()
        self.git("reset", "-q", "--hard")
        self.git("clean", "-q", "-f", "-d", "-x")
        return Picked(done.returncode == 0, tree, tuple(sorted(unmerged)), files)


@dataclass(frozen=True)
class Picked:
    """The outcome of a cherry-pick: the index's tree when nothing is unmerged, the unmerged entries as
    `ls-files -s` lists them, the files of the work tree."""

    clean: bool
    tree: str
    unmerged: tuple[bytes, ...]
    files: dict[str, bytes]


def snapshot(top: Path) -> dict[str, tuple[int, int, str]]:
    """Every file and folder below `top`: mode, time of change in ns, hash of the bytes."""
    found: dict[str, tuple[int, int, str]] = {}
    for path in sorted(top.rglob("*")):
        status = path.lstat()
        digest = ""
        if path.is_file() and not path.is_symlink():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
        found[path.relative_to(top).as_posix()] = (status.st_mode, status.st_mtime_ns, digest)
    return found
