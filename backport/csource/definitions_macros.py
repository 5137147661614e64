"""The #defines of a file: macros, and the names that they paste."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .definitions import Definition, DefinitionKind, Parameter
from .lines import Lines
from .patterns import BLOCK_COMMENT, LINE_COMMENT

_HEAD = re.compile(r"#[ \t]*define(?:[ \t]|\\\r?\n|/\*.*?\*/)+([A-Za-z_$][\w$]*)(\()?", re.ASCII | re.DOTALL)
_SIMPLE = re.compile(r"#[ \t]*define[ \t]+([A-Za-z_$][\w$]*)[ \t]+([\w.+-]+)[ \t\r]*", re.ASCII)
"""By far the most of them: registers, flags, numbers."""
_COMMENT = re.compile((BLOCK_COMMENT + rb"|" + LINE_COMMENT).decode("latin-1"), re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_SPLICE = re.compile(r"\\[ \t\r]*\n")
_PASTE = re.compile(r"\w+(?:\s*##\s*\w+)+", re.ASCII)
_PART = re.compile(r"\s*##\s*")
_WORD = re.compile(r"[A-Za-z_]\w*\Z", re.ASCII)
BODY_LENGTH = 160
"""The characters of a macro's body that are kept."""
_MOST_PASTED = 2000
_LEAST_FIXED = 2


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro as it is expanded: parameters (None: it has none, "..." is named so) and its body."""

    name: str
    parameters: tuple[str, ...] | None
    body: str


def read_macro(text: str, start: int, end: int) -> Macro | None:
    """The #define between two offsets; None where it has no name."""
    match = _HEAD.match(text, start, end)
    if match is None:
        return None
    if match[2] is None:
        return Macro(match[1], None, _plain(text[match.end() : end]))
    close = text.find(")", match.end(), end)
    if close < 0:
        return Macro(match[1], (), "")
    listed = _plain(text[match.end() : close])
    names = tuple(x.strip() for x in listed.split(",")) if listed else ()
    return Macro(match[1], names, _plain(text[close + 1 : end]))


def _plain(body: str) -> str:
    """Without comments and continuations, with single blanks."""
    if "/" in body:
        body = _COMMENT.sub(_unless_string, body) if '"' not in body else _without_comments(body)
    if "\\" in body:
        body = _SPLICE.sub(" ", body)
    return " ".join(body.split())


def _unless_string(match: re.Match[str]) -> str:
    return " "


_STRING_OR_COMMENT = re.compile(_STRING.pattern + "|" + _COMMENT.pattern, re.DOTALL)


def _without_comments(body: str) -> str:
    return _STRING_OR_COMMENT.sub(lambda m: m[0] if m[0][0] == '"' else " ", body)


def macro_definition(macro: Macro, line: int, last: int) -> Definition:
    """The macro as a definition."""
    body = macro.body if len(macro.body) <= BODY_LENGTH else macro.body[: BODY_LENGTH - 3] + "..."
    if macro.parameters is None:
        return Definition(macro.name, DefinitionKind.MACRO, line, last, type=body)
    named = tuple(Parameter(x, "") for x in macro.parameters if not x.endswith("..."))
    variadic = len(named) < len(macro.parameters)
    return Definition(
        macro.name, DefinitionKind.MACRO, line, last, type=body, parameters=named, variadic=variadic
    )


def read_macros(
    text: str, defines: Mapping[int, int], lines: Lines
) -> tuple[list[Definition], dict[str, Macro]]:
    """Every #define as a definition, and those that take arguments by name, for their expansion (the last of
    several that paste or declare)."""
    found: list[Definition] = []
    called: dict[str, Macro] = {}
    for start, end in defines.items():
        line = lines.at(start)
        simple = _SIMPLE.fullmatch(text, start, end)
        if simple is not None:
            found.append(Definition(simple[1], DefinitionKind.MACRO, line, line, "", simple[2][:BODY_LENGTH]))
            continue
        macro = read_macro(text, start, end)
        if macro is None:
            continue
        # A continued line is rare in the long lists of registers; counting is cheaper than looking up.
        found.append(macro_definition(macro, line, line + text.count("\n", start, end)))
        if macro.parameters is not None:
            known = called.get(macro.name)
            if known is None or len(known.body) < len(macro.body):
                called[macro.name] = macro
    return found, called


def pasted_patterns(called: Mapping[str, Macro]) -> tuple[str, ...]:
    """The patterns of names that macros build: `foo_##x` gives `foo_\\w*`. What has next to nothing fixed
    says nothing and is left out."""
    found: dict[str, None] = {}
    for macro in called.values():
        if "##" not in macro.body:
            continue
        for match in _PASTE.finditer(macro.body):
            pattern = _pattern(_PART.split(match[0]), macro.parameters or ())
            if pattern:
                found[pattern] = None
        if len(found) >= _MOST_PASTED:
            break
    return tuple(found)


_DEFINE = re.compile(rb"^[ \t]*(#[ \t]*define[ \t](?:[^\n\\]|\\\r?\n|\\)*)", re.MULTILINE)


def macro_patterns(data: bytes) -> tuple[str, ...]:
    """The patterns that the macros of a file build, found by their lines alone."""
    called: dict[str, Macro] = {}
    for number, match in enumerate(_DEFINE.finditer(data)):
        if b"##" in match[1]:
            text = match[1].decode("latin-1")
            macro = read_macro(text, 0, len(text))
            if macro is not None and macro.parameters is not None:
                called[f"{macro.name} {number}"] = macro
    return pasted_patterns(called)


def _pattern(parts: list[str], parameters: tuple[str, ...]) -> str:
    fixed = sum(len(x) for x in parts if x not in parameters)
    if fixed < _LEAST_FIXED or all(x not in parameters for x in parts):
        return ""
    return "".join(r"\w*" if x in parameters else re.escape(x) for x in parts)


_ARGUMENT_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\w+|##|\s+|.', re.ASCII | re.DOTALL)


def expand(macro: Macro, arguments: list[str]) -> str:
    """The macro's body with its arguments in place, and pasted."""
    named = macro.parameters or ()
    values = dict(zip(named, arguments, strict=False))
    if named and named[-1].endswith("..."):
        values["__VA_ARGS__"] = values[named[-1].removesuffix("...").strip() or named[-1]] = ", ".join(
            arguments[len(named) - 1 :]
        )
    words: list[str] = []
    for word in _ARGUMENT_WORD.findall(macro.body):
        if word == "##":
            while words and words[-1].isspace():
                words.pop()
            words.append("##")
        elif words and words[-1] == "##":
            if word.isspace():
                continue
            words[-1] = values.get(word, word)
        else:
            words.append(values.get(word, word))
    return "".join(x for x in words if x != "##")


_CALL = re.compile(r"([A-Za-z_]\w*)\s*\(", re.ASCII)
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[()\[\]{},]', re.DOTALL)
_LONGEST = 200_000
_MOST_NESTED = 6


def expand_fully(macros: Mapping[str, Macro], name: str, arguments: list[str], deep: int = 0) -> str:
    """What a macro call stands for, the calls within it expanded too; "" for a macro that is not known."""
    macro = macros.get(name)
    if macro is None or deep > _MOST_NESTED:
        return ""
    text = expand(macro, arguments)
    found: list[str] = []
    at = 0
    while len(text) < _LONGEST and (match := _CALL.search(text, at)):
        if match[1] not in macros or match[1] == name:
            found.append(text[at : match.end()])
            at = match.end()
            continue
        inner, end = _arguments(text, match.end())
        found += [text[at : match.start()], " ", expand_fully(macros, match[1], inner, deep + 1), " "]
        at = end
    return "".join([*found, text[at:]])


def _arguments(text: str, start: int) -> tuple[list[str], int]:
    """The arguments from behind a parenthesis on, and the offset after the one that closes it."""
    found: list[str] = []
    depth, begin = 0, start
    for match in _BRACKET.finditer(text, start):
        mark = match[0]
        if mark in "([{":
            depth += 1
        elif mark in ")]}":
            if not depth:
                return [*found, text[begin : match.start()].strip()], match.end()
            depth -= 1
        elif mark == "," and not depth:
            found.append(text[begin : match.start()].strip())
            begin = match.end()
    return [*found, text[begin:].strip()], len(text)
