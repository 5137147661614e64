"""A rewrite as a value: what upstream calls so, the target calls otherwise; and how its tokens are written. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from backport.model import StrEnum

OVERWHELMING = 20
"""So often a rewrite must have been made, with no counter-example in ten, to be made of a name that the target has."""

REST = "$*"
"""A hole for all the arguments that are left, one at least."""

_HOLE = re.compile(r"\$(?:[1-9]\d?|\*)\Z")
_NAME = re.compile(r"[A-Za-z_$\udc80-\udcff\x80-\U0010ffff][\w$\udc80-\udcff]*\Z")


class RewriteKind(StrEnum):
    """The shape of a rewrite, and what `old` and `new` hold."""

    NAME = "name"  # one name each
    PREFIX = "prefix"  # the beginning of many names each
    CALL = "call"  # tokens of a call, `$1` for an argument, `$*` for the rest; the same holes, or fewer, in `new`
    TOKENS = "tokens"  # tokens as they stand
    PATH = "path"  # a path or, with a slash at its end, what all paths below a folder begin with


@dataclass(frozen=True, slots=True)
class Rewrite:
    """`old` of upstream is `new` in the target. `support` counts the backports (or places) in which it was done,
    `against` those in which the left side was kept; `commits` are the backports, as full ids, newest first.

    Text is decoded as UTF-8 with surrogates for other bytes."""

    kind: RewriteKind
    old: tuple[str, ...]
    new: tuple[str, ...]
    support: int = 1
    against: int = 0
    commits: tuple[str, ...] = ()

    @property
    def overwhelming(self) -> bool:
        """Whether it is made although the target has the old name."""
        return self.support >= OVERWHELMING and self.support >= 10 * self.against

    @property
    def gone(self) -> tuple[str, ...]:
        """The names of `old` that `new` has not; those of a path or prefix are itself."""
        if self.kind in (RewriteKind.PATH, RewriteKind.PREFIX):
            return self.old
        kept = set(self.new)
        return tuple(dict.fromkeys(x for x in self.old if is_name(x) and x not in kept))

    def shown(self) -> str:
        """`old -> new` on one line."""
        more = "*" if self.kind is RewriteKind.PREFIX else ""
        return f"{written(self.old)}{more} -> {written(self.new)}{more}"


def is_name(token: str) -> bool:
    """Whether a token is a name, and no hole."""
    return _NAME.match(token) is not None and not _HOLE.match(token)


def text_of(token: bytes) -> str:
    """A token or path as text; bytes that are not UTF-8 become surrogates."""
    return token.decode("utf-8", "surrogateescape")


def bytes_of(token: str) -> bytes:
    return token.encode("utf-8", "surrogateescape")


def is_hole(token: str) -> bool:
    return _HOLE.match(token) is not None


def rank(rewrite: Rewrite) -> tuple[int, int, tuple[str, ...], tuple[str, ...], str]:
    """The order in which rewrites are preferred and listed: the best founded first, then by their text."""
    return (
        -(rewrite.support - rewrite.against),
        -rewrite.support,
        rewrite.old,
        rewrite.new,
        rewrite.kind,
    )


# --- writing tokens ----------------------------------------------------------------------------

_TIGHT_BEFORE = frozenset({")", "]", ",", ";", "->", ".", "++", "--", "(", "["})
_TIGHT_AFTER = frozenset({"(", "[", "->", ".", "!", "~", "##"})
_UNARY = frozenset({"&", "*", "-", "+"})
_KEYWORDS = frozenset({"if", "for", "while", "switch", "return", "else", "do", "case", "sizeof"})


def written(row: Sequence[str]) -> str:
    """Tokens as one writes them: without blanks within brackets and around `->`, with one around operators."""
    text = ""
    for number, token in enumerate(row):
        text += space(row, number) + token
    return text


def space(row: Sequence[str], number: int) -> str:
    """The blank before a token of a row, "" or " "."""
    if number == 0:
        return ""
    token, before = row[number], row[number - 1]
    if before in _TIGHT_AFTER or _unary(row, number - 1):
        return ""
    if token == "(" and before in _KEYWORDS - {"sizeof"}:
        return " "
    if token in ("(", "[") and not (_NAME.match(before) or before in (")", "]")):
        return " "
    return "" if token in _TIGHT_BEFORE else " "


def _unary(row: Sequence[str], number: int) -> bool:
    if row[number] not in _UNARY:
        return False
    if number == 0:
        return True
    before = row[number - 1]
    return before in _KEYWORDS or not (_NAME.match(before) or before[:1].isdigit() or before in (")", "]"))


def is_sound(rule: Rewrite) -> bool:
    """Whether a rewrite has the shape of its kind and names nothing in strings."""
    old, new = rule.old, rule.new
    if not old or old == new or any(not x for x in old):
        return False
    if (
        rule.kind in (RewriteKind.PATH, RewriteKind.PREFIX, RewriteKind.NAME)
        and not len(old) == len(new) == 1
    ):
        return False
    if rule.kind is RewriteKind.PATH:
        return bool(new[0]) and (old[0].endswith("/") or not new[0].endswith("/"))
    if rule.kind is RewriteKind.NAME:
        return is_name(old[0]) and is_name(new[0])
    if rule.kind is RewriteKind.PREFIX:
        return is_name(old[0]) and (not new[0] or is_name(new[0])) and not new[0].startswith(old[0])
    holes = [x for x in old if is_hole(x)]
    plain = not any(x[:1] in "\"'" or x.strip() != x for x in (*old, *new)) and all(new)
    apart = all(_at_end(x) for x in (old, new)) and not is_hole(old[0])
    return plain and apart and len(set(holes)) == len(holes) and {x for x in new if is_hole(x)} <= set(holes)


def _at_end(row: Sequence[str]) -> bool:
    """Whether the rest of the arguments stands, if it does, where a call ends."""
    places = [n for n, x in enumerate(row) if x == REST]
    return all(n and row[n - 1] in ("(", ",") and row[n + 1 : n + 2] == (")",) for n in places)
