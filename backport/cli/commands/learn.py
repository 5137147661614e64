"""`backport learn`: what maintainers of a branch write again and again in place of upstream's words."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from backport.cli.console import Console
from backport.cli.inputs import cache_folder, open_upstream, user_settings
from backport.cli.output import check_output, write_whole
from backport.cli.progress import Progress
from backport.errors import UsageError

if TYPE_CHECKING:
    from backport.adapt.rewrites import Rewrite
    from backport.git import Repository
    from backport.settings import Settings

FORMATS = ("text", "json")
_SHOWN = 3
_EPILOG = """\
Each backport of the branch is laid beside the upstream commit that its message names.
A rewrite is learned when two backports made it; `kept` says how many left the left side
as it is. With --before only what COMMIT reaches is read, COMMIT itself left out. What was
read is kept below $XDG_CACHE_HOME/backport or ~/.cache/backport, and nothing is written
in REPO.

examples:
  backport learn ~/stable linux-5.15.y --upstream ~/linux@v6.9
  backport learn ~/stable linux-5.15.y -o rewrites.json
  backport learn . stable --before 4cc6e1567996

exit codes: 0 the branch was read, 2 bad input or usage, 3 a bug of backport's,
130 interrupted
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = "Learn the rewrites that a branch's earlier backports made of upstream's words."
    parser.epilog = _EPILOG
    parser.add_argument("repository", metavar="REPO", help="the repository of the branch")
    parser.add_argument("branch", metavar="BRANCH", help="the branch, or any revision")
    parser.add_argument(
        "--upstream",
        metavar="REPO[@REV]",
        help="the repository that holds the upstream commits (default: REPO); what REV reaches is no part of "
        "the branch",
    )
    parser.add_argument("--before", metavar="COMMIT", help="learn from what COMMIT reaches, itself left out")
    parser.add_argument(
        "--most", type=int, default=2000, metavar="N", help="backports to read, the newest (default: 2000)"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write to FILE, whole or not at all")
    parser.add_argument("--format", choices=FORMATS, help="default: text, or json with -o")
    parser.add_argument("--config", metavar="FILE", help="settings to read in place of your own file's")
    parser.add_argument("--width", type=int, default=0, metavar="N", help="columns (default: the terminal's)")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")


def run(arguments: argparse.Namespace, console: Console) -> int:
    arguments.verbose = False
    check_output(arguments)
    if arguments.most < 1:
        raise UsageError(f"--most {arguments.most} is no number of backports", "give 1 or more")
    settings = user_settings(arguments, console, {})
    with ExitStack() as stack:
        found, count = _learned(arguments, console, settings, stack)
    to_file = arguments.output not in (None, "-")
    if (arguments.format or ("json" if to_file else "text")) == "json":
        from backport.adapt.rewrites_file import dump

        document = dump(found)
    else:
        width = arguments.width or 80 if to_file else console.columns(max(0, arguments.width))
        lines = shown(found, count, arguments.branch, max(40, width))
        document = "".join(f"{x}\n" for x in lines).encode("utf-8", "replace")
    if to_file:
        write_whole(Path(arguments.output), document)
    else:
        console.write(document)
    return 0


def _learned(
    arguments: argparse.Namespace, console: Console, settings: Settings, stack: ExitStack
) -> tuple[tuple[Rewrite, ...], int]:
    """The rewrites, and of how many backports."""
    from backport.adapt.learning import Learner

    repository = _open(arguments.repository, settings, stack)
    upstream, since = open_upstream(arguments.upstream, settings, stack)
    learner = Learner(repository, upstream=upstream, since=since, cache=cache_folder(console.environ))
    stack.callback(learner.close)
    tip = repository.resolve(arguments.branch)
    before = repository.resolve(arguments.before) if arguments.before is not None else ""
    with Progress(console.stderr, quiet=arguments.quiet) as progress:
        return learner.counted(
            tip,
            before=before,
            most=arguments.most,
            on_progress=lambda done, of: progress.event(_Step(arguments.branch, done, of)),
        )


def _open(spec: str, settings: Settings, stack: ExitStack) -> Repository:
    """The repository at a path, or the one that the settings name so."""
    from backport.git import Repository
    from backport.tree import is_there

    repository = Repository.open(spec if is_there(spec) else settings.repositories.get(spec, spec))
    stack.callback(repository.close)
    return repository


class _Step:
    """What the progress line says."""

    def __init__(self, name: str, done: int, of: int) -> None:
        self.stage = f"{done} of {of} backports"
        self.patch = self.patches = 0
        self.target = name


# --- in words --------------------------------------------------------------------------------------


def shown(found: Sequence[Rewrite], count: int, branch: str, width: int) -> Iterator[str]:
    """The rewrites as lines: how often made and kept, kind, both sides, the newest commits."""
    from backport.report.terminal import harmless, wrap

    what = f"{len(found)} rewrite{'' if len(found) == 1 else 's'}"
    yield from wrap(harmless(f"{branch}: {what} of {count} backport{'' if count == 1 else 's'}"), width)
    if found:
        yield f"{'made':>6} {'kept':>5}  kind"
    for one in found:
        head = f"{one.support:6} {one.against:5}  {one.kind.value:6}  "
        yield from wrap(harmless(one.shown()), width, first=head, rest=" " * len(head))
        more = f" and {len(one.commits) - _SHOWN} more" if len(one.commits) > _SHOWN else ""
        commits = " ".join(x[:12] for x in one.commits[:_SHOWN])
        yield from wrap(f"{commits}{more}", width, first=" " * len(head), rest=" " * len(head))
