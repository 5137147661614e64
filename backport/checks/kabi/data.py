"""What is known of the kernel's binary interface: the tables of `kabi.toml`, compiled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from backport.csource.dialect import read_data


@dataclass(frozen=True, slots=True)
class ListPlace:
    """Where trees keep a list of symbols, and its form."""

    title: str
    folder: str
    path: re.Pattern[str]
    form: str


@dataclass(frozen=True, slots=True)
class Reserve:
    """A macro that reserves room in a struct, and how that is used."""

    macro: re.Pattern[str]
    bytes: int
    use: str


@dataclass(frozen=True, slots=True)
class Agreed:
    """A macro that changes a struct in an agreed way; `room` is what it takes of it."""

    macro: re.Pattern[str]
    room: str


@dataclass(frozen=True, slots=True)
class MemberMacro:
    """A macro that declares a member: the number of the argument that names it, its bytes (0 unknown), whether it
    is an array without bounds."""

    macro: re.Pattern[str]
    name: int
    bytes: int
    flexible: bool


@dataclass(frozen=True)
class KabiData:
    lists: tuple[ListPlace, ...]
    export: re.Pattern[str]
    gpl: str
    namespace: str
    headers: tuple[str, ...]
    core: tuple[str, ...]
    near: tuple[str, ...]
    reserves: tuple[Reserve, ...]
    reserved_field: re.Pattern[str]
    agreed: tuple[Agreed, ...]
    members: tuple[MemberMacro, ...]
    sentinel: re.Pattern[str]
    pointer: int
    enum: int
    types: Mapping[str, tuple[int, int]]
    aliases: tuple[tuple[re.Pattern[str], str], ...]

    def reserve(self, macro: str) -> Reserve | None:
        return next((x for x in self.reserves if x.macro.fullmatch(macro)), None)

    def agreement(self, macro: str) -> Agreed | None:
        return next((x for x in self.agreed if x.macro.fullmatch(macro)), None)

    def canonical(self, type: str) -> str:
        """A type with one name for those that have several."""
        for pattern, name in self.aliases:
            type = pattern.sub(name, type)
        return type

    def member(self, macro: str) -> MemberMacro | None:
        return next((x for x in self.members if x.macro.fullmatch(macro)), None)


@lru_cache(maxsize=1)
def kabi_data() -> KabiData:
    import tomllib

    table = tomllib.loads(read_data("kabi.toml"))
    export, sizes = table["export"], table["sizes"]
    return KabiData(
        lists=tuple(
            ListPlace(x["title"], x["folder"], re.compile(x["path"]), x["form"]) for x in table["list"]
        ),
        export=re.compile(export["macro"]),
        gpl=export["gpl"],
        namespace=export["namespace"],
        headers=tuple(export["headers"]),
        core=tuple(export["core"]),
        near=tuple(export["near"]),
        reserves=tuple(Reserve(re.compile(x["macro"]), x["bytes"], x["use"]) for x in table["reserve"]),
        reserved_field=re.compile(table["reserved"]["field"]),
        agreed=tuple(Agreed(re.compile(x["macro"]), x["room"]) for x in table["agreed"]),
        members=tuple(
            MemberMacro(re.compile(x["macro"]), x["name"], x.get("bytes", 0), x.get("flexible", False))
            for x in table["member"]
        ),
        sentinel=re.compile(table["sentinel"]["name"]),
        pointer=sizes["pointer"],
        enum=sizes["enum"],
        aliases=tuple((re.compile(x["type"]), x["is"]) for x in sizes["alias"]),
        types={name: _size(value) for name, value in sizes["types"].items()},
    )


def _size(value: Any) -> tuple[int, int]:
    """Size and alignment, which is the size where only that is given."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])
