"""HTML and Markdown: hostile text stays text."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from backport.model import Excerpt, PlacementKind, Report, Texts3, Verdict
from backport.report import render
from backport.report.formats.markdown import block, code, words
from backport.report.sidebyside import Fold, rows
from tests.support.reports import POSTIMAGE, PREIMAGE, TARGET_TEXT, every_report, file, hunk, patch, target

REPORTS = every_report()
VOID = {"meta", "br", "col"}


class Page(HTMLParser):
    """All tags with their attributes; complains of tags that do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def page(report: Report) -> Page:
    return Page(render(report, "html").decode())


@pytest.mark.parametrize("name", REPORTS)
def test_the_page_is_whole_and_needs_nothing_else(name: str) -> None:
    found = page(REPORTS[name])
    names = {tag for tag, _ in found.tags}
    assert not names & {"script", "img", "link", "iframe", "b", "i", "object", "form"}
    for _, attributes in found.tags:
        assert not [a for a in attributes if a.startswith("on") or a in ("src", "style")]
        assert (attributes.get("href") or "#").startswith("#")
    ids = [a["id"] for _, a in found.tags if "id" in a]
    assert len(ids) == len(set(ids))
    links = [a["href"] for _, a in found.tags if a.get("href")]
    assert {(x or "")[1:] for x in links} <= set(ids)


def test_hostile_text_is_shown_as_text() -> None:
    shown = "".join(page(REPORTS["hostile"]).text)
    assert "<script>alert(1)</script>" in shown and "</pre><script>x</script>" in shown
    assert '"><img src=x onerror=alert(1)>' in shown
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", shown)


def test_the_verdict_comes_first() -> None:
    found = page(REPORTS["conflict"]).text
    shown = " ".join(" ".join(found[found.index("Does it land?") :]).split())
    assert shown.startswith("Does it land? conflict linux-source-6.1 (6.1.192) 2 of 9 hunks do not land")


def test_there_are_colours_for_light_dark_and_paper() -> None:
    style = render(REPORTS["clean"], "html").decode()
    assert "prefers-color-scheme: dark" in style and "@media print" in style


# --- the three texts


def texts(pre: bytes | None, post: bytes | None, there: bytes | None) -> Texts3:
    return Texts3(*(None if x is None else Excerpt(x, 10) for x in (pre, post, there)))


def test_lines_that_belong_together_stand_in_a_row() -> None:
    made = rows(texts(PREIMAGE, POSTIMAGE, TARGET_TEXT))
    cells = [r for r in made if not isinstance(r, Fold)]
    both = next(r for r in cells if r[0] and b"userfaultfd_wp" in r[0].text)
    assert both[1] and both[1].text == both[0].text and both[2] and both[2].mark == "differs"  # type: ignore[union-attr]
    added = [r[1] for r in cells if r[1] and r[1].mark == "added"]
    assert [c.text for c in added] == [b"\tif (vma_is_shmem(vma))", b"\t\treturn shmem_minor(vma, addr);"]
    removed = rows(texts(b"a\nb\nc\n", b"a\nc\n", b"a\nb\nc\n"))
    assert [r[0].mark for r in removed if not isinstance(r, Fold) and r[0]] == ["", "removed", ""]


def test_every_line_of_each_text_is_there_once_in_order() -> None:
    for made in (
        texts(PREIMAGE, POSTIMAGE, TARGET_TEXT),
        texts(b"a\n", None, b"b\nc\n"),
        texts(None, b"x\n", b"y\nz"),
    ):
        unfolded = [r for r in rows(made, around=1000) if not isinstance(r, Fold)]
        for column, excerpt in enumerate((made.preimage, made.postimage, made.target)):
            found = [r[column] for r in unfolded if r[column] is not None]
            lines = excerpt.text.removesuffix(b"\n").split(b"\n") if excerpt else []
            assert [c.text for c in found if c] == lines
            assert [c.number for c in found if c] == list(range(10, 10 + len(lines)))


def test_long_stretches_that_are_alike_are_folded() -> None:
    same = b"".join(b"line %d\n" % n for n in range(50))
    made = rows(texts(same + b"x\n", same + b"y\n", same + b"x\n"))
    assert made[0] == Fold(46)


# --- Markdown


@pytest.mark.parametrize("name", REPORTS)
def test_markdown_has_no_tag_of_anybody_else(name: str) -> None:
    shown = render(REPORTS[name], "markdown").decode()
    fences = re.sub(r"(?ms)^(`{3,})\w*$.*?^\1$", "", shown)
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", fences)
    tags = set(re.findall(r"(?<!\\)</?\w+", outside))
    assert tags <= {"<details", "</details", "<summary", "</summary"}
    assert not re.search(r"@\w", outside)


def test_fences_are_longer_than_any_run_within() -> None:
    assert code("a`b``c") == "```a`b``c```"
    assert code("`") == "`` ` ``"
    assert block(["````"])[0] == "`````"
    assert words("a_b *c* <d> @e #1 |") == "a\\_b \\*c\\* \\<d\\> @\u2060e \\#1 \\|"
    assert words("- item") == "\\- item" and words("1. item") == "1\\. item"


def test_tables_have_as_many_cells_as_their_head() -> None:
    for name in ("conflict", "hostile", "series", "show"):
        shown = render(REPORTS[name], "markdown").decode()
        for table in re.findall(r"(?m)(?:^\|.*\|$\n)+", shown):
            counts = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
            assert len(counts) == 1, table


def test_a_conflict_is_open_and_a_later_form_is_folded() -> None:
    later = hunk(1, PlacementKind.EVOLVED)
    bad = hunk(2, PlacementKind.CONFLICT)
    report = Report((target("t", Verdict.CONFLICT, patch("s", Verdict.CONFLICT, file("a.c", later, bad))),))
    shown = render(report, "markdown").decode()
    assert (
        shown.index("<details>")
        < shown.index("Hunk 1")
        < shown.index("<details open>")
        < shown.index("Hunk 2")
    )


def test_an_empty_report_is_a_page_too() -> None:
    for form in ("html", "markdown", "text"):
        assert render(Report(()), form).strip()
    bare = replace(REPORTS["clean"].targets[0], patches=())
    assert "No patches." in render(Report((bare,)), "html").decode()
