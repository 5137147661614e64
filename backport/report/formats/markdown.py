"""The report for a forge or a mail: GitHub's dialect of Markdown.

All text of a patch or a tree stands in code spans or fences that are longer than any run of
backticks in it, so that it can neither format the page nor address anybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from backport.model import (
    GOOD_VERDICTS,
    FileReport,
    Finding,
    HunkReport,
    PatchReport,
    PlacementKind,
    Report,
    TargetReport,
    Verdict,
)
from backport.report.causes import cause_sentences, drift_words, feature_words, see_words
from backport.report.formats import Style
from backport.report.history import neighbours, ways
from backport.report.steps import next_steps
from backport.report.summary import (
    evidence_words,
    fails,
    has_matrix,
    hunks,
    is_show,
    placement_words,
    plural,
    provenance_words,
    short,
    skipped_words,
    target_sentence,
    target_title,
    verdict_sentence,
)
from backport.report.terminal import harmless
from backport.report.told import once, untold

_MARKS = {True: "✅", False: "❌", None: "⚠️"}
_ESCAPED = re.compile(r"([\\`*_\[\]#|<>~&$])|^([-+]|\d+[.)])(?=\s)")


def render(report: Report, style: Style) -> bytes:
    """The document."""
    lines = list(_show(report) if is_show(report) else _check(report, style))
    return ("\n".join(lines).rstrip("\n") + "\n").encode("utf-8", "backslashreplace")


def code(text: str | bytes) -> str:
    """Anybody's text as a code span, on one line."""
    shown = harmless(text)
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") or not shown else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def cell(text: str) -> str:
    """A code span or own words within a table, whose bars are escaped."""
    return text.replace("|", "\\|")


def words(text: str) -> str:
    """Our own words with somebody's names in them: nothing in them is markup, nobody is addressed."""
    return _ESCAPED.sub(_escape, harmless(text)).replace("@", "@\u2060")


def _escape(match: re.Match[str]) -> str:
    return f"{match[0][:-1]}\\{match[0][-1]}"


def block(lines: list[str], language: str = "") -> list[str]:
    """A fenced block."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence + language, *lines, fence, ""]


# --- the parts -----------------------------------------------------------------------------------


def _check(report: Report, style: Style) -> Iterator[str]:
    yield from _verdicts(report)
    if style.quiet:
        return
    yield from _causes(report)
    for note in report.notes:
        yield from [words(note), ""]
    if has_matrix(report):
        yield from _matrix(report.targets)
    for target in report.targets:
        if len(report.targets) > 1:
            yield from [f"## {code(target_title(target))}", ""]
        for number, patch in enumerate(target.patches, 1):
            yield from _patch(target, patch, number)
        yield from _series(target)


def _causes(report: Report) -> Iterator[str]:
    """Why hunks do not land, with the verdicts."""
    told = [(t, x) for t in report.targets for x in cause_sentences(t)]
    for target, sentence in told:
        where = f"{code(target_title(target))}: " if len(report.targets) > 1 else ""
        yield f"- **Cause:** {where}{_step(sentence)}"
    if told:
        yield ""


def _show(report: Report) -> Iterator[str]:
    for target in report.targets:
        for number, patch in enumerate(target.patches, 1):
            yield from _patch(target, patch, number)


def _mark(verdict: Verdict | None) -> str:
    if verdict in (Verdict.PARTIAL, Verdict.ADAPTABLE):
        return _MARKS[None]
    return _MARKS[verdict in GOOD_VERDICTS]


def _verdicts(report: Report) -> Iterator[str]:
    yield from ["| verdict | target | |", "| --- | --- | --- |"]
    for target in report.targets:
        sentence = words(target_sentence(target))
        verdict = f"{_mark(target.verdict)} **{target.verdict or 'unknown'}**"
        yield f"| {verdict} | {cell(code(target_title(target)))} | {sentence} |"
    yield ""


def _matrix(targets: tuple[TargetReport, ...]) -> Iterator[str]:
    patches = max(targets, key=lambda t: len(t.patches)).patches
    if not patches:
        return
    yield "| patch | " + " | ".join(cell(code(t.name or "")) for t in targets) + " |"
    yield "| --- |" + " --- |" * len(targets)
    for row, patch in enumerate(patches):
        verdicts = [t.patches[row].verdict if row < len(t.patches) else None for t in targets]
        shown = " | ".join(f"{_mark(v)} {v}" if v else "" for v in verdicts)
        yield f"| {row + 1}. {cell(code(patch.subject))} | {shown} |"
    yield ""


def _patch(target: TargetReport, patch: PatchReport, number: int) -> Iterator[str]:
    of = len(target.patches)
    head = f"{number}/{of} " if of > 1 else ""
    yield from [f"### {head}{code(patch.subject or '(no subject)')}", ""]
    if patch.verdict is not None and of > 1:
        sentence = words(verdict_sentence((patch,), patch.verdict))
        yield from [f"{_mark(patch.verdict)} **{patch.verdict}**: {sentence}", ""]
    steps = next_steps(patch)
    if steps:
        yield from ["**Next:** " + " ".join(_step(s) for s in steps), ""]
    yield from (f"- {words(line)}" for line in provenance_words(patch))
    yield from (f"- repaired, line {r.line}: {words(r.what)}" for r in patch.repairs)
    yield ""
    yield from _table(patch)
    for file, hunk in hunks(patch):
        if fails(hunk) or hunk.placement is PlacementKind.EVOLVED:
            yield from _hunk(file, hunk)
    yield from _findings("Findings", once(untold(patch.findings, patch, target)))
    yield from _neighbours(patch)
    yield from _comments(patch)


def _step(step: str) -> str:
    """Our own sentence; the commands in it are code already, names are not."""
    return "".join(part if i % 2 else words(part) for i, part in enumerate(re.split(r"(`[^`]+`)", step)))


def _table(patch: PatchReport) -> Iterator[str]:
    if not patch.files:
        return
    placed = patch.verdict is not None
    head = "| file | hunk | function | line |" + (" target | placement |" if placed else "")
    rows = [row for file in patch.files for row in _rows(file, placed)]
    large = len(rows) > 24
    if large:
        summary = f"{plural(len(patch.files), 'file')}, {plural(len(rows), 'row')}"
        yield from [f"<details><summary>{summary}</summary>", ""]
    yield from [head, "| --- |" + " --- |" * (head.count("|") - 2), *rows, ""]
    if large:
        yield from ["</details>", ""]


def _rows(file: FileReport, placed: bool) -> Iterator[str]:
    name = cell(code(file.path))
    if file.target_path and file.target_path != file.path:
        name += f" → {cell(code(file.target_path))}"
    if not file.hunks:
        what = "binary" if file.binary else file.kind.value
        yield f"| {name} | | {what} | |" + (" | |" if placed else "")
    for i, hunk in enumerate(file.hunks):
        function = cell(code(hunk.function)) if hunk.function else "(file scope)"
        row = f"| {name if not i else ''} | {hunk.number} | {function} | {hunk.line} |"
        if placed:
            shown = words(placement_words(file, hunk))
            row += f" {hunk.target_line or ''} | {f'**{shown}**' if fails(hunk) else shown} |"
        yield row


def _hunk(file: FileReport, hunk: HunkReport) -> Iterator[str]:
    where = code(hunk.target_path or file.path)
    function = f", {code(hunk.function)}" if hunk.function else ""
    title = f"Hunk {hunk.number}{function} in {where}: {words(placement_words(file, hunk))}"
    yield from ["<details" + (" open" if fails(hunk) else "") + "><summary>", "", title, "", "</summary>", ""]
    if hunk.detail:
        yield from [words(hunk.detail), ""]
    listed = [f"- {_step(drift_words(hunk, d))}" for d in hunk.drift]
    rest = see_words(hunk)
    if listed or rest:
        yield from [*listed, *([f"- {words(rest)}"] if rest else []), ""]
    for difference in hunk.differences:
        expected = [f"-{harmless(x, tabs=8)}" for x in difference.expected]
        found = [f"+{harmless(x, tabs=8)}" for x in difference.found]
        yield from [f"At line {difference.line} of the target, `-` expected and `+` found:", ""]
        yield from block([*expected, *found], "diff")
    if hunk.proposal:
        yield from ["Proposed, against the target:", ""]
        shown = (x[:1] + harmless(x[1:]) for x in hunk.proposal.removesuffix("\n").split("\n"))
        yield from block(list(shown), "diff")
    if hunk.texts is not None:
        names = ("preimage", "postimage", "target")
        for name in names:
            excerpt = getattr(hunk.texts, name)
            if excerpt is not None:
                yield from [f"{name}, from line {excerpt.first}:", ""]
                yield from block([harmless(x) for x in excerpt.text.removesuffix(b"\n").split(b"\n")], "c")
    yield from ["</details>", ""]


def _findings(title: str, findings: Sequence[Finding]) -> Iterator[str]:
    if not findings:
        return
    yield from [f"**{title}**", ""]
    for finding in findings:
        yield f"- **{finding.severity}** {finding.code}: {words(finding.message)}"
        for evidence in finding.evidence:
            yield f"  - {code(evidence_words(evidence, harmless))}"
        if finding.suggestion:
            yield f"  - → {words(finding.suggestion)}"
    yield ""


def _neighbours(patch: PatchReport) -> Iterator[str]:
    for title, listed in neighbours(patch):
        yield from [f"**{title}**", ""]
        yield from (f"- {code(short(x.commit))} {code(x.subject)} {words(x.words)}" for x in listed)
        yield ""
    if patch.answers:
        yield from ["**Ways to make it land (tried)**", "", *(f"- {words(x)}" for x in ways(patch)), ""]


def _comments(patch: PatchReport) -> Iterator[str]:
    if not patch.comments:
        return
    yield from [f"<details><summary>{plural(len(patch.comments), 'review comment')}</summary>", ""]
    for comment in patch.comments:
        place = f" on {code(f'{comment.file}:{comment.line}')}" if comment.file else ""
        yield from [f"{code(comment.author)}{place}", ""]
        yield from block([harmless(x) for x in comment.text.splitlines()])
    yield from ["</details>", ""]


def _series(target: TargetReport) -> Iterator[str]:
    yield from _findings("Of the series", target.findings)
    if target.features:
        yield from ["**Features**", ""]
        for feature in target.features:
            yield f"- {words(feature_words(feature))}"
            yield from (f"  - {code(evidence_words(e, harmless))}" for e in feature.evidence)
        yield ""
    if target.skipped:
        yield from [f"Not run: {words(skipped_words(target.skipped))}", ""]
