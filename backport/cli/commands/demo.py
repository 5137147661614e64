"""`backport demo`: the ordinary check, on the embedded example."""

from __future__ import annotations

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path

from backport.cli.commands.check import analyse
from backport.cli.console import Console
from backport.cli.inputs import user_settings
from backport.cli.output import add_output_options, check_output, output_flags, write_report
from backport.cli.progress import Progress
from backport.errors import UsageError

_EPILOG = """\
examples:
  backport demo
  backport demo --format html -o demo.html
  backport demo --keep /tmp/example

exit codes: 0 it ran through, 2 bad usage, 3 a bug of backport's, 130 interrupted
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = "Build the embedded example's repository, check its series, and print the report."
    parser.epilog = _EPILOG
    parser.add_argument("--keep", metavar="FOLDER", help="build the example here (a new folder) and leave it")
    add_output_options(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    check_output(arguments)
    with ExitStack() as stack:
        folder = _folder(arguments.keep, stack)
        from backport.demo import build

        try:
            demo = build(folder)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or error
            raise UsageError(f"the example cannot be written to {folder}: {why}") from error
        words = argparse.Namespace(
            patches=[demo.series],
            onto=[f"{demo.repository}@{demo.target}"],
            upstream=f"{demo.repository}@{demo.upstream}",
            queue=None,
            kconfig=None,
            newer=[],
            kabi=[],
            config=None,
            **{n: getattr(arguments, n) for n in ("format", "output", "color", "width", "verbose", "quiet")},
        )
        flags = output_flags(arguments)
        settings = user_settings(words, console, flags)
        with ExitStack() as inner:
            progress = inner.enter_context(Progress(console.stderr, quiet=arguments.quiet))
            report = analyse(words, console, settings, flags, progress, inner)
        write_report(report, arguments, settings, console)
        if arguments.keep and not arguments.quiet:
            console.stderr.write(f"the example is in {folder}\n")
    return 0


def _folder(keep: str | None, stack: ExitStack) -> Path:
    from backport.tree import is_there

    if keep is None:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="backport-demo-"))) / "example"
    folder = Path(keep)
    if is_there(folder):
        raise UsageError(f"{keep} exists", "name a new folder")
    return folder
