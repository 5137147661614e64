"""`backport index`: read a whole tree's definitions once, so that checks on it are quick."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

from backport.cli.console import Console
from backport.cli.inputs import cache_folder, open_targets, user_settings
from backport.cli.progress import Progress
from backport.errors import UsageError

if TYPE_CHECKING:
    from backport.index.build import Built
    from backport.index.store import Cache
    from backport.tree import Target

_EPILOG = """\
TARGET is REPO@REV, a worktree or a plain folder. Nothing is written in it: the index
is kept below $XDG_CACHE_HOME/backport or ~/.cache/backport. A check works without it
and answers the same, only slower. The command may be interrupted and goes on where it
stopped; when files changed, it reads only these.

examples:
  backport index ~/linux@v6.1
  backport index linux-6.1/
  backport index --commits ~/linux
  backport index --stat
  backport index --clear
"""
_UNITS = ("B", "KB", "MB", "GB", "TB")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = "Read every C file of the targets into the index of definitions."
    parser.epilog = _EPILOG
    parser.add_argument("targets", nargs="*", metavar="TARGET", help="a tree to be read")
    parser.add_argument(
        "--commits",
        action="append",
        default=[],
        metavar="REPO",
        help="read the commits of a repository's history too; may be repeated",
    )
    parser.add_argument("--stat", action="store_true", help="say what is there, and how large it is")
    parser.add_argument("--clear", action="store_true", help="remove the index, that of other versions too")
    parser.add_argument("--config", metavar="FILE", help="settings to read in place of your own file's")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")


def run(arguments: argparse.Namespace, console: Console) -> int:
    from backport.index.store import Cache, clear

    folder = cache_folder(console.environ)
    if not folder:
        raise UsageError("there is no folder for the index", "set XDG_CACHE_HOME or HOME")
    if not (arguments.targets or arguments.commits or arguments.stat or arguments.clear):
        raise UsageError("no target", "name a tree to be read, or see backport index --help")
    if arguments.clear:
        console.write(f"removed {clear(folder)} files\n")
    cache = Cache(folder)
    try:
        _build_all(arguments, console, cache)
        for path in arguments.commits:
            _build_commits(path, arguments, console, folder)
        if arguments.stat:
            console.write(_stat(cache))
    finally:
        cache.close()
    return 0


def _build_all(arguments: argparse.Namespace, console: Console, cache: Cache) -> None:
    from backport.index.build import build

    settings = user_settings(arguments, console, {})
    with ExitStack() as stack:
        for target in open_targets(arguments.targets, settings, stack):
            with Progress(console.stderr, quiet=arguments.quiet) as progress:
                built = build(target.tree, cache, _teller(progress, target.name))
            console.write(_told(target, built))


def _build_commits(path: str, arguments: argparse.Namespace, console: Console, folder: str) -> None:
    from backport.git import Repository
    from backport.index.commits_build import build_commits

    repository = Repository.open(path)
    try:
        name = repository.shown
        with Progress(console.stderr, quiet=arguments.quiet) as progress:
            stats = build_commits(repository, folder, _teller(progress, name, "commits"))
    finally:
        repository.close()
    console.write(f"{name}: {stats.commits} commits, {stats.added} read\n")


def _teller(progress: Progress, name: str, what: str = "files") -> Callable[[int, int], None]:
    """What tells the progress line how many are done, of how many."""
    return lambda done, of: progress.event(_Step(name, done, of, what))


class _Step:
    """What the progress line says."""

    def __init__(self, name: str, done: int, of: int, what: str) -> None:
        self.stage = f"{done} of {of} {what}"
        self.patch = self.patches = 0
        self.target = name


def _told(target: Target, built: Built) -> str:
    gone = f", {built.gone} gone" if built.gone else ""
    return f"{target.name}: {built.files} files, {built.read} read{gone}\n"


def _stat(cache: Cache) -> str:
    from backport.index.store import statistics

    found = statistics(cache)
    lines = [f"{cache.path}: {_size(found.size)}, {found.files} files, {found.names} names"]
    lines += [
        f"  {name}: {files} files{'' if whole else ', not finished'}" for name, files, whole in found.trees
    ]
    return "\n".join(lines) + "\n"


def _size(count: float) -> str:
    for unit in _UNITS:
        if count < 1024 or unit == _UNITS[-1]:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return ""
