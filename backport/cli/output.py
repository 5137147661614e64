"""Where a report goes: the options of its form, and writing it whole or not at all."""

from __future__ import annotations

import argparse
import contextlib
import os
import stat
import tempfile
from pathlib import Path

from backport.cli.console import Console
from backport.errors import UsageError
from backport.model import Report
from backport.report.formats import FORMATS, SUFFIXES, render
from backport.settings import COLORS, Settings


def add_output_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("report")
    group.add_argument(
        "--format",
        choices=tuple(FORMATS),
        help="form of the report (default: text, or what FILE's name says)",
    )
    group.add_argument("-o", "--output", metavar="FILE", help="write the report to FILE, whole or not at all")
    group.add_argument(
        "--color", choices=COLORS, help="colours in text (default: auto; NO_COLOR is honoured)"
    )
    group.add_argument("--width", type=int, metavar="N", help="columns of text (default: the terminal's)")
    group.add_argument("-v", "--verbose", action="store_true", help="every hunk, note, line and comment")
    group.add_argument("-q", "--quiet", action="store_true", help="the verdicts only, and no progress")


def output_flags(arguments: argparse.Namespace) -> dict[str, object]:
    """The settings that these options set."""
    return {name: getattr(arguments, name) for name in ("format", "color", "width")}


def check_output(arguments: argparse.Namespace) -> None:
    """Complain now, and not after a long run, of a file that cannot be written. Raises UsageError."""
    if arguments.quiet and arguments.verbose:
        raise UsageError("--quiet and --verbose exclude one another")
    name = arguments.output
    if name is None or name == "-":
        return
    folder = Path(name).parent
    try:
        if not name or "\0" in name or Path(name).is_dir():
            raise UsageError(f"-o {name or '(empty)'} is no file name")
        if not folder.is_dir():
            raise UsageError(f"-o {name}: there is no folder {folder}")
    except (OSError, UnicodeError) as error:
        raise UsageError(f"-o {name} is no file name: {_why(error)}") from error


def write_report(report: Report, arguments: argparse.Namespace, settings: Settings, console: Console) -> None:
    """Render the report as the options and settings say, to stdout or to a file."""
    to_file = arguments.output is not None and arguments.output != "-"
    form = arguments.format or (SUFFIXES.get(Path(arguments.output).suffix) if to_file else None)
    color = settings.color == "always" if to_file else console.colored(settings.color)
    document = render(
        report,
        form or settings.format,
        color=color,
        width=settings.width or 80 if to_file else console.columns(settings.width),
        verbose=arguments.verbose,
        quiet=arguments.quiet,
        lines=settings.difference_lines,
    )
    if to_file:
        write_whole(Path(arguments.output), document)
    else:
        console.write(document)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that no reader ever sees half of it: a new file beside it takes its name.

    A link is followed; a device or pipe is written to as it is. Raises UsageError."""
    try:
        path = path.resolve()
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~_umask()
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                os.fchmod(file.fileno(), mode)
            Path(name).replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot write {path.name}: {_why(error)}") from error


def _why(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
