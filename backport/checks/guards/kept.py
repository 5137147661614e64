"""What was read of Kconfig, kept in SQLite in the user's cache folder; without one everything is read anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from json import dumps, loads
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from backport.csource.kconfig import Kconfig, Symbol, SymbolType, Where

if TYPE_CHECKING:
    import sqlite3

FORMAT = 1
"""To be raised with every change of what is kept."""
_SCHEMA = """
create table if not exists tree (id text primary key, key text);
create table if not exists place (key text, name text, value text, primary key (key, name)) without rowid;
create table if not exists view (id integer primary key, key text, arch text, degraded text, unique (key, arch));
create table if not exists symbol (view integer, name text, value text, primary key (view, name)) without rowid;
"""
Answer = TypeVar("Answer")


class Store:
    """The cache of one folder ("" none). A cache that cannot be read or written is as none."""

    def __init__(self, folder: str) -> None:
        self._path = str(Path(folder) / f"kconfig-{FORMAT}.sqlite") if folder else ""

    def _ask(self, question: Callable[[sqlite3.Connection], Answer]) -> Answer | None:
        if not self._path or not Path(self._path).is_file():
            return None
        import sqlite3

        try:
            with closing(sqlite3.connect(self._path, timeout=10)) as connection:
                return question(connection)
        except (sqlite3.Error, ValueError):
            return None

    def _write(self, change: Callable[[sqlite3.Connection], object]) -> None:
        if not self._path:
            return
        import sqlite3

        try:
            Path(self._path).parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=10)) as connection, connection:
                connection.executescript(_SCHEMA)
                change(connection)
        except (OSError, sqlite3.Error):
            return

    def key(self, tree: str) -> str:
        """By what the views of a tree of this id are kept; "" where that is not known."""
        query = "select key from tree where id = ?"
        row = self._ask(lambda c: c.execute(query, (tree,)).fetchone()) if tree else None
        return str(row[0]) if row else ""

    def keep_key(self, tree: str, key: str) -> None:
        if tree:
            self._write(lambda c: c.execute("insert or replace into tree values (?, ?)", (tree, key)))

    def has_places(self, key: str) -> bool:
        """Whether all places of these files are kept."""
        query = "select 1 from place where key = ? limit 1"
        return self._ask(lambda c: c.execute(query, (key,)).fetchone()) is not None

    def place(self, key: str, name: str) -> tuple[Where, ...]:
        """Where a symbol is declared; () where it is not."""
        query = "select value from place where key = ? and name = ?"
        row = self._ask(lambda c: c.execute(query, (key, name)).fetchone())
        return tuple(Where(path, line) for path, line in loads(row[0])) if row else ()

    def names(self, key: str) -> frozenset[str]:
        """All symbols that are declared."""
        query = "select name from place where key = ?"
        return frozenset(n for (n,) in self._ask(lambda c: c.execute(query, (key,)).fetchall()) or ())

    def keep_places(self, key: str, places: Mapping[str, tuple[Where, ...]]) -> None:
        rows = ((key, n, dumps([(w.path, w.line) for w in found])) for n, found in places.items())
        self._write(lambda c: c.executemany("insert or replace into place values (?, ?, ?)", rows))

    def view(self, key: tuple[str, str]) -> Kconfig | None:
        """An architecture's view of the files that the key stands for; its symbols are read one by one."""

        def names(connection: sqlite3.Connection) -> Kconfig | None:
            query = "select id, degraded from view where key = ? and arch = ?"
            row = connection.execute(query, key).fetchone()
            if row is None:
                return None
            found = connection.execute("select name from symbol where view = ?", row[:1])
            return Kconfig(_Rows(self._path, row[0], frozenset(n for (n,) in found)), key[1], row[1])

        return self._ask(names)

    def keep_view(self, key: tuple[str, str], view: Kconfig) -> None:
        def rows(connection: sqlite3.Connection) -> None:
            query = "insert or ignore into view (key, arch, degraded) values (?, ?, ?)"
            cursor = connection.execute(query, (*key, view.degraded))
            if cursor.rowcount:
                found = ((cursor.lastrowid, s.name, dumps(_plain(s))) for s in view.symbols.values())
                connection.executemany("insert into symbol values (?, ?, ?)", found)

        if view.symbols:
            self._write(rows)


class _Rows(Mapping[str, Symbol]):
    """The symbols of a kept view."""

    def __init__(self, path: str, view: int, names: frozenset[str]) -> None:
        self._path = path
        self._view = view
        self._names = names
        self._read: dict[str, Symbol] = {}
        self._connection: sqlite3.Connection | None = None

    def __getitem__(self, name: str) -> Symbol:
        if name not in self._read:
            if name not in self._names:
                raise KeyError(name)
            self._read[name] = self._row(name)
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def _row(self, name: str) -> Symbol:
        if self._connection is None:
            import sqlite3

            self._connection = sqlite3.connect(self._path, timeout=10, check_same_thread=False)
        query = "select value from symbol where view = ? and name = ?"
        row = self._connection.execute(query, (self._view, name)).fetchone()
        if row is None:
            raise KeyError(name)
        return _symbol(loads(row[0]))

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._names))

    def __len__(self) -> int:
        return len(self._names)


_FIELDS = ("visible", "depends", "selected", "implied", "defaults", "selects", "implies", "choice", "help")


def _plain(symbol: Symbol) -> dict[str, Any]:
    row: dict[str, Any] = {name: getattr(symbol, name) for name in _FIELDS}
    where = [(w.path, w.line) for w in symbol.where]
    return {"name": symbol.name, "type": symbol.type.value, "prompt": symbol.prompt, "where": where, **row}


def _symbol(row: dict[str, Any]) -> Symbol:
    where = tuple(Where(path, line) for path, line in row.pop("where"))
    logic = {name: _tuples(row[name]) for name in _FIELDS}
    return Symbol(row["name"], SymbolType(row["type"]), row["prompt"], where=where, **logic)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(x) for x in value) if isinstance(value, list) else value
