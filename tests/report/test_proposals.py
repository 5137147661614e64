"""A hunk's proposal in every form of a report: shown with the hunk, and harmless whatever stands in it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from backport.model import Report, Verdict
from backport.report import dump, load, render
from backport.report.published import schema
from backport.report.summary import fails
from tests.support.reports import every_report

TEXT = (
    "# likely (words): `a` <b>is</b> renamed\n@@ -1,1 +1,1 @@ f()\n-old </pre><script>x</script>\n"
    "+new\x1b[31m ``` | é\n"
)


def _report(text: str | None) -> Report:
    """The report of a conflict, with a proposal for each hunk that fails."""
    report = every_report()["conflict"]
    target = report.targets[0]
    patches = tuple(
        replace(
            patch,
            verdict=Verdict.ADAPTABLE if text else patch.verdict,
            files=tuple(
                replace(f, hunks=tuple(replace(h, proposal=text) if fails(h) else h for h in f.hunks))
                for f in patch.files
            ),
        )
        for patch in target.patches
    )
    verdict = Verdict.ADAPTABLE if text else target.verdict
    return replace(report, targets=(replace(target, patches=patches, verdict=verdict),))


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_it_is_shown_and_harmless(form: str) -> None:
    document = render(_report(TEXT), form, width=100).decode()
    without = render(_report(None), form, width=100).decode()
    assert "+new\\x1b[31m" in document and "\x1b" not in document and "+new" not in without
    assert "adaptable" in document and "backport adapt" in document
    assert ("likely (words)" in document) and "@@ -1,1 +1,1 @@ f()" in document
    if form == "html":
        assert "<script>" not in document and "&lt;script&gt;" in document
    if form == "markdown":
        assert "````" in document, "the fence is longer than any in the text"


def test_a_long_one_is_cut_unless_verbose() -> None:
    long = "# certain: long\n" + "".join(f"+line {n}\n" for n in range(200))
    assert "+line 199" not in render(_report(long), "text").decode()
    assert "more lines (--verbose)" in render(_report(long), "text").decode()
    assert "+line 199" in render(_report(long), "text", verbose=True).decode()


def test_json_keeps_it_and_sarif_stands() -> None:
    import jsonschema

    report = _report(TEXT)
    assert load(dump(report)) == report
    jsonschema.validate(json.loads(render(report, "json")), schema())
    sarif = [json.loads(render(_report(text), "sarif"))["runs"][0]["results"] for text in (TEXT, None)]
    assert sarif[0] == sarif[1] and sarif[0]
