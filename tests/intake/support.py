"""What the tests of intake share: hunks applied in Python, and patches made by the real git."""

from __future__ import annotations

from collections.abc import Mapping

from backport.intake import read_document
from backport.model import ChangeKind, FileChange, LineKind, Patch, Series
from backport.settings import Settings

SETTINGS = Settings()


def read(data: bytes | str, name: str = "x.patch") -> Series:
    return read_document(data.encode() if isinstance(data, str) else data, name, settings=SETTINGS)


def one(data: bytes | str, name: str = "x.patch") -> Patch:
    """The only patch of a document."""
    (patch,) = read(data, name).patches
    return patch


def lines_of(data: bytes) -> list[tuple[bytes, bool]]:
    """Lines without their line feed, and whether they had one."""
    if not data:
        return []
    parts = data.split(b"\n")
    tail = [(parts[-1], False)] if parts[-1] else []
    return [(x, True) for x in parts[:-1]] + tail


def patched(old: bytes, file: FileChange) -> bytes:
    """The file after its hunks, put in exactly where their headers say."""
    before = lines_of(old)
    after: list[tuple[bytes, bool]] = []
    done = 0
    for hunk in file.hunks:
        start = hunk.old_start - 1 if hunk.old_count else hunk.old_start
        after += before[done:start]
        at = start
        for line in hunk.lines:
            if line.kind is not LineKind.ADDED:
                assert before[at] == (line.text, line.newline), (at, line)
                at += 1
            if line.kind is not LineKind.REMOVED:
                after.append((line.text, line.newline))
        done = at
        assert hunk.old_count == len(hunk.preimage)
        assert hunk.new_count == len(hunk.postimage)
    after += before[done:]
    return b"".join(text + (b"\n" if newline else b"") for text, newline in after)


def apply(tree: Mapping[str, bytes], files: tuple[FileChange, ...]) -> dict[str, bytes]:
    """A tree of text files after a patch without binary changes."""
    result = dict(tree)
    gone = {x.old_path for x in files if x.kind in (ChangeKind.DELETE, ChangeKind.RENAME)}
    for path in gone:
        del result[path]
    for file in files:
        if file.new_path:
            result[file.new_path] = patched(tree.get(file.old_path, b""), file)
        else:
            assert patched(tree[file.old_path], file) == b""
    return result


def diff_text(patch: Patch) -> bytes:
    """A patch's hunks as a diff again, for git and patch to read."""
    out: list[bytes] = []
    for file in patch.files:
        old = b"a/" + file.old_path.encode() if file.old_path else b"/dev/null"
        new = b"b/" + file.new_path.encode() if file.new_path else b"/dev/null"
        out += [b"--- " + old, b"+++ " + new]
        for hunk in file.hunks:
            out.append(
                b"@@ -%d,%d +%d,%d @@" % (hunk.old_start, hunk.old_count, hunk.new_start, hunk.new_count)
            )
            for line in hunk.lines:
                out.append(line.kind.value.encode() + line.text)
                out += [] if line.newline else [b"\\ No newline at end of file"]
    return b"".join(x + b"\n" for x in out)
