"""What a build makes, and where headers are looked for: the table `generated.toml`, compiled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path


@dataclass(frozen=True)
class Table:
    """The table. Patterns match a whole path."""

    generated: re.Pattern[str]
    registers: re.Pattern[str]
    wrapper: re.Pattern[str]
    wrapped: str
    kernel_marks: tuple[str, ...]
    roots: tuple[str, ...]
    tools_roots: tuple[str, ...]
    architectures: tuple[str, ...]


@lru_cache(maxsize=1)
def table() -> Table:
    import tomllib

    import backport_grammars

    text = Path(backport_grammars.__path__[0], "generated.toml").read_text(encoding="utf-8")
    rows = tomllib.loads(text)
    return Table(
        re.compile("|".join(rows["generated"])),
        re.compile("|".join(rows["registers"])),
        re.compile(rows["wrapper"]),
        rows["wrapped"],
        tuple(rows["kernel_marks"]),
        tuple(rows["roots"]),
        tuple(rows["tools_roots"]),
        tuple(rows["architectures"]),
    )


@lru_cache(maxsize=4096)
def is_generated(path: str) -> bool:
    """Whether a header, as an #include names it or below `include/`, is one that a build makes: not to be
    found in a source tree, and no reason to call a name missing."""
    plain = path.removeprefix("include/").removeprefix("uapi/")
    return any(table().generated.fullmatch(x) is not None for x in (path, plain))


@lru_cache(maxsize=65536)
def is_register_header(path: str) -> bool:
    """Whether a file is one of the long lists of registers that are looked at last."""
    return table().registers.fullmatch(path) is not None


def wrapper_of(path: str) -> str:
    """The header that a generated `asm/X.h` stands for where an architecture has none of its own; "" for
    other headers."""
    match = table().wrapper.fullmatch(path)
    return table().wrapped.format(match[1]) if match else ""
