"""Measure the functions that backport.csource finds against those that universal-ctags finds.

    python -m bench.functions --tree DIR [FOLDER...]

Prints a row per folder, then every disagreement. A disagreement in which the text alone proves ctags wrong is
counted apart as `excused`, with the reason, and is in the list all the same: `% all` counts it as missed,
`%`, `missed` and `invented` do not.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from backport.csource import region_map, tokens
from backport.model import Region

FOLDERS = ("mm", "fs", "kernel", "net/core")


CTAGS = (
    "ctags",
    "--options=NONE",
    "--language-force=C",
    "--kinds-C=f",
    "--sort=no",
    "-x",
    "-f",
    "-",
    "-L",
    "-",
)


@dataclass(frozen=True, slots=True, order=True)
class Tag:
    """A function as ctags sees it: `line` is that of the name, `end` 0 where ctags found none."""

    line: int
    end: int
    name: str


@dataclass(frozen=True, slots=True)
class Disagreement:
    """`who` sees a function that the other does not, or sees with another extent."""

    path: str
    what: str
    tag: Tag | None
    region: Region | None
    reason: str

    def __str__(self) -> str:
        theirs = f"ctags {self.tag.name} {self.tag.line}-{self.tag.end}" if self.tag else "ctags nothing"
        ours = "ours nothing"
        if self.region:
            ours = f"ours {self.region.name} {self.region.name_line}-{self.region.last}"
        return f"{self.path}: {self.what}: {theirs}; {ours}" + (f" [{self.reason}]" if self.reason else "")


@dataclass(slots=True)
class Row:
    """The sums of one folder."""

    files: int = 0
    size: int = 0
    functions: int = 0
    found: int = 0
    missed: int = 0
    invented: int = 0
    seconds: float = 0.0
    disagreements: list[Disagreement] = field(default_factory=list)


def ctags(paths: Sequence[Path]) -> dict[str, list[Tag]]:
    """What ctags finds, by path."""
    done = subprocess.run(
        [*CTAGS, "--_xformat=%N\t%n\t%e\t%F"],
        input="\n".join(map(str, paths)).encode(),
        capture_output=True,
        check=True,
    )
    found: dict[str, list[Tag]] = defaultdict(list)
    for row in done.stdout.decode("utf-8", "replace").splitlines():
        name, line, end, path = row.split("\t")
        found[path].append(Tag(int(line), int(end) if end.isdigit() else 0, name))
    return found


def compare(path: str, data: bytes, tags: Iterable[Tag], regions: Sequence[Region]) -> Iterator[Disagreement]:
    """The disagreements over one file. A function is the same when the lines of its name and end are;
    where ctags names the macro, when the macro stands in the head of ours."""
    left = sorted(regions, key=lambda x: x.name_line)

    def why(tag: Tag | None, region: Region | None) -> str:
        return reason(data, tag, region, regions)

    for tag in sorted(tags):
        same = next((x for x in left if _same(tag, x)), None)
        if same is not None:
            left.remove(same)
            continue
        near = next((x for x in left if x.first <= tag.line <= x.last), None)
        if near is not None and (near.name_line == tag.line or near.name == tag.name):
            left.remove(near)
            yield Disagreement(path, "extent", tag, near, why(tag, near))
        else:
            yield Disagreement(path, "missed", tag, None, why(tag, None))
    for region in left:
        yield Disagreement(path, "invented", None, region, why(None, region))


def _same(tag: Tag, region: Region) -> bool:
    if tag.end != region.last:
        return False
    return tag.line == region.name_line or (
        tag.name != region.name and region.first <= tag.line <= region.name_line
    )


UNCLOSED = "ctags takes a macro without a semicolon for the head of what follows"
LOST = "ctags loses a definition that stands there: its head in column 0, its braces balanced"


def reason(data: bytes, tag: Tag | None, region: Region | None, regions: Sequence[Region]) -> str:
    """Why ctags is wrong, as far as the text alone decides it; "" where it does not."""
    lines = data.split(b"\n")
    if tag is not None and region is None and _unclosed_call(lines, tag, regions):
        return UNCLOSED
    if tag is None and region is not None and _stands_there(lines, region):
        return LOST
    return ""


def _unclosed_call(lines: list[bytes], tag: Tag, regions: Sequence[Region]) -> bool:
    """Whether at a tag's line a macro call ends without a semicolon, with another definition, in
    column 0, on a line of its own further down, that ends where the tag does."""
    if re.match(rb"\s*" + tag.name.encode() + rb"\b", lines[tag.line - 1]) is None:
        return False
    text = b"\n".join(lines[tag.line - 1 : tag.end])
    depth = 0
    for token in tokens(text):
        depth += (token.text == b"(") - (token.text == b")")
        if token.text == b")" and not depth:
            rest = text[token.start + 1 :].split(b"\n", 1)
            return not re.sub(rb"/\*.*", b"", rest[0]).strip() and any(
                tag.line + token.line - 1 < x.first and x.last == tag.end for x in regions
            )
    return False


def _stands_there(lines: list[bytes], region: Region) -> bool:
    """Whether the region is a definition by its layout and its tokens alone: it begins in column 0, its
    name stands before a parenthesis, the brace that opens after that is closed on the last line, by
    the first brace that closes it, and in between no line begins in column 0 but labels."""
    if (
        re.search(re.escape(region.name.encode()) + rb"\s*(?:\(|\Z|,|\))", lines[region.name_line - 1])
        is None
    ):
        return False
    if not re.match(rb"\w", lines[region.first - 1]):
        return False
    text = b"\n".join(lines[region.first - 1 : region.last])
    depth, opened, closed = 0, 0, 0
    for token in tokens(text):
        if token.text in (b"{", b"}"):
            depth += 1 if token.text == b"{" else -1
            opened = opened or token.line
            closed = token.line if not depth and not closed else closed
    inner = lines[region.first + opened - 1 : region.last - 1]
    flush = [x for x in inner if re.match(rb"[A-Za-z_}{]", x) and not re.match(rb"\w+\s*:", x)]
    return not depth and closed == region.last - region.first + 1 and not flush


def measure(tree: Path, folder: str, suffixes: frozenset[str]) -> Row:
    """Both programs over the .c files of one folder."""
    paths = sorted(
        x for x in (tree / folder).rglob("*") if x.suffix in suffixes and not x.is_symlink() and x.is_file()
    )
    tags = ctags(paths)
    row = Row()
    for path in paths:
        data = path.read_bytes()
        name = path.relative_to(tree).as_posix()
        started = time.perf_counter()
        found = region_map(name, data)
        row.seconds += time.perf_counter() - started
        row.files += 1
        row.size += len(data)
        theirs = tags.get(str(path), [])
        row.functions += len(theirs)
        differences = list(compare(name, data, theirs, found.functions()))
        row.missed += sum(x.what != "invented" and not x.reason for x in differences)
        row.invented += sum(x.what == "invented" and not x.reason for x in differences)
        row.disagreements += differences
    row.found = row.functions - sum(x.what != "invented" for x in row.disagreements)
    return row


HEAD = (
    f"{'folder':24}{'files':>7}{'MB':>7}{'ctags':>8}{'found':>8}{'missed':>8}{'invented':>9}"
    f"{'excused':>9}{'% all':>9}{'%':>9}{'s':>7}"
)


def percent(part: int, whole: int) -> float:
    return 100.0 * part / whole if whole else 100.0


def table_row(name: str, row: Row) -> str:
    excused = sum(bool(x.reason) for x in row.disagreements)
    every, share = percent(row.found, row.functions), percent(row.functions - row.missed, row.functions)
    return (
        f"{name:24}{row.files:7}{row.size / 1e6:7.1f}{row.functions:8}{row.found:8}{row.missed:8}"
        f"{row.invented:9}{excused:9}{every:9.3f}{share:9.3f}{row.seconds:7.2f}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--tree", type=Path, required=True, help="an unpacked kernel or other C source")
    parser.add_argument(
        "folders", nargs="*", default=list(FOLDERS), help="folders of it (default: %(default)s)"
    )
    parser.add_argument("--headers", action="store_true", help="the .h files too")
    options = parser.parse_args(arguments)
    suffixes = frozenset({".c", ".h"} if options.headers else {".c"})
    total = Row()
    print(HEAD)
    for folder in options.folders:
        row = measure(options.tree, folder, suffixes)
        print(table_row(folder, row))
        for name in ("files", "size", "functions", "found", "missed", "invented", "seconds"):
            setattr(total, name, getattr(total, name) + getattr(row, name))
        total.disagreements += row.disagreements
    print(table_row("total", total))
    reasons = Counter(x.reason or "undecided" for x in total.disagreements)
    for text, count in reasons.most_common():
        print(f"{count:6} {text}")
    print(*total.disagreements, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
