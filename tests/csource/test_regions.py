"""What a region map answers."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backport.csource import RegionMap, region_map
from backport.model import Region, RegionKind

CASES = Path(__file__).parent / "cases"

SOURCE = b"""\
/* about f */
int f(void)
{
#define INSIDE 1
	return 0;
}

int g(void)
{
	return 1;
}
EXPORT_SYMBOL(f);
"""


def test_a_function_wins_over_a_macro_within_it() -> None:
    found = region_map("a.c", SOURCE)
    region = found.at(4)
    assert region is not None and region.label() == "f()"
    assert [x.name_line for x in found.named("INSIDE")] == [4]


def test_at_is_none_between_regions_and_out_of_the_file() -> None:
    found = region_map("a.c", SOURCE)
    assert [found.at(x) for x in (0, 1, 7, 13, 1000, -5)] == [None] * 6


def test_near_gives_a_comment_to_what_it_stands_above() -> None:
    found = region_map("a.c", (CASES / "kernel_doc.c").read_bytes())
    names = {line: found.near(line) for line in range(1, 24)}
    documented = [line for line, x in names.items() if x and x.name == "documented"]
    assert documented == list(range(1, 10))
    assert names[11] is None
    assert [line for line, x in names.items() if x and x.name == "lined"] == [18, 19, 20, 21, 22]
    assert found.at(3) is None


def test_over_gives_each_region_once_in_order() -> None:
    found = region_map("a.c", SOURCE)
    assert [x.name for x in found.over([9, 3, 10, 7, 2])] == ["g", "f"]
    assert found.over([]) == ()


def test_named_asks_for_a_kind() -> None:
    found = region_map("a.c", SOURCE)
    assert [x.kind for x in found.named("f")] == [RegionKind.FUNCTION, RegionKind.DECLARATION]
    assert [x.first for x in found.named("f", RegionKind.FUNCTION)] == [2]
    assert found.named("h") == ()


def test_functions_are_the_functions() -> None:
    assert [x.name for x in region_map("a.c", SOURCE).functions()] == ["f", "g"]


def test_a_map_is_a_value() -> None:
    one, other = region_map("a.c", SOURCE), region_map("b.c", SOURCE)
    assert one == other and hash(one) == hash(other)
    assert one != RegionMap()
    with pytest.raises(AttributeError):
        one.degraded = "no"


def test_the_innermost_of_nested_regions_is_taken() -> None:
    outer = Region(RegionKind.SECTION, "outer", 1, 20, 1)
    inner = Region(RegionKind.SECTION, "inner", 3, 6, 3)
    later = Region(RegionKind.SECTION, "later", 8, 9, 8)
    found = RegionMap([later, outer, inner])
    names = [x.name if x else "" for x in map(found.at, range(0, 22))]
    assert names == ["", *["outer"] * 2, *["inner"] * 4, "outer", *["later"] * 2, *["outer"] * 11, ""]


def test_a_file_too_large_to_parse_is_read_by_its_layout() -> None:
    data = SOURCE + b"#define REGISTER_FIELD_WITH_A_LONG_NAME__SHIFT 0x0\n" * 90_000
    found = region_map("reg.h", data)
    assert "bytes" in found.degraded
    assert [(x.name, x.first, x.last) for x in found.functions()] == [("f", 2, 6), ("g", 8, 11)]
    assert len(found.regions) > 90_000


def test_an_empty_file_has_no_regions() -> None:
    assert region_map("a.c", b"") == RegionMap()


PLAIN = "int|f(void)|;|{|}|(|)|=|,|struct|static|x|1|enum|[|]|*|/*|*/|//|\"|'|\\|EXPORT(a)|for_each(x)|__releases(x)"
WORDS = st.sampled_from(
    [
        *PLAIN.split("|"),
        *("\n", "\n\n", "\n}\n", "\n{\n", "SYSCALL_DEFINE1(x, int, y)", 'extern "C"', "__init"),
        *(
            "\n#if A\n",
            "\n#else\n",
            "\n#elif B\n",
            "\n#endif\n",
            "\n#ifdef B\n",
            "\n#define X \\\n",
            "\n#if 0\n",
        ),
    ]
)
SOUP = st.one_of(st.binary(max_size=300), st.lists(WORDS, max_size=60).map(lambda x: " ".join(x).encode()))


@settings(max_examples=300, deadline=None)
@given(SOUP)
@example(b"{")
@example(b"}")
@example(b"\n#endif\n#else\n#elif\n")
@example(b"#if A\n{\n#else\n}\n#endif")
@example(b"\xff\x00{\xfe}")
def test_any_bytes_have_a_map(data: bytes) -> None:
    for path in (
        "a.c",
        "a.h",
        "a.S",
        "Kconfig",
        "Makefile",
        "a.rst",
        "a.dts",
        "a.rs",
        "a.py",
        "a.sh",
        "a.pl",
        "a.bin",
    ):
        found = region_map(path, data)
        lines = data.count(b"\n") + 1
        for region in found.regions:
            assert 1 <= region.first <= region.name_line <= region.last <= lines, path
            assert found.at(region.first) is not None
        assert list(found.regions) == sorted(found.regions, key=lambda x: (x.first, -x.last))


@settings(max_examples=200, deadline=None)
@given(SOUP)
def test_functions_of_c_never_overlap_wrongly(data: bytes) -> None:
    functions = region_map("a.c", data).functions()
    for one, other in pairwise(functions):
        assert one.last <= other.first


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.sampled_from(sorted(x for x in CASES.iterdir() if x.suffix == ".c")), min_size=1, max_size=4),
    st.data(),
)
def test_a_window_answers_as_the_whole(paths: list[Path], draw: st.DataObject) -> None:
    data = b"\n".join(x.read_bytes() for x in paths)
    whole = region_map("a.c", data)
    lines = draw.draw(st.frozensets(st.integers(1, data.count(b"\n") + 1), max_size=4))
    part = region_map("a.c", data, lines)
    assert set(part.regions) <= set(whole.regions)
    for line in lines:
        assert (part.at(line), part.near(line)) == (whole.at(line), whole.near(line))
