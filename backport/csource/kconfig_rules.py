"""What Kconfig asks of a configuration, as presence conditions over the macros that it defines.

From Documentation/kbuild/kconfig-language.rst: a symbol is at most what its prompt's condition, its defaults and
what selects it allow, at least what selects it; one without a prompt is what its defaults say. n < m < y, `&&` is the
lesser and `||` the greater. Beyond the symbols that are looked at all is allowed: that can only add configurations.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping

from backport.csource.kconfig import Kconfig, Symbol, SymbolType, Term, symbols_in
from backport.csource.presence import FALSE, PREFIX, TRUE, Expr, atom, both, either, no
from backport.csource.presence_text import compared

SYMBOLS = 250
"""How many symbols are looked at for one question."""
_SELECTORS = 24
"""A symbol that more than these select is taken to be selected by something."""
_TRI = {'"y"': (TRUE, TRUE), '"m"': (FALSE, TRUE), '"n"': (FALSE, FALSE)}
_LOGIC = frozenset({SymbolType.BOOL, SymbolType.TRISTATE})

Levels = tuple[Expr, Expr]
"""The conditions under which an expression is y, and under which it is at least m."""


def config_symbols(atoms: Iterable[str], kconfig: Kconfig) -> list[str]:
    """The symbols that atoms of presence conditions speak of, in order."""
    found: dict[str, None] = {}
    for name in atoms:
        name = name.partition(" ")[0]
        if not name.startswith(PREFIX):
            continue
        symbol = name.removeprefix(PREFIX)
        if symbol not in kconfig.symbols and symbol.endswith("_MODULE"):
            symbol = symbol.removesuffix("_MODULE")
        found[symbol] = None
    return list(found)


def closure(names: Collection[str], kconfig: Kconfig, limit: int = SYMBOLS) -> list[Symbol]:
    """The symbols that those depend on, are set by, and so on, nearest first, at most `limit`."""
    waiting, seen = deque(names), set(names)
    found: list[Symbol] = []
    while waiting and len(found) < limit:
        symbol = kconfig.symbols.get(waiting.popleft())
        if symbol is None:
            continue
        found.append(symbol)
        for name in _around(symbol):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return found


def _around(symbol: Symbol) -> list[str]:
    terms: list[Term] = [symbol.visible, symbol.depends]
    terms += [t for pair in symbol.defaults for t in pair]
    if not _selected_by_many(symbol):
        terms.append(symbol.selected)
    return list(dict.fromkeys(n for t in terms for n in symbols_in(t)))


def _selected_by_many(symbol: Symbol) -> bool:
    return len(_alternatives(symbol.selected)) > _SELECTORS


def _alternatives(term: Term) -> tuple[Term, ...]:
    return term[1:] if not isinstance(term, str) and term[0] == "||" else (term,)


def rules(names: Collection[str], kconfig: Kconfig, limit: int = SYMBOLS) -> list[Expr]:
    """What must hold of the symbols `names` and those around them; a symbol that the view has not is n."""
    around = closure(names, kconfig, limit)
    maker = _Maker(kconfig, {s.name for s in around})
    absent = [n for n in names if n not in kconfig.symbols]
    result = [no(atom(PREFIX + n + suffix)) for n in absent for suffix in ("", "_MODULE")]
    for symbol in around:
        result += maker.rules(symbol)
    return [*result, *_choices(around)]


def _choices(symbols: Iterable[Symbol]) -> list[Expr]:
    """Of the symbols of a choice at most one is y."""
    members: dict[int, list[str]] = {}
    for symbol in symbols:
        if symbol.choice >= 0:
            members.setdefault(symbol.choice, []).append(PREFIX + symbol.name)
    return [
        either((no(atom(a)), no(atom(b))))
        for names in members.values()
        for number, a in enumerate(names)
        for b in names[number + 1 :]
    ]


class _Maker:
    """Makes rules of symbols; `known` are those that rules are made of."""

    def __init__(self, kconfig: Kconfig, known: Collection[str]) -> None:
        self._symbols = kconfig.symbols
        self._known = known

    def rules(self, symbol: Symbol) -> list[Expr]:
        if symbol.type not in _LOGIC:
            return []
        own = self._symbol(symbol.name)
        visible, selected = self._of(symbol, symbol.visible), self._of(symbol, symbol.selected)
        result = [either((no(at_least), own_level)) for at_least, own_level in self._selects(symbol, own)]
        if symbol.type is SymbolType.TRISTATE:
            result.append(no(both((atom(PREFIX + symbol.name), _module(symbol.name)))))
        else:
            result.append(no(_module(symbol.name)))
        if not _selected_by_many(symbol):
            result += self._at_most(symbol, own, visible, selected)
        if symbol.choice < 0:
            default = self._first_default(symbol)
            result += [
                either((visible[1], no(wanted), is_so)) for wanted, is_so in zip(default, own, strict=True)
            ]
        return [rule for rule in result if rule != TRUE]

    def _selects(self, symbol: Symbol, own: Levels) -> Iterable[tuple[Expr, Expr]]:
        terms = _alternatives(symbol.selected)
        if _selected_by_many(symbol):
            terms = tuple(t for t in terms if self._known.__contains__(next(symbols_in(t), "")))
        for term in terms:
            yield from zip(self._of(symbol, term), own, strict=True)

    def _at_most(self, symbol: Symbol, own: Levels, visible: Levels, selected: Levels) -> Iterable[Expr]:
        values = [self._of(symbol, ("&&", v, c)) for v, c in symbol.defaults]
        implied = (
            self._of(symbol, symbol.implied)
            if len(_alternatives(symbol.implied)) < _SELECTORS
            else _TRI['"y"']
        )
        for level in (0, 1):
            causes = [visible[level], selected[level], implied[level], *(v[level] for v in values)]
            yield either((no(own[level]), *causes))

    def _first_default(self, symbol: Symbol) -> Levels:
        """What the first default whose condition is met gives."""
        result: Levels = (FALSE, FALSE)
        for value, condition in reversed(symbol.defaults):
            met = self.levels(condition)[1]
            given = self._of(symbol, ("&&", value, condition))
            result = (
                either((both((met, given[0])), both((no(met), result[0])))),
                either((both((met, given[1])), both((no(met), result[1])))),
            )
        return result

    def _of(self, symbol: Symbol, term: Term) -> Levels:
        """The levels of an expression for a symbol: what is m for a tristate is y for a bool."""
        builtin, enabled = self.levels(term)
        return (enabled, enabled) if symbol.type is SymbolType.BOOL else (builtin, enabled)

    def _symbol(self, name: str) -> Levels:
        symbol = self._symbols.get(name)
        if symbol is None:
            known = bool(self._symbols) and not name.startswith("TOOLCHAIN_")
            return (FALSE, FALSE) if known else (atom(PREFIX + name), atom(PREFIX + name))
        builtin = atom(PREFIX + name)
        if symbol.type is SymbolType.TRISTATE:
            return builtin, either((builtin, _module(name)))
        return (builtin, builtin) if symbol.type is SymbolType.BOOL else (FALSE, FALSE)

    def levels(self, term: Term) -> Levels:
        if isinstance(term, str):
            return _TRI.get(term, (FALSE, FALSE)) if term.startswith('"') else self._symbol(term)
        operator = str(term[0])
        if operator not in ("!", "&&", "||"):
            return self._comparison(operator, term[1], term[2])
        parts = [self.levels(part) for part in term[1:]]
        if operator == "!":
            return no(parts[0][1]), no(parts[0][0])
        joined = both if operator == "&&" else either
        return joined(p[0] for p in parts), joined(p[1] for p in parts)

    def _comparison(self, operator: str, left: Term, right: Term) -> Levels:
        if self._is_logic(left) and self._is_logic(right) and operator in ("=", "!="):
            pairs = zip(self.levels(left), self.levels(right), strict=True)
            equal = both(either((both((a, b)), both((no(a), no(b))))) for a, b in pairs)
            result = equal if operator == "=" else no(equal)
            return result, result
        result = compared("==" if operator == "=" else operator, _operand(left), _operand(right))
        return result, result

    def _is_logic(self, term: Term) -> bool:
        if not isinstance(term, str):
            return True
        if term.startswith('"'):
            return term in _TRI
        symbol = self._symbols.get(term)
        return symbol is None or symbol.type in _LOGIC


def _module(name: str) -> Expr:
    return atom(f"{PREFIX}{name}_MODULE")


def _operand(term: Term) -> int | str:
    text = term.strip('"') if isinstance(term, str) else str(term)
    try:
        return int(text, 0)
    except ValueError:
        return f"{PREFIX}{text}" if isinstance(term, str) and not term.startswith('"') else f'"{text}"'


def fragment(chosen: Mapping[str, bool], kconfig: Kconfig) -> tuple[str, ...]:
    """The lines of a .config that give these atoms these values; what is no symbol is left out."""
    states: dict[str, str] = {}
    for name, true in chosen.items():
        symbol = next(iter(config_symbols([name], kconfig)), None)
        if symbol is not None and " " not in name:
            state = "n" if not true else "y" if name == PREFIX + symbol else "m"
            states[symbol] = state if states.get(symbol, "n") == "n" else states[symbol]
    return tuple(_line(symbol, state) for symbol, state in states.items())


def _line(symbol: str, state: str) -> str:
    return f"# {PREFIX}{symbol} is not set" if state == "n" else f"{PREFIX}{symbol}={state}"
