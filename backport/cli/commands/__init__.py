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
        "adapt", "backport.cli.commands.adapt", "the patch that lands, with how sure each piece of it is"
    ),
    Command(
        "resolve",
        "backport.cli.commands.resolve",
        "what to make of the conflicts that a stopped cherry-pick or merge left",
    ),
    Command(
        "merge-driver",
        "backport.cli.commands.merge_driver",
        "a merge driver for git that resolves what is certain",
    ),
    Command(
        "prereqs",
        "backport.cli.commands.prereqs",
        "which upstream commits make a patch land, and as a series",
    ),
    Command(
        "learn", "backport.cli.commands.learn", "what a branch's backports write in place of upstream's words"
    ),
    Command(
        "verify",
        "backport.cli.commands.verify",
        "compile what a patch changes on a kernel tree (runs its build system)",
    ),
    Command("show", "backport.cli.commands.show", "what a patch is: files, functions, provenance, comments"),
    Command(
        "evaluate",
        "backport.cli.commands.evaluate",
        "measure the program against what maintainers committed",
    ),
    Command("rules", "backport.cli.commands.rules", "list the rules of findings, or explain one"),
    Command(
        "index", "backport.cli.commands.index", "read a tree's definitions once, so that checks are quick"
    ),
    Command("schema", "backport.cli.commands.schema", "print the JSON Schema of a report"),
    Command("demo", "backport.cli.commands.demo", "check the embedded example"),
    Command("completion", "backport.cli.commands.completion", "print completion for bash, zsh or tcsh"),
)
