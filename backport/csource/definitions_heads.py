"""What stands before the declarators: storage, type, and the struct, union or enum that is defined there."""

from __future__ import annotations

from dataclasses import dataclass, field

from .definitions_tokens import ALONE, CALLED, Tokens, attribute, is_word, spaced

TAGS = frozenset({"struct", "union", "enum"})
STORAGE = frozenset(
    {"static", "extern", "inline", "__inline", "__inline__", "typedef", "register", "auto", "_Thread_local"}
    | {"__extension__", "__thread", "__always_inline", "noinline"}
)
BUILTIN = frozenset(
    {"void", "char", "short", "int", "long", "float", "double", "signed", "unsigned", "bool", "_Bool"}
    | {"const", "volatile", "restrict", "__restrict", "__restrict__", "__signed__", "__const", "__volatile__"}
)
ASM = frozenset({"asm", "__asm__", "__asm"})
_TYPEOF = frozenset({"typeof", "__typeof__", "__typeof", "__auto_type", "_Atomic", "typeof_unqual"})
_ENDS = frozenset({",", ";", "=", "[", ":", ")", "}"})
_NO_BODY = frozenset({";", ",", "*", "="})
_LOOK_AHEAD = 8


@dataclass(slots=True)
class Head:
    """`words` are the type's. `tag_kind`, `tag`, `tag_token` and `body` (its brace, -1 none) are those of the last
    struct, union or enum. `name` is the token of the first declared name where it is certain, `next` the token
    where the declarators begin, `call` that of a macro call that makes the whole (-1 none)."""

    words: list[str] = field(default_factory=list)
    storage: set[str] = field(default_factory=set)
    tag_kind: str = ""
    tag: str = ""
    tag_token: int = -1
    body: int = -1
    name: int = -1
    next: int = 0
    call: int = -1


def read_head(tokens: Tokens, at: int, end: int) -> Head:
    """Read storage and type from token `at` on, no further than `end`."""
    run = _Run(tokens, at, end)
    while run.at < end and run.step():
        pass
    return run.finish()


class _Run:
    """`plain` is the token of the last word that may be the declared name, -1 for none."""

    __slots__ = ("at", "end", "head", "partner", "plain", "tokens", "words")

    def __init__(self, tokens: Tokens, at: int, end: int) -> None:
        self.tokens, self.words, self.partner = tokens, tokens.words, tokens.partner
        self.at, self.end = at, end
        self.head = Head()
        self.plain = -1

    def word_at(self, at: int) -> str:
        return self.words[at] if at < self.end else ""

    def step(self) -> bool:
        """Take what stands at `at`; whether the head may go on."""
        word = self.words[self.at]
        if not is_word(word):
            return False
        if word in TAGS:
            self.tag()
        elif word in STORAGE:
            self.head.storage.add(word)
            self.at += 1
        elif self.skipped(word):
            pass
        elif word in _TYPEOF and self.word_at(self.at + 1) == "(":
            self.take_call()
        elif word not in BUILTIN and self.word_at(self.at + 1) == "(":
            return self.before_paren(word)
        else:
            self.head.words.append(word)
            self.plain = self.at if word not in BUILTIN else -1
            self.at += 1
        return True

    def skipped(self, word: str) -> bool:
        """Pass over an annotation, with its arguments if it takes them."""
        kind = attribute(word)
        called = self.word_at(self.at + 1) == "("
        if kind == CALLED or (word in ASM and called):
            self.at = self.partner[self.at + 1] + 1 if called else self.at + 1
            return True
        if kind == ALONE and (not called or self.word_at(self.at + 2) == "*"):
            self.at += 1
            return True
        return False

    def take_call(self) -> None:
        """`typeof(x)`, `STACK_OF(x)`: a word and its arguments as a word of the type."""
        close = self.partner[self.at + 1]
        self.head.words.append(spaced(self.words[self.at : close + 1]))
        self.at, self.plain = close + 1, -1

    def before_paren(self, word: str) -> bool:
        """A word before a parenthesis: the type of a function pointer, a macro that is part of the type, or
        what is declared."""
        at, head = self.at, self.head
        close = self.partner[at + 1]
        inside, after = self.word_at(at + 2), self.word_at(close + 1)
        alone = close == at + 3 and after == "(" and bool(head.storage or head.words)
        if alone or (inside in ("*", "^") and after in ("(", "[")):
            head.words.append(word)
            self.at, self.plain = at + 1, -1
            return False
        goes_on = after == "*" or (
            bool(after) and is_word(after) and not attribute(after) and after not in ASM
        )
        if goes_on and (not head.words or word.isupper()):
            if not head.words or after == "*":
                self.take_call()
            self.at, self.plain = close + 1, -1
            return True
        if not head.words and not head.storage:
            head.call = at
        self.plain, self.at = at, at + 1
        return False

    def finish(self) -> Head:
        """Decide whether the last word of the type is the declared name."""
        head, at, plain = self.head, self.at, self.plain
        head.next = at
        after = self.word_at(at) or ";"
        if plain < 0 or not (after in _ENDS or (after == "(" and plain == at - 1)):
            return head
        if after != "(" and head.words and head.words[-1] == self.words[plain]:
            if len(head.words) == 1 and (after == ":" or not head.storage):
                return head
            head.words.pop()
        head.name = head.next = plain
        return head

    # --- struct, union, enum

    def tag(self) -> None:
        """The keyword at `at`, its tag, and its body if it has one."""
        head = self.head
        head.tag_kind, head.tag, head.tag_token = self.words[self.at], "", self.at
        self.at += 1
        while self.at < self.end and self.tag_step(self.words[self.at]):
            pass
        head.words.append(f"{head.tag_kind} {head.tag}".rstrip())
        self.plain = -1

    def tag_step(self, word: str) -> bool:
        """Take one word behind the keyword; whether the next may belong to it, too."""
        head, at = self.head, self.at
        following = self.word_at(at + 1)
        if word == "{":
            head.body = at
            self.at = self.partner[at] + 1
            return False
        if not is_word(word):
            typed = word == ":" and head.tag_kind == "enum" and self.before_body(at)
            self.at += 2 if typed else 0
            return typed
        if head.tag:
            return self.behind_tag(word, following)
        return self.tag_word(word, following)

    def tag_word(self, word: str, following: str) -> bool:
        """The first word behind the keyword that is not passed over: the tag."""
        head, at = self.head, self.at
        if attribute(word) == CALLED and following == "(":
            self.at = self.partner[at + 1] + 1
            return True
        # `struct __call_single_data {` has the look of an annotation, `struct __packed {` is one.
        short = "_" not in word.strip("_")
        if attribute(word) and (short if following == "{" else self.before_body(at)):
            self.at += 1
            return True
        head.tag, head.tag_token = word, at
        self.at += 1
        if following == "(" and self.before_body(at):
            close = self.partner[at + 1]
            head.tag = spaced(self.words[at : close + 1])
            self.at = close + 1
        return True

    def behind_tag(self, word: str, following: str) -> bool:
        """A second word: an annotation before the body, or the tag behind an annotation that nobody knows."""
        if not self.before_body(self.at) or (following != "{" and not attribute(word)):
            return False
        if attribute(word):
            self.at = self.partner[self.at + 1] + 1 if following == "(" else self.at + 1
            return True
        self.head.tag, self.head.tag_token = word, self.at
        self.at += 1
        return True

    def before_body(self, at: int) -> bool:
        """Whether a body follows shortly, with nothing that ends a type before it."""
        for word in self.words[at : min(self.end, at + _LOOK_AHEAD)]:
            if word == "{":
                return True
            if word in _NO_BODY:
                return False
        return False
