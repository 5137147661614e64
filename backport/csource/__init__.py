"""Source as the kernel writes it: bytes in, values out.

`region_map` names the stretches of a file, `guard_map` the preprocessor conditions over each line,
`tokens` and `line_tokens` read code without its comments, `language` tells what a file is by its path.
"""

from __future__ import annotations

from .guards import Guard, GuardMap, guard_map
from .languages import language, region_map
from .lexer import Token, TokenKind, is_comment_or_blank, line_tokens, tokens
from .regions import RegionMap

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
