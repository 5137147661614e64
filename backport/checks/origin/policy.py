"""Whose rules a backport must follow: the data files of `policies/`, as values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from backport.checks.rule import Context
from backport.csource.dialect import read_data
from backport.model import Severity


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a message must have. `what` is its kind ("upstream", "trailer", "note", "tree", "link",
    "size"); it asks it of patches with one of `tags` (all, where there are none) and none of `unless`.

    The rest is of its kind: `forms` and `digits` of an upstream id, its `place` and how to `write` it; `name` of a
    trailer, `own` for one more than upstream has; `when` a note is needed; the `pattern` of an address, the
    `unstable` trees; the `lines` of a patch. `level` is the severity (None: the rule's)."""

    what: str
    because: str
    tags: frozenset[str] = frozenset()
    unless: frozenset[str] = frozenset()
    level: Severity | None = None
    forms: tuple[str, ...] = ()
    write: str = ""
    place: str = ""
    digits: int = 0
    name: str = ""
    own: bool = False
    when: str = ""
    pattern: re.Pattern[str] | None = None
    unstable: re.Pattern[str] | None = None
    lines: int = 0

    def asks(self, tags: tuple[str, ...]) -> bool:
        """Whether it is asked of a patch with these tags."""
        return (not self.tags or bool(self.tags & set(tags))) and not self.unless & set(tags)


@dataclass(frozen=True, slots=True)
class Policy:
    """A tree's rules. `tags` are those that a subject may begin with (None: whatever it likes), `because` says
    why; `exempt` are subjects of which no tag is asked; `kabi` turns the kABI rules on; `levels` the severities
    of rules, None for off."""

    name: str
    title: str
    tags: tuple[str, ...] | None
    required: bool
    exempt: re.Pattern[str] | None
    because: str
    kabi: bool
    requirements: tuple[Requirement, ...]
    levels: tuple[tuple[str, Severity | None], ...]

    def level(self, code: str, default: Severity) -> Severity | None:
        """The severity of a rule's findings under this policy; None when it says nothing there."""
        return dict(self.levels).get(code, default)

    def asked(self, what: str, tags: tuple[str, ...]) -> tuple[Requirement, ...]:
        """The requirements of that kind that a patch with these tags must meet."""
        return tuple(x for x in self.requirements if x.what == what and x.asks(tags))


def policy_of(context: Context) -> Policy:
    return read_policy(context.asked.policy)


@lru_cache(maxsize=8)
def read_policy(name: str) -> Policy:
    """The policy of that name (one of `settings.POLICIES`)."""
    import tomllib

    return _policy(name, tomllib.loads(read_data(f"policies/{name}.toml")))


def _policy(name: str, table: dict[str, Any]) -> Policy:
    subject = table.get("subject", {})
    return Policy(
        name=name,
        title=table["title"],
        tags=tuple(subject["tags"]) if "tags" in subject else None,
        required=subject.get("required", False),
        exempt=_pattern(subject.get("exempt")),
        because=subject.get("because", ""),
        kabi=table.get("kabi", False),
        requirements=tuple(_requirement(x) for x in table.get("require", ())),
        levels=tuple((code, _level(x)) for code, x in table.get("severity", {}).items()),
    )


def _requirement(table: dict[str, Any]) -> Requirement:
    values = dict(table)
    for key in ("tags", "unless"):
        values[key] = frozenset(values.get(key, ()))
    for key in ("pattern", "unstable"):
        values[key] = _pattern(values.get(key))
    values["forms"] = tuple(values.get("forms", ()))
    values["level"] = _level(values["level"]) if "level" in values else None
    return Requirement(**values)


def _level(name: str) -> Severity | None:
    return None if name == "off" else Severity(name)


def _pattern(text: str | None) -> re.Pattern[str] | None:
    return re.compile(text) if text else None
