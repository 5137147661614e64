"""The hunks of a patch on a terminal: the table, and what the target has instead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from backport.model import Difference, FileReport, HunkReport, PatchReport, PlacementKind
from backport.report.formats.text_causes import hunk_causes
from backport.report.summary import fails, hunks, number_list, placement_words, plural
from backport.report.terminal import clip, clip_middle, columns, harmless, pad

if TYPE_CHECKING:
    from backport.report.formats.text import Page

_QUIET = frozenset({PlacementKind.EXACT, PlacementKind.OFFSET, PlacementKind.APPLIED})
_PLACEMENT_MAX = 30
_WHOLE_FILES = 12
RED, BOLD = "1;31", "1"

Row = tuple[list[int], HunkReport, str, str]


class HunkTable:
    """Rows `hunk  function  line  target  placement`, columns alike for all files of a patch.

    Neighbours in one function with one placement share a row. When `compact`, a file none of whose
    hunks needs a look is one row.
    """

    def __init__(self, page: Page, patch: PatchReport, *, compact: bool) -> None:
        self.page = page
        self.compact = compact
        self.placed = any(h.placement is not None for _, h in hunks(patch))
        groups = [row for f in patch.files for row in _groups(f)]
        words = max((columns(words) for _, _, _, words in groups), default=0)
        self.placement = max(len("placement"), min(_PLACEMENT_MAX + max(0, (page.width - 80) // 2), words))
        self.number = max((len(number_list(n)) for n, _, _, _ in groups), default=1)
        self.number = max(self.number, len("hunk"))
        fixed = 4 + self.number + 2 + 2 + 6 + (2 + 6 + 2 + self.placement if self.placed else 0)
        names = max((columns(name) for _, _, name, _ in groups), default=0)
        self.function = max(len("function"), min(names, page.width - fixed))
        self.headed = False
        self.skipped: list[FileReport] = []

    def whole(self, file: FileReport) -> bool:
        """Whether the file is told in a row of its own at the end (see `rest`)."""
        quiet = self.compact and file.hunks and all(h.placement in _QUIET for h in file.hunks)
        if quiet and file.path == (file.target_path or file.path):
            self.skipped.append(file)
            return True
        return False

    def rows(self, file: FileReport) -> None:
        if file.hunks and not self.headed:
            self.headed = True
            head = self._row("hunk", "function", "line", "target", "placement" if self.placed else "", " ")
            self.page.line(head)
        for numbers, hunk, name, words in _groups(file):
            bad = fails(hunk)
            row = self._row(
                number_list(numbers),
                name,
                str(hunk.line or "-"),
                str(hunk.target_line or "-"),
                words,
                "!" if bad else " ",
            )
            self.page.line(self.page.paint(row, RED if bad else ""))

    def _row(self, number: str, function: str, line: str, target: str, words: str, mark: str) -> str:
        cells = [
            f"  {mark} " + pad(number, self.number, right=True),
            pad(_clip_name(function, self.function), self.function),
            pad(line, 6, right=True),
        ]
        if self.placed:
            cells += [pad(target, 6, right=True), clip_middle(words, self.placement)]
        return "  ".join(cells)

    def rest(self) -> None:
        """The files that need no look, one row each."""
        if not self.skipped:
            return
        self.page.gap()
        self.page.line(
            f"  {plural(len(self.skipped), 'file')} {'need' if len(self.skipped) > 1 else 'needs'}"
            " no look (every hunk: --verbose)"
        )
        counts = {f.path: plural(len(f.hunks), "hunk") for f in self.skipped}
        shown = self.skipped if len(self.skipped) <= _WHOLE_FILES + 1 else self.skipped[:_WHOLE_FILES]
        for file in shown:
            words = ", ".join(_kinds(file))
            right = f"{counts[file.path]:>9}  {words}"
            left = max(20, self.page.width - 6 - columns(right))
            self.page.line("    " + pad(clip_middle(harmless(file.path), left), left) + "  " + right)
        if len(shown) < len(self.skipped):
            self.page.line(f"    ... {len(self.skipped) - len(shown)} more files")


def _clip_name(name: str, width: int) -> str:
    """A function's name cut in its middle; what follows the name ("+1") stays."""
    if columns(name) > width:
        name = name.partition(" -> ")[0]
    head, mark, tail = name.rpartition(" +")
    return clip_middle(head, width - columns(mark + tail)) + mark + tail if head else clip_middle(name, width)


def _kinds(file: FileReport) -> Iterator[str]:
    seen: dict[str, None] = {}
    for hunk in file.hunks:
        seen.setdefault(str(hunk.placement))
    return iter(seen)


def _groups(file: FileReport) -> list[Row]:
    rows: list[Row] = []
    for hunk in file.hunks:
        name, words = _function(hunk), harmless(placement_words(file, hunk))
        if rows and not fails(hunk) and rows[-1][2:] == (name, words):
            rows[-1][0].append(hunk.number)
        else:
            rows.append(([hunk.number], hunk, name, words))
    return rows


def _function(hunk: HunkReport) -> str:
    function, functions = hunk.function, hunk.functions
    if not function and fails(hunk):  # Its own function is not known: the one that it was looked for in is.
        function, functions = hunk.target_function, hunk.target_functions
    name = harmless(function) or "(file scope)"
    more = len(functions) - 1
    if more > 0:
        name += f" +{more}"
    there = hunk.target_function
    moved = there and there not in hunk.functions and hunk.placement is not PlacementKind.MOVED
    return f"{name} -> {harmless(there)}" if moved and hunk.function else name


# --- what the target has instead -----------------------------------------------------------------


def shown_lines(patch: PatchReport) -> set[tuple[int, int]]:
    """(hunk, line of the target) of all that these two sections show."""
    return {
        (hunk.number, difference.line + i)
        for _, hunk in hunks(patch)
        if fails(hunk) or hunk.placement is PlacementKind.EVOLVED
        for difference in hunk.differences
        for i in range(max(1, len(difference.found)))
    }


def failing_hunks(page: Page, patch: PatchReport) -> None:
    """Each hunk that does not land, with what stands in the target in its place."""
    bad = [(f, h) for f, h in hunks(patch) if fails(h)]
    if not bad:
        return
    page.gap()
    page.line("  " + page.paint("Does not land", BOLD))
    for file, hunk in bad:
        where = harmless(hunk.target_path or file.path)
        text = f"hunk {hunk.number}, {_function(hunk)} in {where}: {harmless(placement_words(file, hunk))}"
        page.wrapped(text, "    ", "      ", paint=RED)
        if hunk.detail and hunk.detail != f"the code is in {hunk.target_path}":
            page.wrapped(harmless(hunk.detail), "      ")
        hunk_causes(page, hunk)
        _differences(page, hunk.differences, page.style.lines)
        _proposal(page, hunk)


def _proposal(page: Page, hunk: HunkReport) -> None:
    """What adapting gives for a hunk: how sure it is and why, and its lines against the target's."""
    lines = (hunk.proposal or "").removesuffix("\n").split("\n") if hunk.proposal else []
    most = len(lines) if page.style.verbose else 2 * page.style.lines
    for line in lines[:most]:
        if line.startswith("# "):
            page.wrapped(harmless(line[2:]), "      adapted, ", "        ")
            continue
        shown = line[:1] + harmless(line[1:])
        row = f"        | {shown}"
        page.line(row if page.style.verbose else clip(row, page.width))
    if len(lines) > most:
        page.line(f"        ... {len(lines) - most} more lines (--verbose)")


def later_forms(page: Page, patch: PatchReport) -> None:
    """Each hunk that is there in a later form, with what differs from it."""
    found = [(f, h) for f, h in hunks(patch) if h.placement is PlacementKind.EVOLVED]
    if not found:
        return
    page.gap()
    page.line("  " + page.paint("There in a later form", BOLD))
    for file, hunk in found:
        where = harmless(hunk.target_path or file.path)
        page.wrapped(f"hunk {hunk.number}, {_function(hunk)} in {where}", "    ", "      ")
        said = (f"in {hunk.target_path}", "in a later form")
        detail = "; ".join(x for x in hunk.detail.split("; ") if x not in said)
        if detail:
            page.wrapped(harmless(detail), "      ")
        hunk_causes(page, hunk)
        _differences(page, hunk.differences, max(4, page.style.lines // 2))


def _differences(page: Page, differences: tuple[Difference, ...], most: int) -> None:
    rows = [row for d in differences for row in _difference(d)]
    shown = rows if page.style.verbose or len(rows) <= most + 1 else rows[:most]
    label = max((len(x) for x, _ in shown), default=0) + 1
    indent = _common_indent([text for _, text in shown if text])
    for name, text in shown:
        line = "      " + pad(name, label) + ("(nothing)" if text is None else "| " + text[indent:])
        page.line(line if page.style.verbose else clip(line, page.width))
    if len(shown) < len(rows):
        page.line(f"      ... {len(rows) - len(shown)} more lines (--verbose)")


def _difference(difference: Difference) -> Iterator[tuple[str, str | None]]:
    """Label and text: `expected |  ...` as the patch has it, `target 226 |  ...` as it is there."""
    for i, text in enumerate(difference.expected or (None,)):
        yield "" if i else "expected", None if text is None else harmless(text)
    for i, text in enumerate(difference.found or (None,)):
        yield f"target {difference.line + i}", None if text is None else harmless(text)


def _common_indent(lines: list[str]) -> int:
    """The blanks that all lines begin with: the room is better used for the code."""
    return min((len(x) - len(x.lstrip(" ")) for x in lines if x.strip()), default=0)
