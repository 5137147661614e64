"""The rules BP401 to BP411. What they run is loaded when they run: without an upstream nearly nothing is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module

from backport.checks.rule import Context, Need, Rule
from backport.model import Finding, Severity

_UPSTREAM = frozenset({Need.UPSTREAM})


def _later(module: str, name: str) -> Callable[[Context], Iterable[Finding]]:
    """The function of that name, looked up with the first patch."""

    def run(context: Context) -> Iterable[Finding]:
        found: Iterable[Finding] = getattr(import_module(f"backport.checks.history.{module}"), name)(context)
        return found

    return run


def _objections(context: Context) -> Iterable[Finding]:
    return _later("remarks", "objections")(context) if context.patch.comments else ()


def _lacking(context: Context) -> Iterable[Finding]:
    return _later("newer", "lacking")(context) if context.asked.newer else ()


RULES = (
    Rule(
        "BP401",
        "a prerequisite is not in the target",
        Severity.WARNING,
        "An upstream commit between the two trees changed the lines of a hunk that does not land, or brought a name "
        "that the patch uses, and the target has nothing equal under any id: not the commit, not a copy of it, not its "
        "lines. Also what the message itself names behind `Cc: stable`. The report's list of what is needed first says "
        "which of them were tried and make the patch land.",
        '4cc6e1567996 ("mm: thread wp_copy through") is a prerequisite of hunks 4, 8 and not in the target: the patch '
        "uses wp_copy, which it brings",
        _later("findings", "prerequisites"),
        _UPSTREAM,
    ),
    Rule(
        "BP402",
        "a fix that came after is not in the target",
        Severity.WARNING,
        "An upstream commit names this patch, or a prerequisite of it, in `Fixes:` by its id or its subject, or "
        "reverts a prerequisite. Fixes of code that the target does not have are listed as not applicable and are no "
        "finding.",
        '6bf4b00940c2 ("ufault: refuse unknown modes") fixes this patch upstream and is not in the target (Fixes: '
        "7c2eac3f8399)",
        _later("findings", "missing_fixes"),
        _UPSTREAM,
    ),
    Rule(
        "BP403",
        "upstream reverted the patch later",
        Severity.WARNING,
        "A later upstream commit takes the patch back, and no later one brings it again.",
        'upstream reverted this patch with 0f1e2d3c4b5a ("Revert "mm: map neighbours"")',
        _later("findings", "reverted"),
        _UPSTREAM,
    ),
    Rule(
        "BP404",
        "the target has the patch already, under another id",
        Severity.WARNING,
        "A commit of the target is this one by its id, names it as its upstream commit in any of the forms in use, is "
        "the same patch, or is the same change of the same author and subject; and no later commit takes it back. git "
        "may merge it a second time all the same. A note where no hunk would land.",
        'the target has this patch already, as 758e5ba1c0de ("UPSTREAM: ufault: refuse modes"), which names '
        "6bf4b00940c2, and yet hunk 2 of 3 would land",
        _later("findings", "already"),
        _UPSTREAM,
    ),
    Rule(
        "BP405",
        "the fault that the patch fixes is not in the target",
        Severity.WARNING,
        "The commits that the message names in `Fixes:` are not in the target under any id, and hardly any of their "
        "lines stand in the files of the patch. The fix may be needless here, or do harm.",
        'the fault that this patch fixes seems not to be in the target: it came with 7c2eac3f8399 ("ufault: watch '
        'minor faults"), which the target does not have, and none of its 41 lines stand there',
        _later("findings", "no_fault"),
        _UPSTREAM,
    ),
    Rule(
        "BP406",
        "a later form of the patch went upstream",
        Severity.WARNING,
        "Upstream has a commit of the same author and subject, and it changes other lines: this is an earlier version "
        "of a series.",
        'v4 of this patch is not what went upstream: 00da60b9d0a0 ("userfaultfd: fix it") of the same author has 40 % '
        "of its changed lines",
        _later("findings", "superseded"),
        _UPSTREAM,
    ),
    Rule(
        "BP407",
        "a reviewer raised a problem with a hunk",
        Severity.NOTE,
        "The document holds the review. What somebody else than the author asked or objected is shown at its hunk, "
        "with the line that it answers; agreement is left out.",
        'A. Reviewer, 2021-04-07, on line 245 of mm/userfaultfd.c (hunk 7): "No. find_lock_page() is not allowing for '
        'swap."',
        _objections,
    ),
    Rule(
        "BP408",
        "a newer tree lacks the patch too",
        Severity.WARNING,
        "A tree that `--newer` names has the patch neither by its commits nor by its content. Who upgrades from the "
        "target to it loses the fix again.",
        "stable@linux-6.6.y, which is newer than the target, does not have this patch: 1 of 3 hunks are there",
        _lacking,
    ),
    Rule(
        "BP409",
        "lines in conflict were changed incidentally",
        Severity.NOTE,
        "An upstream commit is the cause of a conflict only by white space, comments, moved lines, or a rename that "
        "the patch can be written without. It is not worth bringing.",
        '3098fa8f00dc ("mm: reindent") is incidental, at hunk 3: it changes only white space there',
        _later("findings", "incidental"),
        _UPSTREAM,
    ),
    Rule(
        "BP410",
        "lines in conflict were changed by a commit that can be adapted to",
        Severity.NOTE,
        "An upstream commit changed the lines, and the patch uses nothing new of it.",
        'badd0fcc0ffe ("mm: check earlier") can be adapted to, at hunk 2: it wrote 2 lines that the patch expects; the '
        "patch uses nothing new of it",
        _later("findings", "adaptable"),
        _UPSTREAM,
    ),
    Rule(
        "BP411",
        "the target took the patch back",
        Severity.WARNING,
        "The target had the patch under some id, and a later commit of its own reverts it, with no later one that "
        "brings it again.",
        'the target had this patch and took it back with 0f1e2d3c4b5a ("Revert "mm: map neighbours"")',
        _later("findings", "taken_back"),
        _UPSTREAM,
    ),
)
