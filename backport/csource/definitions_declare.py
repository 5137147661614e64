"""Declarations read from tokens: what is declared, of which type, with which parameters and members."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from .definitions import Definition, DefinitionKind, Parameter
from .definitions_heads import ASM, BUILTIN, STORAGE, TAGS, Head, read_head
from .definitions_tokens import CALLED, Tokens, attribute, is_word, spaced
from .lines import Lines
from .makers import Maker, member_maker

_TAGS = {"struct": DefinitionKind.STRUCT, "union": DefinitionKind.UNION, "enum": DefinitionKind.ENUM}
_QUALIFIERS = frozenset({"const", "volatile", "restrict", "__restrict", "__restrict__", "__const"})
_NOT_NAMES = BUILTIN | STORAGE | TAGS | {"if", "while", "for", "switch", "return", "sizeof", "do"}
_DEEPEST = 40


@dataclass(slots=True)
class Declared:
    """One declarator: its name and the token it stands at, its type, its parameters (None: no function)."""

    name: str
    token: int
    type: str
    parameters: tuple[Parameter, ...] | None = None
    variadic: bool = False
    function: bool = False
    assigned: bool = False


Bodies = Callable[[Tokens, int], tuple[Tokens, int, int]]
"""The tokens within the brace at a token, with the first and the end of them."""
Expander = Callable[[str, list[str]], str]
"""What a macro of the file stands for with these arguments; "" for one that it does not define."""


class Reader:
    """Reads declarations into `found`. `bodies` opens a brace whose contents the tokens leave out."""

    def __init__(self, lines: Lines, bodies: Bodies, expander: Expander) -> None:
        self.lines = lines
        self.bodies = bodies
        self.expander = expander
        self.found: list[Definition] = []
        self.depth = 0

    # --- declarators

    def declarators(self, tokens: Tokens, head: Head, end: int) -> list[Declared]:
        """The declarators after a head, up to `end`."""
        found: list[Declared] = []
        at = head.next
        base = " ".join(head.words)
        for start, stop in tokens.split(at, end):
            one = self.declarator(tokens, start, stop, base)
            if one is not None and one.name:
                found.append(one)
        return found

    def declarator(self, tokens: Tokens, at: int, end: int, base: str, deep: int = 0) -> Declared | None:
        """One declarator; its name is "" for an abstract one. `base` is the type before it."""
        words, partner = tokens.words, tokens.partner
        stars: list[str] = []
        while at < end:
            word = words[at]
            if word in ("*", "^") or word in _QUALIFIERS:
                stars.append(word)
            elif word in STORAGE:
                pass
            elif attribute(word) == CALLED and words[at + 1 : at + 2] == ["("]:
                at = partner[at + 1]
            elif attribute(word) and words[at + 1 : at + 2] != ["("]:
                pass
            else:
                break
            at += 1
        whole = _pointed(base, stars)
        if at >= end:
            return Declared("", at, whole)
        while at + 1 < end and is_word(words[at]) and is_word(words[at + 1]) and not attribute(words[at + 1]):
            if words[at + 1] in ASM:
                break
            at += 1
        word = words[at]
        if word == "(" and deep < _DEEPEST:
            return self._inner(tokens, at, end, whole, deep)
        if word[0].isalpha() or word[0] in "_$":
            if word in _NOT_NAMES:
                return None
            one = Declared(word, at, whole)
            return self._suffixes(tokens, at + 1, end, one, "")
        return self._suffixes(tokens, at, end, Declared("", at, whole), "")

    def _inner(self, tokens: Tokens, at: int, end: int, whole: str, deep: int) -> Declared | None:
        """A declarator in parentheses: `(*name)(int)`, `(*name[4])(int)`, `(name)(int)`; or the parameters
        of an abstract function."""
        close = min(tokens.partner[at], end)
        inside = tokens.words[at + 1 : at + 2]
        pointer = inside in (["*"], ["^"]) or (
            inside and attribute(inside[0]) and "*" in tokens.words[at + 1 : close]
        )
        after = tokens.words[close + 1 : close + 2] if close + 1 < end else []
        if not pointer and after != ["("] and not (close == at + 2 and inside[0] not in BUILTIN):
            return self._suffixes(tokens, at, end, Declared("", at, whole), "")
        inner = self.declarator(tokens, at + 1, close, "", deep + 1)
        if inner is None:
            return None
        return self._suffixes(tokens, close + 1, end, replace(inner, type=whole), inner.type)

    def _suffixes(self, tokens: Tokens, at: int, end: int, one: Declared, inner: str) -> Declared:
        """Arrays, parameters, bits and initialiser after a name. `inner` are the stars within parentheses."""
        words, partner = tokens.words, tokens.partner
        dims, listed = "", ""
        while at < end:
            word = words[at]
            if word == "[":
                close = min(partner[at], end)
                dims += "[" + spaced(words[at + 1 : close]) + "]"
                at = close + 1
            elif word == "(" and one.parameters is None and not listed:
                close = min(partner[at], end)
                parameters, variadic = self.parameters(tokens, at + 1, close)
                if one.name or inner or parameters is not None:
                    one.variadic = variadic
                    if inner:
                        one.parameters = parameters
                        listed = "(" + _listed(parameters, variadic) + ")"
                    else:
                        one.function = True
                        one.parameters = parameters
                at = close + 1
            elif word in ("=", ":"):
                one.assigned = word == "="
                break
            elif attribute(word) == CALLED or is_word(word):
                at = partner[at + 1] + 1 if words[at + 1 : at + 2] == ["("] else at + 1
            else:
                at += 1
        if inner:
            one.type = (
                f"{one.type} ({inner}{dims if not listed else ''}){listed}"
                if listed
                else f"{one.type} ({inner}){dims}"
            )
        elif dims:
            one.type += dims if one.type.endswith("*") else " " + dims
        return one

    def parameters(self, tokens: Tokens, start: int, end: int) -> tuple[tuple[Parameter, ...] | None, bool]:
        """(parameters, variadic) of the range within parentheses: () for `(void)`, None for `()`."""
        words = tokens.words
        if start >= end:
            return None, False
        if end == start + 1 and words[start] == "void":
            return (), False
        found: list[Parameter] = []
        variadic = False
        for first, last in tokens.split(start, end):
            if first >= last:
                continue
            if words[first] == "...":
                variadic = True
                continue
            found.append(self.parameter(tokens, first, last))
        return tuple(found), variadic

    def parameter(self, tokens: Tokens, start: int, end: int) -> Parameter:
        head = read_head(tokens, start, end)
        if head.name < 0 and head.next >= end and len(head.words) > 1:
            last = head.words[-1]
            if last not in BUILTIN and " " not in last:
                return Parameter(last, " ".join(head.words[:-1]))
        base = " ".join(head.words)
        one = self.declarator(tokens, head.next, end, base) if head.next < end else None
        if one is None:
            return Parameter("", base or spaced(tokens.words[start:end]))
        if one.function and one.parameters is not None:
            return Parameter(one.name, f"{one.type} (*)({_listed(one.parameters, one.variadic)})")
        return Parameter(one.name, one.type)

    # --- members and enumerators

    def type_body(self, tokens: Tokens, head: Head, within: str, named: str) -> None:
        """The struct, union or enum that a head defines: the tag, and what its body holds. `within` is the
        struct around it, `named` what it is called where it has no tag."""
        if head.body < 0 or self.depth > _DEEPEST:
            return
        inner, start, end = self.bodies(tokens, head.body)
        line = self.lines.at(tokens.offsets[head.tag_token])
        close = tokens.partner[head.body]
        last = self.lines.at(tokens.offsets[close]) if close < len(tokens.offsets) else line
        kind = _TAGS[head.tag_kind]
        if head.tag:
            self.found.append(Definition(head.tag, kind, line, max(line, last)))
        own = f"{head.tag_kind} {head.tag}" if head.tag else named
        self.depth += 1
        if kind is DefinitionKind.ENUM:
            self.enumerators(inner, start, end, own)
        else:
            self.members(inner, start, end, own if head.tag or not within else within)
        self.depth -= 1

    def enumerators(self, tokens: Tokens, start: int, end: int, within: str) -> None:
        for first, last in tokens.split(start, end):
            self.enumerator(tokens, first, last, within)

    def enumerator(self, tokens: Tokens, first: int, last: int, within: str) -> None:
        """What stands between two commas: a name, with a value, or calls of macros that list names."""
        words = tokens.words
        while first < last and (attribute(words[first]) or words[first + 1 : first + 2] == ["("]):
            if words[first + 1 : first + 2] == ["("]:
                self.expanded(tokens, first, within, Reader.enumerators)
                first = tokens.partner[first + 1]
            first += 1
        if first >= last or not is_word(words[first]):
            return
        value = spaced(words[first + 2 : last]) if words[first + 1 : first + 2] == ["="] else ""
        at, stop = self.lines.at(tokens.offsets[first]), self.lines.at(tokens.offsets[last - 1])
        kind = DefinitionKind.ENUMERATOR
        self.found.append(Definition(words[first], kind, at, max(at, stop), within, value))

    def expanded(self, tokens: Tokens, at: int, within: str, read: Callable[..., None]) -> bool:
        """Read what the macro call at `at` stands for; whether the file defines that macro."""
        parts = tokens.split(at + 2, min(tokens.partner[at + 1], len(tokens.words)))
        text = self.expander(tokens.words[at], [tokens.text(*x) for x in parts])
        if not text or self.depth > _DEEPEST:
            return False
        inner = Tokens(text, [(0, len(text))])
        reader = Reader(OneLine(self.lines.at(tokens.offsets[at])), _inline, self.expander)
        reader.depth = self.depth + 1
        read(reader, inner, 0, len(inner.words), within)
        self.found += reader.found
        return True

    def members(self, tokens: Tokens, start: int, end: int, within: str) -> None:
        """The members between two tokens, those of anonymous inner structs included."""
        words, partner = tokens.words, tokens.partner
        at = start
        while at < end:
            if words[at] in (";", ","):
                at += 1
                continue
            stop = at
            while stop < end and words[stop] != ";":
                stop = partner.get(stop, stop) + 1
            stop = min(stop, end)
            at = self.member(tokens, at, stop, within) + 1

    def member(self, tokens: Tokens, at: int, end: int, within: str) -> int:
        """One statement of a struct's body; where the next begins, less one."""
        head = read_head(tokens, at, end)
        if head.call >= 0:
            return self.made_member(tokens, head.call, end, within)
        self.type_body(tokens, head, within, "")
        for one in self.declarators(tokens, head, end):
            self.add_member(tokens, one, within)
        return end

    def add_member(self, tokens: Tokens, one: Declared, within: str) -> None:
        line = self.lines.at(tokens.offsets[one.token])
        kind = DefinitionKind.MEMBER
        self.found.append(
            Definition(one.name, kind, line, line, within, one.type, one.parameters, one.variadic)
        )

    def made_member(self, tokens: Tokens, at: int, end: int, within: str) -> int:
        """A macro call among the members, with or without a semicolon; where it ends."""
        words = tokens.words
        close = min(tokens.partner[at + 1], end)
        parts = tokens.split(at + 2, close)
        maker = member_maker(words[at])
        if self.expanded(tokens, at, within, Reader.members):
            pass
        elif maker is not None:
            self._apply(tokens, maker, parts, within)
        after = words[close + 1] if close + 1 < end else ""
        return close if after and after != "=" else end

    def _apply(self, tokens: Tokens, maker: Maker, parts: list[tuple[int, int]], within: str) -> None:
        arguments = [tokens.text(*x) for x in parts]
        line = self.lines.at(tokens.offsets[parts[0][0]]) if parts[0][0] < len(tokens.offsets) else 1
        outer = maker.tag(arguments)
        if outer:
            self.found.append(Definition(outer, DefinitionKind.STRUCT, line, line))
        for made in maker.made(arguments):
            kind = DefinitionKind.MEMBER
            self.found.append(Definition(made.name, kind, line, line, within, made.type))
        if maker.members is not None and maker.members < len(parts):
            start, stop = parts[maker.members][0], parts[-1][1]
            if self.depth < _DEEPEST:
                self.depth += 1
                self.members(tokens, start, stop, within)
                self.depth -= 1


class OneLine(Lines):
    """Every offset on one line: that of the macro call that was expanded."""

    __slots__ = ("_line",)

    def __init__(self, line: int) -> None:
        self._line = line

    def at(self, offset: int) -> int:
        return self._line


def _inline(tokens: Tokens, at: int) -> tuple[Tokens, int, int]:
    return tokens, at + 1, tokens.partner[at]


def _pointed(base: str, stars: list[str]) -> str:
    """`struct page` and `*`, `const` as `struct page * const`."""
    text = base
    for word in stars:
        text += word if text.endswith("*") and word == "*" else (" " + word if text else word)
    return text


def _listed(parameters: tuple[Parameter, ...] | None, variadic: bool) -> str:
    if parameters is None:
        return ""
    types = [x.type for x in parameters] + (["..."] if variadic else [])
    return ", ".join(types) or "void"
