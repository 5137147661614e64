"""Whether a worktree differs from a commit, found without writing its index or running its programs.

`git status` with the repository's own configuration could start its fsmonitor or clean filters. It is run
in a throw-away git folder instead, which is shown the index and the files, and the few settings that decide
how files are compared.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from backport.errors import RepositoryError
from backport.git import process

if TYPE_CHECKING:
    from backport.git.repository import Repository

_COMPARING = r"^core\.(autocrlf|eol|filemode|ignorecase|symlinks|trustctime|checkstat|precomposeunicode)$"


def differs(repository: Repository, commit: str) -> bool:
    """Whether tracked files or the index of the worktree differ from the commit. Untracked files and what
    is inside submodules do not count."""
    folder = Path(repository.git_folder)
    for shared in Path(repository.git_dir).glob("sharedindex.*"):
        shutil.copyfile(shared, folder / shared.name)
    listed = process.run(["config", "-z", "--get-regexp", _COMPARING], git_dir=repository.git_dir)
    settings: list[str | bytes] = []
    for item in listed.out.split(b"\0")[:-1]:
        name, _, value = item.partition(b"\n")
        settings += ["-c", name + b"=" + value]
    unborn = (folder / "HEAD").read_text()
    (folder / "HEAD").write_text(commit + "\n")
    done = process.run(
        [*settings, "status", "--porcelain", "-z", "--untracked-files=no", "--ignore-submodules=all"],
        git_dir=str(folder),
        cwd=repository.work_tree,
        extra={
            "GIT_WORK_TREE": repository.work_tree,
            "GIT_INDEX_FILE": str(Path(repository.git_dir) / "index"),
        },
    )
    (folder / "HEAD").write_text(unborn)
    if done.code:
        raise RepositoryError(f"the state of {repository.shown} cannot be read: {done.complaint()}")
    return bool(done.out)
