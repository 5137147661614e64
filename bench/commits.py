"""How long the index of commits takes, and how large it is, on a made history of any length.

    python -m bench.commits --commits 1300000 --folder /tmp/made    # makes the history once, then measures
    python -m bench.commits --repo REPO                             # measures on a repository that is there

Prints seconds and bytes: the first build, nothing new, 1,000 new commits (made history only), and questions.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import IO

from backport.git import Repository
from backport.index.commits import CommitIndex, index_path, open_commits
from backport.index.commits_build import build_commits

AREAS, PARTS, FILES = 16, 16, 16
BLOBS = 64


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--commits", type=int, default=200_000)
    parser.add_argument(
        "--folder", type=Path, help="where the made history is kept (default: a temporary one)"
    )
    parser.add_argument("--repo", type=Path)
    parser.add_argument("--cache", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-commits-") as temporary:
        cache = str(options.cache or temporary)
        if options.repo:
            measure(options.repo, cache)
            return
        folder = options.folder or Path(temporary) / "repo"
        if not folder.exists():
            started = time.perf_counter()
            make(folder, options.commits)
            print(f"made {options.commits:,} commits in {time.perf_counter() - started:.1f} s")
        measure(folder, cache)
        grow(folder, options.commits, 1_000)
        timed("1,000 new commits", folder, cache)


def measure(folder: Path, cache: str) -> None:
    timed("first build", folder, cache)
    timed("nothing new", folder, cache)
    with Repository.open(str(folder)) as repository:
        size = index_path(repository, cache).stat().st_size
        print(f"size {size / 1e6:.1f} MB")
        index = open_commits(repository, cache)
        assert index is not None
        ask(index, repository)


def timed(what: str, folder: Path, cache: str) -> None:
    with Repository.open(str(folder)) as repository:
        started = time.perf_counter()
        stats = build_commits(repository, cache)
        seconds = time.perf_counter() - started
        print(f"{what}: {seconds:.2f} s, {stats.added:,} new of {stats.commits:,}")


def ask(index: CommitIndex, repository: Repository) -> None:
    """The questions of one patch: what names, quotes or reverts it, what touches its file, what is reachable."""
    head = repository.head()
    commit = repository.rev_list([head], "--max-count=5000")[-1]
    info = repository.commit(commit)
    assert info is not None
    for again in ("cold", "warm"):
        started = time.perf_counter()
        found = {*index.mentioning(commit), *index.titled(info.subject), *index.quoting(info.subject)}
        reached = index.within(found, head, commit)
        touched = index.touching([f"area{0:02}/part{0:02}/file{0:02}.c"], 100)
        base = index.merge_base(commit, head)
        seconds = time.perf_counter() - started
        print(
            f"questions, {again}: {seconds * 1000:.1f} ms "
            f"({len(found)} candidates, {len(reached or ())} reached, {len(touched)} touching, base {base == commit})"
        )


# --- a made history -------------------------------------------------------------------------------


def make(folder: Path, commits: int) -> None:
    folder.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", "--bare", str(folder)], check=True)
    _import(folder, _history(commits))
    (folder / "HEAD").write_text("ref: refs/heads/main\n")


def grow(folder: Path, start: int, count: int) -> None:
    made = _commits(random.Random(start + 1), range(start + 1, start + count + 1), "refs/heads/main^0")
    _import(folder, chain(_blobs(), made))


def _import(folder: Path, parts: Iterator[str]) -> None:
    command = ["git", "-c", "core.compression=1", "fast-import", "--quiet", "--force", "--depth=10"]
    running = subprocess.Popen(command, stdin=subprocess.PIPE, cwd=folder)
    assert running.stdin is not None
    _write(running.stdin, parts)
    running.stdin.close()
    if running.wait():
        raise SystemExit("git fast-import failed")


def _write(pipe: IO[bytes], parts: Iterator[str]) -> None:
    block: list[str] = []
    for part in parts:
        block.append(part)
        if len(block) == 2000:
            pipe.write("".join(block).encode())
            block = []
    pipe.write("".join(block).encode())


def _blobs() -> Iterator[str]:
    for mark in range(1, BLOBS + 1):
        text = f"int value_{mark};\n" * (mark + 1)
        yield f"blob\nmark :{mark}\ndata {len(text)}\n{text}\n"


def _history(commits: int) -> Iterator[str]:
    chance = random.Random(4)
    yield from _blobs()
    yield _head(0, "start", "")
    for area in range(AREAS):
        for part in range(PARTS):
            for number in range(FILES):
                yield f"M 100644 :{chance.randint(1, BLOBS)} {_path(area, part, number)}\n"
    yield "\n"
    yield from _commits(chance, range(1, commits), "")


def _commits(chance: random.Random, numbers: range, parent: str) -> Iterator[str]:
    for number in numbers:
        area = f"area{chance.randrange(AREAS):02}"
        subject = f"{area}: change {number} of value {chance.randrange(999)}"
        body = f"The value was wrong since long.\n\nSigned-off-by: A U Thor {number % 700} <a@example.org>\n"
        if chance.random() < 0.2:
            body = f'Fixes: {chance.getrandbits(48):012x} ("{area}: change {chance.randrange(number + 1)}")\n{body}'
        yield _head(number, f"{subject}\n\n{body}", parent)
        parent = ""
        for _ in range(chance.choice((1, 1, 2, 3))):
            path = _path(int(area[4:]), chance.randrange(PARTS), chance.randrange(FILES))
            yield f"M 100644 :{chance.randint(1, BLOBS)} {path}\n"
        yield "\n"


def _head(number: int, message: str, parent: str) -> str:
    who = f"A U Thor {number % 700} <a@example.org> {1_100_000_000 + number * 300} +0000"
    source = f"from {parent}\n" if parent else ""
    return f"commit refs/heads/main\nauthor {who}\ncommitter {who}\ndata {len(message.encode())}\n{message}\n{source}"


def _path(area: int, part: int, number: int) -> str:
    return f"area{area:02}/part{part:02}/file{number:02}.c"


if __name__ == "__main__":
    main()
