"""`show`: what a patch is, without a target."""

from __future__ import annotations

from backport.engine.assemble import HunkIds, patch_report, shown_file
from backport.model import PatchReport, Report, Series, TargetReport


def show(series: Series) -> Report:
    """A report with one target whose name, revision and verdict are None."""
    patches: list[PatchReport] = []
    for patch in series.patches:
        ids = HunkIds()
        patches.append(patch_report(patch, [shown_file(f, ids) for f in patch.files]))
    return Report((TargetReport(None, None, None, None, tuple(patches)),), notes=series.notes)
