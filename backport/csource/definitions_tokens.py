"""The tokens of a declaration with their offsets, and the partners of its brackets."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .dialect import dialect
from .patterns import BLOCK_COMMENT, CHAR, DIRECTIVE, LINE_COMMENT, STRING

_SKIPPED = "/#"
_LATIN = "latin-1"
TOKEN = re.compile(
    rb"[A-Za-z_$][\w$]*+|".decode()
    + "|".join(x.decode(_LATIN) for x in (BLOCK_COMMENT, LINE_COMMENT, STRING, CHAR, DIRECTIVE))
    + r"|\.\.\.|##|[0-9][\w.]*+|[^\s\\]",
    re.DOTALL | re.ASCII,
)
_OPENING = {"(": ")", "[": "]", "{": "}"}
_CLOSING = frozenset(")]}")


class Tokens:
    """Tokens as two lists, `words` and their `offsets`; comments and directives are left out.

    `partner` maps the number of an opening bracket to that of its closing one (to the end where it is missing).
    """

    __slots__ = ("offsets", "partner", "words")

    def __init__(self, text: str, spans: Iterable[tuple[int, int]]) -> None:
        self.words: list[str] = []
        self.offsets: list[int] = []
        add, place = self.words.append, self.offsets.append
        for start, end in spans:
            for match in TOKEN.finditer(text, start, end):
                word = match[0]
                if word[0] in _SKIPPED and (len(word) > 1 or word == "#"):
                    continue
                add(word)
                place(match.start())
        self.partner = _partners(self.words)

    def text(self, start: int, end: int) -> str:
        """Tokens as one line of text, as a person would write a type."""
        return spaced(self.words[start:end])

    def split(self, start: int, end: int, at: str = ",") -> list[tuple[int, int]]:
        """The ranges between the tokens `at` that stand in no inner bracket."""
        found, begin, number = [], start, start
        words, partner = self.words, self.partner
        while number < end:
            word = words[number]
            if word == at:
                found.append((begin, number))
                begin = number + 1
            number = partner.get(number, number) + 1
        found.append((begin, end))
        return found


def _partners(words: list[str]) -> dict[int, int]:
    found: dict[int, int] = {}
    stack: list[int] = []
    for number, word in enumerate(words):
        if word in _OPENING:
            stack.append(number)
        elif word in _CLOSING:
            # A bracket too many, or the end of one that another #if arm opened, closes nothing.
            while stack and _OPENING[words[stack[-1]]] != word:
                found[stack.pop()] = number
            if stack:
                found[stack.pop()] = number
    for number in stack:
        found[number] = len(words)
    return found


_TIGHT_BEFORE = frozenset({")", "]", ",", ";", "[", "."})
_TIGHT_AFTER = frozenset({"(", "[", "*", ".", "!", "~"})


def spaced(words: list[str]) -> str:
    """Words with single blanks: `struct page *`, `void (*)(int, char *)`, `u8[16]`."""
    text, last = "", ""
    for word in words:
        bound = word in _TIGHT_BEFORE or last in _TIGHT_AFTER
        if not last or bound or (word == "(" and last[-1:] in ")*"):
            text += word
        else:
            text += " " + word
        last = word
    return text


def is_word(word: str) -> bool:
    """Whether a token is a name or a keyword."""
    return word[0].isalpha() or word[0] in "_$"


_attributes: dict[str, int] = {}
PLAIN, ALONE, CALLED = 0, 1, 2


def attribute(word: str) -> int:
    """Whether a word is an annotation (ALONE) or one that takes arguments (CALLED); remembered, since it is
    asked for every word of every file."""
    value = _attributes.get(word)
    if value is None:
        if len(_attributes) > 200_000:
            _attributes.clear()
        known = dialect()
        value = CALLED if known.takes_arguments(word) else int(known.attributes.fullmatch(word) is not None)
        _attributes[word] = value
    return value
