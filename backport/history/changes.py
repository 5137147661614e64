"""What commits change, line by line, without context."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from backport.git import ObjectStore
from backport.git.values import path_text

_OPTIONS = ("-p", "-U0", "-r", "-M", "--root", "--no-ext-diff", "--no-textconv", "--no-color", "--full-index")
_HEADER = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)")
_COMMIT = re.compile(rb"[0-9a-f]{40,64}\Z")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)")
_LETTERS = {b"n": b"\n", b"t": b"\t", b'"': b'"', b"\\": b"\\", b"a": b"\a", b"b": b"\b", b"r": b"\r"}


@dataclass(frozen=True, slots=True)
class Stretch:
    """One changed stretch: first lines (1-based; with no lines the line before), the lines without their feeds,
    and the function that git names in its header."""

    old: int
    removed: tuple[bytes, ...]
    new: int
    added: tuple[bytes, ...]
    section: bytes = b""


@dataclass(frozen=True, slots=True)
class FileChanges:
    """One file of a commit; `old_path` "" for a new file, `new_path` "" for a deleted one."""

    old_path: str
    new_path: str
    stretches: tuple[Stretch, ...] = ()

    @property
    def path(self) -> str:
        return self.new_path or self.old_path


@dataclass(frozen=True, slots=True)
class Changes:
    """All that a commit changes."""

    files: tuple[FileChanges, ...] = ()

    @property
    def added(self) -> Iterator[bytes]:
        return (line for f in self.files for s in f.stretches for line in s.added)

    @property
    def removed(self) -> Iterator[bytes]:
        return (line for f in self.files for s in f.stretches for line in s.removed)

    @property
    def lines(self) -> int:
        """Lines added and removed, together."""
        return sum(len(s.added) + len(s.removed) for f in self.files for s in f.stretches)

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(p for f in self.files for p in (f.old_path, f.new_path) if p))

    @property
    def patch_id(self) -> str:
        """The same for the same change, wherever it stands: paths and changed lines, white space aside (as git
        patch-id, without context). "" for no change."""
        digest = hashlib.sha256()
        for file in sorted(self.files, key=lambda f: f.path):
            digest.update(b"\0".join(_squeezed(file)))
        return digest.hexdigest() if self.files else ""


def _squeezed(file: FileChanges) -> Iterator[bytes]:
    yield file.path.encode("utf-8", "surrogateescape")
    for stretch in file.stretches:
        for mark, lines in ((b"-", stretch.removed), (b"+", stretch.added)):
            yield from (mark + b"".join(line.split()) for line in lines)


def read_changes(store: ObjectStore, commits: Sequence[str]) -> dict[str, Changes]:
    """What each commit (full id) changes against its first parent; merges and what is not here are left out."""
    if not commits:
        return {}
    stdin = "".join(f"{x}\n" for x in dict.fromkeys(commits)).encode("ascii")
    done = store.git("diff-tree", "--stdin", *_OPTIONS, stdin=stdin)
    found: dict[str, Changes] = {}
    for id, lines in _commits(done.out.split(b"\n")):
        found[id] = Changes(tuple(parse_changes(lines)))
    return found


def path_log(
    store: ObjectStore, tip: str, exclude: Iterable[str], path: str, limit: int
) -> dict[str, Changes]:
    """The changes to one file by the newest `limit` commits that touch it, newest first, renames followed."""
    revisions = [tip, *(f"^{x}" for x in exclude)]
    words = ("log", "--follow", f"--max-count={limit}", "--no-merges", "--format=%H", *_OPTIONS)
    done = store.git(*words, *revisions, "--", path.encode("utf-8", "surrogateescape"))
    if done.code:
        return {}
    return {id: Changes(tuple(parse_changes(lines))) for id, lines in _commits(done.out.split(b"\n"))}


def _commits(lines: Sequence[bytes]) -> Iterator[tuple[str, Sequence[bytes]]]:
    """Split at lines that are an id: within a diff every line begins with a mark or a word of git's."""
    heads = [n for n, line in enumerate(lines) if _COMMIT.match(line)]
    for head, end in zip(heads, [*heads[1:], len(lines)], strict=False):
        yield lines[head].decode("ascii"), lines[head + 1 : end]


def parse_changes(lines: Sequence[bytes]) -> Iterator[FileChanges]:
    """Read git's diff without context."""
    at, end = 0, len(lines)
    while at < end:
        if not lines[at].startswith(b"diff --git "):
            at += 1
            continue
        old, new, at = _names(lines, at + 1)
        stretches: list[Stretch] = []
        while at < end and (match := _HEADER.match(lines[at])):
            stretch, at = _stretch(lines, at, match)
            stretches.append(stretch)
        if old or new:
            yield FileChanges(old, new, tuple(stretches))


def _names(lines: Sequence[bytes], at: int) -> tuple[str, str, int]:
    """The paths in a file's header, and the index of its first hunk or of what follows."""
    old = new = renamed_from = renamed_to = ""
    while at < len(lines) and not lines[at].startswith((b"diff --git ", b"@@ ")):
        line = lines[at]
        if line.startswith(b"--- "):
            old = _path(line[4:], b"a/")
        elif line.startswith(b"+++ "):
            new = _path(line[4:], b"b/")
        elif line.startswith((b"rename from ", b"copy from ")):
            renamed_from = _path(line.partition(b" from ")[2], b"")
        elif line.startswith((b"rename to ", b"copy to ")):
            renamed_to = _path(line.partition(b" to ")[2], b"")
        at += 1
    return old or renamed_from, new or renamed_to, at


def _path(text: bytes, prefix: bytes) -> str:
    text = text.split(b"\t")[0] if not text.startswith(b'"') else text
    if text.startswith(b'"') and text.endswith(b'"'):
        text = _ESCAPE.sub(_unquoted, text[1:-1])
    return "" if text == b"/dev/null" else path_text(text.removeprefix(prefix))


def _unquoted(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 8)]) if len(match[1]) == 3 else _LETTERS.get(match[1], match[1])


def _stretch(lines: Sequence[bytes], at: int, match: re.Match[bytes]) -> tuple[Stretch, int]:
    counts = [1 if x is None else int(x) for x in (match[2], match[4])]
    removed: list[bytes] = []
    added: list[bytes] = []
    at += 1
    while at < len(lines) and (len(removed) < counts[0] or len(added) < counts[1] or lines[at][:1] == b"\\"):
        mark, text = lines[at][:1], lines[at][1:]
        if mark == b"-":
            removed.append(text)
        elif mark == b"+":
            added.append(text)
        elif mark != b"\\":
            break
        at += 1
    return Stretch(int(match[1]), tuple(removed), int(match[3]), tuple(added), match[5]), at
