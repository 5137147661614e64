"""A throw-away repository: write objects, merge trees, diff texts. The user's objects are its alternates."""

from __future__ import annotations

import hashlib
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from backport.errors import RepositoryError
from backport.git import merging, process
from backport.git.diffing import parse_hunks
from backport.git.merging import Merge
from backport.git.repository import Repository
from backport.git.store import ObjectStore
from backport.git.values import DiffHunk, GitObject, ObjectType, TreeEntry, format_tree, path_bytes

Change = tuple[str, str] | None
"""(octal mode, blob id), or None for a path that goes."""

_SIGNATURE = b"backport <backport@localhost> 0 +0000"
_MAX_KEPT = 64 << 20
ALGORITHMS = ("histogram", "myers", "minimal", "patience")


class Scratch(ObjectStore):
    """A bare repository in a temporary folder, gone at `close` or when the interpreter exits.

    It reads the objects of all `repositories` of its object format, and writes only in itself.
    """

    def __init__(self, repositories: Sequence[Repository] = (), object_format: str = "") -> None:
        format = object_format or (repositories[0].object_format if repositories else "sha1")
        same = [x for x in repositories if x.object_format == format]
        super().__init__(format, list(dict.fromkeys(x.objects_dir for x in same)))
        self._homes = same
        self._kept: dict[str, GitObject] = {}
        self._kept_size = 0
        self._work: dict[tuple[tuple[str, bytes], ...], str] = {}
        self._merging = threading.Lock()

    # --- writing

    def write_blob(self, data: bytes) -> str:
        """Store the bytes; returns the blob's full id."""
        return self._write(ObjectType.BLOB, data)

    def write_tree(self, base_tree: str | None, changes: Mapping[str, Change]) -> str:
        """The tree `base_tree` (None: empty) with `changes` laid over it, by path; returns its full id.

        None deletes (a folder with all that is in it, unless other changes are below it); a file where a
        folder was replaces it, and the other way round; a folder that is left empty vanishes. Only the
        folders along changed paths are written anew."""
        nested: _Nested = {}
        for path, change in changes.items():
            _nest(nested, path_bytes(path), change)
        return self._overlay(base_tree, nested) or self._write(ObjectType.TREE, b"")

    def write_commit(self, tree: str, parents: Sequence[str] = (), message: str = "scratch\n") -> str:
        """A commit with a fixed author and date; returns its full id."""
        lines = [b"tree " + tree.encode()]
        lines += [b"parent " + parent.encode() for parent in parents]
        lines += [b"author " + _SIGNATURE, b"committer " + _SIGNATURE, b"", message.encode()]
        return self._write(ObjectType.COMMIT, b"\n".join(lines))

    def _overlay(self, base: str | None, nested: _Nested) -> str:
        """The id of the changed folder, "" when nothing is left in it."""
        old = self.entries(base) if base else {}
        new = {name: (entry.mode, entry.id) for name, entry in old.items()}
        for name, change in nested.items():
            if isinstance(change, dict):
                below = old.get(name)
                folder = below.id if below and below.type is ObjectType.TREE else None
                id = self._overlay(folder, change)
                if id:
                    new[name] = ("040000", id)
                elif folder is not None:
                    new.pop(name)
            elif change is None:
                new.pop(name, None)
            else:
                new[name] = (change[0].zfill(6), change[1])
        return self._write(ObjectType.TREE, format_tree(new)) if new else ""

    def _write(self, type: ObjectType, data: bytes) -> str:
        """Store a loose object (gitformat: header, zlib) and keep it at hand.

        One that is here already, in whatever repository, is not written: to ask takes a tenth of the time.
        Nothing is compressed, for the folder is gone in a moment."""
        raw = b"%s %d\0" % (type.value.encode(), len(data)) + data
        id = hashlib.new(self.object_format, raw, usedforsecurity=False).hexdigest()
        if id in self._kept:
            return id
        if not self.has(id):
            folder = Path(self._open()) / "objects" / id[:2]
            folder.mkdir(exist_ok=True)
            part = folder / f"tmp_{threading.get_ident()}"
            part.write_bytes(zlib.compress(raw, 0))
            part.rename(folder / id[2:])
        self._keep(id, GitObject(type, data))
        return id

    def _keep(self, id: str, object: GitObject) -> None:
        self._kept_size += len(object.data)
        if self._kept_size > _MAX_KEPT:
            self._kept.clear()
            self._kept_size = len(object.data)
        self._kept[id] = object

    def read(self, id: str) -> GitObject | None:
        return self._kept.get(id) or super().read(id)

    def entries(self, tree_id: str) -> dict[bytes, TreeEntry]:
        """Trees that one of the repositories has read are not read again."""
        read = (x.read_entries(tree_id) for x in self._homes)
        return next((x for x in read if x is not None), None) or super().entries(tree_id)

    def close(self) -> None:
        super().close()
        self._kept.clear()
        self._work.clear()

    # --- merging

    def merge(
        self,
        base_tree: str,
        ours_tree: str,
        theirs_tree: str,
        *,
        style: str = "merge",
        attributes: Mapping[str, bytes] | None = None,
        meanwhile: Callable[[], object] = process.nothing,
    ) -> Merge:
        """Three-way merge of trees, as `git cherry-pick` merges: ort, histogram, git's own rename limits.

        `ours` is the target and `theirs` the patch applied to its base; conflict labels are "target", "base"
        and "patch". `style` is git's merge.conflictStyle (merge, diff3, zdiff3). `attributes` are the
        .gitattributes files by path; None takes those of `ours` that stand above a touched path.
        `meanwhile` is called once, while git works.
        Raises MissingObjectError when a needed object is not here."""
        if style not in merging.STYLES:
            raise ValueError(f"unknown conflict style {style!r}")
        with self._merging:
            return merging.merge(self, (base_tree, ours_tree, theirs_tree), style, attributes, meanwhile)

    def work_folder(self, attributes: Mapping[str, bytes]) -> str:
        """A work tree that holds exactly these .gitattributes files; returns its folder."""
        key = tuple(sorted(attributes.items()))
        if key not in self._work:
            folder = Path(self._open()) / f"work-{len(self._work)}"
            folder.mkdir()
            for path, data in key:
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)
            self._work[key] = str(folder)
        return self._work[key]

    # --- differences

    def diff(
        self, old: str | bytes, new: str | bytes, *, context: int = 0, algorithm: str = "histogram"
    ) -> tuple[DiffHunk, ...]:
        """The changed stretches between two texts (bytes, or the id of a blob)."""
        pair = (self._text(old), self._text(new))
        return self.diff_many({"": pair}, context=context, algorithm=algorithm)[""]

    def diff_many(
        self,
        pairs: Mapping[str, tuple[bytes, bytes]],
        *,
        context: int = 0,
        algorithm: str = "histogram",
        meanwhile: Callable[[], object] = process.nothing,
    ) -> dict[str, tuple[DiffHunk, ...]]:
        """`diff` of many pairs with one process; the keys are free. Equal texts give (). `meanwhile` is called
        once, while git works."""
        if algorithm not in ALGORITHMS:
            raise ValueError(f"unknown diff algorithm {algorithm!r}")
        keys = list(pairs)
        differing = [n for n, key in enumerate(keys) if pairs[key][0] != pairs[key][1]]
        result: dict[str, tuple[DiffHunk, ...]] = dict.fromkeys(keys, ())
        if not differing:
            meanwhile()
            return result
        sides: list[str] = []
        for side in (0, 1):
            texts = {f"{n:07}": ("100644", self.write_blob(pairs[keys[n]][side])) for n in differing}
            sides.append(self.write_tree(None, texts))
        options = ["-p", f"-U{context}", "--inter-hunk-context=0", "--no-renames", "--text", "--no-ext-diff"]
        options += ["--no-textconv", "--no-color", "--no-indent-heuristic", f"--diff-algorithm={algorithm}"]
        done = self.git("diff-tree", *options, *sides, meanwhile=meanwhile)
        if done.code:
            raise RepositoryError(f"git diff-tree failed: {done.complaint()}")
        for name, hunks in parse_hunks(done.out).items():
            result[keys[int(name)]] = hunks
        return result

    def _text(self, side: str | bytes) -> bytes:
        if isinstance(side, bytes):
            return side
        data = self.blob(side)
        if data is None:
            raise RepositoryError(f"blob {side} is not here")
        return data


_Nested = dict[bytes, "Change | _Nested"]


def _nest(nested: _Nested, path: bytes, change: Change) -> None:
    """Put a change into its folder; it wins over one that takes away a folder above it."""
    name, slash, rest = path.partition(b"/")
    if not name or name in (b".", b".."):
        raise ValueError(f"not a path inside a tree: {path!r}")
    if not slash:
        if change is not None or not isinstance(nested.get(name), dict):
            nested[name] = change
        return
    below = nested.get(name)
    if not isinstance(below, dict):
        below = nested[name] = {}
    _nest(below, rest, change)
