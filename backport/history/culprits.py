"""What an upstream commit is to a patch that does not land: a prerequisite, incidental, or to be adapted to.

The order of the manual (Documentation/process/backporting.rst, "Prerequisite vs. incidental patches"): what changes
only white space, comments, the place of lines, or a name that the patch can be written without is incidental,
whatever else it is; what the patch uses and the target has nothing equal for is a prerequisite; all else can be
adapted to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

from backport.csource import language, line_tokens
from backport.history.changes import Changes, FileChanges, Stretch
from backport.model import StrEnum


class Kind(StrEnum):
    INCIDENTAL = "incidental"
    PREREQUISITE = "prerequisite"
    ADAPTABLE = "adaptable"


@dataclass(frozen=True, slots=True)
class Touch:
    """That a commit has to do with a hunk: the lines of the base that it wrote, the target's lines that it took out
    upstream, the names of the patch that it introduced."""

    hunk: int
    path: str
    wrote: tuple[tuple[int, bytes], ...] = ()
    removed: tuple[bytes, ...] = ()
    names: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class Patched:
    """What of a patch a commit is judged against: `uses` are the names in its added lines, by path;
    `absent` the paths and functions that it changes and the target has not, `words` gives all that stands in the
    target's file, by upstream's path (in the patch's own files where it has no such file)."""

    uses: Mapping[str, frozenset[bytes]]
    absent: frozenset[str] = frozenset()
    words: Callable[[str], frozenset[bytes]] = lambda path: frozenset()


Has = Callable[[bytes, str, bool], bool]
"""Whether the target has a name: (name, path where the patch uses it, whether the lines in question hold it)."""


@dataclass(frozen=True, slots=True)
class Judged:
    kind: Kind
    reason: str
    names: tuple[bytes, ...] = ()


def identifiers(lines: Iterable[bytes]) -> frozenset[bytes]:
    """The names in code, comments and strings left out."""
    found = (word for row in line_tokens(list(lines)) for word in row)
    return frozenset(x for x in found if (x[:1].isalpha() or x[:1] == b"_") and x not in _KEYWORDS)


_KEYWORDS = frozenset(
    b"auto break case char const continue default do double else enum extern float for goto if inline int long "
    b"register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while "
    b"define include ifdef ifndef endif elif undef pragma error NULL true false bool".split()
)


_PROSE = (".txt", ".md", ".adoc", ".html", ".texi", ".pod", ".tex", ".po")
_BUILT = ("CMakeLists.txt",)


def prose(path: str) -> bool:
    """Whether a file is for people or for tools of theirs, and no build reads it."""
    name = path.rpartition("/")[2]
    if name in _BUILT:
        return False
    listed = name.isupper() and "." not in name  # MAINTAINERS, NEWS, README
    return language(path) == "rst" or name.lower().endswith(_PROSE) or listed or name.startswith(".")


def judge(changes: Changes, touches: Sequence[Touch], patch: Patched, has: Has) -> Judged:
    """Class one commit by what it changes where the patch has to do with it. `touches` are not empty."""
    why = _incidental(changes, patch, touches)
    if why:
        return Judged(Kind.INCIDENTAL, why)
    gone = sorted(x for x in patch.absent if _makes(changes, x))
    if gone:
        return Judged(Kind.PREREQUISITE, f"it brings {gone[0]}, which the patch changes")
    brought = tuple(sorted(_brought(changes, touches, patch, has)))
    if brought:
        return Judged(Kind.PREREQUISITE, f"the patch uses {_listed(brought)}, which it brings", brought)
    return Judged(Kind.ADAPTABLE, _what_it_did(touches))


def _near(changes: Changes, touches: Sequence[Touch]) -> list[tuple[FileChanges, Stretch]]:
    """The stretches of a commit that hold the lines in question."""
    texts = {text for t in touches for _, text in t.wrote} | {text for t in touches for text in t.removed}
    return [
        (file, stretch)
        for file in changes.files
        for stretch in file.stretches
        if texts & set(stretch.added) or texts & set(stretch.removed)
    ]


# --- incidental ----------------------------------------------------------------------------------


def _incidental(changes: Changes, patch: Patched, touches: Sequence[Touch]) -> str:
    """Why a commit is incidental to these lines; "" when it is not."""
    near = _near(changes, touches)
    if not near:
        return ""
    names = {name for t in touches for name in t.names}
    if names:
        found = _renamed_names(near, names)
        done = found.keys() == names and _can_do_without({o: n for n, o in found.items()}, patch, touches)
        return _rename_words({o: n for n, o in found.items()}) if done else ""
    pairs = [(_code(s.removed), _code(s.added)) for _, s in near]
    if all(old == new for old, new in pairs):
        comments = any(old != new for old, new in ((_words(s.removed), _words(s.added)) for _, s in near))
        return "it changes only comments there" if comments else "it changes only white space there"
    if _only_moves(changes):
        return "it only moves lines"
    renamed = _renames(pairs)
    return _rename_words(renamed) if renamed and _can_do_without(renamed, patch, touches) else ""


def _rename_words(renamed: Mapping[bytes, bytes]) -> str:
    shown = sorted(renamed.items())
    words = ", ".join(f"{_text(old)} to {_text(new)}" for old, new in shown[:3])
    more = f" and {len(shown) - 3} more" if len(shown) > 3 else ""
    which = "name: write that" if len(shown) == 1 else "names: write these"
    return f"it renames {words}{more}, and the target has the old {which} in the patch"


def _renamed_names(near: Sequence[tuple[FileChanges, Stretch]], names: Set[bytes]) -> dict[bytes, bytes]:
    """New name -> old name, for names whose line takes the place of one that differs by the name alone."""
    found: dict[bytes, bytes] = {}
    for _, stretch in near:
        old = [_code([x]) for x in stretch.removed]
        for line in (_code([x]) for x in stretch.added):
            for name in names & set(line):
                for other in old:
                    renamed = _renames([(other, line)])
                    if list(renamed.values()) == [name]:
                        found.setdefault(name, next(iter(renamed)))
    return found


def _code(lines: Sequence[bytes]) -> tuple[bytes, ...]:
    return tuple(word for row in line_tokens(list(lines)) for word in row)


def _words(lines: Sequence[bytes]) -> bytes:
    return b"".join(b"".join(x.split()) for x in lines)


def _only_moves(changes: Changes) -> bool:
    """Whether a commit adds just the lines of code that it removes, elsewhere."""
    removed = Counter(x for x in (b"".join(y.split()) for y in changes.removed) if x)
    added = Counter(x for x in (b"".join(y.split()) for y in changes.added) if x)
    return bool(added) and removed == added


def _renames(pairs: Sequence[tuple[tuple[bytes, ...], tuple[bytes, ...]]]) -> dict[bytes, bytes]:
    """Old name -> new name, when the tokens differ by nothing else; {} when they do."""
    found: dict[bytes, bytes] = {}
    for old, new in pairs:
        if len(old) != len(new):
            return {}
        for one, two in zip(old, new, strict=True):
            if one != two and (not _is_name(one) or not _is_name(two) or found.setdefault(one, two) != two):
                return {}
    return found


def _is_name(word: bytes) -> bool:
    return word[:1].isalpha() or word[:1] == b"_"


def _can_do_without(renamed: Mapping[bytes, bytes], patch: Patched, touches: Sequence[Touch]) -> bool:
    """Whether the target still has the old names, and not the new ones, where the patch has to do with them."""
    words = [patch.words(path) for path in sorted({t.path for t in touches})]
    return all(old in here and new not in here for old, new in renamed.items() for here in words)


# --- prerequisite --------------------------------------------------------------------------------


def _brought(changes: Changes, touches: Sequence[Touch], patch: Patched, has: Has) -> set[bytes]:
    """The names that the patch uses, a commit brings and the target has not."""
    new = identifiers(changes.added) - identifiers(changes.removed)
    near = identifiers(text for t in touches for _, text in t.wrote)
    found = {name for t in touches for name in t.names}
    for path in sorted({t.path for t in touches}):
        used = new & patch.uses.get(path, frozenset())
        found |= {name for name in used if not has(name, path, name in near)}
    return found


def _makes(changes: Changes, what: str) -> bool:
    """Whether a commit brings a file (its path) or a function (`name()`)."""
    if not what.endswith("()"):
        return any(f.new_path == what and not f.old_path for f in changes.files)
    name = what[:-2].encode("utf-8", "surrogateescape")
    defined = (b"%s(" % name, b"%s (" % name)
    added = [x for x in changes.added if any(d in x for d in defined) and not x[:1].isspace()]
    removed = [x for x in changes.removed if any(d in x for d in defined) and not x[:1].isspace()]
    return len(added) > len(removed)


def _what_it_did(touches: Sequence[Touch]) -> str:
    lines = sum(len(t.wrote) for t in touches)
    gone = sum(len(t.removed) for t in touches)
    parts = [f"it wrote {_plural(lines, 'line')} that the patch expects"] if lines else []
    parts += [f"it took out {_plural(gone, 'line')} that the target still has"] if gone else []
    return " and ".join(parts) + "; the patch uses nothing new of it"


def _plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _listed(names: Sequence[bytes]) -> str:
    shown = ", ".join(_text(x) for x in names[:4])
    return f"{shown} and {len(names) - 4} more" if len(names) > 4 else shown


def _text(name: bytes) -> str:
    return name.decode("utf-8", "replace")


def differing(lines: Iterable[tuple[int, bytes]], there: Set[bytes]) -> list[tuple[int, bytes]]:
    """Those of numbered lines that say something and do not stand in the target as they are."""
    return [(n, text) for n, text in lines if len(text.strip()) > 1 and text not in there]
