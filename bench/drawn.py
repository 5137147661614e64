"""Names on a real kernel: the differences of drawn files between two versions, checked on the older one.

    python -m bench.drawn --repo REPO [--old v6.1] [--new v6.12] [--files 50] [--seed 2] [--cache DIR] [--list]

Each drawn file's difference is one patch, once as a bare diff (hunks alone) and once as the commit of a history whose
tree is the newer version's. What is true is told from the trees' definitions alone: a name that the added lines bring,
that the newer tree defines outside of the drawn file and the older tree nowhere, is missing there. What was reported
of another name is listed with a question mark, and what is missing and was not reported by itself: to be opened and
judged by a person.
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
from backport.csource.definitions import DefinitionKind
from backport.engine import check
from backport.git import Repository
from backport.index import Located, Names, tree_names
from backport.intake import patch_from_commit
from backport.intake.diff import parse_diff
from backport.model import Finding, Patch, Person, Series
from backport.settings import Settings
from backport.tree import Target, open_target

_NOT_CODE = re.compile(rb"/\*.*?\*/|//[^\n]*|\"(?:[^\"\\\n]|\\.)*\"|^\s*\*.*$", re.DOTALL | re.MULTILINE)
_USED = re.compile(rb"(->|(?<![.])\.(?![.]))?\s*(?<![\w$])([A-Za-z_]\w{2,})")
_SEEN_ABROAD = frozenset({DefinitionKind.FUNCTION, DefinitionKind.VARIABLE})
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


@dataclass(frozen=True, slots=True)
class Absent:
    """A name that added lines use, that the newer tree defines at `there`, and the older tree nowhere."""

    path: str
    name: str
    member: bool
    there: Located
    line: bytes


def brought(patch: Patch) -> dict[tuple[str, bool], bytes]:
    """(word, whether it is a member) of the code of the added lines, each with the first of them; words that the
    patch's own old lines hold are left out."""
    old: set[bytes] = set()
    new: dict[tuple[str, bool], bytes] = {}
    for hunk in patch.hunks:
        old.update(x[1] for x in _USED.findall(_NOT_CODE.sub(b" ", b"\n".join(hunk.preimage))))
        for line in _NOT_CODE.sub(_lines, b"\n".join(hunk.added)).split(b"\n"):
            for dot, word in _USED.findall(line):
                new.setdefault((word.decode(), bool(dot)), line.strip())
    return {key: line for key, line in new.items() if key[0].encode() not in old}


def _lines(match: re.Match[bytes]) -> bytes:
    return b" " + b"\n" * match[0].count(b"\n")


def absent(patches: Sequence[Patch], older: Names, newer: Names) -> list[Absent]:
    """What is missing in the older tree, told from the two trees alone: a name that the newer tree defines where
    the file can mean it, outside of the drawn file, and that the older tree defines nowhere as such."""
    words = {p.files[0].new_path: brought(p) for p in patches}
    asked = sorted({word for found in words.values() for word, _ in found})
    here, there = older.find(asked), newer.find(asked)
    missing = []
    for path, found in words.items():
        for (word, member), line in sorted(found.items()):
            known = [x for x in there[word] if _means(x, path, member)]
            own = any(x.path == path and _kind(x, member) for x in there[word])
            if known and not own and not any(_kind(x, member) for x in here[word]):
                missing.append(Absent(path, word, member, known[0], line))
    return missing


def _kind(found: Located, member: bool) -> bool:
    return (found.definition.kind is DefinitionKind.MEMBER) == member


def _means(found: Located, path: str, member: bool) -> bool:
    """Whether code of another file can mean a definition: one of a header, or with a name for the linker."""
    if not _kind(found, member) or found.path == path:
        return False
    abroad = found.definition.kind in _SEEN_ABROAD and not found.definition.static
    return abroad or not found.path.endswith((".c", ".S"))


def summary(how: str, judged: Sequence[Judged], missing: Sequence[Absent], older: Names) -> Iterator[str]:
    """What was reported, split by what the trees say, and what was not."""
    names = [(j, f) for j in judged for f in j.findings]
    truth = {(x.path, x.name) for x in missing}
    seconds = sorted(j.seconds for j in judged)
    certain = sum((j.path, _last(f)) in truth for j, f in names)
    yield f"{how}: {len(judged)} patches, {len(names)} findings of BP2"
    yield f"  {certain} of a name that the older tree defines nowhere, {len(names) - certain} to be judged (?)"
    yield f"  median {seconds[len(seconds) // 2]:.2f} s, longest {seconds[-1]:.2f} s"
    for j, f in names:
        mark = " " if (j.path, _last(f)) in truth else "?"
        yield f"  {mark} {f.code} {f.severity} {j.path}:{f.line} {f.message} [{f.suggestion}]"
    said = {(j.path, _last(f)) for j, f in names}
    silent = [x for x in missing if (x.path, x.name) not in said]
    yield f"  {len(truth)} names are absent, not reported of them: {len(silent)}"
    for x in silent:
        kind = x.there.definition.kind
        known = "mentioned" if older.mentions(x.name) else "nowhere"
        yield (
            f"    {x.path}: {kind} {x.name} ({x.there.path}:{x.there.definition.line}; {known} in the older tree): "
            f"{x.line.decode('utf-8', 'replace')}"
        )


def _last(finding: Finding) -> str:
    return finding.subject.split(".")[-1]


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
    older, newer = (
        tree_names(open_target(f"{repo}@{x}", Settings()).tree, arguments.cache) for x in (old, new)
    )
    missing = absent([x.patch for x in alone], older, newer)
    for how, judged in (("hunks alone", alone), ("with upstream", with_base)):
        print("\n".join(summary(how, judged, missing, older)))


if __name__ == "__main__":
    main()
