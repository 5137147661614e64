"""From a file's chunks to its regions: the one place that talks to tree-sitter."""

from __future__ import annotations

import re
import threading
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..model import Region, RegionKind
from .dialect import dialect
from .heads import call_region, head_region
from .lines import Lines
from .scan import Chunk

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

_TYPES = {
    "struct_specifier": RegionKind.STRUCT,
    "union_specifier": RegionKind.UNION,
    "enum_specifier": RegionKind.ENUM,
}
_DECLARING = frozenset({"function_definition", "declaration", "type_definition"})
_NAMES = frozenset({"identifier", "type_identifier", "field_identifier", "primitive_type"})


class _PerThread(threading.local):
    parser: Parser | None = None


_per_thread = _PerThread()


def _parser() -> Parser:
    """This thread's parser: one must not be used by two at a time."""
    if _per_thread.parser is None:
        import tree_sitter_c
        from tree_sitter import Language, Parser

        _per_thread.parser = Parser(Language(tree_sitter_c.language()))
    return _per_thread.parser


def chunk_regions(data: bytes, chunks: Sequence[Chunk], lines: Lines) -> Iterator[Region]:
    """The region of each chunk, in order. What a chunk is depends on its own text alone."""
    made: dict[int, Region] = {}
    asked: list[Chunk] = []
    for chunk in chunks:
        region = call_region(data, chunk, lines)
        if region is None:
            asked.append(chunk)
        else:
            made[chunk.start] = region
    for chunk, (node, base) in zip(asked, _nodes(data, asked), strict=True):
        found = _region(node, base, chunk, lines) if node is not None else None
        found = found or head_region(data, chunk, lines)
        if found is not None:
            made[chunk.start] = found
    for chunk in chunks:
        if chunk.start in made:
            yield made[chunk.start]


def _nodes(data: bytes, chunks: list[Chunk]) -> list[tuple[Node | None, int]]:
    """For each chunk its node, or None where the grammar cannot read it, and the offset in the file
    that the node's own offsets count from.

    All are parsed in one go. A chunk with an error, and one whose text was read together with its
    neighbour's, is parsed once more by itself.
    """
    if not chunks:
        return []
    base = chunks[0].start
    text = skeleton(data, chunks)
    starts = [x.start - base for x in chunks]
    found: list[list[Node]] = [[] for _ in chunks]
    spoilt: set[int] = set()
    for node in _parser().parse(text).root_node.children:
        number = bisect_right(starts, node.start_byte) - 1
        last = bisect_right(starts, max(node.end_byte - 1, node.start_byte)) - 1
        if node.has_error or last != number:
            spoilt.update(range(max(number, 0), last + 1))
        if number >= 0:
            found[number].append(node)
    result: list[tuple[Node | None, int]] = []
    for number, (chunk, nodes) in enumerate(zip(chunks, found, strict=True)):
        if number in spoilt:
            alone = text[starts[number] : chunk.end - base]
            result.append((_only(_parser().parse(alone).root_node.children), chunk.start))
        else:
            result.append((_only(nodes), base))
    return result


def _only(nodes: list[Node]) -> Node | None:
    """The one node of a chunk, semicolons aside; None if there is an error or something else."""
    real = [x for x in nodes if x.type != ";"]
    return real[0] if len(real) == 1 and not real[0].has_error else None


_WORD = re.compile(rb"[A-Za-z_]\w*")
_PAREN = re.compile(rb"\s*\(")
_EVENT = re.compile(rb"[()]")
_attributes: dict[bytes, int] = {}
_WITH_ARGUMENTS = 2


def skeleton(data: bytes, chunks: Sequence[Chunk]) -> bytes:
    """The text of `chunks`, from the first one's start: what does not count is blank."""
    base = chunks[0].start
    text = bytearray(b" ") * (chunks[-1].end - base)
    for chunk in chunks:
        for start, end in chunk.pieces:
            text[start - base : end - base] = data[start:end]
    for match in _WORD.finditer(bytes(text)):
        blank = _attributes.get(match[0])
        if blank is None:
            blank = _attribute(match[0])
        if blank:
            _blank(text, match, blank == _WITH_ARGUMENTS)
    return bytes(text)


def _attribute(word: bytes) -> int:
    """Whether a word is an annotation; remembered, since it is asked for every word of every file."""
    if len(_attributes) > 200_000:
        _attributes.clear()
    name = word.decode("latin-1")
    value = _WITH_ARGUMENTS if dialect().takes_arguments(name) else int(dialect().is_attribute(name))
    _attributes[word] = value
    return value


def _blank(text: bytearray, match: re.Match[bytes], with_arguments: bool) -> None:
    """Blank an annotation: with its arguments if it takes them, else only where none follow."""
    start, end = match.span()
    if with_arguments:
        end = _arguments_end(text, end)
    elif _PAREN.match(text, end) and not _is_attribute_before_paren(text, end):
        return
    text[start:end] = b" " * (end - start)


def _is_attribute_before_paren(text: bytearray, end: int) -> bool:
    """Whether the parenthesis after an annotation is a declarator's: `(__user *p)`."""
    opened = _PAREN.match(text, end)
    return opened is not None and text[opened.end() : opened.end() + 1] == b"*"


def _arguments_end(text: bytearray, end: int) -> int:
    """The end of the parenthesis that follows an attribute, or `end` itself."""
    opened = _PAREN.match(text, end)
    if opened is None:
        return end
    depth = 0
    for match in _EVENT.finditer(text, opened.end() - 1):
        depth += 1 if match[0] == b"(" else -1
        if not depth:
            return match.end()
    return end


def _region(node: Node, base: int, chunk: Chunk, lines: Lines) -> Region | None:
    """What a node says; None for one that is no definition or declaration."""
    kind, named = _kind(node, chunk)
    if kind is None or chunk.function != (kind is RegionKind.FUNCTION):
        return None
    first, last = lines.at(chunk.start), lines.at(chunk.end - 1)
    if named is None:
        return Region(kind, "", first, last, first)
    if named.text is None:
        return None
    name = named.text.decode("utf-8", "replace")
    if kind is RegionKind.FUNCTION and dialect().argument(name, True) is not None:
        return None
    return Region(kind, name, first, last, lines.at(base + named.start_byte))


def _kind(node: Node, chunk: Chunk) -> tuple[RegionKind | None, Node | None]:
    """The kind of region that a node makes, and the node of its name."""
    node_type = node.type
    if node_type in _TYPES:
        body = node.child_by_field_name("body")
        return (_TYPES[node_type] if body else RegionKind.DECLARATION), node.child_by_field_name("name")
    name = _declared(node) if node_type in _DECLARING else None
    if name is None:
        return None, None
    if node_type == "function_definition":
        return RegionKind.FUNCTION, name
    made = node.child_by_field_name("type")
    if made is not None and made.type in _TYPES and made.child_by_field_name("body"):
        tag = made.child_by_field_name("name")
        simple = node_type == "declaration" and len(chunk.bodies) == 1
        if simple or (tag and node_type == "type_definition"):
            return _TYPES[made.type], tag or name
    if node_type == "type_definition":
        return RegionKind.TYPEDEF, name
    return (RegionKind.INITIALISER if chunk.bodies else RegionKind.DECLARATION), name


def _declared(node: Node | None) -> Node | None:
    """The identifier that a definition or declaration declares first."""
    while node is not None and node.type not in _NAMES:
        inner = node.child_by_field_name("declarator")
        if inner is None:
            inner = next((x for x in node.named_children if x.type in _NAMES or "declarator" in x.type), None)
        node = inner
    return node
