"""Backports of a repository as a case file: what `backport evaluate --write-cases` writes.

    python -m bench.cases --repo REPO --branch v4.1.x [--branch ...] [--since REV] > cases.jsonl

Every commit of the branches that names one upstream commit which the repository holds, and that touches C. The class
is what git's own three-way merge makes of it: `identical` (the whole tree that was committed), `different` or
`conflict` (in a C file); conflicts in other files are left out.
"""

from __future__ import annotations

import argparse

from backport.evaluate.cases import find_cases, written
from backport.git import Repository


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repo", required=True)
    parser.add_argument("--branch", action="append", required=True)
    parser.add_argument("--since", default="", help="leave out what this revision holds")
    arguments = parser.parse_args()
    with Repository.open(arguments.repo) as repository:
        for case in find_cases(repository, arguments.branch, since=arguments.since):
            print(written(case))


if __name__ == "__main__":
    main()
