"""Reading objects: a throw-away git folder that names other repositories' objects as alternates.

git is never run inside a user's repository to read objects, but in a bare folder of our own whose
objects/info/alternates points there. So nothing of the user's configuration is even read (promisor remotes,
fsmonitor, external diffs, filters, replace refs), and nothing can be written in the repository.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from backport.errors import MissingObjectError, RepositoryError
from backport.git import process
from backport.git.catfile import CatFile
from backport.git.values import (
    RAW_ID_SIZE,
    CommitInfo,
    GitObject,
    ObjectType,
    TreeEntry,
    parse_commit,
    parse_tree,
    path_bytes,
    path_text,
)

_ID = re.compile(r"[0-9a-f]+\Z")
_MAX_CACHED_TREES = 4000

_CONFIG = """[core]
\trepositoryformatversion = {version}
\tbare = true
\tattributesFile = {null}
\thooksPath = {null}
\tabbrev = no
\tfsync = none
[gc]
\tauto = 0
[merge]
\trenormalize = false
[diff]
\tmnemonicPrefix = false
"""
_SHA256 = "[extensions]\n\tobjectFormat = sha256\n"


class ObjectStore:
    """Objects of one format, read from the `alternates` (object folders) through one cat-file.

    A missing object is None here; whoever cannot go on without it raises MissingObjectError.
    """

    def __init__(self, object_format: str, alternates: Sequence[str], shallow: str = "") -> None:
        self.object_format = object_format
        self._alternates = tuple(alternates)
        self._shallow = shallow
        self._folder = ""
        self._opening = threading.Lock()
        self._cat: CatFile | None = None
        self._trees: dict[str, dict[bytes, TreeEntry]] = {}
        self._close: weakref.finalize[..., ObjectStore] | None = None

    @property
    def id_size(self) -> int:
        """Hexadecimal digits of a full id."""
        return 2 * RAW_ID_SIZE[self.object_format]

    @property
    def empty_tree(self) -> str:
        """The id of the tree without entries."""
        if self.object_format == "sha256":
            return "6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"
        return "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

    # --- lifetime

    def _open(self) -> str:
        """The throw-away git folder, made on first use."""
        with self._opening:
            if not self._folder:
                folder = tempfile.mkdtemp(prefix="backport-")
                self._cat = CatFile(folder)
                self._close = weakref.finalize(self, _remove, folder, self._cat, os.getpid())
                _write_bare(Path(folder), self.object_format, self._alternates, self._shallow)
                self._folder = folder
            return self._folder

    @property
    def git_folder(self) -> str:
        """The throw-away git folder, for `process.run`."""
        return self._open()

    def _cat_file(self) -> CatFile:
        self._open()
        assert self._cat is not None
        return self._cat

    def get_ready(self) -> None:
        """Start what the first question needs: for a moment in which one waits anyway."""
        self._cat_file().start()

    def close(self) -> None:
        """End the process and remove the folder. Safe to call twice."""
        if self._close is not None:
            self._close()
        self._folder, self._cat, self._close = "", None, None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- objects

    def _is_id(self, id: str) -> bool:
        return len(id) == self.id_size and _ID.match(id) is not None

    def type_and_size(self, id: str) -> tuple[ObjectType, int] | None:
        """The type and the size in bytes of the object, or None when it is not here."""
        found = self._cat_file().info(id) if self._is_id(id) else None
        return found[1:] if found else None

    def has(self, id: str) -> bool:
        """Whether the object with that full id is here."""
        return self.type_and_size(id) is not None

    def read(self, id: str) -> GitObject | None:
        """The object with that full id, or None when it is not here."""
        if not self._is_id(id):
            return None
        found = self._cat_file().contents(id)
        if found is None:
            return GitObject(ObjectType.TREE, b"") if id == self.empty_tree else None
        return found[1]

    def blob(self, id: str) -> bytes | None:
        """The bytes of a blob; None when it is not here or no blob."""
        found = self.read(id)
        return found.data if found and found.type is ObjectType.BLOB else None

    def commit(self, id: str) -> CommitInfo | None:
        """The commit with that full id; None when it is not here or no commit."""
        found = self.read(id)
        return parse_commit(id, found.data) if found and found.type is ObjectType.COMMIT else None

    def tree_of(self, id: str) -> str:
        """The tree of a commit or tag, or the id itself if it is a tree. Raises MissingObjectError."""
        found = self.read(id)
        if found is None:
            raise MissingObjectError(f"object {id} is not here", "fetch it, or use a full clone")
        if found.type is ObjectType.TREE:
            return id
        field = re.match(rb"(?:tree|object) ([0-9a-f]+)\n", found.data)
        if found.type is ObjectType.BLOB or not field:
            raise RepositoryError(f"object {id} is a {found.type}, not a commit or tree")
        tree = field[1].decode("ascii")
        return tree if found.type is ObjectType.COMMIT else self.tree_of(tree)

    def resolve_blob_prefix(self, abbrev: str) -> str | None:
        """The full id of the one blob here that begins with `abbrev` (4 digits or more)."""
        abbrev = abbrev.lower()
        if not (4 <= len(abbrev) <= self.id_size and _ID.match(abbrev)):
            return None
        found = self._cat_file().info(abbrev)
        if found:
            return found[0] if found[1] is ObjectType.BLOB else None
        if len(abbrev) == self.id_size:
            return None
        listed = self.git("rev-parse", f"--disambiguate={abbrev}").out.decode("ascii").split()
        blobs = [x for x in listed if (info := self.type_and_size(x)) and info[0] is ObjectType.BLOB]
        return blobs[0] if len(blobs) == 1 else None

    # --- trees

    def entries(self, tree_id: str) -> dict[bytes, TreeEntry]:
        """The entries of one tree object by name (do not change them). Raises MissingObjectError."""
        cached = self._trees.get(tree_id)
        if cached is not None:
            return cached
        found = self.read(tree_id)
        if found is None or found.type is not ObjectType.TREE:
            raise MissingObjectError(f"tree {tree_id} is not here", "fetch it, or use a full clone")
        if len(self._trees) >= _MAX_CACHED_TREES:
            self._trees.clear()
        parsed = self._trees[tree_id] = parse_tree(found.data, RAW_ID_SIZE[self.object_format])
        return parsed

    def read_entries(self, tree_id: str) -> dict[bytes, TreeEntry] | None:
        """`entries` of a tree that was read before, None for another."""
        return self._trees.get(tree_id)

    def entry(self, tree_id: str, path: str) -> TreeEntry | None:
        """What the tree has at `path`; links are never followed. Raises MissingObjectError."""
        entry = TreeEntry("040000", ObjectType.TREE, tree_id)
        for name in path_bytes(path).split(b"/") if path else ():
            if entry.type is not ObjectType.TREE:
                return None
            found = self.entries(entry.id).get(name)
            if found is None:
                return None
            entry = found
        return entry

    def ls(self, tree_id: str, prefix: str = "") -> Iterator[tuple[str, str, str]]:
        """(path, mode, id) of all files, links and submodules below the folder, sorted by bytes."""
        top = self.entry(tree_id, prefix.strip("/"))
        if top is None:
            return
        start = prefix.strip("/")
        if top.type is not ObjectType.TREE:
            yield start, top.mode, top.id
            return
        done = self.git("ls-tree", "-r", "-z", "--full-tree", top.id)
        if done.code:
            raise MissingObjectError(f"tree {tree_id} cannot be listed: {done.complaint()}")
        for line in done.out.split(b"\0")[:-1]:
            head, path = line.split(b"\t", 1)
            mode, _, id = head.decode("ascii").split()
            yield (f"{start}/" if start else "") + path_text(path), mode, id

    def grep(
        self, tree_id: str, words: Sequence[bytes], prefixes: Sequence[str] = (), whole_words: bool = True
    ) -> Iterator[tuple[str, int, bytes]]:
        """(path, line number, line) where a fixed string stands, ordered; binary files passed over.

        Files whose blobs are not here are passed over as well."""
        patterns = [word for word in words if word and b"\n" not in word and b"\0" not in word]
        places = [path for path in prefixes if self.entry(tree_id, path.strip("/"))]
        if not patterns or (prefixes and not places and "" not in prefixes):
            return
        arguments: list[str | bytes] = ["grep", "-z", "-n", "-I", "-F", "--full-name", "--no-color"]
        arguments += ["-w"] if whole_words else []
        stdin = b"\n".join(patterns) + b"\n"
        arguments += ["-f", "-", tree_id, "--"]
        arguments += [] if "" in prefixes else [path_bytes(path.strip("/")) for path in places]
        done = self.git(*arguments, stdin=stdin)
        if done.code not in (0, 1) and not done.out and b"unable to read" not in done.err:
            raise RepositoryError(f"git grep failed: {done.complaint()}")
        yield from _matches(done.out, len(tree_id) + 1)

    # --- git

    def git(
        self,
        *arguments: str | bytes,
        stdin: bytes = b"",
        meanwhile: Callable[[], object] = process.nothing,
    ) -> process.Done:
        """Run git in the throw-away folder; `meanwhile` is called once, while it works."""
        return process.run(arguments, git_dir=self._open(), stdin=stdin, meanwhile=meanwhile)


def _matches(out: bytes, skip: int) -> Iterator[tuple[str, int, bytes]]:
    """Parse `TREE:path NUL line : text LF`; a path may hold line feeds."""
    position = 0
    while position < len(out):
        zero = out.index(b"\0", position)
        path = path_text(out[position + skip : zero])
        colon = min(x for x in (out.find(b":", zero), out.find(b"\0", zero + 1)) if x > 0)
        end = out.find(b"\n", colon)
        end = len(out) if end < 0 else end
        yield path, int(out[zero + 1 : colon]), out[colon + 1 : end]
        position = end + 1


def _write_bare(folder: Path, object_format: str, alternates: Sequence[str], shallow: str) -> None:
    """The few files that make a bare repository: far cheaper than `git init`."""
    (folder / "objects" / "info").mkdir(parents=True)
    (folder / "refs" / "heads").mkdir(parents=True)
    (folder / "HEAD").write_text("ref: refs/heads/none\n")
    sha256 = object_format == "sha256"
    config = _CONFIG.format(version=1 if sha256 else 0, null=os.devnull)
    (folder / "config").write_text(config + (_SHA256 if sha256 else ""))
    if alternates:
        listed = b"".join(_quoted(os.fsencode(path)) + b"\n" for path in alternates)
        (folder / "objects" / "info" / "alternates").write_bytes(listed)
    if shallow:
        (folder / "shallow").write_text(shallow)


def _quoted(path: bytes) -> bytes:
    """A line of objects/info/alternates: quoted as C where git would not take it as it is."""
    if path[:1] not in (b'"', b"#") and not re.search(rb"[\x00-\x1f\x7f]", path):
        return path
    octal = re.sub(rb'[\x00-\x1f\x7f"\\]', lambda m: b"\\%03o" % m[0][0], path)
    return b'"' + octal + b'"'


def _remove(folder: str, cat: CatFile, owner: int) -> None:
    """Clean up, in the process that made the folder (a forked child must not)."""
    if os.getpid() != owner:
        return
    with suppress(OSError):
        cat.close(wait=False)
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):
        cat.close()
