"""What a file provides as bytes, in blocks small enough to be read for one name."""

from __future__ import annotations

import marshal
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from backport.csource.definitions import Definition, DefinitionKind, FileDefinitions, Include, Parameter

_KINDS = tuple(DefinitionKind)
_NUMBERS = {kind: number for number, kind in enumerate(_KINDS)}
_PER_BLOCK = 128
_FORMAT = 4
"""marshal's version: the same bytes from every supported Python."""


_USUAL = ("", None, 0)
"""What the end of a row holds when it was left out."""


class Record(NamedTuple):
    """`head` holds all but the definitions, `blocks` those in order, `hashes` the names of each block."""

    head: bytes
    blocks: tuple[bytes, ...]
    hashes: tuple[tuple[int, ...], ...]


def name_hash(name: str) -> int:
    """The number under which a name is looked up; what is found must still be compared."""
    return zlib.crc32(name.encode("utf-8", "surrogatepass"))


def encode(provided: FileDefinitions) -> Record:
    """A file's definitions as they are kept."""
    head = (
        tuple((x.path, x.line, x.angled) for x in provided.includes),
        provided.pasted,
        provided.degraded,
        tuple(_row(x) for x in provided.local),
    )
    blocks, hashes = [], []
    for start in range(0, len(provided.definitions), _PER_BLOCK):
        part = provided.definitions[start : start + _PER_BLOCK]
        blocks.append(_pack(tuple(_row(x) for x in part)))
        hashes.append(tuple(name_hash(x) for x in {y.name for y in part}))
    return Record(_pack(head), tuple(blocks), tuple(hashes))


def decode(head: bytes, blocks: Iterable[bytes]) -> FileDefinitions:
    """The file's definitions again. Raises ValueError for bytes that are damaged."""
    includes, pasted, degraded, local = _unpack(head)
    return FileDefinitions(
        tuple(_definition(row) for block in blocks for row in _unpack(block)),
        tuple(Include(*x) for x in includes),
        pasted,
        degraded,
        tuple(_definition(row) for row in local),
    )


def decode_includes(head: bytes) -> tuple[Include, ...]:
    """The includes alone."""
    return tuple(Include(*x) for x in _unpack(head)[0])


def decode_pasted(head: bytes) -> tuple[str, ...]:
    """The patterns of pasted names alone."""
    found: tuple[str, ...] = _unpack(head)[1]
    return found


def decode_named(block: bytes, names: frozenset[str]) -> Iterator[Definition]:
    """The definitions of these names in a block."""
    for row in _unpack(block):
        if row[0] in names:
            yield _definition(row)


def _row(one: Definition) -> tuple[Any, ...]:
    """A definition as a tuple, what is as usual at its end left out."""
    parameters = None if one.parameters is None else tuple((x.name, x.type) for x in one.parameters)
    row = (
        one.name,
        _NUMBERS[one.kind],
        one.line,
        one.last - one.line,
        one.type,
        one.within,
        parameters,
        one.variadic + 2 * one.static,
    )
    end = len(row)
    while end > 5 and not row[end - 1] and row[end - 1] != ():
        end -= 1
    return row[:end]


def _definition(row: tuple[Any, ...]) -> Definition:
    name, kind, line, more, type_text, within, parameters, flags = row + _USUAL[len(row) - 5 :]
    return Definition(
        name,
        _KINDS[kind],
        line,
        line + more,
        within,
        type_text,
        None if parameters is None else tuple(Parameter(*x) for x in parameters),
        bool(flags & 1),
        bool(flags & 2),
    )


def _pack(value: Any) -> bytes:
    return zlib.compress(marshal.dumps(value, _FORMAT), 1)


def _unpack(data: bytes) -> Any:
    """Raises ValueError: sqlite's own checks do not see a damaged page."""
    try:
        return marshal.loads(zlib.decompress(data))
    except (zlib.error, EOFError, TypeError, ValueError) as error:
        raise ValueError(f"a damaged record: {error}") from None
