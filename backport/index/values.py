"""The values of the room, and the order in which files are named."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from backport.csource.definitions import Definition
from backport.index.generated import is_register_header
from backport.tree.paths import sort_key

C_LANGUAGES = frozenset({"c", "c++", "asm"})
_HEADERS = (".h", ".hh", ".hpp", ".H", ".hxx")


@dataclass(frozen=True, slots=True)
class Located:
    """A definition and the file that it stands in."""

    path: str
    definition: Definition


def is_header(path: str) -> bool:
    """Whether a file is, by its name, there to be included."""
    return path.endswith(_HEADERS)


@lru_cache(maxsize=131072)
def order(path: str) -> tuple[int, bytes]:
    """Headers first, those of `include` before the others; then sources; lists of registers last."""
    if is_register_header(path):
        rank = 3
    elif path.endswith(_HEADERS):
        rank = 0 if path.startswith("include/") else 1
    else:
        rank = 2
    return rank, sort_key(path)
