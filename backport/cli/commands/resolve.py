"""`backport resolve`: what can be made of the conflicts that a stopped cherry-pick, merge, rebase or am left."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from backport.cli.commands.adapt import add_least_option, least_of
from backport.cli.console import Console
from backport.cli.output import write_whole
from backport.settings import COLORS

if TYPE_CHECKING:
    from backport.adapt.unmerged import Resolution
    from backport.adapt.values import Confidence
    from backport.git import Repository, Scratch
    from backport.git.unmerged import Unmerged
    from backport.report.formats.text import Page

_EPILOG = """\
It reads the three sides of each unmerged file from the index. Without --apply nothing is written.
With it the files are written, and those without a conflict left are added to the index, so that
`git cherry-pick --continue` goes on. A file that was edited since git stopped is left as it is.

examples:
  git cherry-pick 4cc6e1567996 || backport resolve
  backport resolve --apply
  backport resolve --apply --no-add mm/shmem.c

exit codes: 0 every conflict is resolved, or none is there, 1 some are left, 2 bad usage,
3 a bug of backport's, 130 interrupted
"""
_LINK = "120000"


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = "Propose what to make of the conflicts in this worktree, and write it with --apply."
    parser.epilog = _EPILOG
    parser.add_argument("paths", nargs="*", metavar="PATH", help="only these files (default: all unmerged)")
    parser.add_argument(
        "-C", dest="folder", default=".", metavar="DIR", help="the worktree (default: this one)"
    )
    parser.add_argument("--apply", action="store_true", help="write the files, and add those that are whole")
    parser.add_argument("--no-add", action="store_true", help="with --apply: leave the index as it is")
    add_least_option(parser)
    parser.add_argument("--color", choices=COLORS, default="auto", help="colours in text (default: auto)")
    parser.add_argument("--width", type=int, default=0, metavar="N", help="columns (default: the terminal's)")
    parser.add_argument("-v", "--verbose", action="store_true", help="every step that was tried, every line")
    parser.add_argument("-q", "--quiet", action="store_true", help="one line a file")


def run(arguments: argparse.Namespace, console: Console) -> int:
    from backport.git import Scratch
    from backport.git.unmerged import stopped, top_above, unmerged

    least = least_of(arguments)
    with ExitStack() as stack:
        repository = top_above(Path(arguments.folder))
        stack.callback(repository.close)
        listed = _chosen(arguments, repository, unmerged(repository))
        scratch = stack.enter_context(Scratch([repository]))
        found = [_resolution(entry, size, repository, scratch, least) for entry, size in listed]
        console.write(_shown(arguments, console, found, least))
        if arguments.apply:
            for resolution in found:
                _apply(resolution, repository, add=not arguments.no_add)
        console.write(_ending(arguments, found, stopped(repository).goes_on))
    return 0 if all(x.complete for x in found) else 1


def _chosen(
    arguments: argparse.Namespace, repository: Repository, entries: tuple[Unmerged, ...]
) -> list[tuple[Unmerged, int]]:
    """The entries that were asked for, with the size of their markers. Raises UsageError."""
    from backport.errors import UsageError
    from backport.git.unmerged import marker_sizes

    if arguments.paths:
        known = {x.path: x for x in entries}
        top = Path(repository.work_tree)
        wanted = []
        for given in arguments.paths:
            named = Path(arguments.folder) / given
            place = named.parent.resolve() / named.name
            path = place.relative_to(top).as_posix() if place.is_relative_to(top) else given
            if path not in known:
                raise UsageError(f"{given} is not unmerged", "git status lists those that are")
            wanted.append(known[path])
        entries = tuple(wanted)
    sizes = marker_sizes(repository, [x.path for x in entries]) if entries else {}
    return [(x, sizes[x.path]) for x in entries]


def _resolution(
    entry: Unmerged, size: int, repository: Repository, scratch: Scratch, least: Confidence
) -> Resolution:
    from backport.adapt.texts import FileTexts
    from backport.adapt.unmerged import Resolution, resolve_texts

    why = _not_three_files(entry)
    if why or entry.base is None or entry.ours is None or entry.theirs is None:
        return Resolution(entry.path, None, why)
    sides = [scratch.blob(x.id) for x in (entry.base, entry.ours, entry.theirs)]
    base, ours, theirs = sides
    if base is None or ours is None or theirs is None:
        return Resolution(entry.path, None, "an object of it is not here")
    mode = entry.theirs.mode if entry.theirs.mode != entry.base.mode else entry.ours.mode
    place = Path(repository.work_tree) / entry.path
    worktree = place.read_bytes() if place.is_file() and not place.is_symlink() else None
    texts = FileTexts(entry.path, base, ours, theirs)
    return resolve_texts(texts, worktree, scratch, least, mode=mode, marker_size=size)


def _not_three_files(entry: Unmerged) -> str:
    """Why an entry cannot be merged as a text; "" where it can."""
    if entry.ours is None and entry.theirs is None:
        return "both sides took it away: git rm it"
    if entry.ours is None:
        return (
            "it is not on this side"
            if entry.base is None
            else "this side took it away, and the other changed it"
        )
    if entry.theirs is None:
        return (
            "it is only on this side"
            if entry.base is None
            else "the other took it away, and this side changed it"
        )
    if entry.base is None:
        return "both sides brought it, and there is no base"
    modes = {x.mode for x in (entry.base, entry.ours, entry.theirs)}
    if any(not x.startswith("100") for x in modes):
        return "a symbolic link" if _LINK in modes else "a submodule"
    return ""


def _apply(resolution: Resolution, repository: Repository, *, add: bool) -> None:
    """Write a file as far as it is resolved, and take it into the index if it is whole."""
    from backport.git.unmerged import stage

    if resolution.merge is None or not resolution.changed:
        return
    write_whole(Path(repository.work_tree) / resolution.path, resolution.shown)
    if add and resolution.complete:
        stage(repository, resolution.path, resolution.mode, resolution.data)


# --- in words --------------------------------------------------------------------------------------


def _shown(
    arguments: argparse.Namespace, console: Console, found: list[Resolution], least: Confidence
) -> bytes:
    from backport.report.formats import Style
    from backport.report.formats.text import Page

    width = max(60, console.columns(max(0, arguments.width)))
    color = console.colored(arguments.color)
    page = Page(Style(color, width, arguments.verbose, arguments.quiet))
    if not found:
        page.line("nothing is unmerged here")
    for resolution in found:
        _file(page, resolution, least)
    return page.document()


def _file(page: Page, resolution: Resolution, least: Confidence) -> None:
    from backport.report.formats.adaptation import piece_lines
    from backport.report.formats.text import GREEN, RED
    from backport.report.terminal import harmless

    pieces = resolution.merge.pieces if resolution.merge else ()
    done = sum(p.accepted(least) for p in pieces)
    if not page.style.quiet:
        page.gap()
    if resolution.merge is None:
        page.wrapped(f"{harmless(resolution.path)}: left: {resolution.why}", rest="  ", paint=RED)
        return
    text = f"{harmless(resolution.path)}: {done} of {len(pieces)} conflicts resolved"
    page.wrapped(text, rest="  ", paint=GREEN if resolution.complete else RED)
    if not page.style.quiet:
        for piece in pieces:
            piece_lines(page, piece, least)


def _ending(arguments: argparse.Namespace, found: list[Resolution], goes_on: str) -> str:
    if not found:
        return ""
    if not arguments.apply:
        some = any(x.changed for x in found)
        return "\nnothing was written: --apply writes it\n" if some else ""
    if any(not x.complete for x in found):
        return "\nwhat is left stands between markers: resolve it, then git add\n"
    if arguments.no_add:
        return "\nall is written: look at it, then git add\n"
    return f"\nall is written and added: look at `git diff --cached`, then {goes_on or 'git commit'}\n"
