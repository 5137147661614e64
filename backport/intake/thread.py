"""A mailbox that holds a thread: which patches make the series, and what the replies say."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from backport.intake.message import Letter, message_id, without_signature
from backport.intake.mime import Mail
from backport.intake.remarks import read_comment
from backport.model import Comment, FileChange, Patch, Series
from backport.provenance import SubjectLine


@dataclass(frozen=True, slots=True)
class Message:
    """A mail of a thread. `patch` is None for a cover letter, a reply or other talk; `why` says of
    a mail with a damaged diff what is wrong."""

    mail: Mail
    letter: Letter
    line: SubjectLine
    patch: Patch | None = None

    @property
    def id(self) -> str:
        return message_id(self.mail)

    @property
    def version(self) -> int:
        return self.line.version or 1

    @property
    def is_cover(self) -> bool:
        return not self.line.reply and self.line.position is not None and self.line.position[0] == 0

    @property
    def parents(self) -> tuple[str, ...]:
        """Message ids that it answers, nearest first."""
        references = re.findall(r"<([^<>\s]+)>", self.mail.get("references"))
        return tuple(
            dict.fromkeys([*re.findall(r"<([^<>\s]+)>", self.mail.get("in-reply-to")), *reversed(references)])
        )


@dataclass(slots=True)
class _Version:
    """One posting of a series: its version, how many patches it has, and those that are here."""

    number: int
    total: int
    patches: list[Message] = field(default_factory=list)
    cover: Message | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def missing(self) -> list[int]:
        here = {m.line.position[0] for m in self.patches if m.line.position}
        return [x for x in range(1, self.total + 1) if x not in here] if self.total else []

    @property
    def complete(self) -> bool:
        return bool(self.patches) and not self.missing


def read_thread(messages: Sequence[Message]) -> Series:
    """The newest complete posting among the messages as a series; replies to it are its comments.

    `notes` says when a newer one is not complete, which patches are missing, and how many replies
    belong to other postings."""
    versions = _versions(messages)
    if not versions:
        return Series(())
    chosen = _newest(versions)
    notes = list(chosen.notes)
    notes += _version_notes(versions, chosen)
    patches, cover_comments, strangers = _with_comments(chosen, messages)
    if strangers:
        many = "reply belongs" if strangers == 1 else "replies belong"
        notes.append(f"{strangers} {many} to other versions or mails, and were left out")
    cover = chosen.cover
    return Series(
        patches=tuple(patches),
        cover_subject=cover.line.text if cover else "",
        cover_body=without_signature(cover.letter.log) if cover else "",
        version=chosen.patches[0].line.version,
        comments=tuple(cover_comments),
        notes=tuple(notes),
    )


# --- versions ----------------------------------------------------------------------------------


def _versions(messages: Sequence[Message]) -> list[_Version]:
    """The postings, in the order of their first patch. Patches without a number belong to one if
    they have the same version; a place that is taken twice is a patch sent anew."""
    found: dict[tuple[int, int], _Version] = {}
    for message in messages:
        if message.patch is None:
            continue
        total = message.line.position[1] if message.line.position else 0
        version = found.setdefault((message.version, total), _Version(message.version, total))
        _add(version, message)
    versions = list(found.values())
    for version in versions:
        if version.total:
            version.patches.sort(key=lambda m: m.line.position or (0, 0))
        version.cover = _cover(version, messages)
    return versions


def _add(version: _Version, message: Message) -> None:
    place = message.line.position
    for at, other in enumerate(version.patches):
        if place is not None and other.line.position == place:
            version.patches[at] = message
            version.notes.append(
                f"patch {place[0]}/{place[1]} was sent more than once: the last one was taken"
            )
            return
    version.patches.append(message)


def _cover(version: _Version, messages: Sequence[Message]) -> Message | None:
    fitting = [m for m in messages if m.is_cover and m.version == version.number]
    exact = [m for m in fitting if m.line.position and m.line.position[1] == version.total]
    found = exact or (fitting if not version.total else [])
    return found[-1] if found else None


def _newest(versions: Sequence[_Version]) -> _Version:
    """The newest complete posting, or where none is the newest of those with most patches here."""
    complete = [x for x in versions if x.complete]
    if complete:
        top = max(x.number for x in complete)
        if all(not x.total for x in versions) and len(versions) > 1:
            return _single(versions)
        same = [x for x in complete if x.number == top]
        return same[0] if len(same) == 1 else _joined(same)
    return max(versions, key=lambda x: (len(x.patches) / max(x.total, 1), x.number))


def _single(versions: Sequence[_Version]) -> _Version:
    """Patches that each stand alone: the newest version of each title, unless a thread joins them."""
    newest = max(versions, key=lambda x: x.number)
    titles = {m.line.title.lower() for m in newest.patches}
    linked = {x for m in newest.patches for x in (m.id, *m.parents)}
    kept: list[Message] = []
    for version in sorted(versions, key=lambda x: -x.number):
        for message in version.patches:
            title = message.line.title.lower()
            known = title in titles or message.id in linked or linked & set(message.parents)
            if version is not newest and not known:
                titles.add(title)
                kept.append(message)
    return (
        _Version(newest.number, 0, [*kept, *newest.patches], newest.cover, newest.notes) if kept else newest
    )


def _joined(same: Sequence[_Version]) -> _Version:
    """Several series of one version in one mailbox: one after the other."""
    one = _Version(same[0].number, 0, [m for x in same for m in x.patches], same[0].cover)
    one.notes = [note for x in same for note in x.notes]
    one.notes.append(f"the document holds {len(same)} series: they were put one after the other")
    return one


def _version_notes(versions: Sequence[_Version], chosen: _Version) -> list[str]:
    notes = []
    for other in sorted(versions, key=lambda x: x.number):
        if other.number <= chosen.number:
            continue
        here = f"{len(other.patches)} of {other.total}" if other.total else f"{len(other.patches)}"
        notes.append(
            f"v{other.number} is newer and not complete here ({here} patches): v{chosen.number} was taken"
        )
    older = sorted({x.number for x in versions if x.number < chosen.number})
    if older:
        names = ", ".join(f"v{x}" for x in older)
        notes.append(
            f"v{chosen.number} was taken; {names} {'is' if len(older) == 1 else 'are'} in the document too"
        )
    if chosen.missing:
        lost = ", ".join(str(x) for x in chosen.missing)
        notes.append(
            f"the series is not complete: of {chosen.total} patches {lost} {_are(chosen.missing)} missing"
        )
    return notes


def _are(things: Sequence[int]) -> str:
    return "is" if len(things) == 1 else "are"


# --- replies -----------------------------------------------------------------------------------


def _with_comments(chosen: _Version, messages: Sequence[Message]) -> tuple[list[Patch], list[Comment], int]:
    """The patches with their comments, the cover's comments, and the number of other replies."""
    owners = _owners(chosen, messages)
    talk: dict[str, list[Comment]] = {m.id: [] for m in chosen.patches}
    cover_talk: list[Comment] = []
    files = {m.id: m.patch.files for m in chosen.patches if m.patch}
    strangers = 0
    for message in messages:
        if message.patch is not None or message.is_cover:
            continue
        owner = owners.get(id(message))
        if owner is None:
            strangers += 1
        elif owner in talk:
            talk[owner].append(_comment(message, files.get(owner, ()), talk[owner]))
        else:
            cover_talk.append(_comment(message, [f for x in files.values() for f in x], cover_talk))
    patches = [replace(m.patch, comments=tuple(talk[m.id])) for m in chosen.patches if m.patch]
    return patches, cover_talk, strangers


def _comment(message: Message, files: Iterable[FileChange], earlier: Sequence[Comment]) -> Comment:
    letter = message.letter
    text = letter.log if not letter.notes else f"{letter.log}\n{letter.notes}"
    return read_comment(text, letter.author, letter.date, list(files), earlier, message.id)


def _owners(chosen: _Version, messages: Sequence[Message]) -> Mapping[int, str]:
    """For each reply the id of the patch or cover of the chosen posting that it is about: by the
    chain of In-Reply-To and References, else by its subject."""
    heads = {m.id for m in chosen.patches} | ({chosen.cover.id} if chosen.cover else set())
    others = {m.id for m in messages if (m.patch is not None or m.is_cover) and m.id not in heads}
    parents = {m.id: m.parents for m in messages}
    found: dict[int, str] = {}
    for message in messages:
        owner = _climb(message.parents, parents, heads, others) or _by_subject(message, chosen)
        if owner and owner in heads:
            found[id(message)] = owner
    return found


def _climb(
    start: Sequence[str], parents: Mapping[str, tuple[str, ...]], heads: set[str], others: set[str]
) -> str | None:
    """The nearest patch or cover above; one of another posting is returned too, and is no owner."""
    queue, seen = list(start), set[str]()
    while queue:
        one = queue.pop(0)
        if one in heads or one in others:
            return one
        if one not in seen:
            seen.add(one)
            queue[:0] = parents.get(one, ())
    return None


def _by_subject(message: Message, chosen: _Version) -> str | None:
    if not message.line.reply:
        return None
    cover = [chosen.cover] if chosen.cover else []
    for head in [*chosen.patches, *cover]:
        if head.line.text == message.line.text and message.version == head.version:
            return head.id
    return None
