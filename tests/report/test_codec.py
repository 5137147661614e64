"""load(dump(report)) == report, whatever the report holds."""

from __future__ import annotations

import copy
import json
from dataclasses import fields, is_dataclass, replace
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backport.errors import InputError
from backport.model import SCHEMA, LineEvidence, Report, TargetReport, Texts3
from backport.report import dump, load, render, schema
from tests.support.reports import every_report, one_conflict_report

REPORTS = every_report()
VALIDATOR = jsonschema.Draft202012Validator(schema())

# Paths and names are text, or bytes decoded with surrogateescape.
TEXT = st.one_of(
    st.text(max_size=8),
    st.binary(max_size=6).map(lambda b: b.decode("utf-8", "surrogateescape")),
)


@cache
def values(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type of the model."""
    if kind is str:
        return TEXT
    if kind is bytes:
        return st.binary(max_size=12)
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return st.one_of(*map(values, inner))
    if origin is tuple:
        many = inner[-1] is Ellipsis
        return st.lists(values(inner[0]), max_size=2).map(tuple) if many else st.tuples(*map(values, inner))
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        return st.builds(kind, **{f.name: values(hints[f.name]) for f in fields(kind)})
    return st.from_type(kind)


def through_json(report: Report) -> Any:
    return json.loads(json.dumps(dump(report)))


@pytest.mark.parametrize("name", REPORTS)
def test_round_trip(name: str) -> None:
    assert load(through_json(REPORTS[name])) == REPORTS[name]


@pytest.mark.parametrize("name", REPORTS)
def test_json_document_loads_and_fits_the_schema(name: str) -> None:
    document = json.loads(render(REPORTS[name], "json"))
    VALIDATOR.validate(document)
    assert load(document) == REPORTS[name]


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(values(TargetReport))
def test_any_report_round_trips_and_fits_the_schema(target: TargetReport) -> None:
    report = Report((target,))
    document = through_json(report)
    assert load(document) == report
    codes = [f for p in document["targets"][0]["patches"] for f in p["findings"]]
    codes += document["targets"][0]["findings"]
    for finding in codes:
        finding["code"] = "BP101"
    wrong = [
        e
        for e in VALIDATOR.iter_errors(document)
        if e.validator not in ("minimum",)  # any number is tried, also negative lines
    ]
    assert not wrong, wrong[0].message


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(values(Texts3), values(LineEvidence))
def test_any_bytes_survive(texts: Texts3, line: LineEvidence) -> None:
    base = one_conflict_report()
    patch = base.targets[0].patches[0]
    hunk = replace(patch.files[0].hunks[0], texts=texts)
    finding = replace(patch.findings[0], evidence=(line,))
    file = replace(patch.files[0], hunks=(hunk,))
    made = replace(
        base,
        targets=(replace(base.targets[0], patches=(replace(patch, files=(file,), findings=(finding,)),)),),
    )
    assert load(through_json(made)) == made


def test_bytes_that_are_not_utf8_are_shown_beside_base64() -> None:
    document = dump(REPORTS["hostile"])
    patch = document["targets"][0]["patches"][0]
    difference = patch["files"][0]["hunks"][0]["differences"][0]
    assert difference["expected"][2] == "\ufffd\ufffd bytes\r"
    assert difference["expected_base64"] == [None, None, "//4gYnl0ZXMN"]
    assert "found_base64" not in difference
    assert patch["files"][0]["path"] == "a/<b>\ufffd|`.c" and patch["files"][0]["path_base64"]
    assert patch["trailers_base64"][1] is None


def test_keys_are_those_of_the_contract_in_one_order() -> None:
    document = dump(REPORTS["conflict"])
    assert list(document) == ["schema", "tool", "notes", "targets"] and document["schema"] == SCHEMA
    hunk = document["targets"][0]["patches"][0]["files"][0]["hunks"][1]
    for key in [
        "id",
        "number",
        "function",
        "functions",
        "target_path",
        "target_function",
        "target_functions",
        "placement",
        "reason",
        "line",
        "target_line",
        "offset",
        "texts",
        "proposal",
    ]:
        assert key in hunk
    assert hunk["texts"]["preimage"].startswith("static int userfaultfd_minor")
    assert hunk["texts"]["preimage_first"] == 241 and hunk["texts"]["target_ref"]["path"] == "mm/frob.c"
    evidence = document["targets"][0]["patches"][0]["findings"][0]["evidence"]
    assert list(evidence[0]) == ["tree", "path", "line", "text"]
    assert list(evidence[1]) == ["commit", "subject"] and evidence[3]["guard"] == "CONFIG_SHMEM"
    assert json.dumps(document) == json.dumps(dump(REPORTS["conflict"]))


def test_show_has_one_target_of_nulls() -> None:
    target = dump(REPORTS["show"])["targets"][0]
    assert (target["name"], target["revision"], target["verdict"]) == (None, None, None)


def test_unknown_fields_are_passed_over() -> None:
    document = through_json(REPORTS["clean"])
    document["later"] = 1
    document["targets"][0]["patches"][0]["later"] = {"x": []}
    VALIDATOR.validate(document)
    assert load(document) == REPORTS["clean"]


def broken(path: str, value: object) -> Any:
    document = copy.deepcopy(through_json(REPORTS["conflict"]))
    here: Any = document
    *way, last = path.split(".")
    for step in way:
        here = here[int(step)] if step.isdigit() else here[step]
    if value is KeyError:
        del here[last]
    else:
        here[int(last) if last.isdigit() else last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("schema", "backport-report/2", '"schema" is'),
        ("targets", {}, "report.targets must be a list, not an object"),
        ("targets.0.patches", KeyError, "report.targets[0].patches is missing"),
        ("targets.0.dirty", 1, "report.targets[0].dirty must be a truth value, not a number"),
        (
            "targets.0.patches.0.verdict",
            "fine",
            "report.targets[0].patches[0].verdict is 'fine', not one of clean",
        ),
        ("targets.0.patches.0.subject", None, "patches[0].subject must be a string, not null"),
        ("targets.0.patches.0.position", [1], "position must have 2 items, not 1"),
        (
            "targets.0.patches.0.files.0.hunks.1.line",
            "3",
            "hunks[1].line must be a whole number, not a string",
        ),
        (
            "targets.0.patches.0.files.0.hunks.1.texts.target_first",
            None,
            "texts.target_first must be a whole",
        ),
        ("targets.0.patches.0.findings.0.evidence.0", {}, "evidence[0] is none of LineEvidence"),
        ("targets.0.patches.0.subject_base64", "?", "subject_base64 is no base64"),
    ],
)
def test_a_wrong_document_is_one_clear_line(path: str, value: object, message: str) -> None:
    with pytest.raises(InputError) as caught:
        load(broken(path, value))
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_json_cannot_steer_a_terminal() -> None:
    text = render(REPORTS["hostile"], "json").decode()
    assert "\x1b" not in text and "\u202e" not in text
    assert "\\u202e" in text and "\\u001b" in text
