"""What a C file provides: functions, macros, types with their members, variables; and what it includes.

All arms of every #if count: which of them is compiled is not asked here. Names are read from the bytes as
they stand, by layout and by the kernel's macro dialect, without a preprocessor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..model import StrEnum

EXTRACTOR_VERSION = 2
"""To be raised with every change of what `definitions` answers: what was cached is then made anew."""


class DefinitionKind(StrEnum):
    """What a name is. PROTOTYPE declares a function, DECLARATION an object that is defined elsewhere."""

    FUNCTION = "function"
    PROTOTYPE = "prototype"
    MACRO = "macro"
    STRUCT = "struct"
    UNION = "union"
    ENUM = "enum"
    ENUMERATOR = "enumerator"
    MEMBER = "member"
    TYPEDEF = "typedef"
    VARIABLE = "variable"
    DECLARATION = "declaration"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: `name` is "" where a prototype gives none; `type` with single blanks ("struct page *"),
    "" for a macro's."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Definition:
    """A name that a file provides, from `line` (of the name) to `last` (of its body's end), 1-based.

    `within` is, for a member, its struct ("struct page", or the typedef's name where there is no tag; members of
    anonymous inner structs belong to the outer one), for an enumerator its enum. `type` is what a function
    returns, a member's, variable's or typedef's type, a macro's body (shortened). `parameters` is None for what
    cannot be called or where they are unknown (`()`).
    """

    name: str
    kind: DefinitionKind
    line: int
    last: int
    within: str = ""
    type: str = ""
    parameters: tuple[Parameter, ...] | None = None
    variadic: bool = False
    static: bool = False


@dataclass(frozen=True, slots=True)
class Include:
    """`#include <path>` (`angled`) or `#include "path"`."""

    path: str
    line: int
    angled: bool


@dataclass(frozen=True, slots=True)
class FileDefinitions:
    """All that a file provides, in order of lines.

    `pasted` are patterns (regular expressions that match a whole name) of the names that its macros build with
    `##`. `degraded` says why parts of it were read by layout only, "" when they were not. `local` are the types that
    functions define in their bodies, with their members: no other file sees them.
    """

    definitions: tuple[Definition, ...] = ()
    includes: tuple[Include, ...] = ()
    pasted: tuple[str, ...] = ()
    degraded: str = ""
    local: tuple[Definition, ...] = ()
    _kept: dict[str, Mapping[str, tuple[Definition, ...]]] = field(
        default_factory=dict, compare=False, repr=False
    )

    def named(self, name: str) -> tuple[Definition, ...]:
        """The definitions of that name, in order; those within functions last."""
        by_name = self._kept.get("")
        if by_name is None:
            found: dict[str, list[Definition]] = {}
            for definition in (*self.definitions, *self.local):
                found.setdefault(definition.name, []).append(definition)
            by_name = self._kept[""] = {key: tuple(value) for key, value in found.items()}
        return by_name.get(name, ())


def definitions(path: str, data: bytes) -> FileDefinitions:
    """What the file provides. `path` says what it is (C by its suffix; of assembler only the macros and
    labels count). Never raises."""
    from .definitions_file import read_file

    return read_file(path, data)
