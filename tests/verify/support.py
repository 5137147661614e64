"""A tree that is built as a kernel is, in miniature: the same targets, gcc with the options of .config, Kconfig."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from backport.intake import read_sources
from backport.model import Finding
from backport.settings import Settings
from backport.tree import open_target
from backport.verify import Options, Verification, verify
from tests.support.require import require_program

MAKEFILE = """\
VERSION = 6
PATCHLEVEL = 1
SUBLEVEL = 7
srctree := $(CURDIR)
CC = $(CROSS_COMPILE)gcc
obj-y += mm/ drv/
SET = -e 's/^\\(CONFIG_[A-Z_]*\\)=y/-D\\1=1/p' -e 's/^\\(CONFIG_[A-Z_]*\\)=m/-D\\1_MODULE=1/p'
CONFIG := $(shell sed -n $(SET) $(O)/.config 2>/dev/null)
MODULE := $(if $(findstring CONFIG_DRV_MODULE,$(CONFIG)),[M])
MAKEFLAGS += -rR
.PHONY: defconfig olddefconfig FORCE

defconfig:
	@cp $(srctree)/defconfig $(O)/.config
olddefconfig:
	@sh $(srctree)/scripts/config.sh $(O)/.config
%.o: FORCE
	@mkdir -p $(O)/$(dir $@)
	@echo "  CC $(if $(filter drv/%,$@),$(MODULE))     $@"
	@$(CC) -Wall -Werror=implicit-function-declaration $(CONFIG) -I$(srctree)/include -c -o $(O)/$@ $(srctree)/$*.c
FORCE:
"""
CONFIG_SH = """\
set -e
for name in SHM UFAULT DRV; do
	value=$(sed -n -e "s/^CONFIG_$name=//p" -e "s/^# CONFIG_$name is not set/n/p" "$1" | tail -n 1)
	case ${value:-n} in n) echo "# CONFIG_$name is not set" ;; *) echo "CONFIG_$name=$value" ;; esac
done >"$1.new"
mv "$1.new" "$1"
"""
KCONFIG = """\
config SHM
	bool "shared memory"

config UFAULT
	bool "faults"

config DRV
	tristate "driver"
"""
CORE = """\
#include <linux/core.h>

int core_count(int n)
{
	int left;
	return n + 1;
}

#ifdef CONFIG_UFAULT
int core_fault(int n)
{
	return n;
}
#endif

int core_last(int n)
{
	return n - 1;
}
"""
FILES = {
    "Makefile": MAKEFILE,
    "Kconfig": KCONFIG,
    "defconfig": "CONFIG_SHM=y\n",
    "scripts/config.sh": CONFIG_SH,
    "mm/Makefile": "obj-y += core.o\nobj-$(CONFIG_SHM) += shm.o\n",
    "mm/core.c": CORE,
    "mm/shm.c": "#include <linux/core.h>\n\nint shm_init(void)\n{\n\treturn core_count(1);\n}\n",
    "drv/Makefile": "obj-$(CONFIG_DRV) += drv.o\n",
    "drv/drv.c": "int drv_probe(void)\n{\n\treturn 0;\n}\n",
    "arch/arc/Makefile": "obj-y += kernel/\n",
    "arch/arc/kernel/Makefile": "obj-y += traps.o\n",
    "arch/arc/kernel/traps.c": "int trap(void)\n{\n\treturn 0;\n}\n",
    "arch/arc/Kbuild": "obj-y += kernel/\n",
    "include/linux/core.h": (
        "#ifndef CORE_H\n#define CORE_H\nint core_count(int n);\nint core_last(int n);\n"
        "#ifdef CONFIG_UFAULT\nint core_fault(int n);\n#endif\n#endif\n"
    ),
}


def needs() -> None:
    """Skip without the programs that build the tree."""
    for program, package in (("gcc", ""), ("make", ""), ("nm", "binutils")):
        require_program(program, package=package)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """The tree in a folder."""
    needs()
    return write(tmp_path / "linux", FILES)


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    return folder


def patch(tree: Path, changes: dict[str, tuple[str, str] | str | None], name: str = "fix.patch") -> Path:
    """A patch file beside the tree: of each file (old, new) text replaced once, a whole new file, or None deleted."""
    before, after = tree.parent / "before", tree.parent / "after"
    for path, change in changes.items():
        old = (tree / path).read_text() if (tree / path).exists() else None
        if old is not None:
            write(before, {path: old})
        if isinstance(change, tuple):
            assert old is not None and old.count(change[0]) == 1, path
            write(after, {path: old.replace(*change)})
        elif change is not None:
            write(after, {path: change})
    before.mkdir(exist_ok=True)
    after.mkdir(exist_ok=True)
    done = subprocess.run(
        ["diff", "-urN", "before", "after"], cwd=tree.parent, capture_output=True, check=False
    )
    assert done.returncode == 1, done.stderr
    place = tree.parent / name
    place.write_bytes(done.stdout.replace(b"--- before/", b"--- a/").replace(b"+++ after/", b"+++ b/"))
    return place


def build(tree: Path | str, *patches: Path, **options: object) -> Verification:
    settings = Settings()
    target = open_target(str(tree), settings)
    try:
        series = read_sources(
            [str(x) for x in patches], stdin=bytes, repository=target.repository, settings=settings
        )
        return verify(series, target, settings=settings, options=Options(**options))  # type: ignore[arg-type]
    finally:
        if target.repository is not None:
            target.repository.close()


def findings(found: Verification, code: str = "BP6") -> list[Finding]:
    return [f for t in found.report.targets for p in t.patches for f in p.findings if f.code.startswith(code)]
