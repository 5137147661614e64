"""What a file is by its path, and its region map."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .dialect import read_data
from .regions import RegionMap

_FIRST_LINE = 200


@dataclass(frozen=True, slots=True)
class _Language:
    name: str
    path: re.Pattern[str]
    shebang: re.Pattern[bytes] | None


@lru_cache(maxsize=1)
def outline_tables() -> dict[str, Any]:
    """The tables of `outlines.toml`."""
    import tomllib

    tables: dict[str, Any] = tomllib.loads(read_data("outlines.toml"))
    return tables


@lru_cache(maxsize=1)
def _languages() -> tuple[_Language, ...]:
    return tuple(
        _Language(
            x["name"],
            re.compile(x["path"], re.DOTALL),
            re.compile(x["shebang"].encode()) if "shebang" in x else None,
        )
        for x in outline_tables()["language"]
    )


@lru_cache(maxsize=4096)
def language(path: str) -> str:
    """What a file is by its path: "c", "c++", "asm", "kconfig", "makefile", "rst", "dts", "rust", "python",
    "shell", "perl"; "" for any other."""
    return next((x.name for x in _languages() if x.path.fullmatch(path)), "")


def _by_first_line(data: bytes) -> str:
    """The language that a script's `#!` line names, or ""."""
    if not data.startswith(b"#!"):
        return ""
    line = data[:_FIRST_LINE].split(b"\n", 1)[0]
    return next((x.name for x in _languages() if x.shebang and x.shebang.search(line)), "")


def region_map(path: str, data: bytes, lines: frozenset[int] | None = None) -> RegionMap:
    """The named stretches of a file: `path` says what it is, `data` are its bytes. Never raises.

    With `lines` (1-based) only the regions that these lines need are looked at closely: `at`, `near`
    and `over` of them answer as those of the whole map would; nothing is said of other lines.
    """
    name = language(path) or _by_first_line(data)
    if name in ("c", "c++"):
        from .cmap import c_map

        return c_map(data, lines)
    if not name:
        return RegionMap()
    from .outline import outline

    return outline(name, data)
