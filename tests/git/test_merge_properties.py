"""Random histories: the merge is what `git cherry-pick` leaves."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import HealthCheck, given, settings

from tests.git.oracle import STYLES, compare
from tests.support.repo import Repo

Files = dict[str, tuple[str, bytes]]
Edit = Callable[[Files], None]

PATHS = ["a", "b", "d/x", "d/y", "d/deep/z", "e/x"]


def text_of(seed: int) -> bytes:
    return b"".join(b"%d: line %d of text %d\n" % (seed, n, seed) for n in range(12))


KINDS = ["line", "line", "line", "insert", "cut", "rename", "delete", "add", "folder"]
KINDS += ["crlf", "newline", "mode", "union"]


@st.composite
def edits(draw: st.DrawFn) -> Edit:
    """One change of a set of files."""
    kind = draw(st.sampled_from(KINDS))
    which = draw(st.integers(0, 5))
    at = draw(st.integers(0, 12))
    word = draw(st.sampled_from([b"alpha", b"beta", b"=======", b"", b"<<<<<<< x"]))

    def edit(files: Files) -> None:
        names = sorted(x for x in files if x != ".gitattributes")
        if kind == "union":
            files[".gitattributes"] = ("100644", b"a merge=union\nd/* merge=union\n")
        elif kind == "add" or not names:
            files.setdefault(PATHS[which], ("100644", word + b"\n" + text_of(which)))
        elif kind in ("rename", "delete", "folder"):
            move(files, kind, names, names[which % len(names)], f"n{which}")
        else:
            mode, data = files[names[which % len(names)]]
            changed = ("100755", data) if kind == "mode" else (mode, retouch(data, kind, at, word))
            files[names[which % len(names)]] = changed

    return edit


def move(files: Files, kind: str, names: list[str], name: str, new: str) -> None:
    if kind == "delete":
        del files[name]
    elif kind == "folder":
        for path in [x for x in names if x.startswith("d/")]:
            files["moved/" + path[2:]] = files.pop(path)
    elif new not in files:
        files[new] = files.pop(name)


def retouch(data: bytes, kind: str, at: int, word: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    if kind == "line" and lines:
        lines[at % len(lines)] = word + b"\n"
    elif kind == "insert":
        lines[at:at] = [word + b"\n", b"more\n"]
    elif kind == "cut":
        del lines[at : at + 2]
    elif kind == "crlf":
        return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    elif kind == "newline":
        return data.removesuffix(b"\n")
    return b"".join(lines)


def stream(base: Files, target: Files, patch: Files) -> bytes:
    """The three commits for `git fast-import`."""
    out: list[bytes] = []
    who = b"committer C O Mitter <c@example.com> 1600000000 +0000\n"
    for mark, (branch, files) in enumerate((("base", base), ("target", target), ("patch", patch)), 1):
        out.append(b"reset refs/heads/%s\n" % branch.encode())
        out.append(
            b"commit refs/heads/%s\nmark :%d\n" % (branch.encode(), mark) + who + b"data 7\nchange\n\n"
        )
        out.append(b"from :1\ndeleteall\n" if mark > 1 else b"")
        for path, (mode, data) in files.items():
            out.append(
                b"M %s inline %s\ndata %d\n" % (mode.encode(), path.encode(), len(data)) + data + b"\n"
            )
        out.append(b"\n")
    return b"".join(out)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(edits(), max_size=2),
    st.lists(edits(), min_size=1, max_size=4),
    st.lists(edits(), min_size=1, max_size=4),
    st.sampled_from(STYLES),
)
def test_merge_is_cherry_pick(before: list[Edit], ours: list[Edit], theirs: list[Edit], style: str) -> None:
    base: Files = {path: ("100644", text_of(n)) for n, path in enumerate(PATHS[:5])}
    for edit in before:
        edit(base)
    sides: list[Files] = []
    for chosen in (ours, theirs):
        side = dict(base)
        for edit in chosen:
            edit(side)
        sides.append(side)
    with tempfile.TemporaryDirectory() as folder:
        repo = Repo(Path(folder))
        repo.git("fast-import", "--quiet", "--force", stdin=stream(base, *sides))
        compare(repo, "base", "target", "patch", style)
