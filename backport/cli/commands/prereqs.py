"""`backport prereqs`: which upstream commits make a patch land, tried, and as a series."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from backport.cli.console import Console
from backport.cli.folders import NewFile, check_new_folder, write_folder
from backport.cli.inputs import (
    add_input_options,
    cache_folder,
    open_targets,
    open_upstream,
    read_patches,
    user_settings,
)
from backport.cli.progress import Progress
from backport.errors import UsageError

if TYPE_CHECKING:
    from backport.engine.prereqs import Plan, Taken
    from backport.model import Patch, Placement

_EPILOG = """\
The plan is found by trying: nothing is guessed, and nothing is written but DIR. Commits that
the target has under any id are not named. Every commit that is named is needed: without it
the patch does not land. What it costs to adapt the patch instead is told beside it.

DIR becomes a folder of mails for git am: the commits to bring, each with `[ Upstream commit X ]`
and `Stable-dep-of:`, the patch itself, then the fixes of what was brought.

examples:
  backport prereqs 4cc6e1567996 --onto ~/stable@linux-6.1.y --upstream ~/linux
  backport prereqs fix.patch --onto linux-6.1/ --upstream ~/linux@v6.12 -o series/

exit codes: 0 it lands, with the commits named or without any, 1 no such commits were found,
2 bad input or usage, 3 a bug of backport's, 130 interrupted
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = "Find the upstream commits without which the patches do not land, by trying."
    parser.epilog = _EPILOG
    add_input_options(parser)
    parser.add_argument("--onto", required=True, metavar="TARGET", help="the target tree")
    parser.add_argument(
        "-o", "--output", metavar="DIR", help="write the series of mails to DIR, a new folder"
    )
    parser.add_argument("--width", type=int, default=0, metavar="N", help="columns (default: the terminal's)")
    parser.add_argument("-q", "--quiet", action="store_true", help="no progress")


def run(arguments: argparse.Namespace, console: Console) -> int:
    from backport.checks import Asked
    from backport.engine.prereqs import prereqs

    if arguments.upstream is None:
        raise UsageError("prereqs needs --upstream", "name the repository that has the commits")
    if arguments.output is not None:
        check_new_folder("-o", arguments.output)
    settings = user_settings(arguments, console, {})
    with ExitStack() as stack:
        upstream, revision = open_upstream(arguments.upstream, settings, stack)
        assert upstream is not None
        (target,) = open_targets([arguments.onto], settings, stack)
        settings = user_settings(arguments, console, {}, target)
        series = read_patches(arguments, console, settings, upstream)
        asked = Asked(revision=revision, cache=cache_folder(console.environ))
        with Progress(console.stderr, quiet=arguments.quiet) as progress:
            plan = prereqs(
                series,
                target,
                upstream,
                settings=settings,
                asked=asked,
                on_try=lambda count: progress.event(_Step(count, target.name)),
            )
    console.write(
        "\n".join(shown(plan, target.name, max(40, console.columns(max(0, arguments.width))))) + "\n"
    )
    if arguments.output and plan.lands:
        count = write_series(plan, arguments.output)
        console.write(f"{count} mails are in {arguments.output}\n")
    return 0 if plan.lands else 1


class _Step:
    """What the progress line says."""

    def __init__(self, count: int, target: str) -> None:
        self.stage = f"trying, {count} placed"
        self.patch = self.patches = 0
        self.target = target


# --- in words --------------------------------------------------------------------------------------


def shown(plan: Plan, target: str, width: int) -> list[str]:
    """The plan as lines."""
    from backport.report.terminal import harmless, wrap

    lines: list[str] = []

    def say(text: str, first: str = "", rest: str = "") -> None:
        lines.extend(wrap(harmless(text), width, first=first, rest=rest))

    say(_verdict(plan, target))
    for number, taken in enumerate(plan.bring, 1):
        say(f"{_named(taken)} {_cost(taken)}", f"  {number}. ", "     ")
        say(_why(taken), "     ", "     ")
        for text in _left(taken):
            say(text, "     ", "     ")
    for taken in plan.goal:
        for text in _left(taken):
            say(f"the patch {text}", "  ", "  ")
    after = (("fixes of these, which land after them", plan.fixes), ("fixes that do not", plan.left))
    for title, listed in after:
        if listed:
            say(f"{title}:", "  ")
        for taken in listed:
            say(f"{_named(taken)}, of {taken.of[:12]}", "     ", "       ")
    for note in plan.notes:
        say(note, "  ", "  ")
    if plan.remaining:
        say(f"and adapt what then does not land, {_plural(len(plan.remaining), 'place')}:")
        for text in _places(plan.remaining):
            say(text, "  ", "    ")
    if plan.places:
        say(f"Or adapt {_plural(len(plan.places), 'place')}:")
        for text in _places(plan.places):
            say(text, "  ", "    ")
    return lines


def _places(places: Sequence[tuple[Patch, Placement]]) -> Iterator[str]:
    many = len({p.subject for p, _ in places}) > 1
    for patch, place in places:
        where = f"{place.target_path}:{place.target_line}" if place.target_line else place.target_path
        function = f" in {place.functions[0].label()}" if place.functions else ""
        of = f" of {patch.commit[:12] or patch.subject}" if many else ""
        yield f"hunk {place.hunk}{of}{function}: {where or 'nowhere'}"


def _why(taken: Taken) -> str:
    """Why a commit is brought; those of a chain say for the sake of which commit."""
    return taken.reason if taken.kind in ("chain", "lines") else f"{taken.kind}: {taken.reason}"


_NAMED = 4


def _left(taken: Taken) -> Iterator[str]:
    """`without PATH, which ...` for what is left out of a commit, those of one reason together."""
    by: dict[str, list[str]] = {}
    for path, reason in taken.left:
        by.setdefault(reason, []).append(path)
    for reason, paths in by.items():
        more = f" and {_plural(len(paths) - _NAMED, 'more file')}" if len(paths) > _NAMED else ""
        text = ", ".join(paths[:_NAMED]) + more
        yield f"without {text}, {reason if len(paths) == 1 else _many(reason)}"


def _many(reason: str) -> str:
    return reason.replace("does not land", "do not land")


def _verdict(plan: Plan, target: str) -> str:
    patches = "the patch" if len(plan.goal) < 2 else "the series"
    if plan.needless:
        return f"{target}: {patches} lands without any other commit."
    if not plan.lands and not plan.bring:
        return f"{target}: no commits were found with which it lands."
    lines = sum(x.lines for x in plan.bring)
    files = len(
        {f.path for x in plan.bring for f in x.patch.files} - {p for x in plan.bring for p, _ in x.left}
    )
    cost = f"{_plural(lines, 'line')} in {_plural(files, 'file')}"
    if not plan.lands:
        return f"{target}: {patches} needs {_plural(len(plan.bring), 'commit')} first ({cost}), and does not land yet:"
    return f"{target}: bring {_plural(len(plan.bring), 'commit')} first ({cost}) and {patches} lands:"


def _named(taken: Taken) -> str:
    return f'{taken.patch.commit[:12]} ("{taken.patch.subject}")'


def _cost(taken: Taken) -> str:
    return f"+- {_plural(taken.lines, 'line')}, {_plural(taken.files, 'file')}"


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


# --- the series ------------------------------------------------------------------------------------


def mails(plan: Plan) -> Iterator[tuple[str, bytes]]:
    """(file name, mail) of each patch of a plan, in order. What changes nothing on the target is left out."""
    from backport.report.mails import file_name, mail

    goal = plan.goal[0].patch
    needs = (goal.commit, goal.subject)
    of = f'{needs[0][:12]} ("{needs[1]}")' if needs[0] else f'("{needs[1]}")'
    every = [x for x in (*plan.bring, *plan.goal, *plan.fixes) if x.diff]
    for number, taken in enumerate(every, 1):
        dep = of if taken in plan.bring and goal.commit else ""
        text = mail(
            taken.patch,
            taken.diff,
            number,
            len(every),
            upstream=taken.patch.commit,
            dep_of=dep,
            note="; ".join(_left(taken)),
        )
        yield file_name(number, taken.patch.subject), text


def write_series(plan: Plan, folder: str) -> int:
    """Write the mails into a new folder, all or nothing; returns how many. Raises UsageError."""
    return write_folder("-o", folder, (NewFile(name, text) for name, text in mails(plan)))
