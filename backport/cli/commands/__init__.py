"""The commands: one module each, loaded when it is named."""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    """A command: its name, the module with `configure(parser)` and `run(arguments, console)`, and a
    line for the help."""

    name: str
    module: str
    help: str


COMMANDS: tuple[Command, ...] = (
    Command(
        "check", "backport.cli.commands.check", "where every hunk of a patch lands on a target, and why not"
    ),
    Command(
        "prereqs",
        "backport.cli.commands.prereqs",
        "which upstream commits make a patch land, and as a series",
    ),
    Command("show", "backport.cli.commands.show", "what a patch is: files, functions, provenance, comments"),
    Command("rules", "backport.cli.commands.rules", "list the rules of findings, or explain one"),
    Command(
        "index", "backport.cli.commands.index", "read a tree's definitions once, so that checks are quick"
    ),
    Command("schema", "backport.cli.commands.schema", "print the JSON Schema of a report"),
    Command("demo", "backport.cli.commands.demo", "check the embedded example"),
    Command("completion", "backport.cli.commands.completion", "print completion for bash, zsh or tcsh"),
)
