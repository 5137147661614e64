"""`backport verify`: compile what the patches change, and report what the compiler says at the patch's lines."""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backport.cli.console import Console
from backport.cli.inputs import (
    add_input_options,
    cache_folder,
    open_targets,
    open_upstream,
    read_patches,
    user_settings,
)
from backport.cli.output import check_output, write_whole
from backport.cli.progress import Progress
from backport.errors import InputError, UsageError

if TYPE_CHECKING:
    from backport.model import Finding
    from backport.settings import Settings
    from backport.verify import Options, Verification

_EPILOG = """\
This runs the build system of the target with the patches on it. A build system is code: it
may do whatever you may do. No other command of backport runs any of a target's code, and no
check runs this one. It runs with limits on time, memory and processes and with little of
your environment, which is no sandbox: build what you trust, or in a container.

Only the touched objects are compiled, and a few that include a changed header, in the
fewest configurations that compile every changed line and every guard that BP3xx speaks of,
on and off, each as near to --config-base as Kconfig allows. Errors and warnings that are
there without the patches do not count. Nothing is written but a temporary folder, or DIR.

examples:
  backport verify fix.patch --onto linux-6.1/
  backport verify 0001-fix.patch --onto ~/stable@linux-6.1.y --config-base allmodconfig --jobs 8
  backport verify fix.patch --onto linux-6.1/ --arch arm64 --format json -o build.json

exit codes: 0 it compiles, as far as it could be built here, 1 it does not, does not land or
nothing could be built, 2 bad input or usage, 3 a bug of backport's, 130 interrupted
"""
SCHEMA = "backport-verify/1"
_SEVERITIES = ("error", "warning", "note")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Compile what the patches change on a kernel tree, in a scratch folder. RUNS the tree's build system."
    )
    parser.epilog = _EPILOG
    add_input_options(parser)
    parser.add_argument("--onto", required=True, metavar="TARGET", help="the target, a kernel tree")
    parser.add_argument(
        "--config-base",
        default="defconfig",
        metavar="FILE|NAME",
        help="a .config, or one of make's (default: defconfig; tinyconfig, allmodconfig ...)",
    )
    parser.add_argument(
        "--arch", default="", metavar="ARCH", help="as make's ARCH= (default: this machine's)"
    )
    parser.add_argument(
        "--jobs", type=_positive, default=os.cpu_count() or 1, metavar="N", help="jobs of make"
    )
    parser.add_argument(
        "--timeout", type=_positive, default=1800, metavar="S", help="seconds for all builds (default: 1800)"
    )
    parser.add_argument(
        "--memory",
        type=_positive,
        default=4096,
        metavar="MIB",
        help="memory of all processes (default: 4096)",
    )
    parser.add_argument("--keep", metavar="DIR", help="build in DIR, a new folder, and leave it")
    group = parser.add_argument_group("report")
    group.add_argument("--format", choices=("text", "json"), default=None, help="form (default: text)")
    group.add_argument("-o", "--output", metavar="FILE", help="write the report to FILE, whole or not at all")
    group.add_argument("--width", type=int, default=0, metavar="N", help="columns (default: the terminal's)")
    group.add_argument("-v", "--verbose", action="store_true", help="every object and configuration")
    group.add_argument("-q", "--quiet", action="store_true", help="no progress")


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0 or len(text) > 9:
        raise argparse.ArgumentTypeError(f"{text} is no whole number above 0")
    return int(text)


def run(arguments: argparse.Namespace, console: Console) -> int:
    from backport.checks import Asked
    from backport.verify import verify

    check_output(arguments)
    options = _options(arguments)
    settings = user_settings(arguments, console, {})
    with ExitStack() as stack:
        upstream, revision = open_upstream(arguments.upstream, settings, stack)
        (target,) = open_targets([arguments.onto], settings, stack)
        settings = user_settings(arguments, console, {}, target)
        repository = upstream or target.repository
        series = read_patches(arguments, console, settings, repository)
        with Progress(console.stderr, quiet=arguments.quiet) as progress:
            found = verify(
                series,
                target,
                upstream=upstream,
                settings=settings,
                asked=Asked(revision=revision, cache=cache_folder(console.environ)),
                options=options,
                on_event=progress.event,
            )
    _write(found, arguments, settings, console)
    return exit_code(found)


def _options(arguments: argparse.Namespace) -> Options:
    from backport.tree import is_there
    from backport.verify import Options

    if arguments.arch and not re.fullmatch(r"[a-z][a-z0-9_]*", arguments.arch):
        raise UsageError(f"--arch {arguments.arch} is no architecture", "as the folders of arch/: arm64")
    base, config = arguments.config_base, None
    if is_there(base):
        try:
            config = Path(base).read_bytes()
        except OSError as error:
            raise InputError(f"--config-base {base} cannot be read: {error.strerror}") from error
        if not re.search(rb"^(?:CONFIG_\w+=|# CONFIG_\w+ is not set)", config, re.MULTILINE):
            raise InputError(f"--config-base {base} is no kernel configuration", "name a .config")
        base = Path(base).name
    return Options(
        base=base,
        config=config,
        arch=arguments.arch,
        jobs=arguments.jobs,
        seconds=arguments.timeout,
        memory_mib=arguments.memory,
        keep=arguments.keep or "",
    )


def exit_code(found: Verification) -> int:
    """0 where it was built as far as it can be here, and no error was found."""
    from backport.model import Severity
    from backport.verify import State

    findings = [f for t in found.report.targets for p in t.patches for f in p.findings]
    if not found.lands or any(f.severity is Severity.ERROR for f in findings):
        return 1
    unbuilt = any(f.code == "BP604" and f.severity is Severity.WARNING for f in findings)
    return 1 if unbuilt and not any(b.state is State.BUILT for b in found.built) else 0


# --- in words --------------------------------------------------------------------------------------


def _write(found: Verification, arguments: argparse.Namespace, settings: Settings, console: Console) -> None:
    to_file = arguments.output not in (None, "-")
    form = arguments.format or ("json" if to_file and arguments.output.endswith(".json") else "text")
    if form == "json":
        text = json.dumps(as_json(found), indent=2, ensure_ascii=True) + "\n"
    else:
        width = 80 if to_file else max(40, console.columns(max(0, arguments.width)))
        text = "\n".join(as_text(found, width, verbose=arguments.verbose)) + "\n"
    if to_file:
        write_whole(Path(arguments.output), text.encode())
    else:
        console.write(text)


def as_json(found: Verification) -> dict[str, Any]:
    """The report, with what was built beside it."""
    from backport.report import dump

    return {
        "schema": SCHEMA,
        "lands": found.lands,
        "configurations": [
            {"arch": c.arch, "base": c.base, "lines": list(c.lines), "for": list(c.telling)}
            for c in found.configurations
        ],
        "objects": [
            {
                "object": b.object,
                "state": str(b.state),
                "configuration": b.configuration,
                "arch": b.arch,
                "module": b.module,
                "covers": list(b.covers),
                "reason": b.reason,
            }
            for b in found.built
        ],
        "report": dump(found.report),
    }


def as_text(found: Verification, width: int, *, verbose: bool = False) -> list[str]:
    """What was built and what was found, as lines."""
    from backport.report.terminal import harmless, wrap

    lines: list[str] = []
    for target in found.report.targets:
        lines += wrap(harmless(f"{target.name}: {_summary(found)}"), width)
        for patch in target.patches:
            if not found.lands:
                stuck = [h for f in patch.files for h in f.hunks if h.placement and not _good(h.placement)]
                what = f"{patch.verdict}: " + (
                    f"hunks {', '.join(str(h.number) for h in stuck)} do not land" if stuck else ""
                )
                lines += wrap(
                    harmless(f"{patch.subject or patch.document}: {what.rstrip(': ')}"), width, first="  "
                )
                continue
            for finding in sorted(patch.findings, key=lambda f: _SEVERITIES.index(str(f.severity))):
                lines += wrap(harmless(_finding(finding)), width, first="  ", rest="      ")
    if not found.lands:
        lines += wrap(
            "nothing was built; see backport check, or backport adapt for a patch that lands", width
        )
    lines += [
        x for b in _objects(found, verbose) for x in wrap(harmless(b), width, first="  ", rest="      ")
    ]
    return lines


def _good(placement: Any) -> bool:
    return bool(placement.lands or placement.there)


def _summary(found: Verification) -> str:
    from backport.verify import State

    if not found.lands:
        return "it does not land"
    if not found.built:
        return "nothing was built"
    built = sum(b.state is State.BUILT for b in found.built)
    configurations = len(found.configurations)
    many = f"{configurations} configurations" if configurations != 1 else "one configuration"
    return f"{built} of {len(found.built)} objects compile, in {many}"


def _finding(finding: Finding) -> str:
    place = (
        f"{finding.file}:{finding.line or finding.target_line}: "
        if finding.line or finding.target_line
        else ""
    )
    hunk = f"hunk {finding.hunk}, " if finding.hunk else ""
    where = f" ({hunk}target line {finding.target_line})" if finding.target_line else ""
    return f"{finding.severity} {finding.code}  {place}{finding.message}{where}"


def _objects(found: Verification, verbose: bool) -> Iterator[str]:
    for built in found.built:
        module = " [M]" if built.module else ""
        reason = f": {built.reason}" if built.reason else ""
        yield f"{built.object}{module} ({built.arch}, {built.configuration}): {built.state}{reason}"
    if verbose:
        for configuration in found.configurations:
            for line in configuration.lines:
                yield f"{configuration.arch}, {configuration.base}: {line}"
