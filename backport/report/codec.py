"""A report as JSON values, and back: `load(dump(report)) == report`.

Keys are the names of the model's fields, in the model's order. Text that is not UTF-8 is shown with
U+FFFD, and a sibling `<name>_base64` holds its bytes; for a list the sibling is a list of the same
shape with null where nothing was lost. The three texts of a hunk are inlined as strings, with
`<name>_first` and `<name>_ref` beside them. Reading passes over fields that it does not know.
"""

from __future__ import annotations

import base64
import binascii
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any

from backport.errors import InputError
from backport.model import SCHEMA, Excerpt, Report, TextRef, Texts3

RAW = "_base64"
_TEXTS = ("preimage", "postimage", "target")
Decoder = Callable[[Any, Any, str], Any]


def dump(report: Report) -> dict[str, Any]:
    """The report as dicts, lists, strings, numbers, truth values and None, ready for json.dumps."""
    shown = _dump_object(report)
    return {"schema": shown.pop("schema"), "tool": shown.pop("tool"), "notes": shown.pop("notes"), **shown}


def load(mapping: Mapping[str, Any]) -> Report:
    """The report that `dump` made the mapping of. Raises InputError naming the field that is wrong."""
    if not isinstance(mapping, Mapping):
        raise InputError(f"a report is a JSON object, not {_kind(mapping)}")
    if mapping.get("schema") != SCHEMA:
        raise InputError(f'the report\'s "schema" is {mapping.get("schema")!r}, not {SCHEMA!r}')
    report: Report = _decoder(Report)(mapping, None, "report")
    return report


def dump_value(value: Any) -> dict[str, Any]:
    """Any dataclass of the model's kinds, as `dump` writes it within a report."""
    return _dump_object(value)


# --- values to JSON ----------------------------------------------------------------------------


@cache
def _names(cls: Any) -> tuple[str, ...]:
    return tuple(f.name for f in fields(cls))


def _dump_object(value: Any) -> dict[str, Any]:
    if isinstance(value, Texts3):
        return _dump_texts(value)
    out: dict[str, Any] = {}
    for name in _names(value.__class__):
        shown, raw = _dump(getattr(value, name))
        out[name] = shown
        if raw is not None:
            out[name + RAW] = raw
    return out


def _dump(value: Any) -> tuple[Any, Any]:
    """What is shown, and the base64 of what that loses (None when it loses nothing)."""
    if isinstance(value, Enum):
        return value.value, None
    if isinstance(value, str):
        return _dump_str(value)
    if value is None or isinstance(value, int):
        return value, None
    if isinstance(value, bytes):
        return _dump_bytes(value)
    if isinstance(value, tuple):
        pairs = [_dump(x) for x in value]
        raws = [raw for _, raw in pairs]
        return [shown for shown, _ in pairs], raws if any(x is not None for x in raws) else None
    return _dump_object(value), None


def _dump_str(value: str) -> tuple[str, str | None]:
    if value.isascii():
        return value, None
    try:
        value.encode()
    except UnicodeEncodeError:
        return _dump_bytes(_path_bytes(value))
    return value, None


def _path_bytes(value: str) -> bytes:
    """The bytes that surrogateescape made the text of. Other lone surrogates stand for no byte."""
    try:
        return value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return value.encode("utf-8", "replace")


def _dump_bytes(value: bytes) -> tuple[str, str | None]:
    try:
        return value.decode(), None
    except UnicodeDecodeError:
        return value.decode("utf-8", "replace"), base64.b64encode(value).decode()


def _dump_texts(texts: Texts3) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name in _TEXTS:
        excerpt: Excerpt | None = getattr(texts, name)
        if excerpt is None:
            out[name] = None
            continue
        out[name], raw = _dump_bytes(excerpt.text)
        if raw is not None:
            out[name + RAW] = raw
        out[f"{name}_first"] = excerpt.first
        if excerpt.ref is not None:
            out[f"{name}_ref"] = _dump_object(excerpt.ref)
    return out


# --- JSON to values ----------------------------------------------------------------------------


def _kind(value: Any) -> str:
    names = {dict: "an object", list: "a list", str: "a string", int: "a number", bool: "a truth value"}
    return "null" if value is None else names.get(type(value), "a number")


def _wrong(where: str, wanted: str, value: Any) -> InputError:
    return InputError(f"{where} must be {wanted}, not {_kind(value)}")


@cache
def _decoder(kind: Any) -> Decoder:
    """Reads a value of one type; built once per type."""
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _union(typing.get_args(kind))
    if origin is tuple:
        return _tuple(typing.get_args(kind))
    if kind is Texts3:
        return _load_texts
    if is_dataclass(kind) and isinstance(kind, type):
        return _object(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return _enum(kind)
    if kind in _SCALARS:
        return _SCALARS[kind]
    raise TypeError(f"no reader for {kind!r}")


def _load_str(value: Any, raw: Any, where: str) -> str:
    if not isinstance(value, str):
        raise _wrong(where, "a string", value)
    return value if raw is None else _unbase64(raw, where).decode("utf-8", "surrogateescape")


def _load_bytes(value: Any, raw: Any, where: str) -> bytes:
    if not isinstance(value, str):
        raise _wrong(where, "a string", value)
    return value.encode("utf-8", "replace") if raw is None else _unbase64(raw, where)


def _unbase64(raw: Any, where: str) -> bytes:
    try:
        return base64.b64decode(raw, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise InputError(f"{where}{RAW} is no base64") from error


def _load_int(value: Any, raw: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(where, "a whole number", value)
    return value


def _load_bool(value: Any, raw: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(where, "a truth value", value)
    return value


_SCALARS: dict[Any, Decoder] = {str: _load_str, bytes: _load_bytes, int: _load_int, bool: _load_bool}


def _enum(cls: type[Enum]) -> Decoder:
    def read(value: Any, raw: Any, where: str) -> Enum:
        try:
            return cls(value)
        except ValueError as error:
            names = ", ".join(str(m.value) for m in cls)
            raise InputError(f"{where} is {value!r}, not one of {names}") from error

    return read


def _tuple(items: tuple[Any, ...]) -> Decoder:
    if len(items) == 2 and items[1] is Ellipsis:
        item = _decoder(items[0])

        def read_many(value: Any, raw: Any, where: str) -> tuple[Any, ...]:
            raws = _raws(value, raw, where)
            return tuple(
                item(x, r, f"{where}[{i}]") for i, (x, r) in enumerate(zip(value, raws, strict=True))
            )

        return read_many
    readers = [_decoder(x) for x in items]

    def read_fixed(value: Any, raw: Any, where: str) -> tuple[Any, ...]:
        raws = _raws(value, raw, where)
        if len(value) != len(readers):
            raise InputError(f"{where} must have {len(readers)} items, not {len(value)}")
        return tuple(
            f(x, r, f"{where}[{i}]") for i, (f, x, r) in enumerate(zip(readers, value, raws, strict=True))
        )

    return read_fixed


def _raws(value: Any, raw: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise _wrong(where, "a list", value)
    if raw is None:
        return [None] * len(value)
    if not isinstance(raw, list) or len(raw) != len(value):
        raise InputError(f"{where}{RAW} must be a list of {len(value)}")
    return raw


def _union(kinds: tuple[Any, ...]) -> Decoder:
    """`X | None`, or several dataclasses: the one whose required fields are all there."""
    some = [k for k in kinds if k is not type(None)]
    optional = len(some) < len(kinds)
    single = _decoder(some[0]) if len(some) == 1 else None

    def read(value: Any, raw: Any, where: str) -> Any:
        if value is None and optional:
            return None
        if single is not None:
            return single(value, raw, where)
        if not isinstance(value, Mapping):
            raise _wrong(where, "an object", value)
        for kind in some:
            if _required(kind) <= value.keys():
                return _decoder(kind)(value, raw, where)
        raise InputError(f"{where} is none of {', '.join(k.__name__ for k in some)}")

    return read


@cache
def _required(cls: type) -> frozenset[str]:
    return frozenset(f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING)


def _object(cls: type) -> Decoder:
    hints = typing.get_type_hints(cls)
    readers: list[tuple[str, Decoder]] = []
    required = _required(cls)

    def read(value: Any, raw: Any, where: str) -> Any:
        if not isinstance(value, Mapping):
            raise _wrong(where, "an object", value)
        if not readers:
            readers.extend((name, _decoder(hints[name])) for name in _names(cls))
        found: dict[str, Any] = {}
        for name, reader in readers:
            if name in value:
                found[name] = reader(value[name], value.get(name + RAW), f"{where}.{name}")
            elif name in required:
                raise InputError(f"{where}.{name} is missing")
        return cls(**found)

    return read


def _load_texts(value: Any, raw: Any, where: str) -> Texts3:
    if not isinstance(value, Mapping):
        raise _wrong(where, "an object", value)
    return Texts3(*(_load_excerpt(value, name, where) for name in _TEXTS))


def _load_excerpt(value: Mapping[str, Any], name: str, where: str) -> Excerpt | None:
    if value.get(name) is None:
        return None
    here = f"{where}.{name}"
    first = _load_int(value.get(f"{name}_first"), None, f"{here}_first")
    found = value.get(f"{name}_ref")
    ref = None if found is None else _decoder(TextRef)(found, None, f"{here}_ref")
    return Excerpt(_load_bytes(value[name], value.get(name + RAW), here), first, ref)
