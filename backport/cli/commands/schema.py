"""`backport schema`: the published JSON Schema of a report."""

from __future__ import annotations

import argparse

from backport.cli.console import Console
from backport.report.published import schema_text


def configure(parser: argparse.ArgumentParser) -> None:
    parser.description = "Print the JSON Schema that every report of --format json fits."
    parser.epilog = "example:\n  backport schema > backport-report-1.json"


def run(arguments: argparse.Namespace, console: Console) -> int:
    console.write(schema_text())
    return 0
