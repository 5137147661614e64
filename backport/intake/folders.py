"""Folders of patches: quilt's `series`, SUSE's `series.conf`, Maildir, or patches sorted by name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from backport.errors import InputError, UnsafePathError

SUFFIXES = (".patch", ".diff", ".dpatch", ".mbox", ".mbx", ".eml", ".txt")


def is_maildir(folder: Path) -> bool:
    return (folder / "cur").is_dir() and (folder / "new").is_dir()


def maildir_files(folder: Path) -> list[Path]:
    """The mails of a Maildir, in the order of their names (b4 and most programs count in them)."""
    found = [x for part in ("new", "cur") for x in (folder / part).iterdir() if x.is_file()]
    return sorted((x for x in found if not x.name.startswith(".")), key=lambda x: x.name)


def patch_files(folder: Path) -> list[Path]:
    """The patches of a folder in the order in which they are applied.

    Raises InputError where a series names a patch that is not there, UnsafePathError where it names
    one outside, InputError where there is no patch at all."""
    for name in ("series", "series.conf"):
        listing = folder / name
        if listing.is_file():
            return _listed(folder, listing)
    for below in ("patches", "debian/patches"):
        if (folder / below / "series").is_file():
            return _listed(folder / below, folder / below / "series")
    for suffixes in ((".patch", ".diff"), SUFFIXES):
        found = sorted(x for x in folder.iterdir() if x.is_file() and x.suffix.lower() in suffixes)
        if found:
            return found
    found = sorted(x for x in folder.iterdir() if x.is_file() and _is_numbered(x.name))
    if not found:
        raise InputError(
            f"the folder {folder.name or folder} holds no patch", "name the folder of the patches"
        )
    return found


def _is_numbered(name: str) -> bool:
    """SUSE and stable queues also hold patches without a suffix; git names its own 0001-..."""
    return name[:4].isdigit() and name[4:5] == "-"


def _listed(folder: Path, listing: Path) -> list[Path]:
    found = []
    for number, name in _names(listing.read_text("utf-8", "surrogateescape").splitlines()):
        path = folder / name
        if name.startswith("/") or ".." in Path(name).parts:
            raise UnsafePathError(
                f"{listing.name}:{number}: {name} is outside of the folder", "it is refused"
            )
        if not path.is_file():
            raise InputError(f"{listing.name}:{number}: the patch {name} is not there")
        found.append(path)
    if not found:
        raise InputError(f"{listing.name} names no patch")
    return found


def _names(lines: Iterable[str]) -> list[tuple[int, str]]:
    """The patches that a series names: comments and quilt's options (`-p1`) left out, and SUSE's guarded
    ones, which a `-` or `+` before the name switches (`-` is off)."""
    found = []
    for number, line in enumerate(lines, 1):
        words = line.split(" #")[0].split("\t#")[0].split()
        if not words or words[0].startswith("#"):
            continue
        guards = [x for x in words[:-1] if x[0] in "+-" and not x.startswith("-p")]
        names = [x for x in words if x[0] not in "+-"]
        if (
            names
            and not any(x.startswith("-") for x in guards)
            and not any(x.startswith("+") for x in guards)
        ):
            found.append((number, names[0]))
    return found
