"""The members of a struct or union, and the enumerators of an enum, read from their tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from backport.checks.kabi.data import KabiData, MemberMacro, kabi_data
from backport.checks.kabi.pieces import (
    closing_of,
    is_attribute,
    is_within,
    joined,
    skip_directive,
    split_at_commas,
    tokens_of,
    without_attributes,
)
from backport.csource import Token, TokenKind

_QUALIFIERS = frozenset({b"const", b"volatile", b"__restrict", b"restrict"})
_RECORDS = (b"struct", b"union")


@dataclass(frozen=True, slots=True)
class Member:
    """One member. `type` has single blanks, no qualifiers' noise and the array's bounds; `bits` is a bit-field's
    width. `size` and `align` are in bytes, None where the type's are not known. `reserved` is room for later, with
    the `macro` that says so ("" for a plain field) and its number; `agreed` was changed in an agreed way.
    `inner` are the members of a struct or union that is declared in place, `kind` which of the two ("" none)."""

    name: str
    type: str
    line: int
    bits: int | None = None
    size: int | None = None
    align: int | None = None
    reserved: bool = False
    agreed: bool = False
    macro: str = ""
    number: str = ""
    kind: str = ""
    inner: tuple[Member, ...] = ()
    guards: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """A struct or union: `attributes` is what stands behind its brace (`__packed`)."""

    kind: str
    name: str
    members: tuple[Member, ...]
    attributes: tuple[str, ...]
    line: int


def read_record(data: bytes, first: int) -> Record | None:
    """The struct or union whose definition `data` is; `first` is the file's line of its first byte."""
    found = tokens_of(data)
    at = next((i for i, t in enumerate(found) if t.text in _RECORDS), None)
    opening = next((i for i, t in enumerate(found) if t.text == b"{"), None)
    if at is None or opening is None or opening < at:
        return None
    closing = closing_of(found, opening)
    names = [t.text for t in found[at + 1 : opening] if t.kind is TokenKind.NAME]
    tail = tuple(t.text.decode("ascii", "replace") for t in found[closing + 1 :] if t.text != b";")
    members = tuple(_members(found[opening + 1 : closing], first - 1))
    kind = found[at].text.decode("ascii")
    return Record(kind, names[-1].decode("ascii", "replace") if names else "", members, tail, first)


# --- statements ------------------------------------------------------------------------------------


def _members(found: Sequence[Token], shift: int) -> Iterator[Member]:
    for statement, guards in _statements(found):
        for member in _declared(statement, shift):
            yield replace(member, guards=guards) if guards else member


def _statements(found: Sequence[Token]) -> Iterator[tuple[list[Token], tuple[str, ...]]]:
    """The declarations between two braces, each with the preprocessor conditions that it stands under."""
    data = kabi_data()
    statement: list[Token] = []
    guards: list[str] = []
    index = 0
    while index < len(found):
        token = found[index]
        if token.kind is TokenKind.DIRECTIVE:
            index = skip_directive(found, index, guards)
            continue
        end = index + 1
        if token.text in (b"(", b"[", b"{"):
            end = closing_of(found, index) + 1
        elif token.text == b";":
            if statement:
                yield statement, tuple(guards)
            statement = []
            index = end
            continue
        statement += found[index:end]
        index = end
        if token.text == b"(" and len(statement) > 1 and _is_bare(statement, data):
            yield statement, tuple(guards)
            statement = []
    if statement:
        yield statement, tuple(guards)


def _is_bare(statement: Sequence[Token], data: KabiData) -> bool:
    """Whether this is a macro that needs no semicolon: it brings its own."""
    name = statement[0].text.decode("ascii", "replace")
    return statement[1].text == b"(" and (data.reserve(name) or data.agreement(name)) is not None


# --- one declaration -------------------------------------------------------------------------------


def _declared(statement: list[Token], shift: int) -> Iterator[Member]:
    """The members that a declaration brings: one, several (`int a, b;`), those of an agreed macro, or none."""
    line = statement[0].line + shift
    name = statement[0].text.decode("ascii", "replace")
    if len(statement) > 1 and statement[1].text == b"(" and statement[0].kind is TokenKind.NAME:
        special = _macro(name, statement, line, shift)
        if special is not None:
            yield from special
            return
    brace = next((i for i, t in enumerate(statement) if t.text == b"{"), None)
    if brace is not None:
        yield from _in_place(statement, brace, line, shift)
        return
    for part in _parts(statement):
        member = _plain(part, line)
        if member is not None:
            yield member


def _macro(name: str, statement: list[Token], line: int, shift: int) -> list[Member] | None:
    data = kabi_data()
    inner = statement[2 : closing_of(statement, 1)]
    arguments = split_at_commas(inner)
    if (reserve := data.reserve(name)) is not None:
        number = joined(arguments[0]) if arguments else ""
        size = reserve.bytes
        return [Member(f"{name}({number})", name, line, None, size, size, True, macro=name, number=number)]
    if (agreed := data.agreement(name)) is not None:
        return _agreed(agreed.room, name, arguments, line, shift)
    if (made := data.member(name)) is not None:
        return [_made(made, name, arguments, line)]
    return None


def _made(made: MemberMacro, macro: str, arguments: list[list[Token]], line: int) -> Member:
    called = joined(arguments[made.name]) if made.name < len(arguments) else ""
    rest = ", ".join(joined(a) for n, a in enumerate(arguments) if n != made.name)
    if made.flexible:
        return Member(called, f"{rest}[]", line, None, 0, _known(rest)[1])
    size = made.bytes or None
    return Member(called or macro, f"{macro}({rest})", line, None, size, size)


def _agreed(room: str, name: str, arguments: list[list[Token]], line: int, shift: int) -> list[Member] | None:
    if room == "none":
        return []
    if room == "numbers":
        numbers = [a for a in arguments if len(a) == 1 and a[0].kind is TokenKind.NUMBER]
        size = 8 * max(1, len(numbers))
        number = joined(numbers[0]) if numbers else ""
        return [Member(f"{name}({number})", name, line, None, size, 8, True, True, name, number)]
    old = arguments[0] if room == "first" else [t for a in arguments[:2] for t in a]
    return [replace(m, agreed=True) for m in _declared(old, shift)] if old else []


def _in_place(statement: list[Token], brace: int, line: int, shift: int) -> Iterator[Member]:
    """A struct, union or enum that is declared where it is used."""
    closing = closing_of(statement, brace)
    heads = [t.text for t in statement[:brace]]
    kind = next((k for k in _RECORDS if k in heads), b"enum").decode("ascii")
    inner: tuple[Member, ...] = ()
    size: int | None = kabi_data().enum
    align = size
    if kind != "enum":
        inner = tuple(_members(statement[brace + 1 : closing], shift))
        size, align = _extent(kind, inner)
    declarators = split_at_commas(statement[closing + 1 :])
    body = (
        f"{kind} {{ {'; '.join(f'{m.type} {m.name}' for m in inner)} }}"
        if inner
        else joined(statement[:closing])
    )
    named = [d for d in declarators if any(t.kind is TokenKind.NAME and not is_attribute(t.text) for t in d)]
    if not named:
        yield Member("", body, line, None, size, align, kind=kind, inner=inner)
    for declarator in named:
        name, bounds, stars = _declarator(declarator)
        whole = _size_of(size, align, bounds, stars)
        yield Member(name, f"{body} {stars}{bounds}".strip(), line, None, *whole, kind=kind, inner=inner)


def _extent(kind: str, inner: Sequence[Member]) -> tuple[int | None, int | None]:
    """Size and alignment of members side by side (struct) or on top of each other (union)."""
    if any(m.size is None or m.align is None or m.bits is not None for m in inner):
        return None, None
    align = max((m.align or 1 for m in inner), default=1)
    size = 0
    for member in inner:
        one = member.size or 0
        size = max(size, one) if kind == "union" else _up(size, member.align or 1) + one
    return _up(size, align), align


def _up(value: int, align: int) -> int:
    return -(-value // align) * align


def _parts(statement: list[Token]) -> Iterator[list[Token]]:
    """`int *a, b[2]` as `int *a` and `int b[2]`."""
    parts = split_at_commas(statement)
    if len(parts) < 2:
        yield statement
        return
    first = parts[0]
    end = len(first)
    while end > 1 and first[end - 1].text not in (b"*",) and first[end - 1].kind is not TokenKind.NAME:
        end -= 1
    base = [t for t in first[: end - 1] if t.text != b"*"]
    yield first
    for part in parts[1:]:
        yield [*base, *part]


def _plain(part: list[Token], line: int) -> Member | None:
    part = [t for t in without_attributes(part) if t.text not in _QUALIFIERS]
    colon = next((i for i, t in enumerate(part) if t.text == b":"), None)
    bits = None
    if colon is not None:
        width = part[colon + 1 : colon + 2]
        bits = int(width[0].text) if width and width[0].text.isdigit() else 0
        part = part[:colon]
    pointed = _function_pointer(part)
    if pointed is not None:
        return Member(pointed[0], pointed[1], line, None, *_size_of(8, 8, pointed[2], ""))
    at = next(
        (
            i
            for i in range(len(part) - 1, -1, -1)
            if part[i].kind is TokenKind.NAME and not is_within(part, i)
        ),
        None,
    )
    if at is None or (at == 0 and bits is None):
        return None
    if bits is not None and _is_type_only(part):
        name, base, bounds = "", part, ""
    else:
        name = part[at].text.decode("ascii", "replace")
        base, bounds = part[:at], joined(part[at + 1 :])
    type = joined(base)
    size, align = _known(type)
    reserved = bool(kabi_data().reserved_field.fullmatch(name))
    bounds = "[]" if bounds == "[0]" else bounds
    return Member(name, type + bounds, line, bits, *_size_of(size, align, bounds, ""), reserved)


def _is_type_only(part: Sequence[Token]) -> bool:
    """An unnamed bit-field (`int : 4`): all its words are a type."""
    return joined(part) in kabi_data().types


def _function_pointer(part: list[Token]) -> tuple[str, str, str] | None:
    """Name, type and bounds of `type (*name[bounds])(parameters)`."""
    for index in range(len(part) - 2):
        if part[index].text == b"(" and part[index + 1].text == b"*":
            close = closing_of(part, index)
            inner = part[index + 1 : close]
            name = next((t for t in inner if t.kind is TokenKind.NAME), None)
            if name is None:
                return None
            bounds = joined([t for t in inner[inner.index(name) + 1 :] if t.text != b")"])
            type = f"{joined(part[:index])} (*{bounds}){joined(_unnamed(part[close + 1 :]))}"
            return name.text.decode("ascii", "replace"), type, bounds if bounds.startswith("[") else ""
    return None


def _unnamed(parameters: list[Token]) -> list[Token]:
    """A parameter list without the parameters' names: a rename is no other type."""
    if len(parameters) < 2 or parameters[0].text != b"(":
        return parameters
    inner = parameters[1 : closing_of(parameters, 0)]
    result = [parameters[0]]
    for number, part in enumerate(split_at_commas(inner)):
        if number:
            result.append(Token(TokenKind.PUNCT, b",", parameters[0].line, 0))
        result += unnamed(part)
    return [*result, *parameters[-1:]]


def unnamed(parameter: list[Token]) -> list[Token]:
    """A parameter's declaration without its name and qualifiers of no weight."""
    part = [t for t in without_attributes(parameter) if t.text not in (b"register",)]
    words = [i for i, t in enumerate(part) if t.kind is TokenKind.NAME and not is_within(part, i)]
    if len(words) < 2 or any(t.text == b"(" for t in part):
        return part
    last = words[-1]
    tagged = part[words[-2]].text in (*_RECORDS, b"enum")
    typed = part[last].text in _TYPE_WORDS or (tagged and last == words[-2] + 1)
    qualified = all(part[i].text in (*_QUALIFIERS,) for i in words[:-1])
    return part if typed or qualified else [*part[:last], *part[last + 1 :]]


_TYPE_WORDS = frozenset(b"int char short long unsigned signed void float double bool _Bool const".split())


def _declarator(part: list[Token]) -> tuple[str, str, str]:
    part = without_attributes(part)
    name = next((t for t in part if t.kind is TokenKind.NAME), None)
    if name is None:
        return "", "", ""
    at = part.index(name)
    return (
        name.text.decode("ascii", "replace"),
        joined(part[at + 1 :]),
        "*" * sum(t.text == b"*" for t in part[:at]),
    )


def _known(type: str) -> tuple[int | None, int | None]:
    data = kabi_data()
    if type.endswith("*"):
        return data.pointer, data.pointer
    if type.startswith("enum "):
        return data.enum, data.enum
    return data.types.get(type, (None, None))


def _size_of(size: int | None, align: int | None, bounds: str, stars: str) -> tuple[int | None, int | None]:
    """Size and alignment of a pointer to, or an array of, what has these."""
    if stars:
        size = align = kabi_data().pointer
    for bound in bounds.replace("][", "] [").split():
        count = bound.strip("[] ")
        if not bound.startswith("["):
            return None, None
        if count in ("", "0"):
            return 0, align
        if not count.isdigit() or size is None:
            return None, align
        size *= int(count)
    return size, align
