"""A target's files in a folder of their own, in which a build may run.

Of a git tree the files are written out; of a folder they are links to the user's files, which are only read: make is
given another folder for all that it writes (O=), and a file that the patch changes is a file of ours. Folders are
folders of ours where something in them may be changed or compiled, so that `../x.h` finds the patched header; other
folders are links as a whole.
"""

from __future__ import annotations

import os
import posixpath
import re
import subprocess
import tarfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from backport.errors import TargetError
from backport.git import Scratch
from backport.git.process import environment
from backport.index.generated import is_register_header
from backport.tree import File, FolderTree, GitTree, Target, Tree

# Where every build works, whatever is compiled.
_TOOLS = ("arch", "bpf", "build", "include", "lib", "objtool", "scripts")
_REAL = frozenset({"include", "scripts", *(f"tools/{x}" for x in _TOOLS)})
# Of these whatever is there is written out, of the rest what is included or configures the build.
_WHOLE = ("init/", "kernel/", "lib/", "mm/", "security/", "certs/", "usr/", *(f"{x}/" for x in sorted(_REAL)))
_UNNEEDED = ("Documentation/", "LICENSES/", "samples/", "tools/")
_BORROWS = {"um": ("x86",), "arm64": ("arm",)}
_BUILD_FILES = ("Kconfig", "Makefile", "Kbuild", "Platform")


def is_kernel(tree: Tree) -> bool:
    """Whether the tree is built as a kernel is."""
    return all(isinstance(tree.read(x), File) for x in ("Makefile", "Kconfig"))


def export(target: Target, folder: Path, arch: str, paths: Collection[str]) -> None:
    """Write out the target as it is, for a build of `arch` in which `paths` are changed or compiled.

    Raises TargetError."""
    folder.mkdir(parents=True)
    tree = target.tree
    if isinstance(tree, FolderTree):
        _link(os.path.realpath(tree.folder), folder, _real_folders(arch, paths))
    elif isinstance(tree, GitTree):
        _archive(target, tree, folder, arch, paths)
    else:
        raise TargetError(f"target {target.name} cannot be written out to be built")


def _real_folders(arch: str, paths: Collection[str]) -> frozenset[str]:
    """The folders below which everything is a folder of ours: of a changed or compiled file two levels from the
    top, for neighbours include one another."""
    found = {*_REAL, *(f"arch/{x}" for x in (arch, *_BORROWS.get(arch, ())))}
    found.update(_two_levels(path) for path in paths if "/" in path)
    return frozenset(found)


def _two_levels(path: str) -> str:
    return "/".join(path.split("/")[:-1][:2])


# What a build within the source leaves there; with O= make would take it for its own.
_PRODUCTS = frozenset({".config", "include/config", "include/generated", ".git"})
_PRODUCT = re.compile(r"(?:.*\.(?:o|a|ko|cmd|mod|mod\.c|order|symvers)|\.tmp_.*|vmlinux|System\.map)")
_PROGRAMS = ("scripts/", "tools/")


def _link(source: str, folder: Path, real: Collection[str]) -> None:
    above = {parent for path in real for parent in _parents(path)}
    used = any((Path(source) / x).exists() for x in (".config", "include/config"))

    def product(path: str, entry: os.DirEntry[str]) -> bool:
        if path in _PRODUCTS or path.endswith("/include/generated"):
            return True
        if not used or entry.is_dir(follow_symlinks=False):
            return False
        return _PRODUCT.fullmatch(entry.name) is not None or (
            path.startswith(_PROGRAMS) and "." not in entry.name and _is_program(entry)
        )

    def fill(path: str) -> None:
        inside = _within(path, real)
        with os.scandir(f"{source}/{path}" if path else source) as listing:
            entries = list(listing)
        for entry in entries:
            below = f"{path}/{entry.name}" if path else entry.name
            if product(below, entry):
                continue
            place = folder / below
            if entry.is_symlink():
                # A link within the tree stays one; what it names is looked up in our folder.
                place.symlink_to(Path(entry.path).readlink())
            elif entry.is_dir(follow_symlinks=False) and (inside or below in real or below in above):
                place.mkdir()
                fill(below)
            else:
                place.symlink_to(entry.path)

    fill("")


def _is_program(entry: os.DirEntry[str]) -> bool:
    try:
        with Path(entry.path).open("rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError:
        return False


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts))]


def _within(path: str, folders: Collection[str]) -> bool:
    return path in folders or any(parent in folders for parent in _parents(path))


def _archive(target: Target, tree: GitTree, folder: Path, arch: str, paths: Collection[str]) -> None:
    assert target.repository is not None
    with Scratch([target.repository], target.repository.object_format) as scratch:
        whole = (
            *_WHOLE,
            *(f"{_two_levels(x)}/" for x in (*paths, *_sources_included(tree, paths)) if "/" in x),
        )
        kept = {p: (mode, id) for p, mode, id in _listed(scratch, tree) if _wanted(p, arch, whole)}
        id = scratch.write_tree(None, kept)
        git = subprocess.Popen(
            ["git", "archive", "--format=tar", id],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment(scratch.git_folder),
        )
        with git:
            assert git.stdout is not None and git.stderr is not None
            try:
                with tarfile.open(fileobj=git.stdout, mode="r|") as tar:
                    _unpack(tar, folder)
            except tarfile.TarError as error:
                why = git.stderr.read().decode("utf-8", "replace").strip() or str(error)
                raise TargetError(f"target {target.name} cannot be written out: {why}") from error
            git.stdout.read()
            complaint = git.stderr.read().decode("utf-8", "replace").strip()
        if git.returncode:
            raise TargetError(f"target {target.name} cannot be written out: {complaint}")


_INCLUDED_SOURCE = re.compile(rb'^\s*#\s*include\s*"([^"\n]+\.c)"', re.MULTILINE)


def _unpack(tar: tarfile.TarFile, folder: Path) -> None:
    """Unpack what stays within the folder. Python before 3.11.4 has no filter for that."""
    if hasattr(tarfile, "data_filter"):
        tar.extractall(folder, filter="data")
    else:
        tar.extractall(folder, members=(m for m in tar if _stays(m)))


def _stays(member: tarfile.TarInfo) -> bool:
    """Whether a file, and what a link in the archive points to, lies in the folder that it is unpacked to."""
    target = (
        posixpath.join(posixpath.dirname(member.name), member.linkname) if member.issym() else member.linkname
    )
    places = [posixpath.normpath(x) for x in (member.name, target) if x]
    return not any(x.startswith("/") or x == ".." or x.startswith("../") for x in places)


def _sources_included(tree: GitTree, paths: Collection[str]) -> Iterator[str]:
    """The C files that some files include, by their paths relative to these."""
    for path in paths:
        entry = tree.read(path)
        if isinstance(entry, File):
            for match in _INCLUDED_SOURCE.findall(entry.data):
                name = match.decode("utf-8", "surrogateescape")
                yield posixpath.normpath(posixpath.join(posixpath.dirname(path), name))


def _listed(scratch: Scratch, tree: GitTree) -> Iterator[tuple[str, str, str]]:
    """(path, mode, blob id) of each file and link of a tree."""
    return (x for x in scratch.ls(tree.id) if x[1] != "160000")


def _wanted(path: str, arch: str, whole: tuple[str, ...]) -> bool:
    """Whether a file is written out of a git tree: a kernel is a gigabyte, and an object needs little of it."""
    if path.rpartition("/")[2].startswith(_BUILD_FILES) or "/" not in path or path.startswith(whole):
        return True
    if path.startswith("arch/"):
        return path.split("/")[1] in (arch, *_BORROWS.get(arch, ()))
    return path.endswith(".h") and not path.startswith(_UNNEEDED) and not is_register_header(path)


def lay(folder: Path, changes: Mapping[str, File | None]) -> None:
    """Write changed files over the exported ones: a link is replaced and never written through."""
    for path, file in changes.items():
        place = folder / path
        _own(folder, place.parent)
        with suppress(FileNotFoundError):
            place.unlink()
        if file is not None:
            place.write_bytes(file.data)
            place.chmod(0o755 if file.mode == "100755" else 0o644)


def _own(folder: Path, parent: Path) -> None:
    """Make every folder down to `parent` one of ours: one that is a link becomes a folder of links."""
    for part in reversed([parent, *parent.parents]):
        if part == folder or not part.is_relative_to(folder):
            continue
        if part.is_symlink():
            source = part.resolve()
            part.unlink()
            part.mkdir()
            for entry in source.iterdir():
                (part / entry.name).symlink_to(entry)
        elif not part.exists():
            part.mkdir()
