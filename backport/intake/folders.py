"""Folders of patches: quilt's `series`, SUSE's `series.conf`, Maildir, or patches sorted by name."""

from __future__ import annotations

from pathlib import Path

from backport.errors import InputError

SUFFIXES = (".patch", ".diff", ".dpatch", ".mbox", ".mbx", ".eml", ".txt")


def is_maildir(folder: Path) -> bool:
    return (folder / "cur").is_dir() and (folder / "new").is_dir()


def maildir_files(folder: Path) -> list[Path]:
    """The mails of a Maildir, in the order of their names (b4 and most programs count in them)."""
    found = [x for part in ("new", "cur") for x in (folder / part).iterdir() if x.is_file()]
    return sorted((x for x in found if not x.name.startswith(".")), key=lambda x: x.name)


def patch_files(folder: Path) -> list[Path]:
    """The patches of a folder in the order in which they are applied.

    Raises InputError where a series names a patch that is not there or not applied forwards with -p1,
    UnsafePathError where it names one outside, InputError where there is no patch at all."""
    from backport.tree import find_series

    series = find_series(folder)
    if series is not None:
        return _listed(series)
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


def _listed(series: Path) -> list[Path]:
    from backport.tree import applied_forwards, read_series

    found = [Path(entry.path) for entry in applied_forwards(read_series(series))]
    if not found:
        raise InputError(f"{series.name} names no patch")
    return found
