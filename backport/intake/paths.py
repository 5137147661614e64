"""The paths on a diff's header lines: unquoted, without prefix, and safe."""

from __future__ import annotations

import re

from backport.errors import DamagedPatchError, UnsafePathError

DEV_NULL = b"/dev/null"

_ESCAPES = {
    b"a": b"\a",
    b"b": b"\b",
    b"t": b"\t",
    b"n": b"\n",
    b"v": b"\v",
    b"f": b"\f",
    b"r": b"\r",
    b'"': b'"',
    b"\\": b"\\",
}
_ESCAPE = re.compile(rb'\\([0-3][0-7]{2}|[abtnvfr"\\])')
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"')
_DATE = re.compile(rb"\s+\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?.*$|\s+\((?:revision|working copy).*$")
_WEEKDAY = re.compile(rb"\s+(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} .*\d{4}$")
_ORIG = re.compile(rb"(?:\.orig|\.old|\.bak|~)$")
_KEPT_PREFIX = re.compile(rb"[abciow12]/")


def unquote(name: bytes) -> bytes:
    """A name as git writes it, C-style quotes taken off (git-diff(1), core.quotePath)."""
    match = _QUOTED.fullmatch(name)
    return _unescape(match[1]) if match else name


def _unescape(text: bytes) -> bytes:
    def one(match: re.Match[bytes]) -> bytes:
        word = match[1]
        return _ESCAPES[word] if word in _ESCAPES else bytes([int(word, 8)])

    return _ESCAPE.sub(one, text)


def header_name(rest: bytes) -> tuple[bytes, bytes]:
    """Name and timestamp of what follows `--- ` or `+++ `."""
    quoted = _QUOTED.match(rest)
    if quoted:
        return _unescape(quoted[1]), rest[quoted.end() :].strip()
    name, tab, stamp = rest.partition(b"\t")
    if not tab:
        for pattern in (_DATE, _WEEKDAY):
            match = pattern.search(name)
            if match:
                return name[: match.start()], name[match.start() :].strip()
    return name.rstrip(), stamp.strip()


def git_names(rest: bytes) -> tuple[bytes, bytes] | None:
    """Both names of a `diff --git` line, or None where they cannot be told apart.

    git quotes neither blanks nor marks the border: two unquoted names are told apart by being the
    same path after their prefixes (git-diff(1), "a/ and b/ filenames are the same")."""
    rest = rest.rstrip()
    quoted = _QUOTED.match(rest)
    if quoted:
        return _unescape(quoted[1]), unquote(rest[quoted.end() :].strip())
    if rest.endswith(b'"') and b' "' in rest:
        first, _, second = rest.partition(b' "')
        return first, unquote(b'"' + second)
    cuts = [i for i, byte in enumerate(rest) if byte == 0x20]
    for cut in cuts:
        left, right = rest[:cut], rest[cut + 1 :]
        if left == right or left.partition(b"/")[2] == right.partition(b"/")[2] != b"":
            return left, right
    if len(cuts) == 1:
        return rest[: cuts[0]], rest[cuts[0] + 1 :]
    return None


def strip_count(old: bytes, new: bytes) -> int | None:
    """How many leading components the two names of one file carry, None where nothing tells.

    The same name twice has no prefix; otherwise it is the part in which they differ, at least one
    component (patch -p1)."""
    if DEV_NULL in (old, new):
        return None
    plain = _ORIG.sub(b"", old)
    if old == new or plain == new or old == _ORIG.sub(b"", new):
        first = new.partition(b"/")[0]
        prefixed = b"/" in new and (first in (b"a", b"b", b".") or first.startswith(b"linux"))
        return 1 if prefixed and old != new else 0
    left, right = plain.split(b"/"), _ORIG.sub(b"", new).split(b"/")
    if len(left) == len(right):
        for count in range(1, len(left)):
            if left[count:] == right[count:]:
                return count
    return None


def has_prefix(name: bytes) -> bool:
    """Whether a name begins with one of git's prefixes (a/ b/ and the mnemonic ones)."""
    return bool(_KEPT_PREFIX.match(name))


def safe_path(name: bytes, strip: int, document: str, line: int) -> str:
    """The path in the tree, `strip` components taken off.

    Raises UnsafePathError for a path that leaves the tree or enters `.git`, DamagedPatchError where
    nothing is left of it."""
    shown = name.decode("utf-8", "replace")
    if name.startswith(b"/"):
        raise UnsafePathError(f"{document}:{line}: the path {shown!r} is absolute", "it is refused")
    parts = name.split(b"/")
    parts = [x for x in parts[min(strip, len(parts) - 1) :] if x not in (b"", b".")]
    if not parts or b"\0" in name or b"\n" in name:
        raise DamagedPatchError(document, line, f"{shown!r} names no file")
    for part in parts:
        if part == b"..":
            raise UnsafePathError(f"{document}:{line}: the path {shown!r} leaves the tree", "it is refused")
        if part.lower().rstrip(b". ") in (b".git", b"git~1"):
            raise UnsafePathError(f"{document}:{line}: the path {shown!r} enters .git", "it is refused")
    return b"/".join(parts).decode("utf-8", "surrogateescape")
