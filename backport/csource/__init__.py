"""Source as the kernel writes it: bytes in, values out.

`region_map` names the stretches of a file, `guard_map` the preprocessor conditions over each line,
`tokens` and `line_tokens` read code without its comments, `language` tells what a file is by its path.
What reads guards and tokens is loaded when it is asked for: to name regions takes neither.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .languages import language, region_map
from .regions import RegionMap

if TYPE_CHECKING:
    from .guards import Guard, GuardMap, guard_map
    from .lexer import Token, TokenKind, is_comment_or_blank, line_tokens, tokens

__all__ = [
    "Guard",
    "GuardMap",
    "RegionMap",
    "Token",
    "TokenKind",
    "guard_map",
    "is_comment_or_blank",
    "language",
    "line_tokens",
    "region_map",
    "tokens",
]

_GUARDS = frozenset({"Guard", "GuardMap", "guard_map"})


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{'guards' if name in _GUARDS else 'lexer'}"), name)
