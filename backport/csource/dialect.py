"""The kernel's macro dialect, read once from the data package."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

BY_MACRO = -2
"""The `argument` of a rule whose thing is called as the macro itself."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Which argument of a macro is the name of what it makes: counted from 0, -1 the last."""

    macro: re.Pattern[str]
    argument: int


@dataclass(frozen=True)
class Dialect:
    """The tables of `c_dialect.toml`, compiled."""

    never_defined: frozenset[str]
    attributes: re.Pattern[str]
    attribute_calls: re.Pattern[str]
    storage: frozenset[str]
    functions: tuple[Rule, ...]
    declarations: tuple[Rule, ...]

    def is_attribute(self, name: str) -> bool:
        """Whether `name` is an annotation where no parenthesis follows it."""
        return self.attributes.fullmatch(name) is not None or self.takes_arguments(name)

    def takes_arguments(self, name: str) -> bool:
        """Whether `name` is an annotation together with the parenthesis that follows it."""
        return self.attribute_calls.fullmatch(name) is not None

    def argument(self, macro: str, function: bool) -> int | None:
        """The number of the argument that names what `macro` makes; None where no rule says."""
        for rule in self.functions if function else self.declarations:
            if rule.macro.fullmatch(macro):
                return rule.argument
        return None


def read_data(name: str) -> str:
    """The text of a file of the data package."""
    from pathlib import Path

    import backport_grammars

    return Path(backport_grammars.__path__[0], name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def dialect() -> Dialect:
    """The dialect that comes with the program."""
    import tomllib

    table = tomllib.loads(read_data("c_dialect.toml"))
    return Dialect(
        frozenset(table["never_defined"]),
        re.compile("|".join(table["attributes"])),
        re.compile("|".join(table["attributes_with_arguments"])),
        frozenset(table["storage"]),
        tuple(Rule(re.compile(x["macro"]), x["argument"]) for x in table["function"]),
        tuple(Rule(re.compile(x["macro"]), x["argument"]) for x in table["declaration"]),
    )
