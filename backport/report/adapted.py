"""An adaptation as mails that `git am` takes: those patches that land whole, up to the first that does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from backport.adapt.trailers import Manner, Message, message, upstream_id
from backport.adapt.values import AdaptedPatch, Adaptation
from backport.model import Person
from backport.report.mails import file_name, mail


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
        if not adapted.complete:
            return Written(tuple(commits), tuple(there), adaptation.patches[number:])
        if not adapted.diff:
            there.append(adapted)
            continue
        id = upstream_id(adapted.patch, full)
        text = message(adapted.patch, adapted.proposal, manner, upstream=id, signed=signed)
        commits.append(Commit(adapted, text))
    return Written(tuple(commits), tuple(there), ())


def mails(commits: Sequence[Commit]) -> Iterator[tuple[str, bytes]]:
    """(file name, mail) of each, in order; the names are those of git format-patch."""
    for number, commit in enumerate(commits, 1):
        patch = replace(commit.adapted.patch, subject=commit.message.subject, body=commit.message.body)
        yield file_name(number, patch.subject), mail(patch, commit.adapted.diff, number, len(commits))
