"""BP111 to BP119: hunks that land without a murmur from git, in the wrong place or in code that stands otherwise.

All rules look at the same runs (`places_runs`), which most patches have none of: a hunk whose function reads the
same in base and target cannot be in the wrong place. What each rule asks is loaded when there is something to ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module

from backport.checks.places_runs import views
from backport.checks.rule import Context, Need, Rule
from backport.model import BaseKind, Finding, Severity


def _lazy(module: str, name: str, *, always: bool = False) -> Callable[[Context], Iterable[Finding]]:
    """A rule of another module, loaded only for patches that it can say something of."""

    def run(context: Context) -> Iterable[Finding]:
        if not always and not views(context):
            return ()
        found: Callable[[Context], Iterable[Finding]] = getattr(
            import_module(f"backport.checks.places_{module}"), name
        )
        return found(context)

    return run


def _regions(context: Context) -> Iterable[Finding]:
    alone = context.placed.base.kind is BaseKind.HUNKS
    if alone or views(context):
        from backport.checks.places_scopes import other_regions

        return other_regions(context)
    return ()


_BASE = frozenset({Need.BASE})

RULES = (
    Rule(
        "BP111",
        "a hunk lands in another function than it changes upstream",
        Severity.ERROR,
        "Two functions, structs or tables read alike around the change, and base and target differ so that git's "
        "merge takes one for the other. It says nothing of it: the lines that it looked for are there, in the "
        "wrong function. Renamed functions, and code that was taken out into a helper, are not meant.",
        "hunk 2 changes tx_stop() upstream, and git merges it into rx_stop() at net/dev.c:88, a twin of it: "
        "tx_stop() is at net/dev.c:120 and stays as it is",
        _regions,
    ),
    Rule(
        "BP112",
        "a hunk lands at another place of its function",
        Severity.ERROR,
        "Within one function: the lines stand under one `case`, `if` or loop upstream and under another here, and "
        "both trees have both of them; or they stand between two statements that the target has elsewhere in the "
        "function (a warning).",
        "hunk 1 stands under `case CMD_STOP:` upstream, and git merges it under `case CMD_START:` in ioctl() at "
        "dev.c:31; `case CMD_STOP:` is at line 40",
        _lazy("order", "other_places"),
        _BASE,
    ),
    Rule(
        "BP113",
        "a change is made a second time",
        Severity.WARNING,
        "The target has the added lines already, by another commit or at another line of the same function, where "
        "the patch's own tree had none. git adds them once more. An error where C allows the thing only once: a "
        "function, a `case`, a member.",
        "hunk 1 adds `case CMD_RESET:`, which the target has already at dev.c:52 in ioctl(): after the merge it "
        "stands there twice",
        _lazy("doubles", "doubled"),
        _BASE,
        frozenset({"BP211"}),
    ),
    Rule(
        "BP114",
        "a change lands in a file that is not its own",
        Severity.WARNING,
        "git merges whole trees and looks for renamed files by likeness. A file that is gone from the target can be "
        "taken for one that only resembles it, by a long licence for instance.",
        "git takes lib/queue_v2.c for lib/ring.c renamed and merges into it: it has none of the functions that the "
        "patch changes, and 52% of its lines are alike",
        _lazy("copies", "other_files", always=True),
        _BASE,
    ),
    Rule(
        "BP115",
        "the target has another copy of the changed code",
        Severity.NOTE,
        "The lines that the patch changes stand once upstream, where the copies were made one, and oftener in the "
        "target. Only one of them is changed. A note, for often that is right: look whether the fault is in the copy.",
        "hunk 1 changes code that the target has once more at fs/foo.c:210 in foo_write_old(), and upstream does "
        "not: the copy stays as it was",
        _lazy("copies", "copies", always=True),
        _BASE,
    ),
    Rule(
        "BP116",
        "an added goto leads to a label that undoes other things here",
        Severity.WARNING,
        "The label is in the target, and the steps behind it are in another order than upstream: the jump leaves "
        "out one of them, or does one too many.",
        "hunk 3 adds `goto err_free`, and the label at dev.c:90 skips put_device(), which upstream's calls: the "
        "target undoes things in another order",
        _lazy("exits", "labels"),
        _BASE,
    ),
    Rule(
        "BP117",
        "an added return leaves with something held",
        Severity.WARNING,
        "At the place where the return lands the target surely holds a lock that upstream does not hold there (a "
        "note where it is memory).",
        "hunk 1 returns from dev_write() where the target still holds the lock `&dev->lock` (dev.c:41) and upstream "
        "does not: release it first",
        _lazy("exits", "returns"),
        _BASE,
    ),
    Rule(
        "BP118",
        "an added line reads a variable that is not set there",
        Severity.WARNING,
        "Upstream sets the variable on every way to the added line. In the target it is declared without a value, "
        "and nothing before the line touches it, at most a branch that excludes it.",
        "hunk 1 reads `flags` in dev_open(), which upstream sets before (dev.c:30) and the target does not: it is "
        "declared without a value at dev.c:24",
        _lazy("values", "unset"),
        _BASE,
        frozenset({"BP205"}),
    ),
    Rule(
        "BP119",
        "added lines use a name for which the target says another",
        Severity.WARNING,
        "Line against line the target has another name where the base has this one, and this one nowhere in the "
        "file: the target is from before a rename, or uses another helper or macro. The added lines bring the "
        "newer name; it may not exist here, or not mean the same.",
        "hunk 1 uses `dev_err_once`, for which the target says `dev_err` (12 lines otherwise alike, drivers/foo.c:88): "
        "the file does not say `dev_err_once` anywhere",
        _lazy("names", "renamed"),
        _BASE,
    ),
)
