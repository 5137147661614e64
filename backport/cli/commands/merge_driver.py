"""`backport merge-driver`: a merge driver of git's that resolves what is certain, and nothing else.

git takes every exit status from 1 to 128 for a conflict, and believes that the markers are there (gitattributes(5),
"Defining a custom merge driver"). So git's own result, with its markers, is in the file before anything else is tried,
and whatever goes wrong ends with status 1.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from backport.cli.console import Console

_EPILOG = """\
It is called by git, for each file that both sides changed. To have it called, for example:

  git config merge.backport.name "backport, then git's own"
  git config merge.backport.driver "backport merge-driver %O %A %B %L %P"
  echo '*.[ch] merge=backport' >> .git/info/attributes

With this line the shell sees to the markers where backport itself is not found:

  driver = "backport merge-driver %O %A %B %L %P || { grep -q '^<<<<<' %A || git merge-file -q %A %O %B; false; }"

What git merges by itself is git's. Of a conflict it resolves what is certain; a file with any other
conflict is left as git leaves it, with all its markers.

exit codes: 0 the file is merged, 1 it has conflicts, whatever the reason; never another
"""
LEFT = 1
_SAID = 4


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = "Merge one file, as git asks a merge driver to: resolve what is certain."
    parser.epilog = _EPILOG
    parser.usage = "backport merge-driver %%O %%A %%B %%L %%P"
    parser.add_argument(
        "words",
        nargs=argparse.REMAINDER,
        metavar="%O %A %B %L %P",
        help="files of base, ours and theirs; the size of markers; the file's path",
    )


def run(arguments: argparse.Namespace, console: Console) -> int:
    """0 or 1, whatever happens: an interruption too."""
    try:
        return _run(list(arguments.words), console)
    except BaseException as error:
        with contextlib.suppress(BaseException):
            console.complain(f"merge-driver: {_what(error)}; the conflict is left as git leaves it")
        return LEFT


def _what(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


class _Call(NamedTuple):
    """What git calls a driver with."""

    base: str
    ours: str
    theirs: str
    size: int
    path: str


def _read(words: list[str]) -> _Call | None:
    if words[:1] == ["--"]:
        del words[0]
    if not 3 <= len(words) <= 5:
        return None
    size = int(words[3]) if len(words) > 3 and words[3].isdigit() and int(words[3]) > 0 else 7
    return _Call(words[0], words[1], words[2], size, words[4] if len(words) > 4 else words[1])


def _run(words: list[str], console: Console) -> int:
    call = _read(words)
    if call is None:
        console.complain(
            "merge-driver is called by git: merge.NAME.driver is backport merge-driver %O %A %B %L %P"
        )
        return LEFT
    base, ours, theirs = (Path(x).read_bytes() for x in call[:3])
    from backport.git.filemerge import simple_merge

    # First of all the markers: from here on nothing that happens can lose a side.
    done = simple_merge(base, ours, theirs, marker_size=call.size)
    if not done.clean:
        _write(call.ours, done.data)
    if done.binary:
        return 0 if done.clean else LEFT
    return _merge(call, base, ours, theirs, console)


def _merge(call: _Call, base: bytes, ours: bytes, theirs: bytes, console: Console) -> int:
    from backport.git import Scratch
    from backport.git.filemerge import merge_file

    with Scratch() as scratch:
        done = merge_file(scratch, base, ours, theirs, style=_style(console.environ), marker_size=call.size)
        _write(call.ours, done.data)
        if done.clean:
            return 0
        from backport.adapt.texts import FileTexts, adapt_texts
        from backport.adapt.values import Confidence

        merged = adapt_texts(FileTexts(call.path, base, ours, theirs), scratch)
        open_ones = [p for p in merged.pieces if not p.accepted(Confidence.CERTAIN)]
        if not merged.pieces or open_ones:
            return _left(call.path, len(open_ones), len(merged.pieces), console)
        data = merged.merged(Confidence.CERTAIN)
    if _suspect(data, done.data, (base, ours, theirs), call.size):
        return _left(call.path, len(merged.pieces), len(merged.pieces), console)
    _write(call.ours, data)
    for piece in merged.pieces[:_SAID]:
        where = f" {piece.function}" if piece.function else ""
        console.complain(f"{call.path}:{piece.line}{where}: {piece.why or 'resolved'} (certain)")
    if len(merged.pieces) > _SAID:
        console.complain(f"{call.path}: {len(merged.pieces) - _SAID} more conflicts resolved (certain)")
    return 0


def _suspect(data: bytes, git: bytes, sides: tuple[bytes, bytes, bytes], size: int) -> bool:
    """Whether a resolved file shows that something went wrong: a marker is in it, or a line of both sides twice."""
    from backport.adapt.doubling import doubled
    from backport.adapt.unmerged import picked

    if markers(data, size) > max(markers(x, size) for x in sides):
        return True
    both = picked(git, size)
    return both is None or bool(doubled(data, both))


def _left(path: str, count: int, of: int, console: Console) -> int:
    console.complain(f"{path}: {count} of {of} conflicts not certain, left as git leaves them")
    return LEFT


def markers(data: bytes, size: int) -> int:
    """How many lines could be taken for the begin or end of a conflict."""
    heads = (b"<" * size + b" ", b">" * size + b" ")
    return sum(line.startswith(heads) for line in data.split(b"\n"))


def _style(environ: Mapping[str, str]) -> str:
    """The conflict style of the repository that git runs the driver in."""
    from backport.git.filemerge import conflict_style
    from backport.git.unmerged import top_above

    with contextlib.suppress(Exception):
        given = environ.get("GIT_DIR", "")
        return conflict_style(
            str(Path(given).absolute()) if given else top_above(Path.cwd()).git_dir, environ
        )
    return "merge"


def _write(name: str, data: bytes) -> None:
    """Put the bytes in place of the file, so that it is never half of them."""
    path = Path(name).absolute()
    handle, part = tempfile.mkstemp(prefix=".backport-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(part).chmod(path.stat().st_mode & 0o7777)
        Path(part).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(part).unlink()
        raise
