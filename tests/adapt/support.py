"""What the tests of adapting share: a patch on a target in small histories, through the program's one call."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from backport.adapt.texts import FileMerge, FileTexts, adapt_texts
from backport.adapt.values import Adaptation, AdaptedPatch, Confidence, FileProposal, Piece
from backport.engine.adapt import adapt
from backport.git import Scratch
from backport.intake import patch_from_commit
from backport.model import Series
from backport.settings import Settings
from backport.tree import open_target
from tests.placement.support import patch_of, target_of
from tests.support.repo import Repo

Files = str | Mapping[str, str | None]
PATH = "a.c"


def files_of(files: Files) -> Mapping[str, str | None]:
    """A text alone is that of the one file."""
    return {PATH: files} if isinstance(files, str) else files


def swap(text: str, *pairs: tuple[str, str]) -> str:
    """A text with some of its parts, each of which stands there once, put otherwise."""
    for old, new in pairs:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def adapted(
    folder: Path, base: Files, upstream: Files, target: Files, least: Confidence = Confidence.LIKELY
) -> AdaptedPatch:
    """The commit from `base` to `upstream`, adapted to a branch on which `base` became `target`."""
    repo = Repo(Path(tempfile.mkdtemp(dir=folder)))
    repo.commit(files_of(base))
    repo.branch("stable")
    repo.commit(files_of(target))
    repo.checkout("main")
    commit = repo.commit(files_of(upstream))
    onto = open_target(f"{repo.path}@stable", Settings())
    home = onto.repository
    assert home is not None
    try:
        return only(adapt(Series((patch_from_commit(home, commit),)), onto, upstream=home, least=least))
    finally:
        home.close()


def by_hunks(folder: Path, base: Files, upstream: Files, target: Files) -> AdaptedPatch:
    """The same of the hunks alone, on a target without a repository."""
    repo = Repo(Path(tempfile.mkdtemp(dir=folder)))
    repo.commit(files_of(base))
    repo.commit(files_of(upstream))
    found = patch_of(repo.git("diff", "--binary", "HEAD~1", "HEAD"))
    patch = replace(found, files=tuple(replace(f, old_blob="", new_blob="") for f in found.files))
    there = {path: text.encode() for path, text in files_of(target).items() if text is not None}
    return only(adapt(Series((patch,)), target_of(there)))


def only(adaptation: Adaptation) -> AdaptedPatch:
    (patch,) = adaptation.patches
    return patch


def text(patch: AdaptedPatch, path: str = PATH) -> str:
    """A file as the patch leaves it."""
    file = patch.changes[path]
    assert file is not None
    return file.data.decode()


def pieces(patch: AdaptedPatch) -> tuple[Piece, ...]:
    assert patch.proposal is not None
    return tuple(patch.proposal.pieces)


def piece(patch: AdaptedPatch) -> Piece:
    (found,) = pieces(patch)
    return found


def only_file(patch: AdaptedPatch) -> FileProposal:
    assert patch.proposal is not None
    (found,) = patch.proposal.files
    return found


def strategies(patch: AdaptedPatch) -> set[str]:
    """The steps by which the pieces and files came about."""
    assert patch.proposal is not None
    rows = [*(f.trace for f in patch.proposal.files), *(p.trace for p in patch.proposal.pieces)]
    return {s.strategy for row in rows for s in row}


def merge_of(base: bytes, target: bytes, upstream: bytes, path: str = PATH) -> FileMerge:
    """One file, merged by itself."""
    with Scratch() as scratch:
        return adapt_texts(FileTexts(path, base, target, upstream), scratch)
