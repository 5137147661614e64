"""What a stretch of C declares by itself: parameters, locals with their blocks, labels; by tokens alone.

Made for code that no grammar reads whole: macros as statements, braces split by #if, unknown type names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .dialect import dialect
from .uses_tokens import Flow, words

PARAMETER, LOCAL, FOR, MACRO, LABEL = "parameter", "local", "for", "macro", "label"


@dataclass(frozen=True, slots=True)
class Local:
    """A name declared in a function, visible from token `first` to `last`. `type` is as it is written, without
    qualifiers ("struct page *"), "" where it is not known; `kind` MACRO is one that a macro declares, by its
    looks; `index` is the token of the name."""

    name: str
    type: str
    kind: str
    line: int
    index: int
    first: int
    last: int
    block: int = 0


@dataclass(slots=True)
class Scope:
    """All names that a stretch declares. `declaring` are the tokens at which they are declared."""

    flow: Flow
    locals: dict[str, list[Local]] = field(default_factory=dict)
    labels: dict[str, int] = field(default_factory=dict)
    declaring: set[int] = field(default_factory=set)
    body: int = -1

    def visible(self, name: str, index: int) -> Local | None:
        """The declaration that token `index` sees, the innermost (latest) one; None where there is none."""
        found = [x for x in self.locals.get(name, ()) if x.first <= index <= x.last]
        return max(found, key=lambda x: x.first, default=None)

    def add(self, name: str, type: str, kind: str, index: int, block: int = 0, first: int = -1) -> None:
        flow = self.flow
        line = flow.lines[index] if index < len(flow.lines) else 0
        last = flow.closes[block] if block < len(flow.closes) else len(flow.texts)
        start = index if first < 0 else first
        self.locals.setdefault(name, []).append(Local(name, type, kind, line, index, start, last, block))
        self.declaring.add(index)


def function_scope(flow: Flow, name: str) -> Scope:
    """The scope of a function `name`, head and body."""
    scope = Scope(flow)
    head = _body_start(flow)
    scope.body = head
    group = _parameter_list(flow, name, head)
    if group is not None:
        for declared, type, index in parameters(flow, group + 1, flow.match[group]):
            scope.add(declared, type, PARAMETER, index, 0, 0)
        _old_style(scope, flow.match[group] + 1, head)
    _statements(scope, head, len(flow.texts))
    return scope


def plain_scope(flow: Flow) -> Scope:
    """The scope of a stretch that is no function: a struct's members, a prototype's parameters, an
    initialiser's own name are declared there and not used."""
    scope = Scope(flow)
    _statements(scope, -1, len(flow.texts))
    for index, text in enumerate(flow.texts):
        if text == "(" and index and flow.names[index - 1] and flow.match[index] > 0:
            found = parameters(flow, index + 1, flow.match[index])
            if found and all(type for _, type, _ in found):
                for declared, type, at in found:
                    scope.add(declared, type, PARAMETER, at)
        elif text == "enum":
            _enumerators(scope, index)
    return scope


def _enumerators(scope: Scope, index: int) -> None:
    flow = scope.flow
    while index < len(flow.texts) and flow.texts[index] not in "{;)":
        index += 1
    if index >= len(flow.texts) or flow.texts[index] != "{":
        return
    end = flow.match[index] if flow.match[index] > 0 else len(flow.texts)
    for at in range(index + 1, end):
        begins = flow.texts[at - 1] in ("{", ",") and flow.block[at] == flow.block[index]
        if flow.names[at] and begins and flow.texts[at + 1 : at + 2] in ([], [","], ["="], ["}"]):
            scope.add(flow.texts[at], "int", LOCAL, at)


def _body_start(flow: Flow) -> int:
    """The token of the brace that begins a function's body; the number of tokens where there is none."""
    index = 0
    while index < len(flow.texts):
        text = flow.texts[index]
        if text == "{":
            return index
        if text in "([" and flow.match[index] > index:
            index = flow.match[index]
        index += 1
    return len(flow.texts)


def _parameter_list(flow: Flow, name: str, head: int) -> int | None:
    """The token of the parenthesis that begins the parameters: that after the function's name, else the last
    one of the head that no attribute stands before."""
    found = None
    index = 0
    while index < head:
        if flow.texts[index] == "(" and flow.match[index] > index:
            before = flow.texts[index - 1] if index else ""
            if before == name:
                return index
            if before and not dialect().takes_arguments(before) and before not in words().qualifiers:
                found = index
            index = flow.match[index]
        index += 1
    return found


def parameters(flow: Flow, first: int, last: int) -> list[tuple[str, str, int]]:
    """(name, type, token) of each declared parameter between two tokens. A part that is a bare name is one
    of K&R's or of a macro-made function (SYSCALL_DEFINE): its type is ""."""
    found = []
    for start, end in parts(flow, first, last):
        declared = _declarator(flow, start, end)
        if declared is not None:
            found.append(declared)
    return found


def parts(flow: Flow, first: int, last: int) -> Iterator[tuple[int, int]]:
    """The stretches between the commas of the outermost level."""
    start = index = first
    while index < last:
        text = flow.texts[index]
        if text in "([{" and index < flow.match[index] <= last:
            index = flow.match[index]
        elif text == ",":
            yield start, index
            start = index + 1
        index += 1
    if start < last:
        yield start, last


def _declarator(flow: Flow, start: int, end: int) -> tuple[str, str, int] | None:
    """The name that a parameter declares; None for `void`, `...` and unnamed ones."""
    texts, names = flow.texts, flow.names
    for index in range(start, end - 2):
        if texts[index] == "(" and texts[index + 1] in "*^" and index > start:
            named = next((n for n in range(index + 2, end) if names[n]), None)
            return (texts[named], "", named) if named is not None else None
    candidates, index = [], start
    while index < end:
        text = texts[index]
        if text in "([" and flow.match[index] > index:
            index = flow.match[index]
        elif text == "=":
            break
        elif names[index] and not _annotation(texts, index, end):
            candidates.append(index)
        index += 1
    if not candidates or texts[candidates[-1]] in words().keywords:
        return None
    last = candidates[-1]
    if len(candidates) == 1 and not any(texts[n] == "*" for n in range(start, last)):
        return (texts[last], "", last)
    if len(candidates) == 2 and texts[candidates[0]] in ("struct", "union", "enum"):
        return None
    return texts[last], type_text(texts[start:last]), last


def _annotation(texts: Sequence[str], index: int, end: int) -> bool:
    text = texts[index]
    called = index + 1 < end and texts[index + 1] == "("
    known = dialect()
    return known.takes_arguments(text) if called else known.attributes.fullmatch(text) is not None


def type_text(texts: Sequence[str]) -> str:
    """A type as it is compared: qualifiers and annotations left out, single blanks, stars at the end."""
    skip, known = words().qualifiers, dialect()
    kept, depth, stars = [], 0, 0
    for text in texts:
        if text in "([":
            depth += 1
        elif text in ")]":
            depth -= 1
        elif depth == 0 and text == "*":
            stars += 1
        elif depth == 0 and text not in skip and not known.is_attribute(text) and text[0] in _LETTERS:
            kept.append(text)
    return " ".join(kept) + (" " + "*" * stars if stars else "")


_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")


def _old_style(scope: Scope, first: int, head: int) -> None:
    """The declarations between a K&R function's parameter list and its body."""
    index = first
    while index < head:
        end = _declaration(scope, index, PARAMETER)
        if end is None:
            return
        index = end + 1


def _statements(scope: Scope, first: int, last: int) -> None:
    """Go through the statements: declarations at their beginnings, labels, for-declarations."""
    flow = scope.flow
    texts = flow.texts
    index = first + 1
    fresh = True
    while index < last:
        text = texts[index]
        if fresh:
            while (label := _label(scope, index)) is not None:
                index = label
            if index >= last:
                return
            _declaration(scope, index, LOCAL)
            text = texts[index]
        if text == "for" and index + 2 < last and texts[index + 1] == "(":
            _declaration(scope, index + 2, FOR)
        fresh = text in "{};"
        index += 1


def _label(scope: Scope, index: int) -> int | None:
    """Where a label or case at `index` ends; None where there is none."""
    flow = scope.flow
    texts, size = flow.texts, len(flow.texts)
    if index >= size:
        return None
    if texts[index] in ("case", "default"):
        at, open_questions = index + 1, 0
        while at < size and texts[at] not in ";{}":
            if texts[at] == "?":
                open_questions += 1
            if texts[at] == ":":
                if not open_questions:
                    return at + 1
                open_questions -= 1
            at += 1
        return None
    named = flow.names[index] and texts[index] not in words().keywords
    if named and index + 1 < size and texts[index + 1] == ":" and scope.body >= 0:
        scope.labels.setdefault(texts[index], flow.lines[index])
        scope.declaring.add(index)
        return index + 2
    return None


def _declaration(scope: Scope, start: int, kind: str) -> int | None:
    """Read a declaration that may begin at `start`; the token at which it ends, None where none begins."""
    flow = scope.flow
    read = _specifiers(flow, start)
    if read is None:
        return _macro_declaration(scope, start) if kind == LOCAL else None
    index, type, name = read
    block = flow.block[start] if kind != PARAMETER else 0
    if name < 0:
        return index
    while True:
        scope.add(flow.texts[name], type, kind, name, block, 0 if kind == PARAMETER else -1)
        index = _end_of_declarator(flow, index)
        if index >= len(flow.texts) or flow.texts[index] != ",":
            return index
        following = _next_declarator(flow, index + 1)
        if following is None:
            return index
        name, index = following


def _specifiers(flow: Flow, start: int) -> tuple[int, str, int] | None:
    """(token after the first declarator's name, type, token of that name; -1 for none) of a declaration."""
    texts, names, size = flow.texts, flow.names, len(flow.texts)
    known = words()
    if (
        start >= size
        or not names[start]
        or texts[start] in known.statements - {"typeof", "__typeof__", "__typeof"}
    ):
        return None
    found: list[int] = []
    index, last, typed = start, start, False
    while index < size:
        text = texts[index]
        if text in ("typeof", "__typeof__", "__typeof") or _calls_attribute(flow, index):
            plain = text.startswith(("typeof", "__typeof"))
            index = flow.match[index + 1] + 1 if index + 1 < size and flow.match[index + 1] > 0 else size
            typed, last = typed or plain, index if plain else last
            continue
        if text == "{" and found and _tagged(texts, found):
            index, typed = (flow.match[index] + 1 if flow.match[index] > 0 else size), True
            continue
        if names[index] and text not in known.statements:
            found.append(index)
        elif text != "*":
            break
        index += 1
        last = index
    return _first_declarator(flow, start, (index, last), found, typed)


def _tagged(texts: Sequence[str], found: Sequence[int]) -> bool:
    return any(texts[n] in ("struct", "union", "enum") for n in found[-3:])


def _calls_attribute(flow: Flow, index: int) -> bool:
    text = flow.texts[index]
    followed = index + 1 < len(flow.texts) and flow.texts[index + 1] == "("
    return (
        followed
        and flow.names[index]
        and (
            dialect().takes_arguments(text) or text in ("__attribute__", "__attribute", "_Alignas", "alignas")
        )
    )


def _first_declarator(
    flow: Flow, start: int, ends: tuple[int, int], found: list[int], typed: bool
) -> tuple[int, str, int] | None:
    """`ends` are the token after the specifiers, and that after them without annotations that take arguments."""
    texts, size = flow.texts, len(flow.texts)
    index, last = ends
    stop = texts[index] if index < size else ""
    plain = [n for n in found if texts[n] not in words().qualifiers]
    if stop == "(" and plain:
        return _with_parenthesis(flow, start, index, plain, typed)
    if stop not in (";", "=", ",", "[", ":", ")") or not plain:
        return None
    while len(plain) > 1 and plain[-1] == last - 1 and dialect().attributes.fullmatch(texts[plain[-1]]):
        plain.pop()
        last = plain[-1] + 1
    name = plain[-1]
    nameless = (index, "", -1) if typed or len(plain) > 1 else None
    if texts[name] in words().keywords or _only_tag(texts, plain, typed):
        return nameless
    if name != last - 1 or (len(plain) == 1 and not typed) or stop == ")":
        return None
    return index, type_text(texts[start:name]), name


def _only_tag(texts: Sequence[str], plain: Sequence[int], typed: bool) -> bool:
    """Whether nothing is declared but `struct x`."""
    return len(plain) == 2 and not typed and texts[plain[0]] in ("struct", "union", "enum")


def _with_parenthesis(
    flow: Flow, start: int, index: int, plain: Sequence[int], typed: bool
) -> tuple[int, str, int] | None:
    """`type (*name)(..)`, `type name(..)`, `type name attribute(..) = ..`."""
    texts, size = flow.texts, len(flow.texts)
    close = flow.match[index]
    if close < 0:
        return None
    after = texts[close + 1] if close + 1 < size else ""
    if index + 2 < size and texts[index + 1] in "*^" and after == "(":
        named = next((n for n in range(index + 2, close) if flow.names[n]), None)
        return (close + 1, "", named) if named is not None else None
    if len(plain) >= 3 and after in ("=", ";", ",") and plain[-1] == index - 1 and _shouts_not(texts, plain):
        name = plain[-2]
        if texts[name] not in words().keywords and texts[plain[-1]].startswith("__"):
            return close + 1, type_text(texts[start:name]), name
    if (len(plain) >= 2 or typed) and plain[-1] == index - 1 and after in _AFTER_PROTOTYPE:
        return close + 1, "", plain[-1]
    return None


_AFTER_PROTOTYPE = ("", ";", ",", "__attribute__")


def _shouts_not(texts: Sequence[str], plain: Sequence[int]) -> bool:
    return not texts[plain[-1]].isupper()


def _end_of_declarator(flow: Flow, index: int) -> int:
    """The comma or semicolon (or closing bracket) after a declarator's array bounds and initialiser."""
    texts, size = flow.texts, len(flow.texts)
    while index < size and texts[index] not in (",", ";", ")", "}"):
        if texts[index] in "([{" and flow.match[index] > index:
            index = flow.match[index]
        index += 1
    return index


def _next_declarator(flow: Flow, index: int) -> tuple[int, int] | None:
    """(token of the name, token after it) of the declarator after a comma."""
    texts, size = flow.texts, len(flow.texts)
    while index < size and (texts[index] == "*" or texts[index] in words().qualifiers):
        index += 1
    if index + 2 < size and texts[index] == "(" and texts[index + 1] == "*" and flow.names[index + 2]:
        return index + 2, flow.match[index] + 1 if flow.match[index] > 0 else index + 3
    if index < size and flow.names[index] and texts[index] not in words().keywords:
        return index, index + 1
    return None


def _macro_declaration(scope: Scope, start: int) -> int | None:
    """`LIST_HEAD(name);`: a macro that declares, as a statement of its own."""
    flow = scope.flow
    texts, size = flow.texts, len(flow.texts)
    if start + 2 >= size or not flow.names[start] or texts[start + 1] != "(" or flow.match[start + 1] < 0:
        return None
    if not texts[start][:1].isupper() and not words().declaring.fullmatch(texts[start]):
        return None
    close = flow.match[start + 1]
    known = words().declaring.fullmatch(texts[start]) is not None
    for number, (first, last) in enumerate(parts(flow, start + 2, close)):
        bare = last == first + 1 and flow.names[first] and texts[first] not in words().keywords
        if bare and known and number < 2:
            scope.add(texts[first], "", MACRO, first, flow.block[start])
    return close + 1
