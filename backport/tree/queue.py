"""Patch queues: which patches stand on a tree, and in which order. (Applying them is the engine's work.)"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from backport.errors import InputError, UnsafePathError, UsageError
from backport.tree.paths import is_tree_path


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """A patch of a queue: its name as the queue has it, its file, how many leading folders its paths
    lose (`-pN`) and whether it is taken out (`-R`)."""

    name: str
    path: str
    strip: int = 1
    reverse: bool = False


_SERIES = ("series", "debian/patches/series", "patches/series")
_SUFFIXES = (".patch", ".diff")


def read_queue(path: str) -> tuple[QueueEntry, ...]:
    """The patches of a queue in order. Raises InputError with one line.

    `path` is a series or series.conf file, or a folder that holds one: a quilt queue as stable-queue keeps it
    (quilt(1), "series"), Debian's debian/patches, SUSE's series.conf; or a folder of numbered patches as
    OpenWrt keeps them, in the order of their names."""
    place = Path(path)
    if place.is_file():
        return _listed(place)
    if not place.is_dir():
        raise InputError(f"queue {path} does not exist")
    for name in (*_SERIES, "series.conf"):
        if (place / name).is_file():
            return _listed(place / name)
    found = sorted(x.name for x in place.iterdir() if x.suffix in _SUFFIXES and x.is_file())
    if found:
        return tuple(QueueEntry(name, str(place / name)) for name in found)
    inner = sorted(x.name for x in place.iterdir() if x.is_dir() and _is_queue(x))
    hint = (
        f"name one of its folders: {', '.join(inner[:4])}" if inner else "it holds no series file, no patches"
    )
    raise InputError(f"{path} is not a queue", hint)


def split_queue(spec: str) -> tuple[str, str]:
    """`DIR[@NAME]` as (folder, name of the patch that is judged at, "" for the end).

    Split at the last @ that something existing stands before. Raises InputError."""
    at = len(spec)
    while at > 0:
        with suppress(OSError, ValueError):
            if Path(spec[:at]).exists():
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


def _listed(series: Path) -> tuple[QueueEntry, ...]:
    try:
        text = series.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise InputError(f"{series.name} cannot be read: {error.strerror}") from None
    reader = _suse if series.name == "series.conf" else _quilt
    entries = tuple(reader(series, text.splitlines()))
    for entry in entries:
        if not is_tree_path(entry.name):
            raise UnsafePathError(f"{series.name} names {entry.name}, which leaves its folder")
        if not Path(entry.path).is_file():
            raise InputError(f"{series.name} names {entry.name}, which is not there")
    return entries


def _quilt(series: Path, lines: Iterable[str]) -> Iterator[QueueEntry]:
    """`name [-pN|-p N] [-R] # comment`."""
    for number, line in enumerate(lines, 1):
        words = re.sub(r"(^|\s)#.*", "", line).split()
        if not words:
            continue
        yield _entry(series, number, words[0], words[1:])


def _entry(series: Path, number: int, name: str, options: list[str]) -> QueueEntry:
    strip, reverse = 1, False
    rest = iter(options)
    for option in rest:
        value = next(rest, "") if option == "-p" else option.removeprefix("-p")
        if option.startswith("-p") and (value.isdigit() or value == "ab"):
            strip = 1 if value == "ab" else int(value)
        elif option == "-R":
            reverse = True
        else:
            raise InputError(f"{series.name}:{number}: unknown option {option} of patch {name}")
    return QueueEntry(name, str(series.parent / name), strip, reverse)


def _suse(series: Path, lines: Iterable[str]) -> Iterator[QueueEntry]:
    """`[+guard|-guard]... path # comment`; no guard's symbol is set."""
    for line in lines:
        words = re.sub(r"(^|\s)#.*", "", line).split()
        guards = [word for word in words if word[0] in "+-"]
        names = [word for word in words if word[0] not in "+-"]
        if names and _included(guards):
            yield QueueEntry(names[0], str(series.parent / names[0]))


def _included(guards: Sequence[str]) -> bool:
    """The rule of SUSE's `guards` script: the last guard that holds decides (`!` turns one round);
    when none holds, a patch whose first guard is a `-` is in."""
    holding = [guard for guard in guards if guard[1:2] == "!"]
    if holding:
        return holding[-1][0] == "+"
    return not guards or guards[0][0] == "-"
