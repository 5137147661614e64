"""A diff as values: unidiff reads the hunks, the header lines are read here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from backport.errors import DamagedPatchError
from backport.intake.paths import DEV_NULL, git_names, has_prefix, safe_path, strip_count, unquote
from backport.intake.scan import RawFile, RawHunk, scan
from backport.intake.text import Text
from backport.model import ChangeKind, FileChange, Hunk, HunkLine, LineKind, Repair

_BLOBS = re.compile(rb"([0-9a-f]{4,64})(?:,[0-9a-f,]+)?\.\.([0-9a-f]{4,64})(?:\s+([0-7]{6}))?")
_EPOCH = re.compile(
    rb"(?:1969-12-31|1970-01-01)[ T]|Thu Jan  ?1 \d\d:\d\d:\d\d 1970|Wed Dec 31 \d\d:\d\d:\d\d 1969"
)
_PERCENT = re.compile(rb"(\d{1,3})%")
_MODE = re.compile(rb"[0-7]{5,6}")
_KINDS = {" ": LineKind.CONTEXT, "+": LineKind.ADDED, "-": LineKind.REMOVED}


class ParsedDiff(NamedTuple):
    """The files of a diff in its order, and what had to be mended to read them."""

    files: tuple[FileChange, ...]
    repairs: tuple[Repair, ...]


def parse_diff(data: bytes, name: str, *, first_line: int = 1) -> ParsedDiff:
    """The diffs in `data`, whatever text stands around them; no files where there is none.

    `name` is the document's in errors, `first_line` the document's line of the first line of
    `data`. Hunks are numbered from 1 through all files. Bytes are kept as they are, whatever their
    encoding. Raises DamagedPatchError (with the line) where it is not certain what a diff says, and
    UnsafePathError for a path that leaves the tree."""
    return parse_text(Text.of(data, first_line), name)


def parse_text(text: Text, name: str) -> ParsedDiff:
    """`parse_diff` for lines that remember their numbers."""
    scanner = scan(text, name)
    hunks = _hunks([x for file in scanner.files for x in file.hunks], name)
    strips = _strips(scanner.files)
    files: list[FileChange] = []
    done = 0
    for raw, strip in zip(scanner.files, strips, strict=True):
        own = tuple(hunks[done : done + len(raw.hunks)])
        done += len(raw.hunks)
        files.append(_file(raw, strip, own, name))
    return ParsedDiff(tuple(files), scanner.repairs)


# --- hunks, by unidiff -------------------------------------------------------------------------


def _hunks(raw: Sequence[RawHunk], name: str) -> list[Hunk]:
    """The hunks as unidiff reads them: each as a file of its own, so that none can hide another."""
    if not raw:
        return []
    from unidiff.errors import UnidiffParseError
    from unidiff.patch import PatchSet

    lines: list[str] = []
    numbers: list[int] = []
    for hunk in raw:
        block = [b"--- a/x", b"+++ b/x", hunk.header, *hunk.lines]
        lines.extend(x.decode("latin-1") + "\n" for x in block)
        numbers.extend([hunk.header_line] * 3)
        numbers.extend(hunk.numbers)
    try:
        patch = PatchSet(lines)
    except UnidiffParseError as error:
        raise DamagedPatchError(name, raw[0].header_line, f"the diff cannot be read: {error}") from None
    found = [hunk for file in patch for hunk in file]
    if len(found) != len(raw):
        raise DamagedPatchError(name, raw[0].header_line, "a hunk of the diff cannot be read")
    return [_hunk(number, hunk, numbers) for number, hunk in enumerate(found, 1)]


def _hunk(number: int, hunk: object, numbers: Sequence[int]) -> Hunk:
    from unidiff.patch import Hunk as Parsed

    assert isinstance(hunk, Parsed)
    lines: list[HunkLine] = []
    for line in hunk:
        if line.line_type == "\\":
            last = lines[-1]
            lines[-1] = HunkLine(last.kind, last.text, False, last.document_line)
            continue
        text = line.value.removesuffix("\n").encode("latin-1")
        place = numbers[line.diff_line_no - 1] if line.diff_line_no else 0
        lines.append(HunkLine(_KINDS[line.line_type], text, True, place))
    return Hunk(
        number,
        hunk.source_start,
        hunk.source_length,
        hunk.target_start,
        hunk.target_length,
        hunk.section_header.encode("latin-1"),
        tuple(lines),
    )


# --- files -------------------------------------------------------------------------------------


def _strips(files: Sequence[RawFile]) -> list[int]:
    """How many leading components each file's names carry; one file tells for those that do not."""
    known = [_strip(x) for x in files]
    first = next((x for x in known if x is not None), 1)
    return [first if x is None else x for x in known]


def _strip(file: RawFile) -> int | None:
    if file.git:
        pair = git_names(file.rest)
        moved = unquote(file.extended.get("rename from") or file.extended.get("copy from") or b"")
        if pair and moved:
            return 0 if pair[0] == moved else pair[0].count(b"/") - moved.count(b"/") or 1
        if pair:
            return 0 if pair[0] == pair[1] else strip_count(*pair) or 1
    if file.old is None or file.new is None:
        return None
    if file.index_name is not None and file.index_name == file.new:
        one = strip_count(file.old, file.new)
        return one if one is not None else _index_strip(file)
    if DEV_NULL in (file.old, file.new):
        return 1 if has_prefix(file.new if file.old == DEV_NULL else file.old) else None
    return strip_count(file.old, file.new)


def _index_strip(file: RawFile) -> int | None:
    """quilt writes `Index: tree/path` for -p1 and the path alone for -p0."""
    name = file.index_name or b""
    return 1 if has_prefix(name) or name.startswith(b"linux") else None


def _names(file: RawFile) -> tuple[bytes, bytes]:
    """Old and new name with prefixes; DEV_NULL where there is no file."""
    if file.old is not None and file.new is not None:
        return file.old, file.new
    pair = git_names(file.rest)
    return pair if pair else (b"", b"")


def _file(raw: RawFile, strip: int, hunks: tuple[Hunk, ...], name: str) -> FileChange:
    extended = raw.extended
    old_name, new_name = _names(raw)
    moved_from = extended.get("rename from") or extended.get("copy from") or extended.get("rename old")
    moved_to = extended.get("rename to") or extended.get("copy to") or extended.get("rename new")
    if moved_from and moved_to:
        old, new = _path(unquote(moved_from), 0, name, raw), _path(unquote(moved_to), 0, name, raw)
    else:
        if not old_name or not new_name or _one_sided(raw):
            raise DamagedPatchError(
                name, raw.line, "the names on this `diff --git` line cannot be told apart"
            )
        old, new = _path(old_name, strip, name, raw), _path(new_name, strip, name, raw)
    kind = _kind(raw, hunks)
    if kind is ChangeKind.ADD:
        old = ""
    elif kind is ChangeKind.DELETE:
        new = ""
    elif kind not in (ChangeKind.RENAME, ChangeKind.COPY):
        # `x.c.orig` and `x.c`, or two trees' names of one file: the change is to the file it leaves.
        old = new = _shorter(old, new)
    if not old and not new:
        raise DamagedPatchError(name, raw.line, "a file's header names no file")
    return _assemble(raw, kind, (old, new), hunks)


def _one_sided(raw: RawFile) -> bool:
    """Whether only one of the names has a prefix (`--src-prefix` with `--no-prefix`): nothing then
    tells which components are the path's."""
    pair = git_names(raw.rest) if raw.git else None
    if pair is None or pair[0] == pair[1]:
        return False
    return pair[0].endswith(b"/" + pair[1]) or pair[1].endswith(b"/" + pair[0])


def _shorter(old: str, new: str) -> str:
    """GNU patch's choice among names: the one with fewer components, then the shorter; here the
    new one among equals."""
    if not old or not new:
        return old or new
    return old if old.count("/") < new.count("/") or (new.startswith(old) and len(old) < len(new)) else new


def _path(name: bytes, strip: int, document: str, raw: RawFile) -> str:
    return "" if name == DEV_NULL else safe_path(name, strip, document, raw.line)


def _kind(raw: RawFile, hunks: tuple[Hunk, ...]) -> ChangeKind:
    extended = raw.extended
    if "new file mode" in extended or raw.old == DEV_NULL or _from_nothing(raw, hunks):
        return ChangeKind.ADD
    if "deleted file mode" in extended or raw.new == DEV_NULL or _to_nothing(raw, hunks):
        return ChangeKind.DELETE
    if "rename from" in extended or "rename old" in extended:
        return ChangeKind.RENAME
    if "copy from" in extended:
        return ChangeKind.COPY
    changes = bool(hunks) or raw.binary is not None
    return ChangeKind.MODE if "old mode" in extended and not changes else ChangeKind.MODIFY


def _from_nothing(raw: RawFile, hunks: tuple[Hunk, ...]) -> bool:
    """GNU diff -N dates a file that is not there 1970-01-01; other tools give no date."""
    if raw.git or len(hunks) != 1 or hunks[0].old_count or hunks[0].old_start:
        return False
    return not raw.old_stamp or bool(_EPOCH.search(raw.old_stamp))


def _to_nothing(raw: RawFile, hunks: tuple[Hunk, ...]) -> bool:
    if raw.git or len(hunks) != 1 or hunks[0].new_count or hunks[0].new_start:
        return False
    return bool(_EPOCH.search(raw.new_stamp))


def _assemble(raw: RawFile, kind: ChangeKind, paths: tuple[str, str], hunks: tuple[Hunk, ...]) -> FileChange:
    extended = raw.extended
    blobs = _BLOBS.match(extended.get("index", b""))
    both = blobs[3].decode() if blobs and blobs[3] else ""
    old_mode = _mode(extended.get("old mode") or extended.get("deleted file mode")) or both
    new_mode = _mode(extended.get("new mode") or extended.get("new file mode")) or both
    percent = _PERCENT.match(extended.get("similarity index", b""))
    return FileChange(
        kind=kind,
        old_path=paths[0],
        new_path=paths[1],
        hunks=hunks,
        old_mode="" if kind is ChangeKind.ADD else old_mode,
        new_mode="" if kind is ChangeKind.DELETE else new_mode,
        old_blob=_blob(blobs[1]) if blobs else "",
        new_blob=_blob(blobs[2]) if blobs else "",
        similarity=int(percent[1]) if percent else None,
        binary=raw.binary,
    )


def _mode(value: bytes | None) -> str:
    match = _MODE.match(value or b"")
    return match[0].decode() if match else ""


def _blob(value: bytes) -> str:
    """An id, or "" for git's id of nothing (all zeros)."""
    return "" if not value.strip(b"0") else value.decode()
