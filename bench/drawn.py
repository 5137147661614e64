"""Names on a real kernel: the differences of drawn files between two versions, checked on the older one.

    python -m bench.drawn --repo REPO [--old v6.1] [--new v6.12] [--files 50] [--seed 2] [--cache DIR] [--list]

Each drawn file's difference is one patch, once as a bare diff (hunks alone) and once as the commit of a history whose
tree is the newer version's. What is true is counted from the words: a name that the added lines bring, that stands
nowhere in the older tree and is not made by the patch itself, is missing there. A reported name that the older tree
holds somewhere as a word is listed, to be opened and judged by a person.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from backport.checks import Asked
from backport.engine import check
from backport.git import Repository
from backport.intake import patch_from_commit
from backport.intake.diff import parse_diff
from backport.model import Finding, Patch, Person, Series
from backport.settings import Settings
from backport.tree import Target, open_target

_WORD = re.compile(rb"[A-Za-z_]\w{2,}")
_NOT_CODE = re.compile(rb"/\*.*?\*/|//[^\n]*|\"(?:[^\"\\\n]|\\.)*\"", re.DOTALL)
_IDENTITY = {f"GIT_{who}_{what}": "bench" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@dataclass(frozen=True, slots=True)
class Judged:
    """One patch: the findings of names, and the seconds that the check took."""

    path: str
    patch: Patch
    findings: tuple[Finding, ...]
    seconds: float


def git(repo: str, *words: str, stdin: bytes | None = None, index: str = "") -> bytes:
    more = {"GIT_INDEX_FILE": index} if index else {}
    environment = {**os.environ, **_IDENTITY, **more}
    done = subprocess.run(
        ["git", "-C", repo, *words], input=stdin, capture_output=True, check=True, env=environment
    )
    return done.stdout


def draw(repo: str, old: str, new: str, files: int, seed: int) -> list[str]:
    listed = git(repo, "diff", "--name-status", "--no-renames", old, new).decode().splitlines()
    changed = sorted(line.split("\t")[1] for line in listed if line.startswith("M"))
    return random.Random(seed).sample(changed, files)


def bare(repo: str, old: str, new: str, path: str) -> Patch:
    """The difference as a document without the ids of its blobs: no base can be found."""
    parsed = parse_diff(git(repo, "diff", old, new, "--", path), path).files
    files = tuple(replace(f, old_blob="", new_blob="") for f in parsed)
    return Patch(path, Person("bench"), "", "", files, document=path)


def commits(repo: str, old: str, new: str, paths: Sequence[str], folder: str) -> dict[str, str]:
    """A commit for each path, in a bare repository in `folder`: from the newer tree with the older file to the
    newer tree."""
    git(folder, "init", "-q", "--bare", ".")
    objects = Path(git(repo, "rev-parse", "--path-format=absolute", "--git-path", "objects").decode().strip())
    Path(folder, "objects/info/alternates").write_text(f"{objects}\n")
    tree = git(repo, "rev-parse", f"{new}^{{tree}}").decode().strip()
    index = str(Path(folder, "scratch-index"))
    git(folder, "read-tree", tree, index=index)
    made: dict[str, str] = {}
    for path in paths:
        entry = {v: git(repo, "ls-tree", v, "--", path).decode().split() for v in (old, new)}
        for version, parents in ((old, ()), (new, ("before",))):
            mode, _, blob, _ = entry[version]
            git(folder, "update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}", index=index)
            written = git(folder, "write-tree", index=index).decode().strip()
            words = [x for name in parents for x in ("-p", made[name])]
            id = git(folder, "commit-tree", written, *words, "-m", f"change {path}").decode().strip()
            made["before" if version == old else path] = id
    return made


def judge(patch: Patch, target: Target, upstream: Repository | None, path: str, cache: str) -> Judged:
    start = time.perf_counter()
    asked = Asked(cache=cache)
    report = check(Series((patch,)), [target], upstream=upstream, asked=asked).targets[0].patches[0]
    seconds = time.perf_counter() - start
    return Judged(path, patch, tuple(f for f in report.findings if f.code.startswith("BP2")), seconds)


def brought(patch: Patch) -> set[str]:
    """The words of the code of the added lines, those that the patch's own old lines hold left out."""
    old: set[bytes] = set()
    new: set[bytes] = set()
    for hunk in patch.hunks:
        old.update(_WORD.findall(_NOT_CODE.sub(b" ", b"\n".join(hunk.preimage))))
        new.update(_WORD.findall(_NOT_CODE.sub(b" ", b"\n".join(hunk.added))))
    return {word.decode() for word in new - old}


def standing(repo: str, revision: str, words: set[str]) -> set[str]:
    """Which of the words stand anywhere in the C files of the tree. Reads them all: some 40 s on a kernel."""
    listed = git(repo, "ls-tree", "-r", "-z", "--format=%(objectname) %(path)", revision).decode(
        "utf-8", "replace"
    )
    wanted = {word.encode() for word in words}
    blobs = [x.split(" ", 1)[0] for x in listed.split("\0") if x.endswith((".c", ".h"))]
    found: set[bytes] = set()
    for first in range(0, len(blobs), 2000):
        text = git(repo, "cat-file", "--batch", stdin="\n".join(blobs[first : first + 2000]).encode())
        found |= wanted.intersection(_WORD.findall(text))
    return {word.decode() for word in found}


def summary(how: str, judged: Sequence[Judged], there: set[str]) -> Iterator[str]:
    """What was reported, split by what the words say."""
    names = [(j, f) for j in judged for f in j.findings]
    certain = [(j, f) for j, f in names if f.subject.split(".")[-1] not in there]
    seconds = sorted(j.seconds for j in judged)
    yield f"{how}: {len(judged)} patches, {len(names)} findings of BP2"
    yield f"  {len(certain)} of a name that stands nowhere in the older tree, {len(names) - len(certain)} to be judged"
    yield f"  median {seconds[len(seconds) // 2]:.2f} s, longest {seconds[-1]:.2f} s"
    for j, f in names:
        mark = " " if f.subject.split(".")[-1] not in there else "?"
        yield f"  {mark} {f.code} {f.severity} {j.path}:{f.line} {f.message} [{f.suggestion}]"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repo", required=True, help="a repository that holds both versions")
    parser.add_argument("--old", default="v6.1")
    parser.add_argument("--new", default="v6.12")
    parser.add_argument("--files", type=int, default=50)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--cache", default="", help="folder of the index of definitions")
    arguments = parser.parse_args()
    repo, old, new = arguments.repo, arguments.old, arguments.new
    paths = draw(repo, old, new, arguments.files, arguments.seed)
    target = open_target(f"{repo}@{old}", Settings())
    alone = [
        judge(bare(repo, old, new, p), replace(target, repository=None), None, p, arguments.cache)
        for p in paths
    ]
    with tempfile.TemporaryDirectory() as folder:
        made = commits(repo, old, new, paths, folder)
        upstream = Repository.open(folder)
        with_base = [
            judge(patch_from_commit(upstream, made[p]), target, upstream, p, arguments.cache) for p in paths
        ]
    words = {p.path: brought(p.patch) for p in alone}
    there = standing(repo, old, set().union(*words.values()))
    for how, judged in (("hunks alone", alone), ("with upstream", with_base)):
        print("\n".join(summary(how, judged, there)))
        said = {(j.path, f.subject.split(".")[-1]) for j in judged for f in j.findings}
        silent = sorted((p, w) for p, ws in words.items() for w in ws - there if (p, w) not in said)
        print(f"  words that stand nowhere in the older tree and were not reported: {len(silent)}")
        print("\n".join(f"    {p}: {w}" for p, w in silent))


if __name__ == "__main__":
    main()
