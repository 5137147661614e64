"""Results that outlive a run: a file with a line for each case, keyed by the program, the options and the case.

A run that was killed is taken up where it was; a program that was changed since asks anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, fields
from functools import cache
from pathlib import Path
from typing import Any, TextIO

import backport
from backport.errors import InputError
from backport.evaluate.values import Alarm, Case, CaseResult, FileResult, Outcome, Panes, PieceResult

NAME = "results.jsonl"


@cache
def program_version() -> str:
    """The version, with a hash of all the program's files: what is worked on changes without a new version."""
    import backport_grammars

    digest = hashlib.sha256()
    for package in (backport, backport_grammars):
        top = Path(str(package.__file__)).parent
        for path in sorted(x for x in top.rglob("*") if x.suffix in (".py", ".toml", ".txt", ".json")):
            digest.update(path.relative_to(top).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return f"{backport.__version__}-{digest.hexdigest()[:16]}"


class State:
    """The results in a folder. Opened for one run; lines are written as results come."""

    def __init__(self, folder: Path, options: str) -> None:
        self._options = options
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._known = dict(_read(folder / NAME))
            self._file: TextIO = (folder / NAME).open("a", encoding="utf-8")
        except OSError as error:
            raise InputError(
                f"--state {folder.name} cannot be used: {error.strerror or error}", "name a folder"
            ) from error

    def __enter__(self) -> State:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def get(self, case: Case) -> CaseResult | None:
        """What an earlier run found of the case."""
        row = self._known.get(self._key(case))
        return result_of(row) if row is not None else None

    def put(self, result: CaseResult) -> None:
        row = {"key": self._key(result.case), "result": asdict(result)}
        self._file.write("\n" + json.dumps(row, ensure_ascii=True) + "\n")
        self._file.flush()

    def _key(self, case: Case) -> str:
        text = "\0".join((program_version(), self._options, *asdict(case).values()))
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _read(path: Path) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """The lines of an earlier run. One that was cut off by a kill is passed over."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                row = json.loads(line)
                yield row["key"], row["result"]
            except (ValueError, KeyError, TypeError):
                continue


def result_of(row: Mapping[str, Any]) -> CaseResult:
    """The value that `dataclasses.asdict` wrote down."""
    plain = {f.name: row[f.name] for f in fields(CaseResult) if f.name in row}
    plain["case"] = Case(**row["case"])
    plain["files"] = tuple(_file(x) for x in row["files"])
    plain["pieces"] = tuple(_piece(x) for x in row["pieces"])
    plain["alarms"] = tuple(Alarm(**x) for x in row["alarms"])
    plain["baselines"] = {name: Outcome(x) for name, x in row["baselines"].items()}
    for name in ("outcome", "if_written"):
        plain[name] = _maybe(Outcome, row[name])
    for name in ("kinds", "reasons"):
        plain[name] = tuple(row[name])
    return CaseResult(**plain)


def _file(row: Mapping[str, Any]) -> FileResult:
    panes = _maybe(lambda x: Panes(**x), row["panes"])
    return FileResult(row["path"], Outcome(row["outcome"]), row["confidence"], panes)


def _piece(row: Mapping[str, Any]) -> PieceResult:
    return PieceResult(**{**row, "outcome": _maybe(Outcome, row["outcome"])})


def _maybe(make: Callable[[Any], Any], value: Any) -> Any:
    return None if value is None else make(value)
