"""Errors that end a run, and nothing else.

A conflict, a missing file or an unreadable hunk is a *value* of the model; an exception means that
the program could not analyse what it was given. Every error says in one line what was wrong, where,
and what to do next; the command line prints exactly that line and exits with `exit_code`.
"""

from __future__ import annotations


class BackportError(Exception):
    """Something a user can put right. `str(error)` is one line.

    `what` says what was wrong and where, `hint` what to do next ("" when `what` says it already).
    """

    exit_code = 2

    def __init__(self, what: str, hint: str = "") -> None:
        self.what = " ".join(what.split())
        self.hint = " ".join(hint.split())
        super().__init__(f"{self.what}; {self.hint}" if self.hint else self.what)


class UsageError(BackportError):
    """The words of the command do not fit together."""


class InputError(BackportError):
    """A document cannot be read as a patch, series or mail."""


class NoDiffError(InputError):
    """A document was read and holds no diff."""


class DamagedPatchError(InputError):
    """A diff is damaged beyond a certain repair. `line` is the 1-based line of the document."""

    def __init__(self, document: str, line: int, what: str, hint: str = "") -> None:
        self.document = document
        self.line = line
        super().__init__(f"{document}:{line}: {what}", hint)


class UnsafePathError(InputError):
    """A patch names a path that leaves the tree (`../`, absolute, `.git`)."""


class TooLargeError(InputError):
    """An input is larger than the settings allow."""


class TargetError(BackportError):
    """A target cannot be opened: no such folder, not a repository, unknown revision."""


class RepositoryError(BackportError):
    """git refused, an object is missing, or a repository is damaged."""


class MissingObjectError(RepositoryError):
    """An object is named and not here (partial or shallow clone, damaged repository)."""


class SettingsError(BackportError):
    """A settings file is wrong. The message names file and line."""

    def __init__(self, path: str, line: int | None, what: str, hint: str = "") -> None:
        self.path = path
        self.line = line
        super().__init__(f"{path}:{line}: {what}" if line else f"{path}: {what}", hint)


class MissingExtraError(BackportError):
    """An optional part is not installed; the message names the extra."""


class Cancelled(Exception):
    """The caller's `cancel` answered true. Not an error: nothing is wrong with the input."""
