"""Is the change there? Cases in which the truth is known, as files in `cases`: a file dropped in is a test.

A case is a sentence, then sections: `--- before PATH`, `--- after PATH` (the patch is their difference),
`--- target PATH`, and `--- expect`, of which each line is `bare N: WORDS` (the diff alone, no base) or
`base N: WORDS` (as a commit of a repository that the target shares) for hunk N. Words: a placement; `there`
(applied or evolved), `lands`; `!` before any of these for not; a function `f()`, `enum e` or `struct s` of the
target that the change is in; `PATH:LINE`, its line of the target.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from backport.engine import check
from backport.model import HunkReport, Report, Series
from tests.placement.support import check_commits, hunks, patch_of, target_of
from tests.support.repo import Repo

FOLDER = Path(__file__).parent / "cases"

_SECTION = re.compile(r"--- (before|after|target|expect)(?: (\S+))?\n")


@dataclass
class Case:
    """A case file: three trees, and the words expected of each hunk, by mode ("bare", "base")."""

    trees: dict[str, dict[str, str]] = field(
        default_factory=lambda: {"before": {}, "after": {}, "target": {}}
    )
    expect: dict[str, dict[int, str]] = field(default_factory=lambda: {"bare": {}, "base": {}})


def read_case(path: Path) -> Case:
    case = Case()
    section, name = "", ""
    for line in path.read_text().splitlines(keepends=True):
        if match := _SECTION.fullmatch(line):
            section, name = match[1], match[2] or ""
            if section != "expect":
                case.trees[section][name] = ""
        elif section == "expect":
            mode, number, words = re.fullmatch(r"(bare|base) (\d+): (.+)\n", line).groups()  # type: ignore[union-attr]
            case.expect[mode][int(number)] = words
        elif section:
            case.trees[section][name] += line
    return case


def difference(case: Case) -> bytes:
    """The patch, as `git diff` writes it, without the ids of blobs."""
    with tempfile.TemporaryDirectory() as top:
        for side in ("before", "after"):
            for path, text in case.trees[side].items():
                file = Path(top) / side[0] / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
        words = ["git", "diff", "--no-index", "--no-prefix", "b", "a"]
        diff = subprocess.run(words, cwd=top, capture_output=True, check=False).stdout
    return b"".join(x for x in diff.splitlines(keepends=True) if not x.startswith(b"index "))


def bare(case: Case, top: Path) -> Report:
    files = {path: text.encode() for path, text in case.trees["target"].items()}
    return check(Series((patch_of(difference(case)),)), [target_of(files)])


def with_base(case: Case, top: Path) -> Report:
    repo = Repo(top)
    repo.commit({**case.trees["before"]})
    repo.branch("target")
    gone = {path: None for path in case.trees["before"] if path not in case.trees["target"]}
    onto = repo.commit({**gone, **case.trees["target"]})
    repo.branch("patch", "main")
    return check_commits(repo, [repo.commit({**case.trees["after"]})], onto)


MODES = {"bare": bare, "base": with_base}


def problems(hunk: HunkReport, words: str) -> Iterator[str]:
    """What of the words does not hold for a hunk."""
    assert hunk.placement is not None
    labels = r"(?:enum |struct )?\w+\(\)|(?:enum|struct) \w+"
    for word in re.findall(rf"{labels}|\S+", words):
        if re.fullmatch(labels, word):
            if word not in hunk.target_functions:
                yield f"in {hunk.target_functions}, not {word}"
        elif ":" in word:
            place = f"{hunk.target_path}:{hunk.target_line}"
            if place != word:
                yield f"at {place}, not {word}"
        else:
            name = word.removeprefix("!")
            true = {"there": hunk.placement.there, "lands": hunk.placement.lands}
            if true.get(name, hunk.placement == name) == word.startswith("!"):
                yield f"{hunk.placement} ({hunk.reason}), not {word}"


CASES = sorted(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("path", CASES, ids=[p.stem for p in CASES])
def test_case(path: Path, mode: str, tmp_path: Path) -> None:
    case = read_case(path)
    found = {h.number: h for h in hunks(MODES[mode](case, tmp_path))}
    assert set(found) == set(case.expect[mode]), "the hunks of the patch"
    wrong = [
        f"hunk {n}: {why}" for n, words in case.expect[mode].items() for why in problems(found[n], words)
    ]
    assert not wrong, [
        (h.placement, h.reason, h.detail, h.target_path, h.target_line) for h in found.values()
    ]


def test_there_are_cases_of_both_kinds() -> None:
    """Names say what holds: there, later, missing."""
    stems = {p.stem.split("-")[0] for p in CASES}
    assert stems == {"there", "later", "missing"} and len(CASES) >= 40
    for path in CASES:
        words = [w for found in read_case(path).expect.values() for w in found.values()]
        if path.stem.startswith("missing-"):
            assert any("!there" in w or "!applied" in w or "lands" in w for w in words), path.stem


def test_a_wrong_expectation_fails(tmp_path: Path) -> None:
    """The words are looked at."""
    case = read_case(FOLDER / "there-same.txt")
    (hunk,) = hunks(bare(case, tmp_path))
    assert not list(problems(hunk, "applied ring_resize() drivers/ring.c:44"))
    for words in ("!applied", "!there", "lands", "evolved", "other()", "drivers/ring.c:41"):
        assert len(list(problems(hunk, words))) == 1, words
