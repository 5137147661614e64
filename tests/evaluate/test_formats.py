"""Counts, and an evaluation as text, JSON and a page."""

from __future__ import annotations

import re
from dataclasses import replace

from backport.evaluate import Case, CaseResult, Evaluation, Outcome, summary
from backport.evaluate.formats import render
from backport.evaluate.formats.html import lines
from backport.evaluate.formats.json import document
from backport.evaluate.formats.text import table
from backport.evaluate.values import Alarm, FileResult, Panes, PieceResult


def case(number: int, git: str = "conflict") -> Case:
    target, upstream, base, backport = (f"{number:02x}" * 19 + x for x in ("01", "02", "03", "04"))
    return Case(git, target, upstream, base, backport, "stable")


def conflict(number: int, outcome: Outcome, confidence: str = "", **more: object) -> CaseResult:
    result = CaseResult(case(number), outcome, confidence, seconds=number, memory_mib=10 * number)
    return replace(result, **more)  # type: ignore[arg-type]


ALARM = Alarm("BP202", "error", "src/a.c:3 `<script>` is not there")
PIECES = (
    PieceResult("a.c", "f()", 3, "words", "certain", "", "both sides changed different words"),
    PieceResult("a.c", "g()", 9, "names", "certain", "", "the target calls it so"),
)
REFUSED = (
    PieceResult("a.c", "f()", 3, "words", "certain"),
    PieceResult("b.c", "", 1, "", "", "both-changed"),
)
ALL = Evaluation(
    "stable-tree",
    (
        conflict(1, Outcome.EXACT, "certain", pieces=PIECES, kinds=("content",), days=100),
        conflict(2, Outcome.EQUIVALENT, "likely", kinds=("content",), days=400),
        conflict(3, Outcome.DIFFERENT, "likely", days=800, baselines={"wiggle": Outcome.EXACT}),
        conflict(4, Outcome.REFUSED, "guess", if_written=Outcome.DIFFERENT, kinds=("content", "add/add")),
        conflict(5, Outcome.REFUSED, pieces=REFUSED, baselines={"wiggle": Outcome.REFUSED}),
        conflict(6, Outcome.DIFFERENT),
        CaseResult(case(7, "identical"), alarms=(ALARM,), verdict="unsafe", seconds=0.5),
        CaseResult(case(8, "identical"), alarms=(ALARM,), mended="9" * 40),
        CaseResult(case(9, "identical")),
        CaseResult(case(10, "different"), alarms=(ALARM, ALARM)),
        CaseResult(case(11, "different"), error="killed after 120 s"),
    ),
    ("a note",),
)


def test_summary_counts_as_the_schema_says() -> None:
    found = summary.summary(ALL)
    counts = {"cases": 6, "exact": 1, "equivalent": 1, "different": 2, "refused": 2}
    assert {k: found["conflict"][k] for k in counts} == counts
    # What is written out as it is, without a doubt said, is taken for certain.
    assert found["conflict"]["certain"] == {
        "cases": 2,
        "exact": 1,
        "equivalent": 0,
        "different": 1,
        "refused": 0,
    }
    assert found["conflict"]["likely"]["cases"] == 2 and found["conflict"]["likely"]["different"] == 1
    assert found["conflict"]["guess"] == {
        "cases": 1,
        "exact": 0,
        "equivalent": 0,
        "different": 0,
        "refused": 1,
    }
    assert found["identical"] == {"cases": 3, "alarmed": 1, "mended": 1}
    assert found["different"] == {"cases": 2, "alarmed": 1, "mended": 0}
    assert (found["seconds_median"], found["seconds_max"], found["memory_mib"]) == (3, 6, 60)
    assert found["failed"] == 1


def test_nothing_is_no_error() -> None:
    nothing = Evaluation("x", ())
    assert summary.summary(nothing)["conflict"]["cases"] == 0
    for form in ("text", "json", "html"):
        assert render(nothing, form)


def test_the_breakdown_counts_a_case_in_each_row_that_fits() -> None:
    found = summary.breakdown(ALL)
    assert {k: v["cases"] for k, v in found["kind"].items()} == {"add/add": 1, "content": 3}
    assert {k: v["cases"] for k, v in found["strategy"].items()} == {"names": 1, "words": 2}
    assert {k: v["cases"] for k, v in found["refusal"].items()} == {"both-changed": 1}
    assert list(found["age"]) == ["under half a year", "one to two years", "over two years", "unknown"]
    assert found["if written"]["guess"]["different"] == 1
    assert summary.baselines(ALL)["wiggle"] == {
        "cases": 2,
        "exact": 1,
        "equivalent": 0,
        "different": 0,
        "refused": 1,
    }
    assert summary.alarms(ALL) == {"BP202": {"different": 1, "identical": 1}}


def test_text_is_tables_of_markdown() -> None:
    text = render(ALL, "text").decode()
    assert re.search(r"^\| conflicts +\| +6 \| +1 \| +1 \| +2 \| +2 \| +33.3 % \| +50.0 % \|$", text, re.M)
    assert re.search(r"^\| guess +\| +1 \|", text, re.M)
    assert re.search(r"^\| identical +\| +3 \| +1 \| +50.0 % \| +1 \|$", text, re.M)
    assert "Of 1 refused cases that a guess would complete 0 would be as the maintainer's." in text
    assert "1 failed." in text and text.rstrip().endswith("a note")
    for part in text.split("\n\n"):
        rows = [line for line in part.split("\n") if line.startswith("|")]
        assert len({len(row) for row in rows}) <= 1
        assert not rows or re.fullmatch(r"\|-+\|(-+:\|)+", rows[1])
    assert table(("a", "b"), [("x|y", "1")])[2] == "| x\\|y |   1 |"


def test_json_has_every_case_with_its_files_and_pieces() -> None:
    found = document(ALL)
    assert found["schema"] == "backport-evaluation/1"
    first, fourth = found["cases"][0], found["cases"][3]
    assert first["strategies"] == ["words", "names"] and len(first["pieces"]) == 2
    assert (first["outcome"], first["confidence"], first["branch_days"]) == ("exact", "certain", 100)
    assert (fourth["confidence"], fourth["if_written"]) == ("guess", "different")
    assert found["cases"][10]["error"] == "killed after 120 s"
    assert found["cases"][6]["alarms"][0]["code"] == "BP202"


PANES = Panes("@@ -1 +1 @@\n-int a;\n+int b;", "     1 int <a>;", "", "+<<<<<<< target\n+x\n+======= \n y")


def test_page_has_every_case_and_escapes_all() -> None:
    files = (FileResult("src/<b>.c", Outcome.DIFFERENT, "likely", PANES), FileResult("c.c", Outcome.EXACT))
    shown = replace(ALL.results[2], files=files, subject="fix <b>this</b>\u202e", error="killed & done")
    page = render(replace(ALL, results=(shown, *ALL.results[3:])), "html").decode()
    for result in ALL.results[2:]:
        assert page.count(f'id="{result.case.backport}-{result.case.upstream[:12]}"') == 1
    assert "<script" not in page and "<b>" not in page and "\u202e" not in page
    assert "src/&lt;b&gt;.c" in page and "int &lt;a&gt;;" in page and "killed &amp; done" in page
    assert [page.count(f"<h4>{x}</h4>") for x in ("upstream", "target", "maintainer", "proposal")] == [1] * 4
    assert '<span class="add">+int b;</span>' in page and '<span class="del">-int a;</span>' in page
    assert '<span class="mark">+&lt;&lt;&lt;&lt;&lt;&lt;&lt; target</span>' in page
    assert "left as it was" in page
    assert not re.search(r"""(?:src|href)=|url\(|@import""", page)
    # What was written out and differs is what a person must read: it comes first.
    assert page.index(shown.case.upstream[:12]) < page.index(ALL.results[3].case.upstream[:12])


def test_lines_know_what_they_are() -> None:
    tones = [line.tone for line in lines("@@ -1 @@\n+a\n-b\n c\n+>>>>>>> patch\n+=======x")]
    assert tones == ["hunk", "add", "del", "", "mark", "add"]
    assert lines("") == []
