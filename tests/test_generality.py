"""What is learnt on the cases at hand must hold elsewhere: nothing in the program names what it is measured on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOP = Path(__file__).parent.parent
_THEIRS = re.compile(rb"(?i)\bdpdk|\brte_\w|librte|\bsystemd|\bopen[- ]?mpi\b|\bompi\b")
_READ = (".py", ".toml", ".j2", ".json", ".txt", ".scm")


def program_files() -> list[Path]:
    tops = [TOP / "backport", TOP / "grammars", TOP / "web"]
    return [p for top in tops for p in sorted(top.rglob("*")) if p.is_file() and p.suffix in _READ]


def test_no_rule_word_list_or_threshold_names_a_project_that_it_is_measured_on() -> None:
    found = [
        f"{path.relative_to(TOP)}: {line.decode('utf-8', 'replace').strip()}"
        for path in program_files()
        for line in path.read_bytes().splitlines()
        if _THEIRS.search(line)
    ]
    assert found == []


@pytest.mark.parametrize("text", [b"rte_free(x)", b"the DPDK tree", b"librte_mbuf", b"systemd-stable"])
def test_the_words_are_found_where_they_stand(text: bytes) -> None:
    assert _THEIRS.search(text) and not _THEIRS.search(b"a route_table, an integer, a mutex")
