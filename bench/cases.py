"""Backports of a repository as a case file for `bench.maintainers`.

    python -m bench.cases --repo REPO --branch v4.1.x [--branch ...] [--since REV] > cases.jsonl

Every commit of the branches that names one upstream commit which the repository holds, and that touches C. The class
is what git's own three-way merge makes of it: `identical` (the whole tree that was committed), `different` or
`conflict` (in a C file); conflicts in other files are left out.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator

from backport.csource import language
from backport.git import Repository, Scratch
from backport.intake import patch_from_commit


def cases(repository: Repository, branch: str, since: str) -> Iterator[dict[str, str]]:
    """The backports of one branch, oldest first."""
    out = [f"^{repository.resolve(since)}"] if since else []
    with Scratch([repository]) as scratch:
        for id in repository.rev_list([repository.resolve(branch), *out], "--reverse", "--no-merges"):
            case = _case(repository, scratch, id)
            if case is not None:
                yield {"branch": branch, **case}


def _case(repository: Repository, scratch: Scratch, id: str) -> dict[str, str] | None:
    info = repository.commit(id)
    if info is None or len(info.parents) != 1 or "commit" not in info.body:
        return None
    patch = patch_from_commit(repository, id)
    named = {u.id for u in patch.provenance.upstream if u.certain}
    held = [c for x in named if len(x) == repository.id_size and (c := repository.commit(x)) is not None]
    if len(named) != 1 or len(held) != 1 or len(held[0].parents) != 1:
        return None
    if not any(language(f.path) == "c" for f in patch.files):
        return None
    upstream, target = held[0], info.parents[0]
    base = upstream.parents[0]
    merge = scratch.merge(*(repository.tree_of(x) for x in (base, target, upstream.id)))
    stuck = [] if merge.clean else [f.path for f in merge.files]
    if any(language(path) == "c" for path in stuck):
        git = "conflict"
    elif stuck:
        return None
    else:
        git = "identical" if merge.tree == repository.tree_of(id) else "different"
    return {"backport": id, "target": target, "upstream": upstream.id, "base": base, "git": git}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repo", required=True)
    parser.add_argument("--branch", action="append", required=True)
    parser.add_argument("--since", default="", help="leave out what this revision holds")
    arguments = parser.parse_args()
    repository = Repository.open(arguments.repo)
    for branch in arguments.branch:
        for case in cases(repository, branch, arguments.since):
            print(json.dumps(case))


if __name__ == "__main__":
    main()
