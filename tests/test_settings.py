"""Settings: where each comes from, and the line of each mistake."""

from __future__ import annotations

import pickle
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backport.errors import SettingsError
from backport.model import Severity
from backport.settings import SETTINGS, Settings, key_lines, load_settings, switched_off, user_settings_path


def wrong(text: str | bytes, *, target: bool = False, tmp: Path | None = None) -> SettingsError:
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(SettingsError) as caught:
        if target:
            load_settings(target_file=data, target_name="linux@v6.1:.backport.toml")
        else:
            assert tmp is not None
            file = tmp / "config.toml"
            file.write_bytes(data)
            load_settings(user_file=file)
    assert "\n" not in str(caught.value)
    return caught.value


def test_defaults_are_those_of_the_table() -> None:
    assert load_settings() == Settings()
    assert [s.name for s in SETTINGS] == [f.name for f in fields(Settings)]
    for setting in SETTINGS:
        assert setting.help and setting.type
        assert setting.read(setting.default) == setting.default or setting.default == ""


def test_later_wins(tmp_path: Path) -> None:
    user = tmp_path / "config.toml"
    user.write_text('context_fuzz = 0\npolicy = "stable"\nwidth = 90\ncolor = "never"\n')
    target = b'context_fuzz = 1\npolicy = "android"\n'
    environment = {"BACKPORT_WIDTH": "100", "BACKPORT_POLICY": "plain", "HOME": "/h"}
    flags = {"width": 120, "format": None}
    found = load_settings(user_file=user, target_file=target, environment=environment, flags=flags)
    assert (found.context_fuzz, found.policy, found.width, found.color) == (1, "plain", 120, "never")
    assert found.format == "text"


def test_tables_are_merged_name_by_name(tmp_path: Path) -> None:
    user = tmp_path / "config.toml"
    user.write_text('[rules]\nBP301 = "off"\nBP1 = "note"\n')
    found = load_settings(
        user_file=user,
        target_file=b'[rules]\nBP301 = "error"\n',
        environment={"BACKPORT_RULES": "BP2=warning, BP104=off"},
    )
    assert found.rules == {"BP301": "error", "BP1": "note", "BP2": "warning", "BP104": "off"}
    assert found.severity("BP301", Severity.NOTE) is Severity.ERROR
    assert found.severity("BP101", Severity.ERROR) is Severity.NOTE
    assert found.severity("BP104", Severity.NOTE) is None
    assert found.severity("BP501", Severity.WARNING) is Severity.WARNING


def test_what_a_target_switches_off() -> None:
    rules = b'[rules]\nBP301 = "error"\nBP104 = "off"\nBP1 = "off"\nBP2 = "note"\n'
    assert switched_off(rules) == ("BP1", "BP104")
    assert switched_off(b"context_fuzz = 1\n") == switched_off(b"") == ()
    with pytest.raises(SettingsError, match=r"tree:1: width may not be set"):
        switched_off(b"width = 80\n", "tree")


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "\ud800"])
def test_a_file_that_cannot_be(name: str) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(user_file=Path(name))


def test_sizes() -> None:
    for text, size in (("64M", 64 << 20), ("1 GiB", 1 << 30), ("10kb", 10 << 10), ("7", 7)):
        assert load_settings(environment={"BACKPORT_MAX_INPUT_BYTES": text}).max_input_bytes == size
    with pytest.raises(SettingsError, match="BACKPORT_MAX_INPUT_BYTES: must be a size"):
        load_settings(environment={"BACKPORT_MAX_INPUT_BYTES": "many"})


def test_places_of_the_users_file_are_found_from_it(tmp_path: Path) -> None:
    user = tmp_path / "config.toml"
    user.write_text(
        '[repositories]\nlinux = "~/src/linux"\nstable = "../stable"\nabs = "/srv/x.git"\n'
        '[targets]\nlts = "linux@v6.1"\nfolder = "trees/6.1"\n'
    )
    found = load_settings(user_file=user, environment={"HOME": "/home/me"})
    assert found.repositories == {
        "linux": "/home/me/src/linux",
        "stable": f"{tmp_path}/../stable",
        "abs": "/srv/x.git",
    }
    assert found.targets == {"lts": "linux@v6.1", "folder": f"{tmp_path}/trees/6.1"}
    assert found.target("lts") == "/home/me/src/linux@v6.1"
    assert found.target("linux@a@b") == "/home/me/src/linux@a@b"
    assert found.target("linux") == "/home/me/src/linux"
    assert found.target("other@v1") == "other@v1"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("# a comment\n\ncontext_fuz = 1\n", 3, "unknown setting 'context_fuz' (did you mean context_fuzz?)"),
        ("[rulez]\nBP301 = 'off'\n", 1, "unknown setting 'rulez' (did you mean rules?)"),
        ("xyzzy = 1\n", 1, "unknown setting 'xyzzy'"),
        ("policy = 'plain'\ncontext_fuzz = 'two'\n", 2, "context_fuzz must be a whole number, not a string"),
        ("context_fuzz = true\n", 1, "context_fuzz must be a whole number, not a truth value"),
        ("context_fuzz = 99\n", 1, "context_fuzz must be from 0 to 10, not 99"),
        ("policy = 'stabel'\n", 1, "(did you mean stable?)"),
        ("rules = 3\n", 1, "rules must be a table, not a number"),
        ("[rules]\nBP301 = 'off'\n\n\n'BP302' = 'loud'\n", 5, "rules.BP302 must be one of off, note"),
        ("[rules]\nBP1 = 'off'\nbp301 = 'off'\n", 3, "rules.bp301 is no rule"),
        ("[repositories]\na = '/x'\nb = 3\n", 3, "repositories.b must be a path, not a number"),
        ("repositories = { a = '/x',\n  'b c' = '/y' }\n", None, "is no TOML"),
        ("repositories = { a = '/x', 'b c' = '/y' }\n", 1, "repositories.b c is no name"),
        ("repositories.a = '/x'\nrepositories.b = ''\n", 2, "repositories.b must be a path, not empty"),
        ("policy = 'plain'\ncontext_fuzz =\n", 2, "is no TOML"),
        ("policy = 'plain'\npolicy = 'plain'\n", 2, "is no TOML"),
        ("[rules\n", 1, "is no TOML"),
        ("x = '''\nnever\nended", 3, "is no TOML"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(
    text: str, line: int | None, message: str, tmp_path: Path
) -> None:
    error = wrong(text, tmp=tmp_path)
    assert message in str(error)
    assert error.path == str(tmp_path / "config.toml")
    if line is not None:
        assert error.line == line and str(error).startswith(f"{error.path}:{line}: ")


def test_text_that_is_not_utf8_is_named_with_its_line(tmp_path: Path) -> None:
    error = wrong(b"policy = 'plain'\n# caf\xe9\n", tmp=tmp_path)
    assert error.line == 2 and "is not UTF-8" in str(error)


@pytest.mark.parametrize("name", [s.name for s in SETTINGS if not s.target])
def test_a_target_may_not_set_paths_or_limits(name: str) -> None:
    error = wrong(f"policy = 'plain'\n{name} = 1\n", target=True)
    assert error.line == 2 and f"{name} may not be set by a target" in str(error)
    assert str(error).startswith("linux@v6.1:.backport.toml:2: ")


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml: cannot be read: No such file"):
        load_settings(user_file=tmp_path / "none.toml")


def test_environment_passes_over_other_variables_and_catches_misspelt_ones() -> None:
    assert (
        load_settings(environment={"BACKPORT_REQUIRE": "all", "PATH": "/bin", "BACKPORT_WIDTH": ""})
        == Settings()
    )
    with pytest.raises(SettingsError, match="BACKPORT_WIDHT: unknown variable; did you mean BACKPORT_WIDTH"):
        load_settings(environment={"BACKPORT_WIDHT": "80"})
    with pytest.raises(SettingsError, match="BACKPORT_FORMAT: must be one of text"):
        load_settings(environment={"BACKPORT_FORMAT": "pdf"})


def test_flags_name_themselves() -> None:
    with pytest.raises(SettingsError, match="--width: must be from 0 to 1000, not -1"):
        load_settings(flags={"width": -1})


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"XDG_CONFIG_HOME": "/x", "HOME": "/h"}, Path("/x/backport/config.toml")),
        ({"XDG_CONFIG_HOME": "relative", "HOME": "/h"}, Path("/h/.config/backport/config.toml")),
        ({"HOME": "/h"}, Path("/h/.config/backport/config.toml")),
        ({}, None),
    ],
)
def test_where_the_users_file_is(environment: dict[str, str], expected: Path | None) -> None:
    assert user_settings_path(environment) == expected


def test_settings_travel_to_other_processes_and_are_hashable() -> None:
    made = load_settings(environment={"BACKPORT_RULES": "BP1=off"})
    assert pickle.loads(pickle.dumps(made)) == made
    assert hash(made) == hash(load_settings(environment={"BACKPORT_RULES": "BP1=off"}))


# --- the lines of keys


def test_lines_of_keys_in_every_form() -> None:
    text = (
        'a = """x\nb = 1\n"""\n'  # 1-3
        "c.d = {e = [1, {f = 2}], g = '}'}\n"  # 4
        '[t."q \\u0072"]\n'  # 5
        "x = 1979-05-27 07:32:00 # y = 1\n"  # 6
        "list = [\n  'a', # [\n  \"]\",\n]\n"  # 7-10
        "[[z]]\nk = '''\nm = 1'''\n"  # 11-13
        "n = 3\n"  # 14
    )
    tomllib.loads(text)
    assert key_lines(text) == {
        ("a",): 1,
        ("c",): 4,
        ("c", "d"): 4,
        ("c", "d", "e"): 4,
        ("c", "d", "e", "f"): 4,
        ("c", "d", "g"): 4,
        ("t",): 5,
        ("t", "q r"): 5,
        ("t", "q r", "x"): 6,
        ("t", "q r", "list"): 7,
        ("z",): 11,
        ("z", "k"): 12,
        ("z", "n"): 14,
    }


SCALARS = st.sampled_from(
    [
        "1",
        "-2.5e3",
        "true",
        "'lit # eral'",
        '"ba\\"sic ]"',
        '"""multi\n]\n"""',
        "'''a\n[x]\ny = 1'''",
        "1979-05-27",
    ]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3).map(lambda xs: "[\n" + ", # c\n".join(xs) + "\n]"),
    max_leaves=5,
)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(VALUES, st.sampled_from(["", "\n", "# note = 1\n\n"])), max_size=6))
def test_the_line_of_every_key_is_true(entries: list[tuple[str, str]]) -> None:
    text = ""
    expected: dict[tuple[str, ...], int] = {}
    for number, (value, after) in enumerate(entries):
        expected[(f"key{number}",)] = text.count("\n") + 1
        text += f"key{number} = {value}\n{after}"
    document: dict[str, Any] = tomllib.loads(text)
    assert len(document) == len(entries)
    assert key_lines(text) == expected
