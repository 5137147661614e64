"""A user's repository, read only."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from backport.errors import MissingObjectError, RepositoryError, TargetError
from backport.git import process
from backport.git.store import ObjectStore
from backport.git.values import ObjectType, path_bytes

DIFF_OPTIONS = (
    "-p",
    "-M",
    "--full-index",
    "--binary",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--diff-algorithm=default",
    "--unified=3",
    "--inter-hunk-context=0",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)
_LISTED = re.compile(r"\^?[0-9a-f]{40,64}\Z")


class Repository(ObjectStore):
    """A repository, opened with `Repository.open`. Nothing in it is ever written.

    `path` is what the caller gave, `git_dir` its git folder, `work_tree` its top folder ("" if bare).
    """

    def __init__(self, path: str, git_dir: str, common_dir: str, work_tree: str) -> None:
        self.path = path
        self.git_dir = git_dir
        self.work_tree = work_tree
        objects = str(Path(common_dir) / "objects")
        super().__init__(_object_format(common_dir), [objects], _text(Path(common_dir) / "shallow"))
        self.objects_dir = objects

    @staticmethod
    def open(path: str) -> Repository:
        """Open the repository at `path`: bare, the top of a worktree, or a `.git` file's folder.

        Runs no program. Raises TargetError when there is none."""
        located = locate(path)
        if located is None:
            what = "is not a git repository" if Path(path).exists() else "does not exist"
            raise TargetError(f"{path} {what}", "name the top folder of a repository")
        return Repository(path, *located)

    @property
    def shown(self) -> str:
        """The repository's name in a message: the folder's own name."""
        return Path(self.path).resolve().name or self.path

    # --- revisions

    def resolve(self, rev: str) -> str:
        """The full id of the commit that `rev` means; tags are peeled. Raises TargetError."""
        id = rev if self._is_id(rev) else self._named(rev)
        commit = self._peeled(id) if id else ""
        if not commit:
            raise TargetError(
                f"unknown revision {_printable(rev)} in {self.shown}",
                "`git branch -a` and `git tag` list them",
            )
        return commit

    def _named(self, rev: str) -> str:
        """The object that `rev` means, "" for none."""
        done = self._rev_parse("--verify", "--quiet", rev=rev)
        id = done.out.decode("utf-8", "replace").strip()
        return id if not done.code and self._is_id(id) else ""

    def _peeled(self, id: str) -> str:
        """The commit of a commit or tag, "" for anything else."""
        found = self.type_and_size(id)
        while found and found[0] is ObjectType.TAG:
            tag = self.read(id)
            named = re.match(rb"object ([0-9a-f]+)\n", tag.data) if tag else None
            id = named[1].decode("ascii") if named else ""
            found = self.type_and_size(id)
        return id if found and found[0] is ObjectType.COMMIT else ""

    def head(self) -> str:
        """The commit of HEAD, or "" before the first commit."""
        try:
            return self.resolve("HEAD")
        except TargetError:
            return ""

    def is_dirty(self) -> bool:
        """Whether the worktree's tracked files, or its index, differ from HEAD."""
        from backport.git import worktree

        return worktree.differs(self, self.resolve("HEAD"))

    def revisions(self, spec: str) -> tuple[str, ...]:
        """The full ids that `A..B`, `REV` or another of gitrevisions(7) stands for, `^` before those that
        are left out. Raises TargetError."""
        done = self._rev_parse("--revs-only", rev=spec)
        listed = done.out.decode("utf-8", "replace").split()
        if done.code or not listed or not all(_LISTED.match(x) for x in listed):
            raise TargetError(f"unknown revision range {_printable(spec)} in {self.shown}")
        return tuple(listed)

    def range(self, spec: str) -> tuple[str, ...]:
        """The commits of `A..B` (or the one of `REV`), oldest first, merges included. Raises TargetError."""
        listed = self.revisions(spec)
        if len(listed) == 1 and not listed[0].startswith("^"):
            return (self.resolve(listed[0]),)
        return self.rev_list(listed, "--topo-order", "--reverse")

    def topo(self, ids: Iterable[str]) -> tuple[str, ...]:
        """These commits (full ids), each once, in topological order with the oldest first."""
        wanted = dict.fromkeys(ids)
        if len(wanted) < 2:
            return tuple(wanted)
        bases = self.git("merge-base", "--octopus", "--all", *wanted).out.decode("ascii").split()
        below = [f"^{parent}" for x in bases if (c := self.commit(x)) for parent in c.parents]
        below = [x for x in below if self.has(x[1:])]
        listed = self.rev_list([*wanted, *below], "--topo-order", "--reverse")
        return tuple(x for x in listed if x in wanted)

    def is_ancestor(self, a: str, b: str) -> bool:
        """Whether commit `a` is `b` or reachable from it (full ids)."""
        if not (self._is_id(a) and self._is_id(b)):
            return False
        return self.git("merge-base", "--is-ancestor", a, b).code == 0

    def rev_list(self, revisions: Sequence[str], *options: str, paths: Sequence[str] = ()) -> tuple[str, ...]:
        """What `git rev-list` lists of full ids (with `^` for those left out), limited to `paths`."""
        where = [path_bytes(path) for path in paths]
        lines = "".join(f"{x}\n" for x in revisions).encode("ascii")
        tail: list[str | bytes] = ["--", *where] if where else []
        done = self.git("rev-list", *options, "--stdin", *tail, stdin=lines)
        if done.code:
            raise RepositoryError(f"{self.shown}: {done.complaint()}", "objects may be missing here")
        return tuple(done.out.decode("ascii").split())

    def _rev_parse(self, *options: str, rev: str) -> process.Done:
        """Names are looked up in the repository itself; `rev` is never taken for an option."""
        name = path_bytes(rev)
        if not name or name[:1] == b"-" or b"\0" in name or b"\n" in name:
            return process.Done(128, b"", b"")
        words: list[str | bytes] = ["rev-parse", *options, "--end-of-options", name]
        return process.run(words, git_dir=self.git_dir, meanwhile=self.get_ready)

    # --- changes

    def diff_commit(self, id: str, meanwhile: Callable[[], object] = process.nothing) -> bytes:
        """The patch of a commit against its first parent (a root: against nothing), as git prints it.

        `meanwhile` is called once, while git works. Raises MissingObjectError when the commit, its parent or
        a blob is not here."""
        commit = self.commit(id)
        if commit is None:
            raise MissingObjectError(f"commit {id} is not in {self.shown}")
        old = self.empty_tree
        if commit.parents:
            parent = self.commit(commit.parents[0])
            if parent is None:
                raise MissingObjectError(
                    f"the parent of commit {id} is not in {self.shown}", "deepen the shallow clone"
                )
            old = parent.tree
        done = self.git("diff-tree", "-r", *DIFF_OPTIONS, old, commit.tree, meanwhile=meanwhile)
        if done.code:
            raise MissingObjectError(f"the change of commit {id} cannot be read: {done.complaint()}")
        return done.out


def locate(path: str) -> tuple[str, str, str] | None:
    """(git folder, common folder, work tree or "") of the repository whose top is `path`, or None.

    By gitrepository-layout(5), without running git: `path/.git` a folder or a `gitdir:` file, or
    `path` itself bare."""
    top = Path(path)
    dot = top / ".git"
    if dot.is_file():
        line = _text(dot)
        if not line.startswith("gitdir:"):
            return None
        folder = top / line.removeprefix("gitdir:").strip()
        found = _folders(folder)
        return (*found, str(top.resolve())) if found else None
    if dot.is_dir() and (found := _folders(dot)):
        return (*found, str(top.resolve()))
    if top.is_file():
        line = _text(top) if top.name == ".git" else ""
        return locate(str(top.parent)) if line.startswith("gitdir:") else None
    found = _folders(top)
    if found is None:
        return None
    return (*found, str(top.resolve().parent) if top.resolve().name == ".git" else "")


def _folders(git_dir: Path) -> tuple[str, str] | None:
    """(git folder, common folder), absolute, if it looks like a git folder."""
    common_file = git_dir / "commondir"
    common = git_dir / _text(common_file).strip() if common_file.is_file() else git_dir
    head = git_dir / "HEAD"
    if not (head.is_file() or head.is_symlink()):
        return None
    if not ((common / "objects").is_dir() and (common / "refs").is_dir()):
        return None
    return str(git_dir.resolve()), str(common.resolve())


def _object_format(common_dir: str) -> str:
    text = _text(Path(common_dir) / "config")
    section = ""
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("["):
            section = line.strip("[]").lower()
        elif section == "extensions":
            name, _, value = line.partition("=")
            if name.strip().lower() == "objectformat":
                return "sha256" if value.strip().strip('"').lower() == "sha256" else "sha1"
    return "sha1"


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", "surrogateescape")
    except OSError:
        return ""


def _printable(text: str) -> str:
    return text.encode("unicode_escape", "replace").decode() if not text.isprintable() else text
