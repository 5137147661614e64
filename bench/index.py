"""The index of a whole tree against universal-ctags on the same tree, one after the other in the same run.

    python -m bench.index --tree linux-source-6.1 [--cold REPO@REV]

ctags is asked for what the index holds: all kinds, prototypes and external variables included, with their lines. Both
read from the page cache (the tree is read once before). `--cold` also measures a look-up of 30 names without index.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from backport.index import Names, tree_names
from backport.index.build import build
from backport.index.store import Cache, statistics
from backport.settings import Settings
from backport.tree import Tree, open_target

NAMES = (
    *(
        "kvfree",
        "dget_parent",
        "sb_rdonly",
        "PageLocked",
        "folio_test_locked",
        "trace_sched_switch",
        "i_rwsem",
    ),
    *(
        "mmap_read_lock",
        "kmalloc_array",
        "vm_fault_t",
        "GFP_KERNEL",
        "list_for_each_entry",
        "sys_read",
        "vm_ops",
    ),
    *("vma_is_shmem", "struct_size", "ktime_get", "no_such_name_at_all", "UFFDIO_COPY", "mcopy_atomic_mode"),
    *("MCOPY_ATOMIC_NO_SUCH", "MS_RDONLY", "dev_attr_name", "BIT_ULL", "xa_load", "bio_alloc_clone"),
    *("blk_mq_start_request", "nla_put_no_such", "netif_napi_add", "fault_flag_allow_retry_first"),
)


def warm_up(top: str) -> float:
    size = 0
    for folder, _, names in os.walk(top):
        for name in names:
            path = Path(folder, name)
            if name.endswith((".c", ".h")) and path.is_file():
                size += len(path.read_bytes())
    return size / 1e6


def ctags(top: str) -> float:
    with tempfile.TemporaryDirectory(prefix="backport-bench-") as folder:
        start = time.perf_counter()
        tags = str(Path(folder) / "tags")
        command = ["ctags", "-R", "-f", tags, "--languages=C", "--langmap=C:.c.h", "--kinds-C=defgmpstuvx"]
        subprocess.run([*command, "--fields=nkSt", "--sort=no", "--links=no", "."], cwd=top, check=True)
        return time.perf_counter() - start


def look_up(tree: Tree, cache: str) -> tuple[float, Names]:
    start = time.perf_counter()
    names = tree_names(tree, cache)
    names.find(NAMES)
    return time.perf_counter() - start, names


LOOK_UP = """
import sys, time
start = time.perf_counter()
from backport.index import tree_names
from backport.settings import Settings
from backport.tree import open_target
from bench.index import NAMES
loaded = time.perf_counter()
tree = open_target(sys.argv[1], Settings()).tree
opened = time.perf_counter()
names = tree_names(tree, sys.argv[2])
names.find(NAMES)
print(f"{time.perf_counter() - opened:.3f} s (imports {loaded - start:.3f} s)")
[names.mentions(x) for x in NAMES]
print(f"with mentions {time.perf_counter() - opened:.3f} s")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tree", required=True)
    parser.add_argument("--cold", metavar="REPO@REV")
    parser.add_argument("--cache", help="a folder for the index that is kept")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.cache or scratch
        if arguments.cold:
            spent, _ = look_up(open_target(arguments.cold, Settings()).tree, "")
            print(f"30 names in {arguments.cold} without an index: {spent:.1f} s", flush=True)
        target = open_target(arguments.tree, Settings())
        top = target.repository.work_tree if target.repository else arguments.tree
        print(f"{warm_up(top):.0f} MB of C", flush=True)
        theirs = ctags(top)
        print(f"ctags: {theirs:.1f} s", flush=True)
        cache = Cache(folder)
        start = time.perf_counter()
        built = build(target.tree, cache, lambda done, of: None)
        ours = time.perf_counter() - start
        cache.close()
        found = statistics(Cache(folder))
        print(f"index: {ours:.1f} s, {ours / theirs:.2f} times ctags; {built.files} files, {built.read} read")
        print(f"{found.size / 1e6:.0f} MB, {found.files} files with definitions, {found.names} rows of names")
        for _ in range(3):
            subprocess.run([sys.executable, "-c", LOOK_UP, arguments.tree, folder], check=True)


if __name__ == "__main__":
    main()
