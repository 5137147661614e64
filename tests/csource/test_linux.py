"""Real kernel files, judged by universal-ctags."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from backport.csource import region_map
from bench.functions import compare, ctags
from tests.support.require import require_linux_source, require_program

NOTORIOUS = {
    "mm/page_alloc.c": "__show_free_areas",
    "kernel/sched/fair.c": "set_skip_buddy",
    "net/core/filter.c": "bpf_convert_filter",
    "kernel/fork.c": "copy_process",
    "kernel/bpf/verifier.c": "check_attach_btf_id",
}


@pytest.fixture(scope="module")
def tree() -> Path:
    return require_linux_source("6.1")


def test_functions_are_those_of_ctags(tree: Path) -> None:
    require_program("ctags", package="universal-ctags")
    files = sorted(x for y in ("mm", "fs", "kernel", "net/core") for x in (tree / y).rglob("*.c"))
    sample = [*(tree / x for x in NOTORIOUS), *random.Random(1).sample(files, 40)]
    tags = ctags(sample)
    wrong: list[str] = []
    seen = 0
    for path in sample:
        found = region_map(path.name, path.read_bytes())
        seen += len(found.functions())
        name = path.relative_to(tree).as_posix()
        differences = compare(name, path.read_bytes(), tags[str(path)], found.functions())
        wrong += [str(x) for x in differences if not x.reason]
    assert not wrong
    assert seen > 2000


@pytest.mark.parametrize("path", NOTORIOUS)
def test_a_function_with_split_braces_swallows_nothing(tree: Path, path: str) -> None:
    data = (tree / path).read_bytes()
    found = region_map(path, data)
    lines = data.split(b"\n")
    (region,) = {x for x in found.named(NOTORIOUS[path]) if x in found.functions()}
    assert lines[region.last - 1] == b"}"
    inside = lines[region.first : region.last - 1]
    assert not [x for x in inside if x.startswith(b"}")]


def test_regions_begin_where_something_else_ends(tree: Path) -> None:
    for path in NOTORIOUS:
        lines = [b"", *(tree / path).read_bytes().split(b"\n")]
        for region in region_map(path, b"\n".join(lines[1:])).functions():
            before = lines[region.first - 1].strip()
            ends = (
                not before
                or before.endswith((b"*/", b"}", b";", b")", b"\\"))
                or before.startswith((b"#", b"//"))
            )
            assert ends or lines[region.first - 2].rstrip().endswith(b"\\"), (path, region)


def test_a_window_answers_as_the_whole(tree: Path) -> None:
    draw = random.Random(2)
    files = sorted([*(tree / "kernel").rglob("*.c"), *(tree / "include/linux").glob("*.h")])
    for path in draw.sample(files, 60):
        data = path.read_bytes()
        whole = region_map(path.name, data)
        first = draw.randrange(1, data.count(b"\n") + 2)
        lines = frozenset(range(first, first + 6))
        part = region_map(path.name, data, lines)
        for line in lines:
            assert (part.at(line), part.near(line)) == (whole.at(line), whole.near(line)), (path, line)
