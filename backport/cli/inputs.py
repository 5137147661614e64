"""What the commands read: settings, repositories, targets."""

from __future__ import annotations

import argparse
import re
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from backport.cli.console import Console
from backport.errors import InputError, UsageError
from backport.settings import POLICIES, Settings, load_settings, user_settings_path

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
        help="repository of the commits, and where upstream ids are looked up",
    )
    parser.add_argument("--config", metavar="FILE", help="settings to read in place of your own file's")


def user_settings(
    arguments: argparse.Namespace, console: Console, flags: dict[str, object], target: Target | None = None
) -> Settings:
    """The settings of a run, with those of a target's own file where there is a target."""
    if arguments.config is not None:
        path: Path | None = Path(arguments.config)
    else:
        path = user_settings_path(console.environ)
        path = path if path is not None and path.is_file() else None
    content = _target_settings(target) if target is not None else None
    return load_settings(
        user_file=path,
        target_file=content,
        target_name=f"{target.name}:{TARGET_SETTINGS}" if target is not None else TARGET_SETTINGS,
        environment=console.environ,
        flags=flags,
    )


def _target_settings(target: Target) -> bytes | None:
    from backport.tree import File

    entry = target.tree.read(TARGET_SETTINGS)
    return entry.data if isinstance(entry, File) else None


def add_policy_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--policy", choices=POLICIES, help="whose rules the backport must follow (default: plain)"
    )


def split_upstream(spec: str, settings: Settings) -> tuple[str, str]:
    """`REPO[@REV]` as (path, revision): split at the last @ that something existing, or a repository's
    name of the settings, stands before. Raises UsageError."""
    at = len(spec)
    while at > 0:
        head = spec[:at]
        if Path(head).exists():
            return head, spec[at + 1 :]
        if head in settings.repositories:
            return settings.repositories[head], spec[at + 1 :]
        at = spec.rfind("@", 0, at)
    raise UsageError(f"upstream {spec} does not exist", "give REPO or REPO@REV")


def open_upstream(spec: str | None, settings: Settings, stack: ExitStack) -> tuple[Repository | None, str]:
    """The upstream repository and the revision that was named ("" none)."""
    if spec is None:
        return None, ""
    path, revision = split_upstream(spec, settings)
    from backport.git import Repository

    repository = Repository.open(path)
    stack.callback(repository.close)
    if revision:
        repository.resolve(revision)
    return repository, revision


def open_targets(specs: list[str], settings: Settings, stack: ExitStack) -> list[Target]:
    """The targets, each under the name that it was given."""
    from backport.tree import open_target

    targets: list[Target] = []
    for spec in specs:
        named = spec if Path(spec).exists() else settings.target(spec)
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
    from backport.tree import read_queue, split_queue, until

    folder, name = split_queue(spec)
    entries = until(read_queue(folder), name)
    for entry in entries:
        if entry.reverse or entry.strip != 1:
            how = "taken out (-R)" if entry.reverse else f"applied with -p{entry.strip}"
            raise InputError(f"queue patch {entry.name} is {how}", "only -p1 patches can be judged on")
    if not entries:
        return None
    return read_sources([e.path for e in entries], stdin=bytes, repository=None, settings=settings)


_OPTION = re.compile(rb"^(?:CONFIG_\w+=|# CONFIG_\w+ is not set)", re.MULTILINE)


def read_kconfig(name: str | None, settings: Settings) -> tuple[str, ...]:
    """Look at a kernel's .config: what the report notes of it. Raises InputError."""
    if name is None:
        return ()
    try:
        with Path(name).open("rb") as file:
            data = file.read(settings.max_file_bytes)
    except OSError as error:
        raise InputError(f"--kconfig {name} cannot be read: {error.strerror}") from error
    options = len(_OPTION.findall(data))
    if not options:
        raise InputError(
            f"--kconfig {name} is no kernel configuration", "name a .config, as make defconfig writes it"
        )
    return (f"the configuration ({options} options) was read; no rule of this version looks at it",)
