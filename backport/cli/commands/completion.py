"""`backport completion`: what a shell needs to complete the words of a command."""

from __future__ import annotations

import argparse

from backport.cli.console import Console
from backport.errors import MissingExtraError

SHELLS = ("bash", "zsh", "tcsh")

_EPILOG = """\
examples:
  backport completion bash > ~/.local/share/bash-completion/completions/backport
  backport completion zsh > ~/.zfunc/_backport
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = "Print a script that completes backport's commands and options in a shell."
    parser.epilog = _EPILOG
    parser.add_argument("shell", choices=SHELLS)


def run(arguments: argparse.Namespace, console: Console) -> int:
    try:
        import shtab
    except ModuleNotFoundError as error:
        raise MissingExtraError("completion needs shtab, which is not here", "pip install shtab") from error
    from backport.cli.arguments import build

    parser = build()
    script: str = shtab.complete(parser, shell=arguments.shell)
    console.write(script if script.endswith("\n") else script + "\n")
    return 0
