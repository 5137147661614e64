"""Many patches in one process: the seconds that each takes, as a JSON list on stdout.

python -m bench.many REPOSITORY TARGET COMMIT...
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Each commit is read and checked on its own, as one call of the library."""
    from backport.engine import check
    from backport.git import Repository
    from backport.intake import read_sources
    from backport.settings import Settings
    from backport.tree import open_target

    path, revision, *commits = arguments
    settings = Settings()
    taken = []
    target = open_target(f"{path}@{revision}", settings)
    repository = Repository.open(path)
    for commit in commits:
        start = time.perf_counter()
        series = read_sources([commit], stdin=bytes, repository=repository, settings=settings)
        check(series, [target], settings=settings)
        taken.append(time.perf_counter() - start)
    print(json.dumps(taken))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
