"""Documents that lie beside the project, in ../shared: real patches that the tests read."""

from __future__ import annotations

from pathlib import Path

from tests.support.require import missing

SHARED = Path(__file__).resolve().parents[2].parent / "shared"


def seeds() -> tuple[Path, ...]:
    """The seed documents in order, or a skip (a failure where everything is required)."""
    found = tuple(sorted((SHARED / "seeds").glob("*.txt")))
    if not found:
        missing("the folder ../shared/seeds is not there")
    return found


def seed(number: int) -> Path:
    """The seed whose name starts with `number` in three digits."""
    for path in seeds():
        if path.name.startswith(f"{number:03d}_"):
            return path
    missing(f"no seed {number:03d} in ../shared/seeds")
