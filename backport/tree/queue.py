"""Patch queues: which patches stand on a tree, and in which order. (Applying them is the engine's work.)"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from backport.errors import InputError, UnsafePathError, UsageError
from backport.tree.paths import is_there


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """A patch of a queue: its name as the queue has it, its file, how many leading folders its paths
    lose (`-pN`), whether it is taken out (`-R`), and its place in the series ("series:3", "" without one)."""

    name: str
    path: str
    strip: int = 1
    reverse: bool = False
    where: str = field(default="", compare=False)


_SERIES = ("series", "series.conf", "debian/patches/series", "patches/series")
_SUFFIXES = (".patch", ".diff")


def read_queue(path: str) -> tuple[QueueEntry, ...]:
    """The patches of a queue in order. Raises InputError with one line.

    `path` is a series or series.conf file, or a folder that holds one: a quilt queue as stable-queue keeps it
    (quilt(1), "series"), Debian's debian/patches, SUSE's series.conf; or a folder of numbered patches as
    OpenWrt keeps them, in the order of their names."""
    if not is_there(path):
        raise InputError(f"queue {path} does not exist")
    place = Path(path)
    try:
        series = place if place.is_file() else find_series(place)
        return read_series(series) if series is not None else _by_name(place)
    except OSError as error:
        raise InputError(f"queue {path} cannot be read: {error.strerror or error}") from None


def _by_name(place: Path) -> tuple[QueueEntry, ...]:
    found = sorted(x.name for x in place.iterdir() if x.suffix in _SUFFIXES and x.is_file())
    if found:
        return tuple(QueueEntry(name, str(place / name)) for name in found)
    inner = sorted(x.name for x in place.iterdir() if x.is_dir() and _is_queue(x))
    hint = (
        f"name one of its folders: {', '.join(inner[:4])}" if inner else "it holds no series file, no patches"
    )
    raise InputError(f"{place} is not a queue", hint)


def find_series(folder: Path) -> Path | None:
    """The file that lists the patches of a folder: quilt's, SUSE's, Debian's; None where there is none."""
    return next((folder / name for name in _SERIES if _is_file(folder / name)), None)


def split_queue(spec: str) -> tuple[str, str]:
    """`DIR[@NAME]` as (folder, name of the patch that is judged at, "" for the end).

    Split at the last @ that something existing stands before. Raises InputError."""
    at = len(spec)
    while at > 0:
        if is_there(spec[:at]):
            return spec[:at], spec[at + 1 :]
        at = spec.rfind("@", 0, at)
    raise InputError(f"queue {spec} does not exist")


def until(entries: Sequence[QueueEntry], name: str) -> tuple[QueueEntry, ...]:
    """The patches up to and with the one of that name (with or without folders and suffix); all for "".

    Raises UsageError when there is none or more than one."""
    if not name:
        return tuple(entries)
    for matches in _MATCHES:
        found = [n for n, entry in enumerate(entries) if matches(entry.name, name)]
        if len(found) == 1:
            return tuple(entries[: found[0] + 1])
        if found:
            raise UsageError(f"more than one patch of the queue is called {name}", "give its whole name")
    raise UsageError(f"no patch of the queue is called {name}")


_MATCHES: tuple[Callable[[str, str], bool], ...] = (
    lambda entry, name: entry == name,
    lambda entry, name: Path(entry).name == name,
    lambda entry, name: Path(entry).stem == name and Path(entry).suffix in _SUFFIXES,
)


def _is_queue(folder: Path) -> bool:
    return (folder / "series").is_file() or any(x.suffix in _SUFFIXES for x in folder.iterdir())


def _is_file(path: Path) -> bool:
    return is_there(path) and path.is_file()


def read_series(series: Path) -> tuple[QueueEntry, ...]:
    """The patches that a series file lists, in order: SUSE's form for `series.conf`, quilt's for all others.

    Raises InputError where it cannot be read, has an unknown option or names what is not there, and
    UnsafePathError where a name leaves the series' folder."""
    try:
        text = series.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise InputError(f"{series.name} cannot be read: {error.strerror or error}") from None
    take = _suse if series.name == "series.conf" else _quilt
    entries = []
    for number, line in enumerate(text.split("\n"), 1):
        words = re.sub(r"(^|\s)#.*", "", line).split()
        entry = take(series, f"{series.name}:{number}", words) if words else None
        if entry is not None:
            entries.append(_checked(entry))
    return tuple(entries)


def _checked(entry: QueueEntry) -> QueueEntry:
    if entry.name.startswith("/") or ".." in entry.name.split("/"):
        raise UnsafePathError(f"{entry.where}: the patch {entry.name} leaves the folder", "it is refused")
    if not _is_file(Path(entry.path)):
        raise InputError(f"{entry.where}: the patch {entry.name} is not there")
    return entry


def applied_forwards(entries: Sequence[QueueEntry]) -> tuple[QueueEntry, ...]:
    """The same entries, all of them applied with -p1. Raises InputError for one that is not: its file
    alone does not say what it does."""
    for entry in entries:
        if entry.reverse or entry.strip != 1:
            how = "taken out (-R)" if entry.reverse else f"applied with -p{entry.strip}"
            raise InputError(
                f"{entry.where}: the patch {entry.name} is {how}",
                "only patches applied forwards with -p1 are judged: convert it, or take it out of the series",
            )
    return tuple(entries)


def _quilt(series: Path, where: str, words: list[str]) -> QueueEntry:
    """`name [-pN|-p N] [-R] # comment`."""
    return _entry(series, where, words[0], words[1:])


def _suse(series: Path, where: str, words: list[str]) -> QueueEntry | None:
    """`[+guard|-guard]... path # comment`; no guard's symbol is set. None for a patch that is left out."""
    count = next((n for n, word in enumerate(words) if word[0] not in "+-"), len(words))
    if count == len(words) or not _included(words[:count]):
        return None
    return _entry(series, where, words[count], words[count + 1 :])


def _entry(series: Path, where: str, name: str, options: list[str]) -> QueueEntry:
    strip, reverse = 1, False
    rest = iter(options)
    for option in rest:
        value = next(rest, "") if option == "-p" else option.removeprefix("-p")
        if option.startswith("-p") and (re.fullmatch(r"[0-9]{1,9}", value) or value == "ab"):
            strip = 1 if value == "ab" else int(value)
        elif option == "-R":
            reverse = True
        else:
            raise InputError(f"{where}: unknown option {option} of patch {name}")
    return QueueEntry(name, str(series.parent / name), strip, reverse, where)


def _included(guards: Sequence[str]) -> bool:
    """The rule of SUSE's `guards` script: the last guard that holds decides (`!` turns one round);
    when none holds, a patch whose first guard is a `-` is in."""
    holding = [guard for guard in guards if guard[1:2] == "!"]
    if holding:
        return holding[-1][0] == "+"
    return not guards or guards[0][0] == "-"
