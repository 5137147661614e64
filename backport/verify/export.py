"""A target's files in a folder of their own, in which a build may run.

Of a git tree the files are written out; of a folder they are links to the user's files, which are only read: make is
given another folder for all that it writes (O=), and a file that the patch changes is a file of ours. Folders are
folders of ours where something in them may be changed or compiled, so that `../x.h` finds the patched header; other
folders are links as a whole.
"""

from __future__ import annotations

import os
import subprocess
import tarfile
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

from backport.errors import TargetError
from backport.git import Scratch
from backport.git.process import environment
from backport.tree import File, FolderTree, GitTree, Target, Tree

# Where every build works, whatever is compiled.
_TOOLS = ("arch", "bpf", "build", "include", "lib", "objtool", "scripts")
_REAL = frozenset({"include", "scripts", *(f"tools/{x}" for x in _TOOLS)})
# What no object needs but their build files.
_BULK = ("Documentation/", "tools/testing/", "tools/perf/", "LICENSES/")
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
        _archive(target, tree, folder, arch)
    else:
        raise TargetError(f"target {target.name} cannot be written out to be built")


def _real_folders(arch: str, paths: Collection[str]) -> frozenset[str]:
    """The folders below which everything is a folder of ours: of a changed or compiled file two levels from the
    top, for neighbours include one another."""
    found = {*_REAL, f"arch/{arch}"}
    if arch == "um":
        found.add("arch/x86")
    for path in paths:
        parts = path.split("/")[:-1]
        if parts:
            found.add("/".join(parts[:2]))
    return frozenset(found)


def _link(source: str, folder: Path, real: Collection[str]) -> None:
    above = {parent for path in real for parent in _parents(path)}

    def fill(path: str) -> None:
        inside = _within(path, real)
        with os.scandir(f"{source}/{path}" if path else source) as listing:
            entries = list(listing)
        for entry in entries:
            below = f"{path}/{entry.name}" if path else entry.name
            if entry.name == ".git" and not path:
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


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(1, len(parts))]


def _within(path: str, folders: Collection[str]) -> bool:
    return path in folders or any(parent in folders for parent in _parents(path))


def _archive(target: Target, tree: GitTree, folder: Path, arch: str) -> None:
    assert target.repository is not None
    with Scratch([target.repository], target.repository.object_format) as scratch:
        names = {x for x in tree.paths() if _wanted(x, arch)}
        kept = {
            path: (mode, id) for path, mode, id in scratch.ls(tree.id) if path in names and mode != "160000"
        }
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
                    tar.extractall(folder, filter="data")
            except tarfile.TarError as error:
                why = git.stderr.read().decode("utf-8", "replace").strip() or str(error)
                raise TargetError(f"target {target.name} cannot be written out: {why}") from error
            git.stdout.read()
            complaint = git.stderr.read().decode("utf-8", "replace").strip()
        if git.returncode:
            raise TargetError(f"target {target.name} cannot be written out: {complaint}")


def _wanted(path: str, arch: str) -> bool:
    name = path.rpartition("/")[2]
    if name.startswith(_BUILD_FILES):
        return True
    if path.startswith("arch/") and path.count("/") > 1:
        # Headers of another architecture are included here and there.
        other = path.split("/")[1] not in (arch, "x86" if arch == "um" else arch)
        return not other or path.endswith(".h")
    return not path.startswith(_BULK)


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
