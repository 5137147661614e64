"""`backport show`: what a patch is, without a target."""

from __future__ import annotations

import argparse
from contextlib import ExitStack

from backport.cli.console import Console
from backport.cli.inputs import add_input_options, open_upstream, read_patches, user_settings
from backport.cli.output import add_output_options, check_output, output_flags, write_report
from backport.report.summary import exit_code

_EPILOG = """\
examples:
  backport show fix.patch
  backport show series.mbox --format json
  backport show v6.9..topic --upstream ~/linux
  curl -s https://lore.kernel.org/r/ID/raw | backport show -

exit codes: 0 it was read, 2 bad input or usage, nothing readable,
3 a bug of backport's, 130 interrupted
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = "Show what the patches are: files, functions, provenance, repairs, review comments."
    parser.epilog = _EPILOG
    add_input_options(parser)
    add_output_options(parser)


def run(arguments: argparse.Namespace, console: Console) -> int:
    from backport.engine import show

    check_output(arguments)
    settings = user_settings(arguments, console, output_flags(arguments))
    with ExitStack() as stack:
        repository, _ = open_upstream(arguments.upstream, settings, stack)
        report = show(read_patches(arguments, console, settings, repository))
    write_report(report, arguments, settings, console)
    return 2 if exit_code(report) == 2 else 0
