"""One frozen value for everything that can be set, and where it comes from.

Later wins: the defaults, the user's file, the target's `.backport.toml`, the environment
(`BACKPORT_*`), the flags of the command. Tables (`repositories`, `targets`, `rules`) are merged name
by name. Every error names the file and, where there is one, the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from backport.errors import SettingsError
from backport.model import Severity

POLICIES = ("stable", "android", "plain")
CONFLICT_STYLES = ("merge", "diff3")
COLORS = ("auto", "always", "never")
FORMATS = ("text", "json", "markdown", "html", "sarif")
LEVELS = ("off", "note", "warning", "error")
PREFIX = "BACKPORT_"

_RULE = re.compile(r"BP\d(\d\d)?")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SIZE = re.compile(r"(\d+)\s*(?:([KMG])(?:i?B)?|B)?", re.IGNORECASE)
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


class _Wrong(Exception):
    """A value does not fit: `what` completes "NAME ...", `key` is the name within a table."""

    def __init__(self, what: str, key: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.key = key


# --- the kinds of values -----------------------------------------------------------------------


def _number(low: int, high: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, str) and re.fullmatch(r"-?\d{1,18}", value.strip()):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise _Wrong(f"must be a whole number, not {_kind(value)}")
        if not low <= value <= high:
            raise _Wrong(f"must be from {low} to {high}, not {value}")
        return value

    return read


def _size(value: object) -> int:
    if isinstance(value, str):
        match = _SIZE.fullmatch(value.strip())
        if not match:
            raise _Wrong(f'must be a size such as 67108864 or "64M", not {value!r}')
        value = int(match[1]) * _UNITS[(match[2] or "").upper()]
    return _number(1, 1 << 40)(value)


def _choice(names: tuple[str, ...]) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str):
            raise _Wrong(f"must be a string, not {_kind(value)}")
        if value not in names:
            raise _Wrong(f"must be one of {', '.join(names)}, not {value!r}{_meant(value, names)}")
        return value

    return read


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _Wrong(f"must be a string, not {_kind(value)}")
    return value


def _table(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise _Wrong(f"must be a table, not {_kind(value)}")
    return value


def _places(value: object) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, place in _table(value).items():
        if not _NAME.fullmatch(name):
            raise _Wrong("is no name: letters, digits, '.', '_' and '-' only", name)
        if not isinstance(place, str) or not place:
            raise _Wrong(f"must be a path, not {_kind(place) if place != '' else 'empty'}", name)
        found[name] = place
    return found


def _rules(value: object) -> dict[str, str]:
    found: dict[str, str] = {}
    if isinstance(value, str):
        pairs = [x.partition("=") for x in value.split(",") if x.strip()]
        value = {name.strip(): level.strip() for name, _, level in pairs}
    for code, level in _table(value).items():
        if not _RULE.fullmatch(code):
            raise _Wrong("is no rule: BP301 is one rule, BP3 all of its family", code)
        if level not in LEVELS:
            raise _Wrong(f"must be one of {', '.join(LEVELS)}, not {level!r}", code)
        found[code] = str(level)
    return found


def _kind(value: object) -> str:
    names = {bool: "a truth value", int: "a number", float: "a fraction", str: "a string", list: "a list"}
    if isinstance(value, Mapping):
        return "a table"
    return names.get(type(value), "a date or time")


def _meant(name: str, names: tuple[str, ...]) -> str:
    """` (did you mean ...?)` for a misspelt name, or nothing."""
    import difflib  # only here, as below: for an error's text

    close = difflib.get_close_matches(name.lower().replace("-", "_"), names, n=1, cutoff=0.6)
    return f" (did you mean {close[0]}?)" if close else ""


# --- the one value -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Settings:
    """What can be set. `SETTINGS` describes each field; values are checked by `load_settings`."""

    policy: str = "plain"
    context_fuzz: int = 2
    conflict_style: str = "merge"
    rename_similarity: int = 50
    max_input_bytes: int = 64 << 20
    max_file_bytes: int = 16 << 20
    budget_steps: int = 2_000_000
    rules: Mapping[str, str] = field(default_factory=dict, hash=False)
    repositories: Mapping[str, str] = field(default_factory=dict, hash=False)
    targets: Mapping[str, str] = field(default_factory=dict, hash=False)
    format: str = "text"
    color: str = "auto"
    width: int = 0
    difference_lines: int = 12

    def severity(self, code: str, default: Severity) -> Severity | None:
        """The severity of a rule's findings: its own setting, its family's ("BP3"), the default.
        None when it is off."""
        level = self.rules.get(code) or self.rules.get(code[:3])
        if level is None:
            return default
        return None if level == "off" else Severity(level)

    def target(self, spec: str) -> str:
        """What a target's name stands for: the spec itself where it is no name. `NAME@REV` of a named
        repository is its path and the revision."""
        spec = self.targets.get(spec, spec)
        name, at, revision = spec.partition("@")
        return f"{self.repositories[name]}{at}{revision}" if name in self.repositories else spec


@dataclass(frozen=True, slots=True)
class Setting:
    """One row of the table of settings. `type` is for people; `target` says whether a target's own
    `.backport.toml` may set it (a target is not trusted: no paths, no limits)."""

    name: str
    type: str
    help: str
    read: Callable[[object], object]
    target: bool = False
    environment: bool = True

    @property
    def default(self) -> object:
        return getattr(_DEFAULTS, self.name)

    @property
    def variable(self) -> str:
        """Its environment variable ("" when it has none)."""
        return PREFIX + self.name.upper() if self.environment else ""


_DEFAULTS = Settings()

SETTINGS: tuple[Setting, ...] = (
    Setting(
        "policy",
        "stable, android or plain",
        "whose rules a backport must follow",
        _choice(POLICIES),
        True,
    ),
    Setting(
        "context_fuzz",
        "number, 0 to 10",
        "context lines at each end of a hunk that may be ignored, as patch -F has it",
        _number(0, 10),
        True,
    ),
    Setting(
        "conflict_style",
        "merge or diff3",
        "how conflict markers are written, as git's merge.conflictStyle",
        _choice(CONFLICT_STYLES),
        True,
    ),
    Setting(
        "rename_similarity",
        "number, 1 to 100",
        "how alike two files are, in percent, to be taken for a rename",
        _number(1, 100),
        True,
    ),
    Setting("max_input_bytes", "size", "the largest document that is read as a patch", _size),
    Setting("max_file_bytes", "size", "the largest file of a tree that is looked into", _size),
    Setting(
        "budget_steps",
        "number",
        "steps of search that one patch may take before what is known is reported",
        _number(1, 1 << 50),
    ),
    Setting(
        "rules",
        "table: rule = off, note, warning or error",
        "the severity of a rule (BP301) or of a family of rules (BP3)",
        _rules,
        True,
    ),
    Setting(
        "repositories",
        "table: name = path",
        "names for repositories, for --upstream and before the @ of --onto",
        _places,
        environment=False,
    ),
    Setting(
        "targets",
        "table: name = target",
        "names for targets, for --onto; a target is REPO@REV or a folder",
        _places,
        environment=False,
    ),
    Setting("format", "text, json, markdown, html or sarif", "the form of a report", _choice(FORMATS)),
    Setting("color", "auto, always or never", "colours in text reports", _choice(COLORS)),
    Setting("width", "number, 0 to 1000", "columns of a text report (0: the terminal's)", _number(0, 1000)),
    Setting(
        "difference_lines",
        "number, 1 to 1000",
        "lines of a difference that a text report shows without --verbose",
        _number(1, 1000),
    ),
)

_BY_NAME = {s.name: s for s in SETTINGS}
_NAMES = tuple(_BY_NAME)
assert set(_NAMES) == {f.name for f in fields(Settings)}


# --- reading it --------------------------------------------------------------------------------


def load_settings(
    *,
    user_file: Path | None = None,
    target_file: bytes | None = None,
    target_name: str = ".backport.toml",
    environment: Mapping[str, str] | None = None,
    flags: Mapping[str, object] | None = None,
) -> Settings:
    """The settings of one run.

    `user_file` must exist when it is given; `target_file` is the content of the target's
    `.backport.toml`, which errors call `target_name`. `flags` are settings by name, None where the
    flag was not given. Raises SettingsError.
    """
    layers: list[Mapping[str, object]] = []
    home = (environment or {}).get("HOME", "")
    if user_file is not None:
        found = _read_toml(_read_file(user_file), str(user_file), trusted=True)
        layers.append(_with_places(found, user_file.absolute().parent, home))
    if target_file is not None:
        layers.append(_read_toml(target_file, target_name, trusted=False))
    layers.append(_read_environment(environment or {}))
    layers.append(_read_flags(flags or {}))
    return _merge(layers)


def switched_off(target_file: bytes, target_name: str = ".backport.toml") -> tuple[str, ...]:
    """The rules and families of rules that a target's `.backport.toml` switches off. Raises SettingsError."""
    rules = _read_toml(target_file, target_name, trusted=False).get("rules")
    return tuple(sorted(k for k, v in rules.items() if v == "off")) if isinstance(rules, dict) else ()


def user_settings_path(environment: Mapping[str, str]) -> Path | None:
    """`$XDG_CONFIG_HOME/backport/config.toml`, or below `~/.config`; None without a home."""
    folder = environment.get("XDG_CONFIG_HOME", "")
    if not folder.startswith("/"):
        home = environment.get("HOME", "")
        if not home:
            return None
        folder = f"{home}/.config"
    return Path(folder) / "backport" / "config.toml"


def _merge(layers: list[Mapping[str, object]]) -> Settings:
    merged: dict[str, object] = {}
    for layer in layers:
        for name, value in layer.items():
            before = merged.get(name)
            if isinstance(value, dict) and isinstance(before, dict):
                value = {**before, **value}
            merged[name] = value
    return Settings(**merged)  # type: ignore[arg-type]


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise SettingsError(str(path), None, f"cannot be read: {why}") from error


def _read_toml(data: bytes, where: str, *, trusted: bool) -> dict[str, object]:
    import tomllib  # only here, as below: most runs have no file of settings

    text = _decode(data, where)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(where, _error_line(str(error), text), f"is no TOML: {error}") from error
    lines = key_lines(text)
    found: dict[str, object] = {}
    for name, value in document.items():
        line = lines.get((name,))
        setting = _BY_NAME.get(name)
        if setting is None:
            raise SettingsError(where, line, f"unknown setting {name!r}{_meant(name, _NAMES)}")
        if not trusted and not setting.target:
            raise SettingsError(where, line, f"{name} may not be set by a target", "set it in your own file")
        try:
            found[name] = setting.read(value)
        except _Wrong as wrong:
            path = (name, wrong.key) if wrong.key else (name,)
            raise SettingsError(where, lines.get(path, line), f"{'.'.join(path)} {wrong.what}") from wrong
    return found


def _decode(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsError(where, line, "is not UTF-8", "save it as UTF-8") from error


def _error_line(message: str, text: str) -> int:
    """tomllib says the place in its message only: "(at line 3, column 4)", "(at end of document)"."""
    match = re.search(r"at line (\d+)", message)
    return int(match[1]) if match else max(1, len(text.splitlines()))


def _with_places(found: dict[str, object], folder: Path, home: str) -> dict[str, object]:
    """Paths of the user's file made absolute: `~/` is the home, others are relative to the file."""
    out = dict(found)
    repositories = found.get("repositories")
    names: set[str] = set()
    if isinstance(repositories, dict):
        out["repositories"] = {k: _place(v, folder, home) for k, v in repositories.items()}
        names = set(repositories)
    targets = found.get("targets")
    if isinstance(targets, dict):
        out["targets"] = {
            k: v if v.rpartition("@")[0] in names or v in names else _place(v, folder, home)
            for k, v in targets.items()
        }
    return out


def _place(place: str, folder: Path, home: str) -> str:
    if place.startswith("~/") and home:
        return home.rstrip("/") + place[1:]
    return place if place.startswith("/") else str(folder / place)


def _read_environment(environment: Mapping[str, str]) -> dict[str, object]:
    """BACKPORT_* variables. Unknown ones are others' business, unless they look misspelt."""
    variables = {s.variable: s for s in SETTINGS if s.variable}
    found: dict[str, object] = {}
    for variable, value in sorted(environment.items()):
        if not variable.startswith(PREFIX) or value == "":
            continue
        setting = variables.get(variable)
        if setting is None:
            import difflib

            close = difflib.get_close_matches(variable, list(variables), n=1, cutoff=0.88)
            if close:
                raise SettingsError(variable, None, "unknown variable", f"did you mean {close[0]}?")
            continue
        found[setting.name] = _read_one(setting, value, variable)
    return found


def _read_flags(flags: Mapping[str, object]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in flags.items():
        if value is not None:
            found[name] = _read_one(_BY_NAME[name], value, "--" + name.replace("_", "-"))
    return found


def _read_one(setting: Setting, value: object, where: str) -> object:
    try:
        return setting.read(value)
    except _Wrong as wrong:
        what = f"{wrong.key} {wrong.what}" if wrong.key else wrong.what
        raise SettingsError(where, None, what) from wrong


# --- where a key of a TOML document stands -----------------------------------------------------

_KEY = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:""(?!")|"(?!"))?'
    r"|'''.*?'''(?:''(?!')|'(?!'))?"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SCALAR = re.compile(r"[^\s,\]}#]+")


def key_lines(text: str) -> dict[tuple[str, ...], int]:
    """The line (1-based) of every key and table head of a TOML document that tomllib accepts.

    The first place wins for a name that several lines build up (`a.x = 1`, `a.y = 2`).
    """
    return _KeyScanner(text).scan()


class _KeyScanner:
    """Walks over a document once. It trusts the syntax, which tomllib has checked before."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[tuple[str, ...], int] = {}

    def scan(self) -> dict[tuple[str, ...], int]:
        prefix: tuple[str, ...] = ()
        self._space()
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                self._skip("[")
                prefix = self._key(())
                self._skip("]")
            else:
                self._pair(prefix)
                self.at = self._end_of_line()
            self._space()
        return self.lines

    def _space(self) -> None:
        match = _SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _skip(self, mark: str) -> None:
        while self.at < len(self.text) and self.text[self.at] in mark + " \t":
            self.at += 1

    def _end_of_line(self) -> int:
        end = self.text.find("\n", self.at)
        return len(self.text) if end < 0 else end

    def _pair(self, prefix: tuple[str, ...]) -> None:
        path = self._key(prefix)
        self._skip("=")
        self._value(path)

    def _key(self, prefix: tuple[str, ...]) -> tuple[str, ...]:
        """A dotted key; notes the line of each of its parts."""
        path = prefix
        while match := _KEY.match(self.text, self.at):
            path = (*path, _unquoted(match[0]))
            self.lines.setdefault(path, self.text.count("\n", 0, self.at) + 1)
            self.at = match.end()
            self._skip("")
            if self.text[self.at : self.at + 1] != ".":
                break
            self._skip(".")
        return path

    def _value(self, path: tuple[str, ...]) -> None:
        if match := _STRING.match(self.text, self.at):
            self.at = match.end()
        elif self.text.startswith("{", self.at):
            self._items("}", lambda: self._pair(path))
        elif self.text.startswith("[", self.at):
            self._items("]", lambda: self._value(path))
        elif match := _SCALAR.match(self.text, self.at):
            self.at = match.end()

    def _items(self, end: str, item: Callable[[], None]) -> None:
        self.at += 1
        while True:
            self._space()
            here = self.text[self.at : self.at + 1]
            if here == ",":
                self.at += 1
            elif here in (end, ""):
                self.at += 1
                return
            else:
                before = self.at
                item()
                self.at = max(self.at, before + 1)


def _unquoted(key: str) -> str:
    if key[0] == "'":
        return key[1:-1]
    if key[0] != '"':
        return key
    import tomllib

    return str(tomllib.loads(f"k = {key}")["k"])
