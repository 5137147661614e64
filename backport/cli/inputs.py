"""What the commands read: settings, repositories, targets."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from backport.cli.console import Console
from backport.errors import InputError, UsageError
from backport.settings import POLICIES, Settings, load_settings, switched_off, user_settings_path

if TYPE_CHECKING:
    from backport.git import Repository
    from backport.model import Series
    from backport.tree import Target

TARGET_SETTINGS = ".backport.toml"


def add_input_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "patches", nargs="+", metavar="PATCH", help="a file, a folder, an mbox, - (stdin), REV or A..B"
    )
    parser.add_argument(
        "--upstream",
        metavar="REPO[@REV]",
        help="repository of the commits that PATCH names, and where upstream ids are looked up; REV is "
        "the tip that its history is looked at up to",
    )
    parser.add_argument("--config", metavar="FILE", help="settings to read in place of your own file's")


def user_settings(
    arguments: argparse.Namespace, console: Console, flags: dict[str, object], target: Target | None = None
) -> Settings:
    """The settings of a run, with those of a target's own file where there is a target."""
    if arguments.config is not None:
        path: Path | None = Path(arguments.config)
    else:
        path = _existing(user_settings_path(console.environ))
    content = _target_settings(target) if target is not None else None
    return load_settings(
        user_file=path,
        target_file=content,
        target_name=f"{target.name}:{TARGET_SETTINGS}" if target is not None else TARGET_SETTINGS,
        environment=console.environ,
        flags=flags,
    )


def cache_folder(environ: Mapping[str, str]) -> str:
    """`$XDG_CACHE_HOME/backport`, or below `~/.cache`; "" without a home."""
    cache, home = environ.get("XDG_CACHE_HOME", ""), environ.get("HOME", "")
    if cache.startswith("/"):
        return f"{cache}/backport"
    return f"{home}/.cache/backport" if home else ""


def _existing(path: Path | None) -> Path | None:
    """The path if it is a file's; one that no file can have is none. One that may not be looked at is kept:
    reading it says so."""
    try:
        return path if path is not None and path.is_file() else None
    except PermissionError:
        return path
    except (OSError, ValueError):
        return None


def off_notes(targets: Sequence[Target], each: Sequence[Settings]) -> tuple[str, ...]:
    """What the report notes of rules that the targets themselves switch off: a tree that is judged is not
    trusted, and shall not hide findings in silence. `each` are the settings that the targets are judged with,
    in which a user may have set the rule again."""
    notes = []
    for target, settings in zip(targets, each, strict=True):
        content = _target_settings(target)
        codes = switched_off(content, f"{target.name}:{TARGET_SETTINGS}") if content is not None else ()
        codes = tuple(code for code in codes if settings.rules.get(code) == "off")
        if codes:
            head = f"{target.name}: " if len(targets) > 1 else ""
            notes.append(f"{head}the target's {TARGET_SETTINGS} switches off: {', '.join(codes)}")
    return tuple(notes)


def _target_settings(target: Target) -> bytes | None:
    from backport.tree import File

    entry = target.tree.read(TARGET_SETTINGS)
    return entry.data if isinstance(entry, File) else None


def add_policy_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--policy",
        choices=POLICIES,
        help="whose rules the backport must follow (default: plain)",
    )


def split_upstream(spec: str, settings: Settings) -> tuple[str, str]:
    """`REPO[@REV]` as (path, revision): split at the last @ that something existing, or a repository's
    name of the settings, stands before. Raises UsageError."""
    from backport.tree import is_there

    at = len(spec)
    while at > 0:
        head = spec[:at]
        place = head if is_there(head) else settings.repositories.get(head, "")
        if place and is_there(place):
            return place, spec[at + 1 :]
        if place:
            raise UsageError(f"upstream {head} does not exist: {place}", "correct it in your settings")
        at = spec.rfind("@", 0, at)
    raise UsageError(f"upstream {spec} does not exist", "give REPO or REPO@REV")


def open_upstream(spec: str | None, settings: Settings, stack: ExitStack) -> tuple[Repository | None, str]:
    """The upstream repository and the full id of the revision that was named ("" none)."""
    if spec is None:
        return None, ""
    path, revision = split_upstream(spec, settings)
    from backport.git import Repository

    repository = Repository.open(path)
    stack.callback(repository.close)
    return repository, repository.resolve(revision) if revision else ""


def open_targets(specs: list[str], settings: Settings, stack: ExitStack) -> list[Target]:
    """The targets, each under the name that it was given."""
    from backport.tree import is_there, open_target

    targets: list[Target] = []
    for spec in specs:
        named = spec if is_there(spec) else settings.target(spec)
        target = open_target(named, settings)
        if target.repository is not None:
            stack.callback(target.repository.close)
        targets.append(replace(target, name=spec) if named != spec else target)
    return targets


def read_patches(
    arguments: argparse.Namespace, console: Console, settings: Settings, repository: Repository | None
) -> Series:
    """The series that the PATCH arguments name. Standard input is read to the limit and no further."""
    from backport.intake import read_sources

    limit = settings.max_input_bytes
    return read_sources(
        arguments.patches,
        stdin=lambda: console.stdin.read(limit + 1),
        repository=repository,
        settings=settings,
    )


def open_queue(spec: str | None, settings: Settings) -> Series | None:
    """The patches of `DIR[@NAME]`, which stand on the target before the series does."""
    if spec is None:
        return None
    from backport.intake import read_sources
    from backport.tree import applied_forwards, read_queue, split_queue, until

    folder, name = split_queue(spec)
    entries = applied_forwards(until(read_queue(folder), name))
    if not entries:
        return None
    return read_sources([e.path for e in entries], stdin=bytes, repository=None, settings=settings)


_OPTION = re.compile(rb"^(?:CONFIG_\w+=|# CONFIG_\w+ is not set)", re.MULTILINE)


def read_kconfig(name: str | None, settings: Settings) -> bytes | None:
    """The text of a kernel's .config; None when none was named. Raises InputError."""
    if name is None:
        return None
    try:
        with Path(name).open("rb") as file:
            data = file.read(settings.max_file_bytes)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(f"--kconfig {name} cannot be read: {why}") from error
    if not _OPTION.search(data):
        raise InputError(
            f"--kconfig {name} is no kernel configuration", "name a .config, as make defconfig writes it"
        )
    return data
