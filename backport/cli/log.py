"""The log of a bug: a file that a person can send."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

from backport import __version__


def write_log(argv: Sequence[str], environ: Mapping[str, str]) -> str:
    """Write the exception that is being handled to a new file; returns its path, or why there is none."""
    text = (
        f"backport {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
        f"arguments: {list(argv)!r}\n\n{traceback.format_exc()}"
    )
    for folder in (_state_folder(environ), Path(tempfile.gettempdir())):
        if folder is None:
            continue
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix="backport-", suffix=".log", dir=folder)
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
            return name
        except OSError:
            continue
    sys.stderr.write(text)
    return "above, since no file could be written"


def _state_folder(environ: Mapping[str, str]) -> Path | None:
    """`$XDG_STATE_HOME/backport`, or below `~/.local/state`."""
    state, home = environ.get("XDG_STATE_HOME", ""), environ.get("HOME", "")
    if state.startswith("/"):
        return Path(state) / "backport"
    return Path(home) / ".local" / "state" / "backport" if home else None
