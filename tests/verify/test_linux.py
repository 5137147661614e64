"""A real kernel: an error, a warning and a function under an option, in its smallest configuration."""

from __future__ import annotations

from pathlib import Path

from backport.verify import State
from tests.support.require import require_file, require_linux_source, require_program
from tests.verify.support import build, findings, patch


def test_linux_is_built_in_two_configurations(tmp_path: Path) -> None:
    for program in ("gcc", "make", "flex", "bison", "bc"):
        require_program(program)
    require_file("/usr/include/libelf.h", package="libelf-dev")
    source = require_linux_source("6.1")
    link = tmp_path / "linux"
    link.symlink_to(source)
    fix = patch(
        link,
        {
            "mm/mempool.c": (
                "int mempool_resize(mempool_t *pool, int new_min_nr)\n{\n",
                "int mempool_resize(mempool_t *pool, int new_min_nr)\n{\n\tint left;\n",
            ),
            "mm/page_idle.c": (
                "static struct page *page_idle_get_page(unsigned long pfn)\n{\n",
                "static struct page *page_idle_get_page(unsigned long pfn)\n{\n\tpage_idle_frob(pfn);\n",
            ),
        },
    )
    found = build(source, fix, base="tinyconfig", jobs=2, seconds=300)
    told = {f.code: f for f in findings(found)}
    assert set(told) == {"BP601", "BP602"}
    assert told["BP601"].file == "mm/page_idle.c" and "page_idle_frob" in told["BP601"].message
    assert "CONFIG_IDLE_PAGE_TRACKING=y" in told["BP601"].message
    assert told["BP602"].file == "mm/mempool.c" and "'left'" in told["BP602"].message
    assert [(b.object, b.state) for b in found.built] == [
        ("mm/mempool.o", State.BUILT),
        ("mm/page_idle.o", State.FAILED),
    ]
