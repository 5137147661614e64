"""The way in: finds the command, runs it, and turns every error into one line and an exit code."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping, Sequence
from typing import BinaryIO, NoReturn, TextIO

from backport.cli.arguments import parse
from backport.cli.console import Console, without_long_words
from backport.errors import BackportError, Cancelled

BUG, INTERRUPTED = 3, 130


def run() -> NoReturn:
    """The console script. A stream that was closed before the start is a stream to nowhere."""
    stdin = sys.stdin.buffer if sys.stdin else io.BytesIO()
    stdout = sys.stdout.buffer if sys.stdout else io.BytesIO()
    code = main(
        sys.argv[1:], stdin=stdin, stdout=stdout, stderr=sys.stderr or io.StringIO(), environ=os.environ
    )
    raise SystemExit(code)


def main(
    argv: Sequence[str], *, stdin: BinaryIO, stdout: BinaryIO, stderr: TextIO, environ: Mapping[str, str]
) -> int:
    """Run one command and return its exit code: 0 and 1 as the command says, 2 for what the user can
    put right, 3 for a bug of ours (with a log to send), 130 when interrupted. Raises nothing."""
    console = Console(stdin, stdout, stderr, environ)
    try:
        command, arguments = parse(argv, console)
        return command(arguments, console) if command else 0
    except BackportError as error:
        console.complain(without_long_words(str(error)))
        return error.exit_code
    except (KeyboardInterrupt, Cancelled):
        console.complain("interrupted")
        return INTERRUPTED
    except Exception as error:
        console.complain(_bug(error, argv, environ))
        return BUG
    finally:
        console.flush()


def _bug(error: Exception, argv: Sequence[str], environ: Mapping[str, str]) -> str:
    """The line that tells of a bug; the log is written by the module that it loads."""
    from backport.cli.log import write_log

    name = type(error).__name__
    place = write_log(argv, environ)
    return f"this is a bug of backport's ({name}); please send its log: {place}"
