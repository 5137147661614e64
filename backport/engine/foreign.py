"""A patch for another project is bad input, and not a conflict."""

from __future__ import annotations

from collections.abc import Sequence

from backport.errors import InputError
from backport.model import Reason, TargetReport
from backport.tree import Tree


def refuse_foreign(reports: Sequence[TargetReport], trees: Sequence[Tree]) -> None:
    """Raise InputError if no target has even the top folders of what the patches change.

    A file that an older tree lacks is a finding. Only when nothing of a series was found in any target, and the
    top folders of all its paths are missing too, is it taken for a patch of another project.
    """
    paths = {f.path for r in reports for p in r.patches for f in p.files}
    if not paths or any(not _nothing_found(report) for report in reports):
        return
    if all(not tree.mode(path.split("/")[0]) for path in paths for tree in trees):
        names = ", ".join(str(report.name) for report in reports)
        raise InputError(
            f"no file that is changed ({_some(sorted(paths))}) nor its top folder is in {names}",
            "is the patch for another project, or made with another -p level?",
        )


def _nothing_found(report: TargetReport) -> bool:
    hunks = [h for p in report.patches for f in p.files for h in f.hunks]
    return bool(hunks) and all(h.reason is Reason.FILE_ABSENT for h in hunks)


def _some(paths: Sequence[str]) -> str:
    return paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
