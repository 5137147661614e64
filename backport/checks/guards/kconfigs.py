"""The Kconfig files of a tree: what they declare, and an architecture's view of them, kept in a cache."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property

from backport.checks.guards.kept import FORMAT, Store
from backport.csource.kconfig import Kconfig, Where, declared, is_kconfig
from backport.tree import File, Tree

_DEFAULT_ARCH = "x86"
_views: dict[tuple[str, str], Kconfig] = {}
_MOST_VIEWS = 6


class KconfigTree:
    """Kconfig of one tree, read when it is asked for. `cache` is a folder ("" none)."""

    def __init__(self, tree: Tree, cache: str = "") -> None:
        self.tree = tree
        self._store = Store(cache)

    @cached_property
    def files(self) -> Mapping[str, bytes]:
        """The Kconfig files by path; only regular files: a link is not followed."""
        found: dict[str, bytes] = {}
        for path in self.tree.paths():
            if is_kconfig(path):
                entry = self.tree.read(path)
                if isinstance(entry, File):
                    found[path] = entry.data
        return found

    @cached_property
    def there(self) -> bool:
        """Whether the tree is configured with Kconfig."""
        return isinstance(self.tree.read("Kconfig"), File)

    def places(self, name: str) -> tuple[Where, ...]:
        """Where a symbol is declared, for whatever architecture; () where it is not."""
        if not self.there:
            return ()
        return self._store.place(self._key, name) if self._stored else self._declared.get(name, ())

    def names(self) -> Collection[str]:
        """Every symbol that any architecture knows."""
        if not self.there:
            return ()
        return self._store.names(self._key) if self._stored else self._declared

    @cached_property
    def _stored(self) -> bool:
        if self._store.has_places(self._key):
            return True
        self._store.keep_places(self._key, self._declared)
        return False

    @cached_property
    def _declared(self) -> Mapping[str, tuple[Where, ...]]:
        found: dict[str, list[Where]] = {}
        for path, data in self.files.items():
            for name, line in declared(data):
                found.setdefault(name, []).append(Where(path, line))
        return {name: tuple(places) for name, places in found.items()}

    def arch(self, paths: Iterable[str]) -> str:
        """The architecture to look at for a patch of these files."""
        for path in paths:
            parts = path.split("/")
            if parts[0] == "arch" and len(parts) > 2 and self._has(parts[1]):
                return parts[1]
        return _DEFAULT_ARCH if self._has(_DEFAULT_ARCH) else ""

    def _has(self, arch: str) -> bool:
        return isinstance(self.tree.read(f"arch/{arch}/Kconfig"), File)

    @cached_property
    def _key(self) -> str:
        """What a view is kept by: the ids of the Kconfig files' texts, known of a tree that was seen before."""
        known = self._store.key(self.tree.id)
        if known:
            return known
        digest = hashlib.sha256(f"{FORMAT}\0".encode())
        for path, data in sorted(self.files.items()):
            digest.update(path.encode("utf-8", "surrogateescape") + b"\0" + hashlib.sha256(data).digest())
        self._store.keep_key(self.tree.id, digest.hexdigest())
        return digest.hexdigest()

    def view(self, arch: str) -> Kconfig:
        """The symbols as an architecture sees them; nothing is run and nothing outside the tree is read."""
        if not self.there:
            return Kconfig({}, arch, "the tree has no Kconfig")
        key = (self._key, arch)
        if key not in _views:
            if len(_views) >= _MOST_VIEWS:
                _views.clear()
            _views[key] = self._store.view(key) or self._parsed(key)
        return _views[key]

    def _parsed(self, key: tuple[str, str]) -> Kconfig:
        from backport.csource.kconfig_parse import parse

        view = parse(self.files, key[1])
        self._store.keep_view(key, view)
        return view
