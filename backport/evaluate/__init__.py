"""The program measured against what maintainers really committed, in a repository's own history.

`find_cases` and `read_cases` give the backports, `evaluate` judges them, `summary` counts, and `formats` shows.
Nothing of the maintainer's result is seen by what proposes: it is compared afterwards (`compare`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backport.evaluate.cases import find_cases, read_cases
    from backport.evaluate.run import Options, evaluate
    from backport.evaluate.values import Case, CaseResult, Evaluation, Outcome

_HOME = {
    "Case": "values",
    "CaseResult": "values",
    "Evaluation": "values",
    "Outcome": "values",
    "Options": "run",
    "evaluate": "run",
    "find_cases": "cases",
    "read_cases": "cases",
}

__all__ = [
    "Case",
    "CaseResult",
    "Evaluation",
    "Options",
    "Outcome",
    "evaluate",
    "find_cases",
    "read_cases",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
