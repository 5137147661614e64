"""Which files a search's matches make worth reading: those with a line that may define a name.

What is passed over here must be sure to define nothing, for the answers have to be those of an index: a call, a
member's use, a parameter, a line within a function.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache

from backport.csource import language
from backport.csource.definitions_macros import macro_patterns
from backport.csource.makers import all_makers, maker, member_maker
from backport.index.files import Files
from backport.index.values import C_LANGUAGES
from backport.tree import Match

_WORD = re.compile(rb"[A-Za-z_$][\w$]*")
_DIRECTIVE = re.compile(rb"\s*#\s*(\w*)")
_CALLER = re.compile(rb"([A-Za-z_]\w*)\s*\Z")
_USE_BEFORE = re.compile(
    rb"(?:\.|->|=|!|&|\||<|>|\+|-|/|%|\?|~|\^|\"|'|\[|\b(?:return|goto|else|case|sizeof|do)\s)\s*\Z"
)
_TAG_BEFORE = re.compile(rb"\b(?:struct|union|enum)\s+\Z")
_NO_BODY = (b"*", b",", b";", b")")
_PASTE = re.compile(rb"\w+(?:\s*##\s*\w+)+")
_PART = re.compile(rb"\s*##\s*")
_FIELD = re.compile(r"\{\d+\}")
_COLUMN_0 = re.compile(rb"^[A-Za-z_{}][^\n]*", re.MULTILINE)
_LEAST = 2
_SURE = 1
_FAR = 200_000


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], ...]:
    """The names that makers build of an argument and something fixed, as patterns with the argument as group 1."""
    found = {
        name
        for one in all_makers()
        for name, _, _ in one.names
        if _FIELD.search(name) and not _FIELD.fullmatch(name)
    }
    return tuple(
        re.compile("(.+)".join(re.escape(x) for x in _FIELD.split(name)), re.DOTALL) for name in sorted(found)
    )


def made_from(name: str) -> tuple[str, ...]:
    """The words that a maker may have built a name of: `dev_attr_x` of x."""
    return tuple(dict.fromkeys(m[1] for p in _patterns() if (m := p.fullmatch(name)) and m.lastindex == 1))


def literal_files(
    files: Files, matches: Iterable[Match], names: Collection[str], made: Mapping[str, tuple[str, ...]]
) -> dict[str, set[str]]:
    """For each name the files with a line that may define it, or make it of another word."""
    direct = {x.encode("utf-8", "surrogateescape"): x for x in names}
    inverse: dict[bytes, list[str]] = {}
    for name in names:
        for word in made[name]:
            inverse.setdefault(word.encode("utf-8", "surrogateescape"), []).append(name)
    found: dict[str, set[str]] = {x: set() for x in names}
    doubtful: dict[tuple[str, str], list[int]] = {}
    for match in matches:
        if language(match.path) not in C_LANGUAGES:
            continue
        for name, sure in _judge(match.text, direct, inverse):
            if sure:
                found[name].add(match.path)
            elif match.path not in found[name]:
                doubtful.setdefault((name, match.path), []).append(match.line)
    for (name, path), lines in doubtful.items():
        if path not in found[name] and not _all_in_functions(files, path, lines):
            found[name].add(path)
    return found


def _judge(
    text: bytes, direct: Mapping[bytes, str], inverse: Mapping[bytes, list[str]]
) -> Iterator[tuple[str, bool]]:
    """The names that a line may define: surely (True), or only where it stands outside of functions (False)."""
    directive = _DIRECTIVE.match(text)
    if directive:
        if directive[1] == b"define":
            yield from ((direct[x], True) for x in set(_WORD.findall(text)) if x in direct)
        return
    for word in _WORD.finditer(text):
        if word[0] in direct and not _uses_tag(text, word.start(), word.end()):
            role = _role(text, word.start(), word.end())
            if role:
                yield direct[word[0]], role == _SURE
        if word[0] in inverse and _in_maker(text, word.start()):
            yield from ((name, True) for name in inverse[word[0]])


def _uses_tag(text: bytes, start: int, end: int) -> bool:
    """Whether a word is a tag that is used and not defined: `struct page *page`."""
    return text[end:].lstrip()[:1] in _NO_BODY and _TAG_BEFORE.search(text, 0, start) is not None


def _role(text: bytes, start: int, end: int) -> int:
    """0: it defines nothing; 1: it may; 2: it may unless it stands within a function."""
    before, after = text[:start], text[end:].lstrip()
    if not before.strip():
        # Alone at the line's beginning: a name below its type, an enumerator, or a statement.
        return 1 if not before else 2
    if text[-1:] == b"\\":
        return 1
    if _open_paren(before):
        return 1 if _in_maker(text, start) else (2 if text[:1] in b" \t" and not _calls(before) else 0)
    if _USE_BEFORE.search(before) and not before.rstrip().endswith((b"*/", b">")):
        return 0
    if after[:1] == b"(" and text[:1] in b" \t" and not _WORD.search(before):
        return 2
    return 2 if text[:1] in b" \t" else 1


def _open_paren(before: bytes) -> bool:
    return before.count(b"(") > before.count(b")")


def _calls(before: bytes) -> bool:
    """Whether the text ends within the arguments of a plain call or the parameters of a function."""
    caller = _caller(before)
    return caller is not None and caller.islower()


def _caller(before: bytes) -> bytes | None:
    """The word before the innermost open parenthesis."""
    depth = 0
    for at in range(len(before) - 1, -1, -1):
        byte = before[at]
        if byte == 0x29:
            depth += 1
        elif byte == 0x28:
            if not depth:
                found = _CALLER.search(before, 0, at)
                return found[1] if found else None
            depth -= 1
    return None


def _in_maker(text: bytes, start: int) -> bool:
    """Whether a word is an argument of what may be a macro that makes something."""
    before = text[:start]
    caller = _caller(before)
    if caller is None:
        # A macro's arguments go on here, or `(*name)(int)` begins.
        return not _WORD.search(before) or before.rstrip().endswith(b"*")
    name = caller.decode("latin-1")
    known = maker(name) or member_maker(name)
    if known is not None:
        return bool(known.names) or known.members is not None
    return not name.islower() or before.rstrip().endswith(b"*")


def _all_in_functions(files: Files, path: str, lines: list[int]) -> bool:
    """Whether every one of these lines stands, by the layout, within a function's body."""
    entry = files.text(path)
    if entry is None:
        return True
    data = entry.data
    offset, at = 0, 1
    for line in lines:
        while at < line:
            offset = data.find(b"\n", offset) + 1
            if not offset:
                return False
            at += 1
        if not _in_function(data, offset):
            return False
    return True


def _in_function(data: bytes, offset: int) -> bool:
    """Whether the last line before `offset` that begins in column 0 opens a function's body."""
    end = offset
    lowest = max(0, offset - _FAR)
    while end > lowest:
        start = data.rfind(b"\n", 0, end - 1) + 1
        first = data[start : start + 1]
        if first == b"{":
            above = data[data.rfind(b"\n", 0, max(start - 1, 0)) + 1 : max(start - 1, 0)].rstrip()
            return data[start:end].strip() == b"{" and above.endswith(b")") and b"=" not in above
        if first not in (b" ", b"\t", b"\n", b"\r", b"#", b"/", b"") and not _is_label(data[start:end]):
            return False
        end = start
    return False


def _is_label(line: bytes) -> bool:
    return re.match(rb"\w+\s*:(?!:)", line) is not None


class Pastes:
    """What the macros of a tree paste: the fixed beginnings, middles and ends of names, and where."""

    def __init__(self, matches: Iterable[Match]) -> None:
        self._parts: dict[bytes, set[str]] = {}
        self._built: dict[str, tuple[re.Pattern[str], ...]] = {}
        for match in matches:
            if language(match.path) not in C_LANGUAGES:
                continue
            for paste in _PASTE.finditer(match.text):
                for part in _PART.split(paste[0]):
                    if len(part) >= _LEAST:
                        self._parts.setdefault(part, set()).add(match.path)

    def files(self, names: Collection[str], files: Files) -> dict[str, set[str]]:
        """For each name the files whose macros may build it."""
        found: dict[str, set[str]] = {}
        for name in names:
            word = name.encode("utf-8", "surrogateescape")
            near = {x for piece in _pieces(word) for x in self._parts.get(piece, ())}
            found[name] = {
                path for path in near if any(x.fullmatch(name) for x in self._patterns(path, files))
            }
        return found

    def _patterns(self, path: str, files: Files) -> tuple[re.Pattern[str], ...]:
        """What the macros of a file build."""
        if path not in self._built:
            entry = files.text(path)
            patterns = macro_patterns(entry.data) if entry is not None else ()
            self._built[path] = tuple(re.compile(x) for x in patterns)
        return self._built[path]


def _pieces(word: bytes) -> Iterator[bytes]:
    """Every stretch of a name that a macro may hold."""
    size = len(word)
    for start in range(size - _LEAST + 1):
        for end in range(start + _LEAST, size + 1):
            if (
                start == 0
                or end == size
                or (word[start - 1 : start] == b"_" or word[start : start + 1] == b"_")
            ):
                yield word[start:end]
