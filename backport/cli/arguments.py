"""From words to a command and its arguments. Errors are UsageErrors, help goes to stdout."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from backport import __version__
from backport.cli.commands import COMMANDS, Command
from backport.cli.console import Console
from backport.errors import MissingExtraError, UsageError

Runner = Callable[[argparse.Namespace, Console], int]
PLUGINS = "backport.commands"

_DESCRIPTION = "Does a patch land on another kernel tree, hunk by hunk, and if not, why not?"
_EPILOG = """\
examples:
  backport check fix.patch --onto ~/linux@v6.1.100
  backport check v6.9..topic --upstream ~/linux --onto stable@linux-6.1.y
  curl -s https://lore.kernel.org/r/ID/raw | backport check - --onto linux-6.1/
  backport show series.mbox
  backport demo

exit codes:
  0 all patches are clean or applied, 1 some are not, 2 bad input or usage,
  3 a bug of backport's, 130 interrupted
"""


class _Printed(Exception):
    """Help was asked for; the argument is its text."""


class Parser(argparse.ArgumentParser):
    """An argument parser that neither prints nor exits: it raises UsageError, or _Printed with help."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, f"see {self.prog} --help")

    def print_help(self, file: object = None) -> NoReturn:
        raise _Printed(self.format_help())


def parse(argv: Sequence[str], console: Console) -> tuple[Runner | None, argparse.Namespace]:
    """The command to run (None when help or the version was printed) and its arguments."""
    parser = build(argv)
    try:
        arguments, rest = parser.parse_known_args(argv)
    except _Printed as printed:
        console.write(str(printed))
        return None, argparse.Namespace()
    if arguments.version:
        console.write(f"backport {__version__}\n")
        return None, arguments
    if arguments.command is None:
        raise UsageError("no command", "see backport --help")
    _take_rest(arguments, rest)
    return arguments.run, arguments


def _take_rest(arguments: argparse.Namespace, rest: list[str]) -> None:
    """Patches may stand on both sides of an option, which argparse alone does not take."""
    patches: list[str] | None = getattr(arguments, "patches", None)
    if patches is None or any(x.startswith("-") and x != "-" for x in rest):
        if rest:
            raise UsageError(f"unknown argument {rest[0]}", f"see backport {arguments.command} --help")
        return
    patches.extend(rest)


def build(argv: Sequence[str] | None = None) -> Parser:
    """The whole parser. With `argv` only the command that it names is loaded."""
    parser = Parser(
        prog="backport",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", parser_class=Parser)
    for command in [*COMMANDS, *_plugins(argv)]:
        sub = commands.add_parser(
            command.name,
            help=command.help,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        if argv is None or command.name in argv:
            _configure(command, sub)
    return parser


def _configure(command: Command, parser: Parser) -> None:
    try:
        module: Any = importlib.import_module(command.module)
    except ModuleNotFoundError as error:
        if command in COMMANDS:
            raise
        raise MissingExtraError(f"backport {command.name} needs {error.name}, which is not here") from error
    module.configure(parser)
    parser.set_defaults(run=module.run)


def _plugins(argv: Sequence[str] | None) -> list[Command]:
    """Commands of other packages (entry points of the group `backport.commands`). They are looked up
    only when they are needed, for it costs time: an unknown command, or help."""
    known = {c.name for c in COMMANDS}
    if argv is not None and (known & set(argv) or list(argv) == ["--version"]):
        return []
    from importlib.metadata import entry_points

    found = sorted(entry_points(group=PLUGINS), key=lambda e: e.name)
    return [
        Command(e.name, e.module, f"(from {e.module.partition('.')[0]})")
        for e in found
        if e.name not in known
    ]
