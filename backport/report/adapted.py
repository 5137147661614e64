"""An adaptation as mails that `git am` takes: those patches that land whole, up to the first that does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from backport.adapt.trailers import Manner, Message, message, upstream_id
from backport.adapt.values import Adaptation, AdaptedPatch
from backport.model import Person, Verdict
from backport.report.mails import file_name, mail
from backport.report.summary import fails, hunks


@dataclass(frozen=True, slots=True)
class Commit:
    """A patch that lands: its message, as the policy wants it, and what it changes."""

    adapted: AdaptedPatch
    message: Message


@dataclass(frozen=True, slots=True)
class Written:
    """What of a series may be written: `commits` in order. `there` are patches that change nothing on the target;
    `held` those that do not land, or that come after one that does not."""

    commits: tuple[Commit, ...]
    there: tuple[AdaptedPatch, ...]
    held: tuple[AdaptedPatch, ...]


def written(
    adaptation: Adaptation,
    manner: Manner,
    *,
    full: Callable[[str], str] = lambda id: "",
    signed: Person | None = None,
) -> Written:
    """What may be written of an adaptation. After a patch with a refused hunk nothing is: what follows was made on
    a tree that nobody has. `full` is `upstream_id`'s."""
    commits: list[Commit] = []
    there: list[AdaptedPatch] = []
    for number, adapted in enumerate(adaptation.patches):
        if not lands(adapted):
            return Written(tuple(commits), tuple(there), adaptation.patches[number:])
        if not adapted.diff:
            there.append(adapted)
            continue
        id = upstream_id(adapted.patch, full)
        text = message(
            adapted.patch,
            adapted.proposal,
            manner,
            upstream=id,
            signed=signed,
            report=adapted.report,
            features=adaptation.report.features if adaptation.report is not None else (),
        )
        commits.append(Commit(adapted, text))
    return Written(tuple(commits), tuple(there), ())


def lands(adapted: AdaptedPatch) -> bool:
    """Whether the whole of a patch lands. Where nothing was proposed for one that does not land by itself, it does
    not; nor does one of which nothing is left, unless it is there: a fix must not get lost in silence."""
    if not adapted.complete:
        return False
    if adapted.proposal is None:
        return not any(fails(h) for _, h in hunks(adapted.report))
    return not is_empty(adapted)


def is_empty(adapted: AdaptedPatch) -> bool:
    """Whether nothing of a patch is left on the target, though it is not there."""
    return not adapted.diff and not adapted.patch.unreadable and adapted.report.verdict is not Verdict.APPLIED


def mails(commits: Sequence[Commit]) -> Iterator[tuple[str, bytes]]:
    """(file name, mail) of each, in order; the names are those of git format-patch."""
    for number, commit in enumerate(commits, 1):
        patch = replace(commit.adapted.patch, subject=commit.message.subject, body=commit.message.body)
        yield file_name(number, patch.subject), mail(patch, commit.adapted.diff, number, len(commits))


@dataclass(frozen=True, slots=True)
class WholeFile:
    """A file as a patch leaves it: with markers where it is `marked`."""

    path: str
    data: bytes
    mode: str
    marked: bool = False


def whole_files(adapted: AdaptedPatch) -> tuple[WholeFile, ...]:
    """The files that a patch changes on the target, whole; what is not accepted stands between markers."""
    found = {
        path: WholeFile(path, file.data, file.mode)
        for path, file in adapted.changes.items()
        if file is not None
    }
    proposal = adapted.proposal
    for file in proposal.files if proposal is not None else ():
        assert proposal is not None
        left = any(not p.accepted(proposal.least) for p in file.pieces) or file in proposal.refused_files
        if left and file.marked is not None and file.marked != file.before:
            found[file.path] = WholeFile(file.path, file.marked, file.mode, True)
    return tuple(found[path] for path in sorted(found))


def gone_files(adapted: AdaptedPatch) -> tuple[str, ...]:
    """The paths that a patch takes away."""
    return tuple(sorted(path for path, file in adapted.changes.items() if file is None))
