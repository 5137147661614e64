"""The documents name all that there is, nothing that is not, and no place of anybody's machine."""

from __future__ import annotations

import io
import re
import shlex
from pathlib import Path

import pytest

from backport.checks import all_rules
from backport.cli.arguments import parse
from backport.cli.commands import COMMANDS
from backport.cli.console import Console
from backport.errors import UsageError
from backport.model import PlacementKind
from backport.settings import SETTINGS
from tests.demo.readme import rewritten

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
ARCHITECTURE = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
EXIT_CODES = ("0", "1", "2", "3", "130")


def rows(heading: str) -> dict[str, list[str]]:
    """The rows of the README's table whose head starts with `heading`, by their first cell."""
    lines = README.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    found = {}
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        cells = [cell.strip().replace("`", "") for cell in re.split(r"(?<!\\)\|", line.strip("|"))]
        found[cells[0]] = cells[1:]
    return found


def test_readme_names_every_command() -> None:
    assert list(rows("command")) == [f"backport {x.name}" for x in COMMANDS]


def test_readme_names_every_rule_with_its_severity() -> None:
    assert rows("code") == {x.code: [str(x.severity), x.title] for x in all_rules()}


def test_readme_names_every_setting_with_its_default() -> None:
    table = rows("setting")
    assert list(table) == [x.name for x in SETTINGS]
    for setting in SETTINGS:
        meaning, default, variable = table[setting.name]
        assert setting.help in meaning
        assert default == (str(setting.default) if setting.default not in ("", {}) else "")
        assert variable == setting.variable


def test_readme_names_what_a_target_may_set() -> None:
    paragraph = README[README.index("A target's `.backport.toml` may set") :].partition("only:")[0]
    assert set(re.findall(r"`([a-z_]+)`", paragraph)) == {x.name for x in SETTINGS if x.target}


def test_readme_names_every_exit_code() -> None:
    assert tuple(rows("exit code")) == EXIT_CODES


def test_readme_names_every_placement() -> None:
    paragraph = README[README.index("Placements are ") :].partition("\n\n")[0]
    assert set(re.findall(r"`([a-z]+)`", paragraph)) == {str(x) for x in PlacementKind}


def test_first_screen_tells_how_to_try_and_test() -> None:
    screen = "\n".join(README.splitlines()[:24])
    assert "make demo" in screen and "make test" in screen


def test_readme_is_written_anew_from_the_program() -> None:
    """The report, the rules and the settings; `python -m tests.demo.readme` puts them right."""
    assert rewritten(README) == README
    assert (
        len(README.partition("<!-- report -->")[2].partition("<!-- end of report -->")[0].splitlines()) > 20
    )
    assert rewritten(README.replace("| BP101 |", "| BP999 |")) == README


def test_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    named = set(re.findall(r"\bmake ([a-z]+)", README + ARCHITECTURE)) - {"what"}
    assert named and not [x for x in named if not re.search(rf"^{x}:", makefile, re.MULTILINE)]


def commands_of(text: str) -> list[str]:
    """The `backport ...` lines of the indented blocks, without comments and pipes."""
    lines = re.findall(r"^ {4}(?:.*\| )?(backport .*)$", text, re.MULTILINE)
    return [re.split(r"\s+#\s|\s\|\s", line)[0] for line in lines]


def parsed(line: str) -> None:
    """Parse a command line as the program does. Raises UsageError, SystemExit when it is wrong."""
    console = Console(io.BytesIO(), io.BytesIO(), io.StringIO(), {})
    parse(shlex.split(line)[1:], console)


@pytest.mark.parametrize("line", commands_of(README))
def test_recipes_are_right_command_lines(line: str) -> None:
    parsed(line)


def test_there_are_five_recipes_and_a_wrong_one_would_be_seen() -> None:
    section = README[README.index("## Recipes") :].partition("\n## ")[0]
    assert len(commands_of(section)) >= 5
    for wrong in ("backport check x --onto y --no-such-option", "backport chekc x", "backport check x"):
        with pytest.raises(UsageError):
            parsed(wrong)


def test_architecture_names_every_room() -> None:
    rooms = {x.parent.name for x in (ROOT / "backport").glob("*/__init__.py")}
    assert rooms and not [x for x in rooms if f"`{x}`" not in ARCHITECTURE]
    for word in ("grammars/backport_grammars", "web/backport_web", "tests/", "bench/", ".ci/"):
        assert word in ARCHITECTURE


def test_architecture_is_one_page_and_names_nothing_that_is_not_there() -> None:
    assert len(ARCHITECTURE.splitlines()) <= 150
    for path in re.findall(r"`((?:tests|cli|report|demo|git|checks)/[a-z_/.]+)`", ARCHITECTURE):
        assert (ROOT / path).exists() or (ROOT / "backport" / path).exists(), path


def test_no_document_names_a_place_of_a_machine() -> None:
    documents = [x for x in ROOT.rglob("*.md") if not {".venv", ".git"} & set(x.relative_to(ROOT).parts)]
    assert len(documents) >= 2
    for path in documents:
        text = path.read_text("utf-8")
        assert str(ROOT) not in text, path
        assert not re.findall(r"(?<![\w~])/(?:home|root|work|Users|mnt)/\S*", text), path
