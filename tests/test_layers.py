"""The walls of the house: who imports whom, and what is loaded only when it is needed.

The order of the rooms is ARCHITECTURE.md's. Imports are read from the source, so that one in a function
that no test calls is seen as well.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "backport"

# Lowest first; rooms in one group do not know each other.
LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"errors", "model"}),
    frozenset({"settings"}),
    frozenset({"git"}),
    frozenset({"tree", "provenance", "csource"}),
    frozenset({"index"}),
    frozenset({"history"}),
    frozenset({"intake", "placement"}),
    frozenset({"checks"}),
    frozenset({"adapt"}),
    frozenset({"engine", "report"}),
    frozenset({"verify", "jobs"}),
    frozenset({"evaluate"}),
    frozenset({"bot", "demo"}),
    frozenset({"cli"}),
)
RANK = {room: rank for rank, group in enumerate(LAYERS) for room in group}

# Libraries that are slow to load, and the rooms that wrap them.
WRAPPED: dict[str, frozenset[str]] = {
    "git": frozenset({"git"}),
    "gitdb": frozenset({"git"}),
    "unidiff": frozenset({"intake"}),
    "tree_sitter": frozenset({"csource"}),
    "tree_sitter_c": frozenset({"csource"}),
    "rich": frozenset({"report", "cli"}),
    "jinja2": frozenset({"report", "evaluate"}),
    "shtab": frozenset({"cli"}),
    "fastapi": frozenset(),
    "dask": frozenset({"jobs"}),
    "distributed": frozenset({"jobs"}),
}
PURE = {"__future__", "collections.abc", "dataclasses", "enum", "typing"}


@dataclass(frozen=True)
class Import:
    """`module` as it is imported in `path` at `line`; `deferred` when within a function or for types."""

    path: Path
    line: int
    module: str
    deferred: bool

    def __str__(self) -> str:
        return f"{self.path.relative_to(ROOT)}:{self.line} imports {self.module}"


def room_of(path: Path) -> str:
    """The room that a file of the package belongs to ("" for the public door and __main__)."""
    first = path.relative_to(PACKAGE).parts[0]
    return "" if first in ("__init__.py", "__main__.py") else first.removesuffix(".py")


def sources(folder: Path = PACKAGE) -> list[Path]:
    return sorted(x for x in folder.rglob("*.py") if "data" not in x.relative_to(folder).parts)


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def _walk(node: ast.AST, deferred: bool) -> Iterator[tuple[ast.AST, bool]]:
    for child in ast.iter_child_nodes(node):
        yield child, deferred
        inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from _walk(child, deferred or inside or _is_type_checking(child))


def imports_of(path: Path, text: str | None = None) -> list[Import]:
    """All imports of a file, with relative ones made absolute."""
    tree = ast.parse(path.read_text("utf-8") if text is None else text)
    package = ("backport", *path.relative_to(PACKAGE).parent.parts)
    found: list[Import] = []
    for node, deferred in _walk(tree, False):
        if isinstance(node, ast.Import):
            found += [Import(path, node.lineno, name.name, deferred) for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(x for x in (base, node.module or "") if x)
            # `from backport import x` names the room in x
            names = [f"backport.{x.name}" for x in node.names] if module == "backport" else [module]
            found += [Import(path, node.lineno, name, deferred) for name in names]
    return found


def wrong_layers(path: Path, text: str | None = None) -> list[str]:
    """The imports of a file that go up or sideways, or to a room that nobody knows."""
    room = room_of(path)
    found = []
    for entry in imports_of(path, text):
        parts = entry.module.split(".")
        if parts[0] == "backport_web":
            found.append(f"{entry}: only the command line's entry point may find it")
        if parts[0] != "backport" or len(parts) < 2 or not room or parts[1] == room:
            continue
        if parts[1] not in RANK:
            continue  # a name of the public door
        if RANK[parts[1]] >= RANK[room]:
            found.append(f"{entry}: {room} may not know {parts[1]}")
    return found


def wrong_libraries(path: Path, text: str | None = None) -> list[str]:
    """The imports of slow libraries outside of their room, or loaded with the module."""
    room = room_of(path)
    found = []
    for entry in imports_of(path, text):
        top = entry.module.split(".")[0]
        if top not in WRAPPED:
            continue
        if room not in WRAPPED[top]:
            found.append(f"{entry}: only {', '.join(sorted(WRAPPED[top])) or 'nobody'} may")
        elif not entry.deferred:
            found.append(f"{entry}: must be within the function that needs it")
    return found


def test_every_module_belongs_to_a_room_of_the_plan() -> None:
    assert {room_of(x) for x in sources()} - {""} <= set(RANK)


def test_rooms_import_only_from_rooms_below() -> None:
    assert [x for path in sources() for x in wrong_layers(path)] == []


def test_slow_libraries_are_wrapped_and_loaded_late() -> None:
    assert [x for path in sources() for x in wrong_libraries(path)] == []


def test_data_packages_import_nothing_of_the_program() -> None:
    grammars = ROOT / "grammars" / "backport_grammars"
    for path in sources(grammars):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [x.name for x in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not [x for x in names if x.split(".")[0] in ("backport", "backport_web")], path


@pytest.mark.parametrize("name", ["model.py", "errors.py"])
def test_vocabulary_does_no_input_or_output(name: str) -> None:
    path = PACKAGE / name
    assert {x.module for x in imports_of(path)} <= PURE
    calls = [x for x in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(x, ast.Call)]
    assert not {"open", "print", "input", "exec", "eval"} & {ast.unparse(x.func) for x in calls}


def test_every_room_says_what_it_is_for() -> None:
    rooms = [x for x in PACKAGE.iterdir() if x.is_dir() and any(x.glob("*.py"))]
    without = [
        room.name
        for room in rooms
        if not (room / "__init__.py").exists()
        or not ast.get_docstring(ast.parse((room / "__init__.py").read_text("utf-8")))
    ]
    assert rooms and without == []


def test_every_module_has_a_docstring() -> None:
    assert [str(x) for x in sources() if not ast.get_docstring(ast.parse(x.read_text("utf-8")))] == []


def test_a_door_out_of_the_plan_is_seen() -> None:
    """The tests above can fail: each kind of wrong import is found."""
    path = PACKAGE / "tree" / "wrong.py"
    assert wrong_layers(path, "from backport.placement import place\n")
    assert wrong_layers(path, "def f():\n    from ..csource import parse\n")
    assert wrong_layers(path, "from backport import cli\n")
    assert wrong_layers(path, "from .. import engine\n")
    assert not wrong_layers(path, "from backport.git import Repository\nfrom . import protocol\n")
    assert wrong_libraries(path, "def f():\n    import unidiff\n")
    assert wrong_libraries(PACKAGE / "git" / "x.py", "import git.repo\n")
    assert wrong_libraries(PACKAGE / "git" / "x.py", "class A:\n    from git import Repo\n")
    assert not wrong_libraries(PACKAGE / "git" / "x.py", "def f():\n    from git import Repo\n")


def loaded_by(code: str) -> set[str]:
    """The slow libraries that a fresh interpreter has loaded after running `code`."""
    program = (
        "import atexit, sys\n"
        f"names = {sorted(WRAPPED)!r}\n"
        "tell = lambda: print('loaded:', *[x for x in names if x in sys.modules], file=sys.stderr)\n"
        "atexit.register(tell)\n" + code
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("loaded:"), done.stderr
    return set(last.split()[1:])


def test_import_backport_loads_no_library() -> None:
    assert loaded_by("import backport\n") == set()


def test_version_loads_no_library() -> None:
    code = "sys.argv = ['backport', '--version']\nfrom backport.cli.main import run\nsys.exit(run())\n"
    assert loaded_by(code) == set()


def test_what_is_loaded_is_seen() -> None:
    assert loaded_by("import unidiff\n") == {"unidiff"}
