"""Who commits here: the one thing for which the user's own git configuration is read."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping

from backport.git import process
from backport.git.values import decode
from backport.model import Person

_READ = (
    "EMAIL",
    "GIT_COMMITTER_EMAIL",
    "GIT_COMMITTER_NAME",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_NOSYSTEM",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_SYSTEM",
    "HOME",
    "XDG_CONFIG_HOME",
)


def committer(git_dir: str, environ: Mapping[str, str]) -> Person | None:
    """The committer that git would take: `GIT_COMMITTER_*`, or user.name and user.email of the repository at `git_dir`
    ("" none) or of the user. None where either is not set; nothing is made up from the machine's name."""
    values = _environment(git_dir, environ)
    words = ["git", "-c", "user.useConfigOnly=true", "-c", "safe.directory=*", "var", "GIT_COMMITTER_IDENT"]
    try:
        done = subprocess.run(words, cwd=git_dir or os.sep, env=values, capture_output=True, check=False)
    except OSError:
        return None
    name, _, rest = decode(done.stdout, "utf-8").rpartition("> ")[0].rpartition(" <")
    return (
        Person(name.strip(), rest.strip()) if not done.returncode and name.strip() and rest.strip() else None
    )


def setting(git_dir: str, environ: Mapping[str, str], name: str) -> str:
    """A value of the git configuration that counts for a repository, the user's own included; "" not set."""
    values = _environment(git_dir, environ)
    try:
        done = subprocess.run(
            ["git", "config", "--get", name],
            cwd=git_dir or os.sep,
            env=values,
            capture_output=True,
            check=False,
        )
    except OSError:
        return ""
    return done.stdout.decode("utf-8", "replace").strip() if not done.returncode else ""


def _environment(git_dir: str, environ: Mapping[str, str]) -> dict[str, str]:
    """A git process's environment in which the user's own configuration is read, of `environ`'s home."""
    values = process.environment(git_dir)
    kept = {n: v for n, v in values.items() if n not in _READ and not n.startswith("GIT_CONFIG")}
    return {**kept, **{n: environ[n] for n in _READ if n in environ}}
