"""The message of an adapted patch, as a policy wants it: upstream's own, and what a backport adds to it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from backport.adapt.note import NoteForm, entries, note
from backport.adapt.values import PatchProposal
from backport.csource.dialect import read_data
from backport.model import Feature, Patch, PatchReport, Person, UpstreamForm, UpstreamId
from backport.provenance import read_subject

_TRAILER = re.compile(r"[A-Za-z][\w-]*: \S|\(cherry picked from|\(backported from|\[")
_EXEMPT = re.compile(r'Revert "|Reapply "|Merge ')
_OF_PICKING = frozenset((UpstreamForm.CHERRY_PICKED, UpstreamForm.BACKPORTED))
"""Lines that also stand in upstream's own commits, for a commit that was picked from a maintainer's branch."""
_OF_MAIL = frozenset((UpstreamForm.FROM_LINE, UpstreamForm.FAILED_MAIL))


@dataclass(frozen=True, slots=True)
class Manner:
    """How a policy has backports written. `upstream` is the line with upstream's `{id}`, `place` where it stands
    ("first" or "below"), `forms` the forms that do as well (any, where there are none). `as_is` and `adapted` are
    the subject's tags for a patch that was taken as it is, or changed ("" none), which stand for those of `instead`."""

    upstream: str
    place: str
    forms: tuple[str, ...]
    as_is: str
    adapted: str
    instead: tuple[str, ...]
    note: NoteForm


@lru_cache(maxsize=8)
def manner_of(policy: str) -> Manner:
    """The manner of a policy (one of `settings.POLICIES`), from its data file."""
    import tomllib

    table = tomllib.loads(read_data(f"policies/{policy}.toml"))["adapt"]
    return Manner(
        upstream=table["upstream"],
        place=table["place"],
        forms=tuple(table.get("forms", ())),
        as_is=table.get("as_is", ""),
        adapted=table.get("adapted", ""),
        instead=tuple(table.get("instead", ())),
        note=NoteForm(**table["note"]),
    )


@dataclass(frozen=True, slots=True)
class Message:
    """A commit's message: the subject, and all below it."""

    subject: str
    body: str

    @property
    def text(self) -> str:
        """As it is committed, ending with a line feed."""
        return f"{self.subject}\n\n{self.body}\n" if self.body else f"{self.subject}\n"


Full = Callable[[str], str]
"""The full id of a commit that upstream has, from an abbreviated one; "" where it has none."""


def upstream_id(patch: Patch, full: Full = lambda id: "") -> str:
    """The id of the upstream commit that a patch is, "" unknown.

    What the message says comes first; but a commit of upstream may itself say from which branch it was picked, and
    then it is the commit that counts, unless its subject is tagged as a backport. What only a mail's envelope says
    counts where upstream has that commit."""
    named = [x for x in patch.provenance.upstream if x.certain and x.form not in _OF_MAIL]
    if patch.commit and not patch.provenance.tags:
        named = [x for x in named if x.form not in _OF_PICKING]
    if named:
        return full(named[0].id) or named[0].id
    if patch.commit:
        return patch.commit
    return next(filter(None, (full(x.id) for x in patch.provenance.upstream)), "")


def message(
    patch: Patch,
    proposal: PatchProposal | None,
    manner: Manner,
    *,
    upstream: str = "",
    signed: Person | None = None,
    report: PatchReport | None = None,
    features: Sequence[Feature] = (),
) -> Message:
    """The message of a patch as it lands: with upstream's id, the note on what was changed, and the sign-off of
    `signed` where there is one. `report` and `features` are what a check says of the causes."""
    said = entries(proposal, report, features) if proposal is not None else ()
    body = patch.body.strip("\n")
    if upstream and not _named(patch, upstream, manner):
        line = manner.upstream.format(id=upstream)
        body = _above(line, body) if manner.place == "first" else _below(body, line)
    text = note(said, manner.note)
    if text:
        body = _below(body, text, apart=manner.note.apart)
    if signed is not None:
        body = _signed(body, f"Signed-off-by: {signed}", glued=bool(text))
    return Message(_subject(patch, manner, adapted=bool(said), known=bool(upstream)), body)


def _named(patch: Patch, upstream: str, manner: Manner) -> bool:
    """Whether the message names that commit already, in a form that the policy takes."""

    def does(x: UpstreamId) -> bool:
        fits = x.form not in _OF_MAIL and (not manner.forms or str(x.form) in manner.forms)
        return fits and x.certain and upstream.startswith(x.id)

    return any(does(x) for x in patch.provenance.upstream)


def _subject(patch: Patch, manner: Manner, *, adapted: bool, known: bool) -> str:
    tag = manner.adapted if adapted else manner.as_is
    read = read_subject(patch.subject)
    if not tag or tag in read.tags or _EXEMPT.match(read.title):
        return patch.subject
    tags = [x for x in read.tags if x not in manner.instead]
    if not known and not tags:
        return patch.subject  # nobody knows of which kind it is
    if not adapted and read.tags:
        return patch.subject
    return " ".join([f"{tag}:", *(f"{x}:" for x in tags), read.title])


def _above(line: str, body: str) -> str:
    return f"{line}\n\n{body}" if body else line


def _below(body: str, text: str, *, apart: bool = False) -> str:
    if not body:
        return text
    return f"{body}{chr(10) if not apart and _ends_with_trailer(body) else chr(10) * 2}{text}"


def _signed(body: str, line: str, *, glued: bool) -> str:
    if body.rpartition("\n")[2] == line:
        return body
    return f"{body}\n{line}" if glued else _below(body, line)


def _ends_with_trailer(body: str) -> bool:
    return bool(_TRAILER.match(body.rpartition("\n\n")[2].strip().split("\n")[-1]))
