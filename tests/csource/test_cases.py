"""Small files named for their quirk, each with the regions that it has.

A file dropped into `cases/` together with `FILE.regions` is a test. A row there is
`kind name first-last name line` ("-" for no name), in the order of the regions.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from backport.csource import region_map
from backport.model import Region

CASES = Path(__file__).parent / "cases"
FILES = sorted(x for x in CASES.iterdir() if x.suffix != ".regions")
GUESSED = {"unfinished.c", "missing_brace.c"}


def row(region: Region) -> str:
    name = region.name or "-"
    return f"{region.kind.value} {name} {region.first}-{region.last} name {region.name_line}"


@pytest.mark.parametrize("path", FILES, ids=lambda x: x.name)
def test_case_has_its_regions(path: Path) -> None:
    found = region_map(path.name, path.read_bytes())
    expected = path.with_name(path.name + ".regions").read_text(encoding="utf-8").splitlines()
    assert [row(x) for x in found.regions] == expected
    assert bool(found.degraded) == (path.name in GUESSED)


@pytest.mark.parametrize("path", FILES, ids=lambda x: x.name)
def test_case_is_the_same_through_a_window(path: Path) -> None:
    data = path.read_bytes()
    whole = region_map(path.name, data)
    for line in range(1, data.count(b"\n") + 2):
        part = region_map(path.name, data, frozenset({line}))
        assert (part.at(line), part.near(line)) == (whole.at(line), whole.near(line)), line


def test_there_are_cases() -> None:
    assert len(FILES) >= 20
