"""The text of an #if condition as a presence condition."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from backport.csource.presence import FALSE, MODULE, PREFIX, TRUE, Expr, atom, both, either, no


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of the build: the kernel's version as LINUX_VERSION_CODE has it (None unknown), and macros
    that are never defined in C code."""

    version: int | None = None
    never_defined: frozenset[str] = frozenset()


NO_FACTS = Facts()


def version_code(version: str) -> int | None:
    """LINUX_VERSION_CODE of "6.1.42-rc1"; None where that is no version."""
    match = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", version)
    return _kernel_version(int(match[1]), int(match[2]), min(int(match[3] or 0), 255)) if match else None


def _kernel_version(major: int, minor: int, patch: int) -> int:
    return (major << 16) + (minor << 8) + patch


def presence(guards: Iterable[str], facts: Facts = NO_FACTS) -> Expr:
    """The condition of a line that stands under all these conditions, each as guard_map has it.

    Never raises: what is no condition of C is an opaque atom, named by its text."""
    return both(condition_expr(text, facts) for text in guards)


@lru_cache(maxsize=4096)
def condition_expr(text: str, facts: Facts = NO_FACTS) -> Expr:
    """One condition of #if as an expression."""
    try:
        return _Reader(text, facts).whole()
    except (_Unread, RecursionError):
        return atom(text)


class _Unread(Exception):
    """The text is no condition that this reader knows."""


_TOKEN = re.compile(
    r"""\s*(?:(\d[\w']*)|([A-Za-z_]\w*)|(&&|\|\||==|!=|<=|>=|<<|>>|[-+*/%<>!~()?:,&|^])|(.))""", re.DOTALL
)
_LEVELS = (("||",), ("&&",), ("|",), ("^",), ("&",), ("==", "!="), ("<", ">", "<=", ">="))
_ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "<<", ">>"})
_DEEPEST = 120

_Value = Expr | int | str
"""What a part of a condition is: a truth value, a number, or the text of a number that is not known."""


class _Reader:
    """A condition read by precedence (C11 6.5, of which 6.10.1 makes a condition)."""

    def __init__(self, text: str, facts: Facts) -> None:
        self._tokens = [next(x for x in m.groups() if x) for m in _TOKEN.finditer(text) if m[0].strip()]
        self._facts = facts
        self._at = 0
        self._depth = 0

    def whole(self) -> Expr:
        result = self._truth(self._level(0))
        if self._at < len(self._tokens):
            raise _Unread
        return result

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def _expect(self, token: str) -> None:
        if self._next() != token:
            raise _Unread

    def _level(self, level: int) -> _Value:
        if level == len(_LEVELS):
            return self._sum()
        left = self._level(level + 1)
        while self._peek() in _LEVELS[level]:
            operator = self._next()
            left = self._operate(operator, left, self._level(level + 1))
        return left

    def _operate(self, operator: str, left: _Value, right: _Value) -> _Value:
        if operator == "&&":
            return both((self._truth(left), self._truth(right)))
        if operator == "||":
            return either((self._truth(left), self._truth(right)))
        if operator in ("|", "^", "&"):
            return f"({_text(left)} {operator} {_text(right)})"
        return compared(operator, left, right)

    def _sum(self) -> _Value:
        left = self._unary()
        while self._peek() in _ARITHMETIC:
            operator = self._next()
            left = f"({_text(left)} {operator} {_text(self._unary())})"
        return left

    def _unary(self) -> _Value:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _Unread
        result = self._primary()
        self._depth -= 1
        return result

    def _primary(self) -> _Value:
        token = self._next()
        if token == "!":
            return no(self._truth(self._unary()))
        if token in ("-", "+", "~"):
            return f"{token}{_text(self._unary())}"
        if token == "(":
            inner = self._level(0)
            self._expect(")")
            return inner
        if token[:1].isdigit():
            return _number(token)
        if token == "defined":
            return self._defined()
        if not token or not (token[0].isalpha() or token[0] == "_"):
            raise _Unread
        return self._call(token) if self._peek() == "(" else self._name(token)

    def _name(self, name: str) -> _Value:
        if name == "LINUX_VERSION_CODE" and self._facts.version is not None:
            return self._facts.version
        return 0 if name in self._facts.never_defined else name

    def _defined(self) -> Expr:
        name = self._next()
        if name == "(":
            name = self._next()
            self._expect(")")
        return FALSE if name in self._facts.never_defined else atom(name)

    def _call(self, name: str) -> _Value:
        arguments = self._arguments()
        if name == "KERNEL_VERSION" and len(arguments) == 3 and all(x.isdigit() for x in arguments):
            major, minor, patch = (int(x) for x in arguments)
            return _kernel_version(major, minor, min(patch, 255))
        if name in _OPTIONS and len(arguments) == 1:
            return option(name, arguments[0])
        return f"{name}({', '.join(arguments)})"

    def _arguments(self) -> list[str]:
        self._expect("(")
        words: list[list[str]] = [[]]
        depth = 1
        while depth:
            token = self._next()
            if not token:
                raise _Unread
            depth += {"(": 1, ")": -1}.get(token, 0)
            if token == "," and depth == 1:
                words.append([])
            elif depth:
                words[-1].append(token)
        return ["".join(x) for x in words]

    def _truth(self, found: _Value) -> Expr:
        """A value as a condition: not zero. `#if NAME` asks for the value of a macro, which for one of the
        configuration is 1 where it is defined."""
        if isinstance(found, Expr):
            return found
        if isinstance(found, int):
            return TRUE if found else FALSE
        if found.startswith(PREFIX) or found == MODULE:
            return atom(found)
        return atom(f"{found} != 0") if found.isidentifier() else atom(found)


_OPTIONS = frozenset({"IS_ENABLED", "IS_BUILTIN", "IS_MODULE", "IS_REACHABLE"})


def option(macro: str, name: str) -> Expr:
    """IS_ENABLED(CONFIG_X) and its kin (include/linux/kconfig.h): reachable is what is built in, or a module
    that another module asks for."""
    builtin, module = atom(name), atom(f"{name}_MODULE")
    if macro == "IS_BUILTIN":
        return builtin
    if macro == "IS_MODULE":
        return module
    if macro == "IS_REACHABLE":
        return either((builtin, both((module, atom(MODULE)))))
    return either((builtin, module))


def compared(operator: str, left: _Value, right: _Value) -> Expr:
    """A comparison. One of a name with a number is written with `>=` alone."""
    if isinstance(left, int) and isinstance(right, int):
        return TRUE if _COMPARE[operator](left, right) else FALSE
    if isinstance(left, int):
        operator, left, right = _TURNED.get(operator, operator), right, left
    if isinstance(left, Expr) or not isinstance(right, int):
        return _opaque_comparison(operator, left, right)
    at_least = atom(f"{left} >= {right}")
    above = atom(f"{left} >= {right + 1}")
    return {
        ">=": at_least,
        ">": above,
        "<": no(at_least),
        "<=": no(above),
        "==": both((at_least, no(above))),
        "!=": either((no(at_least), above)),
    }[operator]


def _opaque_comparison(operator: str, left: _Value, right: _Value) -> Expr:
    equal = atom(f"{_text(left)} == {_text(right)}")
    if operator == "!=":
        return no(equal)
    return equal if operator == "==" else atom(f"{_text(left)} {operator} {_text(right)}")


_TURNED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_COMPARE = {
    "==": int.__eq__,
    "!=": int.__ne__,
    "<": int.__lt__,
    ">": int.__gt__,
    "<=": int.__le__,
    ">=": int.__ge__,
}
_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]+|0[bB][01]+|\d+)[uUlL]*")


def _number(token: str) -> _Value:
    match = _NUMBER.fullmatch(token)
    if match is None:
        raise _Unread
    digits = match[1]
    octal = len(digits) > 1 and digits[0] == "0" and digits.isdigit()
    try:
        return int(digits, 8 if octal else 0)
    except ValueError:
        raise _Unread from None


def _text(found: _Value) -> str:
    return f"({found})" if isinstance(found, Expr) and found.parts else str(found)


_AT_LEAST = re.compile(r"(.+) >= (-?\d+)")


def number_rules(atoms: Iterable[str]) -> list[Expr]:
    """What relates comparisons of one name: a value of at least 4 is also one of at least 2."""
    bounds: dict[str, set[int]] = {}
    for name in atoms:
        match = _AT_LEAST.fullmatch(name)
        if match:
            bounds.setdefault(match[1], set()).add(int(match[2]))
    rules = []
    for name, numbers in sorted(bounds.items()):
        ordered = sorted(numbers)
        for low, high in pairwise(ordered):
            rules.append(either((no(atom(f"{name} >= {high}")), atom(f"{name} >= {low}"))))
    return rules
