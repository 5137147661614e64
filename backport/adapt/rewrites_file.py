"""Rewrites as a file: JSON of the schema `backport-rewrites/1`. Invariant: load(dump(rewrites)) == rewrites."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backport.adapt.rewrites import Rewrite, RewriteKind, is_sound
from backport.errors import InputError

SCHEMA = "backport-rewrites/1"
MOST_BYTES = 64 << 20
_ID = re.compile(r"[0-9a-f]{7,64}\Z")
_FIELDS = {"kind", "old", "new", "support", "against", "commits"}


class _Wrong(Exception):
    """What is wrong with a file, in a few words."""


def dump(rewrites: Sequence[Rewrite]) -> bytes:
    """The file's bytes; ASCII, a rewrite a line."""
    rows = [json.dumps(_row(x)) for x in rewrites]
    listed = ",\n  ".join(rows)
    body = f"[\n  {listed}\n ]" if rows else "[]"
    return f'{{\n "schema": "{SCHEMA}",\n "rewrites": {body}\n}}\n'.encode("ascii")


def _row(one: Rewrite) -> dict[str, object]:
    return {
        "kind": str(one.kind.value),
        "old": one.old,
        "new": one.new,
        "support": one.support,
        "against": one.against,
        "commits": one.commits,
    }


def load(data: bytes, name: str = "rewrites") -> tuple[Rewrite, ...]:
    """The rewrites of a file; `name` is the file's, for messages. Raises InputError with one line."""
    hint = "write it anew with backport learn -o"
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise InputError(f"{name} is no JSON", hint) from None
    try:
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise _Wrong(f"has not the schema {SCHEMA}")
        rows = document.get("rewrites")
        if not isinstance(rows, list):
            raise _Wrong("has no list of rewrites")
        return tuple(_rewrite(row, number) for number, row in enumerate(rows, 1))
    except _Wrong as wrong:
        raise InputError(f"{name} {wrong}", hint) from None


def read(path: str) -> tuple[Rewrite, ...]:
    """The rewrites of the file at `path`. Raises InputError."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    if len(data) > MOST_BYTES:
        raise InputError(f"{path} is larger than {MOST_BYTES >> 20} MiB, and no file of rewrites")
    return load(data, path)


def _rewrite(row: Any, number: int) -> Rewrite:
    where = f"is wrong in rewrite {number}: "
    if not isinstance(row, dict) or not set(row) >= _FIELDS - {"against", "commits"}:
        raise _Wrong(where + "it has not the fields kind, old, new and support")
    if row["kind"] not in {x.value for x in RewriteKind}:
        raise _Wrong(where + "there is no such kind")
    commits = _texts(row.get("commits", []), where + "commits")
    if not all(_ID.match(x) for x in commits):
        raise _Wrong(where + "commits are no ids")
    found = Rewrite(
        RewriteKind(row["kind"]),
        _texts(row["old"], where + "old"),
        _texts(row["new"], where + "new"),
        _count(row["support"], where + "support"),
        _count(row.get("against", 0), where + "against"),
        commits,
    )
    if not is_sound(found):
        raise _Wrong(where + f"it is no rewrite of kind {found.kind.value}")
    return found


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(x, str) for x in value):
        raise _Wrong(f"{where} is no list of texts")
    try:
        for x in value:
            x.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise _Wrong(f"{where} holds what is no text") from None
    return tuple(value)


def _count(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _Wrong(f"{where} is no count")
    return value
