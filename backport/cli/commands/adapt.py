"""`backport adapt`: the patch that lands, with how sure each piece of it is."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backport.cli.console import Console
from backport.cli.folders import NewFile, check_new_folder, write_folder
from backport.cli.inputs import (
    add_input_options,
    add_policy_option,
    cache_folder,
    open_targets,
    open_upstream,
    read_patches,
    user_settings,
)
from backport.cli.output import check_output, write_whole
from backport.cli.progress import Progress
from backport.errors import UsageError
from backport.settings import COLORS

if TYPE_CHECKING:
    from backport.adapt.rewrites import Rewrite
    from backport.adapt.values import Adaptation, Confidence
    from backport.git import Repository
    from backport.model import Person, Series
    from backport.report.adapted import Written
    from backport.settings import Settings
    from backport.tree import Target

_EPILOG = """\
Each conflict is tried with strategies from certain to likely, and what comes of it is checked again on
the adapted tree. What is less sure than --least stays a conflict, and then there is no mail: exit 1.

-o writes mails for git am, one for each patch: into DIR (a new folder) or, for a single patch or
with --format mbox, into FILE. --into writes whole files into a new folder, those of each patch of a
series in one of their own; conflicts that are left stand there between markers. --branch makes a branch
in the target's repository, without touching its files, its index or HEAD.

examples:
  backport adapt fix.patch --onto ~/linux@v6.1.100
  backport adapt 4cc6e1567996 --upstream ~/linux --onto ~/stable@linux-6.1.y --policy stable -s -o fix.patch
  backport adapt v6.9..topic --upstream ~/linux --onto ~/common@android14-6.1 --policy android -o mails/
  backport adapt series.mbox --onto ~/linux@v6.1 --branch topic-6.1
  backport adapt fix.patch --onto linux-6.1/ --into conflicts/ --least certain

exit codes: 0 all patches land, adapted or as they are, 1 a hunk was refused, 2 bad input or usage,
3 a bug of backport's, 130 interrupted
"""
LEAST = ("certain", "likely", "guess")
FORMATS = ("text", "json", "mbox")


def add_least_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--least",
        choices=LEAST,
        default="likely",
        help="how sure a proposal must be to be taken (default: likely)",
    )


def least_of(arguments: argparse.Namespace) -> Confidence:
    from backport.adapt.values import Confidence

    return Confidence(arguments.least)


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = "Adapt the patches to the target, and say how sure each piece is and why."
    parser.epilog = _EPILOG
    add_input_options(parser)
    parser.add_argument("--onto", required=True, metavar="TARGET", help="the target tree")
    add_policy_option(parser)
    parser.add_argument(
        "--newer",
        action="append",
        default=[],
        metavar="TARGET",
        help="a tree between upstream and target that may have its own backport; may be repeated",
    )
    parser.add_argument("--learned", metavar="FILE", help="rewrites that backport learn wrote")
    add_least_option(parser)
    group = parser.add_argument_group("what is written")
    group.add_argument("-o", "--output", metavar="FILE|DIR", help="mails that git am takes")
    group.add_argument("--into", metavar="DIR", help="whole files, with markers where a hunk was refused")
    group.add_argument("--branch", metavar="NAME", help="a new branch in the target's repository")
    group.add_argument(
        "-s", "--signoff", action="store_true", help="sign off, as the committer of the target's repository"
    )
    group = parser.add_argument_group("report")
    group.add_argument(
        "--format", choices=FORMATS, default="text", help="what is printed (default: text); mbox is the mails"
    )
    group.add_argument(
        "--color", choices=COLORS, help="colours in text (default: auto; NO_COLOR is honoured)"
    )
    group.add_argument("--width", type=int, metavar="N", help="columns of text (default: the terminal's)")
    group.add_argument("-v", "--verbose", action="store_true", help="every step that was tried, every line")
    group.add_argument("-q", "--quiet", action="store_true", help="the outcome only, and no progress")


def run(arguments: argparse.Namespace, console: Console) -> int:
    check_output(argparse.Namespace(quiet=arguments.quiet, verbose=arguments.verbose, output=None))
    flags: dict[str, object] = {n: getattr(arguments, n) for n in ("policy", "color", "width")}
    settings = user_settings(arguments, console, flags)
    with ExitStack() as stack:
        upstream, revision = open_upstream(arguments.upstream, settings, stack)
        (target,) = open_targets([arguments.onto], settings, stack)
        settings = user_settings(arguments, console, flags, target)
        series = read_patches(arguments, console, settings, upstream or target.repository)
        doors = _Doors(arguments, console, target, series)
        doors.check()
        more = {
            "upstream": upstream,
            "asked": _asked(arguments, console, settings, revision, stack),
            "settings": settings,
            "least": least_of(arguments),
            "rewrites": read_rewrites(arguments.learned),
        }
        adaptation = _adapt(series, target, more, arguments, console)
        done = doors.written(adaptation, settings, upstream)
        _report(adaptation, done, arguments, settings, console)
        doors.write(adaptation, done)
    return 1 if done.held else 0


def _asked(
    arguments: argparse.Namespace, console: Console, settings: Settings, revision: str, stack: ExitStack
) -> Any:
    from backport.checks import Asked

    return Asked(
        policy=settings.policy,
        revision=revision,
        newer=tuple(open_targets(arguments.newer, settings, stack)),
        cache=cache_folder(console.environ),
    )


def _adapt(
    series: Series, target: Target, more: dict[str, Any], arguments: argparse.Namespace, console: Console
) -> Adaptation:
    from backport.engine import Budget
    from backport.engine.adapt import adapt

    budget = Budget(more["settings"].budget_steps)
    newer = more["asked"].newer
    with Progress(console.stderr, quiet=arguments.quiet) as progress:
        more = {**more, "on_event": progress.event, "budget": budget}
        if not newer:
            return adapt(series, target, **more)
        from backport.engine.newer import adapt_closest

        return adapt_closest(series, target, newer, full=_full(more["upstream"]), **more)


def read_rewrites(name: str | None) -> tuple[Rewrite, ...]:
    """The learned rewrites of a file; none without one. Raises InputError."""
    if name is None:
        return ()
    from backport.adapt.rewrites_file import read

    return read(name)


# --- what is printed -------------------------------------------------------------------------------


def _report(
    adaptation: Adaptation,
    done: Written,
    arguments: argparse.Namespace,
    settings: Settings,
    console: Console,
) -> None:
    if arguments.format == "json":
        from backport.report.formats.adaptation_json import render as as_json

        console.write(as_json(adaptation))
    elif arguments.format == "text" and arguments.output != "-":
        from backport.report.formats import Style
        from backport.report.formats.adaptation import render

        width = max(60, console.columns(settings.width))
        color = console.colored(settings.color)
        console.write(render(adaptation, Style(color, width, arguments.verbose, arguments.quiet)))
    elif done.held:
        held = done.held[0]
        refused = held.proposal.refused if held.proposal is not None else ()
        where = ", ".join(f"{p.path}:{p.line} {p.function}".rstrip() for p in refused)
        console.complain(f"refused: {held.patch.subject}{': ' if where else ''}{where}")


# --- what is written -------------------------------------------------------------------------------


class _Doors:
    """The places that an adaptation is written to: each is looked at before the work begins."""

    def __init__(
        self, arguments: argparse.Namespace, console: Console, target: Target, series: Series
    ) -> None:
        self.arguments = arguments
        self.console = console
        self.target = target
        self.series = series
        self.committer: Person | None = None
        name = arguments.output
        many = len(series.patches) > 1 and arguments.format != "mbox"
        self.folder = name is not None and name != "-" and (many or name.endswith("/") or _is_folder(name))

    def check(self) -> None:
        """Complain now, and not after a long run. Raises UsageError."""
        arguments = self.arguments
        if self.folder:
            check_new_folder("-o", arguments.output)
        else:
            check_output(arguments)
        if arguments.into is not None:
            check_new_folder("--into", arguments.into)
            if self.folder and Path(arguments.into).absolute() == Path(arguments.output).absolute():
                raise UsageError("-o and --into name the same folder")
        if arguments.branch is not None:
            self._check_branch(arguments.branch)
        if arguments.signoff or arguments.branch is not None:
            self.committer = self._identity()

    def _check_branch(self, name: str) -> None:
        from backport.git.branch import check_branch

        if self.target.repository is None:
            raise UsageError(f"--branch {name}: the target is a folder", "name a repository: REPO@REV")
        if self.target.dirty or not self.target.revision:
            hint = "commit them, or name REPO@REV"
            raise UsageError(f"--branch {name}: the target has changes that are not committed", hint)
        check_branch(self.target.repository, name)

    def _identity(self) -> Person:
        from backport.git.identity import committer

        home = self.target.repository
        found = committer(home.git_dir if home is not None else "", self.console.environ)
        if found is None:
            raise UsageError("git does not know who you are", "set user.name and user.email with git config")
        return found

    def written(self, adaptation: Adaptation, settings: Settings, upstream: Repository | None) -> Written:
        """The commits that may be written."""
        from backport.adapt.trailers import manner_of
        from backport.report.adapted import written

        signed = self.committer if self.arguments.signoff else None
        return written(adaptation, manner_of(settings.policy), full=_full(upstream), signed=signed)

    def write(self, adaptation: Adaptation, done: Written) -> None:
        if self.arguments.output is not None or self.arguments.format == "mbox":
            self._mails(done)
        if self.arguments.into is not None:
            self._into(adaptation)
        if self.arguments.branch is not None:
            self._branch(done)

    def _say(self, text: str) -> None:
        """What was done, where the account is for people."""
        if self.arguments.format == "text" and self.arguments.output != "-":
            self.console.write(text + "\n")

    def _mails(self, done: Written) -> None:
        from backport.report.adapted import mails

        listed = list(mails(done.commits))
        name = self.arguments.output
        if not listed:
            self._say(
                f"no mail was written: {'nothing lands whole' if done.held else 'nothing is to be done'}"
            )
            return
        if name is None or name == "-":
            self.console.write(b"".join(text for _, text in listed))
            return
        if self.folder:
            write_folder("-o", name, (NewFile(path, text) for path, text in listed))
        else:
            write_whole(Path(name), b"".join(text for _, text in listed))
        count = f"{len(listed)} mails are" if len(listed) > 1 else "1 mail is"
        rest = f"; {_patches(len(done.held))} not written, from the refused one on" if done.held else ""
        self._say(f"{count} in {name}{rest}")
        if any(x.message.subject.startswith("[") for x in done.commits):
            self._say("a subject begins with a bracket, which only `git am --keep-non-patch` keeps")

    def _into(self, adaptation: Adaptation) -> None:
        files = list(_files(adaptation))
        if not files:
            self._say("no file was written: nothing is to be done")
            return
        write_folder("--into", self.arguments.into, files)
        self._say(f"{len(files)} {'files are' if len(files) > 1 else 'file is'} in {self.arguments.into}")
        for path in _gone(adaptation):
            self._say(f"deleted by the patch: {path}")

    def _branch(self, done: Written) -> None:
        from backport.git.branch import NewCommit, create_branch

        name = self.arguments.branch
        if done.held or not done.commits:
            why = "a hunk was refused" if done.held else "nothing is to be done"
            self.console.complain(f"no branch was made: {why}")
            return
        assert self.target.repository is not None and self.committer is not None
        commits = [
            NewCommit(x.adapted.diff, x.adapted.patch.author, x.adapted.patch.date, x.message.text)
            for x in done.commits
        ]
        tip = create_branch(self.target.repository, name, self.target.revision, commits, self.committer)
        self._say(f"branch {name} is at {tip[:12]}: {_patches(len(commits))} on {self.target.revision[:12]}")


def _is_folder(name: str) -> bool:
    try:
        return Path(name).is_dir()
    except (OSError, ValueError):
        return False


def _patches(count: int) -> str:
    return f"{count} patches" if count > 1 else "1 patch"


def _full(upstream: Repository | None) -> Callable[[str], str]:
    """The full id of an upstream commit; "" where upstream has none, or several of that beginning."""
    from backport.errors import BackportError

    def full(id: str) -> str:
        if upstream is None:
            return ""
        try:
            return upstream.resolve(id)
        except BackportError:
            return ""

    return full


def _folder_of(adaptation: Adaptation, number: int, subject: str) -> str:
    """The folder of a patch of a series; a patch alone needs none."""
    from backport.report.mails import file_name

    return file_name(number, subject).removesuffix(".patch") + "/" if len(adaptation.patches) > 1 else ""


def _files(adaptation: Adaptation) -> Iterator[NewFile]:
    from backport.report.adapted import whole_files

    for number, adapted in enumerate(adaptation.patches, 1):
        folder = _folder_of(adaptation, number, adapted.patch.subject)
        for file in whole_files(adapted):
            yield NewFile(folder + file.path, file.data, file.mode == "100755")


def _gone(adaptation: Adaptation) -> Sequence[str]:
    from backport.report.adapted import gone_files

    return [
        _folder_of(adaptation, number, adapted.patch.subject) + path
        for number, adapted in enumerate(adaptation.patches, 1)
        for path in gone_files(adapted)
    ]
