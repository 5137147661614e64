"""What macros make of their arguments: the table `makers.toml`, compiled."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .dialect import read_data

_FIELD = re.compile(r"\{(\d+)\}")
_NAME = re.compile(r"[A-Za-z_$][\w$]*\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Made:
    """A name that a macro makes: its kind (a DefinitionKind's text) and type."""

    name: str
    kind: str
    type: str


@dataclass(frozen=True, slots=True)
class Maker:
    """A row of the table. `names` are (name, kind, type) with {n} for argument n; `pairs` is the argument from
    which on (type, name) pairs are parameters; `members` the one from which on members are declared."""

    macro: re.Pattern[str]
    names: tuple[tuple[str, str, str], ...]
    tag_name: str = ""
    pairs: int | None = None
    members: int | None = None
    parameters: int | None = None

    def made(self, arguments: Sequence[str]) -> list[Made]:
        """The names that it makes of these arguments; those that are no names are left out."""
        found = []
        for name, kind, type_text in self.names:
            text = _filled(name, arguments)
            if _NAME.match(text):
                found.append(Made(text, kind, _filled(type_text, arguments)))
        return found

    def tag(self, arguments: Sequence[str]) -> str:
        """The struct tag that it makes, or ""."""
        text = _filled(self.tag_name, arguments)
        return text if _NAME.match(text) else ""


def _filled(pattern: str, arguments: Sequence[str]) -> str:
    return _FIELD.sub(lambda m: arguments[int(m[1])] if int(m[1]) < len(arguments) else "", pattern)


def _maker(row: dict[str, Any]) -> Maker:
    kind, type_text = row.get("kind", "variable"), row.get("type", "")
    names = tuple(
        (x, kind, type_text)
        if isinstance(x, str)
        else (x["name"], x.get("kind", kind), x.get("type", type_text))
        for x in row.get("names", ())
    )
    return Maker(
        re.compile(row["macro"]),
        names,
        row.get("tag", ""),
        row.get("pairs"),
        row.get("members"),
        row.get("parameters"),
    )


@lru_cache(maxsize=1)
def _tables() -> tuple[tuple[Maker, ...], tuple[Maker, ...]]:
    import tomllib

    table = tomllib.loads(read_data("makers.toml"))
    return tuple(_maker(x) for x in table["maker"]), tuple(_maker(x) for x in table["member"])


@lru_cache(maxsize=8192)
def maker(macro: str) -> Maker | None:
    """What a macro makes at the top level of a file."""
    return next((x for x in _tables()[0] if x.macro.fullmatch(macro)), None)


@lru_cache(maxsize=8192)
def member_maker(macro: str) -> Maker | None:
    """What a macro makes within a struct."""
    return next((x for x in _tables()[1] if x.macro.fullmatch(macro)), None)


def all_makers() -> tuple[Maker, ...]:
    """Every row, of the top level and of members."""
    top, members = _tables()
    return (*top, *members)
