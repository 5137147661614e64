"""What the top-level scanner must know of a condition: is it certain, and what is it about."""

from __future__ import annotations

import re
from functools import lru_cache

from .dialect import dialect
from .guards import normalised

OPENING = frozenset({b"if", b"ifdef", b"ifndef"})
BRANCH = frozenset({b"elif", b"elifdef", b"elifndef", b"else"})

_ABOUT = re.compile(
    r"(!?)\s*\(?\s*(?:defined|IS_ENABLED|IS_BUILTIN|IS_REACHABLE|IS_MODULE)\(\s*(\w+)\s*\)\s*\)?"
)


@lru_cache(maxsize=4096)
def condition(keyword: bytes, body: bytes) -> tuple[str, bool]:
    """What a condition is about, and whether it holds when that is true: `#ifndef X` is ("X", False).

    A condition that is not about one name is about its own text.
    """
    word = keyword[2:] if keyword.startswith(b"el") else keyword
    text = normalised(body)
    if word in (b"ifdef", b"ifndef"):
        return text.split(" ")[0], word == b"ifdef"
    match = _ABOUT.fullmatch(text)
    if match:
        return match[2], not match[1]
    return text, True


def certain(keyword: bytes, body: bytes) -> bool | None:
    """The value of a condition that is the same in every build of C code: `0`, `1`, `__cplusplus`,
    `__ASSEMBLY__`; None for any other."""
    about, positive = condition(keyword, body)
    if about in ("0", "1"):
        return about == "1"
    if about in dialect().never_defined:
        return not positive
    return None
