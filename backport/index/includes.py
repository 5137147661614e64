"""From an #include to the file of the tree that it means."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator

from backport.csource.definitions import Include
from backport.index.generated import table, wrapper_of
from backport.tree import Tree
from backport.tree.paths import is_tree_path

MOST_FILES = 4000
"""The files of one closure."""
_FILE_MODES = ("100644", "100755")


class Resolver:
    """Looks includes up in one tree; what was looked up is remembered."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._known: dict[str, bool] = {}
        self._suffixes: dict[str, list[str]] | None = None
        self._kernel: bool | None = None

    def there(self, path: str) -> bool:
        """Whether the tree has a regular file of that path."""
        found = self._known.get(path)
        if found is None:
            found = is_tree_path(path) and self._tree.mode(path) in _FILE_MODES
            self._known[path] = found
        return found

    @property
    def kernel(self) -> bool:
        """Whether the tree is laid out as a kernel's."""
        if self._kernel is None:
            self._kernel = all(self.there(x) for x in table().kernel_marks)
        return self._kernel

    def resolve(self, including: str, include: Include) -> tuple[str, ...]:
        """The files that it may mean: one, or with a header of an architecture also the generic one that it
        builds on; () for a header that is not in the tree."""
        path = posixpath.normpath(include.path)
        if not include.angled:
            near = self._near(including, path)
            if near:
                return (near,)
        found = next((x for x in self._places(including, path) if self.there(x)), "")
        if found:
            return (found,)
        suffixed = "" if self.kernel else self._by_suffix(including, path)
        return (suffixed,) if suffixed else ()

    def _near(self, including: str, path: str) -> str:
        """Relative to the including file's folder, or to a folder above it or its `include`."""
        folder = posixpath.dirname(including)
        while True:
            for place in (posixpath.join(folder, path), posixpath.join(folder, "include", path)):
                whole = posixpath.normpath(place)
                if self.there(whole):
                    return whole
            if not folder:
                return ""
            folder = posixpath.dirname(folder)

    def _places(self, including: str, path: str) -> Iterator[str]:
        """Where a kernel's include path has it, in order: of its own architecture (of one that stands for all),
        the generic header that a generated wrapper names, any other architecture's."""
        if not self.kernel:
            return
        parts = including.split("/")
        known = table()
        own = parts[1] if parts[0] == "arch" and len(parts) > 2 else ""
        roots = (*known.tools_roots, *known.roots) if parts[0] == "tools" else known.roots
        yield from (f"{x.format(arch=own or known.architectures[0])}/{path}" for x in roots)
        if generic := wrapper_of(path):
            yield f"include/{generic}"
            yield f"include/uapi/{generic}"
        if not own:
            specific = [x for x in roots if "{arch}" in x]
            yield from (f"{x.format(arch=a)}/{path}" for a in known.architectures[1:] for x in specific)
            return
        # A header of a machine or a driver: below its own folders.
        folder = posixpath.dirname(including)
        while folder.count("/"):
            yield f"{folder}/include/{path}"
            folder = posixpath.dirname(folder)

    def _by_suffix(self, including: str, path: str) -> str:
        """The file of that path's end, the one nearest to the including file."""
        if self._suffixes is None:
            self._suffixes = {}
            for each in self._tree.paths():
                self._suffixes.setdefault(posixpath.basename(each), []).append(each)
        wanted = "/" + path
        found = [x for x in self._suffixes.get(posixpath.basename(path), []) if ("/" + x).endswith(wanted)]
        near = [x for x in found if self.there(x)]
        return max(near, key=lambda x: (_common(x, including), -len(x), x), default="")


def _common(one: str, other: str) -> int:
    """The leading folders that two paths share."""
    count = 0
    for left, right in zip(one.split("/"), other.split("/"), strict=False):
        if left != right:
            break
        count += 1
    return count


def composed(
    path: str, includes: Iterable[Include], resolver: Resolver, below: Callable[[str], tuple[str, ...]]
) -> tuple[str, ...]:
    """The same put together of the closures (`below`) of what the file includes itself."""
    found: dict[str, None] = {}
    for include in includes:
        for each in resolver.resolve(path, include):
            if each not in found and each != path:
                found[each] = None
                found.update(dict.fromkeys(below(each)))
    found.pop(path, None)
    return tuple(found)[:MOST_FILES]


def closure(path: str, includes: Callable[[str], tuple[Include, ...]], resolver: Resolver) -> tuple[str, ...]:
    """The files that `path` includes, and those that they include, in order of inclusion."""
    found: dict[str, None] = {}
    stack = [(path, iter(includes(path)))]
    while stack and len(found) < MOST_FILES:
        including, rest = stack[-1]
        include = next(rest, None)
        if include is None:
            stack.pop()
            continue
        for each in resolver.resolve(including, include):
            if each not in found and each != path:
                found[each] = None
                stack.append((each, iter(includes(each))))
    return tuple(found)
