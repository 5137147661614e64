"""How `csource.definitions` agrees with universal-ctags on real source, kind by kind.

    python -m bench.definitions --tree linux-source-6.1 [--misses 20] [FOLDER ...]

A tag agrees when we have the same name and kind at the same line. What only ctags has is printed as "missing", what
only we have is not counted as wrong (macro-made names, all arms of #if).
"""

from __future__ import annotations

import argparse
import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from backport.csource.definitions import definitions
from backport.csource.definitions_tokens import attribute
from backport.csource.makers import maker

KINDS = {
    "f": "function",
    "p": "prototype",
    "d": "macro",
    "s": "struct",
    "u": "union",
    "g": "enum",
    "e": "enumerator",
    "m": "member",
    "t": "typedef",
    "v": "variable",
    "x": "declaration",
}
FOLDERS = ("mm", "fs", "kernel", "include")
Tag = tuple[str, str, int, str]


def ctags(tree: Path, folders: list[str]) -> Iterator[Tag]:
    """(path, kind, line, name) of every tag of the C files below the folders."""
    command = [
        "ctags",
        "-R",
        "-f",
        "-",
        "--languages=C",
        "--langmap=C:.c.h",
        "--kinds-C=defgmpstuvx",
        "--fields=nk",
    ]
    command += ["--sort=no", "--links=no", *folders]
    with subprocess.Popen(command, cwd=tree, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        for raw in child.stdout:
            line = raw.decode("latin-1").rstrip("\n")
            name, path, rest = line.split("\t", 2)
            fields = rest.rsplit(';"\t', 1)[1].split("\t")
            kind, number = fields[0], next(x for x in fields if x.startswith("line:"))
            yield path, KINDS[kind], int(number.removeprefix("line:")), name


def is_artefact(tag: Tag, macros: set[str]) -> bool:
    """Whether ctags took the macro before or behind a name for the name itself: `EXPORT_SYMBOL` as a prototype,
    `__read_mostly` as a variable."""
    _, kind, _, name = tag
    if kind in ("macro", "enumerator"):
        return False
    if kind in ("member", "struct", "union", "enum"):
        return bool(attribute(name))
    return name in macros or bool(attribute(name)) or maker(name) is not None


def ours(tree: Path, paths: list[str]) -> set[Tag]:
    found: set[Tag] = set()
    for path in paths:
        provided = definitions(path, (tree / path).read_bytes())
        for one in (*provided.definitions, *provided.local):
            found.add((path, one.kind.value, one.line, one.name))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tree", type=Path, required=True)
    parser.add_argument(
        "--misses", type=int, default=0, help="print this many of what is missing, for each kind"
    )
    parser.add_argument("folders", nargs="*", default=list(FOLDERS))
    arguments = parser.parse_args()
    listed = {x for x in ctags(arguments.tree, arguments.folders) if not x[3].startswith("__anon")}
    macros = {x[3] for x in listed if x[1] == "macro"}
    tags = {x for x in listed if not is_artefact(x, macros)}
    print(
        f"{len(listed) - len(tags)} of {len(listed)} tags are macros or annotations that ctags takes for names"
    )
    paths = sorted(
        str(x.relative_to(arguments.tree))
        for folder in arguments.folders
        for x in (arguments.tree / folder).rglob("*.[ch]")
        if x.is_file() and not x.is_symlink()
    )
    start = time.process_time()
    have = ours(arguments.tree, paths)
    spent = time.process_time() - start
    size = sum((arguments.tree / x).stat().st_size for x in paths) / 1e6
    print(
        f"{len(paths)} files, {size:.1f} MB, {spent:.1f} s, {size / spent:.1f} MB/s, {len(have)} definitions"
    )
    report(tags, have, arguments.misses)


def report(tags: set[Tag], have: set[Tag], misses: int) -> None:
    theirs = Counter(x[1] for x in tags)
    missing = sorted(tags - have)
    both = Counter(x[1] for x in tags & have)
    extra = Counter(x[1] for x in have - tags)
    # The same name at the same line as another kind: found, and judged otherwise.
    places = {(x[0], x[2], x[3]): x[1] for x in have}
    other = Counter(x[1] for x in missing if (x[0], x[2], x[3]) in places)
    print(f"{'kind':12} {'ctags':>8} {'agree':>8} {'share':>8} {'other kind':>10} {'only ours':>10}")
    for kind in KINDS.values():
        share = both[kind] / theirs[kind] if theirs[kind] else 1.0
        print(f"{kind:12} {theirs[kind]:8} {both[kind]:8} {share:8.3%} {other[kind]:10} {extra[kind]:10}")
    print(f"{'all':12} {len(tags):8} {len(tags & have):8} {len(tags & have) / max(len(tags), 1):8.3%}")
    for kind in KINDS.values() if misses else ():
        rows = [x for x in missing if x[1] == kind]
        random.Random(1).shuffle(rows)
        for path, _, line, name in rows[:misses]:
            print(f"  missing {kind}: {path}:{line} {name} (ours: {places.get((path, line, name), '-')})")
        rows = sorted(x for x in have - tags if x[1] == kind)
        random.Random(1).shuffle(rows)
        for path, _, line, name in rows[:misses]:
            print(f"  only ours {kind}: {path}:{line} {name}")


if __name__ == "__main__":
    main()
