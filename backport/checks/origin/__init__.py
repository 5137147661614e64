"""BP501 to BP519: where a patch comes from, and whether its message says so as the tree's policy wants it.

What of a message is judged needs no upstream repository; with one the patch is held beside the commit that the
message names. Policies are data: `policies/` of the grammars.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module

from backport.checks.rule import Context, Need, Rule
from backport.model import Finding, Severity


def _late(module: str, name: str) -> Callable[[Context], Iterable[Finding]]:
    """The function of a module that is loaded only when the rule is run."""

    def run(context: Context) -> Iterable[Finding]:
        found: Iterable[Finding] = getattr(import_module(f"{__name__}.{module}"), name)(context)
        return found

    return run


_UPSTREAM = frozenset({Need.UPSTREAM})

RULES = (
    Rule(
        "BP501",
        "the upstream commit is not in the upstream repository",
        Severity.WARNING,
        "The message names an upstream commit that the repository given by --upstream does not hold: a wrong id, a "
        "tree that was rebased (linux-next), or a clone that is too old. What upstream has is looked for by subject, "
        "author and change. For FROMGIT: and FROMLIST: this is to be expected, and a note.",
        "upstream commit 4cc6e1567996, named as `(cherry picked from commit X)`, is not in the upstream repository",
        _late("upstream", "unknown_upstream"),
        _UPSTREAM,
    ),
    Rule(
        "BP502",
        "the upstream commit is on another branch of upstream",
        Severity.WARNING,
        "The repository holds the commit, but the revision of --upstream REPO@REV (or HEAD, which makes it a note) is "
        "not built on it: it was never merged there, or merged as another commit. Not asked of FROMGIT: and FROMLIST:.",
        '0d0b22e1fae7 ("mm: fix it") is in the upstream repository, but not an ancestor of HEAD (c949b97f3b2c)',
        _late("upstream", "not_an_ancestor"),
        _UPSTREAM,
    ),
    Rule(
        "BP503",
        "no upstream commit is named",
        Severity.WARNING,
        "The policy wants to know which upstream commit a patch is. With --upstream it is looked for by subject, "
        "author and change, and suggested.",
        "no upstream commit is named: a stable tree takes what is upstream; upstream has 0d0b22e1fae7 with the same "
        "author and subject",
        _late("message", "no_upstream"),
    ),
    Rule(
        "BP504",
        "the author is not upstream's",
        Severity.WARNING,
        "A backport keeps the author of the commit it was made from; who adapted it signs it off. An address or a "
        "name alone may differ.",
        "the author is B Porter <b@example.com>, that of 0d0b22e1fae7 is A Xe <a@example.com>",
        _late("upstream", "author_differs"),
        _UPSTREAM,
    ),
    Rule(
        "BP505",
        "the subject is not upstream's",
        Severity.NOTE,
        "Behind the tags stands upstream's subject: scripts and people find a backport by it.",
        'the subject is "mm: fix it here", upstream\'s is "mm: fix it"',
        _late("upstream", "subject_differs"),
        _UPSTREAM,
    ),
    Rule(
        "BP506",
        "the patch differs from the upstream commit",
        Severity.NOTE,
        "What the patch changes beside what upstream changed, function by function: a difference of the two "
        "differences. Lines of context and line numbers do not count. Each is to be meant: see that none is an "
        "oversight.",
        "in f(): upstream also removes `x = 0;`; this patch adds `y = 0;`, which upstream does not",
        _late("upstream", "patch_differs"),
        _UPSTREAM,
    ),
    Rule(
        "BP507",
        "nothing says what was changed for the backport",
        Severity.WARNING,
        "A patch that is tagged BACKPORT:, or that differs from its upstream commit where the policy wants that "
        "documented, has no note on it: no `Conflicts:`, no `[name: text]`, no sentence below the commit's line.",
        "tagged BACKPORT:, and the message does not say what was changed",
        _late("message", "no_note"),
    ),
    Rule(
        "BP508",
        "a patch tagged UPSTREAM: is not upstream's",
        Severity.WARNING,
        "UPSTREAM: says that nothing was changed but context and line numbers. BP506 shows what was.",
        'tagged UPSTREAM:, but it is not 0d0b22e1fae7 ("mm: fix it"): it differs in f()',
        _late("upstream", "not_identical"),
        _UPSTREAM,
    ),
    Rule(
        "BP509",
        "the upstream commit that is named is another change",
        Severity.WARNING,
        "Upstream holds the commit, but neither its subject nor any file of it is this patch's: a wrong id.",
        'the upstream commit that is named is another change: 0d0b22e1fae7 ("net: other") shares no file with this '
        "patch",
        _late("upstream", "another_change"),
        _UPSTREAM,
    ),
    Rule(
        "BP511",
        "the subject's tag is not one of the policy's",
        Severity.WARNING,
        "The Android common kernels want a tag before each subject (UPSTREAM:, BACKPORT:, FROMGIT:, FROMLIST:, "
        "ANDROID:), a stable tree wants none.",
        "the subject has no tag: a patch that was not merged from upstream says of which kind it is",
        _late("message", "tag"),
    ),
    Rule(
        "BP512",
        "a line that the policy requires is missing",
        Severity.WARNING,
        "Signed-off-by of who sends the backport, below upstream's own lines; for Android Change-Id: and Bug:.",
        "there is no Change-Id: line: Gerrit follows a change by it",
        _late("message", "trailers"),
    ),
    Rule(
        "BP513",
        "the upstream commit is not named as the policy wants it",
        Severity.WARNING,
        "A stable tree wants `commit <40 digits> upstream.` or `[ Upstream commit <40 digits> ]` above the text, "
        "Android `(cherry picked from commit <40 digits>)`.",
        "the upstream commit is named as `(cherry picked from commit X)`, and not as `commit X upstream`",
        _late("message", "id_form"),
    ),
    Rule(
        "BP514",
        "the message does not say where the patch was taken from",
        Severity.WARNING,
        "FROMGIT: needs repository and branch behind the commit's id, of a tree that is not made anew every day; "
        "FROMLIST: needs a Link: to the thread.",
        "no Link: to the thread: a patch that no maintainer has taken yet is found by its thread",
        _late("message", "source"),
    ),
    Rule(
        "BP515",
        "the patch is larger than the policy allows",
        Severity.NOTE,
        "Documentation/process/stable-kernel-rules.rst: it cannot be bigger than 100 lines, with context.",
        "the patch has 412 lines: the stable rules allow 100 lines, with context",
        _late("message", "too_large"),
    ),
    Rule(
        "BP516",
        "a patch tagged BACKPORT: is the same as upstream's",
        Severity.NOTE,
        "It adds and removes the same lines in the same files, so that UPSTREAM: would do.",
        'tagged BACKPORT:, but it adds and removes the same lines as 0d0b22e1fae7 ("mm: fix it")',
        _late("upstream", "nothing_changed"),
        _UPSTREAM,
    ),
)
