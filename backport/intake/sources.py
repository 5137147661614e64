"""The PATCH arguments of the command line: files, folders, standard input, or commits."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from backport.errors import (
    DamagedPatchError,
    InputError,
    NoDiffError,
    TargetError,
    TooLargeError,
    UnsafePathError,
    UsageError,
)
from backport.model import Patch, Person, Series

if TYPE_CHECKING:
    from backport.git import Repository
    from backport.intake.mime import Mail
    from backport.settings import Settings

_REVISION = re.compile(r"[\w./^~@{}+-]+")


def read_sources(
    sources: Sequence[str],
    *,
    stdin: Callable[[], bytes],
    repository: Repository | None,
    settings: Settings,
) -> Series:
    """The series that the arguments name, in their order; commits are put in topological order.

    Each of `sources` is `-` (all of `stdin()`), an existing file or folder, or a revision or range of
    `repository`; an existing file wins over a revision of the same name. A damaged patch among several
    is kept as an unreadable one, a single one raises. Raises UsageError for no argument, InputError for
    one that is neither, TooLargeError before a file is read, and what `read_document` and
    `patch_from_commit` raise."""
    if not sources:
        raise UsageError("no patch was named", "give a file, a folder, `-`, or commits")
    from backport.intake.commits import series_of_revisions

    several = len(sources) > 1
    found: list[Series] = []
    revisions: list[str] = []
    for source in sources:
        if source != "-" and not _is_path(source):
            revisions.append(_revision(source, repository))
            continue
        if revisions and repository is not None:
            found.append(series_of_revisions(repository, revisions))
            revisions = []
        found.append(_one(source, stdin, settings, several=several))
    if revisions and repository is not None:
        found.append(series_of_revisions(repository, revisions))
    return _joined(found)


def _is_path(source: str) -> bool:
    try:
        return Path(source).exists()
    except (OSError, ValueError):
        return False


def _revision(source: str, repository: Repository | None) -> str:
    """`source` as a revision that the repository knows (its ends, for a range)."""
    neither = f"{source!r} is neither a file nor a folder"
    if repository is None:
        raise InputError(neither, "check the path; commits need --upstream or a target that is a repository")
    ends = re.split(r"\.{2,3}", source) if ".." in source else [source]
    if source.startswith("-") or not _REVISION.fullmatch(source):
        raise InputError(neither, "check the path")
    try:
        for end in ends:
            repository.resolve(end or "HEAD")
    except TargetError:
        shown = str(getattr(repository, "shown", "the repository"))
        raise InputError(f"{neither}, nor a commit of {shown}", "check the name") from None
    return source


def _one(source: str, stdin: Callable[[], bytes], settings: Settings, *, several: bool) -> Series:
    from backport.intake.document import read_document

    if source == "-":
        return _guarded(lambda: read_document(stdin(), "-", settings=settings), "-", several=several)
    path = Path(source)
    if path.is_dir():
        return _folder(path, settings)
    return _guarded(lambda: _file(path, settings), path.name, several=several)


def _guarded(read: Callable[[], Series], name: str, *, several: bool) -> Series:
    try:
        return read()
    except (DamagedPatchError, UnsafePathError) as error:
        if not several:
            raise
        return Series((Patch(name, Person(""), "", "", (), document=name, unreadable=str(error)),))


def _bytes(path: Path, settings: Settings) -> bytes:
    """A file's bytes; its size is looked at before it is read."""
    try:
        if not path.is_file() and not path.is_fifo():
            raise InputError(f"{path.name} is not a regular file", "give a patch, a folder, or `-`")
        size = path.stat().st_size
        if size > settings.max_input_bytes:
            raise TooLargeError(
                f"{path.name} has {size} bytes, the limit is {settings.max_input_bytes}",
                "raise max_input_bytes",
            )
        with path.open("rb") as file:
            return file.read(settings.max_input_bytes + 1)
    except OSError as error:
        raise InputError(f"{path.name} cannot be read: {error.strerror or error}") from None


def _file(path: Path, settings: Settings) -> Series:
    from backport.intake.document import read_document

    series = read_document(_bytes(path, settings), path.name, settings=settings)
    cover = path.with_suffix(".cover")
    if series.cover_subject or path.suffix == ".cover" or not cover.is_file():
        return series
    return _with_cover(series, _mail(cover, settings))


def _mail(path: Path, settings: Settings) -> Mail:
    from backport.intake.mime import read_mail
    from backport.intake.text import Text

    return read_mail(Text.of(_bytes(path, settings)))


def _with_cover(series: Series, mail: Mail) -> Series:
    """b4 writes the cover letter of a series into a file of its own, beside the mailbox."""
    from backport.intake.message import read_letter, without_signature
    from backport.provenance import strip_subject

    letter = read_letter(mail)
    return replace(
        series, cover_subject=strip_subject(letter.subject), cover_body=without_signature(letter.log)
    )


def _folder(folder: Path, settings: Settings) -> Series:
    from backport.intake.folders import is_maildir, patch_files

    try:
        if is_maildir(folder):
            return _maildir(folder, settings)
        files = patch_files(folder)
    except OSError as error:
        raise InputError(f"{folder.name} cannot be read: {error.strerror or error}") from None
    several = len(files) > 1
    found = []
    for path in files:
        try:
            found.append(_guarded(lambda path=path: _file(path, settings), path.name, several=several))  # type: ignore[misc]
        except NoDiffError:
            # A cover letter or a README lies among the patches.
            found.append(Series((), notes=(f"{path.name} holds no diff: left out",)))
    if not any(x.patches for x in found):
        raise NoDiffError(
            f"the folder {folder.name or folder} holds no diff", "name the folder of the patches"
        )
    return _joined(found)


def _maildir(folder: Path, settings: Settings) -> Series:
    from backport.intake.document import read_mails
    from backport.intake.folders import maildir_files

    mails = [_mail(x, settings) for x in maildir_files(folder)]
    series = read_mails(mails, folder.name, "maildir")
    if not any(x.files or x.unreadable for x in series.patches):
        raise NoDiffError(f"the Maildir {folder.name} holds no diff", "name the folder of the patches")
    return replace(series, patches=tuple(x for x in series.patches if x.files or x.unreadable))


def _joined(found: Sequence[Series]) -> Series:
    """Several series one after the other; the cover letter is that of the first that has one."""
    if len(found) == 1:
        return found[0]
    cover = next((x for x in found if x.cover_subject), None)
    versions = {x.version for x in found if x.version is not None}
    return Series(
        patches=tuple(p for x in found for p in x.patches),
        cover_subject=cover.cover_subject if cover else "",
        cover_body=cover.cover_body if cover else "",
        version=versions.pop() if len(versions) == 1 else None,
        comments=tuple(c for x in found for c in x.comments),
        notes=tuple(n for x in found for n in x.notes),
    )
