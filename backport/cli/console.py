"""What a command sees of the world: three streams and the environment."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, TextIO

from backport.errors import UsageError
from backport.report.terminal import harmless

_LONG_WORD = re.compile(r"(\S{120})\S{180,}(\S{60})")


def without_long_words(text: str) -> str:
    """A message in which a word of more than 360 characters, a name that nobody reads, is cut in its middle."""
    return _LONG_WORD.sub(r"\1...\2", text)


@dataclass(slots=True)
class Console:
    """The streams of one run. A reader of stdout that went away (`| head`) is no error."""

    stdin: BinaryIO
    stdout: BinaryIO
    stderr: TextIO
    environ: Mapping[str, str]
    broken: bool = False

    def write(self, data: bytes | str) -> None:
        """Results, to stdout."""
        if self.broken:
            return
        try:
            self.stdout.write(data.encode() if isinstance(data, str) else data)
        except BrokenPipeError:
            self._give_up()
        except OSError as error:
            self._give_up()
            raise _cannot_write(error) from None

    def flush(self) -> None:
        if self.broken:
            return
        try:
            self.stdout.flush()
        except BrokenPipeError:
            self._give_up()
        except OSError as error:
            self._give_up()
            raise _cannot_write(error) from None
        except ValueError:
            self.broken = True

    def _give_up(self) -> None:
        """Nobody reads: send the rest nowhere, so that the interpreter's last flush is quiet too."""
        self.broken = True
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.stdout.fileno())
            os.close(nowhere)

    def complain(self, what: str) -> None:
        """One line on stderr."""
        with contextlib.suppress(OSError, ValueError):
            self.stderr.write(f"backport: {harmless(what)}\n")
            self.stderr.flush()

    def colored(self, wanted: str) -> bool:
        """Whether stdout gets colours: `always`, `never`, or `auto` (a terminal, and NO_COLOR unset)."""
        if wanted != "auto":
            return wanted == "always"
        plain = self.environ.get("NO_COLOR") or self.environ.get("TERM") == "dumb"
        return not plain and self.stdout.isatty()

    def columns(self, wanted: int) -> int:
        """How wide text may be: as wanted, as the terminal is, 80 elsewhere."""
        if wanted:
            return wanted
        given = self.environ.get("COLUMNS", "")
        if given.isdigit() and int(given):
            return int(given)
        with contextlib.suppress(OSError, ValueError):
            return os.get_terminal_size(self.stdout.fileno()).columns or 80
        return 80


def _cannot_write(error: OSError) -> UsageError:
    return UsageError(
        f"the results cannot be written: {error.strerror or error}", "free some room, or use -o FILE"
    )
