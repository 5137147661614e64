"""What a change log says of an adapted patch: file by file, what was done and why. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from backport.adapt.values import Action, FileProposal, PatchProposal, Piece
from backport.model import Feature, PatchReport

WIDTH = 75
"""Columns of a line of the note: what a change log may have (Documentation/process/submitting-patches.rst)."""


@dataclass(frozen=True, slots=True)
class NoteForm:
    """The form of a policy's note. `entry` is written for each file with its `{path}` and `{text}`, `follows` stands
    before its further lines, `between` between two files; `opens` and `closes` stand around all. `apart` wants a
    blank line above."""

    opens: str
    entry: str
    follows: str
    between: str
    closes: str
    apart: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """What was done to one file: a sentence for each cause."""

    path: str
    sentences: tuple[str, ...]


def entries(
    proposal: PatchProposal, report: PatchReport | None = None, features: Sequence[Feature] = ()
) -> tuple[Entry, ...]:
    """The files to which something was done that upstream's patch does not do, in the patch's order. What `report` and
    the target's `features` say of the causes stands first."""
    known = {f.name: f for f in features}
    found = []
    for file in proposal.files:
        done = tuple(dict.fromkeys(_sentences(file)))
        if done:
            sentences = _with_causes(done, file, _features(file, report, known))
            found.append(Entry(file.path or file.change.path, sentences))
    return tuple(found)


def _with_causes(done: tuple[str, ...], file: FileProposal, features: Iterable[Feature]) -> tuple[str, ...]:
    """The sentences with the causes before them; where one says already that a feature is left out, it gets the
    title of the commit that brought it."""
    causes: list[str] = []
    sentences = list(done)
    for feature in features:
        said = f"without {feature.name},"
        at = next((n for n, x in enumerate(sentences) if said in x), None)
        if at is None:
            causes.append(_cause(feature, file))
        elif feature.title:
            titled = f'without {feature.name} ("{_plain(feature.title)}"),'
            sentences[at] = sentences[at].replace(said, titled, 1)
    return (*causes, *sentences)


def _features(
    file: FileProposal, report: PatchReport | None, known: Mapping[str, Feature]
) -> tuple[Feature, ...]:
    """The features that are behind the conflicts of a file, by the causes of its hunks."""
    asked = {n for p in file.pieces for n in p.hunks}
    hunks = [
        h
        for f in (report.files if report is not None else ())
        if f.path == file.change.path
        for h in f.hunks
        if h.number in asked or (not asked and h.placement is not None and not h.placement.lands)
    ]
    return tuple(dict.fromkeys(known[d.feature] for h in hunks for d in h.drift if d.feature in known))


def _cause(feature: Feature, file: FileProposal) -> str:
    """That the target lacks a feature; and where the proposal does without its name, that too."""
    title = f' ("{_plain(feature.title)}")' if feature.title else ""
    name = feature.name.encode("utf-8", "surrogateescape")
    if _count(file.after, name) <= _count(file.before, name):
        return f"without {feature.name}{title}, which the target does not have"
    return f"the target does not have {feature.name}{title}"


def _count(data: bytes | None, name: bytes) -> int:
    return len(re.findall(rb"\b" + re.escape(name) + rb"\b", data or b""))


def note(listed: Iterable[Entry], form: NoteForm) -> str:
    """The note in its form, without a line feed at its end; "" when there is nothing to say."""
    parts: list[str] = []
    for entry in listed:
        parts.append(_entry(entry, form, form.between if parts else form.opens))
    return f"{form.opens}{form.between.join(parts)}{form.closes}" if parts else ""


def _entry(entry: Entry, form: NoteForm, before: str) -> str:
    """An entry, of which `before` stands on the first line already."""
    import textwrap

    text = form.entry.format(path=entry.path, text="; ".join(entry.sentences))
    if form.closes:
        text = _balanced(text)
    lead = text[: len(text) - len(text.lstrip())]
    lines = textwrap.wrap(
        text.strip(),
        WIDTH - 8 * lead.count("\t") - (0 if lead else len(form.follows)),
        initial_indent=" " * max(0, len(before.rpartition("\n")[2]) - len(form.follows)) if not lead else "",
        break_long_words=False,
        break_on_hyphens=False,
    )
    first = lead + lines[0].lstrip() if lines else lead
    return "\n".join([first, *(form.follows + x for x in lines[1:])])


def _balanced(text: str) -> str:
    """A text that can stand within brackets: whoever reads the note finds its end by them."""
    depth = 0
    for sign in re.findall(r"[\[\]]", text):
        depth += 1 if sign == "[" else -1
        if depth not in (0, 1):
            depth = -1
            break
    return text if depth == 0 else text.translate({ord("["): "(", ord("]"): ")"})


def _sentences(file: FileProposal) -> Iterator[str]:
    """What is said of a file: of it as a whole, then of its conflicts, those of one cause together."""
    if file.why:
        yield _plain(file.why)
    elif file.action is Action.DROP:
        yield "left out: the target has no such file"
    by: dict[str, list[Piece]] = {}
    for piece in file.pieces:
        by.setdefault(_why(piece), []).append(piece)
    for why, pieces in by.items():
        names = dict.fromkeys(p.function for p in pieces if p.function and p.function not in why)
        yield f"{', '.join(names)}: {why}" if names else why


def _why(piece: Piece) -> str:
    """A conflict's own words, with what was left out on purpose where they do not name it."""
    why = _plain(piece.why) or _by_strategy(piece)
    rest = [x for x in piece.left_out if x not in why]
    return f"{why}; left out: {', '.join(rest)}" if rest else why


def _by_strategy(piece: Piece) -> str:
    last = piece.trace[-1] if piece.trace else None
    return _plain(last.said) if last and last.said else "resolved the conflict"


def _plain(text: str) -> str:
    """One line without what a terminal or a mail would take for something else, and without its full stop."""
    words = "".join(x if x.isprintable() else " " for x in text).split()
    return " ".join(words).rstrip(".")
